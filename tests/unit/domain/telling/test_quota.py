"""How many mails may go."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.telling.quota import Quota
from tests.builders import AT


@pytest.mark.parametrize("bulk", [False, True])
@given(waits=st.lists(st.floats(0, 900), max_size=80))
def test_a_quota_is_never_exceeded(waits: list[float], bulk: bool) -> None:
    quota, at, taken = Quota.full(3, 5, AT), AT, []
    for wait in waits:
        at += timedelta(seconds=wait)
        quota = quota.refilled(at)
        while quota.allows(bulk=bulk):
            quota = quota.taken()
            taken.append(at)
        assert quota.refilled(quota.next_at(bulk=bulk)).allows(bulk=bulk)
    for start in taken:
        assert sum(start <= one < start + timedelta(minutes=1) for one in taken) <= 6
        assert sum(start <= one < start + timedelta(hours=1) for one in taken) <= 10


@pytest.mark.parametrize(("per_minute", "per_hour", "bulk"), [(30, 100, 24), (5, 10, 4), (1, 1, 1)])
def test_bulk_mails_leave_some_for_new_leads(per_minute: int, per_hour: int, bulk: int) -> None:
    quota, taken = Quota.full(per_minute, per_hour, AT), 0
    while quota.allows(bulk=True):
        quota, taken = quota.taken(), taken + 1
    assert taken == bulk
    while quota.allows(bulk=False):
        quota, taken = quota.taken(), taken + 1
    assert taken == per_minute
