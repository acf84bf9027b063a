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
RUNNING = ("notStarted", "running")


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
        rows=_rows(progress["rows"], total if view["state"] in RUNNING else None, words),
        percent=min(100, progress["rows"] * 100 // total) if total else None,
        url=view["url"],
        left=words.left(view["urlExpiresDateTime"]) if view["urlExpiresDateTime"] else None,
        problem=error["message"] if error else view["urlProblem"],
        is_running=view["state"] in RUNNING,
    )


def _rows(rows: int, total: int | None, words: Words) -> str:
    """How many are written, of how many where that is known."""
    if total == 1:
        return words.say("%(rows)s of 1 row", rows=words.number(rows))
    if total:
        return words.say("%(rows)s of %(total)s rows", rows=words.number(rows), total=words.number(total))
    return words.say("1 row") if rows == 1 else words.say("%(rows)s rows", rows=words.number(rows))


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
