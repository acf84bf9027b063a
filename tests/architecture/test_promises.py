"""What is written in two places says the same in both."""

import inspect
import json
import re
import tomllib
from datetime import timedelta

from local.queue_options import QueueOptions
from shared.domain import errors
from shared.http.problems import STATUS
from shared.settings import PREFIX, Settings
from shared.storage import keys
from shared.version import VERSION
from tests.builders import ROOT
from tests.in_process import functions

DOCS = ROOT / "docs"


def test_every_error_has_a_status_a_message_and_a_line_in_the_docs() -> None:
    codes = {
        found.code: found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, errors.Refusal)
    }
    assert set(codes) == set(STATUS)
    assert all(found.__doc__ for found in codes.values())
    documented = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", (DOCS / "errors.md").read_text(), re.MULTILINE))
    assert documented == {code: str(status) for code, status in STATUS.items()}


def test_every_setting_is_documented_with_its_default() -> None:
    text = (DOCS / "settings.md").read_text()
    documented = set(re.findall(r"^\| `(LEADS_\w+)` \|", text, re.MULTILINE))
    assert documented == {PREFIX + name.upper() for name in Settings.model_fields}


def test_every_option_of_queues_is_documented_with_its_value() -> None:
    section = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]
    text = (DOCS / "settings.md").read_text()
    documented = dict(re.findall(r"^\| `queues\.(\w+)` \| `([^`]+)` \| \S", text, re.MULTILINE))
    assert documented == {name: str(value) for name, value in section.items()}
    seconds = timedelta(seconds=1)
    assert QueueOptions.read(ROOT) == QueueOptions(16, 176, 5 * seconds, 5, seconds, "base64")


def test_the_example_settings_are_settings() -> None:
    values = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]
    settings = Settings.read(values)
    assert settings.storage_connection is not None
    assert settings.public_url == "http://localhost:7071/api"


def test_the_version_is_one() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_table_is_described() -> None:
    text = (DOCS / "storage.md").read_text()
    assert set(re.findall(r"^### `(\w+)`", text, re.MULTILINE)) == set(keys.TABLES)


def test_every_handler_shows_the_worker_its_parameters_and_its_own_name() -> None:
    for function in functions():
        others = "message" if function.is_queue else "event"
        name = "req" if function.is_http else "timer" if function.is_timer else others
        assert list(inspect.signature(function.call).parameters) == [name, "context"]
        assert inspect.iscoroutinefunction(function.call)
        assert function.call.__name__ == function.name
        assert function.call.__doc__


def test_what_is_deployed_is_what_the_app_needs() -> None:
    ignored = (ROOT / ".funcignore").read_text().split()
    deployed = {"function_app.py", "functions", "shared", "host.json", "requirements.txt", "LICENSE"}
    tracked = {path.name for path in ROOT.iterdir()}
    assert deployed <= tracked
    assert not deployed & set(ignored)
    assert {"tests", "bench", "docs", "local", "tools", "node_modules", "Makefile"} <= set(ignored)


def test_no_rule_about_security_is_switched_off_for_the_product() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    off = lint["ignore"] + [
        code
        for files, codes in lint["per-file-ignores"].items()
        if files.startswith(("shared", "functions", "function_app"))
        for code in codes
    ]
    assert [code for code in off if re.fullmatch(r"S\d*", code)] == []
    # Elsewhere one by one, so that a new kind of fault is found there, too.
    assert not any("S" in codes for codes in lint["per-file-ignores"].values())
    # Where a single line needs it, it says why.
    lines = [
        line
        for folder in ("shared", "functions", "local", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
    ]
    said = [line for line in lines if re.search(r"# noqa: S\d", line)]
    assert len(said) >= 2
    assert [line for line in said if not re.search(r"# noqa: S\d+ - \w+ \w+", line)] == []
