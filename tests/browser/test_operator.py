"""How the operator reads on the page how partners do by the targets, in a browser (M2, U1, U4)."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests import local_http, waiting
from tests.browser.desk import LOOKS, Desk, requests_of, settled
from tests.browser.test_accessible import AXE, COLOURS, SIZES, SMALL, TAGS, faults, sideways
from tests.builders import unique
from tests.journeys.local_host import register

OPERATOR: dict[str, Any] = {"who": "olga", "roles": "Operator", "tenant": "operator"}
LIST = "operator/partners"


@pytest.fixture
def programme(desk: Desk) -> Desk:
    """The desk's partner has declined ten leads, and somebody has looked at all partners since."""
    for lead in desk.leads(10):
        desk.call("POST", f"/leads/{lead}/decline", {"reason": "noCapacity"})

    def are_counted() -> bool:
        run(desk, "deliver_events")
        return bool(desk.call("GET", "/standing")["numbers"]["declined"] == 10)

    waiting.settled(are_counted)
    run(desk, "learn_outcomes")
    return desk


def run(desk: Desk, timer: str) -> None:
    """Have the host run a timer, and wait for it."""
    assert local_http.post(f"{desk.host.url}/admin/functions/{timer}", json={}, timeout=60).is_success


def row(page: Page, partner: str) -> Locator:
    """The partner's row."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=partner, exact=True))


async def test_m2_the_operator_begins_at_its_partners(programme: Desk) -> None:
    # The page asks for leads first, as for most people; that the operator has none is what the answer says.
    programme.expect_fault("status of 403")
    page = await programme.open("", **OPERATOR)
    await expect(page.get_by_role("heading", name="Partners")).to_be_visible()
    await expect(page).to_have_url(programme.url(LIST))
    await expect(page.get_by_text("You have no access here")).to_have_count(0)
    await expect(page.locator("#bell")).to_have_count(0)
    await page.get_by_role("link", name="Operator", exact=True).click()
    await expect(page).to_have_url(programme.url(LIST))


async def test_m2_a_partner_is_searched_and_read_with_keys_alone(programme: Desk) -> None:
    page = await programme.open(LIST, **OPERATOR)
    box = page.get_by_role("searchbox", name="Search partners")
    await box.focus()
    await page.keyboard.type(programme.partner)
    await page.keyboard.press("Enter")
    await expect(page.locator(".partners tbody tr")).to_have_count(1)
    await expect(box).to_be_focused()
    found = row(page, programme.partner)
    await expect(found).to_contain_text("Below target")
    # Signs have words, for whoever sees no colours or nothing at all.
    for share, status in (("0%", "Missed"), ("0%", "Met")):
        cell = found.get_by_role("cell").filter(has_text=status)
        await expect(cell).to_contain_text(share)
    await found.get_by_role("link").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=programme.partner)).to_be_focused()
    goal = page.get_by_role("row", name="Accepted")
    for text in ("Missed", "0%", "at least 80%", "0 of 10"):
        await expect(goal).to_contain_text(text)
    await expect(page.get_by_role("row", name="Expired")).to_contain_text("below 3%")
    await expect(page.get_by_role("row", name="Won")).to_contain_text("Too few leads")
    await page.go_back()
    await expect(box).to_have_value(programme.partner)
    await expect(page.locator(".partners tbody tr")).to_have_count(1)
    await box.fill("")
    await box.press("Enter")
    await expect(page).to_have_url(programme.url(f"{LIST}?orderBy=id+asc"))


async def test_m2_a_heading_orders_and_turns_the_order_round(programme: Desk) -> None:
    other = unique("desk")
    register(programme.host, other)
    # This one is new since anybody has looked.
    page = await programme.open(f"{LIST}?search={other}", **OPERATOR)
    await expect(row(page, other)).to_contain_text("Not known yet")
    await page.goto(programme.url(f"{LIST}?search=desk-"))
    await page.get_by_role("link", name="Accepted").click()
    head = page.get_by_role("columnheader", name="Accepted")
    await expect(head).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("link", name="Accepted").click()
    await expect(head).to_have_attribute("aria-sort", "ascending")
    await expect(page).to_have_url(programme.url(f"{LIST}?search=desk-&orderBy=acceptanceRate+asc"))
    # Others on this host may have accepted none either; whose share is not known comes last.
    await expect(page.locator(".partners tbody tr").first).to_contain_text("Accepted 0%")
    await page.get_by_role("link", name="Name").click()
    await expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    await expect(head).not_to_have_attribute("aria-sort", "ascending")


async def test_a_page_goes_on_where_it_ended(programme: Desk) -> None:
    for _ in range(3):
        register(programme.host, unique("desk-more"))
    page = await programme.open(f"{LIST}?search=desk-more&top=2", **OPERATOR)
    rows = page.locator(".partners tbody tr:not(.more)")
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="More").click()
    await expect(rows).to_have_count(3)
    await expect(page.get_by_role("button", name="More")).to_have_count(0)


async def test_whoever_finds_nothing_is_told_where_it_was_looked_for(programme: Desk) -> None:
    page = await programme.open(f"{LIST}?search=nothing-like-it", **OPERATOR)
    await expect(page.get_by_role("heading", name="No partners match")).to_be_visible()
    await page.get_by_role("link", name="Show all").last.click()
    await expect(page.locator(".partners tbody tr").first).to_be_visible()


async def test_the_operators_header_asks_for_no_bell(programme: Desk) -> None:
    page = await programme.tab(**OPERATOR)
    with requests_of(page) as asked:
        await programme.go(page, LIST)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.get_by_role("heading", name="Partners")).to_be_visible()
        await page.wait_for_load_state("networkidle")
    assert "GET /ui/top" in asked
    assert not [one for one in asked if "/ui/" in one and one not in ("GET /ui/top", f"GET /ui/{LIST}")]


async def test_a_partners_people_are_told_that_it_is_not_theirs(programme: Desk) -> None:
    programme.expect_fault("status of 403")
    page = await programme.open(LIST)
    await expect(page.get_by_text("This screen is for the programme's operator.")).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_u4_axe_finds_nothing_on_the_operators_screens(programme: Desk, scheme: str, size: str) -> None:
    width, height = SIZES[size]
    page = await programme.tab(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": height}, **OPERATOR
    )
    for path in (
        f"{LIST}?search={programme.partner}&orderBy=standing+desc",
        f"{LIST}?search=nothing-like-it",
        f"{LIST}/{programme.partner}",
    ):
        await programme.go(page, path)
        await settled(page)
        await page.add_script_tag(path=AXE)
        rules = TAGS if scheme == "light" else COLOURS
        found = await faults(page, rules) + await sideways(page) + await page.evaluate(SMALL)
        assert found == [], path
    if size == "narrow":
        await programme.go(page, f"{LIST}?search={programme.partner}")
        await page.get_by_label("Order").select_option("Standing")
        await page.get_by_role("button", name="Search").click()
        await expect(page).to_have_url(programme.url(f"{LIST}?search={programme.partner}&orderBy=standing+desc"))
