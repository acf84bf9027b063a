"""Lost answers, lost races, and many at once (L7, V4; design.md, How a lead changes)."""

from typing import Any

import pytest

from shared.domain.errors import Conflict, InvalidTransition, Unavailable
from shared.domain.lead import Outcome, Status
from shared.domain.lifecycle import Action, Activity, ActivityKind, LeadAction
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.preferences import Preferences
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.storage import keys
from shared.storage.tables import Tables
from shared.usecases.intake.receive_lead import Received
from shared.usecases.leads import read_leads
from shared.usecases.leads.answer_lead import log_contact_attempt
from shared.usecases.leads.record_due import run_due
from shared.usecases.telling.preferences import put_preferences, read_preferences
from tests import invariants
from tests.builders import ANN, AT, DAY, submission_body
from tests.integration.conftest import Connect
from tests.steps import TIMERS, all_leads, answer, budget, listed, run_timers, submit, wish, wishes
from tests.transports import BEFORE, BUSY_AFTER, LOST, FaultyTransport, RoundTrips, changes_leads, together


def once_only(picks: Any) -> Any:
    """The first call that `picks` names, and no other."""
    done = []

    def first(number: int, request: Any) -> bool:
        if done or not picks(number, request):
            return False
        done.append(number)
        return True

    return first


async def rows(tables: Tables, table: str, start: str = "") -> list[Any]:
    found = [row async for row in tables.sdk(table).list_entities()]
    return [row for row in found if row["RowKey"].startswith(start)]


async def history_of(ports: Ports, source: LeadSource, lead_id: str) -> list[str]:
    events, _ = await read_leads.read_history(
        ports=ports, partner_id=source.partner_id, lead_id=lead_id, below=None, top=50, at=AT
    )
    return [str(event.type) for event in events]


@pytest.mark.parametrize("way", [LOST, BUSY_AFTER])
async def test_an_accept_whose_commit_was_answered_badly_is_found_and_counts_once(
    connected: Connect, ports: Ports, source: LeadSource, way: str
) -> None:
    lead = (await submit(ports, source)).lead_id
    transport = FaultyTransport(once_only(changes_leads), way)
    faulty = await connected(transport=transport)
    transport.armed = True
    seen = await answer(faulty, source, lead)
    assert seen.lead.status is Status.ACCEPTED
    assert await history_of(ports, source, lead) == ["lead.accepted", "lead.received"]


@pytest.mark.parametrize("way", [LOST, BUSY_AFTER])
@pytest.mark.parametrize("is_first", [True, False], ids=["the first", "another"])
async def test_a_document_whose_write_was_answered_badly_is_no_lost_race(
    connected: Connect, ports: Ports, source: LeadSource, way: str, is_first: bool
) -> None:
    partner = source.partner_id or ""
    if not is_first:
        await wish(ports, partner, Preferences(digest_threshold=3))
    transport = FaultyTransport(once_only(lambda _, request: request.method != "GET"), way)
    faulty = await connected(transport=transport)
    before = await read_preferences(ports=faulty, partner_id=partner, at=AT)
    transport.armed = True
    # Whoever named the version that it read would be told that somebody else had been faster.
    await put_preferences(ports=faulty, partner_id=partner, preferences=Preferences(digest_threshold=7), before=before)
    assert (await wishes(ports, partner)).digest_threshold == 7
    with pytest.raises(LostRace):
        await put_preferences(ports=ports, partner_id=partner, preferences=Preferences(), before=before)


@pytest.mark.parametrize("way", [LOST, BUSY_AFTER])
async def test_v4_a_delivery_whose_commit_was_answered_badly_is_one_new_lead(
    connected: Connect, ports: Ports, source: LeadSource, tables: Tables, way: str
) -> None:
    transport = FaultyTransport(once_only(changes_leads), way)
    faulty = await connected(transport=transport)
    transport.armed = True
    received = await submit(faulty, source)
    assert not received.duplicate
    assert [lead.id for lead in await all_leads(ports, source)] == [received.lead_id]
    hinted = await rows(tables, keys.AGENDA)
    assert {row["RowKey"].split("|")[0] for row in hinted} == {"tell", "expire", "cool", "remind"}


