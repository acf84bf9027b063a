"""A page of a list, and how to ask for one."""

import re
from typing import Annotated, Generic, NotRequired, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.http.fields import Incoming

V = TypeVar("V")


class Page(TypedDict, Generic[V]):
    """A page of a list; the end is where `nextLink` is absent."""

    value: list[V]
    nextLink: NotRequired[str]


def whole_number(value: object) -> object:
    """A number as everybody writes it: pydantic would read 1_0, 5.0 and spaces, too."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("It must be a whole number.")
    return value


Top = Annotated[int, Field(ge=1, le=200), BeforeValidator(whole_number)]


class PageQuery(Incoming):
    """How much of a list, and from where."""

    top: Top = 50
    page_token: Annotated[str, StringConstraints(max_length=2_000)] | None = None
