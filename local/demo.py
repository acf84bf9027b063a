"""Registers the demo partner through the interface, as an operator would, and says what to paste next."""

import json
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from local import demo_directory, demo_outcomes
from local.azurite import ACCOUNT, Azurite, RunningStorage
from local.demo_inquiries import INQUIRIES
from local.demo_leads import LEADS, OFFERS, Demo
from local.demo_past import PAST
from local.issuer import Issuer
from shared import clock

Fire = Callable[[str], Awaitable[object]]
PARTNER, TENANT, OPERATOR = "contoso", "contoso", "operator"
PEOPLE = {
    "operator": (OPERATOR, ["Operator", "Sender"]),
    "seller": (OPERATOR, ["Sender"]),
    "ann": (TENANT, ["Leads.Admin", "Profile.Admin"]),
    "bob": (TENANT, ["Leads.Admin"]),
    "petra": (TENANT, ["Partner.Admin"]),
}
"""Who does something in the demo: the tenant and the roles they sign in with."""
PROFILE = {
    "name": "Contoso",
    "published": True,
    "description": "CRM, ERP and field service for companies of 10 to 1,000 people.",
    "keywords": ["crm", "erp", "field service", "warehouse"],
    "companySizes": ["10-50", "51-250", "251-1000"],
    "locations": [
        {
            "name": "Headquarters",
            "country": "SE",
            "address": "Stockholm",
            "contacts": [{"name": "Lena", "email": "lena@contoso.example", "language": "sv"}],
        },
        {
            "name": "Berlin",
            "country": "DE",
            "contacts": [{"name": "Jonas", "email": "jonas@contoso.example", "language": "de"}],
        },
        {
            "name": "London",
            "country": "GB",
            "contacts": [{"name": "Emma", "email": "bounce.emma@contoso.example", "language": "en"}],
        },
        {"name": "Milano", "country": "IT", "contacts": []},
    ],
}
"""Emma's address takes no mail (`local/mail_service.py`), and nobody is in Milano: there is advice about both (M6)."""
JUST_NOW = timedelta(hours=12)
"""Leads that came since have been judged by what became of those before (V3)."""
MAIL_OF_MONTH = timedelta(days=1, hours=9)
"""When the mail about the last month goes, into this one; in UTC it is late enough where the partner is."""


class Caller:
    """Calls the interface as one of PEOPLE, at the app's own time."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, issuer: Issuer) -> None:
        self._session, self._base, self._issuer = session, base_url, issuer

    async def call(
        self, method: str, path: str, body: Any = None, *, as_: str | None = "operator", tenant: str | None = None
    ) -> Any:
        """The answer's JSON, None without a body, as somebody of a tenant; raises SystemExit where it is refused."""
        headers = {}
        if as_ is not None:
            home, roles = PEOPLE[as_]
            token = self._issuer.token(tenant=tenant or home, roles=roles, user=as_, at=clock.now())
            headers["Authorization"] = f"Bearer {token}"
        async with self._session.request(method, f"{self._base}/api{path}", json=body, headers=headers) as answer:
            if answer.status >= 400:
                raise SystemExit(f"The demo could not be made: {method} {path}: {await answer.text()}")
            return await answer.json() if answer.content_type == "application/json" else None


