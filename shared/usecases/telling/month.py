"""The mail that a partner gets once a month: what its leads have come to, and how it stands (M5, M2)."""

import asyncio
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.insights import Period, insights
from shared.domain.measures import Sums
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.standing import period as standing_period
from shared.domain.standing import standing
from shared.domain.telling.dispatch import MAIL_LATER, Dispatch, deliver_hint
from shared.domain.telling.mail_day import Gathering, MailDay, key_of
from shared.ports.delivery import Month
from shared.ports.ports import Ports

FROM_DAY, UNTIL_DAY, HOUR = 2, 7, 8
"""Days of the month, and the hour, from and until which it goes, where the partner is: later nobody waits for it.

On the first day much of the last one may not be counted yet.
"""


async def tell_of_month(*, ports: Ports, partner: Partner, sums: Sequence[Sums], at: datetime) -> bool:
    """Let the mail about last month wait in its lane, once; True where that was done now. Raises Unavailable.

    `sums` are the partner's, of last month at least. A month without a lead is told nobody, and neither is one of a
    partner that is suspended.
    """
    local = at.astimezone(ZoneInfo(partner.time_zone))
    if partner.state is PartnerState.SUSPENDED or not (FROM_DAY <= local.day <= UNTIL_DAY and local.hour >= HOUR):
        return False
    last = local.date().replace(day=1) - timedelta(days=1)
    key = key_of(str(last.replace(day=1)), Gathering.MONTH)
    if await ports.mails.day(partner.id, key) is not None:
        return False
    # A day of the month's, ended with its only mail from the beginning: whoever comes second finds it so.
    day = MailDay(key, ends=at, closed=True)
    if insights(sums, Period(last.replace(day=1), last)).total.is_empty:
        return False
    hint = deliver_hint(partner.id, MAIL_LATER, at)
    await ports.agenda.put([hint])
    await ports.mails.close(partner.id, day, MAIL_LATER, Dispatch(Gathering.MONTH.event, at, day.subject, 0))
    ports.wakeups.lane(hint)
    return True


async def read_month(*, ports: Ports, partner_id: str, key: str, at: datetime) -> Month:
    """What the mail about a month says, by the key of its day; raises Unavailable."""
    first = date.fromisoformat(key[:10])
    days = Period(first, first.replace(day=monthrange(first.year, first.month)[1]))
    ninety = standing_period(at)
    begins = min(days.before.first, ninety.first)
    sums, overdue, lessons = await asyncio.gather(
        ports.tallies.sums_between(partner_id, str(begins), str(max(days.last, ninety.last))),
        ports.tallies.overdue_outcomes(partner_id, at, ninety.first),
        ports.outcomes.lessons(at),
    )
    return Month(insights(sums, days), standing(sums, len(overdue), ninety, lessons.norms))
