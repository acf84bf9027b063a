"""S4, S5 on Azurite: after an erasure nothing that the system stores holds the person's address or number.

What is looked through is everything: each row of each table, each blob with blocks that were never put together, each
message of a queue, and what was logged. The search here is its own and no finer than it has to be: it must find all.
"""

import html
import itertools
import json
import logging
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from azure.storage.blob.aio import BlobServiceClient, ContainerClient
from azure.storage.queue.aio import QueueServiceClient

from shared import clock
from shared.delivery.webhooks import HttpWebhooks
from shared.domain.erasure import ErasureKind, ErasureState, LeftKind
from shared.domain.errors import InvalidRequest
from shared.domain.exports.export import ExportState
from shared.domain.lead import Actor, Status
from shared.domain.lifecycle import Action, Activity, ActivityKind, LeadAction
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.domain.programme.profile import Contact, Location, Profile
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.unsubscribe import list_of
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import keys, queues
from shared.storage.tables import Tables
from shared.usecases.exports.export_leads import read_export
from shared.usecases.leads.answer_lead import log_contact_attempt
from shared.usecases.outcomes.feedback import give_feedback
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.upkeep.erase import (
    SeenErasure,
    Wanted,
    ask_for_erasure,
    preview_erasure,
    read_erasure,
    run_erasures,
)
from tests import invariants
from tests.builders import ANN, AT, DAY, DEAL, submission_body, unique
from tests.exports import SPENT, TIMER, ask, by_timer, rows_of
from tests.fakes.delivery import FakeMailer
from tests.integration.further import FURTHER, Deployment
from tests.integration.moves import move, mover
from tests.integration.receiver import Receiver
from tests.steps import all_leads, answer, budget, run_timers, submit

OLGA = Actor("person", "olga", "Olga")
HOOK = "a" * 16
MINUTE = timedelta(minutes=1)
ASKED = AT + DAY
SPELLINGS = ("ada@bücher.example", "Ada@Bücher.EXAMPLE", "ada@xn--bcher-kva.example", "ada@bu\u0308cher.example")
NUMBERS = ("+46 70 123 45 67", "070-123 45 67", "+46 (0)70 1234567", "0046701234567")
ADA = Wanted(ErasureKind.EMAIL, "ada@xn--bcher-kva.example")
NUMBER = Wanted(ErasureKind.PHONE, "+46701234567")


def texts_of(value: Any) -> Iterator[str]:
    """A value as a text, in every way in which something may stand behind an encoding."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if isinstance(value, bytes):
        yield value.decode("utf-16-le", "replace")
    for _ in range(3):
        yield text
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), unquote(html.unescape(text)))


def holds(value: Any) -> bool:
    """True where Ada's address or number may stand in it."""
    for text in texts_of(value):
        folded = unicodedata.normalize("NFC", text).casefold()
        if "ada@" in folded and ("bücher.example" in folded or "xn--bcher-kva" in folded):
            return True
        if "701234567" in re.sub(r"[\s()./\-+]|\(0\)", "", folded):
            return True
    return False


async def found_in_storage(settings: Settings, tables: Tables) -> list[str]:
    """Where something of Ada is, in all that the deployment stores."""
    found = []
    for name in keys.TABLES:
        async for row in tables.sdk(name).query_entities(""):
            pieces = [row[column] for column in sorted(row) if re.fullmatch(r"p\d+|doc\d", column)]
            whole = b"".join(p if isinstance(p, bytes) else p.encode() for p in pieces)
            if any(holds(value) for value in (*row.values(), whole)):
                found.append(f"{name} {row['PartitionKey']} {row['RowKey']}")
    connection = settings.storage_connection.get_secret_value() if settings.storage_connection else ""
    async with BlobServiceClient.from_connection_string(connection) as service:
        async for container in service.list_containers(name_starts_with=settings.table_prefix):
            found += await _found_in_blobs(service.get_container_client(container.name))
    async with QueueServiceClient.from_connection_string(connection, api_version=queues.VERSION) as service:
        async for queue in service.list_queues():
            messages = await service.get_queue_client(queue.name).peek_messages(32)
            found += [f"message of {queue.name}" for message in messages if holds(message.content)]
    return found


