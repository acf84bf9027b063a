"""M4: a lead's similar deals as its reader sees them, on ports in memory."""

from datetime import date, datetime
from typing import Any

import pytest

from shared.domain.errors import NotFound
from shared.domain.lead import Outcome
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.partner import LeadSource
from shared.ids import new_lead_id
from shared.ports.ports import Ports
from shared.usecases.leads.favorites import set_favorite
from shared.usecases.outcomes.find_similar import SimilarDeal, find_similar
from tests.builders import AT, DAY, submission_body
from tests.fakes.ports import FakePorts
from tests.steps import answer, submit

NEED = "We look for scanners and pallets in a warehouse."
LATER = AT + 60 * DAY


async def asked(ports: Ports, source: LeadSource, number: int, need: str = NEED) -> str:
    """A lead that came so many days after AT."""
    body = submission_body(Description=need, Email=f"{number}@northwind.example", Company=f"Customer {number}")
    return (await submit(ports, source, body, at=AT + number * DAY)).lead_id


async def closed(ports: Ports, source: LeadSource, number: int, *answers: LeadAction | Action, **asks: Any) -> str:
    """A lead that was accepted on its day, and answered so on the days after."""
    lead = await asked(ports, source, number, **asks)
    for days, what in enumerate((Action.ACCEPT, *answers)):
        await answer(ports, source, lead, what, at=AT + (number + days) * DAY)
    return lead


async def found(
    ports: Ports, source: LeadSource, lead_id: str, at: datetime = LATER, top: int = 5
) -> tuple[SimilarDeal, ...]:
    return await find_similar(
        ports=ports, partner_id=source.partner_id or "", person="ann", lead_id=lead_id, top=top, at=at
    )


async def test_m4_a_lead_has_the_deals_before_it_with_what_became_of_them(ports: FakePorts, source: LeadSource) -> None:
    won = await closed(ports, source, 0, LeadAction(Action.WIN, closed_on=date(2026, 11, 22)))
    lost = await closed(ports, source, 1, LeadAction(Action.LOSE, reason="budget"), need="Scanners for shops.")
    still = await closed(ports, source, 2, need="Payroll.")
    lead = await asked(ports, source, 30)
    await closed(ports, source, 31)
    similar = await found(ports, source, lead, at=AT + 31 * DAY)
    assert [one.seen.lead.id for one in similar] == [won, lost, still]
    assert [one.seen.lead.outcome for one in similar] == [Outcome.WON, Outcome.LOST, None]
    assert [one.days for one in similar] == [1, 1, None]
    assert [one.how.likeness for one in similar] == sorted((one.how.likeness for one in similar), reverse=True)
    assert set(similar[0].how.words) == {"look", "scanners", "pallets", "warehouse"}
    assert [len(await found(ports, source, lead, AT + 31 * DAY, top)) for top in (1, 2, 20)] == [1, 2, 3]


async def test_m4_an_open_deal_says_no_days_and_ones_own_heart_shows(ports: FakePorts, source: LeadSource) -> None:
    first, second = await closed(ports, source, 0), await closed(ports, source, 1)
    lead = await asked(ports, source, 2)
    await set_favorite(ports=ports, partner_id=source.partner_id or "", person="ann", lead_id=first, favorite=True)
    similar = await found(ports, source, lead, AT + 2 * DAY)
    assert [(one.seen.lead.id, one.seen.mark.favorite, one.days) for one in similar] == [
        (second, False, None),
        (first, True, None),
    ]


async def test_m4_l6_l9_a_need_counts_as_long_as_it_is_shown(ports: FakePorts, source: LeadSource) -> None:
    """The lead expires without a timer, and says nothing of its need from then on."""
    await closed(ports, source, 0)
    lead = await asked(ports, source, 1)
    (before,) = await found(ports, source, lead, AT + 2 * DAY)
    (after,) = await found(ports, source, lead, AT + 15 * DAY)
    assert "need" in before.how.alike
    assert "need" not in after.how.alike
    assert after.how.words == ()
    assert after.how.likeness == pytest.approx(before.how.likeness - 0.5)


async def test_m4_one_that_was_closed_as_an_error_meanwhile_is_left_out(ports: FakePorts, source: LeadSource) -> None:
    first, second = await closed(ports, source, 0), await closed(ports, source, 1)
    lead = await asked(ports, source, 2)
    traits = await ports.leads.deals(source.partner_id or "", lead, AT + 2 * DAY, 50)

    async def as_before(*_: object) -> object:
        return traits

    await answer(ports, source, second, LeadAction(Action.CLOSE_AS_ERROR, reason="wrongCustomer"), at=AT + 2 * DAY)
    ports.leads.deals = as_before  # type: ignore[method-assign,assignment] # what was read before it was closed
    assert [one.seen.lead.id for one in await found(ports, source, lead, AT + 2 * DAY)] == [first]


async def test_m4_no_lead_and_another_partners_lead_are_not_there(ports: FakePorts, source: LeadSource) -> None:
    lead = await asked(ports, source, 0)
    other = LeadSource("1123456789abcdef", "somebody-else", "Marketplace", AT)
    with pytest.raises(NotFound):
        await found(ports, other, lead)
    with pytest.raises(NotFound):
        await found(ports, source, new_lead_id(lead[0], AT))  # type: ignore[arg-type] # the letter of its tab
    assert await found(ports, source, lead, AT) == ()
