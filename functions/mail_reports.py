"""Called by Event Grid: what became of mails after the service had taken them (docs/telling.md)."""

import logging

import azure.functions as func
from pydantic import ValidationError

from shared import app, clock, telemetry
from shared.http.shapes.telling_requests import MailReportIn
from shared.usecases.telling.mail_reports import take_report

blueprint = func.Blueprint()
log = logging.getLogger(__name__)
REPORTED = "Microsoft.Communication.EmailDeliveryReportReceived"


@blueprint.function_name("mail_reports")
@blueprint.event_grid_trigger(arg_name="event")
async def mail_reports(event: func.EventGridEvent, context: func.Context) -> None:
    """Record a delivery report; an address that bounced is mailed no more, and the next contact hears of the lead."""
    with telemetry.operation("mail_reports", "event", context):
        await _take(event)


async def _take(event: func.EventGridEvent) -> None:
    # A subscription delivers in Event Grid's own schema or as CloudEvents; the worker makes another class of these.
    kind = getattr(event, "event_type", None) or getattr(event, "type", None)
    if kind != REPORTED:
        return
    try:
        given = MailReportIn.model_validate(event.get_json())
    except (ValidationError, ValueError) as problem:
        # Reported again it would be no better.
        log.warning("A report was not read.", extra={"event": "mail.unreadable", "problem": type(problem).__name__})
        return
    await take_report(ports=app.current().ports, operation_id=given.message_id, report=given.status, at=clock.now())
