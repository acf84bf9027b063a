"""What a partner's people do all day on the workspace page, in a browser (U1, U2)."""

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.browser.desk import Desk, requests_of, settled

HOSTILE = (
    '<img src=x onerror="document.title=1">',
    "We love hx-on Ltd",
    '" hx-get="/api/app/x" onclick="alert(1)',
    "</template></table><script>document.title=2</script>",
    "\u202egnp.exe & Sons \u2066",
    "W" * 256,
    "{{ 7 * 7 }} %(x)s ${1}",
)


async def test_triage_by_keyboard_alone(desk: Desk) -> None:
    """Two leads are answered without a mouse: move, heart, accept, back, decline with a reason (U1, U4)."""
    second, first = desk.lead("Adatum"), desk.lead("Northwind Traders")
    page = await desk.open("leads")
    keys = page.keyboard
    await keys.press("j")
    await expect(current(page)).to_contain_text("Adatum")
    await keys.press("k")
    await expect(current(page)).to_contain_text("Northwind Traders")
    await keys.press("f")
    await expect(current(page).get_by_role("button", name="Favorite")).to_have_attribute("aria-pressed", "true")
    await keys.press("Enter")
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await keys.press("a")
    await expect(dialog(page).get_by_label("Deal name")).to_be_focused()
    await keys.press("ControlOrMeta+a")
    await keys.type("Rollout")
    await keys.press("Tab")
    await keys.type("12000")
    await dialog(page).get_by_label("Time frame").focus()
    await keys.type("next quarter")
    await keys.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    await expect(dialog(page)).to_be_hidden()
    read = desk.read(first)
    assert (read["status"], read["deal"]["value"]["amount"], read["isFavorite"]) == ("accepted", "12000", False)
    await keys.press("u")
    await expect(current(page)).to_contain_text("Northwind Traders")
    await keys.press("j")
    await keys.press("d")
    await expect(dialog(page)).to_contain_text("This is final.")
    await expect(dialog(page).get_by_label("Budget")).to_be_focused()
    await keys.press("ArrowDown")
    await keys.press("Space")
    await keys.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_contain_text("Declined")
    closing = desk.read(second)["closing"]
    assert closing["reason"] == "noResponse"


