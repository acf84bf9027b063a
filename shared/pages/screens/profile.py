"""The business profile, to be edited (T8, M1)."""

from dataclasses import dataclass

from shared.domain.programme.profile import CONTACTS_MAX, KEYWORDS_MAX, LOCATIONS_MAX, CompanySize
from shared.domain.telling.preferences import LANGUAGES
from shared.http.documents import tag_of
from shared.http.shapes.programme_views import ProfileView, profile_view
from shared.pages.visits import Shown, Visit
from shared.pages.words import Words
from shared.usecases.programme import manage_listing


@dataclass(frozen=True)
class Editor:
    """The profile with what may be chosen; `advice` is what it lacks."""

    etag: str
    profile: ProfileView
    sizes: tuple[tuple[str, str], ...]
    countries: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, str], ...]
    locations_max: int
    contacts_max: int
    keywords_max: int
    advice: tuple[str, ...]


async def show_profile(visit: Visit) -> Shown:
    """The profile as it is, in a form."""
    seen = await manage_listing.read_profile(ports=visit.app.ports, partner_id=visit.partner_id, at=visit.at)
    profile, words = profile_view(seen), visit.words
    view = Editor(
        etag=tag_of(profile),
        profile=profile,
        sizes=tuple((str(size), words.label("sizes", size)) for size in CompanySize),
        countries=words.countries(),
        languages=tuple((code, words.language_name(code)) for code in LANGUAGES),
        locations_max=LOCATIONS_MAX,
        contacts_max=CONTACTS_MAX,
        keywords_max=KEYWORDS_MAX,
        advice=tuple(_advice(profile, words)),
    )
    return Shown("profile.html", view)


def _advice(profile: ProfileView, words: Words) -> list[str]:
    """What the profile lacks for customers to find it and leads to reach somebody."""
    found = []
    if not profile["published"]:
        found.append(words.say("The profile is not published: customers do not find it."))
    if not profile["locations"]:
        found.append(words.say("There is no location yet."))
    alone = (location["name"] for location in profile["locations"] if not location["contacts"])
    found.extend(words.say("The location %(name)s has no contact.", name=name) for name in alone)
    if not profile["keywords"]:
        found.append(words.say("There are no keywords yet."))
    return found
