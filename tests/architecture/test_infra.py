"""What stands in `infra/` and in the code says the same in both; misspelt Bicep is found.

No Bicep compiler can be installed from a package registry: `tools/bicep_lint.py` stands in for it, and here it is shown
what it finds. What it cannot know, types and values, is for `az deployment group validate` (docs/operations.md).
"""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from shared.settings import PREFIX, Settings
from shared.storage import keys
from tests.architecture.test_function_index import DEFAULTS, TIMERS
from tests.builders import ROOT
from tools import package

INFRA = ROOT / "infra"
MAIN = (INFRA / "main.bicep").read_text()
APP = (INFRA / "modules" / "function-app.bicep").read_text()
ROLES = (INFRA / "modules" / "roles.bicep").read_text()
EVERY = {path: path.read_text() for path in INFRA.rglob("*.bicep*")}


def lint(folder: Path) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "bicep_lint.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def test_every_file_parses_and_names_only_what_there_is() -> None:
    code, said = lint(INFRA)
    assert code == 0, said
    assert f"{len(EVERY)} files, 0 faults" in said


FAULTS = [
    ("modules/host-storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAcess: false"),
    ("modules/function-app.bicep", "userAssignedIdentityResourceId: ", "userAssignedIdentityResourcesId: "),
    ("modules/function-app.bicep", "instanceCount: alwaysReadyHttp", "instancesCount: alwaysReadyHttp"),
    ("modules/alerts.bicep", "skipQueryValidation: true", "skipQueryValidations: true"),
    ("modules/mail.bicep", "disableLocalAuth: true", "hostName: 'x'"),
    ("modules/workbook.bicep", "serializedData:", "serialisedData:"),
    ("modules/mail.bicep", "emailServices@2025-09-01", "emailServices@2035-09-01"),
    ("main.bicep", "identity.properties.principalId", "identity.properties.principlId"),
    ("modules/function-app.bicep", "serverFarmId: plan.id", "serverFarmId: plans.id"),
    ("modules/monitoring.bicep", "'${name}-logs'", "'${nam}-logs'"),
    ("main.bicep", "uniqueString(", "uniqeString("),
    ("main.bicep", "mail.outputs.endpoint", "mail.outputs.endpiont"),
    ("main.bicep", "    dataLocation: dataLocation\n", "    datalocation: dataLocation\n"),
    ("main.bicep", "    insightsName: monitoring.outputs.insightsName\n    hostStorageName", "    hostStorageName"),
    ("modules/mail.bicep", "param tags object", "param tags object\nparam extra string"),
    ("modules/monitoring.bicep", "    sku: {\n      name: 'PerGB2018'\n    }", "    sku: {\n      name: 'PerGB2018'\n"),
    ("modules/mail.bicep", "dataLocation: dataLocation", "dataLocation dataLocation"),
    ("modules/mail.bicep", "location: 'global'", "location: 'global"),
    ("dev.bicepparam", "param instanceMemory", "param instanceMemmory"),
    ("prod.bicepparam", "param tokenAudience = readEnvironmentVariable('TOKEN_AUDIENCE')\n", ""),
    ("dev.bicepparam", "param name = 'leadsdev'", "param name 'leadsdev'"),
]


