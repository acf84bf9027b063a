"""One lead: its page, its row after it changed, its similar deals, and the dialogs of its actions (L1–L9, U1–U3)."""

import asyncio
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from shared.domain.currencies import CODES as CURRENCIES
from shared.domain.errors import InvalidTransition
from shared.domain.lead import TEAM_MAX, Validity
from shared.domain.lifecycle import NO_RESPONSE_ATTEMPTS, REASONS, Action, ActivityKind
from shared.domain.similar import SIMILAR_USUAL
from shared.domain.telling.recipients import NOT_TOLD
from shared.http.shapes.history_views import EventView, event_view
from shared.http.shapes.lead_views import LeadView, lead_view
from shared.http.shapes.similar_views import similar_view
from shared.pages.screens.feedback import feedback_box
from shared.pages.views import lead as views
from shared.pages.views.filters import view_of
from shared.pages.views.rows import Row, row_of
from shared.pages.views.similar import similar_deals_of
from shared.pages.visits import Shown, Visit
from shared.pages.words import Words
from shared.usecases.leads import read_leads
from shared.usecases.outcomes.find_similar import find_similar

HISTORY = 50
"""Events shown at first."""


@dataclass(frozen=True)
class OneRow:
    """A row by itself, to stand in the place of the one in the list."""

    row: Row
    query: str


@dataclass(frozen=True)
class Timeline:
    """What happened, and the address of what was before it."""

    id: str
    lines: tuple[views.Line, ...]
    following: str | None


@dataclass(frozen=True)
class Reason:
    """A reason that an action takes."""

    code: str
    label: str
    needs_notes: bool


@dataclass(frozen=True)
class Dialog:
    """The form of an action. `says` is what follows from it, `is_final` whether it can be taken back (L5)."""

    id: str
    action: str
    title: str
    company: str
    etag: str
    verb: str
    says: tuple[str, ...]
    is_final: bool
    reasons: tuple[Reason, ...]
    quiet_reasons: str
    deal: dict[str, str]
    team: tuple[dict[str, str], ...]
    team_max: int
    currencies: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    few_attempts: bool
    today: str


async def show_lead(visit: Visit) -> Shown:
    """The page of a lead; whoever opens it has opened the lead (Q6)."""
    seen = await _seen(visit, peek=False)
    (lines, following), feedback = await asyncio.gather(_timeline(visit, None), feedback_box(visit, seen.lead))
    page = views.page_of(
        _view(visit, seen),
        lines,
        visit.words,
        following=following,
        query=urlencode(view_of(visit.query)),
        is_admin=visit.is_leads_admin,
        feedback=feedback,
    )
    return Shown("leads/lead.html", page)


async def show_row(visit: Visit) -> Shown:
    """The lead's row, to stand in the place of the one in the list; it is not opened by that."""
    lead = await _read(visit, peek=True)
    return Shown("leads/row.html", OneRow(row_of(lead, visit.words), urlencode(view_of(visit.query))))


async def show_timeline(visit: Visit) -> Shown:
    """What happened to the lead below a number, newest first."""
    below = visit.query.get("below", "")
    lines, following = await _timeline(visit, int(below) if below.isdecimal() and len(below) < 10 else None)
    return Shown("leads/timeline.html", Timeline(visit.lead_id, views.lines_of(lines, visit.words), following))


async def show_similar(visit: Visit) -> Shown:
    """The earlier deals that the lead is like (M4); it is not opened by that."""
    found = await find_similar(
        ports=visit.app.ports,
        partner_id=visit.partner_id,
        person=visit.caller.person,
        lead_id=visit.lead_id,
        top=SIMILAR_USUAL,
        at=visit.at,
    )
    shown = [similar_view(one, visit.caller, visit.at, visit.words.say) for one in found]
    return Shown("leads/similar.html", similar_deals_of(shown, visit.words))


async def show_accept(visit: Visit) -> Shown:
    """The deal of an accept (L1)."""
    words = visit.words
    says = (words.say("The lead is yours to work on then; you say later whether it was won."),)
    return await _dialog(visit, Action.ACCEPT, words.say("Accept"), words.say("Accept"), says)


async def show_edit(visit: Visit) -> Shown:
    """The deal as it is, to be changed (L2)."""
    return await _dialog(visit, Action.EDIT, visit.words.say("Edit the deal"), visit.words.say("Save"), ())


async def show_decline(visit: Visit) -> Shown:
    """Why the lead is declined, and what the customer hears of it (L3)."""
    words = visit.words
    return await _dialog(visit, Action.DECLINE, words.say("Decline"), words.say("Decline the lead"), ())


async def show_win(visit: Visit) -> Shown:
    """A deal that was won (L4)."""
    says = (visit.words.say("What was won counts in your insights; saying so counts in your standing."),)
    return await _dialog(visit, Action.WIN, visit.words.say("Won"), visit.words.say("Mark as won"), says)


async def show_lose(visit: Visit) -> Shown:
    """Why the deal was lost (L4)."""
    return await _dialog(visit, Action.LOSE, visit.words.say("Lost"), visit.words.say("Mark as lost"), ())


