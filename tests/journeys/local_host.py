"""The local host as its own process, as `make run` starts it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from local.azurite import free_port
from tests import local_http
from tests.builders import ROOT

READY = "Partner Leads serves"
STARTED_WITHIN = 300
"""Seconds; with the demo's leads a busy machine takes a minute and a half."""


class LocalHost:
    """One run of the host on a data folder; `output` is everything it has printed."""

    def __init__(self, data: Path, port: int | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.environment = environment or {}
        self.port = port or free_port()
        self.table_port = free_port()
        self.output = ""
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGTERM)

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://localhost:{self.port}"

    @property
    def intake(self) -> str:
        """The demo partner's intake URL, as printed."""
        found = re.search(r"INTAKE='([^']+)'", self.output)
        assert found, self.output
        return found[1]

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def code(self) -> int | None:
        """What it has ended with; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def azurite_pid(self) -> int:
        """The process id of its Azurite."""
        return int((self.data / "azurite" / "pid").read_text())

    def start(self) -> None:
        """Start it and wait until it says that it serves."""
        self.launch()
        assert self._process is not None
        ready = self._ready.wait(STARTED_WITHIN) and READY in self.output
        if not ready:
            self._process.kill()
        assert ready, self.output

    def launch(self) -> None:
        """Start it."""
        self._ready.clear()
        self.output = ""
        environment = os.environ | {
            "PORT": str(self.port),
            "AZURITE_TABLE_PORT": str(self.table_port),
            "LOCAL_DATA": str(self.data),
            "PYTHONUNBUFFERED": "1",
            "DEMO": "0",
            **self.environment,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def end(self, with_signal: int) -> int:
        """Send the signal and wait for the end; the exit code."""
        assert self._process is not None
        self._process.send_signal(with_signal)
        code = self._process.wait(60)
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def token(self, roles: str, tenant: str = "contoso", user: str = "ann") -> str:
        """A token of the local issuer."""
        query = {"tenant": tenant, "roles": roles, "user": user}
        answer = local_http.get(f"{self.url}/dev/token", params=query, timeout=30)
        return str(answer.json()["token"])

    def client(self, roles: str, tenant: str = "contoso", user: str = "ann") -> httpx.Client:
        """A caller of the interface."""
        headers = {"Authorization": f"Bearer {self.token(roles, tenant, user)}"}
        return local_http.Client(base_url=f"{self.url}/api", headers=headers, timeout=30)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output += line
            if READY in line:
                # The banner is printed at once, so that what follows in it is here too in a moment.
                threading.Timer(0.3, self._ready.set).start()
        self._ready.set()


def refused_start(data: Path, port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail."""
    return subprocess.run(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env=os.environ | {"PORT": str(port), "LOCAL_DATA": str(data)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def register(host: LocalHost, partner: str) -> str:
    """Register a partner whose tenant has its own name; its intake URL."""
    with host.client("Operator", "operator") as operator:
        body: dict[str, Any] = {"name": partner, "tenantIds": [partner]}
        assert operator.put(f"/partners/{partner}", json=body).status_code == 201
        made = operator.post(f"/partners/{partner}/sources", json={"name": "Marketplace"})
        assert made.status_code == 201
        return str(made.json()["intakeUrl"])
