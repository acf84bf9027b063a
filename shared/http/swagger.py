"""The description in OpenAPI 2.0, out of that in 3.1: custom connectors of Logic Apps and Power Automate read no newer.

The webhook's subscription becomes a trigger: `x-ms-trigger`, `x-ms-notification-url` and `x-ms-notification-content`.
"""

from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0"
KEPT = ("operationId", "summary", "description", "tags", "security")


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
    definitions = {name: _shape(one) for name, one in schemas.items()}
    definitions["WebhookIn"]["properties"]["notificationUrl"]["x-ms-notification-url"] = True
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
    made: Json = {name: operation[name] for name in KEPT if name in operation}
    made["parameters"] = [_parameter(one, schemas) for one in operation["parameters"]]
    if body := operation.get("requestBody"):
        shape = _shape(next(iter(body["content"].values()))["schema"])
        made["parameters"].append({"name": "body", "in": "body", "required": body["required"], "schema": shape})
        # A connector sends a body, not the parts of a form.
        made["consumes"] = [kind for kind in body["content"] if not kind.startswith("multipart/")]
    made["responses"] = {}
    for status, said in operation["responses"].items():
        headers = {name: {"type": "string", "description": one["description"]} for name, one in said["headers"].items()}
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
    shape = _shape(_resolved(one["schema"], schemas))
    shape.pop("description", None)
    if shape.get("type") == "array":
        shape["items"] = _shape(_resolved(one["schema"]["items"], schemas))
        shape["collectionFormat"] = "csv"
    return {**made, "type": "string", **shape}


def _resolved(shape: Json, schemas: Json) -> Json:
    if "$ref" in shape:
        shape = schemas[shape["$ref"].rsplit("/", 1)[1]] | {name: one for name, one in shape.items() if name != "$ref"}
    return {name: one for name, one in shape.items() if name not in ("description", "examples")}


def _shape(shape: Any) -> Any:
    """A schema in the older words: no null, no alternatives, no constants, one example."""
    if isinstance(shape, list):
        return [_shape(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    shape = dict(shape)
    if "anyOf" in shape:
        kinds = [one for one in shape.pop("anyOf") if one != {"type": "null"}]
        # Of real alternatives there is no word at all; most are a text or something written as one.
        first = kinds[0] if len(kinds) == 1 else next((one for one in kinds if one.get("type") == "string"), {})
        shape = ({"allOf": [first]} if "$ref" in first else first) | shape | {"x-nullable": True}
    elif "$ref" in shape:
        ref = {"$ref": shape.pop("$ref").replace("#/components/schemas/", "#/definitions/")}
        shape = {"allOf": [ref], **shape} if shape else ref
    if names := shape.pop("patternProperties", None):
        # What a name has to look like cannot be said, only what stands behind it.
        shape["additionalProperties"] = next(iter(names.values()))
    shape.pop("propertyNames", None)
    if "const" in shape:
        shape["enum"] = [shape.pop("const")]
    if examples := shape.pop("examples", None):
        shape["example"] = examples[0]
    return {name: _inside(name, one) for name, one in shape.items()}


def _inside(name: str, one: Any) -> Any:
    if name in ("example", "enum", "default", "$ref"):
        return one
    return {key: _shape(value) for key, value in one.items()} if name == "properties" else _shape(one)
