"""What every lead store says of deals (`LeadStore.deals`, M4): what the rule says of their leads."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.agenda import Change
from shared.domain.lead import Customer, Lead, Offer, Tab
from shared.domain.lifecycle import Action, Decision, LeadAction, decide
from shared.domain.similar import traits_of
from shared.ids import digest, position
from shared.ports.leads import LeadStore
from tests.builders import ANN, AT, DAY, DEAL, received, submitted, unique

ACCEPT = LeadAction(Action.ACCEPT, deal=DEAL)
LATER = AT + 100 * DAY
HOUR = timedelta(hours=1)


async def stored(leads: LeadStore, decision: Decision, *answers: LeadAction) -> Lead:
    """The lead after these answers, each committed by itself."""
    await leads.add(decision, submitted(), Change("change", AT))
    lead = decision.lead
    for number, answer in enumerate(answers):
        before = await leads.get(lead.partner_id, lead.id)
        assert before is not None
        decided = decide(before.lead, answer, at=lead.created_at + (number + 1) * HOUR, by=ANN)
        await leads.commit([(before, decided)], Change(f"change{number}", AT))
        lead = decided.lead
    return lead


def changed(decision: Decision, **changes: object) -> Decision:
    return replace(decision, lead=replace(decision.lead, **changes))  # type: ignore[arg-type] # fields of a lead


async def told(leads: LeadStore, lead: Lead, at: datetime = LATER, top: int = 50) -> list[str]:
    return [one.lead_id for one in await leads.deals(lead.partner_id, lead.id, at, top)]


async def test_m4_deals_are_those_that_were_accepted_whatever_became_of_them(leads: LeadStore) -> None:
    partner = unique()
    ends: Mapping[str, tuple[LeadAction, ...]] = {
        "open": (ACCEPT,),
        "edited": (ACCEPT, LeadAction(Action.EDIT, edits={"name": "B"})),
        "won": (ACCEPT, LeadAction(Action.WIN)),
        "lost": (ACCEPT, LeadAction(Action.LOSE, reason="budget")),
        "error": (ACCEPT, LeadAction(Action.CLOSE_AS_ERROR, reason="wrongCustomer")),
        "declined": (LeadAction(Action.DECLINE, reason="budget"),),
        "received": (),
    }
    made = {
        name: await stored(leads, received(partner, AT + number * HOUR), *answers)
        for number, (name, answers) in enumerate(ends.items())
    }
    test = changed(received(partner, AT + 8 * HOUR), is_test=True)
    await stored(leads, test, ACCEPT)
    last = await stored(leads, received(partner, AT + 9 * HOUR))
    assert await told(leads, last) == [made[name].id for name in ("lost", "won", "edited", "open")]
    assert await told(leads, await stored(leads, received(unique()))) == [], "nobody else's"


async def test_m4_the_newest_before_the_lead_come_of_both_tabs(leads: LeadStore) -> None:
    partner = unique()
    tabs = [Tab.MARKETPLACE, Tab.QUALIFIED] * 4
    made = [await stored(leads, received(partner, AT + n * HOUR, tab=tab), ACCEPT) for n, tab in enumerate(tabs)]
    newest = [lead.id for lead in sorted(made, key=lambda lead: position(lead.id))]
    for number in (0, 3, 4, 7):
        assert await told(leads, made[number]) == newest[8 - number :]
    last = await stored(leads, received(partner, AT + 9 * HOUR))
    for top in (1, 2, 3, 7, 8, 9):
        assert await told(leads, last, top=top) == newest[:top]


async def test_m4_deals_are_compared_by_what_their_leads_tell(leads: LeadStore) -> None:
    partner = unique()
    whole = changed(
        received(partner, AT, Description="Wir brauchen Lagerverwaltung, Scanner und E-Mail."),
        offer=Offer("contoso.CRM", "Contoso CRM Å"),
        search_terms=("WMS", "lager"),
        customer=Customer("Northwind", country="SE", size="10-50"),
    )
    bare = changed(
        received(partner, AT + HOUR, Description=None),
        offer=None,
        source=None,
        call_to_action=None,
        customer=Customer("Fabrikam"),
    )
    title = changed(received(partner, AT + 2 * HOUR), offer=Offer(title="contoso crm å"))
    made = [await stored(leads, one, ACCEPT) for one in (whole, bare, title)]
    last = await stored(leads, received(partner, AT + 9 * HOUR))
    found = await leads.deals(partner, last.id, LATER, 50)
    expected = [traits_of(lead, LATER) for lead in reversed(made)]
    assert found == [one._replace(offers=frozenset(map(digest, one.offers))) for one in expected]
    assert [bool(one.need) for one in found] == [True, False, True]
    assert found[0].offers & found[2].offers, "the same title"


async def test_m4_l9_a_need_is_there_until_it_is_hidden(leads: LeadStore) -> None:
    partner = unique()
    lead = await stored(leads, received(partner, AT, Description="scanner"), ACCEPT)
    last = await stored(leads, received(partner, AT + HOUR))

    async def need() -> str:
        (found,) = await leads.deals(partner, last.id, LATER, 50)
        return found.need

    assert await need() == "scanner"
    before = await leads.get(partner, lead.id)
    assert before is not None
    decided = decide(before.lead, LeadAction(Action.EDIT, edits={"name": "B"}), at=AT + 2 * HOUR, by=ANN)
    hidden = replace(decided, lead=replace(decided.lead, do_not_contact=True))
    await leads.commit([(before, hidden)], Change("hides", AT))
    assert await need() == ""
