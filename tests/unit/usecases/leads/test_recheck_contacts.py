"""An e-mail that could not be checked at receipt is checked again, three times over a day (V1)."""

from datetime import datetime, timedelta

import pytest

from shared.domain.agenda import HintKind
from shared.domain.deadlines import RECHECKS, hints
from shared.domain.events import EventType
from shared.domain.intake.receipt import Email
from shared.domain.lead import Lead, Level, Status, Validity
from shared.domain.lifecycle import Action, recheck
from shared.domain.programme.partner import LeadSource, Partner
from shared.usecases.agenda import Ran
from shared.usecases.leads.recheck_contacts import recheck_contacts
from shared.usecases.upkeep.reconcile import reconcile
from tests.builders import AT, DAY, a_lead, accepted, submission_body
from tests.fakes.ports import FakePorts
from tests.steps import answer, budget, submit

HOUR = timedelta(hours=1)
ASK_AGAIN = Email(Validity.UNKNOWN, ask_again=True)


@pytest.fixture
async def lead_id(ports: FakePorts, source: LeadSource) -> str:
    """A lead whose address nobody could check."""
    now_finds(ports, ASK_AGAIN)
    return (await submit(ports, source)).lead_id


def now_finds(ports: FakePorts, found: Email) -> None:
    ports.emails.found = found


async def run(ports: FakePorts, at: datetime, rows: int = 100) -> Ran:
    return await recheck_contacts(ports=ports, at=at, budget=budget(rows))


async def the_lead(ports: FakePorts, source: LeadSource, lead_id: str) -> Lead:
    stored = await ports.leads.get(source.partner_id or "", lead_id)
    assert stored is not None
    return stored.lead


def rechecks(ports: FakePorts) -> list[datetime]:
    return sorted(hint.due for hint in ports.agenda.hints if hint.kind == HintKind.RECHECK)


async def test_v1_three_tries_over_a_day_and_then_it_stays_unknown(
    ports: FakePorts, source: LeadSource, lead_id: str
) -> None:
    at = AT
    for n, wait in enumerate(RECHECKS):
        assert rechecks(ports) == [at + wait]
        assert (await run(ports, at + wait - HOUR / 60)).done == 0
        at += wait
        assert (await run(ports, at)).done == 1
        lead = await the_lead(ports, source, lead_id)
        assert (lead.rechecks, lead.email_validity, lead.version, lead.sequence) == (n + 1, Validity.UNKNOWN, 1, 1)
    assert at == AT + DAY
    assert rechecks(ports) == []
    assert (await run(ports, AT + 99 * DAY)).done == 0


@pytest.mark.parametrize(
    ("found", "level"), [(Validity.VALID, Level.HIGH), (Validity.INVALID, Level.MEDIUM), (Validity.SPAM, Level.LOW)]
)
async def test_v1_what_is_found_is_an_event_and_moves_the_quality_but_no_version(
    ports: FakePorts, source: LeadSource, lead_id: str, found: Validity, level: Level
) -> None:
    now_finds(ports, Email(found))
    assert await run(ports, AT + HOUR) == Ran(1)
    lead = await the_lead(ports, source, lead_id)
    assert (lead.email_validity, lead.quality.level, lead.recheck_at) == (found, level, None)
    assert (lead.version, lead.sequence, lead.updated_at) == (1, 2, AT + HOUR)
    (event, _) = await ports.leads.history(lead.partner_id, lead.id, 2, 2)
    assert (event.type, event.by.id) == (EventType.UPDATED, "recheck_contacts")
    assert event.changes == {"emailValidity": {"from": "unknown", "to": str(found)}}
    assert rechecks(ports) == []
    assert any(hint.kind == "publish" and hint.due == AT + HOUR for hint in ports.agenda.hints)
    # What was answered with the version that was read goes on.
    await answer(ports, source, lead_id, Action.ACCEPT, versions=frozenset({"1"}), at=AT + 2 * HOUR)


