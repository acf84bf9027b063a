"""A page of a list."""

from typing import Generic, NotRequired, TypeVar

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

V = TypeVar("V")


class Page(TypedDict, Generic[V]):
    """A page of a list; the end is where `nextLink` is absent."""

    value: list[V]
    nextLink: NotRequired[str]
