"""Two thousand steps of whatever may happen, on Azurite: the reference is always right (docs/reliability.md)."""

import pytest

from local.azurite import Azurite
from tests.model.courses import STEPS_OF_ONE, run_model


@pytest.mark.parametrize("part", range(2))
def test_whatever_happens_in_whatever_order_the_reference_is_right(azurite: Azurite, part: int) -> None:
    steps = run_model(azurite.connection, courses=5, seed=part)
    assert sum(steps.values()) >= 5 * STEPS_OF_ONE
