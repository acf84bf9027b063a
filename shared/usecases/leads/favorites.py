"""Hearts and unhearts a lead for one person (Q2)."""

from shared.domain.errors import NotFound
from shared.ports.ports import Ports


async def set_favorite(*, ports: Ports, partner_id: str, person: str, lead_id: str, favorite: bool) -> None:
    """Set the person's favorite mark, again and again if they like; raises NotFound for no such lead."""
    stored = await ports.leads.get(partner_id, lead_id)
    if stored is None:
        raise NotFound
    await ports.marks.put(partner_id, person, lead_id, favorite=favorite, is_test=stored.lead.is_test)
