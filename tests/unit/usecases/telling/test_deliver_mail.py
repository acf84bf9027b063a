"""Who is mailed, when and how often (N1, N2, N3, N6, A1, L3): each mail once, whatever breaks off where."""

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.agenda import HintKind
from shared.domain.deadlines import Windows
from shared.domain.errors import Unavailable
from shared.domain.lead import Actor, Sender
from shared.domain.lifecycle import Action, LeadAction, remind
from shared.domain.notify import MailKind
from shared.domain.programme.partner import Door, LeadSource, Partner, Takes
from shared.domain.programme.profile import Contact, Location, Profile
from shared.domain.telling.mails import Mail, MailState
from shared.domain.telling.preferences import Preferences
from shared.ids import bounced_key
from shared.ports.delivery import Letter, MailAnswer, Sending
from shared.ports.rules import Rules
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.receive_lead import receive_lead
from shared.usecases.leads.read_leads import read_history, read_mails
from shared.usecases.leads.record_due import run_due
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.preferences import unsubscribe
from shared.usecases.telling.publish import publish_events
from shared.usecases.telling.send_digests import send_digests
from tests.builders import AT, DAY, submission_body
from tests.fakes.delivery import FakeMailer
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import answer, budget, submit, wish, wishes

MINUTE = timedelta(minutes=1)
LENA = Contact("Lena", "lena@contoso.example", None, "sv")
MAX = Contact("Max", "max@contoso.example", None, "de")
PROFILE = Profile("Contoso", published=True, locations=(Location("HQ", "SE", None, (LENA,)),))


@pytest.fixture
async def ports() -> FakePorts:
    return fake_ports(Rules(operator_mail="operator@programme.example", mails_per_minute=1000, mails_per_hour=1000))


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> str:
    """The source's partner, with one contact in Sweden."""
    assert source.partner_id is not None
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT, operator_contact="op@contoso.example"))
    await ports.listings.put_profile(source.partner_id, PROFILE, None)
    return source.partner_id


async def run(ports: FakePorts, at: datetime = AT) -> None:
    """Two runs of the timer: one hands mails over, one hears what became of them."""
    for wait in (timedelta(), timedelta(seconds=11)):
        await deliver_events(ports=ports, now=lambda wait=wait: at + wait, budget=budget())


def mailer(ports: FakePorts) -> FakeMailer:
    return ports.mailer


def sent(ports: FakePorts) -> list[Letter]:
    return list(mailer(ports).sent.values())


async def mails(ports: FakePorts, partner: str, lead_id: str) -> list[Mail]:
    return list(await ports.mails.mails(partner, lead_id))


# --- Who (N1) --------------------------------------------------------------------------------------------------------


