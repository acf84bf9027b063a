"""The order of a list or an export (Q4): fields, and a key that sorts as plain texts do.

Leads without a value come last whichever way the order runs; equal ones come newest first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.instants import stamp
from shared.domain.lead import CallToAction, Level, Source, Status, Validity
from shared.domain.listed import Listed
from shared.domain.text import folded


class OrderField(StrEnum):
    """What can be sorted by (Q4)."""

    CREATED = "created"
    UPDATED = "updated"
    COMPANY = "company"
    COUNTRY = "country"
    SOURCE = "source"
    CALL_TO_ACTION = "callToAction"
    QUALITY = "quality"
    EMAIL_VALIDITY = "emailValidity"
    PHONE_VALIDITY = "phoneValidity"
    STATUS = "status"
    DEAL_VALUE = "dealValue"
    EXPIRY = "expiry"


@dataclass(frozen=True)
class Order:
    """A field and the way it runs; newest first where nothing is said."""

    field: OrderField = OrderField.CREATED
    descending: bool = True

    @classmethod
    def read(cls, text: str) -> "Order":
        """The order that `company` or `company desc` names; raises ValueError for what can not be sorted by.

        Upward unless said otherwise, so that the soonest expiry comes first; `created` alone runs downward.
        """
        name, _, way = text.strip().partition(" ")
        field = OrderField({"customer": "company"}.get(name, name))
        way = way.strip().casefold()
        if way not in ("", "asc", "desc"):
            raise ValueError(way)
        return cls(field, way == "desc" or (not way and field is OrderField.CREATED))

    @property
    def is_newest_first(self) -> bool:
        """True for the order in which leads are stored, which costs nothing."""
        return self.is_by_age and self.descending

    @property
    def is_by_age(self) -> bool:
        """True for the order in which leads are stored, or its reverse."""
        return self.field is OrderField.CREATED


def _ranks(kinds: type[StrEnum]) -> Mapping[str | None, str]:
    return {kind: f"{number:02d}" for number, kind in enumerate(kinds)}


TEXT_MAX = 120
_SOURCES, _CALLS, _LEVELS = _ranks(Source), _ranks(CallToAction), _ranks(Level)
_VALIDITIES, _STATUSES = _ranks(Validity), _ranks(Status)
_VALUES: Mapping[OrderField, Callable[[Listed], str | None]] = {
    OrderField.CREATED: lambda lead: stamp(lead.created_at),
    OrderField.UPDATED: lambda lead: stamp(lead.updated_at),
    # As much of it as anybody sorts by: the key of a page's last lead stands in the link to the next page.
    OrderField.COMPANY: lambda lead: folded(lead.company or "")[:TEXT_MAX] or None,
    OrderField.COUNTRY: lambda lead: lead.country,
    OrderField.SOURCE: lambda lead: _SOURCES.get(lead.source),
    OrderField.CALL_TO_ACTION: lambda lead: _CALLS.get(lead.call_to_action),
    OrderField.QUALITY: lambda lead: _LEVELS.get(lead.quality),
    OrderField.EMAIL_VALIDITY: lambda lead: _VALIDITIES.get(lead.email_validity),
    OrderField.PHONE_VALIDITY: lambda lead: _VALIDITIES.get(lead.phone_validity),
    OrderField.STATUS: lambda lead: _STATUSES.get(lead.status),
    OrderField.DEAL_VALUE: lambda lead: lead.deal_value,
    OrderField.EXPIRY: lambda lead: stamp(lead.ends_at) if lead.ends_at else None,
}

_HEX = str.maketrans("0123456789abcdef", "fedcba9876543210")

SortKey = tuple[str, str, str]


def sort_key(lead: Listed, order: Order, position: str) -> SortKey:
    """Texts to sort leads of these values by, ascending; for a descending order the whole result is to be turned round.

    `position` is the lead's place among all, newest first.
    """
    value = _VALUES[order.field](lead)
    if order.descending:
        return "1" if value is not None else "0", value or "", position.translate(_HEX)
    return "0" if value is not None else "1", value or "", position
