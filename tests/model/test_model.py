"""Two thousand steps of whatever may happen, on Azurite: the reference is always right (docs/reliability.md)."""

import pytest

from local.azurite import Azurite
from tests.model.courses import run_model

COURSES, STEPS = 9, 1_000
"""Of the first course nothing counts: Hypothesis begins with the simplest, in which nothing comes from outside."""


@pytest.mark.parametrize("part", range(2))
def test_whatever_happens_in_whatever_order_the_reference_is_right(azurite: Azurite, part: int) -> None:
    steps = run_model(azurite.connection, courses=COURSES, seed=part)
    assert sum(steps.values()) >= STEPS
