"""What the machine looks at: after some steps lists and counts, now and then every row, in the end what was told."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from shared.domain.events import Event
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.intake.held import HeldState
from shared.domain.lead import Lead, Status
from shared.domain.ordering import Order
from shared.domain.telling.dispatch import DispatchState
from shared.domain.telling.mails import Mail, MailState
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, WebhookState
from shared.ports.ports import Ports
from shared.storage import codec, keys
from shared.usecases.exports.export_leads import SeenExport, read_export
from shared.usecases.intake.parked_input import list_held
from shared.usecases.leads.counts import count_leads
from shared.usecases.leads.lists import Look, list_leads
from tests import invariants
from tests.builders import AT, DAY
from tests.exports import ids_of
from tests.model import reference as ref
from tests.model.system import HOOK, System
from tests.steps import budget

LOOK_EVERY, LOOK_AT_ALL_EVERY = 10, 50
"""Steps between two looks at lists and counts, and at all rows."""


@dataclass
class Asked:
    """An export under way: whose filter, the leads that must be in its file, and those that may be."""

    seen: SeenExport
    status: str | None
    must: set[str]
    may: set[str]
    is_over: bool = False


class Looks(RuleBasedStateMachine):
    """The system, what the reference knows of it, and whether both are the same."""

    make: ClassVar[Callable[[], System]]
    run: ClassVar[Callable[[Coroutine[Any, Any, Any]], Any]]
    steps: ClassVar[Counter[str]] = Counter()
    figures: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.system = self.make()
        self.known = ref.Reference()
        self.now, self.number = AT, 0
        self.bodies: dict[str, tuple[str, Any, ref.Kind]] = {}
        self.rows: dict[str, ref.Kind] = {}
        self.exports: list[Asked] = []
        self.disturbed = self.has_failed = False
        self.wishes = Preferences("lena@contoso.example", digest_threshold=3)

    # --- After some steps --------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Lists and counts are those of the reference, at an instance that may know something old."""
        turn = self.number // LOOK_EVERY
        i = turn % 2
        ports = self.system.deployment.instances[i].ports
        person = "ann" if turn % 4 < 2 else "bob"
        statuses = (None, "received", "informational", "accepted", "archived")
        status = statuses[turn % len(statuses)]
        wanted = LeadFilter(status=frozenset({Status(status)}) if status else frozenset(), include_test=status is None)
        await self._compare_list(ports, person, wanted, self.known.ids(self.now, status=status, test=status is None))
        hearts = self.known.hearts.get(person, set())
        favorites = LeadFilter(tab=ListTab.FAVORITES, include_test=True)
        await self._compare_list(
            ports, person, favorites, [one for one in self.known.ids(self.now, test=True) if one in hearts]
        )
        counts = await count_leads(ports=ports, partner_id=self.system.partner, person=person, at=self.now)
        found = {(str(tab), str(state)): n for (tab, state), n in counts.leads.items() if n}
        assert found == self.known.counts(self.now)
        opened = self.known.opened.get(person, set())
        received = [one for one in self.known.at(self.now) if one.status == ref.RECEIVED and not one.kind.is_test]
        assert sum(counts.new.values()) == sum(one.id not in opened for one in received)
        assert counts.hot == sum(one.cools is not None and one.cools > self.now for one in received)
        assert counts.favorites == sum(not self.known.leads[one].kind.is_test for one in hearts)

    async def _compare_list(self, ports: Ports, person: str, wanted: LeadFilter, ids: list[str]) -> None:
        look = Look(ports, self.system.partner, person, wanted, self.now)
        found: list[str] = []
        after: str | None = None
        while True:
            page = await list_leads(look, order=Order.read("created"), after=after, top=40, budget=budget(rows=10_000))
            for seen in page.leads:
                known = self.known.leads[seen.lead.id]
                assert (seen.lead.status, seen.lead.outcome) == (known.status, known.outcome)
            found += [seen.lead.id for seen in page.leads]
            after = page.next
            if after is None:
                break
        assert found == ids

    async def look_at_everything(self) -> None:
        """What is stored of the partner, row by row, and each lead's history."""
        await self.look()
        await invariants.check(self.system.tables, self.system.partner, self.known.outlived, self.now)
        rows = await invariants.all_rows(self.system.tables, keys.LEADS, self.system.partner)
        self._histories(rows)
        waiting = {
            state: {one.body for one in await self._held(state)} for state in (HeldState.PARKED, HeldState.UNASSIGNED)
        }
        held = self.known.held.items()
        assert {one.decode() for one in waiting[HeldState.PARKED]} == {
            text for text, state in held if state == "parked"
        }
        bodies = {json.dumps(self.bodies[name][1]).encode() for name, state in held if state == "unassigned"}
        assert waiting[HeldState.UNASSIGNED] == bodies

    def _histories(self, rows: dict[str, dict[str, Any]]) -> None:
        leads: dict[str, Lead] = {}
        histories: dict[str, list[Event]] = {}
        for key in sorted(rows):
            name = key.split("/", 1)[1]
            if name.startswith("lead|"):
                leads[name.removeprefix("lead|")] = codec.load(Lead, rows[key])
            if name.startswith("hist|"):
                histories.setdefault(name.split("|")[1], []).append(codec.load(Event, rows[key]))
        assert set(leads) == set(self.known.leads)
        for lead_id, known in self.known.leads.items():
            assert leads[lead_id].customer.company == known.company
            self._history(known, histories[lead_id])

    def _history(self, known: ref.RefLead, events: list[Event]) -> None:
        """Everything the reference knows, in its order, but for the last of it that no timer has recorded yet."""
        warned = [event for event in events if event.type == "lead.expiresSoon"]
        checked = [event for event in events if event.by.id == "recheck_contacts"]
        assert len(warned) <= 3
        assert len(checked) <= 1
        for event in warned:
            assert known.expires is not None
            days = int(event.changes["expiresInDays"]["to"])
            assert event.at >= known.expires - days * DAY
            assert event.to_status == ref.RECEIVED
        rest = [event for event in events if event not in warned and event not in checked]
        for event, happened in zip(rest, known.events, strict=False):
            before = events[event.sequence - 2].at if event.sequence > 1 else happened.at
            # An event is of its own time, or of the one before where that was recorded first.
            assert (event.type, event.by.id, event.at) == (happened.type, happened.by, max(happened.at, before))
        late = known.settle(self.now).events[len(rest) :]
        assert all(one.by in ("cool_flames", "expire_leads", "archive_leads") for one in late), late

    async def _stored(self) -> dict[str, Lead]:
        rows = await invariants.all_rows(self.system.tables, keys.LEADS, self.system.partner)
        named = {key.split("/", 1)[1]: row for key, row in rows.items()}
        return {
            key.removeprefix("lead|"): codec.load(Lead, row) for key, row in named.items() if key.startswith("lead|")
        }

    async def _held(self, state: HeldState) -> list[Any]:
        """This partner's submissions that wait."""
        doors = {self.system.door.id, self.system.programme.id}
        page = await list_held(ports=self.system.ports, state=state, after=None, top=1_000)
        return [one for one in page.held if one.door.by.id in doors]

    # --- Exports (X1 to X5) ------------------------------------------------------------------------------------------

    def _note_exports(self) -> None:
        """What has left the filter since an export began need not be in its file, what has come into it may be."""
        for one in self.exports:
            if not one.is_over:
                matching = set(self.known.ids(self.now, status=one.status))
                one.must &= matching
                one.may |= matching

    async def _look_at_exports(self) -> None:
        ports = self.system.ports
        for one in [one for one in self.exports if not one.is_over]:
            export = one.seen.export
            seen = await read_export(ports=ports, partner_id=export.partner_id, export_id=export.id, at=self.now)
            if seen.export.has_ended:
                assert seen.export.state == "succeeded", seen.export
                ids = await ids_of(ports.files, seen)
                assert len(ids) == len(set(ids)), "a lead is in the file twice"
                assert one.must <= set(ids), one.must - set(ids)
                assert set(ids) <= one.may, set(ids) - one.may
                one.is_over = True
                self.figures["exported leads"] += len(ids)

    # --- In the end --------------------------------------------------------------------------------------------------

    async def _everything_was_told(self, leads: dict[str, Lead]) -> None:
        """Each event came to the receiver, in order for each lead, and once but where a run broke off (W2, W3)."""
        partner, ports = self.system.partner, self.system.ports
        rows = await invariants.all_rows(self.system.tables, keys.LEADS, partner)
        taken = [(message, json.loads(packet.body)) for _, message, packet in self.system.receivers.taken]
        first = dict.fromkeys(message for message, _ in taken)
        assert self.disturbed or len(first) == len(taken), "told twice"
        order: dict[str, list[int]] = {}
        for message in first:
            body = next(body for known, body in taken if known == message)
            order.setdefault(body["data"]["id"], []).append(body["sequence"])
        parked, _ = await ports.lanes.page(partner, HOOK, DispatchState.PARKED, None, 1_000)
        for one in parked:
            assert one.attempts
            assert all(tried.status is None or tried.status >= 300 for tried in one.attempts)
        stored = await ports.webhooks.get(partner, HOOK)
        assert stored is not None
        # Five days of failure switch it off, and what happens then is told to nobody.
        is_on = stored.webhook.state is WebhookState.ACTIVE
        assert is_on or self.has_failed
        self.figures["switched off"] += not is_on
        for lead_id, lead in leads.items():
            events = [codec.load(Event, row) for key, row in rows.items() if f"/hist|{lead_id}|" in key]
            wanted = sorted(event.sequence for event in events if event.type in EVENTS)
            given_up = {one.sequence for one in parked if one.subject == lead_id}
            told = order.get(lead_id, [])
            assert told == sorted(told), "out of order"
            if is_on:
                assert sorted({*told, *given_up}) == wanted, (lead_id, lead.status, told, wanted)
        pending, _ = await ports.lanes.page(partner, HOOK, DispatchState.PENDING, None, 1_000)
        assert not is_on or pending == []
        self._everything_was_mailed(rows, leads)

    def _everything_was_mailed(self, rows: dict[str, dict[str, Any]], leads: dict[str, Lead]) -> None:
        """Each mail once; each has its record, and who is not mailed too (N1, N6)."""
        records = [codec.load(Mail, row) for key, row in rows.items() if "/mail|" in key]
        assert not [one for one in records if one.is_under_way]
        sent = self.system.mailer.sent
        assert self.system.mailer.count == len(sent)
        by_operation = {one.operation_id: one for one in records if one.operation_id}
        assert set(sent) <= set(by_operation), "a mail that nobody knows of"
        delivered = {one.operation_id for one in records if one.state is MailState.DELIVERED}
        assert delivered <= set(sent), "a record of a mail that never went"
        unknown = {one.operation_id for one in records if one.state is MailState.UNKNOWN}
        assert set(sent) - delivered <= unknown, "a mail that went, and whose record says otherwise"
        assert self.disturbed or not unknown
        about = Counter(
            (name, letter.to)
            for letter in sent.values()
            if "more lead" in letter.subject or letter.subject.startswith("New lead")
            for name in self.bodies
            if name in letter.subject + letter.text
        )
        leads_of = Counter(lead.company for lead in self.known.leads.values())
        twice = [(name, to, count) for (name, to), count in about.items() if count > leads_of[name]]
        assert not twice, "a new lead is mailed once to one address"
        for lead_id, lead in leads.items():
            if self.known.leads[lead_id].kind.is_hot:
                first = [one for one in records if one.subject == lead_id and one.sequence == 1]
                assert first, (lead_id, lead.status)
