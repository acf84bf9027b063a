"""What leads have come to, counted (M2, M5): sums of a partner's leads by the day on which their customers asked.

What a lead counts for is a function of the lead alone, and each change of a lead carries the difference that it makes
to this. The relay adds differences in the transaction that deletes the events, so each counts once; sums that are made
anew from the leads are the same. Tests (T9), deals closed as errors and erased leads count for nothing: whatever makes
a lead one of these takes away what it had counted for.

Days are those of UTC, as the bounds of lists are.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from shared.domain.lead import Closing, Lead, Outcome, Status
from shared.domain.money import fraction_digits


class Dimension(StrEnum):
    """What sums are told apart by; ALL is every lead."""

    ALL = "all"
    SOURCE = "source"
    COUNTRY = "country"
    OFFER = "offer"
    CALL_TO_ACTION = "callToAction"
    QUALIFICATION = "qualification"
    LOCATION = "location"
    SIZE = "size"
    TERM = "searchTerm"
    KIND = "kind"
    """What leads are alike in, whoever has them: see `kind_of` (V3)."""


class Measure(StrEnum):
    """What is counted; the values stand in every row, so they are short."""

    RECEIVED = "r"
    """Leads that wait for an answer, from the beginning."""
    INFORMATIONAL = "i"
    """Leads that nobody has to answer; what became of them is in `INFORMATIONAL_ACCEPTED` and no other count."""
    INFORMATIONAL_ACCEPTED = "ia"
    ACCEPTED = "a"
    DECLINED = "d"
    EXPIRED = "x"
    WON = "w"
    LOST = "l"
    WITHIN_24H = "t24"
    WITHIN_72H = "t72"
    """Answers (an accept, a decline) within so many hours of the lead's arrival."""
    CLOSED_WITHIN_60D = "c60"
    """Won or lost within 60 days of the accept."""
    STATED = "ws"
    """Won, and the partner said for how much and when."""
    IN_TIME = "o"
    """Won or lost no later than `outcome_due`."""


WORTH, WON_WORTH = "v:", "w:"
"""What accepted deals were said to be worth, and what was won: with the currency behind it, in its smallest units."""
ANSWERED_IN = "h:"
"""With the number of a span of hours (`bucket`) behind it."""
DECLINED_FOR, LOST_FOR = "d:", "l:"
"""With a reason (L3, L4) behind it; for ALL only."""

OTHER = "\u2026"
"""Where values beyond VALUES_MAX of a day are counted."""
VALUES_MAX, KINDS_MAX, CURRENCIES_MAX, VALUE_CHARACTERS_MAX = 40, 200, 6, 80
"""Of a dimension, of KIND, of one value, of its text: a day is one row. Everything is counted whole for ALL."""

OUTCOME_WITHIN = timedelta(days=14)
"""After its purchase date a deal's outcome is known."""
PURCHASED_WITHIN = timedelta(days=60)
"""After the accept, where a deal has no purchase date."""
CLOSED_WITHIN = timedelta(days=60)
_PER_TRIPLING = 12
_PARTS = 5
_LAST_DAY = date.max - OUTCOME_WITHIN


@dataclass(frozen=True)
class Difference:
    """What is to be added to the sums of a `day` (`2026-11-21`), for ALL and for each of these values of dimensions."""

    day: str
    values: tuple[tuple[str, str], ...]
    amounts: tuple[tuple[str, int], ...]


Cell = Mapping[str, int]
"""Measures and their sums; one that is missing is 0."""


@dataclass(frozen=True)
class Sums:
    """The sums of one day: cells by dimension and value. `tag` decides races, '' where nothing was counted yet."""

    day: str
    cells: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    tag: str = ""


def differences(before: Lead | None, after: Lead) -> tuple[Difference, ...]:
    """What a change makes of the sums: that `after` counts in place of `before`, None for a lead that is new."""
    counts: dict[tuple[str, tuple[tuple[str, str], ...]], Counter[str]] = {}
    for lead, sign in ((before, -1), (after, 1)):
        for one in counted(lead) if lead else ():
            cell = counts.setdefault((one.day, one.values), Counter())
            for name, amount in one.amounts:
                cell[name] += sign * amount
    found = []
    for (day, values), cell in counts.items():
        if amounts := tuple((name, amount) for name, amount in cell.items() if amount):
            found.append(Difference(day, values, amounts))
    return tuple(found)


