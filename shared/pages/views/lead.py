"""One lead as its page shows it: who it is, what to do by when, what is known, and what has happened (U1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.domain.lead import Status
from shared.http.shapes.history_views import EventView, MailView
from shared.http.shapes.lead_views import LeadView
from shared.pages.views.feedback import FeedbackBox
from shared.pages.views.rows import Row, row_of
from shared.pages.words import Words

ACTIONS = {
    "accept": ("Accept …", "a"),
    "decline": ("Decline …", "d"),
    "win": ("Won …", "w"),
    "lose": ("Lost …", "l"),
    "edit": ("Edit the deal …", "e"),
    "closeAsError": ("Close as error …", ""),
}
"""The buttons of a lead's actions, with their keys."""


@dataclass(frozen=True)
class Button:
    """An action that the lead allows now; `path` is its dialog's."""

    path: str
    text: str
    key: str
    is_first: bool


@dataclass(frozen=True)
class Fact:
    """A line of what is known; `quiet` where it says that something is not."""

    label: str
    text: str


@dataclass(frozen=True)
class Related:
    """Another lead of the same person."""

    id: str
    text: str


@dataclass(frozen=True)
class MailLine:
    """A mail about an event: to whom, why, and how far it is; or why there is none."""

    text: str


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    sequence: int
    kind: str
    text: str
    note: str | None
    changes: tuple[Fact, ...]
    mails: tuple[MailLine, ...]
    at: str
    iso: str


@dataclass(frozen=True)
class Page:
    """The page of a lead."""

    id: str
    row: Row
    etag: str
    banner: str | None
    banner_tone: str
    until: str | None
    gone: str | None
    title: str | None
    phone_link: str | None
    mail_link: str | None
    need: str | None
    facts: tuple[Fact, ...]
    deal: tuple[Fact, ...]
    closing: tuple[Fact, ...]
    consent: str
    related: tuple[Related, ...]
    attempts: str
    buttons: tuple[Button, ...]
    answer_by: str | None
    lines: tuple[Line, ...]
    following: str | None
    query: str
    only_reads: bool
    feedback: FeedbackBox


def page_of(
    lead: LeadView,
    events: Sequence[EventView],
    words: Words,
    *,
    following: str | None,
    query: str,
    is_admin: bool,
    feedback: FeedbackBox,
) -> Page:
    """The page of a lead, as this reader may see it."""
    customer = lead["customer"]
    row = row_of(lead, words)
    flame = lead["flame"]
    message, tone = _banner(lead)
    until = None
    if flame and flame["state"] == "hot":
        until = words.say(
            "Cools in %(left)s (%(when)s)", left=row.flame.text if row.flame else "", when=words.moment(flame["until"])
        )
    return Page(
        id=lead["id"],
        row=row,
        etag=lead["eTag"],
        banner=message,
        banner_tone=tone,
        until=until,
        gone=_gone(lead, words),
        title=customer["title"],
        phone_link="".join(c for c in (customer["phoneE164"] or customer["phone"] or "") if c in "+0123456789") or None,
        mail_link=quote(customer["email"], safe="@") if customer["email"] else None,
        need=lead["notes"],
        facts=tuple(_facts(lead, words)),
        deal=tuple(_deal(lead, words)),
        closing=tuple(_closing(lead, words)),
        consent=_consent(lead, words),
        related=tuple(_related(lead, words)),
        attempts=_attempts(lead, words),
        buttons=tuple(
            Button(action, words.say(ACTIONS[action][0]), ACTIONS[action][1], number == 0)
            for number, action in enumerate(lead["actions"])
            if action in ACTIONS
        ),
        answer_by=words.moment(lead["expirationDateTime"]) if lead["status"] == Status.RECEIVED else None,
        lines=lines_of(events, words),
        following=following,
        query=query,
        only_reads=not is_admin,
        feedback=feedback,
    )


def _banner(lead: LeadView) -> tuple[str | None, str]:
    """What is most urgent to know, in the rules' own words; the flame comes first (A2)."""
    if not lead["alerts"]:
        return None, "quiet"
    first = lead["alerts"][0]
    tones = {"flameHot": "hot", "flameCooled": "cooled", "expiresSoon": "soon", "informational": "quiet"}
    return " ".join(alert["message"] for alert in lead["alerts"]), tones.get(first["kind"], "warn")


