"""Cells that no spreadsheet runs (X2): defused with an apostrophe where one would, reversibly, and nowhere else.

Tried in LibreOffice, which runs what begins with `=`; Excel also takes `+`, `-` and `@` for the beginning of a formula,
and shows `#NAME?` or a sum where a text was meant. Telephone numbers and plain numbers run nowhere. A text that already
looks like a defused one gets an apostrophe too, which is why `restore` gives back exactly what `defuse` was given.

A dangerous place is not only a cell's beginning: where a spreadsheet splits elsewhere, the quotes around a cell do not
hold it together, and what follows a semicolon, a comma, a tab or a line break begins a cell of its own. There `=` is
defused always, and the other signs in a line that could do something: call a function, a program, another workbook. So
a list of `- CRM` lines in a note, or a number inside a sentence, stays as it is.
"""

import bisect
import re

from shared.domain.text import INVISIBLE

# White space, control characters, apostrophes and invisible ones may stand before the sign: importers strip them.
_SKIPPED = rf"['\s\x00-\x1f\x7f-\x9f{re.escape(INVISIBLE)}]"
_skipped = re.compile(f"{_SKIPPED}*").match
# Inside a text a tab or a line break begins a cell itself; so each character is looked at by one place only.
# A quote may stand there too: where a cell is split off its quotes, `"=1+1` is left, and quotes are taken away.
_BEFORE = rf"(?:\"|(?![\t\r\n]){_SKIPPED})*"
_BREAKS = frozenset("\t\r\n")
_PHONE_MAX = 64
_is_number = re.compile(r"[+-][0-9]+(?:[.,][0-9]+)?").fullmatch
_is_phone = re.compile(
    r"\+ ?\(?[0-9][0-9 ().\u00a0/-]*[0-9](?:(?:;ext=|,? ?(?:ext\.?|x|#) ?)[0-9]{1,8})?", re.IGNORECASE
).fullmatch
# `+1-212-555-0100` and `+1-(212)-555-0100` are -866 to Excel.
_is_sum = re.compile(r"\+ ?\(?[0-9.]+\)?(?:[ \u00a0]*[-/][ \u00a0]*\(?[0-9.]+\)?)+").fullmatch
_EQUALS = rf"(?<=[;,\t\r\n]){{mark}}(?={_BEFORE}[=＝])"
_SIGNS = rf"(?<=[;\t\r\n]){{mark}}(?={_BEFORE}[+\-@＋－＠])"
_equals, _defused_equals = (re.compile(_EQUALS.format(mark=mark)) for mark in ("", "'"))
_signs, _defused_signs = (re.compile(_SIGNS.format(mark=mark)) for mark in ("", "'"))
_lines = re.compile(r"[^\r\n]+").finditer
_reaches_out = re.compile(r"[|｜]|[\w'\]＇］][!！][\w$]").search
_call = re.compile(r"\w\s*[(（]").search
_argument = re.compile(r"[\"\d:\[＂：［]").search
_comma_equals = re.compile(rf",{_BEFORE}[=＝]").search


def runs(text: str) -> bool:
    """True when a spreadsheet could take a cell that begins so for a formula."""
    found = _skipped(text)
    before, rest = (found[0], text[found.end() :]) if found else ("", text)
    # OWASP's list has tab and line breaks too, though nothing was seen that runs what stands behind one.
    if rest[:1] in ("=", "＝", "@", "＠") or not _BREAKS.isdisjoint(before):
        return True
    if rest[:1] not in ("+", "-", "＋", "－"):
        return False
    is_harmless = len(rest) <= _PHONE_MAX and (_is_number(rest) or (_is_phone(rest) and not _is_sum(rest)))
    return bool(rest) and not is_harmless


def may_begin_cells(text: str) -> bool:
    """True where something could begin a cell inside a text; a quick look, for most texts have none of it."""
    # Looking for characters one by one costs a fiftieth of one pattern for all of them.
    if ";" in text or "\t" in text or "\r" in text or "\n" in text:
        return True
    return ("=" in text or "＝" in text) and _comma_equals(text) is not None


def defuse_beginning(text: str) -> str:
    """As `defuse`, for a text in which nothing may begin a cell."""
    return "'" + text if runs(text) else text


def defuse(text: str) -> str:
    """The text as a cell: `=1+1` becomes `'=1+1`; most texts stay as they are."""
    inside = _in_lines_that_act(_signs, "'", _equals.sub("'", text))
    return "'" + inside if runs(text) else inside


def restore(cell: str) -> str:
    """The text that `defuse` made this cell of."""
    if cell[:1] == "'" and runs(cell[1:]):
        cell = cell[1:]
    return _defused_equals.sub("", _in_lines_that_act(_defused_signs, "", cell))


def _in_lines_that_act(places: re.Pattern[str], mark: str, text: str) -> str:
    """Mark, or unmark, the places of those lines that could do something as a formula."""
    if not (_reaches_out(text) or _call(text)):
        return text
    # One look at each line, however many places it has.
    acting = [found.span() for found in _lines(text) if _acts(found[0])]

    def marked(place: re.Match[str]) -> str:
        line = bisect.bisect_right(acting, (place.start(), len(text))) - 1
        return mark if line >= 0 and place.start() < acting[line][1] else place[0]

    return places.sub(marked, text)


def _acts(line: str) -> bool:
    """True for a line that names another program or workbook, or calls something with an argument."""
    if _reaches_out(line):
        return True
    call = _call(line)
    return bool(call and _argument(line, call.end()))
