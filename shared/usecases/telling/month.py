"""The mail that a partner gets once a month: what its leads have come to, how it stands, what to mend (M5, M2, M6)."""

import asyncio
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.advice import advice, year, year_of
from shared.domain.insights import Period, insights
from shared.domain.measures import Sums
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.standing import period as standing_period
from shared.domain.standing import standing
from shared.domain.telling.dispatch import MAIL_LATER, Dispatch, deliver_hint
from shared.domain.telling.mail_day import Gathering, MailDay, key_of
from shared.ids import created_at
from shared.ports.delivery import Month
from shared.ports.ports import Ports
from shared.ports.telling import Wishes

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


async def read_month(*, ports: Ports, partner_id: str, key: str, at: datetime, wishes: Wishes) -> Month:
    """What the mail about a month says, by the key of its day; `wishes` are the partner's. Raises Unavailable."""
    first = date.fromisoformat(key[:10])
    days = Period(first, first.replace(day=monthrange(first.year, first.month)[1]))
    ninety, twelve = standing_period(at), year(at)
    sums, overdue, profile, lessons = await asyncio.gather(
        ports.tallies.sums_between(partner_id, str(min(days.before.first, twelve.first)), str(twelve.last)),
        ports.tallies.overdue_outcomes(partner_id, at),
        ports.listings.profile(partner_id, at),
        ports.outcomes.lessons(at),
    )
    lately = sum(created_at(lead_id).date() >= ninety.first for lead_id in overdue)
    pieces = advice(
        profile=profile,
        preferred=wishes.preferences.preferred_email if wishes.preferences else None,
        unwanted=wishes.unwanted,
        overdue=len(overdue),
        year=year_of(sums, at),
        at=at,
    )
    gravest = pieces[0] if pieces else None
    return Month(insights(sums, days), standing(sums, lately, ninety, lessons.norms), gravest)
