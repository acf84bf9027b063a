"""Documents that are written only as they were read."""

from typing import Any

from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace


def must_be(stored: Any, only_if: AsRead[Any] | None) -> None:
    """Raise LostRace when a document is not as it was read."""
    if only_if is not None and stored != only_if.value:
        raise LostRace
