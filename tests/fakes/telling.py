"""Lanes, mails, counts, preferences and webhooks in memory."""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from shared.domain.agenda import Pending
from shared.domain.contact import ALWAYS, fold_email
from shared.domain.deadlines import deadline
from shared.domain.instants import stamp
from shared.domain.lead import Status
from shared.domain.measures import Sums, outcome_due
from shared.domain.tally import Tally
from shared.domain.telling.dispatch import Dispatch, DispatchState, Lane, order_of
from shared.domain.telling.mail_day import MailDay
from shared.domain.telling.mails import Mail, MailOrigin
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.unsubscribe import forgotten
from shared.domain.telling.webhooks import Webhook
from shared.ids import position
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.ports.telling import BOUNCED, Follows, StoredWebhook, Waiting, Wishes, Work
from shared.storage import keys
from tests.builders import AT
from tests.fakes.as_read import must_be
from tests.fakes.leads import FakeLeadStore, out_key


class FakeLaneStore:
    """`LaneStore` in memory; `rows` are dispatches by destination and order."""

    def __init__(self) -> None:
        self.mails: FakeMailStore | None = None
        self.rows: dict[tuple[str, str], dict[tuple[str, str, int], Dispatch]] = {}
        self.lanes: dict[tuple[str, str], Lane] = {}
        self._tags = itertools.count(1)

    async def look(self, partner_id: str, destination: str, top: int) -> tuple[Lane, Page[Dispatch]]:
        page = await self.page(partner_id, destination, DispatchState.PENDING, None, top)
        return await self.lane(partner_id, destination), page

    async def lane(self, partner_id: str, destination: str) -> Lane:
        return self.lanes.get((partner_id, destination), Lane())

    async def save(
        self,
        partner_id: str,
        destination: str,
        lane: Lane,
        changed: Sequence[tuple[Dispatch | None, Dispatch | None]] = (),
        mails: Sequence[Mail] = (),
    ) -> Lane:
        rows = self.rows.setdefault((partner_id, destination), {})
        if (await self.lane(partner_id, destination)).tag != lane.tag:
            raise LostRace
        if any(
            before and rows.get(before.order, Dispatch("", AT, "", 0)).state != before.state for before, _ in changed
        ):
            raise LostRace
        assert 1 + 2 * len(changed) + len(mails) <= 100, "a transaction holds no more"
        if mails:
            assert self.mails is not None
            await self.mails.write(partner_id, mails)
        for before, after in changed:
            if before:
                rows.pop(before.order, None)
            if after:
                rows[after.order] = after
        made = replace(lane, saves=lane.saves + 1, tag=str(next(self._tags)))
        self.lanes[partner_id, destination] = made
        return made

    async def add(self, partner_id: str, destination: str, dispatch: Dispatch) -> None:
        self.rows.setdefault((partner_id, destination), {})[dispatch.order] = dispatch

    async def page(
        self, partner_id: str, destination: str, state: DispatchState, after: str | None, top: int
    ) -> Page[Dispatch]:
        def place(one: Dispatch) -> str:
            order = keys.in_order(*one.order)
            return keys.newest_first(order, one.ended_at) if one.ended_at and state == "delivered" else order

        mine = {place(one): one for one in self.rows.get((partner_id, destination), {}).values() if one.state is state}
        found = sorted(one for one in mine if one > (after or ""))
        return Page([mine[one] for one in found[:top]], found[top - 1] if len(found) > top else None)

    async def get(self, partner_id: str, destination: str, event_id: str) -> Dispatch | None:
        order = order_of(event_id)
        return self.rows.get((partner_id, destination), {}).get(order) if order else None


