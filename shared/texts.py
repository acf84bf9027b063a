"""Texts in six languages (N4): gettext catalogues in `locale/`, read with Babel when first needed.

Names of countries, currencies and languages are the CLDR's, which Babel brings.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.domain import country_names, currencies
from shared.domain.countries import fold_name
from shared.domain.messages import Listed, Message, MonthName
from shared.domain.telling.preferences import LANGUAGES

if TYPE_CHECKING:
    from babel import Locale

LOCALES = Path(__file__).parent / "locale"
WISHES_MAX = 20
"""Languages of one Accept-Language header that are looked at."""
Translate = Callable[..., str]
SORTED_LAST = {"sv": str.maketrans({"å": "zza", "ä": "zzb", "ö": "zzc"})}
"""Letters that a language has after z; elsewhere accents change nothing about the order."""


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
        if isinstance(value, MonthName):
            from babel.dates import format_skeleton  # noqa: PLC0415 - 30 ms, at the first month that is named

            return format_skeleton("yMMMM", value.first, locale=_locale(language))
        return translate(value) if isinstance(value, Message) else value

    return translate


def accepted(header: str | None) -> str:
    """The language of ours that an Accept-Language header likes best (RFC 9110, 12.5.4); en where it names none."""
    wishes = []
    for number, part in enumerate((header or "").split(",")[:WISHES_MAX]):
        tag, _, weight = part.partition(";")
        primary = tag.strip().split("-")[0].casefold()
        found = next((known for known in LANGUAGES if known.split("-")[0].casefold() == primary), None)
        liked = quality(weight)
        if found and liked > 0:
            wishes.append((-liked, number, found))
    return min(wishes)[2] if wishes else LANGUAGES[0]


def quality(weight: str) -> float:
    """The number behind `;` in an `Accept-…` header, as in `q=0.5`: 1 when there is none, 0 when it is no such number.

    Between 0, which is not wanted at all, and 1.
    """
    name, _, value = weight.partition("=")
    if not name.strip():
        return 1
    try:
        liked = float(value) if name.strip().casefold() == "q" else 1
    except ValueError:
        return 0
    return liked if 0 <= liked <= 1 else 0


@cache
def countries(language: str) -> Mapping[str, str]:
    """The name of each country by its ISO 3166 code, in a language of N4 and its order."""
    return _named(country_names.CODES, language, "territories")


@cache
def currency_names(language: str) -> Mapping[str, str]:
    """The name of each currency by its ISO 4217 code, in a language of N4 and its order."""
    return _named(currencies.CODES, language, "currencies")


@cache
def languages() -> Mapping[str, str]:
    """Each language of N4 by its own name."""
    return {language: _capital(_locale(language).get_display_name() or language) for language in LANGUAGES}


def _named(codes: Iterable[str], language: str, kind: str) -> Mapping[str, str]:
    """Where a language has no name for a code, its English name, else the code, stands in."""
    known = {**getattr(_locale("en"), kind), **getattr(_locale(language), kind)}
    said = {code: _capital(known.get(code, code)) for code in codes}
    last = SORTED_LAST.get(language, {})
    return dict(sorted(said.items(), key=lambda named: (fold_name(named[1].casefold().translate(last)), named[0])))


def _capital(name: str) -> str:
    """A name as it stands in a list by itself: not every language writes those of currencies with a capital."""
    return name[:1].upper() + name[1:]


def _locale(language: str) -> "Locale":
    from babel import Locale  # noqa: PLC0415 - at the first name, which no cold start waits for

    return Locale.parse(language, sep="-")
