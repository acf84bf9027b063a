"""Long answers are packed for whoever takes gzip, and are the same once unpacked."""

import gzip

import pytest

from local.functions import request_of
from shared.http.answers import page_of_html
from shared.http.compression import BYTES_LEAST, packed, takes_gzip
from tests.in_process import InProcess
from tests.unit.http.conftest import P, post_lead

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.1", True),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip; q=0.000", False),
        ("gzip;q=much", False),
        ("identity", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip", True),
        ("br, deflate", False),
    ],
)
def test_who_takes_gzip(accepted: str | None, expected: bool) -> None:
    assert takes_gzip(accepted) is expected


def test_what_fits_into_a_packet_goes_as_it_is() -> None:
    assert packed("gzip", b"x" * BYTES_LEAST) == (b"x" * BYTES_LEAST, {})
    sent, how = packed("gzip", b"x" * (BYTES_LEAST + 1))
    assert (how, len(sent) < BYTES_LEAST) == ({"Content-Encoding": "gzip"}, True)


async def test_a_page_of_leads_is_a_tenth_and_the_same(api: InProcess, door: str) -> None:
    for number in range(50):
        await post_lead(api, door, Company=f"Northwind {number}")
    plain = await api.call("GET", f"{P}/leads", as_="Leads.User")
    small = await api.call("GET", f"{P}/leads", as_="Leads.User", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert (small.headers["Content-Encoding"], small.json) == ("gzip", plain.json)
    assert plain.bytes_sent > 60_000
    assert small.bytes_sent < plain.bytes_sent / 8
    assert small.headers["ETag"] == plain.headers["ETag"]
    for reply in (plain, small):
        assert "Accept-Encoding" in reply.headers["Vary"]
    known = GZIP | {"If-None-Match": small.headers["ETag"]}
    same = await api.call("GET", f"{P}/leads", as_="Leads.User", headers=known)
    assert (same.status, same.bytes_sent, "Content-Encoding" in same.headers) == (304, 0, False)
    assert "Accept-Encoding" in same.headers["Vary"]


async def test_so_is_a_long_error_and_no_short_answer(api: InProcess, door: str) -> None:
    query = "&".join(f"name{number}=x" for number in range(50))
    long = await api.call("GET", f"{P}/leads?{query}", as_="Leads.User", headers=GZIP)
    assert (long.status, long.headers["Content-Encoding"]) == (400, "gzip")
    assert len(long.error["details"]) == 50
    short = await api.call("GET", "/health", headers=GZIP)
    assert "Content-Encoding" not in short.headers


def test_pages_for_people_are_too() -> None:
    request = request_of("GET", "http://localhost:7071/api/unsubscribe", GZIP, {}, b"")
    html = "<!doctype html><p>" + "é" * BYTES_LEAST
    answer = page_of_html(request, "id", html, 200)
    assert (answer.mimetype, answer.headers["Content-Encoding"]) == ("text/html", "gzip")
    assert gzip.decompress(answer.get_body()).decode() == html
    assert "Accept-Encoding" in answer.headers["Vary"]
