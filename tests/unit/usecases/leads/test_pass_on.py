"""A lead that its partner declines, or lets expire, goes to the next best one, where the operator wants it (M7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.agenda import HintKind
from shared.domain.errors import Unavailable
from shared.domain.intake.reoffer import PASSES_MOST, Reoffer
from shared.domain.lead import Lead, Outcome, Status
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.directory import Directory, Entry, Place
from shared.domain.programme.offers import RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.programme.profile import Contact, Location, Profile
from shared.ports.programme import StoredDirectory
from shared.ports.rules import Rules
from shared.usecases.leads.answer_lead import answer_lead
from shared.usecases.leads.pass_on import pass_on_leads
from shared.usecases.telling.deliver import deliver_events
from tests.builders import ANN, AT, DAY, submission_body
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import budget, run_timers, submit

NEED = "We need a rollout of our CRM before March."
CUSTOMER = "ada.berg@northwind.example"
PROGRAMME = LeadSource("a" * 16, None, "Marketplace", AT)
NAMES = ("contoso", "fabrikam", "adatum", "tailspin", "wingtip")
MINUTE = timedelta(minutes=1)


async def made(reoffer: Reoffer) -> FakePorts:
    """A programme of five partners who all do CRM, the first one best, of whose offer the leads are."""
    ports = fake_ports(Rules(reoffer=reoffer, mails_per_minute=1000, mails_per_hour=1000))
    entries = []
    for number, name in enumerate(NAMES):
        await ports.partners.put(Partner(name, name.title(), (), AT, AT))
        contact = Contact(name, f"leads@{name}.example", None, "en")
        await ports.listings.put_profile(
            name, Profile(name, True, locations=(Location("HQ", "SE", None, (contact,)),)), None
        )
        entries.append(
            Entry(name, name.title(), "CRM rollout", ("crm",), (), (Place("HQ", "SE"),), standing=1 - number / 10)
        )
    ports.directory.kept = StoredDirectory(Directory.of(entries, {}), "1")
    await ports.partners.put_source(PROGRAMME)
    await ports.listings.put_offer("contoso", RegisteredOffer("contoso.crm", "Contoso CRM"), None)
    return ports


@pytest.fixture
async def ports() -> FakePorts:
    return await made(Reoffer.DECLINED)


async def asked(ports: FakePorts, **changes: Any) -> Lead:
    """A lead of the programme that contoso has."""
    said = {"Description": NEED, "LeadSource": "AppSource-INQ|contoso.crm", **changes}
    body = submission_body(**said)
    received = await submit(ports, PROGRAMME, body)
    return await read(ports, "contoso", received.lead_id)


async def read(ports: FakePorts, partner: str, lead_id: str) -> Lead:
    stored = await ports.leads.get(partner, lead_id)
    assert stored is not None
    return stored.lead


async def decline(ports: FakePorts, lead: Lead, reason: str = "noCapacity", at: Any = AT + MINUTE) -> None:
    answer = LeadAction(Action.DECLINE, reason=reason)
    await answer_lead(
        ports=ports, partner_id=lead.partner_id, lead_id=lead.id, answer=answer, by=ANN, versions=None, at=at
    )


async def timers(ports: FakePorts, at: Any = AT + 2 * MINUTE) -> None:
    """The relay, the timer of this, and what is told then."""
    await deliver_events(ports=ports, now=lambda: at, budget=budget())
    await pass_on_leads(ports=ports, at=at, budget=budget())
    for wait in (timedelta(), timedelta(seconds=11)):
        await deliver_events(ports=ports, now=lambda wait=wait: at + wait, budget=budget())


def of(ports: FakePorts, partner: str) -> list[Lead]:
    return [row.lead for (owner, _), row in ports.leads.rows.items() if owner == partner]


def to_customer(ports: FakePorts) -> list[str]:
    return [letter.text for letter in ports.mailer.sent.values() if letter.to == CUSTOMER]


async def test_m7_a_declined_lead_goes_to_the_next_best_with_days_of_its_own(ports: FakePorts) -> None:
    lead = await asked(ports)
    await decline(ports, lead)
    await timers(ports)
    old, (new,) = await read(ports, "contoso", lead.id), of(ports, "fabrikam")
    assert (old.outcome, new.status) == (Outcome.DECLINED, Status.RECEIVED)
    assert old.passed_on is not None
    assert (old.passed_on.partner_id, old.passed_on.lead_id) == ("fabrikam", new.id)
    assert [(one.partner_id, one.lead_id, one.outcome) for one in new.passed_from] == [("contoso", lead.id, "declined")]
    assert new.expires_at == AT + 2 * MINUTE + 14 * DAY
    assert (new.customer, new.notes, new.consent) == (lead.customer, lead.notes, lead.consent)
    assert (new.closing, new.deal, new.version) == (None, None, 1)
    newest, *_ = await ports.leads.history("contoso", lead.id, 9, 9)
    assert newest.type == "lead.passedOn"
    assert "leads@fabrikam.example" in {letter.to for letter in ports.mailer.sent.values()}


async def test_m7_the_customer_is_told_who_has_it_and_nothing_else(ports: FakePorts) -> None:
    await decline(ports, await asked(ports))
    await timers(ports)
    (text,) = to_customer(ports)
    assert "Er förfrågan finns nu hos Fabrikam" in text
    assert "Adatum" not in text


async def test_m7_it_goes_on_twice_at_most_and_never_back(ports: FakePorts) -> None:
    lead = await asked(ports)
    for number in range(PASSES_MOST + 1):
        await decline(ports, lead, at=AT + (2 * number + 1) * MINUTE)
        await timers(ports, AT + (2 * number + 2) * MINUTE)
        had = await read(ports, lead.partner_id, lead.id)
        if had.passed_on is None:
            break
        lead = await read(ports, had.passed_on.partner_id, had.passed_on.lead_id)
    assert [one.partner_id for one in lead.passed_from] == ["contoso", "fabrikam"]
    assert lead.partner_id == "adatum"
    assert [len(of(ports, name)) for name in NAMES] == [1, 1, 1, 0, 0]
    # The last one's decline is told as ever, with others to ask.
    assert "cannot take up" in to_customer(ports)[-1] or "kan inte" in to_customer(ports)[-1]
    assert "Tailspin" in to_customer(ports)[-1]


@pytest.mark.parametrize("reoffer", [Reoffer.OFF, Reoffer.DECLINED])
async def test_m7_it_is_off_unless_the_operator_wants_it(reoffer: Reoffer) -> None:
    ports = await made(reoffer)
    lead = await asked(ports)
    if reoffer is Reoffer.OFF:
        await decline(ports, lead)
    else:
        # It was to be declined ones alone.
        await run_timers(ports, AT + 15 * DAY)
    await timers(ports, AT + 15 * DAY)
    assert [len(of(ports, name)) for name in NAMES] == [1, 0, 0, 0, 0]
    assert len(to_customer(ports)) == (1 if reoffer is Reoffer.OFF else 0)


async def test_m7_an_expired_lead_goes_on_where_that_is_wanted() -> None:
    ports = await made(Reoffer.DECLINED_AND_EXPIRED)
    lead = await asked(ports)
    await run_timers(ports, AT + 15 * DAY)
    await timers(ports, AT + 15 * DAY)
    assert (await read(ports, "contoso", lead.id)).outcome is Outcome.EXPIRED
    (new,) = of(ports, "fabrikam")
    assert new.customer.email == CUSTOMER
    assert new.expires_at == AT + 29 * DAY
    assert len(to_customer(ports)) == 1


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("abuse", {}),
        ("duplicate", {}),
        ("notACustomer", {}),
        ("noCapacity", {"Email": "not an address"}),
        ("noCapacity", {"FirstName": "MSFT_TEST_1"}),
    ],
)
async def test_m7_some_leads_stay_where_they_are(ports: FakePorts, reason: str, changes: dict[str, Any]) -> None:
    await decline(ports, await asked(ports, **changes), reason)
    await timers(ports)
    assert [len(of(ports, name)) for name in NAMES] == [1, 0, 0, 0, 0]
    told = reason == "notACustomer"
    assert len(to_customer(ports)) == told


async def test_m7_where_nobody_else_is_found_the_customer_is_told_as_ever(ports: FakePorts) -> None:
    ports.directory.kept = StoredDirectory(Directory.of([], {}), "2")
    lead = await asked(ports)
    await decline(ports, lead)
    await timers(ports)
    assert (await read(ports, "contoso", lead.id)).passed_on is None
    (text,) = to_customer(ports)
    assert "Contoso" in text
    await timers(ports, AT + DAY)
    assert len(to_customer(ports)) == 1


async def test_m7_whoever_has_not_agreed_is_not_shared(ports: FakePorts) -> None:
    lead = await asked(ports)
    stored = ports.leads.rows["contoso", lead.id]
    unsaid = replace(lead, consent=replace(lead.consent, share=None))
    ports.leads.rows["contoso", lead.id] = replace(stored, lead=unsaid)
    await decline(ports, unsaid)
    await timers(ports)
    assert of(ports, "fabrikam") == []
    assert len(to_customer(ports)) == 1


async def test_m7_a_partners_own_lead_stays_its_own(ports: FakePorts) -> None:
    own = LeadSource("b" * 16, "contoso", "Own", AT)
    await ports.partners.put_source(own)
    made = await submit(ports, own, submission_body(Description=NEED))
    await decline(ports, await read(ports, "contoso", made.lead_id))
    await timers(ports)
    assert of(ports, "fabrikam") == []
    assert len(to_customer(ports)) == 1


async def test_m7_a_run_that_breaks_off_anywhere_makes_it_once(
    ports: FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = await asked(ports)
    await decline(ports, lead)
    await deliver_events(ports=ports, now=lambda: AT + MINUTE, budget=budget())
    add = ports.leads.add

    async def away(*_: Any) -> None:
        raise Unavailable

    # After it was recorded where it goes, before it is there.
    monkeypatch.setattr(ports.leads, "add", away)
    assert (await pass_on_leads(ports=ports, at=AT + 2 * MINUTE, budget=budget())).failed == 1
    monkeypatch.setattr(ports.leads, "add", add)
    # Others are better by now, and it goes where it was to go all the same.
    ports.directory.kept = StoredDirectory(
        Directory.of([Entry("wingtip", "Wingtip", "CRM rollout", ("crm",))], {}), "2"
    )
    for later in (1, 2):
        await timers(ports, AT + (3 + later) * MINUTE)
    assert [len(of(ports, name)) for name in NAMES] == [1, 1, 0, 0, 0]
    assert len(to_customer(ports)) == 1
    assert await ports.agenda.due(HintKind.REOFFER, AT + 99 * DAY, 9) == []


async def test_m7_two_runs_at_once_make_it_once(ports: FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = await asked(ports)
    await decline(ports, lead)
    await deliver_events(ports=ports, now=lambda: AT + MINUTE, budget=budget())
    current, raced = ports.directory.current, []

    async def meanwhile(at: Any) -> Directory | None:
        if not raced:
            raced.append(True)
            await pass_on_leads(ports=ports, at=at, budget=budget())
        return await current(at)

    monkeypatch.setattr(ports.directory, "current", meanwhile)
    await pass_on_leads(ports=ports, at=AT + 2 * MINUTE, budget=budget())
    await timers(ports, AT + 9 * MINUTE)
    assert [len(of(ports, name)) for name in NAMES] == [1, 1, 0, 0, 0]
    assert len(to_customer(ports)) == 1
