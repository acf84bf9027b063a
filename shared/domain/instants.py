"""Instants as people and programs write them."""

import re
from datetime import UTC, datetime

_US = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")
_FRACTION = re.compile(r"([.,]\d{6})\d+")


def from_iso(text: str) -> datetime:
    """An instant in ISO 8601 with any number of fraction digits, of which six count, in either letter case.

    Raises ValueError. What names no offset is without one.
    """
    return datetime.fromisoformat(_FRACTION.sub(r"\1", text.strip().upper()))


def parse_time(text: str | None) -> datetime | None:
    """An instant written in ISO 8601 or as in the US, which both mean UTC unless they say otherwise; else None."""
    if not text:
        return None
    for form in ("iso", *_US):
        try:
            found = from_iso(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 - UTC is set below
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