async def _found_in_blobs(container: ContainerClient) -> list[str]:
    """Blobs that hold something, and such of which blocks wait that were never put together."""
    found = []
    async for blob in container.list_blobs(include=["uncommittedblobs", "metadata"]):
        client = container.get_blob_client(blob.name)
        committed, waiting = await client.get_block_list("all")
        content = await (await client.download_blob()).readall() if committed or blob.size else b""
        if waiting or holds(content) or holds(blob.name):
            found.append(f"blob {blob.name}")
    return found


class Programme:
    """Three partners with sources and webhooks, and the person's leads among others'."""

    def __init__(self, ports: Ports, receiver: Receiver) -> None:
        self.ports = ports
        self.sources = [LeadSource(new_source_id(), unique("erase"), "Marketplace", AT) for _ in range(3)]
        self.programme = LeadSource(new_source_id(), None, "Programme", AT)
        self._url = f"http://127.0.0.1:{receiver.port}/echo"

    async def begin(self) -> None:
        for source in self.sources:
            partner = source.partner_id or ""
            await self.ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
            await self.ports.partners.put_source(source)
            await self.ports.preferences.put(partner, Preferences("lena@contoso.example"))
            hook = Webhook(HOOK, self._url, EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("whsec_c2VjcmV0"),))
            await self.ports.webhooks.put(partner, hook, None)

    async def tell(self, at: datetime) -> None:
        await deliver_events(ports=self.ports, now=lambda: at, budget=budget())


@pytest.fixture
async def told(ports: Ports) -> AsyncIterator[Ports]:
    receivers = HttpWebhooks(loopback=True, real_now=clock.real_now, watch=clock.stopwatch())
    yield replace(ports, receivers=receivers, mailer=FakeMailer())
    await receivers.close()


def ada(n: int, **more: Any) -> dict[str, Any]:
    """A submission of hers, spelt otherwise each time."""
    email, phone = SPELLINGS[n % len(SPELLINGS)], NUMBERS[n % len(NUMBERS)]
    return submission_body(Email=email, Phone=phone, Country="SE", Company=f"Bücher {n}", Title=str(n), **more)


async def live(programme: Programme) -> dict[str, list[str]]:
    """What may happen to a person's data in this system; her leads by partner, and `others` beside them."""
    ports = programme.ports
    made: dict[str, list[str]] = {source.partner_id or "": [] for source in programme.sources}
    for n, source in zip(range(10), itertools.cycle(programme.sources), strict=False):
        body = ada(n, Description=f"I am {SPELLINGS[n % 4]}", Extra={"cc": [SPELLINGS[0], NUMBERS[0]]})
        if n == 9:
            body |= {"ActionCode": "INS"}
        received = await submit(ports, source, body, at=AT + n * MINUTE)
        made[source.partner_id or ""].append(received.lead_id)
    first = programme.sources[0]
    mine = made[first.partner_id or ""]
    deal = replace(DEAL, name=f"Deal of {SPELLINGS[1]}", notes=f"Call {NUMBERS[1]}", crm_id=NUMBERS[3])
    await answer(ports, first, mine[0], LeadAction(Action.ACCEPT, deal=deal), at=AT + DAY / 2)
    await answer(ports, first, mine[0], Action.WIN, at=AT + DAY / 2 + MINUTE)
    await answer(ports, first, mine[1], LeadAction(Action.ACCEPT, deal=deal), at=AT + DAY / 2)
    decline = LeadAction(Action.DECLINE, reason="other", notes=f"Wrote to {SPELLINGS[2]}")
    await answer(ports, first, mine[2], decline, at=AT + DAY / 2)
    for n in range(2):
        activity = Activity(ActivityKind.CALL, f"Called {NUMBERS[n]}, wrote to {SPELLINGS[n]}")
        await log_contact_attempt(
            ports=ports, partner_id=first.partner_id or "", lead_id=mine[1], activity=activity, by=ANN, at=AT + DAY / 2
        )
    await give_feedback(
        ports=ports,
        partner_id=first.partner_id or "",
        lead_id=mine[0],
        rating=4,
        text=f"{SPELLINGS[0]} was fine",
        by=ANN,
        at=AT + DAY / 2,
    )
    made["others"] = await _others(programme)
    await programme.tell(AT + DAY / 2 + 2 * MINUTE)
    return made


