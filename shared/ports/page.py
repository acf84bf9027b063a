"""A page of something that is read piece by piece."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Page(NamedTuple, Generic[T]):
    """What a page holds, and the cursor to go on from; None at the end. A page may be short and still go on."""

    items: list[T]
    next: str | None
