"""One pass of an erasure through everything (S4): page by page, so that a run may break off after each.

Whatever is done here is harmless when it is done again, and nothing of it waits for anything else: a row that somebody
changes at the same moment is left to the next pass, which this one makes necessary by having found something.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from shared.correlation import new_change
from shared.domain.erasure import (
    RETENTION,
    Erasure,
    ErasureKind,
    Left,
    LeftKind,
    Place,
    Stage,
    blank,
    is_about,
    without,
)
from shared.domain.exports.export import Export, ExportState
from shared.domain.feedback import Feedback, FeedbackFilter
from shared.domain.lead import Lead
from shared.domain.lifecycle import Decision
from shared.domain.programme.partner import SourceKind
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.unsubscribe import list_of
from shared.domain.traces import rewritten
from shared.ports.as_read import AsRead
from shared.ports.erasures import Sought
from shared.ports.errors import LostRace, NoSuchTable
from shared.ports.intake import StoredHeld, TableRow
from shared.ports.leads import StoredLead
from shared.ports.ports import Ports
from shared.ports.telling import UNSUBSCRIBED
from shared.usecases.leads.answer_lead import record_time
from shared.usecases.races import until_won

LEADS_PAGE, HELD_PAGE, FEEDBACK_PAGE, TABLE_PAGE, EXPORTS_PAGE = 500, 50, 200, 500, 100
TOGETHER = 20
"""Leads blanked in one transaction."""
BEGINNING = datetime.fromisoformat("1970-01-02T00:00:00Z")
FOLLOWING = {
    Stage.LEADS: Stage.ROWS,
    Stage.ROWS: Stage.SETTINGS,
    Stage.HELD: Stage.FEEDBACK,
    Stage.FEEDBACK: Stage.LISTS,
    Stage.LISTS: Stage.TABLES,
}
"""What comes after a stage; after `SETTINGS` the next partner does, and the others have none."""


class Pass:
    """An erasure as it goes on; with `dry` everything is only looked at, and `noted` holds what was found so far."""

    def __init__(self, ports: Ports, erasure: Erasure, at: datetime, *, dry: bool = False) -> None:
        self.erasure = erasure
        self.noted: dict[str, set[str]] = {}
        self._ports = ports
        self._at = at
        self._dry = dry
        self._traces = erasure.traces
        self._by = RETENTION if erasure.kind is ErasureKind.RETENTION else erasure.by

    async def step(self, place: Place) -> Place | None:
        """Work on one page; where to go on, None at the end of the pass."""
        steps = {
            Stage.LEADS: self._leads,
            Stage.ROWS: self._rows,
            Stage.SETTINGS: self._settings,
            Stage.HELD: self._held,
            Stage.FEEDBACK: self._feedback,
            Stage.LISTS: self._lists,
            Stage.TABLES: self._tables,
        }
        if place.stage is Stage.LEADS and not place.partner_id:
            return await self._next_partner("")
        cursor = await steps[place.stage](place)
        if cursor is not None:
            return replace(place, cursor=cursor)
        if place.stage is Stage.SETTINGS:
            return await self._next_partner(place.partner_id)
        is_end = place.stage is (Stage.TABLES if self._traces else Stage.FEEDBACK)
        return None if is_end else Place(FOLLOWING[place.stage], place.partner_id)

    async def _next_partner(self, after: str) -> Place:
        self.erasure = replace(self.erasure, changed_at=None)
        if self._traces is None:
            # Leads of one partner, which was gone through; of what is the programme's only feedback names leads.
            return Place(Stage.FEEDBACK)
        partners, _ = await self._ports.partners.partners(after or None, 1)
        return Place(Stage.LEADS, partners[0].id) if partners else Place(Stage.HELD)

    def _found(self, kind: str, number: int = 1) -> None:
        if number:
            self.erasure = self.erasure.counted({kind: number})

    async def _known(self, partner_id: str) -> set[str]:
        """The partner's leads that the erasure is about."""
        if partner_id not in self.noted:
            stored = [] if self._dry else await self._ports.erasures.noted(self.erasure.id, partner_id)
            self.noted[partner_id] = set(stored)
        return self.noted[partner_id]

    async def _leads(self, place: Place) -> str | None:
        partner_id, traces = place.partner_id, self._traces
        known = await self._known(partner_id)
        if traces is None:
            await self._blank(partner_id, sorted(known))
            return None
        page, following = await self._ports.leads.every(partner_id, place.cursor, LEADS_PAGE)
        about = [stored.lead.id for stored in page if is_about(stored.lead, traces)]
        if not self._dry:
            await self._ports.erasures.note(self.erasure.id, partner_id, about)
        known |= set(about)
        await self._blank(partner_id, about)
        for stored in page:
            if stored.lead.id not in known and without(stored.lead, traces) != stored.lead:
                await self._clean(stored)
        return following

    async def _blank(self, partner_id: str, lead_ids: Sequence[str]) -> None:
        """Take the customer out of these leads, which tells subscribers; those that were erased stay as they are."""
        left = [lead.id for lead in await self._ports.leads.many(partner_id, lead_ids) if not lead.erased_at]
        self._found("leads", len(left))

        def decided(lead: Lead, at: datetime) -> Decision:
            return blank(lead, at, self._by, self._traces)

        for start in range(0, 0 if self._dry else len(left), TOGETHER):
            some = left[start : start + TOGETHER]
            await record_time(ports=self._ports, partner_id=partner_id, lead_ids=some, at=self._at, decided=decided)
            self.erasure = replace(self.erasure, changed_at=self._at)

    async def _clean(self, stored: StoredLead) -> None:
        """Take the address or number out of somebody else's lead; neither a transition nor another version."""
        self._found("mentions")
        if self._dry or self._traces is None:
            return
        cleaned = Decision(without(stored.lead, self._traces))
        with suppress(LostRace):
            await self._ports.leads.commit([(stored, cleaned)], new_change(self._at))
        self.erasure = replace(self.erasure, changed_at=self._at)

    async def _rows(self, place: Place) -> str | None:
        sought = Sought(await self._known(place.partner_id), self._traces)
        swept = await self._ports.erasures.sweep(place.partner_id, sought, place.cursor, dry=self._dry)
        for kind, number in swept.found.items():
            self._found(kind, number)
        return swept.next

    async def _settings(self, place: Place) -> str | None:
        """A page of the partner's exports; at last what it wants to be told, and what is its own."""
        partner_id = place.partner_id
        concerned = bool(await self._known(partner_id))
        exports, following = await self._ports.exports.page(partner_id, place.cursor or None, EXPORTS_PAGE)
        for export in exports:
            await self._export(export, concerned=concerned)
        if following is None:
            for account in await self._ports.erasures.left_behind(partner_id):
                self.erasure = self.erasure.leaves(Left(LeftKind.COPY, partner_id, account))
        if following is None and self._traces:
            preferences = await self._name_what_is_left(partner_id)
            await self._addresses(partner_id, preferences)
        return following

    async def _export(self, export: Export, *, concerned: bool) -> None:
        """Files may hold what was erased: they go, and what is being written is begun anew.

        `concerned` is a partner of whose leads some are erased.
        """
        is_named = self._mentions(export.filter)
        if self._dry:
            self._found("exports", is_named or (concerned and _shows_something(export, self._at)))
            return
        if is_named:
            # It was asked for by the very name.
            self._found("exports")
            await self._wipe(export)
            await self._ports.exports.delete(export.partner_id, export.id)
            return
        for earlier in export.earlier if concerned else ():
            # A run that had not noticed may have written there since.
            await self._wipe(earlier)
        changed = self.erasure.changed_at
        if changed and export.began_at <= changed:
            await until_won(lambda: self._forget(export, changed))

    async def _forget(self, export: Export, changed: datetime) -> None:
        """Take away what the export has written of leads as they were before then; raises LostRace."""
        ports = self._ports
        stored = await ports.exports.get(export.partner_id, export.id)
        if stored is None:
            return
        now = stored.export
        if now.has_ended and _shows_something(now, self._at):
            await ports.exports.replace(stored, replace(now, hides_at=now.created_at))
            self._found("exports")
        elif not now.has_ended and now.began_at <= changed:
            again = now.restarted(self._at)
            await ports.exports.replace(stored, again)
            self._found("exports")
            ports.wakeups.export(ports.rules.export.hints(again)[0])
        await self._wipe(now)

    async def _wipe(self, export: Export) -> None:
        await self._ports.files.wipe(export.blob)
        await self._ports.files.wipe(export.spool)

    async def _addresses(self, partner_id: str, before: Preferences | None) -> None:
        """Of an address that is not mailed the partner keeps what tells it again, and no more."""
        email = self._traces.email if self._traces else None
        if not email:
            return
        preferences = self._ports.preferences
        for of_list in (partner_id, list_of(partner_id, customers=True)):
            if await preferences.forget_address(of_list, email, dry=self._dry):
                self._found("mutedAddresses")
        muted = [one for one in before.muted_addresses if self._mentions(one)] if before else []
        self._found("mutedAddresses", len(muted))
        if before and muted and not self._dry:
            for address in muted:
                await preferences.add_unwanted(partner_id, address, UNSUBSCRIBED)
                await preferences.forget_address(partner_id, address, dry=False)
            kept = tuple(one for one in before.muted_addresses if one not in muted)
            with suppress(LostRace):
                await preferences.put(partner_id, replace(before, muted_addresses=kept), AsRead(before))

    def _mentions(self, value: object) -> bool:
        return self._traces is not None and self._traces.found_in_any(value)

    async def _name_what_is_left(self, partner_id: str) -> Preferences | None:
        """What a partner says of its own people is not a customer's data; but whoever asked should know of it.

        Returns the partner's preferences, as they were read.
        """
        ports = self._ports
        registration, profile, preferences, hooks, people = await asyncio.gather(
            ports.partners.get(partner_id),
            ports.listings.stored_profile(partner_id),
            ports.preferences.get(partner_id),
            ports.webhooks.of_partner(partner_id),
            ports.people.people(partner_id),
        )
        wishes = replace(preferences, muted_addresses=()) if preferences else None
        own: list[tuple[LeftKind, str | None, object]] = [
            (LeftKind.REGISTRATION, None, registration),
            (LeftKind.PROFILE, None, profile),
            (LeftKind.PREFERENCES, None, wishes),
            *((LeftKind.WEBHOOK, stored.webhook.id, stored.webhook) for stored in hooks),
            *((LeftKind.PERSON, person.id, person) for person in people),
        ]
        for kind, name, value in own:
            if value is not None and self._mentions(value):
                self.erasure = self.erasure.leaves(Left(kind, partner_id, name))
        return preferences

    async def _held(self, place: Place) -> str | None:
        page, following = await self._ports.held.every(place.cursor, HELD_PAGE)
        for stored in page:
            await self._submission(stored)
        return following

    async def _submission(self, stored: StoredHeld) -> None:
        held, traces = stored.held, self._traces
        if traces is None:
            return
        cleaned = rewritten(held, traces.taken_from)
        if held.body and traces.found_in_bytes(held.body):
            cleaned = cleaned.erased(self._at)
        if cleaned == held:
            return
        self._found("submissions")
        if not self._dry:
            with suppress(LostRace):
                await self._ports.held.replace(stored, cleaned)

    async def _feedback(self, place: Place) -> str | None:
        """What was said of the leads, or names the person."""
        partner_id = self.erasure.of_partner
        if partner_id is not None:
            for lead_id in sorted(await self._known(partner_id)):
                for said in await self._ports.feedback.of_lead(partner_id, lead_id):
                    await self._unsay(said)
            return None
        page, following = await self._ports.feedback.page(
            FeedbackFilter(include_test=True), place.cursor or None, FEEDBACK_PAGE, lambda: False
        )
        for said in page:
            await self._unsay(said)
        return following

    async def _unsay(self, said: Feedback) -> None:
        text: str | None = None
        if said.lead_id not in await self._known(said.partner_id):
            text = self._traces.taken_from(said.text) if self._traces and said.text else said.text
        if text == said.text:
            return
        self._found("feedback")
        stored = await self._ports.feedback.get(said.partner_id, said.lead_id, said.by.id)
        if stored and not self._dry:
            with suppress(LostRace):
                await self._ports.feedback.put(replace(stored.feedback, text=text), stored)

    async def _lists(self, _: Place) -> None:
        """The operator's own list names the address no longer."""
        email = self._traces.email if self._traces else None
        if not email:
            return
        before = await self._ports.partners.stored_contact_lists()
        after = replace(
            before,
            blocked_addresses=before.blocked_addresses - {email},
            allowed_addresses=before.allowed_addresses - {email},
        )
        if after == before:
            return
        self._found("listEntries")
        if not self._dry:
            with suppress(LostRace):
                await self._ports.partners.put_contact_lists(after, AsRead(before))

    async def _tables(self, place: Place) -> str | None:
        """A page of one marketplace's table, which is not ours to change (I3): its rows are named."""
        number, cursor = json.loads(place.cursor) if place.cursor else (0, "")
        sources = await self._ports.partners.sources_of_kind(SourceKind.MARKETPLACE_TABLE)
        if number >= len(sources):
            return None
        table = sources[number].table_name or ""
        rows: list[TableRow] = []
        following = ""
        with suppress(NoSuchTable):
            rows, following = await self._ports.tables.rows(table, BEGINNING, cursor, TABLE_PAGE)
        for row in rows:
            said = json.dumps([row.name, row.columns], ensure_ascii=False).encode("utf-8", "replace")
            if self._traces and self._traces.found_in_bytes(said):
                name = self._traces.taken_from(f"{table}/{row.name}")
                self.erasure = self.erasure.leaves(Left(LeftKind.TABLE_ROW, sources[number].partner_id, name))
        return json.dumps((number, following) if following else (number + 1, ""))


def _shows_something(export: Export, at: datetime) -> bool:
    """True for an export that is under way, or whose file may be read."""
    return not export.has_ended or (export.state is ExportState.SUCCEEDED and not export.is_outdated(at))
