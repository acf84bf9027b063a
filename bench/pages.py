"""`make bench`: CPU that a screen of the workspace takes beside the JSON page of the same leads, in one run.

Both are the triggers as the host calls them, on one Azurite, packed with gzip as browsers take it; what is compared is
this process's own CPU, so neither waiting nor Azurite counts.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.calls import Caller, id_of, register
from bench.figures import at_most, title
from bench.side_by_side import compare, head
from local.azurite import Azurite
from local.issuer import AUDIENCE, Issuer
from shared import app
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect
from tests.builders import submission_body
from tests.in_process import InProcess

TIMES, WARM_UP, LEADS = 100, 10, 50
P = "contoso"
GOAL = 1.5


async def get(browser: Caller, *paths: str) -> int:
    """Bytes of the answers, one after the other."""
    return sum([len((await browser.call("GET", path)).get_body()) for path in paths])


async def fill(api: InProcess) -> str:
    """A partner with fifty leads of several kinds; the id of one."""
    door, caller = await register(api, P), Caller(api)
    for n in range(LEADS):
        changes = {"Company": f"Northwind {n}", "Description": str(n), "ActionCode": ("PLT", "INS", "CTM")[n % 3]}
        country = ("Sweden", "Germany", "Italy")[n % 3]
        body = submission_body(Country=country, Email=f"a{n}@n.example", **changes)
        made = await caller.call("POST", door, json.dumps(body).encode())
    return id_of(made)


async def measure(api: InProcess) -> None:
    """The lines of the table."""
    lead = await fill(api)
    leads = f"/partners/{P}/leads"
    pages = {
        "page of 50": ("/ui/leads", (leads,)),
        "lead with its history": (f"/ui/leads/{lead}", (f"{leads}/{lead}", f"{leads}/{lead}/history")),
        "header with its counts": ("/ui/top", (f"{leads}/summary",)),
    }
    title("Screens beside JSON")
    print(head("screen", "JSON"))
    for language in ("en", "de"):
        browser = Caller(api, accept_encoding="gzip", accept_language=language)
        for name, (screen, views) in pages.items():
            pair = await compare(
                lambda _, path=screen, browser=browser: get(browser, path),
                lambda _, paths=views, browser=browser: get(browser, *paths),
                TIMES,
                WARM_UP,
            )
            sizes = f"{await get(browser, screen) / 1000:.1f} and {await get(browser, *views) / 1000:.1f} KB"
            bar = "; " + at_most(pair.ratio, GOAL) if name == "page of 50" else ""
            print(pair.row(f"{name} ({language})", sizes + bar), flush=True)


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
