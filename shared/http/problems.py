"""Errors at the edge: codes to status, and the documented body (API.md, Conventions)."""

from typing import Any

from pydantic import BaseModel, ValidationError

from shared.domain.errors import Detail, InvalidRequest, Refusal

STATUS = {
    "invalidRequest": 400,
    "sortTooLarge": 400,
    "unauthenticated": 401,
    "accessDenied": 403,
    "notFound": 404,
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

# pydantic's error types in the API's words; any other type is `invalidValue`.
_CODES = {"missing": "required", "extra_forbidden": "unknownField"}
_ENDINGS = (("_type", "invalidType"), ("_too_long", "tooLong"), ("_too_short", "tooShort"))


def body_of(refusal: Refusal) -> dict[str, Any]:
    """The error body."""
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.target:
        error["target"] = refusal.target
    error["details"] = [
        {"code": one.code, "message": one.message} | ({"target": one.target} if one.target else {})
        for one in refusal.details
    ]
    return {"error": error}


def invalid(error: ValidationError, model: type[BaseModel], where: str) -> InvalidRequest:
    """One detail for every field at fault, named as the caller wrote it; never repeats the caller's values."""
    allowed = ", ".join(sorted(one.alias or name for name, one in model.model_fields.items()))
    details = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        kind = fault["type"]
        code = _CODES.get(kind) or next((name for end, name in _ENDINGS if kind.endswith(end)), "invalidValue")
        # A default's fault comes under our own name for the field, a listed query value under its number.
        first, *rest = (str(part) for part in fault["loc"] or ("",))
        field = model.model_fields.get(first)
        target = ".".join([(field and field.alias) or first, *(rest if where == "body" else ())])
        message = fault["msg"].removeprefix("Value error, ")
        if code == "unknownField" and len(fault["loc"]) == 1:
            message = f"There is no such name; allowed are {allowed}."
        details.append(Detail(code, message, target or None))
    return InvalidRequest(f"The {where} is not valid.", details=details)
