"""Use cases on ports in memory."""

import pytest

from shared.domain.programme.partner import LeadSource
from tests.builders import AT, unique
from tests.fakes.ports import FakePorts, fake_ports


@pytest.fixture
def ports() -> FakePorts:
    return fake_ports()


@pytest.fixture
def source() -> LeadSource:
    return LeadSource("0123456789abcdef", unique(), "Marketplace", AT)
