"""Subscriptions and their delivery log (W1, W2, W4, W5)."""

import asyncio
import base64
import logging
import secrets as randomness
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared import correlation, ids
from shared.domain.contact import is_redacted
from shared.domain.errors import Conflict, Detail, InvalidRequest, NotFound
from shared.domain.lifecycle import settle
from shared.domain.messages import say
from shared.domain.telling.dispatch import Dispatch, DispatchState, deliver_hint
from shared.domain.telling.webhooks import (
    EVENTS,
    ROTATION,
    SUBSCRIPTIONS_MAX,
    TEST,
    VALIDATION,
    FieldsAs,
    Secret,
    Webhook,
    WebhookFormat,
    WebhookState,
)
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.ports.telling import StoredWebhook
from shared.usecases.races import ATTEMPTS, until_won
from shared.usecases.telling.lane_turn import add_to_lane, hinted

log = logging.getLogger(__name__)
RECEIVED = "lead.received"
RESEND_MAX = 1_000
"""Parked deliveries that one request sends again; the rest with the next."""


@dataclass(frozen=True)
class Subscribed:
    """A subscription with its new secret, which is shown this once; None when it keeps the one it has."""

    webhook: Webhook
    secret: str | None
    is_new: bool = True


@dataclass(frozen=True)
class Shape:
    """What a receiver needs beside the format; `headers` None = those that it has."""

    fields: Mapping[str, str] = field(default_factory=dict)
    fields_as: FieldsAs = FieldsAs.JSON
    only_valid: bool = False
    headers: Mapping[str, str] | None = None
    preset: str = ""


PLAIN = Shape()


async def subscribe(
    *,
    ports: Ports,
    partner_id: str,
    url: str,
    events: Sequence[str],
    format_: WebhookFormat,
    validated: bool,
    owner: str | None,
    at: datetime,
    shape: Shape = PLAIN,
) -> Subscribed:
    """Subscribe a URL; the same URL again replaces its events and enables it (Logic Apps subscribe on every edit).

    Without `validated` the first event is one that the receiver has to take before any other is sent. Raises
    InvalidRequest naming every field at fault, Conflict at SUBSCRIPTIONS_MAX.
    """
    _check(ports, url, events, format_)

    async def put() -> Subscribed:
        known = await ports.webhooks.of_partner(partner_id)
        before = next((stored for stored in known if stored.webhook.url == url), None)
        if before is None and len(known) >= SUBSCRIPTIONS_MAX:
            raise Conflict(say("A partner has at most %(most)d webhooks; delete one first.", most=SUBSCRIPTIONS_MAX))
        secret = _new_secret() if before is None else None
        state = WebhookState.ACTIVE if validated else WebhookState.PENDING
        hook = before.webhook if before else Webhook(ids.new_source_id(), url, (), at, secrets=(Secret(secret or ""),))
        if before and before.webhook.state is WebhookState.ACTIVE:
            state = WebhookState.ACTIVE
        wanted = replace(
            hook,
            events=tuple(events),
            format=format_,
            state=state,
            owner=owner,
            disabled_at=None,
            problem=None,
            fields=shape.fields,
            fields_as=shape.fields_as,
            only_valid=shape.only_valid,
            preset=shape.preset,
            # They were shown to nobody, so whoever subscribes again without any means those that are there.
            headers=hook.headers if shape.headers is None else shape.headers,
        )
        # What it waits for may be due already, and a pending one has its validation event to come.
        async with hinted(ports, deliver_hint(partner_id, hook.id, at)):
            await ports.webhooks.put(partner_id, wanted, before)
            if before:
                await _forgive(ports, partner_id, hook.id)
        log.info(
            "Webhook subscribed.",
            extra={"event": "webhook.subscribed", "partner": partner_id, "webhook": hook.id},
        )
        return Subscribed(wanted, secret, is_new=before is None)

    return await until_won(put)


def _check(ports: Ports, url: str, events: Sequence[str], format_: WebhookFormat) -> None:
    faults = []
    if problem := ports.receivers.problem_with(url):
        faults.append(Detail("invalidValue", problem, "notificationUrl"))
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        known = say("The events are some of %(known)s.", known=", ".join(EVENTS))
        faults.append(Detail("invalidValue", known, "events"))
    elif format_ is not WebhookFormat.STANDARD and set(events) != {RECEIVED}:
        only = say("The format %(format)s knows %(event)s only.", format=format_, event=RECEIVED)
        faults.append(Detail("notAllowed", only, "events"))
    if faults:
        raise InvalidRequest("The webhook cannot be subscribed.", details=faults)


