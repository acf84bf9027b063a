"""The life cycle (L1–L9): which action a status allows, what it makes of the lead, and what time does by itself.

`TRANSITIONS` is the whole table. `decide` returns a decision or raises a refusal; it never saves. Every view and every
action goes through `settle` first, so a deadline holds to the millisecond whether a timer has run or not (L6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.domain.deadlines import MAILED_REMINDER, REMINDERS, cools_at, deadline, next_recheck, reminders_before
from shared.domain.errors import Conflict, Detail, InvalidRequest, InvalidTransition, LeadExpired, PreconditionFailed
from shared.domain.events import Event, EventType
from shared.domain.instants import stamp
from shared.domain.lead import (
    LOGGED_MAX,
    Actor,
    Closing,
    Deal,
    LastTransition,
    Lead,
    Logged,
    Outcome,
    Status,
    Suggested,
    TeamMember,
    Validity,
)
from shared.domain.messages import say, word, words
from shared.domain.money import fits, fraction_digits
from shared.domain.notify import PARTNER, notified
from shared.domain.quality import quality_of, with_chance


class Action(StrEnum):
    """What a person may do to a lead; the names are those of the routes."""

    ACCEPT = "accept"
    EDIT = "edit"
    DECLINE = "decline"
    WIN = "win"
    LOSE = "lose"
    CLOSE_AS_ERROR = "closeAsError"


@dataclass(frozen=True)
class Transition:
    """Where an action leads and which event records it."""

    to: Status
    outcome: Outcome | None
    event: EventType


TRANSITIONS: Mapping[tuple[Status, Action], Transition] = {
    (Status.RECEIVED, Action.ACCEPT): Transition(Status.ACCEPTED, None, EventType.ACCEPTED),
    (Status.INFORMATIONAL, Action.ACCEPT): Transition(Status.ACCEPTED, None, EventType.ACCEPTED),
    (Status.RECEIVED, Action.DECLINE): Transition(Status.ARCHIVED, Outcome.DECLINED, EventType.DECLINED),
    (Status.ACCEPTED, Action.EDIT): Transition(Status.ACCEPTED, None, EventType.UPDATED),
    (Status.ACCEPTED, Action.WIN): Transition(Status.ARCHIVED, Outcome.WON, EventType.WON),
    (Status.ACCEPTED, Action.LOSE): Transition(Status.ARCHIVED, Outcome.LOST, EventType.LOST),
    (Status.ACCEPTED, Action.CLOSE_AS_ERROR): Transition(Status.ARCHIVED, Outcome.ERROR, EventType.ERROR),
}

_ALLOWED = {status: tuple(action for held, action in TRANSITIONS if held is status) for status in Status}

_EVENTS = {action: transition.event for (_, action), transition in TRANSITIONS.items()}

REPEAT_WITHIN = timedelta(minutes=2)
"""L7: for so long the same action of the same person again is no error: they may never have seen its answer."""

ACCEPTS_RACE_FOR = timedelta(seconds=10)
"""L7: accepts that come closer together than this raced, one person's with its own: each but one is told that it lost.

