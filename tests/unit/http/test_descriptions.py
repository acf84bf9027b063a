"""The interface's descriptions are valid, complete, and say what the endpoints do (OpenAPI 3.1 and 2.0)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator

from shared.domain.errors import Refusal
from shared.domain.lifecycle import REASONS, Action
from shared.http import fields
from shared.http.description import wording
from shared.http.description.examples import EXAMPLES, SUBMISSIONS
from shared.http.problems import STATUS
from shared.http.shapes import (
    erasure_shapes,
    feedback_shapes,
    held_requests,
    lead_requests,
    partner_requests,
    queries,
    telling_requests,
)
from tests.builders import ROOT
from tests.in_process import InProcess, contracted, described
from tests.unit.http.conftest import P

CONNECTOR_MAX = 1_000_000
"""What a custom connector may have, in bytes."""


@pytest.fixture
async def openapi(api: InProcess) -> dict[str, Any]:
    reply = await api.call("GET", "/openapi.json")
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


@pytest.fixture
async def swagger(api: InProcess) -> dict[str, Any]:
    reply = await api.call("GET", "/swagger.json")
    assert (reply.status, len(reply.text) < CONNECTOR_MAX) == (200, True)
    found: dict[str, Any] = reply.json
    return found


def test_both_are_valid(openapi: dict[str, Any], swagger: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(openapi).iter_errors()) == []
    assert list(OpenAPIV2SpecValidator(swagger).iter_errors()) == []


def test_every_route_is_in_both_with_the_roles_it_needs(openapi: dict[str, Any], swagger: dict[str, Any]) -> None:
    routes = {}
    for _, function, contract in contracted():
        trigger = function.trigger
        if function.name != "zz_nothing_here":
            method, *also = (str(getattr(one, "value", one)) for one in trigger["methods"])
            assert also == (["HEAD"] if method == "GET" else []), "HEAD works where GET does"
            routes[f"/{trigger['route']}", method.lower()] = contract
    for api in (openapi, swagger):
        told = {(path, one) for path, item in api["paths"].items() for one in item if not one.startswith("x-")}
        assert told == set(routes)
    for (path, method), contract in routes.items():
        operation = openapi["paths"][path][method]
        anybody = contract.or_key or not contract.takes_token
        assert ("security" in operation) == anybody
        assert {} in operation.get("security", ()) or not contract.or_key
        assert all(role in operation["description"] for role in contract.who)
        assert operation["summary"]
        refused = {str(STATUS[one.code]) for one in contract.refuses}
        assert refused | {str(one) for one in contract.status} | {"400", "500", "503"} <= set(operation["responses"])


def test_operations_and_schemas_have_names_of_their_own(openapi: dict[str, Any]) -> None:
    names = [one["operationId"] for item in openapi["paths"].values() for one in item.values()]
    assert len(names) == len(set(names))
    # pydantic writes out the module where two models have one name.
    assert [name for name in openapi["components"]["schemas"] if "_" in name] == []
    # `Type`, `Source`, `Status`: of one word alone a class is made that most programs have already.
    assert [name for name in openapi["components"]["schemas"] if re.fullmatch("[A-Z][a-z]+", name)] == []


def test_what_may_be_null_is_said_as_generators_read_it(openapi: dict[str, Any]) -> None:
    for one in _inside(openapi):
        assert {"type": "null"} not in one.get("anyOf", ()), one
        if {"type": "null"} in one.get("oneOf", ()):
            (other,) = (kind for kind in one["oneOf"] if kind != {"type": "null"})
            assert set(other) == {"$ref"}, one
        if "enum" in one:
            assert (None in one["enum"]) == ("null" in one.get("type", ())), one


def test_every_body_has_a_type(openapi: dict[str, Any]) -> None:
    for item in openapi["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {"content": {}})["content"].values():
                shape = content["schema"]
                shape = openapi["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]] if "$ref" in shape else shape
                assert shape["type"] == "object", operation["operationId"]


def test_what_may_be_missing_from_a_document_may_be_null(openapi: dict[str, Any]) -> None:
    for name, shape in openapi["components"]["schemas"].items():
        if name.endswith("In"):
            for part, one in shape["properties"].items():
                may_be_null = "null" in one.get("type", ()) or {"type": "null"} in one.get("oneOf", ())
                is_read = one.get("readOnly", False)
                assert may_be_null == (part not in shape.get("required", ()) and not is_read), f"{name}.{part}"


def test_logic_apps_find_the_trigger(swagger: dict[str, Any]) -> None:
    item = swagger["paths"]["/partners/{partnerId}/webhooks"]
    assert item["post"]["x-ms-trigger"] == "single"
    url = swagger["definitions"]["WebhookIn"]["properties"]["notificationUrl"]
    assert url["x-ms-notification-url"] is True
    assert item["x-ms-notification-content"]["schema"] == {"$ref": "#/definitions/EventMessage"}
    assert "Location" in item["post"]["responses"]["201"]["headers"]
    assert "delete" in swagger["paths"]["/partners/{partnerId}/webhooks/{webhookId}"]
    text = json.dumps(swagger)
    assert '"anyOf"' not in text
    assert '"const"' not in text
    assert '"null"' not in text


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_its_model_takes(name: str) -> None:
    homes = (
        *(fields, erasure_shapes, feedback_shapes, held_requests, lead_requests),
        *(telling_requests, partner_requests, queries),
    )
    (model,) = {getattr(home, name) for home in homes if hasattr(home, name)}
    model.model_validate(EXAMPLES[name])


def test_every_body_has_an_example() -> None:
    shapes = described("https://leads.example/api")["components"]["schemas"]
    sent = {name for name in shapes if name.endswith(("In", "Patch"))}
    inside = {"ContactIn", "DealPatch", "LeadFilterIn", "LocationIn", "MoneyIn", "MoneyPatch", "TeamMemberIn"}
    assert sent - inside == set(EXAMPLES)


def test_a_collection_made_of_the_description_posts_a_real_lead(openapi: dict[str, Any]) -> None:
    samples = ROOT / "docs" / "samples"
    for name, file in (("contactMe", "contact-me.json"), ("crmForm", "crm-form.json")):
        sample = SUBMISSIONS["receiveLead", "application/json"][name]["value"]
        assert sample == json.loads((samples / file).read_text()), "an example is the sample of the documents"
    for (operation, kind), examples in SUBMISSIONS.items():
        (told,) = (
            one for item in openapi["paths"].values() for one in item.values() if one["operationId"] == operation
        )
        assert told["requestBody"]["content"][kind]["examples"] == examples


@pytest.mark.parametrize("name", ["contactMe", "crmForm"])
async def test_what_it_posts_is_a_lead(api: InProcess, door: str, name: str) -> None:
    sample = SUBMISSIONS["receiveLead", "application/json"][name]["value"]
    assert (await api.call("POST", door, sample)).status == 201


def test_every_refusal_is_one_that_the_edge_can_answer() -> None:
    for _, _, contract in contracted():
        for one in contract.refuses:
            assert issubclass(one, Refusal)
            assert one.code in STATUS


def _inside(shape: Any) -> Iterator[Any]:
    if isinstance(shape, dict):
        yield shape
        for one in shape.values():
            yield from _inside(one)
    if isinstance(shape, list):
        for one in shape:
            yield from _inside(one)


def test_a_patch_brings_no_defaults_and_is_of_one_type() -> None:
    found = described("https://leads.example/api")
    patches = [one["patch"] for one in found["paths"].values() if "patch" in one]
    assert len(patches) == 8
    for one in patches:
        ((kind, content),) = one["requestBody"]["content"].items()
        assert kind == "application/merge-patch+json"
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        shape = found["components"]["schemas"][name]
        assert "required" not in shape or name == "LeadPatch"
    for name, shape in found["components"]["schemas"].items():
        if name.endswith("Patch"):
            assert not [one for one in shape["properties"].values() if "default" in one], name


def test_times_are_times_and_codes_are_enumerations() -> None:
    schemas = described("https://leads.example/api")["components"]["schemas"]
    for name, shape in schemas.items():
        for field, one in shape.get("properties", {}).items():
            if field.endswith("DateTime"):
                assert "date-time" in str(one), f"{name}.{field}"
    lead = schemas["LeadView"]["properties"]
    for field, name in (
        ("status", "LeadStatus"),
        ("outcome", "LeadOutcome"),
        ("source", "LeadSource"),
        ("callToAction", "CallToAction"),
        ("type", "LeadType"),
        ("qualification", "LeadQualification"),
        ("emailValidity", "ContactValidity"),
    ):
        assert f"/{name}'" in str(lead[field]), field
        assert "enum" in schemas[name]
    assert "closeAsError" in str(lead["actions"])
    for name, field in (
        ("ClosingView", "reason"),
        ("AlertView", "kind"),
        ("QualityView", "level"),
        ("NotificationView", "kind"),
        ("EventMessage", "type"),
        ("WebhookView", "state"),
        ("ExportView", "state"),
        ("HeldView", "reason"),
    ):
        found = list(_inside(schemas[name]["properties"][field]))
        found += [schemas[one["$ref"].rsplit("/", 1)[1]] for one in found if "$ref" in one]
        assert any("enum" in one for one in found), f"{name}.{field}"


def test_a_delivery_says_what_it_should_look_like() -> None:
    paths = described("https://leads.example/api")["paths"]
    sent = paths["/partners/{partnerId}/leads"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert sent == {"$ref": "#/components/schemas/QualifiedLead"}
    taken = paths["/intake/{sourceId}"]["post"]["requestBody"]["content"]
    assert taken["application/json"]["schema"] == {"type": "object", "additionalProperties": True}
    assert {"multipart/form-data", "application/x-www-form-urlencoded"} <= set(taken)


def test_reasons_are_those_of_each_action_and_other_needs_notes(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    for name, action in (
        ("DeclineIn", Action.DECLINE),
        ("LoseIn", Action.LOSE),
        ("CloseAsErrorIn", Action.CLOSE_AS_ERROR),
    ):
        shape = Draft202012Validator(schemas[name])
        for reason in REASONS[action]:
            assert shape.is_valid({"reason": reason}) is (reason != "other")
            assert shape.is_valid({"reason": reason, "notes": "said so"})
        for wrong in ({}, {"reason": "bogus"}, {"reason": "other", "notes": ""}, {"reason": "other", "notes": None}):
            assert not shape.is_valid(wrong), wrong
    assert "reason" not in schemas["WinIn"]["properties"]


def test_what_is_sent_has_no_defaults_that_a_client_would_send_unasked(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    with_defaults = [
        f"{name}.{part}"
        for name, shape in schemas.items()
        for part, one in shape.get("properties", {}).items()
        if name.endswith(("In", "Patch")) and "default" in one
    ]
    assert with_defaults == []
    assert "Where it is missing: 10." in schemas["PreferencesIn"]["properties"]["digestThreshold"]["description"]


def test_what_a_put_a_test_event_and_a_preset_are_is_said(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    puts = [item["put"] for item in openapi["paths"].values() if "put" in item]
    assert [one["operationId"] for one in puts if "requestBody" in one and not one["requestBody"]["required"]] == []
    kinds = [one["$ref"].rsplit("/", 1)[1] for one in schemas["EventMessage"]["properties"]["data"]["anyOf"]]
    assert kinds == ["SharedLeadView", "NoLeadView"]
    assert not schemas["NoLeadView"].get("required")
    for name in ("format", "fieldsAs", "onlyValid"):
        assert "no preset says otherwise" in schemas["WebhookIn"]["properties"][name]["description"]


def test_everything_has_a_sentence_and_none_is_left_over(openapi: dict[str, Any]) -> None:
    used = set()
    for name, shape in openapi["components"]["schemas"].items():
        assert shape.get("description"), name
        assert not re.search(r"\b[A-Z]{1,2}\d{1,2}\b|SPEC", shape["description"]), "readers have no rule book"
        for part, one in shape.get("properties", {}).items():
            used |= {part, f"{name}.{part}"}
            assert one.get("description"), f"{name}.{part}"
    for item in openapi["paths"].values():
        for operation in item.values():
            for one in operation["parameters"]:
                used.add(one["name"])
                assert one["description"], one["name"]
            assert len(operation["summary"]) <= 80
            assert not operation["summary"].endswith(".")
            assert not re.search(r"\([A-Z]\d", operation["summary"] + operation["description"]), operation
    for _, _, contract in contracted():
        names = {one.alias or name for name, one in contract.query.model_fields.items()}
        used |= {f"{contract.query.__name__}.{name}" for name in names}
    used |= set(openapi["components"]["schemas"])
    said = {*wording.PROPERTIES, *wording.OF_A_SHAPE, *wording.PARAMETERS, *wording.OF_A_SCHEMA}
    assert said - used == set()


def test_a_connector_shows_labels_and_hides_what_is_for_programs(swagger: dict[str, Any]) -> None:
    operations = [
        one for item in swagger["paths"].values() for method, one in item.items() if not method.startswith("x-")
    ]
    boxes = {
        f"{name}.{part}": one
        for name, definition in swagger["definitions"].items()
        for part, one in definition.get("properties", {}).items()
    }
    for operation in operations:
        assert operation["operationId"][0].isupper()
        named = (one for one in operation["parameters"] if one["in"] != "body")
        boxes |= {f"{operation['operationId']}({one['name']})": one for one in named}
        if "202" in operation["responses"]:
            assert "Operation-Location" in operation["responses"]["202"]["headers"]
    for name, one in boxes.items():
        assert all(one.get(said) for said in ("x-ms-summary", "x-ms-visibility", "description")), name
    internal = {one["operationId"] for one in operations if one.get("x-ms-visibility") == "internal"}
    assert internal == {
        *("Openapi", "Swagger", "Health", "ReceiveLead", "ShowDirectory", "AskUnsubscribe", "Unsubscribe"),
    }


def test_a_flow_subscribes_without_validation_and_reads_the_standard_body(swagger: dict[str, Any]) -> None:
    trigger = swagger["definitions"]["WebhookIn"]
    assert trigger["properties"]["validation"]["default"] == "none"
    assert trigger["properties"]["validation"]["enum"] == ["none"]
    assert set(trigger["properties"]) == {"notificationUrl", "events", "format", "fieldsAs", "validation"}
    shown = {name for name, one in trigger["properties"].items() if one["x-ms-visibility"] != "internal"}
    assert shown == {"events"}


def test_alternatives_survive_as_far_as_there_is_a_word_for_them(swagger: dict[str, Any]) -> None:
    amount = swagger["definitions"]["MoneyIn"]["properties"]["amount"]
    assert (amount["type"], "x-nullable" in amount) == ("string", False)
    body = swagger["definitions"]["ReplayIn"]["properties"]["body"]
    assert "type" not in body, "a text or an object"
    assert body["x-nullable"] is True
    assert swagger["definitions"]["DealIn"]["properties"]["purchaseDate"]["x-nullable"] is True


async def test_what_is_under_way_says_where_to_look(api: InProcess, door: str) -> None:
    hook = {"notificationUrl": "https://crm.example/hook", "events": ["lead.received"], "validation": "none"}
    made = (await api.call("POST", f"{P}/webhooks", hook, as_="Leads.Admin")).json["id"]
    for path in ("test", "deliveries/resend"):
        reply = await api.call("POST", f"{P}/webhooks/{made}/{path}", as_="Leads.Admin")
        assert reply.headers["Operation-Location"].endswith(f"{P}/webhooks/{made}/deliveries")


def test_names_are_labels() -> None:
    names = {"phoneE164": "Phone E.164", "purchaseDate": "Purchase Date", "tenantIds": "Tenant IDs", "eTag": "ETag"}
    assert {name: wording.title(name) for name in names} == names
    assert wording.summary("Say whether it works (S3): 200, 503.") == "Say whether it works"
