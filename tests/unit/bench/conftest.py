"""A programme's year, made once: it takes a second, and what was simulated of it is kept."""

import pytest

from bench.simulation.parameters import Parameters
from bench.simulation.year import Programme


@pytest.fixture(scope="session")
def programme() -> Programme:
    return Programme(Parameters())