class FakeMailStore:
    """`MailStore` in memory."""

    def __init__(self, lanes: FakeLaneStore) -> None:
        self._lanes = lanes
        lanes.mails = self
        self.days: dict[tuple[str, str], MailDay] = {}
        self.leads: dict[tuple[str, str], set[str]] = {}
        self.records: dict[tuple[str, str, int, int], Mail] = {}
        self.origins: dict[str, MailOrigin] = {}
        self._tags = itertools.count(1)

    def tag(self) -> str:
        return str(next(self._tags))

    def clean(self, partner_id: str, cleaned: Callable[[Mail], Mail]) -> None:
        for key, one in self.records.items():
            if key[0] == partner_id:
                self.records[key] = cleaned(one)

    async def day(self, partner_id: str, key: str) -> MailDay | None:
        return self.days.get((partner_id, key))

    async def open_days(self, partner_id: str, at: datetime) -> list[MailDay]:
        mine = (one for (partner, _), one in self.days.items() if partner == partner_id)
        return [one for one in mine if not one.closed and one.ends <= at]

    async def close(self, partner_id: str, day: MailDay, destination: str, digest: Dispatch | None) -> None:
        there = self.days.get((partner_id, day.key))
        if there and there.closed:
            return
        if there != day and (there or day.tag):
            raise LostRace
        self.days[partner_id, day.key] = replace(day, closed=True, tag=self.tag())
        if digest:
            await self._lanes.add(partner_id, destination, digest)

    async def held(self, partner_id: str, key: str) -> list[str]:
        return sorted(self.leads.get((partner_id, key), set()), key=position)

    async def mails(self, partner_id: str, subject: str, sequence: int | None = None) -> list[Mail]:
        mine = sorted(
            (key, one)
            for key, one in self.records.items()
            if key[:2] == (partner_id, subject) and sequence in (None, key[2])
        )
        return [one for _, one in mine]

    async def write(self, partner_id: str, mails: Sequence[Mail]) -> list[Mail]:
        assert 0 < len(mails) <= 100, "a transaction holds no more"
        there = [self.records.get(self._key(partner_id, one)) for one in mails]
        if any((old.tag if old else "") != one.tag for old, one in zip(there, mails, strict=True)):
            raise LostRace
        return [self.record(partner_id, one) for one in mails]

    def record(self, partner_id: str, mail: Mail) -> Mail:
        """Keep a mail, whatever is there."""
        made = self.records[self._key(partner_id, mail)] = replace(mail, tag=self.tag())
        return made

    async def put(self, partner_id: str, mail: Mail) -> Mail:
        (made,) = await self.write(partner_id, [mail])
        return made

    async def note_origins(self, origins: Mapping[str, MailOrigin]) -> None:
        self.origins |= origins

    async def origin(self, operation_id: str) -> MailOrigin | None:
        return self.origins.get(operation_id)

    async def forget_origin(self, operation_id: str) -> None:
        self.origins.pop(operation_id, None)

    async def forget_origins(self, before: datetime) -> int:
        old = [name for name, origin in self.origins.items() if origin.sent < before]
        for name in old:
            del self.origins[name]
        return len(old)

    def _key(self, partner_id: str, mail: Mail) -> tuple[str, str, int, int]:
        return partner_id, mail.subject, mail.sequence, mail.number


class FakeTallyStore:
    """`TallyStore` in memory, over the leads of a fake store."""

    def __init__(self, leads: FakeLeadStore, lanes: "FakeLaneStore", mails: "FakeMailStore") -> None:
        self._leads, self._lanes, self._mails = leads, lanes, mails
        self.tallies: dict[str, Tally] = {}
        self.counted: dict[str, dict[str, Sums]] = {}
        self.poisoned: set[str] = set()
        self.taken = 0

    async def read(self, partner_id: str) -> Tally:
        return self.tallies.get(partner_id, Tally())

    async def work(self, partner_id: str, days_from: str, top: int) -> Work:
        mine = {key: day for (partner, key), day in self._mails.days.items() if partner == partner_id}
        days = {key: day for key, day in mine.items() if key >= days_from}
        sums = {day: one for day, one in self.counted.get(partner_id, {}).items() if day >= days_from}
        return Work(await self.read(partner_id), days, await self.pending(partner_id, None, top), sums, days_from)

    async def pending(self, partner_id: str, after: str | None, top: int) -> Page[Pending]:
        mine = [one for one in self._leads.out.get(partner_id, []) if out_key(one) > (after or "")]
        page = sorted(mine, key=out_key)[:top]
        return Page(page, out_key(page[-1]) if len(mine) > top else None)

    async def take(
        self, partner_id: str, events: Sequence[Pending], before: Tally, after: Tally, follows: Follows
    ) -> None:
        if partner_id in self.poisoned:
            raise ValueError("a partner that cannot be counted")
        waiting = self._leads.out.get(partner_id, [])
        if await self.read(partner_id) != before or not set(events) <= set(waiting):
            raise LostRace
        days = [(one, self._mails.days.get((partner_id, one.key))) for one in follows.days]
        if any((there.tag if there else "") != one.tag for one, there in days):
            raise LostRace
        counted = self.counted.setdefault(partner_id, {})
        if any((counted[one.day].tag if one.day in counted else "") != one.tag for one in follows.sums):
            raise LostRace
        counted |= {one.day: replace(one, tag=self._mails.tag()) for one in follows.sums}
        for destination, dispatch in follows.waits:
            self._lanes.rows.setdefault((partner_id, destination), {})[dispatch.order] = dispatch
        for one in follows.days:
            self._mails.days[partner_id, one.key] = replace(one, tag=self._mails.tag())
        for day, lead_id in follows.held:
            self._mails.leads.setdefault((partner_id, day), set()).add(lead_id)
        for mail in follows.mails:
            self._mails.record(partner_id, mail)
        self.taken += 1
        self._leads.out[partner_id] = [one for one in waiting if one not in events]
        self.tallies[partner_id] = replace(after, tag=str(self.taken))

    async def sums(self, partner_id: str, days: Collection[str]) -> dict[str, Sums]:
        return {day: one for day, one in self.counted.get(partner_id, {}).items() if day in days}

    async def sums_between(self, partner_id: str, first: str, last: str) -> list[Sums]:
        mine = self.counted.get(partner_id, {})
        return [mine[day] for day in sorted(mine) if first <= day <= last]

    async def overdue_outcomes(self, partner_id: str, at: datetime, since: date | None = None) -> list[str]:
        leads = [row.lead for (partner, _), row in self._leads.rows.items() if partner == partner_id]
        open_deals = [one for one in leads if one.status is Status.ACCEPTED and not one.is_test]
        late = [one for one in open_deals if (due := outcome_due(one)) is not None and due < at]
        return sorted(one.id for one in late if since is None or one.created_at.date() >= since)

    async def received(self, partner_id: str) -> list[Waiting]:
        return self._waiting(partner_id, Status.RECEIVED)

    async def overdue_informational(self, partner_id: str, at: datetime) -> list[Waiting]:
        return [one for one in self._waiting(partner_id, Status.INFORMATIONAL) if one.deadline <= stamp(at)]

    def _waiting(self, partner_id: str, status: Status) -> list[Waiting]:
        leads = [row.lead for (partner, _), row in self._leads.rows.items() if partner == partner_id]
        return [
            Waiting(one.id, stamp(deadline(one) or ALWAYS), stamp(one.flame_until) if one.flame_until else "")
            for one in leads
            if one.status is status and not one.is_test
        ]


