"""What becomes of what people type: drafts, amounts, faults, and what is sent only once, in a browser (U2, U3)."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.desk import Desk, Held, failing, posts, requests_of
from tests.browser.test_workspace import dialog, heading, rows

VALUE = {"amount": "99.00", "currency": "EUR"}


async def test_a_draft_that_is_older_than_a_colleagues_change_takes_nothing_back(desk: Desk) -> None:
    """Ann's note is kept by Esc, Bob changes the value, Ann saves: both hold (U3, L7)."""
    lead = desk.accepted()
    desk.expect_fault("status of 412")
    page = await desk.open(f"leads/{lead}")
    await chosen(page, "Edit the deal …")
    await dialog(page).get_by_label("Notes").fill("Ann wrote.")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_be_hidden()
    desk.call("PATCH", f"/leads/{lead}", {"value": VALUE}, **{"If-Match": '"2"'})
    await chosen(page, "Edit the deal …")
    await expect(dialog(page).get_by_label("Notes")).to_have_value("Ann wrote.")
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_be_hidden()
    await expect(page.locator("#lead aside")).to_contain_text("Ann wrote.")
    deal = desk.read(lead)["deal"]
    assert (deal["notes"], deal["value"]) == ("Ann wrote.", VALUE)


async def test_a_draft_of_preferences_puts_only_what_was_typed_over_what_holds_now(desk: Desk) -> None:
    """Ann typed an address, Bob changed how many mails come one by one; both are saved (U2, N3)."""
    page = await desk.open("preferences")
    await page.get_by_label("Mail to this address").fill("ann@contoso.example")
    await page.locator("#top").get_by_role("link", name="Leads").click()
    await expect(page.get_by_text("No leads yet")).to_be_visible()
    wishes = desk.call("GET", "/preferences")
    desk.call("PUT", "/preferences", {**wishes, "digestThreshold": 3})
    await page.locator("#top").get_by_role("link", name="Preferences").click()
    await expect(page.get_by_label("Mail to this address")).to_have_value("ann@contoso.example")
    await expect(page.get_by_label("Mail one by one, so many a day")).to_have_value("3")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    stored = desk.call("GET", "/preferences")
    assert (stored["preferredEmail"], stored["digestThreshold"]) == ("ann@contoso.example", 3)


async def test_an_amount_that_could_be_two_is_asked_about_before_anything_is_sent(desk: Desk) -> None:
    """12.000 is twelve or twelve thousand, depending on who reads it (U2)."""
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page, "12.000")
    with requests_of(page) as asked:
        await page.keyboard.press("Control+Enter")
        await expect(dialog(page).get_by_label("Value")).to_have_attribute("aria-invalid", "true")
        await expect(dialog(page).locator("label", has_text="Value")).to_contain_text("without marks between thousands")
    assert asked == []
    assert desk.read(lead)["status"] == "received"


@pytest.mark.parametrize("typed", ["12.000,50", "12000,5", "12,000.50", "12 000,50"])
async def test_amounts_are_understood_as_people_write_them(desk: Desk, typed: str) -> None:
    """How it is understood stands beside it, and is what is stored (U2)."""
    lead = desk.lead()
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page, typed)
    await expect(dialog(page).locator(".understood")).to_have_text("= €12,000.50")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#lead .status")).to_have_text("Accepted")
    assert float(desk.read(lead)["deal"]["value"]["amount"]) == 12000.5


@pytest.mark.parametrize(("label", "said"), [("Deal name", "Please fill this in."), ("Value", "Please fill this in.")])
async def test_what_is_needed_cannot_be_cleared_in_an_edit(desk: Desk, label: str, said: str) -> None:
    """It is refused beside its field, and nothing is sent (U2)."""
    page = await desk.open(f"leads/{desk.accepted()}/edit")
    await dialog(page).get_by_label(label).fill("")
    with requests_of(page) as asked:
        await page.keyboard.press("Control+Enter")
        await expect(dialog(page).get_by_label(label)).to_have_attribute("aria-invalid", "true")
        await expect(dialog(page).locator("label", has_text=label)).to_contain_text(said)
    assert asked == []


