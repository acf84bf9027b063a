"""Every storage call of everything that exists fails in turn, in every way, once and for good; then time passes.

The harness: `OPERATIONS` is what is run, `sweep` fails its n-th call until there is no n-th call any more, and
`tests/invariants.py` says what must hold afterwards. A new use case or timer gets a line in `OPERATIONS`.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.clock import real_now
from shared.domain.errors import InvalidRequest, Refusal, Unavailable
from shared.domain.events import EventType
from shared.domain.intake.held import Held, HeldState
from shared.domain.intake.receipt import Email
from shared.domain.intake.reoffer import Reoffer
from shared.domain.lead import Lead, Outcome, Reveal, Source, Status, Validity
from shared.domain.lifecycle import Action, Activity, ActivityKind, LeadAction
from shared.domain.permissions import Caller
from shared.domain.programme.directory import Directory, Entry
from shared.domain.programme.offers import OfferState, RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.domain.telling.dispatch import MAIL_LATER
from shared.ids import new_source_id
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.storage import keys
from shared.storage.intake.marketplace_tables import StorageMarketplaceTables
from shared.storage.tables import Tables
from shared.usecases.intake.ingest_table import ingest_tables
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.parked_input import assign, replay
from shared.usecases.intake.receive_lead import open_door
from shared.usecases.intake.route_lead import partners_of_title
from shared.usecases.intake.sent_leads import list_sent, send_lead
from shared.usecases.leads.answer_lead import log_contact_attempt
from shared.usecases.leads.favorites import set_favorite
from shared.usecases.leads.pass_on import pass_on_leads
from shared.usecases.leads.recheck_contacts import recheck_contacts
from shared.usecases.outcomes.feedback import give_feedback
from shared.usecases.programme.manage_listing import decide_offer
from shared.usecases.programme.manage_partner import add_source, put_partner, rotate_key
from shared.usecases.telling.publish import publish_events
from shared.usecases.upkeep.reconcile import reconcile
from tests import invariants
from tests.builders import ANN, AT, DAY, ROOT, submission_body, unique
from tests.fakes.checks import FakeEmails
from tests.integration.conftest import Connect
from tests.steps import TIMERS, answer, budget, run_timers, submit
from tests.transports import BEFORE, BREAKS, LOST, RACE, WAYS, FaultyTransport, nth, worth_failing

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class World:
    """A partner of its own for one failure."""

    source: LeadSource
    leads: tuple[str, ...]
    held: str = ""

    @property
    def programme(self) -> LeadSource:
        """A source of the programme's own, as much this world's as the partner's is."""
        return replace(self.source, id=self.source.id[::-1], partner_id=None)

    @property
    def partner_id(self) -> str:
        """The partner."""
        return self.source.partner_id or ""


@dataclass(frozen=True)
class Operation:
    """Something that talks to storage: what comes before it, itself, and what must be in the end.

    `ends` is what became of the partner's leads, `held` how many submissions wait for the operator.
    """

    act: Callable[[Ports, World], Awaitable[object]]
    codes: tuple[str, ...] = ("PLT",)
    before: tuple[Action, ...] = ()
    ends: tuple[Outcome | Status, ...] = ()
    again: Callable[[Ports, World], Awaitable[object]] | None = None
    prepare: Callable[[Ports, World], Awaitable[World]] | None = None
    held: int = 0


async def _deliver(ports: Ports, world: World) -> object:
    return await submit(ports, world.source, submission_body(Title="new"))


def _answer(what: LeadAction | Action, at: datetime = AT) -> Callable[[Ports, World], Awaitable[object]]:
    async def act(ports: Ports, world: World) -> object:
        return await answer(ports, world.source, world.leads[0], what, versions=frozenset({"*"}), at=at)

    return act


def _timer(kind: str, at: datetime) -> Callable[[Ports, World], Awaitable[object]]:
    async def act(ports: Ports, world: World) -> object:
        return await run_timers(ports, at, [kind])

    return act


async def _publish(ports: Ports, world: World) -> object:
    return await publish_events(ports=ports, at=AT, budget=budget())


async def _publish_later(ports: Ports, world: World) -> object:
    return await publish_events(ports=ports, at=AT + DAY, budget=budget())


