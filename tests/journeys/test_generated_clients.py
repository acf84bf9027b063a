"""Clients that are generated of the description call every operation (openapi-python-client, openapi-typescript).

One host of its own, whose exports a request only begins, so that there is one to cancel. TypeScript's compiler checks
every example of the description against the types that were made of it.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.azurite import node
from tests import local_http
from tests.builders import ROOT
from tests.journeys.generated_clients import World
from tests.journeys.local_host import LocalHost

pytestmark = pytest.mark.xdist_group("generated clients")
NOTHING_ENDS_BY_ITSELF = {
    "LEADS_EXPORT_REQUEST_SECONDS": "0",
    "RUN_EXPORTS_SCHEDULE": "0 0 0 1 1 *",
    "AzureWebJobs.go_on_with_export.Disabled": "true",
}
"""A request only begins an export, and no timer goes on with it."""
MODULES = ROOT / "node_modules"
STRICT = {
    "compilerOptions": {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "target": "es2022",
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "types": ["node"],
        "typeRoots": [str(MODULES / "@types")],
        "outDir": "out",
    },
    "files": ["calls.ts", "api.d.ts"],
}
HEAD = """import createClient from "openapi-fetch";
import { readFileSync } from "node:fs";
import type { paths } from "./api.js";
type Call = { operation: string; token: string | null; ids: Record<string, string>; query: Record<string, string> };
const all = JSON.parse(readFileSync(process.argv[3]!, "utf8")) as Call[];
const world = Object.fromEntries(all.map((one) => [one.operation, one]));
const client = createClient<paths>({ baseUrl: process.argv[2] + "/api" });
const as = (name: string) => (world[name]!.token ? { Authorization: `Bearer ${world[name]!.token}` } : undefined);
const form = (body: unknown) => {
  const made = new FormData();
  for (const [name, value] of Object.entries(body as Record<string, string>)) made.set(name, value);
  return made;
};
const tries: [string, () => Promise<{ error?: unknown; response: Response }>][] = [];
"""
TAIL = """let fine = 0;
for (const [name, attempt] of tries) {
  try {
    const { error, response } = await attempt();
    if (response.ok && error === undefined) fine += 1;
    else console.log(name, response.status, JSON.stringify(error)?.slice(0, 300));
  } catch (problem) {
    console.log(name, String(problem));
  }
}
console.log(`${fine} fine of ${tries.length}`);
process.exitCode = fine === tries.length ? 0 : 1;
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHost]:
    folder = tmp_path_factory.mktemp("generated")
    with LocalHost(folder / "data", environment=NOTHING_ENDS_BY_ITSELF) as one:
        yield one


