"""What leads have come to, in a browser: the days, the groups, the lists behind numbers, and files (M5, U2)."""

import csv
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.desk import Desk, counted, settled
from tests.browser.test_workspace import heading, rows


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with a lead that was won, one that was declined, one for information, and two that wait."""
    won, declined = desk.accepted("Adatum"), desk.lead("Wingtip Toys", Country="Germany")
    desk.call("POST", f"/leads/{won}/win", {})
    desk.call("POST", f"/leads/{declined}/decline", {"reason": "noCapacity"})
    desk.lead("Fabrikam", ActionCode="INS")
    desk.leads(2)
    counted(desk, 5)
    return desk


def figure(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def row(page: Page, name: str, table: str) -> Locator:
    return figure(page, table).get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


@pytest.mark.parametrize('n', range(14))
async def test_x(busy: Desk, n: int) -> None:
    page = await busy.open("insights")
    reqs=[]
    page.on('request', lambda r: reqs.append('> '+r.method+' '+r.url[-90:]))
    page.on('response', lambda r: reqs.append('< '+str(r.status)+' '+r.url[-90:]))
    page.on('requestfailed', lambda r: reqs.append('! '+str(r.failure)+' '+r.url[-90:]))
    try:
        groups = page.get_by_label("Told apart")
        await groups.focus()
        await groups.select_option(label="By offer")
        await expect(figure(page, "By offer")).to_contain_text("Contoso CRM")
        await expect(page).to_have_url(re.compile(r"/insights\?from=[-\d]+&to=[-\d]+&groupBy=offer$"))
        await expect(groups).to_be_focused()
        await page.get_by_label("From", exact=True).fill("2020-01-01")
        await page.get_by_label("To", exact=True).fill("2020-01-31")
        await page.get_by_role("button", name="Show").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("No leads in this period")).to_be_visible()
        await expect(page.get_by_role("button", name="Show")).to_be_focused()
        await page.get_by_label("To", exact=True).fill("2019-12-31")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("The last day must not be before the first.")
        await expect(page.get_by_label("From", exact=True)).to_have_value("2020-01-01")
        await expect(page.get_by_label("To", exact=True)).to_have_value("2019-12-31")
        await page.get_by_role("link", name="Last 30 days").click()
        await expect(page.get_by_role("link", name="Last 30 days")).to_have_attribute("aria-current", "page")
        await page.go_back()
        await page.go_back()
        await page.go_back()
        await expect(figure(page, "By offer")).to_be_visible()



    except AssertionError:
        print('\n'.join(reqs)); print(page.url, await page.evaluate("document.querySelector('main').outerHTML"))
        raise
