"""Errors at the edge: codes to status, and the documented body."""

from collections.abc import Mapping
from typing import Any, NotRequired

from pydantic import BaseModel, ValidationError

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.errors import Detail, InvalidRequest, Refusal
from shared.domain.instants import stamp
from shared.domain.messages import say
from shared.http.actors import ActorView, actor_view
from shared.texts import Translate

STATUS = {
    "invalidRequest": 400,
    "sortTooLarge": 400,
    "unauthenticated": 401,
    "accessDenied": 403,
    "partnerSuspended": 403,
    "notFound": 404,
    "methodNotAllowed": 405,
    "leadExpired": 409,
    "invalidTransition": 409,
    "conflict": 409,
    "preconditionFailed": 412,
    "payloadTooLarge": 413,
    "unsupportedMediaType": 415,
    "preconditionRequired": 428,
    "tooManyRequests": 429,
    "internalError": 500,
    "unavailable": 503,
}

FAULTS_MAX = 100
"""Faults that are named, as at intake: an answer stays small however many a body has."""
TARGET_MAX = 256

# pydantic's error types in the API's words; any other type is `invalidValue`.
_CODES = {"missing": "required", "extra_forbidden": "unknownField"}
_ENDINGS = (("_type", "invalidType"), ("_too_long", "tooLong"), ("_too_short", "tooShort"))


SAYS = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
    "string_type": "It must be a string.",
    "string_too_long": "It must have at most %(max_length)d characters.",
    "string_too_short": "It must not be empty.",
    "string_pattern_mismatch": "It is not written as this field needs it.",
    "enum": "It must be one of %(expected)s.",
    "literal_error": "It must be one of %(expected)s.",
    "bool_type": "It must be true or false.",
    "bool_parsing": "It must be true or false.",
    "int_type": "It must be a whole number.",
    "int_parsing": "It must be a whole number.",
    "int_from_float": "It must be a whole number.",
    "greater_than_equal": "It must be %(ge)s or more.",
    "less_than_equal": "It must be %(le)s or less.",
    "decimal_type": "It must be a number.",
    "decimal_parsing": "It must be a number.",
    "finite_number": "It must be a finite number.",
    "decimal_max_digits": "It must have at most %(max_digits)d digits.",
    "decimal_max_places": "It must have at most %(decimal_places)d decimal places.",
    "decimal_whole_digits": "It must have at most %(whole_digits)d digits before the point.",
    "list_type": "It must be a list.",
    "tuple_type": "It must be a list.",
    "too_long": "It must have at most %(max_length)d entries.",
    "too_short": "It must have at least %(min_length)d entries.",
    "model_type": "It must be an object.",
    "dict_type": "It must be an object.",
    "string_unicode": "It must be a string.",
    "date_parsing": "This is no day of the calendar.",
    "datetime_parsing": "This is no time of the calendar.",
    "date_from_datetime_parsing": "This is no day of the calendar.",
    "datetime_from_date_parsing": "This is no time of the calendar.",
}
"""What is said of a type of fault; a type that is not here is said in pydantic's English."""


class ReasonView(TypedDict):
    """One reason; `target` is the field at fault, `by` and `at` say whose change is the reason, and when."""

    code: str
    message: str
    target: NotRequired[str]
    by: NotRequired[ActorView]
    at: NotRequired[str]


class RefusalView(TypedDict):
    """Why a request was refused; `target` is the field at fault."""

    code: str
    message: str
    target: NotRequired[str]
    details: list[ReasonView]


class ErrorView(TypedDict):
    """The body of every error."""

    error: RefusalView


def body_of(refusal: Refusal, translate: Translate) -> ErrorView:
    """The error body, in the caller's language."""
    error: RefusalView = {
        "code": refusal.code,
        "message": translate(refusal.message),
        "details": [_reason(detail, translate) for detail in refusal.details],
    }
    return {"error": {**error, "target": refusal.target} if refusal.target else error}


def _reason(detail: Detail, translate: Translate) -> ReasonView:
    reason: ReasonView = {"code": detail.code, "message": translate(detail.message)}
    if detail.target:
        reason["target"] = detail.target
    if detail.by:
        reason["by"] = actor_view(detail.by)
    if detail.at:
        reason["at"] = stamp(detail.at)
    return reason


def invalid(error: ValidationError, model: type[BaseModel], where: str) -> InvalidRequest:
    """One detail for every field at fault, named as the caller wrote it; never repeats the caller's values."""
    allowed = ", ".join(sorted(model_field.alias or name for name, model_field in model.model_fields.items()))
    details: list[Detail] = []
    for fault in error.errors(include_url=False, include_input=False)[:FAULTS_MAX]:
        kind = fault["type"]
        code = _CODES.get(kind) or next((name for end, name in _ENDINGS if kind.endswith(end)), "invalidValue")
        # A default's fault comes under our own name for the field, a listed query value under its number.
        first, *rest = (str(part) for part in fault["loc"] or ("",))
        field = model.model_fields.get(first)
        target = ".".join([(field and field.alias) or first, *(rest if where == "body" else ())])
        message = _message(kind, fault["msg"], fault.get("ctx", {}))
        # What is allowed is said once: with every name it would make an answer of megabytes.
        if code == "unknownField" and len(fault["loc"]) == 1 and code not in {detail.code for detail in details}:
            message = say("There is no such name; allowed are %(allowed)s.", allowed=allowed)
        details.append(Detail(code, message, target[:TARGET_MAX] or None))
    summary = say("The body is not valid.") if where == "body" else say("The query is not valid.")
    return InvalidRequest(summary, details=details)


def _message(kind: str, text: str, context: Mapping[str, Any]) -> str:
    """What pydantic says of a fault, as a text that can be said in other languages."""
    if kind == "value_error":
        # A validator of ours; what it says may hold values.
        args = context["error"].args
        return args[0] if len(args) == 1 and isinstance(args[0], str) else text.removeprefix("Value error, ")
    template = SAYS.get(kind)
    if template is None or (kind == "missing" and not text.startswith("Field required")):
        return text
    told = {"expected": str(context["expected"]).replace(" or ", ", ")} if "expected" in context else {}
    return say(template, **{**context, **told})
