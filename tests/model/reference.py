"""What the system must come to, said again and independently: the rule book in a few tables, on plain values.

Nothing here is taken from `shared/`: what both got wrong together could not be found. Times are those of the machine.
"""

import calendar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

RECEIVED, INFORMATIONAL, ACCEPTED, ARCHIVED = "received", "informational", "accepted", "archived"
EXPIRY, FLAME, MONTHS = timedelta(days=14), timedelta(hours=72), 6
DUPLICATE = timedelta(hours=24)
REPEAT, ACCEPT_RACES = timedelta(minutes=2), timedelta(seconds=10)
WARNED_BEFORE = (timedelta(days=7), timedelta(days=2), timedelta(days=1))

ACTIONS = {
    (RECEIVED, "accept"): (ACCEPTED, None, "lead.accepted"),
    (INFORMATIONAL, "accept"): (ACCEPTED, None, "lead.accepted"),
    (RECEIVED, "decline"): (ARCHIVED, "declined", "lead.declined"),
    (ACCEPTED, "edit"): (ACCEPTED, None, "lead.updated"),
    (ACCEPTED, "win"): (ARCHIVED, "won", "lead.won"),
    (ACCEPTED, "lose"): (ARCHIVED, "lost", "lead.lost"),
    (ACCEPTED, "closeAsError"): (ARCHIVED, "error", "lead.error"),
}
"""L1 to L5."""
DONE, SAME, EXPIRED, REFUSED = "done", "same", "LeadExpired", "InvalidTransition"
"""What becomes of an action: it is done, was done before, or is refused in one of two ways."""


@dataclass(frozen=True)
class Kind:
    """What a body asks for: the code it has, and what becomes of it (T5, T6, T8, T9)."""

    code: str
    status: str = RECEIVED
    is_hot: bool = False
    is_test: bool = False
    forbids: bool = False


KINDS = (
    Kind("PLT", is_hot=True),
    Kind("PLT", is_hot=True),
    Kind(""),
    Kind("INS", INFORMATIONAL),
    Kind("DNC", INFORMATIONAL, forbids=True),
    Kind("PLT", is_test=True),
)


@dataclass(frozen=True)
class Happened:
    """An event: its type, the time it is of, and who did it."""

    type: str
    at: datetime
    by: str


@dataclass
class RefLead:
    """A lead and everything that has happened to it but warnings, which come when their timer does (A1)."""

    id: str
    company: str
    kind: Kind
    came: datetime
    by: str
    status: str = ""
    outcome: str | None = None
    cooled: bool = False
    events: list[Happened] = field(default_factory=list)
    ratings: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.status = self.kind.status
        self.events.append(Happened("lead.received", self.came, self.by))

    @property
    def tab(self) -> str:
        """The list it stands in (Q1)."""
        return self.id[0]

    @property
    def expires(self) -> datetime | None:
        """A1, T9."""
        return self.came + EXPIRY if self.kind.status == RECEIVED and not self.kind.is_test else None

    @property
    def cools(self) -> datetime | None:
        """A2."""
        return self.came + FLAME if self.kind.is_hot and not self.kind.is_test else None

    @property
    def ages(self) -> datetime | None:
        """A3: six calendar months, at most the last day of that month."""
        if self.kind.status != INFORMATIONAL:
            return None
        months = self.came.month - 1 + MONTHS
        year, month = self.came.year + months // 12, months % 12 + 1
        return self.came.replace(year=year, month=month, day=min(self.came.day, calendar.monthrange(year, month)[1]))

    def settle(self, at: datetime) -> "RefLead":
        """Let time do what it has done by then (L6)."""
        if self.status == RECEIVED and self.cools and not self.cooled and self.cools <= at:
            self.cooled = True
            self.events.append(Happened("lead.flameCooled", self.cools, "cool_flames"))
        if self.status == RECEIVED and self.expires and self.expires <= at:
            self._end("lead.expired", "expired", self.expires, "expire_leads")
        if self.status == INFORMATIONAL and self.ages and self.ages <= at:
            self._end("lead.aged", "aged", self.ages, "archive_leads")
        return self

    def _end(self, event: str, outcome: str, at: datetime, by: str) -> None:
        self.status, self.outcome = ARCHIVED, outcome
        self.events.append(Happened(event, at, by))

    def answer(self, action: str, at: datetime, by: str) -> str:
        """What becomes of an action, which always has the same content (L1 to L7)."""
        self.settle(at)
        moves = [event for event in self.events if event.type not in ("lead.flameCooled", "lead.updated", LOGGED)]
        last = moves[-1]
        is_its = any(action == name and last.type == event for (_, name), (_, _, event) in ACTIONS.items())
        since = at - last.at
        is_soon = timedelta() < since <= REPEAT and (action != "accept" or since >= ACCEPT_RACES)
        if is_its and is_soon and action != "edit" and last.by == by:
            return SAME
        to = None if self.kind.forbids and self.status == INFORMATIONAL else ACTIONS.get((self.status, action))
        if to is None:
            return EXPIRED if self.outcome == "expired" else REFUSED
        self.status, self.outcome, event = to
        self.events.append(Happened(event, at, by))
        return DONE

    def log(self, at: datetime, by: str) -> None:
        """A contact attempt (L8)."""
        self.settle(at)
        self.events.append(Happened(LOGGED, at, by))


LOGGED = "lead.activityLogged"


@dataclass
class Claim:
    """A submission that made a lead: what it was made of, when, and whether the sender named it by a key (V4)."""

    lead: str
    at: datetime
    for_ever: bool = False

    def holds(self, at: datetime) -> bool:
        """True while the same again is the same."""
        return self.for_ever or at - self.at < DUPLICATE


@dataclass
class Reference:
    """All that there is of one partner. A rule that takes something away (`erase`) changes it here, and in the machine.

    `held` are bodies that wait for the operator, by what tells them apart, `came` is when each came last.
    `outlived` are leads whose submission came again when that was another one.
    """

    leads: dict[str, RefLead] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    hearts: dict[str, set[str]] = field(default_factory=dict)
    opened: dict[str, set[str]] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    came: dict[str, datetime] = field(default_factory=dict)
    outlived: set[str] = field(default_factory=set)

    def at(self, now: datetime) -> list[RefLead]:
        """Every lead as time has made it, newest first within each tab (Q4)."""
        return [lead.settle(now) for lead in sorted(self.leads.values(), key=lambda lead: lead.id[1:])]

    def ids(self, now: datetime, *, status: str | None = None, tab: str | None = None, test: bool = False) -> list[str]:
        """The ids that a list with such a filter has, in its order (Q1, Q3)."""
        return [
            lead.id
            for lead in self.at(now)
            if status in (None, lead.status) and tab in (None, lead.tab) and (test or not lead.kind.is_test)
        ]

    def counts(self, now: datetime) -> dict[tuple[str, str], int]:
        """Leads by tab and status, tests aside (Q6)."""
        found: dict[tuple[str, str], int] = {}
        for lead in self.at(now):
            if not lead.kind.is_test:
                found[lead.tab, lead.status] = found.get((lead.tab, lead.status), 0) + 1
        return found
