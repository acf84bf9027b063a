"""A look at feedback ends in time, however little of it is found, and goes on where it ended (M8)."""

import re
from dataclasses import dataclass, field
from typing import Any, cast

from shared.domain.feedback import Feedback, FeedbackFilter
from shared.ids import FEEDBACK_CURSOR
from shared.storage.outcomes.feedback_store import TableFeedbackStore, _line
from shared.storage.rest.service import RowPage
from shared.storage.rest.wire import Row
from tests.contract.test_feedback_store import MINUTE, said


@dataclass
class Slow:
    """Stands where tables stand: it looks through a few of these lines for each answer, and finds what it may."""

    lines: list[dict[str, Any]]
    looks: int
    finds: str
    asked: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> "Slow":
        return self

    async def page(self, condition: str, top: int | None, select: Any, token: Any) -> RowPage[Row]:
        self.asked.append(condition)
        low, high = re.findall(r"RowKey [gl]t '([^']*)'", condition)
        start = token[1] if token else ""
        behind = [line for line in self.lines if low < line["RowKey"] < high and line["RowKey"] >= start]
        looked = behind[: self.looks] if "rating" in condition else behind[:top]
        rest = behind[len(looked) :]
        found = [Row(one, "", None) for one in looked if "rating" not in condition or one["partner"] == self.finds]
        return RowPage(found, ("0", rest[0]["RowKey"]) if rest else None, 0)


async def test_m8_a_page_that_found_nothing_in_time_goes_on_behind_what_was_looked_at() -> None:
    made: list[Feedback] = [said("other" if n % 5 else "mine", n // 2) for n in range(20)]
    lines = sorted((_line(one) for one in made), key=lambda line: line["RowKey"])
    slow = Slow(lines, 3, "mine")
    store = TableFeedbackStore(cast("Any", slow))
    wanted, found, after, pages = FeedbackFilter(ratings=frozenset({4})), [], None, 0
    while pages == 0 or after is not None:
        page = await store.page(wanted, after, 50, lambda: True)
        found, after, pages = found + page.items, page.next, pages + 1
        assert after is None or FEEDBACK_CURSOR.fullmatch(after)
    expected = [one.updated_at for one in made if one.partner_id == "mine"]
    assert [one.updated_at for one in found] == sorted(expected, reverse=True)
    assert pages > 4
    # A page costs at most the look and a question for where it ended.
    assert len(slow.asked) <= 2 * pages
    assert made[-1].updated_at - made[0].updated_at == 9 * MINUTE
