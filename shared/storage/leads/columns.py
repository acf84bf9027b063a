"""A lead as its columns tell it, without its document: what filters, orders and notifications need (Q3, Q4, N5).

The rules are the domain's; here columns become the values that they judge. A property test holds that they judge a
lead and its columns alike at every moment.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import TypeVar

import msgspec

from shared.domain.contact import ALWAYS, NEVER
from shared.domain.filters import LeadFilter
from shared.domain.instants import stamp
from shared.domain.lead import Outcome, Status
from shared.domain.listed import FlameState, Listed, Texts
from shared.domain.ordering import OrderField
from shared.domain.telling.recommendations import Standing
from shared.ids import created_at, digest
from shared.storage import keys

W = TypeVar("W", bound="Words")
FAR = stamp(ALWAYS)
"""A deadline that never comes."""
FEW, PARTS = 16, 4
"""Rows that are looked through one by one, and into how many parts more of them are cut."""


class Words(msgspec.Struct, rename="camel", gc=False):
    """What a search looks through of a lead's row: ten thousand are made for one."""

    row_key: str = msgspec.field(name="RowKey")
    shown_until: str = ""
    text_company: str = ""
    text_deal: str = ""
    text_person: str = ""
    text_private: str = ""
    text_terms: str = ""
    text_cut: bool | None = None

    @property
    def lead_id(self) -> str:
        """The lead whose row it is."""
        return keys.lead_of(self.row_key)


class Columns(Words, gc=False):
    """A lead's row, or a copy, as far as its columns were selected; '' is a missing value."""

    status: str = ""
    deadline: str = ""
    cools: str = ""
    is_test: bool = False
    flame: str = ""
    outcome: str = ""
    type: str = ""
    qualification: str = ""
    source: str = ""
    call_to_action: str = ""
    country: str = ""
    quality: str = ""
    email: str = ""
    phone: str = ""
    offer_id: str = ""
    offer_title: str = ""
    company_size: str = ""
    location: str = ""
    reason: str = ""
    updated: str = ""
    sequence: int = 0
    arrived: str = ""
    unanswered: bool = False
    deal_value: str = ""
    company: str = ""
    person: str = ""
    outcome_due: str = ""
    is_erased: bool = False


_ALWAYS = ("RowKey", "status", "deadline", "isTest")
_SHOWN = ("shownUntil", "textCut")
_TEXTS = {
    "customer": (*_SHOWN, "textCompany", "textPerson"),
    "search": (*_SHOWN, "textCompany", "textPerson", "textDeal", "textPrivate"),
    "search_term": (*_SHOWN, "textTerms"),
}
"""The columns in which parts of a filter look for words."""
_CHANGES = ("updated", "cools")
NAMED = {"offer": ("offerId", "offerTitle"), "location": ("location",), "company_size": ("companySize",)}
"""The columns that hold digests of what is asked for by name."""
_PARTS = {
    "outcome": ("outcome",),
    "flame": ("flame",),
    "country": ("country",),
    "call_to_action": ("callToAction",),
    "source": ("source",),
    "quality": ("quality",),
    "qualification": ("qualification",),
    "type": ("type",),
    "email_validity": ("type", "email"),
    "phone_validity": ("type", "phone"),
    "reason": ("reason",),
    "deal": ("outcome",),
    **NAMED,
    "updated_from": _CHANGES,
    "updated_to": _CHANGES,
    **_TEXTS,
}
"""The columns that parts of a filter are judged by; the others are judged by what is always selected."""
_ORDERS = {
    OrderField.UPDATED: _CHANGES,
    OrderField.COMPANY: ("company",),
    OrderField.COUNTRY: ("country",),
    OrderField.SOURCE: ("source",),
    OrderField.CALL_TO_ACTION: ("callToAction",),
    OrderField.QUALITY: ("quality",),
    OrderField.EMAIL_VALIDITY: ("email",),
    OrderField.PHONE_VALIDITY: ("phone",),
    OrderField.DEAL_VALUE: ("dealValue",),
}
STANDING = (
    *("RowKey", "status", "deadline", "flame", "updated", "sequence", "arrived", "unanswered"),
    *("company", "person", "country", "shownUntil", "outcomeDue", "isErased"),
)
"""What notifications go by."""


