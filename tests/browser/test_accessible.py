"""The workspace page for whoever sees, hears, points or reads otherwise, in a browser (U4)."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.desk import LOOKS, Desk, counted, settled
from tests.browser.test_workspace import current, dialog, heading, rows
from tests.builders import DEAL_BODY, ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS: dict[str, Any] = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS: dict[str, Any] = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SIZES = {"wide": (1280, 800), "narrow": (320, 640)}
DIALOGS = ("accept", "decline", "activity?kind=call")
DEAL_DIALOGS = ("edit", "win", "lose", "closeAsError")
SMALL = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=button]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".skip, [inert]"))
  .map((one) => one.closest("label.check, label.pick") ?? one)
  .filter((one) => getComputedStyle(one).display !== "inline" || !one.closest("p, li, dd, blockquote, th"))
  .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
  .filter(([, box]) => box.width && box.height && (box.width < 24 || box.height < 24))
  .map(([what, box]) => `${what} ${Math.round(box.width)}x${Math.round(box.height)}`)
"""
"""What can be pointed at and is smaller than 24 by 24 pixels; links within a text are excepted (WCAG 2.5.8)."""


class Office:
    """A desk with something on every screen, and one browser window that is shown all of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.lead = desk.lead("Northwind Traders")
        self.informational = desk.lead("Fabrikam", ActionCode="INS")
        self.taken = desk.accepted("Adatum")
        self.call("POST", f"/leads/{self.taken}/activities", {"kind": "call", "text": "Left a message."})
        self.closed = desk.lead("Wingtip Toys")
        self.call("POST", f"/leads/{self.closed}/decline", {"reason": "budget", "notes": "Next year, perhaps."})
        self.hook = self.call(
            "POST", "/webhooks", {"notificationUrl": f"{desk.host.url}/hooks", "events": ["lead.received"]}
        )["id"]
        self.call("POST", f"/webhooks/{self.hook}/test")
        self.call("POST", "/exports", {"filter": {"status": "received"}})
        counted(desk, 4)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What bob has done before."""
        return self.desk.call(method, path, body)

    @property
    def screens(self) -> list[str]:
        """The address of every screen and dialog, below `/app/`."""
        return [
            "leads",
            "leads?search=nothing-like-it",
            "leads?tab=favorites&country=SE&flame=hot",
            f"leads/{self.lead}",
            *(f"leads/{self.lead}/{name}" for name in DIALOGS),
            f"leads/{self.taken}",
            *(f"leads/{self.taken}/{name}" for name in DEAL_DIALOGS),
            f"leads/{self.informational}",
            f"leads/{self.closed}",
            "leads/m0000000000000000000000000000",
            "notifications",
            "insights",
            "insights?from=2020-01-01&to=2020-02-01",
            "insights?from=2026-11-02&to=2026-11-01",
            "exports",
            "profile",
            "preferences",
            "webhooks",
            "webhooks/new",
            f"webhooks/{self.hook}",
            "nowhere",
        ]

    async def visit(self, page: Page, path: str) -> None:
        """Go to a screen as a link would, without loading the page anew."""
        await page.evaluate(
            "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
            self.desk.url(path),
        )
        await settled(page)
        if re.search(r"leads/\w+/\w", path):
            await expect(dialog(page).locator("h2, .problem").first).to_be_visible()


@pytest.fixture
def office(desk: Desk) -> Office:
    # Two of the screens are refusals.
    desk.expect_fault("status of 404")
    return Office(desk)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_axe_finds_nothing_on_any_screen_and_nothing_scrolls_sideways(
    office: Office, scheme: str, size: str
) -> None:
    """WCAG 2.2 AA as far as a machine can tell, every screen, light and dark, from 320 pixels (U4)."""
    width, height = SIZES[size]
    # The policy keeps a test's script out too; that it holds is tried by all other tests.
    page = await office.desk.open(
        "leads", bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    await page.add_script_tag(path=AXE)
    # Colours are all that differs in the dark.
    rules = TAGS if scheme == "light" else COLOURS
    found: dict[str, Any] = {}
    for path in office.screens:
        await office.visit(page, path)
        found[path] = await faults(page, rules) + await sideways(page) + await page.evaluate(SMALL)
    await office.visit(page, "leads")
    await page.keyboard.press("?")
    found["keys"] = await faults(page, rules) + await sideways(page)
    await page.keyboard.press("Escape")
    if size == "narrow":
        await page.locator("summary", has_text="Filters").click()
        await page.locator("#filters summary", has_text="Status").click()
    else:
        await page.locator("#filters summary", has_text="More").click()
    found["menu"] = await faults(page, rules) + await sideways(page)
    wrong = {path: one for path, one in found.items() if one}
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_where_somebody_signs_in(desk: Desk, scheme: str) -> None:
    """The form comes before anything else is there (U4)."""
    page = await desk.stranger(bypass_csp=True, color_scheme=scheme, viewport={"width": 320, "height": 640})
    await page.goto(desk.url("leads"))
    await expect(page.locator("#sign-in")).to_be_visible()
    await page.add_script_tag(path=AXE)
    assert await faults(page) + await sideways(page) == []
    await page.get_by_label("tenant").fill(desk.partner)
    await page.locator("#sign-in").get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("No leads yet")).to_be_visible()
    await settled(page)
    assert await faults(page) + await sideways(page) == []