async def test_a_lead_is_found_read_called_accepted_edited_and_won_with_the_mouse(desk: Desk) -> None:
    """The main job, by mouse (U1)."""
    desk.leads(3)
    wanted = desk.lead("Fabrikam")
    page = await desk.open("leads")
    await page.get_by_label("Search leads").fill("fabri")
    await expect(rows(page)).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"\?search=fabri$"))
    await rows(page).get_by_role("button", name="Favorite").click()
    await rows(page).get_by_role("link", name="Fabrikam").click()
    await expect(heading(page)).to_contain_text("Fabrikam")
    await expect(page.locator("#lead")).to_contain_text("+46 8 123 456 78")
    await expect(page.locator("#lead").get_by_role("button", name="Favorite")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("link", name="Accept …").click()
    await dialog(page).get_by_label("Value").fill("900")
    await dialog(page).get_by_label("Date", exact=True).fill("2027-03-01")
    await dialog(page).get_by_role("button", name="Accept").click()
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    await page.get_by_role("link", name="Edit the deal …").click()
    await dialog(page).get_by_label("CRM ID").fill("D-77")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(page.locator("#lead aside")).to_contain_text("D-77")
    await page.get_by_role("link", name="Won …").click()
    await expect(dialog(page).get_by_label("Value won")).to_be_focused()
    await expect(dialog(page).get_by_label("Value won")).to_have_value("900")
    await dialog(page).get_by_label("Value won").fill("1 050,50")
    await dialog(page).get_by_role("button", name="Mark as won").click()
    await expect(page.locator("#lead .status")).to_contain_text("Won")
    await expect(page.locator("#lead aside")).to_contain_text("€1,050.50")
    await expect(page.locator("#timeline li").first).to_contain_text("€1,050.50")
    read = desk.call("GET", f"/leads/{wanted}", user="ann")
    assert (read["outcome"], read["deal"]["crmId"], read["isFavorite"]) == ("won", "D-77", True)
    assert read["closing"]["value"] == {"amount": "1050.50", "currency": "EUR"}
    assert read["closing"]["date"] == read["closedDateTime"][:10]


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what begins with these words has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if await focused.count():
            words = await focused.evaluate("one => one.labels?.[0]?.textContent ?? one.textContent")
            if words.strip().startswith(name):
                return
    raise AssertionError(f"no Tab leads to {name}")


async def test_the_main_job_by_keyboard_alone(desk: Desk) -> None:
    """Find, heart, read, call, accept, edit, win: no button is clicked (U1, U4)."""
    desk.lead("Fabrikam")
    wanted = desk.lead("Northwind Traders")
    page = await desk.open("leads")
    keys = page.keyboard
    await keys.press("/")
    await keys.type("northw")
    await expect(rows(page)).to_have_count(1)
    await keys.press("Escape")
    await keys.press("f")
    await keys.press("Enter")
    await expect(heading(page)).to_contain_text("Northwind Traders")
    await keys.press("c")
    await sent_from(page, "What happened", "Left a message.")
    await expect(page.locator("#timeline li").first).to_contain_text("Left a message.")
    await keys.press("a")
    await expect(dialog(page).get_by_label("Deal name")).to_be_focused()
    await tab_to(page, "Value")
    await keys.type("900")
    await sent_from(page, "Time frame", "spring")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    await keys.press("e")
    await expect(dialog(page).get_by_label("Deal name")).to_be_focused()
    await sent_from(page, "CRM ID", "D-77")
    await expect(page.locator("#lead aside")).to_contain_text("D-77")
    await keys.press("w")
    await sent_from(page, "Notes", "Signed.")
    await expect(page.locator("#lead .status")).to_contain_text("Won")
    read = desk.call("GET", f"/leads/{wanted}", user="ann")
    assert (read["outcome"], read["deal"]["crmId"], read["isFavorite"]) == ("won", "D-77", True)


async def test_the_rest_of_the_day_by_keyboard_alone(desk: Desk) -> None:
    """Decline, export, mute an address: no button is clicked (U1, U4)."""
    lead = desk.lead("Fabrikam")
    page = await desk.open("leads", roles="Leads.Admin,Profile.Admin")
    keys = page.keyboard
    await keys.press("d")
    await expect(dialog(page).get_by_label("Budget")).to_be_focused()
    await keys.press("Space")
    await keys.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_contain_text("Declined")
    await expect(dialog(page)).to_be_hidden()
    await keys.press("g")
    await keys.press("e")
    await expect(heading(page)).to_have_text("Exports")
    await tab_to(page, "Export the current view")
    await keys.press("Enter")
    await expect(page.get_by_role("link", name="Download")).to_be_visible()
    await keys.press("g")
    await keys.press("s")
    await expect(heading(page)).to_have_text("Preferences")
    # What was said of the decline.
    await expect(page.get_by_text("Saved.")).to_be_hidden()
    await tab_to(page, "Addresses that get no mail")
    await keys.type("lena@contoso.example")
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert desk.call("GET", "/preferences")["mutedAddresses"] == ["lena@contoso.example"]
    assert desk.read(lead)["outcome"] == "declined"


async def sent_from(page: Page, label: str, text: str) -> None:
    """Go to a field of the dialog by Tab, type, and send the form."""
    field = dialog(page).get_by_label(label)
    await expect(field).to_be_visible()
    if not await field.evaluate("one => one === document.activeElement"):
        await tab_to(page, label)
    await page.keyboard.type(text)
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_be_hidden()


async def test_a_call_is_logged_with_a_key_its_text_and_a_key(desk: Desk) -> None:
    """`c`, what happened, Ctrl+Enter; it shows at once (U1, U3)."""
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}")
    await page.keyboard.press("c")
    await expect(dialog(page).get_by_label("What happened")).to_be_focused()
    await page.keyboard.type("Left a message.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#timeline li").first).to_contain_text("Left a message.")
    await expect(page.get_by_text("Logged.")).to_be_visible()
    logged = desk.call("GET", f"/leads/{lead}/history")["value"][0]
    assert logged["changes"]["activity.kind"]["to"] == "call"


