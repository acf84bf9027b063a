"""The ports in memory, for unit tests; the contract suites hold them to what the real parts do."""

import itertools
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared import clock, correlation
from shared.delivery.letters import Letters
from shared.domain.agenda import Change, Hint, HintKind, Pending
from shared.domain.contact import ALWAYS, NEVER, fold_email, person_keys, shown_until
from shared.domain.deadlines import cools_at, deadline, hints
from shared.domain.errors import Conflict, Detail
from shared.domain.events import Event
from shared.domain.exports.export import Export, Since
from shared.domain.filters import LeadFilter
from shared.domain.instants import stamp
from shared.domain.intake.held import Held, HeldState
from shared.domain.intake.receipt import Email, Phone
from shared.domain.lead import Lead, Status, Validity
from shared.domain.lifecycle import Decision, settle
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.offers import Offers, OfferState, RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.domain.programme.profile import Profile
from shared.domain.tally import Tally
from shared.domain.telling.dispatch import Dispatch, DispatchState, Lane, order_of
from shared.domain.telling.mail_day import MailDay
from shared.domain.telling.mails import Mail, MailOrigin
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import Webhook
from shared.domain.text import folded
from shared.http.shapes.packets import Packets
from shared.ids import bounced_key, inverted_time, position
from shared.ports.agenda import DueHint
from shared.ports.as_read import AsRead
from shared.ports.delivery import Letter, MailAnswer, Packet, ReceiverReply, Sending
from shared.ports.errors import LostRace, NoSuchTable
from shared.ports.exports import Checkpoint, Link, StoredExport
from shared.ports.intake import EVERY, HeldCounts, Only, Sent, StoredHeld, TableRow
from shared.ports.leads import LeadPage, LeadQuery, Mark, Once, StoredLead, Submitted
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.ports.rules import Rules
from shared.ports.telling import BOUNCED, Follows, StoredWebhook, Waiting
from shared.storage import keys
from tests.builders import AT


def must_be(stored: Any, only_if: AsRead[Any] | None) -> None:
    """Raise LostRace when a document is not as it was read."""
    if only_if is not None and stored != only_if.value:
        raise LostRace


def _out(event: Pending) -> str:
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

    async def commit(self, decided: Sequence[tuple[StoredLead, Decision]], change: Change) -> None:
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
            self._write(decision.lead, decision.events, change)

    def pack(self, decided: Sequence[tuple[StoredLead, Decision]]) -> list[list[tuple[StoredLead, Decision]]]:
        most = self.together_most
        return [list(decided[n : n + most]) for n in range(0, len(decided), most)]

    async def once(self, partner_id: str, claim: str) -> Once | None:
        return self.claims.get((partner_id, claim))

    async def page(self, query: LeadQuery) -> LeadPage:
        # Storage has no way to look for words.
        selected = replace(query.filter, customer=None, search=None)
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
    ) -> AsyncGenerator[tuple[Sequence[tuple[Lead, float]], str | None], None]:
        wanted = query.filter if since is None else LeadFilter(query.filter.tab, include_test=query.filter.include_test)
        place = query.after
        while True:
            asked = watch()
            page = await self.page(replace(query, filter=wanted, after=place, top=self.batch))
            place = position(page.leads[-1].id) if page.leads else place
            taken = [lead for lead in page.leads if since is None or self._has_changed(lead, since, query.at)]
            yield [(lead, asked) for lead in taken], place
            if page.next is None:
                return

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

    async def needed_hints(self, partner_id: str, after: str | None) -> Page[Hint]:
        leads = [row.lead for (partner, _), row in sorted(self.rows.items()) if partner == partner_id]
        return Page([hint for lead in leads for hint in hints(lead)], None)

    async def first_announcement(self, partner_id: str) -> Hint | None:
        waiting = sorted(self.out.get(partner_id, []), key=_out)
        return waiting[0].hint if waiting else None

    def _write(self, lead: Lead, events: Sequence[Event], change: Change) -> None:
        for one in events:
            moves = (one.from_status, one.to_status, lead.is_test, str(one.type), one.notify or "")
            pending = Pending(lead.partner_id, lead.id, one.at, one.sequence, change, *moves)
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


