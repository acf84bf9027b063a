"""Called by whoever runs or explores the system: health, and a clear answer where there is nothing."""

import azure.functions as func

from shared.domain.errors import NotFound
from shared.http.calls import Answer, Call
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.health_views import HealthView, health_view
from shared.usecases.health import check_health

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(status=(200, 503), headers=("Retry-After",))
async def health(call: Call[Nothing, Nothing]) -> Answer[HealthView]:
    """Say whether the system can do its work: 200 healthy, 503 degraded."""
    found = await call.app.limits.health.get("", lambda: check_health(ports=call.app.ports, at=call.at))
    view = health_view(found)
    return Answer(view) if found.healthy else Answer(view, 503, {"Retry-After": "5"})


# The host takes the first matching route by function name, so this one must stand last of all (a test holds it there).
@blueprint.function_name("zz_nothing_here")
@blueprint.route("{*path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(refuses=(NotFound,))
async def zz_nothing_here(_: Call[Nothing, Nothing]) -> Answer[None]:
    """Answer what no route takes with the documented error, where the platform would send an empty body."""
    raise NotFound("There is no such route, or not for this method; docs: README.md.")