async def test_declining_needs_a_reason_and_other_needs_notes(desk: Desk) -> None:
    """The rules refuse, and the page says it beside the fields, as people call them (U2, L3)."""
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}/decline")
    await dialog(page).get_by_role("button", name="Decline the lead").click()
    await expect(dialog(page).get_by_role("alert")).to_contain_text("Reason")
    await dialog(page).get_by_label("Another reason").check()
    await dialog(page).get_by_role("button", name="Decline the lead").click()
    await expect(dialog(page).get_by_role("alert")).to_contain_text("Notes")
    await dialog(page).get_by_role("alert").get_by_role("link").click()
    await expect(dialog(page).get_by_role("textbox", name="Notes")).to_be_focused()
    await page.keyboard.type("They moved away.")
    await dialog(page).get_by_label("Abuse or spam").check()
    await expect(dialog(page)).to_contain_text("The customer is not mailed for this reason.")
    await dialog(page).get_by_label("Another reason").check()
    await expect(dialog(page)).to_contain_text("The customer is mailed that you cannot help")
    await dialog(page).get_by_role("button", name="Decline the lead").click()
    await expect(page.locator("#lead .status")).to_contain_text("Declined")
    assert desk.read(lead)["closing"]["notes"] == "They moved away."


async def test_the_current_view_is_exported_and_downloaded(desk: Desk, tmp_path: Path) -> None:
    """Filter, Export, wait, Download (U1)."""
    desk.leads(2)
    desk.lead("Fabrikam")
    page = await desk.open("leads?search=fabrikam")
    await page.get_by_role("button", name="Export", exact=True).click()
    await expect(page.get_by_role("heading", name="Exports")).to_be_visible()
    await expect(page.locator(".export")).to_contain_text("Search: fabrikam")
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Download").click()
    file = tmp_path / "leads.csv"
    await (await coming.value).save_as(file)
    lines = file.read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "Fabrikam" in lines[1]


async def test_an_address_is_muted(desk: Desk) -> None:
    """Preferences are saved as a whole, shown as they hold, and say what happens next (U1, N3)."""
    page = await desk.open("preferences")
    await expect(page.locator(".letter")).to_contain_text("The first 10 leads of a day are mailed at once")
    await page.get_by_label("Addresses that get no mail").fill("noisy@x.example\nloud@x.example")
    await page.get_by_label("Mail one by one, so many a day").fill("0")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.locator(".letter")).to_contain_text("New leads are mailed together, once a day")
    assert desk.call("GET", "/preferences")["mutedAddresses"] == ["loud@x.example", "noisy@x.example"]
    await desk.go(page, "preferences")
    await expect(page.get_by_label("Addresses that get no mail")).to_have_value("loud@x.example\nnoisy@x.example\n")


async def test_back_keeps_filter_scroll_and_rows_and_asks_for_nothing(desk: Desk) -> None:
    """What the list was it is again, without a request (U2)."""
    desk.leads(60)
    page = await desk.open("leads?status=received")
    await more(page)
    await expect(rows(page)).to_have_count(60)
    wanted = rows(page).nth(52)
    await wanted.scroll_into_view_if_needed()
    name = await wanted.get_by_role("rowheader").inner_text()
    at = await page.evaluate("scrollY")
    assert at > 500
    await wanted.get_by_role("link").click()
    await expect(heading(page)).to_contain_text(name.split(":")[-1].strip())
    await settled(page)
    # Opening makes the lead no longer new, which the header tells.
    await page.wait_for_load_state("networkidle")
    with requests_of(page) as asked:
        await page.go_back()
        await expect(wanted).to_be_visible()
        assert await page.evaluate("scrollY") == at
        await expect(rows(page)).to_have_count(60)
    assert asked == []
    assert page.url.endswith("leads?status=received")


async def test_an_address_leads_to_a_lead_its_dialog_and_its_list(desk: Desk) -> None:
    """A colleague gets the address and sees the same (U2)."""
    desk.lead("Adatum")
    middle = desk.lead("Fabrikam")
    desk.lead("Northwind Traders")
    page = await desk.open(f"leads/{middle}/accept?status=received")
    await expect(dialog(page).get_by_role("heading")).to_contain_text("Accept: Fabrikam")
    await expect(dialog(page).get_by_label("Deal name")).to_have_value("Fabrikam – Contoso CRM")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_be_hidden()
    await expect(heading(page)).to_contain_text("Fabrikam")
    await expect(page).to_have_url(re.compile(r"leads/[^/]+\?status=received$"))
    await expect(page.locator("#place")).to_have_text("2 of 3")
    await page.get_by_role("link", name="Next lead").click()
    await expect(heading(page)).to_contain_text("Adatum")
    bob = await desk.tab(who="bob")
    await bob.goto(page.url)
    await expect(heading(bob)).to_contain_text("Adatum")
    await expect(bob.locator("#place")).to_have_text("3 of 3")
    await bob.get_by_role("link", name="Back to the list").click()
    await expect(rows(bob)).to_have_count(3)
    await expect(bob.locator(".chip", has_text="Status: Received")).to_be_visible()


