"""Called by whoever runs or explores the system: health, and a clear answer where there is nothing."""

import azure.functions as func

from functions.index import methods_at
from shared.domain.errors import MethodNotAllowed, NotFound
from shared.domain.messages import say
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.health_views import HealthView, health_view
from shared.usecases.upkeep.health import check_health

blueprint = func.Blueprint()
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(status=(200, 503), headers=("Retry-After",))
async def health(call: Call[Nothing, Nothing]) -> Response[HealthView]:
    """Say whether the system can do its work: 200 healthy, 503 degraded."""
    found = await call.app.limits.health.get("", lambda: check_health(ports=call.app.ports, at=call.at))
    view = health_view(found)
    return Response(view) if found.healthy else Response(view, 503, {"Retry-After": "5"})


# The host takes the first matching route by function name, so this one must stand last of all (a test holds it there).
@blueprint.function_name("zz_nothing_here")
@blueprint.route("{*path}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(refuses=(MethodNotAllowed, NotFound))
async def zz_nothing_here(call: Call[Nothing, Nothing]) -> Response[None]:
    """Answer what no route takes with the documented error, where the platform would send an empty 404."""
    allowed = ", ".join(methods_at(call.path("path")))
    if allowed:
        raise MethodNotAllowed(allowed)
    description = f"{call.app.settings.public_url}/openapi.json"
    raise NotFound(say("There is no such route; %(url)s describes those there are.", url=description))
