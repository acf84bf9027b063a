"""`make bench`: intake, read, page of 50 and accept, each beside the bare SDK calls of the same shape, in one run.

"Ours" is the trigger as the host calls it (token, checks, use case, answer as JSON), without the HTTP server in front;
"bare" sends the same rows to the same Azurite with the SDK and nothing else. Goal: a ratio of at most 1.3.
"""

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from azure.core import MatchConditions
from azure.data.tables.aio import TableClient
from pydantic import SecretStr

from bench.side_by_side import HEAD, compare
from local.azurite import ROOT, Azurite
from local.issuer import AUDIENCE, Issuer
from shared import app, ids
from shared.domain.lead import Tab
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports import blobs
from shared.storage.tables import Tables, connect
from tests.builders import DEAL_BODY, submission_body
from tests.in_process import InProcess, Reply

TIMES, WARM_UP = 200, 10
DOCS = [f"doc{n}" for n in range(8)]
P = "contoso"
LEADS = f"/partners/{P}/leads"


class Caller:
    """Calls with one token, as a partner's frontend does; signing it is not what is measured."""

    def __init__(self, api: InProcess) -> None:
        self._api = api
        self._headers = {"authorization": f"Bearer {api.token('Leads.Admin')}"}
        self._door = ""

    async def register(self) -> None:
        """The partner and its source."""
        operator: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
        await self._api.call("PUT", f"/partners/{P}", {"name": "Contoso", "tenantIds": [P]}, **operator)
        made = await self._api.call("POST", f"/partners/{P}/sources", {"name": "Bench"}, **operator)
        self._door = made.json["intakeUrl"].removeprefix("http://localhost:7071/api")

    async def call(self, method: str, path: str, body: Any = None) -> Reply:
        """One call; anything but success is a broken benchmark."""
        reply = await self._api.call(method, path, body, headers=self._headers)
        if reply.status >= 300:
            raise SystemExit(f"{method} {path}: {reply.status} {reply.text}")
        return reply

    async def post(self, mark: str) -> str:
        """One submission; its lead's id."""
        return str((await self.call("POST", self._door, submission_body(Description=mark))).json["id"])


class Bare:
    """Does with the bare SDK what the product did to a sample lead: the same rows, in a partition of its own."""

    def __init__(self, tables: Tables) -> None:
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

    async def intake(self, received: list[dict[str, Any]], number: int) -> None:
        """The hints, then the transaction."""
        await self._hints([f"publish|{number}", f"expire|{number}", f"cool|{number}"])
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
            _first_page(self._leads, leads, 50, ["RowKey", *DOCS]),
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
    return [json.loads("".join(row.get(name) or "" for name in DOCS) or "0") async for row in await anext(pages)]


async def measure(ann: Caller, bare: Bare) -> None:
    """The four rows of the table."""
    await ann.register()
    lead = await ann.post("sample")
    received = await bare.sample(lead)
    await ann.call("POST", f"{LEADS}/{lead}/accept", DEAL_BODY)
    changed = {row["RowKey"]: row for row in await bare.sample(lead)}
    new = [row for key, row in changed.items() if row not in received and not key.startswith("lead|")]
    accepted = [changed[keys.lead(lead)], *new]
    who = next(key for key in changed if key.startswith("who|")).removesuffix(ids.position(lead))
    await bare.open(lead)

    print(f"{HEAD}\n{'-' * len(HEAD)}")
    pair = await compare(lambda n: ann.post(f"intake {n}"), lambda n: bare.intake(received, n), TIMES, WARM_UP)
    print(pair.row("intake"))
    pair = await compare(lambda _: ann.call("GET", f"{LEADS}/{lead}"), lambda _: bare.read(lead, who), TIMES, WARM_UP)
    print(pair.row("read a lead"))
    path = f"{LEADS}?tab=marketplace&top=50"
    pair = await compare(lambda _: ann.call("GET", path), lambda _: bare.page(), TIMES, WARM_UP)
    print(pair.row("page of 50"))
    waiting = [await ann.post(f"accept {n}") for n in range(TIMES + WARM_UP)]
    await bare.prepare_accepts(accepted[0])
    pair = await compare(
        lambda n: ann.call("POST", f"{LEADS}/{waiting[n]}/accept", DEAL_BODY),
        lambda n: bare.accept(accepted, who, lead, n),
        TIMES,
        WARM_UP,
    )
    print(pair.row("accept"))


async def main() -> None:
    """Start Azurite in memory, build the app on it, measure."""
    with Azurite(None) as azurite, tempfile.TemporaryDirectory() as folder:
        issuer = Issuer("http://localhost:7071", Path(folder) / "key.pem")
        settings = Settings(
            storage_connection=SecretStr(azurite.connection),
            token_issuer=issuer.template,
            token_audience=AUDIENCE,
            operator_tenant="operator",
            public_url="http://localhost:7071/api",
        )
        tables = connect(settings)
        await tables.create()

        async def fetch() -> dict[str, Any]:
            return issuer.keys()

        app.use(app.build(settings, tables, blobs.connect(settings), fetch))
        try:
            await measure(Caller(InProcess(issuer)), Bare(tables))
        finally:
            await tables.close()


def import_seconds() -> float:
    """CPU seconds that a fresh process spends on importing the function app."""
    code = "import time; t = time.process_time(); import function_app; print(time.process_time() - t)"
    runs = [
        float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    return sorted(runs)[2]


if __name__ == "__main__":
    asyncio.run(main())
    print(f"\nimport of function_app: {import_seconds():.2f} s of CPU (median of 5; goal: at most 1 s)")
