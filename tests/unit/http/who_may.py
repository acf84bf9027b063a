"""Who may do what, written by hand (S1, S2): one line for every route and every screen, one column for every caller.

The lines are read against the function index: a route without one, or one without a route, fails. Nothing in them is
taken from the code. Every request stands on something that the partner contoso has (`two_partners`), whoever asks.

    +      it is done
    401    `unauthenticated`: who is it?
    403    `accessDenied`: not with these roles, or this tenant
    404    `notFound`: another partner's anything is not there
    stop   `partnerSuspended`
    -      no such request; what `show_screen` shows is in SCREENS

Of contoso: whoever has this role alone, and `none` of them (a role of the operator's that contoso gave itself is none).
Of fabrikam, another partner: `any` of these roles, `send` for the sender's. Of the operator's tenant: `oper` for the
Operator, `send` for the Sender, `any` of the others and none. `stop`: contoso's people with every role, while contoso
is suspended. `unkn`: a tenant that nobody registered, whatever it calls its people. `anon`: no token.

`crossed`: contoso's things below fabrikam's path, `fabr` as fabrikam with every role, `oper` as the operator.
"""

from typing import Any

from tests.builders import DEAL_BODY, submission_body

ROUTES = """
                             | contoso's own                 | fabrikam's | the operator's | others'        | crossed
                             | user admn prof part send none | any  send | oper send any  | stop unkn anon | fabr oper

list_leads                   | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
count_facets                 | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
count_leads                  | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
read_lead                    | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
read_lead_history            | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
find_similar_deals           | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
open_lead                    | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
add_favorite                 | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
remove_favorite              | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
log_activity                 | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
accept_lead                  | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403
decline_lead                 | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403
edit_lead                    | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403
win_lead                     | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403
lose_lead                    | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403
close_lead_as_error          | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403

give_feedback                | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
read_lead_feedback           | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
list_feedback                | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -

get_insights                 | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
get_insights_chart           | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
get_standing                 | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
get_advice                   | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -

list_notifications           | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
dismiss_notification         | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
restore_notification         | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
dismiss_many_notifications   | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -
restore_many_notifications   | +    +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -

start_export                 | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -
list_exports                 | 403  +    403  +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
read_export                  | 403  +    403  +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
cancel_export                | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
link_export                  | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403

subscribe_webhook            | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | -    -
list_webhooks                | 403  +    403  +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
read_webhook                 | 403  +    403  +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
delete_webhook               | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
test_webhook                 | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403
rotate_webhook               | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
enable_webhook               | 403  +    403  +    403  403  | 404  404  | 403  404  404  | stop 403  401  | 404  403
list_deliveries              | 403  +    403  +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
resend_delivery              | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403
resend_deliveries            | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | 404  403

list_people                  | 403  +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
get_preferences              | 403  +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
put_preferences              | 403  +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -
patch_preferences            | 403  +    +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -
unmute_address               | 403  +    403  +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -

get_profile                  | 403  403  +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
put_profile                  | 403  403  +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -
patch_profile                | 403  403  +    +    403  403  | 404  404  | 403  404  404  | +    403  401  | -    -
list_offers                  | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | -    -
get_offer                    | +    +    +    +    403  403  | 404  404  | +    404  404  | +    403  401  | 404  404
put_offer                    | 403  403  403  +    403  403  | 404  404  | +    404  404  | stop 403  401  | -    -
patch_offer                  | 403  403  403  +    403  403  | 404  404  | +    404  404  | stop 403  401  | 404  404
approve_offer                | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | 403  404
refuse_offer                 | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | 403  404
list_pending_offers          | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -

list_partners                | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
get_partner                  | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | -    -
put_partner                  | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | -    -
patch_partner                | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | -    -
get_contact_lists            | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
put_contact_lists            | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
patch_contact_lists          | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -

add_source                   | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | -    -
list_sources                 | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | -    -
read_source                  | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | 403  404
patch_source                 | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | 403  404
rotate_source                | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | 403  404
delete_source                | 403  403  403  403  403  403  | 404  404  | +    404  404  | 403  403  401  | 403  404
add_programme_source         | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
list_programme_sources       | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
read_programme_source        | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
patch_programme_source       | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
rotate_programme_source      | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
delete_programme_source      | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -

list_parked                  | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
read_parked                  | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
replay_parked                | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
dismiss_parked               | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
replay_many_parked           | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
dismiss_many_parked          | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
list_unassigned              | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
read_unassigned              | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
assign_unassigned            | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
assign_many_unassigned       | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -

start_erasure                | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
list_erasures                | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -
read_erasure                 | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401  | -    -

send_lead                    | 403  403  403  403  +    403  | 403  +    | 403  +    403  | +    403  401  | -    -
list_sent_leads              | 403  403  403  403  +    403  | 403  +    | 403  +    403  | +    403  401  | -    -
read_sent_lead               | 403  403  403  403  +    403  | 403  404  | 403  404  403  | +    403  401  | -    -

me                           | +    +    +    +    +    +    | +    +    | +    +    +    | +    403  401  | -    -
search_directory             | +    +    +    +    +    +    | +    +    | +    +    +    | +    403  401  | -    -

receive_lead                 | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
show_directory               | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
ask_unsubscribe              | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
unsubscribe                  | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
vocabulary                   | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
health                       | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
openapi                      | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
swagger                      | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
show_page                    | +    +    +    +    +    +    | +    +    | +    +    +    | +    +    +    | -    -
show_screen                  | -    -    -    -    -    -    | -    -    | -    -    -    | -    -    -    | -    -
zz_nothing_here              | 404  404  404  404  404  404  | 404  404  | 404  404  404  | 404  404  404  | -    -
"""
"""By function name. A key opens `receive_lead` and `show_directory`, whatever token stands beside it; see KEYS."""

