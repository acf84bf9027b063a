"""The texts of mails in six languages (N4): gettext catalogues beside this file, read with Babel at first use."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"
Translate = Callable[..., str]


@cache
def catalogue(language: str) -> dict[str, str]:
    """The translations of a language; none for English, which is what the sources say."""
    if language == "en":
        return {}
    from babel.messages.pofile import read_po  # noqa: PLC0415 - at the first mail in another language

    with (LOCALES / f"{language}.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id and one.string}


@cache
def translator(language: str) -> Translate:
    """A function that translates, and fills in what is named: `_("Hello %(name)s", name="Ada")`."""
    texts = catalogue(language)

    def translate(text: str, **named: object) -> str:
        said = texts.get(text, text)
        return said % named if named else said

    return translate
