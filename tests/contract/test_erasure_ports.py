"""What an erasure needs of the stores: the fakes do what storage does (S4, S5)."""

from collections import Counter
from dataclasses import replace

import pytest

from shared.domain.agenda import Change
from shared.domain.contact import person_keys
from shared.domain.erasure import Erasure, ErasureKind, blank
from shared.domain.intake.held import Held, HeldState
from shared.domain.lead import Customer, Lead
from shared.domain.lifecycle import Action, Activity, ActivityKind, Decision, LeadAction, decide, log_activity
from shared.domain.telling.dispatch import Attempt, Dispatch, DispatchState, Lane
from shared.domain.telling.mails import Mail, MailNotice, MailState
from shared.domain.telling.unsubscribe import forgotten, why_unwanted
from shared.domain.traces import ERASED, Traces
from shared.ids import new_change_id, new_erasure_id
from shared.ports.erasures import Sought
from shared.ports.errors import FileGone, LostRace
from shared.ports.exports import FileStore
from shared.ports.intake import HeldStore
from shared.ports.leads import LeadStore
from tests.builders import ANN, AT, DAY, DEAL, received, submitted, unique
from tests.contract.conftest import Telling
from tests.contract.test_intake_ports import a_held

ADA = Traces(email="ada@xn--bcher-kva.example")
HERS = Customer("Bücher", "Ada", "Lovelace", "ada@bücher.example", country="SE")
HOOK = "a" * 16


def change() -> Change:
    return Change(new_change_id(), AT)


async def stored(leads: LeadStore, partner: str, *, hers: bool, days: int = 0, body: bytes = b'{"a": 1}') -> Lead:
    made = received(partner, AT + days * DAY)
    lead = replace(made.lead, customer=HERS) if hers else made.lead
    await leads.add(Decision(lead, made.events), submitted(body=body), change())
    return lead


async def committed(leads: LeadStore, lead: Lead, decision: Decision) -> Lead:
    there = await leads.get(lead.partner_id, lead.id)
    assert there
    await leads.commit([(there, decision)], change())
    return decision.lead


async def swept(telling: Telling, partner: str, sought: Sought, *, dry: bool = False) -> Counter[str]:
    """Everything that a whole sweep finds."""
    found: Counter[str] = Counter()
    after: str | None = ""
    while after is not None:
        page = await telling.erasures.sweep(partner, sought, after, dry=dry)
        found.update(page.found)
        after = page.next
    return found


async def test_erasures_are_read_as_they_were_stored_newest_first(telling: Telling) -> None:
    store, ids = telling.erasures, []
    for n in range(3):
        erasure = Erasure(new_erasure_id(AT + n * DAY), ErasureKind.EMAIL, "digest", ANN, AT + n * DAY, "ada@x.example")
        assert (await store.add(erasure)).erasure == erasure
        ids.append(erasure.id)
    there = await store.get(ids[1])
    assert there
    ended = await store.replace(there, there.erasure.ended(AT + 9 * DAY))
    with pytest.raises(LostRace):
        await store.replace(there, there.erasure)
    assert (await store.get(ids[1])) == ended
    assert await store.get("0" * 28) is None
    mine = [one.id for one in (await store.page(None, 1_000)).items if one.id in ids]
    assert mine == ids[::-1]
    page = await store.page(ids[2], 1)
    assert ([one.id for one in page.items], page.next) == ([ids[1]], ids[1])
    assert [one.erasure.id for one in await store.unfinished(1_000) if one.erasure.id in ids] == [ids[2], ids[0]]


async def test_an_erasure_remembers_which_leads_it_is_about(telling: Telling) -> None:
    store, erasure_id, mine, other = telling.erasures, new_erasure_id(AT), unique("a"), unique("b")
    await store.note(erasure_id, mine, [f"m{n:028x}" for n in range(150)])
    await store.note(erasure_id, mine, ["m" + "0" * 28])
    await store.note(erasure_id, other, ["q" + "1" * 28])
    await store.note(erasure_id, other, [])

    assert await store.noted(erasure_id, mine) == [f"m{n:028x}" for n in range(150)]
    assert await store.noted(erasure_id, other) == ["q" + "1" * 28]
    assert await store.noted(new_erasure_id(AT), mine) == []
    assert (await store.notes(erasure_id, 2)) == [(mine, "m" + "0" * 28), (mine, f"m{1:028x}")]
    assert len(await store.notes(erasure_id, 1_000)) == 151


