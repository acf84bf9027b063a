"""One local host for all journeys; each takes a partner of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.local_host import LocalHost


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHost]:
    with LocalHost(Path(tmp_path_factory.mktemp("local"))) as running:
        yield running
