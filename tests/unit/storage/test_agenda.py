"""Where hints stand, and how the rows of several shards become one list."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agenda import Hint, HintKind
from shared.storage import keys
from shared.storage.agenda import TableAgenda, in_order
from shared.storage.rest.service import RowPage
from shared.storage.rest.wire import Row
from tests.builders import AT, DAY
from tests.unit.storage.test_short_answers import Answers


def _row(key: str, tries: int = 0) -> Row:
    return Row({"RowKey": key, "tries": tries, "cause": ""}, "", None)


@given(st.lists(st.lists(st.tuples(st.text("abc", min_size=1, max_size=3), st.integers(0, 3)), max_size=8)), st.data())
def test_the_first_of_all_shards_are_in_order_each_once_and_no_more_than_asked_for(
    shards: list[list[tuple[str, int]]], data: st.DataObject
) -> None:
    everything = {key for shard in shards for key, _ in shard}
    top = data.draw(st.integers(0, len(everything) + 1))
    pages = [[_row(*each) for each in sorted(dict(shard).items())] for shard in shards]
    found = in_order(pages, top)
    assert [row["RowKey"] for row in found] == sorted(everything)[:top]
    for row in found:
        tried = [dict(shard)[row["RowKey"]] for shard in shards if row["RowKey"] in dict(shard)]
        assert row["tries"] == max(tried)


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=64), st.integers(1, 64))
def test_a_partner_has_one_shard_of_those_there_are(partner_id: str, number: int) -> None:
    assert keys.shard(partner_id, number) in keys.shards(number)
    assert keys.shard(partner_id, 1) == keys.AGENDA_SHARD


def test_no_layout_shares_more_than_its_first_shard_with_another() -> None:
    shards = [shard for number in range(1, 65) for shard in keys.shards(number)[1:]]
    assert len(set(shards)) == len(shards) == sum(range(64))
    assert {keys.shards(number)[0] for number in range(1, 65)} == {keys.AGENDA_SHARD}


@pytest.mark.parametrize(("partner", "shard"), [("contoso", "8.1"), ("northwind", "0")])
def test_where_a_partners_hints_stand_never_changes(partner: str, shard: str) -> None:
    """Another hash would be another layout under the same name."""
    assert keys.shard(partner, 8) == shard


@pytest.mark.parametrize("kind", HintKind)
def test_marks_stand_before_every_hint_of_their_kind(kind: HintKind) -> None:
    low, high = keys.hints_until(kind, AT)
    hint = keys.hint(Hint(kind, AT - 20_000 * DAY, "contoso", "m1"))
    assert low < keys.mark(kind) < low + keys.PAST_MARKS < hint < high
    assert keys.is_mark(keys.mark(kind))
    assert not keys.is_mark(hint)


class OfShards(Answers):
    """Nobody has another number of shards."""

    def __getitem__(self, name: str) -> "OfShards":
        return self

    async def rows(self, condition: str, select: Any) -> list[Row]:
        assert condition.startswith(f"PartitionKey eq '{keys.LAYOUTS}'")
        return []


async def test_a_shard_whose_answer_was_short_holds_up_no_other() -> None:
    hints = [Hint(HintKind.COOL, AT + n * DAY, "contoso", f"m{n}") for n in range(3)]
    first, second, third = (_row(keys.hint(hint)) for hint in hints)
    answers = OfShards([RowPage([first], ("0", "x"), 0), RowPage([second, third], None, 0)])
    found = await TableAgenda(cast("Any", answers), 2).due(HintKind.COOL, AT + 9 * DAY, 9)
    assert [late.hint for late in found] == hints
