"""One second before and after each deadline, everything agrees, timers off and on (L6; A1, A2, A3)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.errors import Refusal
from shared.domain.filters import ListTab
from shared.domain.instants import add_months
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import Action
from shared.domain.ordering import Order
from shared.domain.permissions import Caller, Role
from shared.domain.programme.partner import LeadSource
from shared.http.shapes.history_views import event_view
from shared.http.shapes.lead_views import lead_view
from shared.http.shapes.list_views import facets_view, summary_view
from shared.ports.ports import Ports
from shared.texts import translator
from shared.usecases.leads.counts import count_leads
from shared.usecases.leads.facets import count_facets, count_found
from shared.usecases.leads.favorites import set_favorite
from shared.usecases.leads.lists import Look, list_leads
from shared.usecases.leads.read_leads import read_history, read_lead
from tests.builders import submission_body, unique
from tests.exports import ask, rows_of
from tests.filters import SINGLE
from tests.steps import answer, budget, listed, run_timers, submit

ANN = Caller("contoso", "ann", "Ann", frozenset({Role.LEADS_ADMIN, Role.LEADS_USER}), "contoso")
SECOND = timedelta(seconds=1)
RECEIPTS = [
    datetime(2026, 11, 21, 20, 4, 27, 123000, tzinfo=UTC),
    datetime(2027, 8, 31, 23, 59, 59, 999000, tzinfo=UTC),
    datetime(2028, 2, 29, 0, 0, tzinfo=UTC),
    datetime(2026, 8, 31, 12, 0, tzinfo=UTC),
]
OFFSETS = [-SECOND, timedelta(), SECOND]
DEADLINES = {
    "72 h": ("PLT", lambda at: at + timedelta(hours=72)),
    "14 d": ("PLT", lambda at: at + timedelta(days=14)),
    "six months": ("INS", lambda at: add_months(at, 6)),
}

EN = translator("en")


def without_identity(view: Any, lead: str, partner: str) -> str:
    """What is shown, with the ids that differ between two partners taken out."""
    return str(view).replace(lead, "LEAD").replace(partner, "PARTNER")


async def everything(ports: Ports, source: LeadSource, lead: str, at: datetime) -> list[str]:
    """What lists by every filter and order, counts, exports, a read, the history and an accept say at `at`."""
    seen: list[str] = []
    for statuses in (frozenset[Status](), *(frozenset({one}) for one in Status)):
        for tab in (None, ListTab.FAVORITES):
            page = await listed(ports, source, at, status=statuses, tab=tab)
            seen.append(f"{sorted(statuses)} {[lead_view(one, ANN, at, translator('en')) for one in page.leads]}")
    for wanted in SINGLE:
        look = Look(ports, source.partner_id, "ann", wanted, at)
        page = await list_leads(look, order=Order(), after=None, top=50, budget=budget())
        seen.append(f"{wanted.canonical} {[one.lead.status for one in page.leads]}")
        assert (await count_found(look, budget())).leads == len(page.leads)
        seen.append(f"{wanted.canonical} {facets_view(await count_facets(look, budget()))}")
    for order in ("status", "expiry", "updated desc"):
        page = await listed(ports, source, at, order=order)
        seen.append(f"{order} {[lead_view(one, ANN, at, translator('en')) for one in page.leads]}")
    counts = await count_leads(ports=ports, partner_id=source.partner_id, person="ann", at=at)
    seen.append(str(summary_view(counts, at)))
    seen += [
        str(await rows_of(ports.files, await ask(ports, source, at, tab=tab))) for tab in (None, ListTab.FAVORITES)
    ]
    read = await read_lead(ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead, at=at)
    seen.append(str(lead_view(read, ANN, at, EN)))
    events, _ = await read_history(ports=ports, partner_id=source.partner_id, lead_id=lead, below=None, top=50, at=at)
    seen.append(str([event_view(event) for event in events]))
    try:
        accepted = await answer(ports, source, lead, Action.ACCEPT, at=at)
        seen.append(str(lead_view(accepted, ANN, at, EN)))
    except Refusal as refusal:
        seen.append(f"{refusal.code} {refusal.details}")
    return [without_identity(one, lead, source.partner_id) for one in seen]


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("name", DEADLINES)
@pytest.mark.parametrize("offset", OFFSETS, ids=["before", "at", "after"])
async def test_lists_reads_and_actions_agree_with_timers_off_and_on(
    ports: Ports, name: str, number: int, offset: timedelta
) -> None:
    # Two of the receipts each, and all of them for each deadline.
    receipt = RECEIPTS[(2 * number + OFFSETS.index(offset)) % len(RECEIPTS)]
    code, rule = DEADLINES[name]
    at = rule(receipt) + offset
    found = []
    for timers_on in (False, True):
        source = LeadSource("0123456789abcdef", unique(), "Marketplace", receipt)
        lead = (await submit(ports, source, submission_body(ActionCode=code), at=receipt)).lead_id
        await set_favorite(ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead, favorite=True)
        if timers_on:
            await run_timers(ports, at)
            stored = await ports.leads.get(source.partner_id, lead)
            assert stored is not None
            assert _recorded(stored.lead, name) is (offset >= timedelta())
        found.append(await everything(ports, source, lead, at))
    off, on = found
    assert off == on
    assert ("leadExpired" in off[-1]) is (name == "14 d" and offset >= timedelta())
    assert ("invalidTransition" in off[-1]) is (name == "six months" and offset >= timedelta())


def _recorded(lead: Lead, name: str) -> bool:
    return lead.flame_cooled if name == "72 h" else lead.status is Status.ARCHIVED


async def test_the_comparison_would_notice_a_difference(ports: Ports) -> None:
    at = RECEIPTS[0]
    source = LeadSource("0123456789abcdef", unique(), "Marketplace", at)
    lead = (await submit(ports, source, at=at)).lead_id
    seen = await read_lead(ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead, at=at)
    other = replace(seen, lead=replace(seen.lead, flame_cooled=True))
    assert str(lead_view(seen, ANN, at, EN)) != str(lead_view(other, ANN, at, EN))
