"""X5 on Azurite: whatever fails, whoever is killed, whatever happens to leads meanwhile, the file is right."""

import asyncio
import random
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import Refusal
from shared.domain.exports.export import ExportState, Since
from shared.domain.lead import Status
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.partner import LeadSource
from shared.ports.exports import FileStore
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage.exports.blobs import Blobs
from shared.storage.tables import Tables
from shared.usecases.exports.export_leads import SeenExport, list_exports
from shared.usecases.exports.write_export import WALK, write
from tests import invariants
from tests.builders import AT, DAY, ROOT, submission_body, unique
from tests.exports import SPENT, TIMER, again, ask, by_timer, ids_of, in_small_blocks, rows_of, stored
from tests.integration.conftest import Connect
from tests.steps import all_leads, answer, budget, run_timers, submit
from tests.transports import BREAKS, RACE, FaultyTransport, nth, worth_failing

LATER = AT + timedelta(hours=1)


def a_source() -> LeadSource:
    return LeadSource("0123456789abcdef", unique(), "Marketplace", AT)


async def leads(ports: Ports, source: LeadSource, count: int) -> list[str]:
    bodies = [submission_body(Title=str(n), Company="BAC"[n % 3]) for n in range(count)]
    made = await asyncio.gather(
        *(submit(ports, source, body, at=AT + timedelta(seconds=n)) for n, body in enumerate(bodies))
    )
    return [one.lead_id for one in made][::-1]


def changes_exports(_: int, request: Any) -> bool:
    """True for what another run can be faster with: an insert, or a change of what was read."""
    inserts = request.method == "POST" and not request.url.endswith("$batch")
    return "Exports" in request.url and (inserts or request.headers.get("If-Match", "*") != "*")


async def names(files: Blobs, partner: str) -> list[str]:
    container = files._service.get_container_client(files._container)
    return [one.name async for one in container.list_blobs(name_starts_with=partner)]


@pytest.mark.parametrize(("way", "for_good"), [*BREAKS, (RACE, False)])
@pytest.mark.parametrize("order", ["created", "company"])
async def test_whatever_call_fails_the_file_is_whole(
    connected: Connect, ports: Ports, tables: Tables, files: Blobs, order: str, way: str, for_good: bool
) -> None:
    ports = in_small_blocks(ports, 3_500)
    source = a_source()
    made = await leads(ports, source, 5)
    may_fail = worth_failing(way, for_good=for_good, loses=changes_exports)
    failing, reached = 0, True
    while reached:
        transport = FaultyTransport(nth(failing, for_good=for_good), way, may_fail)
        faulty = in_small_blocks(await connected(transport=transport), 3_500)
        transport.armed = True
        at = LATER + failing * timedelta(minutes=1)
        with suppress(Refusal):
            await ask(faulty, source, at, order=order)
        reached = transport.calls > failing
        found, _ = await list_exports(ports=ports, partner_id=source.partner_id, after=None, top=200, at=AT)
        mine = [seen for seen in found if seen.export.created_at == at]
        # Who was refused asks again; what was begun ends by itself.
        asked = mine[0] if mine else await ask(ports, source, at, order=order)
        while (await by_timer(ports, at + TIMER)).unfinished:
            pass
        seen = await again(ports, asked)
        assert seen.state is ExportState.SUCCEEDED
        assert sorted(await ids_of(files, seen)) == sorted(made)
        assert seen.rows == len(made)
        failing += 1
    assert transport.made > 10
    assert failing > (1 if way == RACE else 5)
    # And in the end nothing is left of any of them.
    while (await by_timer(ports, LATER + 9 * DAY)).unfinished:
        pass
    assert await names(files, source.partner_id) == []
    exports, agenda = [await invariants.all_rows(tables, table) for table in ("Exports", "Agenda")]
    assert not [key for key in exports if source.partner_id in key]
    assert not [key for key in agenda if source.partner_id in key and "/export|" in key]


