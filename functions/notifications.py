"""Called by partners' frontends, and by whoever got a mail: what a partner is told, and how (N1–N7)."""

from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import urlencode

import azure.functions as func

from shared import clock, ids
from shared.domain.errors import PreconditionFailed
from shared.domain.permissions import Role
from shared.http.calls import IF_CHANGED, MERGE_PATCH, Call, Html, Response
from shared.http.documents import DOCUMENT, Patch, given, store, tagged
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.queries import UnsubscribeQuery
from shared.http.shapes.telling_requests import (
    NotificationIdsIn,
    NotificationsQuery,
    PreferencesIn,
    PreferencesPatch,
    UnmuteIn,
)
from shared.http.shapes.telling_views import (
    NotificationPageView,
    PreferencesView,
    notification_view,
    preferences_view,
)
from shared.http.visitors import small_page
from shared.usecases.telling import notification_centre, preferences

blueprint = func.Blueprint()

ADMIN = frozenset({Role.PROFILE_ADMIN, Role.LEADS_ADMIN})
USER = frozenset({Role.LEADS_USER})
PREFERENCES = "partners/{partnerId}/preferences"
NOTIFICATIONS = "partners/{partnerId}/notifications"
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("get_preferences")
@blueprint.route(PREFERENCES, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, reads=True, **IF_CHANGED)
async def get_preferences(call: Call[Nothing, Nothing]) -> Response[PreferencesView]:
    """Read what the partner wants to be told."""
    return _preferences(await _wishes(call))


@blueprint.function_name("put_preferences")
@blueprint.route(PREFERENCES, methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, refuses=(PreconditionFailed,), **DOCUMENT)
async def put_preferences(call: Call[PreferencesIn, Nothing]) -> Response[PreferencesView]:
    """Replace what the partner wants to be told; who has unsubscribed stays so."""
    return await _store_preferences(call)


@blueprint.function_name("patch_preferences")
@blueprint.route(PREFERENCES, methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, content_types=MERGE_PATCH, refuses=(PreconditionFailed,), **DOCUMENT)
async def patch_preferences(call: Call[PreferencesPatch, Nothing]) -> Response[PreferencesView]:
    """Change what is named of the preferences, by a JSON merge patch; who has unsubscribed stays so."""
    return await _store_preferences(call)


@blueprint.function_name("unmute_address")
@blueprint.route(PREFERENCES + "/unmute", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=frozenset({Role.LEADS_ADMIN}), headers=("ETag",))
async def unmute_address(call: Call[UnmuteIn, Nothing]) -> Response[PreferencesView]:
    """Mail an address again that has unsubscribed or bounced; who said so stays on record (N3)."""
    await preferences.unmute(
        ports=call.app.ports,
        partner_id=call.partner_id,
        address=call.body.address,
        by=call.caller.person,
        at=call.at,
    )
    return _preferences(await _wishes(call))


async def _wishes(call: Call[Any, Nothing]) -> preferences.Wishes:
    return await preferences.read_preferences(ports=call.app.ports, partner_id=call.partner_id, at=call.at)


def _preferences(wishes: preferences.Wishes) -> Response[PreferencesView]:
    return tagged(preferences_view(wishes))


async def _store_preferences(call: Call[Any, Nothing]) -> Response[PreferencesView]:
    def target(before: preferences.Wishes) -> dict[str, Any]:
        # The time zone as it was put: the registration's, which is shown without one, may change. A patch replaces the
        # muted ones whole or leaves them, and then those that nobody could put now are no fault of it.
        zone = before.stored.time_zone if before.stored else None
        return {**preferences_view(before), "timeZone": zone, "mutedAddresses": []}

    async def write(before: preferences.Wishes) -> None:
        body: PreferencesIn = given(call, target(before))
        wanted = body.preferences()
        if isinstance(call.body, Patch) and "mutedAddresses" not in call.body.root:
            wanted = replace(wanted, muted_addresses=before.holding.muted_addresses)
        await preferences.put_preferences(
            ports=call.app.ports, partner_id=call.partner_id, preferences=wanted, before=before
        )

    await store(call, read=lambda: _wishes(call), view=preferences_view, write=write, target=target)
    return _preferences(await _wishes(call))


