"""Advice to a partner (M6): what would mend its profile, its answers and its reports, each piece with its number.

Nothing is stored of it but what a year of leads comes to (`Year`): a piece of advice is a function of that, the
profile, and whom no mail reaches, so it goes as soon as the matter is mended. What stands is raised anew each month.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from shared.domain.contact import fold_email
from shared.domain.insights import Figures, Period, figures
from shared.domain.measures import OTHER, VALUE_CHARACTERS_MAX, Cell, Dimension, Measure, Sums, together
from shared.domain.messages import Message, MonthName, say
from shared.domain.programme.profile import CompanySize, Profile
from shared.domain.standing import period
from shared.domain.text import folded

LEADS_MIN = 10
"""Answers before anything is said of them: fewer say nothing."""
MOSTLY = 0.6
"""The share of the answers from which on leads were mostly declined."""
SLOW_HOURS, PROMPT_MIN = 72, 0.5
"""Answers are slow where the one in the middle took longer, or where a smaller share than this came within 72 hours."""
EXPECTED_MIN = 3
"""Accepts that a month without any should have had by the rate of the others: below that, chance is enough."""
EACH_MAX = 10
"""Pieces about one matter: the first locations and contacts of the profile, the values with the most declines."""
PLACES_MAX = 200
"""Names of locations that leads came through, those with the most leads."""


class Matter(StrEnum):
    """What advice is about, the gravest first: whoever is not found or not reached loses every lead."""

    NOT_PUBLISHED = "notPublished"
    CONTACT_BOUNCED = "contactBounced"
    CONTACT_UNSUBSCRIBED = "contactUnsubscribed"
    LOCATION_WITHOUT_CONTACT = "locationWithoutContact"
    OUTCOMES_OVERDUE = "outcomesOverdue"
    SLOW_ANSWERS = "slowAnswers"
    MONTH_WITHOUT_ACCEPT = "monthWithoutAccept"
    KEYWORD_DECLINED = "keywordDeclined"
    SIZE_DECLINED = "sizeDeclined"
    NO_LOCATION = "noLocation"
    NO_KEYWORDS = "noKeywords"


class Page(StrEnum):
    """Where a matter is mended; the page of leads is asked for some of them."""

    PROFILE = "profile"
    PREFERENCES = "preferences"
    LEADS = "leads"


@dataclass(frozen=True)
class Mend:
    """The page that mends a matter, and what of it: a part of the profile, or the query of the list of leads."""

    page: Page
    part: str = ""


@dataclass(frozen=True)
class Advice:
    """One piece. `numbers` are counts and whole hours by their names; `subject` is what it is about, None = all of it.

    `month` is its round, the first day of it: the month that it is about, else the one that it is raised in.
    """

    matter: Matter
    message: Message
    numbers: Mapping[str, int]
    mend: Mend
    month: date
    subject: str | None = None

    @property
    def key(self) -> str:
        """Tells it from all other pieces of a month, in letters, digits and hyphens."""
        if self.subject is None:
            return self.matter
        return f"{self.matter}-{sha256(self.subject.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"

    @property
    def raised(self) -> date:
        """The day from which on it is told: a month is over before anything is said of it."""
        return _after(self.month) if self.matter is Matter.MONTH_WITHOUT_ACCEPT else self.month


UNREACHED: Mapping[str, tuple[Matter, str, str]] = {
    "bounced": (
        Matter.CONTACT_BOUNCED,
        "The preferred address %(address)s takes no mail. Leads in twelve months: %(leads)d.",
        "%(address)s takes no mail. Locations with this contact: %(locations)d.",
    ),
    "unsubscribed": (
        Matter.CONTACT_UNSUBSCRIBED,
        "The preferred address %(address)s wants no more mails. Leads in twelve months: %(leads)d.",
        "%(address)s wants no more mails. Locations with this contact: %(locations)d.",
    ),
}
"""By why an address is not mailed (N3): the matter, and what is said of the preferred address and of a contact's."""


@dataclass(frozen=True)
class Slow:
    """Answers of the last 90 days, where they were slow: all, those within 72 hours, hours to the one in the middle."""

    answers: int
    within_72h: int
    hours: int


@dataclass(frozen=True)
class Declined:
    """A value whose leads were mostly declined."""

    value: str
    answers: int
    declined: int


@dataclass(frozen=True)
class Quiet:
    """A month (`2026-08`) in which leads came and none was accepted, beside what became of the others' leads."""

    month: str
    leads: int
    others: int
    accepted: int


