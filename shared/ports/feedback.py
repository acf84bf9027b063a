"""What partners' people say of leads, for the operator and for whoever said it."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.feedback import Feedback, FeedbackFilter, Rated
from shared.ports.page import Page


@dataclass(frozen=True)
class StoredFeedback:
    """Feedback as it was read, with the storage tag that decides every race."""

    feedback: Feedback
    tag: str


@dataclass(frozen=True)
class Ratings:
    """Some ratings, newest first; `is_last` when there are no more behind them."""

    rows: Sequence[Rated]
    is_last: bool


class FeedbackStore(Protocol):
    """One feedback a person and lead, found by its lead, and in one list over all partners."""

    async def get(self, partner_id: str, lead_id: str, person: str) -> StoredFeedback | None:
        """What this person said of the lead; None when they said nothing."""

    async def put(self, feedback: Feedback, before: StoredFeedback | None) -> None:
        """Store it, in place of what the person said before, wherever it is listed; all or nothing.

        Raises LostRace where there is something else by now than `before`, None for nothing. One whose answer was lost
        is found again and counts.
        """

    async def of_lead(self, partner_id: str, lead_id: str) -> list[Feedback]:
        """What everybody said of the lead, newest first."""

    async def page(
        self, wanted: FeedbackFilter, after: str | None, top: int, is_over: Callable[[], bool]
    ) -> Page[Feedback]:
        """What is wanted, newest first, after the cursor.

        Once it is over, how far storage has looked by then: a page may be short or empty and go on.
        """

    def ratings(self, wanted: FeedbackFilter) -> AsyncGenerator[Ratings, None]:
        """The ratings of what is wanted, newest first, a thousand at most at a time, a request for each."""
