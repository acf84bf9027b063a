"""How the page says times, spans, money and codes in the reader's language and the partner's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

from shared.domain import vocabulary
from shared.domain.country_names import CODES as COUNTRIES
from shared.texts import Translate, translator

DAYS_ALONE = timedelta(days=3)
"""Below this an hour matters, so hours are said too."""


@cache
def _locale(language: str) -> Locale:
    # English as most of the world writes times and days.
    return Locale.parse("en-GB" if language == "en" else language, sep="-")


def instant(iso: str) -> datetime:
    """A time as the interface's shapes have it, which is one form (`instants.stamp`), so nothing needs repair."""
    return datetime.fromisoformat(iso)


# A list says the same few hundred things again and again, and Babel looks each of them up anew.
_kept = lru_cache(maxsize=20_000)


@_kept
def _label(language: str, kind: str, code: str) -> str:
    return vocabulary.label(kind, code, translator(language))


@_kept
def _country(language: str, code: str) -> str:
    return str(_locale(language).territories.get(code, code))


@_kept
def _day(language: str, on: date, pattern: str) -> str:
    return format_skeleton(pattern, on, locale=_locale(language))


@_kept
def _time(language: str, at: time) -> str:
    return format_time(at, "short", locale=_locale(language))


def _span(language: str, span: timedelta, unit: str, form: str) -> str:
    return format_timedelta(span, granularity=unit, threshold=10_000, format=form, locale=_locale(language))  # type: ignore[arg-type] # babel names its literals only in stubs of its own


@_kept
def _left(language: str, minutes: int) -> str:
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if timedelta(days=days) >= DAYS_ALONE:
        return _span(language, timedelta(days=days), "day", "long")
    parts = [
        (timedelta(days=days), "day"),
        (timedelta(hours=hours), "hour"),
        (timedelta(minutes=minutes), "minute"),
    ]
    said = [_span(language, part, unit, "narrow") for part, unit in parts if part][:2]
    return " ".join(said)


@_kept
def _money(language: str, amount: str, currency: str) -> str:
    return format_currency(amount, currency, locale=_locale(language))


@dataclass(frozen=True)
class Words:
    """The reader's language (N4) and the partner's time zone, at a moment."""

    language: str
    zone: str
    now: datetime

    @cached_property
    def _(self) -> Translate:
        return translator(self.language)

    @cached_property
    def locale(self) -> Locale:
        """The language as Babel knows it."""
        return _locale(self.language)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def today(self) -> date:
        """The day that it is where the partner is."""
        return self.now.astimezone(self._zone).date()

    @cached_property
    def _year(self) -> int:
        return self.now.astimezone(self._zone).year

    def say(self, text: str, **named: object) -> str:
        """The text in the reader's language."""
        return self._(text, **named)

    def label(self, kind: str, code: str | None) -> str:
        """What people call a code of the interface; a dash where there is none."""
        return _label(self.language, kind, code) if code else "–"

    def mail_reason(self, code: str) -> str:
        """Why a mail goes to an address or does not; `already accepted` and the like name what happened first (N1)."""
        kind, _, what = code.partition(" ")
        named = {"already": ("outcomes", "statuses", "webhookStates"), "reason": ("reasons",), "email": ("validity",)}
        for enumeration in named.get(kind, ()):
            if what in vocabulary.LABELS[enumeration]:
                return self.label(enumeration, what)
        return self.label("mailReasons", code)

    def country(self, code: str) -> str:
        """A country's name."""
        return _country(self.language, code)

    def countries(self) -> tuple[tuple[str, str], ...]:
        """Every country with its name, by name."""
        return tuple(sorted(((code, self.country(code)) for code in COUNTRIES), key=lambda found: found[1]))

    def language_name(self, code: str) -> str:
        """A language in its own words."""
        return _locale(code).get_display_name() or code

    def moment(self, iso: str | None) -> str:
        """A time as `26 Nov, 09:12`, with its year where that is another one; a dash where there is none."""
        if iso is None:
            return "–"
        at = instant(iso).astimezone(self._zone)
        return f"{self.day(at.date())}, {_time(self.language, time(at.hour, at.minute))}"

    def day(self, on: date | str | None) -> str:
        """A day as `26 Nov`."""
        if on is None:
            return "–"
        on = date.fromisoformat(on) if isinstance(on, str) else on
        return _day(self.language, on, "MMMd" if on.year == self._year else "yMMMd")

    def long_day(self, iso: str) -> str:
        """A day with its year, in full."""
        return format_date(instant(iso).astimezone(self._zone), "long", locale=self.locale)

    def left(self, until: str) -> str:
        """How long it is until then: `12 days`, or `2d 3h` where hours matter; never below a minute."""
        span = max(instant(until) - self.now, timedelta(minutes=1))
        return _left(self.language, int(span.total_seconds()) // 60)

    def ago(self, iso: str) -> str:
        """How long ago it was: `3 minutes ago`; the day where that is more than a week."""
        span = self.now - instant(iso)
        if span >= timedelta(days=7):
            return self.moment(iso)
        # Babel alone calls six days a week.
        span = max(span, timedelta(seconds=1))
        return format_timedelta(-span, threshold=1, add_direction=True, locale=self.locale)

    def money(self, amount: str, currency: str) -> str:
        """An amount of money."""
        return _money(self.language, amount, currency)

    def amount(self, amount: str) -> str:
        """An amount whose currency stands elsewhere."""
        _, _, fraction = amount.partition(".")
        pattern = "#,##0." + "0" * len(fraction) if fraction else "#,##0"
        return format_decimal(Decimal(amount), pattern, locale=self.locale)

    def month(self, iso: str) -> str:
        """A month such as `2026-11` as `November 2026`."""
        return _day(self.language, date.fromisoformat(f"{iso}-01"), "yMMMM")

    def share(self, part: float) -> str:
        """A share of 1 as `34%`; all and nothing are said of nothing less: `>99%`, `<1%`."""
        sign, said = ("<", 0.01) if 0 < part < 0.005 else (">", 0.99) if 0.995 <= part < 1 else ("", part)
        return sign + format_percent(said, "#,##0%", locale=self.locale)

    def hours(self, hours: float) -> str:
        """Hours as `5.4 hours`; as minutes below one of them, as days from four days on."""
        if hours < 1:
            return _span(self.language, timedelta(minutes=max(1, round(hours * 60))), "minute", "long")
        if hours >= 96:
            return _span(self.language, timedelta(days=round(hours / 24)), "day", "long")
        return format_unit(round(hours, 1) if hours < 10 else round(hours), "duration-hour", locale=self.locale)

    def number(self, count: int) -> str:
        """A number with its groups."""
        return format_decimal(count, locale=self.locale)
