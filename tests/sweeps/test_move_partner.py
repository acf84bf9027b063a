"""A partner moves to another account and back while it is at work; nothing is lost, doubled or left (decision 19)."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from local.azurite import Azurite
from shared.domain.errors import Refusal, Unavailable
from shared.domain.exports.export import ExportState
from shared.domain.lead import Status
from shared.domain.programme.placement import UNMOVED, MovePhase, Placement
from shared.storage import keys
from shared.storage.placements import ANNOUNCED_FOR
from shared.storage.rest.wire import Write
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.upkeep.reconcile import reconcile
from tests import invariants
from tests.builders import AT, DAY, submission_body
from tests.exports import SPENT, again, ask, by_timer, ids_of, in_small_blocks, rows_of
from tests.fakes.delivery import FakeReceivers
from tests.integration.further import FURTHER, Deployment, Instance
from tests.integration.moves import LATER, Work, contents, move, mover, pause, placement, settle
from tests.steps import answer, budget, listed, submit
from tests.transports import BEFORE, LOST, FaultyTransport, HoldingTransport, changes_leads, nth, worth_failing
from tools.move_partner import main
from tools.moving import LOOKS, Stopped


async def check(deployment: Deployment, work: Work, account: str | None) -> None:
    """Nothing is lost, doubled or out of order, and whoever looks sees the same."""
    partner = work.partner_id
    for instance in (*work.instances, await deployment.instance()):
        leads = await invariants.check(instance.tables, partner)
        assert sorted(leads) == sorted(work.made.values())
        assert {lead.id for lead in leads.values() if lead.status is Status.ACCEPTED} == work.accepted
        shown, after = [], None
        while True:
            page = await listed(instance.ports, work.source, include_test=True, top=200, after=after)
            shown += page.leads
            if (after := page.next) is None:
                break
        assert [seen.lead.id for seen in shown] == sorted(leads), "newest first"
        assert {seen.lead.id for seen in shown if seen.mark.favorite} == work.loved
        assert (await placement(instance, partner)).account == account
    told = Counter(message_id for _, message_id, packet in deployment.receivers.taken)
    assert set(told.values()) == {1}, "nothing is told twice"
    events: dict[str, list[int]] = {}
    for _, _, packet in deployment.receivers.taken:
        body = json.loads(packet.body)
        events.setdefault(body["data"]["id"], []).append(body["sequence"])
    assert events == {lead: list(range(1, 1 + 1 + (lead in work.accepted))) for lead in work.made.values()}
    assert len(deployment.mailer.sent) == deployment.mailer.count
    found = await reconcile(ports=instance.ports, at=deployment.watch.now() + LATER, budget=budget())
    assert (found.repaired, found.unfinished) == (0, False), "every hint is there"


async def test_a_partner_at_work_moves_and_moves_back(deployment: Deployment, work: Work) -> None:
    partner, (first, second) = work.partner_id, work.instances
    succeeded = await ask(first.ports, work.source, AT + DAY)
    under_way = await ask(in_small_blocks(second.ports), work.source, AT + timedelta(hours=1), within=SPENT)
    assert under_way.state is ExportState.RUNNING
    rows = await rows_of(first.files, succeeded)

    await work.beside(move(deployment, partner, FURTHER))
    await settle(deployment, work)
    await check(deployment, work, FURTHER)
    assert work.refused < len(work.made) * 3
    there = await again(second.ports, succeeded)
    assert there.export.data_account == FURTHER
    assert await rows_of(second.files, there) == rows
    ended = await again(first.ports, under_way)
    assert (ended.state, ended.export.data_account) == (ExportState.SUCCEEDED, None)
    assert set(await ids_of(first.files, ended)) >= set(list(work.made.values())[:6])

    await work.beside(move(deployment, partner, None))
    await settle(deployment, work)
    await check(deployment, work, None)
    assert await rows_of(second.files, await again(second.ports, succeeded)) == rows
    assert await placement(first, partner) == replace(UNMOVED, moves=2)


async def test_what_is_there_is_what_was_there_and_what_is_left_goes_when_it_is_said(
    deployment: Deployment, work: Work
) -> None:
    partner, (instance, other) = work.partner_id, work.instances
    await settle(deployment, work)
    asked = await ask(instance.ports, work.source, AT + DAY)
    before, rows = await contents(instance, None, partner), await rows_of(instance.files, asked)
    assert all(before[name] for name in (keys.LEADS, keys.PARTNERS, keys.EXPORTS))
    pages = [await listed(instance.ports, work.source)]
    going = mover(deployment, instance, partner, FURTHER)
    await going.move()
    assert await contents(instance, FURTHER, partner) == before
    pages += [await listed(one.ports, work.source) for one in (instance, other)]
    assert pages[1] == pages[2] == pages[0]
    assert await contents(instance, None, partner) == before, "nothing goes unless it is said"
    # Whatever happens there now, what was left behind is still what it was, and goes.
    await answer(other.ports, work.source, work.made["old-0"])
    assert await going.delete_left()
    assert not any((await contents(instance, None, partner)).values())
    assert (await contents(instance, FURTHER, partner)).keys() == before.keys()
    assert await rows_of(other.files, await again(other.ports, asked)) == rows
    assert len(await invariants.check(other.tables, partner)) == 6
    assert await going.delete_left(), "again is harmless"


async def test_what_somebody_wrote_where_it_was_left_is_not_deleted_unseen(deployment: Deployment, work: Work) -> None:
    partner, (instance, _) = work.partner_id, work.instances
    going = mover(deployment, instance, partner, FURTHER)
    await going.move()

    late = {"PartitionKey": partner, "RowKey": "held|x|y"}
    await instance.tables[keys.LEADS].write(Write.insert(late))
    with pytest.raises(Stopped, match="Leads in the deployment's own account is not as"):
        await going.delete_left()
    there = await contents(instance, None, partner)
    assert there[keys.LEADS]
    assert there[keys.PARTNERS]
    await instance.tables[keys.LEADS].write(Write.delete(late))
    assert await going.delete_left()


async def test_files_of_exports_that_were_under_way_stay_until_they_are_gone(
    deployment: Deployment, work: Work
) -> None:
    partner, (instance, _) = work.partner_id, work.instances
    under_way = await ask(in_small_blocks(instance.ports, 1_500), work.source, within=SPENT, order="company")
    going = mover(deployment, instance, partner, FURTHER)
    await going.move()
    while (await by_timer(instance.ports)).unfinished:
        pass
    ended = await again(instance.ports, under_way)
    assert sorted(await ids_of(instance.files, ended)) == sorted(work.made.values())
    assert not await going.delete_left(), "one has its files there"
    assert sorted(await ids_of(instance.files, ended)) == sorted(work.made.values())
    await by_timer(instance.ports, AT + 2 * instance.ports.rules.export.kept)
    assert await going.delete_left()
    assert not any((await contents(instance, None, partner)).values())


async def test_a_worker_in_the_middle_of_a_turn_is_waited_for(deployment: Deployment, work: Work) -> None:
    partner, (instance, other) = work.partner_id, work.instances
    going = mover(deployment, await deployment.instance(), partner, FURTHER)
    is_sending, may_send = asyncio.Event(), asyncio.Event()
    phases: list[MovePhase | None] = []

    class Slow(FakeReceivers):
        """Takes its time with each call: until the move waits for it, or is over."""

        async def send(self, *call: Any) -> Any:
            is_sending.set()
            await may_send.wait()
            phases.append((await placement(other, partner)).phase)
            return await super().send(*call)

    deployment.receivers = slow = Slow()
    working: list[asyncio.Future[Any]] = []

    async def begins_to_work(seconds: float) -> None:
        if seconds == LOOKS:
            may_send.set()
        await pause(deployment, seconds)
        if not working:
            ports, now = replace(instance.ports, receivers=slow), deployment.watch.now
            working.append(asyncio.ensure_future(deliver_events(ports=ports, now=now, budget=budget())))
            await is_sending.wait()

    going.pause = begins_to_work
    await going.move()
    may_send.set()
    await working[0]
    assert phases[0] is MovePhase.COPYING
    work.instances[:] = [await deployment.instance() for _ in range(2)]
    await settle(deployment, work)
    await check(deployment, work, FURTHER)


@pytest.mark.parametrize("answer_is_held", [False, True], ids=["lands in the old account", "was copied"])
async def test_what_is_written_while_the_partner_moves_away_is_there_or_was_not_acknowledged(
    deployment: Deployment, work: Work, *, answer_is_held: bool
) -> None:
    partner = work.partner_id
    transport = HoldingTransport(changes_leads, answer=answer_is_held)
    late = await deployment.instance(transport=transport)
    going = mover(deployment, await deployment.instance(), partner, FURTHER)
    sending: list[asyncio.Future[Any]] = []
    body = submission_body(Title="late")

    async def announced(seconds: float) -> None:
        going.pause = lambda seconds: pause(deployment, seconds)
        transport.armed = True
        sending.append(
            asyncio.ensure_future(submit(late.ports, work.source, submission_body(Title="late"), key="late"))
        )
        await transport.reached.wait()
        await pause(deployment, seconds)

    going.pause = announced
    await going.move()
    transport.go_on.set()
    if answer_is_held:
        work.made["late"] = (await sending[0]).lead_id
    else:
        with pytest.raises(Unavailable):
            await sending[0]
        again = await submit(late.ports, work.source, body, key="late")
        work.made["late"] = again.lead_id
    await settle(deployment, work)
    await check(deployment, work, FURTHER)
    if not answer_is_held:
        with pytest.raises(Stopped, match="not as"):
            await going.delete_left()


@pytest.mark.parametrize("way", [BEFORE, LOST], ids=["dies there", "answer is lost"])
async def test_broken_off_anywhere_it_is_begun_again(deployment: Deployment, work: Work, way: str) -> None:
    partner, (instance, other) = work.partner_id, work.instances
    await settle(deployment, work)
    await ask(instance.ports, work.source, AT + DAY)
    before = await contents(instance, None, partner)

    async def run(by: Instance, to: str | None) -> None:
        going = mover(deployment, by, partner, to)
        going.now = deployment.watch.leaping
        await going.move()

    failing, reached, account = 0, True, None
    while reached:
        to = None if account else FURTHER
        transport = FaultyTransport(nth(failing, for_good=way == BEFORE), way, worth_failing(way, for_good=True))
        broken = await deployment.instance(transport=transport)
        transport.armed = True
        with suppress(AzureError, Refusal, Stopped):
            await run(broken, to)
        reached = transport.calls > failing
        # Whoever works meanwhile works, once a frozen one is begun again.
        if (await placement(instance, partner)).is_frozen:
            with pytest.raises(Unavailable):
                await listed(instance.ports, work.source)
        else:
            assert len((await listed(other.ports, work.source)).leads) == 6
        await run(await deployment.instance(), to)
        account = to
        assert (await placement(instance, partner)).account == account
        assert await contents(other, account, partner) == before | {
            keys.LEADS: (await contents(instance, account, partner))[keys.LEADS]
        }
        assert len(await invariants.check(other.tables, partner)) == 6
        # The calls of the beginning are the same over and over.
        failing += 2 if way == LOST else 5
    assert failing > 40
    await settle(deployment, work)
    await check(deployment, work, account)


async def test_giving_up_leaves_all_where_it_is_and_takes_the_copy_away(deployment: Deployment, work: Work) -> None:
    partner, (instance, other) = work.partner_id, work.instances
    going = mover(deployment, instance, partner, FURTHER)
    with pytest.raises(Stopped, match="is not moving"):
        await going.give_up()

    async def broken_off(seconds: float) -> None:
        raise Stopped("killed")

    going.pause = broken_off
    with pytest.raises(Stopped, match="killed"):
        await going.move()
    assert (await placement(other, partner)).to == FURTHER
    copied = await contents(instance, FURTHER, partner)
    assert copied[keys.LEADS]
    assert copied[keys.PARTNERS]
    with pytest.raises(Stopped, match="on its way to data2"):
        await mover(deployment, instance, partner, "data3").move()
    await mover(deployment, instance, partner, None).give_up()
    assert await placement(other, partner) == UNMOVED
    assert not any((await contents(instance, FURTHER, partner)).values())
    await answer(other.ports, work.source, work.made["old-1"])
    assert len(await invariants.check(other.tables, partner)) == 6


async def test_of_two_runs_the_later_one_goes_on(deployment: Deployment, work: Work) -> None:
    partner = work.partner_id
    transport = HoldingTransport(lambda _, request: request.method == "GET" and "Leads" in request.url, answer=True)
    first = mover(deployment, await deployment.instance(transport=transport), partner, FURTHER)

    async def catching_up(seconds: float) -> None:
        transport.armed = True
        await pause(deployment, seconds)

    first.pause = catching_up
    running = asyncio.ensure_future(first.move())
    # It has read what it is to copy; then another run goes all the way, and somebody works.
    await transport.reached.wait()
    await move(deployment, partner, FURTHER)
    await answer(work.instances[0].ports, work.source, work.made["old-2"])
    transport.go_on.set()
    with pytest.raises(Stopped, match="Another run has taken over"):
        await running
    leads = await invariants.check(work.instances[1].tables, partner)
    assert leads[work.made["old-2"]].status is Status.ACCEPTED, "the earlier one wrote over nothing"
    assert (await placement(work.instances[1], partner)) == Placement(FURTHER, moves=1)


async def test_a_move_is_announced_for_longer_than_anything_is_cached(deployment: Deployment, work: Work) -> None:
    partner, (instance, _) = work.partner_id, work.instances
    waited: list[float] = []
    going = mover(deployment, instance, partner, FURTHER)

    async def noted(seconds: float) -> None:
        waited.append(seconds)
        await pause(deployment, seconds)

    going.pause = noted
    await going.move()
    assert ANNOUNCED_FOR - 30 < max(waited) <= ANNOUNCED_FOR


async def test_the_command_says_what_it_did_and_what_is_wrong(
    deployment: Deployment, work: Work, azurite: Azurite, further_azurite: Azurite, capsys: pytest.CaptureFixture[str]
) -> None:
    partner = work.partner_id
    connections = json.dumps({FURTHER: further_azurite.connection})
    common = ["--own-connection", azurite.connection, "--data-connections", connections]
    common += ["--prefix", deployment.settings.table_prefix]
    more = {"watch": deployment.watch, "now": deployment.watch.now, "pause": lambda s: pause(deployment, s)}
    assert await main([*common, "--partner", partner, "--to", FURTHER], **more) == 0
    said = capsys.readouterr().out
    assert f"{partner} is in {FURTHER}: " in said
    assert "frozen for " in said
    assert "northwind" not in said.casefold()
    assert await main([*common, "--partner", partner, "--to", FURTHER, "--delete"], **more) == 0
    assert "already" in (said := capsys.readouterr().out)
    assert "rows and 0 files" in said
    for arguments, fault in (
        (["--partner", partner, "--to", "data3"], "none of the further accounts: data2"),
        (["--partner", "nobody-here", "--to", FURTHER], "no registration of nobody-here"),
        (["--partner", partner, "--give-up"], "is not moving"),
    ):
        assert await main([*common, *arguments], **more) == 1
        assert fault in capsys.readouterr().err
    assert await main([*common, "--partner", partner, "--to-own"], **more) == 0
    assert await main([*common, "--partner", partner, "--only-delete"], **more) == 0
    assert len(await invariants.check(work.instances[0].tables, partner)) == 6