async def _log(ports: Ports, world: World) -> object:
    return await log_contact_attempt(
        ports=ports,
        partner_id=world.source.partner_id,
        lead_id=world.leads[0],
        activity=Activity(ActivityKind.CALL, "Left a message."),
        by=ANN,
        at=AT,
    )


async def _reconcile(ports: Ports, world: World) -> object:
    return await reconcile(ports=ports, at=AT, budget=budget())


async def _favorite(ports: Ports, world: World) -> object:
    named = {"partner_id": world.source.partner_id, "person": "ann", "lead_id": world.leads[0]}
    return await set_favorite(ports=ports, favorite=True, **named)


async def _said_before(ports: Ports, world: World) -> World:
    made = await submit(ports, world.source)
    world = replace(world, leads=(made.lead_id,))
    await _say(ports, world, 1, AT)
    return world


async def _say_feedback(ports: Ports, world: World) -> object:
    return await _say(ports, world, 4, AT + DAY)


async def _say(ports: Ports, world: World, rating: int, at: datetime) -> object:
    named = {"partner_id": world.partner_id, "lead_id": world.leads[0], "by": ANN}
    return await give_feedback(ports=ports, rating=rating, text="Good.", at=at, **named)


def asking_again(ports: Ports) -> Ports:
    """The same with an e-mail check that cannot tell yet."""
    emails = FakeEmails()
    emails.found = Email(Validity.UNKNOWN, ask_again=True)
    return replace(ports, emails=emails)


def knowing_now(ports: Ports) -> Ports:
    """The same when it can."""
    emails = FakeEmails()
    emails.found = Email(Validity.VALID)
    return replace(ports, emails=emails)


def _recheck(at: datetime) -> Callable[[Ports, World], Awaitable[object]]:
    async def act(ports: Ports, world: World) -> object:
        return await recheck_contacts(ports=knowing_now(ports), at=at, budget=budget())

    return act


async def _with_a_lead_to_recheck(ports: Ports, world: World) -> World:
    made = await submit(asking_again(ports), world.source)
    return replace(world, leads=(made.lead_id,))


async def _with_an_offer(ports: Ports, world: World) -> World:
    offer = RegisteredOffer(f"{world.partner_id}.crm", world.partner_id)
    await ports.listings.put_offer(world.partner_id, offer, None)
    return world


async def _deliver_to_the_programme(ports: Ports, world: World) -> object:
    return await submit(ports, world.programme, submission_body(OfferTitle=world.partner_id))


async def _deliver_rubbish(ports: Ports, world: World) -> object:
    with suppress(InvalidRequest):
        return await submit(ports, world.source, b"not json")
    return None


async def _with_rubbish(ports: Ports, world: World) -> World:
    await _deliver_rubbish(ports, world)
    return await _holding(ports, world, HeldState.PARKED)


async def _with_an_unassigned(ports: Ports, world: World) -> World:
    await _deliver_to_the_programme(ports, world)
    return await _holding(ports, world, HeldState.UNASSIGNED)


async def _holding(ports: Ports, world: World, state: HeldState) -> World:
    (held,) = await waiting(ports, world, state)
    return replace(world, held=held.id)


async def waiting(ports: Ports, world: World, *states: HeldState) -> list[Held]:
    """This world's submissions that wait for the operator."""
    found = []
    for state in states or (HeldState.PARKED, HeldState.UNASSIGNED):
        page, _ = await ports.held.page(state, None, 1000)
        found += [one for one in page if one.door.by.id in (world.source.id, world.programme.id)]
    return found


async def _assign(ports: Ports, world: World) -> object:
    return await assign(ports=ports, held_id=world.held, partner_id=world.partner_id, at=AT + DAY)


async def _replay(ports: Ports, world: World) -> object:
    return await replay(ports=ports, held_id=world.held, body=submission_body(), at=AT + DAY)


async def _send(ports: Ports, world: World) -> object:
    body = {"qualification": "salesQualified", "customer": {"company": "F"}}
    submission = Submission(json.dumps(body).encode())
    named = {"partner_id": world.partner_id, "caller": _sender(world)}
    return await send_lead(ports=ports, **named, submission=submission, at=AT)


def _sender(world: World) -> Caller:
    return Caller("operator", world.partner_id, "Bo", is_operators=True, client="crm")


