"""Once a month a partner is told what its leads have come to (M2, M5)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.advice import Matter
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.people import Person
from shared.domain.permissions import Role
from shared.domain.programme.partner import LeadSource, Partner, PartnerState
from shared.domain.programme.profile import Contact, Location, Profile
from shared.domain.telling.mails import MailState
from shared.domain.telling.preferences import Preferences
from shared.ports.delivery import Letter
from shared.ports.rules import Rules
from shared.usecases.leads.answer_lead import answer_lead
from shared.usecases.outcomes.learn import learn_outcomes
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.month import read_month, tell_of_month
from shared.usecases.telling.publish import publish_events
from tests.builders import ANN, AT, DAY, DEAL
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import budget, submit

SECOND = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
LENA = Contact("Lena", "lena@contoso.example", None, "en")
MAX = Contact("Max", "max@contoso.example", None, "de")
PROFILE = Profile("Contoso", published=True, locations=(Location("HQ", "SE", None, (LENA, MAX)),))


@pytest.fixture
async def ports() -> FakePorts:
    return fake_ports(Rules(operator_mail="operator@programme.example", mails_per_minute=1000, mails_per_hour=1000))


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> Partner:
    """The source's partner, who has won one of November's two leads."""
    assert source.partner_id is not None
    made = Partner(source.partner_id, "Contoso", (), AT, AT, time_zone="Europe/Stockholm")
    await ports.partners.put(made)
    await ports.listings.put_profile(made.id, PROFILE, None)
    await ports.preferences.put(made.id, Preferences(mail_kinds=()))
    lead = (await submit(ports, source)).lead_id
    await submit(ports, source, key="another")
    for action in (LeadAction(Action.ACCEPT, DEAL), LeadAction(Action.WIN)):
        at = AT + timedelta(hours=3)
        await answer_lead(ports=ports, partner_id=made.id, lead_id=lead, answer=action, by=ANN, versions=None, at=at)
    await publish_events(ports=ports, at=AT + DAY, budget=budget())
    return made


async def told(ports: FakePorts, at: datetime = SECOND) -> list[Letter]:
    """The letters that have gone after the timers of this moment."""
    await learn_outcomes(ports=ports, at=at, budget=budget())
    for wait in (timedelta(), timedelta(seconds=11)):
        await deliver_events(ports=ports, now=lambda wait=wait: at + wait, budget=budget())
    return list(ports.mailer.sent.values())


async def test_m5_contacts_are_told_of_last_month_once(ports: FakePorts, partner: Partner) -> None:
    letters = await told(ports)
    assert {letter.to for letter in letters} == {"lena@contoso.example", "max@contoso.example"}
    mine, theirs = sorted(letters, key=lambda letter: letter.to)
    assert mine.subject == "Your leads in November 2026"
    for part in ("Leads: 2 (the month before: 0)", "Accepted: 1 (100%)", "Won: 1 (€12,000.00)", "Expired: 0", "of 100"):
        assert part in mine.text
    assert re.search(r"Answered: after (2\.[7-9]|3|3\.[0-3]) hours", mine.text)
    assert theirs.subject == "Ihre Leads im November 2026"
    for later in (timedelta(hours=1), DAY, 3 * DAY):
        assert len(await told(ports, SECOND + later)) == 2
    assert len(await told(ports, SECOND + 31 * DAY)) == 2, "December had no lead"


async def test_m6_the_gravest_piece_of_advice_is_in_it(ports: FakePorts, partner: Partner) -> None:
    emptied = replace(PROFILE, locations=(*PROFILE.locations, Location("Milano", "IT", None, ())))
    await ports.listings.put_profile(partner.id, emptied, PROFILE)
    (letter, _) = await told(ports)
    assert "The location Milano has no contact" in letter.text


async def test_m6_whom_no_mail_reaches_is_the_gravest(ports: FakePorts, partner: Partner) -> None:
    bounced = "max@contoso.example"
    await ports.preferences.add_unwanted(partner.id, bounced, "bounced")
    wishes = await ports.preferences.wishes(partner.id)
    month = await read_month(ports=ports, partner_id=partner.id, key="2026-11-01", at=SECOND, wishes=wishes)
    assert month.advice is not None
    assert (month.advice.matter, month.advice.subject) == (Matter.CONTACT_BOUNCED, bounced)


async def tell(ports: FakePorts, partner: Partner, at: datetime) -> bool:
    """By all that the partner's leads have come to."""
    sums = await ports.tallies.sums_between(partner.id, "2026-11-01", "2026-12-31")
    return await tell_of_month(ports=ports, partner=partner, sums=sums, at=at)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 12, 1, 12, 0, tzinfo=UTC),
        # Eight o'clock in Stockholm is seven in Greenwich.
        datetime(2026, 12, 2, 6, 59, tzinfo=UTC),
        datetime(2026, 12, 8, 9, 0, tzinfo=UTC),
    ],
)
async def test_m5_it_goes_in_the_first_days_of_the_month_in_the_morning(
    ports: FakePorts, partner: Partner, at: datetime
) -> None:
    assert not await tell(ports, partner, at)
    assert await tell(ports, partner, datetime(2026, 12, 2, 7, 0, tzinfo=UTC))


