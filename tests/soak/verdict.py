"""Whether all is well: what the hosts answer and what is stored, against the book."""

import asyncio
import json
import time
import traceback
from collections import Counter
from datetime import datetime

from pydantic import SecretStr

from shared import clock
from shared.domain.agenda import HintKind
from shared.domain.events import Event
from shared.domain.intake.held import HeldState
from shared.domain.lead import Lead
from shared.domain.telling.mails import Mail, MailState
from shared.settings import Settings
from shared.storage import codec, keys
from shared.storage.agenda import TableAgenda
from shared.storage.intake.held_store import TableHeldStore
from shared.storage.tables import Tables, connect
from tests import invariants, local_http
from tests.soak.traffic import PARTNERS, Book, Traffic
from tests.soak.world import World

TOLD = ("lead.received", "lead.accepted", "lead.won")
SETTLES_WITHIN, QUIET_SECONDS = 900, 8
"""How long it may take until all is told, on however slow a machine, and after how long nobody is at it any more."""


class Verdict:
    """Looks at storage beside the hosts."""

    def __init__(self, made: World, traffic: Traffic, book: Book) -> None:
        self._made, self._traffic, self._book = made, traffic, book
        settings = Settings(
            storage_connection=SecretStr(made.azurite.connection),
            public_url="http://localhost:7071/api",
            token_issuer="https://issuer.example/{tid}",
            token_audience="api://partner-leads",
            operator_tenant="operator",
        )
        self._tables: Tables = connect(settings)
        self._agenda = TableAgenda(self._tables, 1, clock.stopwatch())
        self._now = clock.real_now()

    async def close(self) -> None:
        """Close the connections."""
        await self._tables.close()

    async def settle(self) -> int:
        """Wait until nothing is left to be told; how many minutes the app's clock was moved on for it.

        Only when nothing has come for a while, since a worker who is at it would lose what it has leased.
        """
        ends, moved = time.monotonic() + SETTLES_WITHIN, 0
        seen, since = (-1, -1), time.monotonic()
        while time.monotonic() < ends:
            self._now = await self._advance("PT0S")
            if not await self._left():
                break
            came = len(self._made.mails.mails), self._made.receiver.calls
            if came != seen:
                seen, since = came, time.monotonic()
            elif time.monotonic() >= since + QUIET_SECONDS:
                await self._advance("PT2M")
                since = time.monotonic()
                self._traffic.caller.forget_tokens()
                moved += 2
            await asyncio.sleep(1)
        return moved

    async def _advance(self, step: str) -> datetime:
        """Move both hosts' clocks: what they wait for comes sooner than in real time."""
        async with local_http.AsyncClient(timeout=60) as client:
            moved = [await client.post(f"{host.url}/dev/clock", json={"advance": step}) for host in self._made.hosts]
        return max(datetime.fromisoformat(one.json()["now"]) for one in moved)

    async def _left(self) -> list[str]:
        """Kinds of work that are due, or will be soon."""
        oldest = [(kind, await self._agenda.oldest(kind, self._now)) for kind in HintKind]
        waits = await self._agenda.ahead(HintKind.DELIVER, self._now, 10)
        return [str(kind) for kind, found in oldest if found] + (["deliver later"] if waits else [])

    async def check(self) -> None:
        """Note every fault there is."""
        fault = self._book.fault
        for left in await self._left():
            fault(f"the agenda is not empty: {left}")
        for company in self._book.open:
            fault(f"{company} was never answered")
        stored, events, mails = await self._stored()
        self._leads(stored, events)
        self._receiver(events)
        self._mails(stored, mails)
        for partner in PARTNERS:
            await self._answers(partner, stored)
        await self._parked()
        for host in self._made.hosts:
            await self._health(host.url)

    async def _stored(self) -> tuple[dict[str, Lead], dict[str, list[Event]], list[Mail]]:
        """All leads by id with their histories, and the records of all mails; notes what does not hold of them."""
        stored: dict[str, Lead] = {}
        events: dict[str, list[Event]] = {}
        mails: list[Mail] = []
        for partner in PARTNERS:
            try:
                await invariants.check(self._tables, partner, at=self._now)
            except AssertionError as problem:
                where = traceback.extract_tb(problem.__traceback__)[-1]
                self._book.fault(f"{partner}: {where.name} ({where.lineno}) does not hold: {str(problem)[:300]}")
            for key, row in (await invariants.all_rows(self._tables, keys.LEADS, partner)).items():
                name = key.split("/", 1)[1]
                if name.startswith("lead|"):
                    stored[name[5:]] = codec.load(Lead, row)
                elif name.startswith("hist|"):
                    events.setdefault(name.split("|")[1], []).append(codec.load(Event, row))
                elif name.startswith("mail|"):
                    mails.append(codec.load(Mail, row))
        return stored, events, mails

    def _leads(self, stored: dict[str, Lead], events: dict[str, list[Event]]) -> None:
        """Nothing lost, nothing doubled, one first."""
        fault = self._book.fault
        companies = Counter(lead.customer.company or "" for lead in stored.values())
        for company, lead_id in self._book.leads.items():
            if lead_id not in stored:
                fault(f"{company} was acknowledged as {lead_id}, which is lost")
            if companies[company] != 1:
                fault(f"{company} is {companies[company]} leads")
        for company in companies - Counter(self._book.partner_of.keys()):
            fault(f"{company} was sent by nobody")
        for lead_id, told in self._book.races.items():
            firsts = [event.by.id for event in events.get(lead_id, ()) if event.type == "lead.accepted"]
            if len(firsts) > 1:
                fault(f"{lead_id} was accepted {len(firsts)} times")
            if told and firsts != list(told):
                fault(f"{lead_id}: {told} were told that they had accepted it, on record is {firsts}")
            self._book.figures["races with one winner"] += bool(told)

    def _receiver(self, events: dict[str, list[Event]]) -> None:
        """Everything is told, each event under one id, in order for each lead."""
        fault, receiver = self._book.fault, self._made.receiver
        for lead_id, happened in events.items():
            wanted = sorted(event.sequence for event in happened if event.type in TOLD)
            told = list(dict.fromkeys(receiver.order.get(lead_id, ())))
            if sorted(told) != wanted:
                fault(f"{lead_id}: the receiver took {told}, of {wanted}")
            if told != sorted(told):
                fault(f"{lead_id}: the receiver took {told}, out of order")
            self._book.figures["events told"] += len(told)
            self._book.figures["told again under the same id"] += len(receiver.order.get(lead_id, ())) - len(told)
        for (lead_id, number), ids in receiver.ids.items():
            if len(ids) > 1:
                fault(f"event {number} of {lead_id} came as {sorted(ids)}")

    def _mails(self, stored: dict[str, Lead], mails: list[Mail]) -> None:
        """No mail twice, none without its record, and what is said to be delivered was."""
        fault = self._book.fault
        sent = Counter((mail["to"][0], mail["subject"]) for mail in self._made.mails.mails)
        operations = {mail["operationId"] for mail in self._made.mails.mails}
        for (to, subject), count in sent.items():
            if count > 1:
                fault(f"{subject!r} was mailed to {to} {count} times")
        states = Counter(str(mail.state) for mail in mails)
        for mail in mails:
            if mail.is_under_way:
                fault(f"the mail {mail.number} of {mail.subject} is {mail.state}")
            if mail.state is MailState.DELIVERED and mail.operation_id not in operations:
                fault(f"the mail {mail.number} of {mail.subject} is on record, and never went")
        known = {mail.operation_id for mail in mails}
        for operation in operations - known:
            fault(f"the mail {operation} went without a record")
        recorded = {mail.subject for mail in mails}
        for lead_id in stored.keys() - recorded:
            fault(f"{lead_id}: nothing says whether somebody was mailed")
        self._book.figures["mails"] += len(self._made.mails.mails)
        for state, count in states.items():
            self._book.figures[f"mail records: {state}"] += count

    async def _answers(self, partner: str, stored: dict[str, Lead]) -> None:
        """What is listed, counted and hearted is what is stored and was said."""
        own = {lead.id: lead for lead in stored.values() if lead.partner_id == partner}
        if await self._traffic.ids(partner, "?top=200") != set(own):
            self._book.fault(f"{partner}: the list is not what is stored")
        answer = await self._traffic.caller.call("GET", f"/partners/{partner}/leads/summary", tenant=partner)
        counts = answer.json()["tabs"]["marketplace"]
        wanted = Counter(str(lead.status) for lead in own.values())
        found = Counter({status: counts[status] for status in ("received", "informational", "accepted", "archived")})
        if +found != wanted:
            self._book.fault(f"{partner}: counted are {dict(found)}, there are {dict(wanted)}")
        hearts = await self._traffic.ids(partner, "?tab=favorites&top=200")
        if hearts != self._book.hearts.get(partner, set()):
            self._book.fault(f"{partner}: the favorites are not those that were hearted")

    async def _parked(self) -> None:
        """What could not be read is parked, once."""
        parked: Counter[str] = Counter()
        after: str | None = None
        while True:
            page, after = await TableHeldStore(self._tables).page(HeldState.PARKED, after, 1_000)
            parked.update(held.body.decode() for held in page)
            if after is None:
                break
        for text in self._book.parked:
            if parked[text] != 1:
                self._book.fault(f"{text!r} is parked {parked[text]} times")

    async def _health(self, url: str) -> None:
        async with local_http.AsyncClient(timeout=30) as client:
            answer = await client.get(f"{url}/api/health")
        if answer.status_code != 200:
            self._book.fault(f"{url} is not healthy: {json.dumps(answer.json())}")
