"""Runs of the tool that moves a partner beside each other, held anywhere and broken off (decision 19)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from local.azurite import Azurite
from shared.domain.errors import Unavailable
from shared.domain.lead import Status
from shared.domain.programme.placement import UNMOVED, Placement
from shared.ports.errors import LostRace
from shared.storage import keys
from tests import invariants
from tests.builders import AT, DAY
from tests.exports import again, ask, by_timer, rows_of
from tests.integration.further import FURTHER, HOOK, Deployment
from tests.integration.moves import Work, contents, move, mover, pause, placement
from tests.steps import answer
from tests.transports import BEFORE, FaultyTransport, HoldingTransport, nth
from tools import move_partner
from tools.moving import Move, Stopped
from tools.partner_files import Differs, delete_files

OTHER = "b" * 16


def writes_to(table: str) -> Callable[[int, Any], bool]:
    """A transaction in this table."""

    def picks(_: int, request: Any) -> bool:
        return bool(request.url.endswith("$batch")) and table.encode() in request.content

    return picks


def reads_registration(_: int, request: Any) -> bool:
    return request.method == "GET" and keys.LOOKUP in request.url and "'partner'" in request.url.replace("%27", "'")


def writes_registration(_: int, request: Any) -> bool:
    return request.method == "PUT" and keys.LOOKUP in request.url and "'partner'" in request.url.replace("%27", "'")


async def break_off(going: Move) -> None:
    """Announce and copy, then go no further."""

    async def broken_off(seconds: float) -> None:
        raise Stopped("killed")

    going.pause = broken_off
    with pytest.raises(Stopped, match="killed"):
        await going.move()


async def held(transport: HoldingTransport, going: Awaitable[Any], *, at_once: bool = True) -> asyncio.Future[Any]:
    """The task, once the transport holds one of its requests; `at_once` it is armed for that."""
    transport.armed = at_once
    running = asyncio.ensure_future(going)
    reached = asyncio.ensure_future(transport.reached.wait())
    await asyncio.wait([running, reached], return_when=asyncio.FIRST_COMPLETED)
    assert transport.reached.is_set()
    return running


async def test_a_run_that_wakes_after_another_one_has_arrived_writes_over_nothing(
    deployment: Deployment, work: Work
) -> None:
    partner, (one, other) = work.partner_id, work.instances
    transport = HoldingTransport(writes_to(keys.LEADS), answer=False)
    late = mover(deployment, await deployment.instance(transport=transport), partner, FURTHER)
    running = await held(transport, late.move())
    await move(deployment, partner, FURTHER)
    await answer(one.ports, work.source, work.made["old-2"])
    there = await contents(one, FURTHER, partner)
    transport.go_on.set()
    with pytest.raises(Stopped, match="Another run has taken over"):
        await running
    assert await contents(one, FURTHER, partner) == there
    leads = await invariants.check(other.tables, partner)
    assert leads[work.made["old-2"]].status is Status.ACCEPTED
    assert await placement(other, partner) == Placement(FURTHER, moves=1)


async def test_what_was_deleted_meanwhile_does_not_come_back_with_a_run_that_wakes(
    deployment: Deployment, work: Work
) -> None:
    partner, (one, _) = work.partner_id, work.instances
    transport = HoldingTransport(writes_to(keys.PARTNERS), answer=False)
    late = mover(deployment, await deployment.instance(transport=transport), partner, FURTHER)
    stored = await one.ports.webhooks.get(partner, HOOK)
    assert stored is not None

    async def catches_up(seconds: float) -> None:
        # All that it will write is a row that is gone by the time that it does: there is nothing that it could meet.
        await one.ports.webhooks.put(partner, replace(stored.webhook, id=OTHER), None)
        transport.armed = True
        await pause(deployment, seconds)

    late.pause = catches_up
    running = await held(transport, late.move(), at_once=False)
    await one.ports.webhooks.delete(partner, OTHER)
    await move(deployment, partner, FURTHER)
    transport.go_on.set()
    with pytest.raises(Stopped, match="Another run has taken over"):
        await running
    found = await (await deployment.instance()).ports.webhooks.of_partner(partner)
    assert [there.webhook.id for there in found] == [HOOK]


async def test_a_deletion_that_wakes_where_the_partner_is_again_deletes_nothing(
    deployment: Deployment, work: Work
) -> None:
    partner, (one, other) = work.partner_id, work.instances
    await move(deployment, partner, FURTHER)
    transport = HoldingTransport(writes_to(keys.LEADS), answer=False)
    late = mover(deployment, await deployment.instance(transport=transport), partner, FURTHER)
    running = await held(transport, late.delete_left())
    # What it is about to delete is what is to be there, so it is not even written anew.
    await move(deployment, partner, None)
    transport.go_on.set()
    with pytest.raises(Stopped, match="is moving again"):
        await running
    assert await placement(other, partner) == Placement(None, moves=2)
    assert len(await invariants.check(one.tables, partner)) == 6


async def test_giving_up_beside_a_run_that_arrives_deletes_nothing(deployment: Deployment, work: Work) -> None:
    partner, (one, other) = work.partner_id, work.instances
    await break_off(mover(deployment, one, partner, FURTHER))
    transport = HoldingTransport(writes_registration, answer=False)
    giving_up = await held(
        transport, mover(deployment, await deployment.instance(transport=transport), partner, None).give_up()
    )
    await move(deployment, partner, FURTHER)
    there = await contents(one, FURTHER, partner)
    transport.go_on.set()
    with pytest.raises(Stopped, match="has gone on meanwhile"):
        await giving_up
    assert await mover(deployment, other, partner, None).delete_left()
    assert await contents(one, FURTHER, partner) == there
    assert len(await invariants.check(other.tables, partner)) == 6


async def test_who_gives_up_as_a_run_takes_over_leaves_it_alone(deployment: Deployment, work: Work) -> None:
    partner, (one, other) = work.partner_id, work.instances
    await break_off(mover(deployment, one, partner, FURTHER))
    transport = HoldingTransport(reads_registration, answer=True)
    giving_up = await held(
        transport, mover(deployment, await deployment.instance(transport=transport), partner, None).give_up()
    )
    await break_off(mover(deployment, one, partner, FURTHER))
    transport.go_on.set()
    with pytest.raises(Stopped, match="has gone on meanwhile"):
        await giving_up
    assert (await placement(other, partner)).to == FURTHER
    assert (await contents(one, FURTHER, partner))[keys.LEADS]


async def test_giving_up_may_break_off_anywhere_and_is_finished(deployment: Deployment, work: Work) -> None:
    partner, (one, other) = work.partner_id, work.instances
    failing, reached, ways = 0, True, set()
    while reached:
        await break_off(mover(deployment, one, partner, FURTHER))
        transport = FaultyTransport(nth(failing, for_good=True), BEFORE)
        broken = mover(deployment, await deployment.instance(transport=transport), partner, None)
        transport.armed = True
        with suppress(AzureError, Unavailable):
            await broken.give_up()
        reached = transport.calls > failing
        ending = mover(deployment, await deployment.instance(), partner, None)
        moving = not (await placement(other, partner)).is_settled
        ways.add(moving)
        assert await (ending.give_up() if moving else ending.delete_left())
        assert await placement(other, partner) == UNMOVED
        assert not any((await contents(one, FURTHER, partner)).values())
        failing += 3
    assert ways == {True, False}
    assert len(await invariants.check(other.tables, partner)) == 6


@pytest.mark.parametrize("to", [FURTHER, None], ids=["arrived there", "goes elsewhere"])
async def test_a_run_that_wakes_before_it_announces_looks_where_the_partner_is(
    deployment: Deployment, work: Work, to: str | None
) -> None:
    partner, (one, other) = work.partner_id, work.instances
    transport = HoldingTransport(reads_registration, answer=True)
    late = await held(
        transport, mover(deployment, await deployment.instance(transport=transport), partner, FURTHER).move()
    )
    await move(deployment, partner, FURTHER)
    if to is None:
        await break_off(mover(deployment, one, partner, None))
    expected = await placement(other, partner)
    transport.go_on.set()
    with pytest.raises(Stopped, match="has gone on meanwhile"):
        await late
    assert await placement(other, partner) == expected


async def test_nothing_is_begun_with_an_account_that_was_not_named(deployment: Deployment, work: Work) -> None:
    partner, (one, other) = work.partner_id, work.instances
    with pytest.raises(Stopped, match="data3 is none of the further accounts: data2"):
        await mover(deployment, one, partner, "data3").move()
    assert await placement(other, partner) == UNMOVED
    await break_off(mover(deployment, one, partner, FURTHER))
    moving = await placement(other, partner)
    forgetful = mover(deployment, one, partner, None)
    forgetful.containers = {None: forgetful.containers[None]}
    with pytest.raises(Stopped, match="data2 is none of the further accounts: none"):
        await forgetful.give_up()
    assert await placement(other, partner) == moving
    await move(deployment, partner, FURTHER)
    for act in (forgetful.move, forgetful.delete_left):
        with pytest.raises(Stopped, match="data2 is none of"):
            await act()
    assert await placement(other, partner) == Placement(FURTHER, moves=1)


async def files_in(deployment: Deployment, account: str | None, partner: str) -> list[str]:
    container = mover(deployment, await deployment.instance(), partner, None).containers[account]
    return [name async for name in container.list_blob_names(name_starts_with=f"{partner}/")]


async def test_the_copy_of_a_file_goes_with_its_export(deployment: Deployment, work: Work) -> None:
    partner, (one, other) = work.partner_id, work.instances
    seen = await ask(one.ports, work.source, AT)
    going = mover(deployment, one, partner, FURTHER)

    async def deleted_meanwhile(seconds: float) -> None:
        assert len(await files_in(deployment, FURTHER, partner)) == 1
        await by_timer(other.ports, AT + 2 * one.ports.rules.export.kept)
        await pause(deployment, seconds)

    drain = going._drain

    async def draining() -> None:
        # Not when the partner arrives, if it ever does: a copy of contact details.
        assert await files_in(deployment, FURTHER, partner) == []
        await drain()

    going.pause, going._drain = deleted_meanwhile, draining  # type: ignore[method-assign] # to see what is there by then
    await going.move()
    assert await other.ports.exports.get(partner, seen.export.id) is None
    assert await files_in(deployment, FURTHER, partner) == []


async def test_files_without_an_export_are_not_taken_along(deployment: Deployment, work: Work) -> None:
    partner, (one, other) = work.partner_id, work.instances
    seen = await ask(one.ports, work.source, AT + DAY)
    going = mover(deployment, one, partner, FURTHER)
    # A run that was killed has copied it, and not come to its row before the export was gone.
    await going.containers[FURTHER].upload_blob(f"{partner}/gone/leads.csv", b"x")
    await going.move()
    kept = await again(other.ports, seen)
    assert await files_in(deployment, FURTHER, partner) == [kept.export.blob.rpartition(":")[2]]
    assert await rows_of(other.files, kept)


async def test_each_file_is_looked_at_before_it_is_deleted(deployment: Deployment, work: Work) -> None:
    partner, (one, _) = work.partner_id, work.instances
    container = mover(deployment, one, partner, None).containers[FURTHER]
    names = [f"{partner}/{export}/leads.csv" for export in ("a", "b", "c")]
    for name in names:
        await container.upload_blob(name, b"x")
    asked: list[int] = []

    async def stops() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise Stopped("moving again")

    with pytest.raises(Stopped):
        await delete_files(container, partner, set(), stops)
    assert await files_in(deployment, FURTHER, partner) == names[1:]

    async def written_anew() -> None:
        await container.upload_blob(names[1], b"y", overwrite=True)

    with pytest.raises(Differs):
        await delete_files(container, partner, set(), written_anew)
    assert await files_in(deployment, FURTHER, partner) == names[1:]

    async def goes_on() -> None:
        pass

    assert await delete_files(container, partner, {"c"}, goes_on) == 1
    assert await files_in(deployment, FURTHER, partner) == names[2:]


async def test_a_lane_that_is_new_while_others_are_taken_is_taken(deployment: Deployment, work: Work) -> None:
    partner, (one, _) = work.partner_id, work.instances
    lane = await one.ports.lanes.lane(partner, HOOK)
    await one.ports.lanes.save(partner, HOOK, lane)
    going = mover(deployment, one, partner, FURTHER)
    taken, take = [], going._take

    async def taking(destination: str, until: Any) -> None:
        taken.append(destination)
        if destination == HOOK:
            await one.ports.lanes.save(partner, OTHER, await one.ports.lanes.lane(partner, OTHER))
        await take(destination, until)

    going._take = taking  # type: ignore[method-assign] # to see what is taken
    await going._drain()
    assert taken == [HOOK, OTHER, HOOK, OTHER]


async def test_what_stays_the_same_is_not_read_in_full_while_frozen(deployment: Deployment, work: Work) -> None:
    partner, (one, other) = work.partner_id, work.instances
    frozen: list[str] = []

    class Watching(HoldingTransport):
        """Notes what is read of leads while the partner is frozen."""

        async def send(self, request: Any, **options: Any) -> Any:
            if self.armed and request.method == "GET" and keys.LEADS in request.url:
                frozen.append(request.url)
            return await super().send(request, **options)

    transport = Watching(lambda *_: False, answer=False)
    going = mover(deployment, await deployment.instance(transport=transport), partner, FURTHER)
    change = going._change

    async def changed(how: Any) -> Placement:
        placed = await change(how)
        transport.armed = placed.is_frozen
        return placed

    async def answered(seconds: float) -> None:
        await answer(other.ports, work.source, work.made["old-3"])
        await pause(deployment, seconds)

    going._change, going.pause = changed, answered  # type: ignore[method-assign] # to see when it is frozen
    await going.move()
    in_full = [url for url in frozen if "select" not in url]
    assert len(frozen) > len(in_full)
    assert in_full == []
    leads = await invariants.check(one.tables, partner)
    assert leads[work.made["old-3"]].status is Status.ACCEPTED


async def test_the_command_says_what_cannot_be(
    deployment: Deployment,
    work: Work,
    azurite: Azurite,
    further_azurite: Azurite,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partner, (one, other) = work.partner_id, work.instances
    common = ["--own-connection", azurite.connection, "--prefix", deployment.settings.table_prefix]
    common += ["--partner", partner]
    twice = json.dumps({FURTHER: further_azurite.connection, "data3": further_azurite.connection})
    assert await move_partner.main([*common, "--data-connections", twice, "--to", "data3"]) == 1
    assert "data3 and data2 are one account" in capsys.readouterr().err
    common += ["--data-connections", json.dumps({FURTHER: further_azurite.connection})]
    assert await placement(other, partner) == UNMOVED

    await break_off(mover(deployment, one, partner, FURTHER))
    assert await move_partner.main([*common, "--give-up"]) == 0
    assert f"{partner} stays in" in capsys.readouterr().out

    async def lost(self: Move) -> None:
        raise LostRace

    monkeypatch.setattr(Move, "move", lost)
    assert await move_partner.main([*common, "--to", FURTHER]) == 1
    assert "somebody else, has written there" in capsys.readouterr().err