def counted(lead: Lead) -> tuple[Difference, ...]:
    """What a lead counts for as it is."""
    if lead.is_test or lead.erased_at or lead.outcome is Outcome.ERROR:
        return ()
    return (Difference(_day(lead.created_at), _values(lead), tuple(_amounts(lead).items())),)


def added(sums: Sums, differences: Iterable[Difference]) -> Sums:
    """The day's sums with these differences, which are all of that day."""
    cells = {name: {value: dict(cell) for value, cell in values.items()} for name, values in sums.cells.items()}
    for one in differences:
        _add(cells.setdefault(Dimension.ALL, {}).setdefault("", {}), one.amounts)
        for dimension, value in one.values:
            there = cells.setdefault(dimension, {})
            # Cells stay when they are empty, so what was counted as another one is taken away there, too.
            most = KINDS_MAX if dimension == Dimension.KIND else VALUES_MAX
            cell = there.setdefault(value if value in there or len(there) < most else OTHER, {})
            _add(cell, [(name, n) for name, n in one.amounts if _belongs(name, dimension) and not _is_full(cell, name)])
    return Sums(sums.day, cells, sums.tag)


def together(days: Iterable[Sums], dimension: Dimension = Dimension.ALL) -> dict[str, Counter[str]]:
    """The cells of a dimension over several days, by value."""
    found: dict[str, Counter[str]] = {}
    for sums in days:
        for value, cell in sums.cells.get(dimension, {}).items():
            found.setdefault(value, Counter()).update(cell)
    return found


def bucket(took: timedelta) -> int:
    """The number of the span of hours in which an answer came; 24 hours and 72 hours are bounds of spans."""
    hours = max(took / timedelta(hours=1), 1 / 60)
    # What rounding makes of the very bound belongs behind it, as everything that is as long does.
    return math.floor(_PER_TRIPLING * math.log(hours / 24, 3) + 1e-9)


def hours_of(number: float) -> float:
    """The hours at which such a span begins, or a part of the way into it."""
    return float(24 * 3 ** (number / _PER_TRIPLING))


def outcome_due(lead: Lead) -> datetime | None:
    """By when the outcome of an accepted deal is to be known; None where nothing was accepted."""
    if lead.accepted_at is None or lead.deal is None:
        return None
    if (purchase := lead.deal.purchase_date) is None:
        return lead.accepted_at + PURCHASED_WITHIN + OUTCOME_WITHIN
    # A date in the past is allowed: then the outcome is due from the accept on.
    day = min(purchase, _LAST_DAY)
    return max(datetime.combine(day, time(), UTC), lead.accepted_at) + OUTCOME_WITHIN


def won_of(lead: Lead) -> tuple[Decimal, str] | None:
    """What was won, the deal's value where nobody said; None where nothing was."""
    if lead.outcome is not Outcome.WON or lead.deal is None:
        return None
    closing = lead.closing or Closing()
    if closing.amount is None or closing.currency is None:
        return lead.deal.amount, lead.deal.currency
    return closing.amount, closing.currency


def won_on_of(lead: Lead) -> date | None:
    """The day on which it was won, as the partner said, else that on which it was told; None where nothing was."""
    if lead.outcome is not Outcome.WON:
        return None
    said = lead.closing.closed_on if lead.closing else None
    return said or (lead.closed_at.date() if lead.closed_at else None)


class Kind(NamedTuple):
    """What a lead is like: two of one kind have all of this in common; '' is not known."""

    country: str
    source: str
    call_to_action: str
    contact_requested: str
    completeness: str

    @property
    def written(self) -> str:
        """As sums have it."""
        return "/".join(self)

    @classmethod
    def read(cls, written: str) -> "Kind | None":
        """The kind that was written so; None for OTHER."""
        parts = written.split("/")
        return cls(*parts) if len(parts) == len(cls._fields) else None


def offer_of(lead: Lead) -> str:
    """The offer of a lead as sums have it: its id, else its title, else ''."""
    return _cut((lead.offer.id or lead.offer.title or "") if lead.offer else "")


def _cut(value: str) -> str:
    return value[:VALUE_CHARACTERS_MAX]


def kind_of(lead: Lead) -> Kind:
    """The kind of a lead; `completeness` is how much of company, name, ways to reach it and need it tells."""
    customer = lead.customer
    told = sum(map(bool, (customer.company, customer.name, customer.email, customer.phone, lead.notes)))
    return Kind(
        customer.country or "",
        lead.source or "",
        lead.call_to_action or "",
        "contact" if lead.contact_requested else "",
        "whole" if told == _PARTS else "most" if told >= _PARTS - 2 else "little",
    )


