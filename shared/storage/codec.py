"""Domain objects to table columns and back.

A record is ASCII JSON in `doc0` … `doc7` (a string column holds 32,768 UTF-16 units, and ASCII makes units and
characters the same), beside the few columns that storage filters need.
"""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

from shared.domain.contact import ALWAYS
from shared.domain.deadlines import deadline, stamp
from shared.domain.errors import Detail, InvalidRequest
from shared.domain.events import Event
from shared.domain.lead import Lead, Status

T = TypeVar("T")
PIECE = 32_000
PIECES = 8
ROOM_FOR_TIME = 4_000
"""Characters kept free in a lead's documents, so that a deadline can always be recorded."""
RAW_PIECE = 65_536


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    # Built at first use: a schema costs milliseconds that a cold start should not pay.
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def dump(value: Any, *, limit: int = PIECE * PIECES) -> dict[str, Any]:
    """The columns `doc0` … of a record; raises InvalidRequest when its texts are too large together."""
    adapter: TypeAdapter[Any] = _adapter(type(value))
    text = json.dumps(adapter.dump_python(value, mode="json"), separators=(",", ":"))
    if len(text) > limit:
        message = "The lead's texts are too large together; shorten the notes."
        raise InvalidRequest(message, details=[Detail("tooLarge", message)])
    return {f"doc{i // PIECE}": text[i : i + PIECE] for i in range(0, len(text), PIECE)}


def load(kind: type[T], entity: Any) -> T:
    """The record of an entity's `doc…` columns."""
    pieces = (entity.get(f"doc{i}") for i in range(PIECES))
    record: T = _adapter(kind).validate_json("".join(piece for piece in pieces if piece))
    return record


DOCS = [f"doc{i}" for i in range(PIECES)]


def lead_columns(lead: Lead) -> dict[str, Any]:
    """A lead's columns; `deadline` is when its stored status ends by itself, '' where that is not a matter of time."""
    waits = lead.status in (Status.RECEIVED, Status.INFORMATIONAL)
    # A test lead waits for ever, and `deadline gt at` must find it: a missing column would match nothing.
    ends = deadline(lead) or ALWAYS
    columns = dump(lead, limit=PIECE * PIECES - (ROOM_FOR_TIME if waits else 0))
    return columns | {
        "status": str(lead.status),
        "deadline": stamp(ends) if waits else "",
        "isTest": lead.is_test,
    }


def event_columns(event: Event, change: str) -> dict[str, Any]:
    """A history row's columns; `change` names the attempt that wrote it, so that a lost answer can be made good."""
    return dump(event) | {"change": change}
