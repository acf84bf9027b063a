"""M4: which deals a lead is like, and in what; measured on needs of which is known what they are about."""

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from shared.domain.lead import Closing, Customer, Lead, Offer, Outcome, Status
from shared.domain.lifecycle import Action, LeadAction, decide
from shared.domain.likelihood import Alike
from shared.domain.similar import (
    LEAST,
    NEED_WORDS_MAX,
    WEIGHTS,
    WORD_MAX,
    WORDS_TOLD_MAX,
    Similar,
    Traits,
    days_to_close,
    is_deal,
    need_of,
    similar,
    traits_of,
)
from tests.builders import ANN, AT, DAY, a_lead, accepted, informational
from tests.deals import SUBJECTS, about, deals


def traits(lead_id: str = "", **changes: Any) -> Traits:
    """A lead that tells everything, but for the changes."""
    told = Traits(
        lead_id, frozenset({"crm"}), "SE", "10-50", "appSource", "contactMe", "scanner pallets warehouse", "contoso crm"
    )
    return told._replace(**changes)


NOTHING = Traits("", frozenset(), "", "", "", "", "", "")
OTHERS = [traits(f"other{n}", need=f"payroll wages word{n}", offers=frozenset({"x"}), title="wages") for n in range(8)]


def only(deal: Traits, lead: Traits | None = None) -> Similar | None:
    """How the lead is like this one deal among others."""
    found = similar(lead or traits(), [deal, *OTHERS], 20)
    return next((one for one in found if one.lead_id == deal.lead_id), None)


def test_m4_weights_are_shares_of_a_whole() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_m4_what_is_the_same_in_everything_is_wholly_alike() -> None:
    found = only(traits("d"))
    assert found is not None
    assert found.likeness == 1
    assert set(found.alike) == set(WEIGHTS)
    assert found.alike[:3] == (Alike.NEED, Alike.OFFER, Alike.COUNTRY), "the most telling first"
    assert set(found.words) == {"scanner", "pallets", "warehouse"}


@pytest.mark.parametrize(
    ("changed", "alike"),
    [
        ({"country": "DE"}, Alike.COUNTRY),
        ({"size": ""}, Alike.SIZE),
        ({"source": "other"}, Alike.SOURCE),
        ({"call_to_action": ""}, Alike.CALL_TO_ACTION),
        ({"offers": frozenset({"erp"}), "title": "fabrikam erp"}, Alike.OFFER),
        ({"need": "tractors harvest"}, Alike.NEED),
    ],
)
def test_m4_each_part_counts_by_its_weight_and_is_a_reason(changed: dict[str, Any], alike: Alike) -> None:
    found = only(traits("d", **changed))
    assert found is not None
    assert found.likeness == pytest.approx(1 - WEIGHTS[alike])
    assert set(found.alike) == set(WEIGHTS) - {alike}
    assert bool(found.words) == (alike is not Alike.NEED)


def test_m4_what_is_not_told_is_like_nothing() -> None:
    assert similar(NOTHING, [NOTHING._replace(lead_id="d"), traits("e")], 5) == []
    assert similar(traits(), [], 5) == []
    # Nor does an offer's title stand for a need.
    silent = traits("d", need="")
    found = only(silent, traits(need=""))
    assert found is not None
    assert found.likeness == pytest.approx(1 - WEIGHTS[Alike.NEED])
    assert found.words == ()


def test_m4_what_is_hardly_alike_is_left_out() -> None:
    bare = NOTHING._replace(lead_id="d", offers=frozenset({"crm"}))
    assert WEIGHTS[Alike.OFFER] < LEAST
    assert only(bare) is None
    found = only(bare._replace(country="SE"))
    assert found is not None
    assert (found.likeness, found.alike) == (pytest.approx(LEAST), (Alike.OFFER, Alike.COUNTRY))


def test_m4_the_same_need_in_part_in_other_forms_is_alike() -> None:
    lead = traits(need="warehouses need scanning pallets")
    whole, part, none = (
        only(traits("d", need=need), lead) for need in ("warehouse scanner pallets", "pallets tractors", "tractors")
    )
    assert whole is not None
    assert part is not None
    assert none is not None
    assert whole.likeness > part.likeness > none.likeness
    assert Alike.NEED not in none.alike
    assert part.words == ("pallets",)


def test_m4_another_offer_of_a_like_name_counts_a_little_and_is_no_reason() -> None:
    found = only(traits("d", offers=frozenset({"crm2"}), title="contoso crm plus"))
    assert found is not None
    assert 1 - WEIGHTS[Alike.OFFER] < found.likeness < 1
    assert Alike.OFFER not in found.alike


