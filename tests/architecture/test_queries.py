"""Microsoft's own parser reads every Kusto query of alerts, workbook and docs; each asks for what the code writes."""

import json
import re
import subprocess

from local.azurite import node
from tests.builders import ROOT

INFRA = ROOT / "infra"
SAVED = {path.stem: path.read_text() for path in (INFRA / "queries").glob("*.kql")}
WORKBOOK = (INFRA / "modules" / "workbook.bicep").read_text()
STRING = r"'((?:[^'\\]|\\.)*)'"
VALUES = {"timerRows": '"expire_leads", 20', "failedPercent": "5", "overdueMinutes * 60": "3600", "bouncesPerHour": "5"}


def unescaped(text: str) -> str:
    """A Bicep string as it is in the template."""
    return re.sub(r"\\(.)", r"\1", text)


def alerts() -> dict[str, str]:
    """The alerts' queries with values in their places."""
    text = (INFRA / "modules" / "alerts.bicep").read_text()
    events = re.search(rf"^var events = {STRING}", text, re.MULTILINE)
    assert events
    found = dict(re.findall(rf"name: '([\w-]+)'\n(?:    .*\n)*?    query: {STRING}", text))
    values = {"events": unescaped(events[1])} | VALUES

    def filled(query: str) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda one: values[one[1]], unescaped(query))

    return {name: filled(query) for name, query in found.items()}


def documented() -> dict[str, str]:
    """The queries of the documentation."""
    found = re.findall(r"```kusto\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    return {f"docs {n}": query for n, query in enumerate(found)}


def faults(queries: dict[str, str]) -> dict[str, list[str]]:
    """What the parser says of each."""
    program = node()
    assert program
    run = subprocess.run(
        [program, str(ROOT / "tools" / "kusto_check.cjs")],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said: dict[str, list[str]] = json.loads(run.stdout)
    return {name: one for name, one in said.items() if one}


def test_every_query_is_one() -> None:
    queries = SAVED | alerts() | documented()
    assert len(alerts()) == 7
    assert len(documented()) >= 1
    assert faults(queries) == {}


FAULTS = {
    "AppMetrics": "AppMetric",
    "summarize": "summarise",
    "sum(Sum)": "sum(Som)",
    "tostring(Properties.event)": "tostring(Properties.event",
    "bin(TimeGenerated, 1h)": "bin(TimeGenerated)",
}


def test_a_fault_in_one_is_found() -> None:
    query = SAVED["transitions"]
    assert [right for right in FAULTS if right not in query] == []
    assert faults({right: query.replace(right, wrong) for right, wrong in FAULTS.items()}).keys() == FAULTS.keys()


def test_the_workbook_shows_every_saved_query_under_its_name() -> None:
    body = r"body: loadTextContent\('\.\./queries/([\w-]+)\.kql'\)"
    shown = re.findall(rf"name: '([\w-]+)'\n(?:    (?:title|what|shown): .*\n)+    {body}", WORKBOOK)
    assert {name for name, _ in shown} == set(SAVED)
    assert all(name == file for name, file in shown)


def test_queries_ask_for_metrics_and_events_that_there_are() -> None:
    everything = "".join(SAVED.values())
    written = (ROOT / "shared" / "telemetry.py").read_text()
    metrics = re.findall(r'_meter\.create_\w+\(\s*"([\w.]+)"', written)
    assert set(re.findall(r'Name == "([\w.]+)"', everything)) == set(metrics), "every metric is shown"
    code = "".join(path.read_text() for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py"))
    several = "".join(re.findall(r"event in \(([^)]+)\)", everything))
    named = re.findall(r'said\.event\) == "([\w.]+)"', everything) + re.findall(r'"([\w.]+)"', several)
    assert len(named) == 7
    assert [one for one in named if f'"event": "{one}"' not in code and f'= "{one}"' not in code] == []
