"""What fails, who is killed, which moment it is: each possibility in its turn, for minutes; `make prove` runs them."""

from tests.integration.conftest import connected, deployment, further_azurite, ports, receiver, source, work
from tests.integration.test_erasure import told

__all__ = ["connected", "deployment", "further_azurite", "ports", "receiver", "source", "told", "work"]