SCREENS = """
                             | contoso's own                 | fabrikam's | the operator's | others'
                             | user admn prof part send none | part send | oper send any  | stop unkn anon

top                          | +    +    +    +    403  403  | +    403  | +    403  403  | +    403  401
bell                         | +    +    +    +    403  403  | +    403  | 403  403  403  | +    403  401
leads                        | +    +    +    +    403  403  | +    403  | 403  403  403  | +    403  401
leads/count                  | +    +    +    +    403  403  | +    403  | 403  403  403  | +    403  401
leads/facets                 | +    +    +    +    403  403  | +    403  | 403  403  403  | +    403  401
leads/{leadId}               | +    +    +    +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/row           | +    +    +    +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/timeline      | +    +    +    +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/feedback      | +    +    +    +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/similar       | +    +    +    +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/activity      | +    +    +    +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/accept        | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/edit          | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/decline       | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/win           | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/lose          | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
leads/{leadId}/closeAsError  | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
notifications                | +    +    +    +    403  403  | +    403  | 403  403  403  | +    403  401
insights                     | +    +    +    +    403  403  | +    403  | 403  403  403  | +    403  401
exports                      | 403  +    403  +    403  403  | +    403  | 403  403  403  | +    403  401
exports/{exportId}           | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
profile                      | 403  403  +    +    403  403  | +    403  | 403  403  403  | +    403  401
preferences                  | 403  +    +    +    403  403  | +    403  | 403  403  403  | +    403  401
webhooks                     | 403  +    403  +    403  403  | +    403  | 403  403  403  | +    403  401
webhooks/new                 | 403  +    403  +    403  403  | +    403  | 403  403  403  | +    403  401
webhooks/{webhookId}         | 403  +    403  +    403  403  | 404  403  | 403  403  403  | +    403  401
operator/partners            | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401
operator/partners/{partnerId}| 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401
operator/erasures            | 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401
operator/erasures/{erasureId}| 403  403  403  403  403  403  | 403  403  | +    403  403  | 403  403  401
"""
"""By the address below `/ui/`; there is no partner in it: everybody is shown their own partner's things or nothing."""

KEYS = """
                            | receive_lead  search_directory  show_directory

none                        | 401           401               401
wrong                       | 401           401               401
contoso's                   | +             401               401
fabrikam's                  | 401           401               401
deleted                     | 401           401               401
rotated away                | 401           401               401
a table's                   | 403           401               401
a directory's               | 401           +                 +
a directory's, cut          | 401           401               401
"""
"""Which key opens what, sent without a token: `receive_lead` at contoso's source, a table's at its own."""

