"""A partner with its people at their browsers: each test has one of its own, on the local host."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, expect

from tests import local_http, waiting
from tests.builders import DEAL_BODY, submission_body, unique
from tests.journeys.local_host import LocalHost, register

ADMIN = "Leads.Admin,Profile.Admin"
Handle = Callable[[Route], Awaitable[None]]
LOOKS = [("wide", "light"), ("narrow", "light"), ("narrow", "dark")]
"""In the dark only colours are others, and they are the same at every width."""
PATIENCE = 15_000
"""Milliseconds that a condition may take to come true, on a busy machine too."""
SIGNED_IN = """
if (location.origin.startsWith("http")) {
  sessionStorage.getItem("local.sign-in") ?? sessionStorage.setItem("local.sign-in", JSON.stringify(SIGN_IN));
  document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
}
"""
BROKEN = """
<div class="message problem"><h1 tabindex="-1">Broken</h1>
<button type="button" data-do="reload">Try again</button></div>
"""
expect.set_options(timeout=PATIENCE)


class Desk:
    """One partner, its leads, and whoever works on them; `faults` is what its browsers complained of."""

    def __init__(self, host: LocalHost, browser: Browser) -> None:
        self.host = host
        self.partner = unique("desk")
        self.intake = register(host, self.partner)
        self.faults: list[str] = []
        self._browser = browser
        self._expected: list[str] = []
        self._contexts: list[BrowserContext] = []

    def lead(self, company: str = "Northwind Traders", **changes: Any) -> str:
        """Post a lead of this company; its id."""
        body = submission_body(Company=company, Email=f"ada@{unique('x')}.example", **changes)
        answer = local_http.post(self.intake, json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def leads(self, count: int, company: str = "Company") -> list[str]:
        """Post so many, `company 1` and on."""
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda number: self.lead(f"{company} {number}"), range(1, count + 1)))

    def call(self, method: str, path: str, body: Any = None, *, user: str = "bob", **headers: str) -> Any:
        """What somebody else does at the interface, below the partner; the answer's JSON."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        sent = {"content": json.dumps(body)} if body is not None else {}
        with self.host.client(ADMIN, self.partner, user) as client:
            answer = client.request(
                method, f"/partners/{self.partner}{path}", headers={"Content-Type": kind, **headers}, **sent
            )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def accepted(self, company: str = "Northwind Traders", **changes: Any) -> str:
        """A lead that bob has accepted; its id."""
        lead = self.lead(company, **changes)
        self.call("POST", f"/leads/{lead}/accept", DEAL_BODY)
        return lead

    def read(self, lead: str) -> Any:
        """The lead as the interface has it, without opening it."""
        return self.call("GET", f"/leads/{lead}?peek=true")

    def advance(self, span: str) -> None:
        """Move the host's clock; for a host of a test's own."""
        assert local_http.post(f"{self.host.url}/dev/clock", json={"advance": span}, timeout=30).is_success

    def url(self, path: str) -> str:
        """The address of a screen."""
        return f"{self.host.url}/api/app/{path}"

    async def tab(self, *, who: str = "ann", roles: str = ADMIN, tenant: str | None = None, **options: Any) -> Page:
        """An empty tab of a browser of its own in which somebody is signed in."""
        person = {"tenant": tenant or self.partner, "roles": roles, "user": who}
        token = self.host.token(person["roles"], person["tenant"], who)
        return await self.stranger(json.dumps({"who": person, "token": token}), **options)

    async def stranger(self, signed_in: str = "null", **options: Any) -> Page:
        """An empty tab of a browser of its own; nobody is signed in."""
        known = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "reduced_motion": "reduce"}
        context = await self._browser.new_context(**{**known, **options})
        context.set_default_timeout(PATIENCE)
        await context.add_init_script(SIGNED_IN.replace("SIGN_IN", signed_in))
        self._contexts.append(context)
        page = await context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda problem: self.faults.append(f"page error: {problem}"))
        page.on("request", self._asked)
        return page

    async def open(self, path: str = "leads", **person: Any) -> Page:
        """A tab of somebody who is signed in, at a screen."""
        page = await self.tab(**person)
        await self.go(page, path)
        return page

    async def go(self, page: Page, path: str) -> None:
        """Load a screen as from an address that was typed."""
        await page.goto(self.url(path))
        await settled(page)

    def expect_fault(self, *parts: str) -> None:
        """The browsers will complain of this, and a test fails where they do not."""
        self._expected += parts

    async def close(self) -> None:
        """Close the browsers."""
        for context in self._contexts:
            await context.close()

    @property
    def unexpected(self) -> list[str]:
        """What the browsers complained of and nobody had foreseen, and what was foreseen and did not come."""
        faults = [fault for fault in self.faults if not any(part in fault for part in self._expected)]
        missing = [part for part in self._expected if not any(part in fault for fault in self.faults)]
        return faults + [f"did not come: {part}" for part in missing]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{message.text} {message.location['url']}")

    def _asked(self, request: Request) -> None:
        # Nothing comes from a third party (U4); files of exports lie in storage.
        ours = request.url.startswith(self.host.url) or "devstoreaccount1/exports" in request.url
        if urlsplit(request.url).scheme in ("http", "https") and not ours:
            self.faults.append(f"a third party: {request.url}")