class FakeAgenda:
    """`Agenda` in memory."""

    def __init__(self) -> None:
        self.rows: dict[Hint, tuple[int, datetime | None]] = {}
        self.causes: dict[Hint, str] = {}
        self.bookmarks: dict[str, str] = {}

    @property
    def hints(self) -> set[Hint]:
        """The hints there are."""
        return set(self.rows)

    async def put(self, hints: Sequence[Hint]) -> None:
        self.rows |= dict.fromkeys(hints, (0, None))
        self.causes |= dict.fromkeys(hints, correlation.current())

    async def remove(self, hints: Sequence[Hint]) -> None:
        for hint in hints:
            self.rows.pop(hint, None)

    async def due(self, kind: HintKind, at: datetime, top: int) -> list[DueHint]:
        found = sorted(
            (hint for hint, (_, until) in self.rows.items() if hint.kind == kind and hint.due <= at >= (until or at)),
            key=lambda hint: (hint.due, hint.partner_id, hint.subject, hint.attempt),
        )
        return [DueHint(hint, self.rows[hint][0], self.causes[hint]) for hint in found[:top]]

    async def oldest(self, kind: HintKind, at: datetime) -> datetime | None:
        return min((hint.due for hint in self.rows if hint.kind == kind and hint.due <= at), default=None)

    async def ahead(self, kind: HintKind, at: datetime, top: int) -> int:
        return min(top, sum(hint.kind == kind and hint.due > at for hint in self.rows))

    async def put_off(self, late: DueHint, until: datetime) -> None:
        if late.hint in self.rows:
            self.rows[late.hint] = late.tries + 1, until

    async def missing(self, hints: Sequence[Hint]) -> list[Hint]:
        return [hint for hint in hints if hint not in self.rows]

    async def bookmark(self, name: str) -> str:
        return self.bookmarks.get(name, "")

    async def set_bookmark(self, name: str, place: str) -> None:
        self.bookmarks[name] = place


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


class FakePartnerStore:
    """`PartnerStore` in memory, without a cache."""

    def __init__(self) -> None:
        self.registered: dict[str, Partner] = {}
        self.tenants: dict[str, str] = {}
        self.publishers: dict[str, str] = {}
        self.doors: dict[str, LeadSource] = {}
        self.lists = ContactLists()

    async def partner_of_tenant(self, tenant: str, at: datetime) -> str | None:
        return self.tenants.get(tenant)

    async def partner_of_publisher(self, publisher: str, at: datetime, *, fresh: bool = False) -> str | None:
        return self.publishers.get(publisher)

    async def known(self, partner_id: str, at: datetime) -> Partner | None:
        return self.registered.get(partner_id)

    async def get(self, partner_id: str) -> Partner | None:
        return self.registered.get(partner_id)

    async def put(self, partner: Partner, only_if: AsRead[Partner] | None = None) -> None:
        must_be(self.registered.get(partner.id), only_if)
        claimed = (
            (self.tenants, partner.tenant_ids, "tenantIds"),
            (self.publishers, partner.publisher_ids, "publisherIds"),
        )
        taken = [(one, what) for there, new, what in claimed for one in new if there.get(one, partner.id) != partner.id]
        if taken:
            raise Conflict(details=[Detail("conflict", f"{one} is taken.", what) for one, what in taken])
        for there, new, _ in claimed:
            for one in [one for one, owner in there.items() if owner == partner.id]:
                del there[one]
            there.update(dict.fromkeys(new, partner.id))
        self.registered[partner.id] = partner

    async def partners(self, after: str | None, top: int) -> Page[Partner]:
        found = sorted(one for one in self.registered if after is None or one > after)
        return Page([self.registered[one] for one in found[:top]], found[top - 1] if len(found) > top else None)

    async def source(self, source_id: str, at: datetime, *, fresh: bool = False) -> LeadSource | None:
        return self.doors.get(source_id)

    async def put_source(self, source: LeadSource) -> None:
        self.doors[source.id] = source

    async def replace_source(self, source: LeadSource, changed: LeadSource) -> None:
        if self.doors.get(source.id) != source:
            raise LostRace
        self.doors[source.id] = changed

    async def delete_source(self, source: LeadSource) -> None:
        self.doors.pop(source.id, None)

    async def sources(self, partner_id: str | None) -> list[LeadSource]:
        mine = (one for one in self.doors.values() if one.partner_id == partner_id)
        return sorted(mine, key=lambda one: (one.created_at, one.id))

    async def sources_of_kind(self, kind: SourceKind) -> list[LeadSource]:
        mine = (one for one in self.doors.values() if one.kind is kind)
        return sorted(mine, key=lambda one: (one.created_at, one.id))

    async def signing_key(self) -> str:
        return "key"

    async def contact_lists(self, at: datetime) -> ContactLists:
        return self.lists

    async def stored_contact_lists(self) -> ContactLists:
        return self.lists

    async def put_contact_lists(self, lists: ContactLists, only_if: AsRead[ContactLists] | None = None) -> None:
        if only_if is not None and only_if.value is not None:
            must_be(self.lists, AsRead(replace(only_if.value, bounced=self.lists.bounced)))
        self.lists = replace(lists, bounced=self.lists.bounced)

    async def add_bounced(self, key: str) -> None:
        self.lists = replace(self.lists, bounced=self.lists.bounced | {key})

    async def ping(self) -> None:
        return None


