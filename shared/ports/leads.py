"""Leads, with what was submitted and what a person has marked."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.domain.agenda import Change, Hint
from shared.domain.events import Event
from shared.domain.exports.export import Since
from shared.domain.filters import LeadFilter
from shared.domain.lead import Lead
from shared.domain.lifecycle import Decision
from shared.domain.listed import Listed
from shared.domain.ordering import OrderField
from shared.domain.similar import Traits
from shared.domain.telling.recommendations import Standing
from shared.ports.page import Page


@dataclass(frozen=True)
class StoredLead:
    """A lead as it was read, with the storage tag that decides every race."""

    lead: Lead
    tag: str


@dataclass(frozen=True)
class Once:
    """Who took an idempotency key first (V4): the lead, when, and the hash of the content it came with."""

    lead_id: str
    at: datetime
    content: str
    tag: str = ""


@dataclass(frozen=True)
class Submitted:
    """What intake stores beside the lead: the payload whole, and the idempotency row it claims.

    `replaces` is the tag of an outlived claim to be taken over, else the claim must be new.
    """

    body: bytes
    content_type: str
    once: str
    content: str
    replaces: str | None = None


@dataclass(frozen=True)
class LeadQuery:
    """What a list asks for: newest first, only ids after the position `after` (exclusive), judged at `at` (L6).

    When `is_over`, a page ends where storage has looked, with or without a lead.
    """

    partner_id: str
    at: datetime
    filter: LeadFilter = field(default_factory=LeadFilter)
    after: str | None = None
    top: int = 50
    is_over: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class LeadPage:
    """Leads of one page; `next` is the position to go on from, None at the end."""

    leads: tuple[Lead, ...]
    next: str | None = None


@dataclass(frozen=True)
class Mark:
    """What one person did with one lead (Q2, Q6)."""

    favorite: bool = False
    opened: bool = False


TOGETHER = 50
"""Leads of a batch at most, so that other requests of the instance have their turn in between."""


@dataclass(frozen=True)
class Walked:
    """Some leads of a walk, in its order, each with what the watch said when it was asked for.

    `covered` is the position covered so far, None before the first lead; `looked` is how many leads were looked at for
    these, those among them that have not the words of a search.
    """

    leads: Sequence[tuple[Lead, float]]
    covered: str | None
    looked: int


@dataclass(frozen=True)
class Surveyed:
    """The values of some leads of a filter, and how many leads were looked at for these."""

    leads: Sequence[Listed]
    looked: int


class LeadStore(Protocol):
    """Leads with their history, payloads and idempotency rows."""

    async def get(self, partner_id: str, lead_id: str) -> StoredLead | None:
        """One lead; None when the partner has none of this id."""

    async def add(self, received: Decision, submitted: Submitted, change: Change) -> None:
        """Store a new lead with its first events, payload and claim, all or nothing.

        Raises LostRace when the claim is taken or moved, or the lead there already, also by an earlier attempt of the
        same submission: read it with `once`. An attempt whose answer was lost is found again by its change and counts.
        """

    async def commit(
        self, decided: Sequence[tuple[StoredLead, Decision]], change: Change, spent: Collection[Hint] = ()
    ) -> None:
        """Store what was decided on each lead, all leads of one partner, all or nothing; `change` names this attempt.

        `spent` are hints that none of them needs ever after; the first event of their lead carries them.

        Raises LostRace when a lead is not as it was read any more, InvalidRequest when one lead's texts are too large.
        A commit whose answer was lost is found again and counts.
        """

    def pack(self, decided: Sequence[tuple[StoredLead, Decision]]) -> list[list[tuple[StoredLead, Decision]]]:
        """Split decisions into as few commits as they fit into, in their order."""

    async def every(self, partner_id: str, after: str, top: int) -> Page[StoredLead]:
        """All leads of a partner after the given id, tests and archived ones too, by id; `next` is the last one's."""

    async def ended_before(self, partner_id: str, before: datetime, after: str, top: int) -> Page[str]:
        """Ids after the given one of archived leads that ended before then and were not erased (S5)."""

    async def once(self, partner_id: str, claim: str) -> Once | None:
        """Who holds an idempotency claim; None when nobody."""

    async def page(self, query: LeadQuery) -> LeadPage:
        """A page of leads as stored: those in the filter at `query.at`, and maybe others; the caller judges each."""

    def walk(
        self, query: LeadQuery, since: Since | None = None, watch: Callable[[], float] = lambda: 0.0
    ) -> AsyncGenerator[Walked, None]:
        """All leads of the query in its order as stored, some at a time; the caller judges each, as of `page`.

        `TOGETHER` are looked at for a batch, and read ahead. Of a search only leads come that have its words; they are
        read `query.top` at a time, since whoever asks for a page needs no more.

        With `since` all leads that changed from then on by a commit or by the clock, whatever their status is now: the
        filter's constant parts alone restrict. A batch may be empty.
        """

    def survey(self, query: LeadQuery, order: OrderField | None = None) -> AsyncGenerator[Surveyed, None]:
        """The values of exactly the leads that are in the filter at `query.at`, newest first; no documents are read.

        Known are those values by which the filter judges and the order goes; the others may be missing.
        """

    def standings(self, query: LeadQuery) -> AsyncGenerator[Sequence[Standing], None]:
        """What recommendations go by, of the leads of a filter of statuses at `query.at`; newest first (N5)."""

    async def many(self, partner_id: str, lead_ids: Sequence[str]) -> list[Lead]:
        """The leads of these ids that exist, in the order given."""

    async def history(self, partner_id: str, lead_id: str, newest: int, top: int) -> list[Event]:
        """The events numbered `newest` and below, newest first, at most `top`."""

    async def needed_hints(self, partner_id: str, after: str | None) -> Page[Hint]:
        """The hints that a page of the partner's waiting leads needs."""

    async def first_announcement(self, partner_id: str) -> Hint | None:
        """The hint of the partner's oldest event whose consequences are not written yet; None when there is none."""

    async def related(self, lead: Lead, at: datetime, top: int) -> list[str]:
        """Ids of the same person's other leads whose contact details are shown at `at` (V4, L9), newest first."""

    async def deals(self, partner_id: str, lead_id: str, at: datetime, top: int) -> list[Traits]:
        """The traits of the partner's newest deals whose customers asked before this lead's, as seen at `at` (M4, L9).

        Newest first, at most `top`; offers by their `ids.digest`. It costs the same however many leads there are.
        """


class MarkStore(Protocol):
    """Favorites and opened leads, each person's own."""

    async def get(self, partner_id: str, person: str, lead_id: str) -> Mark:
        """The mark; an empty one when there is none."""

    async def put(
        self,
        partner_id: str,
        person: str,
        lead_id: str,
        *,
        favorite: bool | None = None,
        opened: bool | None = None,
        is_test: bool = False,
    ) -> None:
        """Set what is given, leave the rest; a test lead's heart is not counted (T9)."""

    async def opened(self, partner_id: str, person: str, until: str) -> frozenset[str]:
        """The leads this person has opened, from the newest to the position."""

    async def count_favorites(self, partner_id: str, person: str) -> int:
        """How many leads this person has hearted, test leads aside."""

    async def near(self, partner_id: str, person: str, after: str | None) -> tuple[Mapping[str, Mark], str | None]:
        """Marks by lead id from the position `after` on, and the last position covered; None = covered to the end."""

    async def favorites(
        self, partner_id: str, person: str, after: str | None, top: int, *, taken_back: bool = False
    ) -> tuple[Mapping[str, Mark], str | None]:
        """Marks of favorite leads by id after the position, newest lead first, and where to go on; None at the end.

        With `taken_back` also those whose heart was taken back.
        """
