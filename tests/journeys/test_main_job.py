"""A lead arrives and is answered: over HTTP, on the local host, on real storage."""

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests import local_http
from tests.builders import CONTACT_ME, DEAL_BODY, ROOT, submission_body, unique
from tests.journeys.local_host import LocalHost, register

CANARY = "canary.person@northwind.example"


def test_a_marketplaces_real_post_is_listed_read_hearted_accepted_and_won(host: LocalHost) -> None:
    partner = unique("journey")
    intake = register(host, partner)
    raw = (ROOT / "docs" / "samples" / "contact-me.json").read_bytes()
    posted = local_http.post(intake, content=raw, headers={"Content-Type": "application/json"}, timeout=30)
    assert posted.status_code == 201
    lead = posted.json()["id"]
    assert posted.json() == {"id": lead, "status": "received", "duplicate": False}
    again = local_http.post(intake, content=raw, headers={"Content-Type": "application/json"}, timeout=30)
    assert (again.status_code, again.json()["id"], again.json()["duplicate"]) == (200, lead, True)
    with host.client("Leads.Admin", partner) as ann:
        path = f"/partners/{partner}/leads"
        listed = ann.get(path, params={"tab": "marketplace", "status": "received"}).json()
        assert [one["id"] for one in listed["value"]] == [lead]
        assert listed["value"][0]["isNew"] is True
        read = ann.get(f"{path}/{lead}")
        assert (read.headers["ETag"], read.json()["customer"]["phoneE164"]) == ('"1"', "+46812345678")
        assert (read.json()["phoneValidity"], read.json()["customer"]["country"]) == ("valid", "SE")
        assert ann.put(f"{path}/{lead}/favorite").status_code == 204
        taken = ann.post(f"{path}/{lead}/accept", json=DEAL_BODY, headers={"If-Match": '"1"'})
        assert (taken.status_code, taken.json()["status"], taken.json()["isFavorite"]) == (200, "accepted", True)
        edited = ann.patch(
            f"{path}/{lead}",
            content=json.dumps({"notes": "Called Ada."}),
            headers={"If-Match": '"2"', "Content-Type": "application/merge-patch+json"},
        )
        assert (edited.status_code, edited.headers["ETag"]) == (200, '"3"')
        won = ann.post(f"{path}/{lead}/win")
        assert (won.status_code, won.json()["outcome"]) == (200, "won")
        history = ann.get(f"{path}/{lead}/history").json()["value"]
        assert [one["type"] for one in history] == ["lead.won", "lead.updated", "lead.accepted", "lead.received"]
        assert [one["sequence"] for one in history] == [4, 3, 2, 1]
        favorites = ann.get(path, params={"tab": "favorites"}).json()["value"]
        assert [one["id"] for one in favorites] == [lead]
        late = ann.post(f"{path}/{lead}/accept", json=DEAL_BODY)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "invalidTransition")


def test_another_tenant_sees_nothing_and_nobody_enters_without_a_token(host: LocalHost) -> None:
    partner, other = unique("mine"), unique("other")
    intake = register(host, partner)
    register(host, other)
    lead = local_http.post(intake, json=CONTACT_ME, timeout=30).json()["id"]
    with host.client("Leads.Admin", other) as stranger:
        for path in (
            f"/partners/{partner}/leads",
            f"/partners/{partner}/leads/{lead}",
            f"/partners/{other}/leads/{lead}",
        ):
            assert stranger.get(path).status_code == 404
    bare = local_http.get(f"{host.url}/api/partners/{partner}/leads", timeout=30)
    assert bare.status_code == 401
    assert bare.headers["WWW-Authenticate"].startswith("Bearer")
    assert bare.headers["x-ms-request-id"]


def test_fifty_accepts_over_http_have_one_winner(host: LocalHost) -> None:
    partner = unique("race")
    intake = register(host, partner)
    lead = local_http.post(intake, json=CONTACT_ME, timeout=30).json()["id"]
    headers = {"Authorization": f"Bearer {host.token('Leads.Admin', partner)}"}
    url = f"{host.url}/api/partners/{partner}/leads/{lead}/accept"

    def accept(_: int) -> httpx.Response:
        return local_http.post(url, json=DEAL_BODY, headers=headers, timeout=60)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(accept, range(50)))
    assert sorted(one.status_code for one in answers) == [200] + [409] * 49
    details = {one.json()["error"]["details"][0]["code"] for one in answers if one.status_code == 409}
    assert details == {"lead.accepted"}
    history = local_http.get(url.replace("/accept", "/history"), headers=headers, timeout=30).json()["value"]
    assert [one["type"] for one in history] == ["lead.accepted", "lead.received"]


def test_fifty_identical_deliveries_over_http_are_one_lead(host: LocalHost) -> None:
    intake = register(host, unique("same"))

    def post(_: int) -> httpx.Response:
        return local_http.post(intake, json=CONTACT_ME, timeout=60)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    assert sorted(one.status_code for one in answers) == [200] * 49 + [201]
    assert len({one.json()["id"] for one in answers}) == 1


