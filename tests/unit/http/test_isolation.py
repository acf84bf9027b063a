"""Every route and every screen for every caller, as `who_may` has it by hand: nobody sees or changes what is another's.

Whoever is refused has changed nothing, and neither partner is ever shown a word of the other's.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import jwt
import pytest

from local.issuer import AUDIENCE, KEY_ID, Issuer
from shared import clock
from shared.http.problems import STATUS
from shared.pages.index import OPERATORS, SCREENS
from tests.builders import AT, DAY, submission_body
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply, served
from tests.unit.http import who_may
from tests.unit.http.two_partners import (
    BASE,
    MARKS,
    OPERATOR,
    Snapshot,
    Things,
    is_as,
    make,
    put_back,
    snapshot,
    suspend,
)

EVERYTHING = "Partner.Admin,Sender,Operator"
CONTOSO = {
    "user": ("Leads.User",),
    "admin": ("Leads.Admin",),
    "prof": ("Profile.Admin",),
    "part": ("Partner.Admin",),
    "send": ("Sender",),
    "none": ("", "Operator", "leads.admin", "Owner"),
}
FABRIKAM = {"any": ("Leads.User", "Leads.Admin", "Profile.Admin", "Partner.Admin", "Operator", ""), "send": ("Sender",)}
THE_OPERATORS = {
    "oper": ("Operator",),
    "send": ("Sender",),
    "any": ("", "Leads.User", "Leads.Admin", "Profile.Admin", "Partner.Admin"),
}
TOLD_TO_ALL = ("ask_unsubscribe", "unsubscribe")
"""Whoever has the link of a mail is told whose address it is."""
JSON = {"content-type": "application/json"}
CODES = {"401": "unauthenticated", "403": "accessDenied", "404": "notFound", "stop": "partnerSuspended"}


@dataclass(frozen=True)
class Asking:
    """Somebody who calls: `tenant` '' for nobody at all."""

    column: str
    tenant: str
    roles: str

    def __str__(self) -> str:
        return f"{self.column} ({self.roles or 'no role'})"


CALLERS = (
    *(Asking(f"own {column}", "contoso", role) for column, roles in CONTOSO.items() for role in roles),
    *(Asking(f"fabrikam {column}", "fabrikam", role) for column, roles in FABRIKAM.items() for role in roles),
    *(Asking(f"operator {column}", "operator", role) for column, roles in THE_OPERATORS.items() for role in roles),
    Asking("stop", "contoso", "Partner.Admin,Sender"),
    *(Asking("unkn", "nobody", roles) for roles in ("", EVERYTHING)),
    Asking("anon", "", ""),
)
COLUMNS = tuple(dict.fromkeys(one.column for one in CALLERS))
CROSSED = (Asking("crossed fabrikam", "fabrikam", EVERYTHING), Asking("crossed operator", "operator", "Operator"))


def lines(table: str, columns: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The cells of each line, by column."""
    found: dict[str, dict[str, str]] = {}
    for line in table.splitlines()[3:]:
        if line.strip():
            name, *cells = line.replace("|", " ").split()
            assert name not in found, f"{name} has two lines"
            found[name] = dict(zip(columns, cells, strict=True))
    return found


ROUTES = lines(who_may.ROUTES, (*COLUMNS, *(one.column for one in CROSSED)))
SEEN = lines(who_may.SCREENS, COLUMNS)
KEYS = lines(re.sub(r"(\w|,) (\w)", r"\1_\2", who_may.KEYS), ("receive_lead", "search_directory", "show_directory"))


def test_every_route_and_every_screen_has_a_line() -> None:
    assert set(ROUTES) == {function.name for _, function in served()}
    assert set(SEEN) == {one.route.function for one in (*SCREENS, *OPERATORS)}
    assert set(who_may.REQUESTS) <= set(ROUTES)
    assert set(who_may.STANDS_ON) <= set(ROUTES) | set(SEEN)


@dataclass(frozen=True)
class World:
    """What both partners have, on this test's ports."""

    api: InProcess
    ports: FakePorts
    things: dict[str, Things]
    kept: Snapshot

    def address(self, name: str, template: str) -> str:
        """Where contoso's thing is."""
        stands = who_may.STANDS_ON.get(name, {})
        mine = self.things["contoso"]
        return "/" + re.sub(r"\{\*?(\w+)\}", lambda found: mine[stands.get(found[1], found[1])], template)

    def request(self, name: str) -> who_may.Request:
        """What goes with it."""
        query, body, headers = who_may.REQUESTS.get(name, who_may.NOTHING)
        return (
            self.filled(query),
            body if isinstance(body, bytes) else json.loads(self.filled(json.dumps(body))),
            headers,
        )

    def filled(self, text: str) -> str:
        mine = self.things["contoso"]
        return re.sub(r"\{(\w+)\}", lambda found: mine[found[1]], text)