@pytest.mark.parametrize(("file", "right", "wrong"), FAULTS)
def test_a_fault_in_it_is_found(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    copy = tmp_path / "infra"
    shutil.copytree(INFRA, copy)
    text = (copy / file).read_text()
    assert right in text
    (copy / file).write_text(text.replace(right, wrong, 1))
    code, said = lint(copy)
    assert code == 1, said
    assert "0 faults" not in said


def test_every_parameter_and_output_is_described() -> None:
    for path, text in EVERY.items():
        if path.suffix == ".bicep":
            declared = re.findall(r"^(?:param|output) (\w+)", text, re.MULTILINE)
            described = re.findall(
                r"^@description\('(?:[^'\\]|\\.)+'\)\n(?:@\w+\(.*\)\n)*(?:param|output) (\w+)", text, re.MULTILINE
            )
            assert declared == described, path


def test_no_key_is_switched_on_read_or_passed() -> None:
    accounts = [text for text in EVERY.values() if re.search(r"^resource account [^\n]+= \{", text, re.MULTILINE)]
    accounts = [text for text in accounts if "existing = {" not in text.split("resource account ")[1].split("\n")[0]]
    assert len(accounts) == 3
    assert sum("allowSharedKeyAccess: false" in text for text in accounts) == 2
    # Partner Center can only write tables with a key (I3): nothing else is in that account, and one must ask for it.
    (other,) = (text for text in accounts if "allowSharedKeyAccess: keys" in text)
    assert not re.search(r"blobServices|queueServices", other)
    assert "param marketplaceKeys bool = false" in MAIN
    for text in EVERY.values():
        assert not re.search(r"list\w*Keys\(|AccountKey|@secure|SharedAccess|InstrumentationKey", text)


def test_app_settings_are_settings_and_the_schedules_those_of_the_code() -> None:
    given = set(re.findall(r"^\s+(LEADS_\w+):", MAIN, re.MULTILINE))
    assert given <= {PREFIX + name.upper() for name in Settings.model_fields}
    values = dict.fromkeys(given, "https://a.example") | {
        "LEADS_STORAGE_ACCOUNT": "account",
        "LEADS_MAILS_PER_MINUTE": "5",
        "LEADS_MAILS_PER_HOUR": "10",
        "LEADS_EXPORT_KEPT_DAYS": "7",
    }
    assert Settings.read(values).storage_account == "account"
    timers = dict(re.findall(r"\{ name: '(\w+)', schedule: '([^']+)', late: \d+ \}", MAIN))
    assert {f"{name.upper()}_SCHEDULE": schedule for name, schedule in timers.items()} == DEFAULTS
    assert set(timers) == set(TIMERS)
    # The platform refuses these on Flex Consumption.
    for name in ("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"):
        assert f"{name}:" not in MAIN + APP


def test_the_host_hands_on_every_log_and_request_and_the_app_sends_the_rest() -> None:
    host = json.loads((ROOT / "host.json").read_text())
    # In that mode the host drops exceptions of a worker that sends telemetry itself (docs/decisions/0013-telemetry.md).
    assert "telemetryMode" not in host
    levels = host["logging"]["logLevel"]
    assert levels == {"default": "Warning", **dict.fromkeys(levels.keys() - {"default"}, "Information")}
    assert {"Function", "Host.Results"} <= levels.keys()
    # Alerts count what is logged, and a timer's runs are requests.
    kept = host["logging"]["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";")
    assert {"Request", "Trace", "Exception"} <= set(kept)
    assert not re.search(r"PYTHON_ENABLE_OPENTELEMETRY|PYTHON_APPLICATIONINSIGHTS", MAIN + APP)


def test_tables_and_the_container_are_those_of_the_code() -> None:
    tables = re.search(r"^var tables = \[(.+)\]", MAIN, re.MULTILINE)
    assert tables
    assert tuple(re.findall(r"'(\w+)'", tables[1])) == keys.TABLES
    assert f"var exportContainer = '{keys.EXPORT_FILES}'" in MAIN


def test_roles_are_what_the_code_uses() -> None:
    """A role for each thing the code reaches; more would be a right that nobody needs."""
    given = dict(
        re.findall(
            r"^resource (\w+) '[^']+/roleAssignments@[^\n]+\n(?:.*\n)*?.*roleDefinitionId: role\.(\w+)",
            ROLES,
            re.MULTILINE,
        )
    )
    assert given == {
        # The host: its package, its leases.
        "hostBlobs": "blobDataOwner",
        # shared/storage/tables.py
        "tableRows": "tableDataContributor",
        # shared/storage/marketplace_tables.py
        "marketplaceRows": "tableDataReader",
        # shared/storage/blobs.py: writing, and links signed by user delegation
        "exportFiles": "blobDataContributor",
        "exportLinks": "blobDelegator",
        # shared/delivery/mailer.py
        "sendMail": "mailOwner",
        "writeLogs": "metricsPublisher",
    }
    assert set(given.values()) == set(re.findall(r"^  (\w+): subscriptionResourceId", ROLES, re.MULTILINE))


def test_alerts_ask_for_events_that_the_code_writes() -> None:
    alerts = (INFRA / "modules" / "alerts.bicep").read_text()
    asked = set(re.findall(r'event == "([\w.]+)"', alerts))
    code = "".join(path.read_text() for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py"))
    assert asked == {one for one in asked if f'"event": "{one}"' in code}
    assert len(asked) == 4


def test_the_package_holds_what_runs_and_nothing_else(tmp_path: Path) -> None:
    made = package.build(tmp_path / "app.zip")
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "LICENSE",
        "constraints.txt",
        "function_app.py",
        "functions",
        "host.json",
        "requirements.txt",
        "shared",
    }
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert {Path(name).suffix for name in names} <= {".py", ".txt", ".json", ".po", ".html", ".j2", ""}