def _new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: 256 random bits."""
    return "whsec_" + base64.b64encode(randomness.token_bytes(32)).decode("ascii")


async def list_webhooks(*, ports: Ports, partner_id: str) -> list[Webhook]:
    """The partner's subscriptions, oldest first."""
    return [stored.webhook for stored in await ports.webhooks.of_partner(partner_id)]


async def read_webhook(*, ports: Ports, partner_id: str, webhook_id: str) -> Webhook:
    """One subscription; raises NotFound."""
    return (await _stored(ports, partner_id, webhook_id)).webhook


async def unsubscribe(*, ports: Ports, partner_id: str, webhook_id: str) -> None:
    """Delete a subscription; what waits for it is not sent. Raises NotFound."""
    await _stored(ports, partner_id, webhook_id)
    await ports.webhooks.delete(partner_id, webhook_id)
    log.info("Webhook deleted.", extra={"event": "webhook.deleted", "partner": partner_id, "webhook": webhook_id})


async def rotate_secret(*, ports: Ports, partner_id: str, webhook_id: str, at: datetime) -> Subscribed:
    """Give it a new secret; for a day both sign. Raises NotFound."""
    secret = _new_secret()

    def rotated(hook: Webhook) -> Webhook:
        old = tuple(
            replace(earlier, until=min(earlier.until or at + ROTATION, at + ROTATION)) for earlier in hook.secrets
        )
        return replace(
            hook, secrets=(Secret(secret), *(earlier for earlier in old if earlier.until and earlier.until > at))[:3]
        )

    return Subscribed(await _change(ports, partner_id, webhook_id, rotated), secret)


async def enable(*, ports: Ports, partner_id: str, webhook_id: str, at: datetime) -> Webhook:
    """Send to it again, what waits first; before that the validation event that it has not taken. Raises NotFound."""
    stored = await _stored(ports, partner_id, webhook_id)
    await _forgive(ports, partner_id, webhook_id)
    first = await ports.lanes.get(partner_id, webhook_id, Dispatch(VALIDATION, stored.webhook.created_at, "", 0).id)
    is_valid = first is None or first.state is DispatchState.DELIVERED
    enabled = await _change(
        ports,
        partner_id,
        webhook_id,
        lambda hook: replace(
            hook,
            state=WebhookState.ACTIVE if is_valid and hook.state is not WebhookState.PENDING else WebhookState.PENDING,
            disabled_at=None,
            problem=None,
        ),
    )
    hint = deliver_hint(partner_id, webhook_id, at)
    await ports.agenda.put([hint])
    ports.wakeups.lane(hint)
    return enabled


async def _forgive(ports: Ports, partner_id: str, webhook_id: str) -> None:
    """Forget the lane's failures, or the next one would disable it again; a worker that has it forgets by itself."""
    lane = await ports.lanes.lane(partner_id, webhook_id)
    if lane.tag:
        forgiven = replace(lane, failures=0, failing_since=None, failed_at=None, next_at=None)
        with suppress(LostRace):
            await ports.lanes.save(partner_id, webhook_id, forgiven)


async def send_test(*, ports: Ports, partner_id: str, webhook_id: str, at: datetime) -> Dispatch:
    """Let a test event be sent; it stands in the delivery log like any other. Raises NotFound."""
    await _stored(ports, partner_id, webhook_id)
    dispatch = Dispatch(TEST, at, "", 1, cause=correlation.current())
    await add_to_lane(ports=ports, partner_id=partner_id, destination=webhook_id, dispatch=dispatch, at=at)
    return dispatch


ORDER = (DispatchState.PENDING, DispatchState.PARKED, DispatchState.DELIVERED)
"""How the delivery log is listed: what waits, what was given up, what was taken (newest first)."""


async def list_deliveries(
    *, ports: Ports, partner_id: str, webhook_id: str, after: str | None, top: int, at: datetime
) -> Page[Dispatch]:
    """A page of the delivery log after the cursor. Raises NotFound.

    What waits is tried when its own time has come and its lane's, so the later of the two is its next attempt. What a
    receiver said of a lead whose contact details are hidden may repeat them, so it is left out (L9).
    """
    found, following = await _deliveries(ports, partner_id, webhook_id, after, top)
    return Page(await _as_may_be_seen(ports, partner_id, found, at), following)


async def _redacted(ports: Ports, partner_id: str, found: Sequence[Dispatch], at: datetime) -> set[str]:
    """Which of these events' leads hide their contact details, or are gone."""
    leads = await ports.leads.many(partner_id, list({dispatch.subject for dispatch in found if dispatch.subject}))
    hidden = {lead.id for lead in leads if is_redacted(settle(lead, at).lead, at)}
    return hidden | ({dispatch.subject for dispatch in found if dispatch.subject} - {lead.id for lead in leads})


