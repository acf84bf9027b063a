"""Feedback in the table Feedback: each by its lead, and its line in the list of all, in one partition (M8).

So both change in one transaction, and neither is ever without the other (storage.md).
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any

from azure.core.exceptions import AzureError

from shared.domain.feedback import Feedback, FeedbackFilter, Rated
from shared.domain.text import folded
from shared.ids import digest, inverted_time
from shared.ports.feedback import Ratings, StoredFeedback
from shared.ports.page import Page
from shared.storage import codec, keys, reads
from shared.storage.errors import is_unclear, translated, translating
from shared.storage.reads import Query
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Row, Write
from shared.storage.tables import Tables

RATED = ("rating", "source", "offerName", "titleName")
"""What sums read of a line."""


class TableFeedbackStore:
    """`FeedbackStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def _feedback(self) -> Table:
        return self._tables[keys.FEEDBACK]

    async def get(self, partner_id: str, lead_id: str, person: str) -> StoredFeedback | None:
        key = keys.feedback(partner_id, lead_id, person)
        row = await reads.row(self._feedback, keys.FEEDBACK_SHARD, key)
        return StoredFeedback(codec.load(Feedback, row), row.tag) if row else None

    async def put(self, feedback: Feedback, before: StoredFeedback | None) -> None:
        """One transaction."""
        row, line = _row(_key(feedback), feedback), _line(feedback)
        operations = [Write.replace(row, before.tag) if before else Write.insert(row), Write.upsert(line)]
        if before and (listed := _line(before.feedback))["RowKey"] != line["RowKey"]:
            operations.append(Write.delete(listed))
        try:
            await self._feedback.transact(operations)
        except AzureError as error:
            unclear = is_unclear(error)
            there = await self.get(feedback.partner_id, feedback.lead_id, feedback.by.id) if unclear else None
            if there is None or there.feedback != feedback:
                raise translated(error) from error

    async def of_lead(self, partner_id: str, lead_id: str) -> list[Feedback]:
        """One range."""
        rows = await reads.starting(self._feedback, keys.FEEDBACK_SHARD, keys.feedback_of(partner_id, lead_id))
        return sorted((codec.load(Feedback, row) for row in rows), key=lambda one: one.updated_at, reverse=True)

    async def page(
        self, wanted: FeedbackFilter, after: str | None, top: int, is_over: Callable[[], bool]
    ) -> Page[Feedback]:
        """One request, unless storage answers empty pages."""
        found = await reads.scan(self._feedback, _query(wanted, after), top, (), is_over)
        value = [codec.load(Feedback, row) for row in found.rows]
        if found.done:
            return Page(value, None)
        if found.reached is not None:
            return Page(value, keys.before_line(found.reached))
        return Page(value, keys.place_of(found.rows[-1]["RowKey"]))

    async def ratings(self, wanted: FeedbackFilter) -> AsyncGenerator[Ratings, None]:
        condition, token, is_last = str(_query(wanted, None)), None, False
        while not is_last:
            with translating():
                page = await self._feedback.page(condition, select=RATED, token=token)
            token, is_last = page.token, page.token is None
            yield Ratings([_rated(row) for row in page.rows], is_last)


def _key(feedback: Feedback) -> str:
    return keys.feedback(feedback.partner_id, feedback.lead_id, feedback.by.id)


def _row(key: str, feedback: Feedback) -> dict[str, Any]:
    record = codec.dump(feedback, what="feedback")
    return {"PartitionKey": keys.FEEDBACK_SHARD, "RowKey": key, **record}


def _line(feedback: Feedback) -> dict[str, Any]:
    """Its row in the list, with what is filtered by; names stand as they are written beside what is compared."""
    offer_id, title = (feedback.offer.id, feedback.offer.title) if feedback.offer else (None, None)
    return _row(keys.feedback_line(feedback.updated_at, _key(feedback)), feedback) | {
        "partner": feedback.partner_id,
        "rating": feedback.rating,
        "source": feedback.source or "",
        "isTest": feedback.is_test,
        "offerId": _compared(offer_id),
        "offerTitle": _compared(title),
        "offerName": offer_id or "",
        "titleName": title or "",
    }


def _compared(name: str | None) -> str:
    # Folded titles hold what an OData condition could stumble over.
    return digest(folded(name)) if name else ""


def _rated(row: Row) -> Rated:
    return Rated(*(row[name] for name in RATED))


def _query(wanted: FeedbackFilter, after: str | None) -> Query:
    said = []
    if wanted.sources:
        said.append(" or ".join(f"source eq '{one}'" for one in sorted(wanted.sources)))
    if wanted.ratings:
        said.append(" or ".join(f"rating eq {one}" for one in sorted(wanted.ratings)))
    if wanted.offer is not None:
        name = _compared(wanted.offer)
        said.append(f"offerId eq '{name}' or offerTitle eq '{name}'")
    if wanted.partner_id is not None:
        said.append(f"partner eq '{keys.quoted(wanted.partner_id)}'")
    if not wanted.include_test:
        said.append("isTest eq false")
    latest = inverted_time(wanted.said_until) if wanted.said_until else ""
    earliest = inverted_time(wanted.said_from) if wanted.said_from else ""
    low, high = keys.feedback_lines(max(latest, after or ""), earliest)
    return Query(keys.FEEDBACK_SHARD, low, high, [f"({one})" for one in said])
