"""Partners, sources and offers in memory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shared import clock
from shared.domain.errors import Conflict, Detail
from shared.domain.people import Person
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.directory import Directory
from shared.domain.programme.offers import Offers, OfferState, RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.domain.programme.profile import Profile
from shared.domain.text import folded
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.ports.programme import ProfilesRead, StoredDirectory
from tests.fakes.as_read import must_be


class FakePartnerStore:
    """`PartnerStore` in memory, without a cache."""

    def __init__(self) -> None:
        self.registered: dict[str, Partner] = {}
        self.tenants: dict[str, str] = {}
        self.publishers: dict[str, str] = {}
        self.doors: dict[str, LeadSource] = {}
        self.lists = ContactLists()

    async def partner_of_tenant(self, tenant: str, at: datetime) -> str | None:
        return self.tenants.get(tenant)

    async def partner_of_publisher(self, publisher: str, at: datetime, *, fresh: bool = False) -> str | None:
        return self.publishers.get(publisher)

    async def known(self, partner_id: str, at: datetime) -> Partner | None:
        return self.registered.get(partner_id)

    async def get(self, partner_id: str) -> Partner | None:
        return self.registered.get(partner_id)

    async def put(self, partner: Partner, only_if: AsRead[Partner] | None = None) -> None:
        must_be(self.registered.get(partner.id), only_if)
        claimed = (
            (self.tenants, partner.tenant_ids, "tenantIds"),
            (self.publishers, partner.publisher_ids, "publisherIds"),
        )
        taken = [(one, what) for there, new, what in claimed for one in new if there.get(one, partner.id) != partner.id]
        if taken:
            raise Conflict(details=[Detail("conflict", f"{one} is taken.", what) for one, what in taken])
        for there, new, _ in claimed:
            for one in [one for one, owner in there.items() if owner == partner.id]:
                del there[one]
            there.update(dict.fromkeys(new, partner.id))
        self.registered[partner.id] = partner

    async def partners(self, after: str | None, top: int) -> Page[Partner]:
        found = sorted(one for one in self.registered if after is None or one > after)
        return Page([self.registered[one] for one in found[:top]], found[top - 1] if len(found) > top else None)

    async def source(self, source_id: str, at: datetime, *, fresh: bool = False) -> LeadSource | None:
        return self.doors.get(source_id)

    async def put_source(self, source: LeadSource) -> None:
        self.doors[source.id] = source

    async def replace_source(self, source: LeadSource, changed: LeadSource) -> None:
        if self.doors.get(source.id) != source:
            raise LostRace
        self.doors[source.id] = changed

    async def delete_source(self, source: LeadSource) -> None:
        self.doors.pop(source.id, None)

    async def sources(self, partner_id: str | None) -> list[LeadSource]:
        mine = (one for one in self.doors.values() if one.partner_id == partner_id)
        return sorted(mine, key=lambda one: (one.created_at, one.id))

    async def sources_of_kind(self, kind: SourceKind) -> list[LeadSource]:
        mine = (one for one in self.doors.values() if one.kind is kind)
        return sorted(mine, key=lambda one: (one.created_at, one.id))

    async def signing_key(self) -> str:
        return "key"

    async def contact_lists(self, at: datetime) -> ContactLists:
        return self.lists

    async def stored_contact_lists(self) -> ContactLists:
        return self.lists

    async def put_contact_lists(self, lists: ContactLists, only_if: AsRead[ContactLists] | None = None) -> None:
        if only_if is not None and only_if.value is not None:
            must_be(self.lists, AsRead(replace(only_if.value, bounced=self.lists.bounced)))
        self.lists = replace(lists, bounced=self.lists.bounced)

    async def add_bounced(self, key: str) -> None:
        self.lists = replace(self.lists, bounced=self.lists.bounced | {key})

    async def ping(self) -> None:
        return None


class FakePeopleStore:
    """`PeopleStore` in memory, without a cache."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], Person] = {}

    async def person(self, partner_id: str, person_id: str, at: datetime) -> Person | None:
        return self.seen.get((partner_id, person_id))

    async def put(self, partner_id: str, person: Person) -> None:
        self.seen[partner_id, person.id] = person

    async def people(self, partner_id: str) -> list[Person]:
        return [one for (partner, _), one in self.seen.items() if partner == partner_id]


