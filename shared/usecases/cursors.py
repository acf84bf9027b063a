"""Cursors of lists in any order: the key of the last one shown, as a text for a link."""

import base64
import re

import msgspec

Key = tuple[str, str, str]
CURSOR = re.compile(r"[A-Za-z0-9_-]+")


def cursor_of(key: Key) -> str:
    """The cursor of a key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def key_of(cursor: str) -> Key | None:
    """The key of a cursor; None for what is none, which begins at the beginning."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(text, type=tuple[str, str, str])
    except (ValueError, msgspec.DecodeError):
        return None
