"""Who may import whom: the rules are pure, and each contract notices what it is there for."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.builders import ROOT

PLANTED = {
    "The floors of shared": ("shared/settings.py", "import shared.http.running"),
    "Rooms of the verbs": ("shared/usecases/leads/read_leads.py", "import shared.usecases.exports.write_export"),
    "Rooms of the rules": ("shared/domain/programme/offers.py", "import shared.domain.telling.mails"),
    "Rooms of the tables and files": ("shared/storage/reads.py", "import shared.storage.agenda"),
    "Rooms of the edge": ("shared/http/endpoint.py", "import shared.http.shapes.lead_views"),
    "Rooms of the page": ("shared/pages/words.py", "import shared.pages.visits"),
    "The ports": ("shared/ports/leads.py", "import shared.ports.ports"),
    "What leaves": ("shared/delivery/address.py", "import shared.delivery.letters"),
    "What is checked": ("shared/checks/phone.py", "import shared.checks.email"),
    "Functions and the edge know no storage, no delivery and no checks": (
        "functions/leads.py",
        "import shared.delivery.letters",
    ),
    "The rules are pure: standard library only": ("shared/domain/money.py", "import logging"),
    "Functions stand above all that is shared": ("shared/clock.py", "import functions.leads"),
    "Nothing that is deployed knows the local host": ("shared/ids.py", "import local.host"),
}


@pytest.mark.parametrize("file", sorted((ROOT / "shared" / "domain").rglob("*.py")), ids=lambda one: one.stem)
def test_the_rules_know_the_standard_library_and_each_other(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.startswith("shared.domain") or name.partition(".")[0] in sys.stdlib_module_names, name


def test_no_module_imports_what_imports_it_however_far_away() -> None:
    graph = grimp.build_graph("shared", "functions", "local", cache_dir=None)
    below = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # Raises CycleError where there is a circle.
    TopologicalSorter(below).prepare()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The code on its own, to plant something in."""
    for folder in ("shared", "functions", "local"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def linted(folder: Path) -> str:
    """What import-linter says of it."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr


def test_every_contract_notices_what_is_planted_for_it(copied: Path) -> None:
    config = (copied / "pyproject.toml").read_text().partition("[tool.importlinter]")[2]
    assert set(re.findall(r'^name = "(.+)"$', config, re.MULTILINE)) == set(PLANTED)
    for file, line in PLANTED.values():
        planted = copied / file
        planted.write_text(f"{planted.read_text()}\n{line}\n")
    said = linted(copied)
    assert [name for name in PLANTED if f"{name} BROKEN" not in said] == [], said


def test_a_new_module_has_to_be_put_on_a_floor(copied: Path) -> None:
    (copied / "shared" / "usecases" / "elsewhere.py").write_text('"""A new verb."""\n')
    assert "Rooms of the verbs BROKEN" in linted(copied)


def test_every_test_is_run_by_make_test_or_by_make_prove() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    (proofs,) = re.findall("^PROOFS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    run = [*options["testpaths"], *proofs.split()]
    there = {f"tests/{file.relative_to(ROOT / 'tests').parts[0]}" for file in (ROOT / "tests").rglob("test_*.py")}
    assert sorted(run) == sorted(there)
