"""Schemathesis calls every operation of the description on the local host, and finds nothing (S3).

Its budget is bounded: a few generated requests for each operation, the same in every run. What it may not judge:
`unsupported_method` (it tries TRACE, which a function cannot be triggered by: the platform answers an empty 404) and
`positive_data_acceptance` (JSON Schema cannot say all that a body must be; what is refused must still be refused in the
documented shape).
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

import function_app  # noqa: F401 - says which functions there are
from functions.descriptions import described
from tests import local_http
from tests.builders import DEAL_BODY, submission_body
from tests.journeys.local_host import LocalHost, register

PARTNER = "described"
EXAMPLES = 6
EXCLUDED = [checks.unsupported_method, checks.positive_data_acceptance]
MENDED = [checks.negative_data_rejection, checks.missing_required_header]
OPERATOR = ("/partners", "/sources", "/parked", "/unassigned", "/contactLists", "/feedback")
TIMES = ("created", "updated")
SUBMITTED = ("POST /intake/", "POST /partners/{partnerId}/leads")


@pytest.fixture(scope="session")
def description() -> Any:
    return schemathesis.openapi.from_dict(described("http://localhost/api"))


# What is to be tried is made up when it is, and not when tests are collected, which every worker does.
schema = schemathesis.pytest.from_fixture("description")


@pytest.fixture(autouse=True)
def named(request: pytest.FixtureRequest) -> None:
    """Schemathesis looks for the test's id where pytest had it before."""
    request.node._nodeid = request.node.nodeid


@pytest.fixture(scope="session")
def world(host: LocalHost) -> dict[str, str]:
    """A partner with something behind every id of a route, and who may ask."""
    intake = register(host, PARTNER)
    here = f"/partners/{PARTNER}"
    lead = local_http.post(intake, json=submission_body(Company="Described"), timeout=30).json()["id"]
    taken = local_http.post(intake, json=submission_body(Company="Accepted"), timeout=30).json()["id"]
    local_http.post(intake, content=b"not json", timeout=30)
    roles = "Partner.Admin,Sender"
    with host.client(roles, PARTNER) as admin, host.client("Operator", "operator") as operator:
        assert admin.post(f"{here}/leads/{taken}/accept", json=DEAL_BODY).status_code == 200
        hook = {"notificationUrl": "https://crm.example/hook", "events": ["lead.won"], "validation": "none"}
        webhook = admin.post(f"{here}/webhooks", json=hook).json()["id"]
        export = admin.post(f"{here}/exports", json={}).json()["id"]
        source = operator.get(f"{here}/sources").json()["value"][0]["id"]
        held = operator.get("/parked?top=200").json()["value"][0]["id"]
    return {
        "partnerId": PARTNER,
        "leadId": lead,
        "webhookId": webhook,
        "exportId": export,
        "sourceId": source,
        "heldId": held,
        "offerId": "contoso.crm",
        "partner": host.token(roles, PARTNER),
        "operator": host.token("Operator", "operator"),
    }


BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


@schema.include(method="GET").parametrize()
@BOUNDED
def test_every_operation_that_reads_keeps_its_word(case: Any, host: LocalHost, world: dict[str, str]) -> None:
    keeps_its_word(case, host, world)


# Its PUT would take the tenant away from the partner that all others are tried with.
@schema.exclude(method="GET").exclude(operation_id="putPartner").parametrize()
@BOUNDED
def test_every_operation_that_changes_something_keeps_its_word(
    case: Any, host: LocalHost, world: dict[str, str]
) -> None:
    keeps_its_word(case, host, world)


def keeps_its_word(case: Any, host: LocalHost, world: dict[str, str]) -> None:
    """Call the operation, and compare what comes back with what is said of it."""
    path = case.operation.path
    for name in case.path_parameters or {}:
        case.path_parameters[name] = world.get(name, case.path_parameters[name])
    # The platform hands on no query name without a value.
    case.query = {name: value for name, value in (case.query or {}).items() if value not in ("", [], [""])}
    if isinstance(case.body, dict) and isinstance(case.body.get("filter"), dict):
        # A blank time is none at all, which a format cannot say.
        given = case.body["filter"]
        case.body["filter"] = {name: one for name, one in given.items() if one != "" or not name.startswith(TIMES)}
    is_operators = path in OPERATOR or path.startswith(OPERATOR[1:]) or "/sources" in path
    token = world["operator" if is_operators else "partner"]
    headers = {"Authorization": f"Bearer {token}"}
    excluded = EXCLUDED + (MENDED if _is_mended(case) else [])
    # A submission is read however sloppy it is: what it should look like is no bound.
    excluded += [checks.negative_data_rejection] if case.operation.label.startswith(SUBMITTED) else []
    # A blank where nothing may stand is nothing, however long it is, which a bound cannot say.
    is_blank = any(isinstance(value, str) and not value.strip() for value in case.query.values())
    excluded += [checks.negative_data_rejection] if is_blank else []
    case.call_and_validate(base_url=f"{host.url}/api", headers=headers, excluded_checks=excluded, timeout=30)


def _is_mended(case: Any) -> bool:
    """True where what was wrong with the request may have been its ids or its token, which are set right here."""
    made = {location: one.mode for location, one in case.meta.components.items()} if case.meta else {}
    # What was set right is looked at anew, and no longer said to be wrong; what was meant to be is.
    meant = getattr(case.meta.phase.data, "parameter_location", None) if case.meta else None
    mended = (ParameterLocation.PATH, ParameterLocation.HEADER)
    return meant in mended or any(made.get(one) is GenerationMode.NEGATIVE for one in mended)
