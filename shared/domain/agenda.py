"""What is looked at later: hints, and the changes and events that some of them announce (storage.md, Agenda)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.lead import Status
from shared.domain.measures import Difference


class HintKind(StrEnum):
    """Why something is looked at."""

    EXPIRE = "expire"
    """A lead that nobody has answered (A1)."""
    COOL = "cool"
    """A lead whose flame cools (A2)."""
    ARCHIVE = "archive"
    """An informational lead that ages (A3)."""
    REMIND = "remind"
    """A lead that expires soon (A1)."""
    RECHECK = "recheck"
    """A lead whose e-mail address is checked again (V1)."""
    PUBLISH = "publish"
    """A lead whose events are taken by the relay."""
    DELIVER = "deliver"
    """A lane, by its destination (W2, N6)."""
    DIGEST = "digest"
    """A mail day that is over, by its key (N2)."""
    REOFFER = "reoffer"
    """A lead that has ended and may go to another partner (M7)."""
    EXPORT = "export"
    """An export that goes on, or goes (X1, X5)."""


TELLING = (HintKind.PUBLISH, HintKind.DELIVER)
"""What a run that tells looks at, all of it in one look."""


@dataclass(frozen=True)
class Hint:
    """A row of the agenda: at `due`, look at this subject. It may be stale, it may never be missing (design.md).

    `subject` is the id of what the kind says it is about, `attempt` the change that a PUBLISH announces, '' elsewhere.
    """

    kind: HintKind
    due: datetime
    partner_id: str
    subject: str
    attempt: str = ""


@dataclass(frozen=True)
class Change:
    """One attempt to change leads: its name, by which its own commit is known again, when it was made, and by what.

    `cause` is the correlation id of a request or of a timer's run; '' = not known.
    """

    id: str
    at: datetime
    cause: str = ""

    def announcement(self, partner_id: str, lead_id: str) -> Hint:
        """The hint that must be durable before the change is: look for its events."""
        return Hint(HintKind.PUBLISH, self.at, partner_id, lead_id, self.id)


@dataclass(frozen=True)
class Pending:
    """An event whose consequences are not written yet: where its lead was and is, and the change that announced it.

    `sequence` is its number in its lead's history. `notify` says who is told of it by mail: the kind of a new lead's
    mail, or who else (A1, L3); '' for nobody. `spent` are hints of its lead that nobody has needed since. `counts` is
    what its change makes of the sums (M5).
    """

    partner_id: str
    lead_id: str
    at: datetime
    sequence: int
    change: Change
    from_status: Status | None
    to_status: Status
    is_test: bool = False
    type: str = ""
    notify: str = ""
    spent: tuple[Hint, ...] = ()
    counts: tuple[Difference, ...] = ()

    @property
    def hint(self) -> Hint:
        """The hint that goes when the event's consequences are written."""
        return self.change.announcement(self.partner_id, self.lead_id)
