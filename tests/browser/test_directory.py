"""The directory's search page in a browser: framed by another site, written in, and read by everybody (M1)."""

import asyncio
from typing import Any, Literal

import pytest
from playwright.async_api import expect

from tests.browser.desk import Desk
from tests.browser.test_accessible import AXE, SMALL, faults, sideways

PROFILE: dict[str, Any] = {
    "published": True,
    "description": "Payroll and time recording for companies of 10 to 250 people. " * 8,
    "keywords": ["payroll"],
    "companySizes": ["10-50"],
    "locations": [{"name": "HQ", "country": "SE", "contacts": [{"name": "Lena", "language": "sv"}]}],
}


async def listed(desk: Desk) -> str:
    """List the desk's partner under its own name; the page of a new directory."""
    desk.call("PUT", "/profile", PROFILE | {"name": desk.partner})
    with desk.host.client("Operator", "operator") as operator:
        said = {"competencies": ["Payroll"], "endorsements": ["Audited"]}
        changed = operator.patch(f"/partners/{desk.partner}", json=said)
        assert changed.is_success, changed.text
        made = operator.post("/sources", json={"name": "Site", "kind": "directory"})
        timer = f"{desk.host.url}/admin/functions/refresh_directory"
        assert operator.post(timer, json={"input": ""}).is_success
        for _ in range(100):
            found = operator.get("/directory", params={"q": desk.partner, "top": 50}).json()["value"]
            if any(one["partnerId"] == desk.partner and one["competencies"] for one in found):
                return str(made.json()["pageUrl"])
            await asyncio.sleep(0.1)
    raise AssertionError("the directory was not refreshed")


async def test_a_visitor_of_another_site_finds_a_partner_and_writes_to_it(desk: Desk) -> None:
    address = await listed(desk)
    page = await desk.stranger()
    # Another origin on the same machine: from elsewhere a browser lets nobody in there.
    site = desk.host.url.replace("localhost", "127.0.0.1") + "/api/health"
    # The other site has no icon, and keeps no sign-in where its frames are.
    desk.expect_fault(f"a third party: {site}", "favicon.ico", "sessionStorage")
    await page.goto(site)
    framed = f'<iframe title="Partners" src="{address}" width="900" height="700"></iframe>'
    await page.evaluate("framed => { document.body.innerHTML = framed; }", framed)
    frame = page.frame_locator("iframe")
    await frame.get_by_label("What do you need?").fill(f"payroll {desk.partner}")
    await frame.get_by_label("Your country").select_option(label="Sweden")
    await frame.get_by_role("button", name="Find").click()
    partner = frame.locator("li.partner", has_text=desk.partner).first
    await expect(partner).to_contain_text("A competency that the programme confirms has: payroll.")
    await expect(partner).to_contain_text("It has a location in your country.")
    await partner.get_by_text("Write to").click()
    await partner.get_by_label("E-mail").fill("kata@fabrikam.example")
    await partner.get_by_label("Message").fill("We need a payroll.")
    # Nothing is sent without the visitor's word.
    await partner.get_by_role("button", name="Send").click()
    await expect(partner.get_by_label("My data may be passed on")).to_be_focused()
    await partner.get_by_label("My data may be passed on").check()
    await partner.get_by_role("button", name="Send").click()
    await expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()
    (lead,) = desk.call("GET", "/leads")["value"]
    assert (lead["type"], lead["customer"]["country"]) == ("profile", "SE")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_axe_finds_nothing_on_it(desk: Desk, scheme: Literal["light", "dark"], width: int) -> None:
    address = await listed(desk)
    page = await desk.stranger(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    await page.goto(f"{address}&q=payroll+{desk.partner}&country=BR&language=de")
    for summary in await page.locator("li.partner").first.locator("summary").all():
        await summary.click()
    await page.add_script_tag(path=AXE)
    assert await faults(page) + await sideways(page) + await page.evaluate(SMALL) == []
    await page.goto(f"{address}&q=aviation")
    await page.add_script_tag(path=AXE)
    assert await faults(page) + await sideways(page) == []