A lost answer is noticed later; until then the refusal names the very person who asks, so a page can tell."""

A_DAY = timedelta(days=1)
"""What a calendar may be ahead of UTC, or behind it."""


class ClosingReason(StrEnum):
    """Why a person closed a lead without winning it (L3, L4)."""

    BUDGET = "budget"
    NO_RESPONSE = "noResponse"
    OTHER_VENDOR = "otherVendor"
    NEED_NOT_MET = "needNotMet"
    NOT_A_CUSTOMER = "notACustomer"
    TIMELINE = "timeline"
    ABUSE = "abuse"
    WRONG_REGION = "wrongRegion"
    WRONG_SIZE = "wrongSize"
    NO_CAPACITY = "noCapacity"
    DUPLICATE = "duplicate"
    DUPLICATE_DEAL = "duplicateDeal"
    WRONG_CUSTOMER = "wrongCustomer"
    OTHER = "other"


_OF_DEALS = (ClosingReason.DUPLICATE_DEAL, ClosingReason.WRONG_CUSTOMER)
REASONS: Mapping[Action, tuple[ClosingReason, ...]] = {
    Action.DECLINE: tuple(reason for reason in ClosingReason if reason not in _OF_DEALS),
    Action.LOSE: (
        *(ClosingReason.BUDGET, ClosingReason.NO_RESPONSE, ClosingReason.OTHER_VENDOR, ClosingReason.NEED_NOT_MET),
        *(ClosingReason.TIMELINE, ClosingReason.OTHER),
    ),
    Action.CLOSE_AS_ERROR: (*_OF_DEALS, ClosingReason.OTHER),
}
"""The reasons an action takes (L3, L4)."""
NEED_NOTES = frozenset(("other",))
"""Reasons that say nothing by themselves."""

EXPIRE_TIMER = Actor("timer", "expire_leads")
COOL_TIMER = Actor("timer", "cool_flames")
ARCHIVE_TIMER = Actor("timer", "archive_leads")
REMIND_TIMER = Actor("timer", "send_reminders")
RECHECK_TIMER = Actor("timer", "recheck_contacts")


@dataclass(frozen=True)
class LeadAction:
    """An action with what it carries: the deal (accept), the deal's changed fields (edit) or reason and notes.

    A win may say what was won, `amount` and `currency` together, and on which day. With a decline come others for the
    customer (M3).
    """

    action: Action
    deal: Deal | None = None
    edits: Mapping[str, Any] | None = None
    reason: str | None = None
    notes: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    closed_on: date | None = None
    suggested: tuple[Suggested, ...] = ()


class ActivityKind(StrEnum):
    """How a partner tried to reach a customer (L8)."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"
    NOTE = "note"


@dataclass(frozen=True)
class Activity:
    """A contact attempt as it is logged (L8)."""

    kind: ActivityKind
    text: str | None = None


NO_RESPONSE_ATTEMPTS = 3
"""L4: fewer logged contact attempts than this make the reason noResponse doubtful."""


@dataclass(frozen=True)
class Decision:
    """The lead as it becomes and what is recorded of it, oldest first; no events means nothing changed."""

    lead: Lead
    events: tuple[Event, ...] = ()


def allowed_actions(lead: Lead) -> tuple[Action, ...]:
    """The actions that the lead's status allows now; none on a lead that must not be contacted (T6)."""
    return () if lead.do_not_contact else _ALLOWED[lead.status]


def settle(lead: Lead, at: datetime) -> Decision:
    """What time alone has made of the lead by `at` (A1–A3): each change is recorded AT its deadline."""
    events: list[Event] = []
    cools = cools_at(lead)
    if cools is not None and cools <= at:
        lead, event = _record(replace(lead, flame_cooled=True), EventType.FLAME_COOLED, lead, cools)
        events.append(event)
    due = deadline(lead)
    if due is not None and due <= at:
        expired = lead.status is Status.RECEIVED
        outcome, kind = (Outcome.EXPIRED, EventType.EXPIRED) if expired else (Outcome.AGED, EventType.AGED)
        ended = replace(lead, status=Status.ARCHIVED, outcome=outcome, closed_at=due, version=lead.version + 1)
        lead, event = _record(ended, kind, lead, due)
        events.append(event)
    return Decision(lead, tuple(events))


def decide(
    lead: Lead, answer: LeadAction, *, at: datetime, by: Actor, versions: frozenset[str] | None = None
) -> Decision:
    """Apply a person's answer at `at`; due changes of time come first and are part of the decision.

    `versions` are those the caller has read (`*` = any), None = not said. Raises LeadExpired, InvalidTransition (its
    details say who did what when), PreconditionFailed (who changed it last, where that is known) or InvalidRequest.
    What the same person has just done changes nothing, whatever version it names (`REPEAT_WITHIN`).
    """
    settled = settle(lead, at)
    before = settled.lead
    if _is_repeat(before, answer, at, by, versions):
        return Decision(lead)
    _refuse_unless_allowed(before, answer.action)
    if versions is not None and not versions & {"*", str(before.version)}:
        raise PreconditionFailed(details=[_changed_since(before)])
    transition = TRANSITIONS[before.status, answer.action]
    at = max(at, before.updated_at)
    after = replace(before, status=transition.to, outcome=transition.outcome, version=before.version + 1)
    if answer.action is Action.ACCEPT:
        if answer.deal is None:
            raise InvalidRequest(details=[Detail("required", "An accept needs a deal.", "deal")])
        _check_value(answer.deal)
        after = replace(after, deal=answer.deal, accepted_at=at)
    elif answer.action is Action.EDIT:
        after = replace(after, deal=_edited(before, answer.edits or {}))
        if after.deal == before.deal:
            return Decision(lead)
    else:
        _check_reason(answer)
        _check_won(before, answer, at)
        after = replace(after, closing=_closing(before, answer, at), closed_at=at)
    changes = _changes("deal", before.deal, after.deal) | _changes("closing", before.closing, after.closing)
    after, event = _record(after, transition.event, before, at, by, changes)
    return Decision(after, (*settled.events, event))


