"""What of a row goes when a person is erased: which rows belong to a lead, and which texts stand in one (S4)."""

import json
from dataclasses import replace
from typing import Any

import msgspec

from shared.domain.erasure import blank_changes
from shared.domain.events import Event
from shared.domain.telling.dispatch import Dispatch
from shared.domain.traces import Traces, rewritten
from shared.storage import codec, keys
from shared.storage.rest.wire import Row, Write

_BEGINNING, _END = "", "~"
# Leads and what is made of them change with their lead; a claim holds hashes alone.
_RANGES = (
    (_BEGINNING, keys.copy("deal", "")),
    (keys.copy("deal", _END), keys.copy("info", "")),
    (keys.lead(_END), keys.once("")),
    (keys.copy("open", _END), keys.raw("")),
    (keys.raw(""), keys.raw(_END)),
    (keys.raw(_END), _END),
)
"""What is swept of a partner's partition, between these keys."""
_KINDS = {
    "hist": "events",
    "raw": "payloads",
    "mail": "mails",
    "park": "deliveries",
    "sent": "deliveries",
    "wait": "deliveries",
    "who": "relations",
}


def range_after(after: str) -> tuple[str, str] | None:
    """The bounds, exclusive, of what is swept next; None at the end."""
    for low, high in _RANGES:
        if after < high:
            return max(low, after), high
    return None


def holds_payloads(high: str) -> bool:
    """True of the range that ends there."""
    return high == keys.raw(_END)


def kind_of(row_key: str) -> str:
    """What is counted where this row is changed."""
    return _KINDS.get(row_key.partition("|")[0], "others")


def cleaned(row: Row, leads: frozenset[str], traces: Traces | None) -> Write | None:
    """How the row is written without what belongs to these leads, and without the traces; None where it stays."""
    key = str(row["RowKey"])
    kind, _, rest = key.partition("|")
    if kind == "who":
        return Write.delete(row, row.tag) if keys.lead_of_who(key) in leads else None
    columns = {name: value for name, value in row.items() if not name.startswith("doc")}
    if kind == "raw":
        body = codec.body_of(row)
        if body and (rest in leads or (traces and traces.found_in_bytes(body))):
            kept = {name: value for name, value in columns.items() if not (name[0] == "p" and name[1:].isdigit())}
            return Write.replace(kept, row.tag)
        return None
    if "doc0" not in row:
        return None
    documents = _of_lead(kind, rest, row, leads)
    if traces:
        plain = msgspec.json.decode(codec.text_of(row if documents is None else documents))
        without = rewritten(plain, traces.taken_from)
        if without != plain:
            documents = codec.documents(json.dumps(without, separators=(",", ":")))
    return None if documents is None else Write.replace(columns | documents, row.tag)


def _of_lead(kind: str, rest: str, row: Row, leads: frozenset[str]) -> dict[str, Any] | None:
    """The record of an erased lead as it stays, where it changes."""
    if kind == "hist" and rest.partition("|")[0] in leads:
        event = codec.load(Event, row)
        kept = blank_changes(event.changes)
        return codec.dump(replace(event, changes=kept)) if kept != event.changes else None
    if kind in ("park", "sent", "wait") and "|" in rest:
        dispatch = codec.load(Dispatch, row)
        if dispatch.subject in leads and dispatch != dispatch.without_answers():
            return codec.dump(dispatch.without_answers(), what="delivery")
    return None
