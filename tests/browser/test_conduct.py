"""How the page behaves when others are faster, answers are lost and sign-ins end, in a browser (U3)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Desk, failing, intercepting, lost_answer, posts, requests_of, settled
from tests.browser.test_workspace import dialog, heading, rows
from tests.builders import DEAL_BODY
from tests.journeys.local_host import LocalHost


async def test_whoever_is_slower_reads_who_was_faster_and_when_and_keeps_the_text(desk: Desk) -> None:
    """Two accept: the second learns who and when, and can copy the form or keep it as a note (U3, L7)."""
    lead = desk.lead()
    desk.expect_fault("status of 409")
    ann = await desk.open(f"leads/{lead}/accept", permissions=["clipboard-read", "clipboard-write"])
    bob = await desk.open(f"leads/{lead}/accept", who="bob")
    await filled(ann, "Ann's rollout")
    await filled(bob, "Bob's rollout")
    await bob.keyboard.press("Control+Enter")
    await expect(bob.locator("#lead .status")).to_have_text("Accepted")
    await ann.keyboard.press("Control+Enter")
    await expect(dialog(ann)).to_contain_text("Somebody was faster")
    await expect(dialog(ann)).to_contain_text(
        re.compile(r"bob accepted this lead (now|\d+ seconds? ago)\. Your form was not sent\.")
    )
    await dialog(ann).get_by_role("button", name="Copy what I typed").click()
    await expect(ann.get_by_text("Copied.")).to_be_visible()
    assert "Ann's rollout" in await ann.evaluate("navigator.clipboard.readText()")
    await dialog(ann).get_by_role("button", name="Add my text as a note").click()
    await expect(ann.locator("#lead .status")).to_have_text("Accepted")
    await expect(ann.locator("#timeline li").first).to_contain_text("Ann's rollout")
    assert desk.read(lead)["deal"]["name"] == "Bob's rollout"


async def test_a_lead_that_was_declined_meanwhile_is_shown(desk: Desk) -> None:
    """The form ends where the lead is shown as it is now (U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 409")
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page, "Rollout")
    desk.call("POST", f"/leads/{lead}/decline", {"reason": "budget"})
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_contain_text("bob declined this lead")
    await dialog(page).get_by_role("button", name="Show the lead").click()
    await expect(page.locator("#lead .status")).to_contain_text("Declined")
    await expect(page.get_by_role("link", name="Accept …")).to_have_count(0)


async def test_edits_of_different_fields_are_merged(desk: Desk) -> None:
    """What only one of two changed holds, without a question (U3, L7)."""
    lead = desk.accepted()
    desk.expect_fault("status of 412")
    page = await desk.open(f"leads/{lead}/edit")
    desk.call("PATCH", f"/leads/{lead}", {"notes": "Bob called."}, **{"If-Match": '"2"'})
    await dialog(page).get_by_label("CRM ID").fill("D-77")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead aside")).to_contain_text("D-77")
    await expect(dialog(page)).to_be_hidden()
    deal = desk.read(lead)["deal"]
    assert (deal["notes"], deal["crmId"], deal["name"]) == ("Bob called.", "D-77", DEAL_BODY["name"])


@pytest.mark.parametrize("choice", ["Mine", "bob"])
async def test_edits_of_one_field_are_shown_side_by_side(desk: Desk, choice: str) -> None:
    """Both versions, whose they are, and the one that is chosen is saved (U3, L7)."""
    lead = desk.accepted()
    desk.expect_fault("status of 412")
    page = await desk.open(f"leads/{lead}/edit")
    theirs = {"notes": "Bob called.", "crmId": "D-78"}
    desk.call("PATCH", f"/leads/{lead}", theirs, **{"If-Match": '"2"'})
    await dialog(page).get_by_label("Notes").fill("Ann wrote.")
    await dialog(page).get_by_label("Campaign ID").fill("spring")
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_contain_text("bob has changed this since you opened it.")
    await expect(dialog(page).locator(".versions")).to_have_count(1)
    await expect(dialog(page).get_by_label("Mine: Ann wrote.")).to_be_checked()
    await dialog(page).get_by_label(f"{choice}: ").check()
    await dialog(page).get_by_role("button", name="Save what I chose").click()
    await expect(dialog(page)).to_be_hidden()
    await expect(page.locator("#lead aside")).to_contain_text("spring")
    deal = desk.read(lead)["deal"]
    chosen = "Ann wrote." if choice == "Mine" else "Bob called."
    assert (deal["notes"], deal["crmId"], deal["campaignId"]) == (chosen, "D-78", "spring")