class FakePreferenceStore:
    """`PreferenceStore` in memory, beside the subscriptions."""

    def __init__(self, webhooks: "FakeWebhookStore") -> None:
        self._webhooks = webhooks
        self.wished: dict[str, Preferences] = {}
        self.silent: dict[str, dict[str, str]] = {}
        self.gone: dict[tuple[str, str], set[str]] = {}

    async def wishes(self, partner_id: str) -> Wishes:
        hooks = await self._webhooks.of_partner(partner_id)
        return Wishes(await self.get(partner_id), tuple(hooks), await self.unwanted(partner_id))

    async def get(self, partner_id: str) -> Preferences | None:
        return self.wished.get(partner_id)

    async def put(self, partner_id: str, preferences: Preferences, only_if: AsRead[Preferences] | None = None) -> None:
        must_be(self.wished.get(partner_id), only_if)
        self.wished[partner_id] = preferences

    async def unwanted(self, partner_id: str) -> dict[str, str]:
        return dict(self.silent.get(partner_id, {}))

    async def add_unwanted(self, partner_id: str, address: str, why: str) -> None:
        mine = self.silent.setdefault(partner_id, {})
        if why != BOUNCED or fold_email(address) not in mine:
            mine[fold_email(address)] = why

    async def forget_address(self, partner_id: str, address: str, *, dry: bool) -> bool:
        mine = self.silent.get(partner_id, {})
        there = fold_email(address) in mine
        if there and not dry:
            mine[forgotten(address)] = mine.pop(fold_email(address))
        return there

    async def resume(self, partner_id: str, address: str, by: str, at: datetime) -> bool:
        mine = self.silent.get(partner_id, {})
        return any(mine.pop(one, None) for one in (fold_email(address), forgotten(address)))

    async def forgive_bounce(self, partner_id: str, address: str) -> None:
        if self.silent.get(partner_id, {}).get(fold_email(address)) == BOUNCED:
            del self.silent[partner_id][fold_email(address)]

    async def dismissed(self, partner_id: str, person: str) -> frozenset[str]:
        return frozenset(self.gone.get((partner_id, person), set()))

    async def dismiss(self, partner_id: str, person: str, notification_ids: Collection[str]) -> None:
        self.gone.setdefault((partner_id, person), set()).update(notification_ids)

    async def restore(self, partner_id: str, person: str, notification_ids: Collection[str]) -> int:
        mine = self.gone.setdefault((partner_id, person), set())
        found = mine & set(notification_ids)
        mine -= found
        return len(found)


class FakeWebhookStore:
    """`WebhookStore` in memory."""

    def __init__(self) -> None:
        self.hooks: dict[tuple[str, str], StoredWebhook] = {}
        self._tags = itertools.count(1)

    async def of_partner(self, partner_id: str) -> list[StoredWebhook]:
        mine = [one for (partner, _), one in self.hooks.items() if partner == partner_id]
        return sorted(mine, key=lambda one: (one.webhook.created_at, one.webhook.id))

    async def get(self, partner_id: str, webhook_id: str) -> StoredWebhook | None:
        return self.hooks.get((partner_id, webhook_id))

    async def put(self, partner_id: str, webhook: Webhook, before: StoredWebhook | None) -> StoredWebhook:
        if self.hooks.get((partner_id, webhook.id)) != before:
            raise LostRace
        made = self.hooks[partner_id, webhook.id] = StoredWebhook(webhook, str(next(self._tags)))
        return made

    async def delete(self, partner_id: str, webhook_id: str) -> None:
        self.hooks.pop((partner_id, webhook_id), None)