async def test_an_archived_lead_is_left_alone(ports: FakePorts, source: LeadSource, lead_id: str) -> None:
    await answer(ports, source, lead_id, Action.ACCEPT)
    await answer(ports, source, lead_id, Action.WIN)
    now_finds(ports, Email(Validity.VALID))
    assert await run(ports, AT + HOUR) == Ran(1)
    lead = await the_lead(ports, source, lead_id)
    assert (lead.email_validity, lead.status) == (Validity.UNKNOWN, Status.ARCHIVED)
    assert rechecks(ports) == []


async def test_a_hint_that_is_stale_or_whose_lead_is_gone_is_taken_away(
    ports: FakePorts, source: LeadSource, lead_id: str
) -> None:
    (hint,) = [one for one in ports.agenda.hints if one.kind == HintKind.RECHECK]
    await run(ports, AT + HOUR)
    await ports.agenda.put([hint])
    assert await run(ports, AT + HOUR) == Ran(1)
    assert (await the_lead(ports, source, lead_id)).rechecks == 1
    ports.leads.rows.clear()
    assert await run(ports, AT + DAY) == Ran(1)
    assert rechecks(ports) == []


async def test_what_fails_is_put_off_and_holds_up_nobody(ports: FakePorts, source: LeadSource, lead_id: str) -> None:
    other = (await submit(ports, source, submission_body(Title="x"))).lead_id
    ports.leads.poisoned.add(lead_id)
    now_finds(ports, Email(Validity.VALID))
    assert await run(ports, AT + HOUR) == Ran(1, failed=1)
    assert (await the_lead(ports, source, other)).email_validity is Validity.VALID
    ports.leads.poisoned.clear()
    assert await run(ports, AT + HOUR) == Ran()
    assert await run(ports, AT + 2 * HOUR) == Ran(1)
    assert (await the_lead(ports, source, lead_id)).email_validity is Validity.VALID


async def test_a_lost_race_is_decided_anew_and_a_run_ends_at_its_budget(
    ports: FakePorts, source: LeadSource, lead_id: str
) -> None:
    for n in range(3):
        await submit(ports, source, submission_body(Title=str(n)))
    ports.leads.lose_next_commits = 1
    now_finds(ports, Email(Validity.VALID))
    assert await run(ports, AT + HOUR, rows=2) == Ran(2, unfinished=True)
    assert await run(ports, AT + HOUR) == Ran(2)


async def test_the_hint_is_a_function_of_the_lead(ports: FakePorts, source: LeadSource, lead_id: str) -> None:
    lead = await the_lead(ports, source, lead_id)
    assert HintKind.RECHECK in {hint.kind for hint in hints(lead)}
    await ports.partners.put(Partner(lead.partner_id, "Contoso", (), AT, AT))
    ports.agenda.rows.clear()
    await reconcile(ports=ports, at=AT, budget=budget())
    assert set(hints(lead)) <= ports.agenda.hints


def test_t9_a_test_lead_and_an_answer_that_stands_are_not_asked_again() -> None:
    assert a_lead(email=ASK_AGAIN).recheck_at == AT + HOUR
    assert a_lead(email=ASK_AGAIN, FirstName="MSFT_TEST_1").recheck_at is None
    assert a_lead(email=Email(Validity.VALID)).recheck_at is None


def test_an_accepted_lead_is_still_checked_and_one_that_is_over_is_only_settled() -> None:
    lead = a_lead(email=ASK_AGAIN)
    done = recheck(accepted(lead), Validity.VALID, ask_again=False, at=AT + HOUR)
    assert (done.lead.email_validity, done.lead.version) == (Validity.VALID, 2)
    over = recheck(lead, Validity.VALID, ask_again=False, at=AT + 14 * DAY)
    assert over.lead.email_validity is Validity.UNKNOWN
    assert [one.type for one in over.events] == ["lead.flameCooled", "lead.expired"]