async def test_m5_a_suspended_partner_is_not_told(ports: FakePorts, partner: Partner) -> None:
    suspended = replace(partner, state=PartnerState.SUSPENDED)
    assert not await tell(ports, suspended, SECOND)


async def test_n3_who_does_not_want_it_gets_none(ports: FakePorts, partner: Partner) -> None:
    await ports.preferences.put(partner.id, Preferences(mail_kinds=(), monthly_mail=False))
    assert await told(ports) == []
    (first, *_) = await ports.mails.mails(partner.id, "month20261101")
    assert (first.state, first.problem) == (MailState.SKIPPED, "kind")


async def test_n3_an_address_that_has_unsubscribed_gets_none(ports: FakePorts, partner: Partner) -> None:
    await ports.preferences.add_unwanted(partner.id, "max@contoso.example", "unsubscribed")
    assert [letter.to for letter in await told(ports)] == ["lena@contoso.example"]


def seen(name: str, *roles: Role, days: int = 0, language: str = "en", email: str | None = None) -> Person:
    address = email or f"{name}@contoso.example"
    return Person(name, name, address, roles, language, AT, SECOND - days * DAY)


async def test_m5_whoever_administers_the_partner_is_told_too_and_nobody_twice(
    ports: FakePorts, partner: Partner
) -> None:
    admin = (Role.LEADS_ADMIN, Role.PARTNER_ADMIN)
    for person in (
        seen("ann", *admin, days=89, language="sv"),
        seen("gone", *admin, days=90),
        seen("bob", Role.LEADS_ADMIN),
        seen("nobody", *admin, email="nobody@contoso.example"),
        seen("max", *admin, email="Max@contoso.example"),
    ):
        await ports.people.put(partner.id, person)
    await ports.people.put("fabrikam", seen("eve", *admin))
    await ports.preferences.add_unwanted(partner.id, "nobody@contoso.example", "unsubscribed")
    letters = {letter.to: letter for letter in await told(ports)}
    assert set(letters) == {"lena@contoso.example", "Max@contoso.example", "ann@contoso.example"}
    assert letters["ann@contoso.example"].subject == "Era leads i november 2026"
    assert "You get this mail because you administer Contoso" in letters["Max@contoso.example"].text
    mails = await ports.mails.mails(partner.id, "month20261101")
    assert {mail.to: mail.problem for mail in mails if mail.state is MailState.SKIPPED} == {
        "nobody@contoso.example": "unsubscribed"
    }


async def test_m5_an_administrator_is_told_where_there_is_no_contact(ports: FakePorts, partner: Partner) -> None:
    await ports.listings.put_profile(partner.id, replace(PROFILE, locations=()), PROFILE)
    await ports.people.put(partner.id, seen("ann", Role.PARTNER_ADMIN))
    assert [letter.to for letter in await told(ports)] == ["ann@contoso.example"]


async def test_m5_the_operator_is_not_told_of_each_partners_month(ports: FakePorts, partner: Partner) -> None:
    await ports.listings.put_profile(partner.id, replace(PROFILE, locations=()), PROFILE)
    assert await told(ports) == []


async def test_m5_two_runs_at_once_tell_once(ports: FakePorts, partner: Partner) -> None:
    assert await tell(ports, partner, SECOND)
    assert not await tell(ports, partner, SECOND)
    assert len(await told(ports)) == 2
