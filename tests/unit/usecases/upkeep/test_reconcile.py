"""Missing hints come back, and what is right is left alone (storage.md, Agenda)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from shared.domain.agenda import Hint
from shared.domain.errors import Unavailable
from shared.domain.exports.export import Export
from shared.domain.filters import LeadFilter
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.ordering import Order
from shared.domain.programme.partner import LeadSource, Partner
from shared.ids import new_export_id
from shared.ports.page import Page
from shared.usecases.upkeep.reconcile import reconcile
from tests.builders import AT, submission_body, unique
from tests.fakes.agenda import FakeAgenda
from tests.fakes.leads import FakeLeadStore
from tests.fakes.ports import FakePorts
from tests.steps import answer, budget, submit


async def test_missing_hints_come_back_and_what_is_right_is_left_alone(ports: FakePorts, source: LeadSource) -> None:
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    for code in ("PLT", "INS", ""):
        await submit(ports, source, submission_body(ActionCode=code))
    right = dict(ports.agenda.rows)
    assert (await reconcile(ports=ports, at=AT, budget=budget())).repaired == 0
    assert ports.agenda.rows == right
    first = await ports.leads.first_announcement(source.partner_id)
    gone = [hint for hint in right if hint.kind != "publish" or hint == first]
    await ports.agenda.remove(gone)
    assert (await reconcile(ports=ports, at=AT, budget=budget())).repaired == len(gone) == 7
    assert ports.agenda.rows == right


async def test_a_partner_with_many_exports_does_not_keep_it_from_the_next(ports: FakePorts) -> None:
    first, second = sorted(unique() for _ in range(2))
    for one in (first, second):
        await ports.partners.put(Partner(one, "Contoso", (), AT, AT))
    for _ in range(450):
        await ports.exports.add(Export(new_export_id(AT), first, "ann", AT, LeadFilter(), Order()))
    await submit(ports, LeadSource("0123456789abcdef", second, "Marketplace", AT))
    ports.agenda.rows.clear()
    runs = 1
    while (await reconcile(ports=ports, at=AT, budget=budget(rows=1))).unfinished:
        runs += 1
        assert runs < 20
    assert runs > 2
    assert sum(hint.kind == "export" for hint in ports.agenda.rows) == 900
    assert any(hint.partner_id == second for hint in ports.agenda.rows)


async def test_a_partner_that_cannot_be_looked_at_does_not_keep_it_from_the_next(ports: FakePorts) -> None:
    first, second = sorted(unique() for _ in range(2))
    for one in (first, second):
        await ports.partners.put(Partner(one, "Contoso", (), AT, AT))
        await submit(ports, LeadSource("0123456789abcdef", one, "Marketplace", AT), submission_body(Title=one))
    right = dict(ports.agenda.rows)
    ports.agenda.rows.clear()

    class OutOfReach(FakeLeadStore):
        async def first_announcement(self, partner_id: str) -> Hint | None:
            if partner_id == first:
                raise Unavailable
            return await ports.leads.first_announcement(partner_id)

        async def needed_hints(self, partner_id: str, after: str | None) -> Page[Hint]:
            return await ports.leads.needed_hints(partner_id, after)

    found = await reconcile(ports=replace(ports, leads=OutOfReach()), at=AT, budget=budget())
    assert (found.skipped, found.unfinished) == (1, True)
    assert {hint.partner_id for hint in ports.agenda.rows} == {second}
    assert not (await reconcile(ports=ports, at=AT, budget=budget())).unfinished
    assert ports.agenda.rows == right


async def test_it_stops_at_its_budget_and_goes_on_from_its_bookmark(ports: FakePorts) -> None:
    partners = sorted(unique() for _ in range(5))
    for one in partners:
        await ports.partners.put(Partner(one, "Contoso", (), AT, AT))
        door = LeadSource("0123456789abcdef", one, "Marketplace", AT)
        await submit(ports, door, submission_body(Title=one))
    right = dict(ports.agenda.rows)
    ports.agenda.rows.clear()
    runs = []
    while not runs or runs[-1].unfinished:
        runs.append(await reconcile(ports=ports, at=AT, budget=budget(rows=4)))
        assert len(runs) < 20
    assert len(runs) > 1
    assert ports.agenda.rows == right
    assert ports.agenda.bookmarks["reconcile"] == ""


@pytest.mark.parametrize(
    ("stand_elsewhere", "rows", "moved", "unfinished"),
    [(0, 9_000, 0, False), (2_500, 9_000, 2_500, False), (2_500, 1_500, 2_000, True)],
)
async def test_what_another_number_of_shards_has_left_is_moved_within_the_budget(
    ports: FakePorts, source: LeadSource, stand_elsewhere: int, rows: int, moved: int, unfinished: bool
) -> None:
    class Elsewhere(FakeAgenda):
        """Of its hints some stand where another number of shards has put them."""

        left = stand_elsewhere

        async def move(self, at: datetime, top: int) -> int:
            some = min(self.left, top)
            self.left -= some
            return some

    for partner in (source.partner_id or "", unique()):
        await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    agenda = Elsewhere()
    found = await reconcile(ports=replace(ports, agenda=agenda), at=AT, budget=budget(rows=rows))
    assert (found.moved, found.unfinished) == (moved, unfinished)
    assert agenda.left == stand_elsewhere - moved
    assert found.looked >= moved


async def test_what_was_answered_since_it_was_read_is_nothing_to_warn_of(
    ports: FakePorts, source: LeadSource, caplog: pytest.LogCaptureFixture
) -> None:
    await ports.partners.put(Partner(source.partner_id or "", "Contoso", (), AT, AT))
    made = await submit(ports, source)

    class AnswersMeanwhile(FakeAgenda):
        """Somebody declines the lead between the look at it and the look for its hints."""

        async def missing(self, hints: Sequence[Hint]) -> list[Hint]:
            if any(hint.kind == "expire" for hint in hints) and not self.answered:
                self.answered = True
                await answer(ports, source, made.lead_id, LeadAction(Action.DECLINE, reason="budget"))
                await self.remove([hint for hint in hints if hint.kind != "publish"])
            return await super().missing(hints)

        answered = False

    watched = AnswersMeanwhile()
    watched.rows = ports.agenda.rows
    found = await reconcile(ports=replace(ports, agenda=watched), at=AT, budget=budget())
    assert watched.answered
    assert found.repaired == 0
    assert "Missing hints" not in caplog.text
