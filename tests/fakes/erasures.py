"""Erasures in memory, and the way through what the other stores hold."""

import itertools
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from shared.domain.erasure import Erasure, blank_changes
from shared.domain.events import Event
from shared.domain.traces import rewritten
from shared.ports.erasures import Sought, StoredErasure, Swept
from shared.ports.errors import LostRace
from shared.ports.page import Page
from tests.fakes.leads import FakeLeadStore
from tests.fakes.telling import FakeLaneStore, FakeMailStore

T = TypeVar("T")


class FakeErasureStore:
    """`ErasureStore` in memory, over the stores that hold a partner's rows."""

    def __init__(self, leads: FakeLeadStore, lanes: FakeLaneStore, mails: FakeMailStore) -> None:
        self.jobs: dict[str, StoredErasure] = {}
        self.about: dict[str, set[tuple[str, str]]] = {}
        self.copies: dict[str, list[str | None]] = {}
        self._leads, self._lanes, self._mails = leads, lanes, mails
        self._tags = itertools.count(1)

    async def add(self, erasure: Erasure) -> StoredErasure:
        made = self.jobs[erasure.id] = StoredErasure(erasure, str(next(self._tags)))
        return made

    async def get(self, erasure_id: str) -> StoredErasure | None:
        return self.jobs.get(erasure_id)

    async def page(self, after: str | None, top: int) -> Page[Erasure]:
        ids = sorted(one for one in self.jobs if one > (after or ""))
        page = [self.jobs[one].erasure for one in ids[:top]]
        return Page(page, page[-1].id if len(ids) > top else None)

    async def unfinished(self, top: int) -> list[StoredErasure]:
        return [stored for _, stored in sorted(self.jobs.items()) if not stored.erasure.has_ended][:top]

    async def replace(self, stored: StoredErasure, erasure: Erasure) -> StoredErasure:
        if self.jobs.get(erasure.id) != stored:
            raise LostRace
        return await self.add(erasure)

    async def note(self, erasure_id: str, partner_id: str, lead_ids: Collection[str]) -> None:
        self.about.setdefault(erasure_id, set()).update((partner_id, one) for one in lead_ids)

    async def noted(self, erasure_id: str, partner_id: str) -> list[str]:
        return sorted(one for partner, one in self.about.get(erasure_id, ()) if partner == partner_id)

    async def notes(self, erasure_id: str, top: int) -> list[tuple[str, str]]:
        return sorted(self.about.get(erasure_id, ()))[:top]

    async def left_behind(self, partner_id: str) -> list[str | None]:
        return self.copies.get(partner_id, [])

    async def sweep(self, partner_id: str, sought: Sought, after: str, *, dry: bool) -> Swept:
        sweep = _Sweep(partner_id, sought, dry)
        sweep.leads(self._leads)
        for (partner, _), rows in self._lanes.rows.items():
            if partner == partner_id:
                for order, one in rows.items():
                    kept = one.without_answers() if one.subject in sweep.ids else one
                    rows[order] = sweep.cleaned("deliveries", one, kept)
        self._mails.clean(partner_id, lambda mail: sweep.cleaned("mails", mail, mail))
        return Swept({kind: number for kind, number in sweep.found.items() if number}, None)


class _Sweep:
    """What is found on the way, and how each record is left."""

    def __init__(self, partner_id: str, sought: Sought, dry: bool) -> None:
        self.found: Counter[str] = Counter()
        self.ids = frozenset(sought.leads)
        self._partner_id, self._traces, self._dry = partner_id, sought.traces, dry

    def cleaned(self, kind: str, before: T, kept: T) -> T:
        now = rewritten(kept, self._traces.taken_from) if self._traces else kept
        self.found[kind] += now != before
        return before if self._dry else now

    def leads(self, store: FakeLeadStore) -> None:
        for (partner, lead_id), events in store.histories.items():
            if partner == self._partner_id:
                events[:] = [self._event(lead_id, event) for event in events]
        for partner, lead_id in store.rows:
            if partner == self._partner_id:
                self._payload(store, lead_id)
        for (partner, _), shown in store.shown.items():
            gone = self.ids & shown.keys() if partner == self._partner_id else ()
            self.found["relations"] += len(gone)
            for lead_id in () if self._dry else gone:
                del shown[lead_id]

    def _event(self, lead_id: str, event: Event) -> Event:
        kept = replace(event, changes=blank_changes(event.changes)) if lead_id in self.ids else event
        return self.cleaned("events", event, kept)

    def _payload(self, store: FakeLeadStore, lead_id: str) -> None:
        sent = store.payloads.get(lead_id)
        if sent and sent.body and (lead_id in self.ids or (self._traces and self._traces.found_in_bytes(sent.body))):
            self.found["payloads"] += 1
            store.payloads[lead_id] = sent if self._dry else replace(sent, body=b"")
