"""The list of leads, its pages, counts and facets (Q1–Q6, U1)."""

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from shared.domain.errors import SortTooLarge
from shared.domain.filters import ListTab
from shared.domain.ordering import OrderField
from shared.http import page_tokens
from shared.http.shapes.lead_views import lead_view
from shared.http.shapes.list_views import OfferFacetView, facets_view
from shared.http.shapes.queries import FacetsQuery, LeadFilterIn, LeadsQuery
from shared.pages.days import as_instants
from shared.pages.views.filters import Bar, Sorted, bar_of, heading, view_of
from shared.pages.views.rows import Row, row_of
from shared.pages.visits import Shown, Text, Visit
from shared.usecases.leads import facets, lists

GOES_ON_BY_ITSELF = 3
"""Short pages in a row that a page asks for by itself, where searching reads much and finds little."""


@dataclass(frozen=True)
class Column:
    """A column of the table: its name for hiding it, and its heading."""

    name: str
    heading: Sorted


@dataclass(frozen=True)
class LeadList:
    """The list with everything above it; `export` is the query as the interface takes it, its days as instants.

    `following` is the query of its next page, `by_itself` whether that is asked for as soon as it comes into sight, and
    `back_to` the time up to which was searched.
    """

    bar: Bar
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    following: str | None
    by_itself: bool
    back_to: str
    query: str
    export: str
    can_answer: bool
    is_favorites: bool
    newest: str
    is_too_large: bool


async def show_list(visit: Visit) -> Shown:
    """The list that the address names, or a page of it: with `pageToken`, rows alone."""
    asked = visit.asked(LeadsQuery)
    order = asked.order_by
    here = view_of(visit.query)
    query = urlencode(here)
    scope = ("ui/leads", query, visit.caller.tenant, visit.caller.person)
    cursors = lists.cursors_of(order)
    after = page_tokens.read(asked.page_token, cursors, *scope) if asked.page_token else None
    look = _look(visit, asked)
    try:
        async with visit.app.reading(visit.partner_id, is_long=lists.reads_many(look.wanted, order)) as budget:
            page = await lists.list_leads(look, order=order, after=after, top=asked.top, budget=budget)
    except SortTooLarge:
        page = None
    words = visit.words
    views = [lead_view(seen, visit.caller, visit.at, words.say) for seen in page.leads] if page else []
    # Untrusted, but it only says when to stop asking by itself.
    shorts = len(visit.query.get("short", "")) + 1 if len(views) < asked.top else 0
    following = None
    if page and page.next:
        token = page_tokens.make(page.next, *scope)
        following = urlencode(
            {**here, "pageToken": token, **({"short": "i" * min(shorts, GOES_ON_BY_ITSELF)} if shorts else {})}
        )
    view = LeadList(
        bar=bar_of(visit.query, order, words),
        columns=tuple(Column(name, heading(here, order, field, words.say(text))) for name, field, text in columns()),
        rows=tuple(row_of(view, words) for view in views),
        following=following,
        by_itself=shorts < GOES_ON_BY_ITSELF,
        back_to=words.moment(views[-1]["createdDateTime"]) if views else "",
        query=query,
        export=urlencode(as_instants(here, visit.partner.time_zone)),
        can_answer=visit.is_leads_admin,
        is_favorites=here.get("tab") == ListTab.FAVORITES,
        newest=urlencode({**here, "orderBy": "created desc"}),
        is_too_large=page is None,
    )
    return Shown("leads/rows.html" if asked.page_token else "leads/list.html", view)


def columns() -> tuple[tuple[str, OrderField | None, str], ...]:
    """The table's columns: name, what a click on the heading sorts by, heading."""
    return (
        ("company", OrderField.COMPANY, "Company"),
        ("contact", None, "Contact"),
        ("country", OrderField.COUNTRY, "Country"),
        ("wants", OrderField.CALL_TO_ACTION, "Wants"),
        ("quality", OrderField.QUALITY, "Quality"),
        ("flame", None, "Flame"),
        ("due", OrderField.EXPIRY, "Answer by"),
        ("source", OrderField.SOURCE, "Source"),
        ("offer", None, "Offer"),
        ("status", OrderField.STATUS, "Status"),
        ("value", OrderField.DEAL_VALUE, "Value"),
        ("created", OrderField.CREATED, "Received"),
    )


async def show_count(visit: Visit) -> Shown:
    """How many leads the view has, which is asked for once its rows are there (Q6)."""
    look = _look(visit, visit.asked(FacetsQuery))
    async with visit.app.reading(visit.partner_id, is_long=facets.reads_many(look.wanted)) as budget:
        found = await facets.count_found(look, budget)
    words = visit.words
    if not found.is_complete and found.leads == 1:
        return Shown("text.html", Text(words.say("More than 1 lead")))
    if not found.is_complete:
        return Shown("text.html", Text(words.say("More than %(count)s leads", count=words.number(found.leads))))
    if found.leads == 1:
        return Shown("text.html", Text(words.say("1 lead")))
    return Shown("text.html", Text(words.say("%(count)s leads", count=words.number(found.leads))))


@dataclass(frozen=True)
class FacetValue:
    """A value of a filter, `name:value`, with its label and how many leads have it."""

    of: str
    label: str
    count: str


@dataclass(frozen=True)
class FacetValues:
    """Those of the view."""

    values: tuple[FacetValue, ...]


async def show_facets(visit: Visit) -> Shown:
    """Which values the view could be narrowed to (Q3)."""
    look = _look(visit, visit.asked(FacetsQuery))
    async with visit.app.reading(visit.partner_id) as budget:
        found = facets_view(await facets.count_facets(look, budget))
    words, more = visit.words, "" if found["isComplete"] else "+"
    values: list[FacetValue] = []
    for name, counted in found["facets"].items():
        for value in cast("list[OfferFacetView]", counted):
            label = words.country(value["value"]) if name == "country" else value.get("title") or value["value"]
            values.append(FacetValue(f"{name}:{value['value']}", label, words.number(value["count"]) + more))
    return Shown("leads/facets.html", FacetValues(tuple(values)))


def _look(visit: Visit, asked: LeadFilterIn) -> lists.Look:
    return lists.Look(visit.app.ports, visit.partner_id, visit.caller.person, asked.wanted(), visit.at)
