"""What an acknowledged lead survives, and how the host starts and stops."""

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from local.azurite import _is_azurite, free_port
from tests import local_http
from tests.builders import CONTACT_ME, submission_body, unique
from tests.journeys.local_host import LocalHost, refused_start


class Poster(threading.Thread):
    """Posts one lead after the other and keeps the ids of those that were acknowledged."""

    def __init__(self, intake: str) -> None:
        super().__init__(daemon=True, name=unique("poster"))
        self.intake = intake
        self.acknowledged: list[str] = []
        self.enough = threading.Event()
        self.stopped = False

    def run(self) -> None:
        with local_http.Client(timeout=30) as client:
            number = 0
            while not self.stopped:
                number += 1
                with suppress(httpx.HTTPError):
                    answer = client.post(self.intake, json=submission_body(Description=f"{self.name} {number}"))
                    if answer.status_code == 201:
                        self.acknowledged.append(answer.json()["id"])
                        if len(self.acknowledged) >= 25:
                            self.enough.set()
                        continue
                return


def stored(host: LocalHost) -> set[str]:
    found: set[str] = set()
    with host.client("Leads.User") as ann:
        link = f"{host.url}/api/partners/contoso/leads?top=200"
        while link:
            page = ann.get(link).json()
            found |= {one["id"] for one in page["value"]}
            link = page.get("nextLink", "")
    return found


def gone(pid: int) -> bool:
    for _ in range(300):
        if not _is_azurite(pid):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("way", ["kill -9 of the host", "SIGTERM of everything", "Ctrl-C"])
def test_an_acknowledged_lead_survives(tmp_path: Path, way: str) -> None:
    acknowledged: list[str] = []
    for _ in range(2):
        with LocalHost(tmp_path) as host:
            azurite = host.azurite_pid
            poster = Poster(host.intake)
            poster.start()
            assert poster.enough.wait(60)
            if way == "SIGTERM of everything":
                os.kill(azurite, signal.SIGTERM)
                code = host.end(signal.SIGTERM)
            elif way == "Ctrl-C":
                code = host.end(signal.SIGINT)
            else:
                code = host.end(signal.SIGKILL)
            poster.stopped = True
            poster.join(60)
            assert code == (-signal.SIGKILL if way.startswith("kill") else 0)
            acknowledged += poster.acknowledged
    assert gone(azurite)
    with LocalHost(tmp_path) as again:
        assert set(acknowledged) <= stored(again)
        assert len(acknowledged) >= 50


def test_a_restart_keeps_the_leads_and_prints_the_same_door(tmp_path: Path) -> None:
    with LocalHost(tmp_path) as host:
        intake = host.intake
        lead = local_http.post(intake, json=CONTACT_ME, timeout=30).json()["id"]
        token = host.token("Leads.User")
        azurite = host.azurite_pid
    assert gone(azurite)
    assert "ERROR" not in host.output
    with LocalHost(tmp_path, host.port) as again:
        assert again.intake == intake
        assert stored(again) == {lead}
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{again.url}/api/partners/contoso/leads/{lead}"
        assert local_http.get(url, headers=headers, timeout=30).status_code == 200


def test_a_port_that_is_taken_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = refused_start(tmp_path, port)
        assert refused.returncode == 1
        assert f"Port {port} is taken" in refused.stderr
        assert "make run PORT=" in refused.stderr
        other = refused_start(tmp_path, free_port(), AZURITE_TABLE_PORT=str(port))
        assert "AZURITE_TABLE_PORT" in other.stderr
    assert "is no port" in refused_start(tmp_path, 0).stderr


def test_a_second_host_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with LocalHost(tmp_path):
        refused = refused_start(tmp_path, free_port())
        assert refused.returncode == 1
        assert "Another local host" in refused.stderr


def test_a_missing_node_is_said_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from local import azurite

    monkeypatch.setattr(azurite, "node", lambda: None)
    with pytest.raises(SystemExit, match="make setup"):
        azurite.Azurite(None).start()
