"""What every export store and every file store does, and how every lead store is walked."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared import clock
from shared.domain.exports.export import Export, ExportFormat, ExportState, Layout, Since
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead, Status, Tab
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.ordering import Order, OrderField
from shared.ids import new_change_id, new_export_id, position
from shared.ports.errors import LostRace
from shared.ports.exports import Checkpoint, ExportStore, FileStore
from shared.ports.leads import LeadQuery, LeadStore, MarkStore
from tests.builders import ANN, AT, DAY, DEAL, a_lead, received, unique
from tests.contract.test_lead_store import store


def export(partner: str, at: datetime = AT) -> Export:
    wanted = LeadFilter(ListTab.MARKETPLACE, frozenset({Status.RECEIVED}), include_test=True)
    since = Since(AT, AT - DAY)
    order = Order(OrderField.COMPANY, descending=True)
    return Export(new_export_id(at), partner, "ann", at, wanted, order, Layout(ExportFormat.JSONL), since)


async def test_an_export_is_read_as_it_was_stored_and_replaced_only_as_it_was_read(exports: ExportStore) -> None:
    partner = unique()
    made = export(partner)
    assert await exports.get(partner, made.id) is None
    stored = await exports.add(made)
    assert stored == await exports.get(partner, made.id)
    # Where its files are to be is for the store to say.
    assert replace(stored.export, data_account=None) == made
    made = stored.export
    ended = replace(made, state=ExportState.SUCCEEDED, ended_at=AT, rows=3, next_since=Since(AT, AT))
    await exports.replace(stored, ended)
    with pytest.raises(LostRace):
        await exports.replace(stored, made)
    again = await exports.get(partner, made.id)
    assert again is not None
    assert again.export == ended
    assert await exports.get(unique(), made.id) is None


async def test_exports_are_listed_newest_first_and_the_unfinished_counted(exports: ExportStore) -> None:
    partner = unique()
    made = [(await exports.add(export(partner, AT + timedelta(hours=n)))).export for n in range(5)]
    await exports.add(export(unique()))
    page, following = await exports.page(partner, None, 3)
    assert page == made[:1:-1]
    rest, end = await exports.page(partner, following, 3)
    assert (rest, end) == (made[1::-1], None)
    assert await exports.unfinished(partner, 10) == 5
    assert await exports.unfinished(partner, 2) == 2
    stored = await exports.get(partner, made[0].id)
    assert stored is not None
    await exports.replace(stored, replace(made[0], state=ExportState.CANCELLED, ended_at=AT))
    assert await exports.unfinished(partner, 10) == 4


async def test_the_first_checkpoint_at_an_index_wins(exports: ExportStore) -> None:
    made = export(unique())
    assert await exports.last(made, "walk") is None
    parts = [Checkpoint("walk", n, new_change_id(), n, n * 10, f"p{n}" if n else None, n == 11) for n in range(12)]
    for one in parts:
        assert await exports.record(made, one) == one
    with pytest.raises(LostRace):
        await exports.record(made, replace(parts[3], id=new_change_id()))
    await exports.record(made, replace(parts[0], step="merge"))
    last = await exports.last(made, "walk")
    assert last is not None
    assert last.written_at is not None
    assert abs(last.written_at - clock.real_now()) < timedelta(minutes=1)
    assert replace(last, written_at=None) == parts[-1]
    assert [replace(one, written_at=None) for one in await exports.checkpoints(made, "walk")] == parts
    assert len(await exports.checkpoints(made, "merge")) == 1
    assert await exports.checkpoints(export(made.partner_id), "walk") == []


async def test_an_export_is_deleted_with_its_checkpoints_and_no_other(exports: ExportStore) -> None:
    partner = unique()
    gone, kept = export(partner), export(partner)
    for one in (gone, kept):
        await exports.add(one)
        for n in range(120):
            await exports.record(one, Checkpoint("walk", n, new_change_id()))
    for _ in range(2):
        await exports.delete(partner, gone.id)
    assert await exports.get(partner, gone.id) is None
    assert await exports.checkpoints(gone, "walk") == []
    assert await exports.get(partner, kept.id) is not None
    assert len(await exports.checkpoints(kept, "walk")) == 120


async def test_a_file_is_made_of_exactly_the_blocks_named_in_their_order(store_of_files: FileStore) -> None:
    name = f"{unique()}/leads.csv"
    blocks = {secrets.token_hex(16): bytes([65 + n]) * 10 for n in range(4)}
    for block, content in blocks.items():
        await store_of_files.stage(name, block, content)
    first, left_out, third, fourth = blocks
    for _ in range(2):
        await store_of_files.put_together(name, [fourth, first, third], "text/csv")
    assert await store_of_files.read(name, 0, 1000) == b"D" * 10 + b"A" * 10 + b"C" * 10
    assert await store_of_files.read(name, 8, 4) == b"DDAA"
    assert await store_of_files.read(name, 28, 10) == b"CC"
    assert await store_of_files.read(name, 30, 10) == b""
    link = await store_of_files.link(name, "leads.csv")
    assert name in link.url
    for _ in range(2):
        await store_of_files.delete(name)
    empty = f"{unique()}/leads.jsonl"
    await store_of_files.put_together(empty, [], "application/jsonl")
    assert await store_of_files.read(empty, 0, 10) == b""
    assert left_out not in (first, third)


async def walked(leads: LeadStore, query: LeadQuery, since: Since | None = None) -> list[Lead]:
    found: list[Lead] = []
    async for some in leads.walk(query, since):
        found += [lead for lead, _ in some.leads]
        assert not found or (some.covered is not None and some.covered >= position(found[-1].id))
    return found


async def test_a_walk_meets_every_lead_once_newest_first_from_any_place_on(leads: LeadStore) -> None:
    partner = unique()
    made = [
        await store(leads, received(partner, AT + timedelta(seconds=n), tab=[Tab.MARKETPLACE, Tab.QUALIFIED][n % 2]))
        for n in range(9)
    ]
    newest = [lead.id for lead in made[::-1]]
    assert [lead.id for lead in await walked(leads, LeadQuery(partner, AT + DAY))] == newest
    for n, place in enumerate(newest):
        found = await walked(leads, LeadQuery(partner, AT + DAY, after=position(place)))
        assert [lead.id for lead in found] == newest[n + 1 :]
    qualified = await walked(leads, LeadQuery(partner, AT + DAY, LeadFilter(ListTab.QUALIFIED)))
    assert [lead.id for lead in qualified] == [one for one in newest if one[0] == "q"]
    assert await walked(leads, LeadQuery(unique(), AT + DAY)) == []


@pytest.mark.parametrize("status", [*Status, None])
@pytest.mark.parametrize("days", [0, 13, 14, 183])
async def test_l6_a_walk_selects_by_the_clock(leads: LeadStore, status: Status | None, days: int) -> None:
    partner = unique()
    made = [await store(leads, received(partner, ActionCode=code)) for code in ("PLT", "INS", "", "INS")]
    for lead in made[2:]:
        stored = await leads.get(partner, lead.id)
        assert stored is not None
        decision = decide(lead, LeadAction(Action.ACCEPT, deal=DEAL), at=AT, by=ANN)
        from shared.domain.agenda import Change

        await leads.commit([(stored, decision)], Change(new_change_id(), AT))
    at = AT + days * DAY
    wanted = LeadFilter(status=frozenset({status} if status else ()))
    stored_leads = [await leads.get(partner, lead.id) for lead in made]
    expected = {one.lead.id for one in stored_leads if one and wanted.matches(settle(one.lead, at).lead, at)}
    assert {lead.id for lead in await walked(leads, LeadQuery(partner, at, wanted))} == expected


async def test_a_walk_since_meets_what_was_committed_or_ended_by_time_whatever_its_status(leads: LeadStore) -> None:
    partner = unique()
    lead = await store(leads, received(partner))
    query = LeadQuery(partner, AT, LeadFilter(status=frozenset({Status.ARCHIVED})))
    now = clock.real_now()
    hour = timedelta(hours=1)
    assert [one.id for one in await walked(leads, query, Since(now - hour, AT))] == [lead.id]
    assert await walked(leads, query, Since(now + hour, AT)) == []

    async def ended(before: datetime, at: datetime) -> bool:
        return bool(await walked(leads, replace(query, at=at), Since(now + hour, before)))

    for deadline in (AT + 3 * DAY, AT + 14 * DAY):
        assert await ended(deadline - hour, deadline)
        assert await ended(deadline - hour, deadline + hour)
        assert not await ended(deadline - hour, deadline - hour / 2)
        assert not await ended(deadline, deadline + hour)


async def test_hearts_taken_back_come_when_asked_for_and_opened_leads_never(marks: MarkStore) -> None:
    partner = unique()
    hearted, taken_back, opened = (a_lead(partner, AT + n * DAY).id for n in range(3))
    await marks.put(partner, "ann", hearted, favorite=True)
    await marks.put(partner, "ann", taken_back, favorite=True)
    await marks.put(partner, "ann", taken_back, favorite=False)
    await marks.put(partner, "ann", opened, opened=True)
    found, _ = await marks.favorites(partner, "ann", None, 10)
    assert list(found) == [hearted]
    found, _ = await marks.favorites(partner, "ann", None, 10, taken_back=True)
    assert {one: mark.favorite for one, mark in found.items()} == {taken_back: False, hearted: True}