@pytest.mark.parametrize(("way", "for_good"), BREAKS)
async def test_whatever_call_of_the_timer_fails_the_next_run_ends_the_work(
    connected: Connect, ports: Ports, files: Blobs, way: str, for_good: bool
) -> None:
    ports = in_small_blocks(ports, 3_500)
    source = a_source()
    made = await leads(ports, source, 5)
    may_fail = worth_failing(way, for_good=for_good)
    failing, reached = 0, True
    while reached:
        at = LATER + failing * timedelta(minutes=1)
        seen = await ask(ports, source, at, order="company desc", within=SPENT)

        transport = FaultyTransport(nth(failing, for_good=for_good), way, may_fail)
        faulty = in_small_blocks(await connected(transport=transport), 3_500)
        transport.armed = True
        with suppress(Refusal):
            await by_timer(faulty, at + TIMER)
        reached = transport.calls > failing
        await by_timer(ports, at + TIMER + timedelta(minutes=5))
        assert sorted(await ids_of(files, await again(ports, seen))) == sorted(made)
        failing += 1
    assert failing > 8


class Kill(BaseException):
    """The process ends here."""


class Mortal:
    """A file store whose process dies before or after its n-th block was uploaded."""

    def __init__(self, inner: FileStore, blocks: int, *, before: bool) -> None:
        self._inner, self._left, self._before = inner, blocks, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def stage(self, name: str, block: str, content: bytes) -> None:
        self._left -= 1
        if self._left < 0 and self._before:
            raise Kill
        await self._inner.stage(name, block, content)
        if self._left < 0:
            raise Kill


async def dies(ports: Ports, seen: SeenExport, at: Any, chance: random.Random) -> bool:
    """Go on with the export for a few blocks; True when it died before its end."""
    mortal = Mortal(ports.files, chance.randint(0, 2), before=chance.random() < 0.5)
    with suppress(Kill):
        dying = replace(ports, files=mortal)  # type: ignore[arg-type] # stands in for the files
        await write(ports=dying, stored=await stored(ports, seen), at=at, budget=budget())
        return False
    return True


@pytest.mark.parametrize("seed", range(4))
async def test_leads_that_arrive_move_and_expire_between_blocks(ports: Ports, files: Blobs, seed: int) -> None:
    """None that stayed in the filter is missing, none comes twice, each is as it was at some moment of the run."""
    chance = random.Random(seed)
    ports = in_small_blocks(ports)
    source = a_source()
    made = await leads(ports, source, 40)
    both = frozenset({Status.RECEIVED, Status.ACCEPTED})
    statuses = chance.choice([frozenset[Status](), both, frozenset({Status.RECEIVED})])
    at = AT + 14 * DAY - timedelta(seconds=20)
    seen = await ask(ports, source, at, within=SPENT, status=statuses, order=chance.choice(["created", "company"]))
    left: set[str] = set()
    was: dict[str, set[str]] = {}

    async def look() -> None:
        for lead in await all_leads(ports, source, at):
            was.setdefault(lead.id, set()).add(lead.status)
            if statuses and lead.status not in statuses:
                left.add(lead.id)

    await look()
    deaths = 0
    while not (await again(ports, seen)).export.has_ended:
        at += timedelta(seconds=chance.choice([0, 1, 7]))
        for lead_id in chance.sample(made, 4):
            what = chance.choice([Action.ACCEPT, LeadAction(Action.DECLINE, reason="budget"), Action.WIN])
            with suppress(Refusal):
                await answer(ports, source, lead_id, what, at=at)
        await submit(ports, source, submission_body(Title=f"new {at}"), at=at)
        if chance.random() < 0.5:
            await run_timers(ports, at)
        await look()
        deaths += await dies(ports, seen, at, chance)
    assert deaths >= 3
    rows = await rows_of(files, await again(ports, seen))
    found = [row["Id"] for row in rows]
    assert len(found) == len(set(found))
    assert set(made) - left <= set(found)
    assert all(row["Status"] in was[row["Id"]] for row in rows)
    for row in rows:
        assert (row["Email"] is None) == (row["Outcome"] == "expired")


