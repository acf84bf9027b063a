"""Reads the advice to a partner as it is now (M6)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from shared.domain.advice import Advice, advice, year, year_of
from shared.ports.ports import Ports


async def read_advice(*, ports: Ports, partner_id: str, at: datetime) -> Sequence[Advice]:
    """All advice, the gravest first, of all that the relay has counted by now.

    Four reads side by side: a year of sums, the open deals, the profile, the wishes. Raises Unavailable.
    """
    days = year(at)
    sums, overdue, profile, wishes = await asyncio.gather(
        ports.tallies.sums_between(partner_id, str(days.first), str(days.last)),
        ports.tallies.overdue_outcomes(partner_id, at),
        ports.listings.profile(partner_id, at, fresh=True),
        ports.preferences.wishes(partner_id),
    )
    return advice(
        profile=profile,
        preferred=wishes.preferences.preferred_email if wishes.preferences else None,
        unwanted=wishes.unwanted,
        overdue=len(overdue),
        year=year_of(sums, at),
        at=at,
    )
