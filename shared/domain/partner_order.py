"""The order of a list of partners: by what they are called, or by what their leads have come to (M2).

Partners of which nothing is known come last whichever way the order runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.programme.partner import Partner
from shared.domain.standing import Standing
from shared.domain.text import folded


class PartnerField(StrEnum):
    """What partners can be sorted by."""

    ID = "id"
    NAME = "name"
    STANDING = "standing"
    ACCEPTANCE_RATE = "acceptanceRate"
    EXPIRY_RATE = "expiryRate"
    WIN_RATE = "winRate"
    CLOSED_WITHIN_60_DAYS = "closedWithin60Days"
    HOURS_TO_ANSWER_MEDIAN = "hoursToAnswerMedian"
    RECEIVED = "received"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class PartnerOrder:
    """A field and the way it runs; by id where nothing is said."""

    field: PartnerField = PartnerField.ID
    descending: bool = False

    @classmethod
    def read(cls, text: str) -> "PartnerOrder":
        """The order that `winRate` or `winRate desc` names; raises ValueError for what can not be sorted by."""
        name, _, way = text.strip().partition(" ")
        way = way.strip().casefold()
        if way not in ("", "asc", "desc"):
            raise ValueError(way)
        return cls(PartnerField(name), way == "desc")

    @property
    def is_as_stored(self) -> bool:
        """True for the order in which registrations are stored, which costs nothing."""
        return self.field is PartnerField.ID and not self.descending

    @property
    def is_by_figures(self) -> bool:
        """True where it takes standings."""
        return self.field not in (PartnerField.ID, PartnerField.NAME)


PartnerKey = tuple[str, str, str]
NAME_MAX = 120
"""As much of a name as anybody sorts by: the key of a page's last partner stands in the link to the next page."""
_VALUES: Mapping[PartnerField, Callable[[Standing], float | None]] = {
    PartnerField.STANDING: lambda found: found.value,
    PartnerField.ACCEPTANCE_RATE: lambda found: found.figures.acceptance_rate,
    PartnerField.EXPIRY_RATE: lambda found: found.figures.expiry_rate,
    PartnerField.WIN_RATE: lambda found: found.figures.win_rate,
    PartnerField.CLOSED_WITHIN_60_DAYS: lambda found: found.figures.closed_within_60_days,
    PartnerField.HOURS_TO_ANSWER_MEDIAN: lambda found: found.figures.hours_median,
    PartnerField.RECEIVED: lambda found: found.figures.received,
    PartnerField.OVERDUE: lambda found: found.overdue,
}


def partner_key(partner: Partner, standing: Standing | None, order: PartnerOrder) -> PartnerKey:
    """Texts to sort partners by, ascending; for a descending order the whole result is to be turned round."""
    if order.is_by_figures:
        number = _VALUES[order.field](standing) if standing else None
        value = None if number is None else f"{number:017.6f}"
    else:
        value = folded(partner.name)[:NAME_MAX] if order.field is PartnerField.NAME else ""
    known, unknown = ("1", "0") if order.descending else ("0", "1")
    return unknown if value is None else known, value or "", partner.id


def is_called(partner: Partner, words: str) -> bool:
    """True where a partner's name or id holds each of the words, which are folded."""
    called = f"{partner.id} {folded(partner.name)}"
    return all(word in called for word in words.split())