async def test_back_closes_a_dialog(desk: Desk) -> None:
    """Dialogs are addresses (U2)."""
    page = await desk.open(f"leads/{desk.lead()}")
    await page.get_by_role("link", name="Decline …").click()
    await expect(dialog(page)).to_contain_text("This is final.")
    await page.go_back()
    await expect(dialog(page)).to_be_hidden()
    await expect(heading(page)).to_contain_text("Northwind Traders")


async def test_menus_say_how_many_and_chips_take_filters_away(desk: Desk) -> None:
    """Filters combine; a menu tells what is there; the address follows (U2, Q3)."""
    desk.lead("Adatum", Country="Germany")
    desk.lead("Fabrikam", Country="Germany", ActionCode="INS")
    desk.lead("Northwind Traders")
    page = await desk.open("leads")
    await page.locator("summary", has_text="Country").click()
    germany = page.locator("#filters").get_by_label("Germany")
    await expect(page.locator("#filters label", has_text="Germany").locator(".count")).to_have_text("2")
    await germany.check()
    await expect(rows(page)).to_have_count(2)
    await expect(page.locator("#count")).to_have_text("2 leads")
    await expect(page.locator("#filters").get_by_label("Germany")).to_be_focused()
    await page.locator("summary", has_text="Status").click()
    await page.locator("#filters").get_by_label("Received").first.check()
    await expect(rows(page)).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"leads\?(?=.*country=DE)(?=.*status=received)"))
    await page.locator(".chip", has_text="Country: Germany").click()
    await expect(rows(page)).to_have_count(2)
    await page.get_by_role("link", name="Clear all").click()
    await expect(rows(page)).to_have_count(3)
    await page.get_by_role("columnheader", name="Company").get_by_role("link").click()
    await expect(page.get_by_role("columnheader", name="Company")).to_have_attribute("aria-sort", "ascending")
    await expect(rows(page).first).to_contain_text("Adatum")


async def test_columns_are_chosen_and_stay_chosen(desk: Desk) -> None:
    """Each browser keeps its columns (U1)."""
    desk.lead()
    page = await desk.open("leads")
    await expect(page.get_by_role("columnheader", name="Source")).to_be_hidden()
    await page.locator("summary", has_text="Columns").click()
    await page.get_by_role("checkbox", name="Source", exact=True).check()
    await page.get_by_role("checkbox", name="Flame", exact=True).uncheck()
    await expect(page.get_by_role("columnheader", name="Source")).to_be_visible()
    await page.reload()
    await settled(page)
    await expect(page.get_by_role("columnheader", name="Source")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="Flame")).to_be_hidden()


async def test_a_long_list_goes_on_as_it_is_scrolled(desk: Desk) -> None:
    """All of 120 leads come into sight, each once (U1, Q5)."""
    desk.leads(120)
    page = await desk.open("leads")
    await expect(rows(page)).to_have_count(50)
    for _ in range(2):
        await more(page)
    await expect(rows(page)).to_have_count(120)
    names = await rows(page).get_by_role("rowheader").all_inner_texts()
    assert len(set(names)) == 120
    await expect(page.locator("tr.more")).to_have_count(0)
    await expect(page.locator("#count")).to_have_text("120 leads")


async def test_new_leads_are_announced_and_shown_on_request(desk: Desk) -> None:
    """The list does not move under the cursor; a button brings what is new (U1)."""
    desk.lead("Adatum")
    page = await desk.open("leads")
    desk.lead("Fabrikam")
    # As when the connection is back; the page asks every half minute.
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.get_by_role("button", name="1 new lead: show").click()
    await expect(rows(page)).to_have_count(2)
    await expect(page).to_have_title(re.compile(r"^\(2\) Leads"))


async def test_notifications_are_dismissed_and_taken_back(desk: Desk) -> None:
    """One, all, and Undo; the bell counts (U1, U3)."""
    desk.leads(3)
    page = await desk.open("notifications")
    shown = page.locator("[data-notice]:visible")
    await expect(shown).to_have_count(3)
    await expect(page.locator("#bell")).to_have_text("3")
    await page.get_by_role("button", name="Dismiss: Company 1").click()
    await expect(shown).to_have_count(2)
    await expect(page.locator("#bell")).to_have_text("2")
    await page.get_by_role("button", name="Undo").click()
    await expect(shown).to_have_count(3)
    await expect(page.locator("#bell")).to_have_text("3")
    await page.get_by_role("button", name="Dismiss all shown").click()
    await expect(page.locator("#bell")).to_be_hidden()
    await page.reload()
    await settled(page)
    await expect(page.get_by_role("button", name="Show again")).to_have_count(3)