def logged_before(lead: Lead, key: str) -> Logged | None:
    """The contact attempt that came with this key before."""
    return next((earlier for earlier in lead.logged if earlier.key == key), None)


def log_activity(
    lead: Lead, activity: Activity, *, at: datetime, by: Actor, key: tuple[str, str] | None = None
) -> Decision:
    """Log a contact attempt, in every status (L5, L8); due changes of time come first and are part of the decision.

    `key` are the hashes of the sender's idempotency key and of what was sent: the same again changes nothing, raises
    Conflict with other content. It is no transition and no edit, so the lead's version stays. Raises InvalidTransition
    where the customer's data was erased.
    """
    settled = settle(lead, at)
    before = settled.lead
    if key and (logged := logged_before(lead, key[0])):
        if logged.content != key[1]:
            raise Conflict("The idempotency key was used before with other content.", target="Idempotency-Key")
        return Decision(lead)
    _refuse_if_erased(before)
    changes = {f"activity.{name}": {"from": None, "to": _plain(getattr(activity, name))} for name in ("kind", "text")}
    after = replace(before, contact_attempts=before.contact_attempts + 1)
    after, event = _record(after, EventType.ACTIVITY_LOGGED, before, at, by, changes)
    after = replace(after, attempted_at=event.at)
    if key:
        after = replace(after, logged=(Logged(*key, event.sequence), *after.logged)[:LOGGED_MAX])
    return Decision(after, (*settled.events, event))


def recheck(lead: Lead, email: Validity, *, ask_again: bool, at: datetime) -> Decision:
    """What is found when an e-mail that was `unknown` is checked again (V1); a change is an event, trying is none.

    It raises no version: nobody's If-Match should fail because a name server answered. Of an archived lead nothing is
    made any more.
    """
    settled = settle(lead, at)
    before = settled.lead
    if before.status is Status.ARCHIVED:
        return settled
    done = before.rechecks + 1
    after = replace(before, rechecks=done, recheck_at=next_recheck(at, done) if ask_again else None)
    if email is before.email_validity:
        return Decision(after, settled.events)
    quality = with_chance(quality_of(before.customer, email, before.phone_validity), before.quality.chance)
    after = replace(after, email_validity=email, quality=quality)
    changes = {"emailValidity": {"from": str(before.email_validity), "to": str(email)}}
    after, event = _record(after, EventType.UPDATED, before, at, RECHECK_TIMER, changes)
    return Decision(after, (*settled.events, event))


def remind(lead: Lead, at: datetime) -> Decision:
    """Warn that a received lead expires (A1), recorded AT its time; of warnings that are late only the last is raised.

    Only a lead that still waits is warned of: what time has made of it is recorded by its own timers.
    """
    now = settle(lead, at).lead
    due = reminders_before(lead.expires_at, at) if lead.expires_at else 0
    if now.status is not Status.RECEIVED or lead.expires_at is None or due <= lead.reminded:
        return Decision(lead)
    ahead = REMINDERS[due - 1]
    changes = {"expiresInDays": {"from": None, "to": str(ahead.days)}}
    warned_at = lead.expires_at - ahead
    after = replace(lead, reminded=due)
    after, event = _record(after, EventType.EXPIRES_SOON, lead, warned_at, REMIND_TIMER, changes)
    # One of the warnings is mailed; where it is late, whichever is raised in its place.
    notify = PARTNER if lead.reminded < MAILED_REMINDER <= due else None
    return Decision(after, (replace(event, notify=notify),))


