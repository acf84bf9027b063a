"""What stands above every screen: who is here, where they may go, and what is new (U1, Q6)."""

import asyncio
from dataclasses import dataclass

from shared.domain.permissions import Role
from shared.http.shapes.list_views import summary_view
from shared.pages.visits import AnyVisit, Shown, Visit
from shared.usecases.leads import counts
from shared.usecases.programme.people import notice_person


@dataclass(frozen=True)
class Place:
    """A screen that this person may see; `key` follows `g`."""

    path: str
    text: str
    key: str


@dataclass(frozen=True)
class Top:
    """The header, and the counts that other places show.

    Of the operator `partner_id` is None, and `home` where its people begin, who have no leads.
    """

    partner: str
    person: str
    roles: tuple[str, ...]
    places: tuple[Place, ...]
    counts: dict[str, int]
    is_suspended: bool
    partner_id: str | None
    me: str
    home: str | None = None


def _places(visit: Visit) -> tuple[Place, ...]:
    words, held = visit.words, visit.caller.roles
    every = (
        (Place("leads", words.say("Leads"), "l"), {Role.LEADS_USER}),
        (Place("insights", words.say("Insights"), "i"), {Role.LEADS_USER}),
        (Place("exports", words.say("Exports"), "e"), {Role.LEADS_ADMIN}),
        (Place("profile", words.say("Profile"), "p"), {Role.PROFILE_ADMIN}),
        (Place("preferences", words.say("Preferences"), "s"), {Role.PROFILE_ADMIN, Role.LEADS_ADMIN}),
        (Place("webhooks", words.say("Webhooks"), "w"), {Role.LEADS_ADMIN}),
    )
    return tuple(place for place, needed in every if held & needed)


async def show_top(visit: Visit) -> Shown:
    """The header; the page asks for it every half minute."""
    ports, caller, at = visit.app.ports, visit.caller, visit.at
    found, _ = await asyncio.gather(
        counts.count_leads(ports=ports, partner_id=visit.partner_id, person=caller.person, at=at),
        notice_person(ports=ports, caller=caller, language=visit.words.language, at=at),
    )
    summary = summary_view(found, visit.at)
    tabs = summary["tabs"]
    both = {
        name: tabs["marketplace"][name] + tabs["qualified"][name] for name in ("received", "accepted", "informational")
    }
    numbers = {
        "marketplace": sum(tabs["marketplace"][name] for name in ("received", "accepted", "informational", "archived")),
        "qualified": sum(tabs["qualified"][name] for name in ("received", "accepted", "informational", "archived")),
        "favorites": summary["favorites"],
        "newMarketplace": tabs["marketplace"]["new"],
        "newQualified": tabs["qualified"]["new"],
        "hot": summary["hot"],
        **both,
    }
    view = Top(
        partner=visit.partner.name,
        person=_person(visit),
        roles=_roles(visit),
        places=_places(visit),
        counts=numbers,
        is_suspended=visit.partner.state == "suspended",
        partner_id=visit.partner_id,
        me=visit.caller.person,
    )
    return Shown("top.html", view)


async def show_operators_top(visit: AnyVisit) -> Shown:
    """That of the operator's people."""
    home = "operator/partners"
    view = Top(
        partner=visit.words.label("roles", Role.OPERATOR),
        person=_person(visit),
        roles=_roles(visit),
        places=(
            Place(home, visit.words.say("Partners"), "p"),
            Place("operator/erasures", visit.words.say("Erasures"), "e"),
        ),
        counts={},
        is_suspended=False,
        partner_id=None,
        me=visit.caller.person,
        home=home,
    )
    return Shown("top.html", view)


def _person(visit: AnyVisit) -> str:
    return visit.caller.name or visit.caller.email or visit.caller.person


def _roles(visit: AnyVisit) -> tuple[str, ...]:
    return tuple(visit.words.label("roles", role) for role in sorted(visit.caller.roles))
