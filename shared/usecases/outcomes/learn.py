"""Looks at what every partner's leads have come to, and learns from it (M2, V3): once an hour, by a timer.

A run reads a year of each partner's sums, writes its standing and what its advice goes by (M6), and adds to what is
known of leads that are alike; at the beginning of a month it has the mail about the last one sent. One that ends at its
budget goes on in the next; only a look at all partners makes new lessons.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.advice import year_of
from shared.domain.errors import Unavailable
from shared.domain.instants import stamp
from shared.domain.likelihood import Learning
from shared.domain.programme.partner import Partner
from shared.domain.standing import Norms, Standing, norms_of, period, standing
from shared.ports.outcomes import Lessons
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.side_by_side import side_by_side
from shared.usecases.telling.month import tell_of_month

BOOKMARK = "learn_outcomes"
LEARNED_FROM = timedelta(days=365)
PARTNERS_PAGE, AT_ONCE = 100, 8


@dataclass(frozen=True)
class Learnt:
    """Partners that were looked at, and those that could not be; standings written anew, mails about last month.

    `unfinished` = it is to go on.
    """

    partners: int = 0
    written: int = 0
    told: int = 0
    skipped: int = 0
    unfinished: bool = False


async def learn_outcomes(*, ports: Ports, at: datetime, budget: Budget) -> Learnt:
    """Go on with the look at all partners, or begin one; raises Unavailable.

    A partner whose account is out of reach, or which is just being moved, keeps its standing.
    """
    began, _, place = (await ports.agenda.bookmark(BOOKMARK)).place.rpartition("|")
    since = datetime.fromisoformat(began) if began else at
    learning = Learning(await ports.outcomes.under_way() if place else None)
    norms = (await ports.outcomes.lessons(at)).norms
    done = written = told = skipped = 0
    while True:
        partners, following = await ports.partners.partners(place or None, PARTNERS_PAGE)
        looks = await side_by_side(lambda partner: _look(ports, partner, at, norms, learning), partners, AT_ONCE)
        found = {look.partner_id: look.standing for look in looks if look}
        skipped += len(partners) - len(found)
        told += sum(look.told for look in looks if look)
        stored = await ports.outcomes.standings_of(list(found))
        changed = {partner_id: one for partner_id, one in found.items() if stored.get(partner_id) != one}
        await ports.outcomes.put_standings(changed)
        done, written = done + len(found), written + len(changed)
        if following is None:
            break
        place = following
        if not budget.allows(done):
            await ports.outcomes.put_under_way(learning.learned())
            await ports.agenda.set_bookmark(BOOKMARK, f"{stamp(since)}|{place}")
            return Learnt(done, written, told, skipped, unfinished=True)
    await ports.agenda.set_bookmark(BOOKMARK, "")
    every = await ports.outcomes.standings()
    await ports.outcomes.put_lessons(Lessons(learning.learned(), norms_of(every.values()), since))
    return Learnt(done, written, told, skipped)


class _Look(NamedTuple):
    partner_id: str
    standing: Standing
    told: bool


async def _look(ports: Ports, partner: Partner, at: datetime, norms: Norms, learning: Learning) -> _Look | None:
    days, first = period(at), str((at - LEARNED_FROM).date())
    try:
        sums = await ports.tallies.sums_between(partner.id, first, str(at.date()))
        overdue = await ports.tallies.overdue_outcomes(partner.id, at, days.first)
        year = year_of(sums, at)
        if await ports.outcomes.year(partner.id, at) != year:
            await ports.outcomes.put_year(partner.id, year)
        told = await tell_of_month(ports=ports, partner=partner, sums=sums, at=at)
    except Unavailable:
        return None
    learning.add(sums)
    return _Look(partner.id, standing(sums, len(overdue), days, norms), told)