@dataclass(frozen=True)
class Year:
    """What the leads of twelve months, this one among them, have come to, as far as advice goes by it.

    `places` are the numbers of leads by the folded name of the location they came through.
    """

    leads: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    slow: Slow | None = None
    terms: tuple[Declined, ...] = ()
    sizes: tuple[Declined, ...] = ()
    quiet: tuple[Quiet, ...] = ()


def year(at: datetime) -> Period:
    """The days whose leads count: this month and the eleven before."""
    following = _after(at.date().replace(day=1))
    return Period(following.replace(year=following.year - 1), at.date())


def year_of(sums: Iterable[Sums], at: datetime) -> Year:
    """What the sums of the year come to; those of other days are left out."""
    days, quarter = year(at), period(at)
    every = [one for one in sums if days.holds(one)]
    lately = figures(together(one for one in every if quarter.holds(one)).get("", {}))
    places: Counter[str] = Counter()
    for value, cell in together(every, Dimension.LOCATION).items():
        if value not in ("", OTHER):
            places[folded(value)] += _leads(cell)
    return Year(
        leads=_leads(together(every).get("", {})),
        places=dict(places.most_common(PLACES_MAX)),
        slow=_slow(lately),
        terms=_declined(together(every, Dimension.TERM)),
        sizes=_declined(together(every, Dimension.SIZE)),
        quiet=_quiet(every, str(at.date())[:7]),
    )


def advice(
    *,
    profile: Profile | None,
    preferred: str | None,
    unwanted: Mapping[str, str],
    overdue: int,
    year: Year,
    at: datetime,
) -> list[Advice]:
    """All advice at `at`, the gravest first; about one matter at most EACH_MAX.

    `preferred` is the address that all mails go to, None = nobody said one; `unwanted` says of folded addresses why
    they are not mailed; `overdue` are accepted deals whose outcome is (M2).
    """
    month = at.date().replace(day=1)
    found = [
        *_about_profile(profile, year, month),
        *_about_contacts(profile, preferred, unwanted, year, month),
        *_about_answers(overdue, year, month),
        *_about_fit(profile, year, month),
    ]
    order = list(Matter)
    told: Counter[Matter] = Counter()
    kept = []
    for one in sorted(found, key=lambda one: order.index(one.matter)):
        told[one.matter] += 1
        if told[one.matter] <= EACH_MAX:
            kept.append(one)
    return kept


def _about_profile(profile: Profile | None, year: Year, month: date) -> Iterator[Advice]:
    if year.leads and not (profile and profile.published):
        text = say(
            "The profile is not published: customers do not find it. Leads in twelve months: %(leads)d.",
            leads=year.leads,
        )
        yield Advice(Matter.NOT_PUBLISHED, text, {"leads": year.leads}, Mend(Page.PROFILE, "published"), month)
    if profile is None:
        return
    if not profile.locations:
        text = say("Locations: %(locations)d. Customers look for somebody in their country.", locations=0)
        yield Advice(Matter.NO_LOCATION, text, {"locations": 0}, Mend(Page.PROFILE, "locations"), month)
    if not profile.keywords:
        text = say("Keywords: %(keywords)d. Searches find the profile by its other texts alone.", keywords=0)
        yield Advice(Matter.NO_KEYWORDS, text, {"keywords": 0}, Mend(Page.PROFILE, "keywords"), month)
    for number, place in enumerate(profile.locations, 1):
        if any(contact.email for contact in place.contacts):
            continue
        leads = year.places.get(folded(place.name[:VALUE_CHARACTERS_MAX]), 0)
        text = say(
            "The location %(name)s has no contact with an e-mail address. Leads through it in twelve months: "
            "%(leads)d.",
            name=place.name,
            leads=leads,
        )
        mend = Mend(Page.PROFILE, f"location-{number}")
        yield Advice(Matter.LOCATION_WITHOUT_CONTACT, text, {"leads": leads}, mend, month, place.name)


def _about_contacts(
    profile: Profile | None, preferred: str | None, unwanted: Mapping[str, str], year: Year, month: date
) -> Iterator[Advice]:
    main = fold_email(preferred) if preferred else ""
    if preferred and main in unwanted:
        matter, text, _ = UNREACHED[unwanted[main]]
        said = say(text, address=preferred, leads=year.leads)
        yield Advice(matter, said, {"leads": year.leads}, Mend(Page.PREFERENCES), month, preferred)
    # By folded address: as it is written first, and the numbers of the locations whose contact it is.
    contacts: dict[str, tuple[str, list[int]]] = {}
    for number, place in enumerate(profile.locations if profile else (), 1):
        for contact in place.contacts:
            folded_one = fold_email(contact.email) if contact.email else ""
            if contact.email and folded_one in unwanted and folded_one != main:
                contacts.setdefault(folded_one, (contact.email, []))[1].append(number)
    for address, (written, where) in contacts.items():
        matter, _, text = UNREACHED[unwanted[address]]
        places = len(set(where))
        said = say(text, address=written, locations=places)
        yield Advice(matter, said, {"locations": places}, Mend(Page.PROFILE, f"location-{where[0]}"), month, written)


