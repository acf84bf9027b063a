"""The routes of exports on ports in memory: answers, tokens and every documented error."""

from dataclasses import replace
from typing import Any

import pytest

from shared import app, clock
from tests.builders import DAY
from tests.exports import SPENT, in_small_blocks
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead


async def export(api: InProcess, body: Any = None, **options: Any) -> Reply:
    return await api.call("POST", f"{P}/exports", body or {}, as_="Leads.Admin", **options)


async def test_an_export_is_answered_with_its_address_its_rows_and_a_link(api: InProcess, door: str) -> None:
    await post_lead(api, door)
    reply = await export(api, {"filter": {"tab": "marketplace", "status": "received,accepted"}, "orderBy": "company"})
    assert reply.status == 202
    url = reply.headers["Operation-Location"]
    assert url == f"http://localhost:7071/api{P}/exports/{reply.json['id']}"
    assert "Retry-After" not in reply.headers
    shown = reply.json
    assert shown.pop("url").startswith(f"https://files.example/contoso/{shown['id']}/leads.csv")
    assert shown.pop("nextSince")
    assert shown == {
        "id": shown["id"],
        "state": "succeeded",
        "progress": {"rows": 1, "total": 1},
        "filter": {"tab": "marketplace", "status": ["accepted", "received"]},
        "orderBy": "company asc",
        "urlProblem": None,
        "format": "csv",
        "columns": None,
        "headings": "names",
        "cells": "spreadsheet",
        "urlExpiresDateTime": "2026-11-21T21:04:27.123Z",
        "createdDateTime": "2026-11-21T20:04:27.123Z",
        "endedDateTime": "2026-11-21T20:04:27.123Z",
        "error": None,
    }
    path = url.removeprefix("http://localhost:7071/api")
    assert (await api.call("GET", path, as_="Leads.Admin")).json["state"] == "succeeded"
    assert (await api.call("POST", f"{path}/link", as_="Leads.Admin")).json["url"]
    refused = await api.call("POST", f"{path}/cancel", as_="Leads.Admin")
    assert (refused.status, refused.error["code"]) == (409, "conflict")
    listed = await api.call("GET", f"{P}/exports?top=1", as_="Leads.Admin")
    assert [one["id"] for one in listed.json["value"]] == [shown["id"]]
    # Another partner's export is not there, and the operator reads it.
    assert (await api.call("GET", path, as_="Leads.Admin", tenant="fabrikam")).status == 404
    assert (await api.call("GET", path, as_="Operator", tenant="operator")).status == 200


async def test_one_that_goes_on_says_when_to_ask_again(
    api: InProcess, ports: FakePorts, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        await post_lead(api, door, Title=str(n))
    slow = in_small_blocks(ports, request_seconds=0)
    app.use(replace(app.current(), ports=slow))
    monkeypatch.setattr(clock, "stopwatch", lambda: SPENT.spent)
    reply = await export(api)
    assert (reply.status, reply.json["state"], reply.json["progress"]["total"]) == (202, "running", None)
    assert reply.headers["Retry-After"] == "5"
    assert reply.json["url"] is None
    path = f"{P}/exports/{reply.json['id']}"
    assert (await api.call("GET", path, as_="Leads.Admin")).headers["Retry-After"] == "5"
    no_file = await api.call("POST", f"{path}/link", as_="Leads.Admin")
    assert (no_file.status, no_file.error["target"]) == (409, "state")
    assert (await api.call("POST", f"{path}/cancel", as_="Leads.Admin")).json["state"] == "cancelled"
    assert ports.files.files == {}


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({"filter": {"tab": "all", "status": ["open"], "city": 1}}, {"filter.tab", "filter.status.0", "filter.city"}),
        ({"orderBy": "size", "format": "xlsx", "filters": {}}, {"orderBy", "format", "filters"}),
        ({"orderBy": ["company"]}, {"orderBy"}),
        ({"since": "AAAA"}, {"since"}),
        ({"columns": ["Id", "City", 1]}, {"columns.1", "columns.2"}),
        ({"columns": []}, {"columns"}),
        ({"headings": "de", "cells": "plain"}, {"headings", "cells"}),
        ({"format": "jsonl", "headings": "labels", "cells": "spreadsheet"}, {"headings", "cells"}),
        ({"since": "x" * 3000}, {"since"}),
        ([], {None}),
    ],
)
async def test_every_field_at_fault_is_named(api: InProcess, door: str, body: Any, targets: set[str]) -> None:
    reply = await export(api, body if body != [] else b"[]")
    assert reply.status == 400
    assert reply.targets == targets