async def test_a_dialog_stays_until_its_form_has_its_answer(desk: Desk) -> None:
    """Esc and Cancel do nothing while it is being sent, and the refusal stands in it (U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.open(f"leads/{lead}/accept")
    await filled(page)
    held = Held(failing(500))
    await page.route(re.compile("/accept$"), posts(held))
    await page.keyboard.press("Control+Enter")
    await held.came()
    for _ in range(3):
        await page.keyboard.press("Escape")
    await expect(dialog(page).get_by_role("button", name="Cancel")).to_be_disabled()
    held.let_go()
    await expect(dialog(page).locator(".errors")).to_contain_text("It broke.")
    await expect(dialog(page).get_by_label("Deal name")).to_have_value("Rollout")
    await dialog(page).get_by_role("button", name="Cancel").click()
    await expect(dialog(page)).to_be_hidden()
    await expect(page).to_have_url(re.compile(f"{lead}$"))


async def test_whoever_goes_back_while_a_form_is_sent_is_told_of_its_refusal(desk: Desk) -> None:
    """Back leaves at once; what comes of it is said wherever they are, and the text is kept (U2, U3)."""
    lead = desk.lead()
    desk.expect_fault("status of 500")
    page = await desk.open(f"leads/{lead}")
    await chosen(page, "Accept …")
    await filled(page)
    held = Held(failing(500))
    await page.route(re.compile("/accept$"), posts(held))
    await page.keyboard.press("Control+Enter")
    await held.came()
    await page.go_back()
    await expect(dialog(page)).to_be_hidden()
    held.let_go()
    await expect(page.locator("#toasts")).to_contain_text("That did not work: It broke.")
    await chosen(page, "Accept …")
    await expect(dialog(page).get_by_label("Deal name")).to_have_value("Rollout")


async def test_only_whoever_says_that_it_is_stored_puts_a_secret_away(desk: Desk) -> None:
    """A webhook's secret is shown once, so a key that closes dialogs does not close this one (U1, W1)."""
    page = await desk.open("webhooks")
    await page.get_by_role("link", name="New webhook").click()
    await page.get_by_label("Address that is called").fill(f"{desk.host.url}/hooks")
    await page.get_by_role("button", name="Create").click()
    secret = await page.locator(".secret").inner_text()
    for _ in range(3):
        await page.keyboard.press("Escape")
    await expect(dialog(page)).to_contain_text(secret)
    await page.go_back()
    await expect(dialog(page)).to_contain_text(secret)
    await dialog(page).get_by_role("button", name="I have stored it").click()
    await expect(dialog(page)).to_be_hidden()
    await expect(heading(page)).to_contain_text("/hooks")
    assert secret not in await page.content()


async def test_the_fault_of_an_item_stands_beside_it_though_one_before_it_is_empty(desk: Desk) -> None:
    """The interface counts what it was sent; people count what they see (U2)."""
    desk.expect_fault("status of 400")
    page = await desk.open("profile")
    await page.get_by_label("Name").first.fill("Contoso")
    more = page.get_by_role("button", name="Add a location")
    await more.click()
    await more.click()
    places = page.locator("[data-list=locations] > .item")
    await places.nth(1).get_by_label("Name", exact=True).fill("Malmö")
    await page.get_by_role("button", name="Save").click()
    await expect(places.nth(1).get_by_label("Country")).to_have_attribute("aria-invalid", "true")
    await expect(places.nth(0).locator(".fault")).to_have_count(0)


