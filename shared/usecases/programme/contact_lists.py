"""Reads and replaces the operator's block and allow lists (V1)."""

from shared.domain.errors import PayloadTooLarge
from shared.domain.messages import say
from shared.domain.programme.contact_lists import CHARACTERS_MAX, ContactLists
from shared.ports.as_read import AsRead
from shared.ports.ports import Ports


async def read_contact_lists(*, ports: Ports) -> ContactLists:
    """The lists as they are stored; an instance may use older ones for a minute."""
    return await ports.partners.stored_contact_lists()


async def put_contact_lists(*, ports: Ports, lists: ContactLists, before: ContactLists) -> None:
    """Replace the lists that were read `before`; leads that were received before keep what was found then.

    Raises LostRace, PayloadTooLarge.
    """
    if lists.characters > CHARACTERS_MAX:
        raise PayloadTooLarge(say("The entries have more than %(most)d characters together.", most=CHARACTERS_MAX))
    await ports.partners.put_contact_lists(lists, AsRead(before))
