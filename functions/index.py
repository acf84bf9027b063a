"""What this app answers: its functions, for those that describe them or look for one."""

from collections.abc import Iterable
from functools import cache

import azure.functions as func
from azure.functions.decorators.function_app import Function

from shared.http import routes

_served: list[func.Blueprint] = []


def serve(blueprints: Iterable[func.Blueprint]) -> None:
    """Say which blueprints the app has; the app does, since it knows all modules of functions and none knows it."""
    _served[:] = blueprints


@cache
def every_function() -> tuple[Function, ...]:
    """Every function of the app; raises RuntimeError before it has said which."""
    if not _served:
        raise RuntimeError("Load function_app first.")
    # An app gives its functions once, to the platform; one made for this gives them again.
    app = func.FunctionApp()
    for blueprint in _served:
        app.register_functions(blueprint)
    return tuple(app.get_functions())


def methods_at(path: str) -> list[str]:
    """The methods that some route takes at a path (below the prefix), sorted; empty where there is no route."""
    return sorted({method for route in _routes() if route.match(path) is not None for method in route.methods})


@cache
def _routes() -> tuple[routes.Route, ...]:
    found: list[routes.Route] = []
    for function in every_function():
        trigger = function.get_trigger()
        told = trigger.get_dict_repr() if trigger else {}
        if told.get("type") == "httpTrigger" and "{*" not in told["route"]:
            methods = [str(method.value) for method in told["methods"]]
            found.append(routes.parse(str(function.get_function_name()), methods, told["route"]))
    return tuple(found)
