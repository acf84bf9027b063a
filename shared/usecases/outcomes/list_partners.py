"""Lists partners for the operator, with how they do, as the last look at all of them found it (M2).

In the order of their ids a page is one request for registrations and one for standings, and a search looks at so many
registrations until the page is full or the budget is spent. Any other order reads all of both, a thousand in a request,
keeps no more than a page of them, and refuses where there are more than SORTED_MAX.
"""

import asyncio
import heapq
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from shared.domain.errors import NotFound, SortTooLarge
from shared.domain.messages import say
from shared.domain.partner_order import PartnerKey, PartnerOrder, is_called, partner_key
from shared.domain.programme.partner import Partner
from shared.domain.standing import Standing
from shared.domain.text import folded
from shared.ids import PARTNER_ID
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.cursors import CURSOR, cursor_of, key_of

SORTED_MAX = 20_000
"""Partners that are put in order: 40 requests, half of them side by side with the others."""
READ_AT_ONCE = 1_000
SORTED_HELD = 1_000
"""Partners held while sorting before all but the page's are let go of."""


@dataclass(frozen=True)
class Performance:
    """A partner's standing as it was at `at`; None while the first look at all partners goes on."""

    standing: Standing
    at: datetime | None


@dataclass(frozen=True)
class SeenPartner:
    """A registration, and how the partner does; None where nobody has looked yet, or nobody asked."""

    partner: Partner
    performance: Performance | None = None


@dataclass(frozen=True)
class WantedPartners:
    """Which partners, by words of their names and ids, in which order, and whether with their performance."""

    search: str | None = None
    order: PartnerOrder = field(default_factory=PartnerOrder)
    performance: bool = False

    @property
    def reads_many(self) -> bool:
        """True where a page takes reading many partners."""
        return self.search is not None or not self.order.is_as_stored

    @property
    def cursors(self) -> re.Pattern[str]:
        """The form of the list's cursors."""
        return PARTNER_ID if self.order.is_as_stored else CURSOR


Found = tuple[Partner, Standing | None]
FoundPage = tuple[Sequence[Found], str | None]


async def list_partners(
    *, ports: Ports, wanted: WantedPartners, after: str | None, top: int, at: datetime, budget: Budget
) -> Page[SeenPartner]:
    """A page after a cursor; that of a search may be short.

    Raises SortTooLarge where there are more partners than SORTED_MAX and another order than by id is wanted.
    """
    if wanted.order.is_as_stored:
        found, following = await _as_stored(ports, wanted, after, top, budget)
    else:
        found, following = await _sorted(ports, wanted, after, top)
    looked_at = (await ports.outcomes.lessons(at)).at if wanted.performance else None
    seen = [
        SeenPartner(partner, Performance(standing, looked_at) if standing and wanted.performance else None)
        for partner, standing in found
    ]
    return Page(seen, following)


async def read_partner(*, ports: Ports, partner_id: str, at: datetime) -> SeenPartner:
    """One partner with its performance as a list has it; raises NotFound."""
    partner, found, lessons = await asyncio.gather(
        ports.partners.get(partner_id), ports.outcomes.standings_of([partner_id]), ports.outcomes.lessons(at)
    )
    if partner is None:
        raise NotFound
    standing = found.get(partner_id)
    return SeenPartner(partner, Performance(standing, lessons.at) if standing else None)


async def _as_stored(ports: Ports, wanted: WantedPartners, after: str | None, top: int, budget: Budget) -> FoundPage:
    """By id: what storage gives, or what a search finds in it."""
    words = folded(wanted.search or "")
    found: list[Partner] = []
    looked, following = 0, after
    while True:
        partners, following = await ports.partners.partners(following, READ_AT_ONCE if words else top)
        looked += len(partners)
        for partner in partners:
            if is_called(partner, words):
                found.append(partner)
                if len(found) == top:
                    is_last = following is None and partner is partners[-1]
                    return await _with_standings(ports, wanted, found), None if is_last else partner.id
        if following is None or not budget.allows(looked):
            return await _with_standings(ports, wanted, found), following


async def _with_standings(ports: Ports, wanted: WantedPartners, partners: Sequence[Partner]) -> Sequence[Found]:
    """The partners of one page; those of a search may be far apart, so each is asked for."""
    standings: dict[str, Standing] = {}
    if wanted.performance and partners:
        outcomes = ports.outcomes
        standings = (
            await outcomes.standings_of([partner.id for partner in partners])
            if wanted.search
            else await outcomes.standings_between(partners[0].id, partners[-1].id)
        )
    return [(partner, standings.get(partner.id)) for partner in partners]


async def _sorted(ports: Ports, wanted: WantedPartners, after: str | None, top: int) -> FoundPage:
    """Any other order: exact, and for each page anew."""
    order, words, last = wanted.order, folded(wanted.search or ""), key_of(after) if after else None
    pick = heapq.nlargest if order.descending else heapq.nsmallest
    found: list[tuple[PartnerKey, Found]] = []
    looked = 0
    async with aclosing(_every(ports, with_standings=order.is_by_figures or wanted.performance)) as pages:
        async for page in pages:
            looked += len(page)
            if looked > SORTED_MAX:
                text = "There are more than %(most)d partners, too many for this order: order by id."
                raise SortTooLarge(say(text, most=SORTED_MAX))
            for partner, standing in page:
                key = partner_key(partner, standing, order)
                if is_called(partner, words) and (last is None or (key < last if order.descending else key > last)):
                    found.append((key, (partner, standing)))
            if len(found) > SORTED_HELD:
                found = pick(top + 1, found, key=itemgetter(0))
    best = pick(top + 1, found, key=itemgetter(0))
    return [one for _, one in best[:top]], cursor_of(best[top - 1][0]) if len(best) > top else None


async def _every(ports: Ports, *, with_standings: bool) -> AsyncGenerator[Sequence[Found], None]:
    """All partners, page after page; a page's standings are read beside the registrations of the next one."""
    partners, following = await ports.partners.partners(None, READ_AT_ONCE)
    while partners:
        standings, (ahead, further) = await asyncio.gather(
            _standings(ports, partners if with_standings else ()),
            _next(ports, following),
        )
        yield [(partner, standings.get(partner.id)) for partner in partners]
        partners, following = ahead, further


async def _standings(ports: Ports, partners: Sequence[Partner]) -> dict[str, Standing]:
    return await ports.outcomes.standings_between(partners[0].id, partners[-1].id) if partners else {}


async def _next(ports: Ports, following: str | None) -> Page[Partner]:
    return await ports.partners.partners(following, READ_AT_ONCE) if following else Page([], None)
