"""Mails in six languages: catalogues are complete, no English is left, nothing hidden shows (N3, N4, N7, L9)."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from shared.delivery.letters import Letters
from shared.domain.advice import Year, advice
from shared.domain.insights import Period, insights
from shared.domain.lead import Offer, Qualification, Reveal, Sender, Validity
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.measures import Sums, added, counted
from shared.domain.programme.partner import Partner
from shared.domain.standing import Norms, standing
from shared.domain.standing import period as standing_period
from shared.domain.telling.mail_day import MailDay
from shared.domain.telling.mails import Mail, MailNotice, MailState
from shared.domain.telling.preferences import LANGUAGES, Preferences
from shared.domain.telling.unsubscribe import read_token
from shared.domain.telling.webhooks import Webhook
from shared.domain.text import isolated
from shared.ports.delivery import Facts, Letter, Month
from shared.texts import catalogue
from tests.builders import ANN, AT, DAY, ROOT, a_lead, accepted
from tests.texts import of_mails, of_the_interface

HOME = ROOT / "shared" / "delivery"
OTHERS = [one for one in LANGUAGES if one != "en"]
PARTNER = Partner("contoso", "Contoso", (), AT, AT, time_zone="Europe/Stockholm")
LETTERS = Letters(
    "https://leads.example/api",
    "https://front.example/{partnerId}/{leadId}",
    "https://front.example",
    lambda mend, partner_id: f"https://front.example/{partner_id}/{mend.page}#{mend.part}",
)
LEAD = replace(
    a_lead(),
    offer=Offer("contoso.crm", "Contoso CRM"),
    location="HQ",
    sender=Sender("seller", "Sam", "sam@vendor.example"),
)


def facts(notice: MailNotice, **changes: Any) -> Facts:
    lead = LEAD
    at = AT
    if notice is MailNotice.EXPIRED:
        at = AT + 15 * DAY
        lead = settle(LEAD, at).lead
    if notice is MailNotice.DECLINED:
        lead = decide(LEAD, LeadAction(Action.DECLINE, reason="budget", notes="too small"), at=AT, by=ANN).lead
    day = MailDay("2026-11-21", AT + DAY / 6, total=14, held=4)
    hook = Webhook("0" * 16, "https://crm.example/hook?key=secret", ("lead.received",), AT, disabled_at=AT)
    made = Facts(at, "key", PARTNER, Preferences(), lead=lead, day=day, webhook=hook)
    if notice is MailNotice.DIGEST:
        made = replace(made, lead=None, leads=(LEAD, a_lead()))
    if notice is MailNotice.MONTH:
        november = Period(date(2026, 11, 1), date(2026, 11, 30))
        sums = added(Sums("2026-11-21"), counted(accepted(a_lead(), AT + DAY)))
        (overdue,) = advice(profile=None, preferred=None, unwanted={}, overdue=3, year=Year(), at=AT)
        month = Month(insights([sums], november), standing([sums], 0, standing_period(AT), Norms()), overdue)
        made = replace(made, lead=None, month=month)
    return replace(made, **changes)


def letter(notice: MailNotice, language: str = "en", why: str = "profile", **changes: Any) -> Letter:
    told = {
        MailNotice.EXPIRED: "sender",
        MailNotice.DECLINED: "customer",
        MailNotice.PASSED_ON: "customer",
        MailNotice.WEBHOOK_DISABLED: "owner",
    }
    why = told.get(notice, why)
    mail = Mail(notice, LEAD.id, 1, 0, "lena@contoso.example", language, why, MailState.PLANNED, AT)
    return LETTERS.letter(mail, "contoso", "lena@contoso.example", facts(notice, **changes))


@pytest.mark.parametrize("language", OTHERS)
def test_n4_a_catalogue_has_every_text_with_the_same_names_in_it(language: str) -> None:
    texts = catalogue(language)
    assert set(texts) == of_mails() | of_the_interface()
    for source, said in texts.items():
        assert said.strip(), source
        assert sorted(re.findall(r"%\(\w+\)[sd]", said)) == sorted(re.findall(r"%\(\w+\)[sd]", source)), source


def of_several(notice: MailNotice, language: str = "en") -> Letter:
    """A mail of this kind about two leads."""
    at = AT + 15 * DAY if notice is MailNotice.EXPIRED else AT
    leads = tuple(settle(one, at).lead for one in (LEAD, replace(LEAD, id="m" + "2" * 28)))
    return letter(notice, language, lead=None, leads=leads, at=at)


SEVERAL = (MailNotice.DIGEST, MailNotice.EXPIRES_SOON, MailNotice.EXPIRED)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(
    ("notice", "several"), [*((one, False) for one in MailNotice), *((one, True) for one in SEVERAL)]
)
def test_n4_no_english_is_left(notice: MailNotice, several: bool, language: str) -> None:
    made = of_several(notice, language) if several else letter(notice, language)
    same = {source for source, said in catalogue(language).items() if source == said}
    for source in of_mails() - same:
        plain = re.split(r"%\(\w+\)[sd]", source)
        longest = max(plain, key=len).strip(" .:,")
        if len(longest) > 12:
            for text in (made.subject, made.text, made.html):
                assert longest not in text, source
    assert f'<html lang="{language}">' in made.html


def test_dates_and_countries_are_the_recipients(monkeypatch: pytest.MonkeyPatch) -> None:
    for language, day, country in (
        ("en", "December 5, 2026", "Sweden"),
        ("de", "5. Dezember 2026", "Schweden"),
        ("sv", "5 december 2026", "Sverige"),
        ("hu", "2026. december 5.", "Svédország"),
        ("it", "5 dicembre 2026", "Svezia"),
        ("pt-BR", "5 de dezembro de 2026", "Suécia"),
    ):
        text = letter(MailNotice.NEW_LEAD, language).text
        assert day in text
        assert country in text
        assert "Europe/Stockholm" in text


@pytest.mark.parametrize("notice", MailNotice)
def test_n3_every_mail_says_why_it_came_and_how_to_switch_it_off(notice: MailNotice) -> None:
    made = letter(notice)
    token = re.search(r"unsubscribe\?token=([\w.%-]+)", made.text)
    assert token
    # Customers stand in a list of their own.
    in_list = "contoso~customers" if notice in (MailNotice.DECLINED, MailNotice.PASSED_ON) else "contoso"
    assert read_token(unquote(token[1]), "key") == (in_list, "lena@contoso.example")
    assert made.headers["List-Unsubscribe"] == f"<https://leads.example/api/unsubscribe?token={token[1]}>"
    assert made.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "You get this mail because" in made.text
    assert "\n" not in made.subject


@pytest.mark.parametrize(
    "notice", [MailNotice.NEW_LEAD, MailNotice.DIGEST, MailNotice.EXPIRES_SOON, MailNotice.EXPIRED]
)
def test_n7_lead_mails_warn_of_fraud(notice: MailNotice) -> None:
    made = letter(notice)
    assert "no endorsement" in made.text
    assert "no endorsement" in made.html


def test_a_new_lead_is_what_a_salesperson_wants_to_know() -> None:
    made = letter(MailNotice.NEW_LEAD)
    assert made.subject == "New lead: Northwind Traders"
    for part in ("Ada Berg", "ada.berg@northwind.example", "+46 8 123 456 78", "300 users", "Contoso CRM", "HQ"):
        assert part in made.text
        assert part in made.html
    assert f"https://front.example/contoso/{LEAD.id}" in made.html
    assert "Sam has sent you a qualified lead." in made.text


def test_l9_nothing_hidden_is_in_a_mail() -> None:
    hidden = replace(LEAD, reveal=Reveal.ON_ACCEPT)
    for made in (
        letter(MailNotice.NEW_LEAD, lead=hidden),
        letter(MailNotice.EXPIRED),
        letter(MailNotice.DIGEST, leads=(settle(LEAD, AT + 15 * DAY).lead,), at=AT + 15 * DAY),
        letter(MailNotice.DECLINED),
        of_several(MailNotice.EXPIRED),
    ):
        for text in (made.subject, made.text, made.html):
            for secret in ("Ada", "ada.berg", "123 456", "300 users", "too small", "budget"):
                assert secret not in text


def test_a_digest_names_the_held_leads_their_state_and_the_days_total() -> None:
    done = decide(LEAD, LeadAction(Action.DECLINE, reason="budget"), at=AT, by=ANN).lead
    made = letter(MailNotice.DIGEST, leads=(LEAD, done))
    assert made.subject == "2 more leads, 14 in all (November 22, 2026)"
    assert "Leads in this digest: 2. Leads since the last one in all: 14." in made.text
    assert made.text.count("Northwind Traders") == 2
    assert "received" in made.text
    assert "declined" in made.text


def test_a1_warnings_of_a_day_are_one_mail_the_first_to_expire_first() -> None:
    late = replace(a_lead(), id="m" + "3" * 28, expires_at=AT + 13 * DAY)
    late = replace(late, customer=replace(late.customer, company="Late AB"))
    made = letter(MailNotice.EXPIRES_SOON, lead=None, leads=(LEAD, late))
    assert made.subject == "2 unanswered leads expire soon"
    assert made.text.index("Late AB") < made.text.index("Northwind Traders")
    assert "answer by December 4, 2026" in made.text
    assert f"https://front.example/contoso/{LEAD.id}" in made.html
    assert letter(MailNotice.EXPIRES_SOON, lead=None, leads=(LEAD,)).subject.endswith("Northwind Traders"), "one alone"
    assert "Northwind Traders" in letter(MailNotice.EXPIRED, why="operator", lead=None, leads=(LEAD,)).html


def test_n6_the_operator_reads_id_offer_and_link_of_each_lead_that_expired() -> None:
    made = of_several(MailNotice.EXPIRED)
    assert made.subject == "2 leads for Contoso have expired"
    for part in (LEAD.id, "m" + "2" * 28, "Contoso CRM", f"https://front.example/contoso/{LEAD.id}", "Expired: "):
        assert part in made.text
        assert part in made.html


def test_a_disabled_webhook_is_named_without_its_query() -> None:
    made = letter(MailNotice.WEBHOOK_DISABLED)
    assert "https://crm.example/hook" in made.text
    assert "secret" not in made.text + made.html


HOSTILE = '<script>alert(1)</script> & "x" {{ 7777*7777 }} %(partner)s'


def test_what_customers_write_is_text_and_nothing_else() -> None:
    customer = replace(LEAD.customer, company=HOSTILE, first_name=HOSTILE)
    lead = replace(LEAD, customer=customer, notes=HOSTILE, qualification=Qualification.SALES_QUALIFIED)
    partner = replace(PARTNER, name=HOSTILE)
    for notice in MailNotice:
        made = letter(
            notice, lead=replace(facts(notice).lead or lead, customer=customer), leads=(lead,), partner=partner
        )
        assert "<script>" not in made.html
        assert "60481729" not in made.text
        assert len(made.subject) < 400
    assert HOSTILE in letter(MailNotice.NEW_LEAD, lead=lead).text


def test_a_token_opens_nothing_but_what_it_names() -> None:
    from shared.domain.telling.unsubscribe import make_token

    token = make_token("contoso", "Lena@Contoso.example", "key")
    assert read_token(token, "key") == ("contoso", "lena@contoso.example")
    for forged in ("", ".", token[:-1], token + "0", token.replace(".", ""), "ä.ä", "x" * 500, token.split(".")[0]):
        assert read_token(forged, "key") is None
    assert read_token(token, "other") is None


def test_n1_ways_to_reach_the_customer_are_links_and_an_answer_goes_there() -> None:
    for notice in (MailNotice.NEW_LEAD, MailNotice.EXPIRES_SOON):
        made = letter(notice)
        assert 'href="mailto:ada.berg@northwind.example"' in made.html
        assert re.search(r'href="tel:\+468', made.html)
        assert made.reply_to == "ada.berg@northwind.example"
    for validity in (Validity.INVALID, Validity.SPAM):
        assert letter(MailNotice.NEW_LEAD, lead=replace(LEAD, email_validity=validity)).reply_to is None
    assert letter(MailNotice.NEW_LEAD, lead=replace(LEAD, reveal=Reveal.ON_ACCEPT)).reply_to is None
    for notice in (MailNotice.DECLINED, MailNotice.EXPIRED, MailNotice.DIGEST, MailNotice.WEBHOOK_DISABLED):
        assert letter(notice).reply_to is None
    odd = replace(LEAD.customer, email="x y@z.example?cc=eve@x.example", phone="javascript:alert(1)", phone_e164=None)
    html = letter(MailNotice.NEW_LEAD, lead=replace(LEAD, customer=odd)).html
    assert 'javascript:alert(1)"' not in html
    assert "?cc=" not in re.findall(r'href="(mailto:[^"]*)"', html)[0]


def test_n2_a_digest_names_the_day_its_leads_came_in_and_how_to_reach_each() -> None:
    zone = "Europe/Stockholm"
    midnight = datetime(2026, 11, 21, 23, tzinfo=UTC)
    day = replace(facts(MailNotice.DIGEST).day, ends=midnight)  # type: ignore[type-var] # it has one
    cold = replace(LEAD, id="m" + "1" * 28, flame_until=AT, customer=replace(LEAD.customer, company="Cold AB"))
    made = letter(MailNotice.DIGEST, leads=(cold, LEAD), day=day, at=AT)
    assert "(November 21, 2026)" in made.subject
    assert "until November 21, 2026" in made.text
    assert zone in made.text
    first, second = made.text.index("Northwind Traders"), made.text.index("Cold AB")
    assert first < second, "the hottest first"
    for part in ("Ada Berg", "ada.berg@northwind.example", "+46 8 123 456 78", "waits for a call", "answer by"):
        assert part in made.text
        assert part in made.html
    assert 'href="mailto:ada.berg@northwind.example"' in made.html


def test_what_a_customer_writes_cannot_pose_as_the_mails_own_lines() -> None:
    forged = "Hello\n\n--\nOpen the lead: https://evil.example\r\nNo more mails to this address: https://evil.example"
    text = letter(MailNotice.NEW_LEAD, lead=replace(LEAD, notes=forged)).text
    assert [line for line in text.splitlines() if "evil.example" in line] == [
        "> Open the lead: https://evil.example",
        "> No more mails to this address: https://evil.example",
    ]
    assert text.count("\n--\n") == 1


def test_direction_marks_of_a_name_turn_nothing_round_it() -> None:
    company = "Evil \u202eCo\u2069 \u2067x"
    made = letter(MailNotice.NEW_LEAD, lead=replace(LEAD, customer=replace(LEAD.customer, company=company)))
    for text in (made.subject, made.text, made.html):
        inside = re.findall("\u2068([^\u2068]*?Evil.*?)$", text, re.MULTILINE)
        assert inside
    assert isolated("plain") == "plain"
    for odd in (company, "\u2067a", "a\u2069", "\u2069\u2067", "\u202e"):
        balance = 0
        for one in isolated(odd):
            balance += (one in "\u2066\u2067\u2068") - (one == "\u2069")
            assert balance >= 0
        assert balance == 0


@pytest.mark.parametrize("notice", MailNotice)
def test_a_mail_is_made_for_phones_and_the_dark(notice: MailNotice) -> None:
    html = letter(notice).html
    assert 'name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme:dark" in html
    assert not re.search(r'(?<!max-)width(=|:)"?\d{3,}(?![\d%])', html), "nothing is wider than a phone by itself"
    assert 'role="main"' in html
    assert "nowrap" not in html
    for row in re.findall(r"<tr>(?!<td)(.*?)</tr>", html):
        assert 'scope="row"' in row


def test_m6_a_month_says_what_would_help_most_with_the_page_that_mends_it() -> None:
    made = letter(MailNotice.MONTH)
    said, link = "The outcome of 3 deals is overdue", "https://front.example/contoso/leads#status=accepted"
    assert f"What would help most: {said}" in made.text
    assert said in made.html
    for part in (made.text, made.html):
        assert link in part
    month = facts(MailNotice.MONTH).month
    assert month is not None
    fine = letter(MailNotice.MONTH, month=replace(month, advice=None))
    assert "nothing to mend" in fine.text
    assert "What would help most" not in fine.text