class FakeListingStore:
    """`ListingStore` in memory, without a cache."""

    def __init__(self) -> None:
        self.registered: dict[tuple[str, str], RegisteredOffer] = {}
        self.profiles: dict[str, Profile] = {}

    async def offers(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Offers:
        mine = sorted((key, one) for (partner, key), one in self.registered.items() if partner == partner_id)
        return Offers(tuple(one for _, one in mine))

    async def put_offer(
        self,
        partner_id: str,
        offer: RegisteredOffer,
        before: RegisteredOffer | None,
        *,
        take_over: bool = False,
        only_if: AsRead[RegisteredOffer] | None = None,
    ) -> None:
        key = offer.id.casefold()
        must_be(self.registered.get((partner_id, key)), only_if)
        others = [
            (partner, held)
            for (partner, held), one in self.registered.items()
            if held == key and partner != partner_id and one.is_registered
        ]
        for one in others if take_over and offer.is_registered else []:
            del self.registered[one]
        if others and not take_over and offer.is_registered:
            raise Conflict(details=[Detail("conflict", "The offer belongs to another partner.", "offerId")])
        self.registered[partner_id, key] = offer

    async def pending_offers(self, after: str | None, top: int) -> Page[tuple[str, RegisteredOffer]]:
        found = sorted(
            (f"{key}|{partner}", (partner, one))
            for (partner, key), one in self.registered.items()
            if one.state is OfferState.PENDING and f"{key}|{partner}" > (after or "")
        )
        return Page([one for _, one in found[:top]], found[top - 1][0] if len(found) > top else None)

    async def profile(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Profile | None:
        return self.profiles.get(partner_id)

    async def put_profile(
        self, partner_id: str, profile: Profile, before: Profile | None, only_if: AsRead[Profile] | None = None
    ) -> None:
        must_be(self.profiles.get(partner_id), only_if)
        self.profiles[partner_id] = profile

    async def partner_of_offer(self, offer_id: str, at: datetime) -> str | None:
        owners = (
            partner
            for (partner, key), one in self.registered.items()
            if key == offer_id.casefold() and one.is_registered
        )
        return next(owners, None)

    async def partners_of_title(self, title: str, at: datetime) -> list[str]:
        found = {
            partner
            for (partner, _), one in self.registered.items()
            if one.is_registered and folded(one.title) == folded(title)
        }
        return sorted(found)

    async def partners_of_profile(self, name: str, at: datetime) -> list[str]:
        return sorted(partner for partner, one in self.profiles.items() if folded(one.name) == folded(name))


class FakeHeldStore:
    """`HeldStore` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredHeld] = {}
        self._tags = itertools.count()

    async def add(self, held: Held) -> StoredHeld | None:
        there = self.rows.get(held.id)
        if there is not None:
            return there if there.held == held else None
        made = self.rows[held.id] = StoredHeld(held, str(next(self._tags)))
        return made

    async def get(self, held_id: str) -> StoredHeld | None:
        return self.rows.get(held_id)

    async def replace(self, stored: StoredHeld, held: Held) -> StoredHeld:
        there = self.rows.get(held.id)
        if there != stored:
            if there is None or there.held != held:
                raise LostRace
            return there
        made = self.rows[held.id] = StoredHeld(held, str(next(self._tags)))
        return made

    async def delete(self, stored: StoredHeld) -> None:
        if self.rows.get(stored.held.id) != stored:
            raise LostRace
        del self.rows[stored.held.id]

    async def count(self, state: HeldState) -> HeldCounts:
        mine = [row.held for row in self.rows.values() if row.held.state is state]
        reasons = Counter(str(one.reason or "") for one in mine)
        return HeldCounts(len(mine), dict(reasons), dict(Counter(one.for_partner or "" for one in mine)))

    async def page(self, state: HeldState, after: str | None, top: int, only: Only = EVERY) -> Page[Held]:
        mine = (
            row.held
            for row in self.rows.values()
            if row.held.state is state
            and only.reason in (None, row.held.reason)
            and only.partner_id in (None, row.held.for_partner or "")
        )
        placed = {f"{inverted_time(one.listed_at)}|{one.id}": one for one in mine}
        places = sorted(place for place in placed if place > (after or ""))
        return Page([placed[one] for one in places[:top]], places[top - 1] if len(places) > top else None)


class FakeSentStore:
    """`SentStore` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Sent]] = {}

    async def put(self, sender_id: str, sent: Sent) -> None:
        self.rows.setdefault(sender_id, {})[sent.lead_id] = sent

    async def remove(self, sender_id: str, lead_id: str) -> None:
        self.rows.get(sender_id, {}).pop(lead_id, None)

    async def get(self, sender_id: str, lead_id: str) -> Sent | None:
        return self.rows.get(sender_id, {}).get(lead_id)

    async def page(self, sender_id: str, after: str | None, top: int) -> Page[Sent]:
        mine = self.rows.get(sender_id, {})
        order = sorted((one for one in mine if position(one) > (after or "")), key=position)
        return Page([mine[one] for one in order[:top]], position(order[top - 1]) if len(order) > top else None)


