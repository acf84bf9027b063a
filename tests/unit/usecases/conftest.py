"""Use cases on ports in memory."""

import pytest

from shared.domain.programme.partner import LeadSource
from shared.ports.ports import Ports
from tests.builders import AT, unique
from tests.fakes import fake_ports


@pytest.fixture
def ports() -> Ports:
    return fake_ports()


@pytest.fixture
def source() -> LeadSource:
    return LeadSource("0123456789abcdef", unique(), "Marketplace", AT)
