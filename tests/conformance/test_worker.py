"""The deployed package in an empty folder: it loads with requirements.txt alone, and under the platform's own worker.

The worker library makes the checks that a deployment makes at load time and after every call. It wants Python 3.13,
which the platform runs; where there is none, that test is skipped and says so.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.azurite import Azurite
from shared.settings import Settings
from shared.storage.exports.blobs import Blobs
from shared.storage.programme.directory_store import BlobDirectory
from shared.storage.tables import Tables
from tests.architecture.test_function_index import TIMERS
from tests.builders import ROOT
from tools import package

RUNTIME = "azure-functions-runtime==1.3.0"
SCRIPT = ROOT / "tests" / "conformance" / "worker.py"
QUEUE_APP = """
import azure.functions as func

app = func.FunctionApp()


@app.function_name("take")
@app.queue_trigger(arg_name="message", queue_name="tell", connection="AzureWebJobsStorage")
async def take(message: func.QueueMessage, context: func.Context) -> None:
    times = [message.insertion_time, message.time_next_visible, message.expiration_time]
    assert [time.isoformat() for time in times] == [f"2026-11-{day}T20:04:27+00:00" for day in (21, 22, 28)]
    assert (type(message.dequeue_count), message.dequeue_count) == (int, 1)
    assert message.id and message.pop_receipt and message.get_json()["partner"] == "nobody"


@app.function_name("refuse")
@app.queue_trigger(arg_name="message", queue_name="tell", connection="AzureWebJobsStorage")
async def refuse(message: func.QueueMessage, context: func.Context) -> None:
    raise RuntimeError("is told to the host, which tries again")
"""
NAMES = "print(*(one.get_function_name() for one in __import__('function_app').app.get_functions()))"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as the platform unpacks it."""
    home = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(package.build(home / "app.zip")) as archive:
        archive.extractall(home / "home")
    return home / "home"


def install(python: str, *wanted: str) -> None:
    """Install these into that Python, by the pip of this one."""
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def alone(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with the package's requirements and nothing else: the platform's version, where there is one."""
    folder = tmp_path_factory.mktemp("python")
    python = platforms_python() or sys.executable
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = str(folder / "bin" / "python")
    install(made, "-r", str(unpacked / "requirements.txt"))
    return made


@pytest.fixture(scope="module")
def worker(alone: str) -> str:
    """That Python with the platform's worker library, which runs on 3.13."""
    if platforms_python() is None:
        pytest.skip("There is no Python 3.13 here: the platform's worker was NOT tried.")
    install(alone, RUNTIME)
    return alone


def platforms_python() -> str | None:
    """A Python 3.13 that starts; None where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    named = os.environ.get("PYTHON_OF_THE_PLATFORM"), shutil.which("python3.13")
    candidates = [*filter(None, named), *map(str, pyenv.glob("versions/3.13.*/bin/python3.13"))]
    for one in candidates:
        # What pyenv puts on the path ends with an error where another version is chosen.
        if subprocess.run([one, "-c", ""], capture_output=True, check=False).returncode == 0:
            return one
    return None


def called(python: str, home: Path, given: dict[str, str], module: str = "function_app") -> dict[str, dict[str, Any]]:
    """What came of each function, by name."""
    command = [python, str(SCRIPT), module]
    run = subprocess.run(command, cwd=home, env=given, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found: dict[str, dict[str, Any]] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_the_package_loads_with_its_requirements_alone(unpacked: Path, alone: str) -> None:
    run = subprocess.run(
        [alone, "-W", "error", "-c", NAMES], cwd=unpacked, env={}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert {"receive_lead", "mail_reports", "deliver_events"} <= set(run.stdout.split())


async def test_every_function_loads_and_answers_under_the_platforms_worker(
    unpacked: Path,
    worker: str,
    azurite: Azurite,
    settings: Settings,
    tables: Tables,
    files: Blobs,
    directory: BlobDirectory,
) -> None:
    given = {
        "LEADS_STORAGE_CONNECTION": azurite.connection,
        "LEADS_TABLE_PREFIX": settings.table_prefix,
        "LEADS_PUBLIC_URL": "https://leads.example/api",
        "LEADS_TOKEN_AUDIENCE": "api://partner-leads",
        "LEADS_EMAIL_DNS": "false",
        "PYTHONPATH": str(unpacked),
    }
    found = called(worker, unpacked, given)
    assert {name: one["problem"] for name, one in found.items() if not one["ok"]} == {}
    assert [name for name, one in found.items() if not one["traced"]] == [], "its span stands below the host's"
    http = {name: one for name, one in found.items() if one["type"] == "httpTrigger"}
    assert {one["status"] for one in http.values()} == {200, 400, 401, 404}
    pages = {name: http.pop(name) for name in ("show_page", "show_screen")}
    assert all(json.loads(one["body"]) for one in http.values())
    assert (pages["show_page"]["status"], pages["show_screen"]["status"]) == (200, 401)
    for page in pages.values():
        assert page["headers"]["content-type"].startswith("text/html")
        assert page["headers"]["content-security-policy"].startswith("default-src 'none'")
    files = pages["show_page"]["files"]
    assert {re.sub(r"\.[0-9a-f]{16}\.", ".", path.removeprefix("files/")) for path in files} == {
        *("app.css", "auth.js", "icon.svg", "main.js", "msal-browser.min.js"),
    }
    for file in files.values():
        assert (file["ok"], file["status"], bool(file["body"])) == (True, 200, True)
        assert file["headers"]["cache-control"] == "public, max-age=31536000, immutable"
    assert http["health"]["status"] == http["openapi"]["status"] == http["swagger"]["status"] == 200
    assert {name for name, one in found.items() if one["type"] == "eventGridTrigger"} == {"mail_reports"}
    assert {name for name, one in found.items() if one["type"] == "timerTrigger"} == {*TIMERS}


def test_a_queue_function_gets_its_message_as_the_host_hands_it_over(tmp_path: Path, worker: str) -> None:
    (tmp_path / "queue_app.py").write_text(QUEUE_APP)
    found = called(worker, tmp_path, {"PYTHONPATH": str(tmp_path)}, "queue_app")
    assert {name: one["type"] for name, one in found.items()} == dict.fromkeys(("take", "refuse"), "queueTrigger")
    assert (found["take"]["ok"], found["take"]["problem"]) == (True, None)
    assert not found["refuse"]["ok"]
    assert "is told to the host" in found["refuse"]["problem"]