Request = tuple[str, Any, dict[str, str]]
"""Query, body and headers."""
NOTHING: Request = ("", None, {})
REASON = {"reason": "other", "notes": "No."}
DOCUMENT = {"if-match": "*"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
HOOK = {"notificationUrl": "https://other.example/hook", "events": ["lead.received"], "validation": "none"}
QUALIFIED = {
    "qualification": "salesQualified",
    "customer": {"company": "Northwind"},
    "consent": {"share": True, "contact": True},
}

REQUESTS: dict[str, Request] = {
    "accept_lead": ("", DEAL_BODY, {}),
    "decline_lead": ("", REASON, {}),
    "edit_lead": ("", {"notes": "Later."}, DOCUMENT),
    "win_lead": ("", {}, {}),
    "lose_lead": ("", REASON, {}),
    "close_lead_as_error": ("", {"reason": "duplicateDeal"}, {}),
    "log_activity": ("", {"kind": "call"}, {}),
    "give_feedback": ("", {"rating": 5}, {}),
    "get_insights_chart": ("?kind=funnel", None, {}),
    "dismiss_many_notifications": ("", {"ids": ["{notificationId}"]}, {}),
    "restore_many_notifications": ("", {"ids": ["{notificationId}"]}, {}),
    "start_export": ("", {}, {}),
    "subscribe_webhook": ("", HOOK, {}),
    "put_preferences": ("", {}, {}),
    "patch_preferences": ("", {"digestHour": 7}, {}),
    "unmute_address": ("", {"address": "{address}"}, {}),
    "put_profile": ("", {"name": "Contoso"}, {}),
    "patch_profile": ("", {"description": "Short."}, {}),
    "put_offer": ("", {"title": "Other"}, {}),
    "patch_offer": ("", {"title": "Other"}, {}),
    "put_partner": ("", {"name": "Contoso", "tenantIds": ["contoso"]}, {}),
    "patch_partner": ("", {"name": "Contoso plc"}, {}),
    "put_contact_lists": ("", {}, {}),
    "patch_contact_lists": ("", {"blockedDomains": ["spam.example"]}, {}),
    "add_source": ("", {"name": "Another"}, {}),
    "patch_source": ("", {"name": "Renamed"}, {}),
    "add_programme_source": ("", {"name": "Another"}, {}),
    "patch_programme_source": ("", {"name": "Renamed"}, {}),
    "replay_parked": ("", {"body": {"Company": "Northwind"}}, {}),
    "replay_many_parked": ("", {"ids": ["{parkedId}"]}, {}),
    "dismiss_many_parked": ("", {"ids": ["{parkedId}"]}, {}),
    "assign_unassigned": ("", {"partnerId": "contoso"}, {}),
    "assign_many_unassigned": ("", {"ids": ["{unassignedId}"], "partnerId": "contoso"}, {}),
    "start_erasure": ("", {"email": "nobody@northwind.example"}, {}),
    "send_lead": ("", QUALIFIED, {}),
    "search_directory": ("?q=crm", None, {}),
    "receive_lead": ("?key={key}", submission_body(Company="Northwind"), {}),
    "show_directory": ("?key={directoryKey}", None, {}),
    "ask_unsubscribe": ("?token={unsubscribe}", None, {}),
    "unsubscribe": ("?token={unsubscribe}", b"", FORM),
}
"""What is sent beside the address; a `{name}` is one of the things that contoso has. Routes without a line: nothing."""
STANDS_ON = {
    "edit_lead": {"leadId": "accepted"},
    "win_lead": {"leadId": "accepted"},
    "lose_lead": {"leadId": "accepted"},
    "close_lead_as_error": {"leadId": "accepted"},
    "read_sent_lead": {"leadId": "sent"},
    "cancel_export": {"exportId": "running"},
    "enable_webhook": {"webhookId": "disabled"},
    "approve_offer": {"offerId": "pendingOfferId"},
    "restore_notification": {"notificationId": "dismissed"},
    "read_parked": {"heldId": "parkedId"},
    "replay_parked": {"heldId": "parkedId"},
    "dismiss_parked": {"heldId": "parkedId"},
    "read_unassigned": {"heldId": "unassignedId"},
    "assign_unassigned": {"heldId": "unassignedId"},
    "read_programme_source": {"sourceId": "programmeSourceId"},
    "patch_programme_source": {"sourceId": "programmeSourceId"},
    "rotate_programme_source": {"sourceId": "programmeSourceId"},
    "delete_programme_source": {"sourceId": "programmeSourceId"},
    "show_page": {"path": "page"},
    "zz_nothing_here": {"path": "page"},
    "leads/{leadId}/edit": {"leadId": "accepted"},
    "leads/{leadId}/win": {"leadId": "accepted"},
    "leads/{leadId}/lose": {"leadId": "accepted"},
    "leads/{leadId}/closeAsError": {"leadId": "accepted"},
}
"""Which of contoso's things stands in an address, where it is not the one of the same name."""
