"""Partners, their sources and registrations, their offers and profiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.people import Person
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.directory import Directory
from shared.domain.programme.offers import Offers, RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.domain.programme.profile import Profile
from shared.ports.as_read import AsRead
from shared.ports.page import Page


class PartnerStore(Protocol):
    """Partners, their tenants and sources. Reads marked cached may be a minute old."""

    async def partner_of_tenant(self, tenant: str, at: datetime) -> str | None:
        """The partner a tenant belongs to (cached; an unknown tenant is looked up afresh)."""

    async def partner_of_publisher(self, publisher: str, at: datetime, *, fresh: bool = False) -> str | None:
        """The partner a publisher id belongs to (cached unless `fresh`; an unknown one is looked up afresh)."""

    async def known(self, partner_id: str, at: datetime) -> Partner | None:
        """The partner's registration (cached; an unknown one is looked up afresh); None when there is none."""

    async def get(self, partner_id: str) -> Partner | None:
        """The partner's registration; None when there is none."""

    async def put(self, partner: Partner, only_if: AsRead[Partner] | None = None) -> None:
        """Create or replace a registration with its tenants and publishers.

        Raises Conflict when one of these belongs to another partner, LostRace when someone else wrote meanwhile.
        """

    async def partners(self, after: str | None, top: int) -> Page[Partner]:
        """Partners by id after the given one."""

    async def source(self, source_id: str, at: datetime, *, fresh: bool = False) -> LeadSource | None:
        """A source (cached unless `fresh`); None when there is none."""

    async def put_source(self, source: LeadSource) -> None:
        """Create or replace a source."""

    async def replace_source(self, source: LeadSource, changed: LeadSource) -> None:
        """Replace `source` by `changed` if it is still as read; raises LostRace otherwise."""

    async def delete_source(self, source: LeadSource) -> None:
        """Delete a source; one that is gone is no error."""

    async def sources(self, partner_id: str | None) -> list[LeadSource]:
        """A partner's sources, or the programme's, oldest first."""

    async def sources_of_kind(self, kind: SourceKind) -> list[LeadSource]:
        """Every source of a kind, oldest first."""

    async def signing_key(self) -> str:
        """The deployment's own secret; made at first use, the same for ever (cached)."""

    async def contact_lists(self, at: datetime) -> ContactLists:
        """The operator's block and allow lists (cached); empty ones when there are none."""

    async def stored_contact_lists(self) -> ContactLists:
        """The operator's block and allow lists, read afresh."""

    async def put_contact_lists(self, lists: ContactLists, only_if: AsRead[ContactLists] | None = None) -> None:
        """Replace the lists; what bounced stays remembered. Raises LostRace."""

    async def add_bounced(self, key: str) -> None:
        """Remember an address that takes no mail, the latest BOUNCED_MAX of them; again is harmless."""

    async def ping(self) -> None:
        """Return when storage answers a read, raise Unavailable otherwise."""


class PeopleStore(Protocol):
    """A partner's people, as they were last seen."""

    async def person(self, partner_id: str, person_id: str, at: datetime) -> Person | None:
        """One of them (cached for a day); None for who was never seen."""

    async def put(self, partner_id: str, person: Person) -> None:
        """Remember one in place of what was known."""

    async def people(self, partner_id: str) -> list[Person]:
        """All who were ever seen, in no order."""


class ListingStore(Protocol):
    """What partners publish: their profile and their offers. Reads marked cached may be a minute old."""

    async def offers(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Offers:
        """A partner's offers (cached unless `fresh`)."""

    async def put_offer(
        self,
        partner_id: str,
        offer: RegisteredOffer,
        before: RegisteredOffer | None,
        *,
        take_over: bool = False,
        only_if: AsRead[RegisteredOffer] | None = None,
    ) -> None:
        """Store an offer in place of the one before; only a registered one is the partner's from then on.

        Raises LostRace, or Conflict when a registered one's id is another partner's, unless it is taken over: then that
        partner has it no more.
        """

    async def pending_offers(self, after: str | None, top: int) -> Page[tuple[str, RegisteredOffer]]:
        """Offers that wait for the operator, with their partners, after the cursor."""

    async def profile(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Profile | None:
        """A partner's profile (cached unless `fresh`); None when it has none."""

    async def stored_profile(self, partner_id: str) -> Profile | None:
        """A partner's profile, read afresh and not kept; None when it has none."""

    async def profiles_written(self) -> Mapping[str, datetime]:
        """Of each partner that has a profile, or had or may get one: when it was last begun to be written.

        By storage's clock. A profile may be written some time after that, and nobody's is written without.
        """

    async def put_profile(
        self, partner_id: str, profile: Profile, before: Profile | None, only_if: AsRead[Profile] | None = None
    ) -> None:
        """Store a profile in place of the one before; raises LostRace."""

    async def partner_of_offer(self, offer_id: str, at: datetime) -> str | None:
        """Who registered the offer of this id, without letter case (cached); None when nobody did."""

    async def partners_of_title(self, title: str, at: datetime) -> list[str]:
        """Who may have registered an offer of this title (cached); a title may since be another one."""

    async def partners_of_profile(self, name: str, at: datetime) -> list[str]:
        """Whose profile may have this name (cached); a name may since be another one."""


@dataclass(frozen=True)
class StoredDirectory:
    """The directory as it was read, with the storage tag that decides every race."""

    directory: Directory
    tag: str


@dataclass(frozen=True)
class ProfilesRead:
    """When the profile of each partner was last read for the directory, by real time; the tag is None at first."""

    times: Mapping[str, datetime]
    tag: str | None = None


class DirectoryStore(Protocol):
    """The snapshot that searches are answered from, and what its next refresh needs to know."""

    async def current(self, at: datetime) -> Directory | None:
        """The directory (cached for a minute, and for longer while storage gives no answer); None before the first."""

    async def stored(self) -> StoredDirectory | None:
        """The directory, read afresh; None before the first."""

    async def put(self, directory: Directory, before: StoredDirectory | None) -> None:
        """Replace it if it is still as read, or still not there; raises LostRace otherwise."""

    async def read_profiles(self) -> ProfilesRead:
        """When profiles were last read."""

    async def note_read(self, times: Mapping[str, datetime], before: ProfilesRead) -> None:
        """Replace these if they are still as read; raises LostRace otherwise."""
