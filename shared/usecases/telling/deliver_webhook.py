"""Sends a subscription what waits for it, in order for each lead, four at once (W2, W3)."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared import correlation, ids, telemetry
from shared.domain.errors import Unavailable
from shared.domain.events import Event
from shared.domain.lead import Lead
from shared.domain.lifecycle import settle
from shared.domain.telling.crm_presets import CrmPreset, Verdict
from shared.domain.telling.dispatch import MAIL_LATER, Attempt, Dispatch, DispatchState, deliver_hint
from shared.domain.telling.retry import BUSY
from shared.domain.telling.webhooks import DISABLED, VALIDATION, Webhook, WebhookState, signing
from shared.ports.delivery import ReceiverReply
from shared.ports.ports import Ports
from shared.ports.telling import StoredWebhook
from shared.usecases.telling.lane_turn import LaneTurn, Left, Now, hinted

log = logging.getLogger(__name__)
AT_ONCE = 4
PAGE = 100
MOMENT_SECONDS = 0.05
"""What ends so soon after another is recorded with it."""
FRESH_FOR = timedelta(seconds=1)
"""How long a lead that was read may stand in the bodies of its events."""
EVENTS_AT_ONCE = 20
"""Events of one lead read together."""
GONE = 410
WAS_GONE, FAILED_LONG = "The receiver answered 410 Gone.", "It failed for five days."
"""Why a webhook was disabled, as its owner reads it."""


Sent = tuple[Dispatch, datetime, ReceiverReply]
"""An event, when it was sent, and what came back."""


@dataclass(kw_only=True)
class _Turn(LaneTurn):
    """One worker's turn on the lane of a subscription.

    A `blocked` lead has an event that waits. `taken` and `refused` say whether something was taken, and whether
    something came back that speaks against the receiver; `held` is until when it asks to be left alone. `newest` are
    the numbers of the leads' last events that wait; `leads`, with when each was read, and `events` are what was read.
    """

    hook: StoredWebhook
    blocked: set[str] = field(default_factory=set)
    taken: bool = False
    refused: bool = False
    gone: bool = False
    held: datetime | None = None
    newest: dict[str, int] = field(default_factory=dict)
    leads: dict[str, tuple[datetime, Lead]] = field(default_factory=dict)
    events: dict[tuple[str, int], Event] = field(default_factory=dict)

    def means(self, answer: ReceiverReply) -> Verdict:
        """What an answer of this receiver means."""
        preset = self.hook.webhook.preset
        return answer.meaning(CrmPreset(preset) if preset else None)


async def deliver_webhook(
    *, ports: Ports, partner_id: str, destination: str, now: Now, hook: StoredWebhook | None = None
) -> Left:
    """Send what is due. Raises LaneClosed, Unavailable, LostRace.

    `hook` is the subscription where it was read a moment ago.
    """
    hook = hook or await ports.webhooks.get(partner_id, destination)
    if hook is None or hook.webhook.state is WebhookState.DISABLED:
        # What waits for a disabled one waits until it is enabled; of a deleted one nobody asks.
        return Left(None)
    turn = await _Turn.take(ports=ports, partner_id=partner_id, destination=destination, now=now, top=PAGE, hook=hook)
    if hook.webhook.state is WebhookState.PENDING:
        await _validate(turn)
    if not turn.over:
        await _work(turn)
    return await _leave(turn)


async def _leave(turn: _Turn) -> Left:
    """Say how the turn went, and give the lane back."""
    at = turn.now()
    failed = turn.refused and not turn.taken
    if turn.taken or failed:
        turn.lane = turn.lane.after(at, good=turn.taken)
    if turn.held:
        turn.lane = turn.lane.held_until(turn.held)
    # A turn that says nothing of the receiver is no reason: what failed long ago may be over.
    if turn.gone or (failed and turn.lane.is_hopeless(at)):
        await turn.save_noted()
        await _disable(turn, WAS_GONE if turn.gone else FAILED_LONG, at)
    elif turn.wakes and turn.lane.next_at and turn.lane.next_at > at:
        # Whoever is down or busy is left alone, and nobody else waits for it.
        turn.wakes = [turn.lane.next_at]
    return await turn.leave()


async def _validate(turn: _Turn) -> None:
    """Send the validation event; until it is taken, everything else waits."""
    hook = turn.hook.webhook
    first = Dispatch(VALIDATION, hook.created_at, "", 0)
    waiting = await turn.ports.lanes.get(turn.partner_id, turn.destination, first.id)
    if waiting is None or waiting.state is DispatchState.PARKED:
        turn.changed.append((waiting, first))
        await turn.save()
        waiting = first
    if waiting.state is DispatchState.PENDING:
        if not waiting.is_due(turn.now()):
            turn.end(waiting.next_at or turn.now())
            return
        began = turn.now()
        _record(turn, [(waiting, began, await _post(turn, waiting, began))])
        await turn.save()
        waiting = await turn.ports.lanes.get(turn.partner_id, turn.destination, first.id) or waiting
    if waiting.state is DispatchState.DELIVERED:
        active = replace(hook, state=WebhookState.ACTIVE, problem=None)
        turn.hook = await turn.ports.webhooks.put(turn.partner_id, active, turn.hook)
    else:
        turn.over = True


async def _work(turn: _Turn) -> None:
    """Go through what waits, page by page."""
    page, after = turn.first
    while not turn.over:
        await _send(turn, [dispatch for dispatch in page if dispatch.type != VALIDATION])
        if after is None or turn.over:
            return
        await turn.save_noted()
        page, after = await turn.ports.lanes.page(turn.partner_id, turn.destination, DispatchState.PENDING, after, PAGE)


async def _send(turn: _Turn, queue: list[Dispatch]) -> None:
    """Send these, a few at once, one of each lead: whoever hangs takes one place, and the others go on past it."""
    under_way: dict[asyncio.Task[ReceiverReply], tuple[Dispatch, datetime]] = {}
    for dispatch in queue:
        turn.newest[dispatch.subject] = max(turn.newest.get(dispatch.subject, 0), dispatch.sequence)
    try:
        while True:
            at = turn.now()
            if not turn.over:
                busy = {dispatch.subject for dispatch, _ in under_way.values() if dispatch.subject}
                group, queue = _next(queue, turn, at, AT_ONCE - len(under_way), busy)
                if group:
                    # What was taken is on record before the next of its lead goes.
                    await turn.save_noted()
                under_way |= {asyncio.create_task(_post(turn, dispatch, at)): (dispatch, at) for dispatch in group}
            if not under_way:
                return
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            # Those that end in the same moment are recorded together.
            ended, _ = await asyncio.wait(under_way, timeout=MOMENT_SECONDS)
            sent = [(*under_way.pop(task), task) for task in ended]
            # What was taken is recorded also where another attempt of the same moment fell over storage.
            known = [(dispatch, began, task.result()) for dispatch, began, task in sent if task.exception() is None]
            _record(turn, sorted(known, key=lambda attempt: attempt[0].order))
            if under_way or len(known) < len(sent):
                # Nothing waits for those that hang.
                await turn.save_noted()
            for *_, task in sent:
                task.result()
            turn.has_ended()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _next(
    queue: list[Dispatch], turn: _Turn, at: datetime, most: int, busy: set[str]
) -> tuple[list[Dispatch], list[Dispatch]]:
    """The next few to send and what is left: a lead's events in order, and none behind one that waits."""
    group: list[Dispatch] = []
    left: list[Dispatch] = []
    for dispatch in queue:
        if dispatch.subject and dispatch.subject in turn.blocked:
            continue
        if dispatch.subject in busy or len(group) >= most:
            left.append(dispatch)
            continue
        if not dispatch.is_due(at):
            turn.wakes.append(dispatch.next_at or at)
            if dispatch.subject:
                turn.blocked.add(dispatch.subject)
            continue
        group.append(dispatch)
        if dispatch.subject:
            busy.add(dispatch.subject)
    return group, left


