"""Which receivers may be called (W4): https, and never an address that is not on the public internet."""

import asyncio
import ipaddress
import re
import socket
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from shared.domain.messages import say
from shared.domain.urls import has_dot_segments, is_numeric

URL_MAX = 2_000
# Which ranges are special is known to each Python otherwise, so what matters is said here.
_SPECIAL = tuple(
    ipaddress.ip_network(one)
    for one in (
        # Azure's own service address is public by its number, and answers inside a virtual network only.
        "168.63.129.16/32",
        # Protocol assignments, among them a cloud's metadata, and the way to 6to4.
        *("192.0.0.0/24", "192.88.99.0/24"),
        # They carry an IPv4 address inside, whose own judgement they would escape; and what is for documents.
        *("2002::/16", "2001::/32", "3fff::/20"),
    )
)
_UNICAST = ipaddress.ip_network("2000::/3")
"""All public IPv6 addresses there are; outside are local ones, and those that carry an IPv4 address inside."""
_is_name = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?").fullmatch


class Forbidden(OSError):
    """The receiver's address must not be called."""


def problem_with(url: str, *, loopback: bool) -> str | None:
    """Why this URL can never be called; None when it may be. `loopback` allows plain http to this machine."""
    if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url:
        return say("The URL must be at most %(most)d printable ASCII characters without spaces.", most=URL_MAX)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return say("The URL is not valid.")
    if not host or parts.username is not None or parts.password is not None:
        return say("The URL must name a host, and hold no user name or password.")
    if parts.fragment or "#" in url or has_dot_segments(url):
        return say("The URL must hold no fragment and no dot segments: it is called exactly as it is given.")
    address = literal(host)
    if address is None and (is_numeric(host) or not _is_name(host)):
        return say("The URL must name its host by a name, or by an address in its usual form.")
    name = host.rstrip(".")
    is_here = name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback)
    if loopback and is_here and parts.scheme in ("http", "https"):
        return None
    if parts.scheme != "https":
        return say("The URL must begin with https://.")
    if is_here or (address is not None and not is_public(address)):
        return say("The URL points to an address that is not public.")
    return None


def literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """True for what may be called: private, loopback, link-local, metadata and carried addresses are not."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address not in _UNICAST:
            return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class PublicResolver(AbstractResolver):
    """Resolves once, judges every address, and has aiohttp connect to exactly those."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses; raises Forbidden when one of them must not be called."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results: list[ResolveResult] = []
        for kind, _, proto, _, where in found:
            address = ipaddress.ip_address(str(where[0]).split("%", maxsplit=1)[0])
            if not is_public(address) and not (self._loopback and address.is_loopback):
                raise Forbidden("the name resolves to an address that is not public")
            results.append(_result(host, str(address), port, kind, proto))
        return results

    async def close(self) -> None:
        """Nothing is held."""


def _result(host: str, address: str, port: int, family: Any, proto: int) -> ResolveResult:
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=proto, flags=socket.AI_NUMERICHOST
    )
