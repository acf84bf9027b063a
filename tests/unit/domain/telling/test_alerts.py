"""The flame and the alerts (A1, A2)."""

from dataclasses import replace

from shared.domain.lead import Validity
from shared.domain.lifecycle import settle
from shared.domain.telling.alerts import alerts, flame
from tests.builders import AT, DAY, a_lead, accepted, informational


def test_a2_hot_for_72_hours_then_cooled_then_nothing() -> None:
    lead = a_lead()
    kinds = [(shown := flame(lead, at)) and shown.kind for at in (AT, AT + 3 * DAY)]
    assert kinds == ["flameHot", "flameCooled"]
    assert flame(accepted(lead), AT) is None
    assert flame(a_lead(ActionCode=""), AT) is None


def test_alerts_name_what_is_worth_knowing() -> None:
    def kinds(lead: object, at: object = AT) -> list[str]:
        return [alert.kind for alert in alerts(lead, at)]  # type: ignore[arg-type] # test shorthand

    assert kinds(a_lead()) == ["flameHot"]
    assert kinds(a_lead(), AT + 7 * DAY) == ["flameCooled", "expiresSoon"]
    assert kinds(informational()) == ["informational"]
    assert kinds(a_lead(ActionCode="DNC")) == ["doNotContact"]
    bad = replace(a_lead(), email_validity=Validity.SPAM, phone_validity=Validity.INVALID)
    assert kinds(bad) == ["flameHot", "spamEmail", "invalidPhone"]
    assert kinds(settle(a_lead(), AT + 20 * DAY).lead, AT + 20 * DAY) == []
    assert all(alert.message for alert in alerts(bad, AT))
