"""What stands above every screen: who is here, where they may go, and what is new (U1, Q6)."""

from dataclasses import dataclass

from shared.domain.permissions import Role
from shared.http.shapes.list_views import summary_view
from shared.pages.visits import Shown, Visit
from shared.usecases.leads import counts


@dataclass(frozen=True)
class Place:
    """A screen that this person may see; `key` follows `g`."""

    path: str
    text: str
    key: str


@dataclass(frozen=True)
class Top:
    """The header, and the counts that other places show."""

    partner: str
    person: str
    roles: tuple[str, ...]
    places: tuple[Place, ...]
    counts: dict[str, int]
    is_suspended: bool
    texts: dict[str, str]
    partner_id: str
    me: str
    is_admin: bool


def _places(visit: Visit) -> tuple[Place, ...]:
    words, held = visit.words, visit.caller.roles
    every = (
        (Place("leads", words.say("Leads"), "l"), {Role.LEADS_USER}),
        (Place("exports", words.say("Exports"), "e"), {Role.LEADS_ADMIN}),
        (Place("profile", words.say("Profile"), "p"), {Role.PROFILE_ADMIN}),
        (Place("preferences", words.say("Preferences"), "s"), {Role.PROFILE_ADMIN, Role.LEADS_ADMIN}),
        (Place("webhooks", words.say("Webhooks"), "w"), {Role.LEADS_ADMIN}),
    )
    return tuple(place for place, needed in every if held & needed)


async def show_top(visit: Visit) -> Shown:
    """The header; the page asks for it every half minute."""
    found = await counts.count_leads(
        ports=visit.app.ports, partner_id=visit.partner_id, person=visit.caller.person, at=visit.at
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
        person=visit.caller.name or visit.caller.email or visit.caller.person,
        roles=tuple(visit.words.label("roles", role) for role in sorted(visit.caller.roles)),
        places=_places(visit),
        counts=numbers,
        is_suspended=visit.partner.state == "suspended",
        texts=_texts(visit),
        partner_id=visit.partner_id,
        me=visit.caller.person,
        is_admin=visit.is_leads_admin,
    )
    return Shown("top.html", view)


def _texts(visit: Visit) -> dict[str, str]:
    """What the page's script says, in the reader's language."""
    say = visit.words.say
    return {
        "copied": say("Copied."),
        "saved": say("Saved."),
        "undo": say("Undo"),
        "close": say("Close"),
        "offline": say("Offline: shown as of {when}. Nothing can be sent until the connection is back."),
        "online": say("The connection is back."),
        "noAnswer": say(
            "No answer came, so it is not known whether this was done. Look at the lead before you try again."
        ),
        "failed": say("That did not work: {why}"),
        "number": say("If it stays so, quote this number: {number}"),
        "heartBack": say("The heart was put back: {why}"),
        "dismissed": say("Dismissed."),
        "dismissBack": say("It was not dismissed: {why}"),
        "logged": say("Logged."),
        "notLogged": say("It was not logged: {why}"),
        "fresh": say("{count} new leads: show"),
        "freshOne": say("1 new lead: show"),
        "place": say("{number} of {count}"),
        "selected": say("{count} selected"),
        "required": say("Please fill this in."),
        "requiredWhen": say("Give a date or a time frame."),
        "errors": say("Please look at these fields:"),
        "faster": say("Somebody was faster"),
        "fasterAccept": say("{who} accepted this lead {when}. Your form was not sent."),
        "fasterDecline": say("{who} declined this lead {when}. Your form was not sent."),
        "fasterOther": say("{who} changed this lead {when}. Your form was not sent."),
        "showLead": say("Show the lead"),
        "copyTyped": say("Copy what I typed"),
        "asNote": say("Add my text as a note"),
        "bothTitle": say("Two versions"),
        "bothText": say("{who} has changed this since you opened it. Choose what is to hold."),
        "mine": say("Mine"),
        "somebody": say("Somebody"),
        "sendChosen": say("Save what I chose"),
        "expired": say("Your sign-in has ended. Sign in again; what you typed is kept."),
        "draft": say("What you typed earlier is here again."),
        "exporting": say("The export is under way; it goes on without this page."),
        "bulkDone": say("Done: {done}. Not done: {failed}."),
        "bulkReason": say("One reason for all {count} leads"),
        "secretOnce": say("This secret is shown once. Keep it where the receiver can read it."),
        "stored": say("I have stored it"),
        "sure": say("Sure?"),
        "deleteHook": say("Delete this webhook? What waits for it is not sent."),
        "deleted": say("Deleted."),
        "resent": say("It is sent again."),
        "tested": say("A test event is on its way; the log below shows what becomes of it."),
        "changedSince": say(
            "Somebody has changed this since you opened it. Load it again; what you typed is kept beside it."
        ),
    }
