"""Missing hints come back, and what is right is left alone (DESIGN.md, Agenda)."""

from shared.domain.export import Export
from shared.domain.filters import LeadFilter
from shared.domain.ordering import Order
from shared.domain.partner import LeadSource, Partner
from shared.ids import new_export_id
from shared.ports.ports import Ports
from shared.usecases.reconcile import reconcile
from tests.builders import AT, delivery_body, unique
from tests.fakes import FakeAgenda
from tests.steps import budget, deliver


async def test_missing_hints_come_back_and_what_is_right_is_left_alone(ports: Ports, source: LeadSource) -> None:
    assert isinstance(ports.agenda, FakeAgenda)
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    for code in ("PLT", "INS", ""):
        await deliver(ports, source, delivery_body(ActionCode=code))
    right = dict(ports.agenda.rows)
    assert (await reconcile(ports=ports, at=AT, budget=budget())).repaired == 0
    assert ports.agenda.rows == right
    first = await ports.leads.first_announcement(source.partner_id)
    gone = [hint for hint in right if hint.kind != "publish" or hint == first]
    await ports.agenda.remove(gone)
    assert (await reconcile(ports=ports, at=AT, budget=budget())).repaired == len(gone) == 7
    assert ports.agenda.rows == right


async def test_a_partner_with_many_exports_does_not_keep_it_from_the_next(ports: Ports) -> None:
    assert isinstance(ports.agenda, FakeAgenda)
    first, second = sorted(unique() for _ in range(2))
    for one in (first, second):
        await ports.partners.put(Partner(one, "Contoso", (), AT, AT))
    for _ in range(450):
        await ports.exports.add(Export(new_export_id(AT), first, "ann", AT, LeadFilter(), Order()))
    await deliver(ports, LeadSource("0123456789abcdef", second, "Marketplace", AT))
    ports.agenda.rows.clear()
    runs = 1
    while (await reconcile(ports=ports, at=AT, budget=budget(rows=1))).unfinished:
        runs += 1
        assert runs < 20
    assert runs > 2
    assert sum(hint.kind == "export" for hint in ports.agenda.rows) == 900
    assert any(hint.partner_id == second for hint in ports.agenda.rows)


async def test_it_stops_at_its_budget_and_goes_on_from_its_bookmark(ports: Ports) -> None:
    assert isinstance(ports.agenda, FakeAgenda)
    partners = sorted(unique() for _ in range(5))
    for one in partners:
        await ports.partners.put(Partner(one, "Contoso", (), AT, AT))
        door = LeadSource("0123456789abcdef", one, "Marketplace", AT)
        await deliver(ports, door, delivery_body(Title=one))
    right = dict(ports.agenda.rows)
    ports.agenda.rows.clear()
    runs = []
    while not runs or runs[-1].unfinished:
        runs.append(await reconcile(ports=ports, at=AT, budget=budget(rows=4)))
        assert len(runs) < 20
    assert len(runs) > 1
    assert ports.agenda.rows == right
    assert ports.agenda.bookmarks["reconcile"] == ""
