"""What every agenda, mark store and partner store does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.correlation import caused_by
from shared.domain.agenda import Hint, HintKind
from shared.domain.errors import Conflict
from shared.domain.lead import Tab
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.partner import LeadSource, Partner, SourceKey
from shared.ids import new_lead_id, new_source_id, position
from shared.ports.agenda import Agenda, Bookmark, DueHint
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.ports.leads import Mark, MarkStore
from shared.ports.programme import PartnerStore
from tests.builders import AT, DAY, unique


async def test_hints_are_written_again_and_removed_again_without_harm(agenda: Agenda) -> None:
    hints = [Hint(HintKind.EXPIRE, AT, unique(), "m1"), Hint(HintKind.COOL, AT + DAY, unique(), "m1")]
    await agenda.put(hints)
    await agenda.put(hints)
    assert await agenda.missing(hints) == []
    await agenda.remove(hints[:1])
    assert await agenda.missing(hints) == hints[:1]
    await agenda.remove(hints)
    await agenda.put([])
    assert await agenda.missing(hints) == hints


async def test_a3_due_hints_come_by_kind_oldest_first_and_not_before_their_time(agenda: Agenda) -> None:
    hints = [Hint(HintKind.EXPIRE, AT + DAY * n, unique(), "m1") for n in range(4)]
    await agenda.put([*hints, Hint(HintKind.COOL, AT, "p", "m1"), Hint("expired", AT, "p", "m1")])
    assert await agenda.due("expire", AT - DAY / 86_400_000, 10) == []
    assert [late.hint for late in await agenda.due("expire", AT, 10)] == hints[:1]
    assert [late.hint for late in await agenda.due("expire", AT + 2 * DAY, 10)] == hints[:3]
    assert [late.hint for late in await agenda.due("expire", AT + 9 * DAY, 2)] == hints[:2]
    assert await agenda.due("archive", AT + 9 * DAY, 10) == []


async def test_a_hint_says_what_wrote_it(agenda: Agenda) -> None:
    hint = Hint(HintKind.EXPIRE, AT, unique(), "m1")
    for cause in ("a request", "another"):
        with caused_by(cause):
            await agenda.put([hint])
        assert await agenda.due(hint.kind, AT, 10) == [DueHint(hint, 0, cause)]
    with caused_by("a timer"):
        await agenda.put_off(DueHint(hint), AT)
    assert await agenda.due(hint.kind, AT, 10) == [DueHint(hint, 1, "another")]


async def test_a_hint_that_failed_is_counted_and_left_alone_for_a_while(agenda: Agenda) -> None:
    hint, other = Hint(HintKind.EXPIRE, AT, unique(), "m1"), Hint(HintKind.EXPIRE, AT, unique(), "m2")
    await agenda.put([hint, other])
    (late,) = [one for one in await agenda.due("expire", AT, 10) if one.hint == hint]
    await agenda.put_off(late, AT + DAY)
    assert [one.hint for one in await agenda.due("expire", AT + DAY / 2, 10)] == [other]
    found = {one.hint: one.tries for one in await agenda.due("expire", AT + DAY, 10)}
    assert found == {hint: 1, other: 0}
    assert await agenda.missing([hint, other]) == []
    await agenda.remove([hint])
    await agenda.put_off(late, AT + DAY)
    assert await agenda.missing([hint, other]) == [hint]


async def test_hundreds_of_hints_are_written_missed_and_removed(agenda: Agenda) -> None:
    hints = [Hint(HintKind.EXPIRE, AT + DAY * n, unique(), "m1") for n in range(230)]
    assert await agenda.missing(hints) == hints
    await agenda.put(hints)
    assert await agenda.missing(hints) == []
    await agenda.remove(hints[:120])
    await agenda.remove(hints)
    assert await agenda.missing(hints) == hints


async def test_what_is_told_is_looked_for_at_once_and_each_kind_alone(agenda: Agenda) -> None:
    mine = unique()
    events = [Hint(HintKind.PUBLISH, AT + DAY * n, mine, "m1", "c1") for n in range(3)]
    lanes = [Hint(HintKind.DELIVER, AT + DAY * n + DAY / 2, mine, "mail0") for n in range(3)]
    await agenda.put([*lanes, *events, Hint(HintKind.DIGEST, AT, mine, "2026-11-21")])
    found = [late.hint for late in await agenda.due_to_tell(AT + DAY, 10)]
    assert found == [events[0], lanes[0], events[1]]
    assert [late.hint for late in await agenda.due_to_tell(AT + DAY, 2)] == found[:2]
    await agenda.put_off(DueHint(events[0]), AT + 2 * DAY)
    assert [late.hint for late in await agenda.due_to_tell(AT + DAY, 10)] == found[1:]
    assert [late.hint for late in await agenda.due("publish", AT + DAY, 10)] == [events[1]]
    assert [late.hint for late in await agenda.due("deliver", AT + DAY, 10)] == [lanes[0]]
    assert await agenda.oldest(HintKind.PUBLISH, AT + DAY) == AT
    assert await agenda.oldest(HintKind.DELIVER, AT + DAY) == AT + DAY / 2
    assert await agenda.ahead(HintKind.PUBLISH, AT + DAY, 9) == 1
    assert await agenda.ahead(HintKind.DELIVER, AT + DAY, 9) == 2
    assert await agenda.missing([*events, *lanes]) == []


async def test_hints_come_and_go_together_and_what_is_gone_already_is_no_error(agenda: Agenda) -> None:
    old = [Hint(HintKind.EXPIRE, AT + DAY * n, unique(), "m1") for n in range(130)]
    new = [Hint(HintKind.DELIVER, AT + DAY * n, unique(), "mail0") for n in range(5)]
    await agenda.put(old)
    await agenda.remove([old[3], old[50], old[129]])
    await agenda.change(new, [*old, *old, new[0]])
    assert await agenda.missing([*new, *old]) == old
    await agenda.change((), old[:1])
    await agenda.change((), ())


async def test_where_all_stand_as_they_are_written_nothing_is_moved(agenda: Agenda) -> None:
    hints = [Hint(HintKind.COOL, AT, unique(), "m1") for _ in range(9)]
    await agenda.put(hints)
    await agenda.set_bookmark("task", "here")
    assert await agenda.move(AT + DAY, 5) == 0
    assert await agenda.missing(hints) == []
    assert (await agenda.bookmark("task")).place == "here"


async def test_hints_of_one_millisecond_do_not_stand_in_each_others_way(agenda: Agenda) -> None:
    partner, later = unique(), timedelta(microseconds=7)
    first, second = (Hint(HintKind.DELIVER, AT + n * later, partner, "mail0") for n in range(2))
    other = Hint(HintKind.DELIVER, AT + DAY, partner, "mail0")
    await agenda.change([first, second, other], ())
    await agenda.change([other], [first, second, replace(other, due=other.due)])
    assert await agenda.missing([other]) == []
    assert [late.hint for late in await agenda.due_to_tell(AT + 2 * DAY, 50) if late.hint.partner_id == partner] == [
        other
    ]


async def test_a_bookmark_is_kept(agenda: Agenda) -> None:
    task = unique()
    assert await agenda.bookmark(task) == Bookmark()
    await agenda.set_bookmark(task, "contoso|open|m1")
    assert (await agenda.bookmark(task)).place == "contoso|open|m1"
    assert await agenda.due("bookmark", AT + 9 * DAY, 10) == []


async def test_n6_a_bookmark_that_several_share_is_moved_by_whoever_read_it_last(agenda: Agenda) -> None:
    shared = unique()
    none = await agenda.bookmark(shared)
    await agenda.move_bookmark(shared, "a", none)
    with pytest.raises(LostRace):
        await agenda.move_bookmark(shared, "b", none)
    read = await agenda.bookmark(shared)
    await agenda.move_bookmark(shared, "c", read)
    with pytest.raises(LostRace):
        await agenda.move_bookmark(shared, "c", read)
    await agenda.set_bookmark(shared, "d")
    assert (await agenda.bookmark(shared)).place == "d"


async def test_q2_marks_are_personal_and_merge(marks: MarkStore) -> None:
    partner, lead = unique(), new_lead_id(Tab.MARKETPLACE, AT)
    assert await marks.get(partner, "ann", lead) == Mark()
    await marks.put(partner, "ann", lead, favorite=True)
    await marks.put(partner, "ann", lead, opened=True)
    await marks.put(partner, "ann", lead, favorite=True)
    assert await marks.get(partner, "ann", lead) == Mark(favorite=True, opened=True)
    await marks.put(partner, "ann", lead, favorite=False)
    assert await marks.get(partner, "ann", lead) == Mark(favorite=False, opened=True)
    assert await marks.get(partner, "bob", lead) == Mark()
    assert await marks.get(unique(), "ann", lead) == Mark()


async def test_a_persons_id_may_be_any_text(marks: MarkStore) -> None:
    partner, lead = unique(), new_lead_id(Tab.MARKETPLACE, AT)
    for person in ("a/b", "o'neil", "#?\\|", "Ö", "x" * 900, "\x00"):
        await marks.put(partner, person, lead, favorite=True)
        assert (await marks.get(partner, person, lead)).favorite
    assert not (await marks.get(partner, "a", lead)).favorite


async def test_q2_favorites_come_newest_first_and_go_on_where_they_end(marks: MarkStore) -> None:
    partner = unique()
    made = [new_lead_id([Tab.MARKETPLACE, Tab.QUALIFIED][n % 2], AT + timedelta(seconds=n)) for n in range(5)]
    for number, lead in enumerate(made):
        await marks.put(partner, "ann", lead, favorite=number != 2, opened=True)
    expected = [made[n] for n in (4, 3, 1, 0)]
    first, following = await marks.favorites(partner, "ann", None, 3)
    assert list(first) == expected[:3]
    assert all(mark == Mark(favorite=True, opened=True) for mark in first.values())
    assert following is not None
    rest, end = await marks.favorites(partner, "ann", following, 3)
    assert (list(rest), end) == (expected[3:], None)
    near, covered = await marks.near(partner, "ann", position(made[3]))
    assert (list(near), covered) == ([made[2], made[1], made[0]], None)


def a_partner(partner_id: str, *tenants: str) -> Partner:
    return Partner(partner_id, "Contoso", tenants, AT, AT, time_zone="Europe/Stockholm", competencies=("crm",))


async def test_a_partner_is_registered_replaced_and_listed(partners: PartnerStore) -> None:
    ids = sorted(unique() for _ in range(3))
    for one in ids:
        await partners.put(a_partner(one, f"t-{one}"))
    assert await partners.get(ids[0]) == a_partner(ids[0], f"t-{ids[0]}")
    assert await partners.get(unique()) is None
    assert await partners.known(ids[1], AT) == (await partners.get(ids[1]))
    assert await partners.known(unique(), AT) is None
    first, following = await partners.partners(None, 2)
    assert [one.id for one in first] == ids[:2]
    rest, end = await partners.partners(following, 2)
    assert ([one.id for one in rest], end) == (ids[2:], None)


async def test_s6_a_publisher_belongs_to_one_partner_until_it_is_given_back(partners: PartnerStore) -> None:
    one, other = unique(), unique()
    publisher = f"p-{one}"
    mine = replace(a_partner(one), publisher_ids=(publisher,))
    await partners.put(mine)
    assert await partners.get(one) == mine
    with pytest.raises(Conflict) as refused:
        await partners.put(replace(a_partner(other), publisher_ids=(publisher,)))
    assert [detail.target for detail in refused.value.details] == ["publisherIds"]
    for fresh in (False, True):
        assert await partners.partner_of_publisher(publisher, AT, fresh=fresh) == one
        assert await partners.partner_of_publisher(f"x{publisher}", AT, fresh=fresh) is None
    await partners.put(a_partner(one))
    assert await partners.partner_of_publisher(publisher, AT) is None
    await partners.put(replace(a_partner(other), publisher_ids=(publisher,)))
    assert await partners.partner_of_publisher(publisher, AT) == other


async def test_s1_a_tenant_belongs_to_one_partner_until_it_is_given_back(partners: PartnerStore) -> None:
    one, other = unique(), unique()
    shared_tenant, own = f"t-{one}", f"t-{other}"
    await partners.put(a_partner(one, shared_tenant))
    with pytest.raises(Conflict) as refused:
        await partners.put(a_partner(other, own, shared_tenant))
    assert [detail.target for detail in refused.value.details] == ["tenantIds"]
    assert await partners.partner_of_tenant(shared_tenant, AT) == one
    assert await partners.partner_of_tenant(own, AT) is None
    await partners.put(a_partner(other, own))
    with pytest.raises(Conflict):
        await partners.put(a_partner(other, shared_tenant))
    assert await partners.partner_of_tenant(own, AT) == other, "a refused change takes nothing away"
    await partners.put(a_partner(one))
    await partners.put(a_partner(other, shared_tenant))
    assert await partners.partner_of_tenant(shared_tenant, AT) == other


async def test_sources_are_stored_rotated_listed_and_deleted(partners: PartnerStore) -> None:
    partner = unique()
    source = LeadSource(new_source_id(), partner, "Marketplace", AT, keys=(SourceKey("h1"),))
    later = LeadSource(new_source_id(), partner, "Second", AT + DAY)
    await partners.put_source(later)
    await partners.put_source(source)
    assert await partners.source(source.id, AT) == source
    assert await partners.sources(partner) == [source, later]
    assert await partners.sources(unique()) == []
    turned = replace(source, keys=(SourceKey("h2"), SourceKey("h1", AT + DAY)))
    await partners.replace_source(source, turned)
    with pytest.raises(LostRace):
        await partners.replace_source(source, replace(source, keys=(SourceKey("h3"),)))
    assert await partners.source(source.id, AT, fresh=True) == turned
    await partners.delete_source(turned)
    await partners.delete_source(turned)
    assert await partners.source(source.id, AT) is None


async def test_a_ping_answers(partners: PartnerStore) -> None:
    await partners.ping()


async def test_block_lists_are_empty_until_they_are_put_and_then_as_they_were_put(partners: PartnerStore) -> None:
    assert await partners.contact_lists(AT) == ContactLists()
    lists = ContactLists(blocked_domains=frozenset({"fabrikam.example"}), allowed_addresses=frozenset({"ü@b.example"}))
    await partners.put_contact_lists(lists)
    assert await partners.contact_lists(AT) == lists
    await partners.put_contact_lists(ContactLists())
    assert await partners.contact_lists(AT + DAY) == ContactLists()


async def test_v1_what_bounced_is_remembered_whatever_lists_are_put(partners: PartnerStore) -> None:
    for key in ("a" * 32, "b" * 32, "a" * 32):
        await partners.add_bounced(key)
    await partners.put_contact_lists(ContactLists(blocked_domains=frozenset({"fabrikam.example"})))
    found = await partners.contact_lists(AT)
    assert (found.bounced, found.blocked_domains) == ({"a" * 32, "b" * 32}, {"fabrikam.example"})


async def test_the_oldest_hint_of_a_kind_is_found_put_off_or_not(agenda: Agenda) -> None:
    assert await agenda.oldest("cool", AT + DAY) is None
    hints = [Hint(HintKind.COOL, AT + n * DAY, unique(), "m1") for n in range(2)]
    await agenda.put([*hints, Hint(HintKind.ARCHIVE, AT - DAY, unique(), "m2")])
    assert await agenda.oldest("cool", AT - DAY) is None
    (late,) = await agenda.due("cool", AT, 10)
    await agenda.put_off(late, AT + 9 * DAY)
    assert await agenda.oldest("cool", AT + 2 * DAY) == AT
    await agenda.remove(hints[:1])
    assert await agenda.oldest("cool", AT + 2 * DAY) == AT + DAY


async def test_registrations_and_lists_are_replaced_only_as_they_were_read(partners: PartnerStore) -> None:
    one = a_partner(unique())
    await partners.put(one, AsRead(None))
    renamed = replace(one, name="Else")
    for read in (AsRead(None), AsRead(renamed)):
        with pytest.raises(LostRace):
            await partners.put(renamed, read)
    await partners.put(renamed, AsRead(one))
    assert await partners.get(one.id) == renamed
    before = await partners.stored_contact_lists()
    first = ContactLists(blocked_domains=frozenset({f"{unique()}.example"}))
    await partners.put_contact_lists(first, AsRead(before))
    with pytest.raises(LostRace):
        await partners.put_contact_lists(ContactLists(), AsRead(before))
    await partners.put_contact_lists(ContactLists(), AsRead(await partners.stored_contact_lists()))
