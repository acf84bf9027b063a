"""Export jobs and their files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.exports.export import Export
from shared.ports.page import Page


@dataclass(frozen=True)
class StoredExport:
    """An export as it was read, with the storage tag that decides every race."""

    export: Export
    tag: str


@dataclass(frozen=True)
class Checkpoint:
    """How far an export is: one block of its file, or none where nothing was found, and where to go on.

    `id` is random and names the block; `size` is the block's in bytes, `rows` all rows so far. `cursor` is where the
    next block begins, None at the start; `done` says that there is none. `written_at` is storage's clock. `hides_at` is
    when the first contact detail of all rows so far is hidden from everybody (L9), None for never.
    """

    step: str
    index: int
    id: str
    size: int = 0
    rows: int = 0
    cursor: str | None = None
    done: bool = False
    written_at: datetime | None = None
    hides_at: datetime | None = None


class ExportStore(Protocol):
    """Export jobs and their checkpoints."""

    async def add(self, export: Export) -> StoredExport:
        """Store a new export, as it is stored then."""

    async def get(self, partner_id: str, export_id: str) -> StoredExport | None:
        """One export; None when the partner has none of this id."""

    async def page(self, partner_id: str, after: str | None, top: int) -> Page[Export]:
        """Exports after the given id, newest first."""

    async def unfinished(self, partner_id: str, top: int) -> int:
        """How many exports have not ended, counted up to `top`."""

    async def replace(self, stored: StoredExport, export: Export) -> None:
        """Replace the export if it is still as read; raises LostRace otherwise."""

    async def delete(self, partner_id: str, export_id: str) -> None:
        """Delete the export with its checkpoints; one that is gone is no error."""

    async def record(self, export: Export, checkpoint: Checkpoint) -> Checkpoint:
        """Insert a checkpoint, as it is stored then; raises LostRace when another stands at its index."""

    async def last(self, export: Export, step: str) -> Checkpoint | None:
        """The newest checkpoint of a step; None at its start."""

    async def checkpoints(self, export: Export, step: str) -> list[Checkpoint]:
        """All checkpoints of a step in order."""


@dataclass(frozen=True)
class Link:
    """A URL that anyone can read one file with until then."""

    url: str
    until: datetime


class FileStore(Protocol):
    """Files in blob storage, written in blocks that nobody sees until they are put together."""

    async def stage(self, name: str, block: str, content: bytes) -> None:
        """Upload a block of a file under a random id of 32 hex digits."""

    async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
        """Make the file of exactly these blocks; doing it again is harmless. Raises FileGone."""

    async def read(self, name: str, offset: int, length: int) -> bytes:
        """A piece of a file; shorter at its end, empty beyond. Raises FileGone."""

    async def delete(self, name: str) -> None:
        """Delete a file; one that is gone is no error."""

    async def wipe(self, name: str) -> None:
        """Delete a file with every block that was uploaded for it (S4); one that is gone is no error."""

    async def link(self, name: str, file_name: str) -> Link:
        """A link that reads this file only, for the time set, by the real clock; it saves under `file_name`."""
