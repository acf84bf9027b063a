"""ETags (RFC 9110, 8.8): what names an answer, and what callers name of what they have read."""

import hashlib


def of_bytes(body: bytes) -> str:
    """The ETag of an answer that has no version: another one for other bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def named(header: str | None) -> frozenset[str] | None:
    """What `If-Match` or `If-None-Match` names, without quotes and weakness; None when there is no such header."""
    if header is None:
        return None
    return frozenset(part.strip().removeprefix("W/").strip('"') for part in header.split(","))


def names(header: str | None, tag: str) -> bool:
    """True when the header names this ETag, or is `*`; strong or weak makes no difference (13.1.2)."""
    return bool((named(header) or frozenset()) & {"*", tag.strip('"')})
