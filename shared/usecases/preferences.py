"""What a partner wants to be told (SPEC 7), and the addresses that want to hear nothing (N3)."""

from dataclasses import replace
from datetime import datetime

from shared.domain.contact import fold_email
from shared.domain.errors import InvalidRequest, NotFound
from shared.domain.preferences import Preferences
from shared.domain.unsubscribe import read_token
from shared.ports import Ports


async def read_preferences(*, ports: Ports, partner_id: str, at: datetime) -> Preferences:
    """The preferences as they hold: with the registration's time zone, and every address that is not mailed."""
    partner = await ports.partners.known(partner_id, at)
    if partner is None:
        raise NotFound
    stored = await ports.notices.preferences(partner_id) or Preferences()
    unwanted = await ports.notices.unwanted(partner_id)
    muted = {fold_email(one): one for one in stored.muted_addresses} | {one: one for one in unwanted}
    return replace(
        stored,
        time_zone=stored.time_zone or partner.time_zone,
        muted_addresses=tuple(sorted(muted.values())),
    )


async def put_preferences(*, ports: Ports, partner_id: str, preferences: Preferences, at: datetime) -> Preferences:
    """Replace them; addresses that have unsubscribed or take no mail stay muted, whatever is put."""
    await ports.notices.put_preferences(partner_id, preferences)
    return await read_preferences(ports=ports, partner_id=partner_id, at=at)


async def read_unsubscription(*, ports: Ports, token: str) -> tuple[str, str]:
    """Partner and address of a token; raises InvalidRequest for one that is not ours."""
    found = read_token(token, await ports.partners.signing_key())
    if found is None:
        raise InvalidRequest("The link is not valid; it must be complete, as it stands in the mail.")
    return found


async def unsubscribe(*, ports: Ports, token: str) -> str:
    """Mail this address no more; which one. Doing it again is harmless."""
    partner_id, address = await read_unsubscription(ports=ports, token=token)
    await ports.notices.add_unwanted(partner_id, address, "unsubscribed")
    return address
