"""Feedback in memory."""

import itertools
from collections.abc import AsyncGenerator, Callable

from shared.domain.feedback import Feedback, FeedbackFilter, Rated
from shared.ports.errors import LostRace
from shared.ports.feedback import Ratings, StoredFeedback
from shared.ports.page import Page
from shared.storage import keys

TOGETHER = 1_000


def _key(feedback: Feedback) -> str:
    return keys.feedback(feedback.partner_id, feedback.lead_id, feedback.by.id)


def _place(feedback: Feedback) -> str:
    return keys.place_of(keys.feedback_line(feedback.updated_at, _key(feedback)))


class FakeFeedbackStore:
    """`FeedbackStore` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredFeedback] = {}
        self._tags = itertools.count()

    async def get(self, partner_id: str, lead_id: str, person: str) -> StoredFeedback | None:
        return self.rows.get(keys.feedback(partner_id, lead_id, person))

    async def put(self, feedback: Feedback, before: StoredFeedback | None) -> None:
        there = self.rows.get(_key(feedback))
        if there == before:
            self.rows[_key(feedback)] = StoredFeedback(feedback, str(next(self._tags)))
        elif there is None or there.feedback != feedback:
            raise LostRace

    async def of_lead(self, partner_id: str, lead_id: str) -> list[Feedback]:
        start = keys.feedback_of(partner_id, lead_id)
        found = [row.feedback for key, row in self.rows.items() if key.startswith(start)]
        return sorted(found, key=lambda one: one.updated_at, reverse=True)

    async def page(
        self, wanted: FeedbackFilter, after: str | None, top: int, is_over: Callable[[], bool]
    ) -> Page[Feedback]:
        found = [one for one in self._listed(wanted) if _place(one) > (after or "")]
        return Page(found[:top], _place(found[top - 1]) if len(found) > top else None)

    async def ratings(self, wanted: FeedbackFilter) -> AsyncGenerator[Ratings, None]:
        found = self._listed(wanted)
        for start in range(0, max(len(found), 1), TOGETHER):
            some = [
                Rated(
                    one.rating,
                    one.source or "",
                    (one.offer.id if one.offer else None) or "",
                    (one.offer.title if one.offer else None) or "",
                )
                for one in found[start : start + TOGETHER]
            ]
            yield Ratings(some, start + TOGETHER >= len(found))

    def _listed(self, wanted: FeedbackFilter) -> list[Feedback]:
        return sorted((row.feedback for row in self.rows.values() if wanted.takes(row.feedback)), key=_place)
