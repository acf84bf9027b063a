"""Leads and marks in memory."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shared import clock
from shared.domain.agenda import Change, Hint, Pending
from shared.domain.contact import NEVER, person_keys, shown_until
from shared.domain.deadlines import cools_at, deadline, hints
from shared.domain.events import Event
from shared.domain.exports.export import Since
from shared.domain.filters import LeadFilter
from shared.domain.instants import stamp
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import Decision, settle
from shared.domain.listed import listed, texts_shown
from shared.domain.measures import differences
from shared.domain.ordering import OrderField
from shared.domain.similar import Traits, is_deal, traits_of
from shared.domain.telling.recommendations import Standing, standing
from shared.ids import digest, position
from shared.ports.errors import LostRace
from shared.ports.leads import TOGETHER, LeadPage, LeadQuery, Mark, Once, StoredLead, Submitted, Surveyed, Walked
from shared.ports.page import Page
from shared.storage import keys


def out_key(event: Pending) -> str:
    return keys.out(stamp(event.at), event.lead_id, event.sequence)


class FakeLeadStore:
    """`LeadStore` in memory; `events` are all events in the order of their commits."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], StoredLead] = {}
        self.claims: dict[tuple[str, str], Once] = {}
        self.histories: dict[tuple[str, str], list[Event]] = {}
        self.shown: dict[tuple[str, str], dict[str, datetime]] = {}
        self.payloads: dict[str, Submitted] = {}
        self.out: dict[str, list[Pending]] = {}
        self.poisoned: set[str] = set()
        self.together_most = 25
        self.commits = 0
        self.lose_next_commits = 0
        self.batch = 2
        self.is_read = False
        self.written: dict[str, datetime] = {}
        self._tags = 0

    async def get(self, partner_id: str, lead_id: str) -> StoredLead | None:
        return self.rows.get((partner_id, lead_id))

    async def add(self, received: Decision, submitted: Submitted, change: Change) -> None:
        lead = received.lead
        claim = (lead.partner_id, submitted.once)
        held = self.claims.get(claim)
        if (held.tag if held else None) != submitted.replaces or (lead.partner_id, lead.id) in self.rows:
            raise LostRace
        self.claims[claim] = Once(lead.id, received.events[0].at, submitted.content, self._tag())
        self.payloads[lead.id] = submitted
        self._write(lead, received.events, change)

    async def commit(
        self, decided: Sequence[tuple[StoredLead, Decision]], change: Change, spent: Collection[Hint] = ()
    ) -> None:
        if self.lose_next_commits:
            self.lose_next_commits -= 1
            raise LostRace
        if any(decision.lead.id in self.poisoned for _, decision in decided):
            raise ValueError("a lead that cannot be stored")
        there = [(self.rows.get((one.lead.partner_id, one.lead.id)), one.tag) for one, _ in decided]
        if any(row is None or row.tag != tag for row, tag in there):
            raise LostRace
        self.commits += 1
        for _, decision in decided:
            self._write(decision.lead, decision.events, change, spent)

    def pack(self, decided: Sequence[tuple[StoredLead, Decision]]) -> list[list[tuple[StoredLead, Decision]]]:
        most = self.together_most
        return [list(decided[n : n + most]) for n in range(0, len(decided), most)]

    async def every(self, partner_id: str, after: str, top: int) -> Page[StoredLead]:
        mine = sorted(one for partner, one in self.rows if partner == partner_id and one > after)
        return Page([self.rows[partner_id, one] for one in mine[:top]], mine[top - 1] if len(mine) > top else None)

    async def ended_before(self, partner_id: str, before: datetime, after: str, top: int) -> Page[str]:
        mine = sorted(
            lead_id
            for (partner, lead_id), row in self.rows.items()
            if partner == partner_id and lead_id > after and row.lead.status is Status.ARCHIVED
            if row.lead.closed_at and row.lead.closed_at < before and not row.lead.erased_at
        )
        return Page(mine[:top], mine[top - 1] if mine else None)

    async def once(self, partner_id: str, claim: str) -> Once | None:
        return self.claims.get((partner_id, claim))

    async def page(self, query: LeadQuery) -> LeadPage:
        self.is_read = True
        # Storage has no way to look for words, and of changes it knows no more than that none came before its lead.
        until = query.filter.created_until
        selected = replace(
            query.filter, customer=None, search=None, updated_from=None, updated_to=None, created_to=until
        )
        found = sorted(
            (
                row.lead
                for (partner, lead_id), row in self.rows.items()
                if partner == query.partner_id
                and (query.after is None or position(lead_id) > query.after)
                and selected.matches(settle(row.lead, query.at).lead, query.at)
            ),
            key=lambda lead: position(lead.id),
        )
        page = tuple(found[: query.top])
        return LeadPage(page, position(page[-1].id) if len(found) > query.top else None)

    async def walk(
        self, query: LeadQuery, since: Since | None = None, watch: Callable[[], float] = lambda: 0.0
    ) -> AsyncGenerator[Walked, None]:
        wanted = query.filter if since is None else LeadFilter(query.filter.tab, include_test=query.filter.include_test)
        place = query.after
        while True:
            asked = watch()
            page = await self.page(replace(query, filter=wanted, after=place, top=self.batch))
            for start in range(0, max(1, len(page.leads)), TOGETHER):
                some = page.leads[start : start + TOGETHER]
                place = position(some[-1].id) if some else place
                taken = [lead for lead in some if since is None or self._has_changed(lead, since, query.at)]
                if since is None and wanted.is_textual:
                    taken = [lead for lead in taken if wanted.says(lead.id, texts_shown(lead, query.at))]
                yield Walked([(lead, asked) for lead in taken], place, len(some))
            if page.next is None:
                return

    async def survey(self, query: LeadQuery, order: OrderField | None = None) -> AsyncGenerator[Surveyed, None]:
        async for walked in self.walk(query):
            leads = [settle(lead, query.at).lead for lead, _ in walked.leads]
            yield Surveyed([listed(lead) for lead in leads if query.filter.matches(lead, query.at)], walked.looked)

    async def standings(self, query: LeadQuery) -> AsyncGenerator[Sequence[Standing], None]:
        async for walked in self.walk(query):
            yield [standing(lead) for lead, _ in walked.leads]

    def _has_changed(self, lead: Lead, since: Since, at: datetime) -> bool:
        ends = [one for one in (deadline(lead), cools_at(lead)) if one]
        return self.written[lead.id] >= since.stored or any(since.at < one <= at for one in ends)

    async def many(self, partner_id: str, lead_ids: Sequence[str]) -> list[Lead]:
        return [self.rows[partner_id, one].lead for one in lead_ids if (partner_id, one) in self.rows]

    async def history(self, partner_id: str, lead_id: str, newest: int, top: int) -> list[Event]:
        events = self.histories.get((partner_id, lead_id), [])
        return [event for event in reversed(events) if event.sequence <= newest][:top]

    async def related(self, lead: Lead, at: datetime, top: int) -> list[str]:
        persons = person_keys(lead.customer)
        if not persons:
            return []
        rows = self.shown.get((lead.partner_id, persons[0]), {})
        found = sorted((one for one, until in rows.items() if until > at and one != lead.id), key=position)
        return found[:top]

    async def deals(self, partner_id: str, lead_id: str, at: datetime, top: int) -> list[Traits]:
        found = [row.lead for (partner, _), row in self.rows.items() if partner == partner_id and is_deal(row.lead)]
        found.sort(key=lambda lead: position(lead.id))
        traits = [traits_of(lead, at) for lead in found if position(lead.id) > position(lead_id)][:top]
        return [one._replace(offers=frozenset(map(digest, one.offers))) for one in traits]

    async def needed_hints(self, partner_id: str, after: str | None) -> Page[Hint]:
        leads = [row.lead for (partner, _), row in sorted(self.rows.items()) if partner == partner_id]
        return Page([hint for lead in leads for hint in hints(lead)], None)

    async def first_announcement(self, partner_id: str) -> Hint | None:
        waiting = sorted(self.out.get(partner_id, []), key=out_key)
        return waiting[0].hint if waiting else None

    def _write(self, lead: Lead, events: Sequence[Event], change: Change, spent: Collection[Hint] = ()) -> None:
        before = self.rows.get((lead.partner_id, lead.id))
        for one in events:
            moves = (one.from_status, one.to_status, lead.is_test, str(one.type), one.notify or "")
            gone = tuple(hint for hint in spent if hint.subject == lead.id and one is events[0])
            counts = differences(before.lead if before else None, lead) if one is events[-1] else ()
            pending = Pending(lead.partner_id, lead.id, one.at, one.sequence, change, *moves, spent=gone, counts=counts)
            self.out.setdefault(lead.partner_id, []).append(pending)
        self.rows[lead.partner_id, lead.id] = StoredLead(lead, self._tag())
        self.written[lead.id] = clock.real_now()
        self.histories.setdefault((lead.partner_id, lead.id), []).extend(events)
        for person in person_keys(lead.customer):
            until = NEVER if lead.is_test else shown_until(lead)
            self.shown.setdefault((lead.partner_id, person), {})[lead.id] = until

    def _tag(self) -> str:
        self._tags += 1
        return str(self._tags)


