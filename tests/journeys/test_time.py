"""The moved clock: deadlines and tokens follow it, on a host of its own."""

import time
from pathlib import Path

from azure.data.tables import TableClient

from local import azurite
from tests import local_http
from tests.builders import CONTACT_ME, DEAL_BODY, submission_body
from tests.journeys.local_host import LocalHost


def test_post_advance_look(tmp_path: Path) -> None:
    with LocalHost(tmp_path) as host:
        lead = local_http.post(host.intake, json=CONTACT_ME, timeout=30).json()["id"]
        path = f"/partners/contoso/leads/{lead}"
        with host.client("Leads.Admin") as ann:
            assert ann.get(path).json()["flame"]["state"] == "hot"
            moved = local_http.post(f"{host.url}/dev/clock", json={"advance": "P3DT1S"}, timeout=30).json()
            assert moved["offsetSeconds"] == 3 * 86_400 + 1
            assert ann.get(path).status_code == 401
        with host.client("Leads.Admin") as ann:
            assert ann.get(path).json()["flame"]["state"] == "cooled"
        local_http.post(f"{host.url}/dev/clock", json={"advance": "P11D"}, timeout=30)
        with host.client("Leads.Admin") as ann:
            read = ann.get(path).json()
            assert (read["status"], read["outcome"], read["customer"]["email"]) == ("archived", "expired", None)
            refused = ann.post(f"{path}/accept", json=DEAL_BODY)
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "leadExpired")
    with LocalHost(tmp_path) as again:
        assert local_http.get(f"{again.url}/dev/clock", timeout=30).json()["offsetSeconds"] == 14 * 86_400 + 1


def test_timers_record_what_the_clock_has_done_and_reconcile_mends_the_agenda(tmp_path: Path) -> None:
    with LocalHost(tmp_path) as host:
        asked = local_http.post(host.intake, json=CONTACT_ME, timeout=30).json()["id"]
        got = local_http.post(host.intake, json=submission_body(ActionCode="INS"), timeout=30).json()["id"]
        _forget_deadlines(host)
        for name in ("reconcile", "cool_flames", "expire_leads", "archive_leads"):
            answer = local_http.post(f"{host.url}/admin/functions/{name}", json={"input": ""}, timeout=60)
            assert answer.status_code == 202
        assert "Missing hints were written again." in host.output
        local_http.post(f"{host.url}/dev/clock", json={"advance": "P200D"}, timeout=30)
        for name in ("expire_leads", "cool_flames", "archive_leads"):
            local_http.post(f"{host.url}/admin/functions/{name}", json={"input": ""}, timeout=60)
        with host.client("Leads.User") as ann:
            history = ann.get(f"/partners/contoso/leads/{asked}/history").json()["value"]
            assert [event["type"] for event in history] == ["lead.expired", "lead.flameCooled", "lead.received"]
            aged = ann.get(f"/partners/contoso/leads/{got}/history").json()["value"][0]
        assert (aged["type"], aged["by"]["id"]) == ("lead.aged", "archive_leads")
        assert _statuses(host) == {"archived"}
        # The moved clock passes over every schedule, and each missed run happens once, by itself.
        late = local_http.post(host.intake, json=submission_body(Title="late"), timeout=30).json()["id"]
        local_http.post(f"{host.url}/dev/clock", json={"advance": "P14D"}, timeout=30)
        for _ in range(100):
            if _statuses(host) == {"archived"}:
                break
            time.sleep(0.1)
        assert _statuses(host) == {"archived"}, late
        assert "ERROR" not in host.output


def _connection(host: LocalHost) -> str:
    end = f"http://127.0.0.1:{host.table_port}/{azurite.ACCOUNT}"
    return f"AccountName={azurite.ACCOUNT};AccountKey={azurite.KEY};TableEndpoint={end};"


def _forget_deadlines(host: LocalHost) -> None:
    """Delete hints behind the system's back."""
    with TableClient.from_connection_string(_connection(host), "Agenda") as agenda:
        for row in list(agenda.list_entities()):
            if not row["RowKey"].startswith("tell"):
                agenda.delete_entity(row["PartitionKey"], row["RowKey"])


def _statuses(host: LocalHost) -> set[str]:
    """The stored statuses, whatever the clock says."""
    with TableClient.from_connection_string(_connection(host), "Leads") as leads:
        return {row["status"] for row in leads.query_entities("RowKey ge 'lead|' and RowKey lt 'lead~'")}
