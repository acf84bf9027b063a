"""How likely leads like one were to be won: counted, calibrated, and nobody's numbers are shown to another (V3)."""

import random
from dataclasses import replace
from math import exp

import pytest

from shared.domain.lead import Lead, Offer
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.likelihood import (
    KINDS_MAX,
    LEAST,
    PARTNERS_LEAST,
    Ended,
    Learned,
    Learning,
    chance,
    offer_key,
)
from shared.domain.measures import Sums, added, counted, kind_of
from tests.builders import ANN, AT, DAY, a_lead, accepted

COUNTRIES = {"SE": 1.0, "DE": 0.0, "FR": -1.5}
KEEN = 1.2


def lead_of(pick: random.Random, partner: str) -> Lead:
    lead = a_lead(partner, AT, Country=pick.choice(sorted(COUNTRIES)), OfferTitle=f"Offer of {partner}")
    return replace(lead, contact_requested=pick.random() < 0.5, offer=Offer(f"{partner}.crm"))


def truth(lead: Lead) -> float:
    """How likely this lead is to be won: the world that there is to learn."""
    drawn = -1.2 + COUNTRIES[lead.customer.country or ""] + (KEEN if lead.contact_requested else 0)
    return 1 / (1 + exp(-drawn))


def ended(pick: random.Random, lead: Lead) -> Lead:
    if pick.random() < truth(lead):
        return decide(accepted(lead), LeadAction(Action.WIN), at=AT, by=ANN).lead
    way = pick.randrange(3)
    if way == 0:
        return settle(lead, AT + 20 * DAY).lead
    if way == 1:
        return decide(lead, LeadAction(Action.DECLINE, reason="budget"), at=AT, by=ANN).lead
    return decide(accepted(lead), LeadAction(Action.LOSE, reason="budget"), at=AT, by=ANN).lead


def sums_of(leads: list[Lead]) -> list[Sums]:
    sums = Sums("2026-11-21")
    for lead in leads:
        sums = added(sums, counted(lead))
    return [sums]


def programme(seed: int, partners: int = 12, each: int = 150) -> Learned:
    pick = random.Random(seed)
    learning = Learning()
    for number in range(partners):
        leads = [ended(pick, lead_of(pick, f"p{number}")) for _ in range(each)]
        learning.add(sums_of(leads))
    return learning.learned()


def test_v3_what_is_said_is_what_comes() -> None:
    """Calibration: of leads that are said to be won with some chance, about so many are."""
    learned, pick = programme(1), random.Random(2)
    said: dict[int, list[tuple[float, bool]]] = {}
    for _ in range(6_000):
        lead = lead_of(pick, "new")
        found = chance(learned, lead)
        assert found is not None
        said.setdefault(int(found.share * 8), []).append((found.share, pick.random() < truth(lead)))
    large = {place: ones for place, ones in said.items() if len(ones) > 300}
    assert len(large) >= 4, "leads differ"
    for ones in large.values():
        usual = sum(share for share, _ in ones) / len(ones)
        assert usual == pytest.approx(sum(won for _, won in ones) / len(ones), abs=0.06)


def test_v3_it_is_told_with_its_number() -> None:
    learned = programme(3)
    lead = replace(a_lead(Country="SE"), contact_requested=True, offer=None)
    found = chance(learned, lead)
    assert found is not None
    assert found.alike == ("country", "source", "callToAction", "contactRequested", "completeness")
    kind = learned.kinds[kind_of(lead).written]
    assert (found.won, found.of) == (kind.won, kind.of)
    assert found.times == pytest.approx(found.share / (learned.whole.won / learned.whole.of))


def test_v3_the_own_offer_says_most() -> None:
    learned = programme(4)
    offers = dict(learned.offers) | {offer_key("p1.crm"): Ended(200, 150, 1, 200)}
    lead = replace(a_lead("p1"), offer=Offer("p1.crm"))
    found = chance(replace(learned, offers=offers), lead)
    assert found is not None
    assert (found.won, found.of, found.alike) == (150, 200, ("offer",))
    assert found.share > 0.6
    # What two partners have had under one title is nobody's own.
    shared = dict(learned.offers) | {offer_key("p1.crm"): Ended(200, 150, 2, 100)}
    assert chance(replace(learned, offers=shared), lead) == chance(replace(learned, offers={}), lead)


@pytest.mark.parametrize("kind", [Ended(LEAST - 1, 5, 9, 3), Ended(99, 5, PARTNERS_LEAST - 1, 30), Ended(99, 5, 9, 50)])
def test_v3_no_kind_shows_one_partners_numbers_to_another(kind: Ended) -> None:
    """Too few leads, too few partners, or one of them has most of it."""
    lead = replace(a_lead(), offer=None)
    learned = Learned(Ended(1_000, 100, 40, 90), {kind_of(lead).written: kind})
    found = chance(learned, lead)
    assert found is not None
    assert (found.won, found.of, found.alike) == (100, 1_000, ())


def test_v3_nothing_is_said_of_too_little() -> None:
    assert chance(Learned(), a_lead()) is None
    assert chance(programme(5, partners=PARTNERS_LEAST - 1), a_lead()) is None
    assert chance(Learned(Ended(1_000, 0, 40, 90)), a_lead()) is None


def test_v3_what_is_remembered_is_bounded_and_can_go_on() -> None:
    first, whole = Learning(), Learning()
    pick = random.Random(6)
    for number in range(6):
        sums = sums_of([ended(pick, lead_of(pick, f"p{number}")) for _ in range(20)])
        first.add(sums)
        first = Learning(first.learned())
        whole.add(sums)
    assert first.learned() == whole.learned()
    many = {f"SE/{number}/contactMe//whole": Ended(number, 1, 1, number) for number in range(3 * KINDS_MAX)}
    bounded = Learning(Learned(Ended(9, 1, 1, 9), many)).learned()
    assert len(bounded.kinds) == KINDS_MAX
    assert min(one.of for one in bounded.kinds.values()) == 2 * KINDS_MAX
