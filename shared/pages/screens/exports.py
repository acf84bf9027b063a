"""Exports: what is under way, what is done and how long its link works (X1–X5)."""

from dataclasses import dataclass

from shared.domain.errors import NotFound
from shared.http.shapes.export_views import ExportView, export_view
from shared.ids import EXPORT_ID
from shared.pages.views.filters import said, titles
from shared.pages.visits import Shown, Visit
from shared.pages.words import Words
from shared.usecases.exports import export_leads

SHOWN = 50


@dataclass(frozen=True)
class Item:
    """One export; `percent` is None while nobody knows how many rows there will be."""

    id: str
    when: str
    format: str
    filter: str
    state: str
    state_label: str
    rows: str
    total: str | None
    percent: int | None
    url: str | None
    left: str | None
    problem: str | None
    is_running: bool


@dataclass(frozen=True)
class Exports:
    """The exports that are kept, newest first."""

    items: tuple[Item, ...]


async def show_exports(visit: Visit) -> Shown:
    """All that are kept."""
    found, _ = await export_leads.list_exports(
        ports=visit.app.ports, partner_id=visit.partner_id, after=None, top=SHOWN, at=visit.at
    )
    return Shown(
        "exports.html", Exports(tuple(_item(export_view(seen, visit.words.say), visit.words) for seen in found))
    )


async def show_export(visit: Visit) -> Shown:
    """One of them, asked for again while it runs."""
    export_id = visit.path["exportId"]
    if not EXPORT_ID.fullmatch(export_id):
        raise NotFound
    seen = await export_leads.read_export(
        ports=visit.app.ports, partner_id=visit.partner_id, export_id=export_id, at=visit.at
    )
    return Shown("export.html", _item(export_view(seen, visit.words.say), visit.words))


def _item(view: ExportView, words: Words) -> Item:
    progress, error = view["progress"], view["error"]
    total = progress["total"]
    return Item(
        id=view["id"],
        when=words.moment(view["createdDateTime"]),
        format=words.label("exportFormats", view["format"]),
        filter=_filter(view, words),
        state=view["state"],
        state_label=words.label("exportStates", view["state"]),
        rows=words.number(progress["rows"]),
        total=words.number(total) if total is not None else None,
        percent=min(100, progress["rows"] * 100 // total) if total else None,
        url=view["url"],
        left=words.left(view["urlExpiresDateTime"]) if view["urlExpiresDateTime"] else None,
        problem=error["message"] if error else view["urlProblem"],
        is_running=view["state"] in ("notStarted", "running"),
    )


def _filter(view: ExportView, words: Words) -> str:
    """What was asked for, in words."""
    named, found = titles(words), []
    for name, value in view["filter"].items():
        values = value if isinstance(value, list) else [value]
        if name == "tab":
            found.append(words.label("tabs", value))
        elif name == "id":
            found.append(f"{named[name]}: {words.number(len(values))}")
        else:
            found.append(f"{named[name]}: {', '.join(said(name, str(one), words) for one in values)}")
    return " · ".join(found) or words.say("All leads")
