"""The number of the agenda's shards changes, and no hint is lost, left behind or worked on twice (decision 1)."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared import app
from shared.domain.agenda import TELLING, Hint, HintKind
from shared.domain.errors import Unavailable
from shared.domain.lead import Status
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import keys
from shared.storage.agenda import TableAgenda
from shared.storage.exports.blobs import Blobs
from shared.storage.layouts import CLOSED_FOR, READ_AGAIN_SECONDS, Layouts
from shared.storage.tables import Tables, connect
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.upkeep.reconcile import reconcile
from tests import invariants
from tests.builders import AT, DAY, submission_body, unique
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.steps import TIMERS, answer, budget, run_timers, submit
from tests.transports import BREAKS, FaultyTransport, RoundTrips, nth, worth_failing

MINUTE = timedelta(minutes=1)
LATER = AT + 400 * DAY
CHANGES = [(1, 8), (8, 3), (8, 1), (3, 8)]


class Watch:
    """A watch that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def some_hints(partners: int = 12) -> list[Hint]:
    """A hint of each kind for each of some partners, in the order of their times within a kind."""
    named = [unique() for _ in range(partners)]
    return [
        Hint(kind, AT + n * MINUTE, partner, "m1", "change" if kind is HintKind.PUBLISH else "")
        for kind in HintKind
        for n, partner in enumerate(named)
    ]


async def shards_of(tables: Tables, hints: Iterable[Hint] | None = None) -> set[str]:
    """The partitions that hold hints, or these hints."""
    wanted = None if hints is None else {keys.hint(hint) for hint in hints}
    found = set()
    for key in await invariants.all_rows(tables, keys.AGENDA):
        shard, row_key = key.split("/", 1)
        is_hint = shard != keys.LAYOUTS and not row_key.startswith("bookmark|") and not keys.is_mark(row_key)
        if is_hint and (wanted is None or row_key in wanted):
            found.add(shard)
    return found


async def layouts_of(tables: Tables) -> dict[int, str]:
    """The numbers of shards that are said to be in use, with the time each was closed."""
    rows = await invariants.all_rows(tables, keys.AGENDA, keys.LAYOUTS)
    return {int(row["RowKey"]): row["closed"] for row in rows.values()}


async def moved(agenda: TableAgenda, at: datetime = AT) -> int:
    """Move all there is to move; how many hints that were."""
    found = 0
    while some := await agenda.move(at, 30):
        found += some
    return found


@pytest.mark.parametrize(("before", "after"), CHANGES)
async def test_hints_of_another_number_are_found_changed_and_moved(tables: Tables, before: int, after: int) -> None:
    hints = some_hints()
    old, new = TableAgenda(tables, before), TableAgenda(tables, after)
    await old.put(hints)
    await old.set_bookmark("task", "here")
    for kind in HintKind:
        mine = [hint for hint in hints if hint.kind == kind]
        assert [late.hint for late in await new.due(kind, LATER, 1_000)] == mine
        assert [late.hint for late in await new.due(kind, LATER, 5)] == mine[:5]
        assert [late.hint for late in await new.due(kind, AT + 3 * MINUTE, 1_000)] == mine[:4]
        assert await new.oldest(kind, LATER) == AT
        assert await new.ahead(kind, AT + MINUTE, 1_000) == len(mine) - 2
    told = [late.hint for late in await new.due_to_tell(LATER, 1_000)]
    assert sorted(told, key=hints.index) == [hint for hint in hints if hint.kind in TELLING]
    assert [hint.due for hint in told] == sorted(hint.due for hint in told)
    assert await new.missing(hints) == []
    assert (await new.bookmark("task")).place == "here"
    await new.remove(hints[::2])
    assert await new.missing(hints) == hints[::2]
    left_behind = len(await shards_of(tables)) > 1
    assert left_behind == (before > 1)
    assert bool(await moved(new)) == (before > 1)
    assert await shards_of(tables) <= set(keys.shards(after))
    assert await new.missing(hints) == hints[::2]
    await new.change((), hints)
    await new.set_bookmark("task", "there")
    assert await shards_of(tables) == set()
    assert (await new.bookmark("task")).place == "there"
    rows = await invariants.all_rows(tables, keys.AGENDA)
    assert sum("bookmark|" in key for key in rows) == 1