_made: list[tuple[dict[str, Things], Snapshot]] = []


@pytest.fixture
async def world(api: InProcess, ports: FakePorts) -> World:
    """Both partners; made once, since sixty tests want it."""
    if not _made:
        things = await make(api, ports)
        _made.append((things, snapshot(ports)))
    things, kept = _made[0]
    put_back(ports, kept)
    return World(api, ports, things, snapshot(ports))


_tokens: dict[tuple[str, str, bool], str] = {}


def token(issuer: Issuer, tenant: str, roles: str, *, is_service: bool) -> str:
    """A person's token, or a service's: that is the application itself, and has neither name nor address."""
    key = tenant, roles, is_service
    if key not in _tokens:
        claims: dict[str, Any] = {
            "iss": issuer.template.replace("{tid}", tenant),
            "aud": AUDIENCE,
            "tid": tenant,
            "oid": "ann",
            "azp": "local",
            "nbf": int(AT.timestamp()),
            "exp": int((AT + DAY).timestamp()),
        }
        claims |= {"idtyp": "app", "sub": "ann"} if is_service else {"name": "Ann", "email": "ann@contoso.example"}
        claims |= {"roles": roles.split(",")} if roles else {}
        _tokens[key] = jwt.encode(claims, issuer._key, algorithm="RS256", headers={"kid": KEY_ID})
    return _tokens[key]


def signed_in(issuer: Issuer, asking: Asking) -> Iterator[dict[str, str]]:
    """The headers of a person, and of a service."""
    if not asking.tenant:
        yield from (
            {},
            {"authorization": "Bearer"},
            {"x-ms-client-principal": "e30=", "x-ms-client-principal-id": "ann"},
        )
        return
    for is_service in (False, True):
        yield {"authorization": f"Bearer {token(issuer, asking.tenant, asking.roles, is_service=is_service)}"}


def fault(reply: Reply, asking: Asking, name: str, cell: str) -> str:
    """What is wrong with an answer, by its cell; '' when nothing is."""
    code = reply.headers.get("x-ms-error-code")
    if cell == "+" and not 200 <= reply.status < 400:
        return f"is answered {reply.status} {code}: {reply.text[:500]}"
    if cell != "+" and (code, reply.status) != (CODES[cell], STATUS[CODES[cell]]):
        return f"is answered {reply.status} {code}, not {cell}: {reply.text[:500]}"
    if cell != "+" and re.search(r"Traceback|\.py\b|line \d+, in", reply.text):
        return f"shows what it is made of: {reply.text}"
    for partner, mark in MARKS.items() if name not in TOLD_TO_ALL else ():
        if asking.tenant not in (partner, "operator") and mark.casefold() in reply.text.casefold():
            return f"shows what is {partner}'s: {reply.text}"
    return ""


async def faults(
    world: World, issuer: Issuer, asking: Asking, name: str, path: str, methods: frozenset[str], cell: str
) -> list[str]:
    """What is wrong with one cell, however it is asked for."""
    found, (query, body, headers) = [], world.request(name)
    told = {**JSON, **headers} if body is not None else headers
    for method in sorted(methods):
        for who in signed_in(issuer, asking):
            reply = await world.api.call(method, path + query, body, headers=told | who)
            wrong = fault(reply, asking, name, cell)
            if not is_as(world.ports, world.kept):
                wrong = wrong or ("" if cell == "+" else "was refused, and changed something")
                put_back(world.ports, world.kept)
            if wrong:
                found.append(f"{name}: {method} {path} for {asking} {wrong}")
    return found


@pytest.mark.parametrize("asking", CALLERS, ids=str)
async def test_s1_who_may_call_which_route(world: World, issuer: Issuer, asking: Asking) -> None:
    if asking.column == "stop":
        world = await suspended(world)
    found = []
    for route, function in served():
        name, template = function.name, str(function.trigger["route"])
        if name != "show_screen":
            path, cell = world.address(name, template), ROUTES[name][asking.column]
            found += await faults(world, issuer, asking, name, path, route.methods, cell)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("asking", CALLERS, ids=str)
async def test_u1_who_is_shown_which_screen(world: World, issuer: Issuer, asking: Asking) -> None:
    if asking.column == "stop":
        world = await suspended(world)
    found = []
    for name, line in SEEN.items():
        cell = line[asking.column]
        if asking.column == "fabrikam any" and asking.roles != "Partner.Admin":
            # The line says what fabrikam's people with every role see; with fewer they see no more.
            continue
        path = world.address(name, f"ui/{name}")
        found += await faults(world, issuer, asking, name, path, frozenset({"GET", "HEAD"}), cell)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("asking", CROSSED, ids=str)
