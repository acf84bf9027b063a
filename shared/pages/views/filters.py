"""The filter bar: tabs, quick views, chips and menus, each a link or a form of the list's own query (Q1, Q3, Q4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from urllib.parse import urlencode

from shared.domain.filters import ListTab
from shared.domain.instants import from_iso, stamp
from shared.domain.lead import CallToAction, LeadType, Level, Outcome, Qualification, Source, Status, Validity
from shared.domain.lifecycle import ClosingReason
from shared.domain.listed import FlameState
from shared.domain.ordering import Order, OrderField
from shared.pages.days import FROM, TO, day_of, read_day
from shared.pages.words import Words

NAMES = (
    *("tab", "status", "outcome", "type", "qualification", "source", "callToAction", "country", "quality"),
    *("emailValidity", "phoneValidity", "flame", "offer", "customer", "search", "createdFrom", "createdTo"),
    *("reason", "companySize", "location", "searchTerm"),
    *("updatedFrom", "updatedTo", "includeTest", "deal", "id", "orderBy"),
)
"""What of an address makes the view; where it begins (`pageToken`) does not."""
CHOICES: Mapping[str, tuple[str, type[StrEnum]]] = {
    "status": ("statuses", Status),
    "outcome": ("outcomes", Outcome),
    "flame": ("flames", FlameState),
    "callToAction": ("callsToAction", CallToAction),
    "source": ("sources", Source),
    "quality": ("qualityLevels", Level),
    "emailValidity": ("validity", Validity),
    "phoneValidity": ("validity", Validity),
    "type": ("types", LeadType),
    "qualification": ("qualifications", Qualification),
    "reason": ("reasons", ClosingReason),
}
"""Filters of which several values may be chosen, with the enumeration that names them."""
TEXTS = ("offer", "customer", "companySize", "location", "searchTerm")
"""Filters that are written, and found in the words of leads."""
SHOWN_FIRST = ("status", "country", "callToAction", "source", "quality")
"""Menus that stand in the bar; the others are behind More."""


@dataclass(frozen=True)
class Link:
    """A way to another view; `query` is the address's, `count` the name of a number that comes later."""

    text: str
    query: str
    current: bool = False
    count: str | None = None
    title: str = ""


@dataclass(frozen=True)
class Choice:
    """One value of a menu."""

    value: str
    label: str
    checked: bool


@dataclass(frozen=True)
class Menu:
    """A filter with its values."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    chosen: int


@dataclass(frozen=True)
class Sorted:
    """The heading of a column; `direction` is ascending, descending or none."""

    label: str
    query: str | None
    direction: str


@dataclass(frozen=True)
class Bar:
    """Everything above the list."""

    query: str
    tabs: tuple[Link, ...]
    quick: tuple[Link, ...]
    chips: tuple[Link, ...]
    cleared: str
    menus: tuple[Menu, ...]
    more: tuple[Menu, ...]
    countries: tuple[Choice, ...]
    search: str
    texts: Mapping[str, str]
    includes_tests: bool
    orders: tuple[Link, ...]
    order: str

    @property
    def is_filtered(self) -> bool:
        """True where something hides leads."""
        return bool(self.chips)


def view_of(query: Mapping[str, str]) -> dict[str, str]:
    """What of a query makes the view, in the order of the address."""
    return {name: query[name] for name in NAMES if query.get(name, "").strip()}


def titles(words: Words) -> dict[str, str]:
    """What people call the filters."""
    return {
        "status": words.say("Status"),
        "outcome": words.say("Outcome"),
        "flame": words.say("Flame"),
        "callToAction": words.say("Wants"),
        "source": words.say("Source"),
        "quality": words.say("Quality"),
        "emailValidity": words.say("E-mail"),
        "phoneValidity": words.say("Phone"),
        "type": words.say("Type"),
        "qualification": words.say("Qualification"),
        "country": words.say("Country"),
        "reason": words.say("Reason"),
        "companySize": words.say("Company size"),
        "location": words.say("Location"),
        "searchTerm": words.say("Search term"),
        "offer": words.say("Offer"),
        "customer": words.say("Customer"),
        "search": words.say("Search"),
        "createdFrom": words.say("Received from"),
        "createdTo": words.say("Received until"),
        "updatedFrom": words.say("Changed from"),
        "updatedTo": words.say("Changed until"),
        "includeTest": words.say("Test leads"),
        "deal": words.say("Deals"),
        "id": words.say("Chosen leads"),
    }


def bar_of(query: Mapping[str, str], order: Order, words: Words) -> Bar:
    """The bar of a view."""
    here = view_of(query)
    named = titles(words)
    menus = {name: _menu(name, named[name], here, words) for name in CHOICES}
    return Bar(
        query=urlencode(here),
        tabs=_tabs(here, words),
        quick=_quick(here, words),
        chips=tuple(_chips(here, named, words)),
        cleared=urlencode([(name, here[name]) for name in ("tab", "orderBy") if name in here]),
        menus=tuple(menus[name] for name in SHOWN_FIRST if name in menus),
        more=tuple(menu for name, menu in menus.items() if name not in SHOWN_FIRST),
        countries=tuple(Choice(code, words.country(code), checked=True) for code in _values(here, "country")),
        search=here.get("search", ""),
        texts={name: here.get(name, "") for name in (*TEXTS, "createdFrom", "createdTo", "updatedFrom", "updatedTo")},
        includes_tests=here.get("includeTest", "").lower() == "true",
        orders=tuple(_orders(order, words)),
        order=_written(order),
    )


def heading(here: Mapping[str, str], order: Order, field: OrderField | None, label: str) -> Sorted:
    """A column's heading: a click sorts by it, another turns the order round."""
    if field is None:
        return Sorted(label, None, "none")
    is_now = order.field is field
    # What a first click means: newest and highest first, everything else upward.
    falls = field in (OrderField.CREATED, OrderField.UPDATED, OrderField.DEAL_VALUE, OrderField.QUALITY)
    descending = not order.descending if is_now else falls
    query = urlencode({**here, "orderBy": _written(Order(field, descending))})
    direction = ("descending" if order.descending else "ascending") if is_now else "none"
    return Sorted(label, query, direction)


