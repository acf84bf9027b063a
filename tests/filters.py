"""Filters to try on leads of every kind: each part of Q3 alone, and combinations."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import (
    CallToAction,
    Lead,
    LeadType,
    Level,
    Offer,
    Outcome,
    Qualification,
    Quality,
    Source,
    Status,
    Tab,
    Validity,
)
from shared.domain.lifecycle import Action, ClosingReason, LeadAction, decide
from shared.domain.listed import FlameState
from shared.ids import new_lead_id
from tests.builders import ANN, AT, DEAL, a_lead

NOBODYS = new_lead_id(Tab.MARKETPLACE, AT + timedelta(minutes=2, milliseconds=1))[:13] + "0" * 16
"""The id of a lead between others that nobody has."""
EACH: dict[str, Any] = {
    "tab": [ListTab.MARKETPLACE, ListTab.QUALIFIED],
    "status": Status,
    "outcome": Outcome,
    "type": LeadType,
    "qualification": Qualification,
    "source": Source,
    "call_to_action": CallToAction,
    "country": ["SE", "DE", "IS"],
    "quality": Level,
    "email_validity": Validity,
    "phone_validity": [Validity.VALID, Validity.INVALID, Validity.UNKNOWN],
    "flame": FlameState,
    "offer": ["contoso.crm", "CONTOSO CRM", "nothing", "o'hara's \"crm\""],
    "customer": ["north", "ÅNG", "ada berg", "nobody"],
    "search": ["rollout", "ada.berg@northwind.example", "north rollout", "ang-006", "spring/27", "zzz"],
    "created_from": [AT + timedelta(minutes=3), AT],
    "created_to": [AT + timedelta(minutes=3), AT + timedelta(hours=1)],
    "include_test": [True],
    "deal": [True],
    "updated_from": [AT + timedelta(minutes=4), AT + timedelta(days=3), AT + timedelta(days=14)],
    "id": [NOBODYS, "q" + NOBODYS[1:]],
    "company_size": ["51-250", "Around 300", "1-9"],
    "location": ["malmö", "O'Hara's", "nowhere"],
    "search_term": ["CRM", "crm, cloud", "cloud"],
    "reason": ClosingReason,
    "updated_to": [AT + timedelta(minutes=4), AT + timedelta(days=3) - timedelta(seconds=1)],
}
SETS = {name for name, one in LeadFilter.__dataclass_fields__.items() if "frozenset" in str(one.type)}


def a_filter(name: str, value: Any) -> LeadFilter:
    """A filter of one part."""
    return LeadFilter(**{name: frozenset({value}) if name in SETS else value})


SINGLE = [a_filter(name, value) for name, values in EACH.items() for value in values]


def _some(name: str) -> st.SearchStrategy[Any]:
    values = list(EACH[name])
    return st.frozensets(st.sampled_from(values), max_size=len(values)) if name in SETS else st.sampled_from(values)


filters = st.lists(st.sampled_from(sorted(EACH)), unique=True, min_size=1, max_size=5).flatmap(
    lambda names: st.fixed_dictionaries({name: _some(name) for name in names}).map(lambda parts: LeadFilter(**parts))
)


def leads_of_every_kind(partner: str) -> list[Lead]:
    """Leads that differ in everything a filter asks for, a minute apart from AT on, as stored."""
    made: list[Lead] = []

    def add(lead: Lead, *answers: LeadAction, **changes: Any) -> None:
        lead = replace(lead, **changes)
        for one in answers:
            lead = decide(lead, one, at=lead.created_at, by=ANN).lead
        made.append(lead)

    def lead(**changes: Any) -> Lead:
        return a_lead(partner, AT + timedelta(minutes=len(made)), **changes)

    accept = LeadAction(Action.ACCEPT, deal=DEAL)
    add(lead())
    add(lead(), LeadAction(Action.ACCEPT, deal=replace(DEAL, crm_id="ÅNG-006", campaign_id="Spring/27")))
    add(lead(), accept, LeadAction(Action.WIN), updated_at=AT + timedelta(minutes=9))
    add(lead(), accept, LeadAction(Action.LOSE, reason="budget"))
    add(lead(), accept, LeadAction(Action.CLOSE_AS_ERROR, reason="duplicateDeal"))
    add(lead(), LeadAction(Action.DECLINE, reason="budget"))
    add(lead(ActionCode="INS", Country="Germany"), email_validity=Validity.SPAM)
    add(lead(ActionCode="INS"), accept)
    add(lead(ActionCode="DNC"))
    add(lead(ActionCode=""), offer=Offer("Contoso.CRM", "Contoso CRM"), quality=Quality(Level.HIGH))
    add(lead(FirstName="MSFT_TEST_A"))
    add(lead(Company="Ångström AB", LeadSource="AzureMarketplace"), phone_validity=Validity.INVALID)
    add(lead(Country="nowhere"), type=LeadType.PROFILE, offer=Offer(None, "O'Hara's \"CRM\""), location="O'Hara's")
    for size, terms in (("51-250", ("crm", "Crm, Cloud")), ("around 300", ("crm",)), (None, ("cloud 9", "a crm"))):
        sized = replace(lead().customer, size=size)
        add(lead(), type=LeadType.PROFILE, customer=sized, location="Malmö", search_terms=terms)
    add(lead(), LeadAction(Action.DECLINE, reason="noCapacity"), location="malmo", search_terms=("crm",))
    add(
        a_lead(partner, AT + timedelta(minutes=20), tab=Tab.QUALIFIED),
        type=None,
        qualification=Qualification.SALES_QUALIFIED,
        source=None,
        call_to_action=None,
        quality=Quality(Level.LOW),
    )
    return made


def moments(lead: Lead) -> list[datetime]:
    """Times around each deadline of a lead."""
    second = timedelta(seconds=1)
    ends = [one for one in (lead.flame_until, lead.expires_at, lead.ages_at) if one]
    return [at + offset for at in ends for offset in (-second, timedelta(), second)]
