"""Reads bodies from outside, JSON and forms: strict where later readers would stumble, clear about where it breaks."""

import json
import math
import re
from email.message import Message as Headers
from email.utils import collapse_rfc2231_value
from urllib.parse import parse_qsl

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.messages import say
from shared.domain.text import repaired

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORM_FIELDS_MAX = 500
NAME_SHOWN = 100
HEAD_MAX = 4_096
"""Bytes of headers that a part of a form may have."""

_AFTER_BOUNDARY = rb"(?=--|[ \t]*\r?\n)"

PACKED = "; packed"
"""Stands behind the content type of a body that came with a content encoding."""


class Repeated(list[object]):
    """What a form says under one name several times, as boxes do (`share=0&share=1`); in JSON a list is a list."""


class RefusedFile(dict[str, object]):
    """A file that a form brought: its `name` and `size` in bytes. What is in it is not read."""


def is_form(content_type: str) -> bool:
    """True for what a browser's form sends, with or without parameters."""
    return content_type.split(";", maxsplit=1)[0].strip().lower() in (FORM, MULTIPART)


def value_of(body: bytes, content_type: str) -> object:
    """What a body says: a form's fields where the type says so, else JSON; raises InvalidRequest."""
    kind = content_type.removesuffix(PACKED)
    if kind == FORM:
        # Many clients say that a body is a form when it is JSON.
        return _json_or_none(body) or form(body)
    if is_form(kind):
        return multipart(body, kind)
    try:
        return json_value(body)
    except InvalidRequest:
        if content_type.endswith(PACKED):
            raise _unreadable(say("The body must not be compressed.")) from None
        raise


def _json_or_none(body: bytes) -> object | None:
    if not body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return None
    try:
        return json_value(body)
    except InvalidRequest:
        return None


def form(body: bytes) -> dict[str, object]:
    """A form's fields in UTF-8; a name that comes several times is `Repeated`."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX)
    except UnicodeDecodeError as problem:
        raise _unreadable(say("The form is not UTF-8.")) from problem
    except ValueError as problem:
        raise _too_many() from problem
    return _by_name(pairs)


def multipart(body: bytes, content_type: str) -> dict[str, object]:
    """The fields of a `multipart/form-data` body in UTF-8 (RFC 7578); a file is a `RefusedFile`.

    Written here because the standard library's mail parser follows parts inside parts, which forms do not have: a
    hostile body of a megabyte would keep it busy for minutes.
    """
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        raise _unreadable(say("The form has no boundary between its fields."))
    _, *parts = re.split(
        rb"\r?\n--" + re.escape(boundary.encode("latin-1", "replace")) + _AFTER_BOUNDARY, b"\r\n" + body
    )
    if not parts:
        raise _unreadable(say("The form's boundary does not stand in its body."))
    if len(parts) > FORM_FIELDS_MAX + 1:
        raise _too_many()
    pairs: list[tuple[str, object]] = []
    for part in parts:
        if part.startswith(b"--"):
            break
        try:
            pairs += _field(part)
        except UnicodeDecodeError as problem:
            raise _unreadable(say("The form is not UTF-8.")) from problem
    return _by_name(pairs)


def _field(part: bytes) -> list[tuple[str, object]]:
    """One field; none for a file that was not chosen."""
    after_line = re.sub(rb"\A[ \t]*\r?\n", b"", part, count=1)
    end = re.search(rb"\r?\n\r?\n", after_line[:HEAD_MAX])
    name, file = _field_name(after_line[: end.start()].decode("utf-8")) if end else (None, None)
    if end is None or name is None:
        raise _unreadable(say("A field of the form has no name."))
    data = after_line[end.end() :]
    if file is None:
        return [(name, data.decode("utf-8"))]
    return [(name, RefusedFile(name=repaired(file, NAME_SHOWN) or "", size=len(data)))] if file or data else []


def _by_name(pairs: list[tuple[str, str]] | list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        else:
            before = found[name]
            found[name] = Repeated([*before, value] if isinstance(before, Repeated) else [before, value])
    return found


def _field_name(head: str) -> tuple[str | None, str | None]:
    """The name of a part, and its file's, None where it is no file."""
    for line in re.sub(r"\r?\n[ \t]+", " ", head).splitlines():
        kind, _, value = line.partition(":")
        if kind.strip().lower() == "content-disposition":
            return _parameter(value, "name"), _parameter(value, "filename")
    return None, None


def _parameter(header: str, name: str) -> str | None:
    headers = Headers()
    headers["content-disposition"] = header
    try:
        found = headers.get_param(name, header="content-disposition")
    except (TypeError, ValueError, LookupError) as problem:
        # The library's reader of RFC 2231 stumbles over names that are numbered and not.
        raise _unreadable(say("A header of the form cannot be read.")) from problem
    # As a tuple it came in the long spelling of RFC 2231, with its charset.
    return found if isinstance(found, str) or found is None else collapse_rfc2231_value(found)


def _too_many() -> InvalidRequest:
    return _unreadable(say("The form has more than %(most)d fields.", most=FORM_FIELDS_MAX))


def json_value(text: bytes | str, name: str | None = None, *, once: bool = False) -> object:
    """The JSON value of a UTF-8 text; raises InvalidRequest that says where it breaks.

    `once` refuses an object that holds a name twice, of which a reader takes the first and another one the last, and
    raw line breaks inside texts; without it those are read as what they are.
    """
    what = name or say("The body")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        pairs = _each_once if once else None
        return json.loads(
            decoded, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=pairs, strict=once
        )
    except UnicodeDecodeError as problem:
        raise _unreadable(
            say("%(what)s is not UTF-8: byte %(byte)d is invalid.", what=what, byte=problem.start)
        ) from problem
    except json.JSONDecodeError as problem:
        told = {"what": what, "problem": problem.msg, "line": problem.lineno, "column": problem.colno}
        template = "%(what)s is not JSON: %(problem)s, line %(line)d column %(column)d."
        raise _unreadable(say(template, **told)) from problem
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