class FakeTables:
    """`MarketplaceTables` in memory: rows with the time they were written."""

    def __init__(self) -> None:
        self.tables: dict[str, list[tuple[datetime, TableRow]]] = {}
        self.read: list[str] = []

    async def rows(self, table: str, since: datetime, place: str, top: int) -> tuple[list[TableRow], str]:
        if table not in self.tables:
            raise NoSuchTable(table)
        found = sorted((row.identity, row) for written, row in self.tables[table] if written >= since)
        page = [row for identity, row in found if identity > place][:top]
        self.read += [row.identity for row in page]
        return page, page[-1].identity if page and page[-1].identity < found[-1][0] else ""

    def is_ours(self, table: str) -> bool:
        return table.casefold() in {one.casefold() for one in keys.TABLES}


class FakeEmails:
    """`EmailReader` that knows an address by its domain."""

    def __init__(self) -> None:
        self.found = Email()

    async def read(self, written: str, lists: ContactLists) -> Email:
        address, _, domain = written.partition("@")
        if not address or not domain:
            return Email(Validity.INVALID)
        return Email(Validity.SPAM) if lists.blocks(written, domain) else self.found

    def bounced_key(self, written: str) -> str | None:
        return bounced_key(fold_email(written))


class FakePhones:
    """`PhoneReader` that knows a number by its leading +."""

    def read(self, written: str, country: str | None) -> Phone:
        if not written.startswith("+"):
            return Phone()
        return Phone(Validity.VALID, "+" + "".join(c for c in written if c.isdigit()))


