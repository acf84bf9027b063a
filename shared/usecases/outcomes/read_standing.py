"""Reads a partner's standing as it is now (M2)."""

import asyncio
from datetime import datetime

from shared.domain.standing import Standing, period, standing
from shared.ports.ports import Ports


async def read_standing(*, ports: Ports, partner_id: str, at: datetime) -> Standing:
    """The partner's standing, of all that the relay has counted by now; raises Unavailable."""
    days = period(at)
    sums, overdue, lessons = await asyncio.gather(
        ports.tallies.sums_between(partner_id, str(days.first), str(days.last)),
        ports.tallies.overdue_outcomes(partner_id, at, days.first),
        ports.outcomes.lessons(at),
    )
    return standing(sums, len(overdue), days, lessons.norms)
