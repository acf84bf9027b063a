"""Reads bodies from outside, JSON and forms: strict where later readers would stumble, clear about where it breaks."""

import json
import math
from urllib.parse import parse_qsl

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.messages import say

FORM = "application/x-www-form-urlencoded"
FORM_FIELDS_MAX = 500
NAME_SHOWN = 100


PACKED = "; packed"
"""Stands behind the content type of a body that came with a content encoding."""


def value_of(body: bytes, content_type: str) -> object:
    """What a body says: a form's fields where the type says so, else JSON; raises InvalidRequest."""
    if content_type.removesuffix(PACKED) == FORM:
        return form(body)
    try:
        return json_value(body)
    except InvalidRequest:
        if content_type.endswith(PACKED):
            raise _unreadable(say("The body must not be compressed.")) from None
        raise


def form(body: bytes) -> dict[str, str]:
    """A form's fields in UTF-8; one that comes again is `name[2]`, then `name[3]`."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX)
    except UnicodeDecodeError as problem:
        raise _unreadable(say("The form is not UTF-8.")) from problem
    except ValueError as problem:
        raise _unreadable(say("The form has more than %(most)d fields.", most=FORM_FIELDS_MAX)) from problem
    found: dict[str, str] = {}
    for name, text in pairs:
        key, n = name, 1
        while key in found:
            n += 1
            key = f"{name}[{n}]"
        found[key] = text
    return found


def json_value(text: bytes | str, name: str | None = None, *, once: bool = False) -> object:
    """The JSON value of a UTF-8 text; raises InvalidRequest that says where it breaks.

    `once` refuses an object that holds a name twice, of which a reader takes the first and another one the last.
    """
    what = name or say("The body")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        pairs = _each_once if once else None
        return json.loads(decoded, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=pairs)
    except UnicodeDecodeError as problem:
        raise _unreadable(
            say("%(what)s is not UTF-8: byte %(byte)d is invalid.", what=what, byte=problem.start)
        ) from problem
    except json.JSONDecodeError as problem:
        told = {"what": what, "problem": problem.msg, "line": problem.lineno, "column": problem.colno}
        text = "%(what)s is not JSON: %(problem)s, line %(line)d column %(column)d."
        raise _unreadable(say(text, **told)) from problem
    except RecursionError as problem:
        raise _unreadable(say("%(what)s is nested too deep.", what=what)) from problem
    except ValueError as problem:
        # A number with thousands of digits, or NaN.
        raise _unreadable(say("%(what)s holds a number that JSON does not allow.", what=what)) from problem


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _unreadable(say("The body holds the name %(name)s twice.", name=name[:NAME_SHOWN]))
        found[name] = value
    return found


def _unreadable(message: str) -> InvalidRequest:
    return InvalidRequest(message, details=[Detail("invalidJson", message)])


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        # 1e999: what would be stored is no JSON, and nobody could ever read it again.
        raise ValueError(text)
    return number


def _no_constant(name: str) -> object:
    raise ValueError(name)