async def _others(programme: Programme) -> list[str]:
    """Somebody else's lead that names her, submissions that wait, and what partner and operator noted of her."""
    ports, source = programme.ports, programme.sources[1]
    partner = source.partner_id or ""
    bob = submission_body(
        Email="bob@books.example",
        Phone="+46 8 712 34 56",
        Country="SE",
        Description=f"My colleague is {SPELLINGS[1]} or {NUMBERS[0]}.",
        Reference=f"https://x.example/?cc=ada%40b%C3%BCcher.example&t={NUMBERS[3]}",
    )
    lead = (await submit(ports, source, bob)).lead_id
    said = f"Knows {SPELLINGS[0]} and {NUMBERS[1]}"
    await give_feedback(ports=ports, partner_id=partner, lead_id=lead, rating=3, text=said, by=ANN, at=AT)
    for body in (
        b'{"UserDetails": {"Email": "ada@b\xc3\xbccher.example"',
        "tel 070-123 45 67, ada@bücher.example".encode("utf-16"),
    ):
        with pytest.raises(InvalidRequest):
            await submit(ports, source, body)
    await submit(ports, programme.programme, ada(1, OfferTitle="Nobody's offer"))
    lists = await ports.partners.stored_contact_lists()
    blocked = ContactLists(blocked_addresses=frozenset({ADA.value, "eve@spam.example"}))
    await ports.partners.put_contact_lists(replace(lists, blocked_addresses=blocked.blocked_addresses))
    await ports.preferences.add_unwanted(list_of(partner, customers=True), SPELLINGS[1], "unsubscribed")
    await ports.preferences.put(
        partner, Preferences("lena@contoso.example", muted_addresses=(SPELLINGS[1], "x@y.example"))
    )
    return [lead]


async def erase(ports: Ports, wanted: Wanted, at: datetime = ASKED) -> SeenErasure:
    """Ask for it, and let the timer come as often as it does."""
    seen = await ask_for_erasure(ports=ports, wanted=wanted, by=OLGA, at=at, budget=budget())
    for minute in range(1, 8):
        await run_erasures(ports=ports, at=at + minute * MINUTE, budget=budget())
    return await read_erasure(ports=ports, erasure_id=seen.erasure.id)