@pytest.mark.parametrize("seed", range(4))
async def test_two_syncs_around_concurrent_writes_miss_nothing(ports: Ports, files: Blobs, seed: int) -> None:
    """A CRM that loads each file and goes on by `nextSince` has in the end what the list has."""
    chance = random.Random(seed)
    ports = in_small_blocks(ports)
    source = a_source()
    made = await leads(ports, source, 12)
    statuses = chance.choice([frozenset[Status](), frozenset({Status.RECEIVED, Status.ACCEPTED})])
    copy: dict[str, dict[str, Any]] = {}
    at, since, syncs = AT + 13 * DAY + timedelta(hours=23), None, 0

    async def happens() -> None:
        nonlocal at
        at += timedelta(seconds=chance.choice([0, 5, 900]))
        for lead_id in chance.sample(made, 2):
            what = chance.choice([Action.ACCEPT, LeadAction(Action.DECLINE, reason="budget"), Action.WIN])
            with suppress(Refusal):
                await answer(ports, source, lead_id, what, at=at)
        if chance.random() < 0.6:
            made.append((await submit(ports, source, submission_body(Title=f"{at} {chance.random()}"), at=at)).lead_id)

    async def sync() -> int:
        nonlocal since, syncs
        seen = await ask(ports, source, at, within=SPENT, status=statuses, since=since)
        while not (seen := await again(ports, seen)).export.has_ended:
            if syncs < 5:
                await happens()
            await dies(ports, seen, at, chance)
        rows = await rows_of(files, seen)
        for row in rows:
            if row.get("Removed"):
                copy.pop(row["Id"], None)
            else:
                copy[row["Id"]] = row
        # Without the margin: what a run of a second would otherwise hide is what this is about.
        following = seen.export.next_since
        assert following is not None
        margin = timedelta(minutes=5)
        since = Since(following.stored + margin, following.at + margin)
        syncs += 1
        return len(rows)

    for _ in range(5):
        await sync()
        await happens()
    await sync()
    truth = {
        lead.id: str(lead.status)
        for lead in await all_leads(ports, source, at)
        if not statuses or lead.status in statuses
    }
    assert {one: row["Status"] for one, row in copy.items()} == truth
    assert await sync() < len(made), "and nothing comes without need"


@pytest.mark.parametrize("order", ["created asc", "company"])
async def test_a_process_that_is_killed_loses_nothing(
    settings: Settings, ports: Ports, files: Blobs, order: str
) -> None:
    source = a_source()
    made = await leads(ports, source, 150)
    ports = in_small_blocks(ports)
    seen = await ask(ports, source, LATER, order=order, within=SPENT)
    connection = settings.storage_connection
    assert connection is not None
    arguments = (connection.get_secret_value(), settings.table_prefix, source.partner_id, seen.export.id)
    killed, rows = 0, 0
    for _ in range(4):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.sweeps.export_worker", *arguments, cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"begins\n"
        while process.returncode is None and await _rows(ports, seen) < rows + 20:
            pass
        with suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
        killed += code == -signal.SIGKILL
        rows = await _rows(ports, seen)
    assert killed >= 2
    assert await names(files, source.partner_id) in ([], [f"{source.partner_id}/{seen.export.id}/spool"])
    await by_timer(ports, LATER + TIMER)
    found = await ids_of(files, await again(ports, seen))
    assert sorted(found) == sorted(made)
    assert order != "created asc" or found == made[::-1]


async def _rows(ports: Ports, seen: SeenExport) -> int:
    last = await ports.exports.last(seen.export, WALK)
    return last.rows if last else 0
