"""What the partner is told, with a picture of the mail it leads to (N1–N4)."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from shared.domain.notify import MailKind
from shared.domain.telling.preferences import LANGUAGES
from shared.http.documents import tag_of
from shared.http.shapes.telling_views import PreferencesView, preferences_view
from shared.pages.visits import Shown, Visit
from shared.usecases.telling import preferences
from shared.usecases.telling.preview_mail import Preview, preview_mail


@dataclass(frozen=True)
class Picture:
    """The mail that the latest waiting lead is worth: to whom and why, and its text without what stands below it."""

    to: tuple[str, ...]
    subject: str
    lines: str
    language: str


@dataclass(frozen=True)
class Wishes:
    """The preferences with what may be chosen, and the days' mails in words.

    `zone` is the one that was put, empty where `registered` holds, the registration's.
    """

    etag: str
    wishes: PreferencesView
    kinds: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, str], ...]
    zones: tuple[str, ...]
    zone: str
    registered: str
    hours: tuple[tuple[int, str], ...]
    next_mail: str
    picture: Picture | None
    muted: tuple[tuple[str, str], ...]


NO_PLACES = ("Etc/", "posix", "right")
"""How names begin that the operating system's list has for machines."""


@cache
def _zones() -> tuple[str, ...]:
    places = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(NO_PLACES))
    return (*sorted(places), "UTC")


def _offered(zone: str) -> tuple[str, ...]:
    """The zones to choose from; one that holds is among them, also where it is no place (`CET`)."""
    return _zones() if not zone or zone in _zones() else (zone, *_zones())


async def show_preferences(visit: Visit) -> Shown:
    """The preferences as they hold, in a form."""
    found = await preferences.read_preferences(ports=visit.app.ports, partner_id=visit.partner_id, at=visit.at)
    wishes, words = preferences_view(found), visit.words
    zone = (found.stored.time_zone if found.stored else None) or ""
    preview = await preview_mail(
        ports=visit.app.ports, partner_id=visit.partner_id, preferences=found.holding, at=visit.at
    )
    return Shown(
        "preferences.html",
        Wishes(
            etag=tag_of(wishes),
            wishes=wishes,
            kinds=tuple((str(kind), words.label("mailKinds", kind)) for kind in MailKind),
            languages=tuple((code, words.language_name(code)) for code in LANGUAGES),
            zones=_offered(zone),
            zone=zone,
            registered=visit.partner.time_zone,
            hours=tuple((hour, f"{hour:02}:00") for hour in range(24)),
            next_mail=_next_mail(visit, wishes),
            picture=_picture(visit, preview) if preview else None,
            muted=tuple((one["address"], words.label("notMailed", one["why"])) for one in wishes["unsubscribed"]),
        ),
    )


def _picture(visit: Visit, preview: Preview) -> Picture:
    words = visit.words
    to = tuple(f"{mail.to} – {words.mail_reason(mail.problem or mail.why)}" for mail in preview.mails if mail.to)
    # Below the line stands what is the recipient's own: the link that switches mails off.
    text = preview.letter.text.rpartition("\n--\n")[0]
    return Picture(to, preview.letter.subject, text.strip(), preview.language)


def _next_mail(visit: Visit, wishes: PreferencesView) -> str:
    """What happens when the next lead comes, in one sentence (N2)."""
    words = visit.words
    to = wishes["preferredEmail"] or words.say("the contacts of the profile's locations")
    if not wishes["mailKinds"]:
        return words.say("No mail is sent about new leads.")
    hour = f"{wishes['digestHour']:02}:00"
    if wishes["digestThreshold"] == 0:
        return words.say("New leads are mailed together, once a day at %(hour)s, to %(to)s.", hour=hour, to=to)
    if wishes["digestThreshold"] == 1:
        return words.say(
            "The first lead of a day is mailed at once to %(to)s, further ones together at %(hour)s.", hour=hour, to=to
        )
    return words.say(
        "The first %(count)s leads of a day are mailed at once to %(to)s, further ones together at %(hour)s.",
        to=to,
        count=words.number(wishes["digestThreshold"]),
        hour=hour,
    )