async def test_hints_are_spread_and_a_partners_stand_together(tables: Tables) -> None:
    agenda, hints = TableAgenda(tables, 8), some_hints(60)
    await agenda.put(hints)
    assert await shards_of(tables) == set(keys.shards(8))
    assert len(await shards_of(tables, [hint for hint in hints if hint.partner_id == hints[0].partner_id])) == 1


async def test_a_number_is_forgotten_when_nobody_can_use_it_any_more(tables: Tables) -> None:
    old, new = TableAgenda(tables, 8), TableAgenda(tables, 3)
    hints = some_hints()
    await old.put(hints)
    await moved(new)
    assert list(await layouts_of(tables)) == [3, 8]
    assert (await layouts_of(tables))[8]
    await new.move(AT + CLOSED_FOR / 2, 30)
    assert list(await layouts_of(tables)) == [3, 8]
    await new.move(AT + CLOSED_FOR, 30)
    assert await layouts_of(tables) == {3: ""}
    assert await new.missing(hints) == []


async def test_who_still_uses_the_old_number_opens_it_again_before_it_writes(tables: Tables) -> None:
    watch = Watch()
    old, new = TableAgenda(tables, 8, watch), TableAgenda(tables, 3, watch)
    first, second, third = [[hint] for hint in some_hints(30)[:30] if keys.shard(hint.partner_id, 8) != "0"][:3]
    await old.put(first)
    await moved(new)
    assert (await layouts_of(tables))[8]
    # As far as it knows, nobody has closed it: the other cannot forget it yet.
    watch.seconds += READ_AGAIN_SECONDS - 1
    await old.put(second)
    assert (await layouts_of(tables))[8]
    assert await new.missing([*first, *second]) == []
    assert await moved(new, AT + CLOSED_FOR) == 1
    watch.seconds += READ_AGAIN_SECONDS
    await old.put(third)
    assert (await layouts_of(tables))[8] == ""
    watch.seconds += READ_AGAIN_SECONDS
    assert [late.hint for late in await new.due(third[0].kind, LATER, 9)] == [*first, *second, *third]


async def test_what_was_opened_again_meanwhile_is_not_forgotten(tables: Tables) -> None:
    user, leaver = Layouts(tables, 8, Watch()), Layouts(tables, 3, Watch())
    await user.open()
    await leaver.read()
    await leaver.leave(leaver.others[0], AT)
    await leaver.read(fresh=True)
    (closed,) = leaver.others
    assert closed.closed
    await user.read(fresh=True)
    await user.open()
    await leaver.leave(closed, LATER)
    assert await layouts_of(tables) == {8: ""}


async def test_a_hint_that_stands_in_two_shards_is_seen_once_and_put_off_in_both(tables: Tables) -> None:
    hints = [hint for hint in some_hints() if hint.kind is HintKind.COOL]
    old, new = TableAgenda(tables, 8), TableAgenda(tables, 3)
    await old.put(hints)
    await new.put(hints)
    found = await new.due(HintKind.COOL, LATER, 100)
    assert [late.hint for late in found] == hints
    assert await new.ahead(HintKind.COOL, AT - DAY, 100) == len(hints)
    for late in found:
        await new.put_off(late, LATER + DAY)
    assert await new.due(HintKind.COOL, LATER, 100) == []
    assert await new.due(HintKind.COOL, LATER + DAY, 100) == [DueHint(hint, 1) for hint in hints]
    # One is taken away where it is written, and its other row the next time it is met.
    await new.remove(hints)
    await new.remove([late.hint for late in await new.due(HintKind.COOL, LATER + DAY, 100)])
    assert await shards_of(tables) == set()


