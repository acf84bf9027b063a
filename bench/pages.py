"""`make bench`: CPU that a screen of the workspace takes beside the JSON page of the same leads, in one run.

Both are the triggers as the host calls them, on one Azurite, packed with gzip as browsers take it; what is measured is
this process's own CPU, so neither waiting nor Azurite counts. Goal: a ratio of at most 1.5.
"""

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.side_by_side import Pair, compare
from local.azurite import Azurite
from local.functions import call_http, request_of
from local.issuer import AUDIENCE, Issuer
from shared import app
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect
from tests.builders import submission_body
from tests.in_process import InProcess, served

TIMES, WARM_UP, LEADS = 100, 10, 50
P = "contoso"
GOAL = 1.5
HEAD = f"{'CPU, ms: p50 (p25–p75)':<28}{'screen':>22}{'JSON':>22}{'pairwise':>24}"


@dataclass(frozen=True)
class Browser:
    """Asks for screens and JSON with one token; answers are not looked into, which would be measured, too."""

    token: str
    language: str

    async def get(self, *paths: str) -> int:
        """Bytes of the answers, one after the other; anything but success is a broken benchmark."""
        return sum([await self._get(path) for path in paths])

    async def _get(self, path: str) -> int:
        headers = {"authorization": f"Bearer {self.token}", "accept-encoding": "gzip", "accept-language": self.language}
        for route, function in served():
            parameters = route.match(path.split("?", maxsplit=1)[0]) if "GET" in route.methods else None
            if parameters is not None:
                request = request_of("GET", f"http://localhost:7071/api{path}", headers, parameters, b"")
                answer = await call_http(function, request)
                if answer.status_code != 200:
                    raise SystemExit(f"{path}: {answer.status_code}")
                return len(answer.get_body())
        raise SystemExit(f"no route for {path}")


def row(name: str, pair: Pair) -> str:
    """One line of the table."""
    ratios = [screen / plain for screen, plain in zip(pair.ours, pair.bare, strict=True)]
    return f"{name:<28}{spread(pair.ours):>22}{spread(pair.bare):>22}{spread(ratios):>24}"


def spread(values: list[float]) -> str:
    """The median, and the middle half in brackets."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


async def fill(api: InProcess) -> str:
    """A partner with fifty leads of several kinds; the id of one."""
    operator: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
    await api.call("PUT", f"/partners/{P}", {"name": "Contoso", "tenantIds": [P]}, **operator)
    made = await api.call("POST", f"/partners/{P}/sources", {"name": "Bench"}, **operator)
    door = made.json["intakeUrl"].removeprefix("http://localhost:7071/api")
    for n in range(LEADS):
        changes = {"Company": f"Northwind {n}", "Description": str(n), "ActionCode": ("PLT", "INS", "CTM")[n % 3]}
        country = ("Sweden", "Germany", "Italy")[n % 3]
        reply = await api.call("POST", door, submission_body(Country=country, Email=f"a{n}@n.example", **changes))
    return str(reply.json["id"])


async def measure(api: InProcess) -> None:
    """The lines of the table."""
    lead = await fill(api)
    leads = f"/partners/{P}/leads"
    pages = {
        "page of 50": ("/ui/leads", (leads,)),
        "lead with its history": (f"/ui/leads/{lead}", (f"{leads}/{lead}", f"{leads}/{lead}/history")),
        "header with its counts": ("/ui/top", (f"{leads}/summary",)),
    }
    print(f"{HEAD}\n{'-' * len(HEAD)}")
    for language in ("en", "de"):
        browser = Browser(api.token("Leads.Admin"), language)
        for name, (screen, views) in pages.items():
            pair = await compare(
                lambda _, path=screen, browser=browser: browser.get(path),
                lambda _, paths=views, browser=browser: browser.get(*paths),
                TIMES,
                WARM_UP,
                clock=time.process_time,
            )
            sizes = f"{await browser.get(screen) / 1000:.1f} and {await browser.get(*views) / 1000:.1f} KB"
            print(f"{row(f'{name} ({language})', pair)}   {sizes}", flush=True)
    print(f"goal for the page of 50: at most {GOAL}")


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
            email_dns=False,
        )
        tables = connect(settings)
        await tables.create()

        async def fetch() -> dict[str, Any]:
            return issuer.keys()

        app.use(app.build(settings, tables, blobs.connect(settings), fetch))
        try:
            await measure(InProcess(issuer))
        finally:
            await tables.close()


if __name__ == "__main__":
    asyncio.run(main())
