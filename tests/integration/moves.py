"""A partner that many work on while it is moved, and runs of the tool that moves it (decision 19)."""

import asyncio
import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.domain.errors import Unavailable
from shared.domain.lead import Status
from shared.domain.programme.partner import LeadSource
from shared.domain.programme.placement import Placement
from shared.storage import keys
from shared.usecases.leads import favorites
from shared.usecases.telling.deliver import deliver_events
from tests.builders import submission_body
from tests.exports import SPENT, by_timer
from tests.integration.further import FURTHER, Deployment, Instance
from tests.steps import answer, budget, listed, run_timers, submit
from tools.moving import Move
from tools.partner_rows import range_of

LATER = timedelta(hours=2)
PACE = 0.05
"""Seconds between what one of them does: the move comes to an end while they go on."""
Contents = dict[str, list[dict[str, Any]]]


async def contents(instance: Instance, account: str | None, partner_id: str) -> Contents:
    """Every row of a partner in an account, by table, but its lanes; where the files of an export are is left out."""
    found: Contents = {}
    for name in keys.OF_PARTNERS:
        rows = await instance.tables.within(account, name).rows(range_of(partner_id, name))
        found[name] = [
            {**row, "doc0": str(row.get("doc0")).replace(f'"{FURTHER}"', "null")}
            for row in rows
            if not (row["RowKey"].startswith(keys.LANES) and keys.destination_of(row["RowKey"]))
        ]
    return found


async def pause(deployment: Deployment, seconds: float) -> None:
    """Let the time pass at once, and others have their turn."""
    deployment.watch.passed += seconds
    await asyncio.sleep(0.01)


def mover(deployment: Deployment, instance: Instance, partner_id: str, to: str | None) -> Move:
    """A run of the tool with clients of its own."""
    containers = {
        account: instance.files.within(account)._service.get_container_client(instance.files.within(account)._container)
        for account in (None, FURTHER)
    }
    return Move(
        instance.tables,
        containers,
        partner_id,
        to,
        now=deployment.watch.now,
        watch=deployment.watch,
        pause=lambda seconds: pause(deployment, seconds),
        say=lambda _: None,
    )


async def move(deployment: Deployment, partner_id: str, to: str | None, **options: Any) -> None:
    await mover(deployment, await deployment.instance(**options), partner_id, to).move()


async def placement(instance: Instance, partner_id: str) -> Placement:
    partner = await instance.ports.partners.get(partner_id)
    assert partner is not None
    return partner.placement


@dataclass
class Work:
    """What people, senders and timers do to a partner from several instances, until it is `over`.

    Whoever is refused for a moment does the same again, as every caller does. `refused` counts that.
    """

    source: LeadSource
    instances: list[Instance]
    deployment: Deployment
    over: bool = False
    refused: int = 0
    made: dict[str, str] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    loved: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    @property
    def partner_id(self) -> str:
        return self.source.partner_id or ""

    async def until_done(self, act: Callable[[Instance], Any]) -> Any:
        """The outcome of the first attempt that is not refused, each by some instance."""
        while True:
            try:
                return await act(self.dice.choice(self.instances))
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0.01)

    async def send(self, name: str) -> None:
        """A sender, whose keys are its own."""
        for number in itertools.count(len(self.made)):
            if self.over:
                return
            key = f"{name}-{number}"
            received = await self.until_done(
                lambda one, key=key: submit(
                    one.ports, self.source, submission_body(Title=key), key=key, at=self.deployment.watch.now()
                )
            )
            self.made[key] = received.lead_id
            await asyncio.sleep(PACE)

    async def accept(self) -> None:
        while not self.over:
            await asyncio.sleep(PACE)
            if waiting := [lead for lead in self.made.values() if lead not in self.accepted]:
                lead = self.dice.choice(waiting)
                at = self.deployment.watch.now()
                await self.until_done(
                    lambda one, lead=lead, at=at: answer(one.ports, self.source, lead, versions=frozenset({"*"}), at=at)
                )
                self.accepted.add(lead)

    async def love(self) -> None:
        while not self.over:
            await asyncio.sleep(PACE)
            if waiting := [lead for lead in self.made.values() if lead not in self.loved]:
                lead = self.dice.choice(waiting)
                await self.until_done(
                    lambda one, lead=lead: favorites.set_favorite(
                        ports=one.ports, partner_id=self.partner_id, person="ann", lead_id=lead, favorite=True
                    )
                )
                self.loved.add(lead)

    async def read(self) -> None:
        """What was in a list once is in each that is read afterwards, whichever instance reads it."""
        while not self.over:
            await asyncio.sleep(0)
            known = set(list(self.made.values())[-100:])
            page = await self.until_done(
                lambda one: listed(one.ports, self.source, self.deployment.watch.now(), top=200)
            )
            found = {seen.lead.id for seen in page.leads}
            assert known <= found
            accepted = {seen.lead.id for seen in page.leads if seen.lead.status is Status.ACCEPTED}
            assert self.seen & found <= accepted, "what somebody was shown is not taken back"
            self.seen |= accepted

    async def tell(self, instance: Instance) -> None:
        while not self.over:
            await asyncio.sleep(0)
            with suppress(Unavailable):
                await deliver_events(ports=instance.ports, now=self.deployment.watch.now, budget=budget())

    async def clock(self, instance: Instance) -> None:
        while not self.over:
            await asyncio.sleep(0.02)
            with suppress(Unavailable):
                await run_timers(instance.ports, self.deployment.watch.now(), ["cool", "remind"])
                await by_timer(instance.ports, self.deployment.watch.now(), SPENT)

    async def beside(self, moving: Any) -> None:
        """Work while something is moving, and for some moments before and after it."""
        self.over = False
        first, second, *_ = self.instances
        workers = [
            asyncio.ensure_future(worker)
            for worker in (
                *(self.send("post"), self.send("more"), self.accept(), self.love(), self.read()),
                *(self.tell(first), self.tell(second), self.clock(second)),
            )
        ]
        try:
            before = len(self.made)
            await self.until(lambda: len(self.made) > before + 3, workers)
            await moving
            now = len(self.made)
            await self.until(lambda: len(self.made) > now + 3, workers)
        finally:
            self.over = True
            done = await asyncio.gather(*workers, return_exceptions=True)
        assert [problem for problem in done if problem is not None] == []

    async def until(self, reached: Callable[[], bool], workers: list[Any]) -> None:
        while not reached() and not any(worker.done() for worker in workers):  # noqa: ASYNC110 - by many workers
            await asyncio.sleep(0.01)


async def worked_on(deployment: Deployment) -> Work:
    """A partner with leads, an export that has succeeded and one under way, and two instances that know it well."""
    instances = [await deployment.instance() for _ in range(2)]
    source = await deployment.partner(instances[0].ports)
    made = Work(source, instances, deployment)
    for number in range(6):
        received = await submit(
            instances[number % 2].ports, source, submission_body(Title=f"old-{number}"), key=f"old-{number}"
        )
        made.made[f"old-{number}"] = received.lead_id
    return made


async def settle(deployment: Deployment, work: Work) -> None:
    """Everything that is due within hours is done."""
    instance = await deployment.instance()
    at = deployment.watch.now() + LATER
    for minutes in (0, 10, 20):
        moment = at + timedelta(minutes=minutes)
        await deliver_events(ports=instance.ports, now=lambda moment=moment: moment, budget=budget())
    while (await by_timer(instance.ports, at)).unfinished:
        pass
