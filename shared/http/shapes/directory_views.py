"""What whoever searches the directory is shown: what partners publish, and why they rank there; no contact details."""

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.programme.directory import Found
from shared.http.shapes.enumerations import FitText
from shared.texts import Translate


class FitView(TypedDict):
    """Why a partner ranks there; `fits` is false for what was asked for and is not there."""

    kind: FitText
    fits: bool
    message: str


class FoundPartnerView(TypedDict):
    """A partner that was found; scores may be compared within one answer.

    `location` is the one in the customer's country where there is one, as an inquiry names it.
    """

    partnerId: str
    name: str
    description: str | None
    location: str | None
    country: str | None
    competencies: list[str]
    endorsements: list[str]
    score: float
    reasons: list[FitView]


def found_partner_view(found: Found, translate: Translate) -> FoundPartnerView:
    """The partner in the reader's language."""
    entry, place = found.entry, found.place
    return {
        "partnerId": entry.partner_id,
        "name": entry.name,
        "description": entry.description,
        "location": place.name if place else None,
        "country": place.country if place else None,
        "competencies": list(entry.competencies),
        "endorsements": list(entry.endorsements),
        "score": round(found.score, 4),
        "reasons": [{"kind": one.kind, "fits": one.fits, "message": translate(one.message)} for one in found.reasons],
    }