class FakeTallyStore:
    """`TallyStore` in memory, over the leads of a fake store."""

    def __init__(self, leads: FakeLeadStore, lanes: "FakeLaneStore", mails: "FakeMailStore") -> None:
        self._leads, self._lanes, self._mails = leads, lanes, mails
        self.tallies: dict[str, Tally] = {}
        self.poisoned: set[str] = set()
        self.taken = 0

    async def read(self, partner_id: str) -> Tally:
        return self.tallies.get(partner_id, Tally())

    async def pending(self, partner_id: str, after: str | None, top: int) -> Page[Pending]:
        mine = [one for one in self._leads.out.get(partner_id, []) if _out(one) > (after or "")]
        page = sorted(mine, key=_out)[:top]
        return Page(page, _out(page[-1]) if len(mine) > top else None)

    async def take(
        self, partner_id: str, events: Sequence[Pending], before: Tally, after: Tally, follows: Follows
    ) -> None:
        if partner_id in self.poisoned:
            raise ValueError("a partner that cannot be counted")
        waiting = self._leads.out.get(partner_id, [])
        if await self.read(partner_id) != before or not set(events) <= set(waiting):
            raise LostRace
        days = [(one, self._mails.days.get((partner_id, one.key))) for one in follows.days]
        if any((there.tag if there else "") != one.tag for one, there in days):
            raise LostRace
        for destination, dispatch in follows.waits:
            self._lanes.rows.setdefault((partner_id, destination), {})[dispatch.order] = dispatch
        for one in follows.days:
            self._mails.days[partner_id, one.key] = replace(one, tag=self._mails.tag())
        for day, lead_id in follows.held:
            self._mails.leads.setdefault((partner_id, day), set()).add(lead_id)
        for mail in follows.mails:
            self._mails.write(partner_id, mail)
        self.taken += 1
        self._leads.out[partner_id] = [one for one in waiting if one not in events]
        self.tallies[partner_id] = replace(after, tag=str(self.taken))

    async def received(self, partner_id: str) -> list[Waiting]:
        return self._waiting(partner_id, Status.RECEIVED)

    async def overdue_informational(self, partner_id: str, at: datetime) -> list[Waiting]:
        return [one for one in self._waiting(partner_id, Status.INFORMATIONAL) if one.deadline <= stamp(at)]

    def _waiting(self, partner_id: str, status: Status) -> list[Waiting]:
        leads = [row.lead for (partner, _), row in self._leads.rows.items() if partner == partner_id]
        return [
            Waiting(one.id, stamp(deadline(one) or ALWAYS), stamp(one.flame_until) if one.flame_until else "")
            for one in leads
            if one.status is status and not one.is_test
        ]


