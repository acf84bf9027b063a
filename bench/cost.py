"""`make bench`: how many storage requests a lead costs from its arrival to its end; docs/operations.md counts on it.

Requests are counted at the transport, so the figures are the same on every machine. Mail and webhook go to fakes. What
a request is for is told by its table and keys: a transaction by the first of PURPOSES that one of its rows has.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

from bench.figures import at_most, title
from local.azurite import ROOT, Azurite
from local.timers import next_run
from shared import app
from shared.domain.agenda import HintKind
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports import blobs
from shared.storage.tables import connect
from shared.usecases.exports.run_exports import run_exports
from shared.usecases.intake.ingest_table import ingest_tables
from shared.usecases.leads.read_leads import read_lead
from shared.usecases.leads.recheck_contacts import recheck_contacts
from shared.usecases.leads.record_due import run_due
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.send_digests import send_digests
from shared.usecases.upkeep.health import check_health
from tests.builders import AT, submission_body, unique
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.fakes.wakeups import FakeWakeUps
from tests.messages import told
from tests.steps import TIMERS, answer, budget, listed, run_timers, submit
from tests.transports import RoundTrips

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
WARM_UP = timedelta(seconds=20)
"""So long before the first lead that counts: what is cached for a minute is known then, as of a partner at work."""
TOLD, TOLD_LATER, TIMED = (
    "told: a mail followed, a webhook",
    "told: two events, a webhook",
    "timers that find it answered",
)
LIVES = 5
"""Lives of which the middle one is printed: how often a run looks for work depends on which lane ends first."""
BARS = {1: {TOLD_LATER: 12, TIMED: 4, "in all": 65}, 10: {"in all": 28}}

IDLE_MOST = 3_000
BY_TIME = {
    "expire_leads": HintKind.EXPIRE,
    "cool_flames": HintKind.COOL,
    "send_reminders": HintKind.REMIND,
    "archive_leads": HintKind.ARCHIVE,
}

PURPOSES = (
    ("lead, changed", "Leads write lead"),
    ("relay", "Leads write out.*"),
    ("mail records", "Leads write mail"),
    ("lanes, and what waits in them", "Leads write (wait|sent|park)"),
    ("mail quota", "Agenda .* bookmark"),
    ("agenda, polled", "Agenda read .*"),
    ("agenda, written", "Agenda write .*"),
    ("relay", "Leads read out.*"),
    ("lanes, and what waits in them", "Leads read wait"),
    ("mail records", "Leads read mail"),
    ("mail's origin", "Lookup .* mail"),
    ("history", "Leads read hist"),
    ("what waits for the operator", "Parked .*"),
    ("lead, read", "Leads read lead"),
    ("lists", "Leads read (open|info|who)"),
    ("marks", "Favorites .*"),
    ("settings", "(Partners|Lookup) .*"),
)
"""What a row is for, by its table, whether it is read or written, and where its key begins."""


class Requests(RoundTrips):
    """Counts requests, by what they are for."""

    def reset(self) -> None:
        """Count from zero."""
        super().reset()
        self.by_purpose: Counter[str] = Counter()

    async def send(self, request: Any, **options: Any) -> Any:
        """Send it."""
        self.by_purpose[purpose(request)] += 1
        return await super().send(request, **options)


def purpose(request: Any) -> str:
    """What a request is for; where nobody knows, what it does to what."""
    rows = list(_rows(request))
    for name, pattern in PURPOSES:
        if any(re.fullmatch(pattern, row) for row in rows):
            return name
    return "other: " + ", ".join(sorted(set(rows)))


_ROW = re.compile(r"/(\w+)\(PartitionKey='([^']*)',RowKey='([^']*)'\)")
_INSERTED = re.compile(r'/(\w+) HTTP/1\.1.*?"RowKey": ?"([^"]*)"', re.DOTALL)
_CONDITION = re.compile(r"PartitionKey eq '([^']*)'(?: and RowKey g[te] '([^']*)')?")


def _rows(request: Any) -> Iterator[str]:
    """Table, verb and kind of each row that a request names, or of the range that it reads."""
    address = urlsplit(request.url)
    path = unquote(address.path)
    if path.endswith("$batch"):
        body = request.content if hasattr(request, "content") else request.body
        for part in (body.decode() if isinstance(body, bytes) else str(body)).split("Content-ID")[1:]:
            found, made = _ROW.search(unquote(part.partition("HTTP/1.1")[0])), _INSERTED.search(part)
            if found:
                yield f"{found[1]} write {_kind(found[1], found[2], found[3])}"
            elif made:
                yield f"{made[1]} write {_kind(made[1], '', made[2])}"
        return
    verb = "read" if request.method == "GET" else "write"
    if named := _ROW.search(path):
        yield f"{named[1]} {verb} {_kind(named[1], named[2], named[3])}"
        return
    table = path.rpartition("/")[2].removesuffix("()")
    within = _CONDITION.search(parse_qs(address.query).get("$filter", [""])[0])
    yield f"{table} {verb} {_kind(table, within[1], within[2] or '') if within else ''}"


def _kind(table: str, partition: str, key: str) -> str:
    """Where a key begins; in Lookup partitions are what rows are about."""
    return partition if table == keys.LOOKUP and partition else re.split(r"[|~]", key)[0]


async def main() -> None:
    """Print requests a lead, for few at a time and for many."""
    title("Storage requests a lead")
    with Azurite(None) as azurite:
        settings = Settings(storage_connection=SecretStr(azurite.connection), email_dns=False)
        trips = Requests()
        tables, files = connect(settings, transport=trips), blobs.connect(settings)
        await tables.create()
        await files.create()
        fakes: dict[str, Any] = {"mailer": FakeMailer(), "receivers": FakeReceivers(), "wakeups": FakeWakeUps()}
        ports = replace(app.build(settings, tables, files).ports, **fakes)
        for by, tell in WAYS.items():
            for leads in (1, 10):
                lives = [await _life(ports, trips, leads, tell) for _ in range(LIVES)]
                _print(by, leads, sorted(lives, key=lambda life: life["in all"].total()))
        await _idle(ports, trips)
        await tables.close()
        await files.close()


async def _idle(ports: Ports, trips: Requests) -> None:
    """What a day costs on which nothing is to be done, by the schedules that are the default."""
    at = AT + 20 * DAY
    runs: dict[str, Callable[[], Awaitable[object]]] = {
        "deliver_events": lambda: deliver_events(ports=ports, now=lambda: at, budget=budget()),
        "run_exports": lambda: run_exports(ports=ports, at=at, budget=budget()),
        **{name: partial(_due, ports, kind, at) for name, kind in BY_TIME.items()},
        "recheck_contacts": lambda: recheck_contacts(ports=ports, at=at, budget=budget()),
        "send_digests": lambda: send_digests(ports=ports, at=at, budget=budget()),
        "ingest_marketplace_table": lambda: ingest_tables(ports=ports, at=at, storage_now=at, budget=budget()),
        "watch_agenda": lambda: check_health(ports=ports, at=at),
    }
    a_day = {name: _runs_a_day(name) for name in runs}
    counted: dict[str, int] = {}
    for name, run in runs.items():
        # The first of them finds what the leads above have left.
        await run()
        trips.reset()
        await run()
        counted[name] = trips.requests
    print("A day with nothing to do:")
    for name, requests in counted.items():
        print(f"  {name:<38}{requests:4} a run {a_day[name]:6,} runs {requests * a_day[name]:6,} requests")
    telling = sum(counted[name] * a_day[name] for name in ("deliver_events", "run_exports"))
    print(f"  {'what tells and exports':<38}{telling:32,}            {at_most(telling, IDLE_MOST)}")
    print(f"  {'in all':<38}{sum(requests * a_day[name] for name, requests in counted.items()):32,}")


async def _due(ports: Ports, kind: HintKind, at: datetime) -> object:
    return await run_due(ports=ports, kind=kind, at=at, budget=budget())


def _runs_a_day(timer: str) -> int:
    """By the schedule that is the default."""
    example = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    schedule, at, count = example[f"{timer.upper()}_SCHEDULE"], AT, 0
    while (at := next_run(schedule, at)) <= AT + DAY:
        count += 1
    return count


def _print(by: str, leads: int, lives: list[dict[str, Counter[str]]]) -> None:
    life, (least, most) = lives[LIVES // 2], (lives[n]["in all"].total() / leads for n in (0, -1))
    print(
        f"{leads} lead(s) of one partner at a time, told by {by}, the middle one of {LIVES} lives"
        f" ({least:.1f} to {most:.1f} in all):"
    )
    for what, counted in life.items():
        count = counted.total() / leads
        bar = BARS[leads].get(what) if by == "timers" else None
        print(f"  {what:<38}{count:8.1f}   {at_most(count, bar) if bar else ''}".rstrip())
    shown = [TOLD, TOLD_LATER, TIMED, "in all"]
    print(f"  by what they are for:{'':<17}{'told':>8}{'later':>8}{'timers':>8}{'in all':>8}")
    for name, _ in life["in all"].most_common():
        print(f"    {name:<36}" + "".join(f"{life[what][name] / leads:8.1f}" for what in shown))


async def _life(ports: Ports, trips: Requests, leads: int, tell: "Tell") -> dict[str, Counter[str]]:
    source = LeadSource(new_source_id(), unique(), "Marketplace", AT)
    partner = source.partner_id or ""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    await ports.preferences.put(partner, Preferences("leads@contoso.example", digest_threshold=100))
    hook = Webhook("a" * 16, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    await ports.webhooks.put(partner, hook, None)
    await _warm_up(ports, source)
    found: dict[str, Counter[str]] = {}

    def counted(what: str) -> None:
        found[what] = trips.by_purpose
        trips.reset()

    trips.reset()
    made = [(await submit(ports, source, _body(n))).lead_id for n in range(leads)]
    counted("intake")
    await tell(ports, trips, AT)
    counted(TOLD)
    await listed(ports, source, AT + HOUR)
    counted("a page of the list")
    for one in made:
        await read_lead(ports=ports, partner_id=partner, person="ann", lead_id=one, at=AT + HOUR)
    counted("read")
    for one in made:
        await answer(ports, source, one, at=AT + HOUR)
    counted("accept")
    for one in made:
        await answer(ports, source, one, Action.WIN, at=AT + DAY)
    counted("win")
    await tell(ports, trips, AT + DAY)
    counted(TOLD_LATER)
    await run_timers(ports, AT + 20 * DAY, [*TIMERS, "remind"])
    counted(TIMED)
    return found | {"in all": sum(found.values(), Counter())}


async def _warm_up(ports: Ports, source: LeadSource) -> None:
    """A whole life that does not count and leaves nothing to do: lanes and caches are as of a partner at work then."""
    began = AT - WARM_UP
    lead = (await submit(ports, source, _body(-1), at=began)).lead_id
    await _tell(ports, began)
    await answer(ports, source, lead, at=began + SECOND)
    await answer(ports, source, lead, Action.WIN, at=began + 2 * SECOND)
    for seconds in (3, 11, 18):
        await _tell(ports, began + seconds * SECOND)
    await run_timers(ports, AT + 20 * DAY, [*TIMERS, "remind"])
    ports.wakeups.taken()  # type: ignore[attr-defined] # the fake's
    await _tell(ports, AT + 20 * DAY)
    for kind in HintKind:
        assert not await ports.agenda.due(kind, AT + 20 * DAY, 1), f"the warm-up has left {kind} to do"


def _body(number: int) -> dict[str, Any]:
    """A person each: whoever has many leads costs a read of each of them."""
    return submission_body(Title=str(number), Email=f"{number}@northwind.example")


async def _tell(ports: Ports, at: datetime) -> None:
    await deliver_events(ports=ports, now=lambda: at, budget=budget())


async def _by_timers(ports: Ports, _trips: Requests, at: datetime) -> None:
    """Two runs of the net, the second when mails are looked at again; of what is told of a second time one."""
    for seconds in (0, 11) if at == AT else (0,):
        await _tell(ports, at + seconds * SECOND)


async def _by_messages(ports: Ports, trips: Requests, at: datetime) -> None:
    """Commits of the same moment are one message; each is put, taken and deleted."""
    wakeups: Any = ports.wakeups
    wakeups.said = list(dict.fromkeys(wakeups.said))
    platform = await told(ports, at, at + 20 * SECOND)  # type: ignore[arg-type] # of which it needs the messages alone
    trips.by_purpose["queues"] += 3 * platform.handled


Tell = Callable[[Ports, Requests, datetime], Awaitable[None]]
WAYS: dict[str, Tell] = {"timers": _by_timers, "messages": _by_messages}


if __name__ == "__main__":
    asyncio.run(main())
