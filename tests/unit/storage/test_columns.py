"""A lead and its columns are judged, ordered and told of alike at every moment (Q3, Q4, N5, L6, L9)."""

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.contact import shown
from shared.domain.filters import LeadFilter
from shared.domain.instants import stamp
from shared.domain.lead import NAME_MAX, NOTES_MAX, Customer, Lead
from shared.domain.lifecycle import settle
from shared.domain.listed import listed
from shared.domain.ordering import Order, OrderField, sort_key
from shared.domain.telling.recommendations import recommended, standing
from shared.domain.text import folded
from shared.ids import position
from shared.storage import codec, keys
from shared.storage.leads import columns
from shared.storage.leads.columns import Columns
from tests.builders import AT, DAY, DEAL, a_lead, accepted
from tests.filters import EACH, filters, leads_of_every_kind, moments

LEADS = leads_of_every_kind("contoso")
# Letters of several scripts and forms, so that words of them are found folded.
LETTERS = "aAäÄåßſIİıi\u0307ØøŁée\u0301ﬁ㎏ΑΆΐёЁ漢ｶﾞ\u200b\u00ad\u200f'’\u3000 -.@7𝔄𝄞"
WORDS = st.text(LETTERS, max_size=6)


def read(lead: Lead, names: list[str] | tuple[str, ...], kind: str = "lead") -> Columns:
    """The lead's row, as storage gives these columns of it."""
    stored = codec.lead_columns(lead) | {"RowKey": keys.copy(kind, lead.id)}
    return msgspec.convert({name: stored[name] for name in names if name in stored}, Columns)


@st.composite
def leads(draw: st.DrawFn) -> Lead:
    lead = draw(st.sampled_from(LEADS))
    text = st.none() | WORDS
    customer = replace(lead.customer, company=draw(text), first_name=draw(text), last_name=draw(text), email=draw(text))
    deal = replace(lead.deal, notes=draw(text), crm_id=draw(text), name=draw(WORDS)) if lead.deal else None
    return replace(lead, customer=customer, notes=draw(text), deal=deal)


@st.composite
def searches(draw: st.DrawFn, lead: Lead) -> LeadFilter:
    """Filters with words, most of which occur somewhere in the lead, hidden or not."""
    customer, deal = lead.customer, lead.deal
    texts = [customer.company, customer.first_name, customer.last_name, customer.email, lead.notes, lead.id]
    texts += [deal.name, deal.notes, deal.crm_id] if deal else []
    said = st.sampled_from([text for text in texts if text] or ["x"])
    part = said.flatmap(lambda text: st.integers(0, len(text)).map(lambda n: text[n:] or text))
    words = st.lists(part | WORDS, min_size=1, max_size=2).map(" ".join)
    return replace(
        draw(st.just(LeadFilter()) | filters), search=draw(st.none() | words), customer=draw(words | st.none())
    )


times = st.sampled_from(sorted({at for lead in LEADS for at in moments(lead)} | {AT + DAY / 24, AT + 400 * DAY}))


@settings(max_examples=600, deadline=None)
@given(st.data(), leads(), times)
def test_q3_a_filter_judges_a_lead_and_its_columns_alike(data: st.DataObject, lead: Lead, at: datetime) -> None:
    wanted = data.draw(searches(lead))
    row = read(lead, columns.selected(wanted))
    values = columns.listed(row, stamp(at))
    said = columns.says(wanted, row, stamp(at)) if wanted.is_textual else True
    now = settle(lead, at).lead
    assert (said and columns.takes(wanted, row, values)) == wanted.matches(now, at)
    if wanted.is_textual:
        alone = LeadFilter(
            customer=wanted.customer, search=wanted.search, search_term=wanted.search_term, include_test=True
        )
        narrow = read(lead, columns.words_of(wanted))
        assert columns.says(wanted, narrow, stamp(at)) == alone.matches(now, at)
        # Nothing is passed over by the look through many rows together.
        assert columns.may_say(wanted, [narrow]) or not columns.says(wanted, narrow, stamp(at))


def test_rows_that_cannot_have_the_words_are_passed_over_together() -> None:
    rows = [read(lead, columns.words_of(LeadFilter(search="x"))) for lead in LEADS]
    assert columns.may_say(LeadFilter(search="northwind"), rows)
    assert not columns.may_say(LeadFilter(search="nowhere"), rows)
    assert not columns.may_say(LeadFilter(search="northwind nowhere"), rows)
    assert not columns.may_say(LeadFilter(customer="nowhere"), rows)
    assert not columns.may_say(LeadFilter(search="nowhere8"), rows)
    assert not columns.may_say(LeadFilter(search="4711471"), rows)
    # These may be parts of an id.
    assert columns.may_say(LeadFilter(search="47114711"), rows)
    assert columns.may_say(LeadFilter(search="m0deadbeef"), rows)


