"""What the platform sees of `function_app.py`, with an empty environment, as at a deployment."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from shared.http.routes import parse
from tests.builders import ROOT

INDEX = """
import json, function_app
found = []
for one in function_app.app.get_functions():
    trigger = one.get_trigger().get_dict_repr()
    found.append({
        "name": one.get_function_name(),
        "type": trigger["type"],
        "route": trigger.get("route"),
        "methods": [str(m.value) for m in trigger.get("methods") or []],
        "authLevel": str(getattr(trigger.get("authLevel"), "value", None)),
        "schedule": trigger.get("schedule"),
    })
print(json.dumps(found))
"""

LEADS = "partners/{partnerId}/leads"
LEAD = LEADS + "/{leadId}"
EXPORTS = "partners/{partnerId}/exports"
SOURCES = "partners/{partnerId}/sources"
OFFERS = "partners/{partnerId}/offers"
WEBHOOK = "partners/{partnerId}/webhooks/{webhookId}"
EXPECTED = {
    "start_erasure": ("POST", "erasures"),
    "list_erasures": ("GET HEAD", "erasures"),
    "read_erasure": ("GET HEAD", "erasures/{erasureId}"),
    "show_page": ("GET HEAD", "app/{*path}"),
    "show_screen": ("GET HEAD", "ui/{*path}"),
    "get_preferences": ("GET HEAD", "partners/{partnerId}/preferences"),
    "put_preferences": ("PUT", "partners/{partnerId}/preferences"),
    "patch_preferences": ("PATCH", "partners/{partnerId}/preferences"),
    "unmute_address": ("POST", "partners/{partnerId}/preferences/unmute"),
    "give_feedback": ("POST", LEAD + "/feedback"),
    "read_lead_feedback": ("GET HEAD", LEAD + "/feedback"),
    "list_feedback": ("GET HEAD", "feedback"),
    "get_standing": ("GET HEAD", "partners/{partnerId}/standing"),
    "list_people": ("GET HEAD", "partners/{partnerId}/people"),
    "get_advice": ("GET HEAD", "partners/{partnerId}/advice"),
    "get_insights": ("GET HEAD", "partners/{partnerId}/insights"),
    "get_insights_chart": ("GET HEAD", "partners/{partnerId}/insights/chart.svg"),
    "list_notifications": ("GET HEAD", "partners/{partnerId}/notifications"),
    "dismiss_notification": ("POST", "partners/{partnerId}/notifications/{notificationId}/dismiss"),
    "dismiss_many_notifications": ("POST", "partners/{partnerId}/notifications/dismiss"),
    "restore_notification": ("POST", "partners/{partnerId}/notifications/{notificationId}/restore"),
    "restore_many_notifications": ("POST", "partners/{partnerId}/notifications/restore"),
    "ask_unsubscribe": ("GET HEAD", "unsubscribe"),
    "unsubscribe": ("POST", "unsubscribe"),
    "subscribe_webhook": ("POST", "partners/{partnerId}/webhooks"),
    "list_webhooks": ("GET HEAD", "partners/{partnerId}/webhooks"),
    "read_webhook": ("GET HEAD", WEBHOOK),
    "delete_webhook": ("DELETE", WEBHOOK),
    "test_webhook": ("POST", WEBHOOK + "/test"),
    "rotate_webhook": ("POST", WEBHOOK + "/rotate"),
    "enable_webhook": ("POST", WEBHOOK + "/enable"),
    "list_deliveries": ("GET HEAD", WEBHOOK + "/deliveries"),
    "resend_delivery": ("POST", WEBHOOK + "/deliveries/{eventId}/resend"),
    "resend_deliveries": ("POST", WEBHOOK + "/deliveries/resend"),
    "receive_lead": ("POST", "intake/{sourceId}"),
    "send_lead": ("POST", LEADS),
    "list_sent_leads": ("GET HEAD", "sentLeads"),
    "read_sent_lead": ("GET HEAD", "sentLeads/{leadId}"),
    "list_leads": ("GET HEAD", LEADS),
    "count_facets": ("GET HEAD", LEADS + "/facets"),
    "count_leads": ("GET HEAD", LEADS + "/summary"),
    "log_activity": ("POST", LEAD + "/activities"),
    "read_lead": ("GET HEAD", LEAD),
    "open_lead": ("POST", LEAD + "/opened"),
    "edit_lead": ("PATCH", LEAD),
    "accept_lead": ("POST", LEAD + "/accept"),
    "decline_lead": ("POST", LEAD + "/decline"),
    "win_lead": ("POST", LEAD + "/win"),
    "lose_lead": ("POST", LEAD + "/lose"),
    "close_lead_as_error": ("POST", LEAD + "/closeAsError"),
    "add_favorite": ("PUT", LEAD + "/favorite"),
    "remove_favorite": ("DELETE", LEAD + "/favorite"),
    "find_similar_deals": ("GET HEAD", LEAD + "/similar"),
    "read_lead_history": ("GET HEAD", LEAD + "/history"),
    "put_partner": ("PUT", "partners/{partnerId}"),
    "patch_partner": ("PATCH", "partners/{partnerId}"),
    "get_partner": ("GET HEAD", "partners/{partnerId}"),
    "list_partners": ("GET HEAD", "partners"),
    "get_contact_lists": ("GET HEAD", "contactLists"),
    "put_contact_lists": ("PUT", "contactLists"),
    "patch_contact_lists": ("PATCH", "contactLists"),
    "patch_profile": ("PATCH", "partners/{partnerId}/profile"),
    "get_profile": ("GET HEAD", "partners/{partnerId}/profile"),
    "put_profile": ("PUT", "partners/{partnerId}/profile"),
    "list_offers": ("GET HEAD", OFFERS),
    "get_offer": ("GET HEAD", OFFERS + "/{offerId}"),
    "put_offer": ("PUT", OFFERS + "/{offerId}"),
    "patch_offer": ("PATCH", OFFERS + "/{offerId}"),
    "list_pending_offers": ("GET HEAD", "pendingOffers"),
    "approve_offer": ("POST", OFFERS + "/{offerId}/approve"),
    "refuse_offer": ("POST", OFFERS + "/{offerId}/refuse"),
    "read_source": ("GET HEAD", SOURCES + "/{sourceId}"),
    "patch_source": ("PATCH", SOURCES + "/{sourceId}"),
    "read_programme_source": ("GET HEAD", "sources/{sourceId}"),
    "patch_programme_source": ("PATCH", "sources/{sourceId}"),
    "list_parked": ("GET HEAD", "parked"),
    "read_parked": ("GET HEAD", "parked/{heldId}"),
    "replay_parked": ("POST", "parked/{heldId}/replay"),
    "dismiss_parked": ("POST", "parked/{heldId}/dismiss"),
    "replay_many_parked": ("POST", "parked/replay"),
    "dismiss_many_parked": ("POST", "parked/dismiss"),
    "assign_many_unassigned": ("POST", "unassigned/assign"),
    "list_unassigned": ("GET HEAD", "unassigned"),
    "read_unassigned": ("GET HEAD", "unassigned/{heldId}"),
    "assign_unassigned": ("POST", "unassigned/{heldId}/assign"),
    "add_programme_source": ("POST", "sources"),
    "list_programme_sources": ("GET HEAD", "sources"),
    "rotate_programme_source": ("POST", "sources/{sourceId}/rotate"),
    "delete_programme_source": ("DELETE", "sources/{sourceId}"),
    "add_source": ("POST", SOURCES),
    "list_sources": ("GET HEAD", SOURCES),
    "rotate_source": ("POST", SOURCES + "/{sourceId}/rotate"),
    "delete_source": ("DELETE", SOURCES + "/{sourceId}"),
    "start_export": ("POST", EXPORTS),
    "list_exports": ("GET HEAD", EXPORTS),
    "read_export": ("GET HEAD", EXPORTS + "/{exportId}"),
    "cancel_export": ("POST", EXPORTS + "/{exportId}/cancel"),
    "link_export": ("POST", EXPORTS + "/{exportId}/link"),
    "search_directory": ("GET HEAD", "directory"),
    "show_directory": ("GET HEAD", "directory/page"),
    "me": ("GET HEAD", "me"),
    "vocabulary": ("GET HEAD", "vocabulary"),
    "health": ("GET HEAD", "health"),
    "openapi": ("GET HEAD", "openapi.json"),
    "swagger": ("GET HEAD", "swagger.json"),
    "zz_nothing_here": ("DELETE GET HEAD PATCH POST PUT", "{*path}"),
}

TIMERS = {
    "expire_leads": "%EXPIRE_LEADS_SCHEDULE%",
    "cool_flames": "%COOL_FLAMES_SCHEDULE%",
    "archive_leads": "%ARCHIVE_LEADS_SCHEDULE%",
    "send_reminders": "%SEND_REMINDERS_SCHEDULE%",
    "send_digests": "%SEND_DIGESTS_SCHEDULE%",
    "recheck_contacts": "%RECHECK_CONTACTS_SCHEDULE%",
    "ingest_marketplace_table": "%INGEST_MARKETPLACE_TABLE_SCHEDULE%",
    "deliver_events": "%DELIVER_EVENTS_SCHEDULE%",
    "run_exports": "%RUN_EXPORTS_SCHEDULE%",
    "watch_agenda": "%WATCH_AGENDA_SCHEDULE%",
    "refresh_directory": "%REFRESH_DIRECTORY_SCHEDULE%",
    "reconcile": "%RECONCILE_SCHEDULE%",
    "pass_on_leads": "%PASS_ON_LEADS_SCHEDULE%",
    "learn_outcomes": "%LEARN_OUTCOMES_SCHEDULE%",
    "run_erasures": "%RUN_ERASURES_SCHEDULE%",
}
DEFAULTS = {
    "EXPIRE_LEADS_SCHEDULE": "0 */5 * * * *",
    "COOL_FLAMES_SCHEDULE": "0 */5 * * * *",
    "ARCHIVE_LEADS_SCHEDULE": "0 0 * * * *",
    "SEND_REMINDERS_SCHEDULE": "0 */5 * * * *",
    "SEND_DIGESTS_SCHEDULE": "0 */5 * * * *",
    "RECHECK_CONTACTS_SCHEDULE": "0 */15 * * * *",
    "INGEST_MARKETPLACE_TABLE_SCHEDULE": "0 * * * * *",
    "DELIVER_EVENTS_SCHEDULE": "0 * * * * *",
    "RUN_EXPORTS_SCHEDULE": "0 * * * * *",
    "WATCH_AGENDA_SCHEDULE": "0 */5 * * * *",
    "REFRESH_DIRECTORY_SCHEDULE": "0 */5 * * * *",
    "RECONCILE_SCHEDULE": "0 30 * * * *",
    "PASS_ON_LEADS_SCHEDULE": "0 */5 * * * *",
    "LEARN_OUTCOMES_SCHEDULE": "0 40 * * * *",
    "RUN_ERASURES_SCHEDULE": "0 * * * * *",
}


@pytest.fixture(scope="module")
def index() -> list[dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", INDEX], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found: list[dict[str, Any]] = json.loads(run.stdout)
    return found


def test_names_routes_methods_and_auth_levels(index: list[dict[str, Any]]) -> None:
    http = [one for one in index if one["type"] == "httpTrigger"]
    assert {one["name"]: (" ".join(sorted(one["methods"])), one["route"]) for one in http} == EXPECTED
    # The app checks tokens itself; the platform's keys would keep out the partners' own tenants.
    assert {one["authLevel"] for one in http} == {"anonymous"}


def test_timers_and_their_schedules(index: list[dict[str, Any]]) -> None:
    timers = {one["name"]: one["schedule"] for one in index if one["type"] == "timerTrigger"}
    assert timers == TIMERS
    values = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]
    documented = re.findall(
        r"^\| `(\w+_SCHEDULE)` \| `([^`]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE
    )
    assert {name: values[name] for name in DEFAULTS} == dict(documented) == DEFAULTS
    assert {f"%{name}%" for name in DEFAULTS} == set(TIMERS.values())


def test_one_function_takes_events_and_three_take_messages(index: list[dict[str, Any]]) -> None:
    others = {one["name"]: one["type"] for one in index if one["type"] not in ("httpTrigger", "timerTrigger")}
    messages = dict.fromkeys(("tell_partner", "tell_lane", "go_on_with_export"), "queueTrigger")
    assert others == {"mail_reports": "eventGridTrigger", **messages}
    # Its trigger is no part of the host itself.
    assert "extensionBundle" in json.loads((ROOT / "host.json").read_text())


def test_no_route_is_shadowed_by_one_whose_function_name_comes_first(index: list[dict[str, Any]]) -> None:
    index = [one for one in index if one["type"] == "httpTrigger"]
    routes = [
        parse(one["name"], one["methods"], one["route"]) for one in sorted(index, key=lambda one: str(one["name"]))
    ]
    for one in index:
        path = one["route"].replace("{*path}", "x/y").replace("{", "").replace("}", "")
        for method in one["methods"]:
            taken = next(route for route in routes if method in route.methods and route.match(path) is not None)
            assert taken.function == one["name"]


def test_importing_the_app_reads_no_environment_and_opens_nothing() -> None:
    watched = """
import os, socket, sys

class Watched(dict):
    def __getitem__(self, key):
        if str(key).startswith(("LEADS_", "AzureWebJobs", "WEBSITE_")):
            raise SystemExit(f"read {key} at import")
        return super().__getitem__(key)
    def get(self, key, default=None):
        return self[key] if key in self else default

os.environ._data = Watched(os.environ._data)
def forbidden(*_, **__):
    raise SystemExit("opened a socket at import")
socket.socket.connect = forbidden
import function_app
"""
    run = subprocess.run([sys.executable, "-c", watched], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
