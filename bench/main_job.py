"""`make bench`: intake, read, page of 50 and accept, each beside the bare SDK calls of the same shape, in one run.

"Ours" is the trigger as the host calls it (token, checks, use case, answer as JSON), without the HTTP server in front;
"bare" sends the same rows to the same Azurite with the SDK and nothing else. Below them single requests through our own
client of Table Storage, beside the SDK's.
"""

import asyncio
import json
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from azure.core import MatchConditions
from azure.data.tables.aio import TableClient
from pydantic import SecretStr

from bench.calls import Caller, id_of, register
from bench.figures import at_most, title
from bench.side_by_side import compare, head
from local.azurite import Azurite
from local.issuer import AUDIENCE, Issuer
from shared import app, ids
from shared.domain.lead import Tab
from shared.domain.telling.dispatch import MAIL_FIRST, deliver_hint
from shared.settings import Settings
from shared.storage import keys, queues
from shared.storage.codec import Document
from shared.storage.exports import blobs
from shared.storage.queues import QueueWakeUps
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables, connect
from tests.builders import AT, DEAL_BODY, submission_body
from tests.in_process import InProcess

TIMES, WARM_UP = 200, 10
INTAKE, READ, PAGE, ACCEPT = 0.7, 1.1, 1.15, 1.1
"""Bars: our CPU, in parts of the bare SDK's."""
TRANSACTION, RANGE = 1.2, 6.0
"""Bars: milliseconds of our CPU."""
SELECTED = ["RowKey", *(f"doc{n}" for n in range(8))]
P = "contoso"
LEADS = f"/partners/{P}/leads"