def test_rows_that_have_the_words_are_found_wherever_they_stand() -> None:
    lead = LEADS[0]
    wanted = LeadFilter(customer=lead.customer.company)
    has, has_not = read(lead, columns.words_of(wanted)), read(a_lead(), columns.words_of(wanted))
    has_not.text_company = has_not.text_person = "nobody"
    for count in (0, 1, 5, columns.FEW, columns.FEW + 1, 100, 250, 999):
        for places in ({0}, {count // 2}, {count - 1}, {0, count - 1}, set(range(count)), set[int]()):
            rows = [has if number in places else has_not for number in range(count)]
            found = [number for number, _ in columns.saying(wanted, rows, stamp(AT))]
            assert found == sorted(places & set(range(count)))


@settings(max_examples=200, deadline=None)
@given(filters, times, st.sampled_from(list(OrderField)), st.booleans())
def test_q4_a_lead_and_its_columns_stand_at_the_same_place(
    wanted: LeadFilter, at: datetime, field: OrderField, descending: bool
) -> None:
    order = Order(field, descending)
    for lead in LEADS:
        values = columns.listed(read(lead, columns.selected(wanted, field)), stamp(at))
        now = settle(lead, at).lead
        assert sort_key(values, order, position(lead.id)) == sort_key(listed(now), order, position(lead.id))


def test_n5_a_lead_and_its_columns_recommend_the_same() -> None:
    kinds = set()
    for lead in (*LEADS, replace(LEADS[0], expires_at=None), replace(LEADS[0], flame_until=None, contact_attempts=1)):
        if lead.is_test:
            continue
        for at in (*moments(lead), AT + DAY, AT + 7 * DAY, AT + 12 * DAY, AT + 14 * DAY + timedelta(hours=2)):
            found = recommended(columns.standing(read(lead, columns.STANDING, "open")), at)
            assert found == recommended(standing(lead), at) == recommended(standing(settle(lead, at).lead), at)
            for one in found:
                customer = shown(settle(lead, at).lead, at).customer
                assert one.about == (customer.company, customer.name or None, customer.country)
                kinds.add(one.kind)
    assert kinds == {"newLead", "hotLead", "contactOverdue", "expiresSoon", "untouched"}


def test_every_part_of_a_filter_and_every_order_has_its_columns() -> None:
    by_the_key_or_always = {"tab", "status", "created_from", "created_to", "include_test", "id"}
    assert set(columns._PARTS) | by_the_key_or_always == set(EACH)
    assert set(columns._ORDERS) | {OrderField.CREATED, OrderField.STATUS, OrderField.EXPIRY} == set(OrderField)


WIDEST = "\ufdfa"
"""A character that folds to eighteen."""


def test_a_text_that_no_column_holds_is_left_to_the_document() -> None:
    assert len(folded(WIDEST)) == 18
    lead = replace(a_lead(), notes=WIDEST * NOTES_MAX)
    stored = codec.lead_columns(lead)
    assert (stored["textPrivate"], stored["textCut"]) == ("", True)
    wanted = LeadFilter(search="no word of it")
    assert columns.says(wanted, read(lead, columns.words_of(wanted)), stamp(AT))
    fits = codec.lead_columns(replace(lead, notes="\U0001d11e" * 7_000))
    assert "textCut" not in fits
    assert codec.units(fits["textPrivate"]) > 14_000


def test_the_largest_lead_fits_into_a_row_and_its_columns_into_theirs() -> None:
    name, notes = WIDEST * NAME_MAX, WIDEST * NOTES_MAX
    deal = replace(DEAL, name=name, crm_id=name, campaign_id=name, notes=notes[:4_000])
    lead = replace(accepted(a_lead()), deal=deal, notes=notes, customer=Customer(name, name, name, name, country="SE"))
    stored = codec.lead_columns(lead)
    sizes = [codec.units(value) * 2 for value in stored.values() if isinstance(value, str)]
    assert max(sizes) <= 64 * 1024
    assert sum(sizes) <= 1024 * 1024
    texts = [value for name, value in stored.items() if name.startswith("text") and isinstance(value, str)]
    most = codec.PIECE * codec.PIECES + codec.TEXT_UNITS * len(texts)
    assert most * 2 < 1024 * 1024, "however long its texts are"