async def test_what_is_put_off_while_it_is_moved_stays_put_off(tables: Tables) -> None:
    old, new = TableAgenda(tables, 8), TableAgenda(tables, 3)
    hints = some_hints()
    await old.put(hints)
    (late,) = await old.due(HintKind.EXPIRE, AT, 100)
    await old.put_off(late, LATER)
    await moved(new)
    assert [other.hint for other in await new.due(HintKind.EXPIRE, LATER - DAY, 100)] == [
        hint for hint in hints if hint.kind is HintKind.EXPIRE and hint != late.hint
    ]
    assert (await new.due(HintKind.EXPIRE, LATER, 1))[0] == DueHint(late.hint, 1)


async def test_an_instance_with_one_shard_learns_of_more_by_its_first_look(settings: Settings, tables: Tables) -> None:
    hints = some_hints()
    one, many = TableAgenda(tables, 1), TableAgenda(tables, 8)
    assert await one.due(HintKind.PUBLISH, LATER, 9) == []
    await many.put(hints)
    for kind in HintKind:
        for look in (one, TableAgenda(tables, 1)):
            assert len(await look.due(kind, LATER, 100)) == 12
        assert await TableAgenda(tables, 1).oldest(kind, LATER) == AT
    assert len(await TableAgenda(tables, 1).due_to_tell(LATER, 100)) == 24


async def test_a_look_costs_a_request_a_shard_side_by_side(settings: Settings, tables: Tables) -> None:
    trips, watch = RoundTrips(), Watch()
    counted = connect(settings, transport=trips)
    one, many = TableAgenda(counted, 1, watch), TableAgenda(counted, 8, watch)

    def spent() -> tuple[int, int]:
        found = trips.sequential, trips.requests
        trips.reset()
        return found

    hints = some_hints(1)
    await one.put(hints)
    await one.due_to_tell(AT, 9)
    await one.missing(hints[:1])
    await one.remove(hints)
    assert spent() == (4, 4)
    await many.put(hints[:1])
    # What there is, the marks and the row, then the hint.
    assert spent() == (4, 4)
    await many.due_to_tell(AT, 9)
    assert spent() == (1, 8)
    await many.put(hints)
    await many.missing(hints[:1])
    await many.remove(hints)
    assert spent() == (3, 3)
    watch.seconds += READ_AGAIN_SECONDS
    await many.due_to_tell(AT, 9)
    assert spent() == (2, 9)
    # Who has one shard pays from the look on that shows there are others.
    await one.due_to_tell(AT, 9)
    assert spent() == (3, 10)
    await counted.close()


class Meanwhile(AioHttpTransport):
    """Lets somebody act once, between the look at what is to be moved and the deletion of it."""

    def __init__(self, act: Callable[[], Awaitable[None]]) -> None:
        super().__init__(use_env_settings=False)
        self._act: Callable[[], Awaitable[None]] | None = act

    async def send(self, request: Any, **options: Any) -> Any:
        if self._act and request.method == "POST" and b"DELETE" in request.content:
            act, self._act = self._act, None
            await act()
        return await super().send(request, **options)


async def test_what_fails_while_it_is_moved_is_put_off_all_the_same(settings: Settings, tables: Tables) -> None:
    old, new = TableAgenda(tables, 8), TableAgenda(tables, 3)
    hint = next(hint for hint in some_hints(30) if keys.shard(hint.partner_id, 8) != "0")
    await old.put([hint])
    transport = Meanwhile(lambda: old.put_off(DueHint(hint), LATER))
    moving = connect(settings, transport=transport)
    await TableAgenda(moving, 3).move(AT, 9)
    assert len(await shards_of(tables)) == 2
    await moved(new)
    assert await new.due(hint.kind, LATER - DAY, 9) == []
    assert await new.due(hint.kind, LATER, 9) == [DueHint(hint, 1)]
    assert len(await shards_of(tables)) == 1
    await moving.close()


