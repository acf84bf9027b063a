"""The shell and its files: kept for ever by their content's name, small, and under a strict policy (U4)."""

import gzip
import hashlib
import json
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest

from local.functions import call_http, request_of
from shared import app
from shared.pages import files
from tests.in_process import InProcess, Reply, served
from tests.unit.pages.visiting import parsed

FOREVER = "public, max-age=31536000, immutable"
FIRST_VISIT_MOST = 122_000
"""Bytes, packed, before the first screen is asked for (docs/decisions/0015-workspace.md)."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{login};"
    " frame-src 'self'{login}; form-action 'none'; base-uri 'none'; frame-ancestors 'self';"
    " require-trusted-types-for 'script'; trusted-types leads"
)


async def page(api: InProcess, path: str = "", **headers: str) -> Reply:
    return await api.call("GET", f"/app/{path}", headers=headers)


async def raw(path: str, accepts: str = "") -> Any:
    """The answer as it goes out, packed or not."""
    (function,) = (function for _, function in served() if function.name == "show_page")
    headers = {"accept-encoding": accepts} if accepts else {}
    url = f"http://localhost:7071/api/app/{path}"
    return await call_http(function, request_of("GET", url, headers, {"path": path}, b""))


def named(html: str) -> list[str]:
    """The files that a page loads, below `/app/`."""
    found = [attributes.get("src") or attributes.get("href", "") for _, attributes in parsed(html)]
    return [address.removeprefix("/api/app/") for address in found if address.startswith("/api/app/files/")]


def config(html: str) -> Any:
    """What the script is told."""
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', html)
    assert found
    return json.loads(found[1])


async def test_every_address_of_the_page_is_the_same_shell(api: InProcess) -> None:
    first = await page(api)
    for path in ("leads", "leads/M-1/accept?kind=call", "nowhere/at/all", "x" * 500, "leads?search=%3Cscript%3E"):
        reply = await page(api, path)
        assert (reply.status, reply.text) == (200, first.text), path
    assert "<script>" not in first.text
    head = await api.call("HEAD", "/app/leads")
    assert head.status == 200


async def test_the_shell_speaks_the_browsers_language_and_is_asked_for_again(api: InProcess) -> None:
    german = await page(api, **{"accept-language": "de"})
    assert 'lang="de"' in german.text
    assert config(german.text)["language"] == "de"
    assert german.headers["Content-Language"] == "de"
    assert german.headers["Vary"] == "Accept-Language"
    assert german.headers["Cache-Control"] == "no-cache"
    assert "Tasten" in german.text


@pytest.mark.parametrize(
    ("script", "authority", "login"),
    [
        ("", "https://login.microsoftonline.com/organizations", " https://login.microsoftonline.com"),
        ("", "https://login.example:8443/x/y", " https://login.example:8443"),
        ("/dev/sign-in.js", "https://login.microsoftonline.com/organizations", ""),
    ],
)
@pytest.mark.parametrize("path", ["leads", "auth.html"])
async def test_u4_the_page_may_run_and_call_its_own_and_the_sign_in(
    api: InProcess, script: str, authority: str, login: str, path: str
) -> None:
    current = app.current()
    changed = {"sign_in_script": script, "sign_in_authority": authority}
    app.use(replace(current, settings=current.settings.model_copy(update=changed)))
    reply = await page(api, path)
    assert reply.headers["Content-Security-Policy"] == POLICY.format(login=login)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    # Signing in with a window of its own, or in a frame, needs its opener.
    assert not [name for name in reply.headers if name.startswith("Cross-Origin-")]
    assert "Set-Cookie" not in reply.headers
    sources = [attributes["src"] for tag, attributes in parsed(reply.text) if tag == "script" and "src" in attributes]
    assert len(sources) == 2
    if path == "leads":
        assert (script in sources) is bool(script)
        assert config(reply.text)["authority"] == authority


@pytest.mark.parametrize("path", ["leads", "auth.html"])
async def test_u4_nothing_in_the_shell_is_inline_or_from_elsewhere(api: InProcess, path: str) -> None:
    reply = await page(api, path)
    for tag, attributes in parsed(reply.text):
        assert tag not in ("style", "iframe", "base", "img")
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script" and attributes.get("type") != "application/json":
            assert attributes["src"].startswith("/api/app/files/")
            assert "defer" in attributes
        addresses = [attributes[name] for name in ("src", "href") if name in attributes]
        assert all(address.startswith(("/api/app/", "#")) for address in addresses), addresses
    assert len(re.findall(r"<script(?! src)", reply.text)) == (1 if path == "leads" else 0)


async def test_the_sign_in_comes_back_to_a_page_of_two_scripts(api: InProcess) -> None:
    reply = await page(api, "auth.html")
    kinds = [re.sub(r"\.[0-9a-f]{16}\.", ".", name) for name in named(reply.text)]
    assert kinds == ["files/msal-redirect-bridge.min.js", "files/bridge.js"]
    assert config((await page(api)).text)["bridge"] == "/api/app/auth.html"


async def test_a_file_is_named_after_its_content_and_kept_for_ever(api: InProcess) -> None:
    shell, bridge = await page(api), await page(api, "auth.html")
    addresses = {*named(shell.text), *named(bridge.text), config(shell.text)["msal"].removeprefix("/api/app/")}
    assert len(addresses) == 7
    for address in addresses:
        plain = await raw(address)
        content = plain.get_body()
        stem, digest, kind = re.fullmatch(r"files/(.+)\.([0-9a-f]{16})(\.\w+)", address).groups()  # type: ignore[union-attr]
        assert (plain.status_code, bool(content)) == (200, True)
        assert hashlib.sha256(content).hexdigest()[:16] == digest
        assert plain.headers["Cache-Control"] == FOREVER
        assert plain.headers["X-Content-Type-Options"] == "nosniff"
        assert plain.headers["Vary"] == "Accept-Encoding"
        assert plain.mimetype == files.TYPES[kind], stem
        assert "Content-Encoding" not in plain.headers
        packed = await raw(address, "gzip, deflate, br")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Cache-Control"] == FOREVER
        assert gzip.decompress(packed.get_body()) == content


@pytest.mark.parametrize("accepts", ["br", "identity", "gzip;q=0", "*;q=0, br"])
async def test_a_file_is_packed_for_nobody_who_does_not_take_it(api: InProcess, accepts: str) -> None:
    address = named((await page(api)).text)[0]
    assert "Content-Encoding" not in (await raw(address, accepts)).headers


@pytest.mark.parametrize(
    "name",
    [
        *("app.css", "main.js", "app.0000000000000000.css", "", "vendor", "htmx.min.js"),
        *("../shell.py", "..%2Fshell.py", "../../../host.json", "/etc/passwd", "static/app.css", "a/../app.css"),
        *("app.css%00", "\\app.css", "APP.CSS", "icon.svg?x"),
    ],
)
async def test_there_is_no_other_file(api: InProcess, name: str) -> None:
    reply = await raw(f"files/{name}")
    assert (reply.status_code, reply.get_body()) == (404, b"")
    assert reply.headers["Cache-Control"] == "no-store", "it may be there after the next deployment"


def test_no_address_can_name_what_is_outside_the_two_folders() -> None:
    for name in [file.name for file in files.files().values()]:
        assert files.at(name) is not None
        assert files.at(f"../{files.FOLDERS[0]}/{name}") is None
        assert PurePosixPath(name).name == name


async def test_u4_a_first_visit_loads_little(api: InProcess) -> None:
    shell = await page(api)
    addresses = [*named(shell.text), config(shell.text)["msal"].removeprefix("/api/app/")]
    loaded = {address: len((await raw(address, "gzip")).get_body()) for address in addresses}
    loaded["shell"] = len(gzip.compress(shell.text.encode()))
    assert len(loaded) == 6
    assert sum(loaded.values()) <= FIRST_VISIT_MOST, loaded


def test_what_is_there_of_others_names_its_licence() -> None:
    vendored = {path.name for path in (files.HOME / "vendor").iterdir()}
    for package in ("htmx", "msal-browser"):
        assert f"{package}.LICENSE.txt" in vendored
        assert (files.HOME / "vendor" / f"{package}.LICENSE.txt").read_text().strip()
    assert {name for name in vendored if name.endswith(".js")} == {
        "htmx.min.js",
        "msal-browser.min.js",
        "msal-redirect-bridge.min.js",
    }
