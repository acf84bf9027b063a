"""Whoever is declined hears whom to ask instead, and so does the partner (M3)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from shared.domain.errors import Unavailable
from shared.domain.lead import Lead, Suggested
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.directory import Directory, Entry, Place
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.programme.profile import CompanySize
from shared.domain.programme.suggestions import suggested, wanted_of
from shared.ports.programme import StoredDirectory
from shared.usecases.leads.answer_lead import answer_lead
from shared.usecases.telling.deliver import deliver_events
from tests.builders import ANN, AT, a_lead, submission_body
from tests.fakes.ports import FakePorts
from tests.steps import budget, submit

NEED = "We need a rollout of our CRM before March."
OTHERS = (
    Entry("fabrikam", "Fabrikam", "CRM rollouts", ("crm", "rollout"), (), (Place("HQ", "SE"),)),
    Entry("adatum", "Adatum", "CRM for the north", ("crm",), (), (Place("HQ", "NO"),)),
    Entry("tailspin", "Tailspin Toys", "CRM, of small companies", ("crm",), (CompanySize.SOLE,), (Place("HQ", "SE"),)),
    Entry("wingtip", "Wingtip", "Rollouts everywhere", ("rollout",)),
    Entry("coho", "Coho Vineyard", "Wine"),
)


def directory(*more: Entry) -> Directory:
    return Directory.of([*OTHERS, *more], {})


def need(**changes: Any) -> Lead:
    return replace(a_lead(Description=NEED), offer=None, **changes)


def names(found: tuple[Suggested, ...]) -> list[str]:
    return [one.name for one in found]


def test_m3_the_best_three_for_what_was_asked() -> None:
    found = suggested(directory(), need())
    assert names(found) == ["Fabrikam", "Tailspin Toys", "Wingtip"]
    assert found[0].country == "SE"
    assert [reason.text for reason in found[0].reasons][-1] == "It has a location in your country."
    assert not any("no location" in reason.text for one in found for reason in one.reasons), (
        "what speaks against is not told"
    )


def test_m3_never_the_declining_partner_itself() -> None:
    own = Entry("contoso", "Contoso", "CRM rollout crm rollout", ("crm", "rollout"), (), (Place("HQ", "SE"),))
    assert "Contoso" not in names(suggested(directory(own), need()))
    assert names(suggested(directory(own), need(), frozenset({"fabrikam"})))[0] != "Fabrikam"


def test_m3_a_customer_of_another_size_is_not_sent_there() -> None:
    large = replace(need(), customer=replace(need().customer, size="5001+"))
    assert "Tailspin Toys" not in names(suggested(directory(), large))
    # What is no size of ours says nothing.
    assert wanted_of(replace(need(), customer=replace(need().customer, size="big"))) == wanted_of(need())


def test_m3_whoever_asked_for_nothing_is_suggested_nobody() -> None:
    assert suggested(directory(), need(notes=None)) == ()
    assert suggested(directory(), need(notes="bicycles")) == ()
    assert suggested(None, need()) == ()


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> str:
    assert source.partner_id is not None
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    ports.directory.kept = StoredDirectory(directory(), "1")
    return source.partner_id


async def declined(ports: FakePorts, source: LeadSource, reason: str = "noCapacity", **changes: Any) -> Lead:
    body = submission_body(Description=NEED, **changes)
    made = await submit(ports, source, body)
    answer = LeadAction(Action.DECLINE, reason=reason, notes="no")
    seen = await answer_lead(
        ports=ports,
        partner_id=source.partner_id or "",
        lead_id=made.lead_id,
        answer=answer,
        by=ANN,
        versions=None,
        at=AT,
    )
    return seen.lead


async def test_m3_the_answer_and_the_customers_mail_name_them(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    lead = await declined(ports, source)
    assert lead.closing is not None
    assert "Fabrikam" in names(lead.closing.suggested)
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    (letter,) = [one for one in ports.mailer.sent.values() if one.to == "ada.berg@northwind.example"]
    # Sweden's customers are written to in Swedish.
    assert "De här partnerna kan kanske hjälpa er i stället:" in letter.text
    assert "Fabrikam: Sverige." in letter.text
    assert "Fabrikam" in letter.html


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("abuse", {}),
        ("duplicate", {}),
        ("noCapacity", {"Email": "not an address"}),
        ("noCapacity", {"FirstName": "MSFT_TEST_1"}),
    ],
)
async def test_m3_nobody_is_suggested_to_whom_nothing_is_told(
    ports: FakePorts, source: LeadSource, partner: str, reason: str, changes: dict[str, Any]
) -> None:
    lead = await declined(ports, source, reason, **changes)
    assert lead.closing is not None
    assert lead.closing.suggested == ()


async def test_m3_a_decline_does_not_wait_for_the_directory(
    ports: FakePorts, source: LeadSource, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(at: datetime) -> Directory | None:
        raise Unavailable

    monkeypatch.setattr(ports.directory, "current", away)
    lead = await declined(ports, source)
    assert lead.closing is not None
    assert (lead.outcome, lead.closing.suggested) == ("declined", ())


async def test_l7_the_same_decline_again_is_none_though_the_directory_has_changed(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    lead = await declined(ports, source)
    ports.directory.kept = StoredDirectory(Directory.of([OTHERS[1]], {}), "2")
    answer = LeadAction(Action.DECLINE, reason="noCapacity", notes="no")
    again = await answer_lead(
        ports=ports,
        partner_id=partner,
        lead_id=lead.id,
        answer=answer,
        by=ANN,
        versions=None,
        at=AT.replace(minute=AT.minute + 1),
    )
    assert again.lead == lead
