"""Reading with the clock's eyes (L6, L8, Q6)."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.lead import Status
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource
from shared.ports.ports import Ports
from shared.usecases.leads.read_leads import read_history, read_lead
from tests.builders import AT, CONTACT_ME, DAY, submission_body
from tests.fakes.ports import FakePorts
from tests.steps import answer, submit


async def test_q6_a_lead_is_new_to_each_person_until_that_person_opens_it(ports: Ports, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    for person in ("ann", "bob"):
        assert not (await ports.marks.get(source.partner_id, person, lead)).opened
        seen = await read_lead(ports=ports, partner_id=source.partner_id, person=person, lead_id=lead, at=AT)
        assert not seen.is_new
        assert (await ports.marks.get(source.partner_id, person, lead)).opened


async def test_v4_l9_related_leads_are_as_they_may_be_seen_at_that_moment(ports: Ports, source: LeadSource) -> None:
    async def related(lead_id: str, at: datetime) -> list[tuple[str, Status, str | None, str | None]] | None:
        seen = await read_lead(
            ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead_id, at=at, peek=True
        )
        assert seen.related is not None
        return [(one.id, one.status, one.customer.company, one.customer.email) for one in seen.related]

    mine = (await submit(ports, source, submission_body(Company="Mine"), at=AT + 10 * DAY)).lead_id
    won = (await submit(ports, source, submission_body(Company="Won"), at=AT + DAY)).lead_id
    waits = (await submit(ports, source, submission_body(Company="Waits"))).lead_id
    aging = (await submit(ports, source, submission_body(ActionCode="INS", Company=""), at=AT - DAY)).lead_id
    await submit(ports, source, submission_body(ActionCode="DNC"))
    for step in (Action.ACCEPT, Action.WIN):
        await answer(ports, source, won, step, at=AT + DAY)
    await answer(ports, source, mine, at=AT + 10 * DAY)
    email = CONTACT_ME["UserDetails"]["Email"]
    ended, ages = (won, Status.ARCHIVED, "Won", email), (aging, Status.INFORMATIONAL, None, email)
    moment = timedelta(milliseconds=1)
    # The one that waits is there to its last moment, and gone with its contact details, timer or no timer (L6).
    assert await related(mine, AT + 14 * DAY - moment) == [ended, (waits, Status.RECEIVED, "Waits", email), ages]
    assert await related(mine, AT + 14 * DAY) == [ended, ages]
    assert await related(mine, AT + 300 * DAY) == [ended, (aging, Status.ARCHIVED, None, email)]
    # Whoever looks at what hides the person is told of nobody.
    assert await related(waits, AT + 14 * DAY) == []


async def test_l9_a_lead_that_hides_more_than_storage_knew_is_no_related_one(
    ports: FakePorts, source: LeadSource
) -> None:
    mine, other = [(await submit(ports, source, submission_body(Description=text))).lead_id for text in ("a", "b")]
    stored = ports.leads.rows[source.partner_id, other]
    ports.leads.rows[source.partner_id, other] = replace(stored, lead=replace(stored.lead, do_not_contact=True))
    assert await ports.leads.related(ports.leads.rows[source.partner_id, mine].lead, AT, 20) == [other]
    seen = await read_lead(ports=ports, partner_id=source.partner_id, person="ann", lead_id=mine, at=AT)
    assert seen.related == ()


async def test_l6_history_shows_what_time_did_before_a_timer_recorded_it(ports: Ports, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id

    async def page(top: int, below: int | None, at: object = AT + 20 * DAY) -> tuple[list[tuple[int, str]], int | None]:
        events, following = await read_history(
            ports=ports,
            partner_id=source.partner_id,
            lead_id=lead,
            below=below,
            top=top,
            at=at,  # type: ignore[arg-type] # a datetime
        )
        return [(event.sequence, event.type.removeprefix("lead.")) for event in events], following

    assert await page(50, None) == ([(3, "expired"), (2, "flameCooled"), (1, "received")], None)
    assert await page(1, None) == ([(3, "expired")], 3)
    assert await page(1, 3) == ([(2, "flameCooled")], 2)
    assert await page(1, 2) == ([(1, "received")], None)
    assert await page(5, 3) == ([(2, "flameCooled"), (1, "received")], None)
    assert await page(50, None, AT) == ([(1, "received")], None)
    await answer(ports, source, lead, at=AT + 4 * DAY)
    assert await page(2, None) == ([(3, "accepted"), (2, "flameCooled")], 2)
    assert await page(2, 2) == ([(1, "received")], None)
