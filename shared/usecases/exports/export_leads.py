"""Exports leads to a file (X1–X5): ask for one, look at it, cancel it, get a link.

The work itself is `write_export`, which a request and the timer share.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.errors import Conflict, NotFound, TooManyRequests, Unavailable
from shared.domain.exports.export import OUTDATED, Export, ExportState, Layout, Since
from shared.domain.filters import LeadFilter
from shared.domain.messages import say, word
from shared.domain.ordering import Order
from shared.ids import new_export_id
from shared.ports.errors import FileGone, LostRace
from shared.ports.exports import Link
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.exports.write_export import MERGE, WALK, discard, write

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SeenExport:
    """An export as it is now: how far it has come, and a link while there is a file that may be read.

    `is_outdated` says that the file may show what is hidden by now (L9).
    """

    export: Export
    state: ExportState
    rows: int
    total: int | None = None
    link: Link | None = None
    is_outdated: bool = False


async def start_export(
    *,
    ports: Ports,
    partner_id: str,
    person: str,
    wanted: LeadFilter,
    order: Order,
    layout: Layout,
    since: Since | None,
    at: datetime,
    budget: Budget,
) -> SeenExport:
    """Begin an export and write as much of it as the budget allows (X1); a timer does the rest.

    Raises TooManyRequests when too many of the partner's exports are under way.
    """
    rules = ports.rules.export
    export = Export(new_export_id(at), partner_id, person, at, wanted, order, layout, since)
    hints = rules.hints(export)
    under_way, _ = await asyncio.gather(
        ports.exports.unfinished(partner_id, rules.unfinished_max), ports.agenda.put(hints)
    )
    if under_way >= rules.unfinished_max:
        await ports.agenda.remove(hints)
        text = "%(most)d exports are under way; wait for one of them or cancel it."
        raise TooManyRequests(say(text, most=rules.unfinished_max))
    stored = await ports.exports.add(export)
    try:
        written = await write(ports=ports, stored=stored, at=at, budget=budget, gives_up=True)
        await ports.agenda.remove([hint for hint in hints if hint not in rules.hints(written)])
        if not written.has_ended:
            ports.wakeups.export(hints[0])
        return await _seen(ports, written, at)
    except (Unavailable, FileGone):
        # The export stands and its hint does too, so the timer goes on; who asked need not ask again.
        log.warning(
            "A request left its export to the timer.",
            extra={"event": "export.left_to_timer", "partner": partner_id, "export": export.id},
        )
        return SeenExport(export, ExportState.NOT_STARTED, 0)


async def read_export(*, ports: Ports, partner_id: str, export_id: str, at: datetime) -> SeenExport:
    """One export, with a fresh link if it has succeeded; raises NotFound."""
    stored = await ports.exports.get(partner_id, export_id)
    if stored is None:
        raise NotFound
    return await _seen(ports, stored.export, at)


async def list_exports(*, ports: Ports, partner_id: str, after: str | None, top: int, at: datetime) -> Page[SeenExport]:
    """The partner's exports of the last days, newest first."""
    exports, following = await ports.exports.page(partner_id, after, top)
    return Page(list(await asyncio.gather(*(_seen(ports, export, at) for export in exports))), following)


async def cancel_export(*, ports: Ports, partner_id: str, export_id: str, at: datetime) -> SeenExport:
    """Cancel an export; raises NotFound, or Conflict when it has ended otherwise."""
    while True:
        stored = await ports.exports.get(partner_id, export_id)
        if stored is None:
            raise NotFound
        if stored.export.state is ExportState.CANCELLED:
            return await _seen(ports, stored.export, at)
        if stored.export.has_ended:
            raise Conflict(
                say("The export has ended already: %(state)s.", state=word(stored.export.state)), target="state"
            )
        cancelled = replace(stored.export, state=ExportState.CANCELLED, ended_at=at)
        try:
            await ports.exports.replace(stored, cancelled)
        except LostRace:
            continue
        # What a run that has not noticed yet may still put together goes when it notices, and in seven days at last.
        await discard(ports, cancelled)
        return await _seen(ports, cancelled, at)


async def link_export(*, ports: Ports, partner_id: str, export_id: str, at: datetime) -> SeenExport:
    """The export with a new link; raises NotFound, or Conflict when there is no file, or none to be shown any more."""
    seen = await read_export(ports=ports, partner_id=partner_id, export_id=export_id, at=at)
    if seen.is_outdated:
        raise Conflict(OUTDATED, target="state")
    if seen.link is None:
        raise Conflict(say("The export is %(state)s; there is no file.", state=word(seen.state)), target="state")
    return seen


async def _seen(ports: Ports, export: Export, at: datetime) -> SeenExport:
    if export.has_ended:
        outdated = export.state is ExportState.SUCCEEDED and export.is_outdated(at)
        link = None
        if export.state is ExportState.SUCCEEDED and not outdated:
            link = await ports.files.link(export.blob, export.file_name)
        return SeenExport(export, export.state, export.rows or 0, export.rows, link, is_outdated=outdated)
    walked, merged = await asyncio.gather(ports.exports.last(export, WALK), ports.exports.last(export, MERGE))
    state = ExportState.RUNNING if walked else ExportState.NOT_STARTED
    # Lines that wait to be sorted are not in the file yet; but how many there are is known before the file is written.
    written = walked if export.order.is_by_age else merged
    total = walked.rows if walked and walked.done else None
    return SeenExport(export, state, written.rows if written else 0, total)