async def test_a_since_token_is_bound_to_partner_and_filter_and_favorites_to_the_person(
    api: InProcess, door: str
) -> None:
    await post_lead(api, door)
    token = (await export(api, {"filter": {"status": "received"}})).json["nextSince"]
    body = {"filter": {"status": "received"}, "since": token}
    assert (await export(api, body)).status == 202
    assert (await export(api, {**body, "format": "jsonl", "orderBy": "company"}, user="bob")).status == 202
    for other in ({}, {"status": "accepted"}, {"status": "received", "tab": "marketplace"}):
        reply = await export(api, {**body, "filter": other})
        assert (reply.status, reply.targets) == (400, {"since"})
    mine = (await export(api, {"filter": {"tab": "favorites"}})).json["nextSince"]
    body = {"filter": {"tab": "favorites"}, "since": mine}
    assert (await export(api, body)).status == 202
    assert (await export(api, body, user="bob")).status == 400


async def file_of(api: InProcess, ports: FakePorts, body: Any, **options: Any) -> tuple[Any, str]:
    """An export as it is shown, and its file."""
    reply = await export(api, body, **options)
    assert reply.status == 202, reply.text
    (content,) = [one for name, one in ports.files.files.items() if reply.json["id"] in name]
    return reply.json, content.decode()


async def test_x3_columns_headings_and_cells_are_the_callers(api: InProcess, ports: FakePorts, door: str) -> None:
    await post_lead(api, door, Description="=1+1")
    chosen = {"columns": ["email", "Notes", "ID", "Email"], "headings": "labels", "cells": "raw"}
    shown, file = await file_of(api, ports, chosen, headers={"Accept-Language": "de"})
    assert shown["columns"] == ["Email", "Notes", "Id"]
    assert (shown["headings"], shown["cells"]) == ("labels", "raw")
    head, row = file.removeprefix("\ufeff").splitlines()
    assert head == '"E-Mail","Nachricht","Lead-ID"'
    assert row.startswith('"ada.berg@northwind.example","=1+1","m')
    shown, file = await file_of(
        api, ports, {"format": "jsonl", "columns": ["Notes"], "headings": "names", "cells": "raw"}
    )
    assert (shown["cells"], file) == ("raw", '{"Notes":"=1+1"}\n')


async def test_x3_a_sync_of_chosen_columns_says_what_is_gone(api: InProcess, ports: FakePorts, door: str) -> None:
    lead_id = await post_lead(api, door)
    wanted = {"filter": {"status": "received"}}
    since = (await export(api, wanted)).json["nextSince"]
    refused = await export(api, {**wanted, "since": since, "columns": ["Id", "Email"]})
    assert (refused.status, refused.targets) == (400, {"columns"})
    await api.call(
        "POST", f"{P}/leads/{lead_id}/decline", {"reason": "budget"}, as_="Leads.Admin", headers={"If-Match": "*"}
    )
    _, file = await file_of(api, ports, {**wanted, "since": since, "columns": ["Removed", "Id"]})
    assert file.removeprefix("\ufeff").splitlines() == ['"Removed","Id"', f'"true","{lead_id}"']


async def test_the_eleventh_under_way_is_told_to_wait(
    api: InProcess, ports: FakePorts, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        await post_lead(api, door, Title=str(n))
    app.use(replace(app.current(), ports=in_small_blocks(ports, request_seconds=0)))
    monkeypatch.setattr(clock, "stopwatch", lambda: SPENT.spent)
    assert {(await export(api)).status for _ in range(10)} == {202}
    reply = await export(api)
    assert (reply.status, reply.error["code"]) == (429, "tooManyRequests")
    assert reply.headers["Retry-After"]


async def test_what_is_no_export_is_404_and_so_is_a_deleted_one(
    api: InProcess, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for export_id in ("x", "0" * 28, "0" * 27 + "'", f"{'0' * 28}%20"):
        assert (await api.call("GET", f"{P}/exports/{export_id}", as_="Leads.Admin")).status == 404
    made = (await export(api)).json["id"]
    monkeypatch.setattr(clock, "offset", 8 * DAY)
    from tests.exports import by_timer

    await by_timer(app.current().ports, clock.now())
    assert (await api.call("GET", f"{P}/exports/{made}", as_="Leads.Admin")).status == 404
