"""Reads a partner's insights (M5)."""

from shared.domain.insights import GroupBy, Insights, Period, insights
from shared.ports.ports import Ports


async def read_insights(*, ports: Ports, partner_id: str, period: Period, group_by: GroupBy | None = None) -> Insights:
    """The insights of a period, of all that the relay has counted by now; one range is read, whatever it is told by.

    Raises Unavailable.
    """
    first, last = period.before.first, period.last
    return insights(await ports.tallies.sums_between(partner_id, str(first), str(last)), period, group_by)
