"""Called by the clock: what time does to leads, and the care of the agenda (A1–A5; storage.md, Agenda).

Schedules are settings in UTC (docs/settings.md). A run that ends at its budget goes on in the next; a run that fails is
logged by the host, and the next one finds the same work.
"""

import logging
from collections.abc import Awaitable, Callable

import azure.functions as func

from shared import app, clock, telemetry
from shared.domain.agenda import HintKind
from shared.domain.intake.reoffer import Reoffer
from shared.domain.lifecycle import remind, settle
from shared.ports.rules import Budget
from shared.usecases.exports.run_exports import run_exports as go_on_with_exports
from shared.usecases.intake.ingest_table import ingest_tables
from shared.usecases.intake.parked_input import forget_dismissed
from shared.usecases.leads.answer_lead import ByTime
from shared.usecases.leads.pass_on import pass_on_leads as pass_on
from shared.usecases.leads.recheck_contacts import recheck_contacts as recheck_due
from shared.usecases.leads.record_due import run_due
from shared.usecases.outcomes.learn import learn_outcomes as learn_from_all
from shared.usecases.programme.refresh_directory import refresh_directory as bring_up_to_date
from shared.usecases.telling.deliver import deliver_events as deliver_what_is_due
from shared.usecases.telling.send_digests import send_digests as close_days
from shared.usecases.upkeep.erase import run_erasures as go_on_with_erasures
from shared.usecases.upkeep.health import check_health
from shared.usecases.upkeep.reconcile import reconcile as reconcile_agenda

blueprint = func.Blueprint()
log = logging.getLogger(__name__)
Timer = Callable[[func.TimerRequest], Awaitable[None]]
Trigger = Callable[[func.TimerRequest, func.Context], Awaitable[None]]


def traced(handler: Timer) -> Trigger:
    """A trigger whose runs have a span and a correlation id each."""

    # The worker compares this signature with the bindings, so no `functools.wraps`.
    async def trigger(timer: func.TimerRequest, context: func.Context) -> None:
        with telemetry.operation(handler.__name__, "timer", context):
            await handler(timer)

    trigger.__name__, trigger.__doc__ = handler.__name__, handler.__doc__
    return trigger


@blueprint.function_name("expire_leads")
@blueprint.timer_trigger(schedule="%EXPIRE_LEADS_SCHEDULE%", arg_name="timer")
@traced
async def expire_leads(timer: func.TimerRequest) -> None:
    """Record the expiry of leads that nobody answered in 14 days (A1)."""
    await _run(HintKind.EXPIRE, timer)


@blueprint.function_name("cool_flames")
@blueprint.timer_trigger(schedule="%COOL_FLAMES_SCHEDULE%", arg_name="timer")
@traced
async def cool_flames(timer: func.TimerRequest) -> None:
    """Record the cooling of flames that burned for 72 hours (A2)."""
    await _run(HintKind.COOL, timer)


@blueprint.function_name("archive_leads")
@blueprint.timer_trigger(schedule="%ARCHIVE_LEADS_SCHEDULE%", arg_name="timer")
@traced
async def archive_leads(timer: func.TimerRequest) -> None:
    """Archive informational leads that are six months old (A3)."""
    await _run(HintKind.ARCHIVE, timer)


@blueprint.function_name("send_reminders")
@blueprint.timer_trigger(schedule="%SEND_REMINDERS_SCHEDULE%", arg_name="timer")
@traced
async def send_reminders(timer: func.TimerRequest) -> None:
    """Warn of leads that expire soon: events on days 7, 12 and 13, and a mail on day 12 (A1)."""
    await _run(HintKind.REMIND, timer, remind)


@blueprint.function_name("recheck_contacts")
@blueprint.timer_trigger(schedule="%RECHECK_CONTACTS_SCHEDULE%", arg_name="timer")
@traced
async def recheck_contacts(timer: func.TimerRequest) -> None:
    """Check e-mail addresses again that could not be checked at receipt (V1)."""
    ran = await recheck_due(ports=app.current().ports, at=clock.now(), budget=_budget())
    _log("Contacts were rechecked.", "timer.recheck", timer, ran)


@blueprint.function_name("ingest_marketplace_table")
@blueprint.timer_trigger(schedule="%INGEST_MARKETPLACE_TABLE_SCHEDULE%", arg_name="timer")
@traced
async def ingest_marketplace_table(timer: func.TimerRequest) -> None:
    """Take up what is new in the marketplaces' tables (I3)."""
    now = clock.real_now()
    ran = await ingest_tables(ports=app.current().ports, at=clock.now(), storage_now=now, budget=_budget())
    _log("Tables were read.", "timer.ingest", timer, ran)


@blueprint.function_name("deliver_events")
@blueprint.timer_trigger(schedule="%DELIVER_EVENTS_SCHEDULE%", arg_name="timer")
@traced
async def deliver_events(timer: func.TimerRequest) -> None:
    """Write what follows from leads' events, and send what is due to webhooks and by mail (W2, N1).

    Messages have done so as a rule (`functions/queues.py`); this finds what they missed.
    """
    ports = app.current().ports
    ran = await deliver_what_is_due(ports=ports, now=clock.now, budget=_budget(), patience=ports.wakeups.patience)
    _log("Events were delivered.", "timer.deliver", timer, ran)