async def show_close_as_error(visit: Visit) -> Shown:
    """Why there was no deal in the first place (L4)."""
    words = visit.words
    says = (words.say("For a lead that was accepted by mistake; it counts as neither won nor lost."),)
    return await _dialog(visit, Action.CLOSE_AS_ERROR, words.say("Close as error"), words.say("Close it"), says)


async def show_activity(visit: Visit) -> Shown:
    """A contact attempt to be logged (L8)."""
    lead = await _read(visit, peek=True)
    words, asked = visit.words, visit.query.get("kind", "")
    dialog = _form(lead, words, "activity", words.say("Log a contact"), words.say("Log it"), (), is_final=False)
    # What the button said comes first.
    kinds = sorted(((str(kind), words.label("activities", kind)) for kind in ActivityKind), key=lambda k: k[0] != asked)
    return Shown("leads/dialog.html", replace(dialog, kinds=tuple(kinds)))


async def _dialog(visit: Visit, action: Action, title: str, verb: str, says: tuple[str, ...]) -> Shown:
    lead = await _read(visit, peek=True)
    if action not in lead["actions"]:
        # What the button would be refused is said before anything is typed.
        state = visit.words.label("statuses", lead["status"])
        raise InvalidTransition(visit.words.say("The lead is %(state)s; this cannot be done any more.", state=state))
    if action is Action.DECLINE:
        says = (_told(lead, visit.words),)
    final = action in (Action.DECLINE, Action.WIN, Action.LOSE, Action.CLOSE_AS_ERROR)
    return Shown("leads/dialog.html", _form(lead, visit.words, action, title, verb, says, is_final=final))


def _form(
    lead: LeadView, words: Words, action: str, title: str, verb: str, says: tuple[str, ...], *, is_final: bool
) -> Dialog:
    deal = lead["deal"]
    reasons = REASONS.get(Action(action), ()) if action in set(Action) else ()
    return Dialog(
        id=lead["id"],
        action=action,
        title=title,
        company=lead["customer"]["company"] or words.say("Company not named"),
        etag=lead["eTag"],
        verb=verb,
        says=says,
        is_final=is_final,
        reasons=tuple(Reason(code, words.label("reasons", code), code == "other") for code in reasons),
        quiet_reasons=" ".join(sorted(NOT_TOLD)),
        deal={
            "name": deal["name"],
            "value.amount": deal["value"]["amount"],
            "value.currency": deal["value"]["currency"],
            "purchaseDate": deal["purchaseDate"] or "",
            "purchaseTimeframe": deal["purchaseTimeframe"] or "",
            "notes": deal["notes"] or "",
            "crmId": deal["crmId"] or "",
            "campaignId": deal["campaignId"] or "",
        }
        if deal
        else {"name": _proposed(lead), "value.currency": "EUR"},
        team=tuple(
            {"name": member["name"], "email": member["email"] or "", "phone": member["phone"] or ""}
            for member in (deal["team"] if deal else ())
        ),
        team_max=TEAM_MAX,
        currencies=_currencies(),
        kinds=(),
        few_attempts=lead["contactAttempts"]["count"] < NO_RESPONSE_ATTEMPTS,
        today=words.today.isoformat(),
    )


def _told(lead: LeadView, words: Words) -> str:
    """What the customer of a declined lead hears, but for reasons that keep it from hearing anything (L3)."""
    takes_mail = lead["customer"]["email"] and lead["emailValidity"] not in (Validity.INVALID, Validity.SPAM)
    if not takes_mail or lead["isTest"]:
        return words.say("The customer is not mailed: there is no address that takes mail.")
    return words.say("The customer is mailed that you cannot help, and advised to choose another partner.")


COMMON = ("EUR", "USD", "GBP", "SEK", "DKK", "NOK", "CHF", "PLN", "HUF", "BRL", "JPY")
"""Currencies that are offered first."""


def _currencies() -> tuple[str, ...]:
    return (*COMMON, *sorted(set(CURRENCIES) - set(COMMON)))


def _proposed(lead: LeadView) -> str:
    """A name for the deal that nobody has to type: the company and what it asked about."""
    offer = lead["offer"]
    return " – ".join(part for part in (lead["customer"]["company"], offer["title"] if offer else None) if part)


async def _read(visit: Visit, *, peek: bool) -> LeadView:
    return _view(visit, await _seen(visit, peek=peek))


def _view(visit: Visit, seen: read_leads.SeenLead) -> LeadView:
    return lead_view(seen, visit.caller, visit.at, visit.words.say)


async def _seen(visit: Visit, *, peek: bool) -> read_leads.SeenLead:
    return await read_leads.read_lead(
        ports=visit.app.ports,
        partner_id=visit.partner_id,
        person=visit.caller.person,
        lead_id=visit.lead_id,
        at=visit.at,
        peek=peek,
    )


async def _timeline(visit: Visit, below: int | None) -> tuple[list[EventView], str | None]:
    ports, partner_id, lead_id = visit.app.ports, visit.partner_id, visit.lead_id
    events, following = await read_leads.read_history(
        ports=ports, partner_id=partner_id, lead_id=lead_id, below=below, top=HISTORY, at=visit.at
    )
    mails = await read_leads.read_mails(ports=ports, partner_id=partner_id, lead_id=lead_id, events=events)
    lines = [event_view(event, mails.get(event.sequence, ())) for event in events]
    return lines, str(following) if following else None