async def test_s1_what_is_one_partners_is_not_below_anothers_path(world: World, issuer: Issuer, asking: Asking) -> None:
    found = []
    for route, function in served():
        name, template = function.name, str(function.trigger["route"])
        cell = ROUTES[name][asking.column]
        parts = set(re.findall(r"\{(\w+)\}", template))
        # An offer's id may be put by whoever has a right to it, which is not a question of where it is.
        assert (cell == "-") == (len(parts) < 2 or "partnerId" not in parts or name == "put_offer"), name
        if cell != "-":
            path = world.address(name, template.replace("{partnerId}", "fabrikam"))
            found += await faults(world, issuer, asking, name, path, route.methods, cell)
    assert not found, "\n".join(found)


async def test_s1_bulk_actions_and_pages_of_one_partner_are_nothing_to_another(world: World, issuer: Issuer) -> None:
    api, contoso, fabrikam = world.api, world.things["contoso"], world.things["fabrikam"]
    others: dict[str, Any] = {"as_": "Partner.Admin,Sender", "tenant": "fabrikam"}
    for verb in ("dismiss", "restore"):
        ids = {"ids": [contoso["notificationId"], contoso["dismissed"]]}
        reply = await api.call("POST", f"/partners/fabrikam/notifications/{verb}", ids, **others)
        assert reply.status == 204
        assert {key: gone for key, gone in world.ports.preferences.gone.items() if gone} == {
            (partner, "ann"): {things["dismissed"]} for partner, things in world.things.items()
        }
    own: dict[str, Any] = {"as_": "Partner.Admin,Sender"}
    pages = {
        "leads": "leads?top=1",
        "history": f"leads/{contoso['accepted']}/history?top=1",
        "notifications": "notifications?top=1",
        "exports": "exports?top=1",
        "deliveries": f"webhooks/{contoso['webhookId']}/deliveries?top=1",
    }
    await api.call("POST", f"/partners/contoso/webhooks/{contoso['webhookId']}/test", None, **own)
    for path in pages.values():
        link = (await api.call("GET", f"/partners/contoso/{path}", None, **own)).json["nextLink"].removeprefix(BASE)
        assert (await api.call("GET", link, None, **own)).status == 200
        theirs = link.replace("contoso", "fabrikam")
        for name in ("accepted", "webhookId"):
            theirs = theirs.replace(contoso[name], fabrikam[name])
        assert (await api.call("GET", theirs, None, **others)).status == 400, path
        assert (await api.call("GET", link, None, as_="Partner.Admin", user="bob")).status == 400, path
    made = await api.call("POST", "/partners/contoso/exports", {}, **own)
    since = {"since": made.json["nextSince"]}
    assert (await api.call("POST", "/partners/contoso/exports", since, **own)).status == 202
    assert (await api.call("POST", "/partners/fabrikam/exports", since, **others)).status == 400


@pytest.mark.parametrize("name", KEYS)
async def test_s2_which_key_opens_what(world: World, name: str) -> None:
    api, contoso, fabrikam = world.api, world.things["contoso"], world.things["fabrikam"]
    clock.offset = DAY if name == "rotated_away" else timedelta()
    if name == "rotated_away":
        clock.offset = timedelta()
        path = f"/partners/contoso/sources/{contoso['rotatedId']}/rotate"
        assert (await api.call("POST", path, **OPERATOR)).status == 200
        clock.offset = DAY
    source_id, key = {
        "none": (contoso["sourceId"], ""),
        "wrong": (contoso["sourceId"], "x" * 43),
        "contoso's": (contoso["sourceId"], contoso["key"]),
        "fabrikam's": (contoso["sourceId"], fabrikam["key"]),
        "deleted": (contoso["deletedId"], contoso["deletedKey"]),
        "rotated_away": (contoso["rotatedId"], contoso["rotatedKey"]),
        "a_table's": (contoso["tableSourceId"], contoso["tableKey"]),
        "a_directory's": (contoso["sourceId"], contoso["directoryKey"]),
        "a_directory's,_cut": (contoso["sourceId"], contoso["directoryKey"][:-1]),
    }[name]
    body = submission_body(Company="Northwind")
    for door, method, path, sent in (
        ("receive_lead", "POST", f"/intake/{source_id}", body),
        ("search_directory", "GET", "/directory", None),
        ("show_directory", "GET", "/directory/page", None),
    ):
        nobody = Asking("anon", "", "")
        for headers, query in (({"x-source-key": key}, ""), ({}, f"?key={key}")):
            before = snapshot(world.ports)
            reply = await api.call(method, path + query, sent, headers=headers)
            assert not fault(reply, nobody, door, KEYS[name][door]), (door, headers)
            assert KEYS[name][door] == "+" or is_as(world.ports, before)


async def suspended(world: World) -> World:
    """The same, while contoso may not work."""
    await suspend(world.ports, "contoso")
    return replace(world, kept=snapshot(world.ports))