@blueprint.function_name("list_notifications")
@blueprint.route(NOTIFICATIONS, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True)
async def list_notifications(call: Call[Nothing, NotificationsQuery]) -> Response[NotificationPageView]:
    """List recommended actions, open ones first, with the number of open ones (N5)."""
    page = await notification_centre.list_notifications(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        after=call.after(ids.NOTIFICATION_CURSOR),
        top=call.query.top,
        at=call.at,
        budget=call.app.ports.rules.lists.budget(clock.stopwatch()),
        only=call.query.state,
    )
    settings = call.app.settings
    view: NotificationPageView = {
        "value": [notification_view(noticed, call.partner_id, settings, call.translate) for noticed in page.noticed],
        "openCount": page.open_count,
    }
    if link := call.page(view["value"], page.next).view.get("nextLink"):
        view["nextLink"] = link
    return Response(view)


@blueprint.function_name("dismiss_notification")
@blueprint.route(NOTIFICATIONS + "/{notificationId}/dismiss", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def dismiss_notification(call: Call[Nothing, Nothing]) -> Response[None]:
    """Dismiss a recommended action, for oneself alone."""
    await notification_centre.dismiss(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        notification_id=call.path("notificationId"),
        at=call.at,
        budget=call.app.ports.rules.lists.budget(clock.stopwatch()),
    )
    return Response(None)


@blueprint.function_name("dismiss_many_notifications")
@blueprint.route(NOTIFICATIONS + "/dismiss", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def dismiss_many_notifications(call: Call[NotificationIdsIn, Nothing]) -> Response[None]:
    """Dismiss recommended actions, for oneself alone; those that are not there any more are left out (N5)."""
    await notification_centre.dismiss_many(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        notification_ids=call.body.ids,
        at=call.at,
        budget=call.app.ports.rules.lists.budget(clock.stopwatch()),
    )
    return Response(None)


@blueprint.function_name("restore_notification")
@blueprint.route(NOTIFICATIONS + "/{notificationId}/restore", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def restore_notification(call: Call[Nothing, Nothing]) -> Response[None]:
    """Take the dismissal of a recommended action back, one's own; again is harmless (N5)."""
    await notification_centre.restore(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        notification_id=call.path("notificationId"),
        at=call.at,
        budget=call.app.ports.rules.lists.budget(clock.stopwatch()),
    )
    return Response(None)


@blueprint.function_name("restore_many_notifications")
@blueprint.route(NOTIFICATIONS + "/restore", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def restore_many_notifications(call: Call[NotificationIdsIn, Nothing]) -> Response[None]:
    """Take dismissals of recommended actions back, one's own; those that were not dismissed are left out (N5)."""
    await notification_centre.restore_many(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        notification_ids=call.body.ids,
    )
    return Response(None)


@blueprint.function_name("ask_unsubscribe")
@blueprint.route("unsubscribe", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint()
async def ask_unsubscribe(call: Call[Nothing, UnsubscribeQuery]) -> Response[Html]:
    """Ask whether an address is to get no more mails; scanners follow links, so this changes nothing (N3)."""
    wish = await preferences.read_unsubscription(ports=call.app.ports, token=call.query.token, at=call.at)
    asked = call.translate(
        "No more mails to %(address)s about leads of %(partner)s?", address=wish.address, partner=wish.partner.name
    )
    button = f'<form method="post"><button type="submit">{call.translate("Send no more mails")}</button></form>'
    return Response(small_page(call.language, call.translate("Switch mails off?"), asked, button))


@blueprint.function_name("unsubscribe")
@blueprint.route("unsubscribe", methods=["POST"], auth_level=ANONYMOUS)
@endpoint()
async def unsubscribe(call: Call[Nothing, UnsubscribeQuery]) -> Response[Html]:
    """Send an address no more mails, by the button or a mail program's own (RFC 8058); `again` undoes it (N3)."""
    ports, token, title = call.app.ports, call.query.token, call.translate("Done")
    if call.query.again:
        wish = await preferences.subscribe_again(ports=ports, token=token, at=call.at)
        told = call.translate(
            "%(address)s gets mails about leads of %(partner)s.", address=wish.address, partner=wish.partner.name
        )
        return Response(small_page(call.language, title, told))
    wish = await preferences.unsubscribe(ports=ports, token=token, at=call.at)
    told = call.translate(
        "%(address)s gets no more mails about leads of %(partner)s.", address=wish.address, partner=wish.partner.name
    )
    # A slip of the finger is taken back where it happened.
    where = escape(f"?{urlencode({'token': token, 'again': 'true'})}")
    label = call.translate("Send them again")
    button = f'<form method="post" action="{where}"><button type="submit">{label}</button></form>'
    return Response(small_page(call.language, title, told, button))