async def _with_a_table(ports: Ports, world: World) -> World:
    assert isinstance(ports.tables, StorageMarketplaceTables)
    name = "Mp" + world.source.id
    client = ports.tables._tables.foreign(name)
    await client.create_table()
    row = json.loads((ROOT / "docs" / "samples" / "table-row.json").read_text())
    for n in range(2):
        await client.create_entity(row | {"RowKey": str(n), "Description": str(n)})
    await client.create_entity(row | {"RowKey": "broken", "CustomerInfo": "{"})
    table = replace(world.source, kind=SourceKind.MARKETPLACE_TABLE, table_name=name)
    await ports.partners.put_source(table)
    return replace(world, source=table)


async def _ingest(ports: Ports, world: World) -> object:
    # Only this world's table, or each failure would read those of all before it.
    sources = SourcesOf(ports.partners, world.source)
    own = replace(ports, partners=sources)  # type: ignore[arg-type] # stands in for the store
    return await ingest_tables(ports=own, at=AT, storage_now=real_now(), budget=budget())


class SourcesOf:
    """The partner store with one source in it."""

    def __init__(self, inner: object, source: LeadSource) -> None:
        self._inner, self._source = inner, source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def sources_of_kind(self, kind: SourceKind) -> list[LeadSource]:
        await self._inner.sources_of_kind(kind)  # type: ignore[attr-defined] # the store's
        return [self._source]


OPERATIONS = {
    "intake": Operation(_deliver, codes=(), ends=(Status.RECEIVED,)),
    "intake of the programme": Operation(
        _deliver_to_the_programme, codes=(), prepare=_with_an_offer, ends=(Status.RECEIVED,)
    ),
    "intake that nobody takes": Operation(_deliver_to_the_programme, codes=(), held=1),
    "intake that cannot be read": Operation(_deliver_rubbish, codes=(), held=1),
    "assign": Operation(_assign, codes=(), prepare=_with_an_unassigned, ends=(Status.RECEIVED,)),
    "replay": Operation(_replay, codes=(), prepare=_with_rubbish, ends=(Status.RECEIVED,)),
    "send": Operation(_send, codes=(), ends=(Status.RECEIVED,)),
    "ingest_marketplace_table": Operation(
        _ingest, codes=(), prepare=_with_a_table, ends=(Status.RECEIVED,) * 2, held=1
    ),
    "recheck_contacts": Operation(
        _recheck(AT + DAY),
        codes=(),
        prepare=_with_a_lead_to_recheck,
        ends=(Status.RECEIVED,),
        again=_recheck(AT + 2 * DAY),
    ),
    "accept": Operation(_answer(Action.ACCEPT), ends=(Status.ACCEPTED,)),
    "accept after the flame": Operation(_answer(Action.ACCEPT, AT + 4 * DAY), ends=(Status.ACCEPTED,)),
    "accept informational": Operation(_answer(Action.ACCEPT), codes=("INS",), ends=(Status.ACCEPTED,)),
    "decline": Operation(_answer(LeadAction(Action.DECLINE, reason="budget")), ends=(Outcome.DECLINED,)),
    "edit": Operation(
        _answer(LeadAction(Action.EDIT, edits={"name": "B"})), before=(Action.ACCEPT,), ends=(Status.ACCEPTED,)
    ),
    "win": Operation(_answer(Action.WIN), before=(Action.ACCEPT,), ends=(Outcome.WON,)),
    "favorite": Operation(_favorite, ends=(Status.RECEIVED,)),
    # A hint that failed is put off, so a timer's second try comes later.
    "expire_leads": Operation(
        _timer("expire", AT + 15 * DAY),
        codes=("PLT", ""),
        ends=(Outcome.EXPIRED,) * 2,
        again=_timer("expire", AT + 16 * DAY),
    ),
    "cool_flames": Operation(
        _timer("cool", AT + 4 * DAY),
        codes=("PLT", "PLT"),
        ends=(Status.RECEIVED,) * 2,
        again=_timer("cool", AT + 5 * DAY),
    ),
    "archive_leads": Operation(
        _timer("archive", AT + 200 * DAY),
        codes=("INS", "DNC"),
        ends=(Outcome.AGED,) * 2,
        again=_timer("archive", AT + 201 * DAY),
    ),
    "deliver_events": Operation(
        _publish,
        codes=("PLT", "INS"),
        before=(Action.ACCEPT,),
        ends=(Status.ACCEPTED, Status.INFORMATIONAL),
        again=_publish_later,
    ),
    "feedback": Operation(_say_feedback, ends=(Status.RECEIVED,)),
    "other feedback": Operation(_say_feedback, codes=(), prepare=_said_before, ends=(Status.RECEIVED,)),
    "log a contact attempt": Operation(_log, ends=(Status.RECEIVED,)),
    "reconcile": Operation(_reconcile, codes=("PLT", "INS"), ends=(Status.RECEIVED, Status.INFORMATIONAL)),
}


