"""An export (X1–X5) from asking to its file, on ports in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.domain.agenda import Hint, HintKind
from shared.domain.errors import Conflict, NotFound, TooManyRequests, Unavailable
from shared.domain.exports.export import SINCE_MARGIN, Export, ExportFormat, ExportState, Layout
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Status
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.ordering import Order, OrderField
from shared.domain.programme.partner import LeadSource
from shared.ids import new_export_id
from shared.ports.errors import FileGone, LostRace
from shared.ports.exports import Checkpoint
from shared.usecases.exports.export_leads import cancel_export, link_export, list_exports, read_export
from shared.usecases.exports.run_exports import run_exports
from shared.usecases.exports.write_export import MERGE, WALK, write
from shared.usecases.leads.favorites import set_favorite
from tests.builders import AT, DAY, submission_body, unique
from tests.exports import SPENT, TIMER, again, ask, by_timer, ids_of, in_small_blocks, rows_of, stopping, stored
from tests.fakes.exports import FakeExportStore, FakeFileStore
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import answer, budget, run_timers, submit


@pytest.fixture
def source() -> LeadSource:
    return LeadSource("0123456789abcdef", unique(), "Marketplace", AT)


async def leads(ports: FakePorts, source: LeadSource, count: int, **changes: Any) -> list[str]:
    """Leads a minute apart, newest first."""
    made = [
        (await submit(ports, source, submission_body(Title=str(n), **changes), at=AT + timedelta(minutes=n))).lead_id
        for n in range(count)
    ]
    return made[::-1]


LATER = AT + timedelta(hours=1)


@pytest.mark.parametrize("form", ExportFormat)
@pytest.mark.parametrize("count", [0, 1, 7])
async def test_a_small_export_is_done_when_the_request_answers(
    source: LeadSource, form: ExportFormat, count: int
) -> None:
    ports = fake_ports()
    made = await leads(ports, source, count)
    seen = await ask(ports, source, LATER, layout=Layout(form))
    assert seen.state is ExportState.SUCCEEDED
    assert seen.rows == seen.export.rows == count
    assert seen.link is not None
    assert await ids_of(ports.files, seen) == made
    hints = {hint.due for hint in ports.agenda.hints if hint.kind == "export"}
    assert hints == {LATER + 7 * DAY}


@pytest.mark.parametrize("order", ["created", "created asc", "company", "company desc"])
async def test_x5_an_export_goes_on_where_it_stopped_whoever_goes_on(source: LeadSource, order: str) -> None:
    ports = in_small_blocks(fake_ports())
    made = [
        (await submit(ports, source, submission_body(Company="BAC"[n % 3], Title=str(n)), at=AT + n * DAY / 24)).lead_id
        for n in range(24)
    ]
    newest = made[::-1]
    company = {one: "BAC"[n % 3] for n, one in enumerate(made)}
    expected = {
        "created": newest,
        "created asc": made,
        "company": sorted(newest, key=lambda one: company[one]),
        "company desc": sorted(newest, key=lambda one: -ord(company[one])),
    }[order]
    seen = await ask(ports, source, AT + 2 * DAY, order=order, within=SPENT)
    runs = 0
    while not seen.export.has_ended:
        assert seen.state is ExportState.RUNNING
        assert seen.export.blob not in ports.files.files, "nobody sees half a file"
        assert seen.export.rows is None
        runs += 1
        before = seen.rows
        await write(ports=ports, stored=await stored(ports, seen), at=AT + 2 * DAY, budget=stopping(1))
        seen = await again(ports, seen)
        assert seen.rows >= before
    assert runs >= 5
    assert seen.state is ExportState.SUCCEEDED
    assert seen.rows == 24
    assert await ids_of(ports.files, seen) == expected
    assert seen.export.spool not in ports.files.files


@pytest.mark.parametrize("field", OrderField)
async def test_q4_every_order_can_be_exported(source: LeadSource, field: OrderField) -> None:
    ports = in_small_blocks(fake_ports())
    made = await leads(ports, source, 5)
    for way in ("asc", "desc"):
        seen = await ask(ports, source, LATER, order=f"{field} {way}")
        assert sorted(await ids_of(ports.files, seen)) == sorted(made)


@pytest.mark.parametrize("order", ["created", "company"])
async def test_x5_two_runs_at_once_never_lose_or_double_a_row(source: LeadSource, order: str) -> None:
    ports = in_small_blocks(fake_ports())
    made = await leads(ports, source, 20)
    seen = await ask(ports, source, LATER, order=order, within=SPENT)
    both = await stored(ports, seen)

    class Racing(FakeExportStore):
        """Lets another run go on whenever this one is about to record a block."""

        def __init__(self, inner: FakeExportStore) -> None:
            self.__dict__ = inner.__dict__
            self.lost = 0

        async def record(self, export: Export, checkpoint: Checkpoint) -> Checkpoint:
            if self.lost < 4:
                self.lost += 1
                await write(ports=ports, stored=both, at=LATER, budget=stopping(self.lost))
            return await super().record(export, checkpoint)

    racing = Racing(ports.exports)
    for _ in range(40):
        ended = await write(
            ports=replace(ports, exports=racing), stored=await stored(ports, seen), at=LATER, budget=budget()
        )
        if ended.has_ended:
            break
    assert racing.lost == 4
    seen = await again(ports, seen)
    assert seen.state is ExportState.SUCCEEDED
    found = await ids_of(ports.files, seen)
    assert sorted(found) == sorted(made)
    assert order != "created" or found == made


async def test_x4_the_filter_and_the_clock_decide(source: LeadSource) -> None:
    ports = fake_ports()
    received, taken = await leads(ports, source, 2)
    info = (await submit(ports, source, submission_body(ActionCode="INS"), at=AT + DAY)).lead_id
    await submit(ports, source, submission_body(FirstName="MSFT_TEST_A"), at=AT + DAY)
    await answer(ports, source, taken, at=AT + DAY)

    async def found(at: Any, *statuses: Status, **filters: Any) -> list[str]:
        return await ids_of(ports.files, await ask(ports, source, at, status=frozenset(statuses), **filters))

    assert await found(AT + DAY) == [info, received, taken]
    assert len(await found(AT + DAY, include_test=True)) == 4
    assert await found(AT + DAY, Status.RECEIVED) == [received]
    assert await found(AT + DAY, Status.ACCEPTED, Status.INFORMATIONAL) == [info, taken]
    assert await found(AT + DAY, tab=ListTab.QUALIFIED) == []
    assert await found(AT + 15 * DAY, Status.RECEIVED) == []
    assert await found(AT + 15 * DAY, Status.ARCHIVED) == [received]
    (row,) = await rows_of(ports.files, await ask(ports, source, AT + 15 * DAY, status=frozenset({Status.ARCHIVED})))
    assert row["Outcome"] == "expired"
    assert row["Email"] is None


async def test_favorites_are_the_requesters_and_stay_when_archived(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 4)
    for person, lead_id in (("ann", made[3]), ("ann", made[1]), ("bob", made[0])):
        await set_favorite(ports=ports, partner_id=source.partner_id, person=person, lead_id=lead_id, favorite=True)
    await answer(ports, source, made[3], LeadAction(Action.DECLINE, reason="budget"), at=LATER)
    assert await ids_of(ports.files, await ask(ports, source, LATER, tab=ListTab.FAVORITES)) == [made[1], made[3]]
    assert await ids_of(ports.files, await ask(ports, source, LATER, tab=ListTab.FAVORITES, person="bob")) == [made[0]]


async def test_a_lead_that_expires_while_the_export_runs_is_judged_when_it_is_read(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 2)
    about = AT + 14 * DAY - timedelta(seconds=2)
    slow = replace(budget(), spent=lambda: 3.0)
    rows = await rows_of(ports.files, await ask(ports, source, about, within=slow))
    assert [(row["Id"], row["Outcome"]) for row in rows] == [(made[0], None), (made[1], "expired")]
    assert rows[1]["Email"] is None


async def test_x1_another_order_has_a_limit_which_is_said(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports(), sorted_max=5)
    await leads(ports, source, 5)
    assert (await ask(ports, source, LATER, order="company")).state is ExportState.SUCCEEDED
    await submit(ports, source, at=LATER)
    seen = await ask(ports, source, LATER, order="company")
    assert (seen.state, seen.export.error, seen.link) == (ExportState.FAILED, "sortTooLarge", None)
    assert (await ask(ports, source, LATER)).rows == 6
    assert not any("spool" in name for name in ports.files.files)


async def test_since_brings_what_changed_and_takes_out_what_left_the_filter(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 4)
    only = {"status": frozenset({Status.RECEIVED})}
    first = await ask(ports, source, LATER, **only)
    assert len(await ids_of(ports.files, first)) == 4
    since = first.export.next_since
    assert since is not None
    # The margin would bring everything again, since a test is over in a moment.
    since = replace(since, stored=since.stored + timedelta(minutes=5))
    ports.leads.written = dict.fromkeys(ports.leads.written, since.stored - DAY)
    assert await rows_of(ports.files, await ask(ports, source, LATER, since=since, **only)) == []
    await answer(ports, source, made[0], at=LATER)
    new = (await submit(ports, source, submission_body(Title="new"), at=LATER)).lead_id
    test = submission_body(FirstName="MSFT_TEST_A")
    await submit(ports, source, test, at=LATER)
    rows = await rows_of(ports.files, await ask(ports, source, LATER + DAY, since=since, **only))
    assert [row["Id"] for row in rows] == [new, made[0]]
    assert rows[1] == {"Id": made[0], "Removed": True}
    assert rows[0]["Status"] == "received"
    # Time changes leads too, and no timer has run.
    late = AT + 14 * DAY + timedelta(minutes=1)
    rows = await rows_of(ports.files, await ask(ports, source, late, since=replace(since, at=late - DAY), **only))
    assert {"Id": made[3], "Removed": True} in rows
    assert {"Id": made[2], "Removed": True} in rows
    assert made[1] not in [row["Id"] for row in rows]


async def test_since_misses_nothing_where_what_an_export_recorded_was_copied_meanwhile(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    await leads(ports, source, 9)
    asked_at = clock.real_now() - timedelta(minutes=30)
    seen = await ask(ports, source, asked_at, within=SPENT)
    assert seen.state is ExportState.RUNNING
    # The partner is moved to another account: storage's times are those of the copy.
    for parts in ports.exports.parts.values():
        parts[:] = [replace(part, written_at=clock.real_now()) for part in parts]
    await by_timer(ports, asked_at + timedelta(minutes=1))
    since = (await again(ports, seen)).export.next_since
    assert since is not None
    assert since.stored == since.at == asked_at - SINCE_MARGIN


async def test_since_on_favorites_brings_all_and_takes_out_what_was_taken_back(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 3)
    for lead_id in made[:2]:
        await set_favorite(ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead_id, favorite=True)
    first = await ask(ports, source, LATER, tab=ListTab.FAVORITES)
    await set_favorite(ports=ports, partner_id=source.partner_id, person="ann", lead_id=made[0], favorite=False)
    seen = await ask(ports, source, LATER, tab=ListTab.FAVORITES, since=first.export.next_since)
    rows = await rows_of(ports.files, seen)
    assert rows[0] == {"Id": made[0], "Removed": True}
    assert [row["Id"] for row in rows] == made[:2]


async def test_an_export_can_be_cancelled_until_it_has_ended(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    await leads(ports, source, 9)
    seen = await ask(ports, source, LATER, within=SPENT)
    named = {"partner_id": source.partner_id, "export_id": seen.export.id}
    before = await stored(ports, seen)
    for _ in range(2):
        assert (await cancel_export(ports=ports, at=LATER, **named)).state is ExportState.CANCELLED
    # A run that has not noticed puts nothing before anyone's eyes.
    ended = await write(ports=ports, stored=before, at=LATER, budget=budget())
    assert ended.state is ExportState.CANCELLED
    assert ports.files.files == {}
    with pytest.raises(Conflict):
        await link_export(ports=ports, at=AT, **named)
    done = await ask(ports, source, LATER)
    with pytest.raises(Conflict, match="ended already: succeeded"):
        await cancel_export(ports=ports, partner_id=source.partner_id, export_id=done.export.id, at=LATER)
    with pytest.raises(NotFound):
        await cancel_export(ports=ports, partner_id=unique(), export_id=done.export.id, at=LATER)


async def test_as_many_may_be_under_way_as_the_setting_says(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports(), unfinished_max=2)
    await leads(ports, source, 9)
    first = await ask(ports, source, LATER, within=SPENT)
    await ask(ports, source, LATER, within=SPENT)
    with pytest.raises(TooManyRequests):
        await ask(ports, source, LATER, within=SPENT)
    await cancel_export(ports=ports, partner_id=source.partner_id, export_id=first.export.id, at=LATER)
    assert (await ask(ports, source, LATER)).state is ExportState.SUCCEEDED


async def test_the_timer_ends_what_requests_left_each_in_its_turn(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    made = await leads(ports, source, 9)
    left = [await ask(ports, source, LATER, within=SPENT, order=order) for order in ("created", "company", "created")]
    assert (await by_timer(ports, LATER + timedelta(seconds=14))).done == 0, "a request may still be at work"
    assert (await by_timer(ports, LATER + TIMER)).done == 3
    for seen in left:
        assert sorted(await ids_of(ports.files, await again(ports, seen))) == sorted(made)
    assert (await by_timer(ports, LATER + TIMER)).done == 0


async def test_a_run_out_of_time_says_so_and_the_next_goes_on(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    await leads(ports, source, 9)
    seen = await ask(ports, source, LATER, within=SPENT)
    runs = 1
    while (await by_timer(ports, LATER + TIMER, stopping(4))).unfinished:
        runs += 1
        assert runs < 30
    assert runs > 1
    assert (await again(ports, seen)).state is ExportState.SUCCEEDED


async def test_after_seven_days_nothing_is_left(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    await leads(ports, source, 9)
    done, left = await ask(ports, source, LATER, order="company"), await ask(ports, source, LATER, within=SPENT)
    assert (await by_timer(ports, LATER + 7 * DAY - timedelta(seconds=1))).done == 1
    assert (await again(ports, left)).state is ExportState.SUCCEEDED
    assert (await by_timer(ports, LATER + 7 * DAY)).done == 2
    assert (ports.files.files, ports.exports.jobs, ports.exports.parts) == ({}, {}, {})
    assert not [hint for hint in ports.agenda.hints if hint.kind == "export"]
    with pytest.raises(NotFound):
        await read_export(ports=ports, partner_id=source.partner_id, export_id=done.export.id, at=AT)


class Broken(FakeFileStore):
    """Takes no block."""

    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem = problem

    async def stage(self, name: str, block: str, content: bytes) -> None:
        raise self.problem


async def test_an_export_that_breaks_every_time_has_failed_and_holds_up_nobody(
    source: LeadSource, caplog: pytest.LogCaptureFixture
) -> None:
    ports = in_small_blocks(fake_ports())
    made = await leads(ports, source, 9)
    seen = await ask(ports, source, LATER, within=SPENT)
    broken = replace(ports, files=Broken(ValueError("ada.berg@northwind.example")))
    at = LATER + TIMER
    for _ in range(3):
        assert (await by_timer(broken, at)).failed == 1
        at += timedelta(hours=1)
    seen = await again(ports, seen)
    assert (seen.state, seen.export.error) == (ExportState.FAILED, "internalError")
    assert "northwind" not in caplog.text
    assert len([one for one in caplog.records if one.__dict__.get("event") == "agenda.hint_failed"]) == 3
    assert await ids_of(ports.files, await ask(ports, source, at)) == made
    assert (await by_timer(ports, at)).failed == 0


async def test_where_files_are_out_of_reach_the_export_stands_and_the_timer_goes_on(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 2)
    seen = await ask(replace(ports, files=Broken(Unavailable())), source, LATER)
    assert seen.state is ExportState.NOT_STARTED
    unreachable = replace(ports, files=Broken(Unavailable()))
    at = LATER + TIMER
    for _ in range(5):
        # However often: it is not the export's fault.
        assert (await by_timer(unreachable, at)).failed == 1
        at += timedelta(hours=7)
    assert (await by_timer(ports, at)).done == 1
    assert await ids_of(ports.files, await again(ports, seen)) == made


async def test_the_list_shows_the_newest_first_with_their_progress(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    await leads(ports, source, 9)
    done = await ask(ports, source, LATER)
    left = await ask(ports, source, LATER + timedelta(seconds=1), within=SPENT)
    found, following = await list_exports(ports=ports, partner_id=source.partner_id, after=None, top=1, at=AT)
    assert [(one.export.id, one.state, one.link) for one in found] == [(left.export.id, ExportState.RUNNING, None)]
    assert 0 < found[0].rows < 9
    rest, following = await list_exports(ports=ports, partner_id=source.partner_id, after=following, top=1, at=AT)
    assert [one.export.id for one in rest] == [done.export.id]
    assert following is None


async def test_no_block_is_larger_than_it_needs_to_be(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports(), 3_000)
    await leads(ports, source, 30)
    seen = await ask(ports, source, LATER, layout=Layout(ExportFormat.CSV), order="company")

    async def sizes(step: str) -> Sequence[int]:
        return [one.size for one in await ports.exports.checkpoints(seen.export, step)]

    for step in (WALK, MERGE):
        *full, last = (await sizes(step))[1:]
        # Lines that wait to be sorted are JSON and carry what they are sorted by.
        most = 4_500 if step == MERGE else 7_000
        assert all(3_000 <= size <= most for size in full)
        assert last <= most
        assert len(full) >= 3


@pytest.mark.parametrize("count", [3, 20])
async def test_favorites_come_once_however_often_the_time_is_over(source: LeadSource, count: int) -> None:
    ports = in_small_blocks(fake_ports())
    made = await leads(ports, source, count)
    for lead_id in made:
        await set_favorite(ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead_id, favorite=True)
    seen = await ask(ports, source, LATER, tab=ListTab.FAVORITES, within=SPENT)
    for _ in range(40):
        if (await again(ports, seen)).export.has_ended:
            break
        await write(ports=ports, stored=await stored(ports, seen), at=LATER, budget=stopping(1))
    assert await ids_of(ports.files, await again(ports, seen)) == made


@pytest.mark.parametrize("timers", [False, True])
@pytest.mark.parametrize("order", ["status", "expiry", "updated desc"])
async def test_l6_an_order_follows_the_clock_too(source: LeadSource, order: str, timers: bool) -> None:
    ports = fake_ports()
    old = (await submit(ports, source, submission_body(Title="old"), at=AT)).lead_id
    new = (await submit(ports, source, submission_body(Title="new"), at=AT + 10 * DAY)).lead_id
    taken = (await submit(ports, source, submission_body(Title="taken"), at=AT + 9 * DAY)).lead_id
    await answer(ports, source, taken, at=AT + 9 * DAY)
    at = AT + 15 * DAY
    if timers:
        await run_timers(ports, at)
    found = await ids_of(ports.files, await ask(ports, source, at, order=order))
    expected = {
        "status": [new, taken, old],
        "expiry": [new, taken, old],
        # The expiry is at day 14, the new lead's flame cooled on day 13.
        "updated desc": [old, new, taken],
    }
    assert found == expected[order]


async def test_one_export_that_storage_has_no_time_for_does_not_starve_the_others(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    made = await leads(ports, source, 9)
    slow = await ask(ports, source, LATER, within=SPENT)
    fine = await ask(ports, source, LATER + timedelta(seconds=1), within=SPENT)

    class Throttled(FakeFileStore):
        async def stage(self, name: str, block: str, content: bytes) -> None:
            if slow.export.id in name:
                raise Unavailable
            await super().stage(name, block, content)

    throttled = Throttled()
    throttled.__dict__ = ports.files.__dict__
    ran = await by_timer(replace(ports, files=throttled), LATER + TIMER + timedelta(seconds=1))
    assert (ran.done, ran.failed) == (1, 1)
    assert await ids_of(ports.files, await again(ports, fine)) == made
    assert not (await again(ports, slow)).export.has_ended


async def test_a_run_whose_blocks_are_gone_finds_the_export_ended_or_says_that_something_is_wrong(
    source: LeadSource,
) -> None:
    ports = in_small_blocks(fake_ports())
    await leads(ports, source, 9)
    seen = await ask(ports, source, LATER, order="company", within=SPENT)
    before = await stored(ports, seen)

    class Overtaken(FakeFileStore):
        """Another run ends the export just before this one puts the spool together."""

        async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
            await write(ports=ports, stored=before, at=LATER, budget=budget())
            raise FileGone

    overtaken = Overtaken()
    overtaken.__dict__ = ports.files.__dict__
    ended = await write(ports=replace(ports, files=overtaken), stored=before, at=LATER, budget=budget())
    assert ended.state is ExportState.SUCCEEDED
    other = await ask(ports, source, LATER, order="company", within=SPENT)

    class Lost(FakeFileStore):
        async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
            raise FileGone

    lost = Lost()
    lost.__dict__ = ports.files.__dict__
    with pytest.raises(FileGone):
        await write(ports=replace(ports, files=lost), stored=await stored(ports, other), at=LATER, budget=budget())


async def test_a_hint_whose_export_is_still_to_be_stored_is_kept_for_two_minutes(source: LeadSource) -> None:
    ports = fake_ports()
    hint = Hint(HintKind.EXPORT, LATER, source.partner_id, "0" * 28)
    await ports.agenda.put([hint])
    await by_timer(ports, LATER + timedelta(seconds=119))
    assert await ports.agenda.missing([hint]) == []
    await by_timer(ports, LATER + timedelta(seconds=120))
    assert await ports.agenda.missing([hint]) == [hint]


async def test_the_progress_of_a_sorted_export_never_passes_its_total(source: LeadSource) -> None:
    ports = in_small_blocks(fake_ports())
    await leads(ports, source, 12)
    seen = await ask(ports, source, LATER, order="company", layout=Layout(ExportFormat.CSV), within=SPENT)
    most = 0
    while not (seen := await again(ports, seen)).export.has_ended:
        if seen.total is not None:
            assert seen.rows <= seen.total == 12
            most = max(most, seen.rows)
        await write(ports=ports, stored=await stored(ports, seen), at=LATER, budget=stopping(1))
    assert 0 < most <= 12


async def test_x5_an_export_that_another_host_works_on_is_no_failure(
    source: LeadSource, caplog: pytest.LogCaptureFixture
) -> None:
    ports = fake_ports()
    export = Export(new_export_id(AT), source.partner_id or "", "ann", AT, LeadFilter(), Order())
    await ports.exports.add(export)
    await ports.agenda.put(ports.rules.export.hints(export))

    class Taken:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        async def replace(self, *_: Any, **__: Any) -> Any:
            raise LostRace

    taken: Any = replace(ports, exports=Taken(ports.exports))
    ran = await run_exports(ports=taken, at=AT, budget=budget())
    assert ran.failed == 0
    assert "could not be done" not in caplog.text


@pytest.mark.parametrize("order", ["created", "company"])
async def test_l9_a_file_that_shows_what_has_expired_since_gets_no_new_link(source: LeadSource, order: str) -> None:
    ports = in_small_blocks(fake_ports())
    for n in range(60):
        await submit(ports, source, submission_body(Company=f"C{n}"), at=AT + timedelta(minutes=n))
    await submit(ports, source, submission_body(ActionCode="INS"), at=AT - 20 * DAY)
    seen = await ask(ports, source, AT + DAY, order=order)
    named: dict[str, Any] = {"ports": ports, "partner_id": source.partner_id, "export_id": seen.export.id}
    assert seen.export.hides_at == AT + 14 * DAY, "when the first of its leads expires"
    assert (await read_export(**named, at=AT + 14 * DAY - DAY / 1000)).link is not None
    late = await read_export(**named, at=AT + 14 * DAY)
    assert (late.link, late.is_outdated) == (None, True)
    with pytest.raises(Conflict):
        await link_export(**named, at=AT + 14 * DAY)
    fresh = await ask(ports, source, AT + 30 * DAY, order=order)
    assert fresh.export.hides_at is None, "nothing that can still be hidden is in it"
    assert (
        await read_export(ports=ports, partner_id=source.partner_id or "", export_id=fresh.export.id, at=AT + 99 * DAY)
    ).link
