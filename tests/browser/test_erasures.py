"""How the operator erases a person on the page: look first, name it again, follow it (S4, U1, U3)."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests import local_http
from tests.browser.desk import LOOKS, Desk, settled
from tests.browser.test_accessible import AXE, COLOURS, SIZES, SMALL, TAGS, faults, sideways
from tests.browser.test_operator import OPERATOR
from tests.builders import submission_body, unique

LIST = "operator/erasures"


async def form(page: Page, email: str) -> None:
    """Fill it in, and look what would go."""
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("button", name="Look what would go").click()
    await expect(page.get_by_role("heading", name="What would go")).to_be_visible()


def posted(desk: Desk, email: str) -> str:
    """A lead of this person; its id."""
    answer = local_http.post(desk.intake, json=submission_body(Email=email, Country="SE"), timeout=30)
    return str(answer.json()["id"])


async def test_s4_a_person_is_erased_with_keys_alone(desk: Desk) -> None:
    email = f"ada@{unique('erase')}.example"
    lead = posted(desk, email)
    desk.expect_fault("status of 403")
    page = await desk.open("", **OPERATOR)
    await page.keyboard.press("g")
    await page.keyboard.press("e")
    await expect(page.get_by_role("heading", name="Erasures")).to_be_visible()
    link = page.get_by_role("navigation", name="Screens").get_by_role("link", name="Erasures")
    await expect(link).to_have_attribute("aria-current", "page")
    await page.get_by_label("E-mail").focus()
    await page.keyboard.type(email.upper())
    await page.keyboard.press("Enter")
    again = page.get_by_label("Type it again to erase it")
    await expect(again).to_be_focused()
    counts = page.locator("[data-found-of]:visible")
    await expect(counts.first).to_contain_text("Leads of the person")
    assert desk.read(lead)["customer"]["email"] == email

    await page.keyboard.type("somebody else")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This is not what stands above.").first).to_be_visible()
    assert desk.read(lead)["erasedDateTime"] is None
    await again.fill(email.upper())
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="A person by e-mail address")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Running")).to_be_visible()
    await expect(page.get_by_text(lead)).to_be_visible()
    assert desk.read(lead)["customer"]["email"] is None
    await page.get_by_role("link", name="Erasures").last.click()
    await expect(page.locator("li.notice").first).to_contain_text("1 lead")


async def test_s4_whoever_names_somebody_else_looks_again(desk: Desk) -> None:
    page = await desk.open(LIST, **OPERATOR)
    await form(page, f"ada@{unique('erase')}.example")
    await expect(page.get_by_text("Nothing was found.")).to_be_visible()
    lead = posted(desk, email := f"eve@{unique('erase')}.example")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Type it again to erase it").fill(email)
    await page.get_by_role("button", name="Erase for good").click()
    await expect(page.locator("[data-found-of=leads]")).to_be_visible()
    assert desk.read(lead)["erasedDateTime"] is None


async def test_s4_a_fault_stands_at_its_field(desk: Desk) -> None:
    desk.expect_fault("status of 400")
    page = await desk.open(LIST, **OPERATOR)
    await page.locator("[name=phone]").fill("070")
    await page.get_by_role("button", name="Look what would go").click()
    await expect(page.locator("[name=phone]")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".fault", has_text="country's code").first).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_u4_the_screens_are_accessible(desk: Desk, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    email = f"ada@{unique('erase')}.example"
    posted(desk, email)
    page = await desk.open(
        LIST, **OPERATOR, bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    await page.add_script_tag(path=AXE)
    await form(page, email)
    found = await seen(page, scheme, f"erasures-{size}-{scheme}")
    await page.get_by_label("Type it again to erase it").fill(email)
    await page.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_role("heading", name="A person by e-mail address")).to_be_visible()
    await settled(page)
    assert found + await seen(page, scheme, f"erasure-{size}-{scheme}") == []


async def seen(page: Page, scheme: str, name: str) -> list[str]:
    """Faults that a machine finds, and what stands out at the side; PICTURES names a folder for pictures."""
    if home := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(home) / f"{name}.png", full_page=True)
    rules = TAGS if scheme == "light" else COLOURS
    return [*await faults(page, rules), *await sideways(page), *await page.evaluate(SMALL)]