@pytest.mark.parametrize("way", [BEFORE, LOST, BUSY_AFTER])
async def test_any_failed_call_of_an_intake_ends_after_a_retry_as_one_lead_with_its_hints(
    connected: Connect, ports: Ports, source: LeadSource, tables: Tables, way: str
) -> None:
    for failing in range(2):
        body = submission_body(Description=f"call {failing} {way}")
        # Every try of the SDK fails from this call on, so that nothing is mended behind our back.
        transport = FaultyTransport(lambda number, _, failing=failing: number >= failing, way)  # type: ignore[misc] # bound now
        faulty = await connected(transport=transport)
        before = {lead.id for lead in await all_leads(ports, source)}
        transport.armed = True
        with pytest.raises(Unavailable):
            await submit(faulty, source, body)
        received = await submit(ports, source, body)
        new = {lead.id for lead in await all_leads(ports, source)} - before
        assert new == {received.lead_id}
        hinted = {row["RowKey"] for row in await rows(tables, keys.AGENDA)}
        kinds = {row.split("|")[0] for row in hinted if received.lead_id in row}
        assert kinds == {"tell", "expire", "cool", "remind"}


async def test_nothing_is_written_when_the_first_call_never_leaves(
    connected: Connect, source: LeadSource, tables: Tables
) -> None:
    transport = FaultyTransport(lambda *_: True, BEFORE)
    faulty = await connected(transport=transport)
    transport.armed = True
    with pytest.raises(Unavailable):
        await submit(faulty, source)
    assert await rows(tables, keys.LEADS) == []
    assert await rows(tables, keys.AGENDA) == []


async def test_l7_of_fifty_accepts_at_once_one_wins_and_the_others_learn_who(
    ports: Ports, source: LeadSource, tables: Tables
) -> None:
    lead = (await submit(ports, source)).lead_id
    outcomes = await together(*(answer(ports, source, lead) for _ in range(50)))
    won = [one for one in outcomes if isinstance(one, read_leads.SeenLead)]
    lost = [one for one in outcomes if isinstance(one, InvalidTransition)]
    assert (len(won), len(lost)) == (1, 49)
    assert {one.details[0].code for one in lost} == {"lead.accepted"}
    assert all("Ann" in one.details[0].message for one in lost)
    assert await history_of(ports, source, lead) == ["lead.accepted", "lead.received"]
    assert len(await rows(tables, keys.AGENDA, "tell|")) == 2
    assert len(await rows(tables, keys.LEADS, "out|")) == 2


