"""Reads a partner's insights (M5)."""

from collections.abc import Sequence

from shared.domain.insights import GroupBy, Insights, Period, insights
from shared.ports.ports import Ports


async def read_insights(*, ports: Ports, partner_id: str, period: Period, group_by: GroupBy | None = None) -> Insights:
    """The insights of a period, of all that the relay has counted by now; one range is read, whatever it is told by.

    Raises Unavailable.
    """
    (found,) = await read_insights_by(ports=ports, partner_id=partner_id, period=period, each=[group_by])
    return found


async def read_insights_by(
    *, ports: Ports, partner_id: str, period: Period, each: Sequence[GroupBy | None]
) -> list[Insights]:
    """The same told apart by each of these, in their order, of what one read has found; raises Unavailable."""
    first, last = period.before.first, period.last
    sums = await ports.tallies.sums_between(partner_id, str(first), str(last))
    return [insights(sums, period, group_by) for group_by in each]