async def everything(telling: Telling, partner: str) -> tuple[Lead, Lead]:
    """A lead of hers that is erased and one of somebody else that names her, with all that stands around them."""
    mine = await stored(telling.leads, partner, hers=True, body=b'{"Email": "ADA@B\xc3\xbccher.example"}')
    other = await stored(telling.leads, partner, hers=False, days=1, body=b"cc=ada%40b%C3%BCcher.example")
    deal = replace(DEAL, name="Ada's", notes="ada@bücher.example")
    mine = await committed(telling.leads, mine, decide(mine, LeadAction(Action.ACCEPT, deal=deal), at=AT, by=ANN))
    said = Activity(ActivityKind.CALL, "Knows ada@bücher.example, and Bob")
    other = await committed(telling.leads, other, log_activity(other, said, at=AT + DAY, by=ANN))
    attempt = Attempt(AT, 200, 3, "Thanks, Ada")
    echoed = replace(attempt, answer="taken: ada@bücher.example")
    sent = Dispatch("lead.received", AT, mine.id, 1).succeeded(attempt)
    named = Dispatch("lead.received", AT + DAY, other.id, 1).succeeded(echoed)
    await telling.lanes.save(partner, HOOK, Lane(), [(None, sent), (None, named)])
    mail = Mail(MailNotice.EXPIRED, mine.id, 1, 0, "Ada@Bücher.example", "sv", "sender", MailState.DELIVERED, AT)
    await telling.mails.write(partner, [mail])
    mine = await committed(telling.leads, mine, blank(mine, AT + DAY, ANN))
    return mine, other


async def test_s4_a_sweep_takes_out_what_belongs_to_the_leads_and_what_names_the_person(telling: Telling) -> None:
    partner, elsewhere = unique(), unique()
    mine, other = await everything(telling, partner)
    untouched = await stored(telling.leads, elsewhere, hers=True)
    sought = Sought({mine.id}, ADA)

    dry = await swept(telling, partner, sought, dry=True)
    found = await swept(telling, partner, sought)

    expected = {"payloads": 2, "events": 2, "deliveries": 2, "mails": 1, "relations": 1}
    assert {kind: number for kind, number in found.items() if number} == expected
    assert dry == found
    assert await swept(telling, partner, sought) == Counter()
    events = await telling.leads.history(partner, mine.id, 9, 9)
    assert [sorted(event.changes) for event in events] == [
        [],
        ["deal.amount", "deal.currency", "deal.purchaseDate"],
        [],
    ]
    said = (await telling.leads.history(partner, other.id, 2, 1))[0].changes["activity.text"]
    assert said == {"from": None, "to": f"Knows {ERASED}, and Bob"}
    page = await telling.lanes.page(partner, HOOK, DispatchState.DELIVERED, None, 9)
    assert {one.subject: one.attempts[0].answer for one in page.items} == {mine.id: "", other.id: f"taken: {ERASED}"}
    (mail,) = await telling.mails.mails(partner, mine.id)
    assert (mail.to, mail.state) == (ERASED, MailState.DELIVERED)
    again = replace(untouched, partner_id=partner)
    assert await telling.leads.related(replace(again, id="m" + "0" * 28), AT, 9) == []
    assert await telling.leads.related(replace(untouched, id="m" + "0" * 28), AT, 9) == [untouched.id]


async def test_s5_without_traces_only_what_belongs_to_the_leads_goes(telling: Telling) -> None:
    partner = unique()
    mine, other = await everything(telling, partner)

    found = await swept(telling, partner, Sought({mine.id}))

    assert {kind: number for kind, number in found.items() if number} == {
        "payloads": 1,
        "events": 1,
        "deliveries": 1,
        "relations": 1,
    }
    said = (await telling.leads.history(partner, other.id, 2, 1))[0].changes["activity.text"]
    assert said["to"] == "Knows ada@bücher.example, and Bob"


