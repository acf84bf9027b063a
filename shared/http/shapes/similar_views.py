"""The earlier deals that a lead is like, as its reader is shown them (M4)."""

from datetime import datetime

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.permissions import Caller
from shared.http.shapes.enumerations import LikenessText
from shared.http.shapes.lead_views import LeadView, lead_view
from shared.texts import Translate
from shared.usecases.outcomes.find_similar import SimilarDeal


class SimilarView(TypedDict):
    """A deal that is like the lead: how much, in what, and how long it took; the lead's view says what became of it."""

    lead: LeadView
    likeness: float
    reasons: list[LikenessText]
    words: list[str]
    daysToClose: int | None


def similar_view(found: SimilarDeal, caller: Caller, at: datetime, translate: Translate) -> SimilarView:
    """The deal as this caller may see it at `at`, as lists show leads (L9)."""
    return {
        "lead": lead_view(found.seen, caller, at, translate),
        "likeness": round(found.how.likeness, 3),
        "reasons": list(found.how.alike),
        "words": list(found.how.words),
        "daysToClose": found.days,
    }
