"""The operator's partners, and how each of them does by the programme's targets (M2)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from shared import ids
from shared.domain.errors import NotFound, SortTooLarge
from shared.http import page_tokens
from shared.http.shapes.queries import PartnersQuery
from shared.pages.views import partners as views
from shared.pages.visits import AnyVisit, Shown
from shared.usecases.outcomes.list_partners import WantedPartners, list_partners, read_partner


@dataclass(frozen=True)
class Partners:
    """A page of them; `following` is the query of the next one, `cleared` that of the list without a search."""

    columns: tuple[views.Column, ...]
    rows: tuple[views.Row, ...]
    as_of: str | None
    search: str
    orders: tuple[views.Choice, ...]
    cleared: str
    following: str | None
    is_too_large: bool


async def show_partners(visit: AnyVisit) -> Shown:
    """The list that the address names; with `pageToken`, rows alone."""
    asked = visit.asked(PartnersQuery)
    wanted = WantedPartners(asked.search, asked.order_by, performance=True)
    here = {name: visit.query[name] for name in views.NAMES if visit.query.get(name, "").strip()}
    scope = ("ui/operator/partners", urlencode(here), visit.caller.tenant, visit.caller.person)
    after = page_tokens.read(asked.page_token, wanted.cursors, *scope) if asked.page_token else None
    ports, words = visit.app.ports, visit.words
    try:
        async with visit.app.reading(visit.caller.tenant, is_long=wanted.reads_many) as budget:
            page = await list_partners(
                ports=ports, wanted=wanted, after=after, top=asked.top, at=visit.at, budget=budget
            )
    except SortTooLarge:
        page = None
    seen, cursor = page or ([], None)
    known = next((one.performance for one in seen if one.performance), None)
    view = Partners(
        columns=views.columns(here, wanted.order, words),
        rows=tuple(views.row_of(one, ports.rules.targets, words) for one in seen),
        as_of=views.as_of(known, words) if known else None,
        search=here.get("search", ""),
        orders=views.choices(wanted.order, words),
        cleared=urlencode({name: value for name, value in here.items() if name != "search"}),
        following=urlencode({**here, "pageToken": page_tokens.make(cursor, *scope)}) if cursor else None,
        is_too_large=page is None,
    )
    return Shown("operator/rows.html" if asked.page_token else "operator/partners.html", view)


async def show_partner(visit: AnyVisit) -> Shown:
    """One of them, with everything that its status is made of."""
    partner_id = visit.path["partnerId"]
    if not ids.PARTNER_ID.fullmatch(partner_id):
        raise NotFound
    ports = visit.app.ports
    seen = await read_partner(ports=ports, partner_id=partner_id, at=visit.at)
    return Shown("operator/partner.html", views.partner_of(seen, ports.rules.targets, visit.words))