async def test_after_a_lost_answer_the_same_again_is_a_success(desk: Desk) -> None:
    """Nobody says that nothing was done; sending once more finds what was done (U3, L7)."""
    lead = desk.lead()
    # So soon it is told as a race with oneself, which the page takes for what it is.
    desk.expect_fault("net::ERR_CONNECTION_RESET", "409 (Conflict)")
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page, "Rollout")
    done: list[int] = []
    await page.route(re.compile("/accept$"), posts(lost_answer(done)))
    await intercepting(page)
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page).locator(".errors")).to_contain_text("it is not known whether this was done")
    await expect(dialog(page).get_by_label("Deal name")).to_have_value("Rollout")
    assert done == [200]
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    await expect(dialog(page)).to_be_hidden()
    events = [one["type"] for one in desk.call("GET", f"/leads/{lead}/history")["value"]]
    assert events == ["lead.accepted", "lead.received"]


async def test_a_logged_contact_whose_answer_was_lost_is_logged_once(desk: Desk) -> None:
    """It is taken back aloud, the text waits, and the same again is the same (U3, L8)."""
    lead = desk.lead()
    desk.expect_fault("net::ERR_CONNECTION_RESET")
    page = await desk.open(f"leads/{lead}")
    await page.route(re.compile("/activities$"), lost_answer([]))
    await intercepting(page)
    await page.keyboard.press("n")
    await dialog(page).get_by_label("What happened").fill("Wants a demo.")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("It was not logged:")).to_be_visible()
    await page.keyboard.press("n")
    await expect(dialog(page).get_by_label("What happened")).to_have_value("Wants a demo.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".toast", has_text=re.compile(r"^Logged\."))).to_be_visible()
    logged = [one for one in desk.call("GET", f"/leads/{lead}/history")["value"] if "activity" in one["type"]]
    assert len(logged) == 1


async def test_a_heart_that_fails_is_put_back_aloud(desk: Desk) -> None:
    """It beats at once, and says why it is gone again (U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.open("leads")
    await page.route(re.compile("/favorite$"), failing(500))
    heart = page.get_by_role("button", name="Favorite: Northwind Traders")
    await heart.click()
    await expect(page.get_by_text("The heart was put back:")).to_be_visible()
    await expect(heart).to_have_attribute("aria-pressed", "false")
    await page.unroute(re.compile("/favorite$"))
    await heart.click()
    await expect(heart).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("[data-count=favorites]")).to_have_text("1")
    assert desk.call("GET", f"/leads/{lead}?peek=true", user="ann")["isFavorite"] is True


async def test_only_the_last_wish_of_a_heart_is_sent(desk: Desk) -> None:
    """One call at a time; whoever changes their mind twice sends one (U3)."""
    desk.lead()
    page = await desk.open("leads")
    heart = page.get_by_role("button", name="Favorite: Northwind Traders")
    with requests_of(page) as asked:
        await heart.evaluate("button => [1, 2, 3].forEach(() => button.click())")
        await expect(page.locator("[data-count=favorites]")).to_have_text("1")
        assert [one.split()[0] for one in asked if one.endswith("/favorite")] == ["PUT"]
    await expect(heart).to_have_attribute("aria-pressed", "true")


async def test_whoever_has_to_sign_in_again_keeps_what_was_typed(desk: Desk) -> None:
    """The form goes on after the sign-in, and is sent (U2, U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 401", "status of 500")
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page, "Rollout")
    await ended(page)
    await page.route(re.compile("/dev/token"), failing(500, times=1))
    await page.keyboard.press("Control+Enter")
    asked = page.locator("#sign-in")
    await expect(asked).to_contain_text("Your sign-in has ended. Sign in again; what you typed is kept.")
    await asked.get_by_label("tenant").fill(desk.partner)
    await asked.get_by_role("button", name="Sign in").click()
    await expect(asked).to_be_hidden()
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    assert desk.read(lead)["deal"]["name"] == "Rollout"


async def test_calls_with_a_dead_token_share_one_renewal(desk: Desk) -> None:
    """Three at once, one question for a token (U3)."""
    desk.lead()
    desk.expect_fault("status of 401")
    page = await desk.open("leads")
    await ended(page)
    with requests_of(page) as asked:
        # The header, the counts of a menu and a list, at once.
        await page.evaluate(
            """() => {
              dispatchEvent(new Event("online"));
              document.querySelector(".quick[href$='status=received']").click();
              document.querySelector("#filters details.menu").open = true;
            }"""
        )
        await expect(page.locator(".chips")).to_contain_text("Status: Received")
        await page.wait_for_load_state("networkidle")
    assert asked.count("GET /dev/token") == 1
    assert {"GET /ui/top", "GET /ui/leads", "GET /ui/leads/facets"} <= set(asked)
    await expect(rows(page)).to_have_count(1)


async def test_a_read_that_is_asked_to_wait_is_asked_again(desk: Desk) -> None:
    """503 with Retry-After: lists come by themselves, an answer to a lead is never sent twice (U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 503")
    page = await desk.open("leads")
    await page.route(re.compile("/ui/leads/[^/]+$"), failing(503, times=1))
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await page.keyboard.press("a")
    await filled(page, "Rollout")
    await page.route(re.compile("/accept$"), posts(failing(503, times=1)))
    with requests_of(page) as asked:
        await page.keyboard.press("Control+Enter")
        await expect(dialog(page).locator(".errors")).to_contain_text("quote this number: 12345")
        assert [one for one in asked if one.startswith("POST")] == [
            f"POST /partners/{desk.partner}/leads/{lead}/accept"
        ]
    await expect(dialog(page).get_by_label("Deal name")).to_have_value("Rollout")


async def test_without_a_connection_what_is_there_stays_and_nothing_is_sent(desk: Desk) -> None:
    """A bar says since when; actions are off; it goes when the connection is back (U3)."""
    lead = desk.lead()
    desk.expect_fault("net::ERR_INTERNET_DISCONNECTED")
    page = await desk.open("leads")
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await page.context.set_offline(True)
    await expect(page.locator("#bar")).to_contain_text(re.compile(r"Offline: shown as of \d\d:\d\d"))
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await page.keyboard.press("u")
    await expect(rows(page)).to_have_count(1)
    await page.keyboard.press("f")
    await expect(page.get_by_text("The heart was put back:")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.locator("#bar")).to_be_hidden()
    await expect(page.get_by_text("The connection is back.")).to_be_visible()
    assert desk.call("GET", f"/leads/{lead}?peek=true", user="ann")["isFavorite"] is False


async def test_of_many_declined_at_once_each_has_its_result(desk: Desk) -> None:
    """The one that somebody took meanwhile is named with the reason (U3)."""
    desk.lead("Adatum")
    taken = desk.lead("Fabrikam")
    desk.lead("Contoso")
    desk.expect_fault("status of 409")
    page = await desk.open("leads?status=received")
    desk.call("POST", f"/leads/{taken}/accept", DEAL_BODY)
    await page.get_by_label("Select all shown").check()
    await expect(page.locator("#bulk")).to_contain_text("3 selected")
    await page.locator("#bulk").get_by_role("button", name="Decline …").click()
    await expect(dialog(page)).to_contain_text("One reason for all selected leads (3)")
    await expect(dialog(page)).to_contain_text("This is final.")
    await dialog(page).get_by_label("budget").check()
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_contain_text("Done: 2. Not done: 1.")
    await expect(dialog(page).locator("li.fault")).to_contain_text("✕ Fabrikam:")
    await dialog(page).get_by_role("button", name="Close").click()
    await expect(rows(page)).to_have_count(0)
    assert desk.read(taken)["status"] == "accepted"


async def test_typed_text_is_there_again_after_a_reload(desk: Desk) -> None:
    """Drafts stay in the tab until they are sent (U2)."""
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page, "Rollout 2027")
    await dialog(page).locator("summary").click()
    await dialog(page).get_by_role("button", name="Add a colleague").click()
    await dialog(page).locator(".item").get_by_label("Name").fill("Lena")
    await page.reload()
    await settled(page)
    await expect(dialog(page).get_by_label("Deal name")).to_have_value("Rollout 2027")
    await expect(dialog(page)).to_contain_text("What you typed earlier is here again.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    deal = desk.read(lead)["deal"]
    assert (deal["name"], [one["name"] for one in deal["team"]]) == ("Rollout 2027", ["Lena"])
    kept = await page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft:'))")
    assert kept == []


@pytest.fixture
def later(tmp_path: Path) -> Iterator[LocalHost]:
    """A host of its own, whose clock may be moved."""
    with LocalHost(tmp_path) as running:
        yield running


async def test_a_lead_that_expires_while_its_page_is_open_says_so(desk: Desk, later: LocalHost) -> None:
    """Fourteen days later the sign-in is renewed, the accept refused, the page tells why (U3, A1, L6)."""
    waits = Desk(later, desk._browser)
    waits.expect_fault("status of 401", "status of 409")
    page = await waits.open(f"leads/{waits.lead()}/accept")
    await filled(page, "Rollout")
    waits.advance("P14DT1S")
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_contain_text("expired")
    await dialog(page).get_by_role("button", name="Show the lead").click()
    await expect(page.locator("#lead .status")).to_contain_text("Expired")
    await expect(page.locator("#lead")).to_contain_text("Contact details are no longer shown.")
    await expect(page.locator("#lead")).not_to_contain_text("+46 8 123 456 78")
    await waits.close()
    assert not waits.unexpected


async def filled(page: Page, name: str) -> None:
    """Fill the deal of an accept."""
    await dialog(page).get_by_label("Deal name").fill(name)
    await dialog(page).get_by_label("Value").fill("12000")
    await dialog(page).get_by_label("Time frame").fill("next quarter")


async def ended(page: Page) -> None:
    """End the tab's sign-in, as an hour does; who it was is still known."""
    await page.evaluate(
        """() => {
          const kept = JSON.parse(sessionStorage.getItem("local.sign-in"));
          sessionStorage.setItem("local.sign-in", JSON.stringify({ ...kept, token: "ended" }));
        }"""
    )