async def test_a_webhook_is_made_tested_and_deleted(desk: Desk) -> None:
    """Its secret is shown once (U1, W1, W2)."""
    page = await desk.open("webhooks")
    await page.get_by_role("link", name="New webhook").click()
    await page.get_by_label("Address that is called").fill(f"{desk.host.url}/hooks")
    await page.get_by_role("button", name="Create").click()
    secret = await page.locator(".secret").inner_text()
    assert len(secret) >= 32
    await page.get_by_role("button", name="I have stored it").click()
    await expect(heading(page)).to_contain_text("/hooks")
    assert secret not in await page.content()
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.locator("[data-delivery]", has_text="Trial event")).to_have_count(1)
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Sure?").click()
    await expect(page.get_by_text("No webhooks")).to_be_visible()


async def test_a_profile_gets_a_location_with_a_contact(desk: Desk) -> None:
    """Lists grow and are saved with the rest (U1)."""
    desk.expect_fault("status of 400")
    page = await desk.open("profile")
    await page.get_by_label("Name").first.fill("Contoso")
    await page.get_by_label("Keywords").fill("crm, erp")
    await page.get_by_role("button", name="Add a location").click()
    place = page.locator("[data-list=locations] > .item")
    await expect(place.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.type("Malmö")
    await page.get_by_role("button", name="Save").click()
    await expect(place.get_by_label("Country")).to_have_attribute("aria-invalid", "true")
    await place.get_by_label("Country").select_option("SE")
    await place.get_by_role("button", name="Add a contact").click()
    await place.locator(".item").get_by_label("Name", exact=True).fill("Lena")
    await place.locator(".item").get_by_label("E-mail").fill("lena@contoso.example")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    stored = desk.call("GET", "/profile")
    assert stored["keywords"] == ["crm", "erp"]
    assert [(one["name"], one["country"], one["contacts"][0]["email"]) for one in stored["locations"]] == [
        ("Malmö", "SE", "lena@contoso.example")
    ]


async def test_whoever_only_reads_leads_is_offered_nothing_else(desk: Desk) -> None:
    """What a role may not do is not offered; its address says which role is missing (U1)."""
    lead = desk.lead()
    desk.expect_fault("status of 403")
    page = await desk.open(f"leads/{lead}", roles="Leads.User")
    await expect(page.locator("#top nav").get_by_role("link")).to_have_text(["Leads", "Insights"])
    await expect(page.locator("#lead aside")).to_contain_text("Answering leads needs the role Leads.Admin.")
    for name in ("Accept …", "Decline …"):
        await expect(page.get_by_role("link", name=name)).to_have_count(0)
    await page.keyboard.press("a")
    await expect(dialog(page)).to_be_hidden()
    await desk.go(page, "leads")
    await expect(page.get_by_role("button", name="Export", exact=True)).to_have_count(0)
    await page.get_by_label("Select: Northwind Traders").check()
    await expect(page.locator("#bulk").get_by_role("button", name="Decline …")).to_have_count(0)
    await desk.go(page, "webhooks")
    await expect(heading(page)).to_have_text("You have no access here")
    await expect(page.locator("#other")).to_contain_text("Leads.Admin")


async def test_whoever_keeps_the_profile_reads_leads_and_answers_none(desk: Desk) -> None:
    """Profile.Admin: profile and preferences, no exports, no webhooks (U1)."""
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}", roles="Profile.Admin")
    places = page.locator("#top nav").get_by_role("link")
    await expect(places).to_have_text(["Leads", "Insights", "Profile", "Preferences"])
    await expect(page.get_by_role("link", name="Accept …")).to_have_count(0)


async def test_whoever_comes_from_an_unknown_tenant_is_told_whom_to_ask(desk: Desk) -> None:
    """The tenant is named, and the operator is who can help (U1, S1)."""
    desk.expect_fault("status of 403")
    page = await desk.open("leads", tenant="nobody")
    await expect(page.locator("main")).to_contain_text("tenant nobody")
    await expect(page.locator("main")).to_contain_text("ask the programme's operator to register it")


