"""The rule book is true: what code cites is in it, what it names exists, and what is built has a test that cites it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT

WHOLE = (ROOT / "docs" / "rules.md").read_text()
ELSEWHERE = WHOLE.partition("## Where else")[2].partition("\n## ")[0]
BOOK = WHOLE.replace(ELSEWHERE, "")
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+?) \|(?: (\S[^|]*?) \| (\S+) \|)?$", re.MULTILINE)
RULES = {found[1]: found for found in ROW.finditer(BOOK)}
BUILT = [name for name, found in RULES.items() if found[3] and "not built" not in found[3]]
CITED = re.compile(r"\b([TLAQVNWXSIRMUD]\d{1,2})\b(?!\.\d)")


def said(file: Path) -> Iterator[str]:
    """The comments and docstrings of a file."""
    text = file.read_text()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        # A text that stands alone is about what stands before it.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def test_every_rule_that_code_cites_is_in_the_book() -> None:
    listed = set(RULES) | {f"{letter}{n}" for letter, most in (("U", 4), ("D", 8)) for n in range(1, most + 1)}
    for folder in ("shared", "functions", "local", "tools"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            cited = {found for text in said(file) for found in CITED.findall(text)}
            assert cited <= listed, f"{file.relative_to(ROOT)} cites {sorted(cited - listed)}"


@pytest.mark.parametrize("name", BUILT)
def test_a_rule_that_is_built_lives_somewhere_and_has_a_test_that_cites_it(name: str) -> None:
    home, test = RULES[name][3].strip("`"), RULES[name][4].strip("`")
    assert (ROOT / home).is_file(), home
    text = (ROOT / "tests" / test).read_text()
    assert re.search(rf"\b{name}\b|_{name.lower()}_", text), f"{test} does not cite {name}"


def test_what_defends_is_in_the_book() -> None:
    threats = (ROOT / "SECURITY.md").read_text().partition("## Who wants what")[2].partition("\n## ")[0]
    rows = [row.split(" | ") for row in threats.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 10
    for who, _, defends, shown in rows:
        assert "`tests/" in shown or "not tried" in shown, who
        assert set(CITED.findall(defends)) <= set(BUILT), who
    assert {"S1", "S2", "S3", "S4", "S5", "S6", "W4", "X2"} <= set(CITED.findall(threats))


def test_the_other_sides_of_a_rule_live_somewhere() -> None:
    sides = re.findall(r"^\| ([A-Z]\d+(?:, [A-Z]\d+)*) \| [^|]+ \| `(\S+)` \|$", ELSEWHERE, re.MULTILINE)
    assert len(sides) > 20
    for of, home in sides:
        assert set(of.split(", ")) <= set(RULES), of
        assert (ROOT / home).is_file(), home


def test_the_book_has_every_rule_once() -> None:
    names = [found[1] for found in ROW.finditer(BOOK)]
    assert len(names) == len(set(names))
    for letter, most in {
        "T": 10,
        "L": 9,
        "A": 5,
        "Q": 6,
        "V": 4,
        "N": 7,
        "W": 5,
        "X": 5,
        "S": 6,
        "I": 5,
        "R": 2,
    }.items():
        assert [f"{letter}{n}" for n in range(1, most + 1)] == [one for one in names if one[0] == letter]
    assert len(BUILT) > 60
