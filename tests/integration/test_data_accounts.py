"""A partner's rows and files are in the account of its registration, and that hardly costs a request (decision 19)."""

from dataclasses import replace

import pytest

from shared.domain.errors import Unavailable
from shared.domain.exports.export import ExportState
from shared.domain.programme.offers import RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.programme.placement import Placement
from shared.domain.programme.profile import Profile
from shared.storage import keys
from shared.storage.tables import Tables
from shared.usecases.leads import favorites, read_leads
from shared.usecases.telling.deliver import deliver_events
from tests import invariants
from tests.builders import AT, submission_body, unique
from tests.exports import again, ask, by_timer, ids_of
from tests.integration.conftest import Connect
from tests.integration.further import FURTHER, Deployment, Instance
from tests.steps import answer, budget, listed, run_timers, submit
from tests.transports import RoundTrips
from tools.partner_rows import range_of


async def rows_in(tables: Tables, account: str | None, partner_id: str) -> dict[str, int]:
    """How many rows a partner has in an account, by table."""
    return {name: len(await tables.within(account, name).rows(range_of(partner_id, name))) for name in keys.OF_PARTNERS}


async def work(instance: Instance, source: LeadSource) -> list[str]:
    """Leads that come, are accepted, loved, told of and exported; their ids, newest first."""
    ports, partner = instance.ports, source.partner_id or ""
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(4)]
    await answer(ports, source, made[0])
    await favorites.set_favorite(ports=ports, partner_id=partner, person="ann", lead_id=made[1], favorite=True)
    await ports.listings.put_profile(partner, Profile("Contoso"), None)
    await ports.listings.put_offer(partner, RegisteredOffer(f"{partner}.crm", "CRM"), None)
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    await run_timers(ports, AT)
    return sorted(made)


@pytest.mark.parametrize(("account", "other"), [(None, FURTHER), (FURTHER, None)])
async def test_all_that_is_a_partners_is_in_its_account_and_nothing_is_elsewhere(
    deployment: Deployment, account: str | None, other: str | None
) -> None:
    instance = await deployment.instance()
    source = await deployment.partner(instance.ports, account)
    partner = source.partner_id or ""
    made = await work(instance, source)
    asked = await ask(instance.ports, source)
    assert asked.export.data_account == account
    assert sorted(await ids_of(instance.files, asked)) == made
    assert asked.link is not None
    assert all((await rows_in(instance.tables, account, partner)).values())
    assert not any((await rows_in(instance.tables, other, partner)).values())
    assert {seen.lead.id for seen in (await listed(instance.ports, source)).leads} == set(made)
    assert set(await invariants.check(instance.tables, partner)) == set(made)
    assert len(deployment.receivers.taken) == 5
    assert not await ids_elsewhere(instance, other, asked.export.blob)


async def ids_elsewhere(instance: Instance, account: str | None, blob: str) -> list[str]:
    """The files of that name in an account."""
    files = instance.files.within(account)
    container = files._service.get_container_client(files._container)
    return [name async for name in container.list_blob_names(name_starts_with=blob.rpartition(":")[2])]


async def test_an_export_stays_where_it_began_and_is_deleted_there(deployment: Deployment) -> None:
    instance = await deployment.instance()
    source = await deployment.partner(instance.ports, FURTHER)
    made = (await submit(instance.ports, source)).lead_id
    asked = await ask(instance.ports, source, order="company")
    assert await ids_of(instance.files, asked) == [made]
    assert (await again(instance.ports, asked)).state is ExportState.SUCCEEDED
    kept = instance.ports.rules.export.kept
    await by_timer(instance.ports, AT + 2 * kept)
    assert await instance.ports.exports.get(source.partner_id or "", asked.export.id) is None
    assert not await ids_elsewhere(instance, FURTHER, asked.export.blob)


@pytest.mark.parametrize("account", [None, FURTHER])
async def test_which_account_it_is_costs_one_request_a_minute_and_none_beside_the_registration(
    deployment: Deployment, account: str | None
) -> None:
    made = await deployment.instance()
    source = await deployment.partner(made.ports, account)
    partner = source.partner_id or ""
    lead = (await submit(made.ports, source)).lead_id
    trips = RoundTrips()
    ports = (await deployment.instance(transport=trips)).ports

    async def look() -> tuple[int, int]:
        trips.reset()
        await read_leads.read_lead(ports=ports, partner_id=partner, person="ann", lead_id=lead, at=AT, peek=True)
        return trips.sequential, trips.requests

    # Two rounds and three requests, as without further accounts; those that are side by side ask for it once.
    assert await look() == (3, 4)
    assert await look() == (2, 3)
    deployment.watch.passed += 60
    assert await look() == (3, 4)
    # What intake and most requests have read anyway is not read again.
    deployment.watch.passed += 60
    await ports.partners.known(partner, AT)
    assert await look() == (2, 3)
    await submit(ports, source)
    trips.reset()
    await submit(ports, source, submission_body(Title="another"))
    assert trips.requests == 3


async def test_a_partner_whose_account_the_settings_forgot_is_unavailable_and_does_not_look_empty(
    deployment: Deployment, connected: Connect
) -> None:
    instance = await deployment.instance()
    source = await deployment.partner(instance.ports, FURTHER)
    partner = source.partner_id or ""
    alone = await connected()
    for call in (
        alone.partners.known(partner, AT),
        alone.leads.get(partner, "m1"),
        alone.marks.put(partner, "ann", "m1", favorite=True),
        submit(alone, source),
    ):
        with pytest.raises(Unavailable):
            await call
    assert not any((await rows_in(instance.tables, None, partner)).values())
    here = await deployment.partner(instance.ports)
    assert (await submit(alone, here)).lead_id, "others go on"
    lost = replace(Partner(unique(), "Contoso", (), AT, AT), placement=Placement("gone"))
    await instance.ports.partners.put(lost)
    for call in (
        instance.ports.leads.get(lost.id, "m1"),
        instance.ports.preferences.wishes(lost.id),
        instance.ports.files.read("gone:x/y", 0, 1),
    ):
        with pytest.raises(Unavailable):
            await call