class FakeListingStore:
    """`ListingStore` in memory, without a cache."""

    def __init__(self) -> None:
        self.registered: dict[tuple[str, str], RegisteredOffer] = {}
        self.profiles: dict[str, Profile] = {}
        self.written: dict[str, datetime] = {}

    async def offers(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Offers:
        mine = sorted((key, one) for (partner, key), one in self.registered.items() if partner == partner_id)
        return Offers(tuple(one for _, one in mine))

    async def put_offer(
        self,
        partner_id: str,
        offer: RegisteredOffer,
        before: RegisteredOffer | None,
        *,
        take_over: bool = False,
        only_if: AsRead[RegisteredOffer] | None = None,
    ) -> None:
        key = offer.id.casefold()
        must_be(self.registered.get((partner_id, key)), only_if)
        others = [
            (partner, held)
            for (partner, held), one in self.registered.items()
            if held == key and partner != partner_id and one.is_registered
        ]
        for one in others if take_over and offer.is_registered else []:
            del self.registered[one]
        if others and not take_over and offer.is_registered:
            raise Conflict(details=[Detail("conflict", "The offer belongs to another partner.", "offerId")])
        self.registered[partner_id, key] = offer

    async def pending_offers(self, after: str | None, top: int) -> Page[tuple[str, RegisteredOffer]]:
        found = sorted(
            (f"{key}|{partner}", (partner, one))
            for (partner, key), one in self.registered.items()
            if one.state is OfferState.PENDING and f"{key}|{partner}" > (after or "")
        )
        return Page([one for _, one in found[:top]], found[top - 1][0] if len(found) > top else None)

    async def profile(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Profile | None:
        return self.profiles.get(partner_id)

    async def stored_profile(self, partner_id: str) -> Profile | None:
        return self.profiles.get(partner_id)

    async def profiles_written(self) -> Mapping[str, datetime]:
        return dict(self.written)

    async def put_profile(
        self, partner_id: str, profile: Profile, before: Profile | None, only_if: AsRead[Profile] | None = None
    ) -> None:
        must_be(self.profiles.get(partner_id), only_if)
        self.profiles[partner_id] = profile
        self.written[partner_id] = clock.real_now()

    async def partner_of_offer(self, offer_id: str, at: datetime) -> str | None:
        owners = (
            partner
            for (partner, key), one in self.registered.items()
            if key == offer_id.casefold() and one.is_registered
        )
        return next(owners, None)

    async def partners_of_title(self, title: str, at: datetime) -> list[str]:
        found = {
            partner
            for (partner, _), one in self.registered.items()
            if one.is_registered and folded(one.title) == folded(title)
        }
        return sorted(found)

    async def partners_of_profile(self, name: str, at: datetime) -> list[str]:
        return sorted(partner for partner, one in self.profiles.items() if folded(one.name) == folded(name))


class FakeDirectoryStore:
    """`DirectoryStore` in memory, without a cache; `puts` counts how often the directory was written."""

    def __init__(self) -> None:
        self.kept: StoredDirectory | None = None
        self.read = ProfilesRead({})
        self.puts = 0

    async def current(self, at: datetime) -> Directory | None:
        return self.kept.directory if self.kept else None

    async def stored(self) -> StoredDirectory | None:
        return self.kept

    async def put(self, directory: Directory, before: StoredDirectory | None) -> None:
        if (self.kept.tag if self.kept else None) != (before.tag if before else None):
            raise LostRace
        self.puts += 1
        self.kept = StoredDirectory(directory, str(self.puts))

    async def read_profiles(self) -> ProfilesRead:
        return self.read

    async def note_read(self, times: Mapping[str, datetime], before: ProfilesRead) -> None:
        if self.read.tag != before.tag:
            raise LostRace
        self.read = ProfilesRead(dict(times), f"{before.tag or ''}.")
