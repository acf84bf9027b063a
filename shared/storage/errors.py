"""Translates what azure-core raises into what the ports promise (`shared/ports/errors.py`)."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.domain.errors import Unavailable
from shared.ports.errors import LostRace

_RACE = frozenset({404, 409, 412})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


def is_table_missing(error: AzureError) -> bool:
    """True when the deployment has no such table: a defect of its set-up, not a missing row."""
    return getattr(error, "error_code", None) == "TableNotFound"


def is_race(error: AzureError) -> bool:
    """True when a row was not as expected: taken, changed or gone."""
    if is_table_missing(error):
        return False
    if isinstance(error, ResourceExistsError | ResourceModifiedError):
        return True
    return isinstance(error, HttpResponseError) and error.status_code in _RACE


def is_unclear(error: AzureError) -> bool:
    """True when the request may have taken effect all the same: it is retried after 5xx, a reset hides a commit."""
    if isinstance(error, ServiceRequestError):
        return False
    if isinstance(error, ServiceResponseError) or is_race(error):
        return True
    return not isinstance(error, HttpResponseError) or error.status_code in _BUSY


def is_unavailable(error: AzureError) -> bool:
    """True when storage could not be reached, had no time, or is not set up."""
    if is_table_missing(error):
        return True
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return True
    return isinstance(error, HttpResponseError) and error.status_code in _BUSY


def translated(error: AzureError) -> Exception:
    """The port's error for azure-core's; one that means a defect of ours comes back as it is."""
    if is_race(error):
        return LostRace()
    return Unavailable() if is_unavailable(error) else error


@contextmanager
def translating() -> Iterator[None]:
    """Raise the port's error in place of azure-core's."""
    try:
        yield
    except AzureError as error:
        raise translated(error) from error
