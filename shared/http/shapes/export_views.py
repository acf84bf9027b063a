"""Exports as the interface shows them (X1–X5)."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from shared.domain.exports.export import ERRORS, OUTDATED, Cells, ExportFormat
from shared.domain.filters import LeadFilter
from shared.domain.instants import stamp, stamped
from shared.http import since_tokens
from shared.http.shapes.enumerations import CellsText, ColumnText, ExportFormatText, ExportStateText, HeadingsText
from shared.texts import Translate
from shared.usecases.exports.export_leads import SeenExport


class ProgressView(TypedDict):
    """How many rows are written, of how many; null where the total is not known yet."""

    rows: int
    total: int | None


class ExportErrorView(TypedDict):
    """Why an export has failed."""

    code: str
    message: str


class ExportView(TypedDict):
    """An export; `url` reads its file until `urlExpiresDateTime`, storage's time; else `urlProblem` may say why not."""

    id: str
    state: ExportStateText
    progress: ProgressView
    filter: dict[str, Any]
    orderBy: str
    format: ExportFormatText
    columns: list[ColumnText] | None
    headings: HeadingsText
    cells: CellsText
    url: str | None
    urlExpiresDateTime: str | None
    urlProblem: str | None
    nextSince: str | None
    createdDateTime: str
    endedDateTime: str | None
    error: ExportErrorView | None


def export_view(seen: SeenExport, translate: Translate) -> ExportView:
    """The export as an admin of its partner sees it."""
    export, link = seen.export, seen.link
    following = export.next_since
    return {
        "id": export.id,
        "state": seen.state,
        "progress": {"rows": seen.rows, "total": seen.total},
        "filter": _filter_view(export.filter),
        "orderBy": f"{export.order.field} {'desc' if export.order.descending else 'asc'}",
        "format": export.format,
        "columns": list(export.layout.columns) or None,
        "headings": export.layout.headings,
        "cells": export.layout.cells if export.format is ExportFormat.CSV else Cells.RAW,
        "url": link.url if link else None,
        "urlExpiresDateTime": stamp(link.until) if link else None,
        "urlProblem": translate(OUTDATED) if seen.is_outdated else None,
        "nextSince": since_tokens.make(following, export.partner_id, export.filter, export.person)
        if following
        else None,
        "createdDateTime": stamp(export.created_at),
        "endedDateTime": stamped(export.ended_at),
        "error": {"code": export.error, "message": translate(ERRORS[export.error])} if export.error else None,
    }


def _filter_view(wanted: LeadFilter) -> dict[str, Any]:
    """What was asked for, by the API's names; parts that do not restrict are left out."""
    found: dict[str, Any] = {}
    for item in fields(wanted):
        value = getattr(wanted, item.name)
        if isinstance(value, frozenset):
            value = sorted(value)
        elif isinstance(value, datetime):
            value = stamp(value)
        if value:
            found[to_camel(item.name)] = value
    return found
