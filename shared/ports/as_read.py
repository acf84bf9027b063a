"""Writing a document only where it is still as it was read."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class AsRead(Generic[T]):
    """What was read, None where there was nothing; a write that takes it raises LostRace when it is so no more."""

    value: T | None