async def begin(ports: Ports, operation: Operation) -> World:
    partner_id = unique()
    source = LeadSource(new_source_id(), partner_id, "Marketplace", AT)
    await ports.partners.put(Partner(partner_id, "Contoso", (), AT, AT))
    leads = [
        (await submit(ports, source, submission_body(ActionCode=code, Title=str(n)))).lead_id
        for n, code in enumerate(operation.codes)
    ]
    for action in operation.before:
        await answer(ports, source, leads[0], action)
    world = World(source, tuple(leads))
    return await operation.prepare(ports, world) if operation.prepare else world


async def forget(tables: Tables, *partner_ids: str) -> None:
    """Leave nothing that runs for the next failure would look at: what is checked is one world, and so is its cost."""
    for partner_id in partner_ids:
        await tables.sdk(keys.LOOKUP).delete_entity(keys.PARTNER, partner_id)
    left = list((await invariants.all_rows(tables, keys.AGENDA)).values())
    for start in range(0, len(left), 100):
        rows = [{"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]} for row in left[start : start + 100]]
        await tables.sdk(keys.AGENDA).submit_transaction([("delete", row) for row in rows])


def ended(lead: Lead) -> Outcome | Status:
    return lead.outcome or lead.status


# Every call fails once in each way; storage that is gone from a call on is a process that dies there. An answer that is
# lost and one that is 503 although it took effect are the same to the client: it asks again.
EVERY_WAY = [(BEFORE, False), (BEFORE, True), (LOST, False), (RACE, False)]


@pytest.mark.parametrize(("way", "for_good"), EVERY_WAY)
@pytest.mark.parametrize("name", OPERATIONS)
async def test_whatever_call_fails_nothing_is_lost_doubled_or_half_done(
    connected: Connect, ports: Ports, tables: Tables, name: str, way: str, for_good: bool
) -> None:
    operation = OPERATIONS[name]
    may_fail = worth_failing(way, for_good=for_good)
    calls, made = await _calls(connected, ports, tables, operation, may_fail)
    for failing in range(calls):
        world = await begin(ports, operation)
        transport = FaultyTransport(nth(failing, for_good=for_good), way, may_fail)
        faulty = await connected(transport=transport)
        transport.armed = True
        with suppress(Refusal):
            await operation.act(faulty, world)
        # The caller tries again, and time goes on: a second try that finds the first one done is refused, rightly.
        with suppress(Refusal):
            await (operation.again or operation.act)(ports, world)
        await reconcile(ports=ports, at=AT, budget=budget())
        leads = await invariants.check(tables, world.partner_id)
        assert sorted(map(ended, leads.values())) == sorted(operation.ends)
        assert len(leads) == len(operation.ends)
        assert len(await waiting(ports, world)) == operation.held
        if "feedback" in name:
            (said,) = await ports.feedback.of_lead(world.partner_id, world.leads[0])
            assert said.rating == 4
        if name == "send":
            listed, _ = await list_sent(ports=ports, caller=_sender(world), after=None, top=9, at=AT)
            assert [one.id for one in listed] == list(leads)
        while await run_timers(ports, AT + 400 * DAY, [*TIMERS, "remind"]):
            pass
        await recheck_contacts(ports=ports, at=AT + 400 * DAY, budget=budget())
        leads = await invariants.check(tables, world.partner_id)
        assert await invariants.orphans(tables, world.partner_id, leads) == []
        await forget(tables, world.partner_id)
    # What is held takes one transaction and nothing else.
    assert made >= (2 if operation.ends else 1)


async def _calls(
    connected: Connect, ports: Ports, tables: Tables, operation: Operation, may_fail: Callable[[Any], bool]
) -> tuple[int, int]:
    """How many calls the operation makes when nothing fails: those that may, and all."""
    world = await begin(ports, operation)
    transport = FaultyTransport(lambda *_: False, WAYS[0], may_fail)
    counted = await connected(transport=transport)
    transport.armed = True
    await operation.act(counted, world)
    await forget(tables, world.partner_id)
    return transport.calls, transport.made


@pytest.mark.parametrize(("way", "for_good"), BREAKS)
async def test_whatever_call_of_a_registration_fails_a_second_try_heals_it(
    connected: Connect, ports: Ports, way: str, for_good: bool
) -> None:
    async def act(some: Ports, partner_id: str) -> None:
        tenants = (f"{partner_id}-kept", f"{partner_id}-new")
        partner = Partner(partner_id, "Contoso", tenants, AT, AT, publisher_ids=(partner_id,))
        for _ in range(5):
            before = await some.partners.get(partner_id)
            with suppress(LostRace):
                await put_partner(ports=some, partner=partner, before=before, at=AT)
                break
        await decide_offer(ports=some, partner_id=partner_id, offer_id=f"{partner_id}.old", yes=False, at=AT)
        keyed = await add_source(
            ports=some,
            partner_id=partner_id,
            name="Marketplace",
            kind=SourceKind.HTTPS,
            listing_source=Source.APP_SOURCE,
            reveal=Reveal.ALWAYS,
            at=AT,
        )
        keyed = await rotate_key(ports=some, partner_id=partner_id, source_id=keyed.source.id, at=AT)
        await open_door(ports=some, source_id=keyed.source.id, key=keyed.key, at=AT)

    async def prepared() -> str:
        partner_id = unique()
        before = Partner(partner_id, "Contoso", (f"{partner_id}-kept", f"{partner_id}-gone"), AT, AT)
        await ports.partners.put(before)
        for name, state in (("new", OfferState.PENDING), ("old", OfferState.REGISTERED)):
            offer = RegisteredOffer(f"{partner_id}.{name}", f"{partner_id} {name}", None, state)
            await ports.listings.put_offer(partner_id, offer, None)
        return partner_id

    may_fail = worth_failing(way, for_good=for_good)

    async def broken(picks: Callable[[int, Any], bool]) -> tuple[str, FaultyTransport]:
        partner_id, transport = await prepared(), FaultyTransport(picks, way, may_fail)
        faulty = await connected(transport=transport)
        transport.armed = True
        with suppress(Refusal):
            await act(faulty, partner_id)
        return partner_id, transport

    failing, reached = 0, True
    while reached:
        partner_id, transport = await broken(nth(failing, for_good=for_good))
        reached = transport.calls > failing
        # Whatever happened, nobody whose tenant stays was locked out.
        assert await ports.partners.partner_of_tenant(f"{partner_id}-kept", AT) == partner_id
        await act(ports, partner_id)
        for tenant, owner in (("kept", partner_id), ("new", partner_id), ("gone", None)):
            assert await ports.partners.partner_of_tenant(f"{partner_id}-{tenant}", AT + DAY) == owner
        assert await ports.partners.partner_of_publisher(partner_id, AT, fresh=True) == partner_id
        for name, owners in (("new", [partner_id]), ("old", [])):
            offer_id, title = f"{partner_id}.{name}", f"{partner_id} {name}"
            assert await ports.listings.partner_of_offer(offer_id, AT + DAY) == next(iter(owners), None)
            assert await partners_of_title(ports, title, AT + DAY) == owners
        waiting, _ = await ports.listings.pending_offers(f"{partner_id}.", 5)
        assert partner_id not in [partner for partner, _ in waiting]
        failing += 1
    assert failing > 5


def _offering(ports: Ports) -> Ports:
    """Ports of an operator who has declined leads go on (M7)."""
    return replace(ports, rules=replace(ports.rules, reoffer=Reoffer.DECLINED))


async def _declined(ports: Ports, *, somebody: bool) -> tuple[World, str]:
    """A lead of the programme that its partner has declined, and another partner, whom the directory has or has not."""
    source = LeadSource(new_source_id(), unique(), "Marketplace", AT)
    world, other = World(source, ()), unique()
    for partner_id in (world.partner_id, other):
        await ports.partners.put(Partner(partner_id, "Contoso", (), AT, AT))
    await ports.partners.put_source(world.programme)
    await _with_an_offer(ports, world)
    received = await submit(ports, world.programme, submission_body(OfferTitle=world.partner_id))
    here, there = (Entry(one, one, "Rollouts", ("rollout",)) for one in (world.partner_id, other))
    directory = Directory.of([here, there] if somebody else [here], {})
    await ports.directory.put(directory, await ports.directory.stored())
    no = LeadAction(Action.DECLINE, reason="noCapacity")
    await answer(_offering(ports), source, received.lead_id, no, at=AT + MINUTE)
    return replace(world, leads=(received.lead_id,)), other


async def _pass_on(ports: Ports, at: datetime) -> None:
    """The decline is told, and somebody else is looked for."""
    await publish_events(ports=ports, at=at, budget=budget())
    await pass_on_leads(ports=ports, at=at, budget=budget())


@pytest.mark.parametrize(
    ("somebody", "way", "for_good"),
    [(True, *one) for one in EVERY_WAY] + [(False, *one) for one in EVERY_WAY if RACE not in one],
)
async def test_m7_whatever_call_of_a_pass_fails_a_lead_goes_on_once_or_its_customer_hears_once(
    connected: Connect, ports: Ports, tables: Tables, somebody: bool, way: str, for_good: bool
) -> None:
    may_fail = worth_failing(way, for_good=for_good)
    failing, reached = 0, True
    while reached:
        world, other = await _declined(ports, somebody=somebody)
        transport = FaultyTransport(nth(failing, for_good=for_good), way, may_fail)
        faulty = _offering(await connected(transport=transport))
        transport.armed = True
        with suppress(Refusal):
            await _pass_on(faulty, AT + 2 * MINUTE)
        reached = transport.calls > failing
        # What failed is looked at again later, and again when there is nothing left to do.
        for later in (DAY, 2 * DAY):
            await _pass_on(_offering(ports), AT + later)
        (lead,) = (await invariants.check(tables, world.partner_id)).values()
        handed = list((await invariants.check(tables, other)).values())
        rows = await invariants.all_rows(tables, keys.LEADS, world.partner_id)
        assert len([key for key in rows if f"/{keys.waiting(MAIL_LATER)}" in key]) == 1, "the customer hears once"
        events = [event.type for event in await ports.leads.history(world.partner_id, lead.id, lead.sequence, 9)]
        assert events.count(EventType.PASSED_ON) == somebody
        to = lead.passed_on
        assert [(one.partner_id, one.id) for one in handed] == ([(to.partner_id, to.lead_id)] if to else [])
        assert [one.status for one in handed] == ([Status.RECEIVED] if somebody else [])
        assert {(one.partner_id, one.lead_id) for new in handed for one in new.passed_from} == (
            {(world.partner_id, lead.id)} if somebody else set()
        )
        while await run_timers(ports, AT + 400 * DAY, [*TIMERS, "remind"]):
            pass
        await recheck_contacts(ports=ports, at=AT + 400 * DAY, budget=budget())
        for partner_id in (world.partner_id, other):
            left = await invariants.check(tables, partner_id)
            assert await invariants.orphans(tables, partner_id, left) == []
        await forget(tables, world.partner_id, other)
        failing += 1
    # Of what is read no answer can be lost, and of what is written little can lose a race.
    assert failing > (9 if way == BEFORE else 1)


async def test_the_sweep_would_notice_a_lead_that_is_lost(ports: Ports, tables: Tables) -> None:
    world = await begin(ports, OPERATIONS["accept"])
    partition = world.source.partner_id
    await tables.sdk("Leads").delete_entity(partition, f"open|{world.leads[0]}")
    with pytest.raises(AssertionError):
        await invariants.check(tables, partition)


async def test_the_sweep_would_notice_a_missing_hint(ports: Ports, tables: Tables) -> None:
    world = await begin(ports, OPERATIONS["accept"])
    stored = await ports.leads.get(world.source.partner_id, world.leads[0])
    assert stored is not None
    from shared.domain.deadlines import hints

    await ports.agenda.remove(hints(stored.lead)[:1])
    with pytest.raises(AssertionError):
        await invariants.check(tables, world.source.partner_id)
    with suppress(Unavailable):
        await reconcile(ports=ports, at=AT, budget=budget())
    await invariants.check(tables, world.source.partner_id)