def smallest_units(amount: Decimal, currency: str) -> int:
    """An amount in the smallest units of its currency, as sums have it."""
    return int(amount.scaleb(fraction_digits(currency)))


def amount_of(units: int, currency: str) -> Decimal:
    """The amount of so many smallest units."""
    return Decimal(units).scaleb(-fraction_digits(currency))


def _amounts(lead: Lead) -> dict[str, int]:
    # Whoever is informational from the beginning waits for nobody, and no rate is made of what became of it.
    if lead.ages_at is not None or lead.status is Status.INFORMATIONAL:
        found = {str(Measure.INFORMATIONAL): 1}
        return found | {Measure.INFORMATIONAL_ACCEPTED: 1} if lead.accepted_at else found
    found = {str(Measure.RECEIVED): 1}
    answered = lead.closed_at if lead.outcome is Outcome.DECLINED else lead.accepted_at
    if answered is not None:
        took = answered - (lead.received_at or lead.created_at)
        found[f"{ANSWERED_IN}{bucket(took)}"] = 1
        within = ((Measure.WITHIN_24H, 24), (Measure.WITHIN_72H, 72))
        found |= {name: 1 for name, hours in within if took <= timedelta(hours=hours)}
    if lead.accepted_at is not None and lead.deal is not None:
        worth = smallest_units(lead.deal.amount, lead.deal.currency)
        found |= {Measure.ACCEPTED: 1, f"{WORTH}{lead.deal.currency}": worth}
    return found | _ended(lead)


def _ended(lead: Lead) -> dict[str, int]:
    reason = lead.closing.reason if lead.closing else None
    match lead.outcome:
        case Outcome.DECLINED:
            return {Measure.DECLINED: 1, f"{DECLINED_FOR}{reason}": 1}
        case Outcome.EXPIRED:
            return {Measure.EXPIRED: 1}
        case Outcome.WON | Outcome.LOST:
            found: dict[str, int] = {}
            if lead.closed_at and lead.accepted_at and lead.closed_at - lead.accepted_at <= CLOSED_WITHIN:
                found[Measure.CLOSED_WITHIN_60D] = 1
            due = outcome_due(lead)
            if lead.closed_at and due and lead.closed_at <= due:
                found[Measure.IN_TIME] = 1
            if lead.outcome is Outcome.LOST:
                return found | {Measure.LOST: 1, f"{LOST_FOR}{reason}": 1}
            return found | {Measure.WON: 1} | _won(lead)
    return {}


def _won(lead: Lead) -> dict[str, int]:
    closing = lead.closing or Closing()
    found: dict[str, int] = {Measure.STATED: 1} if closing.is_stated else {}
    if (won := won_of(lead)) is not None:
        amount, currency = won
        found[f"{WON_WORTH}{currency}"] = smallest_units(amount, currency)
    return found


def _values(lead: Lead) -> tuple[tuple[str, str], ...]:
    customer = lead.customer
    single = {
        Dimension.SOURCE: lead.source,
        Dimension.COUNTRY: customer.country,
        Dimension.OFFER: offer_of(lead),
        Dimension.CALL_TO_ACTION: lead.call_to_action,
        Dimension.QUALIFICATION: lead.qualification,
        Dimension.LOCATION: lead.location,
        Dimension.SIZE: customer.size,
        Dimension.KIND: kind_of(lead).written,
    }
    found = [(str(dimension), _cut(value or "")) for dimension, value in single.items()]
    terms = {_cut(term.strip().casefold()) for term in lead.search_terms}
    return (*found, *((str(Dimension.TERM), term) for term in sorted(terms) if term))


def _add(cell: dict[str, int], amounts: Iterable[tuple[str, int]]) -> None:
    for name, amount in amounts:
        cell[name] = cell.get(name, 0) + amount
        # A currency stays, as values do: what was left out for want of room is not taken away from it later.
        if not cell[name] and not name.startswith((WORTH, WON_WORTH)):
            del cell[name]


def _belongs(name: str, dimension: str) -> bool:
    """True for a measure that is told apart by this dimension."""
    if dimension in (Dimension.KIND, Dimension.TERM):
        return ":" not in name
    return not name.startswith((DECLINED_FOR, LOST_FOR))


def _is_full(cell: Mapping[str, int], name: str) -> bool:
    """True where a cell has as many currencies as it may, and this measure would be another one."""
    start = name[: len(WORTH)]
    if name in cell or start not in (WORTH, WON_WORTH):
        return False
    return sum(one.startswith(start) for one in cell) >= CURRENCIES_MAX


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