@pytest.fixture(scope="module")
def document(host: LocalHost, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The description as it is served, and where it is."""
    text = local_http.get(f"{host.url}/api/openapi.json", timeout=30).text
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_text(text)
    return json.loads(text), file


@pytest.fixture
def calls(
    host: LocalHost, document: tuple[dict[str, Any], Path], tmp_path: Path, request: pytest.FixtureRequest
) -> tuple[list[Any], Path]:
    """A world of its own for each client, and where its calls are."""
    found = World(host, document[0], f"for-{'python' if 'python' in request.node.name else 'typescript'}").calls()
    file = tmp_path / "calls.json"
    file.write_text(json.dumps(found))
    operations = [one["operationId"] for item in document[0]["paths"].values() for one in item.values()]
    assert [one["operation"] for one in found] == operations
    return found, file


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(
        [str(one) for one in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-8_000:]
    return done.stdout


def generate_python(document: Path, folder: Path) -> None:
    """The client, as the package `client` of that folder; a warning is a fault."""
    config = folder / "config.yml"
    # The generator knows no pictures; as documents they are texts to it, as docs/clients.md says.
    config.write_text("post_hooks: []\ncontent_type_overrides:\n  image/svg+xml: text/html\n")
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ["--meta", "none", "--fail-on-warning", "--config", config, "--output-path", folder / "client"]
    run(generator, "generate", "--path", document, *options, cwd=folder)


def compile_typescript(document: Path, program: str, folder: Path) -> str:
    """The program as `out/calls.js` of that folder, checked against the types of the document; what runs it."""
    runtime = node()
    assert runtime is not None
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps(STRICT))
    (folder / "calls.ts").write_text(program)
    generator = MODULES / "openapi-typescript" / "bin" / "cli.js"
    run(runtime, generator, document, "--output", folder / "api.d.ts", cwd=folder)
    run(runtime, MODULES / "typescript" / "bin" / "tsc", "--project", folder, cwd=folder)
    return str(runtime)


def test_a_python_client_is_generated_without_a_warning_and_calls_everything(
    host: LocalHost, document: tuple[dict[str, Any], Path], calls: tuple[list[Any], Path], tmp_path: Path
) -> None:
    generate_python(document[1], tmp_path)
    script = ROOT / "tests" / "interop" / "call_with_python.py"
    said = run(sys.executable, script, host.url, calls[1], document[1], cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert f"{sum(len(one['bodies']) or 1 for one in calls[0])} fine, 0 wrong" in said


def test_a_typescript_client_takes_every_example_and_calls_everything(
    host: LocalHost, document: tuple[dict[str, Any], Path], calls: tuple[list[Any], Path], tmp_path: Path
) -> None:
    runtime = compile_typescript(document[1], HEAD + "".join(map(attempt, calls[0])) + TAIL, tmp_path)
    said = run(runtime, tmp_path / "out" / "calls.js", host.url, calls[1], cwd=tmp_path)
    assert f"{sum(len(one['bodies']) or 1 for one in calls[0])} fine" in said


def attempt(one: dict[str, Any]) -> str:
    """A call in TypeScript for each body, which stands there as it is in the description."""
    name = one["operation"]
    parts = {
        "path": ", ".join(f"{part}: world.{name}!.ids.{part}!" for part in one["ids"]),
        "query": ", ".join(f"{part}: world.{name}!.query.{part}!" for part in one["query"]),
        "header": ", ".join(f"{json.dumps(part)}: {json.dumps(value)}" for part, value in one["headers"].items()),
    }
    parameters = ", ".join(f"{where}: {{ {said} }}" for where, said in parts.items() if said)
    made = ""
    for kind, body in one["bodies"] or [(None, None)]:
        options = [f"params: {{ {parameters} }}"] if parameters else []
        typed = f', "Content-Type": {json.dumps(kind)}' if kind and not kind.startswith("multipart/") else ""
        options.append(f"headers: {{ ...as({json.dumps(name)}){typed} }}")
        options += [f"body: {json.dumps(body, ensure_ascii=False)}"] if kind else []
        options += ["bodySerializer: form"] if kind and kind.startswith("multipart/") else []
        options += ['parseAs: "text"'] if "nsubscribe" in name or name in ("showDirectory", "getInsightsChart") else []
        request = f"client.{one['method'].upper()}({json.dumps(one['path'])}, {{ {', '.join(options)} }})"
        made += f"tries.push([{json.dumps(f'{name} {kind}')}, () => {request}]);\n"
    return made


CLIENTS = (ROOT / "docs" / "clients.md").read_text()


def of_the_document(language: str) -> str:
    """The program that the document has in a language."""
    (program,) = re.findall(rf"```{language}\n(.*?)```", CLIENTS, re.DOTALL)
    return program


@pytest.fixture
def contoso(host: LocalHost, request: pytest.FixtureRequest) -> dict[str, str]:
    """Three leads of the document's partner, and what its programs find in their environment."""
    printed = re.search(r"^  INTAKE='?([^'\n]+)", host.output, re.MULTILINE)
    assert printed
    language = "python" if "python" in request.node.name else "typescript"
    for number in range(3):
        sent = {"UserDetails": {"Email": f"kim{number}@{language}.example"}, "ActionCode": "PLT"}
        assert local_http.post(printed[1], json=sent, timeout=30).status_code == 201
    return {"API": f"{host.url}/api", "TOKEN": host.token("Leads.Admin", "contoso")}


def test_the_documents_python_reads_and_answers_a_lead(
    document: tuple[dict[str, Any], Path], contoso: dict[str, str], tmp_path: Path
) -> None:
    generate_python(document[1], tmp_path)
    (tmp_path / "first.py").write_text(of_the_document("python"))
    assert run(sys.executable, "first.py", cwd=tmp_path, **contoso).split(maxsplit=2)[1:] == [
        "accepted",
        "Called Ada.\n",
    ]


def test_the_documents_typescript_reads_and_answers_a_lead(
    document: tuple[dict[str, Any], Path], contoso: dict[str, str], tmp_path: Path
) -> None:
    runtime = compile_typescript(document[1], of_the_document("typescript"), tmp_path)
    assert run(runtime, "out/calls.js", cwd=tmp_path, **contoso).split(maxsplit=2)[1:] == ["accepted", "Called Ada.\n"]
