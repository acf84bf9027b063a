"""The pure rules of telling: mail days, delays, quotas, recommendations (N2, N5, W2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lifecycle import Activity, ActivityKind, log_activity
from shared.domain.telling.dispatch import Dispatch, order_of
from shared.domain.telling.mail_day import Gathering, MailDay, counted, day_of, key_of_subject, next_day
from shared.domain.telling.preferences import language
from shared.domain.telling.quota import Quota
from shared.domain.telling.recommendations import about_lead, about_webhook
from shared.domain.telling.retry import DELAYS, GIVE_UP_AFTER, lane_waits, next_try
from shared.domain.telling.webhooks import Webhook, WebhookState
from shared.storage import keys
from tests.builders import ANN, AT, DAY, a_lead, accepted

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


@given(st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_w2_delays_grow_with_jitter_and_end_after_three_days(jitters: list[float]) -> None:
    at, tries = AT, [AT]
    for failures, jitter in enumerate(jitters, 1):
        following = next_try(AT, failures, at, jitter, None)
        if following is None:
            break
        at = following
        tries.append(at)
    assert tries[-1] == AT + GIVE_UP_AFTER
    assert 12 <= len(tries) <= 20
    for number, (before, after) in enumerate(pairwise(tries[:-1])):
        delay = DELAYS[min(number, len(DELAYS) - 1)]
        assert delay * 0.8 <= after - before <= delay * 1.2
    assert next_try(AT, 1, AT, 0.5, timedelta(hours=5)) == AT + timedelta(hours=5)
    assert next_try(AT, 1, AT, 0.5, timedelta(days=30)) == AT + GIVE_UP_AFTER


def test_w2_a_lane_waits_longer_after_each_failed_turn_in_a_row() -> None:
    waits = [lane_waits(n) for n in range(12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[1], waits[11]) == (timedelta(), timedelta(seconds=5), timedelta(minutes=15))
    assert sum(waits[:4], timedelta()) == timedelta(seconds=50), "who was down for so long hears within half a minute"


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


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("de-AT", "de"), ("pt", "pt-BR"), ("PT_br", "pt-BR"), ("fr", "en"), (None, "en"), ("", "en"), ("SV", "sv")],
)
def test_n4_the_nearest_language(tag: str | None, expected: str) -> None:
    assert language(tag) == expected


@given(instants, st.sampled_from(["", "m" + "0" * 28]), st.integers(0, 10**9))
def test_an_events_id_names_its_order(at: datetime, lead_id: str, sequence: int) -> None:
    one = Dispatch("lead.won", at.replace(microsecond=at.microsecond // 1000 * 1000), lead_id, sequence)
    assert order_of(one.id) == one.order


@given(st.text(max_size=60))
def test_what_is_no_events_id_is_none_or_harmless(text: str) -> None:
    order = order_of(text)
    key = keys.in_order(*order) if order else ""
    assert all(c.isascii() and (c.isalnum() or c in "-:.|") for c in key)


# --- N5 --------------------------------------------------------------------------------------------------------------


def kinds(lead: object, at: datetime) -> list[str]:
    return sorted(one.kind for one in about_lead(lead, at))  # type: ignore[arg-type] # a lead


def test_n5_a_received_lead_is_hot_then_new_then_overdue_then_expiring() -> None:
    """Overdue after a day without an answer (A5)."""
    lead = a_lead()
    assert kinds(lead, AT) == ["hotLead"]
    assert kinds(lead, AT + DAY) == ["contactOverdue", "hotLead"]
    assert kinds(lead, AT + 3 * DAY) == ["contactOverdue", "newLead"]
    assert kinds(lead, AT + 7 * DAY) == ["contactOverdue", "expiresSoon", "newLead"]
    called = log_activity(lead, Activity(ActivityKind.CALL), at=AT, by=ANN).lead
    assert kinds(called, AT + DAY) == ["hotLead"]
    assert kinds(replace(lead, is_test=True), AT + DAY) == []


def test_n5_expiry_is_raised_again_on_days_12_and_13() -> None:
    ids = [next(one.id for one in about_lead(a_lead(), AT + n * DAY) if one.kind == "expiresSoon") for n in (7, 12, 13)]
    assert len({one.rsplit("-", 1)[1] for one in ids}) == 3


def test_n5_an_accepted_lead_is_untouched_after_two_weeks_of_nothing() -> None:
    lead = accepted(a_lead())
    assert kinds(lead, AT + 14 * DAY - timedelta(seconds=1)) == []
    assert kinds(lead, AT + 14 * DAY) == ["untouched"]


def test_n5_a_disabled_webhook_asks_for_its_owner() -> None:
    hook = Webhook("0" * 16, "https://a.example", ("lead.won",), AT, state=WebhookState.ACTIVE)
    assert list(about_webhook(hook)) == []
    (one,) = about_webhook(replace(hook, state=WebhookState.DISABLED, disabled_at=AT))
    assert (one.kind, one.lead_id, one.created_at) == ("webhookDisabled", None, AT)
