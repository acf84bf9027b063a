"""Finds the partner's earlier deals that a lead is like, with what became of them (M4)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import NotFound
from shared.domain.lifecycle import settle
from shared.domain.similar import DEALS_MAX, Similar, days_to_close, is_deal, similar, traits_of
from shared.ids import digest, position
from shared.ports.ports import Ports
from shared.usecases.leads.read_leads import SeenLead, seen_leads


@dataclass(frozen=True)
class SimilarDeal:
    """A deal with its person's mark, in what it is like the lead, and how many days it took; None while it is open."""

    seen: SeenLead
    how: Similar
    days: int | None


async def find_similar(
    *, ports: Ports, partner_id: str, person: str, lead_id: str, top: int, at: datetime
) -> tuple[SimilarDeal, ...]:
    """The deals among the newest DEALS_MAX before this lead that are like it, the most alike first; raises NotFound.

    What is read does not grow with the number of leads: the traits of those deals, and the `top` that are told of.
    """
    stored, deals, (marks, covered) = await asyncio.gather(
        ports.leads.get(partner_id, lead_id),
        ports.leads.deals(partner_id, lead_id, at, DEALS_MAX),
        ports.marks.near(partner_id, person, position(lead_id)),
    )
    if stored is None:
        raise NotFound
    traits = traits_of(settle(stored.lead, at).lead, at)
    traits = traits._replace(offers=frozenset(map(digest, traits.offers)))
    # Hundreds of deals take some milliseconds; other requests have their turn meanwhile.
    found = await asyncio.to_thread(similar, traits, deals, top)
    read = await ports.leads.many(partner_id, [one.lead_id for one in found])
    # One may have been closed as an error since.
    leads = [lead for lead in (settle(one, at).lead for one in read) if is_deal(lead)]
    how = {one.lead_id: one for one in found}
    seen = await seen_leads(ports, partner_id, person, leads, marks, covered)
    return tuple(SimilarDeal(one, how[one.lead.id], days_to_close(one.lead)) for one in seen)