async def test_a_lead_that_is_not_there_or_not_ours_says_so(desk: Desk) -> None:
    """No difference between the two, and a way back (U1, S1)."""
    desk.expect_fault("status of 404")
    other = Desk(desk.host, desk._browser)
    page = await desk.open(f"leads/{other.lead()}")
    await expect(heading(page)).to_have_text("Not here")
    await page.get_by_role("link", name="Go to the leads").click()
    await expect(page.get_by_text("No leads yet")).to_be_visible()


async def test_a_first_visit_takes_few_requests_until_there_are_rows(desk: Desk) -> None:
    """Shell, style, scripts, rows: at most six (docs/decisions/0015)."""
    desk.leads(3)
    page = await desk.tab()
    with requests_of(page) as asked:
        await page.goto(desk.url("leads"), wait_until="commit")
        await rows(page).first.wait_for()
        until_rows = list(asked)
    assert "GET /ui/leads" in until_rows
    assert len(until_rows[: until_rows.index("GET /ui/leads") + 1]) <= 6, until_rows


async def test_names_that_are_not_ours_are_dropped_from_addresses(desk: Desk) -> None:
    """Mail programs add `utm_…` to addresses; a link in a mail opens all the same (U2)."""
    lead = desk.lead()
    page = await desk.open("leads?utm_source=mail&status=received&utm_campaign=x")
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page).get_by_role("link")).to_have_attribute("href", re.compile(r"\?status=received$"))
    await desk.go(page, f"leads/{lead}?utm_source=mail")
    await expect(heading(page)).to_contain_text("Northwind Traders")


async def test_what_customers_write_is_text_everywhere(desk: Desk) -> None:
    """List, lead, dialog, notifications and results show names as they were written, on a row each (U4, S3)."""
    leads = [
        desk.lead(name, FirstName=name, LastName=name, Description=name, Title=name, OfferTitle=name)
        for name in HOSTILE
    ]
    companies = [str(desk.read(lead)["customer"]["company"]) for lead in leads]
    page = await desk.open("leads?orderBy=created asc")
    for number, company in enumerate(companies):
        await shows(rows(page).nth(number).get_by_role("rowheader"), company)
    heights = await rows(page).evaluate_all("rows => rows.map(row => row.clientHeight)")
    assert max(heights) < 130, heights
    await page.get_by_label("Select all shown").check()
    await page.locator("#bulk").get_by_role("button", name="Favorite").click()
    for company in companies:
        await shows(dialog(page), company)
    await dialog(page).get_by_role("button", name="Close").click()
    await desk.go(page, "notifications")
    for company in companies:
        await shows(page.locator("[data-notice]", has_text=shown(company)[:40]).first, company)
    for lead, company in zip(leads, companies, strict=True):
        await desk.go(page, f"leads/{lead}/accept")
        await shows(dialog(page).get_by_role("heading"), company)
        await dialog(page).get_by_label("Deal name").fill(company)
        await dialog(page).get_by_label("Value").fill("1")
        await dialog(page).get_by_label("Time frame").fill(company)
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#lead .status")).to_have_text("Accepted")
        await shows(heading(page), company)
        await shows(page.locator("#lead blockquote"), company)
        await shows(page.locator("#lead aside dd").first, company)
        await expect(page.locator("img, main script, [hx-get='/api/app/x'], [onclick]")).to_have_count(0)
        await expect(page).to_have_title(re.compile("Partner Leads$"))


def shown(text: str) -> str:
    """The text as browsers show it: spaces in a row are one."""
    return " ".join(text.split())


async def shows(place: Locator, text: str) -> None:
    """The place has the text as it is."""
    await expect(place).to_contain_text(shown(text))


async def more(page: Page) -> None:
    """Scroll to the end of the list, and wait until more of it is there."""
    before = await rows(page).count()
    await page.locator("tr.more").scroll_into_view_if_needed()
    await expect(rows(page)).not_to_have_count(before)


def rows(page: Page) -> Locator:
    """The leads of the list."""
    return page.locator("#list tr[data-id]")


def current(page: Page) -> Locator:
    """The row that the keys mean."""
    return page.locator("#list tr.current")


def dialog(page: Page) -> Locator:
    """The dialog of an action."""
    return page.locator("#dialog")


def heading(page: Page) -> Locator:
    """The heading of the screen."""
    return page.locator("main > .pane:not([hidden]) h1")
