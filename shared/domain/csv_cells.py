"""Cells that no spreadsheet runs (X2): defused as OWASP's "CSV Injection" page says, and reversibly.

A text that a spreadsheet could take for a formula gets one apostrophe in front of the dangerous place. So does a text
that already looks like a defused one, which is why `restore` gives back exactly what `defuse` was given. A dangerous
place is not only the text's beginning: where a spreadsheet splits at semicolons or tabs, the quotes around a cell do
not hold it together, and what follows a semicolon, a tab or a line break begins a cell of its own.
"""

import re

# Spaces, apostrophes and invisible characters may stand before the dangerous one: importers strip them.
_SKIPPED = r"['\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
_FORMULA = r"[=+\-@＝＋－＠]"
_FIRST = rf"{_SKIPPED}[=+\-@＝＋－＠\t\r\n]"
_BEGINS = re.compile(rf"(\A)(?={_FIRST})|([;\t\r\n])(?={_SKIPPED}{_FORMULA})")
_DEFUSED = re.compile(rf"(\A)'(?={_FIRST})|([;\t\r\n])'(?={_SKIPPED}{_FORMULA})")
may_begin_cells = re.compile(r"[;\t\r\n]").search
"""Looks for what could begin a cell inside a text; a quick look, for most texts have none of it."""


def defuse(text: str) -> str:
    """The text as a cell: `=1+1` becomes `'=1+1`; most texts stay as they are."""
    return _BEGINS.sub(r"\1\2'", text)


def restore(cell: str) -> str:
    """The text that `defuse` made this cell of."""
    return _DEFUSED.sub(r"\1\2", cell)
