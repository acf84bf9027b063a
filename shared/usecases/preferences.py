"""What a partner wants to be told (SPEC 7), and the addresses that want to hear nothing (N3)."""

from dataclasses import replace
from datetime import datetime

from shared.domain.contact import fold_email
from shared.domain.errors import Detail, InvalidRequest, NotFound
from shared.domain.messages import say
from shared.domain.preferences import MUTED_MAX, Preferences
from shared.domain.unsubscribe import read_token
from shared.ports.ports import Ports
from shared.ports.telling import BOUNCED


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
    """Replace them; addresses that have unsubscribed stay muted, whatever is put, those that bounced while they are.

    Raises InvalidRequest when more than MUTED_MAX are muted by the partner itself.
    """
    unwanted = await ports.notices.unwanted(partner_id)
    muted = {fold_email(one): one for one in preferences.muted_addresses}
    own = tuple(one for folded, one in muted.items() if folded not in unwanted)
    if len(own) > MUTED_MAX:
        text = say("It must have at most %(max_length)d entries.", max_length=MUTED_MAX)
        raise InvalidRequest(details=[Detail("tooLong", text, "mutedAddresses")])
    await ports.notices.put_preferences(partner_id, replace(preferences, muted_addresses=own))
    for address, why in unwanted.items():
        # Whoever has mended a mailbox takes its address off the list; the next bounce puts it there again.
        if why == BOUNCED and address not in muted:
            await ports.notices.forgive_bounce(partner_id, address)
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
