"""Advice leads to what mends it, by the keyboard (M6, U1, U4)."""

from typing import Any

from playwright.async_api import expect

from tests.browser.desk import Desk, settled

LENA = {"name": "Lena", "email": "lena@contoso.example"}
PROFILE: dict[str, Any] = {
    "name": "Contoso",
    "published": True,
    "keywords": ["crm"],
    "locations": [
        {"name": "HQ", "country": "SE", "contacts": [LENA]},
        {"name": "Berlin", "country": "DE", "contacts": []},
    ],
}


async def test_m6_a_location_gets_its_contact_from_the_notification_by_keyboard_alone(desk: Desk) -> None:
    desk.call("PUT", "/profile", PROFILE)
    page = await desk.open("notifications", roles="Leads.Admin,Profile.Admin")
    await page.get_by_role("link", name="Location without a contact").focus()
    await page.keyboard.press("Enter")
    # The screen opens at what is to be filled in.
    place = page.locator("#location-2")
    await expect(place.get_by_label("Name", exact=True)).to_be_focused()
    assert page.url.endswith("/app/profile#location-2")
    card = page.get_by_role("region", name="Advice")
    await expect(card).to_contain_text("The location Berlin has no contact with an e-mail address.")
    await place.get_by_role("button", name="Add a contact").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.type("Jonas")
    # The card leads to the same place, and nothing that was typed is lost by it.
    await card.get_by_role("link", name="Location without a contact").focus()
    await page.keyboard.press("Enter")
    await expect(place.get_by_label("Name", exact=True).first).to_be_focused()
    await expect(place.locator(".item").get_by_label("Name", exact=True)).to_have_value("Jonas")
    await place.locator(".item").get_by_label("E-mail").focus()
    await page.keyboard.type("jonas@contoso.example")
    await page.get_by_role("button", name="Save").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await desk.go(page, "profile")
    await expect(card).to_have_count(0)


async def test_m6_whoever_may_not_open_the_profile_is_led_nowhere_and_may_dismiss(desk: Desk) -> None:
    desk.call("PUT", "/profile", PROFILE)
    page = await desk.open("notifications", roles="Leads.User")
    await expect(page.get_by_text("Location without a contact")).to_be_visible()
    await expect(page.get_by_role("link", name="Open")).to_have_count(0)
    await page.get_by_role("button", name="Dismiss: Location without a contact").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#bell")).to_be_hidden()
    await page.reload()
    await settled(page)
    await expect(page.get_by_role("button", name="Show again")).to_have_count(1)
