"""What the mail service finds out later: a bounce marks the address, the next contact hears of the lead (N1, V1)."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from azure.functions._eventgrid import EventGridEvent

from functions.mail_reports import REPORTED
from local.functions import Context, Function, call_event
from shared.domain.errors import Unavailable
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.programme.profile import Contact, Location, Profile
from shared.domain.telling.mails import Mail, MailState
from shared.domain.telling.preferences import Preferences
from shared.ids import bounced_key
from shared.ports.rules import Rules
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.mail_reports import ARRIVED, TAKES_NO_MAIL, Report, take_report
from tests.builders import AT, DAY, submission_body
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import answer, budget, submit, wish, wishes
from tests.sweeps.test_telling_breaks import Died, breaking
from tests.unit.usecases.telling.test_deliver_mail import run, sent

LENA = Contact("Lena", "lena@contoso.example", None, "sv")
PROFILE = Profile("Contoso", published=True, locations=(Location("HQ", "SE", None, (LENA,)),))
HOUR = timedelta(hours=1)


async def world(source: LeadSource) -> tuple[FakePorts, str, Mail]:
    """A lead whose mail to Lena the service has taken."""
    ports = fake_ports(Rules(operator_mail="operator@programme.example"))
    partner = source.partner_id or ""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT, operator_contact="op@contoso.example"))
    await ports.listings.put_profile(partner, PROFILE, None)
    made = await submit(ports, source)
    await run(ports)
    (mail,) = await ports.mails.mails(partner, made.lead_id)
    assert (mail.to, mail.state) == ("lena@contoso.example", MailState.DELIVERED)
    return ports, partner, mail


async def report(ports: FakePorts, mail: Mail, what: Report, at: datetime = AT + HOUR) -> None:
    await take_report(ports=ports, operation_id=mail.operation_id, report=what, at=at)


@pytest.mark.parametrize("what", [one for one in Report if one not in ARRIVED])
async def test_the_next_contact_is_told_when_a_mail_did_not_arrive(source: LeadSource, what: Report) -> None:
    ports, partner, mail = await world(source)
    for _ in range(3):
        await report(ports, mail, what)
        await run(ports, AT + HOUR)
    assert [letter.to for letter in sent(ports)] == ["lena@contoso.example", "op@contoso.example"]
    first, second = await ports.mails.mails(partner, mail.subject)
    assert (first.state, first.problem) == (MailState.FAILED, what)
    assert (second.to, second.state, second.why) == ("op@contoso.example", MailState.DELIVERED, "partner")
    muted = (await wishes(ports, partner)).muted_addresses
    assert muted == (("lena@contoso.example",) if what in TAKES_NO_MAIL else ())


@pytest.mark.parametrize("what", ARRIVED)
async def test_what_arrived_stays_as_it_is_and_is_not_remembered(source: LeadSource, what: Report) -> None:
    ports, partner, mail = await world(source)
    await report(ports, mail, what)
    await run(ports, AT + HOUR)
    assert await ports.mails.mails(partner, mail.subject) == [mail]
    assert await ports.mails.origin(mail.operation_id) is None


async def test_nobody_is_told_of_a_lead_that_was_answered_meanwhile(source: LeadSource) -> None:
    ports, partner, mail = await world(source)
    await answer(ports, source, mail.subject)
    await report(ports, mail, Report.BOUNCED)
    await run(ports, AT + HOUR)
    assert len(sent(ports)) == 1
    assert [one.state for one in await ports.mails.mails(partner, mail.subject)] == [
        MailState.FAILED,
        MailState.SKIPPED,
    ]


async def test_a_report_of_a_stranger_changes_nothing(source: LeadSource) -> None:
    ports, partner, mail = await world(source)
    await report(ports, replace(mail, operation_id="someone's"), Report.BOUNCED)
    assert await ports.mails.mails(partner, mail.subject) == [mail]


async def test_v1_a_customer_whose_mail_bounced_is_invalid_from_the_next_lead_on(source: LeadSource) -> None:
    ports, partner, first = await world(source)
    await answer(ports, source, first.subject, LeadAction(Action.DECLINE, reason="budget"))
    await run(ports)
    mail = next(one for one in await ports.mails.mails(partner, first.subject) if one.to == "customer")
    await report(ports, mail, Report.BOUNCED)
    assert (await ports.partners.contact_lists(AT + DAY)).bounced == {bounced_key("ada.berg@northwind.example")}
    assert await ports.preferences.unwanted(partner) == {}


async def test_an_address_that_works_again_is_taken_off_by_whoever_puts_the_preferences(source: LeadSource) -> None:
    ports, partner, mail = await world(source)
    await report(ports, mail, Report.BOUNCED)
    await ports.preferences.add_unwanted(partner, "max@contoso.example", "unsubscribed")
    both = ("lena@contoso.example", "max@contoso.example")
    kept = await wish(ports, partner, Preferences(muted_addresses=both))
    assert kept.muted_addresses == both
    assert (await ports.preferences.get(partner) or Preferences()).muted_addresses == (), "no copies"
    again = await wish(ports, partner, Preferences())
    assert again.muted_addresses == ("max@contoso.example",)
    await submit(ports, source, submission_body(Company="next"), at=AT + DAY)
    await run(ports, AT + DAY)
    assert sent(ports)[-1].to == "lena@contoso.example"


@pytest.mark.parametrize("dies", [False, True], ids=["one call fails", "the process dies"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_whatever_step_breaks_the_next_contact_is_told_once(source: LeadSource, after: bool, dies: bool) -> None:
    for failing in range(100):
        ports, _, mail = await world(source)
        broken, count = breaking(ports, failing, after=after, dies=dies)
        with suppress(Unavailable, Died):
            await report(broken, mail, Report.BOUNCED)
        # The service reports again until it hears that the report was taken.
        await report(ports, mail, Report.BOUNCED)
        await run(ports, AT + HOUR)
        assert [letter.to for letter in sent(ports)] == ["lena@contoso.example", "op@contoso.example"]
        assert ports.mailer.count == 2
        if count[0] <= failing:
            break
    assert 8 <= failing < 99


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("Microsoft.Communication.EmailEngagementTrackingReportReceived", {"messageId": "x", "status": "Bounced"}),
        (REPORTED, {}),
        (REPORTED, {"messageId": "x", "status": "Eaten"}),
        (REPORTED, {"messageId": "x" * 1000, "status": "Bounced"}),
        (REPORTED, {"messageId": None, "status": ["Bounced"]}),
    ],
)
async def test_an_event_that_is_no_report_is_dropped(kind: str, data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from functions import mail_reports as module

    async def never(**_: Any) -> None:
        raise AssertionError("it was taken for a report")

    monkeypatch.setattr(module, "take_report", never)
    builder: Any = module.mail_reports
    event: func.EventGridEvent = EventGridEvent(
        id="1", data=data, topic="", subject="", event_type=kind, event_time=None, data_version="1.0"
    )
    monkeypatch.setattr(module.app, "current", lambda: None)
    await builder(event, Context("mail_reports", {}))


@pytest.mark.parametrize(
    "event",
    [
        {"id": "1", "eventType": REPORTED, "topic": "t", "subject": "s", "dataVersion": "1.0", "eventTime": None},
        {"id": "1", "type": REPORTED, "source": "t", "specversion": "1.0", "time": "2026-11-21T20:04:27Z"},
    ],
)
async def test_a_report_is_read_in_event_grids_schema_and_as_a_cloud_event(
    event: dict[str, Any], source: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions import mail_reports as module

    taken: list[tuple[str, Report]] = []

    async def take(*, operation_id: str, report: Report, **_: Any) -> None:
        taken.append((operation_id, report))

    monkeypatch.setattr(module, "take_report", take)
    monkeypatch.setattr(module.app, "current", lambda: SimpleNamespace(ports=None))
    builder: Any = module.mail_reports
    function = Function("mail_reports", builder._function.get_user_function(), {"type": "eventGridTrigger"})
    assert await call_event(function, event | {"data": {"messageId": "op", "status": "Bounced"}})
    assert taken == [("op", Report.BOUNCED)]


@pytest.mark.parametrize("what", [Report.BOUNCED, Report.DELIVERED])
async def test_a_report_that_comes_while_a_worker_asks_holds_up_no_other_mail(
    source: LeadSource, what: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = fake_ports(Rules(operator_mail="operator@programme.example"))
    partner = source.partner_id or ""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT, operator_contact="op@contoso.example"))
    await ports.listings.put_profile(partner, PROFILE, None)
    first = await submit(ports, source)
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    # A second later, so that it stands behind the first in its lane.
    await submit(ports, source, submission_body(Company="second"), at=AT + timedelta(seconds=1))
    (mail,) = await ports.mails.mails(partner, first.lead_id)
    real = ports.mailer.status
    reported = []

    async def status(operation_id: str) -> Any:
        if not reported:
            reported.append(operation_id)
            with suppress(Unavailable):
                await report(ports, mail, what, AT + timedelta(seconds=11))
        return await real(operation_id)

    monkeypatch.setattr(ports.mailer, "status", status)
    later = AT + timedelta(seconds=11)
    done = await deliver_events(ports=ports, now=lambda: later, budget=budget())
    assert (done.failed, reported) == (0, [mail.operation_id])
    assert len(sent(ports)) == 2, "the second lead's mail did not wait"
    # The service reports again, since the worker had the lane.
    await report(ports, mail, what, later + timedelta(seconds=30))
    await run(ports, later + timedelta(seconds=31))
    told = [(letter.to.split("@")[0], letter.subject.split(": ")[1]) for letter in sent(ports)]
    bounced = [("lena", "Northwind Traders"), ("op", "second"), ("op", "Northwind Traders")]
    assert told == (bounced if what is Report.BOUNCED else [("lena", "Northwind Traders"), ("lena", "second")])