class Bare:
    """Does with the bare SDK what the product did to a sample lead: the same rows, in a partition of its own."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._leads, self._agenda, self._marks = (
            tables.sdk(keys.LEADS),
            tables.sdk(keys.AGENDA),
            tables.sdk(keys.FAVORITES),
        )
        self._own = f"bare-{secrets.token_hex(4)}"
        self._person = keys.person(P, "ann")

    async def sample(self, lead: str) -> list[dict[str, Any]]:
        """The rows of a lead as they are stored."""
        found = [dict(row) async for row in self._leads.query_entities(f"PartitionKey eq '{P}'")]
        place = ids.position(lead)
        return [row for row in found if lead in row["RowKey"] or place in row["RowKey"] or row.get("lead") == lead]

    async def hints_of(self, lead: str) -> list[str]:
        """The kinds of the agenda's rows about a lead."""
        rows = self._agenda.query_entities(f"PartitionKey eq '{keys.AGENDA_SHARD}'", select=["RowKey"])
        return [row["RowKey"].partition("|")[0] async for row in rows if lead in row["RowKey"]]

    async def intake(self, received: list[dict[str, Any]], hints: list[str], number: int) -> None:
        """The hints, then the transaction."""
        await self._hints([f"{kind}|{number}" for kind in hints])
        await self._leads.submit_transaction([("create", self._copy(row, str(number))) for row in received])

    async def open(self, lead: str) -> None:
        """Mark the lead as opened, so that each further read costs three requests."""
        await self._marks.upsert_entity(
            {"PartitionKey": self._person, "RowKey": ids.position(lead), "favorite": False, "opened": True}
        )

    async def read(self, lead: str, who: str) -> None:
        """The lead beside the mark, then the person's leads."""
        await asyncio.gather(
            self._leads.get_entity(P, keys.lead(lead)), self._marks.get_entity(self._person, ids.position(lead))
        )
        await self._related(who)

    async def page(self) -> None:
        """Fifty leads beside the marks."""
        start, end = keys.tab_range("lead", Tab.MARKETPLACE, None)
        leads = f"PartitionKey eq '{P}' and RowKey gt '{start}' and RowKey lt '{end}' and isTest eq false"
        marks = f"PartitionKey eq '{self._person}' and RowKey gt ''"
        await asyncio.gather(
            _first_page(self._leads, leads, 50, SELECTED),
            _first_page(self._marks, marks, 1000, ["RowKey", "favorite", "opened"]),
        )

    async def prepare_accepts(self, lead_row: dict[str, Any]) -> None:
        """Leads to be accepted."""
        for number in range(TIMES + WARM_UP):
            await self._leads.create_entity({**lead_row, "PartitionKey": self._own, "RowKey": f"accept|{number}"})

    async def accept(self, accepted: list[dict[str, Any]], who: str, lead: str, number: int) -> None:
        """The lead beside the hint and the mark, then the transaction beside the person's leads."""
        _, stored, _ = await asyncio.gather(
            self._hints([f"publish|a{number}"]),
            self._leads.get_entity(self._own, f"accept|{number}"),
            self._marks.get_entity(self._person, ids.position(lead)),
        )
        unchanged = {"etag": stored.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
        changed = {**accepted[0], "PartitionKey": self._own, "RowKey": f"accept|{number}"}
        operations: list[Any] = [("update", changed, {"mode": "replace", **unchanged})]
        operations += [("create", self._copy(row, f"a{number}")) for row in accepted[1:]]
        await asyncio.gather(self._leads.submit_transaction(operations), self._related(who))

    async def _related(self, who: str) -> None:
        condition = f"PartitionKey eq '{P}' and RowKey ge '{who}' and RowKey lt '{who}~'"
        await _first_page(self._leads, condition, 21, ["RowKey"])

    async def _hints(self, names: list[str]) -> None:
        rows = [{"PartitionKey": keys.AGENDA_SHARD, "RowKey": f"{name}|bare"} for name in names]
        await self._agenda.submit_transaction([("upsert", row, {"mode": "replace"}) for row in rows])

    def _copy(self, row: dict[str, Any], mark: str) -> dict[str, Any]:
        return {**row, "PartitionKey": self._own, "RowKey": f"{row['RowKey']}|{mark}"}


async def _first_page(table: TableClient, condition: str, top: int, select: list[str]) -> list[Any]:
    """One request, its documents parsed as JSON and no further."""
    pages = table.query_entities(condition, results_per_page=top, select=select).by_page()
    return [
        json.loads("".join(row.get(name) or "" for name in SELECTED[1:]) or "0") async for row in await anext(pages)
    ]


async def measure(ann: Caller, door: str, bare: Bare) -> None:
    """The main job."""

    def submission(mark: str) -> bytes:
        # A person each: whoever has many leads costs a read of each of them, which is another matter.
        return json.dumps(
            submission_body(Description=mark, Email=f"{mark.replace(' ', '.')}@northwind.example")
        ).encode()

    async def posted(mark: str) -> str:
        return id_of(await ann.call("POST", door, submission(mark)))

    lead = await posted("sample")
    received, hints = await bare.sample(lead), await bare.hints_of(lead)
    deal = json.dumps(DEAL_BODY).encode()
    await ann.call("POST", f"{LEADS}/{lead}/accept", deal)
    changed = {row["RowKey"]: row for row in await bare.sample(lead)}
    new = [row for key, row in changed.items() if row not in received and not key.startswith("lead|")]
    accepted = [changed[keys.lead(lead)], *new]
    who = next(key for key in changed if key.startswith("who|")).removesuffix(ids.position(lead))
    await bare.open(lead)

    title("The main job beside the bare SDK")
    print(head())
    bodies = [submission(f"intake {n}") for n in range(TIMES + WARM_UP)]
    pair = await compare(
        lambda n: ann.call("POST", door, bodies[n]), lambda n: bare.intake(received, hints, n), TIMES, WARM_UP
    )
    print(pair.row("intake", at_most(pair.ratio, INTAKE)), flush=True)
    pair = await compare(lambda _: ann.call("GET", f"{LEADS}/{lead}"), lambda _: bare.read(lead, who), TIMES, WARM_UP)
    print(pair.row("read a lead", at_most(pair.ratio, READ)), flush=True)
    path = f"{LEADS}?tab=marketplace&top=50"
    pair = await compare(lambda _: ann.call("GET", path), lambda _: bare.page(), TIMES, WARM_UP)
    print(pair.row("page of 50", at_most(pair.ratio, PAGE)), flush=True)
    waiting = [await posted(f"accept {n}") for n in range(TIMES + WARM_UP)]
    await bare.prepare_accepts(accepted[0])
    pair = await compare(
        lambda n: ann.call("POST", f"{LEADS}/{waiting[n]}/accept", deal),
        lambda n: bare.accept(accepted, who, lead, n),
        TIMES,
        WARM_UP,
    )
    print(pair.row("accept", at_most(pair.ratio, ACCEPT)), flush=True)
    await requests(bare.tables, next(row for row in received if row["RowKey"] == keys.lead(lead)))


async def requests(tables: Tables, row: dict[str, Any]) -> None:
    """Single requests with a lead's row."""
    ours, sdk = tables[keys.LEADS], tables.sdk(keys.LEADS)
    own = {name: value for name, value in row.items() if value is not None}

    def rows(way: str, number: int) -> list[dict[str, Any]]:
        return [{**own, "PartitionKey": f"{way}-transactions", "RowKey": f"{number}|{n}"} for n in range(7)]

    for start in range(0, 1_000, 100):
        some = [{**own, "PartitionKey": "range", "RowKey": f"lead|{n:04d}"} for n in range(start, start + 100)]
        await ours.transact([Write.insert(one) for one in some])
    characters = len(json.dumps(own))
    print(f"\nsingle requests, rows of {len(own)} columns and {characters / 1_000:.1f} KB:")
    batches = {way: [rows(way, n) for n in range(TIMES + WARM_UP)] for way in ("ours", "bare")}
    pair = await compare(
        lambda n: ours.transact([Write.insert(one) for one in batches["ours"][n]]),
        lambda n: sdk.submit_transaction([("create", one) for one in batches["bare"][n]]),
        TIMES,
        WARM_UP,
    )
    print(pair.row("transaction of 7 rows", at_most(pair.cpu, TRANSACTION, "our ms")), flush=True)
    pair = await compare(
        lambda _: ours.get("range", "lead|0500"), lambda _: sdk.get_entity("range", "lead|0500"), TIMES, WARM_UP
    )
    print(pair.row("a row"), flush=True)
    condition = "PartitionKey eq 'range' and RowKey gt 'lead|' and RowKey lt 'lead|~'"
    # Keys and documents, as lists and exports read them.
    for top, bar in ((50, None), (1_000, RANGE)):
        pair = await compare(
            lambda _, top=top: ours.page_of(Document, condition, top, SELECTED),
            lambda _, top=top: _rows(sdk, condition, top, SELECTED),
            TIMES // 4,
            WARM_UP,
        )
        print(pair.row(f"range of {top:,} rows", at_most(pair.cpu, bar, "our ms") if bar else ""), flush=True)
    pair = await compare(
        lambda _: ours.page(condition, 1_000), lambda _: _rows(sdk, condition, 1_000, []), TIMES // 4, WARM_UP
    )
    print(pair.row("the same, every column"), flush=True)


async def messages(wakeups: QueueWakeUps) -> None:
    """A message, which goes beside an answer, beside the SDK's call alone; commits that follow soon are one."""
    hint, queue = deliver_hint(P, MAIL_FIRST, AT), wakeups.queue(queues.LANES)

    async def ours() -> None:
        wakeups.lane(hint)
        await wakeups.sent()

    pair = await compare(lambda _: ours(), lambda _: queue.send_message("{}"), TIMES, WARM_UP)
    print(pair.row("a message"), flush=True)


async def _rows(table: TableClient, condition: str, top: int, select: list[str]) -> Sequence[Any]:
    pages = table.query_entities(condition, results_per_page=top, select=select or None).by_page()
    return [row async for row in await anext(pages)]


async def main() -> None:
    """Start Azurite in memory, build the app on it, measure."""
    with Azurite(None) as azurite, tempfile.TemporaryDirectory() as folder:
        issuer = Issuer("http://localhost:7071", Path(folder) / "key.pem")
        settings = Settings(
            storage_connection=SecretStr(azurite.connection),
            queue_connection=SecretStr(azurite.connection),
            token_issuer=issuer.template,
            token_audience=AUDIENCE,
            operator_tenant="operator",
            public_url="http://localhost:7071/api",
            email_dns=False,
            calls_per_second=10_000,
            intake_per_second=10_000,
        )
        tables, wakeups = connect(settings), queues.connect(settings)
        assert isinstance(wakeups, QueueWakeUps)
        await tables.create()
        await wakeups.create()

        async def fetch() -> dict[str, Any]:
            return issuer.keys()

        app.use(app.build(settings, tables, blobs.connect(settings), fetch, wakeups))
        try:
            api = InProcess(issuer)
            door = await register(api, P)
            await measure(Caller(api), door, Bare(tables))
            await messages(wakeups)
        finally:
            await wakeups.close()
            await tables.close()


if __name__ == "__main__":
    asyncio.run(main())
