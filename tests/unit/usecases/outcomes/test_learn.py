"""All partners are looked at, a run after the other if need be, and what is learned is the same (M2, V3)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.advice import Year
from shared.domain.errors import Unavailable
from shared.domain.lead import Chance, Level, Quality, Validity
from shared.domain.lifecycle import Action, LeadAction, recheck
from shared.domain.likelihood import Ended, Learned
from shared.domain.measures import kind_of
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.standing import USUAL
from shared.ports.outcomes import Lessons
from shared.ports.rules import Budget
from shared.usecases.leads.answer_lead import answer_lead
from shared.usecases.outcomes import learn
from shared.usecases.outcomes.learn import Learnt, learn_outcomes
from shared.usecases.outcomes.read_standing import read_standing
from shared.usecases.telling.publish import publish_events
from tests.builders import ANN, AT, DAY, DEAL, a_lead, submission_body
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import budget, submit

LATER = AT + DAY


async def programme(partners: int = 7) -> FakePorts:
    """Partners with three leads each: one won, one declined, one that waits; the last one answers nothing."""
    ports = fake_ports()
    for number in range(partners):
        name = f"p{number}"
        await ports.partners.put(Partner(name, name, (f"tenant-{number}",), AT, AT))
        source = LeadSource(f"{number:016}", name, "M", AT)
        made = [
            (await submit(ports, source, submission_body(Company=company), at=AT)).lead_id
            for company in ("A", "B", "C")
        ]
        if number == partners - 1:
            continue
        what = [LeadAction(Action.ACCEPT, DEAL), LeadAction(Action.WIN), LeadAction(Action.DECLINE, reason="budget")]
        for lead_id, action in zip((made[0], made[0], made[1]), what, strict=True):
            at = AT + timedelta(hours=1)
            await answer_lead(
                ports=ports, partner_id=name, lead_id=lead_id, answer=action, by=ANN, versions=None, at=at
            )
    await publish_events(ports=ports, at=LATER, budget=budget())
    return ports


async def test_m2_every_partner_has_a_standing_and_all_have_lessons() -> None:
    ports = await programme()
    assert await learn_outcomes(ports=ports, at=LATER, budget=budget()) == Learnt(7, 7)
    standings = await ports.outcomes.standings()
    assert set(standings) == {f"p{number}" for number in range(7)}
    assert standings["p0"].value > USUAL == standings["p6"].value
    lessons = await ports.outcomes.lessons(LATER)
    assert (lessons.learned.whole.of, lessons.learned.whole.won, lessons.learned.whole.partners) == (12, 6, 6)
    assert sum(kind.of for kind in lessons.learned.kinds.values()) == 12
    assert lessons.norms.responsiveness > USUAL
    # What has not changed is not written again, and from here on there is something to be compared with.
    again = await learn_outcomes(ports=ports, at=LATER, budget=budget())
    assert (again.partners, again.written) == (7, 7)
    assert (await learn_outcomes(ports=ports, at=LATER, budget=budget())).written == 0
    shown = await read_standing(ports=ports, partner_id="p0", at=LATER)
    assert (await ports.outcomes.standings())["p0"] == shown


async def test_m6_every_partners_year_is_known_and_written_where_it_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = await programme()
    written: list[str] = []
    put = ports.outcomes.put_year

    async def noted(partner_id: str, found: Year) -> None:
        written.append(partner_id)
        await put(partner_id, found)

    monkeypatch.setattr(ports.outcomes, "put_year", noted)
    await learn_outcomes(ports=ports, at=LATER, budget=budget())
    assert sorted(written) == [f"p{number}" for number in range(7)]
    assert (await ports.outcomes.year("p0", LATER)).leads == 3
    await learn_outcomes(ports=ports, at=LATER, budget=budget())
    assert len(written) == 7, "nothing has changed"
    await learn_outcomes(ports=ports, at=LATER + 400 * DAY, budget=budget())
    assert await ports.outcomes.year("p0", LATER) == Year(), "it was longer ago"


async def test_v3_a_look_that_goes_on_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ports, whole = await programme(), await programme()
    monkeypatch.setattr(learn, "PARTNERS_PAGE", 3)
    runs = []
    while not runs or runs[-1].unfinished:
        runs.append(await learn_outcomes(ports=ports, at=LATER, budget=Budget(lambda: 0.0, 1, 240)))
    assert [run.partners for run in runs] == [3, 3, 1]
    await learn_outcomes(ports=whole, at=LATER, budget=budget())
    assert await ports.outcomes.lessons(LATER) == await whole.outcomes.lessons(LATER)
    assert await ports.outcomes.standings() == await whole.outcomes.standings()
    # The next look begins from nothing.
    await learn_outcomes(ports=ports, at=LATER, budget=budget())
    assert (await ports.outcomes.lessons(LATER)).at == LATER
    assert (await ports.outcomes.lessons(LATER)).learned.whole.of == 12


async def test_m2_lessons_are_as_of_when_their_look_began(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = await programme()
    monkeypatch.setattr(learn, "PARTNERS_PAGE", 3)
    one_page = Budget(lambda: 0.0, 1, 240)
    began = LATER + timedelta(hours=3)
    for hours in range(2):
        ran = await learn_outcomes(ports=ports, at=began + timedelta(hours=hours), budget=one_page)
        assert ran.unfinished
        assert (await ports.outcomes.lessons(LATER)).at is None
    await learn_outcomes(ports=ports, at=began + timedelta(hours=2), budget=one_page)
    assert (await ports.outcomes.lessons(LATER)).at == began


async def test_a_partner_that_cannot_be_read_keeps_its_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = await programme()
    await learn_outcomes(ports=ports, at=LATER, budget=budget())
    before = await ports.outcomes.standings()
    read = ports.tallies.sums_between

    async def away(partner_id: str, *days: str) -> Any:
        if partner_id == "p3":
            raise Unavailable
        return await read(partner_id, *days)

    monkeypatch.setattr(ports.tallies, "sums_between", away)
    ran = await learn_outcomes(ports=ports, at=LATER, budget=budget())
    assert (ran.partners, ran.skipped, ran.unfinished) == (6, 1, False)
    after = await ports.outcomes.standings()
    assert replace(after["p3"]) == before["p3"]


async def test_m2_a_deal_whose_outcome_nobody_tells_counts_against_the_partner() -> None:
    ports = await programme()
    source = LeadSource("f" * 16, "p1", "M", AT)
    lead = (await submit(ports, source, submission_body(Company="D"), at=AT)).lead_id
    deal = replace(DEAL, purchase_date=AT.date())
    await answer_lead(
        ports=ports,
        partner_id="p1",
        lead_id=lead,
        answer=LeadAction(Action.ACCEPT, deal),
        by=ANN,
        versions=None,
        at=AT,
    )
    await publish_events(ports=ports, at=LATER, budget=budget())
    assert (await read_standing(ports=ports, partner_id="p1", at=LATER)).overdue == 0
    found = await read_standing(ports=ports, partner_id="p1", at=AT + 20 * DAY)
    assert (found.overdue, found.reporting.of) == (1, 2)
    # A lead that came earlier than the period has nothing to do with it.
    assert (await read_standing(ports=ports, partner_id="p1", at=AT + 95 * DAY)).overdue == 0


async def test_v3_a_lead_says_how_likely_leads_like_it_were_won(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = await programme()
    source = LeadSource("f" * 16, "p1", "M", AT)
    kind = kind_of((await ports.leads.many("p1", [(await submit(ports, source, at=AT)).lead_id]))[0]).written
    learned = Learned(Ended(400, 40, 30, 90), {kind: Ended(40, 12, 9, 8)})
    await ports.outcomes.put_lessons(Lessons(learned))

    async def quality(**changes: Any) -> Quality:
        made = await submit(ports, source, submission_body(**changes), at=LATER)
        (lead,) = await ports.leads.many("p1", [made.lead_id])
        return lead.quality

    found = await quality(Company="New")
    assert found.chance is not None
    assert (found.chance.won, found.chance.of) == (12, 40)
    assert found.reasons[-1] == "oftenWon"
    assert (await quality(Company="Other", FirstName="MSFT_TEST_1")).chance is None
    assert (await quality(Company="Third", ActionCode="INS")).chance is None

    async def away(at: datetime) -> Lessons:
        raise Unavailable

    # What is known of others holds up no lead.
    monkeypatch.setattr(ports.outcomes, "lessons", away)
    assert (await quality(Company="Fourth")).chance is None


async def test_v3_another_check_of_the_address_keeps_what_was_known_of_leads_like_it() -> None:
    known = Chance(12, 40, ("country",), 0.3, 2.0)
    lead = replace(a_lead(), quality=Quality(Level.MEDIUM, (), known), email_validity=Validity.UNKNOWN)
    after = recheck(lead, Validity.VALID, ask_again=False, at=AT).lead
    assert after.quality.chance == known
    assert after.quality.reasons[-1] == "oftenWon"
