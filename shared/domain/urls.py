"""URLs that somebody gives us: they are called, or handed on, byte for byte as they are, or refused."""

import re
from urllib.parse import urlsplit


def has_dot_segments(url: str) -> bool:
    """True where a part of the path is `.` or `..`, also in percent: every client takes that out on its way."""
    path = urlsplit(url).path.replace("\\", "/").casefold().replace("%2e", ".")
    return any(part in (".", "..") for part in path.split("/"))


def is_numeric(host: str) -> bool:
    """True for a host that ends in a number, which resolvers take for an address: `127.1`, `2130706433`, `0x7f.1`."""
    last = host.rstrip(".").rpartition(".")[2]
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last, re.IGNORECASE) is not None
