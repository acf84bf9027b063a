"""An event on its way to one destination, and the destination's lane (W2, W3; design.md, How an event is told)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.agenda import Hint, HintKind
from shared.domain.instants import stamp
from shared.domain.telling.retry import DISABLE_AFTER, QUIET_FOR, lane_waits, next_try

MAIL_FIRST, MAIL_LATER = "mail0", "mail1"
"""The lanes of mail: new leads one by one, and what can wait for them."""
ATTEMPTS_KEPT = 18
"""Of three days and a resend; with 2 KiB of answer each, in escapes, they fit into their row."""
LEASE = timedelta(seconds=60)
"""How long a worker has a lane: a dead host's lanes are taken over after it."""


class DispatchState(StrEnum):
    """Where an event stands with one destination."""

    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"


@dataclass(frozen=True)
class Attempt:
    """One try: what came back (`status` None = nothing), how long it took, the beginning of the answer."""

    at: datetime
    status: int | None
    duration_ms: int
    answer: str


@dataclass(frozen=True)
class Dispatch:
    """One event for one destination; what it is about is read when it is sent.

    `subject` is the id of what it is about: a lead, a webhook that was disabled, a mail day's leads; '' for what is
    about none of these (a test, a validation). `sequence` is the history event's, or tells apart what has none.
    `cause` is the correlation id of what made the event; '' where no change of a lead did.
    """

    type: str
    at: datetime
    subject: str
    sequence: int
    state: DispatchState = DispatchState.PENDING
    attempts: tuple[Attempt, ...] = ()
    next_at: datetime | None = None
    first_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str = ""

    @property
    def order(self) -> tuple[str, str, int]:
        """Where it stands among others: when it happened (a stamp), to what, and its number."""
        return stamp(self.at), self.subject, self.sequence

    @property
    def id(self) -> str:
        """The event's id, which every attempt and every resend has: receivers know a repeat by it."""
        digits = "".join(c for c in stamp(self.at) if c.isdigit())
        return f"{digits}-{self.subject or 'none'}-{self.sequence}"

    @property
    def is_resent(self) -> bool:
        """True when there were attempts before somebody wanted it sent again."""
        return bool(self.attempts) and self.attempts[0].at < (self.first_at or self.attempts[-1].at)

    def is_due(self, at: datetime) -> bool:
        """True when it may be tried."""
        return self.next_at is None or self.next_at <= at

    def succeeded(self, attempt: Attempt) -> "Dispatch":
        """This dispatch after an attempt that the receiver took."""
        delivered = DispatchState.DELIVERED
        attempts = (*self.attempts, attempt)[-ATTEMPTS_KEPT:]
        return replace(self, state=delivered, attempts=attempts, next_at=None, ended_at=attempt.at)

    def failed(self, attempt: Attempt, jitter: float, asked: timedelta | None) -> "Dispatch":
        """This dispatch after an attempt that failed: to be tried again, or parked."""
        first = self.first_at or attempt.at
        attempts = (*self.attempts, attempt)[-ATTEMPTS_KEPT:]
        following = next_try(first, sum(tried.at >= first for tried in attempts), attempt.at, jitter, asked)
        state = DispatchState.PENDING if following else DispatchState.PARKED
        ended = None if following else attempt.at
        return replace(self, state=state, attempts=attempts, next_at=following, first_at=first, ended_at=ended)

    def without_answers(self) -> "Dispatch":
        """This dispatch without the receivers' answers, which may repeat hidden contact details; their status stays."""
        return replace(self, attempts=tuple(replace(tried, answer="") for tried in self.attempts))

    def again(self) -> "Dispatch":
        """This dispatch, to be sent once more with three days ahead of it; what was tried stays on record."""
        return replace(self, state=DispatchState.PENDING, next_at=None, first_at=None, ended_at=None)


def order_of(event_id: str) -> tuple[str, str, int] | None:
    """The order that an event's id names; None for what is no such id."""
    digits, _, rest = event_id.partition("-")
    subject, _, sequence = rest.rpartition("-")
    if len(digits) != 17 or not digits.isdigit() or not digits.isascii() or not sequence.isdigit() or not subject:
        return None
    if len(sequence) > 10 or not sequence.isascii() or not (subject.isalnum() and subject.isascii()):
        return None
    d = digits
    at = f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[8:10]}:{d[10:12]}:{d[12:14]}.{d[14:]}Z"
    return at, "" if subject == "none" else subject, int(sequence)


@dataclass(frozen=True)
class Lane:
    """A destination's own state: who works on it until when, and how it has been doing lately.

    `woken_at` is when the message comes that was sent last to wake it. `saves` counts its changes, so that a worker
    whose answer was lost knows its own.
    """

    holder: str = ""
    leased_until: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    next_at: datetime | None = None
    woken_at: datetime | None = None
    saves: int = 0
    tag: str = ""

    def is_free(self, holder: str, at: datetime) -> bool:
        """True when this worker may take it."""
        held = self.is_leased(at) and self.holder != holder
        return not held and (self.next_at is None or self.next_at <= at)

    def is_leased(self, at: datetime) -> bool:
        """True while a worker has it."""
        return self.leased_until is not None and at < self.leased_until

    def taken(self, holder: str, at: datetime) -> "Lane":
        """This lane, leased to a worker."""
        return replace(self, holder=holder, leased_until=at + LEASE)

    def left(self) -> "Lane":
        """This lane without its lease, free for the next worker."""
        return replace(self, holder="", leased_until=None)

    def is_woken(self, at: datetime, by: datetime) -> bool:
        """True when a message is on its way that comes after `at` and by then, and finds the lane open."""
        if self.woken_at is None or not at < self.woken_at <= by:
            return False
        return self.next_at is None or self.next_at <= self.woken_at

    def held_until(self, at: datetime) -> "Lane":
        """This lane, left alone until then because the receiver asked for it."""
        return replace(self, next_at=max(self.next_at or at, at))

    def after(self, at: datetime, *, good: bool) -> "Lane":
        """This lane after a turn: good where anything was taken, else one failure, however many were tried."""
        if good:
            return replace(self, failures=0, failing_since=None, failed_at=None, next_at=None)
        failures = self.failures + 1
        waits = lane_waits(failures)
        goes_on = self.failed_at is not None and at - self.failed_at <= QUIET_FOR
        return replace(
            self,
            failures=failures,
            failing_since=(self.failing_since or at) if goes_on else at,
            failed_at=at,
            next_at=at + waits if waits else None,
        )

    def is_hopeless(self, at: datetime) -> bool:
        """True when the subscription has failed for five days (W2)."""
        return self.failing_since is not None and at - self.failing_since >= DISABLE_AFTER


def deliver_hint(partner_id: str, destination: str, due: datetime) -> Hint:
    """Look at this lane then."""
    return Hint(HintKind.DELIVER, due, partner_id, destination)
