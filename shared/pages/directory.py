"""The search page of the directory, for visitors of any site that shows it in a frame: HTML and styles alone (M1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from shared import texts
from shared.domain.programme.directory import Directory, Found, Wanted
from shared.domain.programme.partner import LeadSource
from shared.domain.programme.profile import CompanySize
from shared.pages import files
from shared.pages.rendering import render
from shared.pages.shell import FILES

DEFAULT_TOP = 10
DESCRIPTION_MAX = 300
"""Characters of a description that are shown at once."""


@dataclass(frozen=True)
class Shown:
    """A partner as a visitor sees it; `inquiry` is what a form sends without being asked."""

    name: str
    where: str
    description: str
    rest: str
    competencies: Sequence[str]
    endorsements: Sequence[str]
    reasons: Sequence[tuple[str, bool]]
    inquiry: Mapping[str, str]


@dataclass(frozen=True)
class SearchPage:
    """What the page is made of; `sends_to` is where its forms post to; `icon` and `styles` are files of ours."""

    key: str
    top: int | None
    wanted: Wanted
    sends_to: str
    icon: str
    styles: str
    partners: Sequence[Shown]
    countries: Mapping[str, str]
    sizes: Sequence[str]
    languages: Mapping[str, str]
    competencies: Sequence[str]


def page(
    language: str,
    *,
    key: str,
    source: LeadSource,
    wanted: Wanted,
    top: int,
    found: Sequence[Found],
    directory: Directory | None,
) -> str:
    """The page's HTML in a language."""
    names = texts.countries(language)
    there = directory.countries if directory else frozenset()
    say = texts.translator(language)
    view = SearchPage(
        key=key,
        top=top if top != DEFAULT_TOP else None,
        wanted=wanted,
        # Both as seen from this page's own address, whatever stands before it.
        sends_to=f"../intake/{quote(source.id)}?{urlencode({'key': key})}",
        icon=f"../app/{FILES}{files.files()['icon.svg'].name}",
        styles=f"../app/{FILES}{files.files()['directory.css'].name}",
        partners=[_shown(one, wanted, names, say) for one in found],
        countries={code: name for code, name in names.items() if code in there or code == wanted.country},
        sizes=list(map(str, CompanySize)),
        languages=texts.languages(),
        competencies=directory.competencies if directory else (),
    )
    return render("directory.html", language, view=view)


def sites(source: LeadSource) -> tuple[str, ...]:
    """Where an inquiry's sender is sent on to: a page's policy names every place that its forms may end at."""
    if not source.redirect_url:
        return ()
    url = urlsplit(source.redirect_url)
    return (f"{url.scheme}://{url.netloc}",)


def _shown(found: Found, wanted: Wanted, countries: Mapping[str, str], say: texts.Translate) -> Shown:
    entry, place = found.entry, found.place
    description = entry.description or ""
    inquiry = {
        "profile": entry.partner_id,
        "location": place.name if place else "",
        "country": wanted.country or "",
        "size": str(wanted.size or ""),
        "searchTerms": wanted.text or "",
    }
    return Shown(
        name=entry.name,
        where=f"{place.name}, {countries.get(place.country, place.country)}" if place else "",
        description=description[:DESCRIPTION_MAX],
        rest=description[DESCRIPTION_MAX:],
        competencies=entry.competencies,
        endorsements=entry.endorsements,
        reasons=[(say(one.message), one.fits) for one in found.reasons],
        inquiry={name: value for name, value in inquiry.items() if value},
    )
