"""Called by browsers: the workspace page with its files, and its screens (U1–U4).

What a screen shows is loaded when somebody looks at one: nobody else's cold start waits for templates.
"""

import logging

import azure.functions as func

from shared import clock, correlation, telemetry
from shared.http import running

blueprint = func.Blueprint()
log = logging.getLogger(__name__)
READ = ["GET", "HEAD"]
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("show_page")
@blueprint.route("app/{*path}", methods=READ, auth_level=ANONYMOUS)
async def show_page(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The page's shell, whatever screen the address names, and its files below `files/`."""
    from shared.pages import shell  # noqa: PLC0415 - see above

    with telemetry.operation("show_page", "http", context) as span:
        answer = shell.answer(req, running.current().settings, correlation.current())
        telemetry.answered(span, answer.status_code)
        return answer


@blueprint.function_name("show_screen")
@blueprint.route("ui/{*path}", methods=READ, auth_level=ANONYMOUS)
async def show_screen(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """One screen's HTML, for whom the token names."""
    from shared.pages import visits  # noqa: PLC0415 - see above
    from shared.pages.index import EVERY  # noqa: PLC0415

    with telemetry.operation("show_screen", "http", context) as span:
        answer = await visits.answer(req, running.current(), EVERY, clock.now(), correlation.current())
        telemetry.answered(span, answer.status_code)
        return answer