def doubts(lead: Lead, answer: LeadAction, at: datetime) -> tuple[str, ...]:
    """Codes of what to think over about an answer that succeeded: `lead` is as it is after it (L1, L4)."""
    found = []
    # A lead is lost for want of an answer that was hardly asked for.
    unanswered = answer.action is Action.LOSE and answer.reason == "noResponse"
    if unanswered and lead.contact_attempts < NO_RESPONSE_ATTEMPTS:
        found.append("fewContactAttempts")
    says_when = answer.action is Action.ACCEPT or "purchase_date" in (answer.edits or {})
    when = lead.deal.purchase_date if lead.deal else None
    if says_when and when is not None and when < at.date():
        found.append("purchaseDatePast")
    return tuple(found)


def _is_repeat(lead: Lead, answer: LeadAction, at: datetime, by: Actor, versions: frozenset[str] | None) -> bool:
    """True where the (settled) lead's newest change is what this person asks for, some moments later (L7).

    With other content it is none, and neither is what came at the same moment: those raced. An edit must name the
    version that the first was made from, so that nobody has edited in between; where the lead does not know who edited
    it last, it is none.
    """
    is_edit = answer.action is Action.EDIT
    last = lead.last_change if is_edit else lead.last_transition
    if last is None or last.type != _EVENTS[answer.action] or not timedelta() < at - last.at <= REPEAT_WITHIN:
        return False
    if by.kind != "person" or (last.by.kind, last.by.id) != (by.kind, by.id):
        return False
    if answer.action is Action.ACCEPT:
        return at - last.at >= ACCEPTS_RACE_FOR and lead.deal == answer.deal
    if not is_edit:
        said = _closing(lead, answer, last.at)
        return lead.closing is not None and replace(lead.closing, suggested=()) == replace(said, suggested=())
    was_based_on = versions is not None and str(lead.version - 1) in versions
    return was_based_on and lead.deal is not None and replace(lead.deal, **(answer.edits or {})) == lead.deal


def _refuse_unless_allowed(lead: Lead, action: Action) -> None:
    """Raise LeadExpired or InvalidTransition unless the (settled) lead's status allows the action (L5, L7)."""
    if action in allowed_actions(lead):
        return
    _refuse_if_erased(lead)
    last = lead.last_transition
    told = say("%(who)s, %(when)s", who=last.by.name or last.by.id, when=stamp(last.at))
    done = Detail(str(last.type), told, "status", last.by, last.at)
    if lead.outcome is Outcome.EXPIRED:
        raise LeadExpired(target="status", details=[done])
    if lead.do_not_contact and lead.status is Status.INFORMATIONAL:
        raise InvalidTransition("The customer does not want to be contacted.", target="status", details=[done])
    status, doing = word(lead.status), word(action)
    state = say("%(status)s (%(outcome)s)", status=status, outcome=word(lead.outcome)) if lead.outcome else status
    raise InvalidTransition(
        say("The lead is %(state)s; it does not allow %(action)s.", state=state, action=doing),
        target="status",
        details=[done],
    )


def _refuse_if_erased(lead: Lead) -> None:
    """Raise InvalidTransition for a lead without its customer's data: nothing new is to be written to it (S4)."""
    if lead.erased_at:
        text = say(
            "The customer's data was erased on %(when)s; nothing can be done any more.", when=stamp(lead.erased_at)
        )
        raise InvalidTransition(text, target="erasedDateTime")


def _changed_since(lead: Lead) -> Detail:
    """Which version the (settled) lead has now, and who made it so when."""
    now = Detail("preconditionFailed", say('The ETag is "%(version)d" now.', version=lead.version), "If-Match")
    return replace(now, by=lead.last_change.by, at=lead.last_change.at) if lead.last_change else now


def _record(
    after: Lead,
    kind: EventType,
    before: Lead,
    at: datetime,
    by: Actor | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Lead, Event]:
    """Number the event, stand it on the lead; the times of a lead's events never go back."""
    by = by or {EventType.FLAME_COOLED: COOL_TIMER, EventType.EXPIRED: EXPIRE_TIMER}.get(kind, ARCHIVE_TIMER)
    at = max(at, before.updated_at)
    moves = (before.status, after.status)
    event = Event(before.sequence + 1, kind, at, by, *moves, changes or {}, notified(kind, before))
    this = LastTransition(kind, at, by)
    if after.status is not before.status:
        after = replace(after, last_transition=this)
    if after.version != before.version:
        after = replace(after, last_change=this)
    return replace(after, sequence=event.sequence, updated_at=at), event


