"""Called by partners' frontends, and by whoever got a mail: what a partner is told, and how (SPEC 7)."""

import azure.functions as func

from shared import clock, ids
from shared.domain.permissions import Role
from shared.http.calls import Answer, Call, Html
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.notice_requests import PreferencesIn
from shared.http.notice_views import NotificationView, PreferencesView, notification_view, preferences_view
from shared.http.pages import Page
from shared.http.queries import PageQuery, UnsubscribeQuery
from shared.http.visitors import small_page
from shared.usecases import notification_centre as centre
from shared.usecases import preferences as telling

blueprint = func.Blueprint()

ADMIN = frozenset({Role.PROFILE_ADMIN, Role.LEADS_ADMIN})
USER = frozenset({Role.LEADS_USER})
PREFERENCES = "partners/{partnerId}/preferences"
NOTIFICATIONS = "partners/{partnerId}/notifications"
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("get_preferences")
@blueprint.route(PREFERENCES, methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, reads=True)
async def get_preferences(call: Call[Nothing, Nothing]) -> Answer[PreferencesView]:
    """Read what the partner wants to be told."""
    found = await telling.read_preferences(ports=call.app.ports, partner_id=call.partner_id, at=call.at)
    return Answer(preferences_view(found))


@blueprint.function_name("put_preferences")
@blueprint.route(PREFERENCES, methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN)
async def put_preferences(call: Call[PreferencesIn, Nothing]) -> Answer[PreferencesView]:
    """Replace what the partner wants to be told; who has unsubscribed stays so."""
    stored = await telling.put_preferences(
        ports=call.app.ports, partner_id=call.partner_id, preferences=call.body.preferences(), at=call.at
    )
    return Answer(preferences_view(stored))


@blueprint.function_name("list_notifications")
@blueprint.route(NOTIFICATIONS, methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True)
async def list_notifications(call: Call[Nothing, PageQuery]) -> Answer[Page[NotificationView]]:
    """List recommended actions, open ones first (N5)."""
    found, following = await centre.list_notifications(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        after=call.after(ids.NOTIFICATION_PLACE),
        top=call.query.top,
        at=call.at,
        budget=call.app.ports.rules.lists.budget(clock.stopwatch()),
    )
    return call.page(
        [notification_view(one, call.partner_id, call.app.settings, call.translate) for one in found], following
    )


@blueprint.function_name("dismiss_notification")
@blueprint.route(NOTIFICATIONS + "/{notificationId}/dismiss", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def dismiss_notification(call: Call[Nothing, Nothing]) -> Answer[None]:
    """Dismiss a recommended action, for oneself alone."""
    await centre.dismiss(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        notification_id=call.path("notificationId"),
        at=call.at,
        budget=call.app.ports.rules.lists.budget(clock.stopwatch()),
    )
    return Answer(None)


@blueprint.function_name("ask_unsubscribe")
@blueprint.route("unsubscribe", methods=["GET"], auth_level=ANONYMOUS)
@endpoint()
async def ask_unsubscribe(call: Call[Nothing, UnsubscribeQuery]) -> Answer[Html]:
    """Ask whether an address is to get no more mails; scanners follow links, so this changes nothing (N3)."""
    _, address = await telling.read_unsubscription(ports=call.app.ports, token=call.query.token)
    button = f'<form method="post"><button type="submit">{call.translate("Send no more mails")}</button></form>'
    asked = call.translate("No more mails to %(address)s about this partner's leads?", address=address)
    return Answer(small_page(call.language, call.translate("Switch mails off?"), asked, button))


@blueprint.function_name("unsubscribe")
@blueprint.route("unsubscribe", methods=["POST"], auth_level=ANONYMOUS)
@endpoint()
async def unsubscribe(call: Call[Nothing, UnsubscribeQuery]) -> Answer[Html]:
    """Send an address no more mails, by the button or by a mail program's own (N3, RFC 8058)."""
    address = await telling.unsubscribe(ports=call.app.ports, token=call.query.token)
    done = call.translate("%(address)s gets no more mails about this partner's leads.", address=address)
    return Answer(small_page(call.language, call.translate("Done"), done))
