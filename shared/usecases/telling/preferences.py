"""What a partner wants to be told (N1–N7), and the addresses that want to hear nothing (N3)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import fold_email
from shared.domain.errors import Detail, InvalidRequest, NotFound
from shared.domain.messages import say
from shared.domain.programme.partner import Partner
from shared.domain.telling.preferences import MUTED_MAX, Preferences
from shared.domain.telling.unsubscribe import named, partner_of, read_token
from shared.ports.as_read import AsRead
from shared.ports.ports import Ports
from shared.ports.telling import BOUNCED, UNSUBSCRIBED
from shared.usecases.races import until_won

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wishes:
    """A partner's preferences as they are stored (None before they were put), and as they hold.

    `unwanted` are the folded addresses that are not mailed although the partner did not mute them, with the reason.
    """

    stored: Preferences | None
    holding: Preferences
    unwanted: Mapping[str, str]


async def read_preferences(*, ports: Ports, partner_id: str, at: datetime) -> Wishes:
    """The preferences as they hold: with the registration's time zone, and every address that is not mailed."""
    partner = await ports.partners.known(partner_id, at)
    if partner is None:
        raise NotFound
    stored = await ports.preferences.get(partner_id)
    unwanted = named(await ports.preferences.unwanted(partner_id))
    return Wishes(stored, _holding(stored or Preferences(), partner, unwanted), unwanted)


def _holding(stored: Preferences, partner: Partner, unwanted: Mapping[str, str]) -> Preferences:
    muted = {fold_email(entry): entry for entry in stored.muted_addresses} | {address: address for address in unwanted}
    zone = stored.time_zone or partner.time_zone
    return replace(stored, time_zone=zone, muted_addresses=tuple(sorted(muted.values())))


async def put_preferences(*, ports: Ports, partner_id: str, preferences: Preferences, before: Wishes) -> None:
    """Replace those that were read; addresses that have unsubscribed stay muted, whatever is put.

    An address that bounced is mailed again when it is not among the muted ones any more. Raises LostRace, or
    InvalidRequest when more than MUTED_MAX are muted by the partner itself.
    """
    muted = {fold_email(entry): entry for entry in preferences.muted_addresses}
    # An unsubscription may be taken back; what the partner had muted by itself before stays muted then.
    muted_before = {fold_email(entry) for entry in before.stored.muted_addresses} if before.stored else set()
    own = tuple(one for folded, one in muted.items() if folded not in before.unwanted or folded in muted_before)
    if len(own) > MUTED_MAX:
        text = say("It must have at most %(max_length)d entries.", max_length=MUTED_MAX)
        raise InvalidRequest(details=[Detail("tooLong", text, "mutedAddresses")])
    wanted = replace(preferences, muted_addresses=own)
    await ports.preferences.put(partner_id, wanted, AsRead(before.stored))
    for address, why in before.unwanted.items():
        # Whoever has mended a mailbox takes its address off the list; the next bounce puts it there again.
        if why == BOUNCED and address not in muted:
            await ports.preferences.forgive_bounce(partner_id, address)


async def unmute(*, ports: Ports, partner_id: str, address: str, by: str, at: datetime) -> None:
    """Mail an address again that has unsubscribed or bounced, because somebody says so; who stays on record (N3).

    Raises NotFound when the address is mailed.
    """
    if not await _resume(ports, partner_id, address, by, at):
        raise NotFound(say("This address has not unsubscribed."))
    log.info("Mails were switched on again.", extra={"event": "mail.resumed", "partner": partner_id, "by": by})


@dataclass(frozen=True)
class Unsubscription:
    """An address, the partner whose mails it is about, and the list where it stands if it wants none."""

    partner: Partner
    address: str
    list_id: str


async def read_unsubscription(*, ports: Ports, token: str, at: datetime) -> Unsubscription:
    """What a mail's token is about; raises InvalidRequest for one that is not ours."""
    found = read_token(token, await ports.partners.signing_key())
    partner = await ports.partners.known(partner_of(found[0]), at) if found else None
    if found is None or partner is None:
        raise InvalidRequest("The link is not valid; it must be complete, as it stands in the mail.")
    return Unsubscription(partner, found[1], found[0])


async def unsubscribe(*, ports: Ports, token: str, at: datetime) -> Unsubscription:
    """Mail this address no more. Doing it again is harmless."""
    wish = await read_unsubscription(ports=ports, token=token, at=at)
    await ports.preferences.add_unwanted(wish.list_id, wish.address, UNSUBSCRIBED)
    return wish


async def subscribe_again(*, ports: Ports, token: str, at: datetime) -> Unsubscription:
    """Mail this address again, as its owner says; doing it again is harmless."""
    wish = await read_unsubscription(ports=ports, token=token, at=at)
    await _resume(ports, wish.list_id, wish.address, "owner", at)
    return wish


async def _resume(ports: Ports, list_id: str, address: str, by: str, at: datetime) -> bool:
    """False when the address is mailed, also because somebody said the same a moment ago; raises Unavailable."""
    return await until_won(lambda: ports.preferences.resume(list_id, address, by, at))