async def test_cancel_throws_a_draft_away_and_esc_keeps_it(desk: Desk) -> None:
    """Who cancels means it (U2)."""
    page = await desk.open(f"leads/{desk.lead()}")
    name = dialog(page).get_by_label("Deal name")
    await chosen(page, "Accept …")
    await name.fill("Cancelled")
    await dialog(page).get_by_role("button", name="Cancel").click()
    await expect(dialog(page)).to_be_hidden()
    await chosen(page, "Accept …")
    await expect(name).to_have_value("Northwind Traders – Contoso CRM")
    await name.fill("Kept")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_be_hidden()
    await chosen(page, "Accept …")
    await expect(name).to_have_value("Kept")
    await expect(dialog(page)).to_contain_text("What you typed earlier is here again.")
    await dialog(page).get_by_role("button", name="Throw away").click()
    await expect(name).to_have_value("Northwind Traders – Contoso CRM")


async def test_the_draft_of_a_note_is_no_draft_of_a_call(desk: Desk) -> None:
    """Each kind of contact has its own (U2)."""
    page = await desk.open(f"leads/{desk.lead()}")
    text = dialog(page).get_by_label("What happened")
    await page.keyboard.press("n")
    await text.fill("They want an offer.")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_be_hidden()
    await page.keyboard.press("c")
    await expect(text).to_have_value("")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_be_hidden()
    await page.keyboard.press("n")
    await expect(text).to_have_value("They want an offer.")


async def test_many_are_declined_once_however_often_it_is_asked_for(desk: Desk) -> None:
    """Counts and rows are right afterwards, and nothing is selected any more (U3)."""
    desk.leads(3)
    page = await desk.open("leads?status=received")
    await page.get_by_label("Select all shown").check()
    await page.locator("#bulk").get_by_role("button", name="Decline …").click()
    await dialog(page).get_by_label("budget").check()
    held = Held()
    await page.route(re.compile("/decline$"), posts(held))
    with requests_of(page) as asked:
        for _ in range(3):
            await page.keyboard.press("Control+Enter")
        await held.came(3)
        for _ in range(3):
            await page.keyboard.press("Escape")
        await expect(form(page)).to_be_visible()
        held.let_go()
        await expect(dialog(page)).to_contain_text("Done: 3. Not done: 0.")
        await page.keyboard.press("Control+Enter")
        await dialog(page).get_by_role("button", name="Close").click()
        await expect(rows(page)).to_have_count(0)
        await expect(page.locator("#count")).to_have_text("0 leads")
        await expect(page.locator("#bulk")).to_be_hidden()
    assert len([one for one in asked if one.startswith("POST")]) == 3


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "meanwhile"])
async def test_a_selection_whose_first_cannot_be_declined_has_its_form_all_the_same(desk: Desk, is_known: bool) -> None:
    """That one has its own result; the page may know it or not (U3)."""
    desk.lead("Adatum")
    first = desk.lead("Fabrikam")
    desk.expect_fault("status of 409")
    if is_known:
        desk.call("POST", f"/leads/{first}/accept", {"name": "x", "value": VALUE, "purchaseTimeframe": "soon"})
    page = await desk.open("leads")
    if not is_known:
        desk.call("POST", f"/leads/{first}/accept", {"name": "x", "value": VALUE, "purchaseTimeframe": "soon"})
    await page.get_by_label("Select all shown").check()
    await page.locator("#bulk").get_by_role("button", name="Decline …").click()
    await expect(dialog(page)).to_contain_text("One reason for all selected leads (2)")
    await dialog(page).get_by_label("budget").check()
    await page.keyboard.press("Control+Enter")
    await expect(dialog(page)).to_contain_text("Done: 1. Not done: 1.")
    await expect(dialog(page).locator("li.fault")).to_contain_text("✕ Fabrikam:")


async def chosen(page: Page, name: str) -> None:
    """Choose an action of the lead, and wait for its form."""
    await page.get_by_role("link", name=name).click()
    await expect(form(page)).to_be_visible()


def form(page: Page) -> Locator:
    """The form of the dialog."""
    return dialog(page).locator("form")


async def filled(page: Page, amount: str = "12000") -> None:
    """Fill the deal of an accept."""
    await dialog(page).get_by_label("Deal name").fill("Rollout")
    await dialog(page).get_by_label("Time frame").fill("next quarter")
    await dialog(page).get_by_label("Value").fill(amount)
