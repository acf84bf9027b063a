"""Called by messages of the queues, which say where there is work (design.md, How an event is told).

A message that cannot be read says nothing; one whose work fails for want of storage comes again, and after five times
the platform puts it aside, which is alerted. What was to be done stands in the agenda, where timers find it.
"""

import logging
from typing import Annotated, TypeVar

import azure.functions as func
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared import app, clock, telemetry
from shared.domain.agenda import Hint, HintKind
from shared.domain.telling.dispatch import deliver_hint
from shared.ports.rules import Budget
from shared.usecases.exports.run_exports import go_on_with_export as go_on
from shared.usecases.telling import wake

blueprint = func.Blueprint()
log = logging.getLogger(__name__)
HOST = "AzureWebJobsStorage"
"""The setting that names the queues' account: the host's own."""
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
E = TypeVar("E", bound="_Message")


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Tell(_Message):
    partner: Id


class _Lane(_Message):
    partner: Id
    destination: Id
    due: AwareDatetime
    tries: Annotated[int, Field(ge=0)] = 0


class _Export(_Message):
    partner: Id
    export: Id
    due: AwareDatetime


@blueprint.function_name("tell_partner")
@blueprint.queue_trigger(arg_name="message", queue_name="tell", connection=HOST)
async def tell_partner(message: func.QueueMessage, context: func.Context) -> None:
    """Write what follows from a partner's events, and wake the lanes in which something waits for it."""
    with telemetry.operation("tell_partner", "queue", context):
        said = _read(_Tell, message)
        if said is None:
            return
        here = app.current()
        await wake.tell_partner(
            ports=here.ports, desk=here.desk, partner_id=said.partner, now=clock.now, budget=_budget()
        )
        await here.ports.wakeups.sent()


@blueprint.function_name("tell_lane")
@blueprint.queue_trigger(arg_name="message", queue_name="lanes", connection=HOST)
async def tell_lane(message: func.QueueMessage, context: func.Context) -> None:
    """Send what waits for one destination of a partner: a webhook, or its mails (W2, N1)."""
    with telemetry.operation("tell_lane", "queue", context):
        said = _read(_Lane, message)
        if said is None:
            return
        here, hint = app.current(), deliver_hint(said.partner, said.destination, said.due)
        await wake.tell_lane(ports=here.ports, desk=here.desk, hint=hint, now=clock.now, tries=said.tries)
        await here.ports.wakeups.sent()


@blueprint.function_name("go_on_with_export")
@blueprint.queue_trigger(arg_name="message", queue_name="exports", connection=HOST)
async def go_on_with_export(message: func.QueueMessage, context: func.Context) -> None:
    """Go on with an export that its request left unfinished (X1)."""
    with telemetry.operation("go_on_with_export", "queue", context):
        said = _read(_Export, message)
        if said is None:
            return
        here, hint = app.current(), Hint(HintKind.EXPORT, said.due, said.partner, said.export)
        await go_on(ports=here.ports, hint=hint, at=clock.now(), budget=_budget())
        await here.ports.wakeups.sent()


def _read(kind: type[E], message: func.QueueMessage) -> E | None:
    """What a message says; None where it cannot be read, however often it came again."""
    try:
        return kind.model_validate_json(message.get_body())
    except (ValidationError, ValueError) as problem:
        log.warning("A message was not read.", extra={"event": "wake.unreadable", "problem": type(problem).__name__})
        return None


def _budget() -> Budget:
    return Budget(clock.stopwatch())
