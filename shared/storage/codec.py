"""Domain objects to table columns and back.

A record is ASCII JSON in `doc0` … `doc7` (a string column holds 32,768 UTF-16 units, and ASCII makes units and
characters the same), beside the few columns that storage filters need.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count, takewhile
from typing import Any, TypeVar

import msgspec

from shared.domain.agenda import Change, Hint, HintKind
from shared.domain.contact import ALWAYS, shown_until
from shared.domain.deadlines import cools_at, deadline, hints
from shared.domain.errors import Detail, InvalidRequest
from shared.domain.events import Event
from shared.domain.instants import stamp
from shared.domain.lead import Lead, Status
from shared.domain.listed import deal_value, reason_of, texts_of
from shared.domain.measures import Difference
from shared.domain.messages import Message, say
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mails import Mail
from shared.domain.telling.recommendations import standing
from shared.domain.text import folded
from shared.ids import digest

T = TypeVar("T")
PIECE = 32_000
PIECES = 8
DOCS = [f"doc{i}" for i in range(PIECES)]
ROOM_FOR_TIME = 4_000
"""Characters kept free in a lead's documents, so that a deadline can always be recorded."""
RAW_PIECE = 65_536
TEXT_UNITS = 32_000
"""UTF-16 units of a searched text that a column holds; of few leads more is written, and those are read whole."""


WRITTEN_AS: Mapping[type, tuple[str, str]] = {Dispatch: ("subject", "lead_id"), Mail: ("subject", "lead_id")}
"""What a field is called in rows, where that is not its name: rows outlive names."""

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def dump(value: Any, *, limit: int = PIECE * PIECES, what: str = "lead") -> dict[str, Any]:
    """The columns `doc0` … of a record; raises InvalidRequest when its texts are too large together."""
    # What is stored must be read again: no NaN, no Infinity.
    plain = msgspec.to_builtins(value, enc_hook=_plain)
    if type(value) in WRITTEN_AS:
        name, written = WRITTEN_AS[type(value)]
        plain = {written if field == name else field: found for field, found in plain.items()}
    text = json.dumps(plain, separators=(",", ":"), allow_nan=False)
    if len(text) > limit:
        message = say(
            "The texts of the %(what)s are too large together: %(most)d characters fit.", what=what, most=limit
        )
        raise InvalidRequest(message, details=[Detail("tooLarge", message)])
    return documents(text)


def documents(text: str) -> dict[str, str]:
    """The columns `doc0` … of a record's JSON, which is ASCII."""
    return {f"doc{i // PIECE}": text[i : i + PIECE] for i in range(0, len(text), PIECE)}


def pieces(body: bytes) -> dict[str, bytes]:
    """The columns `p0` … of a body as it came."""
    return {f"p{n}": body[i : i + RAW_PIECE] for n, i in enumerate(range(0, len(body), RAW_PIECE))}


def body_of(row: Mapping[str, Any]) -> bytes:
    """The body in a row's columns `p0` …, as far as they were selected."""
    names = takewhile(row.__contains__, (f"p{n}" for n in count()))
    return b"".join(row[name] for name in names)


def _plain(value: Any) -> str:
    """A text with values is stored as it reads."""
    if isinstance(value, Message):
        return str(value)
    raise NotImplementedError(type(value).__name__)


class Document(msgspec.Struct, gc=False):
    """A row of which the key and the record were selected, read without a dictionary: lists and exports read many."""

    row_key: str = msgspec.field(name="RowKey")
    doc0: str = ""
    doc1: str = ""
    doc2: str = ""
    doc3: str = ""
    doc4: str = ""
    doc5: str = ""
    doc6: str = ""
    doc7: str = ""

    def text(self) -> str:
        """The record's JSON."""
        if not self.doc1:
            return self.doc0
        return "".join((self.doc0, self.doc1, self.doc2, self.doc3, self.doc4, self.doc5, self.doc6, self.doc7))


def load(kind: type[T], entity: Any) -> T:
    """The record of an entity's `doc…` columns."""
    text = entity.text() if isinstance(entity, Document) else text_of(entity)
    if kind in WRITTEN_AS:
        name, written = WRITTEN_AS[kind]
        plain = msgspec.json.decode(text)
        plain[name] = plain.pop(written)
        renamed: T = msgspec.convert(plain, kind)
        return renamed
    decoder = _decoders.get(kind)
    if decoder is None:
        # Built at first use: what a cold start does not need it should not pay.
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    record: T = decoder.decode(text)
    return record


def text_of(entity: Any) -> str:
    """The JSON of a record in a row's `doc…` columns."""
    text: str = entity["doc0"]
    for name in DOCS[1:]:
        more = entity.get(name)
        if not more:
            break
        text += more
    return text


