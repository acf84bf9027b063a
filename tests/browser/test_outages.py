"""How the page goes on when the server, the connection or the sign-in fails and comes back, in a browser (U2, U3)."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from shared.pages.rendering import render
from shared.pages.screens.exports import Exports, Item
from tests.browser.desk import Desk, Held, failing, gone, posts
from tests.browser.test_conduct import ended
from tests.browser.test_forms import filled
from tests.browser.test_workspace import dialog, heading, rows

UI = re.compile("/ui/")
NO_ANSWER = "it is not known whether this was done"


@pytest.mark.parametrize("is_page", [False, True], ids=["json", "html"])
async def test_a_list_that_failed_is_asked_for_again(desk: Desk, is_page: bool) -> None:
    """Whoever presses Try again sees it, without loading the page anew (U3)."""
    desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.tab()
    await page.route(re.compile(r"/ui/leads(\?|$)"), failing(500, times=1, is_page=is_page))
    await page.goto(desk.url("leads"))
    await page.get_by_role("button", name="Try again").click()
    await expect(rows(page)).to_have_count(1)
    await expect(page.locator("main .problem")).to_have_count(0)


@pytest.mark.parametrize("is_page", [False, True], ids=["json", "html"])
async def test_a_lead_that_failed_is_asked_for_again(desk: Desk, is_page: bool) -> None:
    """Whoever presses Try again sees it, with its actions (U3)."""
    desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.open("leads")
    await page.route(re.compile(r"/ui/leads/[^/?]+"), failing(500, times=1, is_page=is_page))
    await rows(page).get_by_role("link").click()
    await page.get_by_role("button", name="Try again").click()
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await page.keyboard.press("a")
    await expect(dialog(page).get_by_label("Deal name")).to_be_focused()


async def test_a_header_that_failed_comes_by_itself(desk: Desk) -> None:
    """Nobody has to know that it is missing (U3)."""
    desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.tab()
    await page.route(re.compile("/ui/top"), failing(500, times=1))
    await page.goto(desk.url("leads"))
    await expect(rows(page)).to_have_count(1)
    await expect(page.locator("#top").get_by_role("link", name="Notifications")).to_be_visible()
    await expect(page.locator("[data-new=marketplace]")).to_have_text("1")


async def test_what_is_sent_before_the_header_is_there_waits_for_it(desk: Desk) -> None:
    """It goes to the partner of whoever is signed in, as ever (U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.tab()
    await page.route(re.compile("/ui/top"), failing(500, times=1))
    await page.goto(desk.url(f"leads/{lead}/accept"))
    await filled(page)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    assert desk.read(lead)["status"] == "accepted"


async def test_a_first_visit_without_a_server_says_so_and_can_be_tried_again(desk: Desk) -> None:
    """A sentence and a button, which works once the server is there (U3)."""
    desk.lead()
    desk.expect_fault("net::ERR_CONNECTION_REFUSED")
    page = await desk.tab()
    await page.route(UI, gone)
    await page.goto(desk.url("leads"))
    await expect(page.locator("main")).to_contain_text("This could not be loaded: no answer came.")
    await page.unroute(UI)
    await page.get_by_role("button", name="Try again").click()
    await expect(rows(page)).to_have_count(1)
    await expect(page.locator("#top").get_by_role("link", name="Notifications")).to_be_visible()
    await expect(page.locator("#bar")).to_be_hidden()


async def test_a_form_can_be_sent_again_when_the_server_is_back(desk: Desk) -> None:
    """The bar goes without anybody doing anything, and the button works (U3)."""
    lead = desk.lead()
    desk.expect_fault("net::ERR_CONNECTION_REFUSED")
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page)
    everything = re.compile("/api/(ui|partners)/")
    await page.route(everything, gone)
    accept = dialog(page).get_by_role("button", name="Accept")
    await accept.click()
    await expect(dialog(page).locator(".errors")).to_contain_text(NO_ANSWER)
    await expect(page.locator("#bar")).to_be_visible()
    await expect(accept).to_be_enabled()
    await page.unroute(everything)
    await expect(page.locator("#bar")).to_be_hidden()
    await accept.click()
    await expect(page.locator("#lead .status")).to_have_text("Accepted")


async def test_a_proxy_that_answers_for_the_server_does_not_know_what_was_done(desk: Desk) -> None:
    """Its page is no refusal of ours (U3)."""
    desk.expect_fault("status of 502")
    page = await desk.open(f"leads/{desk.lead()}/accept")
    await filled(page)
    await page.route(re.compile("/accept$"), posts(failing(502, times=1, is_page=True)))
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page).locator(".errors")).to_contain_text(NO_ANSWER)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")


