"""The screens in process, on the interface's fixtures."""

import pytest

from tests.in_process import InProcess
from tests.unit.http.conftest import (  # noqa: F401 - pytest finds fixtures by these names
    api,
    door,
    fixed_clock,
    in_memory,
    issuer,
    ports,
)
from tests.unit.pages.visiting import World, a_world


@pytest.fixture
async def world(api: InProcess, door: str) -> World:  # noqa: F811 - the fixtures above
    """Something on every screen."""
    return await a_world(api, door)
