"""The verbs of a test: a submission, an answer, a look, on any ports."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.domain.filters import LeadFilter
from shared.domain.lead import Lead
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.ordering import Order
from shared.domain.programme.partner import LeadSource
from shared.domain.telling.preferences import Preferences
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.receive_lead import Received, receive_lead
from shared.usecases.leads import answer_lead, lists, read_leads
from shared.usecases.leads.record_due import run_due
from shared.usecases.telling.preferences import put_preferences, read_preferences
from tests.builders import ANN, AT, CONTACT_ME, DEAL


async def submit(
    ports: Ports, source: LeadSource, body: Any = CONTACT_ME, *, key: str | None = None, at: datetime = AT
) -> Received:
    """Post a body to a source, bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await receive_lead(ports=ports, door=source.door(), submission=Submission(raw, key=key), at=at)


async def answer(
    ports: Ports,
    source: LeadSource,
    lead_id: str,
    what: LeadAction | Action = Action.ACCEPT,
    *,
    versions: frozenset[str] | None = None,
    at: datetime = AT,
) -> read_leads.SeenLead:
    """Answer a lead as Ann."""
    given = what if isinstance(what, LeadAction) else LeadAction(what, deal=DEAL if what is Action.ACCEPT else None)
    return await answer_lead.answer_lead(
        ports=ports,
        partner_id=source.partner_id,
        lead_id=lead_id,
        answer=given,
        by=ANN,
        versions=versions,
        at=at,
    )


async def listed(ports: Ports, source: LeadSource, at: datetime = AT, **changes: Any) -> lists.SeenPage:
    """Ann's list: both tabs, every status, no tests, fifty, from the start, but for the changes."""
    after, top = changes.pop("after", None), changes.pop("top", 50)
    order, within = changes.pop("order", "created"), changes.pop("within", None)
    look = lists.Look(ports, source.partner_id, changes.pop("person", "ann"), LeadFilter(**changes), at)
    return await lists.list_leads(
        look, order=Order.read(order), after=after, top=top, budget=within or budget(rows=10_000)
    )


async def all_leads(ports: Ports, source: LeadSource, at: datetime = AT) -> list[Lead]:
    """Every lead of the source's partner."""
    page = await listed(ports, source, at, include_test=True, top=200)
    assert page.next is None
    return [seen.lead for seen in page.leads]


TIMERS = ("expire", "cool", "archive")


def budget(rows: int = 20_000, seconds: float = 240) -> Budget:
    """A budget whose watch stands still."""
    return Budget(lambda: 0.0, rows, seconds)


async def run_timers(ports: Ports, at: datetime, kinds: Sequence[str] = TIMERS) -> int:
    """Let the timers run at `at`; how many hints they handled."""
    done = 0
    for kind in kinds:
        ran = await run_due(ports=ports, kind=kind, at=at, budget=budget())
        assert not ran.unfinished
        done += ran.done + ran.failed
    return done


async def wishes(ports: Ports, partner_id: str, at: datetime = AT) -> Preferences:
    """A partner's preferences as they hold."""
    return (await read_preferences(ports=ports, partner_id=partner_id, at=at)).holding


async def wish(ports: Ports, partner_id: str, preferences: Preferences, at: datetime = AT) -> Preferences:
    """Put a partner's preferences; as they hold then."""
    before = await read_preferences(ports=ports, partner_id=partner_id, at=at)
    await put_preferences(ports=ports, partner_id=partner_id, preferences=preferences, before=before)
    return await wishes(ports, partner_id, at)