def test_m4_the_most_alike_come_first_and_equals_as_they_stand() -> None:
    like = [traits("a", country="DE"), traits("b"), traits("c", country="DE"), traits("d")]
    assert [one.lead_id for one in similar(traits(), [*like, *OTHERS], 3)] == ["b", "d", "a"]
    words = " ".join(f"word{n}" for n in range(20))
    (found,) = similar(traits(need=words), [traits("d", need=words)], 1)
    assert len(found.words) == WORDS_TOLD_MAX


def test_m4_no_more_words_than_fit_are_kept_of_a_need() -> None:
    lead = replace(a_lead(), search_terms=("ERP",), notes=" ".join(f"w{n}{'x' * 60}" for n in range(500)))
    kept = need_of(lead).split()
    assert kept[0] == "erp"
    assert len(kept) <= NEED_WORDS_MAX
    assert max(map(len, kept)) == WORD_MAX
    assert need_of(replace(a_lead(), notes="Ein Büro, ein BÜRO: e-mail")) == "buro mail email"
    assert need_of(replace(a_lead(), notes=None)) == ""


def test_m4_l9_a_need_that_is_hidden_is_not_compared() -> None:
    lead = replace(a_lead(), notes="scanner", search_terms=("pallets",), offer=Offer("contoso.crm", "Contoso CRM"))
    assert traits_of(lead, AT).need == "pallets scanner"
    hidden = traits_of(lead, AT + 14 * DAY)
    assert (hidden.need, hidden.title) == ("", "contoso crm")
    assert hidden.offers == {"contoso.crm", "contoso crm"}
    assert traits_of(replace(lead, do_not_contact=True), AT).need == ""


def test_m4_sizes_are_compared_as_they_read() -> None:
    assert traits_of(replace(a_lead(), customer=Customer(size=" 10-50 Ä")), AT).size == "10-50 a"


def closed(action: Action, **said: Any) -> Lead:
    """A lead accepted at AT and ended 41 days later."""
    return decide(accepted(a_lead()), LeadAction(action, **said), at=AT + 41 * DAY, by=ANN).lead


DECLINED = decide(a_lead(), LeadAction(Action.DECLINE, reason="budget"), at=AT, by=ANN).lead


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (accepted(a_lead()), True),
        (accepted(informational()), True),
        (closed(Action.WIN), True),
        (closed(Action.LOSE, reason="budget"), True),
        (closed(Action.CLOSE_AS_ERROR, reason="wrongCustomer"), False),
        (a_lead(), False),
        (DECLINED, False),
        (replace(a_lead(), status=Status.ARCHIVED, outcome=Outcome.EXPIRED), False),
        (replace(accepted(a_lead()), is_test=True), False),
        (replace(closed(Action.WIN), erased_at=AT), False),
    ],
)
def test_m4_a_deal_is_what_was_accepted_and_is_no_error_and_no_test(lead: Lead, expected: bool) -> None:
    assert is_deal(lead) is expected


@pytest.mark.parametrize(
    ("lead", "days"),
    [
        (closed(Action.WIN), 41),
        (closed(Action.WIN, closed_on=date(2026, 12, 1)), 10),
        # Accepted here on the day after.
        (closed(Action.WIN, closed_on=date(2026, 11, 20)), 0),
        (closed(Action.LOSE, reason="budget"), 41),
        (replace(closed(Action.WIN), closing=Closing()), 41),
        (accepted(a_lead()), None),
        (DECLINED, None),
    ],
)
def test_m4_days_to_close_go_from_the_accept_to_the_end(lead: Lead, days: int | None) -> None:
    assert days_to_close(lead) == days


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_m4_most_of_what_is_found_is_about_the_same(seed: int) -> None:
    """Of 240 deals about twelve subjects the five that are told of; the same without needs is below a third."""
    random = Random(seed)
    known = deals(240, random)
    subjects = {lead.id: subject for subject, lead in known}
    earlier = [traits_of(lead, lead.created_at) for _, lead in reversed(known)]
    right, blind, first = 0, 0, 0
    asked = [*SUBJECTS] * 5
    for number, subject in enumerate(asked):
        lead = about(subject, random, 240 + number)
        found = [subjects[one.lead_id] == subject for one in similar(traits_of(lead, lead.created_at), earlier, 5)]
        right, first = right + sum(found), first + found[0]
        silent = similar(traits_of(replace(lead, notes=None, search_terms=()), lead.created_at), earlier, 5)
        blind += sum(subjects[one.lead_id] == subject for one in silent)
    whole = 5 * len(asked)
    assert right / whole >= 0.83
    assert first / len(asked) >= 0.88
    assert blind / whole < 0.34
