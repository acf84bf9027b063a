"""Called by partners' CRMs and Logic Apps about what they subscribe to (W1, W2)."""

from typing import Any, TypeVar

import azure.functions as func

from shared import ids
from shared.domain.errors import Conflict
from shared.domain.permissions import Role
from shared.domain.telling.webhooks import Webhook
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page, PageQuery
from shared.http.shapes.telling_requests import WebhookIn
from shared.http.shapes.telling_views import (
    DeliveryView,
    ResentView,
    WebhookView,
    delivery_view,
    subscribed_view,
    webhook_view,
)
from shared.usecases.telling import manage_webhooks

blueprint = func.Blueprint()

ADMIN = frozenset({Role.LEADS_ADMIN})
WEBHOOKS = "partners/{partnerId}/webhooks"
WEBHOOK = WEBHOOKS + "/{webhookId}"
ANONYMOUS = func.AuthLevel.ANONYMOUS
V = TypeVar("V")


@blueprint.function_name("subscribe_webhook")
@blueprint.route(WEBHOOKS, methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True, status=(201, 200), headers=("Location",), refuses=(Conflict,))
async def subscribe_webhook(call: Call[WebhookIn, Nothing]) -> Response[WebhookView]:
    """Subscribe a URL to what happens to leads; the secret is shown once. The same URL again changes it (W1)."""
    made = await manage_webhooks.subscribe(
        ports=call.app.ports,
        partner_id=call.partner_id,
        url=call.body.notification_url,
        events=call.body.events,
        format_=call.body.format,
        validated=call.body.validation == "none",
        owner=call.caller.email,
        at=call.at,
        shape=call.body.shape(),
    )
    where = f"{call.app.settings.public_url}/partners/{call.partner_id}/webhooks/{made.webhook.id}"
    return Response(subscribed_view(made, call.translate), 201 if made.is_new else 200, {"Location": where})


@blueprint.function_name("list_webhooks")
@blueprint.route(WEBHOOKS, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, reads=True)
async def list_webhooks(call: Call[Nothing, Nothing]) -> Response[Page[WebhookView]]:
    """List the subscriptions without their secrets."""
    found = await manage_webhooks.list_webhooks(ports=call.app.ports, partner_id=call.partner_id)
    return call.page([webhook_view(hook, call.translate) for hook in found], None)


@blueprint.function_name("read_webhook")
@blueprint.route(WEBHOOK, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, reads=True)
async def read_webhook(call: Call[Nothing, Nothing]) -> Response[WebhookView]:
    """Read one subscription without its secret."""
    hook = await manage_webhooks.read_webhook(
        ports=call.app.ports, partner_id=call.partner_id, webhook_id=call.path("webhookId")
    )
    return _shown(call, hook)


@blueprint.function_name("delete_webhook")
@blueprint.route(WEBHOOK, methods=["DELETE"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, status=(204,))
async def delete_webhook(call: Call[Nothing, Nothing]) -> Response[None]:
    """Delete a subscription; what waits for it is not sent."""
    await manage_webhooks.unsubscribe(
        ports=call.app.ports, partner_id=call.partner_id, webhook_id=call.path("webhookId")
    )
    return Response(None)


@blueprint.function_name("test_webhook")
@blueprint.route(WEBHOOK + "/test", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True, status=(202,), headers=("Operation-Location",))
async def test_webhook(call: Call[Nothing, Nothing]) -> Response[DeliveryView]:
    """Send a test event; it stands in the delivery log."""
    sent = await manage_webhooks.send_test(
        ports=call.app.ports, partner_id=call.partner_id, webhook_id=call.path("webhookId"), at=call.at
    )
    return _logged(call, delivery_view(sent))


@blueprint.function_name("rotate_webhook")
@blueprint.route(WEBHOOK + "/rotate", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN)
async def rotate_webhook(call: Call[Nothing, Nothing]) -> Response[WebhookView]:
    """Give a subscription a new secret; for a day the old one signs too."""
    made = await manage_webhooks.rotate_secret(
        ports=call.app.ports, partner_id=call.partner_id, webhook_id=call.path("webhookId"), at=call.at
    )
    return Response(subscribed_view(made, call.translate))


@blueprint.function_name("enable_webhook")
@blueprint.route(WEBHOOK + "/enable", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True)
async def enable_webhook(call: Call[Nothing, Nothing]) -> Response[WebhookView]:
    """Send to a disabled subscription again."""
    hook = await manage_webhooks.enable(
        ports=call.app.ports, partner_id=call.partner_id, webhook_id=call.path("webhookId"), at=call.at
    )
    return _shown(call, hook)


@blueprint.function_name("list_deliveries")
@blueprint.route(WEBHOOK + "/deliveries", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, reads=True)
async def list_deliveries(call: Call[Nothing, PageQuery]) -> Response[Page[DeliveryView]]:
    """List what waits, what was parked and what was taken, the last newest first (W2)."""
    found, following = await manage_webhooks.list_deliveries(
        ports=call.app.ports,
        partner_id=call.partner_id,
        webhook_id=call.path("webhookId"),
        after=call.after(ids.DELIVERY_CURSOR),
        top=call.query.top,
        at=call.at,
    )
    return call.page([delivery_view(dispatch) for dispatch in found], following)


@blueprint.function_name("resend_delivery")
@blueprint.route(WEBHOOK + "/deliveries/{eventId}/resend", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, status=(202,), headers=("Operation-Location",))
async def resend_delivery(call: Call[Nothing, Nothing]) -> Response[DeliveryView]:
    """Send one event again."""
    again = await manage_webhooks.resend(
        ports=call.app.ports,
        partner_id=call.partner_id,
        webhook_id=call.path("webhookId"),
        event_id=call.path("eventId"),
        at=call.at,
    )
    return _logged(call, delivery_view(again))


@blueprint.function_name("resend_deliveries")
@blueprint.route(WEBHOOK + "/deliveries/resend", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, status=(202,), headers=("Operation-Location",))
async def resend_deliveries(call: Call[Nothing, Nothing]) -> Response[ResentView]:
    """Send everything that was parked again."""
    count = await manage_webhooks.resend_parked(
        ports=call.app.ports, partner_id=call.partner_id, webhook_id=call.path("webhookId"), at=call.at
    )
    return _logged(call, {"resent": count})


def _logged(call: Call[Nothing, Nothing], view: V) -> Response[V]:
    """What is under way, and the delivery log, which says how far it is."""
    hook = f"{call.app.settings.public_url}/partners/{call.partner_id}/webhooks/{call.path('webhookId')}"
    return Response(view, headers={"Operation-Location": f"{hook}/deliveries"})


def _shown(call: Call[Any, Any], hook: Webhook) -> Response[WebhookView]:
    return Response(webhook_view(hook, call.translate))
