"""Registers the demo partner through the interface, as an operator would, and says what to paste next."""

import json
from pathlib import Path
from typing import Any

import aiohttp

from local.azurite import ACCOUNT, Azurite
from local.issuer import Issuer
from shared import clock

PARTNER, TENANT, OPERATOR = "contoso", "contoso", "operator"


async def prepare(base_url: str, issuer: Issuer, data: Path, azurite: Azurite) -> str:
    """Register `contoso` with a source if no partner is there yet; return what to print."""
    file = data / "demo.json"
    token = issuer.token(tenant=OPERATOR, roles=["Operator"], user="operator", at=clock.now())
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        listed = await _call(session, "GET", f"{base_url}/api/partners?top=1")
        if not listed["value"]:
            partner = {"name": "Contoso", "tenantIds": [TENANT], "timeZone": "Europe/Stockholm"}
            await _call(session, "PUT", f"{base_url}/api/partners/{PARTNER}", partner)
            source = {"name": "Marketplace", "kind": "https"}
            made = await _call(session, "POST", f"{base_url}/api/partners/{PARTNER}/sources", source)
            file.write_text(json.dumps({"id": made["id"], "key": made["key"]}))
            file.chmod(0o600)
    if not file.exists():
        return f"Partner Leads serves {base_url}/api with the partners you registered.\n{_storage(azurite)}"
    source = json.loads(file.read_text())
    return _banner(base_url, f"{base_url}/api/intake/{source['id']}?key={source['key']}", azurite)


async def _call(session: aiohttp.ClientSession, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    async with session.request(method, url, json=body) as answer:
        if answer.status >= 400:
            raise SystemExit(f"The demo partner could not be registered: {method} {url}: {await answer.text()}")
        return await answer.json()


def _storage(azurite: Azurite) -> str:
    where = "\n".join(f"  {name}: http://127.0.0.1:{port}/{ACCOUNT}" for name, port in azurite.ports.items())
    return f"Azurite's ports (another one each time unless AZURITE_TABLE_PORT and the like are set):\n{where}\n"


def _banner(base_url: str, intake_url: str, azurite: Azurite) -> str:
    return f"""
Partner Leads serves {base_url}/api (Ctrl-C stops it, `make clean` forgets all leads).
The demo partner is {PARTNER}. Paste into another terminal:

  INTAKE='{intake_url}'
  TOKEN=$(curl -s '{base_url}/dev/token?tenant={TENANT}&roles=Leads.Admin&user=ann' | sed 's/.*:"//;s/".*//')
  TABLES='http://127.0.0.1:{azurite.ports["table"]}/{ACCOUNT}'

  curl -s "$INTAKE" -H 'Content-Type: application/json' -d @docs/samples/contact-me.json
  curl -s {base_url}/api/partners/{PARTNER}/leads -H "Authorization: Bearer $TOKEN"
  curl -s {base_url}/api/health

Mails that are sent: {base_url}/dev/mail
{_storage(azurite)}"""