@pytest.mark.parametrize(("way", "for_good"), BREAKS)
async def test_whatever_call_of_a_change_fails_no_hint_is_lost(
    settings: Settings, tables: Tables, way: str, for_good: bool
) -> None:
    may_fail = worth_failing(way, for_good=for_good)
    failing, reached = 0, True
    while reached:
        hints = some_hints(4)
        await TableAgenda(tables, 8).put(hints[:20])
        transport = FaultyTransport(nth(failing, for_good=for_good), way, may_fail)
        broken = connect(settings, transport=transport, backoff_seconds=0.001)
        transport.armed = True
        agenda, written = TableAgenda(broken, 3), list[Hint]()
        with suppress(Unavailable):
            await agenda.put(hints[20:])
            written = hints[20:]
            await agenda.change(hints[:3], hints[10:20])
            await agenda.put_off(DueHint(hints[0]), LATER)
            await agenda.move(AT, 30)
        reached = transport.calls > failing
        await broken.close()
        again = TableAgenda(tables, 3)
        assert await again.missing([*hints[:10], *written]) == []
        await again.remove(hints)
        await moved(again, AT)
        # All that may still be there is what was put off.
        await again.remove([late.hint for late in await again.due(hints[0].kind, LATER, 100)])
        assert await shards_of(tables) == set()
        await moved(again, AT + CLOSED_FOR)
        await moved(again, AT + 2 * CLOSED_FOR)
        assert await layouts_of(tables) in ({}, {3: ""})
        failing += 1
    assert failing > 8


STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 3, 8]),
        st.sampled_from(["put", "put", "remove", "put off", "move", "work"]),
        st.integers(0, 7),
        st.sampled_from([0, 0, 1, 59, 61, 1_000]),
    ),
    min_size=10,
    max_size=25,
)


async def test_instances_of_several_numbers_side_by_side_lose_nothing(settings: Settings, tables: Tables) -> None:
    """Whatever they do and however much time lies between, each finds what there is after a minute."""
    examples: list[list[tuple[int, str, int, int]]] = []

    @hypothesis_settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def collect(steps: list[tuple[int, str, int, int]]) -> None:
        examples.append(steps)

    collect()
    looks = 0
    for steps in examples:
        watch, at = Watch(), AT
        hints = [Hint(HintKind.COOL, AT, unique(), "m1") for _ in range(8)]
        needed: set[Hint] = set()
        instances = {number: TableAgenda(tables, number, watch) for number in (1, 3, 8)}
        for number, what, which, passes in steps:
            agenda, hint = instances[number], hints[which]
            if what == "put":
                await agenda.put([hint])
                needed.add(hint)
            elif what == "remove":
                await agenda.remove([hint])
                needed.discard(hint)
            elif what == "put off":
                await agenda.put_off(DueHint(hint), at)
            elif what == "move":
                await agenda.move(at, 5)
            else:
                some = [late.hint for late in await agenda.due(HintKind.COOL, at, 3)]
                await agenda.remove(some)
                needed -= set(some)
            watch.seconds += passes
            at += timedelta(seconds=passes)
        watch.seconds += READ_AGAIN_SECONDS
        for agenda in instances.values():
            found = {late.hint for late in await agenda.due(HintKind.COOL, at, 1_000)}
            assert needed <= found, steps
            assert await agenda.missing(list(needed)) == [], steps
            looks += len(found)
        # In the end there is one of them, and nothing is left by the others.
        last = instances[steps[-1][0]]
        while late := await last.due(HintKind.COOL, at, 1_000):
            await last.remove([one.hint for one in late])
        assert await shards_of(tables) == set(), steps
    assert looks > 100


# What leads are told and what time does to them, through changes of the number.


