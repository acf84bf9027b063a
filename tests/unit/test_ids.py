"""Lead ids carry their time and sort newest first; key parts survive anything."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lead import Tab
from shared.ids import LEAD_ID, POSITION, created_at, digest, from_position, new_lead_id, position
from shared.storage import keys
from tests.builders import AT


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=5, unique=True), st.sampled_from(list(Tab)))
def test_ids_of_one_tab_sort_newest_first_and_tell_their_time(offsets: list[int], tab: Tab) -> None:
    times = sorted((AT + timedelta(milliseconds=offset) for offset in offsets), reverse=True)
    made = [new_lead_id(tab, at) for at in times]
    assert made == sorted(made)
    assert [created_at(one) for one in made] == times
    assert all(LEAD_ID.fullmatch(one) for one in made)


def test_positions_sort_both_tabs_together_and_lead_back() -> None:
    newer, older = new_lead_id(Tab.QUALIFIED, AT + timedelta(seconds=1)), new_lead_id(Tab.MARKETPLACE, AT)
    assert position(newer) < position(older)
    assert from_position(position(newer)) == newer
    assert POSITION.fullmatch(position(newer))
    assert not POSITION.fullmatch(newer)


def test_digests_keep_their_parts_apart() -> None:
    assert digest("a", "bc") != digest("ab", "c") != digest("a", "b", "c")


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_key_part_made_of_any_text_is_legal_short_and_its_own(one: str, other: str) -> None:
    made = keys.safe(one)
    assert made.isascii()
    assert 0 < len(made) <= 200
    assert not set(made) & set("/\\#?|'")
    assert made.isprintable()
    assert (made == keys.safe(other)) == (one == other)
