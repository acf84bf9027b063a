"""Erasures (S4): their records, which leads each is about, and the rows in which something of a person may stand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.domain.erasure import Erasure
from shared.domain.traces import Traces
from shared.ports.page import Page


@dataclass(frozen=True)
class StoredErasure:
    """An erasure as it was read, with the storage tag that decides every race."""

    erasure: Erasure
    tag: str


@dataclass(frozen=True)
class Sought:
    """What is looked for in a partner's rows: what belongs to these leads, and texts that hold the traces."""

    leads: Collection[str] = ()
    traces: Traces | None = None


@dataclass(frozen=True)
class Swept:
    """How many rows were found by their kind, and where to go on; `next` is None at the end."""

    found: Mapping[str, int]
    next: str | None


class ErasureStore(Protocol):
    """Records of erasures, newest first, and the rows they go through."""

    async def add(self, erasure: Erasure) -> StoredErasure:
        """Store a new erasure, as it is stored then."""

    async def get(self, erasure_id: str) -> StoredErasure | None:
        """One of them; None when there is none of this id."""

    async def page(self, after: str | None, top: int) -> Page[Erasure]:
        """Erasures after the given id, newest first."""

    async def unfinished(self, top: int) -> list[StoredErasure]:
        """Those that have not ended, the newest first, at most so many."""

    async def replace(self, stored: StoredErasure, erasure: Erasure) -> StoredErasure:
        """Replace it if it is still as read; raises LostRace otherwise."""

    async def note(self, erasure_id: str, partner_id: str, lead_ids: Collection[str]) -> None:
        """Remember that an erasure is about these leads; again is harmless."""

    async def noted(self, erasure_id: str, partner_id: str) -> list[str]:
        """The ids of a partner's leads that it is about."""

    async def notes(self, erasure_id: str, top: int) -> list[tuple[str, str]]:
        """The first leads that it is about, each with its partner before it."""

    async def left_behind(self, partner_id: str) -> list[str | None]:
        """The accounts in which a move has left a copy of the partner's rows, None for the deployment's own."""

    async def sweep(self, partner_id: str, sought: Sought, after: str, *, dry: bool) -> Swept:
        """Take out of the next of a partner's rows what is sought; leads themselves are left to `LeadStore`.

        Of these leads: payloads, what their histories say of changes, receivers' answers, and by whom they were found.
        `after` is where the page before ended, '' at first. With `dry` nothing is changed. A row that somebody changes
        meanwhile counts as found and is left to the next sweep.
        """