def selected(wanted: LeadFilter, order: OrderField | None = None) -> list[str]:
    """The columns by which leads of a filter are judged and put into an order."""
    parts = [columns for name, columns in _PARTS.items() if getattr(wanted, name)]
    ordered = _ORDERS.get(order, ()) if order else ()
    return list(dict.fromkeys((*_ALWAYS, *(name for part in parts for name in part), *ordered)))


def words_of(wanted: LeadFilter) -> list[str]:
    """The columns by which the words of a filter are judged."""
    parts = [columns for name, columns in _TEXTS.items() if getattr(wanted, name)]
    return list(dict.fromkeys(("RowKey", *(name for part in parts for name in part))))


_said = attrgetter("text_company", "text_deal", "text_person", "text_private", "text_terms")
_cut = attrgetter("text_cut")


def may_say(wanted: LeadFilter, rows: Sequence[Words]) -> bool:
    """False where none of these rows has all words: one look through them together is a fraction of one at each."""
    texts = chain.from_iterable(map(_said, rows))
    return wanted.could_say("\n".join(texts)) or True in map(_cut, rows)


def saying(wanted: LeadFilter, rows: Sequence[W], at: str, first: int = 0) -> Iterator[tuple[int, W]]:
    """Those of the rows, numbered from `first` on, whose leads have the words (`says`).

    Few have, so parts of the rows are looked through together, and parts of those parts only where some may have them.
    """
    if len(rows) <= FEW:
        yield from ((first + number, row) for number, row in enumerate(rows) if says(wanted, row, at))
        return
    step = -(-len(rows) // PARTS)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        if may_say(wanted, part):
            yield from saying(wanted, part, at, first + start)


def says(wanted: LeadFilter, row: Words, at: str) -> bool:
    """True where the words are in what anyone may see of the lead at the stamp `at` (L9), or only a document knows."""
    if row.text_cut:
        return True
    if at < row.shown_until:
        texts = Texts(row.text_company, row.text_deal, row.text_person, row.text_private, row.text_terms)
    else:
        texts = Texts(row.text_company, row.text_deal, "", "", "")
    return wanted.says(row.lead_id if wanted.looks_for_ids else "", texts)


_named: Mapping[str, Callable[[Columns], tuple[str, ...]]] = {
    "offer": lambda row: (row.offer_id, row.offer_title),
    "location": lambda row: (row.location,),
    "company_size": lambda row: (row.company_size,),
}


def takes(wanted: LeadFilter, row: Columns, found: Listed) -> bool:
    """True when the lead of this row, whose values these are, is asked for, words aside."""
    for part, name in wanted.names.items():
        if digest(name) not in _named[part](row):
            return False
    return wanted.takes(found)


def listed(row: Columns, at: str) -> Listed:
    """The values of the lead as settled at the stamp `at` (L6); those of columns that were not selected are missing."""
    has_ended = "" < row.deadline <= at
    status, outcome = row.status, row.outcome
    if has_ended:
        outcome = Outcome.EXPIRED if status == Status.RECEIVED else Outcome.AGED
        status = Status.ARCHIVED
    flame = None
    if row.flame and status == Status.RECEIVED:
        flame = FlameState.HOT if row.flame > at else FlameState.COOLED
    # What time does is dated with its deadline, and never before what was there.
    updated = max(row.updated, row.cools if row.cools <= at else "", row.deadline if has_ended else "")
    ends = row.deadline if row.deadline != FAR and not has_ended else ""
    lead_id = row.lead_id
    return Listed(
        lead_id,
        created_at(lead_id),
        _instant(updated) or NEVER,
        row.is_test,
        status,
        outcome or None,
        row.type or None,
        row.qualification,
        row.source or None,
        row.call_to_action or None,
        row.country or None,
        row.quality,
        row.email,
        row.phone,
        flame,
        row.reason or None,
        row.company or None,
        row.deal_value or None,
        _instant(ends),
    )


def standing(row: Columns) -> Standing:
    """What recommendations go by (N5); test leads are not read for it (T9)."""
    return Standing(
        row.lead_id,
        row.is_test,
        row.status,
        datetime.fromisoformat(row.updated),
        row.sequence,
        datetime.fromisoformat(row.arrived),
        _instant(row.deadline if row.deadline != FAR else ""),
        _instant(row.flame),
        row.unanswered,
        row.company or None,
        row.person or None,
        row.country or None,
        datetime.fromisoformat(row.shown_until),
        _instant(row.outcome_due),
        row.is_erased,
    )


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
