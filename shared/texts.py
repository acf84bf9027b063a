"""Texts in six languages (N4): gettext catalogues in `locale/`, read with Babel when first needed."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from shared.domain.messages import Listed, Message
from shared.domain.telling.preferences import LANGUAGES

LOCALES = Path(__file__).parent / "locale"
WISHES_MAX = 20
"""Languages of one Accept-Language header that are looked at."""
Translate = Callable[..., str]


@cache
def catalogue(language: str) -> dict[str, str]:
    """The translations of a language; none for English, which is what the sources say."""
    if language == "en":
        return {}
    from babel.messages.pofile import read_po  # noqa: PLC0415 - at the first text in another language

    with (LOCALES / f"{language}.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and entry.string}


@cache
def translator(language: str) -> Translate:
    """A function that translates, and fills in what is named: `_("Hello %(name)s", name="Ada")`."""
    texts = catalogue(language)

    def translate(text: str, **named: object) -> str:
        if isinstance(text, Message):
            return translate(text.template, **{name: _part(value) for name, value in text.named.items()})
        said = texts.get(text, text)
        return said % named if named else said

    def _part(value: object) -> object:
        if isinstance(value, Listed):
            return ", ".join(translate(part) for part in value.parts)
        return translate(value) if isinstance(value, Message) else value

    return translate


def accepted(header: str | None) -> str:
    """The language of ours that an Accept-Language header likes best (RFC 9110, 12.5.4); en where it names none."""
    wishes = []
    for number, part in enumerate((header or "").split(",")[:WISHES_MAX]):
        tag, _, weight = part.partition(";")
        primary = tag.strip().split("-")[0].casefold()
        found = next((known for known in LANGUAGES if known.split("-")[0].casefold() == primary), None)
        liked = _quality(weight)
        if found and liked > 0:
            wishes.append((-liked, number, found))
    return min(wishes)[2] if wishes else LANGUAGES[0]


def _quality(weight: str) -> float:
    """The number behind `;q=`: 1 when there is none, 0 when it is no such number."""
    name, _, value = weight.partition("=")
    if not name.strip():
        return 1
    try:
        quality = float(value) if name.strip().casefold() == "q" else 1
    except ValueError:
        return 0
    return quality if 0 <= quality <= 1 else 0
