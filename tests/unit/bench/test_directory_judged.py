"""The order of the directory is measured, and stays better than plain ways to look for words (M1)."""

from bench.directory import TOP, gain, reached
from bench.judged import PROFILES, QUERIES
from shared.usecases.programme.refresh_directory import names_of_countries


def test_searches_and_grades_are_of_profiles_that_there_are() -> None:
    assert len(QUERIES) >= 40
    assert len({one.text for one in QUERIES}) == len(QUERIES)
    for one in QUERIES:
        assert one.grades
        assert set(one.grades) <= set(range(len(PROFILES)))
        assert set(one.grades.values()) <= {1, 2, 3}


def test_the_order_is_better_than_that_of_plain_ways() -> None:
    found = reached(names_of_countries())
    assert found["ours"] > 0.95
    assert found["ours"] > max(value for name, value in found.items() if name != "ours") + 0.05


def test_the_best_order_gains_all_and_a_worse_one_less() -> None:
    grades = {1: 3, 2: 1}
    assert gain([1, 2], grades) == 1
    assert 0 < gain([2, 1], grades) < 1
    assert gain([3], grades) == 0
    assert gain([*range(10, 10 + TOP), 1, 2], grades) == 0