async def test_s4_nothing_that_is_stored_holds_a_person_of_ten_leads_at_three_partners(
    told: Ports, receiver: Receiver, settings: Settings, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="shared")
    programme = Programme(told, receiver)
    await programme.begin()
    made = await live(programme)
    assert len(await found_in_storage(settings, tables)) > 40, "the search finds what there is"
    first, second = programme.sources[0], programme.sources[1]
    done = await ask(told, first, ASKED, search="bücher")
    named = await ask(told, first, ASKED, search=SPELLINGS[0])
    running = await ask(told, second, ASKED, within=SPENT)
    assert done.export.state is ExportState.SUCCEEDED
    assert not running.export.has_ended
    asked = ASKED + MINUTE

    by_email = await erase(told, ADA, asked)
    by_phone = await erase(told, NUMBER, asked + 10 * MINUTE)

    assert await found_in_storage(settings, tables) == []
    assert by_email.erasure.state is by_phone.erasure.state is ErasureState.SUCCEEDED
    assert by_email.erasure.value is None
    assert not any(holds(record.getMessage()) or holds(vars(record)) for record in caplog.records)
    assert {lead for _, lead in by_email.leads} == {
        one for name, ids in made.items() if name != "others" for one in ids
    }
    counts = by_email.erasure.counts
    assert (counts["leads"], counts["mentions"], counts["submissions"], counts["feedback"]) == (10, 1, 3, 2)
    assert (counts["mutedAddresses"], counts["listEntries"], counts["exports"]) == (2, 1, 3)
    for source in programme.sources:
        partner = source.partner_id or ""
        for lead in (await invariants.check(tables, partner)).values():
            is_hers = lead.id in made[partner]
            assert (lead.erased_at is not None, lead.do_not_contact) == (is_hers, is_hers)
            assert lead.customer.country == "SE"
        history = await told.leads.history(partner, made[partner][0], 99, 99)
        assert (history[0].type, history[0].by, history[0].at) == ("lead.erased", OLGA, asked)
    (bob,) = [lead for lead in await all_leads(told, second, asked) if lead.id in made["others"]]
    assert (bob.customer.email, bob.customer.phone_e164) == ("bob@books.example", "+4687123456")
    assert bob.notes == "My colleague is [erased] or [erased]."
    won = await told.leads.get(first.partner_id or "", made[first.partner_id or ""][0])
    assert won
    assert won.lead.deal
    assert (won.lead.status, won.lead.outcome, won.lead.deal.amount) == (Status.ARCHIVED, "won", DEAL.amount)

    gone = await read_export(ports=told, partner_id=done.export.partner_id, export_id=done.export.id, at=asked)
    assert (gone.link, gone.is_outdated) == (None, True)
    assert await told.exports.get(first.partner_id or "", named.export.id) is None
    await by_timer(told, running.export.began_at + 10 * TIMER)
    written = await told.exports.get(second.partner_id or "", running.export.id)
    assert written
    # Each of the two erasures found something of its leads, so each began it anew.
    assert (written.export.state, written.export.generation) == (ExportState.SUCCEEDED, 2)
    seen = await read_export(ports=told, partner_id=written.export.partner_id, export_id=written.export.id, at=asked)
    assert len(await rows_of(told.files, seen)) == 4
    assert await found_in_storage(settings, tables) == []

    await programme.tell(asked + 20 * MINUTE)
    heard = [json.loads(body) for name, _, body in receiver.requests if name == "echo"]
    assert sorted(one["data"]["id"] for one in heard if one["type"] == "lead.erased") == sorted(
        lead for _, lead in by_email.leads
    )
    assert await found_in_storage(settings, tables) == []


async def begin(ports: Ports, count: int = 2) -> LeadSource:
    """A partner of its own with so many of her leads, told to whoever listens."""
    source = LeadSource(new_source_id(), unique("erase"), "Marketplace", AT)
    await ports.partners.put(Partner(source.partner_id or "", "Contoso", (), AT, AT))
    for n in range(count):
        await submit(ports, source, ada(n), at=AT + n * MINUTE)
    return source


async def test_s4_a_dry_run_says_what_would_go_and_takes_nothing(
    told: Ports, receiver: Receiver, settings: Settings, tables: Tables
) -> None:
    programme = Programme(told, receiver)
    await programme.begin()
    await live(programme)
    await ask(told, programme.sources[0], ASKED)
    before = [await invariants.all_rows(tables, name) for name in keys.TABLES]

    dry = await preview_erasure(ports=told, wanted=ADA, by=OLGA, at=ASKED, budget=budget())

    assert [await invariants.all_rows(tables, name) for name in keys.TABLES] == before
    assert dry.is_complete
    done = await erase(told, ADA)
    assert dict(dry.erasure.counts) == dict(done.erasure.counts)
    assert sorted(dry.leads) == sorted(done.leads)
    assert len(dry.leads) == 10


