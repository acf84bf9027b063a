"""The `since` token of an export: from where on a sync goes on, bound to the partner and the filter (X1–X5).

A token of another filter would miss leads that are in this one and have not changed, so it is refused.
"""

from datetime import datetime

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.exports.export import Since
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.instants import stamp
from shared.http import page_tokens
from shared.ids import STAMPS

YEAR_LEAST = 2000


def make(since: Since, partner_id: str, wanted: LeadFilter, person: str) -> str:
    """The token to hand out."""
    return page_tokens.make(f"{stamp(since.stored)}|{stamp(since.at)}", *_scope(partner_id, wanted, person))


def read(token: str, partner_id: str, wanted: LeadFilter, person: str) -> Since:
    """What a token says; raises InvalidRequest for a token of another partner, filter or making."""
    cursor = page_tokens.read(token, STAMPS, *_scope(partner_id, wanted, person), target="since")
    stored, _, at = cursor.partition("|")
    try:
        since = Since(datetime.fromisoformat(stored), datetime.fromisoformat(at))
    except ValueError:
        since = None
    # Tables know no time before 1601, and nobody synced before there was anything to sync.
    if since is None or min(since.stored, since.at).year < YEAR_LEAST:
        raise InvalidRequest("The token is not valid.", details=[Detail("invalidValue", "It is damaged.", "since")])
    return since


def _scope(partner_id: str, wanted: LeadFilter, person: str) -> tuple[str, ...]:
    # Favorites are one person's own; any other tab is everybody's.
    whose = person if wanted.tab is ListTab.FAVORITES else ""
    return ("since", partner_id, whose, *wanted.canonical)
