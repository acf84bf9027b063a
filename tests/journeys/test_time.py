"""The moved clock: deadlines and tokens follow it, on a host of its own."""

from pathlib import Path

import httpx

from tests.builders import CONTACT_ME, DEAL_BODY
from tests.journeys.local_host import LocalHost


def test_post_advance_look(tmp_path: Path) -> None:
    with LocalHost(tmp_path) as host:
        lead = httpx.post(host.intake, json=CONTACT_ME, timeout=30).json()["id"]
        path = f"/partners/contoso/leads/{lead}"
        with host.client("Leads.Admin") as ann:
            assert ann.get(path).json()["flame"]["state"] == "hot"
            moved = httpx.post(f"{host.url}/dev/clock", json={"advance": "P3DT1S"}, timeout=30).json()
            assert moved["offsetSeconds"] == 3 * 86_400 + 1
            assert ann.get(path).status_code == 401
        with host.client("Leads.Admin") as ann:
            assert ann.get(path).json()["flame"]["state"] == "cooled"
        httpx.post(f"{host.url}/dev/clock", json={"advance": "P11D"}, timeout=30)
        with host.client("Leads.Admin") as ann:
            read = ann.get(path).json()
            assert (read["status"], read["outcome"], read["customer"]["email"]) == ("archived", "expired", None)
            refused = ann.post(f"{path}/accept", json=DEAL_BODY)
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "leadExpired")
    with LocalHost(tmp_path) as again:
        assert httpx.get(f"{again.url}/dev/clock", timeout=30).json()["offsetSeconds"] == 14 * 86_400 + 1
