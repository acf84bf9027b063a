"""Ids of events."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.telling.dispatch import Dispatch, order_of
from shared.storage import keys

instants = st.integers(1_704_067_200, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(instants, st.sampled_from(["", "m" + "0" * 28]), st.integers(0, 10**9))
def test_an_events_id_names_its_order(at: datetime, lead_id: str, sequence: int) -> None:
    one = Dispatch("lead.won", at.replace(microsecond=at.microsecond // 1000 * 1000), lead_id, sequence)
    assert order_of(one.id) == one.order


@given(st.text(max_size=60))
def test_what_is_no_events_id_is_none_or_harmless(text: str) -> None:
    order = order_of(text)
    key = keys.in_order(*order) if order else ""
    assert all(c.isascii() and (c.isalnum() or c in "-:.|") for c in key)
