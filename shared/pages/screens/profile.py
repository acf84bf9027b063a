"""The business profile, to be edited (T8, M1), and what would mend it (M6)."""

import asyncio
from dataclasses import dataclass

from shared.domain.programme.profile import CONTACTS_MAX, KEYWORDS_MAX, LOCATIONS_MAX, CompanySize
from shared.domain.telling.preferences import LANGUAGES
from shared.http.documents import tag_of
from shared.http.shapes.programme_views import ProfileView, profile_view
from shared.pages.views.advice import Hint, hints_of
from shared.pages.visits import Shown, Visit
from shared.usecases.outcomes.read_advice import read_advice
from shared.usecases.programme import manage_listing


@dataclass(frozen=True)
class Editor:
    """The profile with what may be chosen, and all advice to the partner."""

    etag: str
    profile: ProfileView
    sizes: tuple[tuple[str, str], ...]
    countries: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, str], ...]
    locations_max: int
    contacts_max: int
    keywords_max: int
    advice: tuple[Hint, ...]


async def show_profile(visit: Visit) -> Shown:
    """The profile as it is, in a form."""
    ports, partner_id = visit.app.ports, visit.partner_id
    seen, advice = await asyncio.gather(
        manage_listing.read_profile(ports=ports, partner_id=partner_id, at=visit.at),
        read_advice(ports=ports, partner_id=partner_id, at=visit.at),
    )
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
        advice=hints_of(advice, words, visit.caller.roles),
    )
    return Shown("profile.html", view)