def _gone(lead: LeadView, words: Words) -> str | None:
    """Why contact details are not shown, where they are not (L9)."""
    closed = words.moment(lead["closedDateTime"])
    if lead["erasedDateTime"]:
        when = words.moment(lead["erasedDateTime"])
        return words.say("The customer's data was erased on %(when)s.", when=when)
    if lead["outcome"] == "expired":
        return words.say("This lead expired on %(when)s. Contact details are no longer shown.", when=closed)
    if lead["doNotContact"]:
        return words.say("Contact details are not shown: the customer does not want to be contacted.")
    customer = lead["customer"]
    if lead["status"] == Status.RECEIVED and not any((customer["email"], customer["phone"], customer["lastName"])):
        return words.say("Contact details are shown once the lead is accepted, or none were given.")
    return None


def _facts(lead: LeadView, words: Words) -> list[Fact]:
    offer, sender = lead["offer"], lead["sender"]
    found = [
        (words.say("Wants"), words.label("callsToAction", lead["callToAction"]) if lead["callToAction"] else None),
        (words.say("Offer"), (offer["title"] or offer["id"]) if offer else None),
        (words.say("Source"), words.label("sources", lead["source"]) if lead["source"] else None),
        (words.say("Location"), lead["location"]),
        (words.say("Company size"), lead["customer"]["size"]),
        (words.say("Searched for"), ", ".join(lead["searchTerms"]) or None),
        (words.say("Sent by"), _sender(sender["name"], sender["email"]) if sender else None),
        (words.say("Qualification"), words.label("qualifications", lead["qualification"])),
        (words.say("Received"), words.moment(lead["createdDateTime"])),
    ]
    facts = [Fact(label, text) for label, text in found if text]
    return facts + [Fact(name, _flat(value)) for name, value in lead["additionalFields"].items()]


def _sender(name: str | None, email: str | None) -> str | None:
    return " · ".join(part for part in (name, email) if part) or None


