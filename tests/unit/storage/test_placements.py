"""Which answers of storage count while a partner's rows may be moving, by a watch that the test turns (decision 19)."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError, ServiceResponseError

from shared.domain.errors import Unavailable
from shared.domain.programme.partner import Partner
from shared.domain.programme.placement import UNMOVED, Placement
from shared.storage import codec, keys
from shared.storage.placements import (
    ANNOUNCED_FOR,
    ANSWERED_WITHIN,
    FROZEN_LOOKS,
    PartnerTable,
    Placements,
)
from shared.storage.rest.service import RowPage
from shared.storage.rest.wire import Row, Write
from tests.builders import AT

ROW = {"PartitionKey": "contoso", "RowKey": "lead|m1"}
THERE = Placement("data2", moves=1)


@dataclass
class Here:
    """Stands where Lookup and the tables of both accounts stand; what is said of the placement is `placement`.

    `looked` counts reads of the registration; `meanwhile` happens while a table is asked.
    """

    placement: Placement | None = UNMOVED
    at: float = 0
    looked: int = 0
    looked_for_use: int = 0
    is_in_use: bool = False
    asked: list[str | None] = field(default_factory=list)
    paused: int = 0
    meanwhile: list[Any] = field(default_factory=list)

    async def get(self, partition: str, key: str, select: Any = ()) -> Row:
        self.looked += 1
        if self.placement is None:
            raise ResourceNotFoundError
        partner = Partner("contoso", "Contoso", (), AT, AT, placement=self.placement)
        return Row({"RowKey": key, **codec.dump(partner)}, "tag", None)

    async def pause(self, seconds: float) -> None:
        self.paused += 1
        self.later(seconds)
        self.next()

    def next(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def then(self, placement: Placement) -> None:
        self.meanwhile.append(lambda: setattr(self, "placement", placement))

    def later(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Lookup:
    """Stands where Lookup stands for whose settings name no further account."""

    here: Here

    async def get(self, partition: str, key: str, select: Any = ()) -> Row:
        if partition != keys.FURTHER_ACCOUNTS:
            return await self.here.get(partition, key)
        self.here.looked_for_use += 1
        await asyncio.sleep(0)
        if not self.here.is_in_use:
            raise ResourceNotFoundError
        return Row({}, "tag", None)


@dataclass
class Account:
    """One account's table, which gives a row that names it, or `fails`."""

    here: Here
    name: str | None
    fails: Exception | None = None

    async def get(self, partition: str, key: str, select: Any = ()) -> Row:
        self.here.asked.append(self.name)
        self.here.next()
        if self.fails:
            raise self.fails
        return Row({"from": self.name}, "tag", None)

    async def page(self, condition: str, top: Any, select: Any, token: Any) -> RowPage[Row]:
        return RowPage([await self.get("", "")], ("contoso", "x"), 0)

    async def write(self, write: Write) -> str:
        return str((await self.get("", ""))["from"])


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def placements(here: Here) -> Placements:
    return Placements(cast("Any", here), lambda: here.at, here.pause)


@pytest.fixture
def table(here: Here, placements: Placements) -> PartnerTable:
    gone = ResourceNotFoundError()
    return PartnerTable(
        "contoso", placements, lambda name: cast("Any", Account(here, name, gone if name == "gone" else None))
    )


async def test_a_registration_without_a_move_is_read_once_a_minute(here: Here, table: PartnerTable) -> None:
    for _ in range(3):
        await table.get("contoso", "lead|m1")
        await table.write(Write.upsert(ROW))
        here.later(19)
    assert (here.looked, set(here.asked)) == (1, {None})
    here.later(4)
    await table.get("contoso", "lead|m1")
    assert here.looked == 2


async def test_an_answer_that_takes_longer_than_a_move_is_announced_is_looked_after(
    here: Here, table: PartnerTable
) -> None:
    await table.get("contoso", "lead|m1")
    here.placement = THERE
    here.meanwhile.append(lambda: here.later(ANSWERED_WITHIN))
    with pytest.raises(ServiceResponseError):
        await table.write(Write.upsert(ROW))
    assert ANNOUNCED_FOR > ANSWERED_WITHIN
    assert await table.write(Write.upsert(ROW)) == "data2"


COPYING = UNMOVED.announced("data2")


@pytest.mark.parametrize("then", [COPYING, COPYING.given_up(), COPYING.announced("data2", "another run")])
async def test_what_is_written_while_copying_counts_if_nothing_was_frozen_by_then(
    here: Here, table: PartnerTable, then: Placement
) -> None:
    here.placement = COPYING
    here.then(then)
    assert await table.write(Write.upsert(ROW)) == "None"
    assert here.looked == 2


@pytest.mark.parametrize("then", [COPYING.moved(), COPYING.moved().announced(None)])
async def test_what_is_written_while_copying_does_not_count_if_it_may_be_left_behind(
    here: Here, table: PartnerTable, then: Placement
) -> None:
    here.placement = COPYING
    here.then(then)
    with pytest.raises(ServiceResponseError):
        await table.write(Write.upsert(ROW))
    assert here.asked == [None]


async def test_who_looks_whether_it_took_effect_looks_where_the_rows_went(here: Here, table: PartnerTable) -> None:
    here.placement = COPYING
    here.then(COPYING.frozen())
    here.meanwhile.append(lambda: None)
    here.then(COPYING.moved())
    with pytest.raises(ServiceResponseError):
        await table.write(Write.upsert(ROW))
    assert here.paused == 2
    assert (await table.get("contoso", "lead|m1"))["from"] == "data2"
    here.later(61)
    here.placement = THERE.announced(None)
    here.then(THERE.announced(None).frozen())
    with pytest.raises(Unavailable):
        await table.write(Write.upsert(ROW))