async def test_s4_a_dry_run_that_has_no_time_says_so(told: Ports) -> None:
    await begin(told)

    dry = await preview_erasure(ports=told, wanted=ADA, by=OLGA, at=ASKED, budget=budget(seconds=0))

    assert (dry.is_complete, dry.leads) == (False, [])


async def test_s4_a_lead_that_arrives_while_it_runs_is_erased_and_the_same_again_is_harmless(
    told: Ports, settings: Settings, tables: Tables
) -> None:
    source = await begin(told)
    asked = await ask_for_erasure(ports=told, wanted=ADA, by=OLGA, at=ASKED, budget=budget())
    assert (asked.erasure.state, asked.erasure.passes) == (ErasureState.RUNNING, 1)
    late = await submit(told, source, ada(7), at=ASKED + MINUTE)
    assert await found_in_storage(settings, tables) != []

    for minute in range(1, 7):
        await run_erasures(ports=told, at=ASKED + minute * MINUTE, budget=budget())

    done = await read_erasure(ports=told, erasure_id=asked.erasure.id)
    assert done.erasure.state is ErasureState.SUCCEEDED
    assert late.lead_id in {lead_id for _, lead_id in done.leads}
    assert [one for one in await found_in_storage(settings, tables) if "701234567" not in one] == []
    rows = await invariants.all_rows(tables, keys.LEADS)
    again = await erase(told, ADA, ASKED + DAY)
    assert (again.erasure.state, dict(again.erasure.counts)) == (ErasureState.SUCCEEDED, {})
    assert await invariants.all_rows(tables, keys.LEADS) == rows
    # What she sends once it is done is a lead like any other.
    new = await submit(told, source, ada(8), at=ASKED + 2 * DAY)
    assert (await told.leads.get(source.partner_id or "", new.lead_id)).lead.customer.email  # type: ignore[union-attr]


async def test_s4_of_one_lead_only_that_lead_is_erased(told: Ports, tables: Tables) -> None:
    source = await begin(told, 3)
    partner = source.partner_id or ""
    first, second, _ = sorted(await all_leads(told, source), key=lambda lead: lead.created_at)
    await ask(told, source, ASKED)

    done = await erase(told, Wanted(ErasureKind.LEAD, second.id), ASKED + MINUTE)

    assert done.leads == [(partner, second.id)]
    assert (done.erasure.value, done.erasure.state) == (second.id, ErasureState.SUCCEEDED)
    leads = await invariants.check(tables, partner)
    assert [one.id for one in leads.values() if one.erased_at] == [second.id]
    assert leads[first.id].customer == first.customer
    assert (leads[second.id].customer.email, leads[second.id].source_text) == (None, second.source_text)
    raw = (await invariants.all_rows(tables, keys.LEADS, partner))[f"{partner}/raw|{second.id}"]
    assert "p0" not in raw
    with pytest.raises(InvalidRequest):
        await ask_for_erasure(
            ports=told, wanted=Wanted(ErasureKind.LEAD, "m" + "0" * 28), by=OLGA, at=ASKED, budget=budget()
        )


async def test_s4_a_since_export_takes_an_erased_lead_out_of_the_copy(told: Ports) -> None:
    source = await begin(told)
    full = await ask(told, source, ASKED)
    lead, _ = await all_leads(told, source)
    await erase(told, Wanted(ErasureKind.LEAD, lead.id), ASKED + MINUTE)

    synced = await ask(told, source, ASKED + DAY, since=full.export.next_since)

    assert {"Id": lead.id, "Removed": True} in await rows_of(told.files, synced)


