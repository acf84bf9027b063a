"""What the local host has that a developer leans on: CORS as in Azure, tokens, ports, mails as a page."""

import re

import httpx

from tests import local_http
from tests.journeys.local_host import LocalHost


def test_any_page_of_this_machine_may_call_and_preflights_are_answered(host: LocalHost) -> None:
    url = f"{host.url}/api/partners/contoso/leads"
    for origin, allowed in (
        ("http://localhost:3000", True),
        ("https://127.0.0.1:8443", True),
        ("http://localhost.evil.example", False),
        ("https://portal.example", False),
    ):
        asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
        headers = asked | {"Access-Control-Request-Headers": "authorization,if-match,content-type"}
        preflight = httpx.options(url, headers=headers, timeout=30)
        assert preflight.is_success is allowed
        assert (preflight.headers.get("access-control-allow-origin") == origin) is allowed
        answer = local_http.get(url, headers={"Origin": origin}, timeout=30)
        assert answer.status_code == 401
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
        assert "ETag" in answer.headers["access-control-expose-headers"]


def test_a_token_has_only_roles_that_there_are(host: LocalHost) -> None:
    refused = local_http.get(f"{host.url}/dev/token?tenant=contoso&roles=Leads.Admin,Leads.Boss", timeout=30)
    assert refused.status_code == 400
    assert "no role Leads.Boss" in refused.json()["error"]["message"]
    assert "Profile.Admin" in refused.json()["error"]["message"]


def test_azurites_ports_are_printed(host: LocalHost) -> None:
    assert f"table: http://127.0.0.1:{host.table_port}/devstoreaccount1" in host.output
    assert re.search(r"^  TABLES='http://127\.0\.0\.1:\d+/devstoreaccount1'$", host.output, re.MULTILINE)


def test_mails_are_a_page_for_browsers_and_json_for_programs(host: LocalHost) -> None:
    for path, accept in (("/dev/mail", "*/*"), ("/dev/mail.json", "text/html")):
        answer = local_http.get(host.url + path, headers={"Accept": accept}, timeout=30)
        assert "value" in answer.json()
    page = local_http.get(f"{host.url}/dev/mail", headers={"Accept": "text/html"}, timeout=30)
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text


def test_what_is_compressed_and_what_is_not_modified_pass_through_unharmed(host: LocalHost) -> None:
    url = f"{host.url}/api/vocabulary"
    plain = local_http.get(url, headers={"Accept-Encoding": "identity"}, timeout=30)
    small = local_http.get(url, headers={"Accept-Encoding": "gzip"}, timeout=30)
    assert ("content-encoding" in plain.headers, small.headers["content-encoding"]) == (False, "gzip")
    assert (small.content, small.headers["etag"]) == (plain.content, plain.headers["etag"])
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    for method in ("GET", "HEAD"):
        same = local_http.request(method, url, headers={"If-None-Match": plain.headers["etag"]}, timeout=30)
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["cache-control"] == "public, max-age=3600"
        assert "content-type" not in same.headers