def lead_columns(lead: Lead) -> dict[str, Any]:
    """A lead's columns; `deadline` is when its stored status ends by itself, '' where that is not a matter of time."""
    waits = lead.status in (Status.RECEIVED, Status.INFORMATIONAL)
    # A test lead waits for ever, and `deadline gt at` must find it: a missing column would match nothing.
    ends, cools = deadline(lead) or ALWAYS, cools_at(lead)
    columns = dump(lead, limit=PIECE * PIECES - (ROOM_FOR_TIME if waits else 0))
    return columns | {
        "status": str(lead.status),
        "deadline": stamp(ends) if waits else "",
        "cools": stamp(cools) if cools else "",
        "hints": hints_text(hints(lead)),
        "isTest": lead.is_test,
        "flame": stamp(lead.flame_until) if lead.flame_until else "",
        "outcome": lead.outcome or "",
        "type": lead.type or "",
        "qualification": str(lead.qualification),
        "source": lead.source or "",
        "callToAction": lead.call_to_action or "",
        "country": lead.customer.country or "",
        "quality": str(lead.quality.level),
        "email": str(lead.email_validity),
        "phone": str(lead.phone_validity),
        "reason": reason_of(lead) or "",
        **offer_columns(lead),
        **digests(location=lead.location, companySize=lead.customer.size),
        **_read_columns(lead),
        **_text_columns(lead),
    }


def _read_columns(lead: Lead) -> dict[str, Any]:
    """What orders and notifications read of a lead, as it is written."""
    stands = standing(lead)
    return {
        "updated": stamp(lead.updated_at),
        "sequence": lead.sequence,
        "arrived": stamp(stands.arrived),
        "unanswered": stands.unanswered,
        "dealValue": deal_value(lead.deal) or "",
        "outcomeDue": stamp(stands.outcome_due) if stands.outcome_due else "",
        "company": stands.company or "",
        "person": stands.name or "",
        "shownUntil": stamp(shown_until(lead)),
        "isErased": lead.erased_at is not None,
        "ended": stamp(lead.closed_at) if lead.closed_at and not lead.erased_at else "",
    }


def _text_columns(lead: Lead) -> dict[str, Any]:
    """What a search looks through; `textCut` only where a text is too long for its column, and so not there."""
    texts = {f"text{name.title()}": text for name, text in texts_of(lead)._asdict().items()}
    cut = [name for name, text in texts.items() if units(text) > TEXT_UNITS]
    return texts | dict.fromkeys(cut, "") | ({"textCut": True} if cut else {})


def units(text: str) -> int:
    """UTF-16 units, which storage counts in."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def offer_columns(lead: Lead) -> dict[str, str]:
    """The offer by digests."""
    offer = lead.offer
    return digests(offerId=offer.id if offer else None, offerTitle=offer.title if offer else None)


def digests(**names: str | None) -> dict[str, str]:
    """Columns of names that are looked for whole: what is folded holds what an OData condition could stumble over."""
    return {column: digest(folded(name)) if name else "" for column, name in names.items()}


def hints_text(needed: Iterable[Hint]) -> str:
    """Hints of one lead as a column holds them."""
    return " ".join(sorted(f"{hint.kind}={stamp(hint.due)}" for hint in needed))


def hints_of(text: str, partner_id: str, lead_id: str) -> tuple[Hint, ...]:
    """The hints of a lead in such a column."""
    pairs = (pair.partition("=") for pair in text.split())
    return tuple(Hint(HintKind(kind), datetime.fromisoformat(due), partner_id, lead_id) for kind, _, due in pairs)


def differences_text(differences: Sequence[Difference]) -> str:
    """What a change makes of sums, as a column holds it; '' for nothing."""
    return json.dumps(msgspec.to_builtins(differences), separators=(",", ":")) if differences else ""


def differences_of(text: str) -> tuple[Difference, ...]:
    """The differences of such a column."""
    return msgspec.json.decode(text, type=tuple[Difference, ...]) if text else ()


def event_columns(event: Event, change: Change) -> dict[str, Any]:
    """A history row's columns.

    `change` names the attempt that wrote it, so that a lost answer can be made good; `cause` what it was made by.
    """
    return dump(event) | {"change": change.id, "cause": change.cause}


def with_tag(record: T, row: Any) -> T:
    """A record that carries its storage tag, as it was read."""
    return tagged(record, row.tag)


def tagged(record: T, tag: str) -> T:
    """The record with this tag."""
    return replace(record, tag=tag)  # type: ignore[type-var] # any record that has a tag is a dataclass


def untagged(record: T) -> T:
    """The record as it is stored: the tag is storage's."""
    return tagged(record, "")