def _flat(value: Any) -> str:
    """What a sender added, on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_flat(item)}" for name, item in value.items())
    return ", ".join(map(_flat, value)) if isinstance(value, list) else str(value)


def _deal(lead: LeadView, words: Words) -> list[Fact]:
    deal = lead["deal"]
    if deal is None:
        return []
    team = [_member(member) for member in deal["team"]]
    found = [
        (words.say("Deal"), deal["name"]),
        (words.say("Value"), words.money(**deal["value"])),
        (words.say("Expected"), words.day(deal["purchaseDate"]) if deal["purchaseDate"] else deal["purchaseTimeframe"]),
        (words.say("Notes"), deal["notes"]),
        (words.say("CRM ID"), deal["crmId"]),
        (words.say("Campaign ID"), deal["campaignId"]),
        (words.say("Team"), "\n".join(team) or None),
    ]
    return [Fact(label, text) for label, text in found if text]


def _closing(lead: LeadView, words: Words) -> list[Fact]:
    closing = lead["closing"]
    found = [(words.say("Outcome"), words.label("outcomes", lead["outcome"]) if lead["outcome"] else None)]
    if closing:
        reason = closing["reason"]
        found += [
            (words.say("Reason"), words.label("reasons", reason) if reason else None),
            (
                words.say("Suggested to the customer"),
                ", ".join(one["name"] for one in closing["suggestedPartners"]) or None,
            ),
            (words.say("Value won"), words.money(**closing["value"]) if closing["value"] else None),
            (words.say("Won on"), words.day(closing["date"]) if closing["date"] else None),
            (words.say("Notes"), closing["notes"]),
        ]
    if lead["closedDateTime"]:
        found.append((words.say("Closed"), words.moment(lead["closedDateTime"])))
    return [Fact(label, text) for label, text in found if text]


def _consent(lead: LeadView, words: Words) -> str:
    """What the customer agreed to, as it was said (T10)."""
    consent = lead["consent"]
    said = []
    for name, agreed in ((words.say("share"), consent["share"]), (words.say("contact"), consent["contact"])):
        how = words.say("not stated") if agreed is None else words.say("yes") if agreed else words.say("no")
        said.append(f"{name}: {how}")
    where = words.country(consent["country"]) if consent["country"] else None
    return ", ".join(part for part in (*said, words.moment(consent["at"]), where) if part)


def _related(lead: LeadView, words: Words) -> list[Related]:
    return [
        Related(other["id"], f"{words.moment(other['createdDateTime'])} · {words.label('statuses', other['status'])}")
        for other in lead["relatedLeads"] or []
    ]


def _attempts(lead: LeadView, words: Words) -> str:
    """What was logged: calls, mails, meetings and notes alike (L8)."""
    attempts = lead["contactAttempts"]
    if not attempts["count"] or not attempts["last"]:
        return words.say("Nothing has been logged yet.")
    ago = words.ago(attempts["last"])
    if attempts["count"] == 1:
        return words.say("1 entry logged, %(ago)s.", ago=ago)
    return words.say("%(count)s entries logged, the last %(ago)s.", count=words.number(attempts["count"]), ago=ago)


def lines_of(events: Sequence[EventView], words: Words) -> tuple[Line, ...]:
    """The timeline, newest first."""
    return tuple(_line(event, words) for event in events)


def _line(event: EventView, words: Words) -> Line:
    by = event["by"]
    who = by["name"] or (words.say("Somebody") if by["kind"] == "person" else "")
    what = words.label("events", event["type"])
    changes = dict(event["changes"])
    kind, note = "event", None
    if event["type"] == "lead.activityLogged":
        kind = str(changes.pop("activity.kind", {}).get("to", "note"))
        note = changes.pop("activity.text", {}).get("to")
        what = words.label("activities", kind)
    people = by["kind"] in ("person", "sender", "source")
    return Line(
        sequence=event["sequence"],
        kind=kind,
        text=f"{what} – {who}" if who and people else what,
        note=note,
        changes=_changes(changes, words),
        mails=tuple(MailLine(_mail(mail, words)) for mail in event["mails"]),
        at=words.moment(event["at"]),
        iso=event["at"],
    )


FIELDS = {
    "deal.name": "Deal",
    "deal.amount": "Value",
    "deal.currency": "Currency",
    "deal.purchaseDate": "Expected date",
    "deal.purchaseTimeframe": "Expected time frame",
    "deal.notes": "Notes",
    "deal.crmId": "CRM ID",
    "deal.campaignId": "Campaign ID",
    "deal.team": "Team",
    "closing.reason": "Reason",
    "closing.notes": "Notes",
    "closing.amount": "Value won",
    "closing.currency": "Currency of the value won",
    "closing.closedOn": "Won on",
    "emailValidity": "E-mail",
    "expiresInDays": "Days left",
}
"""What people call what has changed."""


ENDS = ("from", "to")


def _changes(changes: dict[str, Any], words: Words) -> tuple[Fact, ...]:
    """What has changed, each as `before → after`; an amount and its currency are one thing where both are known."""
    found = []
    together = {of for of in ("deal", "closing") if _are_money(changes, of)}
    for path, change in changes.items():
        # A name that people have none for is the interface's own.
        of, _, part = path.partition(".")
        if path not in FIELDS or (of in together and part == "currency"):
            continue
        if of in together and part == "amount":
            currency = changes[f"{of}.currency"]
            said = [words.money(change[end], currency[end]) if change.get(end) else None for end in ENDS]
        elif path == "deal.team":
            said = _teams(change)
        else:
            said = [_said(path, change[end], words) if change.get(end) else None for end in ENDS]
        found.append(Fact(words.say(FIELDS[path]), _arrow(*said)))
    return tuple(found)


def _are_money(changes: dict[str, Any], of: str) -> bool:
    """True where an amount and its currency have both changed, from and to something known."""
    amount, currency = changes.get(f"{of}.amount"), changes.get(f"{of}.currency")
    return bool(amount and currency and all(bool(amount.get(end)) == bool(currency.get(end)) for end in ENDS))


def _arrow(before: str | None, after: str | None) -> str:
    return f"{before} → {after or '–'}" if before else after or "–"


def _said(path: str, value: Any, words: Words) -> str:
    kinds = {"closing.reason": "reasons", "emailValidity": "validity"}
    if path in kinds:
        return words.label(kinds[path], value)
    if path in ("deal.purchaseDate", "closing.closedOn"):
        return words.day(value)
    return words.amount(value) if path in ("deal.amount", "closing.amount") else _flat(value)


def _teams(change: dict[str, Any]) -> list[str | None]:
    """The members' names before and after; with their addresses where names alone show no difference."""
    teams = [change.get(end) or [] for end in ENDS]
    names = [", ".join(member["name"] for member in team) for team in teams]
    if names[0] == names[1]:
        names = [", ".join(map(_member, team)) for team in teams]
    return [one or None for one in names]


def _member(member: Any) -> str:
    return " · ".join(part for part in (member["name"], member["email"], member["phone"]) if part)


def _mail(mail: MailView, words: Words) -> str:
    """`Mail to lena@… – delivered`, or why there is none (N1)."""
    to = mail["to"]
    state = words.label("mailStates", mail["state"])
    why = words.mail_reason(mail["problem"] or mail["why"])
    head = words.say("Mail to %(to)s", to=to) if to else words.say("No mail of its own")
    return " – ".join(part for part in (head, state if to else "", why) if part)
