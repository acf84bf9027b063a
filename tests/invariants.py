"""What must hold in storage after anything has failed and time has passed (design.md); reads the raw rows."""

import itertools
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from shared.domain.agenda import HintKind
from shared.domain.deadlines import hints
from shared.domain.events import Event
from shared.domain.feedback import Feedback
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import settle
from shared.domain.measures import Sums, added, counted
from shared.storage import codec, keys
from shared.storage.leads import deals
from shared.storage.tables import Tables

OPEN = (Status.RECEIVED, Status.ACCEPTED)


async def all_rows(tables: Tables, table: str, partition: str | None = None) -> dict[str, dict[str, Any]]:
    """Every row of a table in the deployment's account, or of one partner's partition wherever that is, by its keys."""
    if partition is not None:
        found = await tables.of(partition, table).rows(f"PartitionKey eq '{partition}'")
        return {f"{row['PartitionKey']}/{row['RowKey']}": dict(row) for row in found}
    rows = tables.sdk(table).query_entities("")
    return {f"{row['PartitionKey']}/{row['RowKey']}": dict(row) async for row in rows}


async def check(
    tables: Tables, partner_id: str, outlived: Collection[str] = (), at: datetime | None = None
) -> dict[str, Lead]:
    """Assert everything that must hold of the partner; its leads by id.

    `outlived` are leads whose submission came again once that was another one (V4), and claims that one. Of a lead that
    has ended by `at` nobody is warned and nothing is checked, whether that is recorded or not.
    """
    rows = {
        key.removeprefix(f"{partner_id}/"): row
        for key, row in (await all_rows(tables, keys.LEADS, partner_id)).items()
        if key.startswith(f"{partner_id}/")
    }
    leads = {key.removeprefix("lead|"): codec.load(Lead, row) for key, row in rows.items() if key.startswith("lead|")}
    _copies_equal_their_leads(rows, leads)
    _deals_have_their_rows(rows, leads)
    _history_is_dense(rows, leads)
    _each_lead_has_its_own_rows(rows, leads, outlived)
    _counts_do_not_drift(rows, leads)
    sums_do_not_drift(rows, leads)
    await _every_waiting_lead_and_event_is_on_the_agenda(tables, partner_id, rows, leads, at)
    await _what_was_said_is_listed(tables, partner_id, leads)
    return leads


def _copies_equal_their_leads(rows: dict[str, Any], leads: dict[str, Lead]) -> None:
    wanted = {}
    for lead_id, lead in leads.items():
        if lead.status is not Status.ARCHIVED:
            wanted[keys.copy("open" if lead.status in OPEN else "info", lead_id)] = lead_id
    found = {key for key in rows if key.startswith(("open|", "info|"))}
    assert found == set(wanted)
    for key, lead_id in wanted.items():
        assert rows[key] | {"RowKey": ""} == rows[keys.lead(lead_id)] | {"RowKey": ""}


def _deals_have_their_rows(rows: dict[str, Any], leads: dict[str, Lead]) -> None:
    wanted: dict[str, Any] = {}
    for lead in leads.values():
        # The row that a deal gets which has none yet.
        wanted |= {write.row["RowKey"]: write.row for write in deals.writes(None, lead)}
    found = {key: row for key, row in rows.items() if key.startswith("deal|")}
    assert set(found) == set(wanted)
    for key, row in wanted.items():
        assert {name: found[key][name] for name in row} == row


def _history_is_dense(rows: dict[str, Any], leads: dict[str, Lead]) -> None:
    histories: dict[str, list[Event]] = defaultdict(list)
    for key in sorted(rows):
        if key.startswith("hist|"):
            histories[key.split("|")[1]].append(codec.load(Event, rows[key]))
    assert set(histories) == set(leads)
    for lead_id, events in histories.items():
        assert [event.sequence for event in events] == list(range(1, leads[lead_id].sequence + 1))
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert events[-1].to_status is leads[lead_id].status
        for before, after in itertools.pairwise(events):
            assert before.to_status is after.from_status
        # A deal is edited and a call logged as often as somebody says so.
        kinds = [event.type for event in events if event.type not in ("lead.updated", "lead.activityLogged")]
        assert len(kinds) == len(set(kinds)), "nothing happens twice"


