"""Registers partners and the sources their leads come through; the operator's verbs (S1, S2)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared import ids
from shared.domain.errors import Conflict, Detail, InvalidRequest, NotFound
from shared.domain.lead import Reveal, Source
from shared.domain.messages import say
from shared.domain.programme.partner import LeadSource, Partner, SourceKey, SourceKind, rotated
from shared.ports.as_read import AsRead
from shared.ports.ports import Ports
from shared.usecases.programme.manage_listing import approve_publishers
from shared.usecases.races import until_won

log = logging.getLogger(__name__)
SOURCES_MAX = 100
"""Sources a partner may have; each is a row that every listing reads."""


@dataclass(frozen=True)
class KeyedSource:
    """A source with its new key, which is shown this once."""

    source: LeadSource
    key: str


async def put_partner(*, ports: Ports, partner: Partner, before: Partner | None, at: datetime) -> Partner:
    """Create a registration, or replace the one that was read `before`.

    Offers that wait for a publisher's partner to be known are registered with it (S6). Raises LostRace when the
    registration is not as read any more, Conflict naming every tenant and publisher that belongs to another partner,
    InvalidRequest for an account that there is not, or another one than before. Doing it again heals a broken-off
    attempt.
    """
    wanted = partner
    if before is None:
        _check_account(ports.rules.data_accounts, partner.placement.account)
    else:
        if partner.placement.account != before.placement.account:
            message = say("The leads of a partner move to another account by tools.move_partner only.")
            raise InvalidRequest(message, details=[Detail("notAllowed", message, "dataAccount")])
        wanted = replace(partner, created_at=before.created_at, placement=before.placement)
    await ports.partners.put(wanted, AsRead(before))
    if wanted.publisher_ids:
        await approve_publishers(ports=ports, partner=wanted, at=at)
    log.info("Partner registered.", extra={"event": "partner.registered", "partner": partner.id})
    return wanted


def _check_account(accounts: Sequence[str], wanted: str | None) -> None:
    if wanted is None or wanted in accounts:
        return
    message = (
        say("This is none of the accounts: %(accounts)s.", accounts=", ".join(accounts))
        if accounts
        else say("This deployment has no further accounts.")
    )
    raise InvalidRequest(message, details=[Detail("invalidValue", message, "dataAccount")])


async def get_partner(*, ports: Ports, partner_id: str) -> Partner:
    """The registration; raises NotFound."""
    partner = await ports.partners.get(partner_id)
    if partner is None:
        raise NotFound
    return partner


async def add_source(
    *,
    ports: Ports,
    partner_id: str | None,
    name: str,
    kind: SourceKind = SourceKind.HTTPS,
    listing_source: Source = Source.APP_SOURCE,
    reveal: Reveal = Reveal.ALWAYS,
    table_name: str | None = None,
    redirect_url: str | None = None,
    at: datetime,
) -> KeyedSource:
    """Open a new door for a partner's leads, or the programme's when `partner_id` is None (R1).

    Raises NotFound for no such partner, InvalidRequest for a table of our own, Conflict at SOURCES_MAX or when another
    source reads the table: each of its rows would become two leads.
    """
    if partner_id is not None:
        await get_partner(ports=ports, partner_id=partner_id)
    if len(await ports.partners.sources(partner_id)) >= SOURCES_MAX:
        raise Conflict(say("A partner has at most %(most)d sources; delete one first.", most=SOURCES_MAX))
    if table_name is not None:
        await _check_table(ports, table_name)
    source_id = ids.new_source_id()
    key = _new_key(kind, source_id)
    source = LeadSource(
        id=source_id,
        partner_id=partner_id,
        name=name,
        created_at=at,
        kind=kind,
        listing_source=listing_source,
        reveal=reveal,
        keys=(SourceKey(ids.key_hash(key)),),
        table_name=table_name,
        redirect_url=redirect_url,
    )
    await ports.partners.put_source(source)
    log.info("Source registered.", extra={"event": "source.registered", "partner": partner_id, "source": source.id})
    return KeyedSource(source, key)


async def _check_table(ports: Ports, name: str) -> None:
    if ports.tables.is_ours(name):
        message = say("This is one of the system's own tables.")
        raise InvalidRequest(message, details=[Detail("notAllowed", message, "tableName")])
    others = await ports.partners.sources_of_kind(SourceKind.MARKETPLACE_TABLE)
    if any((other.table_name or "").casefold() == name.casefold() for other in others):
        raise Conflict("Another source reads this table.", target="tableName")


async def read_source(*, ports: Ports, partner_id: str | None, source_id: str, at: datetime) -> LeadSource:
    """A source as it is stored this moment; raises NotFound."""
    return await _source(ports, partner_id, source_id, at)


async def change_source(*, ports: Ports, source: LeadSource, changed: LeadSource) -> LeadSource:
    """Store a source in place of the one that was read; raises LostRace, or InvalidRequest for what never changes."""
    fixed = [
        Detail("notAllowed", say("This cannot be changed: open another source."), name)
        for name, is_other in (
            ("kind", changed.kind != source.kind),
            ("tableName", changed.table_name != source.table_name),
        )
        if is_other
    ]
    if fixed:
        raise InvalidRequest(details=fixed)
    await ports.partners.replace_source(source, changed)
    log.info("Source changed.", extra={"event": "source.changed", "partner": source.partner_id, "source": source.id})
    return changed


async def rotate_key(*, ports: Ports, partner_id: str | None, source_id: str, at: datetime) -> KeyedSource:
    """Give the source a new key; the old ones work on for the overlap (S2). Raises NotFound."""

    async def rotate() -> KeyedSource:
        source = await _source(ports, partner_id, source_id, at)
        key = _new_key(source.kind, source_id)
        keys = rotated(source, ids.key_hash(key), at, ports.rules.source_key_overlap)
        changed = replace(source, keys=keys)
        await ports.partners.replace_source(source, changed)
        return KeyedSource(changed, key)

    rotated_source = await until_won(rotate)
    log.info("Source key rotated.", extra={"event": "source.rotated", "partner": partner_id, "source": source_id})
    return rotated_source


def _new_key(kind: SourceKind, source_id: str) -> str:
    return ids.new_directory_key(source_id) if kind is SourceKind.DIRECTORY else ids.new_key()


async def delete_source(*, ports: Ports, partner_id: str | None, source_id: str, at: datetime) -> None:
    """Close the door; other instances may take its keys for a minute more (storage.md, Lookup). Raises NotFound."""
    await ports.partners.delete_source(await _source(ports, partner_id, source_id, at))
    log.info("Source deleted.", extra={"event": "source.deleted", "partner": partner_id, "source": source_id})


async def _source(ports: Ports, partner_id: str | None, source_id: str, at: datetime) -> LeadSource:
    source = None
    if ids.SOURCE_ID.fullmatch(source_id):
        source = await ports.partners.source(source_id, at, fresh=True)
    if source is None or source.partner_id != partner_id:
        raise NotFound
    return source