async def test_l7_an_accept_and_a_decline_at_once_leave_one_answer(ports: Ports, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    declining = LeadAction(Action.DECLINE, reason="budget")
    outcomes = await together(*(answer(ports, source, lead, what) for what in [Action.ACCEPT, declining] * 10))
    assert sum(isinstance(one, read_leads.SeenLead) for one in outcomes) == 1
    assert len(await history_of(ports, source, lead)) == 2


async def test_v4_fifty_deliveries_of_the_same_at_once_make_one_lead(
    ports: Ports, source: LeadSource, tables: Tables
) -> None:
    outcomes = await together(*(submit(ports, source) for _ in range(50)))
    received = [one for one in outcomes if isinstance(one, Received)]
    assert len(received) == 50
    assert len({one.lead_id for one in received}) == 1
    assert sum(not one.duplicate for one in received) == 1
    assert len(await all_leads(ports, source)) == 1
    assert len(await rows(tables, keys.AGENDA)) == 4


async def test_v4_the_same_content_counts_as_one_for_24_hours_across_midnight(ports: Ports, source: LeadSource) -> None:
    first = await submit(ports, source)
    again = await submit(ports, source, at=AT + DAY - DAY / 86400)
    assert (again.lead_id, again.duplicate) == (first.lead_id, True)
    later = await submit(ports, source, at=AT + DAY)
    assert not later.duplicate
    outcomes = await together(*(submit(ports, source, at=AT + 2 * DAY) for _ in range(10)))
    assert sum(not one.duplicate for one in outcomes) == 1


async def test_v4_a_key_names_one_delivery_for_ever_and_refuses_other_content(ports: Ports, source: LeadSource) -> None:
    first = await submit(ports, source, key="k1")
    again = await submit(ports, source, key="k1", at=AT + 100 * DAY)
    assert (again.lead_id, again.duplicate, again.status) == (first.lead_id, True, Status.ARCHIVED)
    with pytest.raises(Conflict):
        await submit(ports, source, submission_body(Company="Else"), key="k1")
    assert not (await submit(ports, source, key="k2")).duplicate


async def test_every_commit_keeps_the_copies_equal_to_the_lead(
    ports: Ports, source: LeadSource, tables: Tables
) -> None:
    async def kinds() -> dict[str, Any]:
        found = await rows(tables, keys.LEADS)
        wanted = ("lead|", "open|", "info|")
        bare = {row["RowKey"]: {k: v for k, v in row.items() if k != "RowKey"} for row in found}
        return {key.split("|")[0]: row for key, row in bare.items() if key.startswith(wanted)}

    lead = (await submit(ports, source, submission_body(ActionCode="INS"))).lead_id
    found = await kinds()
    assert set(found) == {"lead", "info"}
    assert found["lead"] == found["info"]
    await answer(ports, source, lead)
    found = await kinds()
    assert set(found) == {"lead", "open"}
    assert found["lead"] == found["open"]
    await answer(ports, source, lead, Action.WIN)
    assert set(await kinds()) == {"lead"}


async def test_history_rows_hold_no_contact_details_and_the_payload_is_whole(
    ports: Ports, source: LeadSource, tables: Tables
) -> None:
    body = submission_body(FirstName="n" * 10_000, Description="d" * 150_000)
    lead = (await submit(ports, source, body)).lead_id
    (raw,) = await rows(tables, keys.LEADS, "raw|")
    whole = b"".join(raw[f"p{n}"] for n in range(3))
    assert whole.decode().count("n" * 10_000) == 1
    assert whole.decode().count("d" * 150_000) == 1
    (event,) = await rows(tables, keys.LEADS, f"hist|{lead}")
    assert "berg" not in str(event).lower()
    assert "nnn" not in str(event)


async def test_paging_goes_on_past_what_one_request_gives(ports: Ports, source: LeadSource) -> None:
    await together(
        *(submit(ports, source, submission_body(Description=str(n)), at=AT + DAY / 86400 * n) for n in range(230))
    )
    found: list[str] = []
    after = None
    while True:
        page = await listed(ports, source, AT + DAY, status=frozenset({Status.RECEIVED}), after=after, top=100)
        found += [seen.lead.id for seen in page.leads]
        after = page.next
        if after is None:
            break
    assert len(found) == len(set(found)) == 230
    assert found == sorted(found)


async def test_marks_beyond_the_first_thousand_are_still_seen(
    ports: Ports, source: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.storage.leads import mark_store

    monkeypatch.setattr(mark_store, "NEAR_MAX", 2)
    for number in range(6):
        lead = (await submit(ports, source, submission_body(Description=str(number)), at=AT + DAY * number)).lead_id
        await ports.marks.put(source.partner_id, "ann", lead, favorite=True)
    page = await listed(ports, source, AT + 6 * DAY)
    assert [seen.mark.favorite for seen in page.leads] == [True] * 6


async def test_a1_two_hosts_running_the_same_timers_at_once_change_each_lead_once(
    connected: Connect, ports: Ports, source: LeadSource, tables: Tables
) -> None:
    for number in range(60):
        code = ("PLT", "", "INS")[number % 3]
        await submit(ports, source, submission_body(ActionCode=code, Title=str(number)))
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    other = await connected()
    late = AT + 400 * DAY
    for kind in ("cool", "expire", "archive"):
        outcomes = await together(*(run_timers(one, late, [kind]) for one in (ports, other)))
        assert all(isinstance(one, int) for one in outcomes), outcomes
    while await run_timers(ports, late + DAY, [*TIMERS, "remind"]):
        pass
    leads = await invariants.check(tables, source.partner_id)
    assert {lead.outcome for lead in leads.values()} == {Outcome.EXPIRED, Outcome.AGED}
    assert await invariants.orphans(tables, source.partner_id, leads) == []


@pytest.mark.parametrize("due", [0, 1, 30, 100])
async def test_a_run_costs_what_is_due_and_not_what_is_stored(
    connected: Connect, ports: Ports, source: LeadSource, due: int
) -> None:
    for number in range(due + 50):
        at = AT if number < due else AT + DAY
        await submit(ports, source, submission_body(Title=str(number)), at=at)
    trips = RoundTrips()
    counted = await connected(transport=trips)
    ran = await run_due(ports=counted, kind="expire", at=AT + 14 * DAY, budget=budget())
    assert ran.done == due
    # One of them looks, once a minute, whether further accounts are in use.
    assert trips.requests <= 2 * due + due / 50 + 4
    if due == 0:
        assert trips.requests == 1


async def test_l8_contact_attempts_logged_at_once_are_all_logged(ports: Ports, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id

    async def log(number: int) -> object:
        activity = Activity(ActivityKind.CALL, str(number))
        named = {"partner_id": source.partner_id, "lead_id": lead}
        return await log_contact_attempt(ports=ports, activity=activity, by=ANN, at=AT, **named)

    outcomes = await together(*(log(number) for number in range(20)), answer(ports, source, lead))
    assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
    stored = await ports.leads.get(source.partner_id, lead)
    assert stored is not None
    assert (stored.lead.contact_attempts, stored.lead.sequence, stored.lead.version) == (20, 22, 2)
