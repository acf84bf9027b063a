"""Reads a partner's standing as it is now (M2)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from shared.domain.insights import Period
from shared.domain.measures import Sums
from shared.domain.standing import Norms, Standing, period, standing
from shared.ids import created_at
from shared.ports.ports import Ports


async def read_standing(*, ports: Ports, partner_id: str, at: datetime) -> Standing:
    """The partner's standing, of all that the relay has counted by now; raises Unavailable."""
    days = period(at)
    sums, overdue, lessons = await asyncio.gather(
        ports.tallies.sums_between(partner_id, str(days.first), str(days.last)),
        ports.tallies.overdue_outcomes(partner_id, at),
        ports.outcomes.lessons(at),
    )
    return standing_of(sums, overdue, days, lessons.norms)


def standing_of(sums: Sequence[Sums], overdue: Sequence[str], days: Period, norms: Norms) -> Standing:
    """The standing by sums, and by the overdue deals of leads of the same days."""
    of_these = sum(days.first <= created_at(lead_id).date() <= days.last for lead_id in overdue)
    return standing(sums, of_these, days, norms)
