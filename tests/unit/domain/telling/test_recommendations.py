"""What the notification centre recommends (N5)."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.lead import Lead
from shared.domain.lifecycle import Activity, ActivityKind, log_activity
from shared.domain.telling.recommendations import about_webhook, recommended, standing
from shared.domain.telling.webhooks import Webhook, WebhookState
from tests.builders import ANN, AT, DAY, a_lead, accepted


def kinds(lead: Lead, at: datetime) -> list[str]:
    return sorted(one.kind for one in recommended(standing(lead), at))


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
    lead = standing(a_lead())
    ids = [next(one.id for one in recommended(lead, AT + n * DAY) if one.kind == "expiresSoon") for n in (7, 12, 13)]
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