async def test_s4_rows_of_a_marketplaces_table_and_a_partners_own_contacts_are_named(
    told: Ports, tables: Tables
) -> None:
    source = await begin(told)
    partner = source.partner_id or ""
    name = "erase" + new_source_id()
    table = replace(source, id=new_source_id(), kind=SourceKind.MARKETPLACE_TABLE, table_name=name)
    await told.partners.put_source(table)
    client = tables.foreign(name)
    await client.create_table()
    await client.upsert_entity(
        {"PartitionKey": "p", "RowKey": "1", "CustomerInfo": json.dumps({"Email": SPELLINGS[1]})}
    )
    await client.upsert_entity({"PartitionKey": "p", "RowKey": "2", "CustomerInfo": "{}"})
    await client.upsert_entity({"PartitionKey": SPELLINGS[0], "RowKey": "3", "CustomerInfo": "{}"})
    lena = Contact("Ada", SPELLINGS[1])
    await told.listings.put_profile(
        partner, Profile("Contoso", locations=(Location("HQ", "SE", contacts=(lena,)),)), None
    )

    done = await erase(told, ADA)

    assert [(one.kind, one.partner_id, one.name) for one in done.erasure.left] == [
        (LeftKind.PROFILE, partner, None),
        (LeftKind.TABLE_ROW, partner, f"{name}/[erased]/3"),
        (LeftKind.TABLE_ROW, partner, f"{name}/p/1"),
    ]
    assert (await told.listings.stored_profile(partner)).locations[0].contacts == (lena,)  # type: ignore[union-attr]


async def test_s5_what_was_kept_for_long_enough_is_blanked(told: Ports, settings: Settings, tables: Tables) -> None:
    source = await begin(told, 4)
    partner = source.partner_id or ""
    old, open_one, young, _ = sorted(await all_leads(told, source), key=lambda lead: lead.created_at)
    for lead, at in ((old, AT + DAY), (young, AT + 13 * DAY)):
        await answer(told, source, lead.id, LeadAction(Action.DECLINE, reason="budget"), at=at)
    await answer(told, source, open_one.id, at=AT + DAY)
    keeping = replace(told, rules=replace(told.rules, retention_months=6))
    at = datetime.fromisoformat("2027-05-23T03:00:00Z")

    nothing = await run_erasures(ports=told, at=at, budget=budget())
    ran = await run_erasures(ports=keeping, at=at, budget=budget())
    again = await run_erasures(ports=keeping, at=at + 4 * MINUTE, budget=budget())

    assert (nothing.retained, ran.retained, again.retained, again.done) == (0, 1, 0, 1)
    leads = await invariants.check(tables, partner)
    assert {one.id: one.erased_at for one in leads.values() if one.erased_at} == {old.id: at}
    (erasure,) = (await told.erasures.page(None, 9)).items
    assert (erasure.kind, erasure.by.id, erasure.of_partner) == (ErasureKind.RETENTION, "run_erasures", partner)
    await run_timers(told, at)
    later = await run_erasures(ports=keeping, at=at + 20 * DAY, budget=budget())
    assert later.retained == 2, "the next day's look: the one declined later, and the one that had expired"


async def test_s4_a_copy_that_a_move_left_behind_is_named_until_it_is_deleted(deployment: Deployment) -> None:
    instance = await deployment.instance()
    source = await deployment.partner(instance.ports)
    partner = source.partner_id or ""
    mine = await submit(instance.ports, source, submission_body(Email=SPELLINGS[1]))
    await move(deployment, partner, FURTHER)

    asked = await erase(instance.ports, ADA)
    deleted = await mover(deployment, instance, partner, FURTHER).delete_left()
    again = await erase(instance.ports, ADA, ASKED + 5 * MINUTE)

    assert [(one.kind, one.partner_id, one.name) for one in asked.erasure.left] == [(LeftKind.COPY, partner, None)]
    assert deleted
    assert again.erasure.left == ()
    leads = await invariants.check(instance.tables, partner)
    assert [lead.id for lead in leads.values() if lead.erased_at] == [mine.lead_id]
