"""The description in OpenAPI 2.0, out of that in 3.1: custom connectors of Logic Apps and Power Automate read no newer.

The webhook's subscription becomes a trigger: `x-ms-trigger`, `x-ms-notification-url` and `x-ms-notification-content`.
Every box that a designer shows has a label and a sentence (`wording`); what only programs need is not shown.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from shared.http.description.openapi import NULL, present, types_of
from shared.http.description.wording import title

Json = dict[str, Any]
LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0"
KEPT = ("summary", "description", "tags", "security")
INTERNAL = frozenset(("openapi", "swagger", "health", "receiveLead", "showDirectory", "askUnsubscribe", "unsubscribe"))
"""Operations that are for browsers, watchers and marketplaces, and that no flow calls."""
OF_THE_TRIGGER = {"validation": "none", "format": "standard", "fieldsAs": "json"}
"""What a flow's subscription always says: any POST would start the flow, which reads the standard body."""
NO_LEAD = {"$ref": "#/components/schemas/NoLeadView"}
NOT_OF_THE_TRIGGER = ("preset", "fields", "headers", "onlyValid")


def to_swagger(api: Json, audience: str) -> Json:
    """The description for connectors, which sign in with Entra ID for this audience."""
    url, schemas = urlsplit(api["servers"][0]["url"]), api["components"]["schemas"]
    paths: Json = {}
    for path, operations in api["paths"].items():
        item = paths[path] = {method: _operation(one, schemas) for method, one in operations.items()}
        for method, operation in operations.items():
            for event in operation.get("callbacks", {}).values():
                body = next(iter(event.values()))["post"]["requestBody"]["content"]["application/json"]["schema"]
                item[method]["x-ms-trigger"] = "single"
                item["x-ms-notification-content"] = {"description": "What happened.", "schema": _shape(body)}
    definitions = {name: _labelled(_shape(schema)) for name, schema in schemas.items()}
    _make_a_trigger_of(definitions["WebhookIn"])
    scope = f"{audience}/.default"
    entra = {
        "type": "oauth2",
        "flow": "accessCode",
        "authorizationUrl": f"{LOGIN}/authorize",
        "tokenUrl": f"{LOGIN}/token",
        "scopes": {scope: "Act as the signed-in person."},
    }
    return {
        "swagger": "2.0",
        "info": api["info"],
        "host": url.netloc,
        "basePath": url.path or "/",
        "schemes": [url.scheme],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": definitions,
        "securityDefinitions": {"entra": entra},
        "security": [{"entra": [scope]}],
    }


def _operation(operation: Json, schemas: Json) -> Json:
    named = operation["operationId"]
    made: Json = {"operationId": named[:1].upper() + named[1:]}
    made |= {name: operation[name] for name in KEPT if name in operation}
    if made.get("security"):
        # A connector signs in where one may.
        del made["security"]
    if named in INTERNAL:
        made["x-ms-visibility"] = "internal"
    made["parameters"] = [_parameter(parameter, schemas) for parameter in operation["parameters"]]
    if body := operation.get("requestBody"):
        shape = _shape(next(iter(body["content"].values()))["schema"])
        made["parameters"].append({"name": "body", "in": "body", "required": body["required"], "schema": shape})
        # A connector sends JSON, and calls it so; a merge patch is taken as that, too.
        made["consumes"] = ["application/json", *(kind for kind in body["content"] if "merge-patch" in kind)]
    made["responses"] = {}
    for status, said in operation["responses"].items():
        headers = {
            name: {"type": "string", "description": header["description"]} for name, header in said["headers"].items()
        }
        answer: Json = {"description": said["description"], "headers": headers}
        for kind, content in list(said.get("content", {}).items())[:1]:
            answer["schema"] = _shape(content["schema"])
            if kind != "application/json":
                made["produces"] = [kind, "application/json"]
        made["responses"][status] = answer
    return made


def _parameter(one: Json, schemas: Json) -> Json:
    """A parameter holds its type itself and may hold no reference; `required` only where it is (validators stumble)."""
    made: Json = {name: one[name] for name in ("name", "in", "required", "description") if one.get(name)}
    made |= {"x-ms-summary": title(one["name"]), "x-ms-visibility": "important" if one["required"] else "advanced"}
    shape = _shape(_resolved(one["schema"], schemas))
    shape.pop("description", None)
    if shape.get("type") == "array":
        shape["items"] = _shape(_resolved(one["schema"]["items"], schemas))
        shape["collectionFormat"] = "csv"
    return {**made, "type": "string", **shape}


def _resolved(shape: Json, schemas: Json) -> Json:
    if "$ref" in shape:
        shape = schemas[shape["$ref"].rsplit("/", 1)[1]] | {
            name: item for name, item in shape.items() if name != "$ref"
        }
    return {name: item for name, item in shape.items() if name not in ("description", "examples")}


def _shape(shape: Any) -> Any:
    """A schema in the older words: no null, no alternatives, no constants, one example."""
    if isinstance(shape, list):
        return [_shape(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    nullable = {"x-nullable": True} if NULL in shape.get("oneOf", ()) or "null" in types_of(shape) else {}
    shape = present(shape) | nullable
    if isinstance(shape.get("type"), list):
        # Of real alternatives there is no word: a number may be written as a text, and anything else is of any type.
        types = shape.pop("type")
        shape |= {"type": "string"} if set(types) == {"number", "string"} else {}
    if "anyOf" in shape:
        # What a test event holds in place of a lead: a flow's designer shows the lead.
        (only,) = (item for item in shape.pop("anyOf") if item != NO_LEAD)
        shape = {"allOf": [only]} | shape
    elif "$ref" in shape:
        ref = {"$ref": shape.pop("$ref").replace("#/components/schemas/", "#/definitions/")}
        shape = {"allOf": [ref], **shape} if shape else ref
    if names := shape.pop("patternProperties", None):
        # What a name has to look like cannot be said, only what stands behind it.
        shape["additionalProperties"] = next(iter(names.values()))
    for name in ("propertyNames", "if", "then"):
        shape.pop(name, None)
    if "const" in shape:
        shape["enum"] = [shape.pop("const")]
    if examples := shape.pop("examples", None):
        shape["example"] = examples[0]
    return {name: _inside(name, item) for name, item in shape.items()}


def _labelled(definition: Json) -> Json:
    """A definition with a label on each property, those first that have to be filled in."""
    required = definition.get("required", ())
    for name, shape in definition.get("properties", {}).items():
        label = {"x-ms-summary": title(name), "x-ms-visibility": "important" if name in required else "advanced"}
        definition["properties"][name] = {**shape, **label}
    return definition


def _make_a_trigger_of(subscription: Json) -> None:
    """What a flow subscribes with: its own address, and always the same but for the events."""
    parts = subscription["properties"]
    parts["notificationUrl"] |= {"x-ms-notification-url": True, "x-ms-visibility": "internal"}
    for name, value in OF_THE_TRIGGER.items():
        fixed = {key: said for key, said in parts[name].items() if key not in ("allOf", "enum")}
        said = f"{fixed['description'].partition(' Where it is missing')[0]} A flow's is {json.dumps(value)}."
        fixed |= {"type": "string", "enum": [value], "default": value, "description": said}
        parts[name] = fixed | {"x-ms-visibility": "internal"}
        subscription["required"].append(name)
    for name in NOT_OF_THE_TRIGGER:
        del parts[name]


def _inside(name: str, one: Any) -> Any:
    if name in ("example", "enum", "default", "$ref"):
        return one
    return {key: _shape(value) for key, value in one.items()} if name == "properties" else _shape(one)
