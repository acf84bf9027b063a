"""Cells that no spreadsheet runs (X2): defused as OWASP's "CSV Injection" page says, and reversibly.

A cell that a spreadsheet could take for a formula gets one apostrophe in front. So does a cell that already looks like
a defused one, which is why `restore` gives back exactly what `defuse` was given.
"""

import re

# Spaces, apostrophes and invisible characters may stand before the dangerous one: importers strip them.
_DANGEROUS = re.compile(r"['\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\t\r\n＝＋－＠]")


def defuse(text: str) -> str:
    """The text as a cell: `=1+1` becomes `'=1+1`; most texts stay as they are."""
    return "'" + text if _DANGEROUS.match(text) else text


def restore(cell: str) -> str:
    """The text that `defuse` made this cell of."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell, 1) else cell