class FakeMarkStore:
    """`MarkStore` in memory."""

    def __init__(self) -> None:
        self.marks: dict[tuple[str, str], dict[str, Mark]] = {}
        self.tests: set[str] = set()
        self.hearted: dict[tuple[str, str], set[str]] = {}

    async def get(self, partner_id: str, person: str, lead_id: str) -> Mark:
        return self.marks.get((partner_id, person), {}).get(lead_id, Mark())

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
        if is_test:
            self.tests.add(lead_id)
        mark = await self.get(partner_id, person, lead_id)
        if favorite is not None:
            self.hearted.setdefault((partner_id, person), set()).add(lead_id)
        self.marks.setdefault((partner_id, person), {})[lead_id] = Mark(
            mark.favorite if favorite is None else favorite, mark.opened if opened is None else opened
        )

    async def opened(self, partner_id: str, person: str, until: str) -> frozenset[str]:
        marks = self.marks.get((partner_id, person), {})
        return frozenset(one for one, mark in marks.items() if mark.opened and position(one) <= until)

    async def count_favorites(self, partner_id: str, person: str) -> int:
        marks = self.marks.get((partner_id, person), {})
        return sum(mark.favorite and one not in self.tests for one, mark in marks.items())

    async def near(self, partner_id: str, person: str, after: str | None) -> tuple[Mapping[str, Mark], str | None]:
        return self._behind(partner_id, person, after), None

    async def favorites(
        self, partner_id: str, person: str, after: str | None, top: int, *, taken_back: bool = False
    ) -> tuple[Mapping[str, Mark], str | None]:
        behind = self._behind(partner_id, person, after).items()
        was = self.hearted.get((partner_id, person), set()) if taken_back else set()
        found = {one: mark for one, mark in behind if mark.favorite or one in was}
        page = dict(list(found.items())[:top])
        return page, position(list(page)[-1]) if len(found) > top else None

    def _behind(self, partner_id: str, person: str, after: str | None) -> dict[str, Mark]:
        marks = self.marks.get((partner_id, person), {})
        return {one: marks[one] for one in sorted(marks, key=position) if after is None or position(one) > after}
