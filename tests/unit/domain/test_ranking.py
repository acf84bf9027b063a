"""Texts ranked for what somebody looks for (M1)."""

from math import isclose, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ranking import K1, NEAR, QUERY_WORDS_MAX, Field, Index, Making, words

FIELDS = {"name": Field(3, 0.5), "text": Field(1)}


def index(*documents: tuple[str, str]) -> Index:
    return Index.of(FIELDS, [{"name": name, "text": text} for name, text in documents])


def order(made: Index, query: str) -> list[int]:
    """The documents found, the best first, and of equal ones the first."""
    return [number for number, _ in sorted(made.rank(query).items(), key=lambda found: (-found[1], found[0]))]


def test_words_are_folded_and_say_something() -> None:
    assert words("We need a CRM for our shops in MALMÖ") == ["crm", "shops", "malmo"]
    assert words("C++ and C#, R, .NET") == ["c++", "c#", "r", "net"]
    # What is joined is found however it is written.
    assert words("e-mail S/4HANA") == ["mail", "email", "4hana", "s4hana"]
    assert words("l'azienda") == ["azienda", "lazienda"]
    assert words("Straße İstanbul") == ["strasse", "istanbul"]
    assert words("IT support on AWS") == ["it", "support", "on", "aws"]
    assert words("AI for the till of a VAR") == ["ai", "till", "var"]
    assert words("¿… – !") == []


def test_scores_are_those_of_the_formula() -> None:
    made = index(("Alpha", "crm crm erp"), ("Beta", "crm till"), ("Gamma", "none of it"))
    # Fields are as long as usual on average: 3, 2 and 2 words, as `of` says nothing.
    rarity = log(1 + (3 - 2 + 0.5) / 2.5)
    counts = {0: 2 / (0.25 + 0.75 * 3 / (7 / 3)), 1: 1 / (0.25 + 0.75 * 2 / (7 / 3))}
    scores = made.rank("crm")
    assert set(scores) == {0, 1}
    for number, count in counts.items():
        # By the whole that the word could give.
        assert isclose(scores[number], rarity * count / (K1 + count) / rarity, rel_tol=1e-6)


def test_a_word_in_the_name_outweighs_one_in_the_text() -> None:
    assert order(index(("Alpha", "logistics and more"), ("Logistics", "alpha and more")), "logistics") == [1, 0]


def test_a_rare_word_outweighs_a_common_one() -> None:
    made = index(*[("One", f"software {n}") for n in range(20)], ("One", "payroll"))
    assert order(made, "payroll software")[0] == 20


def test_a_long_text_gains_nothing_by_its_length() -> None:
    made = index(("One", "payroll " + "and much more besides which we also do " * 30), ("One", "payroll for shops"))
    assert order(made, "payroll") == [1, 0]


def test_nobody_gains_by_writing_a_word_again_and_again() -> None:
    made = index(("One", "payroll " * 200), ("One", "payroll payroll shops"), ("One", "shops"))
    assert order(made, "payroll") == [1, 0]


@pytest.mark.parametrize(
    ("looked_for", "there"),
    [
        ("buch", "Buchhaltung"),
        ("accounting", "accountant"),
        ("marketing", "Market"),
        ("Logistik", "logistics"),
        ("fertigung", "Fertigungen"),
    ],
)
def test_a_word_that_begins_as_it_counts_for_half(looked_for: str, there: str) -> None:
    made = index(("One", there), ("One", "other"))
    alone = made.rank(looked_for)
    assert set(alone) == {0}
    same = made.rank(there)
    assert isclose(alone[0], same[0] * NEAR, rel_tol=1e-6)
    both = index(("One", there), ("One", looked_for), ("One", "other"))
    assert order(both, looked_for) == [1, 0]


@pytest.mark.parametrize(
    ("looked_for", "there"), [("it", "italian"), ("port", "pork"), ("market", "marine"), ("contract", "contour")]
)
def test_words_that_only_begin_alike_are_others(looked_for: str, there: str) -> None:
    assert index(("One", there), ("One", "more")).rank(looked_for) == {}


def test_a_rare_variant_says_no_more_than_the_word() -> None:
    made = index(*[("One", "crm") for _ in range(9)], ("One", "crmsystem"), *[("One", "more") for _ in range(9)])
    assert order(made, "crm")[-1] == 9


def test_why_names_words_and_fields_and_adds_up_to_the_score() -> None:
    made = index(("Payroll Partners", "we do payrolls and tax"), ("Tax", "tax"))
    query = "payroll, tax and law"
    why = made.why(query, 0)
    assert [(one.word, one.found, one.fields) for one in why] == [
        ("payroll", ("payroll", "payrolls"), ("name", "text")),
        ("tax", ("tax",), ("text",)),
    ]
    assert isclose(sum(one.share for one in why), made.rank(query)[0], rel_tol=1e-6)
    assert made.why(query, 1)[0].fields == ("name", "text")
    assert made.why("law", 0) == []


def test_nothing_is_found_where_nothing_is_asked_or_stands() -> None:
    assert index(("One", "crm")).rank("") == {}
    assert index(("One", "crm")).rank("the of and") == {}
    assert index().rank("crm") == {}
    assert index(("", "")).rank("crm") == {}


def test_only_so_many_words_of_a_need_are_looked_for() -> None:
    made = index(("One", "last"))
    assert made.rank(" ".join(f"w{n}" for n in range(QUERY_WORDS_MAX - 1)) + " last") != {}
    assert made.rank(" ".join(f"w{n}" for n in range(QUERY_WORDS_MAX)) + " last") == {}


def test_there_are_at_most_eight_fields() -> None:
    making = Making({f"f{n}": Field(1) for n in range(9)})
    making.add({"f7": "crm"})
    assert making.index().why("crm", 0)[0].fields == ("f7",)
    making.add({"f8": "crm"})
    with pytest.raises(OverflowError):
        making.index()


TEXTS = st.text(alphabet="abcdé +-'. ", max_size=40)


@given(documents=st.lists(st.tuples(TEXTS, TEXTS), max_size=8), query=TEXTS)
def test_whatever_is_asked_scores_are_shares_and_explained(documents: list[tuple[str, str]], query: str) -> None:
    made = index(*documents)
    scores = made.rank(query)
    for number in range(len(documents)):
        why = made.why(query, number)
        assert isclose(sum(one.share for one in why), scores.get(number, 0.0), abs_tol=1e-6)
        assert 0 <= scores.get(number, 0.0) < 1
        assert all(one.fields and one.found and one.share > 0 for one in why)