async def test_n1_a_contact_me_lead_is_mailed_in_the_contacts_language(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = await submit(ports, source)
    await run(ports)
    (letter,) = sent(ports)
    assert (letter.to, letter.subject) == ("lena@contoso.example", "Ny lead: Northwind Traders")
    (mail,) = await mails(ports, partner, made.lead_id)
    assert (mail.to, mail.why, mail.state, mail.language) == (
        "lena@contoso.example",
        "country",
        MailState.DELIVERED,
        "sv",
    )


@pytest.mark.parametrize(
    ("changes", "location", "expected"),
    [
        ({}, "HQ", [("lena@contoso.example", "location")]),
        ({"preferred_email": "all@contoso.example"}, "HQ", [("all@contoso.example", "preferred")]),
        ({"muted_addresses": ("LENA@contoso.example",)}, "HQ", [("max@contoso.example", "profile")]),
        ({}, "Berlin", [("max@contoso.example", "location")]),
        ({}, "Nowhere", [("lena@contoso.example", "country")]),
        (
            {"muted_addresses": ("lena@contoso.example", "max@contoso.example")},
            None,
            [("op@contoso.example", "partner")],
        ),
        (
            {"muted_addresses": ("lena@contoso.example", "max@contoso.example", "op@contoso.example")},
            None,
            [("operator@programme.example", "operator")],
        ),
    ],
)
async def test_n1_the_first_of_the_partners_wishes_that_has_an_address(
    ports: FakePorts, source: LeadSource, partner: str, changes: dict[str, Any], location: str | None, expected: Any
) -> None:
    berlin = Location("Berlin", "DE", None, (MAX,))
    await ports.listings.put_profile(partner, replace(PROFILE, locations=(*PROFILE.locations, berlin)), None)
    await ports.preferences.put(partner, replace(Preferences(), **changes))
    inquiry = {"customer": {"company": "F", "country": "Sweden"}, "share": True, "location": location}
    made = await submit(ports, source, inquiry)
    await run(ports)
    found = await mails(ports, partner, made.lead_id)
    assert [(one.to, one.why) for one in found if one.state is MailState.DELIVERED] == expected
    left_out = {one.to: one.problem for one in found if one.state is MailState.SKIPPED}
    assert set(left_out.values()) <= {"muted"}
    if location == "HQ" and changes.get("muted_addresses"):
        assert left_out == {"lena@contoso.example": "muted"}, "why an address was not chosen is on record"


@pytest.mark.parametrize(
    ("body", "kinds", "count"),
    [
        (submission_body(ActionCode="INS"), list(MailKind), 0),
        (submission_body(ActionCode=""), list(MailKind), 0),
        (submission_body(ActionCode="DNC"), list(MailKind), 0),
        (submission_body(FirstName="MSFT_TEST_1"), list(MailKind), 0),
        (submission_body(), [MailKind.PROFILE], 0),
        (submission_body(), [MailKind.CONTACT_ME], 1),
        ({"customer": {"company": "F"}, "share": True}, [MailKind.PROFILE], 1),
    ],
)
async def test_n1_which_leads_are_mailed(
    ports: FakePorts, source: LeadSource, partner: str, body: Any, kinds: list[MailKind], count: int
) -> None:
    await ports.preferences.put(partner, replace(Preferences(), mail_kinds=tuple(kinds)))
    await submit(ports, source, body)
    await run(ports)
    assert len(sent(ports)) == count


async def test_a_lead_that_was_answered_meanwhile_is_not_mailed(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = await submit(ports, source)
    await publish_events(ports=ports, at=AT, budget=budget())
    await answer(ports, source, made.lead_id)
    await run(ports)
    (mail,) = await mails(ports, partner, made.lead_id)
    assert (sent(ports), mail.state, mail.problem) == ([], MailState.SKIPPED, "already accepted")


async def test_what_was_mailed_stands_in_the_leads_history(ports: FakePorts, source: LeadSource, partner: str) -> None:
    made = await submit(ports, source)
    await run(ports)
    events, _ = await read_history(
        ports=ports, partner_id=partner, lead_id=made.lead_id, below=None, top=50, at=AT + MINUTE
    )
    found = await read_mails(ports=ports, partner_id=partner, lead_id=made.lead_id, events=events)
    assert [(one.to, one.why) for one in found[1]] == [("lena@contoso.example", "country")]


# --- How often (N2) --------------------------------------------------------------------------------------------------


async def test_n2_eleven_leads_are_ten_mails_and_one_digest(ports: FakePorts, source: LeadSource, partner: str) -> None:
    """The digest is due at the end of the mail day, and once (A4)."""
    for n in range(11):
        await submit(ports, source, submission_body(Company=f"Company {n:02}"), at=AT + timedelta(seconds=n))
    await run(ports, AT + MINUTE)
    assert len(sent(ports)) == 10
    midnight = datetime.fromisoformat("2026-11-22T00:00:00Z")
    assert (await send_digests(ports=ports, at=midnight - MINUTE, budget=budget())).done == 0
    assert (await send_digests(ports=ports, at=midnight, budget=budget())).done == 1
    await run(ports, midnight)
    digest = sent(ports)[-1]
    assert digest.subject == "En lead till, 11 totalt (21 november 2026)"
    assert "Company 10" in digest.text
    assert "Company 09" not in digest.text
    for _ in range(3):
        await send_digests(ports=ports, at=midnight + DAY, budget=budget())
        await run(ports, midnight + DAY)
    assert len(sent(ports)) == 11


async def test_n2_days_and_thresholds_are_the_partners(ports: FakePorts, source: LeadSource, partner: str) -> None:
    wishes = Preferences(time_zone="Europe/Stockholm", digest_hour=22, digest_threshold=1)
    await ports.preferences.put(partner, wishes)
    # 22:00 in Stockholm is 21:00 UTC.
    before, after = AT, AT + timedelta(hours=1)
    for n, at in enumerate((before, before, after, after, after)):
        await submit(ports, source, submission_body(Company=str(n)), at=at)
    await run(ports, after)
    assert len(sent(ports)) == 2, "the first of each day"
    ends = datetime.fromisoformat("2026-11-21T21:00:00Z")
    assert (await send_digests(ports=ports, at=ends, budget=budget())).done == 1
    assert (await send_digests(ports=ports, at=ends + DAY, budget=budget())).done == 1
    await run(ports, ends + DAY)
    assert [one.subject.split(" lead")[0] for one in sent(ports)[2:]] == ["En", "2"]


async def test_n2_a_threshold_changed_in_mid_day_holds_from_then_on(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    for n in range(9):
        if n == 3:
            await ports.preferences.put(partner, Preferences(digest_threshold=2))
        if n == 6:
            await ports.preferences.put(partner, Preferences(digest_threshold=8))
        await submit(ports, source, submission_body(Company=str(n)), at=AT + n * MINUTE)
        await run(ports, AT + n * MINUTE)
    assert len(sent(ports)) == 3 + 0 + 2
    day = await ports.mails.day(partner, "2026-11-21")
    assert day is not None
    assert (day.total, day.held) == (9, 4)


async def test_n2_an_event_that_finds_its_day_closed_counts_in_the_next(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await ports.preferences.put(partner, Preferences(digest_threshold=0))
    await submit(ports, source, submission_body(Company="early"))
    await run(ports)
    midnight = datetime.fromisoformat("2026-11-22T00:00:00Z")
    await send_digests(ports=ports, at=midnight, budget=budget())
    await submit(ports, source, submission_body(Company="late"))
    await run(ports, midnight)
    assert await ports.mails.held(partner, "2026-11-22")
    await send_digests(ports=ports, at=midnight + DAY, budget=budget())
    await run(ports, midnight + DAY)
    assert [("early" in one.text, "late" in one.text) for one in sent(ports)] == [(True, False), (False, True)]


# --- Once (N6) -------------------------------------------------------------------------------------------------------


async def test_n3_what_the_partner_wants_and_the_lead_are_looked_at_again_while_a_turn_goes_on(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    """Mails of ten leads go side by side; who unsubscribes meanwhile gets no other, and no answered lead is told of."""
    await ports.listings.put_profile(
        partner, replace(PROFILE, locations=(Location("HQ", "SE", None, (LENA, MAX)),)), None
    )
    await ports.preferences.put(partner, Preferences(digest_threshold=100))
    clock = [AT + MINUTE]
    made = [(await submit(ports, source, submission_body(Company=f"{n}"), at=AT)).lead_id for n in range(12)]

    class Slow(FakeMailer):
        async def send(self, letter: Letter, operation_id: str, first_sent: datetime) -> MailAnswer:
            if clock[0] == AT + MINUTE:
                clock[0] += timedelta(seconds=2)
                await ports.preferences.add_unwanted(partner, "lena@contoso.example", "unsubscribed")
                for lead_id in made[:4]:
                    await answer(ports, source, lead_id, at=clock[0])
            return await super().send(letter, operation_id, first_sent)

    slow = Slow()
    await deliver_events(ports=replace(ports, mailer=slow), now=lambda: clock[0], budget=budget())
    told = [one.to.split("@")[0] for one in slow.sent.values()]
    assert told == ["lena"] * 10 + ["max"] * 8, "ten had gone; of the others the four answered leads are not told of"
    found = [one for lead_id in made[:4] for one in await mails(ports, partner, lead_id) if one.to == MAX.email]
    assert {(one.state, one.problem) for one in found} <= {(MailState.SKIPPED, "already accepted")}


async def test_ninety_contacts_of_a_lead_are_each_mailed_once(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    contacts = tuple(Contact("C", f"{n:02}@contoso.example", None, "en") for n in range(90))
    await ports.listings.put_profile(partner, replace(PROFILE, locations=(Location("HQ", "SE", None, contacts),)), None)
    made = [await submit(ports, source, submission_body(Company=f"{n}")) for n in range(2)]
    await run(ports)
    for lead in made:
        found = await mails(ports, partner, lead.lead_id)
        assert {(one.to, one.state) for one in found} == {(one.email, MailState.DELIVERED) for one in contacts}
    assert mailer(ports).count == 180


async def test_bulk_mail_goes_in_the_same_run_as_a_new_leads_and_behind_it(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    declined = await submit(ports, source, submission_body(Company="declined"))
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    await answer(ports, source, declined.lead_id, LeadAction(Action.DECLINE, reason="budget"), at=AT)
    await submit(ports, source, submission_body(Company="new"))
    before = len(sent(ports))
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    assert [one.to for one in sent(ports)[before:]] == ["lena@contoso.example", "ada.berg@northwind.example"]


async def test_a_plan_that_a_worker_wrote_before_it_died_is_not_made_again(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    class Dies(FakeMailer):
        async def send(self, letter: Letter, operation_id: str, first_sent: datetime) -> MailAnswer:
            raise asyncio.CancelledError

    made = await submit(ports, source)
    await publish_events(ports=ports, at=AT, budget=budget())
    with suppress(asyncio.CancelledError):
        await deliver_events(ports=replace(ports, mailer=Dies()), now=lambda: AT, budget=budget())
    (mail,) = await mails(ports, partner, made.lead_id)
    assert (mail.state, bool(await ports.mails.origin(mail.operation_id))) == (MailState.SENDING, True)
    for seconds in (61, 72, 83):
        await deliver_events(ports=ports, now=lambda s=seconds: AT + timedelta(seconds=s), budget=budget())
    (mail,) = await mails(ports, partner, made.lead_id)
    assert (mail.state, mailer(ports).count) == (MailState.DELIVERED, 1)


async def test_n6_an_answer_that_was_lost_is_asked_about_and_the_mail_goes_once(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    class Lost(FakeMailer):
        async def send(self, letter: Letter, operation_id: str, first_sent: datetime) -> MailAnswer:
            await super().send(letter, operation_id, first_sent)
            if self.count == 1 and not self.ends:
                self.ends["once"] = MailAnswer(Sending.DELIVERED)
                raise Unavailable
            return MailAnswer(Sending.ACCEPTED)

    lost = Lost()
    made = await submit(ports, source)
    for n in range(4):
        await run(replace(ports, mailer=lost), AT + n * 5 * MINUTE)
    (mail,) = await mails(ports, partner, made.lead_id)
    assert (lost.count, mail.state) == (1, MailState.DELIVERED)


@pytest.mark.parametrize(("later", "state", "count"), [(3, MailState.DELIVERED, 1), (5, MailState.UNKNOWN, 0)])
async def test_n6_a_mail_nobody_knows_of_is_repeated_for_four_minutes_and_then_never(
    ports: FakePorts, source: LeadSource, partner: str, later: int, state: MailState, count: int
) -> None:
    mailer(ports).answers = [Unavailable()]
    made = await submit(ports, source)
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    lane = await ports.lanes.lane(partner, "mail0")
    await ports.lanes.save(partner, "mail0", replace(lane.left(), next_at=None))
    from shared.domain.telling.dispatch import deliver_hint

    await ports.agenda.put([deliver_hint(partner, "mail0", AT + later * MINUTE)])
    await run(ports, AT + later * MINUTE)
    await run(ports, AT + DAY)
    (mail,) = await mails(ports, partner, made.lead_id)
    assert (mail.state, mailer(ports).count) == (state, count)


async def test_n6_a_failed_attempt_is_asked_about_in_seconds_and_the_mail_goes(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    mailer(ports).answers = [Unavailable()]
    made = await submit(ports, source)
    for n in range(12):
        await deliver_events(ports=ports, now=lambda n=n: AT + n * timedelta(seconds=10), budget=budget())
    (mail,) = await mails(ports, partner, made.lead_id)
    assert (mail.state, mailer(ports).count) == (MailState.DELIVERED, 1)


async def test_n2_a_digest_hour_changed_after_the_digest_stops_nothing(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await ports.preferences.put(partner, Preferences(digest_threshold=0))
    await submit(ports, source, at=AT)
    await run(ports)
    midnight = datetime.fromisoformat("2026-11-22T00:00:00Z")
    await send_digests(ports=ports, at=midnight, budget=budget())
    await ports.preferences.put(partner, Preferences(digest_threshold=0, digest_hour=18))
    morning = midnight + timedelta(hours=9)
    await submit(ports, source, submission_body(Company="next"), at=morning)
    await run(ports, morning)
    assert len(await ports.mails.held(partner, "2026-11-22")) == 1


async def test_n3_a_customer_can_switch_mails_off_too(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await ports.preferences.add_unwanted(f"{partner}~customers", "ada.berg@northwind.example", "unsubscribed")
    made = await submit(ports, source)
    await answer(ports, source, made.lead_id, LeadAction(Action.DECLINE, reason="budget"))
    await run(ports)
    assert sent(ports) == []
    assert [one.problem for one in await mails(ports, partner, made.lead_id) if one.notice == "declined"] == [
        "unsubscribed"
    ]


async def test_who_unsubscribes_while_a_mail_waits_does_not_get_it(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    mailer(ports).answers = [MailAnswer(Sending.LATER, retry_after=timedelta(hours=1))]
    await submit(ports, source)
    await run(ports)
    await ports.preferences.add_unwanted(partner, "lena@contoso.example", "unsubscribed")
    await run(ports, AT + timedelta(hours=1))
    assert [one.to for one in sent(ports)] == ["op@contoso.example"], "the lead is heard of all the same"


async def test_a_failure_of_the_service_itself_marks_nobody(ports: FakePorts, source: LeadSource, partner: str) -> None:
    mailer(ports).ends["lena@contoso.example"] = MailAnswer(Sending.FAILED, "SenderDomainNotVerified")
    await submit(ports, source)
    await run(ports)
    await run(ports, AT + MINUTE)
    assert await ports.preferences.unwanted(partner) == {}
    assert "op@contoso.example" in [one.to for one in sent(ports)]


async def test_a_service_that_is_busy_is_left_alone_for_as_long_as_it_asks(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    mailer(ports).answers = [MailAnswer(Sending.LATER, retry_after=timedelta(minutes=3))]
    await submit(ports, source)
    await run(ports)
    await run(ports, AT + 2 * MINUTE)
    assert mailer(ports).count == 0
    await run(ports, AT + 3 * MINUTE)
    assert mailer(ports).count == 1


async def test_a_bounce_marks_the_address_and_the_next_contact_is_told(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    mailer(ports).ends["lena@contoso.example"] = MailAnswer(Sending.FAILED, "Suppressed")
    made = await submit(ports, source)
    for n in range(3):
        await run(ports, AT + n * MINUTE)
    found = await mails(ports, partner, made.lead_id)
    assert [(one.to, one.state) for one in found] == [
        ("lena@contoso.example", MailState.FAILED),
        ("op@contoso.example", MailState.DELIVERED),
    ]
    shown = await wishes(ports, partner)
    assert shown.muted_addresses == ("lena@contoso.example",)
    await submit(ports, source, submission_body(Company="next"), at=AT + DAY)
    await run(ports, AT + DAY)
    assert sent(ports)[-1].to == "op@contoso.example"


async def test_mails_keep_within_the_services_quota(source: LeadSource) -> None:
    ports = fake_ports(Rules(operator_mail="operator@programme.example", mails_per_minute=3, mails_per_hour=5))
    await ports.partners.put(Partner(source.partner_id or "", "Contoso", (), AT, AT))
    for n in range(8):
        await submit(ports, source, submission_body(Company=str(n)))
    counts = []
    for n in range(4):
        await deliver_events(ports=ports, now=lambda n=n: AT + n * MINUTE, budget=budget())
        counts.append(mailer(ports).count)
    assert counts == [3, 5, 5, 5]
    for n in range(60):
        await run(ports, AT + n * MINUTE)
    assert mailer(ports).count == 8


async def test_all_lanes_share_the_quota_and_bulk_mails_leave_some_for_new_leads(source: LeadSource) -> None:
    ports = fake_ports(Rules(operator_mail="operator@programme.example", mails_per_minute=5, mails_per_hour=100))
    for n in range(3):
        own = replace(source, id=str(n) * 16, partner_id=f"partner-{n}")
        await ports.partners.put(Partner(f"partner-{n}", "Contoso", (), AT, AT))
        for company in range(2):
            made = await submit(ports, own, submission_body(Company=str(company)))
            await answer(ports, own, made.lead_id, LeadAction(Action.DECLINE, reason="budget"))
    # Six customers are to be told that nobody helps them; then a lead arrives.
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    assert mailer(ports).count == 4
    await submit(ports, own, submission_body(Company="new"))
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    assert mailer(ports).count == 5
    assert sent(ports)[-1].subject == "New lead: new"
    await deliver_events(ports=ports, now=lambda: AT + MINUTE, budget=budget())
    assert mailer(ports).count == 7


async def test_a_busy_service_is_left_alone_by_every_lane(source: LeadSource) -> None:
    ports = fake_ports(Rules(operator_mail="operator@programme.example", mails_per_minute=100, mails_per_hour=1000))
    for n in range(5):
        own = replace(source, id=str(n) * 16, partner_id=f"partner-{n}")
        await ports.partners.put(Partner(f"partner-{n}", "Contoso", (), AT, AT))
        await submit(ports, own)
    tried = mailer(ports).answers = [MailAnswer(Sending.LATER, retry_after=timedelta(minutes=2))] * 5
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    # Those that were handed over at the same moment are refused, too; nobody else asks.
    left = len(tried)
    await deliver_events(ports=ports, now=lambda: AT + MINUTE, budget=budget())
    assert (len(tried), mailer(ports).count) == (left, 0)
    tried.clear()
    await deliver_events(ports=ports, now=lambda: AT + 2 * MINUTE, budget=budget())
    assert mailer(ports).count == 5
    assert len(ports.mails.origins) == 5  # type: ignore[attr-defined] # the fake's


async def test_a_quota_that_is_short_is_shared_out_among_the_partners(source: LeadSource) -> None:
    ports = fake_ports(Rules(operator_mail="operator@programme.example", mails_per_minute=4, mails_per_hour=100))
    for n, leads in enumerate((20, 1, 1, 1)):
        own = replace(source, id=str(n) * 16, partner_id=f"partner-{n}")
        await ports.partners.put(
            Partner(f"partner-{n}", "Contoso", (), AT, AT, operator_contact=f"p{n}@contoso.example")
        )
        await ports.preferences.put(f"partner-{n}", Preferences(digest_threshold=100))
        for lead in range(leads):
            await submit(ports, own, submission_body(Company=str(lead)))
    for seconds in range(0, 130, 10):
        await deliver_events(ports=ports, now=lambda s=seconds: AT + timedelta(seconds=s), budget=budget())
    told = [letter.to for letter in sent(ports)]
    assert len(told) == 12
    assert {f"p{n}@contoso.example" for n in range(1, 4)} <= set(told), "nobody waits for who has many"


# --- Later mails -----------------------------------------------------------------------------------------------------


async def test_a1_a_partner_is_warned_on_day_twelve_and_only_if_it_wants_to(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = await submit(ports, source)
    await run(ports)
    days = []
    for day in range(1, 14):
        at = AT + day * DAY
        await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
        before = len(sent(ports))
        await run(ports, at)
        days += [day] * (len(sent(ports)) - before)
    assert days == [12]
    kinds = [(event.type, event.at) for event in ports.leads.histories[partner, made.lead_id]]
    assert [at for kind, at in kinds if kind == "lead.expiresSoon"] == [AT + n * DAY for n in (7, 12, 13)]


async def test_a1_late_reminders_are_one_and_none_after_an_answer(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    late = await submit(ports, source)
    done = await submit(ports, source, submission_body(Company="done"))
    await answer(ports, source, done.lead_id)
    await run(ports)
    before = len(sent(ports))
    await run_due(ports=ports, kind=HintKind.REMIND, at=AT + 13 * DAY, budget=budget(), decided=remind)
    found = [event.type for event in ports.leads.histories[partner, late.lead_id]]
    assert found.count("lead.expiresSoon") == 1
    await run(ports, AT + 13 * DAY)
    assert len(sent(ports)) == before + 1, "the warning is mailed, late as it is"
    assert "lead.expiresSoon" not in [event.type for event in ports.leads.histories[partner, done.lead_id]]


async def test_a1_the_operator_or_the_sender_is_told_of_an_expiry(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source)
    sent_by = Sender("seller", "Sam", "sam@vendor.example")
    other = replace(source, id="f" * 16)
    door = replace(other.door(), sender=sent_by)
    body = b'{"UserDetails": {"Company": "Fabrikam"}, "ActionCode": "PLT"}'
    await receive_lead(ports=ports, door=door, submission=Submission(body), at=AT)
    await run_due(ports=ports, kind="expire", at=AT + 14 * DAY, budget=budget())
    await run(ports, AT + 14 * DAY)
    assert [one.to for one in sent(ports)] == ["sam@vendor.example"]
    await close_days(ports, AT + 15 * DAY)
    assert [one.to for one in sent(ports)] == ["sam@vendor.example", "operator@programme.example"]
    assert all("Ada" not in one.text + one.html for one in sent(ports))


async def test_n6_the_operator_hears_of_a_days_expired_leads_in_one_mail(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = [
        (await submit(ports, source, submission_body(Company=f"Company {n}", Title=str(n)), at=AT + n * MINUTE)).lead_id
        for n in range(3)
    ]
    before = len(sent(ports))
    await run_due(ports=ports, kind="expire", at=AT + 15 * DAY, budget=budget())
    await run(ports, AT + 15 * DAY)
    await close_days(ports, AT + 15 * DAY)
    (letter,) = [one for one in sent(ports)[before:] if one.to == "operator@programme.example"]
    assert letter.subject == "3 leads for Contoso have expired"
    assert all(one in letter.text for one in made)
    for lead_id in made:
        shown = [(one.to, one.state, one.problem) for one in await told_of(ports, partner, lead_id, "lead.expired")]
        assert shown == [
            ("operator@programme.example", MailState.DELIVERED, None),
            ("", MailState.SKIPPED, "digest"),
        ]


async def test_a1_the_warnings_of_a_day_are_one_mail_at_the_first_of_them(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    """AT is 20:04 in UTC and the mail day ends at midnight."""
    made = []
    for n, at in enumerate((AT, AT + MINUTE, AT + 3 * timedelta(hours=1), AT + timedelta(hours=6), AT + 2 * MINUTE)):
        body = submission_body(Company=f"Company {n}", Title=str(n))
        made.append((await submit(ports, source, body, at=at)).lead_id)
    await answer(ports, source, made[4], at=AT + DAY)
    await run(ports, AT + DAY)
    before = len(sent(ports))
    for late in (timedelta(), MINUTE, 3 * timedelta(hours=1), timedelta(hours=6)):
        at = AT + 12 * DAY + late
        await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
        await run(ports, at)
    first, second = sent(ports)[before:]
    assert first.subject == "3 obesvarade leads går snart ut"
    assert [f"Company {n}" in first.text for n in range(5)] == [True, True, True, False, False]
    assert "Company 3" in second.text, "the next mail day"
    warned = await told_of(ports, partner, made[2], "lead.expiresSoon")
    assert [(one.to, one.problem) for one in warned] == [("lena@contoso.example", None), ("", "digest")]


async def test_a1_a_lead_too_young_to_stand_in_the_days_mail_stands_in_the_next_of_that_day(source: LeadSource) -> None:
    """Where leads expire after two days and an hour, the warning comes an hour after the lead."""
    ports = fake_ports(Rules(windows=Windows(expiry=timedelta(hours=49)), mails_per_minute=1000, mails_per_hour=1000))
    assert source.partner_id is not None
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT, operator_contact="op@contoso.example"))
    await submit(ports, source, submission_body(Company="Company 0", Title="0"))
    await run(ports, AT)
    at = AT + timedelta(hours=1)
    before = len(sent(ports))
    await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
    await run(ports, at)
    await submit(ports, source, submission_body(Company="Company 1", Title="1"), at=at)
    assert ["Company 0" in one.text for one in sent(ports)[before:]] == [True]
    at += timedelta(hours=1)
    await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
    await run(ports, at)
    warnings = [one for one in sent(ports)[before:] if one.subject.startswith("Unanswered")]
    assert [("Company 0" in one.text, "Company 1" in one.text) for one in warnings] == [(True, False), (False, True)]


async def test_a1_a_warning_whose_answer_was_lost_is_not_repeated_once_its_lead_is_answered(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = await submit(ports, source)
    await run(ports)
    at, before = AT + 12 * DAY, len(sent(ports))
    await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
    await publish_events(ports=ports, at=at, budget=budget())
    mailer(ports).answers = [Unavailable()]
    await deliver_events(ports=ports, now=lambda: at, budget=budget())
    await answer(ports, source, made.lead_id, at=at)
    await run(ports, at + MINUTE)
    warned = await told_of(ports, partner, made.lead_id, "lead.expiresSoon")
    assert [(one.state, one.problem) for one in warned] == [
        (MailState.UNKNOWN, "noAnswer"),
        (MailState.SKIPPED, "digest"),
    ]
    assert len(sent(ports)) == before


async def test_a1_a_warning_that_waited_until_its_lead_had_expired_says_so(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = await submit(ports, source)
    await run(ports)
    at = AT + 12 * DAY
    await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
    mailer(ports).answers = [MailAnswer(Sending.LATER, retry_after=3 * DAY)]
    await run(ports, at)
    await run(ports, at + 4 * DAY)
    warned = await told_of(ports, partner, made.lead_id, "lead.expiresSoon")
    assert [one.problem for one in warned] == ["already expired", "digest"]


# --- On record -------------------------------------------------------------------------------------------------------


async def close_days(ports: FakePorts, at: datetime) -> None:
    """The days that are over at `at`, and what follows from it."""
    await send_digests(ports=ports, at=at, budget=budget())
    await run(ports, at)
    await run(ports, at + MINUTE)


async def told_of(ports: FakePorts, partner: str, lead_id: str, kind: str = "lead.received") -> list[Mail]:
    """What a lead's history says of the mails of its newest event of a kind, newest first."""
    at = AT + 30 * DAY
    events, _ = await read_history(ports=ports, partner_id=partner, lead_id=lead_id, below=None, top=50, at=at)
    found = await read_mails(ports=ports, partner_id=partner, lead_id=lead_id, events=events)
    return next((list(found[one.sequence]) for one in events if one.type == kind and one.sequence in found), [])


@pytest.mark.parametrize(
    ("body", "wishes", "why"),
    [
        (submission_body(ActionCode="INS"), Preferences(), "kind"),
        (submission_body(ActionCode="DNC"), Preferences(), "kind"),
        (submission_body(), Preferences(mail_kinds=()), "kind"),
        (submission_body(FirstName="MSFT_TEST_1"), Preferences(), "test"),
        (submission_body(), Preferences(digest_threshold=0), "digest"),
    ],
)
async def test_n1_a_lead_that_is_not_mailed_by_itself_says_why(
    ports: FakePorts, source: LeadSource, partner: str, body: Any, wishes: Preferences, why: str
) -> None:
    await ports.preferences.put(partner, wishes)
    made = await submit(ports, source, body)
    await run(ports)
    assert sent(ports) == []
    (mail,) = await told_of(ports, partner, made.lead_id)
    assert (mail.notice, mail.to, mail.why, mail.state, mail.problem) == (
        "newLead", "", "nobody", MailState.SKIPPED, why,
    )  # fmt: skip


async def test_a1_a_warning_that_nobody_wants_is_on_record(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await ports.preferences.put(partner, Preferences(expiry_mail=False))
    made = await submit(ports, source)
    await run(ports)
    await run_due(ports=ports, kind=HintKind.REMIND, at=AT + 12 * DAY, budget=budget(), decided=remind)
    await run(ports, AT + 12 * DAY)
    (mail,) = await told_of(ports, partner, made.lead_id, "lead.expiresSoon")
    assert (mail.state, mail.problem) == (MailState.SKIPPED, "kind")


async def test_n2_a_digest_and_its_bounce_stand_in_the_history_of_each_of_its_leads(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await ports.preferences.put(partner, Preferences(digest_threshold=0))
    mailer(ports).ends["lena@contoso.example"] = MailAnswer(Sending.FAILED, "InvalidRecipient")
    made = [(await submit(ports, source, submission_body(Company=name))).lead_id for name in ("One", "Two")]
    await run(ports)
    await close_days(ports, AT + DAY)
    for lead_id in made:
        shown = [(one.notice, one.to, one.state, one.problem) for one in await told_of(ports, partner, lead_id)]
        assert shown == [
            ("digest", "op@contoso.example", MailState.DELIVERED, None),
            ("digest", "lena@contoso.example", MailState.FAILED, "InvalidRecipient"),
            ("newLead", "", MailState.SKIPPED, "digest"),
        ]
    letters = {one.to: one.text for one in sent(ports)}
    assert all(name in letters["op@contoso.example"] for name in ("One", "Two"))


async def test_n1_a_digest_tells_each_contact_of_the_leads_of_its_own_location(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    eva = Contact("Eva", "eva@contoso.example")
    places = (*PROFILE.locations, Location("Berlin", "DE", None, (MAX,)), Location("Bonn", "DE", None, (eva,)))
    await ports.listings.put_profile(partner, replace(PROFILE, locations=places), None)
    await ports.preferences.put(partner, Preferences(digest_threshold=0))
    mailer(ports).ends["max@contoso.example"] = MailAnswer(Sending.FAILED, "InvalidRecipient")
    for name, place in (("North AB", "HQ"), ("Spree GmbH", "Berlin"), ("Rhein GmbH", "Bonn")):
        inquiry = {"customer": {"company": name, "country": "DE"}, "share": True, "location": place}
        await submit(ports, source, inquiry)
    await run(ports)
    await close_days(ports, AT + DAY)
    named = [
        (one.to, [name for name in ("North AB", "Spree GmbH", "Rhein GmbH") if name in one.text]) for one in sent(ports)
    ]
    assert sorted(named) == [
        # Max takes no mail: whoever else is in his country hears of his lead, and of no other.
        ("eva@contoso.example", ["Rhein GmbH"]),
        ("eva@contoso.example", ["Spree GmbH"]),
        ("lena@contoso.example", ["North AB"]),
        ("max@contoso.example", ["Spree GmbH"]),
    ]


def names(ports: FakePorts, company: str) -> list[list[str]]:
    """The companies that each letter names, by what their names begin with."""
    return [sorted(set(re.findall(rf"{company} \d+", one.text))) for one in sent(ports)]


async def test_n2_each_lead_of_a_long_day_stands_in_a_digest(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    """A mail names two hundred; more of them are several mails, newest first over both tabs."""
    await ports.preferences.put(partner, Preferences(digest_threshold=0, mail_kinds=tuple(MailKind)))
    for n in range(203):
        await submit(ports, source, submission_body(Company=f"Company {n:03}"), at=AT + timedelta(seconds=n))
    sender = Sender("seller", "Sam", "sam@vendor.example")
    door = Door("f" * 16, Actor("source", "f" * 16), partner, Takes.QUALIFIED, sender=sender)
    body = json.dumps({"customer": {"company": "Company 203"}, "qualification": "salesQualified"}).encode()
    await receive_lead(ports=ports, door=door, submission=Submission(body), at=AT + timedelta(seconds=203))
    await run(ports, AT + DAY / 8)
    await close_days(ports, AT + DAY)
    first, second = names(ports, "Company")
    assert (len(first), len(second)) == (200, 4)
    assert "Company 203" in first
    assert {*first, *second} == {f"Company {n:03}" for n in range(204)}


async def test_n2_a_contact_whose_lead_is_the_oldest_of_a_long_day_is_told_too(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    places = (*PROFILE.locations, Location("Bonn", "DE", None, (Contact("Eva", "eva@contoso.example"),)))
    await ports.listings.put_profile(partner, replace(PROFILE, locations=places), None)
    await ports.preferences.put(partner, Preferences(digest_threshold=0))
    for n in range(201):
        inquiry = {"customer": {"company": f"Company {n}"}, "share": True, "location": "HQ" if n else "Bonn"}
        await submit(ports, source, inquiry, at=AT + timedelta(seconds=n))
    await run(ports, AT + DAY / 8)
    await close_days(ports, AT + DAY)
    assert [
        one for one in zip((one.to for one in sent(ports)), names(ports, "Company"), strict=True) if "eva" in one[0]
    ] == [("eva@contoso.example", ["Company 0"])]


async def test_n1_each_contact_of_a_digest_is_told_however_many_there_are(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    """Five contacts in each of thirty locations are more than one transaction holds."""
    places = tuple(
        Location(f"Place {p}", "SE", None, tuple(Contact("", f"c{p}-{n}@contoso.example") for n in range(5)))
        for p in range(30)
    )
    await ports.listings.put_profile(partner, replace(PROFILE, locations=places), None)
    await ports.preferences.put(partner, Preferences(digest_threshold=0))
    for p in range(30):
        inquiry = {"customer": {"company": f"C{p}", "country": "SE"}, "share": True, "location": f"Place {p}"}
        await submit(ports, source, inquiry)
    await run(ports)
    await close_days(ports, AT + DAY)
    assert sorted(one.to for one in sent(ports)) == sorted(
        f"c{p}-{n}@contoso.example" for p in range(30) for n in range(5)
    )


async def test_a1_each_lead_that_expires_soon_stands_in_one_warning(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    for n in range(203):
        await submit(
            ports, source, submission_body(Company=f"Company {n:03}", Title=str(n)), at=AT + timedelta(seconds=n)
        )
    await run(ports, AT + DAY / 8)
    before = len(sent(ports))
    for late in (timedelta(), 5 * MINUTE, DAY):
        at = AT + 12 * DAY + late
        await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
        await run(ports, at)
        await run(ports, at + MINUTE)
    first, second = names(ports, "Company")[before:]
    assert (len(first), len(second), len({*first, *second})) == (200, 3, 203)


async def test_n1_a_digest_without_an_answer_for_one_and_a_refusal_for_the_other_goes_on_to_the_next(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    both = Location("HQ", "SE", None, (LENA, MAX))
    await ports.listings.put_profile(partner, replace(PROFILE, locations=(both,)), None)
    await ports.preferences.put(partner, Preferences(digest_threshold=0))
    mailer(ports).ends["max@contoso.example"] = MailAnswer(Sending.FAILED, "InvalidRecipient")
    made = await submit(ports, source)
    await run(ports)
    await send_digests(ports=ports, at=AT + DAY, budget=budget())
    mailer(ports).answers = [MailAnswer(Sending.LATER, retry_after=MINUTE)]
    await run(ports, AT + DAY)
    for one in await told_of(ports, partner, made.lead_id):
        if one.to == "lena@contoso.example":
            await ports.mails.put(partner, replace(one, state=MailState.UNKNOWN, problem="noAnswer"))
    for late in (2, 3, 4):
        await run(ports, AT + DAY + late * MINUTE)
    assert sent(ports)[-1].to == "op@contoso.example"


async def test_n1_a_colleague_whose_own_leads_were_answered_takes_the_place_of_who_is_gone(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    """Lena's lead waits, Max's was answered before his mail went: it is not his mailbox that failed."""
    places = (Location("HQ", "SE", None, (LENA,)), Location("Lund", "SE", None, (MAX,)))
    await ports.listings.put_profile(partner, replace(PROFILE, locations=places), None)
    made = []
    for place in ("HQ", "Lund"):
        inquiry = {"customer": {"company": f"Of {place}", "country": "SE"}, "share": True, "location": place}
        made.append((await submit(ports, source, inquiry)).lead_id)
    await run(ports)
    before = len(sent(ports))
    mailer(ports).ends["lena@contoso.example"] = MailAnswer(Sending.FAILED, "InvalidRecipient")
    at = AT + 12 * DAY
    await run_due(ports=ports, kind=HintKind.REMIND, at=at, budget=budget(), decided=remind)
    mailer(ports).answers = [MailAnswer(Sending.LATER, retry_after=MINUTE)]
    await run(ports, at)
    await answer(ports, source, made[1], at=at)
    for n in range(1, 5):
        await run(ports, at + n * MINUTE)
    assert [(one.to, "Of HQ" in one.text) for one in sent(ports)[before:]] == [
        ("lena@contoso.example", True),
        ("max@contoso.example", True),
    ]


@pytest.mark.parametrize(
    ("changes", "reason", "told"),
    [
        ({}, "budget", True),
        ({}, "abuse", False),
        ({}, "duplicate", False),
        ({"Email": ""}, "budget", False),
        ({"Email": "no address"}, "budget", False),
        ({"FirstName": "MSFT_TEST_1"}, "budget", False),
    ],
)
async def test_l3_a_declined_customer_is_told_to_look_elsewhere(
    ports: FakePorts, source: LeadSource, partner: str, changes: dict[str, Any], reason: str, told: bool
) -> None:
    made = await submit(ports, source, submission_body(**changes))
    await answer(ports, source, made.lead_id, LeadAction(Action.DECLINE, reason=reason, notes="none of theirs"))
    await run(ports)
    letters = [one for one in sent(ports) if one.to == "ada.berg@northwind.example"]
    assert [one.subject for one in letters] == (["Din förfrågan till Contoso"] if told else [])
    assert all("none of theirs" not in one.text for one in letters)
    assert all(one.to != "ada.berg@northwind.example" for one in await mails(ports, partner, made.lead_id)), "L9"


async def test_n3_who_unsubscribes_is_mailed_no_more_whatever_is_put(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source)
    await run(ports)
    token = sent(ports)[0].headers["List-Unsubscribe"].split("token=")[1].rstrip(">")
    assert (await unsubscribe(ports=ports, token=token, at=AT)).address == "lena@contoso.example"
    stored = await wish(ports, partner, Preferences())
    assert stored.muted_addresses == ("lena@contoso.example",)
    await submit(ports, source, submission_body(Company="next"))
    await run(ports)
    assert [one.to for one in sent(ports)] == ["lena@contoso.example", "op@contoso.example"]


# --- Who may silence whom (N3) ---------------------------------------------------------------------------------------


async def expiry_of(ports: FakePorts, partner: str, sender: Sender | None) -> list[Mail]:
    """Who is told of the expiry of a lead of this sender."""
    door = Door("f" * 16, Actor("source", "f" * 16), partner, sender=sender)
    body = json.dumps(submission_body(Company=f"of {sender.name if sender else 'nobody'}")).encode()
    made = await receive_lead(ports=ports, door=door, submission=Submission(body), at=AT)
    at = AT + 14 * DAY
    await run_due(ports=ports, kind="expire", at=at, budget=budget())
    for n in range(3):
        await run(ports, at + n * MINUTE)
    await close_days(ports, at + DAY)
    return [one for one in await told_of(ports, partner, made.lead_id, "lead.expired") if one.to]


async def test_n3_a_partner_cannot_silence_those_who_are_told_of_an_expiry(ports: FakePorts, partner: str) -> None:
    muted = ("sam@vendor.example", "operator@programme.example", "lena@contoso.example")
    await ports.preferences.put(partner, Preferences(muted_addresses=muted))
    for sender, told in (
        (Sender("seller", "Sam", "sam@vendor.example"), "sam@vendor.example"),
        (None, "operator@programme.example"),
    ):
        (mail,) = await expiry_of(ports, partner, sender)
        assert (mail.to, mail.state) == (told, MailState.DELIVERED)


@pytest.mark.parametrize("how", ["unsubscribed", "suppressed", "refused"])
async def test_n6_a_sender_that_cannot_be_reached_is_followed_by_its_own_address_and_the_operator(
    ports: FakePorts, partner: str, how: str
) -> None:
    sender = Sender("seller", "Sam", "gone@vendor.example", "also-gone@vendor.example")
    for address in ("gone@vendor.example", "also-gone@vendor.example"):
        if how == "unsubscribed":
            await ports.preferences.add_unwanted(partner, address, "unsubscribed")
        else:
            problem = "EmailDroppedAllRecipientsSuppressed" if how == "suppressed" else "InvalidRecipient"
            mailer(ports).ends[address] = MailAnswer(Sending.FAILED, problem)
    found = await expiry_of(ports, partner, sender)
    assert [one.to for one in found if one.state is MailState.DELIVERED] == ["operator@programme.example"]
    assert {one.to for one in found} == {
        "gone@vendor.example",
        "also-gone@vendor.example",
        "operator@programme.example",
    }


async def test_v1_a_customer_whose_address_is_suppressed_is_invalid_from_the_next_lead_on(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    mailer(ports).ends["ada.berg@northwind.example"] = MailAnswer(Sending.FAILED, "EmailDroppedAllRecipientsSuppressed")
    made = await submit(ports, source)
    await answer(ports, source, made.lead_id, LeadAction(Action.DECLINE, reason="budget"))
    await run(ports)
    await run(ports, AT + MINUTE)
    lists = await ports.partners.contact_lists(AT)
    assert lists.bounced == {bounced_key("ada.berg@northwind.example")}
