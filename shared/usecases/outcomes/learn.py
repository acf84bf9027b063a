"""Looks at what every partner's leads have come to, and learns from it (M2, V3): once an hour, by a timer.

A run reads a year of each partner's sums, writes its standing, and adds to what is known of leads that are alike. One
that ends at its budget goes on in the next; only a look at all partners makes new lessons.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.errors import Unavailable
from shared.domain.likelihood import Learning
from shared.domain.standing import Norms, Standing, norms_of, period
from shared.ports.outcomes import Lessons
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.outcomes.read_standing import standing_of
from shared.usecases.side_by_side import side_by_side

BOOKMARK = "learn_outcomes"
LEARNED_FROM = timedelta(days=365)
PARTNERS_PAGE, AT_ONCE = 100, 8


@dataclass(frozen=True)
class Learnt:
    """Partners that were looked at, standings that were written anew, whom it could not look at.

    `unfinished` = it is to go on.
    """

    partners: int = 0
    written: int = 0
    skipped: int = 0
    unfinished: bool = False


async def learn_outcomes(*, ports: Ports, at: datetime, budget: Budget) -> Learnt:
    """Go on with the look at all partners, or begin one; raises Unavailable.

    A partner whose account is out of reach, or which is just being moved, keeps its standing.
    """
    place = (await ports.agenda.bookmark(BOOKMARK)).place or None
    learning = Learning(await ports.outcomes.under_way() if place else None)
    norms = (await ports.outcomes.lessons(at)).norms
    done = written = skipped = 0
    while True:
        partners, following = await ports.partners.partners(place, PARTNERS_PAGE)
        looks = await side_by_side(lambda partner: _look(ports, partner.id, at, norms, learning), partners, AT_ONCE)
        found = dict(filter(None, looks))
        skipped += len(partners) - len(found)
        stored = await ports.outcomes.standings_of(list(found))
        changed = {partner_id: one for partner_id, one in found.items() if stored.get(partner_id) != one}
        await ports.outcomes.put_standings(changed)
        done, written = done + len(found), written + len(changed)
        if following is None:
            break
        place = following
        if not budget.allows(done):
            await ports.outcomes.put_under_way(learning.learned())
            await ports.agenda.set_bookmark(BOOKMARK, place)
            return Learnt(done, written, skipped, unfinished=True)
    await ports.agenda.set_bookmark(BOOKMARK, "")
    every = await ports.outcomes.standings()
    await ports.outcomes.put_lessons(Lessons(learning.learned(), norms_of(every.values())))
    return Learnt(done, written, skipped)


async def _look(
    ports: Ports, partner_id: str, at: datetime, norms: Norms, learning: Learning
) -> tuple[str, Standing] | None:
    first = str((at - LEARNED_FROM).date())
    try:
        sums = await ports.tallies.sums_between(partner_id, first, str(at.date()))
        overdue = await ports.tallies.overdue_outcomes(partner_id, at)
    except Unavailable:
        return None
    learning.add(sums)
    return partner_id, standing_of(sums, overdue, period(at), norms)