async def test_what_was_refused_may_have_met_what_is_left_behind(here: Here, placements: Placements) -> None:
    table = PartnerTable("contoso", placements, lambda name: cast("Any", Account(here, name, ResourceExistsError())))
    here.placement = COPYING
    here.then(COPYING.moved())
    with pytest.raises(ServiceResponseError):
        await table.write(Write.insert(ROW))
    here.placement = THERE
    with pytest.raises(ResourceExistsError):
        await table.write(Write.insert(ROW))


async def test_an_account_that_was_left_and_come_back_to_is_not_the_same(here: Here, table: PartnerTable) -> None:
    here.placement = COPYING
    here.then(COPYING.moved().announced(None).moved())
    with pytest.raises(ServiceResponseError):
        await table.write(Write.upsert(ROW))


@pytest.mark.parametrize("left", [None, "gone"])
async def test_what_is_read_where_a_move_has_ended_is_read_again_where_it_went(
    here: Here, table: PartnerTable, left: str | None
) -> None:
    here.placement = copying = Placement(left).announced("data2")
    here.then(copying.moved())
    assert (await table.get("contoso", "lead|m1"))["from"] == "data2"
    assert here.asked == [left, "data2"]


async def test_what_is_asked_while_frozen_waits_and_goes_where_the_rows_went(here: Here, table: PartnerTable) -> None:
    here.placement = frozen = UNMOVED.announced("data2").frozen()
    here.meanwhile = [lambda: None, lambda: None]
    here.then(frozen.moved())
    assert await table.write(Write.upsert(ROW)) == "data2"
    assert (here.paused, here.asked) == (3, ["data2"])
    here.placement = THERE.announced(None).frozen()
    here.later(61)
    with pytest.raises(Unavailable):
        await table.get("contoso", "lead|m1")
    assert (here.paused, here.asked) == (3 + FROZEN_LOOKS - 1, ["data2"])
    # Whoever comes later looks whether it still is, and does not wait.
    here.later(1)
    with pytest.raises(Unavailable):
        await table.write(Write.upsert(ROW))
    assert here.paused == 3 + FROZEN_LOOKS - 1


async def test_a_walk_goes_on_only_in_the_account_that_gave_its_token(here: Here, table: PartnerTable) -> None:
    here.placement = copying = UNMOVED.announced("data2")
    token = (await table.page("x")).token
    await table.page("x", token=token)
    here.placement = copying.moved()
    with pytest.raises(Unavailable):
        await table.page("x", token=token)
    assert (await table.page("x")).rows[0]["from"] == "data2"


async def test_a_walk_begins_where_its_first_answer_counted(here: Here, table: PartnerTable) -> None:
    here.placement = copying = UNMOVED.announced("data2")
    here.then(copying.moved())
    token = (await table.page("x")).token
    assert here.asked == [None, "data2"]
    assert (await table.page("x", token=token)).rows[0]["from"] == "data2"


async def test_what_is_known_of_a_move_is_as_old_as_anything(here: Here, placements: Placements) -> None:
    here.placement = COPYING
    assert (await placements.guess("contoso")).placement == COPYING
    here.placement = UNMOVED
    here.later(59)
    assert (await placements.guess("contoso")).placement == COPYING
    here.later(1)
    assert (await placements.guess("contoso")).placement == UNMOVED


async def test_without_further_accounts_it_is_looked_up_whether_there_ever_were_any(here: Here) -> None:
    placements = Placements(cast("Any", Lookup(here)), lambda: here.at, here.pause, in_use=False)
    here.placement = THERE
    first, second = await asyncio.gather(placements.guess("contoso"), placements.guess("fabrikam"))
    assert first.placement == second.placement == UNMOVED
    assert (here.looked, here.looked_for_use) == (0, 1)
    here.is_in_use = True
    here.later(59)
    assert (await placements.guess("contoso")).placement == UNMOVED
    here.later(1)
    for _ in range(2):
        assert (await placements.guess("contoso")).placement == THERE
    assert (here.looked, here.looked_for_use) == (1, 2)
    here.later(61)
    await placements.guess("contoso")
    assert (here.looked, here.looked_for_use) == (2, 2), "once used is used"


async def test_nothing_is_written_for_whom_nobody_registered_nor_beside_the_partner(
    here: Here, table: PartnerTable
) -> None:
    here.placement = None
    assert (await table.get("contoso", "lead|m1"))["from"] is None
    with pytest.raises(Unavailable):
        await table.write(Write.upsert(ROW))
    here.placement = UNMOVED
    for partition in ("contoso", "contoso|ann"):
        await table.write(Write.upsert(ROW | {"PartitionKey": partition}))
    for partition in ("contoso-2", "fabrikam|contoso"):
        with pytest.raises(ValueError, match="another partner"):
            await table.write(Write.upsert(ROW | {"PartitionKey": partition}))


async def test_whoever_asks_together_reads_a_registration_once(here: Here, placements: Placements) -> None:
    first = asyncio.ensure_future(placements.guess("contoso"))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(placements.guess("contoso")) for _ in range(5)]
    first.cancel()
    assert {(await other).placement for other in others} == {UNMOVED}
    assert here.looked == 1
    await placements.registration("contoso")
    await placements.guess("contoso")
    assert here.looked == 2
    placements.forget("contoso")
    await placements.guess("contoso")
    assert here.looked == 3


def test_partners_tables_are_those_whose_partitions_are_partners() -> None:
    assert set(keys.OF_PARTNERS) < set(keys.TABLES)
