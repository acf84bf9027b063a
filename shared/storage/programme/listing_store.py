"""Profiles and offers: the partner's own rows in Partners, and rows in Lookup that say whose an offer or a name is.

The partner's row is the truth. A row of Lookup that came first, or stayed behind, only makes a reader look there in
vain. An offer's id has one owner, so Lookup decides between two that register it; without a registered row behind it
that claim is worth nothing, and the next to come takes it.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain.errors import Conflict, Detail
from shared.domain.programme.offers import Offers, OfferState, RegisteredOffer
from shared.domain.programme.profile import PROFILE_CHARACTERS_MAX, Profile
from shared.domain.text import folded
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.storage import codec, keys, reads
from shared.storage.as_read import must_be, put_as_read, replace_row
from shared.storage.cache import ReadCache
from shared.storage.errors import translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables

OWNERS_MAX = 10
"""Partners that are looked at for one title: of more than one nobody can tell which is meant anyway."""


class TableListingStore:
    """`ListingStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._cache = ReadCache()

    def _partners(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.PARTNERS)

    @property
    def _lookup(self) -> Table:
        return self._tables[keys.LOOKUP]

    async def offers(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Offers:
        return await self._cache.read(keys.OFFERS, partner_id, at, self._offers, fresh=fresh, absent=True)

    async def put_offer(
        self,
        partner_id: str,
        offer: RegisteredOffer,
        before: RegisteredOffer | None,
        *,
        take_over: bool = False,
        only_if: AsRead[RegisteredOffer] | None = None,
    ) -> None:
        """The claims come before the offer, what is no more goes after it."""
        stored = await reads.row(self._partners(partner_id), partner_id, keys.offer(offer.id)) if only_if else None
        must_be(stored, RegisteredOffer, only_if)
        claim, pending = keys.safe(offer.id.casefold()), keys.pending_offer(offer.id, partner_id)
        losers: list[str] = []
        if offer.is_registered:
            losers = await self._claim(claim, offer.id, partner_id, take_over=take_over)
            await self._name(keys.TITLE, folded(offer.title), partner_id)
        elif offer.state is OfferState.PENDING:
            waits = {"PartitionKey": keys.PENDING_OFFER, "RowKey": pending, "partner": partner_id, "offer": offer.id}
            with translating():
                await self._lookup.write(Write.upsert(waits))
        row = _offer_key(partner_id, offer) | codec.dump(offer)
        await put_as_read(self._partners(partner_id), row, stored, RegisteredOffer, only_if)
        if offer.is_registered:
            await self._settle(claim, offer, partner_id, losers)
        else:
            # Whatever was read before: an attempt that broke off may have claimed it.
            await self._unclaim(claim, partner_id)
        if offer.state is not OfferState.PENDING:
            with translating():
                await self._lookup.write(Write.delete({"PartitionKey": keys.PENDING_OFFER, "RowKey": pending}))
        # Another offer of the partner's may have the title that was, so its row is left where there is one.
        title = folded(before.title) if before and before.is_registered else None
        if title and not (await self._offers(partner_id)).claims(title):
            await self._unname(keys.TITLE, title, partner_id)
        self._cache.forget((keys.OFFERS, partner_id), (keys.OFFER, keys.safe(offer.id.casefold())))
        self._cache.forget(*((keys.TITLE, folded(version.title)) for version in (offer, before) if version))

    async def pending_offers(self, after: str | None, top: int) -> Page[tuple[str, RegisteredOffer]]:
        """A row that stayed behind, or came first, shows nothing."""
        condition = f"PartitionKey eq '{keys.PENDING_OFFER}' and RowKey gt '{after or ''}'"
        found = await reads.scan(self._lookup, condition, top, ["RowKey", "partner", "offer"])
        stored = await asyncio.gather(
            *(reads.row(self._partners(row["partner"]), row["partner"], keys.offer(row["offer"])) for row in found.rows)
        )
        offers = [
            (str(row["partner"]), codec.load(RegisteredOffer, there))
            for row, there in zip(found.rows, stored, strict=True)
            if there is not None
        ]
        waiting = [(owner, offer) for owner, offer in offers if offer.state is OfferState.PENDING]
        return Page(waiting, None if found.done else str(found.rows[-1]["RowKey"]))

    async def profile(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Profile | None:
        return await self._cache.read(keys.PROFILE, partner_id, at, self._profile, fresh=fresh, absent=True)

    async def stored_profile(self, partner_id: str) -> Profile | None:
        return await self._profile(partner_id)

    async def profiles_written(self) -> Mapping[str, datetime]:
        """By the rows that say whose a profile's name is: each is written anew right before its profile."""
        with translating():
            rows = await self._lookup.rows(f"PartitionKey eq '{keys.PROFILE_NAME}'", ["partner", "Timestamp"])
        written: dict[str, datetime] = {}
        for row in rows:
            if row.written_at is not None:
                # Where a name was changed there may be two for a while.
                written[row["partner"]] = max(row.written_at, written.get(row["partner"], row.written_at))
        return written

    async def put_profile(
        self, partner_id: str, profile: Profile, before: Profile | None, only_if: AsRead[Profile] | None = None
    ) -> None:
        columns = codec.dump(profile, limit=PROFILE_CHARACTERS_MAX, what="profile")
        stored = await reads.row(self._partners(partner_id), partner_id, keys.PROFILE) if only_if else None
        must_be(stored, Profile, only_if)
        await self._name(keys.PROFILE_NAME, folded(profile.name), partner_id)
        row = {"PartitionKey": partner_id, "RowKey": keys.PROFILE, **columns}
        await put_as_read(self._partners(partner_id), row, stored, Profile, only_if)
        if before and folded(before.name) != folded(profile.name):
            await self._unname(keys.PROFILE_NAME, folded(before.name), partner_id)
        self._cache.forget((keys.PROFILE, partner_id))
        self._cache.forget(*((keys.PROFILE_NAME, folded(version.name)) for version in (profile, before) if version))

    async def partner_of_offer(self, offer_id: str, at: datetime) -> str | None:

        async def read(key: str) -> str | None:
            row = await reads.row(self._lookup, keys.OFFER, key)
            return row["partner"] if row else None

        owner = await self._cache.read(keys.OFFER, keys.safe(offer_id.casefold()), at, read)
        for fresh in (False, True):
            if owner and (await self.offers(owner, at, fresh=fresh)).state_of(offer_id) is OfferState.REGISTERED:
                return owner
        return None

    async def partners_of_title(self, title: str, at: datetime) -> list[str]:
        return await self._named(keys.TITLE, folded(title), at)

    async def partners_of_profile(self, name: str, at: datetime) -> list[str]:
        return await self._named(keys.PROFILE_NAME, folded(name), at)

    async def _claim(self, key: str, offer_id: str, partner_id: str, *, take_over: bool) -> list[str]:
        """Make the id the partner's; those who had it, and whose rows are still to go, when it was taken over."""
        row = {"PartitionKey": keys.OFFER, "RowKey": key, "partner": partner_id}
        held = await reads.row(self._lookup, keys.OFFER, key)
        had = _names(held)
        if held and held["partner"] != partner_id:
            if take_over:
                had.append(str(held["partner"]))
            elif await self._is_registered(held["partner"], offer_id):
                taken = Detail("conflict", "The offer belongs to another partner.", "offerId")
                raise Conflict("The offer belongs to another partner.", details=[taken])
        losers = [owner for owner in dict.fromkeys(had) if owner != partner_id]
        if not held or held["partner"] != partner_id:
            await replace_row(self._lookup, held, row | {"losers": ",".join(losers)})
        return losers

    async def _settle(self, key: str, offer: RegisteredOffer, partner_id: str, losers: list[str]) -> None:
        """Once the row is written: take the losers' away, or this one where the claim has gone to another meanwhile."""
        held = await reads.row(self._lookup, keys.OFFER, key)
        if held is None or held["partner"] != partner_id:
            with translating():
                await self._partners(partner_id).write(Write.delete(_offer_key(partner_id, offer)))
            self._cache.forget((keys.OFFERS, partner_id), (keys.OFFER, key))
            raise LostRace
        for loser in losers:
            # What was only asked for, or refused, is no claim to the offer and stays.
            if not await self._is_registered(loser, offer.id):
                continue
            with translating():
                await self._partners(loser).write(Write.delete(_offer_key(loser, offer)))
            self._cache.forget((keys.OFFERS, loser))
        if losers:
            # Their names stood there for an attempt that breaks off.
            row = {"PartitionKey": keys.OFFER, "RowKey": key, "partner": partner_id}
            await replace_row(self._lookup, held, row)
        # Again: another offer of the partner's may have given the title up while this row was not there yet.
        await self._name(keys.TITLE, folded(offer.title), partner_id)

    async def _is_registered(self, partner_id: str, offer_id: str) -> bool:
        row = await reads.row(self._partners(partner_id), partner_id, keys.offer(offer_id))
        return row is not None and codec.load(RegisteredOffer, row).is_registered

    async def _unclaim(self, key: str, partner_id: str) -> None:
        """Make the id nobody's, if it is this partner's."""
        held = await reads.row(self._lookup, keys.OFFER, key)
        if held and held["partner"] == partner_id:
            with translating():
                await self._lookup.write(Write.delete(held, held.tag))

    async def _name(self, partition: str, name: str, partner_id: str) -> None:
        row = {"PartitionKey": partition, "RowKey": keys.named(name, partner_id), "partner": partner_id}
        with translating():
            await self._lookup.write(Write.upsert(row))

    async def _unname(self, partition: str, name: str, partner_id: str) -> None:
        with translating():
            await self._lookup.write(Write.delete({"PartitionKey": partition, "RowKey": keys.named(name, partner_id)}))

    async def _named(self, partition: str, name: str, at: datetime) -> list[str]:
        async def read(name: str) -> list[str]:
            low, high = keys.named_range(name)
            condition = f"PartitionKey eq '{partition}' and RowKey gt '{low}' and RowKey lt '{high}'"
            found = await reads.scan(self._lookup, condition, OWNERS_MAX, ["partner"])
            return [row["partner"] for row in found.rows]

        return await self._cache.read(partition, name, at, read)

    async def _offers(self, partner_id: str) -> Offers:
        rows = await reads.starting(self._partners(partner_id), partner_id, keys.OFFERS, ["RowKey", *codec.DOCS])
        return Offers(tuple(codec.load(RegisteredOffer, row) for row in rows))

    async def _profile(self, partner_id: str) -> Profile | None:
        row = await reads.row(self._partners(partner_id), partner_id, keys.PROFILE)
        return codec.load(Profile, row) if row else None


def _names(claim: Any | None) -> list[str]:
    """The partners that a claim was taken from, whose rows may still be there."""
    return [partner_id for partner_id in str((claim or {}).get("losers") or "").split(",") if partner_id]


def _offer_key(partner_id: str, offer: RegisteredOffer) -> dict[str, str]:
    return {"PartitionKey": partner_id, "RowKey": keys.offer(offer.id)}
