"""Answers a lead: one path for every action, people's and time's, load → decide → commit (L1–L7, A1–A3).

After a lost race the action is decided again on the fresh lead; the old decision is never sent again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.correlation import new_change
from shared.domain.contact import shown_event
from shared.domain.deadlines import hints
from shared.domain.errors import NotFound, PreconditionRequired, Refusal, Unavailable
from shared.domain.events import Event
from shared.domain.lead import Actor, Closing, Lead, Suggested
from shared.domain.lifecycle import (
    Action,
    Activity,
    Decision,
    LeadAction,
    decide,
    doubts,
    log_activity,
    logged_before,
    settle,
)
from shared.domain.programme.directory import Directory
from shared.domain.programme.suggestions import suggested
from shared.domain.telling.recipients import why_not_told
from shared.ids import digest, jitter
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.usecases.leads.read_leads import SeenLead, related_leads

log = logging.getLogger(__name__)
ByTime = Callable[[Lead, datetime], Decision]
"""What time does to a lead by then."""
ATTEMPTS = 15
"""Each lost race means that somebody else changed the lead; contact attempts may come many at once (L8)."""
PAUSE_SECONDS, PAUSE_MOST = 0.01, 0.3
"""Before the next attempt, longer each time: those who lose together must not try together."""


async def answer_lead(
    *,
    ports: Ports,
    partner_id: str,
    lead_id: str,
    answer: LeadAction,
    by: Actor,
    versions: frozenset[str] | None,
    at: datetime,
) -> SeenLead:
    """Do what the answer says and return the lead as it is then.

    `versions` are those the caller has read; None = not said. Raises NotFound, PreconditionRequired (an edit must say
    them, L7) and what `decide` raises.
    """
    if answer.action is Action.EDIT and versions is None:
        raise PreconditionRequired
    directory = await _directory(ports, at) if answer.action is Action.DECLINE else None

    def decided(lead: Lead) -> Decision:
        others = replace(answer, suggested=_others(lead, answer, directory)) if directory else answer
        return decide(lead, others, at=at, by=by, versions=versions)

    seen, _ = await _commit(ports, partner_id, lead_id, by, at, decided)
    return replace(seen, warnings=doubts(seen.lead, answer, at))


async def _directory(ports: Ports, at: datetime) -> Directory | None:
    """Where others are found for a customer (M3); a decline does not wait for it."""
    try:
        return await ports.directory.current(at)
    except Unavailable:
        log.warning("Nobody can be suggested.", extra={"event": "decline.no_directory"})
        return None


def _others(lead: Lead, answer: LeadAction, directory: Directory | None) -> tuple[Suggested, ...]:
    """M3: nobody is suggested to a customer who is not told of the decline."""
    closed = replace(lead, closing=Closing(answer.reason))
    return suggested(directory, lead) if why_not_told(closed) is None else ()


async def log_contact_attempt(
    *,
    ports: Ports,
    partner_id: str,
    lead_id: str,
    activity: Activity,
    by: Actor,
    at: datetime,
    key: str | None = None,
) -> tuple[Event, bool]:
    """Log how the partner tried to reach the customer (L8); the event as it is shown, and whether it is new.

    The same `key` with the same content again is the same attempt. Raises NotFound, Conflict for other content.
    """
    named = (digest("activity", by.id, key), digest(activity.kind, activity.text or "")) if key else None
    seen, decision = await _commit(
        ports, partner_id, lead_id, by, at, lambda lead: log_activity(lead, activity, at=at, by=by, key=named)
    )
    if decision.events:
        return shown_event(decision.events[-1], seen.lead, at), True
    logged = logged_before(decision.lead, named[0]) if named else None
    events = await ports.leads.history(partner_id, lead_id, logged.sequence, 1) if logged else []
    if not events:
        raise NotFound
    return shown_event(events[0], settle(seen.lead, at).lead, at), False


async def _commit(
    ports: Ports, partner_id: str, lead_id: str, by: Actor, at: datetime, decided: Callable[[Lead], Decision]
) -> tuple[SeenLead, Decision]:
    """Decide on the lead as it is stored and commit; after a lost race, decide again on the fresh one.

    Returns the lead as it is then, and what was decided in the end.
    """
    change = new_change(at)
    announced = [change.announcement(partner_id, lead_id)]
    # The hint must be durable before what it announces; beside the first reads it costs no time.
    _, stored, mark = await asyncio.gather(
        ports.agenda.put(announced),
        ports.leads.get(partner_id, lead_id),
        ports.marks.get(partner_id, by.id, lead_id),
    )
    try:
        for attempt in range(ATTEMPTS):
            if stored is None:
                raise NotFound
            decision = decided(stored.lead)
            if not decision.events:
                await ports.agenda.remove(announced)
                related = await related_leads(ports=ports, lead=decision.lead, at=at)
                return SeenLead(decision.lead, mark, related), decision
            try:
                committed, found = await asyncio.gather(
                    # There is no way back to what somebody has answered, so its deadlines are nobody's any more.
                    ports.leads.commit(
                        [(stored, decision)], change, set(hints(stored.lead)) - set(hints(decision.lead))
                    ),
                    related_leads(ports=ports, lead=decision.lead, at=at),
                    return_exceptions=True,
                )
                if committed is not None:
                    raise committed
                ports.wakeups.partner(partner_id)
                # What was done is done, whether the look at related leads succeeded or not.
                return SeenLead(decision.lead, mark, None if isinstance(found, BaseException) else found), decision
            except LostRace:
                await asyncio.sleep(jitter() * min(PAUSE_SECONDS * 2**attempt, PAUSE_MOST))
                stored = await ports.leads.get(partner_id, lead_id)
    except Refusal as refusal:
        # Where storage gave no answer the change may stand all the same, so that hint must stay.
        if not isinstance(refusal, Unavailable):
            await ports.agenda.remove(announced)
        raise
    raise Unavailable


@dataclass(frozen=True)
class Recorded:
    """Leads as they are once time is recorded (those that exist), and by id why others could not be recorded."""

    leads: tuple[Lead, ...] = ()
    failures: Mapping[str, Exception] = field(default_factory=dict)


async def record_time(
    *, ports: Ports, partner_id: str, lead_ids: Sequence[str], at: datetime, decided: ByTime = settle
) -> Recorded:
    """Record what time has done to these leads of one partner by `at`, each change AT its deadline (L6).

    `decided` says what that is. All in one transaction if they fit; where it fails, in halves that are loaded and
    decided anew, so that one lead that cannot be recorded holds up nobody else. Raises Unavailable.
    """
    try:
        return Recorded(await _record_together(ports, partner_id, lead_ids, at, decided))
    except Unavailable:
        raise
    except Exception as problem:  # noqa: BLE001 - whatever is wrong with one lead must not stop the others
        if len(lead_ids) == 1:
            return Recorded(failures={lead_ids[0]: problem})
    half = len(lead_ids) // 2
    halves = lead_ids[:half], lead_ids[half:]
    first, second = [
        await record_time(ports=ports, partner_id=partner_id, lead_ids=some, at=at, decided=decided) for some in halves
    ]
    return Recorded(first.leads + second.leads, {**first.failures, **second.failures})


async def _record_together(
    ports: Ports, partner_id: str, lead_ids: Sequence[str], at: datetime, decided: ByTime
) -> tuple[Lead, ...]:
    read = await asyncio.gather(*(ports.leads.get(partner_id, lead_id) for lead_id in lead_ids))
    decisions = [(stored, decided(stored.lead, at)) for stored in read if stored is not None]
    changed = [(stored, decision) for stored, decision in decisions if decision.events]
    for some in ports.leads.pack(changed):
        change = new_change(at)
        announced = [change.announcement(partner_id, stored.lead.id) for stored, _ in some]
        needed = {hint for stored, decision in some for hint in set(hints(decision.lead)) - set(hints(stored.lead))}
        await ports.agenda.put([*announced, *needed])
        try:
            await ports.leads.commit(some, change)
            ports.wakeups.partner(partner_id)
        except LostRace:
            await ports.agenda.remove(announced)
            raise
    return tuple(decision.lead for _, decision in decisions)