def _each_lead_has_its_own_rows(rows: dict[str, Any], leads: dict[str, Lead], outlived: Collection[str]) -> None:
    assert {key.split("|")[1] for key in rows if key.startswith("raw|")} == set(leads)
    claimed = [row["lead"] for key, row in rows.items() if key.startswith("once|")]
    assert sorted([*claimed, *outlived]) == sorted(leads), "every accepted submission is exactly one lead"


def _counts_do_not_drift(rows: dict[str, Any], leads: dict[str, Lead]) -> None:
    """What the relay has counted and what waits for it are together what the stored leads are."""
    found: dict[str, int] = defaultdict(int)
    for name, count in rows.get("outTally", {}).items():
        if name[:2] in ("m_", "q_"):
            found[name] += count
    for key, row in rows.items():
        if key.startswith("out|") and not row["isTest"]:
            tab = key.split("|")[2][0]
            found[f"{tab}_{row['to']}"] += 1
            if row["from"]:
                found[f"{tab}_{row['from']}"] -= 1
    counted: dict[str, int] = defaultdict(int)
    for lead in leads.values():
        counted[f"{lead.id[0]}_{lead.status}"] += not lead.is_test
    assert {name: count for name, count in found.items() if count} == {n: c for n, c in counted.items() if c}


def sums_do_not_drift(rows: dict[str, Any], leads: dict[str, Lead]) -> None:
    """What the relay has summed up and what waits for it are together what the leads alone come to (M5)."""
    found = {one.day: one for one in (codec.load(Sums, row) for key, row in rows.items() if keys.is_sums(key))}
    waiting = [codec.differences_of(row["counts"]) for key, row in rows.items() if key.startswith("out|")]
    for one in itertools.chain(*waiting):
        found[one.day] = added(found.get(one.day, Sums(one.day)), [one])
    made: dict[str, Sums] = {}
    for one in itertools.chain(*map(counted, leads.values())):
        made[one.day] = added(made.get(one.day, Sums(one.day)), [one])
    assert _plain(found) == _plain(made)


def _plain(sums: dict[str, Sums]) -> dict[tuple[str, str, str, str], int]:
    """Every count that is not 0."""
    return {
        (day, dimension, value, name): amount
        for day, one in sums.items()
        for dimension, cells in one.cells.items()
        for value, cell in cells.items()
        for name, amount in cell.items()
        if amount
    }


async def _every_waiting_lead_and_event_is_on_the_agenda(
    tables: Tables, partner_id: str, rows: dict[str, Any], leads: dict[str, Lead], at: datetime | None
) -> None:
    agenda = {key.split("/", 1)[1] for key in await all_rows(tables, keys.AGENDA)}
    for lead in leads.values():
        has_ended = at is not None and settle(lead, at).lead.status is not lead.status
        for hint in hints(lead):
            if not (has_ended and hint.kind in (HintKind.REMIND, HintKind.RECHECK)):
                assert keys.hint(hint) in agenda, hint
    announced = {
        tuple(key.split("|")[4:]) for key in agenda if key.startswith("tell|") and f"|publish|{partner_id}|" in key
    }
    waiting = {(key.split("|")[2], row["change"]) for key, row in rows.items() if key.startswith("out|")}
    assert waiting <= announced


async def _what_was_said_is_listed(tables: Tables, partner_id: str, leads: dict[str, Lead]) -> None:
    """Each feedback stands once by its lead and once in the list, and is the same there (M8)."""
    rows = [row for row in (await all_rows(tables, keys.FEEDBACK)).values() if f"|{partner_id}|" in row["RowKey"]]
    said = {row["RowKey"]: codec.load(Feedback, row) for row in rows if row["RowKey"].startswith("lead|")}
    listed = {row["RowKey"]: codec.load(Feedback, row) for row in rows if row["RowKey"].startswith("list|")}
    assert {one.lead_id for one in said.values()} <= set(leads)
    assert listed == {keys.feedback_line(one.updated_at, key): one for key, one in said.items()}


async def orphans(tables: Tables, partner_id: str, leads: dict[str, Lead]) -> list[str]:
    """Deadlines on the agenda that no lead of the partner needs."""
    needed = {keys.hint(h) for lead in leads.values() for h in hints(lead)}
    agenda = (key.split("/", 1)[1] for key in await all_rows(tables, keys.AGENDA))
    lanes = ("tell|", "digest|")
    return [key for key in agenda if partner_id in key and not key.startswith(lanes) and key not in needed]