class FakeLaneStore:
    """`LaneStore` in memory; `rows` are dispatches by destination and order."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[tuple[str, str, int], Dispatch]] = {}
        self.lanes: dict[tuple[str, str], Lane] = {}
        self._tags = itertools.count(1)

    async def lane(self, partner_id: str, destination: str) -> Lane:
        return self.lanes.get((partner_id, destination), Lane())

    async def save(
        self,
        partner_id: str,
        destination: str,
        lane: Lane,
        changed: Sequence[tuple[Dispatch | None, Dispatch | None]] = (),
    ) -> Lane:
        rows = self.rows.setdefault((partner_id, destination), {})
        if (await self.lane(partner_id, destination)).tag != lane.tag:
            raise LostRace
        if any(
            before and rows.get(before.order, Dispatch("", AT, "", 0)).state != before.state for before, _ in changed
        ):
            raise LostRace
        for before, after in changed:
            if before:
                rows.pop(before.order, None)
            if after:
                rows[after.order] = after
        made = replace(lane, saves=lane.saves + 1, tag=str(next(self._tags)))
        self.lanes[partner_id, destination] = made
        return made

    async def add(self, partner_id: str, destination: str, dispatch: Dispatch) -> None:
        self.rows.setdefault((partner_id, destination), {})[dispatch.order] = dispatch

    async def page(
        self, partner_id: str, destination: str, state: DispatchState, after: str | None, top: int
    ) -> Page[Dispatch]:
        def place(one: Dispatch) -> str:
            order = keys.in_order(*one.order)
            return keys.newest_first(order, one.ended_at) if one.ended_at and state == "delivered" else order

        mine = {place(one): one for one in self.rows.get((partner_id, destination), {}).values() if one.state is state}
        found = sorted(one for one in mine if one > (after or ""))
        return Page([mine[one] for one in found[:top]], found[top - 1] if len(found) > top else None)

    async def get(self, partner_id: str, destination: str, event_id: str) -> Dispatch | None:
        order = order_of(event_id)
        return self.rows.get((partner_id, destination), {}).get(order) if order else None


class FakeMailStore:
    """`MailStore` in memory."""

    def __init__(self, lanes: FakeLaneStore) -> None:
        self._lanes = lanes
        self.days: dict[tuple[str, str], MailDay] = {}
        self.leads: dict[tuple[str, str], set[str]] = {}
        self.records: dict[tuple[str, str, int, int], Mail] = {}
        self.origins: dict[str, MailOrigin] = {}
        self._tags = itertools.count(1)

    def tag(self) -> str:
        return str(next(self._tags))

    async def day(self, partner_id: str, key: str) -> MailDay | None:
        return self.days.get((partner_id, key))

    async def open_days(self, partner_id: str, at: datetime) -> list[MailDay]:
        mine = (one for (partner, _), one in self.days.items() if partner == partner_id)
        return [one for one in mine if not one.closed and one.ends <= at]

    async def close(self, partner_id: str, day: MailDay, destination: str, digest: Dispatch | None) -> None:
        if self.days.get((partner_id, day.key)) != day:
            raise LostRace
        self.days[partner_id, day.key] = replace(day, closed=True, tag=self.tag())
        if digest:
            await self._lanes.add(partner_id, destination, digest)

    async def held(self, partner_id: str, key: str) -> list[str]:
        return sorted(self.leads.get((partner_id, key), set()), key=position)

    async def mails(self, partner_id: str, subject: str, sequence: int | None = None) -> list[Mail]:
        mine = sorted(
            (key, one)
            for key, one in self.records.items()
            if key[:2] == (partner_id, subject) and sequence in (None, key[2])
        )
        return [one for _, one in mine]

    async def plan(self, partner_id: str, mails: Sequence[Mail]) -> None:
        if any(self._key(partner_id, one) in self.records for one in mails):
            raise LostRace
        for one in mails:
            self.write(partner_id, one)

    def write(self, partner_id: str, mail: Mail) -> Mail:
        made = self.records[self._key(partner_id, mail)] = replace(mail, tag=self.tag())
        return made

    async def put(self, partner_id: str, mail: Mail) -> Mail:
        there = self.records.get(self._key(partner_id, mail))
        if (there.tag if there else "") != mail.tag:
            raise LostRace
        return self.write(partner_id, mail)

    async def note_origin(self, operation_id: str, origin: MailOrigin) -> None:
        self.origins[operation_id] = origin

    async def origin(self, operation_id: str) -> MailOrigin | None:
        return self.origins.get(operation_id)

    async def forget_origin(self, operation_id: str) -> None:
        self.origins.pop(operation_id, None)

    async def forget_origins(self, before: datetime) -> int:
        old = [name for name, origin in self.origins.items() if origin.sent < before]
        for name in old:
            del self.origins[name]
        return len(old)

    def _key(self, partner_id: str, mail: Mail) -> tuple[str, str, int, int]:
        return partner_id, mail.subject, mail.sequence, mail.number


class FakePreferenceStore:
    """`PreferenceStore` in memory."""

    def __init__(self) -> None:
        self.wishes: dict[str, Preferences] = {}
        self.silent: dict[str, dict[str, str]] = {}
        self.gone: dict[tuple[str, str], set[str]] = {}

    async def get(self, partner_id: str) -> Preferences | None:
        return self.wishes.get(partner_id)

    async def put(self, partner_id: str, preferences: Preferences, only_if: AsRead[Preferences] | None = None) -> None:
        must_be(self.wishes.get(partner_id), only_if)
        self.wishes[partner_id] = preferences

    async def unwanted(self, partner_id: str) -> dict[str, str]:
        return dict(self.silent.get(partner_id, {}))

    async def add_unwanted(self, partner_id: str, address: str, why: str) -> None:
        mine = self.silent.setdefault(partner_id, {})
        if why != BOUNCED or fold_email(address) not in mine:
            mine[fold_email(address)] = why

    async def resume(self, partner_id: str, address: str, by: str, at: datetime) -> bool:
        return self.silent.get(partner_id, {}).pop(fold_email(address), None) is not None

    async def forgive_bounce(self, partner_id: str, address: str) -> None:
        if self.silent.get(partner_id, {}).get(fold_email(address)) == BOUNCED:
            del self.silent[partner_id][fold_email(address)]

    async def dismissed(self, partner_id: str, person: str) -> frozenset[str]:
        return frozenset(self.gone.get((partner_id, person), set()))

    async def dismiss(self, partner_id: str, person: str, notification_id: str) -> None:
        self.gone.setdefault((partner_id, person), set()).add(notification_id)


class FakeWebhookStore:
    """`WebhookStore` in memory."""

    def __init__(self) -> None:
        self.hooks: dict[tuple[str, str], StoredWebhook] = {}
        self._tags = itertools.count(1)

    async def of_partner(self, partner_id: str) -> list[StoredWebhook]:
        mine = [one for (partner, _), one in self.hooks.items() if partner == partner_id]
        return sorted(mine, key=lambda one: (one.webhook.created_at, one.webhook.id))

    async def get(self, partner_id: str, webhook_id: str) -> StoredWebhook | None:
        return self.hooks.get((partner_id, webhook_id))

    async def put(self, partner_id: str, webhook: Webhook, before: StoredWebhook | None) -> StoredWebhook:
        if self.hooks.get((partner_id, webhook.id)) != before:
            raise LostRace
        made = self.hooks[partner_id, webhook.id] = StoredWebhook(webhook, str(next(self._tags)))
        return made

    async def delete(self, partner_id: str, webhook_id: str) -> None:
        self.hooks.pop((partner_id, webhook_id), None)


class FakeReceivers:
    """`WebhookSender` to receivers in memory: `answers` by URL, each call taken from the front, then 200."""

    def __init__(self) -> None:
        self.answers: dict[str, list[ReceiverReply]] = {}
        self.taken: list[tuple[str, str, Packet]] = []
        self.calls: list[tuple[str, str]] = []

    async def send(self, url: str, message_id: str, packet: Packet, secrets: Sequence[str]) -> ReceiverReply:
        self.calls.append((url, message_id))
        waiting = self.answers.get(url)
        answer = waiting.pop(0) if waiting else ReceiverReply(200, "", 1)
        if answer.status is not None and 200 <= answer.status < 300:
            self.taken.append((url, message_id, packet))
        return answer

    def problem_with(self, url: str) -> str | None:
        return None if url.startswith("https://") else "The URL must begin with https://."


class FakeMailer:
    """`MailSender` that keeps what it is given; `answers` are said first, `ends` by address decides how a mail ends."""

    def __init__(self) -> None:
        self.sent: dict[str, Letter] = {}
        self.count = 0
        self.answers: list[MailAnswer | Exception] = []
        self.ends: dict[str, MailAnswer] = {}

    async def send(self, letter: Letter, operation_id: str, first_sent: datetime) -> MailAnswer:
        said = self.answers.pop(0) if self.answers else MailAnswer(Sending.ACCEPTED)
        if isinstance(said, Exception):
            raise said
        if said.outcome is Sending.ACCEPTED and operation_id not in self.sent:
            self.sent[operation_id] = letter
            self.count += 1
        return said

    async def status(self, operation_id: str) -> MailAnswer:
        letter = self.sent.get(operation_id)
        if letter is None:
            return MailAnswer(Sending.MISSING)
        return self.ends.get(letter.to, MailAnswer(Sending.DELIVERED))


class FakeExportStore:
    """`ExportStore` in memory."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, str], StoredExport] = {}
        self.parts: dict[tuple[str, str], list[Checkpoint]] = {}
        self._tags = itertools.count()

    async def add(self, export: Export) -> StoredExport:
        made = self.jobs[export.partner_id, export.id] = StoredExport(export, str(next(self._tags)))
        return made

    async def get(self, partner_id: str, export_id: str) -> StoredExport | None:
        return self.jobs.get((partner_id, export_id))

    async def page(self, partner_id: str, after: str | None, top: int) -> Page[Export]:
        mine = sorted(one for partner, one in self.jobs if partner == partner_id and one > (after or ""))
        page = [self.jobs[partner_id, one].export for one in mine[:top]]
        return Page(page, page[-1].id if len(mine) > top else None)

    async def unfinished(self, partner_id: str, top: int) -> int:
        mine = (one.export for (partner, _), one in self.jobs.items() if partner == partner_id)
        return min(top, sum(not one.has_ended for one in mine))

    async def replace(self, stored: StoredExport, export: Export) -> None:
        if self.jobs.get((export.partner_id, export.id)) != stored:
            raise LostRace
        await self.add(export)

    async def delete(self, partner_id: str, export_id: str) -> None:
        self.jobs.pop((partner_id, export_id), None)
        self.parts = {key: found for key, found in self.parts.items() if key[0] != export_id}

    async def record(self, export: Export, checkpoint: Checkpoint) -> Checkpoint:
        parts = self.parts.setdefault((export.id, checkpoint.step), [])
        if any(one.index == checkpoint.index for one in parts):
            raise LostRace
        parts.append(replace(checkpoint, written_at=clock.real_now()))
        return checkpoint

    async def last(self, export: Export, step: str) -> Checkpoint | None:
        return (self.parts.get((export.id, step)) or [None])[-1]

    async def checkpoints(self, export: Export, step: str) -> list[Checkpoint]:
        return list(self.parts.get((export.id, step), []))