def _record(turn: _Turn, sent: Sequence[Sent]) -> None:
    """Note what became of these, to be written in one transaction."""
    changed: list[tuple[Dispatch | None, Dispatch | None]] = []
    for dispatch, began, answer in sent:
        attempt = Attempt(began, answer.status, answer.duration_ms, answer.text)
        good = turn.means(answer) is Verdict.TAKEN
        after = dispatch.succeeded(attempt) if good else dispatch.failed(attempt, ids.jitter(), answer.retry_after)
        _judge(turn, dispatch, answer)
        if after.next_at:
            turn.blocked.add(dispatch.subject)
            turn.wakes.append(after.next_at)
        elif not good:
            # Parked: the lead's next event may go, but not in this turn, whose page was read before.
            turn.blocked.add(dispatch.subject)
            turn.wakes.append(began)
        changed.append((dispatch, after))
    turn.lane = turn.lane.taken(turn.lane.holder, turn.now())
    turn.changed += changed
    if not turn.over and (turn.gone or turn.held or (turn.refused and not turn.taken)):
        # What is under way is waited for; if any of it is taken, the next turn goes on where this one stopped.
        turn.end(turn.now())
    log.info(
        "Events were sent to a webhook.",
        extra={
            "event": "delivery.attempted",
            "partner": turn.partner_id,
            "webhook": turn.destination,
            "statuses": [answer.status for _, _, answer in sent],
            "causes": [dispatch.cause for dispatch, _, _ in sent],
        },
    )
    _measure([after for _, after in changed if after])
    parked = [after for _, after in changed if after and after.state is DispatchState.PARKED]
    if parked:
        log.warning(
            "Events were parked: the receiver has not taken them for three days.",
            extra={
                "event": "delivery.parked",
                "partner": turn.partner_id,
                "webhook": turn.destination,
                "count": len(parked),
                "causes": [dispatch.cause for dispatch in parked],
            },
        )


