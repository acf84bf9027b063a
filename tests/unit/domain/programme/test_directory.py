"""What the directory finds, in which order, and why (M1)."""

import itertools
from dataclasses import replace

import pytest

from shared.domain.programme.directory import (
    ELSEWHERE,
    STANDING_LEAST,
    STANDING_SPAN,
    WITHOUT_COMPETENCY,
    Directory,
    Entry,
    Found,
    Place,
    ReasonKind,
    Wanted,
    entry_of,
)
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.programme.profile import CompanySize, Contact, Location, Profile
from tests.builders import AT

PLAIN = Entry("a", "Alpha", "Payroll for shops", ("payroll",))
COUNTRIES = {"SE": "Sweden , Sverige", "DE": "Germany , Deutschland"}


def find(*entries: Entry, top: int = 10, **wanted: object) -> list[Found]:
    return Directory.of(entries, COUNTRIES).find(Wanted(**wanted), top)  # type: ignore[arg-type] # as it comes


def ids(found: list[Found]) -> list[str]:
    return [one.entry.partner_id for one in found]


def said(found: Found) -> list[tuple[str, str]]:
    return [(str(one.kind), str(one.message)) for one in found.reasons]


PROFILE = Profile(
    "Contoso",
    published=True,
    description="CRM",
    locations=(
        Location("HQ", "SE", "Stockholm", (Contact("Lena", "lena@contoso.example", language="sv"), Contact("Max"))),
        Location("Berlin", "DE", contacts=(Contact("Jonas", language="de"), Contact("Lisa", language="sv"))),
    ),
)
PARTNER = Partner("contoso", "Contoso", (), AT, AT, competencies=("CRM",), endorsements=("Partner of the year",))


def test_only_published_profiles_of_active_partners_are_in_it_and_no_contact_details() -> None:
    entry = entry_of(PARTNER, PROFILE)
    assert entry is not None
    assert entry.places == (Place("HQ", "SE", "Stockholm"), Place("Berlin", "DE"))
    assert (entry.languages, entry.competencies) == (("sv", "de"), ("CRM",))
    assert "lena" not in repr(entry).casefold()
    assert entry_of(PARTNER, None) is None
    assert entry_of(PARTNER, replace(PROFILE, published=False)) is None
    assert entry_of(replace(PARTNER, state=PartnerState.SUSPENDED), PROFILE) is None


def test_whoever_has_none_of_the_words_is_left_out() -> None:
    assert ids(find(PLAIN, replace(PLAIN, partner_id="b", description="", keywords=("crm",)), text="payroll")) == ["a"]
    assert find(PLAIN, text="aviation") == []


@pytest.mark.parametrize("text", ["sverige", "SWEDEN", "stockholm", "headquarters"])
def test_places_are_found_by_name_by_address_and_by_country_in_any_language(text: str) -> None:
    there = replace(PLAIN, partner_id="b", places=(Place("Headquarters", "SE", "Stockholm"),))
    (found,) = find(PLAIN, there, text=text)
    assert found.entry is there
    assert [kind for kind, _ in said(found)] == ["words"]


def test_a_customer_outside_the_sizes_is_left_out_and_who_names_none_takes_all() -> None:
    small = replace(PLAIN, partner_id="b", company_sizes=(CompanySize.SMALL,))
    found = find(PLAIN, small, size=CompanySize.SMALL)
    assert ids(found) == ["a", "b"]
    assert [said(one) for one in found] == [[], [("size", "It works for companies of your size.")]]
    assert ids(find(PLAIN, small, size=CompanySize.LARGE, text="payroll")) == ["a"]


def test_who_is_in_the_country_ranks_first_and_the_location_there_is_shown() -> None:
    german = replace(PLAIN, partner_id="b", name="Beta", places=(Place("Wien", "AT"), Place("Berlin", "DE")))
    first, second = find(PLAIN, german, country="DE", text="payroll")
    assert (first.entry, first.place) == (german, Place("Berlin", "DE"))
    assert second.place is None
    assert ("country", "It has a location in your country.") in said(first)
    assert ("country", "It has no location in your country.") in said(second)
    assert [one.fits for one in second.reasons if one.kind is ReasonKind.COUNTRY] == [False]
    elsewhere = find(german, country="SE")[0]
    assert elsewhere.place == Place("Wien", "AT")
    assert elsewhere.score == pytest.approx(find(german, country="AT")[0].score * ELSEWHERE)