def _written(order: Order) -> str:
    return f"{order.field} {'desc' if order.descending else 'asc'}"


def _values(here: Mapping[str, str], name: str) -> list[str]:
    return [value.strip() for value in here.get(name, "").split(",") if value.strip()]


def _tabs(here: Mapping[str, str], words: Words) -> tuple[Link, ...]:
    texts = {
        ListTab.MARKETPLACE: words.say("Marketplace"),
        ListTab.QUALIFIED: words.say("Qualified"),
        ListTab.FAVORITES: words.say("Favorites"),
    }
    rest = {name: value for name, value in here.items() if name != "tab"}
    every = Link(words.say("All leads"), urlencode(rest), "tab" not in here)
    return (
        every,
        *(
            Link(text, urlencode({"tab": str(tab), **rest}), here.get("tab") == tab, str(tab))
            for tab, text in texts.items()
        ),
    )


def _quick(here: Mapping[str, str], words: Words) -> tuple[Link, ...]:
    tab = {"tab": here["tab"]} if "tab" in here else {}
    views: Sequence[tuple[str, dict[str, str], str | None]] = (
        (words.say("Hot"), {"flame": "hot"}, "hot"),
        (words.say("Expires first"), {"status": "received", "orderBy": "expiry asc"}, None),
        (words.say("Unanswered"), {"status": "received"}, "received"),
        (words.say("In progress"), {"status": "accepted"}, "accepted"),
        (words.say("For information"), {"status": "informational"}, "informational"),
    )
    return tuple(
        Link(text, urlencode({**tab, **asked}), here == {**tab, **asked}, count) for text, asked, count in views
    )


def _chips(here: Mapping[str, str], named: Mapping[str, str], words: Words) -> list[Link]:
    found = []
    for name, value in here.items():
        if name in ("tab", "orderBy"):
            continue
        if name == "id":
            rest = {other: text for other, text in here.items() if other != name}
            found.append(Link(f"{named[name]}: {words.number(len(_values(here, name)))}", urlencode(rest)))
            continue
        values = _values(here, name) if name in CHOICES or name == "country" else [value]
        for one in values:
            left = ",".join(other for other in values if other != one)
            rest = {other: text for other, text in here.items() if other != name} | ({name: left} if left else {})
            found.append(Link(f"{named[name]}: {said(name, one, words)}", urlencode(rest)))
    return found


def said(name: str, value: str, words: Words) -> str:
    """What people call a value of a filter."""
    if name in CHOICES:
        return words.label(CHOICES[name][0], value)
    if name == "country":
        return words.country(value.upper())
    if name == "includeTest":
        return words.say("shown")
    if name == "deal":
        return words.say("open, won or lost")
    return _when(name, value, words) if name in (*FROM, *TO) else value


def _when(name: str, value: str, words: Words) -> str:
    """A day where one begins or ends then, else the time."""
    if on := read_day(value):
        return words.day(on)
    try:
        at = from_iso(value)
    except ValueError:
        return value
    at = at.replace(tzinfo=at.tzinfo or UTC)
    on = day_of(name, at, words.zone)
    return words.day(on) if on else words.moment(stamp(at.astimezone(UTC)))


def _menu(name: str, label: str, here: Mapping[str, str], words: Words) -> Menu:
    kind, codes = CHOICES[name]
    chosen = {value.casefold() for value in _values(here, name)}
    # A number is called spam by nobody.
    offered = [code for code in codes if not (name == "phoneValidity" and code == "spam")]
    choices = tuple(Choice(str(code), words.label(kind, str(code)), str(code).casefold() in chosen) for code in offered)
    return Menu(name, label, choices, sum(choice.checked for choice in choices))


def _orders(order: Order, words: Words) -> list[Link]:
    texts = {
        "created desc": words.say("Newest first"),
        "created asc": words.say("Oldest first"),
        "expiry asc": words.say("Answer by"),
        "updated desc": words.say("Changed last"),
        "company asc": words.say("Company"),
        "quality desc": words.say("Quality"),
        "dealValue desc": words.say("Value"),
    }
    return [Link(text, written, _written(order) == written) for written, text in texts.items()]
