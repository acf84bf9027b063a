"""Going from lead to lead: keys, lists that change, Back, filters and what is new, in a browser (U1, U2, U4)."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import Desk, requests_of
from tests.browser.test_workspace import current, dialog, heading, rows
from tests.builders import DEAL_BODY

ACTS = re.compile(r"^(POST|PUT|PATCH|DELETE) |/(accept|decline|activity|edit)$")


async def test_keys_act_on_nothing_that_is_not_seen(desk: Desk) -> None:
    """A lead that was open before is not what keys mean on another screen (U4)."""
    lead = desk.lead()
    page = await desk.open("leads")
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await page.get_by_role("link", name="Notifications").click()
    await expect(heading(page)).to_have_text("Notifications")
    await page.wait_for_load_state("networkidle")
    with requests_of(page) as asked:
        for key in "fdxjawc":
            await page.keyboard.press(key)
        assert await page.evaluate("location.pathname") == "/api/app/notifications"
        await page.keyboard.press("g")
        await page.keyboard.press("p")
        await expect(heading(page)).to_have_text("Profile")
        await page.wait_for_load_state("networkidle")
    assert not [one for one in asked if ACTS.search(one)], asked
    await expect(dialog(page)).to_be_hidden()
    assert desk.call("GET", f"/leads/{lead}?peek=true", user="ann")["isFavorite"] is False


async def test_a_lead_that_somebody_changed_is_read_again_when_it_is_opened_again(desk: Desk) -> None:
    """What was shown earlier is not what it is (U2, U3)."""
    lead = desk.lead()
    page = await desk.open("leads")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lead .status")).to_have_text("Received")
    await page.keyboard.press("u")
    await expect(rows(page)).to_have_count(1)
    desk.call("POST", f"/leads/{lead}/accept", DEAL_BODY)
    await page.keyboard.press("Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    await expect(page.get_by_role("link", name="Won …")).to_be_visible()


async def test_whoever_declines_in_a_list_of_those_that_wait_goes_on_with_the_next(desk: Desk) -> None:
    """The declined one leaves the list, and keeps its neighbours until one is chosen (U1, U3)."""
    page = await declined_in_the_middle(desk)
    await expect(page.locator("#count")).to_have_text("2 leads")
    await expect(page.get_by_role("link", name="Next lead")).to_be_visible()
    await expect(page.get_by_role("link", name="Previous lead")).to_be_visible()
    await page.keyboard.press("j")
    await expect(heading(page)).to_contain_text("Adatum")
    await expect(page.locator("#place")).to_have_text("2 of 2")
    await page.keyboard.press("k")
    await expect(heading(page)).to_contain_text("Northwind Traders")


async def test_whoever_declines_and_goes_back_stands_at_the_next(desk: Desk) -> None:
    """Its row is marked, and the keys mean it (U1, U4)."""
    page = await declined_in_the_middle(desk)
    await page.keyboard.press("u")
    await expect(rows(page)).to_have_count(2)
    await expect(page.locator("#count")).to_have_text("2 leads")
    await expect(current(page)).to_contain_text("Adatum")
    await expect(current(page).get_by_role("link")).to_be_focused()
    await page.keyboard.press("k")
    await expect(current(page)).to_contain_text("Northwind Traders")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_contain_text("Adatum")


@pytest.mark.parametrize("way", ["Escape", "Cancel"])
async def test_back_after_a_dialog_that_was_closed_needs_one_press(desk: Desk, way: str) -> None:
    """A dialog that was put away is no step back any more (U2)."""
    desk.lead()
    page = await desk.open("leads")
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await page.keyboard.press("a")
    await expect(dialog(page).get_by_label("Deal name")).to_be_focused()
    if way == "Escape":
        await page.keyboard.press("Escape")
    else:
        await dialog(page).get_by_role("button", name="Cancel").click()
    await expect(dialog(page)).to_be_hidden()
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await page.go_back()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_be_visible()
    assert page.url == desk.url("leads")


async def test_names_that_are_not_ours_do_not_disturb_an_export(desk: Desk) -> None:
    """What a mail program added to the address is no filter (U2, X1)."""
    desk.lead("Adatum")
    desk.lead("Fabrikam")
    page = await desk.open("leads?utm_source=mail&search=fabrikam&utm_campaign=x")
    await expect(rows(page)).to_have_count(1)
    await page.get_by_role("button", name="Export", exact=True).click()
    await expect(heading(page)).to_have_text("Exports")
    await expect(page.locator(".export")).to_contain_text("Search: fabrikam")


async def test_keys_in_a_filter_only_tick_and_escape_leaves_it(desk: Desk) -> None:
    """A box of a menu is a field, and the menu gives the cursor back (U4)."""
    desk.lead()
    page = await desk.open("leads")
    menu = page.locator("#filters details", has=page.locator("summary", has_text="Status"))
    await menu.locator("summary").click()
    box = menu.get_by_label("Received").first
    await box.focus()
    await page.wait_for_load_state("networkidle")
    with requests_of(page) as asked:
        for key in "fdxjo?":
            await page.keyboard.press(key)
        assert await page.evaluate("location.pathname + location.search") == "/api/app/leads"
        assert not await page.evaluate("Boolean(document.querySelector('dialog[open]'))")
        await page.keyboard.press("Space")
        await expect(page).to_have_url(re.compile(r"\?status=received$"))
        await expect(page.locator(".chips")).to_contain_text("Status: Received")
    assert not [one for one in asked if ACTS.search(one)], asked
    await expect(rows(page).get_by_role("checkbox")).not_to_be_checked()
    await expect(box).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).not_to_have_attribute("open", "")
    await expect(menu.locator("summary")).to_be_focused()


async def test_whoever_dismisses_by_keyboard_goes_on_at_the_next_notification(desk: Desk) -> None:
    """Three times Enter dismisses three; the cursor is never lost (U4)."""
    desk.leads(3)
    page = await desk.open("notifications")
    shown = page.locator("[data-notice]:visible")
    names = await shown.locator("strong").all_inner_texts()
    await page.get_by_role("button", name=f"Dismiss: {names[1]}").focus()
    await page.keyboard.press("Enter")
    await expect(shown).to_have_count(2)
    await expect(page.get_by_role("button", name=f"Dismiss: {names[2]}")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(shown).to_have_count(1)
    await expect(page.get_by_role("button", name=f"Dismiss: {names[0]}")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(shown).to_have_count(0)
    await expect(heading(page)).to_be_focused()
    await expect(page.locator("#bell")).to_be_hidden()


async def test_only_leads_that_came_after_the_list_are_announced(desk: Desk) -> None:
    """What the list shows already is not new to it (U1)."""
    desk.lead("Adatum")
    page = await desk.open("leads")
    desk.lead("Fabrikam")
    await page.get_by_role("columnheader", name="Company").get_by_role("link").click()
    await expect(rows(page)).to_have_count(2)
    await told(page)
    fresh = page.locator("#fresh")
    await expect(page.locator("[data-new=marketplace]")).to_have_text("2")
    await expect(fresh).to_be_hidden()
    desk.lead("Contoso")
    await told(page)
    await expect(fresh).to_have_text("1 new lead: show")


async def test_a_new_lead_is_shown_though_a_filter_would_hide_it(desk: Desk) -> None:
    """Who presses the button sees what it promises (U1)."""
    desk.lead("Adatum")
    page = await desk.open("leads?search=adatum")
    await expect(rows(page)).to_have_count(1)
    desk.lead("Fabrikam")
    await told(page)
    await page.get_by_role("button", name="1 new lead: show").click()
    await expect(rows(page).first).to_contain_text("Fabrikam")
    await expect(rows(page)).to_have_count(2)
    await expect(page.locator("#fresh")).to_be_hidden()


async def declined_in_the_middle(desk: Desk) -> Page:
    """Three leads that wait, newest first Northwind, Fabrikam, Adatum: Fabrikam is opened and declined."""
    for company in ("Adatum", "Fabrikam", "Northwind Traders"):
        desk.lead(company)
    page = await desk.open("leads?status=received")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_contain_text("Fabrikam")
    await page.keyboard.press("d")
    await dialog(page).get_by_label("Budget").check()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_contain_text("Declined")
    await expect(dialog(page)).to_be_hidden()
    return page


async def told(page: Page) -> None:
    """Let the header ask now, as every half minute, and wait until it has its answer.

    One question that is on its way already stands for all that would follow, and may be older than what the test did:
    so it is asked for until one goes out.
    """
    async with page.expect_request(re.compile("/ui/top")) as asked:
        asking = await page.evaluate("setInterval(() => dispatchEvent(new Event('online')), 20)")
    await (await asked.value).response()
    await page.evaluate("clearInterval", asking)


async def test_what_a_slow_swap_has_brought_is_not_cleared_away(desk: Desk) -> None:
    """A swap ends after what it brings is seen, and what stands in for a screen does not come in between (U2)."""
    page = await desk.open("leads")
    await page.evaluate(
        """() => {
          const swap = htmx.swap.bind(htmx);
          htmx.swap = async (...given) => { await swap(...given); await new Promise((go) => setTimeout(go, 400)); };
        }"""
    )
    await page.get_by_role("link", name="Exports").click()
    await expect(page.locator("#other[data-screen=exports] h1")).to_have_text("Exports")
