"""Exports and their files in memory."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shared import clock
from shared.domain.exports.export import Export
from shared.ports.errors import LostRace
from shared.ports.exports import Checkpoint, Link, StoredExport
from shared.ports.page import Page
from tests.builders import AT


class FakeExportStore:
    """`ExportStore` in memory."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, str], StoredExport] = {}
        self.parts: dict[tuple[str, str], list[Checkpoint]] = {}
        self._tags = itertools.count()

    async def add(self, export: Export) -> StoredExport:
        made = self.jobs[export.partner_id, export.id] = StoredExport(export, str(next(self._tags)))
        return made

    async def get(self, partner_id: str, export_id: str) -> StoredExport | None:
        return self.jobs.get((partner_id, export_id))

    async def page(self, partner_id: str, after: str | None, top: int) -> Page[Export]:
        mine = sorted(one for partner, one in self.jobs if partner == partner_id and one > (after or ""))
        page = [self.jobs[partner_id, one].export for one in mine[:top]]
        return Page(page, page[-1].id if len(mine) > top else None)

    async def unfinished(self, partner_id: str, top: int) -> int:
        mine = (one.export for (partner, _), one in self.jobs.items() if partner == partner_id)
        return min(top, sum(not one.has_ended for one in mine))

    async def replace(self, stored: StoredExport, export: Export) -> None:
        if self.jobs.get((export.partner_id, export.id)) != stored:
            raise LostRace
        await self.add(export)

    async def delete(self, partner_id: str, export_id: str) -> None:
        self.jobs.pop((partner_id, export_id), None)
        self.parts = {key: found for key, found in self.parts.items() if key[0].partition(".")[0] != export_id}

    async def record(self, export: Export, checkpoint: Checkpoint) -> Checkpoint:
        parts = self.parts.setdefault((_written(export), checkpoint.step), [])
        if any(one.index == checkpoint.index for one in parts):
            raise LostRace
        parts.append(replace(checkpoint, written_at=clock.real_now()))
        return checkpoint

    async def last(self, export: Export, step: str) -> Checkpoint | None:
        return (self.parts.get((_written(export), step)) or [None])[-1]

    async def checkpoints(self, export: Export, step: str) -> list[Checkpoint]:
        return list(self.parts.get((_written(export), step), []))


def _written(export: Export) -> str:
    return f"{export.id}.{export.generation}" if export.generation else export.id


class FakeFileStore:
    """`FileStore` in memory; `puts` counts how often a file was put together."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[str, str], bytes] = {}
        self.files: dict[str, bytes] = {}
        self.puts = 0

    async def stage(self, name: str, block: str, content: bytes) -> None:
        self.blocks[name, block] = content

    async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
        self.files[name] = b"".join(self.blocks[name, one] for one in blocks)
        self.puts += 1

    async def read(self, name: str, offset: int, length: int) -> bytes:
        return self.files[name][offset : offset + length]

    async def delete(self, name: str) -> None:
        self.files.pop(name, None)

    async def wipe(self, name: str) -> None:
        self.blocks = {key: content for key, content in self.blocks.items() if key[0] != name}
        await self.delete(name)

    async def link(self, name: str, file_name: str) -> Link:
        return Link(f"https://files.example/{name}?save={file_name}", AT + timedelta(hours=1))