def _edited(lead: Lead, edits: Mapping[str, Any]) -> Deal:
    """The deal with the edited fields replaced (L2)."""
    if lead.deal is None:
        raise InvalidRequest("The lead has no deal to edit.", target="deal")
    deal = replace(lead.deal, **edits)
    if (deal.amount, deal.currency) != (lead.deal.amount, lead.deal.currency):
        _check_value(deal)
    if deal.purchase_date is None and deal.purchase_timeframe is None:
        missing = Detail("required", "A deal needs an estimated purchase date or time frame.", "purchaseDate")
        raise InvalidRequest(details=[missing])
    return deal


def _check_value(deal: Deal) -> None:
    """L1: an amount is one of its currency."""
    if problem := _unpayable(deal.amount, deal.currency):
        raise InvalidRequest(details=[problem])


def _unpayable(amount: Decimal, currency: str) -> Detail | None:
    if fits(amount, currency):
        return None
    most = fraction_digits(currency)
    text = say("An amount in %(currency)s has at most %(most)d decimal places.", currency=currency, most=most)
    return Detail("invalidValue", text, "value.amount")


def _check_won(lead: Lead, answer: LeadAction, at: datetime) -> None:
    """L4: what was won can be paid, on a day between that of the lead and this one, wherever its partner is."""
    problems = []
    if answer.amount is not None and answer.currency is not None:
        problems = [problem] if (problem := _unpayable(answer.amount, answer.currency)) else []
    on = answer.closed_on
    if on is not None and not (lead.created_at - A_DAY).date() <= on <= (at + A_DAY).date():
        text = say(
            "The day must be one from the lead's, %(first)s, to this one, %(last)s.",
            first=lead.created_at.date().isoformat(),
            last=at.date().isoformat(),
        )
        problems.append(Detail("invalidValue", text, "closedDate"))
    if problems:
        raise InvalidRequest(details=problems)


def _closing(lead: Lead, answer: LeadAction, at: datetime) -> Closing:
    """What is said of a lead that ends; of one that is won also what was won when, as far as it is not said (L4)."""
    told = Closing(answer.reason, answer.notes, suggested=answer.suggested)
    if answer.action is not Action.WIN or lead.deal is None:
        return told
    amount, currency = answer.amount, answer.currency
    return replace(
        told,
        amount=lead.deal.amount if amount is None else amount,
        currency=currency or lead.deal.currency,
        closed_on=answer.closed_on or at.date(),
        is_stated=amount is not None and answer.closed_on is not None,
    )


def _check_reason(answer: LeadAction) -> None:
    """L3, L4: the reason is one of the action's own, and `other` comes with notes."""
    allowed = REASONS.get(answer.action)
    named: dict[str, object] = {"action": word(answer.action), "allowed": words(allowed or ())}
    problem = None
    if allowed is None:
        if answer.reason is not None:
            problem = Detail("notAllowed", say("%(action)s takes no reason.", **named), "reason")
    elif answer.reason is None:
        problem = Detail(
            "required",
            say("%(action)s needs a reason: %(allowed)s.", **named),
            "reason",
        )
    elif answer.reason not in allowed:
        problem = Detail("notAllowed", say("The reason must be one of %(allowed)s.", **named), "reason")
    elif answer.reason in NEED_NOTES and not (answer.notes or "").strip():
        problem = Detail("required", "The reason other needs notes.", "notes")
    if problem:
        raise InvalidRequest(details=[problem])


def _changes(prefix: str, before: Deal | Closing | None, after: Deal | Closing | None) -> dict[str, Any]:
    """Field by field what differs, as JSON values under camelCase paths."""
    if before == after or after is None:
        return {}
    found = {}
    for item in fields(after):
        if item.name in ("is_stated", "suggested"):
            # How it came, and what was made of it, is no change of what is known.
            continue
        old, new = getattr(before, item.name, None), getattr(after, item.name)
        if old != new and not (before is None and new in (None, ())):
            head, *rest = item.name.split("_")
            path = prefix + "." + head + "".join(word.title() for word in rest)
            found[path] = {"from": _plain(old), "to": _plain(new)}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, TeamMember):
        return {"name": value.name, "email": value.email, "phone": value.phone}
    return value if value is None or isinstance(value, str) else str(value)