async def prepare(base_url: str, issuer: Issuer, data: Path, azurite: Azurite | RunningStorage, fire: Fire) -> str:
    """Register `contoso` with a source if no partner is there yet, and fill it unless DEMO=0; return what to print.

    `fire` runs a timer.
    """
    file = data / "demo.json"
    async with aiohttp.ClientSession() as session:
        call = Caller(session, base_url, issuer).call
        listed = await call("GET", "/partners?top=1")
        if not listed["value"]:
            partner = {"name": "Contoso", "tenantIds": [TENANT], "timeZone": "Europe/Stockholm"}
            await call("PUT", f"/partners/{PARTNER}", partner)
            made = await call("POST", f"/partners/{PARTNER}/sources", {"name": "Marketplace", "kind": "https"})
            kept = {"id": made["id"], "key": made["key"]}
            _keep(file, kept)
            if os.environ.get("DEMO") != "0":
                print("Making half a year of leads (make run DEMO=0 starts with none) ...", flush=True)
                await call("PUT", f"/partners/{PARTNER}/profile", PROFILE, as_="ann")
                for title in OFFERS:
                    offer_id = "contoso." + title.lower().replace(" ", "-")
                    await call("PUT", f"/partners/{PARTNER}/offers/{offer_id}", {"title": title})
                directory = await demo_directory.fill(call, PARTNER)
                _keep(file, kept | {"directory": directory["pageUrl"]})
                # Declines suggest others (M3) from here on.
                await fire("refresh_directory")
                await demo_outcomes.fill(call)
                demo = Demo(PARTNER, _door(made), _door(directory), call)
                await demo.fill((*PAST, *INQUIRIES, *(one for one in LEADS if one.ago > JUST_NOW)))
                # Who administers the partner is told of the month, too.
                await call("GET", "/me", as_="petra")
                await _learn(fire)
                await demo.fill(one for one in LEADS if one.ago <= JUST_NOW)
    if not file.exists():
        served = f"Partner Leads serves {base_url}/api with the partners you registered."
        return f"{served}\n{_page(base_url)}{_storage(azurite)}"
    source = json.loads(file.read_text())
    # The page's address as it was made, whatever the port was then.
    _, _, page = source.get("directory", "").partition("/api/")
    return _banner(base_url, f"{base_url}/api/intake/{source['id']}?key={source['key']}", page, azurite)


def _door(source: dict[str, Any]) -> str:
    """Where a new source takes submissions."""
    return f"/intake/{source['id']}?key={source['key']}"


async def _learn(fire: Fire) -> None:
    """Count and learn from what the leads have come to, and have the mail about last month sent."""
    # What has expired, first: it is an end, too.
    for name in ("expire_leads", "archive_leads", "deliver_events"):
        await fire(name)
    kept, now = clock.offset, clock.now()
    begins = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + MAIL_OF_MONTH
    try:
        # At a time that is over: what the mail says is read when it is sent.
        clock.offset = kept + min(begins - now, timedelta())
        await fire("learn_outcomes")
    finally:
        clock.offset = kept
    await fire("learn_outcomes")


def _keep(file: Path, source: dict[str, str]) -> None:
    """Keep what is printed at the next start, keys too, where nobody else reads it."""
    file.write_text(json.dumps(source))
    file.chmod(0o600)


def _page(base_url: str) -> str:
    return f"The workspace page: {base_url}/api/app/ (sign in as anybody; the form says who is there)\n"


def _storage(azurite: Azurite | RunningStorage) -> str:
    where = "\n".join(f"  {name}: http://127.0.0.1:{port}/{ACCOUNT}" for name, port in azurite.ports.items())
    return f"Azurite's ports (another one each time unless AZURITE_TABLE_PORT and the like are set):\n{where}\n"


def _banner(base_url: str, intake_url: str, directory: str, azurite: Azurite | RunningStorage) -> str:
    shown = f"The directory's search page: {base_url}/api/{directory}\n" if directory else ""
    return f"""
Partner Leads serves {base_url}/api (Ctrl-C stops it, `make clean` forgets all leads).
{_page(base_url)}{shown}
The demo partner is {PARTNER}. Paste into another terminal:

  INTAKE='{intake_url}'
  TOKEN=$(curl -s '{base_url}/dev/token?tenant={TENANT}&roles=Leads.Admin&user=ann' | sed 's/.*:"//;s/".*//')
  TABLES='http://127.0.0.1:{azurite.ports["table"]}/{ACCOUNT}'

  curl -s "$INTAKE" -H 'Content-Type: application/json' -d @docs/samples/contact-me.json
  curl -s {base_url}/api/partners/{PARTNER}/leads -H "Authorization: Bearer $TOKEN"
  curl -s {base_url}/api/health

Mails that are sent: {base_url}/dev/mail
{_storage(azurite)}"""
