"""Which leads a list, a count or an export shows (Q1, Q3): one filter object, and the one place that evaluates it.

Storage selects what it can (`storage/leads/conditions.py`), but what it gives is judged here again: L6 and L9 hold in
one place. A filter on what only some leads have (a flame, an outcome, an offer's e-mail validity) leaves others out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import cached_property

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
from shared.domain.lifecycle import ClosingReason
from shared.domain.listed import NAMED, FlameState, Listed, Texts, listed, texts_shown
from shared.domain.text import folded


class ListTab(StrEnum):
    """The tabs of a partner's list (Q1)."""

    MARKETPLACE = "marketplace"
    QUALIFIED = "qualified"
    FAVORITES = "favorites"


ID_PART_LEAST = 8
"""Characters of an id that a search takes for one."""
_ID_PART = re.compile(rf"[mq]?[0-9a-f]{{{ID_PART_LEAST - 1},}}")
"""What may be a part of one as long as that (`ids.LEAD_ID`), where it has that many characters."""
_LATER = ("updated_from", "updated_to", "id", "company_size", "location", "search_term", "reason", "deal")
"""Parts that filters had not always: where they are not given a filter is written as before, so tokens hold."""
DEALS_END = (Outcome.WON, Outcome.LOST)
"""How a deal ends; what was closed as an error was none (L4)."""
_LASTING = ("id", "type", "qualification", "source", "call_to_action", "country")
_PASSING = ("outcome", "quality", "flame", "email_validity", "phone_validity", "reason")
"""Parts whose values a lead keeps for ever, and those that change; the filter and a lead's values call them alike."""
_TABS = {ListTab.MARKETPLACE: (Tab.MARKETPLACE,), ListTab.QUALIFIED: (Tab.QUALIFIED,)}


@dataclass(frozen=True)
class LeadFilter:
    """What is asked for, as the API names it; a part that is not given does not restrict, all parts combine.

    `tab` favorites is the asking person's own and not a matter of the lead: whoever reads leads starts from the marks.
    `country` are alpha-2 codes. `customer` and `search` are texts whose words are all found, without case and accents;
    `offer`, `location`, `company_size` and `search_term` are found whole. `reason` is why a lead was closed; `deal`
    asks for what was accepted and is open, won or lost.
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
    company_size: str | None = None
    location: str | None = None
    search_term: str | None = None
    reason: frozenset[ClosingReason] = frozenset()
    deal: bool = False

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
        if self.outcome or self.reason:
            possible &= {Status.ARCHIVED}
        if self.deal:
            possible &= {Status.ACCEPTED, Status.ARCHIVED}
        return possible

    @cached_property
    def is_textual(self) -> bool:
        """True when words are looked for."""
        return bool(self.customer or self.search or self.search_term)

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
    def names(self) -> Mapping[str, str]:
        """What is asked for by its name, as leads are compared with it, by the part (`NAMED`)."""
        return {part: folded(name) for part in NAMED if (name := getattr(self, part))}

    @cached_property
    def canonical(self) -> tuple[str, ...]:
        """The filter as texts, equal for equal filters; tokens are bound to it."""
        parts = ((field.name, getattr(self, field.name)) for field in fields(self))
        return tuple(f"{name}={_plain(value)}" for name, value in parts if value or name not in _LATER)

    @cached_property
    def _lasting(self) -> "_Parts":
        return tuple((name, values) for name in _LASTING if (values := getattr(self, name)))

    @cached_property
    def _passing(self) -> "_Parts":
        return tuple((name, values) for name in _PASSING if (values := getattr(self, name)))

    @cached_property
    def _customer_words(self) -> list[str]:
        return folded(self.customer or "").split()

    @cached_property
    def _search_words(self) -> list[str]:
        return folded(self.search or "").split()

    @cached_property
    def _term(self) -> str:
        return folded(self.search_term or "")

    @cached_property
    def _words_of_texts(self) -> list[str]:
        words = [*self._customer_words, *(word for word in self._search_words if not _may_be_of_id(word))]
        return [*words, self._term] if self.search_term else words

    @cached_property
    def looks_for_ids(self) -> bool:
        """True where a word of the search may be a part of an id."""
        return any(map(_may_be_of_id, self._search_words))

    def could_match(self, lead: Lead) -> bool:
        """False for a lead that no change ever brings into the filter: these parts of a lead never change."""
        return self._could_take(listed(lead)) and self._is_of(lead)

    def matches(self, lead: Lead, at: datetime) -> bool:
        """True when the lead, settled at `at` (L6), is asked for, as far as anyone may see it then (L9)."""
        return (
            self.takes(listed(lead))
            and self._is_of(lead)
            and (not self.is_textual or self.says(lead.id, texts_shown(lead, at)))
        )

    def takes(self, lead: Listed) -> bool:
        """True when a lead of these values is asked for, words and names aside."""
        return (
            self._could_take(lead)
            and lead.status in self.statuses
            and _among(lead, self._passing)
            and (not self.deal or lead.status == Status.ACCEPTED or lead.outcome in DEALS_END)
            # The validity of offer leads only.
            and (lead.type == LeadType.OFFER or not (self.email_validity or self.phone_validity))
            and (self.updated_from is None or lead.updated_at >= self.updated_from)
            and (self.updated_to is None or lead.updated_at <= self.updated_to)
        )

    def says(self, lead_id: str, texts: Texts) -> bool:
        """True when all words are found: the customer's in company and person, those of a search in any text or the id.

        A search term is one of the lead's. `texts` are those that anyone may see. A good part of an id is found
        (`looks_for_ids`), and no short one: `ada` is in many by chance.
        """
        if self.customer and not _found(self._customer_words, f"{texts.company} {texts.person}"):
            return False
        if self.search_term and self._term not in texts.terms.split("\n"):
            return False
        return not self.search or _found(self._search_words, " ".join(texts[:-1]), lead_id)

    def could_say(self, together: str) -> bool:
        """False where no lead has all words, of whose texts, hidden ones too, this one is made."""
        return all(word in together for word in self._words_of_texts)

    def _could_take(self, lead: Listed) -> bool:
        return (
            lead.id[0] in self.tabs
            and (self.include_test or not lead.is_test)
            and _among(lead, self._lasting)
            and (self.created_from is None or lead.created_at >= self.created_from)
            and (self.created_until is None or lead.created_at <= self.created_until)
        )

    def _is_of(self, lead: Lead) -> bool:
        return all(name in NAMED[part](lead) for part, name in self.names.items())


_Parts = tuple[tuple[str, frozenset[object]], ...]


def _among(lead: Listed, parts: _Parts) -> bool:
    for name, values in parts:  # noqa: SIM110 - most filters have no such part, and every lead of a list is asked
        if getattr(lead, name) not in values:
            return False
    return True


def _may_be_of_id(word: str) -> bool:
    return len(word) >= ID_PART_LEAST and _ID_PART.fullmatch(word) is not None


def _found(words: list[str], text: str, lead_id: str = "") -> bool:
    # Ten thousand leads are asked this for one search, so the first word that is missing ends it.
    for word in words:
        if word not in text and not (len(word) >= ID_PART_LEAST and word in lead_id):
            return False
    return bool(words)


def _plain(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)
