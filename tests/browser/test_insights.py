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


async def test_a_number_leads_to_its_leads_and_back_leads_to_the_number(busy: Desk) -> None:
    page = await busy.open("leads")
    await page.keyboard.press("g")
    await page.keyboard.press("i")
    await expect(heading(page)).to_have_text("Insights")
    await expect(page.locator("#top [aria-current]")).to_have_text("Insights")
    await row(page, "Received", "From received to won").get_by_role("link", name="4").click()
    await expect(rows(page)).to_have_count(4)
    await page.go_back()
    await row(page, "Germany", "By country").get_by_role("link", name="1").click()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("Wingtip Toys")
    await page.go_back()
    await expect(row(page, "Won", "From received to won")).to_contain_text("€12,000.00")
    await expect(row(page, "We have no capacity", "Why leads were declined")).to_contain_text("100%")


async def test_the_days_hold_while_the_list_behind_a_number_is_narrowed(busy: Desk) -> None:
    """The days are UTC's, which no field of days of another zone can hold; a filter beside them loses none (Q3)."""
    page = await busy.open("insights")
    await row(page, "Received", "From received to won").get_by_role("link", name="4").click()
    await expect(rows(page)).to_have_count(4)
    await page.locator("#filters summary", has_text="Wants").click()
    await page.locator("#filters").get_by_label("Contact me").check()
    await expect(page).to_have_url(re.compile(r"callToAction=contactMe"))
    await expect(page).to_have_url(re.compile(r"createdFrom=[^&]+Z&createdTo=[^&]+Z"))
    await settled(page)
    await page.get_by_role("link", name="Received from").click()
    await expect(page).not_to_have_url(re.compile(r"createdFrom"))
    await expect(page).to_have_url(re.compile(r"createdTo"))


async def test_days_and_groups_are_chosen_by_keyboard_and_are_the_address(busy: Desk) -> None:
    page = await busy.open("insights")
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


async def test_figures_come_as_a_sheet_and_as_pictures(busy: Desk, tmp_path: Path) -> None:
    page = await busy.open("insights")
    async with page.expect_download() as loading:
        await page.get_by_role("button", name="Download as CSV").click()
    download = await loading.value
    assert re.fullmatch(r"insights-[-\d]+\.csv", download.suggested_filename)
    await download.save_as(tmp_path / "sheet.csv")
    table = list(csv.reader((tmp_path / "sheet.csv").read_text("utf-8-sig").splitlines()))
    assert (table[0][:2], table[-1][:2]) == (["month", "received"], ["total", "4"])
    async with page.expect_download() as loading:
        await page.get_by_role("button", name="Picture: By country").click()
    download = await loading.value
    assert download.suggested_filename.endswith("-by-country.svg")
    await download.save_as(tmp_path / "chart.svg")
    assert "Germany: 1 · 0%" in (tmp_path / "chart.svg").read_text()
    assert ET.parse(tmp_path / "chart.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


async def test_a_file_that_is_refused_says_why(busy: Desk) -> None:
    busy.expect_fault("status of 503")
    page = await busy.open("insights")
    error = {"error": {"code": "unavailable", "message": "Storage is away.", "details": []}}
    await page.route("**/insights?*format=csv", lambda route: route.fulfill(status=503, json=error))
    await page.get_by_role("button", name="Download as CSV").click()
    await expect(page.get_by_text("That did not work: Storage is away.")).to_be_visible()
    await expect(page.get_by_role("button", name="Download as CSV")).to_be_enabled()


async def test_many_groups_with_long_names_stay_within_a_phone(desk: Desk) -> None:
    """Twelve offers, of which some have no place to break and one runs from right to left (U4)."""
    names = ["W" * 79, "مرحبا بالعالم " * 5, "\u202egnp.exe", *(f"Contoso {number}" for number in range(9))]
    for name in names:
        desk.lead(OfferTitle=name)
    counted(desk, 12)
    page = await desk.open("insights?groupBy=offer", viewport={"width": 320, "height": 640})
    offers = figure(page, "By offer")
    await expect(offers.get_by_role("table").first.get_by_role("rowheader")).to_have_count(10)
    await offers.get_by_text("2 more").click()
    await expect(offers.get_by_role("rowheader")).to_have_count(12)
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await page.evaluate(wide)


async def test_insights_print_without_what_is_for_the_screen(busy: Desk) -> None:
    page = await busy.open("insights")
    await page.emulate_media(media="print")
    for name in ("Download as CSV", "Print", "Show", "Picture: By country"):
        await expect(page.get_by_role("button", name=name)).to_be_hidden()
    await expect(page.locator(".length").first).to_be_visible()
    paper = await page.pdf(format="A4")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 4