def test_languages_and_competencies_rank_and_are_told() -> None:
    speaks = replace(PLAIN, partner_id="b", languages=("sv",))
    able = replace(PLAIN, partner_id="c", competencies=("Lön & HR", "ERP"))
    found = find(PLAIN, speaks, able, languages=("sv", "de"), competencies=("lon & hr",))
    assert ids(found) == ["b", "c", "a"] or ids(found) == ["c", "b", "a"]
    told = {one.entry.partner_id: said(one) for one in found}
    assert told["b"] == [
        ("language", "A contact speaks your language."),
        ("competency", "The programme does not confirm the competency that you look for."),
    ]
    assert told["c"] == [
        ("language", "No contact is known to speak your language."),
        ("competency", "The programme confirms: Lön & HR."),
    ]
    alone = {one.entry.partner_id: one.score for one in find(PLAIN, able, competencies=("ERP",))}
    assert alone["a"] == pytest.approx(alone["c"] * WITHOUT_COMPETENCY)


def test_what_the_operator_confirms_outweighs_what_a_partner_writes() -> None:
    boasts = replace(PLAIN, partner_id="b", description="erp " * 200)
    able = replace(PLAIN, partner_id="c", competencies=("ERP",))
    first, second = find(boasts, able, text="erp")
    assert ids([first, second]) == ["c", "b"]
    assert said(first) == [("words", "A competency that the programme confirms has: erp.")]
    assert said(second) == [("words", "Its description has: erp.")]


def test_a_word_is_told_once_where_it_weighs_most() -> None:
    entry = replace(PLAIN, name="Payroll Partners", keywords=("payroll", "taxes"))
    (found,) = find(entry, text="payroll tax shops")
    assert said(found) == [
        ("words", "Its name has: payroll."),
        ("words", "Its keywords have: taxes."),
        ("words", "Its description has: shops."),
    ]


def test_standing_is_bounded_and_neutral_by_default() -> None:
    worst, best = (replace(PLAIN, partner_id=name, standing=value) for name, value in (("w", 0.0), ("b", 1.0)))
    scores = {one.entry.partner_id: one for one in find(PLAIN, worst, best, text="payroll")}
    assert list(scores) == ["b", "a", "w"]
    assert scores["w"].score == pytest.approx(scores["a"].score * STANDING_LEAST)
    assert scores["b"].score == pytest.approx(scores["a"].score * (STANDING_LEAST + STANDING_SPAN))
    assert ("standing", "It has a good standing in the programme.") in said(scores["b"])
    assert "standing" not in [kind for kind, _ in said(scores["a"])]
    # However good it is, it makes no match of a word that is merely mentioned.
    mentions = replace(best, description="We know somebody who does payroll. " + "Else we do many things. " * 30)
    assert ids(find(PLAIN, replace(mentions, keywords=()), text="payroll"))[0] == "a"


def test_endorsements_add_a_tenth_at_most() -> None:
    praised = [replace(PLAIN, partner_id=f"{n}", endorsements=("Great",) * n) for n in range(6)]
    scores = {one.entry.partner_id: one.score for one in find(*praised)}
    assert scores["3"] == scores["5"]
    assert scores["0"] == pytest.approx(scores["3"] * 0.9)
    assert ("endorsement", "The programme endorses it: Great.") in said(find(praised[1])[0])


def test_equals_stand_by_name_however_they_came() -> None:
    named = [replace(PLAIN, partner_id=f"{n}", name=name) for n, name in enumerate(("Émile", "Delta", "fox"))]
    for order in itertools.permutations(named):
        assert [one.entry.name for one in find(*order)] == ["Delta", "Émile", "fox"]
    assert [one.entry.name for one in find(*named, top=2)] == ["Delta", "Émile"]


def test_who_asks_for_nothing_sees_all_and_why() -> None:
    assert said(find(PLAIN)[0]) == [("listed", "It is listed in the directory.")]
    assert find() == []


def test_competencies_and_countries_to_choose_from_are_those_there_are() -> None:
    made = Directory.of(
        [
            replace(PLAIN, competencies=("ERP", "CRM"), places=(Place("HQ", "SE"), Place("Lab", "DE"))),
            replace(PLAIN, competencies=("erp", "Äpps"), places=(Place("HQ", "SE"),)),
        ],
        COUNTRIES,
    )
    assert made.competencies == ["Äpps", "CRM", "ERP"]
    assert made.countries == frozenset({"SE", "DE"})
