"""What is said of leads, as it is sent and answered (M8)."""

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.feedback import BEST, WORST, OfferSum, SeenFeedback, Sum
from shared.domain.instants import stamp
from shared.http.actors import ActorView, actor_view
from shared.http.fields import Incoming, Remark
from shared.http.shapes.enumerations import SourceText
from shared.http.shapes.lead_views import OfferView
from shared.usecases.outcomes.feedback import Given, Summed


class FeedbackIn(Incoming):
    """What a person says of a lead: how good it is, from 1 to 5, and why."""

    rating: Annotated[int, Field(ge=WORST, le=BEST, strict=True)]
    text: Remark | None = None


class FeedbackView(TypedDict):
    """What one person says of one lead.

    `text` is null where there is none, and where the lead's contact details are hidden, which `isTextHidden` says (L9).
    """

    partnerId: str
    leadId: str
    rating: int
    text: str | None
    isTextHidden: bool
    by: ActorView
    source: SourceText | None
    offer: OfferView | None
    isTest: bool
    createdDateTime: str
    updatedDateTime: str


class GivenFeedbackView(FeedbackView):
    """What stands now; `replaced` when the person had said something else of the lead before."""

    replaced: bool


class LeadFeedbackView(TypedDict):
    """What was said of a lead, newest first."""

    value: list[FeedbackView]


class SumView(TypedDict):
    """Ratings together; `average` and `lowRate` are null where there are none."""

    count: int
    average: float | None
    lowRate: float | None


class SourceSumView(SumView):
    """The ratings of leads of one source; null for leads without one."""

    source: SourceText | None


class OfferSumView(SumView):
    """The ratings of leads of one offer; null for leads without one, and for all others together, where `isOther`."""

    offer: OfferView | None
    isOther: bool


class FeedbackSumsView(SumView):
    """Ratings of all that the filter finds, by source and by offer; of the newest where it is not `isComplete`."""

    isComplete: bool
    bySource: list[SourceSumView]
    byOffer: list[OfferSumView]


class FeedbackPageView(TypedDict):
    """A page of what was said of leads, with sums of all that the filter finds on the first."""

    value: list[FeedbackView]
    nextLink: NotRequired[str]
    sums: NotRequired[FeedbackSumsView]


def feedback_view(found: SeenFeedback) -> FeedbackView:
    """It, as it may be seen."""
    said = found.feedback
    return {
        "partnerId": said.partner_id,
        "leadId": said.lead_id,
        "rating": said.rating,
        "text": said.text,
        "isTextHidden": found.is_text_hidden,
        "by": actor_view(said.by),
        "source": said.source,
        "offer": {"id": said.offer.id, "title": said.offer.title} if said.offer else None,
        "isTest": said.is_test,
        "createdDateTime": stamp(said.created_at),
        "updatedDateTime": stamp(said.updated_at),
    }


def given_view(given: Given) -> GivenFeedbackView:
    """What the person is answered who said it."""
    return {**feedback_view(given.seen), "replaced": given.replaced}


def lead_feedback_view(found: Sequence[SeenFeedback]) -> LeadFeedbackView:
    """What was said of one lead."""
    return {"value": [feedback_view(one) for one in found]}


def sums_view(summed: Summed) -> FeedbackSumsView:
    """The sums."""
    sums = summed.sums
    return {
        **_sum_view(sums.all),
        "isComplete": summed.is_complete,
        "bySource": [{**_sum_view(one), "source": source or None} for source, one in sums.by_source()],
        "byOffer": [
            {**_sum_view(one.sum), "offer": _offer_view(one), "isOther": one.is_other} for one in sums.by_offer()
        ],
    }


def _sum_view(found: Sum) -> SumView:
    """An average has as many digits as it is good for."""
    average, low = found.average, found.low_rate
    return {
        "count": found.count,
        "average": None if average is None else round(average, 2),
        "lowRate": None if low is None else round(low, 4),
    }


def _offer_view(found: OfferSum) -> OfferView | None:
    if not (found.offer_id or found.offer_title):
        return None
    return {"id": found.offer_id or None, "title": found.offer_title or None}
