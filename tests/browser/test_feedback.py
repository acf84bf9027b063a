"""Somebody says on a lead's page how good it is, in a browser (M8, U2, U4)."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.desk import Desk, failing, posts, requests_of
from tests.browser.test_accessible import AXE, SIZES, SMALL, faults, sideways
from tests.browser.test_workspace import dialog

USER = "Leads.User"


def place(page: Page) -> Locator:
    """The place of feedback on the lead that is shown."""
    return page.locator("#lead .feedback")


def own(desk: Desk, lead: str, user: str = "ann") -> list[Any]:
    """What the person has said of the lead, as the interface has it."""
    return list(desk.call("GET", f"/leads/{lead}/feedback", user=user)["value"])


async def test_m8_feedback_is_given_and_changed_by_keyboard_alone(desk: Desk) -> None:
    """Tab, arrows and a space choose; it says thanks, and shows what was sent (U4)."""
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}", roles=USER)
    await place(page).locator("summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await expect(place(page).get_by_label("4 – good")).to_be_checked()
    await page.keyboard.press("Tab")
    await expect(place(page).get_by_label("Why, or what else")).to_be_focused()
    await page.keyboard.type("Knew their budget.\nNo <b>rush</b>.")
    with requests_of(page) as asked:
        await page.keyboard.press("Control+Enter")
        await expect(place(page)).to_contain_text("Thank you. You said:")
    assert f"POST /partners/{desk.partner}/leads/{lead}/feedback" in asked
    await expect(page.locator("#toasts")).to_contain_text("Thank you for your feedback.")
    await expect(page.locator("#feedback-title")).to_be_focused()
    await expect(place(page).locator(".said")).to_have_text("Knew their budget.\nNo <b>rush</b>.")
    await expect(place(page).locator("> p strong")).to_have_text("4 – good")
    (said,) = own(desk, lead)
    assert (said["rating"], said["text"], said["by"]["id"]) == (4, "Knew their budget.\nNo <b>rush</b>.", "ann")
    # The lead itself is as it was, and so are keys once nothing is typed any more.
    await place(page).get_by_text("Change your feedback").click()
    await expect(place(page).get_by_label("4 – good")).to_be_checked()
    await place(page).get_by_label("1 – very poor").check()
    await place(page).get_by_label("Why, or what else").fill("")
    await place(page).get_by_role("button", name="Send feedback").click()
    await expect(page.locator("#toasts")).to_contain_text("It has taken the place of what you said before.")
    await expect(place(page).locator("> p strong")).to_have_text("1 – very poor")
    await expect(place(page).locator(".said")).to_have_count(0)
    assert [(one["rating"], one["text"]) for one in own(desk, lead)] == [(1, None)]
    assert own(desk, lead, "bob") == []
    await page.keyboard.press("n")
    await expect(dialog(page).get_by_label("What happened")).to_be_focused()


async def test_m8_nothing_is_sent_without_a_rating_and_what_was_typed_stays(desk: Desk) -> None:
    """The fault stands beside the choice, and nothing is lost by a failure or a look elsewhere (U2)."""
    lead = desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.open(f"leads/{lead}")
    await place(page).get_by_text("Say how good this lead is").click()
    await place(page).get_by_label("Why, or what else").fill("They left.")
    with requests_of(page) as asked:
        await place(page).get_by_role("button", name="Send feedback").click()
        await expect(place(page).locator(".errors")).to_be_focused()
    assert asked == []
    await expect(place(page).locator(".ratings")).to_contain_text("Please fill this in.")
    await place(page).locator(".errors a").click()
    await expect(place(page).get_by_label("5 – very good")).to_be_focused()
    await place(page).get_by_label("2 – poor").check()
    await page.route(re.compile("/feedback$"), posts(failing(500, times=1)))
    await place(page).get_by_role("button", name="Send feedback").click()
    await expect(place(page).locator(".errors")).to_contain_text("It broke.")
    # Somebody comes back from the list, and works on the lead in between.
    await page.get_by_role("link", name="Back to the list").click()
    await page.go_back()
    await expect(place(page).get_by_label("Why, or what else")).to_have_value("They left.")
    await page.locator("#lead h1").click()
    await page.keyboard.press("n")
    await dialog(page).get_by_label("What happened").fill("Called.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#timeline")).to_contain_text("Called.")
    await expect(place(page).get_by_label("2 – poor")).to_be_checked()
    await expect(place(page).get_by_label("Why, or what else")).to_have_value("They left.")
    await place(page).get_by_role("button", name="Send feedback").click()
    await expect(place(page)).to_contain_text("Thank you. You said:")
    assert [(one["rating"], one["text"]) for one in own(desk, lead)] == [(2, "They left.")]


async def test_m8_two_leads_have_a_feedback_each(desk: Desk) -> None:
    """What is typed for one is not typed for the next (U2)."""
    first, second = desk.lead("Adatum"), desk.lead("Fabrikam")
    desk.call("POST", f"/leads/{second}/feedback", {"rating": 5}, user="ann")
    page = await desk.open(f"leads/{first}")
    await place(page).get_by_text("Say how good this lead is").click()
    await place(page).get_by_label("3 – fair").check()
    await page.evaluate(
        "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
        desk.url(f"leads/{second}"),
    )
    await expect(page.locator("h1:visible")).to_contain_text("Fabrikam")
    await expect(place(page).locator("> p strong")).to_have_text("5 – very good")
    await expect(place(page).locator("input[value='3']")).not_to_be_checked()
    assert own(desk, first) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_m8_axe_finds_nothing_in_feedback(desk: Desk, scheme: Any, size: str) -> None:
    """The open form, its fault, and what was said (U4)."""
    lead = desk.accepted()
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    page = await desk.open(f"leads/{lead}", bypass_csp=True, color_scheme=scheme, viewport=viewport)
    await page.add_script_tag(path=AXE)
    await place(page).locator("summary").click()
    await place(page).get_by_role("button", name="Send feedback").click()
    await expect(place(page).locator(".fault")).to_be_visible()
    found = await wrong(page)
    await place(page).get_by_label("4 – good").check()
    await place(page).get_by_label("Why, or what else").fill("A good one. " * 20)
    await place(page).get_by_role("button", name="Send feedback").click()
    await expect(place(page)).to_contain_text("Thank you. You said:")
    found += await wrong(page)
    assert found == []


async def wrong(page: Page) -> list[str]:
    """What axe finds from the page's top: a link that is half behind the header counts as too small."""
    await page.evaluate("scrollTo(0, 0)")
    return await faults(page) + await sideways(page) + list(await page.evaluate(SMALL))
