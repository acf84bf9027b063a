"""A lead shows the deals that are like it, in a browser (M4, U2, U4)."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.desk import Desk, failing
from tests.browser.test_accessible import AXE, SIZES, SMALL, faults, sideways
from tests.browser.test_workspace import heading

NEED = "We look for scanners and pallets in a warehouse."


def fold(page: Page) -> Locator:
    """The fold of the lead that is shown."""
    return page.locator("#lead details.similar")


def some(desk: Desk) -> tuple[str, str]:
    """A deal that was won, an open one, and a lead that is like both; the first and the last."""
    won = desk.accepted("Adatum", Description=NEED)
    desk.call("POST", f"/leads/{won}/win", {"value": {"amount": "14500.00", "currency": "EUR"}})
    desk.accepted("Fabrikam", Description="Scanners only.")
    return won, desk.lead("Litware", Description=NEED)


async def test_m4_similar_deals_are_read_and_followed_by_keyboard_alone(desk: Desk) -> None:
    """The heading tells how many there are; the fold opens, and leads to a deal and back (U4)."""
    won, lead = some(desk)
    page = await desk.open(f"leads/{lead}")
    await expect(fold(page).locator("summary")).to_have_text("Similar deals: 2 (1 won, days to close: 0)")
    await fold(page).locator("summary").focus()
    await expect(fold(page).get_by_role("link")).to_have_count(0)
    await page.keyboard.press("Enter")
    first = fold(page).locator("li").first
    await expect(first).to_contain_text("Won · €14,500.00 · Days to close: 0")
    await expect(first).to_contain_text(re.compile(r"Alike in: Need \(.*scanners.*\), Offer, Country"))
    await expect(fold(page).locator("li").nth(1)).to_contain_text("Accepted · €12,000.00")
    await page.keyboard.press("Tab")
    await expect(fold(page).get_by_role("link", name="Adatum")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_contain_text("Adatum")
    assert page.url.endswith(f"/leads/{won}")
    await expect(page.locator("#lead aside")).to_contain_text("No similar deals yet")
    await page.go_back()
    await expect(heading(page)).to_contain_text("Litware")
    await expect(fold(page)).to_be_visible()


async def test_m4_a_lead_is_there_whatever_becomes_of_its_similar_deals(desk: Desk) -> None:
    """What did not come leaves a gap and no complaint (U2)."""
    _, lead = some(desk)
    desk.expect_fault("status of 500")
    page = await desk.open("leads")
    await page.route(re.compile("/similar$"), failing(500))
    async with page.expect_response(re.compile("/similar$")):
        await page.get_by_role("link", name="Litware").click()
    await expect(heading(page)).to_contain_text("Litware")
    await expect(page.get_by_role("link", name="Accept …")).to_be_visible()
    await expect(fold(page)).to_have_count(0)
    await expect(page.locator(".toast.bad")).to_have_count(0)
    assert desk.read(lead)["isNew"] is True, "to bob"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_m4_axe_finds_nothing_in_similar_deals(desk: Desk, scheme: Any, size: str) -> None:
    """The open fold, from 320 pixels (U4)."""
    some(desk)
    desk.accepted("W" * 200, Description=NEED)
    lead = desk.lead("Litware", Description=NEED)
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    page = await desk.open(f"leads/{lead}", bypass_csp=True, color_scheme=scheme, viewport=viewport)
    await page.add_script_tag(path=AXE)
    await fold(page).locator("summary").click()
    await expect(fold(page).locator("li")).to_have_count(3)
    await page.evaluate("scrollTo(0, 0)")
    assert await faults(page) + await sideways(page) + list(await page.evaluate(SMALL)) == []
