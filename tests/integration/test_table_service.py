"""The lean client of Table Storage: pages, keys and signatures, on Azurite (decision 16)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas

from local.azurite import ACCOUNT, KEY, Azurite
from shared import clock
from shared.storage import keys
from shared.storage.errors import is_race, is_table_missing, is_unavailable
from shared.storage.rest.wire import Refused, Write
from shared.storage.tables import Account, Tables
from tests.azurite_by_identity import Identity, account, start

ODD = "it's a key|with ö, %25, +, =, &, $ and \U0001f600"


async def count(tables: Tables, top: int | None, rows: int) -> list[int]:
    """The rows of each page of a partition, read to its end."""
    table, token, found = tables[keys.LEADS], None, []
    while True:
        page = await table.page("PartitionKey eq 'many'", top, ["RowKey"], token)
        found.append(len(page.rows))
        token = page.token
        if token is None:
            assert sum(found) == rows
            return found


async def test_ranges_are_read_to_their_end(tables: Tables) -> None:
    table = tables[keys.LEADS]
    for start_at in range(0, 1_050, 50):
        made = [{"PartitionKey": "many", "RowKey": f"{n:04}"} for n in range(start_at, start_at + 50)]
        await table.transact([Write.insert(row) for row in made])
    assert await count(tables, 500, 1_050) == [500, 500, 50]
    assert await count(tables, None, 1_050) == [1_000, 50]
    rows = await table.rows("PartitionKey eq 'many'")
    assert [row["RowKey"] for row in rows] == [f"{n:04}" for n in range(1_050)]
    assert all(row.tag and row.written_at for row in rows)
    assert await table.rows("PartitionKey eq 'none'") == []


async def test_keys_and_texts_of_any_kind_come_back(tables: Tables) -> None:
    table = tables[keys.LEADS]
    key = {"PartitionKey": "p'", "RowKey": ODD}
    row = key | {"text": "\u2028 'quoted' \x1f", "raw": bytes(range(256)), "yes": False, "n": -7}
    tag = await table.write(Write.insert(row))
    found = await table.get("p'", ODD)
    assert (found, found.tag) == (row, tag)
    assert await table.get("p'", ODD, ["n"]) == {"n": -7}
    await table.transact([Write.merge(key | {"n": 8}, tag)])
    merged = await table.get("p'", ODD)
    assert merged == row | {"n": 8}
    with pytest.raises(Refused) as caught:
        await table.transact([Write.insert(key | {"RowKey": "new"}), Write.replace(row, tag)])
    assert (caught.value.status_code, caught.value.index, is_race(caught.value)) == (412, 1, True)
    assert await table.rows("PartitionKey eq 'p''' and RowKey eq 'new'") == [], "all or nothing"
    assert await table.write(Write.delete(key)) == ""
    assert await table.write(Write.delete(key)) == "", "gone is gone"
    with pytest.raises(ResourceNotFoundError):
        await table.write(Write.delete(key, merged.tag))


async def test_a_table_that_is_missing_is_told_from_a_row_that_is(tables: Tables) -> None:
    """Whatever is asked of it."""
    table, key = tables["Nowhere"], {"PartitionKey": "p", "RowKey": "r"}
    for attempt in (
        table.get("p", "r"),
        table.rows("PartitionKey eq 'p'"),
        table.write(Write.upsert(key)),
        table.write(Write.delete(key)),
        table.transact([Write.upsert(key)]),
    ):
        with pytest.raises(HttpResponseError) as caught:
            await attempt
        assert is_table_missing(caught.value)
        assert is_unavailable(caught.value)


@pytest.fixture
async def own(azurite: Azurite) -> AsyncIterator[Account]:
    made = Account(azurite.connection, None, None, AioHttpTransport(use_env_settings=False), {"retry_total": 0})
    yield made
    await made.close()


def _with(account: Account, connection: str) -> Tables:
    return Tables(replace(account, connection=connection))


async def test_a_wrong_key_is_a_defect_and_no_race(azurite: Azurite, own: Account) -> None:
    """Nobody is to look again, or to try later."""
    wrong = _with(own, azurite.connection.replace(KEY, "AAAA" + KEY[4:]))[keys.LEADS]
    for attempt in (
        wrong.rows("PartitionKey eq 'p'"),
        wrong.transact([Write.insert({"PartitionKey": "p", "RowKey": "r"})]),
    ):
        with pytest.raises(HttpResponseError) as caught:
            await attempt
        assert (caught.value.status_code, getattr(caught.value, "error_code", "")) == (403, "AuthorizationFailure")
        assert not is_race(caught.value)
        assert not is_unavailable(caught.value)


async def test_a_connection_string_may_hold_a_signature_in_place_of_the_key(
    azurite: Azurite, own: Account, tables: Tables
) -> None:
    signature = generate_account_sas(
        AzureNamedKeyCredential(ACCOUNT, KEY),
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, list=True),
        clock.now() + timedelta(hours=1),
    )
    endpoint = f"TableEndpoint=http://127.0.0.1:{azurite.ports['table']}/{ACCOUNT};"
    await tables[keys.LEADS].write(Write.insert({"PartitionKey": "sas", "RowKey": "r"}))
    there = Account(f"{endpoint}SharedAccessSignature={signature}", None, None, own.transport, own.retries)
    name = tables[keys.LEADS].name
    assert len(await Tables(there, name.removesuffix(keys.LEADS))[keys.LEADS].rows("PartitionKey eq 'sas'")) == 1


def test_a_connection_string_without_either_says_so() -> None:
    bare = Account("TableEndpoint=http://127.0.0.1:1/x", None, None, object(), {})
    with pytest.raises(ValueError, match="names no key"):
        _ = bare.service


async def test_one_token_serves_many_requests_and_a_wrong_one_none(tmp_path: Path) -> None:
    running, cert_file = start(tmp_path)
    with running:
        by_key = Tables(account(running, cert_file, by_key=True))
        await by_key.create()
        await by_key.close()
        named = account(running, cert_file, by_key=False)
        tables = Tables(named)
        for n in range(3):
            await tables[keys.LEADS].transact([Write.insert({"PartitionKey": "p", "RowKey": str(n)})])
        assert len(await tables[keys.LEADS].rows("PartitionKey eq 'p'")) == 3
        identity: Any = named.identity
        assert identity.asked == 1
        strange = Tables(replace(named, identity=_Stranger()))  # type: ignore[arg-type] # a credential by what it does
        with pytest.raises(HttpResponseError) as caught:
            await strange[keys.LEADS].get("p", "0")
        assert caught.value.status_code in (401, 403)
        assert not is_unavailable(caught.value)
        await tables.close()


class _Stranger(Identity):
    audience = "https://management.azure.com"
