"""Every refusal the product knows: its code and its message.

An error's docstring is its message. Nothing here knows HTTP; `shared/http/problems.py` maps codes to status.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.lead import Actor
from shared.domain.messages import say


@dataclass(frozen=True)
class Detail:
    """One reason: `target` is the field at fault, as a path in the caller's own words (`customer.email`).

    `by` and `at` say who did what stands in the way, and when (L7).
    """

    code: str
    message: str
    target: str | None = None
    by: Actor | None = None
    at: datetime | None = None


class Refusal(Exception):
    """The request was refused."""

    code = "invalidRequest"
    retry_after_seconds: int | None = None

    def __init__(
        self, message: str | None = None, *, target: str | None = None, details: Sequence[Detail] = ()
    ) -> None:
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.target = target
        self.details = tuple(details)
        super().__init__(self.message)


class InvalidRequest(Refusal):
    """The request is not valid."""

    code = "invalidRequest"


class SortTooLarge(Refusal):
    """This order takes reading too many leads: narrow the filter, or order by created."""

    code = "sortTooLarge"


class Unauthenticated(Refusal):
    """A valid token or key is needed."""

    code = "unauthenticated"


class AccessDenied(Refusal):
    """The caller's role does not allow this."""

    code = "accessDenied"


class PartnerSuspended(Refusal):
    """The partner is suspended: its leads can be read and exported, but neither answered nor subscribed to."""

    code = "partnerSuspended"


class NotFound(Refusal):
    """There is nothing here, or nothing this caller may see."""

    code = "notFound"


class MethodNotAllowed(Refusal):
    """The route does not take this method."""

    code = "methodNotAllowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(say("This route takes %(allowed)s.", allowed=allowed))
        self.allowed = allowed


class LeadExpired(Refusal):
    """The lead was not answered in time and has expired."""

    code = "leadExpired"


class InvalidTransition(Refusal):
    """The lead's status does not allow this action."""

    code = "invalidTransition"


class Conflict(Refusal):
    """The request conflicts with what is stored."""

    code = "conflict"


class PreconditionFailed(Refusal):
    """It has changed since it was read: its ETag is another one now."""

    code = "preconditionFailed"


class PayloadTooLarge(Refusal):
    """The body is too large."""

    code = "payloadTooLarge"


class UnsupportedMediaType(Refusal):
    """The body's content type is not supported."""

    code = "unsupportedMediaType"


class PreconditionRequired(Refusal):
    """An edit needs the header If-Match with the ETag that was read."""

    code = "preconditionRequired"


class TooManyRequests(Refusal):
    """Too many requests; wait and try again."""

    code = "tooManyRequests"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(Refusal):
    """The service cannot answer just now; nothing was lost, try again."""

    code = "unavailable"
    retry_after_seconds = 5


class InternalError(Refusal):
    """Something went wrong on our side; quote the request id when you ask about it."""

    code = "internalError"