def _judge(turn: _Turn, dispatch: Dispatch, answer: ReceiverReply) -> None:
    """What an answer says of the receiver."""
    meaning = turn.means(answer)
    if meaning is Verdict.TAKEN:
        turn.taken = True
    elif answer.status in BUSY and answer.retry_after:
        until = turn.now() + answer.retry_after
        turn.held = max(turn.held or until, until)
    # Who refuses the validation refuses everything.
    elif meaning is Verdict.FAILED or dispatch.type == VALIDATION:
        turn.refused = True
        turn.gone = turn.gone or answer.status == GONE


def _measure(sent: Sequence[Dispatch]) -> None:
    for dispatch in sent:
        outcome = "tryAgain" if dispatch.state is DispatchState.PENDING else str(dispatch.state)
        # Tests and validations are about no lead, and a resend waited for people.
        timed = dispatch.state is DispatchState.DELIVERED and dispatch.subject and not dispatch.is_resent
        telemetry.attempted(
            "webhook", outcome, dispatch.ended_at - dispatch.at if timed and dispatch.ended_at else None
        )


async def _post(turn: _Turn, dispatch: Dispatch, at: datetime) -> ReceiverReply:
    """One attempt; a defect of ours is one that failed, so that it holds up no other event for ever."""
    with correlation.caused_by(dispatch.cause), telemetry.span("call webhook", **_subject(turn, dispatch)) as span:
        answer = await _try(turn, dispatch, at)
        if answer.status is not None:
            span.set_attribute("status", answer.status)
        if turn.means(answer) is not Verdict.TAKEN:
            telemetry.failed(span, str(answer.status or "noAnswer"))
        return answer


def _subject(turn: _Turn, dispatch: Dispatch) -> dict[str, str]:
    return {"partner": turn.partner_id, "destination": turn.destination, "lead": dispatch.subject}


async def _try(turn: _Turn, dispatch: Dispatch, at: datetime) -> ReceiverReply:
    try:
        return await _call(turn, dispatch, at)
    except Unavailable:
        raise
    except Exception as problem:  # noqa: BLE001 - see above
        log.error(  # noqa: TRY400 - the message may hold a customer's data
            "An event could not be written.",
            extra={"event": "delivery.failed", "partner": turn.partner_id, "problem": type(problem).__name__},
        )
        return ReceiverReply(None, f"Not sent: {type(problem).__name__}.", 0)


async def _call(turn: _Turn, dispatch: Dispatch, at: datetime) -> ReceiverReply:
    """One attempt; what it is about is read and written now, so that it shows what may be seen now (L9)."""
    ports, hook = turn.ports, turn.hook.webhook
    lead, made = None, None
    if dispatch.subject:
        stored, made = await asyncio.gather(_lead(turn, dispatch.subject, at), _event(turn, dispatch))
        if stored is None:
            return ReceiverReply(None, "The lead is not there any more.", 0)
        lead = settle(stored, at).lead
    packet = ports.packets.packet(hook, dispatch, lead, made, at)
    reply = await ports.receivers.send(hook.url, dispatch.id, packet, signing(hook.secrets, at))
    # S4: whoever was told before may name in its answer who was erased.
    return replace(reply, text="") if lead and lead.erased_at else reply


async def _lead(turn: _Turn, lead_id: str, at: datetime) -> Lead | None:
    """The lead as it is stored now, or was a moment ago, when its last event was sent."""
    known = turn.leads.get(lead_id)
    if known and at - known[0] < FRESH_FOR:
        return known[1]
    stored = await turn.ports.leads.get(turn.partner_id, lead_id)
    if stored is None:
        return None
    turn.leads[lead_id] = at, stored.lead
    return stored.lead


async def _event(turn: _Turn, dispatch: Dispatch) -> Event | None:
    """The event as it was made, which nothing changes; the next few of the lead are read with it."""
    place = dispatch.subject, dispatch.sequence
    if place not in turn.events:
        newest = min(turn.newest.get(dispatch.subject, 0), dispatch.sequence + EVENTS_AT_ONCE - 1)
        top = max(newest - dispatch.sequence, 0) + 1
        found = await turn.ports.leads.history(turn.partner_id, dispatch.subject, dispatch.sequence + top - 1, top)
        turn.events |= {(dispatch.subject, event.sequence): event for event in found}
    return turn.events.get(place)


async def _disable(turn: _Turn, problem: str, at: datetime) -> None:
    """Send it nothing more until somebody enables it, and tell its owner (W2)."""
    ports = turn.ports
    hook: Webhook = replace(turn.hook.webhook, state=WebhookState.DISABLED, disabled_at=at, problem=problem)
    # Each time has a mail of its own; one that is told too early finds the webhook active and is not sent.
    told = Dispatch(DISABLED, at, hook.id, int(at.timestamp()), cause=correlation.current())
    async with hinted(ports, deliver_hint(turn.partner_id, MAIL_LATER, at)):
        turn.hook = await ports.webhooks.put(turn.partner_id, hook, turn.hook)
        await ports.lanes.add(turn.partner_id, MAIL_LATER, told)
    turn.wakes = []
    turn.over = True
    log.warning(
        "A webhook was disabled.",
        extra={"event": "webhook.disabled", "partner": turn.partner_id, "webhook": hook.id},
    )
