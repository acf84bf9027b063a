"""Reading with the clock's eyes (L6, L8, Q6)."""

from shared.domain.programme.partner import LeadSource
from shared.ports.ports import Ports
from shared.usecases.leads.read_leads import read_history, read_lead
from tests.builders import AT, DAY
from tests.steps import answer, submit


async def test_q6_a_lead_is_new_to_each_person_until_that_person_opens_it(ports: Ports, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    for person in ("ann", "bob"):
        assert not (await ports.marks.get(source.partner_id, person, lead)).opened
        seen = await read_lead(ports=ports, partner_id=source.partner_id, person=person, lead_id=lead, at=AT)
        assert not seen.is_new
        assert (await ports.marks.get(source.partner_id, person, lead)).opened


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
