"""What the documents name is there: files, links, decisions."""

import re
from pathlib import Path

import pytest

from tests.builders import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = ("shared", "functions", "tests", "docs", "infra", "local", "tools", "bench")


def paths(text: str) -> set[str]:
    """Files that a text names by their path from the root."""
    found = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[A-Za-z0-9_./-]+\.[a-z]+)`", text)
    return {one for one in found if "*" not in one and "{" not in one}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: str(one.relative_to(ROOT)))
def test_what_a_document_names_is_there(document: Path) -> None:
    text = document.read_text()
    missing = [one for one in sorted(paths(text)) if not (ROOT / one).exists()]
    assert missing == []
    links = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text)
    assert [one for one in links if not (document.parent / one).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    for decision in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        number, _, title = decision.read_text().splitlines()[0].removeprefix("# ").partition(" ")
        assert f"| [{number}]({decision.name}) | {title} |" in index


def test_the_readme_is_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