async def test_every_lead_of_a_partner_is_found_with_its_tag_by_id(leads: LeadStore) -> None:
    partner = unique()
    made = sorted([(await stored(leads, partner, hers=True, days=n)).id for n in range(3)])
    await stored(leads, unique(), hers=True)

    first = await leads.every(partner, "", 2)
    rest = await leads.every(partner, first.next or "", 2)

    assert [one.lead.id for one in (*first.items, *rest.items)] == made
    assert (first.next, rest.next) == (made[1], None)
    assert first.items[0] == await leads.get(partner, made[0])


async def test_s5_leads_that_ended_before_are_found_unless_they_were_erased(leads: LeadStore) -> None:
    partner = unique()
    ended: list[Lead] = []
    for n in range(4):
        lead = await stored(leads, partner, hers=True, days=n)
        decline = LeadAction(Action.DECLINE, reason="budget")
        at = AT + (10 + n) * DAY
        ended.append(await committed(leads, lead, decide(lead, decline, at=at, by=ANN)))
    await stored(leads, partner, hers=True)
    erased = ended[1]
    await committed(leads, erased, blank(erased, AT + 20 * DAY, ANN))

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await leads.ended_before(partner, AT + 13 * DAY, cursor, 1)
        found += page.items
        cursor = page.next

    assert sorted(found) == sorted([ended[0].id, ended[2].id])
    assert (await leads.ended_before(partner, AT + 10 * DAY, "", 9)).items == []


async def test_an_erased_lead_is_one_of_its_persons_no_more(leads: LeadStore) -> None:
    lead = await stored(leads, unique(), hers=True)
    assert person_keys(lead.customer)
    erased = await committed(leads, lead, blank(lead, AT, ANN))
    there = await leads.get(lead.partner_id, lead.id)
    assert there
    assert there.lead == erased


async def test_every_submission_is_found_with_its_whole_body_whatever_it_waits_for(held: HeldStore) -> None:
    made: list[Held] = []
    for state in (HeldState.PARKED, HeldState.UNASSIGNED, HeldState.PLACED):
        body = b"" if state is HeldState.PLACED else b"x" * 100_000
        one = a_held(state=state, was=state, body=body)
        await held.add(one)
        made.append(one)

    found: dict[str, Held] = {}
    after: str | None = ""
    while after is not None:
        page = await held.every(after, 2)
        found |= {stored.held.id: stored.held for stored in page.items}
        after = page.next

    assert {one.id: one for one in made}.items() <= found.items()


async def test_s4_an_address_that_is_not_mailed_is_known_by_a_hash_once_it_is_erased(telling: Telling) -> None:
    partner, address = unique(), "Ada@Bücher.example"
    await telling.preferences.add_unwanted(partner, address, "unsubscribed")
    await telling.preferences.add_unwanted(partner, "eve@x.example", "bounced")

    assert await telling.preferences.forget_address(partner, "bob@x.example", dry=False) is False
    assert await telling.preferences.forget_address(partner, "ada@xn--bcher-kva.example", dry=True) is True
    assert set(await telling.preferences.unwanted(partner)) == {ADA.email, "eve@x.example"}
    assert await telling.preferences.forget_address(partner, "ada@xn--bcher-kva.example", dry=False) is True
    assert await telling.preferences.forget_address(partner, address, dry=False) is False

    unwanted = await telling.preferences.unwanted(partner)
    assert set(unwanted) == {forgotten(address), "eve@x.example"}
    assert why_unwanted(unwanted, address) == "unsubscribed"
    assert why_unwanted(unwanted, "bob@x.example") is None
    assert await telling.preferences.resume(partner, address, "ann", AT) is True
    assert why_unwanted(await telling.preferences.unwanted(partner), address) is None


async def test_s4_a_file_is_wiped_with_blocks_that_were_never_put_together(store_of_files: FileStore) -> None:
    name = f"{unique()}/leads.csv"
    for block in ("1" * 32, "2" * 32):
        await store_of_files.stage(name, block, b"Ada")
    await store_of_files.wipe(name)
    await store_of_files.wipe(name)
    with pytest.raises((FileGone, KeyError)):
        await store_of_files.put_together(name, ["1" * 32], "text/csv")
