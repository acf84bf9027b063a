"""Reads and replaces the operator's block and allow lists (V1)."""

from datetime import datetime

from shared.domain.contact_lists import CHARACTERS_MAX, ContactLists
from shared.domain.errors import PayloadTooLarge
from shared.domain.messages import say
from shared.ports.ports import Ports


async def read_contact_lists(*, ports: Ports, at: datetime) -> ContactLists:
    """The lists as they are used now; another instance may use older ones for a minute."""
    return await ports.partners.contact_lists(at)


async def put_contact_lists(*, ports: Ports, lists: ContactLists) -> None:
    """Replace the lists; leads that were received before keep what was found then. Raises PayloadTooLarge."""
    if lists.characters > CHARACTERS_MAX:
        raise PayloadTooLarge(say("The entries have more than %(most)d characters together.", most=CHARACTERS_MAX))
    await ports.partners.put_contact_lists(lists)
