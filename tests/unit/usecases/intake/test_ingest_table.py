"""A marketplace's table: every row one lead, whatever breaks off where (I3)."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.errors import Unavailable
from shared.domain.intake.held import HeldState
from shared.domain.lead import CallToAction, Source
from shared.domain.programme.partner import LeadSource, SourceKind
from shared.ports.intake import TableRow
from shared.usecases.intake import ingest_table
from shared.usecases.intake.ingest_table import OVERLAP, Ingested, ingest_tables
from tests.builders import AT, DAY, ROOT
from tests.fakes.ports import FakePorts
from tests.steps import all_leads, budget

SAMPLE: dict[str, Any] = json.loads((ROOT / "docs" / "samples" / "table-row.json").read_text())
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def table(ports: FakePorts, source: LeadSource) -> LeadSource:
    """A registered table, not there yet."""
    made = replace(source, kind=SourceKind.MARKETPLACE_TABLE, table_name="leads1")
    await ports.partners.put_source(made)
    return made


def write(ports: FakePorts, identity: str, at: datetime = AT, table: str = "leads1", **changes: Any) -> None:
    columns = {name: value for name, value in SAMPLE.items() if name not in ("PartitionKey", "RowKey")} | changes
    ports.tables.tables.setdefault(table, []).append((at, TableRow(identity, columns)))


async def run(ports: FakePorts, at: datetime = AT, rows: int = 1000) -> Ingested:
    return await ingest_tables(ports=ports, at=at, storage_now=at, budget=budget(rows))


def read_again(ports: FakePorts) -> list[str]:
    found, ports.tables.read = ports.tables.read, []
    return found


async def test_a_row_becomes_a_lead_of_the_time_it_was_written(ports: FakePorts, table: LeadSource) -> None:
    assert await run(ports) == Ingested()
    write(ports, "a")
    assert await run(ports, AT + DAY) == Ingested(leads=1)
    (lead,) = await all_leads(ports, table, AT + DAY)
    assert (lead.customer.first_name, lead.customer.country) == ("Kata", "HU")
    assert (lead.source, lead.call_to_action) == (Source.APP_SOURCE, CallToAction.CONTACT_ME)
    assert lead.offer is not None
    assert lead.offer.title == "Contoso CRM"
    assert lead.created_at == datetime.fromisoformat("2026-11-21T20:04:27Z")
    assert lead.consent.at == lead.created_at
    assert lead.expires_at == AT + 15 * DAY, "the two weeks begin when the partner could know"


@pytest.mark.parametrize("written", ["2099-01-01T00:00:00Z", "01/01/1601", "soon", ""])
async def test_a_time_that_cannot_be_is_the_time_of_receipt(ports: FakePorts, table: LeadSource, written: str) -> None:
    write(ports, "a", CreatedTime=written)
    await run(ports)
    (lead,) = await all_leads(ports, table)
    assert lead.created_at == AT


async def test_what_was_read_is_not_read_for_ever(ports: FakePorts, table: LeadSource) -> None:
    write(ports, "a")
    assert await run(ports) == Ingested(leads=1)
    assert await run(ports, AT + MINUTE) == Ingested(known=1)
    assert read_again(ports) == ["a", "a"]
    later = AT + OVERLAP + 2 * MINUTE
    await run(ports, later)
    read_again(ports)
    assert await run(ports, later + MINUTE) == Ingested()
    assert read_again(ports) == []
    # What storage shows late is found all the same.
    write(ports, "b", later - OVERLAP + 2 * MINUTE, Description="late")
    assert await run(ports, later + 2 * MINUTE) == Ingested(leads=1)


async def test_a_rows_identity_counts_and_not_what_it_says(ports: FakePorts, table: LeadSource) -> None:
    write(ports, "a")
    write(ports, "b")
    assert await run(ports) == Ingested(leads=2)
    write(ports, "a", AT + MINUTE, Description="changed by its owner")
    assert (await run(ports, AT + 30 * DAY)).leads == 0
    assert len(ports.leads.rows) == 2


async def test_i5_a_row_that_cannot_be_read_is_parked_once(ports: FakePorts, table: LeadSource) -> None:
    write(ports, "a", CustomerInfo="{")
    write(ports, "b")
    assert await run(ports) == Ingested(leads=1, parked=1)
    assert await run(ports, AT + MINUTE) == Ingested(known=2)
    (held,), _ = await ports.held.page(HeldState.PARKED, None, 10)
    assert held.count == 1
    assert json.loads(held.body)["CustomerInfo"] == "{"


async def test_a_run_stops_at_its_budget_and_the_next_goes_on(
    ports: FakePorts, table: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_table, "PAGE", 2)
    for n in range(7):
        write(ports, str(n), Description=str(n))
    found = [await run(ports, rows=3) for _ in range(2)]
    assert found == [Ingested(leads=4, unfinished=True), Ingested(leads=3)]
    assert read_again(ports) == [str(n) for n in range(7)]


async def test_what_fails_is_tried_again_and_holds_up_nobody(ports: FakePorts, table: LeadSource) -> None:
    for n in range(3):
        write(ports, str(n), Description=str(n))
    write(ports, "x", table="leads2", Description="x")
    other = replace(table, id="f" * 16, table_name="leads2")
    await ports.partners.put_source(other)
    await ports.partners.put_source(replace(table, id="e" * 16, table_name="missing"))
    broken = replace(ports, leads=Failing(ports.leads, "1"))  # type: ignore[arg-type] # stands in for the store
    assert await run(broken) == Ingested(leads=3, failed=1)
    assert await run(ports, AT + DAY) == Ingested(leads=1, known=3)
    assert await run(ports, AT + DAY + OVERLAP + MINUTE) == Ingested()


async def test_the_programmes_table_is_routed_like_any_other_source(ports: FakePorts, table: LeadSource) -> None:
    await ports.partners.put_source(replace(table, partner_id=None))
    write(ports, "a")
    assert await run(ports) == Ingested(leads=1)
    assert await run(ports, AT + MINUTE) == Ingested(known=1)
    (held,), _ = await ports.held.page(HeldState.UNASSIGNED, None, 10)
    assert held.count == 1


async def test_a_table_that_is_registered_again_doubles_nothing(ports: FakePorts, table: LeadSource) -> None:
    write(ports, "a")
    write(ports, "b", CustomerInfo="{")
    assert await run(ports) == Ingested(leads=1, parked=1)
    await ports.partners.delete_source(table)
    again = replace(table, id="f" * 16, name="Renamed", table_name="LEADS1")
    await ports.partners.put_source(again)
    ports.tables.tables["LEADS1"] = ports.tables.tables["leads1"]
    ports.agenda.bookmarks.clear()  # type: ignore[attr-defined] # the fake's
    assert await run(ports, AT + MINUTE) == Ingested(known=2)


async def test_a_row_that_never_succeeds_keeps_no_other_waiting(
    ports: FakePorts, table: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_table, "PAGE", 5)
    for n in range(30):
        write(ports, f"{n:02}", Description=str(n))
    write(ports, "x", table="leads2", Description="x")
    await ports.partners.put_source(replace(table, id="f" * 16, table_name="leads2"))
    broken = replace(ports, leads=Failing(ports.leads, "0"))  # type: ignore[arg-type] # stands in for the store
    for n in range(4):
        await run(broken, AT + n * MINUTE, rows=20)
    assert len(ports.leads.rows) == 30
    for n in range(4):
        await run(ports, AT + DAY + n * MINUTE, rows=20)
    assert len(ports.leads.rows) == 31


async def test_a_row_too_large_for_a_payload_is_parked(ports: FakePorts, table: LeadSource) -> None:
    write(ports, "a", Description="字" * 400_000)
    assert await run(ports) == Ingested(parked=1)
    (held,), _ = await ports.held.page(HeldState.PARKED, None, 10)
    assert held.size == ingest_table.BODY_MAX


class Failing:
    """A lead store that cannot take one lead."""

    def __init__(self, inner: object, notes: str) -> None:
        self._inner, self._notes = inner, notes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def add(self, received: Any, *rest: Any) -> None:
        if received.lead.notes == self._notes:
            raise Unavailable
        await self._inner.add(received, *rest)  # type: ignore[attr-defined] # the store's
