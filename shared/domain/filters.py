"""Which leads a list, a count or an export shows (Q1, Q3): one filter object, and the one place that evaluates it.

Storage selects what it can (`storage/leads/conditions.py`), but what it gives is judged here again: L6 and L9 hold in
one place. A filter on what only some leads have (a flame, an outcome, an offer's e-mail validity) leaves others out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from shared.domain.contact import shown
from shared.domain.lead import (
    CallToAction,
    Lead,
    LeadType,
    Level,
    Outcome,
    Qualification,
    Source,
    Status,
    Tab,
    Validity,
)
from shared.domain.text import folded


class ListTab(StrEnum):
    """The tabs of a partner's list (Q1)."""

    MARKETPLACE = "marketplace"
    QUALIFIED = "qualified"
    FAVORITES = "favorites"


class FlameState(StrEnum):
    """A2: a received lead whose customer asked to be contacted."""

    HOT = "hot"
    COOLED = "cooled"


ID_PART_LEAST = 8
"""Characters of an id that a search takes for one."""
_LATER = ("updated_from", "updated_to", "id")
"""Parts that filters had not always: where they are not given a filter is written as before, so tokens hold."""
_TABS = {ListTab.MARKETPLACE: (Tab.MARKETPLACE,), ListTab.QUALIFIED: (Tab.QUALIFIED,)}


@dataclass(frozen=True)
class LeadFilter:
    """What is asked for, as the API names it; a part that is not given does not restrict, all parts combine.

    `tab` favorites is the asking person's own and not a matter of the lead: whoever reads leads starts from the marks.
    `country` are alpha-2 codes. `customer` and `search` are texts whose words are all found, without case and accents.
    `updated_from` and `updated_to` are compared with when the lead last changed, by its deadlines too (L6).
    """

    tab: ListTab | None = None
    status: frozenset[Status] = frozenset()
    outcome: frozenset[Outcome] = frozenset()
    type: frozenset[LeadType] = frozenset()
    qualification: frozenset[Qualification] = frozenset()
    source: frozenset[Source] = frozenset()
    call_to_action: frozenset[CallToAction] = frozenset()
    country: frozenset[str] = frozenset()
    quality: frozenset[Level] = frozenset()
    email_validity: frozenset[Validity] = frozenset()
    phone_validity: frozenset[Validity] = frozenset()
    flame: frozenset[FlameState] = frozenset()
    offer: str | None = None
    customer: str | None = None
    search: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    include_test: bool = False
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    id: frozenset[str] = frozenset()

    @cached_property
    def tabs(self) -> tuple[Tab, ...]:
        """The lead tabs that are looked through."""
        return _TABS.get(self.tab, tuple(Tab)) if self.tab else tuple(Tab)

    @cached_property
    def statuses(self) -> frozenset[Status]:
        """The statuses a lead of this filter can have; none at all when its parts exclude each other."""
        possible = self.status or frozenset(Status)
        if self.flame:
            possible &= {Status.RECEIVED}
        if self.outcome:
            possible &= {Status.ARCHIVED}
        return possible

    @cached_property
    def is_textual(self) -> bool:
        """True when words are looked for."""
        return bool(self.customer or self.search)

    @cached_property
    def is_by_status(self) -> bool:
        """True for nothing but a tab and statuses, by which leads are counted anyway (Q6)."""
        return self.tab is not ListTab.FAVORITES and self == LeadFilter(self.tab, self.status)

    @cached_property
    def needs_reading(self) -> bool:
        """True when leads must be read to be judged: storage looks for no words, and time changes leads unrecorded."""
        return self.is_textual or self.updated_from is not None or self.updated_to is not None or bool(self.id)

    @cached_property
    def created_until(self) -> datetime | None:
        """The latest creation time of a lead of this filter: none was changed before it was there."""
        return min((until for until in (self.created_to, self.updated_to) if until), default=None)

    @cached_property
    def offer_key(self) -> str | None:
        """The offer's id or title as leads are compared with it."""
        return folded(self.offer) if self.offer else None

    @cached_property
    def canonical(self) -> tuple[str, ...]:
        """The filter as texts, equal for equal filters; tokens are bound to it."""
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        return tuple(f"{name}={_plain(value)}" for name, value in parts if value or name not in _LATER)

    def could_match(self, lead: Lead) -> bool:
        """False for a lead that no change ever brings into the filter: these parts of a lead never change."""
        return (
            lead.id[0] in self.tabs
            and _in(lead.id, self.id)
            and (self.include_test or not lead.is_test)
            and _in(lead.type, self.type)
            and _in(lead.qualification, self.qualification)
            and _in(lead.source, self.source)
            and _in(lead.call_to_action, self.call_to_action)
            and _in(lead.customer.country, self.country)
            and (self.created_from is None or lead.created_at >= self.created_from)
            and (self.created_until is None or lead.created_at <= self.created_until)
            and (self.offer_key is None or self.offer_key in offer_keys(lead))
        )

    def matches(self, lead: Lead, at: datetime) -> bool:
        """True when the lead, settled at `at` (L6), is asked for, as far as anyone may see it then (L9)."""
        return (
            self.could_match(lead)
            and lead.status in self.statuses
            and _in(lead.outcome, self.outcome)
            and _in(lead.quality.level, self.quality)
            and _in(validity_of(lead, lead.email_validity), self.email_validity)
            and _in(validity_of(lead, lead.phone_validity), self.phone_validity)
            and (not self.flame or flame_of(lead) in self.flame)
            and (self.updated_from is None or lead.updated_at >= self.updated_from)
            and (self.updated_to is None or lead.updated_at <= self.updated_to)
            and (not self.is_textual or self._says(shown(lead, at)))
        )

    def _says(self, lead: Lead) -> bool:
        customer = lead.customer
        person = f"{customer.first_name or ''} {customer.last_name or ''}"
        if self.customer and not _found(self.customer, (customer.company, person)):
            return False
        deal = lead.deal
        of_deal = (deal.name, deal.notes, deal.crm_id, deal.campaign_id) if deal else ()
        everywhere = (customer.company, person, customer.email, lead.notes, *of_deal)
        return not self.search or _found(self.search, everywhere, lead.id)


def flame_of(lead: Lead) -> FlameState | None:
    """The flame of a settled lead (A2); None where none ever burned, and once the lead is no longer received."""
    if lead.status is not Status.RECEIVED or lead.flame_until is None:
        return None
    return FlameState.COOLED if lead.flame_cooled else FlameState.HOT


def validity_of(lead: Lead, validity: Validity) -> Validity | None:
    """A validity as filters know it: that of offer leads only."""
    return validity if lead.type is LeadType.OFFER else None


def offer_keys(lead: Lead) -> tuple[str, ...]:
    """What an offer filter is compared with: the id and the title, without case and accents."""
    offer = lead.offer
    return tuple(folded(name) for name in (offer.id, offer.title) if name) if offer else ()


def _in(value: object, wanted: frozenset[object]) -> bool:
    return not wanted or value in wanted


def _found(words: str, texts: Iterable[str | None], lead_id: str = "") -> bool:
    """True when every word is in one of the texts or a good part of the id: `ada` is in many ids by chance."""
    everything = "\n".join(folded(text) for text in texts if text)
    wanted = folded(words).split()
    found = (word in everything or (len(word) >= ID_PART_LEAST and word in lead_id) for word in wanted)
    return bool(wanted) and all(found)


def _plain(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)
