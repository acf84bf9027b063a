"""What the preferences page shows of the next mail (N1): written as the real one, and neither recorded nor sent."""

from dataclasses import replace

import pytest

from shared.domain.lifecycle import Action, LeadAction
from shared.domain.notify import MailKind
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.programme.profile import Contact, Location, Profile
from shared.domain.telling.preferences import Preferences
from shared.usecases.telling.preview_mail import preview_mail
from tests.builders import AT, DAY, submission_body
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import answer, submit, wish

LENA = Contact("Lena", "lena@contoso.example", None, "sv")
JONAS = Contact("Jonas", "jonas@contoso.example", None, "de")
PROFILE = Profile(
    "Contoso", published=True, locations=(Location("HQ", "SE", None, (LENA,)), Location("Berlin", "DE", None, (JONAS,)))
)
WISHES = Preferences()


@pytest.fixture
async def ports() -> FakePorts:
    return fake_ports()


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> str:
    assert source.partner_id is not None
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    await ports.listings.put_profile(source.partner_id, PROFILE, None)
    return source.partner_id


async def test_it_is_about_the_latest_lead_that_waits_and_is_worth_a_mail(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source, submission_body(Company="First"))
    await submit(ports, source, submission_body(Company="Latest"), at=AT + DAY)
    # Nobody is mailed about these two.
    await submit(ports, source, submission_body(Company="Informed", ActionCode="INS"), at=AT + 2 * DAY)
    await submit(ports, source, submission_body(Company="Test", FirstName="MSFT_TEST_A"), at=AT + 2 * DAY)
    found = await preview_mail(ports=ports, partner_id=partner, preferences=WISHES, at=AT + 3 * DAY)
    assert found is not None
    assert (found.letter.to, found.language) == ("lena@contoso.example", "sv")
    assert "Latest" in found.letter.subject
    assert [(mail.to, mail.why, mail.problem) for mail in found.mails] == [("lena@contoso.example", "country", None)]
    assert await ports.mails.mails(partner, found.mails[0].subject) == []


async def test_who_is_left_out_is_named_with_the_reason(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await submit(ports, source)
    muted = replace(WISHES, muted_addresses=("lena@contoso.example",))
    await wish(ports, partner, muted)
    found = await preview_mail(ports=ports, partner_id=partner, preferences=muted, at=AT)
    assert found is not None
    assert [(mail.to, mail.problem) for mail in found.mails] == [
        ("jonas@contoso.example", None),
        ("lena@contoso.example", "muted"),
    ]


async def test_there_is_none_where_nothing_is_mailed(ports: FakePorts, source: LeadSource, partner: str) -> None:
    async def previewed(preferences: Preferences) -> object:
        return await preview_mail(ports=ports, partner_id=partner, preferences=preferences, at=AT)

    assert await previewed(WISHES) is None
    lead_id = (await submit(ports, source)).lead_id
    assert await previewed(replace(WISHES, mail_kinds=(MailKind.QUALIFIED,))) is None
    everybody = replace(WISHES, muted_addresses=("lena@contoso.example", "jonas@contoso.example"))
    await wish(ports, partner, everybody)
    assert await previewed(everybody) is None
    await wish(ports, partner, WISHES)
    assert await previewed(WISHES) is not None
    await answer(ports, source, lead_id, LeadAction(Action.DECLINE, reason="budget"))
    assert await previewed(WISHES) is None
