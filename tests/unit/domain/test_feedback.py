"""What a person says of a lead, what of it is hidden, and sums (M8, L9)."""

from dataclasses import replace
from datetime import datetime

import pytest

from shared.domain.contact import ALWAYS, NEVER
from shared.domain.feedback import (
    OFFERS_MAX,
    FeedbackSums,
    Rated,
    SeenFeedback,
    is_surely_shown,
    said_of,
    seen,
)
from shared.domain.lead import Lead, Reveal
from shared.domain.lifecycle import settle
from tests.builders import ANN, AT, DAY, a_lead, accepted

LEAD = a_lead()
SAID = said_of(LEAD, 2, "Ada has left.", by=ANN, at=AT, before=None)


def test_m8_feedback_knows_what_its_lead_was_about() -> None:
    assert (SAID.partner_id, SAID.lead_id, SAID.by) == (LEAD.partner_id, LEAD.id, ANN)
    assert (SAID.source, SAID.offer, SAID.is_test) == (LEAD.source, LEAD.offer, False)
    assert (SAID.created_at, SAID.updated_at, SAID.shown_until) == (AT, AT, LEAD.expires_at)
    assert said_of(replace(LEAD, is_test=True), 2, None, by=ANN, at=AT, before=None).is_test


def test_m8_the_same_again_is_what_was_and_anything_else_takes_its_place() -> None:
    assert said_of(LEAD, 2, "Ada has left.", by=ANN, at=AT + DAY, before=SAID) is SAID
    for rating, text in ((3, "Ada has left."), (2, None)):
        again = said_of(LEAD, rating, text, by=ANN, at=AT + DAY, before=SAID)
        assert (again.rating, again.text, again.created_at, again.updated_at) == (rating, text, AT, AT + DAY)
    # Clocks differ; what takes the place of something is never listed before it.
    assert said_of(LEAD, 1, None, by=ANN, at=AT - DAY, before=SAID).updated_at == AT


def test_m8_a_text_is_hidden_where_contact_details_are_and_shown_where_they_come_back() -> None:
    before = AT + 13 * DAY
    assert seen(SAID, LEAD, before) == SeenFeedback(SAID)
    late = AT + 14 * DAY
    hidden = seen(SAID, settle(LEAD, late).lead, late)
    assert (hidden.feedback.text, hidden.feedback.rating, hidden.is_text_hidden) == (None, 2, True)
    assert seen(SAID, accepted(LEAD), late) == SeenFeedback(SAID)
    unknown = seen(SAID, None, AT)
    assert (unknown.feedback.text, unknown.is_text_hidden) == (None, True)
    without = replace(SAID, text=None)
    assert seen(without, None, late) == SeenFeedback(without)


@pytest.mark.parametrize(
    ("lead", "until"),
    [
        (LEAD, LEAD.expires_at),
        (accepted(LEAD), ALWAYS),
        (a_lead(reveal=Reveal.ON_ACCEPT), NEVER),
    ],
)
def test_m8_until_when_a_text_is_surely_shown(lead: Lead, until: datetime) -> None:
    said = said_of(lead, 1, "Hm.", by=ANN, at=AT, before=None)
    assert said.shown_until == until
    assert is_surely_shown(said, AT) == (until > AT)
    assert not is_surely_shown(said, until)
    assert is_surely_shown(replace(said, text=None), until)


def test_m8_sums_count_average_and_low_ratings_by_source_and_offer() -> None:
    sums = FeedbackSums()
    assert (sums.all.count, sums.all.average, sums.all.low_rate) == (0, None, None)
    assert (sums.by_source(), sums.by_offer()) == ([], [])
    sums.add([Rated(1, "appSource", "contoso.CRM", "New"), Rated(2, "", "", ""), Rated(3, "other", "", "Contoso ERP")])
    sums.add([Rated(5, "appSource", "contoso.crm", "Old"), Rated(4, "appSource", "", "contoso  erp")])
    assert (sums.all.count, sums.all.average, sums.all.low_rate) == (5, 3.0, 0.4)
    assert [(name, one.count, one.total, one.low) for name, one in sums.by_source()] == [
        ("appSource", 3, 10, 1),
        ("", 1, 2, 1),
        ("other", 1, 3, 0),
    ]
    assert [(one.offer_id, one.offer_title, one.sum.count, one.sum.average) for one in sums.by_offer()] == [
        ("", "Contoso ERP", 2, 3.5),
        ("contoso.CRM", "New", 2, 3.0),
        ("", "", 1, 2.0),
    ]


def test_m8_what_is_beyond_the_hundred_offers_with_the_most_is_one() -> None:
    sums = FeedbackSums()
    sums.add([Rated(5, "", f"offer.{n:03}", "") for n in range(OFFERS_MAX + 3)] + [Rated(1, "", "offer.102", "")])
    found = sums.by_offer()
    assert len(found) == OFFERS_MAX + 1
    assert (found[0].offer_id, found[0].sum.count) == ("offer.102", 2)
    assert (found[-1].is_other, found[-1].sum.count, found[-1].sum.average) == (True, 3, 5.0)
    assert sum(one.sum.count for one in found) == sums.all.count