async def test_the_question_who_somebody_is_cannot_be_put_away(desk: Desk) -> None:
    """Behind it is nothing to work with; it still signs in afterwards (U2)."""
    desk.lead()
    page = await desk.stranger()
    await page.goto(desk.url("leads"))
    asked = page.locator("#sign-in")
    await asked.get_by_label("tenant").fill(desk.partner)
    for _ in range(3):
        await page.keyboard.press("Escape")
        await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    await expect(asked).to_be_visible()
    await asked.get_by_role("button", name="Sign in").click()
    await expect(rows(page)).to_have_count(1)
    await expect(asked).to_be_hidden()


async def test_a_network_fault_while_a_token_is_renewed_is_no_end_of_the_sign_in(desk: Desk) -> None:
    """It says that no answer came, and asks nobody to sign in (U2, U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 401", "net::ERR_CONNECTION_REFUSED")
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page)
    await ended(page)
    tokens = re.compile("/dev/token")
    await page.route(tokens, gone)
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page).locator(".errors")).to_contain_text("No answer came")
    await expect(page.locator("#sign-in")).to_be_hidden()
    await page.unroute(tokens)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")


async def test_a_sign_in_that_cannot_begin_says_why_and_can_be_tried_again(desk: Desk) -> None:
    """Nobody looks at an empty page (U2)."""
    desk.lead()
    page = await desk.tab()
    script = re.compile("/dev/sign-in.js")
    refuses = 'window.signIn = { start: () => Promise.reject(new Error("The directory is closed.")) };'
    await page.route(script, lambda route: route.fulfill(content_type="text/javascript", body=refuses))
    await page.goto(desk.url("leads"))
    await expect(heading(page)).to_have_text("Sign in")
    await expect(page.locator("main")).to_contain_text("Signing in did not work: The directory is closed.")
    await page.unroute(script)
    await page.get_by_role("button", name="Try again").click()
    await expect(rows(page)).to_have_count(1)


@pytest.mark.parametrize("slow", ["lead", "dialog"])
async def test_whoever_has_gone_on_meets_no_dialog_of_where_they_were(desk: Desk, slow: str) -> None:
    """What comes late comes to nothing (U2)."""
    lead = desk.lead()
    page = await desk.open("notifications")
    held = Held()
    await page.route(re.compile(rf"/ui/leads/{lead}{'/accept' if slow == 'dialog' else '[?]?$'}"), held)
    if slow == "dialog":
        await page.locator("[data-notice]").get_by_role("link").first.click()
        await page.get_by_role("link", name="Accept …").click()
        await held.came()
        await page.evaluate("history.go(-2)")
    else:
        await desk_address(page, desk.url(f"leads/{lead}/accept"))
        await held.came()
        await page.get_by_role("link", name="Notifications").click()
    await expect(heading(page)).to_have_text("Notifications")
    held.let_go()
    await page.wait_for_load_state("networkidle")
    await expect(dialog(page)).to_be_hidden()
    await expect(heading(page)).to_have_text("Notifications")


async def test_the_progress_of_an_export_goes_on_after_polls_that_failed(desk: Desk) -> None:
    """A poll is asked again until the file is there (U1, U3)."""
    desk.lead()
    desk.expect_fault("status of 500", "net::ERR_CONNECTION_REFUSED")
    made = desk.call("POST", "/exports", {})
    page = await desk.tab()
    running = Item(
        id=made["id"],
        when="now",
        format="CSV",
        filter="",
        state="running",
        state_label="Running",
        rows="",
        percent=None,
        url=None,
        left=None,
        problem=None,
        is_running=True,
    )
    shown = render("exports.html", "en", view=Exports((running,)), root="/api")
    # As the page has it, only sooner.
    sooner = re.sub(r"\d+s\"", '200ms"', shown)
    poll = re.compile(rf"/ui/exports/{made['id']}$")
    faults = [gone, failing(500), gone]

    async def polled(route: Route) -> None:
        await (faults.pop()(route) if faults else route.continue_())

    await page.route(re.compile("/ui/exports$"), lambda route: route.fulfill(content_type="text/html", body=sooner))
    await page.route(poll, polled)
    await page.goto(desk.url("exports"))
    await expect(page.get_by_role("link", name="Download")).to_be_visible()
    assert faults == []


async def desk_address(page: Page, address: str) -> None:
    """Go to an address of the page within it, as a link in it does."""
    await page.evaluate(
        """address => {
          const link = Object.assign(document.createElement("a"), { href: address });
          document.querySelector("main").append(link);
          link.click();
          link.remove();
        }""",
        address,
    )
