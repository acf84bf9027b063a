"""Takes what a person says of a lead, shows it to them and to the operator, and adds it up (M8)."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import is_redacted
from shared.domain.errors import NotFound, Unavailable
from shared.domain.feedback import (
    Feedback,
    FeedbackFilter,
    FeedbackSums,
    SeenFeedback,
    is_surely_shown,
    said_of,
    seen,
)
from shared.domain.lead import Actor, Lead
from shared.domain.lifecycle import settle
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.races import until_won
from shared.usecases.side_by_side import side_by_side

AT_ONCE = 16
"""Leads that are looked at side by side for a page."""


@dataclass(frozen=True)
class Given:
    """Feedback as it stands; `is_new` when it is the person's first of the lead, `replaced` when it took one's place.

    Neither is true of what the person had said before, word for word.
    """

    seen: SeenFeedback
    is_new: bool
    replaced: bool


@dataclass(frozen=True)
class OwnFeedback:
    """What a person said of a lead, None for nothing, and whether a text of theirs would be hidden now (L9)."""

    seen: SeenFeedback | None
    hides_text: bool


@dataclass(frozen=True)
class Summed:
    """Sums of feedback; not `is_complete` where there was more than one request may read: then of the newest."""

    sums: FeedbackSums
    is_complete: bool


async def give_feedback(
    *, ports: Ports, partner_id: str, lead_id: str, rating: int, text: str | None, by: Actor, at: datetime
) -> Given:
    """Say this of a lead, in every status, in place of what the person said of it before; raises NotFound."""

    async def step() -> Given:
        stored, before = await asyncio.gather(
            ports.leads.get(partner_id, lead_id), ports.feedback.get(partner_id, lead_id, by.id)
        )
        if stored is None:
            raise NotFound
        lead, earlier = settle(stored.lead, at).lead, before.feedback if before else None
        said = said_of(lead, rating, text, by=by, at=at, before=earlier)
        if said != earlier:
            await ports.feedback.put(said, before)
        return Given(seen(said, lead, at), is_new=earlier is None, replaced=earlier is not None and said != earlier)

    return await until_won(step)


async def own_feedback(*, ports: Ports, lead: Lead, person: str, at: datetime) -> OwnFeedback:
    """What this person said of a settled lead."""
    stored = await ports.feedback.get(lead.partner_id, lead.id, person)
    return OwnFeedback(seen(stored.feedback, lead, at) if stored else None, is_redacted(lead, at))


async def feedback_of(
    *, ports: Ports, partner_id: str, lead_id: str, person: str | None, at: datetime
) -> list[SeenFeedback]:
    """What this person said of a lead, or what everybody did where that is None, newest first; raises NotFound."""
    stored = await ports.leads.get(partner_id, lead_id)
    if stored is None:
        raise NotFound
    lead = settle(stored.lead, at).lead
    if person is None:
        return [seen(one, lead, at) for one in await ports.feedback.of_lead(partner_id, lead_id)]
    own = await own_feedback(ports=ports, lead=lead, person=person, at=at)
    return [own.seen] if own.seen else []


async def list_feedback(
    *, ports: Ports, wanted: FeedbackFilter, after: str | None, top: int, at: datetime, budget: Budget
) -> Page[SeenFeedback]:
    """A page of all partners' feedback, newest first.

    No partner is asked for anything but a lead that may hide its text by now (L9): at most one for each line shown.
    """
    page = await ports.feedback.page(wanted, after, top, lambda: not budget.allows(0))
    return Page(await side_by_side(lambda one: _seen(ports, one, at), page.items, AT_ONCE), page.next)


async def sum_feedback(*, ports: Ports, wanted: FeedbackFilter, budget: Budget) -> Summed:
    """The sums of what is wanted, as far as the budget goes, from the newest on; test leads are in none (T9)."""
    sums = FeedbackSums()
    async with aclosing(ports.feedback.ratings(replace(wanted, include_test=False))) as ratings:
        async for some in ratings:
            sums.add(some.rows)
            if not some.is_last and not budget.allows(sums.all.count):
                return Summed(sums, is_complete=False)
    return Summed(sums, is_complete=True)


async def _seen(ports: Ports, feedback: Feedback, at: datetime) -> SeenFeedback:
    if is_surely_shown(feedback, at):
        return SeenFeedback(feedback)
    try:
        stored = await ports.leads.get(feedback.partner_id, feedback.lead_id)
    except Unavailable:
        # One account that is out of reach takes the list from nobody; what is not known to be shown is hidden.
        return seen(feedback, None, at)
    return seen(feedback, settle(stored.lead, at).lead if stored else None, at)
