"""A phone, and windows that are not high: what matters is in sight, the rest one tap away (U4)."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.desk import Desk

PHONE = {"width": 320, "height": 640}
LOW = {"width": 1280, "height": 640}
HIDDEN = """(line) => {
  const bar = document.querySelector('#dialog .buttons.end'), has = document.activeElement;
  const { top, bottom } = has.getBoundingClientRect();
  return has.closest('#dialog form') && !bar.contains(has) &&
    Math.min(bottom, top + line) > bar.getBoundingClientRect().top;
}"""
"""Whether a field has the focus of which not even a line is seen."""


def named(page: Page, name: str) -> Locator:
    return page.locator("#lead .crumbs").get_by_role("button", name=name, exact=True)


async def test_print_and_copy_stand_behind_more_on_a_phone(desk: Desk) -> None:
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}", viewport=PHONE)
    await expect(named(page, "Print")).to_have_count(0)
    await page.locator("#lead .crumbs summary", has_text="More").click()
    for name in ("Print", "Copy link"):
        await expect(named(page, name)).to_be_visible()
        await expect(named(page, name)).to_be_in_viewport(ratio=1)
    wide = await desk.open(f"leads/{lead}", viewport=LOW)
    for name in ("Print", "Copy link"):
        await expect(named(wide, name)).to_have_count(1)
    await expect(wide.locator("#lead .crumbs summary", has_text="More")).to_be_hidden()


@pytest.mark.parametrize("viewport", [PHONE, LOW], ids=["phone", "low"])
@pytest.mark.parametrize("action", ["accept", "edit", "decline", "lose", "activity"])
async def test_what_sends_a_form_is_always_in_sight_and_hides_no_field(
    desk: Desk, action: str, viewport: dict[str, int]
) -> None:
    lead = desk.accepted() if action in ("edit", "lose") else desk.lead()
    page = await desk.open(f"leads/{lead}/{action}", viewport=viewport)
    send = page.locator("#dialog button[type=submit]")
    details = page.locator("#dialog details:not([open]) summary")
    if await details.count():
        await details.click()
    for place in ("0", "1e6"):
        await page.evaluate(f"document.querySelector('#dialog').scrollTo(0, {place})")
        await expect(send).to_be_in_viewport(ratio=1)
    await page.evaluate("document.querySelector('#dialog').scrollTo(0, 0)")
    await page.locator("#dialog :is(input, textarea)").first.focus()
    for _ in range(20):
        assert not await page.evaluate(HIDDEN, 32), await page.evaluate("document.activeElement.outerHTML")
        await page.keyboard.press("Tab")
    sideways = "document.querySelector('#dialog').scrollWidth > document.querySelector('#dialog').clientWidth"
    assert not await page.evaluate(sideways)


async def test_opened_filters_end_with_a_way_to_the_leads(desk: Desk) -> None:
    desk.lead()
    page = await desk.open("leads", viewport=PHONE)
    done = page.locator("#filters [data-do='filters-done']")
    await expect(done).to_be_hidden()
    await page.locator("summary", has_text="Filters").click()
    await expect(done).to_have_text("Show the leads")
    last = await page.locator("#filters .menus > :visible").last.get_attribute("data-do")
    assert last == "filters-done"
    wide = await desk.open("leads", viewport=LOW)
    await expect(wide.locator("#filters [data-do='filters-done']")).to_be_hidden()
