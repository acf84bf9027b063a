"""What waits for the operator, what senders sent, and tables that marketplaces write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.domain.intake.held import Held, HeldState
from shared.ports.page import Page


@dataclass(frozen=True)
class StoredHeld:
    """A held submission as it was read, with the storage tag that decides every race."""

    held: Held
    tag: str


COUNTED_MAX = 10_000
"""Lines that are read to count what waits; whoever has more waiting knows enough."""


@dataclass(frozen=True)
class Only:
    """Which held submissions are wanted; None = any."""

    reason: str | None = None
    partner_id: str | None = None


EVERY = Only()


@dataclass(frozen=True)
class HeldCounts:
    """How many submissions wait, by reason and by partner ('' = none); `is_at_least` where there are more."""

    total: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    partners: Mapping[str, int] = field(default_factory=dict)
    is_at_least: bool = False


class HeldStore(Protocol):
    """Submissions that wait for the operator, and the programme's notes of where each submission went."""

    async def add(self, held: Held) -> StoredHeld | None:
        """Store a submission; None when another one has this id, which stays. An equal one counts as stored."""

    async def get(self, held_id: str) -> StoredHeld | None:
        """The submission of this id; None when there is none."""

    async def replace(self, stored: StoredHeld, held: Held) -> StoredHeld:
        """Replace it if it is still as read, or is so already; raises LostRace otherwise."""

    async def delete(self, stored: StoredHeld) -> None:
        """Delete it if it is still as read; raises LostRace otherwise."""

    async def every(self, after: str, top: int) -> Page[StoredHeld]:
        """All submissions after the given id, whatever they wait for, with their bodies; `next` is the last id."""

    async def page(self, state: HeldState, after: str | None, top: int, only: Only = EVERY) -> Page[Held]:
        """Submissions in this state, newest first, after the cursor.

        A page may be short. Of their bodies only the beginning is there.
        """

    async def count(self, state: HeldState) -> HeldCounts:
        """How many wait for this, by reason and partner, as far as COUNTED_MAX."""


@dataclass(frozen=True)
class Sent:
    """A lead that somebody sent, and to whom."""

    lead_id: str
    partner_id: str


class SentStore(Protocol):
    """Which leads a sender has sent. Rows are written before the lead, so one may name a lead that never was."""

    async def put(self, sender_id: str, sent: Sent) -> None:
        """Note it; noting it again is harmless."""

    async def remove(self, sender_id: str, lead_id: str) -> None:
        """Forget it; one that is gone is no error."""

    async def get(self, sender_id: str, lead_id: str) -> Sent | None:
        """What was noted; None when this sender sent no such lead."""

    async def page(self, sender_id: str, after: str | None, top: int) -> Page[Sent]:
        """Newest first after the position."""


@dataclass(frozen=True)
class TableRow:
    """A row of a marketplace's table: what tells it from every other, and its columns as JSON values.

    `name` are its keys, by which whoever owns the table finds it.
    """

    identity: str
    columns: Mapping[str, object]
    name: str = ""


class MarketplaceTables(Protocol):
    """The tables that marketplaces write to; nothing is ever written there from here (I3)."""

    async def rows(self, table: str, since: datetime, cursor: str, top: int) -> tuple[list[TableRow], str]:
        """Rows written since then by storage's clock, from the cursor on ('' = the start), and the next; '' at the end.

        A page may be empty and still go on. Raises NoSuchTable.
        """

    def is_ours(self, table: str) -> bool:
        """True for a table of this system's own."""