async def test_axe_finds_nothing_in_faults_conflicts_and_toasts(desk: Desk) -> None:
    """What goes wrong is readable too (U3, U4)."""
    desk.expect_fault("status of 409", "status of 412")
    lead, taken = desk.lead(), desk.accepted()
    page = await desk.open(f"leads/{lead}/accept", bypass_csp=True)
    await page.add_script_tag(path=AXE)
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page).locator(".errors")).to_be_focused()
    assert await faults(page) == []
    await dialog(page).get_by_label("Value").fill("1")
    await dialog(page).get_by_label("Time frame", exact=True).fill("soon")
    desk.call("POST", f"/leads/{lead}/accept", DEAL_BODY)
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_contain_text("Somebody was faster")
    assert await faults(page) == []
    await desk.go(page, f"leads/{taken}/edit")
    await page.add_script_tag(path=AXE)
    desk.call("PATCH", f"/leads/{taken}", {"notes": "Bob called."}, **{"If-Match": '"2"'})
    await dialog(page).get_by_label("Notes").fill("Ann wrote.")
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_contain_text("Two versions")
    assert await faults(page) == []
    await dialog(page).get_by_role("button", name="Save what I chose").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await settled(page)
    assert await faults(page) == []


async def test_the_focus_goes_into_a_dialog_and_back(desk: Desk) -> None:
    """In: the first field; back: the heading, then the row (U4)."""
    desk.leads(3)
    page = await desk.open("leads")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    name = (await current(page).get_by_role("link").inner_text()).split(":")[-1].strip()
    await page.keyboard.press("Enter")
    await expect(heading(page)).to_be_focused()
    await expect(heading(page)).to_contain_text(name)
    await page.keyboard.press("a")
    await expect(dialog(page).get_by_label("Deal name")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(heading(page)).to_be_focused()
    await page.keyboard.press("u")
    await expect(current(page).get_by_role("link", name=name)).to_be_focused()
    assert not await page.evaluate("document.querySelector('.current a').getBoundingClientRect().top < 48")


async def test_what_has_the_focus_is_never_behind_the_header(desk: Desk) -> None:
    """Upwards through a list that is longer than the screen (WCAG 2.4.11; U4)."""
    desk.leads(30)
    page = await desk.open("leads", viewport={"width": 1280, "height": 400})
    for _ in range(29):
        await page.keyboard.press("j")
    await expect(rows(page).last).to_have_class(re.compile("current"))
    for _ in range(29):
        await page.keyboard.press("k")
        hidden = await page.evaluate(
            "document.activeElement.getBoundingClientRect().top <"
            " document.querySelector('#top').getBoundingClientRect().bottom"
        )
        assert not hidden


async def test_the_keys_are_listed_and_can_be_switched_off(desk: Desk) -> None:
    """`?` lists them; whoever dictates switches single keys off (WCAG 2.1.4; U4)."""
    desk.lead()
    page = await desk.open("leads")
    await page.keyboard.press("?")
    keys = page.locator("#keys")
    await expect(keys.get_by_role("row", name="Accept …")).to_contain_text("a")
    await expect(keys.get_by_role("rowheader")).to_have_count(17)
    await keys.get_by_label("Switch single keys off").check()
    await keys.get_by_role("button", name="Close").click()
    await page.keyboard.press("f")
    await page.keyboard.press("?")
    await expect(keys).to_be_hidden()
    await expect(page.get_by_role("button", name="Favorite: ")).to_have_attribute("aria-pressed", "false")
    await desk.go(page, "preferences")
    await expect(page.locator("main").get_by_label("Switch single keys off")).to_be_checked()
    await page.locator("main").get_by_label("Switch single keys off").uncheck()
    await page.locator("h1").click()
    await page.keyboard.press("?")
    await expect(keys).to_be_visible()


async def test_keys_go_to_every_screen_and_do_nothing_in_fields(desk: Desk) -> None:
    """`g` and a letter; what is typed is typed (U4)."""
    desk.lead()
    page = await desk.open("leads")
    for key, name in (
        ("n", "Notifications"),
        ("i", "Insights"),
        ("e", "Exports"),
        ("p", "Profile"),
        ("s", "Preferences"),
    ):
        await page.keyboard.press("g")
        await page.keyboard.press(key)
        await expect(heading(page)).to_have_text(name)
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search leads")).to_be_focused()
    await page.keyboard.type("fad?")
    await expect(page.get_by_label("Search leads")).to_have_value("fad?")
    await expect(page).to_have_url(re.compile(r"search=fad%3F$"))
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_a_lead_prints_on_two_pages_without_what_is_for_the_screen(desk: Desk) -> None:
    """No header, no buttons, no menus (U4)."""
    lead = desk.lead()
    for number in range(8):
        desk.call("POST", f"/leads/{lead}/activities", {"kind": "call", "text": f"Talked {number} minutes."})
    page = await desk.open(f"leads/{lead}")
    await page.emulate_media(media="print")
    for name in ("#top", ".crumbs", "#toasts", ".heart", ".ways button"):
        await expect(page.locator(name).first).to_be_hidden()
    for button in await page.locator("main .pane:not([hidden])").get_by_role("button").all():
        await expect(button).to_be_hidden()
    await expect(page.locator("#lead")).to_contain_text("+46 8 123 456 78")
    await expect(page.locator("#timeline")).to_be_visible()
    paper = await page.pdf(format="A4")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2


async def test_the_page_speaks_the_readers_language(desk: Desk) -> None:
    """`lang` says which, and no English is left on the list or a lead (U4, N4)."""
    lead = desk.lead()
    english = await desk.open("leads")
    swedish = await desk.open("leads", locale="sv")
    await expect(swedish.locator("html")).to_have_attribute("lang", "sv")
    await expect(english.locator("html")).to_have_attribute("lang", "en")
    for path in ("leads", f"leads/{lead}", f"leads/{lead}/decline"):
        await desk.go(english, path)
        await desk.go(swedish, path)
        left = set(await words(english)) & set(await words(swedish)) - SAME
        assert not left, left


SAME = {
    "1 lead",
    "Azure Marketplace",
    "Azure portal",
    "AppSource",
    "Lead",
    "Leads",
    "Marketplace",
    "Partner Leads",
    "Status",
    "Webhooks",
}
"""What is called the same in both."""


async def words(page: Page) -> list[str]:
    """Each text of the page with a word in it, hidden ones and those that are only heard too."""
    return list(
        await page.evaluate(
            """() => {
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              const found = [];
              while (walk.nextNode()) {
                const { data, parentElement } = walk.currentNode;
                if (!parentElement.closest("script, kbd, [hx-ignore]")) found.push(data);
              }
              for (const one of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
                found.push(...["aria-label", "title", "placeholder"].map((name) => one.getAttribute(name) ?? ""));
              }
              return found.map((text) => text.trim()).filter((text) => /\\p{L}{3}/u.test(text));
            }"""
        )
    )


async def faults(page: Page, rules: dict[str, Any] = TAGS) -> list[str]:
    """What axe finds, as one line each; what is just being loaded anew is dimmed, and waited for."""
    found = await page.evaluate(
        """async (rules) => {
          for (let looks = 0; looks < 100 && document.querySelector('[aria-busy="true"]'); looks++)
            await new Promise((go) => setTimeout(go, 20));
          const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
          return violations.flatMap(({ id, help, nodes }) =>
            nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} ${node.any.map((one) => one.message)}`));
        }""",
        rules,
    )
    return list(found)


async def sideways(page: Page) -> list[str]:
    """That the page is wider than the window, and what reaches out of it."""
    wide = await page.evaluate(
        """() => {
          const { clientWidth, scrollWidth } = document.documentElement;
          const box = document.querySelector("dialog[open]");
          if (scrollWidth <= clientWidth && !(box && box.scrollWidth > box.clientWidth)) return [];
          const out = [...document.querySelectorAll("body *")].filter(
            (one) => one.getBoundingClientRect().right > clientWidth + 1);
          return [`${scrollWidth} wide`, ...out.slice(0, 5).map((one) => one.outerHTML.slice(0, 90))];
        }"""
    )
    return list(wide)
