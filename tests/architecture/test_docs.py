"""What the documents name is there: files, links, decisions."""

import re
from pathlib import Path

import pytest

from tests.builders import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
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


CITED = re.compile(r"\b([A-Za-z]+\.md)(?:, ([A-Z][a-z]+(?: [a-z]+)*))?")


def test_what_code_cites_is_in_the_documents() -> None:
    wrong = []
    for source in sorted(one for folder in ("shared", "functions", "local") for one in (ROOT / folder).rglob("*.py")):
        for name, section in CITED.findall(source.read_text()):
            found = [one for one in ROOT.glob("docs/**/*.md") if one.name == name] or [
                *ROOT.glob(f"infra/{name}"),
                *ROOT.glob(name),
            ]
            headings = [line.strip("#` ") for one in found for line in one.read_text().splitlines() if line[:1] == "#"]
            if not found or (section and section not in headings):
                wrong.append(f"{source.relative_to(ROOT)}: {name}, {section}")
    assert wrong == []


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    for decision in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        number, _, title = decision.read_text().splitlines()[0].removeprefix("# ").partition(" ")
        assert f"| [{number}]({decision.name}) | {title} |" in index


def test_the_readme_is_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_prose_is_wrapped() -> None:
    """Tables and what is to be pasted stay whole."""
    too_long = []
    for document in DOCUMENTS:
        prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
        # A long link, or code in a line, is not broken.
        prose = re.sub(r"`[^`\n]*`", lambda code: "`" + "c" * (len(code[0]) - 1), prose)
        lines = [line for line in prose.splitlines() if not line.lstrip().startswith("|")]
        too_long += [f"{document.name}: {line}" for line in lines if " " in line.strip()[120:]]
    assert too_long == []
