"""What a frontend asks for before anything else: who has signed in, and what codes are called."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, cast

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.instants import stamp
from shared.domain.lifecycle import NEED_NOTES, REASONS
from shared.domain.permissions import Caller, Role
from shared.domain.programme.partner import Partner
from shared.domain.vocabulary import LABELS, label
from shared.http.shapes.enumerations import ActionText, LanguageText, PartnerStateText, ReasonText, RoleText
from shared.texts import countries, currency_names, languages, translator


class OwnPartnerView(TypedDict):
    """The partner whose people the caller belongs to, as they may know it."""

    id: str
    name: str
    timeZone: str
    state: PartnerStateText


class MeView(TypedDict):
    """Who has signed in; `partner` is null for the operator's people."""

    person: str
    name: str | None
    roles: list[RoleText]
    partner: OwnPartnerView | None
    operator: bool
    language: LanguageText
    now: str


def me_view(caller: Caller, partner: Partner | None, language: str, at: datetime) -> MeView:
    """The caller as it signed in at `at`, with the roles that its own imply."""
    return {
        "person": caller.person,
        "name": caller.name,
        "roles": sorted(caller.roles),
        "partner": own_partner_view(partner) if partner else None,
        "operator": Role.OPERATOR in caller.roles,
        "language": language,
        "now": stamp(at),
    }


def own_partner_view(partner: Partner) -> OwnPartnerView:
    """What every one of a partner's people may know of its registration."""
    return {"id": partner.id, "name": partner.name, "timeZone": partner.time_zone, "state": partner.state}


class TermView(TypedDict):
    """A code and what it is called in the reader's language."""

    code: str
    label: str


class ReasonTermView(TypedDict):
    """A reason for ending a lead, with the actions that take it."""

    code: ReasonText
    label: str
    actions: list[ActionText]
    needsNotes: bool


class VocabularyView(TypedDict):
    """Every code with its label: in the order of the rules, names of countries and currencies in the alphabet's."""

    tabs: list[TermView]
    statuses: list[TermView]
    outcomes: list[TermView]
    sources: list[TermView]
    callsToAction: list[TermView]
    types: list[TermView]
    qualifications: list[TermView]
    actions: list[TermView]
    reasons: list[ReasonTermView]
    alerts: list[TermView]
    warnings: list[TermView]
    notifications: list[TermView]
    advice: list[TermView]
    events: list[TermView]
    activities: list[TermView]
    flames: list[TermView]
    validity: list[TermView]
    qualityLevels: list[TermView]
    qualityReasons: list[TermView]
    likenesses: list[TermView]
    targets: list[TermView]
    targetStatuses: list[TermView]
    performanceStatuses: list[TermView]
    bounds: list[TermView]
    partnerOrders: list[TermView]
    sizes: list[TermView]
    orders: list[TermView]
    senderKinds: list[TermView]
    actors: list[TermView]
    roles: list[TermView]
    webhookEvents: list[TermView]
    deliveryEvents: list[TermView]
    webhookStates: list[TermView]
    webhookFormats: list[TermView]
    fieldsAs: list[TermView]
    presets: list[TermView]
    deliveryStates: list[TermView]
    mailKinds: list[TermView]
    mailNotices: list[TermView]
    mailStates: list[TermView]
    mailReasons: list[TermView]
    notMailed: list[TermView]
    exportStates: list[TermView]
    exportFormats: list[TermView]
    headings: list[TermView]
    cells: list[TermView]
    columns: list[TermView]
    partnerStates: list[TermView]
    offerStates: list[TermView]
    sourceKinds: list[TermView]
    reveals: list[TermView]
    heldStates: list[TermView]
    heldReasons: list[TermView]
    fits: list[TermView]
    countries: list[TermView]
    currencies: list[TermView]
    languages: list[TermView]


@cache
def vocabulary_view(language: str) -> VocabularyView:
    """The vocabulary in a language of N4."""
    translate = translator(language)
    said: dict[str, Any] = {
        enumeration: _terms({code: label(enumeration, code, translate) for code in codes})
        for enumeration, codes in LABELS.items()
    }
    said["reasons"] = [_reason_term(term) for term in said["reasons"]]
    said["countries"] = _terms(countries(language))
    said["currencies"] = _terms(currency_names(language))
    said["languages"] = _terms(languages())
    return cast("VocabularyView", said)


def _terms(labels: Mapping[str, str]) -> list[TermView]:
    return [{"code": code, "label": said} for code, said in labels.items()]


def _reason_term(term: TermView) -> ReasonTermView:
    code = term["code"]
    actions = [str(action) for action, codes in REASONS.items() if code in codes]
    return {"code": code, "label": term["label"], "actions": actions, "needsNotes": code in NEED_NOTES}
