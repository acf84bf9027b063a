"""Called by developers, connectors and tools: what the interface is, made from the endpoints themselves."""

from functools import cache
from typing import Any

import azure.functions as func

from functions.index import every_function
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.version import VERSION

blueprint = func.Blueprint()
ANONYMOUS = func.AuthLevel.ANONYMOUS
Description = dict[str, Any]


@blueprint.function_name("openapi")
@blueprint.route("openapi.json", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint()
async def openapi(call: Call[Nothing, Nothing]) -> Response[Description]:
    """Describe the interface in OpenAPI 3.1."""
    return Response(described(call.app.settings.public_url))


@blueprint.function_name("swagger")
@blueprint.route("swagger.json", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint()
async def swagger(call: Call[Nothing, Nothing]) -> Response[Description]:
    """Describe the interface in OpenAPI 2.0, for custom connectors."""
    return Response(described_for_connectors(call.app.settings.public_url, call.app.settings.token_audience))


@cache
def described(url: str) -> Description:
    """The description of this deployment."""
    from shared.http.description.openapi import describe  # noqa: PLC0415 - nobody waits for it at a cold start

    return describe(every_function(), url, VERSION)


@cache
def described_for_connectors(url: str, audience: str) -> Description:
    """The description in OpenAPI 2.0; made once, since anybody may ask for it and it takes a tenth of a second."""
    from shared.http.description.swagger import to_swagger  # noqa: PLC0415 - as in `described`

    return to_swagger(described(url), audience)
