"""The rules of time (A1–A5)."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.agenda import Hint, HintKind
from shared.domain.deadlines import deadline, hints
from shared.domain.instants import add_months, stamp
from tests.builders import AT, DAY, a_lead, informational


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-08-31", "2027-02-28"),
        ("2027-08-31", "2028-02-29"),
        ("2026-08-29", "2027-02-28"),
        ("2028-02-29", "2028-08-29"),
        ("2026-11-21", "2027-05-21"),
        ("2026-12-31", "2027-06-30"),
        ("2026-03-30", "2026-09-30"),
    ],
)
def test_a3_six_calendar_months_clamped_to_the_months_end(start: str, end: str) -> None:
    at = datetime.fromisoformat(start).replace(hour=23, minute=59, tzinfo=UTC)
    assert add_months(at, 6) == datetime.fromisoformat(end).replace(hour=23, minute=59, tzinfo=UTC)


def test_a_stamp_is_utc_in_milliseconds_and_sorts_as_time_does() -> None:
    assert stamp(AT) == "2026-11-21T20:04:27.123Z"
    times = [datetime(99, 1, 1, tzinfo=UTC), AT, AT + timedelta(milliseconds=1), AT + DAY, AT + 400 * DAY]
    assert sorted(map(stamp, times)) == [stamp(at) for at in times]


def test_a_received_lead_has_a_hint_for_its_expiry_and_its_flame() -> None:
    lead = a_lead()
    assert set(hints(lead)) == {
        Hint(HintKind.EXPIRE, AT + 14 * DAY, "contoso", lead.id),
        Hint(HintKind.COOL, AT + 3 * DAY, "contoso", lead.id),
        Hint(HintKind.REMIND, AT + 7 * DAY, "contoso", lead.id),
    }
    assert deadline(lead) == AT + 14 * DAY


def test_an_informational_lead_has_a_hint_for_its_archival() -> None:
    lead = informational()
    assert hints(lead) == (Hint(HintKind.ARCHIVE, add_months(AT, 6), "contoso", lead.id),)


def test_t9_a_test_lead_never_expires() -> None:
    lead = a_lead(Email="MSFT_TEST_1@test.com")
    assert lead.is_test
    assert lead.expires_at is None
    assert deadline(lead) is None
    assert lead.flame_until is None
    assert hints(lead) == ()