def counted(desk: Desk, leads: int) -> None:
    """Wait until the insights know of so many leads."""

    def are_there() -> bool:
        total = desk.call("GET", "/insights")["total"]
        return bool(total["received"] + total["informational"] == leads)

    waiting.settled(are_there)


async def settled(page: Page) -> None:
    """Wait until the screen is there and nothing is loading."""
    await page.wait_for_function(
        "() => document.querySelector('#sign-in[open]') || (document.querySelector('#now, #other .problem')"
        " && !document.querySelector('[aria-busy=true]')"
        " && document.querySelector('main > .pane:not([hidden]) h1'))"
    )


@contextmanager
def requests_of(page: Page) -> Iterator[list[str]]:
    """Collect the paths that the page asks the host for, with their methods; browsers load icons when they like."""
    found: list[str] = []

    def note(request: Request) -> None:
        path = urlsplit(request.url).path
        if not path.endswith(".svg"):
            found.append(f"{request.method} {path.removeprefix('/api')}")

    page.on("request", note)
    try:
        yield found
    finally:
        page.remove_listener("request", note)


async def intercepting(page: Page) -> None:
    """Wait until routes hold: for a moment after the first one is set, a request may still go past it."""
    probe = "**/api/health"
    await page.route(probe, lambda route: route.fulfill(status=204))
    ask = "() => fetch('/api/health', {method: 'HEAD'}).then((answer) => answer.status)"
    for _ in range(50):
        if await page.evaluate(ask) == 204:
            await page.unroute(probe)
            return
    raise AssertionError("Routes do not hold.")


def lost_answer(done: list[int]) -> Handle:
    """A route whose first request reaches the host while its answer does not come back."""

    async def lose(route: Route) -> None:
        if done:
            await route.continue_()
            return
        answer = await route.fetch()
        done.append(answer.status)
        await route.abort("connectionreset")

    return lose


class failing:  # noqa: N801 - reads as the adjective that it is in a route
    """A route that answers with a fault so many times, as JSON or as a page, and lets through after that."""

    def __init__(self, status: int, times: int = 1_000, *, is_page: bool = False) -> None:
        self.status, self.times, self.is_page = status, times, is_page

    async def __call__(self, route: Route) -> None:
        if self.times <= 0:
            await route.continue_()
            return
        self.times -= 1
        headers = {"Retry-After": "1", "x-ms-request-id": "12345"}
        if self.is_page:
            await route.fulfill(status=self.status, headers=headers, content_type="text/html", body=BROKEN)
            return
        error = {"error": {"code": "internalError", "message": "It broke.", "details": []}}
        await route.fulfill(status=self.status, headers=headers, json=error)


def posts(handle: Handle) -> Handle:
    """The route for what is sent; the dialog of the same path comes as ever."""

    async def only(route: Route) -> None:
        if route.request.method == "POST":
            await handle(route)
        else:
            await route.continue_()

    return only


class Held:
    """A route whose requests wait until they are let go, and go on to the host or to another route then."""

    def __init__(self, then: Handle | None = None) -> None:
        self._then = then
        self._came = 0
        self._more = asyncio.Condition()
        self._go = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        async with self._more:
            self._came += 1
            self._more.notify_all()
        await self._go.wait()
        await (self._then(route) if self._then else route.continue_())

    async def came(self, count: int = 1) -> None:
        """Wait until so many requests wait."""
        async with self._more, asyncio.timeout(PATIENCE / 1000):
            await self._more.wait_for(lambda: self._came >= count)

    def let_go(self) -> None:
        """Let all go on, those that come later too."""
        self._go.set()


async def gone(route: Route) -> None:
    """A route without a server behind it."""
    await route.abort("connectionrefused")