def _about_answers(overdue: int, year: Year, month: date) -> Iterator[Advice]:
    if overdue:
        text = say("The outcome of %(count)d deals is overdue: say whether they were won.", count=overdue)
        mend = Mend(Page.LEADS, "status=accepted")
        yield Advice(Matter.OUTCOMES_OVERDUE, text, {"deals": overdue}, mend, month)
    if slow := year.slow:
        numbers = {"answers": slow.answers, "within72h": slow.within_72h, "hours": slow.hours}
        text = say(
            "Of %(answers)d answers in 90 days %(within72h)d came within 72 hours; half of all took longer than "
            "%(hours)d hours.",
            **numbers,
        )
        yield Advice(Matter.SLOW_ANSWERS, text, numbers, Mend(Page.LEADS, "status=received"), month)
    for one in year.quiet:
        first = date.fromisoformat(f"{one.month}-01")
        numbers = {"leads": one.leads, "others": one.others, "accepted": one.accepted}
        text = say(
            "%(month)s: %(leads)d leads came and none was accepted; of %(others)d of other months %(accepted)d were.",
            month=MonthName.of(first),
            **numbers,
        )
        last = _after(first) - timedelta(days=1)
        mend = Mend(Page.LEADS, f"createdFrom={first}&createdTo={last}")
        yield Advice(Matter.MONTH_WITHOUT_ACCEPT, text, numbers, mend, first, one.month)


def _about_fit(profile: Profile | None, year: Year, month: date) -> Iterator[Advice]:
    keywords = {folded(word) for word in profile.keywords} if profile else set()
    for one in year.terms:
        numbers = {"answers": one.answers, "declined": one.declined}
        text = say(
            "Of %(answers)d answered leads that came by searches for “%(term)s”, %(declined)d were declined.",
            term=one.value,
            **numbers,
        )
        # What is no keyword was found in another text of the profile.
        part = "keywords" if folded(one.value) in keywords else "description"
        yield Advice(Matter.KEYWORD_DECLINED, text, numbers, Mend(Page.PROFILE, part), month, one.value)
    # Without sizes a profile takes all of them; one that it does not take is mended already.
    taken = set(profile.company_sizes or CompanySize) if profile else set(CompanySize)
    for one in year.sizes:
        if one.value not in taken:
            continue
        numbers = {"answers": one.answers, "declined": one.declined}
        text = say(
            "Of %(answers)d answered leads of customers with %(size)s employees, %(declined)d were declined.",
            size=one.value,
            **numbers,
        )
        yield Advice(Matter.SIZE_DECLINED, text, numbers, Mend(Page.PROFILE, "companySizes"), month, one.value)


def _leads(cell: Cell) -> int:
    return cell.get(Measure.RECEIVED, 0) + cell.get(Measure.INFORMATIONAL, 0)


def _slow(lately: Figures) -> Slow | None:
    middle, prompt = lately.hours_median, lately.within_72h
    if lately.answered < LEADS_MIN or middle is None or prompt is None:
        return None
    if middle <= SLOW_HOURS and prompt >= PROMPT_MIN:
        return None
    return Slow(lately.answered, lately.answered_72h, round(middle))


def _declined(cells: Mapping[str, Cell]) -> tuple[Declined, ...]:
    """The values whose leads were mostly declined, those with the most declines first."""
    found = []
    for value, cell in cells.items():
        known = figures(cell)
        if value not in ("", OTHER) and known.answered >= LEADS_MIN and known.declined >= MOSTLY * known.answered:
            found.append(Declined(value, known.answered, known.declined))
    return tuple(sorted(found, key=lambda one: (-one.declined, one.value))[:EACH_MAX])


def _quiet(days: Sequence[Sums], this_month: str) -> tuple[Quiet, ...]:
    """The months that are over and whose leads have all ended or been answered, none of them by an accept."""
    months = sorted({one.day[:7] for one in days})
    known = {month: figures(together(one for one in days if one.day[:7] == month).get("", {})) for month in months}
    found = []
    for month, one in known.items():
        if month == this_month or one.waiting or one.accepted:
            continue
        others = [other for other in known.values() if other is not one]
        over = sum(other.answered + other.expired for other in others)
        accepted = sum(other.accepted for other in others)
        if over and one.received * accepted / over >= EXPECTED_MIN:
            found.append(Quiet(month, one.received, over, accepted))
    return tuple(found)


def _after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)
