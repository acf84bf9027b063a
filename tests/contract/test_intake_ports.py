"""What partners publish, what waits for the operator, what senders sent, and what marketplaces wrote (R1, I3, I5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared import clock
from shared.domain.errors import Conflict, Detail, InvalidRequest
from shared.domain.intake.held import Held, HeldState, Reason
from shared.domain.lead import Actor, CallToAction, Sender, Tab
from shared.domain.programme.offers import OfferState, RegisteredOffer
from shared.domain.programme.partner import Door
from shared.domain.programme.profile import CompanySize, Contact, Location, Profile
from shared.ids import digest, new_lead_id
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace, NoSuchTable
from shared.ports.intake import HeldStore, MarketplaceTables, Only, Sent, SentStore, StoredHeld, TableRow
from shared.ports.programme import ListingStore
from shared.settings import Settings
from shared.storage.intake.marketplace_tables import StorageMarketplaceTables
from shared.storage.keys import safe
from shared.storage.programme.partner_store import TablePartnerStore
from shared.storage.tables import Tables, connect
from tests.builders import AT, DAY, unique
from tests.fakes.intake import FakeTables

OFFER = RegisteredOffer("contoso.crm", "Contoso CRM", CallToAction.FREE_TRIAL)
PROFILE = Profile(
    "Contoso",
    published=True,
    keywords=("crm",),
    company_sizes=(CompanySize.SMALL,),
    locations=(Location("HQ", "SE", "Street 1", (Contact("Lena", "lena@contoso.example", None, "sv"),)),),
)


async def test_an_offer_is_found_by_id_and_title_without_letter_case(listings: ListingStore) -> None:
    mine = unique()
    assert (await listings.offers(mine, AT)).offers == ()
    await listings.put_offer(mine, OFFER, None)
    offers = await listings.offers(mine, AT)
    assert offers.find("CONTOSO.crm", None) == offers.find(None, "contoso  crm") == OFFER
    assert await listings.partner_of_offer("Contoso.CRM", AT) == mine
    assert await listings.partners_of_title("CONTOSO CRM", AT) == [mine]
    assert await listings.partner_of_offer("contoso.erp", AT) is None
    assert await listings.partners_of_title("Contoso ERP", AT) == []


async def test_a_registered_offer_is_replaced_and_its_old_title_is_nobodys(listings: ListingStore) -> None:
    mine, renamed = unique(), replace(OFFER, title="Contoso Suite", call_to_action=None)
    await listings.put_offer(mine, OFFER, None)
    await listings.partners_of_title(OFFER.title, AT)
    await listings.put_offer(mine, renamed, OFFER)
    assert (await listings.offers(mine, AT)).offers == (renamed,)
    assert await listings.partners_of_title("contoso suite", AT) == [mine]
    assert await listings.partners_of_title(OFFER.title, AT) == []


async def test_a_title_of_two_offers_stays_while_one_of_them_has_it(listings: ListingStore) -> None:
    mine, other = unique(), replace(OFFER, id="contoso.crm2")
    for one in (OFFER, other):
        await listings.put_offer(mine, one, None)
    await listings.put_offer(mine, replace(other, title="Else"), other)
    assert await listings.partners_of_title(OFFER.title, AT) == [mine]


async def test_an_offer_belongs_to_the_partner_that_registered_it_first(listings: ListingStore) -> None:
    first, second = unique(), unique()
    await listings.put_offer(first, OFFER, None)
    with pytest.raises(Conflict) as refused:
        await listings.put_offer(second, replace(OFFER, id="CONTOSO.CRM"), None)
    assert [one.target for one in refused.value.details] == ["offerId"]
    await listings.put_offer(second, replace(OFFER, id="fabrikam.crm"), None)
    assert sorted(await listings.partners_of_title(OFFER.title, AT)) == sorted([first, second])


async def test_s6_an_offer_that_waits_is_nobodys_until_it_is_registered(listings: ListingStore) -> None:
    first, second = sorted((unique(), unique()))
    offer_id = f"{first}.crm"
    waits = RegisteredOffer(offer_id, f"Title of {first}", None, OfferState.PENDING)
    for one in (first, second):
        await listings.put_offer(one, waits, None)
        await listings.put_offer(one, waits, waits)
    assert await listings.partner_of_offer(offer_id, AT) is None
    assert await listings.partners_of_title(waits.title, AT) == []
    place = f"{safe(offer_id)}|"
    assert (await listings.pending_offers(place, 2))[0] == [(first, waits), (second, waits)]
    (page,), after = await listings.pending_offers(place, 1)
    assert page == (first, waits)
    assert after is not None
    assert (await listings.pending_offers(after, 1))[0] == [(second, waits)]
    registered = replace(waits, state=OfferState.REGISTERED)
    await listings.put_offer(first, registered, waits)
    with pytest.raises(Conflict):
        await listings.put_offer(second, registered, waits)
    assert await listings.partner_of_offer(offer_id, AT) == first
    assert await listings.partners_of_title(waits.title, AT) == [first]
    assert (await listings.pending_offers(place, 1))[0] == [(second, waits)]
    refused = replace(waits, state=OfferState.REFUSED)
    await listings.put_offer(second, refused, waits)
    assert (await listings.pending_offers(place, 1))[0][:1] != [(second, waits)]
    assert await listings.partner_of_offer(offer_id, AT) == first, "a refusal frees nobody else's"
    await listings.put_offer(first, refused, registered)
    assert await listings.partner_of_offer(offer_id, AT) is None
    assert await listings.partners_of_title(waits.title, AT) == []
    await listings.put_offer(second, registered, refused)
    assert await listings.partner_of_offer(offer_id, AT) == second


async def test_a_profile_is_what_was_put_and_is_found_by_its_name(listings: ListingStore) -> None:
    mine = unique()
    assert await listings.profile(mine, AT) is None
    await listings.put_profile(mine, PROFILE, None)
    assert await listings.profile(mine, AT) == PROFILE
    assert await listings.partners_of_profile("CONTOSO", AT) == [mine]
    await listings.put_profile(mine, replace(PROFILE, name="Else"), PROFILE)
    assert await listings.partners_of_profile("Contoso", AT) == []
    assert await listings.partners_of_profile("else", AT) == [mine]


async def test_a_profile_that_is_too_large_is_refused(kind: str, listings: ListingStore) -> None:
    if kind == "fake":
        pytest.skip("the bound is storage's")
    huge = replace(PROFILE, locations=tuple(Location(str(n), "SE", "x" * 8_000) for n in range(30)))
    with pytest.raises(InvalidRequest):
        await listings.put_profile(unique(), huge, None)


def a_held(**changes: object) -> Held:
    door = Door("0123456789abcdef", Actor("source", "0123456789abcdef", "Form"), "contoso", sender=Sender("seller"))
    made = Held(
        id=f"{door.id}-{digest(unique())}",
        state=HeldState.PARKED,
        door=door,
        claim=digest("claim"),
        content=digest("content"),
        content_type="application/json",
        first_at=AT,
        last_at=AT,
        body=b"\x00not json",
        reason=Reason.UNREADABLE,
        details=(Detail("required", "missing", "share"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type] # as the test says


async def test_a_held_delivery_is_what_was_put_and_a_repeat_is_none(held: HeldStore) -> None:
    one = a_held(body=bytes(range(256)) * 1000)
    assert await held.get(one.id) is None
    added = await held.add(one)
    assert added is not None
    assert added.held == one
    assert await held.get(one.id) == added
    assert await held.add(replace(one, last_at=AT + DAY)) is None
    assert await held.get(one.id) == added


async def test_those_that_wait_are_listed_newest_first(held: HeldStore) -> None:
    made = [a_held(first_at=AT + DAY * n, state=HeldState.UNASSIGNED) for n in range(5)]
    for one in (*made, a_held(), a_held(state=HeldState.PLACED)):
        await held.add(one)
    found: list[Held] = []
    place, pages = None, 0
    while pages == 0 or place:
        page, place = await held.page(HeldState.UNASSIGNED, place, 2)
        found += page
        pages += 1
    assert found == made[::-1]
    assert pages >= 3


async def test_what_is_placed_leaves_its_list_and_who_read_it_before_loses(held: HeldStore) -> None:
    one = await held.add(a_held())
    assert one is not None
    waiting = await held.replace(one, replace(one.held, state=HeldState.UNASSIGNED, lead_id="m1"))
    assert await held.page(HeldState.PARKED, None, 10) == ([], None)
    assert await held.page(HeldState.UNASSIGNED, None, 10) == ([waiting.held], None)
    with pytest.raises(LostRace):
        await held.replace(one, replace(one.held, count=2))
    placed = replace(waiting.held, state=HeldState.PLACED, body=b"")
    assert (await held.replace(waiting, placed)).held == placed
    assert await held.page(HeldState.UNASSIGNED, None, 10) == ([], None)
    again = await held.replace(StoredHeld(waiting.held, waiting.tag), placed)
    assert again.held == placed, "an answer that was lost"


async def test_what_a_sender_sent_is_its_own_newest_first(sent: SentStore) -> None:
    me, other = digest(unique()), digest(unique())
    mine = [Sent(new_lead_id(Tab.QUALIFIED, AT + timedelta(hours=n)), "contoso") for n in range(3)]
    for one in mine:
        await sent.put(me, one)
        await sent.put(me, one)
    assert await sent.get(me, mine[0].lead_id) == mine[0]
    assert await sent.get(other, mine[0].lead_id) is None
    page, place = await sent.page(me, None, 2)
    assert page == mine[:0:-1]
    assert await sent.page(me, place, 2) == ([mine[0]], None)
    assert await sent.page(other, None, 2) == ([], None)
    await sent.remove(me, mine[0].lead_id)
    await sent.remove(me, mine[0].lead_id)
    assert await sent.get(me, mine[0].lead_id) is None


async def test_tables_of_marketplaces_may_be_in_an_account_of_their_own(
    settings: Settings, tables: Tables, apart: Tables
) -> None:
    name, since = "Mp" + digest(unique())[:20], clock.real_now() - timedelta(minutes=1)
    await apart.foreign(name).create_table()
    await apart.foreign(name).create_entity({"PartitionKey": "p", "RowKey": "r", "Description": "there"})
    there, here = StorageMarketplaceTables(apart), StorageMarketplaceTables(tables)
    (row,), _ = await there.rows(name, since, "", 10)
    assert row.columns == {"Description": "there"}
    with pytest.raises(NoSuchTable):
        await here.rows(name, since, "", 10)
    leads = settings.table_prefix + "leads"
    assert (there.is_ours(leads), here.is_ours(leads)) == (False, True)
    assert await TablePartnerStore(apart).get("nobody") is None, "ours are where they were"
    twice = connect(settings.model_copy(update={"marketplace_connection": settings.storage_connection}))
    assert StorageMarketplaceTables(twice).is_ours(leads), "named twice it is one account all the same"
    await twice.close()


async def test_rows_of_a_marketplaces_table_come_page_by_page(
    kind: str, marketplace_tables: MarketplaceTables, request: pytest.FixtureRequest
) -> None:
    name = "Mp" + digest(unique())[:20]
    with pytest.raises(NoSuchTable):
        await marketplace_tables.rows(name, AT, "", 10)
    written = [{"Description": f"row {n}", "Number": n} for n in range(5)]
    before = clock.real_now() - timedelta(minutes=1)
    if isinstance(marketplace_tables, FakeTables):
        rows = [(clock.real_now(), TableRow(str(n), columns)) for n, columns in enumerate(written)]
        marketplace_tables.tables[name] = rows
    else:
        tables: Tables = request.getfixturevalue("tables")
        client = tables.foreign(name)
        await client.create_table()
        for n, columns in enumerate(written):
            await client.create_entity({"PartitionKey": str(n % 2), "RowKey": str(n), **columns})
    found: list[TableRow] = []
    place, pages = "", 0
    while pages == 0 or place:
        page, place = await marketplace_tables.rows(name, before, place, 2)
        found += page
        pages += 1
    assert pages >= 3
    assert sorted((dict(row.columns) for row in found), key=str) == written
    assert len({row.identity for row in found}) == 5
    assert await marketplace_tables.rows(name, clock.real_now() + DAY, "", 10) == ([], "")
    assert marketplace_tables.is_ours("leads") is (kind == "fake")


async def test_profiles_and_offers_are_replaced_only_as_they_were_read(listings: ListingStore) -> None:
    mine = unique()
    offer = replace(OFFER, id=f"{mine}.crm")
    await listings.put_offer(mine, offer, None, only_if=AsRead(None))
    await listings.put_profile(mine, PROFILE, None, AsRead(None))
    other_offer, other_profile = replace(offer, title="Else"), replace(PROFILE, name="Else")
    for read in (AsRead(None), AsRead(other_offer)):
        with pytest.raises(LostRace):
            await listings.put_offer(mine, other_offer, offer, only_if=read)
    for told in (AsRead(None), AsRead(other_profile)):
        with pytest.raises(LostRace):
            await listings.put_profile(mine, other_profile, PROFILE, told)
    await listings.put_offer(mine, other_offer, offer, only_if=AsRead(offer))
    await listings.put_profile(mine, other_profile, PROFILE, AsRead(PROFILE))
    assert await listings.profile(mine, AT, fresh=True) == other_profile
    assert (await listings.offers(mine, AT, fresh=True)).offers == (other_offer,)


async def test_i5_what_waits_is_counted_and_filtered_by_reason_and_partner(held: HeldStore) -> None:
    mine = unique()
    made = []
    for n, reason in enumerate((Reason.UNREADABLE, Reason.KEY_REUSED, Reason.UNREADABLE)):
        one = replace(a_held(), reason=reason, first_at=AT + n * DAY, partner_id=mine if n else None)
        stored = await held.add(one)
        assert stored is not None
        made.append(stored)
    only = Only("unreadable", mine)
    assert [one.id for one in (await held.page(HeldState.PARKED, None, 10, only))[0]] == [made[2].held.id]
    counts = await held.count(HeldState.PARKED)
    assert counts.partners[mine] == 2
    assert counts.total >= 3
    changed = await held.replace(made[2], replace(made[2].held, reason=Reason.PROFILE_NOT_PUBLISHED))
    assert (await held.page(HeldState.PARKED, None, 10, only))[0] == []
    with pytest.raises(LostRace):
        await held.delete(made[2])
    gone = await held.replace(changed, replace(changed.held, state=HeldState.DISMISSED, dismissed_at=AT + 9 * DAY))
    page, _ = await held.page(HeldState.DISMISSED, None, 10, Only(partner_id=mine))
    assert [one.id for one in page] == [gone.held.id]
    await held.delete(gone)
    assert await held.get(gone.held.id) is None
    assert (await held.page(HeldState.DISMISSED, None, 10, Only(partner_id=mine)))[0] == []
