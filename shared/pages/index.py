"""Which screen is where below `/ui/`, and who may see it; `/app/` has the same addresses (U1)."""

from shared.domain.permissions import Role
from shared.pages.screens import (
    erasures,
    exports,
    feedback,
    insights,
    lead,
    leads,
    notifications,
    partners,
    preferences,
    profile,
    top,
    webhooks,
)
from shared.pages.visits import Screens, screen

USER, ADMIN, PROFILE = Role.LEADS_USER, Role.LEADS_ADMIN, Role.PROFILE_ADMIN
SCREENS = (
    screen("top", top.show_top, USER),
    screen("bell", notifications.show_bell, USER),
    screen("leads", leads.show_list, USER),
    screen("leads/count", leads.show_count, USER),
    screen("leads/facets", leads.show_facets, USER),
    screen("leads/{leadId}", lead.show_lead, USER),
    screen("leads/{leadId}/row", lead.show_row, USER),
    screen("leads/{leadId}/timeline", lead.show_timeline, USER),
    screen("leads/{leadId}/feedback", feedback.show_feedback, USER),
    screen("leads/{leadId}/similar", lead.show_similar, USER),
    screen("leads/{leadId}/accept", lead.show_accept, ADMIN),
    screen("leads/{leadId}/edit", lead.show_edit, ADMIN),
    screen("leads/{leadId}/decline", lead.show_decline, ADMIN),
    screen("leads/{leadId}/win", lead.show_win, ADMIN),
    screen("leads/{leadId}/lose", lead.show_lose, ADMIN),
    screen("leads/{leadId}/closeAsError", lead.show_close_as_error, ADMIN),
    screen("leads/{leadId}/activity", lead.show_activity, USER),
    screen("notifications", notifications.show_notifications, USER),
    screen("insights", insights.show_insights, USER),
    screen("exports", exports.show_exports, ADMIN),
    screen("exports/{exportId}", exports.show_export, ADMIN),
    screen("profile", profile.show_profile, PROFILE),
    screen("preferences", preferences.show_preferences, ADMIN, PROFILE),
    screen("webhooks", webhooks.show_webhooks, ADMIN),
    screen("webhooks/new", webhooks.show_new, ADMIN),
    screen("webhooks/{webhookId}", webhooks.show_webhook, ADMIN),
)
"""Those of partners' people."""
OPERATORS = (
    screen("top", top.show_operators_top, Role.OPERATOR),
    screen("operator/partners", partners.show_partners, Role.OPERATOR),
    screen("operator/partners/{partnerId}", partners.show_partner, Role.OPERATOR),
    screen("operator/erasures", erasures.show_erasures, Role.OPERATOR),
    screen("operator/erasures/{erasureId}", erasures.show_erasure, Role.OPERATOR),
)
EVERY = Screens(SCREENS, OPERATORS)
