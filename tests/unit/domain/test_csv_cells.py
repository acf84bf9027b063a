"""X2: no cell is run as a formula, and every text comes back."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.csv_cells import defuse, restore

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", "'", " ", "''", "\u200b", "\ufeff", "\u202e", "\u00a0"])
def test_a_cell_that_could_be_a_formula_begins_with_an_apostrophe(start: str, before: str) -> None:
    text = f"{before}{start}cmd|' /C calc'!A0"
    assert defuse(text) == "'" + text
    assert restore(defuse(text)) == text


@pytest.mark.parametrize("between", [";", "\t", "\n", "\r\n", "; ", ";'"])
@pytest.mark.parametrize("formula", ["=1+1", "-1", "@SUM(A1)", "+1", "＝1"])
def test_what_a_spreadsheet_with_another_separator_takes_for_a_cell_is_defused_too(between: str, formula: str) -> None:
    text = f"Contoso{between}{formula}{between}x"
    cell = defuse(text)
    parts = re.split(r"[;\t\r\n]", cell)
    assert not any(part.lstrip().startswith(tuple(STARTS)) for part in parts if part)
    assert restore(cell) == text


@pytest.mark.parametrize(
    "text", ["", "Contoso", "'t Hart", "''", "a=b", "1+1", "O'Hara", "a; b", "a\n\nb", " Ada", "Åsa", "مرحبا", "🙂"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert defuse(text) == text
    assert restore(text) == text


@given(st.text(alphabet=st.one_of(st.sampled_from("='+-@;\t\r\n＝ \u200bab1"), st.characters())))
@example("'=1")
@example("''=1")
def test_every_text_comes_back_and_none_is_dangerous(text: str) -> None:
    cell = defuse(text)
    assert restore(cell) == text
    assert not cell.startswith(tuple(STARTS))
    assert not cell.lstrip(" \u200b").startswith(tuple(STARTS))


@given(st.lists(st.text(alphabet="'=a ", max_size=6), unique=True))
def test_no_two_texts_become_one_cell(texts: list[str]) -> None:
    assert len({defuse(text) for text in texts}) == len(texts)
