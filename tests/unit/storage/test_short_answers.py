"""Storage may end an answer anywhere, so that one row comes and what stands behind it does not."""

from dataclasses import dataclass, field
from typing import Any, cast

from shared.domain.telling.dispatch import Lane
from shared.ids import new_source_id
from shared.storage import codec, keys
from shared.storage.rest.service import RowPage
from shared.storage.rest.wire import Row
from shared.storage.telling.lane_store import TableLaneStore, dispatch_row
from tests.contract.test_telling_ports import dispatch


@dataclass
class Answers:
    """Stands where tables stand, and gives these answers one after the other."""

    pages: list[RowPage[Row]]
    asked: list[str] = field(default_factory=list)

    def of(self, partner_id: str, name: str) -> "Answers":
        return self

    async def page(self, condition: str, top: int, select: Any, token: Any) -> RowPage[Row]:
        self.asked.append(condition)
        return self.pages.pop(0)


async def test_what_waits_is_asked_for_where_the_lane_came_alone() -> None:
    destination, waits = new_source_id(), dispatch()
    lane = Row({"RowKey": keys.lane(destination), **codec.dump(Lane())}, "tag", None)
    waiting = Row(dispatch_row("contoso", destination, waits), "tag", None)
    answers = Answers([RowPage([lane], ("contoso", "x"), 0), RowPage([waiting], None, 0)])
    found, page = await TableLaneStore(cast("Any", answers)).look("contoso", destination, 9)
    assert (found.tag, page) == ("tag", ([waits], None))
    assert f"RowKey gt '{keys.waiting(destination)}'" in answers.asked[1]