@blueprint.function_name("send_digests")
@blueprint.timer_trigger(schedule="%SEND_DIGESTS_SCHEDULE%", arg_name="timer")
@traced
async def send_digests(timer: func.TimerRequest) -> None:
    """Close mail days that are over, each with its digest (N2)."""
    ran = await close_days(ports=app.current().ports, at=clock.now(), budget=_budget())
    _log("Mail days were closed.", "timer.digest", timer, ran)


@blueprint.function_name("run_exports")
@blueprint.timer_trigger(schedule="%RUN_EXPORTS_SCHEDULE%", arg_name="timer")
@traced
async def run_exports(timer: func.TimerRequest) -> None:
    """Go on with exports that a request left unfinished, and delete those of last week (X1, X5)."""
    ran = await go_on_with_exports(ports=app.current().ports, at=clock.now(), budget=_budget())
    _log("Exports were worked on.", "timer.export", timer, ran)


@blueprint.function_name("refresh_directory")
@blueprint.timer_trigger(schedule="%REFRESH_DIRECTORY_SCHEDULE%", arg_name="timer")
@traced
async def refresh_directory(timer: func.TimerRequest) -> None:
    """Bring the directory up to date with registrations and published profiles (M1)."""
    now = clock.real_now()
    ran = await bring_up_to_date(ports=app.current().ports, storage_now=now, budget=_budget())
    _log("The directory was refreshed.", "timer.directory", timer, ran)


@blueprint.function_name("reconcile")
@blueprint.timer_trigger(schedule="%RECONCILE_SCHEDULE%", arg_name="timer")
@traced
async def reconcile(timer: func.TimerRequest) -> None:
    """Write missing hints of the agenda again, and delete what was dismissed a month ago."""
    ports = app.current().ports
    found = await reconcile_agenda(ports=ports, at=clock.now(), budget=_budget())
    _log("The agenda was reconciled.", "timer.reconciled", timer, found, quietly=False)
    await forget_dismissed(ports=ports, at=clock.now())


@blueprint.function_name("pass_on_leads")
@blueprint.timer_trigger(schedule="%PASS_ON_LEADS_SCHEDULE%", arg_name="timer")
@traced
async def pass_on_leads(timer: func.TimerRequest) -> None:
    """Give leads that were declined, or have expired, to the next best partner, where the operator wants it (M7)."""
    ports = app.current().ports
    if ports.rules.reoffer is not Reoffer.OFF:
        _log(
            "Leads were passed on.", "timer.passOn", timer, await pass_on(ports=ports, at=clock.now(), budget=_budget())
        )


@blueprint.function_name("learn_outcomes")
@blueprint.timer_trigger(schedule="%LEARN_OUTCOMES_SCHEDULE%", arg_name="timer")
@traced
async def learn_outcomes(timer: func.TimerRequest) -> None:
    """Work out every partner's standing, and what may be learned of leads that are alike (M2, V3)."""
    ran = await learn_from_all(ports=app.current().ports, at=clock.now(), budget=_budget())
    _log("Outcomes were learned from.", "timer.learned", timer, ran, quietly=False)


@blueprint.function_name("run_erasures")
@blueprint.timer_trigger(schedule="%RUN_ERASURES_SCHEDULE%", arg_name="timer")
@traced
async def run_erasures(timer: func.TimerRequest) -> None:
    """Go on with erasures, and take up what was kept for long enough (S4, S5)."""
    ran = await go_on_with_erasures(ports=app.current().ports, at=clock.now(), budget=_budget())
    _log("Erasures were worked on.", "timer.erasure", timer, ran)


@blueprint.function_name("watch_agenda")
@blueprint.timer_trigger(schedule="%WATCH_AGENDA_SCHEDULE%", arg_name="timer")
@traced
async def watch_agenda(timer: func.TimerRequest) -> None:
    """Log how far the agenda is behind, for the alert on it; 0 as well, or the alert would not end."""
    found = await check_health(ports=app.current().ports, at=clock.now())
    for kind, behind in found.overdue.items():
        telemetry.AGENDA_LAG.record(behind.total_seconds(), {"kind": kind})
    for what, waiting in found.waiting.items():
        telemetry.BACKLOG.record(waiting, {"kind": what})
    most, behind = found.oldest
    log.info(
        "The agenda was looked at.",
        extra={
            "event": "agenda.oldest",
            "late": timer.past_due,
            "kind": most,
            "overdueSeconds": int(behind.total_seconds()),
            "waiting": dict(found.waiting),
            "healthy": found.healthy,
        },
    )


async def _run(kind: HintKind, timer: func.TimerRequest, decided: ByTime = settle) -> None:
    ran = await run_due(ports=app.current().ports, kind=kind, at=clock.now(), budget=_budget(), decided=decided)
    _log("What was due is done.", f"timer.{kind}", timer, ran, quietly=False)


def _budget() -> Budget:
    return Budget(clock.stopwatch())


def _log(message: str, event: str, timer: func.TimerRequest, ran: object, *, quietly: bool = True) -> None:
    """Say what a run did; those that run every few seconds are silent when there was nothing to do."""
    if not quietly or any(vars(ran).values()):
        log.info(message, extra={"event": event, "late": timer.past_due, **vars(ran)})
