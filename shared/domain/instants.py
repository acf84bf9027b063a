"""Instants: as people and programs write them, as this system does, and months ahead."""

import calendar
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


def stamp(at: datetime) -> str:
    """The one written form of an instant in UTC, in the API and in keys: `2026-11-21T20:04:27.123Z`; sorts as time."""
    # A page of fifty leads writes 250 of these.
    date_and_time = (at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 1000)
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % date_and_time  # noqa: UP031 - half the cost of the others


def stamped(at: datetime | None) -> str | None:
    """An instant as it is written, or None where there is none."""
    return stamp(at) if at else None


def add_months(at: datetime, months: int) -> datetime:
    """The same day and time so many calendar months later, clamped to the month's end (A3)."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))
