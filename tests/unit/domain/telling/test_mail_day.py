"""Mail days (N2)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.telling.mail_day import Gathering, MailDay, counted, day_of, key_of_subject, next_day
from tests.builders import AT

ZONES = ["UTC", "Europe/Stockholm", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"]


instants = st.integers(1_704_067_200, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(at=instants, zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
def test_n2_every_instant_is_in_one_day_and_days_follow_each_other(at: datetime, zone: str, hour: int) -> None:
    where = ZoneInfo(zone)
    day = day_of(at, where, hour)
    assert at < day.ends <= at + timedelta(hours=26)
    following = next_day(day, where, hour)
    assert (following.key > day.key, following.ends > day.ends) == (True, True)
    assert day_of(day.ends - timedelta(milliseconds=1), where, hour) == day
    assert day_of(day.ends, where, hour) == following


@given(
    at=instants,
    zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
    hours=st.tuples(*[st.integers(0, 23)] * 2),
)
def test_n2_the_day_after_a_closed_one_is_later_whatever_was_changed_meanwhile(
    at: datetime, zones: tuple[str, str], hours: tuple[int, int]
) -> None:
    closed = day_of(at, ZoneInfo(zones[0]), hours[0])
    assert next_day(closed, ZoneInfo(zones[1]), hours[1]).key > closed.key


@pytest.mark.parametrize(
    ("at", "hour", "key", "ends"),
    [
        # Clocks go forward at 02:00 on 2026-03-29 in Stockholm, and back at 03:00 on 2026-10-25.
        ("2026-03-28T22:59:59Z", 0, "2026-03-28", "2026-03-28T23:00:00Z"),
        ("2026-03-28T23:00:00Z", 0, "2026-03-29", "2026-03-29T22:00:00Z"),
        ("2026-10-24T22:00:00Z", 0, "2026-10-25", "2026-10-25T23:00:00Z"),
        ("2026-03-29T00:59:59Z", 2, "2026-03-28", "2026-03-29T01:00:00Z"),
        ("2026-10-25T00:30:00Z", 2, "2026-10-25", "2026-10-26T01:00:00Z"),
        ("2026-10-25T01:30:00Z", 2, "2026-10-25", "2026-10-26T01:00:00Z"),
    ],
)
def test_n2_days_when_the_clocks_change(at: str, hour: int, key: str, ends: str) -> None:
    day = day_of(datetime.fromisoformat(at), ZoneInfo("Europe/Stockholm"), hour)
    assert (day.key, day.ends) == (key, datetime.fromisoformat(ends))


@pytest.mark.parametrize("gathering", Gathering)
def test_n2_a_days_subject_names_its_day_and_what_it_gathers(gathering: Gathering) -> None:
    day = day_of(datetime.fromisoformat("2026-11-21T20:04:00Z"), ZoneInfo("UTC"), 0, gathering)
    assert day.gathering is gathering
    assert day.subject == f"{gathering}20261121"
    assert key_of_subject(day.subject) == day.key
    assert next_day(day, ZoneInfo("UTC"), 0).subject == f"{gathering}20261122"


def test_n2_ten_go_alone_and_the_eleventh_is_held() -> None:
    day = MailDay("2026-11-21", AT)
    alone = []
    for _ in range(12):
        day, single = counted(day, 10)
        alone.append(single)
    assert alone == [True] * 10 + [False] * 2
    assert (day.total, day.held) == (12, 2)
