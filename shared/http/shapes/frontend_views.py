"""What a frontend asks for before anything else."""

from datetime import datetime

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.instants import stamp
from shared.domain.permissions import Caller, Role
from shared.domain.programme.partner import Partner
from shared.http.shapes.enumerations import LanguageText, PartnerStateText, RoleText


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
