"""X2: no cell is run as a formula, and every text comes back."""

import re
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.exports.csv_cells import defuse, restore, runs

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", "'", " ", "''", "\u200b", "\ufeff", "\u202e", "\u00a0"])
def test_a_cell_that_could_be_a_formula_begins_with_an_apostrophe(start: str, before: str) -> None:
    text = f"{before}{start}cmd|' /C calc'!A0"
    assert defuse(text) == "'" + text
    assert restore(defuse(text)) == text


@pytest.mark.parametrize("between", [";", "\t", "\n", "\r\n", "; ", ";'"])
@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "＝1",
        "@SUM(1;1)",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|x",
        "-[Book1]Sheet1!A1",
        '+HYPERLINK("http://a.example")',
        "\"=cmd|' /C calc'!A0",
        '"" =1+1',
    ],
)
def test_what_a_spreadsheet_with_another_separator_takes_for_a_cell_is_defused_too(between: str, formula: str) -> None:
    text = f"Contoso{between}{formula}{between}x"
    cell = defuse(text)
    parts = re.split(r"[;\t\r\n]", cell)
    assert not any(part.lstrip(' "').startswith(tuple(STARTS)) for part in parts if part)
    assert restore(cell) == text


def test_a_comma_may_begin_a_cell_where_quotes_are_not_heeded() -> None:
    assert defuse("a,=1+1, =2") == "a,'=1+1,' =2"
    assert defuse("a,+1,-1,@b(1)") == "a,+1,-1,@b(1)"


@pytest.mark.parametrize(
    "text",
    [
        *("", "Contoso", "'t Hart", "''", "a=b", "1+1", "O'Hara", "a; b", "a\n\nb", "Åsa", "مرحبا", "🙂"),
        *(
            "Needs:\n- CRM\n- ERP (cloud)\n- a bit of BI",
            "call +46 8 123 456",
            "Phone\n+46 8 123 456\n",
            "a\t-1",
            "x;@ada",
        ),
        *("wow! it's 'so'!\n- yes", "me (at work)\n+ you"),
        *("+46 8 123 456", "+4681234567", "+46 (0)8-123 456", "+1 (212) 555-0100", "+46.8.123.456"),
        *(
            "+1 212 555 0100 ext. 5",
            "+1 212 555 0100 x5",
            "+12125550100;ext=5",
            "+46812 EXT 5",
            "-1",
            "+1",
            "-1,5",
            "+1.5",
        ),
    ],
)
def test_texts_and_numbers_that_no_spreadsheet_runs_stay_as_they_are(text: str) -> None:
    assert defuse(text) == text
    assert restore(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("- CRM\n- ERP", "-CRM", "--1", "-1+1", "+A1", "@contoso", "+1-212-555-0100", "+46/8/123456", "+", "-"),
        *("+1-(212)-555-0100", "+(1)-212-555", "+(49)/30-123"),
        *("+46 8 123 456=1", "+46 8 123 456 ext. 5+A1", "+46;=1", "+1 212 555 0100 x5 x5", "+1" + "0" * 70, "＋46 8 1"),
    ],
)
def test_at_a_cells_beginning_whatever_else_has_a_sign_is_defused(text: str) -> None:
    """`- CRM` is `#NAME?` to Excel, and `+1-212-555-0100` is -866."""
    assert defuse(text)[0] == "'"
    assert restore(defuse(text)) == text


@pytest.mark.parametrize(
    "part", ["x(", "-x(;", "=;", ";-", "\n-", "'", " ", "\n", "\t", "; ", "x     (", "+1-", "\n=\n", ";-x|"]
)
def test_the_longest_text_costs_no_more_than_its_length(part: str) -> None:
    text = (part * 16_384)[:16_384]
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    # The rule has no loop that grows with the places: each pattern is applied once, and once for each line.
    sys.setprofile(count)
    try:
        cell = defuse(text)
    finally:
        sys.setprofile(None)
    assert restore(cell) == text
    assert steps < 12 * len(text)


@given(st.text(alphabet=st.one_of(st.sampled_from("='+-@;\t\r\n＝ \u200bab1"), st.characters())))
@example("'=1")
@example("''=1")
def test_every_text_comes_back_and_none_is_dangerous(text: str) -> None:
    cell = defuse(text)
    assert restore(cell) == text
    assert not runs(cell) or cell[0] == "'"
    assert not cell.lstrip(" \u200b").startswith(("=", "＝", "@", "＠"))


@given(st.lists(st.text(alphabet="'=a ", max_size=6), unique=True))
def test_no_two_texts_become_one_cell(texts: list[str]) -> None:
    assert len({defuse(text) for text in texts}) == len(texts)