async def _hidden(ports: Ports, hook: Webhook, partner_id: str, found: Sequence[Dispatch], at: datetime) -> set[str]:
    """The leads that this webhook's format has nothing to say of, since their contact details are hidden."""
    return set() if hook.format is WebhookFormat.STANDARD else await _redacted(ports, partner_id, found, at)


async def _as_may_be_seen(ports: Ports, partner_id: str, found: list[Dispatch], at: datetime) -> list[Dispatch]:
    hidden = await _redacted(ports, partner_id, found, at)
    return [dispatch.without_answers() if dispatch.subject in hidden else dispatch for dispatch in found]


async def _deliveries(ports: Ports, partner_id: str, webhook_id: str, after: str | None, top: int) -> Page[Dispatch]:
    _, lane = await asyncio.gather(_stored(ports, partner_id, webhook_id), ports.lanes.lane(partner_id, webhook_id))
    part, _, cursor = (after or "0|").partition("|")
    found: list[Dispatch] = []
    for number in range(int(part), len(ORDER)):
        start: str | None = cursor or None
        page, following = await ports.lanes.page(partner_id, webhook_id, ORDER[number], start, top - len(found))
        if ORDER[number] is DispatchState.PENDING and lane.next_at:
            page = [replace(dispatch, next_at=max(dispatch.next_at or lane.next_at, lane.next_at)) for dispatch in page]
        found += page
        if following is not None:
            return Page(found, f"{number}|{following}")
        cursor = ""
        if len(found) >= top and number + 1 < len(ORDER):
            return Page(found, f"{number + 1}|")
    return Page(found, None)


async def resend(*, ports: Ports, partner_id: str, webhook_id: str, event_id: str, at: datetime) -> Dispatch:
    """Send one event again, whatever became of it.

    Raises NotFound, or Conflict in a format of others for a lead whose contact details are hidden: a CRM would make a
    lead of nobody.
    """
    hook = (await _stored(ports, partner_id, webhook_id)).webhook

    async def wait_again() -> Dispatch:
        dispatch = await ports.lanes.get(partner_id, webhook_id, event_id)
        if dispatch is None:
            raise NotFound
        if await _hidden(ports, hook, partner_id, [dispatch], at):
            raise Conflict("The contact details of the lead are not shown any more, so there is nothing to send.")
        async with hinted(ports, deliver_hint(partner_id, webhook_id, at)):
            lane = await ports.lanes.lane(partner_id, webhook_id)
            again = dispatch.again()
            await ports.lanes.save(partner_id, webhook_id, replace(lane, next_at=None), [(dispatch, again)])
        return again

    again = await until_won(wait_again)
    (shown,) = await _as_may_be_seen(ports, partner_id, [again], at)
    return shown


async def resend_parked(*, ports: Ports, partner_id: str, webhook_id: str, at: datetime) -> int:
    """Send what was parked again, at most RESEND_MAX at once; how many. Raises NotFound.

    What `resend` would refuse stays parked.
    """
    hook = (await _stored(ports, partner_id, webhook_id)).webhook
    done = lost = 0
    after: str | None = None
    while done < RESEND_MAX and lost < ATTEMPTS:
        page, following = await ports.lanes.page(partner_id, webhook_id, DispatchState.PARKED, after, 10)
        hidden = await _hidden(ports, hook, partner_id, page, at)
        page = [dispatch for dispatch in page if dispatch.subject not in hidden]
        if not page:
            if following is None:
                break
            after = following
            continue
        moved = [(dispatch, dispatch.again()) for dispatch in page]
        try:
            async with hinted(ports, deliver_hint(partner_id, webhook_id, at)):
                lane = await ports.lanes.lane(partner_id, webhook_id)
                await ports.lanes.save(partner_id, webhook_id, replace(lane, next_at=None), moved)
        except LostRace:
            lost += 1
            continue
        done += len(page)
    return done


async def _change(ports: Ports, partner_id: str, webhook_id: str, changed: Callable[[Webhook], Webhook]) -> Webhook:
    async def change() -> Webhook:
        stored = await _stored(ports, partner_id, webhook_id)
        return (await ports.webhooks.put(partner_id, changed(stored.webhook), stored)).webhook

    return await until_won(change)


async def _stored(ports: Ports, partner_id: str, webhook_id: str) -> StoredWebhook:
    stored = await ports.webhooks.get(partner_id, webhook_id) if ids.SOURCE_ID.fullmatch(webhook_id) else None
    if stored is None:
        raise NotFound
    return stored
