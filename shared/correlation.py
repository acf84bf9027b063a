"""Which request or timer's run is at work: logs, traces, events and webhooks name it, so that each can be explained.

A request's id is the `x-ms-request-id` of its answer. What follows from a change later, in other runs, keeps the id of
the request or run that made the change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from shared import ids
from shared.domain.agenda import Change

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def current() -> str:
    """The id of what is at work; '' where nothing was called from outside."""
    return _current.get()


@contextmanager
def caused_by(correlation_id: str) -> Iterator[None]:
    """What happens inside was caused by this; '' = by what is at work already."""
    token = _current.set(correlation_id or _current.get())
    try:
        yield
    finally:
        _current.reset(token)


def new_change(at: datetime) -> Change:
    """An attempt to change leads, made now by what is at work."""
    return Change(ids.new_change_id(), at, current())
