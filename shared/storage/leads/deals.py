"""What a partner's deals are compared by (M4), in rows of their own.

Of each deal one small row stands in a range that holds nothing else, newest first: so the newest are one request a tab,
however many leads there are, and nothing of it is in the rows of all the others. It changes with its lead, in the same
transaction, and says nothing that changes when a deal ends.
"""

from typing import Any

import msgspec

from shared.domain.contact import shown_until
from shared.domain.instants import stamp
from shared.domain.lead import Lead
from shared.domain.similar import Traits, is_deal, need_of, size_of, title_of
from shared.storage import codec, keys
from shared.storage.rest.wire import Write

KIND = "deal"


class DealRow(msgspec.Struct, rename="camel", gc=False):
    """A deal's row; '' is a missing value."""

    row_key: str = msgspec.field(name="RowKey")
    offer_id: str
    offer_title: str
    country: str
    size: str
    source: str
    call_to_action: str
    need: str
    title: str
    shown_until: str


SELECTED = [field.encode_name for field in msgspec.structs.fields(DealRow)]


def traits(row: DealRow, at: str) -> Traits:
    """The deal's traits, as anyone may see them at the stamp `at` (L9)."""
    return Traits(
        keys.lead_of(row.row_key),
        frozenset(filter(None, (row.offer_id, row.offer_title))),
        row.country,
        row.size,
        row.source,
        row.call_to_action,
        row.need if at < row.shown_until else "",
        row.title,
    )


def writes(before: Lead | None, lead: Lead) -> list[Write]:
    """What keeps the row as its lead is; most changes of a lead change nothing of it."""
    was, now = (_columns(one) if one and is_deal(one) else None for one in (before, lead))
    if was == now:
        return []
    row = {"PartitionKey": lead.partner_id, "RowKey": keys.copy(KIND, lead.id)}
    return [Write.upsert(row | now) if now else Write.delete(row)]


def _columns(lead: Lead) -> dict[str, Any]:
    return {
        **codec.offer_columns(lead),
        "country": lead.customer.country or "",
        "size": size_of(lead),
        "source": lead.source or "",
        "callToAction": lead.call_to_action or "",
        "need": need_of(lead),
        "title": title_of(lead),
        "shownUntil": stamp(shown_until(lead)),
    }