def test_bad_input_gets_a_documented_error_and_leaves_nothing(host: LocalHost) -> None:
    partner = unique("bad")
    intake = register(host, partner)
    bodies: list[tuple[bytes, int]] = [
        (b"{broken", 400),
        (b'{"UserDetails": []}', 400),
        (json.dumps({"UserDetails": {"FirstName": "x" * 1_000_000, "Email": "a@b.example"}}).encode(), 413),
        (b"", 400),
        (b"\x00", 400),
    ]
    for body, status in bodies:
        answer = local_http.post(intake, content=body, headers={"Content-Type": "application/json"}, timeout=30)
        assert answer.status_code == status
        assert answer.json()["error"]["code"] == ("payloadTooLarge" if status == 413 else "invalidRequest")
    hostile = b'{"UserDetails": {"FirstName": "A\\u0000\\ud800", "Email": "a@b.example", "Company": "\\u202eX"}}'
    kept = local_http.post(intake, content=hostile, headers={"Content-Type": "application/json"}, timeout=30)
    assert kept.status_code == 201
    with host.client("Leads.User", partner) as ann:
        (lead,) = ann.get(f"/partners/{partner}/leads").json()["value"]
        assert lead["customer"]["firstName"] == "A \ufffd"
        for strange in ("%2F", "a'b", "m%00", "..%2F..", "%E2%80%AE"):
            answer = ann.get(f"/partners/{partner}/leads/{strange}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "notFound")


@pytest.fixture
def chunked(host: LocalHost) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", host.port), 30) as raw:
        yield raw


def test_a_chunked_body_is_told_to_send_its_length(host: LocalHost, chunked: socket.socket) -> None:
    path = register(host, unique("chunked")).partition(str(host.port))[2]
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Transfer-Encoding: chunked"]
    chunked.sendall("\r\n".join([*head, "", ""]).encode() + b"2\r\n{}\r\n0\r\n\r\n")
    answer = ""
    while "Content-Length" not in answer:
        more = chunked.recv(65_536)
        assert more, answer
        answer += more.decode()
    assert answer.startswith("HTTP/1.1 400")


def test_a_wrong_method_is_405_and_an_unknown_route_404(host: LocalHost) -> None:
    for method, path, allowed in [("DELETE", "/api/health", "GET, HEAD"), ("GET", "/api/intake/x", "POST")]:
        answer = local_http.request(method, host.url + path, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "methodNotAllowed")
        assert answer.headers["allow"] == allowed
    for method, path in [("GET", "/api/nothing"), ("PATCH", "/api")]:
        answer = local_http.request(method, host.url + path, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "notFound")
    head = httpx.head(f"{host.url}/api/health", timeout=30)
    assert (head.status_code, head.text) == (200, "")
    page = local_http.get(f"{host.url}/docs", timeout=30).text
    assert "/api/openapi.json" in page
    for part in re.findall(r'(?:href|src)="(/docs/parts/[^"]+)"', page):
        assert local_http.get(host.url + part, timeout=30).status_code == 200
    for method in ("OPTIONS", "TRACE", "QUERY"):
        assert local_http.request(method, f"{host.url}/api/health", timeout=30).status_code == 404
    assert local_http.get(f"{host.url}/api/HEALTH", timeout=30).json()["status"] == "healthy"


def test_what_the_local_host_offers_beside_the_interface(host: LocalHost) -> None:
    keys = local_http.get(f"{host.url}/dev/keys", timeout=30).json()["keys"]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [("RSA", "RS256", "sig")]
    assert "d" not in keys[0]
    assert local_http.get(f"{host.url}/dev/token", timeout=30).status_code == 400
    for bad in ({}, {"advance": "soon"}, {"advance": "-P1D"}, {"advance": "P200000Y"}, {"advance": "P999999999D"}, []):
        assert local_http.post(f"{host.url}/dev/clock", json=bad, timeout=30).status_code == 400
    assert local_http.post(f"{host.url}/admin/functions/no_such", json={"input": ""}, timeout=30).status_code == 404
    assert local_http.post(f"{host.url}/admin/functions/health", json={"input": ""}, timeout=30).status_code == 400
    assert "README" in local_http.get(host.url, timeout=30).text


def test_s2_keys_tokens_and_people_never_reach_the_log(host: LocalHost) -> None:
    partner = unique("secret")
    intake = register(host, partner)
    key = intake.partition("key=")[2]
    local_http.post(intake, json=submission_body(Email=CANARY), timeout=30)
    local_http.post(intake + "x", json=submission_body(Email=CANARY), timeout=30)
    local_http.post(intake, json={"UserDetails": {"Email": [CANARY]}}, timeout=30)
    token = host.token("Leads.Admin", partner)
    with local_http.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as ann:
        first = ann.get(f"{host.url}/api/partners/{partner}/leads?top=1")
        ann.get(f"{host.url}/api/partners/{partner}/leads?pageToken=secret-page")
        ann.post(f"{host.url}/api/partners/{partner}/leads/{first.json()['value'][0]['id']}/accept", json=DEAL_BODY)
    log = host.output[host.output.index("contoso/leads") :]
    assert partner in log
    for secret in (key, token, CANARY, "secret-page", "AccountKey"):
        assert secret not in log
