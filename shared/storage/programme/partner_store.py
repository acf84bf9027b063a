"""Partners, tenants and sources in the Lookup table, which is their only truth; reads are cached for a minute."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from azure.core.exceptions import ResourceExistsError

from shared.domain.errors import Conflict, Detail
from shared.domain.messages import say
from shared.domain.programme.contact_lists import BOUNCED_MAX, ContactLists
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.ids import new_key
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

CLAIMED = {keys.TENANT: "tenantIds", keys.PUBLISHER: "publisherIds"}
"""What has one partner at most, by its partition, and what it is called in a registration."""


@dataclass(frozen=True)
class Bounced:
    """The addresses that took no mail, by their keys, oldest first."""

    keys: tuple[str, ...] = ()


class TablePartnerStore:
    """`PartnerStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._cache = ReadCache()
        self._signing_key: str | None = None

    @property
    def _lookup(self) -> Table:
        return self._tables[keys.LOOKUP]

    async def partner_of_tenant(self, tenant: str, at: datetime) -> str | None:
        row = await self._cache.read(keys.TENANT, keys.safe(tenant), at, self._row(keys.TENANT))
        return row["partner"] if row else None

    async def partner_of_publisher(self, publisher: str, at: datetime, *, fresh: bool = False) -> str | None:
        key = keys.safe(publisher)
        row = await self._cache.read(keys.PUBLISHER, key, at, self._row(keys.PUBLISHER), fresh=fresh)
        return row["partner"] if row else None

    async def known(self, partner_id: str, at: datetime) -> Partner | None:
        row = await self._cache.read(keys.PARTNER, partner_id, at, self._tables.registration)
        return codec.load(Partner, row) if row else None

    async def get(self, partner_id: str) -> Partner | None:
        row = await self._tables.registration(partner_id)
        return codec.load(Partner, row) if row else None

    async def put(self, partner: Partner, only_if: AsRead[Partner] | None = None) -> None:
        """What is claimed comes before the registration, what goes after it."""
        stored = await reads.row(self._lookup, keys.PARTNER, partner.id)
        must_be(stored, Partner, only_if)
        wanted = {(keys.TENANT, keys.safe(tenant_id)): tenant_id for tenant_id in partner.tenant_ids}
        wanted |= {(keys.PUBLISHER, keys.safe(publisher_id)): publisher_id for publisher_id in partner.publisher_ids}
        held = await self._held_by(partner.id)
        claims = {key: name for key, name in wanted.items() if key not in held}
        await self._claim(partner.id, claims)
        if stored is None and partner.placement.account is not None:
            await self._tables.placements.begin_use()
        row = {"PartitionKey": keys.PARTNER, "RowKey": partner.id, **codec.dump(partner)}
        try:
            await replace_row(self._lookup, stored, row)
        except LostRace:
            # Whoever was faster may want them too: what its registration names is its own.
            there = await self.get(partner.id)
            named = {*there.tenant_ids, *there.publisher_ids} if there else set()
            await self._free({key for key, name in claims.items() if name not in named})
            raise
        await self._free(held - set(wanted))
        self._cache.forget((keys.PARTNER, partner.id))
        self._tables.placements.forget(partner.id)

    async def _free(self, gone: set[tuple[str, str]]) -> None:
        """Make tenants and publishers nobody's."""
        for key in gone:
            self._cache.forget(key)
            with translating():
                await self._lookup.write(Write.delete(_key(*key)))

    async def partners(self, after: str | None, top: int) -> Page[Partner]:
        condition = f"PartitionKey eq '{keys.PARTNER}' and RowKey gt '{after or ''}'"
        found = await reads.scan(self._lookup, condition, top, ["RowKey", *codec.DOCS])
        following = None if found.done else found.rows[-1]["RowKey"]
        return Page([codec.load(Partner, row) for row in found.rows], following)

    async def source(self, source_id: str, at: datetime, *, fresh: bool = False) -> LeadSource | None:
        row = await self._cache.read(keys.SOURCE, source_id, at, self._row(keys.SOURCE), fresh=fresh)
        return codec.load(LeadSource, row) if row else None

    async def put_source(self, source: LeadSource) -> None:
        with translating():
            await self._lookup.write(Write.upsert(_source_row(source)))

    async def replace_source(self, source: LeadSource, changed: LeadSource) -> None:
        stored = await reads.row(self._lookup, keys.SOURCE, source.id)
        if stored is None or codec.load(LeadSource, stored) != source:
            raise LostRace
        await replace_row(self._lookup, stored, _source_row(changed))
        self._cache.forget((keys.SOURCE, source.id))

    async def delete_source(self, source: LeadSource) -> None:
        self._cache.forget((keys.SOURCE, source.id))
        with translating():
            await self._lookup.write(Write.delete(_key(keys.SOURCE, source.id)))

    async def sources(self, partner_id: str | None) -> list[LeadSource]:
        """There are a few hundred sources in all, and only operators ask."""
        return await self._sources(f"partner eq '{partner_id or ''}'")

    async def sources_of_kind(self, kind: SourceKind) -> list[LeadSource]:
        return await self._sources(f"kind eq '{kind}'")

    async def signing_key(self) -> str:
        """The first instance to insert a key decides which it is."""
        if self._signing_key is None:
            row = await reads.row(self._lookup, keys.SECRET, keys.SECRET)
            if row is None:
                with translating(), suppress(ResourceExistsError):
                    await self._lookup.write(Write.insert(_key(keys.SECRET, keys.SECRET) | {"key": new_key()}))
                row = await self._lookup.get(keys.SECRET, keys.SECRET)
            self._signing_key = str(row["key"])
        return self._signing_key

    async def contact_lists(self, at: datetime) -> ContactLists:
        """That there are none is remembered too, or every submission would ask."""
        return await self._cache.read(keys.LISTS, keys.LISTS, at, self._contact_lists)

    async def stored_contact_lists(self) -> ContactLists:
        return await self._contact_lists(keys.LISTS)

    async def put_contact_lists(self, lists: ContactLists, only_if: AsRead[ContactLists] | None = None) -> None:
        """What bounced has a row of its own."""
        only_if = only_if and AsRead(_without_bounced(only_if.value) if only_if.value else None)
        stored = await reads.row(self._lookup, keys.LISTS, keys.LISTS) if only_if else None
        if only_if and stored is None and only_if.value == ContactLists():
            only_if = AsRead(None)
        row = {"PartitionKey": keys.LISTS, "RowKey": keys.LISTS, **codec.dump(_without_bounced(lists))}
        await put_as_read(self._lookup, row, stored, ContactLists, only_if)
        self._cache.forget((keys.LISTS, keys.LISTS))

    async def add_bounced(self, key: str) -> None:
        """A row of its own, since the operator replaces the lists whole."""
        row = await reads.row(self._lookup, keys.LISTS, keys.BOUNCED)
        known = codec.load(Bounced, row).keys if row else ()
        if key in known:
            return
        columns = codec.dump(Bounced((*known, key)[-BOUNCED_MAX:]))
        await replace_row(self._lookup, row, {"PartitionKey": keys.LISTS, "RowKey": keys.BOUNCED, **columns})
        self._cache.forget((keys.LISTS, keys.LISTS))

    async def ping(self) -> None:
        """A read of a row that need not exist."""
        await reads.row(self._lookup, keys.PARTNER, "-")

    async def _contact_lists(self, partition: str) -> ContactLists:
        with translating():
            found = await self._lookup.rows(f"PartitionKey eq '{partition}'")
        rows = {row["RowKey"]: row for row in found}
        lists = codec.load(ContactLists, rows[keys.LISTS]) if keys.LISTS in rows else ContactLists()
        bounced = codec.load(Bounced, rows[keys.BOUNCED]) if keys.BOUNCED in rows else Bounced()
        return replace(lists, bounced=frozenset(bounced.keys))

    async def _sources(self, wanted: str) -> list[LeadSource]:
        with translating():
            rows = await self._lookup.rows(f"PartitionKey eq '{keys.SOURCE}' and {wanted}")
        return sorted((codec.load(LeadSource, row) for row in rows), key=lambda source: (source.created_at, source.id))

    async def _held_by(self, partner_id: str) -> set[tuple[str, str]]:
        """The rows of the partner's tenants and publishers."""
        found = set()
        for kind in CLAIMED:
            condition = f"PartitionKey eq '{kind}' and partner eq '{partner_id}'"
            with translating():
                rows = await self._lookup.rows(condition, ["RowKey"])
            found |= {(kind, row["RowKey"]) for row in rows}
        return found

    async def _claim(self, partner_id: str, wanted: dict[tuple[str, str], str]) -> None:
        """Insert what is claimed; raises Conflict naming all that is another partner's, before anything is written.

        Where two partners race for one, the loser keeps what it has inserted by then: it was to be its own anyway, and
        taking it back could take it from a second attempt that found it and succeeded.
        """
        owners = await asyncio.gather(*(reads.row(self._lookup, *key) for key in wanted))
        pairs = zip(wanted, owners, strict=True)
        taken = [key for key, owner in pairs if owner and owner["partner"] != partner_id]
        for kind, key in wanted:
            if taken:
                break
            with translating():
                try:
                    await self._lookup.write(Write.insert(_key(kind, key) | {"partner": partner_id}))
                except ResourceExistsError:
                    owner = await self._lookup.get(kind, key)
                    if owner["partner"] != partner_id:
                        taken.append((kind, key))
        if taken:
            raise Conflict(
                say("A tenant and a publisher belong to one partner only."),
                details=[
                    Detail("conflict", say("%(name)s is taken.", name=wanted[claim]), CLAIMED[claim[0]])
                    for claim in taken
                ],
            )

    def _row(self, partition: str) -> Callable[[str], Awaitable[Any | None]]:
        return lambda key: reads.row(self._lookup, partition, key)


def _key(partition: str, row_key: str) -> dict[str, str]:
    return {"PartitionKey": partition, "RowKey": row_key}


def _source_row(source: LeadSource) -> dict[str, Any]:
    return {
        "PartitionKey": keys.SOURCE,
        "RowKey": source.id,
        "partner": source.partner_id or "",
        "kind": str(source.kind),
        **codec.dump(source),
    }


def _without_bounced(lists: ContactLists) -> ContactLists:
    return replace(lists, bounced=frozenset())