class FakeFileStore:
    """`FileStore` in memory; `puts` counts how often a file was put together."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[str, str], bytes] = {}
        self.files: dict[str, bytes] = {}
        self.puts = 0

    async def stage(self, name: str, block: str, content: bytes) -> None:
        self.blocks[name, block] = content

    async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
        self.files[name] = b"".join(self.blocks[name, one] for one in blocks)
        self.puts += 1

    async def read(self, name: str, offset: int, length: int) -> bytes:
        return self.files[name][offset : offset + length]

    async def delete(self, name: str) -> None:
        self.files.pop(name, None)

    async def link(self, name: str, file_name: str) -> Link:
        return Link(f"https://files.example/{name}?save={file_name}", AT + timedelta(hours=1))


def fake_ports(rules: Rules | None = None) -> Ports:
    """All ports in memory."""
    leads, lanes = FakeLeadStore(), FakeLaneStore()
    mails = FakeMailStore(lanes)
    return Ports(
        leads=leads,
        agenda=FakeAgenda(),
        marks=FakeMarkStore(),
        partners=FakePartnerStore(),
        phones=FakePhones(),
        emails=FakeEmails(),
        listings=FakeListingStore(),
        held=FakeHeldStore(),
        sent=FakeSentStore(),
        tables=FakeTables(),
        lanes=lanes,
        mails=mails,
        webhooks=FakeWebhookStore(),
        preferences=FakePreferenceStore(),
        receivers=FakeReceivers(),
        packets=Packets(),
        mailer=FakeMailer(),
        letters=Letters("https://leads.example/api", "https://front.example/{leadId}", "https://front.example"),
        tallies=FakeTallyStore(leads, lanes, mails),
        exports=FakeExportStore(),
        files=FakeFileStore(),
        rules=rules or Rules(),
    )
