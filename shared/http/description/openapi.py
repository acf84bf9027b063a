"""Describes the interface in OpenAPI 3.1, out of what the endpoints themselves are made of.

Nothing is said here of a single route: routes come from the blueprints, shapes from the handlers' annotations, refusals
from what the edge does and what each endpoint declares.
"""

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from azure.functions.decorators.function_app import Function
from pydantic import TypeAdapter

from shared import ids
from shared.domain.errors import (
    AccessDenied,
    InternalError,
    InvalidRequest,
    NotFound,
    PartnerSuspended,
    PayloadTooLarge,
    Refusal,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from shared.domain.programme.offers import OFFER_ID
from shared.http.calls import FILES, Contract, Html
from shared.http.description.examples import EXAMPLES, SUBMISSIONS
from shared.http.description.wording import missing, of_parameter, of_property, of_schema, plain, summary
from shared.http.fields import Nothing
from shared.http.problems import STATUS, ErrorView
from shared.http.shapes.telling_views import EventMessage

Json = dict[str, Any]
TEXTS: Mapping[Any, str] = {Html: "text/html", **FILES}
"""Answers that are no JSON."""
ABOUT = """A partner lead programme: leads come in through sources, partners answer them.

Only contactability was checked: a lead is no endorsement, guard yourself against fraud. Times are UTC, messages follow
`Accept-Language` (en, de, it, sv, hu, pt-BR), and every error is an `ErrorView` that names each field at fault.
Sets of values may grow: take one that you do not know for one that you have nothing to do with."""
PATHS = {
    "partnerId": ids.PARTNER_ID,
    "leadId": ids.LEAD_ID,
    "exportId": ids.EXPORT_ID,
    "sourceId": ids.SOURCE_ID,
    "heldId": ids.HELD_ID,
    "offerId": OFFER_ID,
    "webhookId": ids.SOURCE_ID,
}
HEADERS = {
    "ETag": "The version of what is answered.",
    "Location": "Where the new thing is.",
    "Retry-After": "Seconds to wait before the next try.",
    "Operation-Location": "Where to ask how far it is.",
    "WWW-Authenticate": "How to sign in.",
    "If-None-Match": "The ETag that was read: while nothing has changed the answer is a 304 without a body.",
    "If-Match": "The ETag that was read; `*` for any.",
    "Accept-Language": "The language of messages, and of labels in a file: en, de, it, sv, hu or pt-BR.",
    "Idempotency-Key": "The same key with the same content is the same request, for ever.",
    "x-source-key": "The source's key, for whoever can keep it out of the URL.",
    "x-ms-request-id": "Quote it when you ask about a request.",
    "Content-Disposition": "The name of the file, for what is answered as one.",
    "x-ms-error-code": "The error's code.",
}
REQUIRED = {("editLead", "If-Match")}
NULL: Json = {"type": "null"}
CALLBACKS = {"subscribe_webhook": EventMessage}
"""What endpoints send to the address they are given."""


def describe(functions: Iterable[Function], url: str, version: str) -> Json:
    """The description of every HTTP function that has a contract, but for the one that catches what no route takes."""
    routes: list[tuple[str, str, str, str, Contract]] = []
    for function in functions:
        trigger, contract = function.get_trigger(), getattr(function.get_user_function(), "contract", None)
        told = trigger.get_dict_repr() if trigger else {}
        if contract is not None and "{*" not in told["route"]:
            doc = " ".join((function.get_user_function().__doc__ or "").split())
            method = str(told["methods"][0].value).lower()
            routes.append((f"/{told['route']}", method, str(function.get_function_name()), doc, contract))
    routes.sort(key=lambda route: route[:2])
    shapes, schemas = _schemas([route[-1] for route in routes])
    paths: Json = {}
    for path, method, name, doc, contract in routes:
        paths.setdefault(path, {})[method] = _operation(path, method, name, doc, contract, shapes, schemas)
    # A query is described by its parameters.
    queries = {contract.query.__name__ for *_, contract in routes}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Partner Leads", "version": version, "description": ABOUT},
        "servers": [{"url": url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in sorted(schemas.items()) if name not in queries},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas(contracts: list[Contract]) -> tuple[dict[Any, Json], Json]:
    """A reference to each shape that is taken or answered, and the schemas by name."""
    modes: dict[Any, Any] = {ErrorView: "serialization"}
    for contract in contracts:
        bodies = (contract.body, contract.query, contract.submission)
        modes |= {model: "validation" for model in bodies if model not in (Nothing, None)}
        modes |= {view: "serialization" for view in _views(contract) if view not in TEXTS}
    modes |= dict.fromkeys(CALLBACKS.values(), "serialization")
    asked = [(model, mode, TypeAdapter(model)) for model, mode in modes.items()]
    refs, found = TypeAdapter.json_schemas(asked, ref_template="#/components/schemas/{model}")
    # Page[LeadView] comes as Page_LeadView_.
    text = re.sub(r"Page_(\w+?)View_", r"\1Page", json.dumps([found["$defs"], [refs[one] for one in modes.items()]]))
    text = re.sub(r'"#/components/schemas/(\w+)"', lambda ref: f'"#/components/schemas/{_called(ref[1])}"', text)
    schemas, tidied = _tidy(json.loads(text))
    named = {tuple(sorted(shape["enum"])): _called(name) for name, shape in schemas.items() if "enum" in shape}
    schemas = {
        _called(name): _typed(shape if "enum" in shape else _referring(shape, named)) for name, shape in schemas.items()
    }
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]
    for name, shape in schemas.items():
        if name.endswith(("In", "Patch", "Query")):
            _allow_blanks(shape)
        if name.endswith("In"):
            _allow_nulls(shape)
        _date_times(shape)
        if text := of_schema(name, shape.get("description", "")):
            shape["description"] = text
        for part, field in shape.get("properties", {}).items():
            _describe(name, part, field)
    return dict(zip(modes, tidied, strict=True)), schemas


NAMES = {
    "Cells": "CsvCells",
    "Headings": "CsvHeadings",
    "Level": "QualityLevel",
    "Outcome": "LeadOutcome",
    "Qualification": "LeadQualification",
    "Reason": "HeldReason",
    "Reveal": "ContactReveal",
    "Source": "LeadSource",
    "Status": "LeadStatus",
    "Validity": "ContactValidity",
}
"""Shapes whose own names a program that is made of the description has for something else."""


def _called(name: str) -> str:
    return NAMES.get(name, name)


def _referring(shape: Any, named: dict[tuple[str, ...], str]) -> Any:
    """With the name of an enumeration in place of its values: a generated client then has one type for it."""
    if isinstance(shape, list):
        return [_referring(one, named) for one in shape]
    if not isinstance(shape, dict):
        return shape
    if name := named.get(tuple(sorted(shape.get("enum", ())))):
        kept = {key: said for key, said in shape.items() if key not in ("enum", "type")}
        return {"$ref": f"#/components/schemas/{name}", **kept}
    return {key: _referring(said, named) for key, said in shape.items()}


def _describe(shape: str, name: str, said: Json) -> None:
    """Say what a property is, and what holds where it is missing.

    The latter in words: of a `default` generated clients make a value that they send unasked, a deal's amount of 0,
    say, or one that callers must give.
    """
    text = said.get("description") or of_property(shape, name) or ""
    if shape.endswith(("In", "Patch")) and "default" in said:
        default = said.pop("default")
        text += "" if shape.endswith("Patch") else f" {missing(shape, name, json.dumps(default))}"
    if text:
        said["description"] = text.strip()


TIMES = frozenset(("at", "now", "until", "timestamp", "nextAttempt", "last"))
"""Names of times that do not end in `DateTime`."""


def _date_times(model: Json) -> None:
    """Every time is a `date-time`, so that generated clients hold times and no texts."""
    for name, shape in model.get("properties", {}).items():
        if "string" in types_of(shape) and name == "purchaseDate":
            shape.setdefault("format", "date")
        if "string" in types_of(shape) and (name.endswith("DateTime") or name in TIMES):
            shape.setdefault("format", "date-time")


def _allow_blanks(model: Json) -> None:
    """Where null may stand, a blank means the same, so no text there has to be long, or of a pattern."""
    for shape in model.get("properties", {}).values():
        if {"string", "null"} <= types_of(shape):
            shape.pop("minLength", None)
            if "pattern" in shape:
                shape["pattern"] = f"^$|{shape['pattern']}"


def _allow_nulls(model: Json) -> None:
    """What may be missing from a whole document may be null as well: many generated clients send all they have."""
    for name, shape in model.get("properties", {}).items():
        if name in model.get("required", ()) or shape.get("readOnly"):
            continue
        if "$ref" in shape:
            model["properties"][name] = {"oneOf": [{"$ref": shape.pop("$ref")}, NULL], **shape}
        elif types_of(shape) and "null" not in types_of(shape):
            model["properties"][name] = _typed({"anyOf": [shape, NULL]})


def types_of(shape: Json) -> set[str]:
    """The types that a value may have, as far as the shape itself says so."""
    said = shape.get("type", ())
    return {said} if isinstance(said, str) else set(said)


def _typed(shape: Any) -> Any:
    """What may be null, or a number or a text, as one shape with a list of types; a reference or null as `oneOf`.

    pydantic writes `anyOf` for both, of which generators make an empty class that can hold neither a value nor null.
    """
    if isinstance(shape, list):
        return [_typed(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    shape = {name: _typed(one) for name, one in shape.items()}
    kinds: list[Json] = shape.get("anyOf", [])
    if kinds and all("type" in kind for kind in kinds):
        del shape["anyOf"]
        merged: Json = {}
        for kind in kinds:
            merged |= kind
        if NULL in kinds and "enum" in merged:
            merged["enum"] = [*merged["enum"], None]
        types = [one for kind in kinds for one in ((kind["type"],) if isinstance(kind["type"], str) else kind["type"])]
        return {"type": types} | {name: said for name, said in merged.items() if name != "type"} | shape
    if NULL in kinds:
        del shape["anyOf"]
        return {"oneOf": kinds, **shape}
    return shape


def present(shape: Json) -> Json:
    """The shape of a value that is there: without null."""
    kept = {name: said for name, said in shape.items() if name not in ("oneOf", "type", "enum")}
    if "oneOf" in shape:
        kinds = [kind for kind in shape["oneOf"] if kind != NULL]
        return kept | (kinds[0] if len(kinds) == 1 else {"oneOf": kinds})
    if "enum" in shape:
        kept["enum"] = [value for value in shape["enum"] if value is not None]
    types = sorted(types_of(shape) - {"null"})
    return kept | ({"type": types[0] if len(types) == 1 else types} if types else {})


def _operation(
    path: str, method: str, name: str, doc: str, contract: Contract, shapes: dict[Any, Json], schemas: Json
) -> Json:
    named = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
    operation: Json = {
        "operationId": named,
        "summary": summary(doc),
        "description": plain(doc)
        + (f" Needs one of the roles {', '.join(sorted(contract.who))}." if contract.who else ""),
        "tags": [path.split("/")[3 if path.startswith("/partners/{partnerId}/") else 1]],
        "parameters": [
            *(_part(one) for one in re.findall(r"{(\w+)}", path)),
            *(_query(contract.query.__name__, schemas) if contract.query is not Nothing else ()),
            *(_taken(named, media_type) for media_type in contract.takes),
        ],
    }
    if not contract.takes_token:
        operation["security"] = []
    elif contract.or_key:
        # The key is among the parameters.
        operation["security"] = [{"bearer": []}, {}]
    # A submission is read whatever it is; only its media types are known.
    is_free = contract.body is Nothing and "text/plain" in contract.content_types
    if contract.body is not Nothing or is_free:
        shape: Json = {"type": "object", "additionalProperties": True} if is_free else shapes[contract.body]
        if contract.submission:
            shape = shapes[contract.submission]
        # A PUT without a body would replace a document by nothing, so none is taken.
        must = is_free or method == "put" or bool(schemas[contract.body.__name__].get("required"))
        # Whatever is taken beside, one type is enough for whoever writes anew: a merge patch for a patch, JSON for a
        # lead with parts of its own, which no form holds. What is read as JSON though it says text is not announced.
        kinds = contract.content_types[:1] if method == "patch" or contract.submission else contract.content_types
        content = {kind: {"schema": shape} for kind in kinds if kind not in ("application/xml", "text/plain")}
        for kind, media in content.items():
            if (named, kind) in SUBMISSIONS:
                media["examples"] = SUBMISSIONS[named, kind]
        operation["requestBody"] = {"required": must, "content": content}
    operation["responses"] = {
        **{
            str(status): _refused(kinds, contract)
            for status, kinds in sorted(_refusals(path, contract, operation).items())
        },
        **{
            str(status): _answered(status, contract, shapes)
            for status in (*contract.status, *((304,) if contract.if_changed else ()))
        },
    }
    if view := CALLBACKS.get(name):
        event = {
            "requestBody": {"content": {"application/json": {"schema": shapes[view]}}},
            "responses": {"200": {"description": "Taken."}},
        }
        operation["callbacks"] = {"event": {"{$request.body#/notificationUrl}": {"post": event}}}
    return operation


def _part(name: str) -> Json:
    pattern = {"pattern": f"^{PATHS[name].pattern}$"} if name in PATHS else {}
    schema = {"type": "string", **pattern}
    return {"name": name, "in": "path", "required": True, "description": of_parameter(name) or "", "schema": schema}


def _query(query: str, schemas: Json) -> list[Json]:
    found = []
    model = schemas[query]
    for name, shape in model["properties"].items():
        about = of_parameter(name, query) or ""
        # The platform drops a query name without a value, so an empty one is as good as none.
        kind = {key: said for key, said in present(shape).items() if key not in ("minLength", "description")}
        lists = {"style": "form", "explode": False} if kind.get("type") == "array" else {}
        found.append(
            {"name": name, "in": "query", "required": name in model.get("required", ())}
            | {"description": about, "schema": kind, **lists}
        )
    return found


def _taken(operation: str, name: str) -> Json:
    required = (operation, name) in REQUIRED
    return {"name": name, "in": "header", "required": required, **_header(name)}


def _header(name: str) -> Json:
    return {"description": HEADERS[name], "schema": {"type": "integer" if name == "Retry-After" else "string"}}


def _answered(status: int, contract: Contract, shapes: dict[Any, Json]) -> Json:
    names = (*contract.headers, "x-ms-request-id")
    said: Json = {"description": HTTPStatus(status).phrase, "headers": {name: _header(name) for name in names}}
    content: Json = {}
    for view in _views(contract) if status not in (204, 303, 304) else ():
        is_text = view in TEXTS
        content[TEXTS[view] if is_text else "application/json"] = {
            "schema": {"type": "string"} if is_text else shapes[view]
        }
    return said | ({"content": content} if content else {})


def _refused(kinds: list[type[Refusal]], contract: Contract) -> Json:
    pages: Json = {"text/html": {"schema": {"type": "string"}}} if contract.has_pages else {}
    names = ["x-ms-request-id", "x-ms-error-code"]
    names += ["Retry-After"] if STATUS[kinds[0].code] in (429, 503) else []
    names += ["WWW-Authenticate"] if kinds[0] is Unauthenticated else []
    return {
        "description": " ".join(f"`{kind.code}`: {' '.join((kind.__doc__ or '').split())}" for kind in kinds),
        "headers": {name: _header(name) for name in names},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorView"}}, **pages},
    }


def _refusals(path: str, contract: Contract, operation: Json) -> dict[int, list[type[Refusal]]]:
    """What the edge refuses by itself, and what the endpoint says it refuses."""
    kinds: list[type[Refusal]] = [InvalidRequest, InternalError, Unavailable, *contract.refuses]
    kinds += [Unauthenticated, AccessDenied, TooManyRequests] if contract.takes_token else []
    kinds += [PartnerSuspended] if contract.active else []
    kinds += [NotFound] if "{" in path else []
    kinds += [PayloadTooLarge, UnsupportedMediaType] if "requestBody" in operation else []
    found: dict[int, list[type[Refusal]]] = {}
    for kind in dict.fromkeys(kinds):
        found.setdefault(STATUS[kind.code], []).append(kind)
    return found


def _views(contract: Contract) -> list[Any]:
    """The views that an endpoint answers with; none for no body."""
    is_either = get_origin(contract.view) in (Union, UnionType)
    kinds = get_args(contract.view) if is_either else [contract.view]
    return [view for view in kinds if view is not NoneType]


def _tidy(shape: Any, *, named: bool = False) -> Any:
    """Without pydantic's titles, and defaults that say no more than that a field may be missing."""
    if isinstance(shape, list):
        return [_tidy(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    kept = {
        name: item
        for name, item in shape.items()
        if named or not (name == "title" or (name == "default" and (item in (None, [], "") or isinstance(item, dict))))
    }
    return {name: _tidy(item, named=name in ("properties", "$defs")) for name, item in kept.items()}
