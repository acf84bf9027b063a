"""A backup is a copy of the tables, and a copy with `reconcile` is a system that goes on (docs/operations.md)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.data.tables import EdmType, EntityProperty
from pydantic import SecretStr

from local.azurite import MARKETPLACE, Azurite
from shared import app
from shared.domain.erasure import ErasureKind
from shared.domain.lead import Status
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.dispatch import DispatchState
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports.blobs import Blobs
from shared.storage.tables import Tables, connect
from shared.usecases.leads.record_due import run_due
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.upkeep.erase import Wanted, ask_for_erasure, run_erasures
from shared.usecases.upkeep.reconcile import reconcile
from tests.builders import ANN, AT, DAY, submission_body, unique
from tests.fakes.delivery import FakeReceivers
from tests.steps import answer, budget, submit
from tools.copy_tables import COPIED, PASSES, copy_table, copy_until_still, main

HOOK = "a" * 16


@pytest.fixture
async def backup(azurite: Azurite, settings: Settings) -> AsyncIterator[Tables]:
    """The tables of another account; nothing is in it."""
    other = settings.model_copy(update={"storage_connection": SecretStr(azurite.connection_of(MARKETPLACE))})
    made = connect(other)
    yield made
    await made.close()


def arguments(azurite: Azurite, settings: Settings, *more: str) -> list[str]:
    """The command that makes the backup."""
    sides = ["--from-connection", azurite.connection, "--to-connection", azurite.connection_of(MARKETPLACE)]
    return [*sides, "--from-prefix", settings.table_prefix, "--to-prefix", settings.table_prefix, *more]


async def begin(ports: Ports) -> tuple[LeadSource, list[str]]:
    partner = unique()
    source = LeadSource(new_source_id(), partner, "Marketplace", AT)
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    hook = Webhook(HOOK, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    await ports.webhooks.put(partner, hook, None)
    return source, [(await submit(ports, source, submission_body(Company=f"{n}"))).lead_id for n in range(4)]


async def rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    return [dict(row) async for row in tables.sdk(name).list_entities()]


async def test_a_copy_and_reconcile_are_a_system_that_goes_on(
    azurite: Azurite,
    settings: Settings,
    ports: Ports,
    tables: Tables,
    files: Blobs,
    backup: Tables,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, leads = await begin(ports)
    partner = source.partner_id or ""
    await answer(ports, source, leads[0], at=AT + DAY)
    assert await main(arguments(azurite, settings, "--mirror")) == 0
    said = capsys.readouterr().out
    assert all(f"{name}: " in said for name in COPIED)
    assert not any(word in said for word in (partner, "northwind"))
    for name in COPIED:
        assert await rows(backup, name) == await rows(tables, name)

    # The account is lost. What the agenda held is not in the copy.
    await backup.create()
    restored = replace(app.build(settings, backup, files).ports, receivers=FakeReceivers())
    assert await restored.agenda.oldest("expire", AT + 100 * DAY) is None
    later = AT + 2 * DAY
    while (await reconcile(ports=restored, at=later, budget=budget())).repaired:
        pass
    await deliver_events(ports=restored, now=lambda: later, budget=budget())
    told = await restored.lanes.page(partner, HOOK, DispatchState.DELIVERED, None, 50)
    assert {one.subject for one in told[0]} == set(leads)
    ended = AT + 15 * DAY
    assert (await run_due(ports=restored, kind="expire", at=ended, budget=budget())).failed == 0
    status = {one: (await restored.leads.get(partner, one)).lead.status for one in leads}  # type: ignore[union-attr]
    assert status == {leads[0]: Status.ACCEPTED, **dict.fromkeys(leads[1:], Status.ARCHIVED)}


async def test_s4_what_was_erased_since_the_copy_was_made_is_erased_again_after_a_restore(
    azurite: Azurite, settings: Settings, ports: Ports, tables: Tables, files: Blobs, capsys: pytest.CaptureFixture[str]
) -> None:
    source, leads = await begin(ports)
    partner = source.partner_id or ""
    ada = submission_body(Email="Ada@Analytical.example", Country="SE")
    hers = (await submit(ports, source, ada)).lead_id
    there = azurite.connection_of(MARKETPLACE)
    out = ["--from-connection", azurite.connection, "--to-connection", there]
    monday, tuesday, restored = (settings.table_prefix + day for day in ("mon", "tue", "new"))
    assert await main([*out, "--from-prefix", settings.table_prefix, "--to-prefix", monday, "--mirror"]) == 0
    for wanted in (Wanted(ErasureKind.EMAIL, "ada@analytical.example"), Wanted(ErasureKind.EMAIL, "eve@x.example")):
        await ask_for_erasure(ports=ports, wanted=wanted, by=ANN, at=AT + DAY, budget=budget())
    for minute in (2, 4, 6):
        await run_erasures(ports=ports, at=AT + DAY + minute * timedelta(minutes=1), budget=budget())
    assert await main([*out, "--from-prefix", settings.table_prefix, "--to-prefix", tuesday, "--mirror"]) == 0

    back = ["--from-connection", there, "--to-connection", azurite.connection, "--to-prefix", restored]
    capsys.readouterr()
    assert await main([*back, "--from-prefix", monday, "--erasures-prefix", tuesday]) == 0

    assert "2 erasures will be applied again by run_erasures" in capsys.readouterr().out
    new = settings.model_copy(update={"table_prefix": restored})
    made = connect(new)
    await made.create()
    again = app.build(new, made, files).ports
    assert (await again.leads.get(partner, hers)).lead.customer.email  # type: ignore[union-attr]
    for minute in (1, 3, 5):
        ran = await run_erasures(ports=again, at=AT + 3 * DAY + minute * timedelta(minutes=1), budget=budget())
        assert ran.failed == 0
    lead = (await again.leads.get(partner, hers)).lead  # type: ignore[union-attr]
    assert (lead.customer.email, lead.do_not_contact, lead.erased_at) == (
        None,
        True,
        AT + 3 * DAY + timedelta(minutes=1),
    )
    for name in COPIED:
        assert not [row for row in await rows(made, name) if "ada@analytical" in str(row).casefold()]
    assert [one.has_ended for one in (await again.erasures.page(None, 9)).items] == [True, True]
    assert (await again.leads.get(partner, leads[0])).lead.erased_at is None  # type: ignore[union-attr]
    await made.close()


async def test_what_changed_meanwhile_is_caught_up_with(ports: Ports, tables: Tables, backup: Tables) -> None:
    ports = replace(ports, receivers=FakeReceivers())
    source, leads = await begin(ports)
    here, there = tables.sdk(keys.LEADS), backup.sdk(keys.LEADS)
    await there.create_table()
    first = await copy_table(here, there, mirror=True)
    assert (first.rows, first.deleted) == (first.written, 0)
    # Its copy among the open ones goes, its history grows.
    await answer(ports, source, leads[0], at=AT + timedelta(hours=1))
    await deliver_events(ports=ports, now=lambda: AT + timedelta(hours=2), budget=budget())
    passes = await copy_until_still(here, there, mirror=True)
    assert (passes[0].written > 0, passes[0].deleted > 0) == (True, True)
    assert [(one.written, one.deleted) for one in passes[1:]] == [(0, 0)]
    assert await rows(backup, keys.LEADS) == await rows(tables, keys.LEADS)


async def test_without_mirror_nothing_is_deleted(tables: Tables, backup: Tables) -> None:
    here, there = tables.sdk(keys.LOOKUP), backup.sdk(keys.LOOKUP)
    await there.create_table()
    ours = {
        "PartitionKey": "a",
        "RowKey": "\uff5e",
        "text": "ours",
        "large": EntityProperty(2**40, EdmType.INT64),
        "at": AT,
    }
    await here.create_entity(ours)
    await here.create_entity({"PartitionKey": "a", "RowKey": "\U0001f600", "text": "ours"})
    await there.create_entity({"PartitionKey": "a", "RowKey": "\uff5e", "text": "theirs"})
    await there.create_entity({"PartitionKey": "b", "RowKey": "new", "text": "theirs"})
    passes = await copy_until_still(here, there, mirror=False)
    assert [(one.written, one.deleted) for one in passes] == [(2, 0), (0, 0)]
    assert [row["text"] for row in await rows(backup, keys.LOOKUP)] == ["ours", "ours", "theirs"]
    assert (await there.get_entity("a", "\uff5e"))["large"] == (await here.get_entity("a", "\uff5e"))["large"]


async def test_what_never_rests_is_said(
    azurite: Azurite, settings: Settings, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools import copy_tables

    changes = iter(range(1000))

    async def busy(*given: Any, mirror: bool) -> Any:
        await tables.sdk(keys.LEADS).upsert_entity({"PartitionKey": "p", "RowKey": "r", "n": next(changes)})
        return await copy_table(*given, mirror=mirror)

    monkeypatch.setattr(copy_tables, "copy_table", busy)
    assert await main(arguments(azurite, settings)) == 1
    assert next(changes) >= PASSES


async def test_a_source_that_is_not_there_or_has_nothing_takes_nothing_away(
    azurite: Azurite,
    settings: Settings,
    ports: Ports,
    tables: Tables,
    backup: Tables,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await begin(ports)
    there = await rows(tables, keys.LEADS)
    swapped = ["--from-connection", azurite.connection_of(MARKETPLACE), "--to-connection", azurite.connection]
    named = ["--from-prefix", settings.table_prefix, "--to-prefix", settings.table_prefix, "--mirror"]
    assert await main([*swapped, *named]) == 1
    assert "There is no table" in capsys.readouterr().err
    await backup.create()
    assert await main([*swapped, *named]) == 1
    assert "is empty" in capsys.readouterr().err
    assert await rows(tables, keys.LEADS) == there


async def test_both_sides_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        await main(["--from-account", "a"])
    assert "--to-account" in capsys.readouterr().err


async def test_a_further_account_has_the_tables_of_partners_only(
    azurite: Azurite,
    settings: Settings,
    ports: Ports,
    tables: Tables,
    backup: Tables,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await begin(ports)
    assert await main(arguments(azurite, settings, "--of-partners")) == 0
    said = capsys.readouterr().out
    assert [line.partition(":")[0] for line in said.splitlines()] == list(keys.OF_PARTNERS)
    assert await rows(backup, keys.LEADS) == await rows(tables, keys.LEADS)
