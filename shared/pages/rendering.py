"""Fills in the templates; loaded at the first page, since nobody else waits for the engine."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.texts import translator

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, language: str, **context: Any) -> str:
    """The template's HTML in a language; everything in `context` is escaped."""
    # The translator goes in as an argument, not as a global: one environment speaks all languages.
    return _environment().get_template(template).render(context, _=translator(language), language=language)


_menus: dict[tuple[str, str], str] = {}


def _kept(language: str, name: str, write: Callable[[Any], str], menu: Any) -> str:
    """What a template writes of a menu in which nothing is chosen: the same for everybody, so it is written once."""
    key = language, name
    if key not in _menus:
        _menus[key] = write(menu)
    return _menus[key]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - at the first page

    made = Environment(
        loader=PackageLoader("shared.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        # A template that was deployed never changes; whoever writes one starts anew.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["kept"] = _kept
    return made
