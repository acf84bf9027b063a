"""Partners and the doors leads come through (S2)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.lead import Actor, Reveal, Sender, Source
from shared.domain.programme.placement import UNMOVED, Placement


class PartnerState(StrEnum):
    """R2: a suspended partner's intake waits for the operator."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class SourceKind(StrEnum):
    """What a source is for: submissions over HTTPS, a web form, a marketplace's own table, or reading the directory."""

    HTTPS = "https"
    FORM = "form"
    MARKETPLACE_TABLE = "marketplaceTable"
    DIRECTORY = "directory"


class Takes(StrEnum):
    """What a door is for: it decides how a flat body is read. One of PROFILES takes inquiries to a profile it names."""

    MARKETPLACE = "marketplace"
    INQUIRIES = "inquiries"
    PROFILES = "profiles"
    QUALIFIED = "qualified"


@dataclass(frozen=True)
class Partner:
    """A company that receives leads; its people sign in from `tenant_ids`.

    `publisher_ids` are its names on marketplaces: whatever offer they publish is this partner's (R1, S6). `placement`
    is where its rows are.
    """

    id: str
    name: str
    tenant_ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    time_zone: str = "UTC"
    state: PartnerState = PartnerState.ACTIVE
    operator_contact: str | None = None
    competencies: tuple[str, ...] = ()
    endorsements: tuple[str, ...] = ()
    publisher_ids: tuple[str, ...] = ()
    placement: Placement = UNMOVED

    @property
    def is_active(self) -> bool:
        """True while the operator has not suspended it (R2)."""
        return self.state is PartnerState.ACTIVE


@dataclass(frozen=True)
class SourceKey:
    """A key's SHA-256 in hex and until when it opens the door; None = until it is rotated out or deleted."""

    hash: str
    until: datetime | None = None


@dataclass(frozen=True)
class Door:
    """Where a submission came in, and what its lead takes over from there.

    Idempotency is bound to `id`. `partner_id` None is the programme's own (R1). A sender's door is made of its token:
    `sender_id` names the list of what it sent; with `names_sender` the body may say who the sender is.
    """

    id: str
    by: Actor
    partner_id: str | None
    takes: Takes = Takes.MARKETPLACE
    listing_source: Source = Source.APP_SOURCE
    reveal: Reveal = Reveal.ALWAYS
    sender: Sender | None = None
    sender_id: str | None = None
    names_sender: bool = False


@dataclass(frozen=True)
class LeadSource:
    """A door with keys of its own: good for one partner's intake, or the programme's, and nothing else (S2)."""

    id: str
    partner_id: str | None
    name: str
    created_at: datetime
    kind: SourceKind = SourceKind.HTTPS
    listing_source: Source = Source.APP_SOURCE
    reveal: Reveal = Reveal.ALWAYS
    keys: tuple[SourceKey, ...] = ()
    table_name: str | None = None
    redirect_url: str | None = None

    def door(self) -> Door:
        """The door as a lead sees it; a table is the same door under whatever source it is registered.

        A directory is a door to whichever profile an inquiry names, whoever the directory belongs to.
        """
        table, is_directory = self.table_name, self.kind is SourceKind.DIRECTORY
        takes = {SourceKind.FORM: Takes.INQUIRIES, SourceKind.DIRECTORY: Takes.PROFILES}
        return Door(
            id=hashlib.sha256(f"table:{table.casefold()}".encode()).hexdigest()[:32] if table else self.id,
            by=Actor("source", self.id, self.name),
            partner_id=None if is_directory else self.partner_id,
            takes=takes.get(self.kind, Takes.MARKETPLACE),
            listing_source=self.listing_source,
            reveal=self.reveal,
        )


KEYS_MAX = 5
"""Keys alive at once: rotating faster than the overlap lasts drops the oldest."""


def accepts(source: LeadSource, key_hash: str, at: datetime) -> bool:
    """True when the key is one of the source's and its time is not over.

    Comparing hashes of 256 random bits needs no constant time: an attacker cannot steer a SHA-256.
    """
    return any(key.hash == key_hash and (key.until is None or at < key.until) for key in source.keys)


def rotated(source: LeadSource, new_hash: str, at: datetime, overlap: timedelta) -> tuple[SourceKey, ...]:
    """The keys after a rotation: the new one, and the old ones for the overlap at most (S2)."""
    until = at + overlap
    old = tuple(
        SourceKey(key.hash, min(key.until or until, until)) for key in source.keys if not key.until or at < key.until
    )
    return (SourceKey(new_hash), *old[: KEYS_MAX - 1])
