"""Webhooks: who is told of what, a test, the log of what was sent, a new secret (W1, W2)."""

from dataclasses import dataclass

from shared import ids
from shared.domain.telling.webhooks import EVENTS, WebhookFormat
from shared.http import page_tokens
from shared.http.pages import PageQuery
from shared.http.shapes.telling_views import DeliveryView, WebhookView, delivery_view, webhook_view
from shared.pages.visits import Shown, Visit
from shared.pages.words import Words
from shared.usecases.telling import manage_webhooks


@dataclass(frozen=True)
class Hook:
    """One subscription."""

    id: str
    url: str
    state: str
    state_label: str
    format: str
    events: tuple[str, ...]
    count: str
    problem: str | None
    created: str


@dataclass(frozen=True)
class Hooks:
    """All of them."""

    hooks: tuple[Hook, ...]


@dataclass(frozen=True)
class Delivery:
    """One event for one subscription: what was tried, and when it is tried next."""

    id: str
    label: str
    lead_id: str | None
    state: str
    state_label: str
    tries: str
    last: str
    answer: str
    following: str | None
    can_resend: bool


@dataclass(frozen=True)
class OneHook:
    """A subscription with its log."""

    hook: Hook
    deliveries: tuple[Delivery, ...]
    parked: bool
    following: str | None
    is_first: bool


@dataclass(frozen=True)
class NewHook:
    """What a new subscription may ask for."""

    events: tuple[tuple[str, str], ...]
    formats: tuple[tuple[str, str], ...]


async def show_webhooks(visit: Visit) -> Shown:
    """All of them."""
    found = await manage_webhooks.list_webhooks(ports=visit.app.ports, partner_id=visit.partner_id)
    hooks = tuple(_hook(webhook_view(hook, visit.words.say), visit.words) for hook in found)
    return Shown("webhooks/list.html", Hooks(hooks))


async def show_new(visit: Visit) -> Shown:
    """A form for one more."""
    events = tuple((event, visit.words.label("webhookEvents", event)) for event in EVENTS)
    formats = tuple(
        (str(one), visit.words.label("webhookFormats", one)) for one in WebhookFormat if one is not WebhookFormat.FIELDS
    )
    return Shown("webhooks/new.html", NewHook(events, formats))


async def show_webhook(visit: Visit) -> Shown:
    """One with its log, or a further page of the log."""
    webhook_id = visit.path["webhookId"]
    asked = visit.asked(PageQuery)
    scope = ("ui/webhooks", webhook_id, visit.caller.tenant, visit.caller.person)
    after = page_tokens.read(asked.page_token, ids.DELIVERY_CURSOR, *scope) if asked.page_token else None
    hook = await manage_webhooks.read_webhook(ports=visit.app.ports, partner_id=visit.partner_id, webhook_id=webhook_id)
    found, following = await manage_webhooks.list_deliveries(
        ports=visit.app.ports,
        partner_id=visit.partner_id,
        webhook_id=webhook_id,
        after=after,
        top=asked.top,
        at=visit.at,
    )
    deliveries = tuple(_delivery(delivery_view(dispatch), visit.words) for dispatch in found)
    view = OneHook(
        hook=_hook(webhook_view(hook, visit.words.say), visit.words),
        deliveries=deliveries,
        parked=any(delivery.state == "parked" for delivery in deliveries),
        following=page_tokens.make(following, *scope) if following else None,
        is_first=asked.page_token is None,
    )
    return Shown("webhooks/one.html", view)


def _hook(view: WebhookView, words: Words) -> Hook:
    return Hook(
        id=view["id"],
        url=view["notificationUrl"],
        state=view["state"],
        state_label=words.label("webhookStates", view["state"]),
        format=words.label("webhookFormats", view["format"]),
        events=tuple(words.label("webhookEvents", event) for event in view["events"]),
        count=_events(len(view["events"]), words),
        problem=view["problem"],
        created=words.moment(view["createdDateTime"]),
    )


def _events(count: int, words: Words) -> str:
    return words.say("1 event") if count == 1 else words.say("%(count)s events", count=count)


def _delivery(view: DeliveryView, words: Words) -> Delivery:
    attempts = view["attempts"]
    last = attempts[-1] if attempts else None
    status = "–" if last is None else str(last["status"]) if last["status"] else words.say("no answer")
    return Delivery(
        id=view["eventId"],
        label=words.label("deliveryEvents", view["type"]),
        lead_id=view["leadId"],
        state=view["state"],
        state_label=words.label("deliveryStates", view["state"]),
        tries=words.say("1 try") if len(attempts) == 1 else words.say("%(count)s tries", count=len(attempts)),
        last=words.moment(last["at"]) if last else "–",
        answer=f"{status} {last['answer'][:200]}".strip() if last else status,
        following=words.moment(view["nextAttempt"]) if view["nextAttempt"] else None,
        can_resend=view["state"] != "pending",
    )