@dataclass
class Programme:
    """Partners whose leads come through whatever instance there is, and who hear of them by webhook and mail."""

    settings: Settings
    tables: Tables
    files: Blobs
    sources: list[LeadSource]
    watch: Watch
    receivers: FakeReceivers

    def instance(self, number: int) -> Ports:
        """The app with so many shards."""
        made = app.build(self.settings.model_copy(update={"agenda_shards": number}), self.tables, self.files).ports
        agenda = TableAgenda(self.tables, number, self.watch)
        return replace(made, agenda=agenda, receivers=self.receivers, mailer=FakeMailer())

    async def live(self, ports: Ports, at: datetime) -> None:
        """A lead comes to each partner; what is due is done, and one partner answers."""
        made = [await submit(ports, source, submission_body(Title=at.isoformat()), at=at) for source in self.sources]
        await answer(ports, self.sources[0], made[0].lead_id, Action.ACCEPT, at=at + MINUTE)
        await self.work(ports, at + 2 * MINUTE)

    async def work(self, ports: Ports, at: datetime) -> None:
        """Everything that a timer does."""
        await deliver_events(ports=ports, now=lambda: at, budget=budget())
        await run_timers(ports, at, [*TIMERS, "remind"])
        found = await reconcile(ports=ports, at=at, budget=budget())
        assert (found.repaired, found.unfinished) == (0, False)

    async def end(self, ports: Ports, number: int, leads: int) -> None:
        """All deadlines pass under one number: each event once, nothing missing, nothing left behind."""
        while await run_timers(ports, LATER, [*TIMERS, "remind"]):
            pass
        for minutes in (0, 1, 30):
            await self.work(ports, LATER + minutes * MINUTE)
        events = 0
        for source in self.sources:
            partner_id = source.partner_id or ""
            found = await invariants.check(self.tables, partner_id)
            assert len(found) == leads
            assert all(lead.status in (Status.ARCHIVED, Status.ACCEPTED) for lead in found.values())
            assert await invariants.orphans(self.tables, partner_id, found) == []
            rows = await invariants.all_rows(self.tables, keys.LEADS, partner_id)
            events += sum("/hist|" in key for key in rows)
            assert not [key for key in rows if "/out|" in key]
        told = [(url, message) for url, message, _ in self.receivers.taken]
        assert len(told) == len(set(told)) == events
        assert await shards_of(self.tables) <= set(keys.shards(number))
        assert set(await layouts_of(self.tables)) <= {number}


@pytest.fixture
async def programme(settings: Settings, tables: Tables, files: Blobs) -> Programme:
    made = Programme(settings, tables, files, [], Watch(), FakeReceivers())
    ports = made.instance(1)
    hook = Webhook("a" * 16, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    for _ in range(4):
        source = LeadSource(new_source_id(), unique(), "Marketplace", AT)
        await ports.partners.put(Partner(source.partner_id or "", "Contoso", (), AT, AT))
        await ports.webhooks.put(source.partner_id or "", hook, None)
        made.sources.append(source)
    return made


@pytest.mark.parametrize("numbers", [(1, 8), (8, 3), (8, 1), (1, 8, 3, 1, 8)], ids=str)
async def test_leads_go_on_through_every_change_of_the_number(programme: Programme, numbers: tuple[int, ...]) -> None:
    for n, number in enumerate(numbers):
        # A deployment: every process is a new one.
        ports = programme.instance(number)
        await programme.live(ports, AT + n * DAY)
    await programme.end(ports, numbers[-1], len(numbers))


@pytest.mark.parametrize("numbers", [(1, 8), (8, 3), (3, 1)], ids=str)
async def test_leads_go_on_with_two_instances_of_different_numbers(
    programme: Programme, numbers: tuple[int, int]
) -> None:
    both = [programme.instance(number) for number in numbers]
    for n in range(4):
        await programme.live(both[n % 2], AT + n * DAY)
        # The other does what is due meanwhile, too, and knows of the first since a minute at most.
        programme.watch.seconds += READ_AGAIN_SECONDS
        await programme.work(both[(n + 1) % 2], AT + n * DAY + 3 * MINUTE)
    await programme.end(both[1], numbers[1], 4)
