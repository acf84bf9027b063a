"""What an export is (X1–X5): the job, and the lines of its file."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.agenda import Hint, HintKind
from shared.domain.contact import shown
from shared.domain.exports import export_columns
from shared.domain.exports.csv_cells import may_begin_cells
from shared.domain.filters import LeadFilter
from shared.domain.lead import SOURCE_TITLES, Lead
from shared.domain.ordering import Order

SINCE_MARGIN = timedelta(minutes=5)
"""How far a sync looks back behind the start of the one before: clocks differ, and a commit takes its time."""
SORTED_MAX = 50_000
"""X1: rows of an export in another order than by age."""
SORT_TOO_LARGE, FAULTY = "sortTooLarge", "internalError"
OUTDATED = "A lead in this file has expired or was erased since, or may have been: export again."
"""Why a file gets no new link (L9)."""
ERRORS = {
    SORT_TOO_LARGE: f"Only an export ordered by created may have more than {SORTED_MAX:,} rows.",
    FAULTY: "Something went wrong on our side; quote the export's id when you ask about it.",
}


class ExportFormat(StrEnum):
    """The file's format."""

    CSV = "csv"
    JSONL = "jsonl"


MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.JSONL: "application/jsonl; charset=utf-8"}


class ExportState(StrEnum):
    """How far an export is."""

    NOT_STARTED = "notStarted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Headings(StrEnum):
    """What stands in the first line of a CSV file: the columns' names, or labels in the reader's language."""

    NAMES = "names"
    LABELS = "labels"


class Cells(StrEnum):
    """How texts stand in a CSV file: so that no spreadsheet runs them, or as they are, for programs."""

    SPREADSHEET = "spreadsheet"
    RAW = "raw"


@dataclass(frozen=True)
class Layout:
    """How a file is written. Without `columns` it has all of them; `labels` are their headings where they are labels.

    A file of chosen columns has no others, so no CELLS either.
    """

    format: ExportFormat = ExportFormat.CSV
    columns: tuple[str, ...] = ()
    headings: Headings = Headings.NAMES
    cells: Cells = Cells.SPREADSHEET
    labels: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[str, ...]:
        """The columns of a CSV file."""
        return self.columns or (*export_columns.names()[:-1], export_columns.CELLS, export_columns.REMOVED)


@dataclass(frozen=True)
class Since:
    """From where on changes count: by storage's clock, which stamps commits, and by ours, which deadlines obey."""

    stored: datetime
    at: datetime


@dataclass(frozen=True)
class Export:
    """One export job. `person` asked for it; `rows` and `next_since` are known once it has succeeded.

    Its files are in `data_account`, None for the deployment's own: where its partner's rows were when it began. Each
    `generation` begins anew, with files of its own, at `restarted_at`: somebody was erased while it was written (S4).
    """

    id: str
    partner_id: str
    person: str
    created_at: datetime
    filter: LeadFilter
    order: Order
    layout: Layout = Layout()
    since: Since | None = None
    state: ExportState = ExportState.NOT_STARTED
    ended_at: datetime | None = None
    rows: int | None = None
    next_since: Since | None = None
    error: str | None = None
    hides_at: datetime | None = None
    data_account: str | None = None
    generation: int = 0
    restarted_at: datetime | None = None

    def is_outdated(self, at: datetime) -> bool:
        """True when its file may show contact details that nobody may see any more (L9): it gets no new link."""
        return self.hides_at is not None and at >= self.hides_at

    @property
    def began_at(self) -> datetime:
        """When what is written now was begun: leads were read after it."""
        return self.restarted_at or self.created_at

    def restarted(self, at: datetime) -> "Export":
        """This export, to be written from the beginning."""
        return replace(self, generation=self.generation + 1, restarted_at=at)

    @property
    def earlier(self) -> "list[Export]":
        """What it was before it began anew, whose files a run that has not noticed may still write to."""
        return [replace(self, generation=number) for number in range(self.generation)]

    @property
    def format(self) -> ExportFormat:
        """The file's format."""
        return self.layout.format

    @property
    def has_ended(self) -> bool:
        """True when nothing will change any more."""
        return self.ended_at is not None

    @property
    def file_name(self) -> str:
        """What the file is called where it is saved."""
        return f"leads-{self.created_at:%Y-%m-%d-%H%M%S}.{self.format}"

    @property
    def blob(self) -> str:
        """Where the file is stored."""
        return f"{self._folder}/leads.{self.format}"

    @property
    def spool(self) -> str:
        """Where lines wait to be sorted."""
        return f"{self._folder}/spool"

    @property
    def _folder(self) -> str:
        account = f"{self.data_account}:" if self.data_account else ""
        generation = f"/{self.generation}" if self.generation else ""
        return f"{account}{self.partner_id}/{self.id}{generation}"

    def hints(self, going_on: timedelta, kept: timedelta) -> tuple[Hint, ...]:
        """The reminders to go on with this export while it has not ended, and to delete it."""
        deleted = Hint(HintKind.EXPORT, self.created_at + kept, self.partner_id, self.id)
        return (deleted,) if self.has_ended else (replace(deleted, due=self.created_at + going_on), deleted)


class _Echo:
    """What a csv writer writes to, so that `writerow` returns the line."""

    def write(self, line: str) -> str:
        return line


LINE_END = "\r\n"
# Every cell in quotes, as OWASP says; what a spreadsheet that splits elsewhere makes of it, `csv_cells` sees to (X2).
_csv = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator=LINE_END)


def head(layout: Layout) -> str:
    """What the file begins with: a BOM, by which spreadsheets know UTF-8, and the columns' headings."""
    if layout.format is not ExportFormat.CSV:
        return ""
    titles = dict(zip(layout.written, layout.labels or layout.written, strict=True))
    if export_columns.CELLS in titles:
        titles[export_columns.CELLS] += f' "{layout.cells}"'
    return "\ufeff" + _csv_line(list(titles.values()))


def line(layout: Layout, lead: Lead, at: datetime) -> str:
    """The row of a (settled) lead as anyone may see it at `at`."""
    found = export_columns.row(shown(lead, at))
    if layout.format is not ExportFormat.CSV:
        return _json_line({name: found[name] for name in layout.columns if name in found} if layout.columns else found)
    if lead.source in SOURCE_TITLES:
        # A sheet is for people; programs have JSON lines.
        found["LeadSource"] = SOURCE_TITLES[lead.source]
    values = [found.get(name) for name in layout.columns] if layout.columns else [*found.values(), None, None]
    if layout.cells is Cells.RAW:
        return _csv_line(export_columns.raw_cells(values))
    written = _csv_line(export_columns.cells(values, careful=False))
    # One look at the whole line, which hardly ever finds anything, instead of one at each text.
    if may_begin_cells(written[: -len(LINE_END)]):
        written = _csv_line(export_columns.cells(values, careful=True))
    return written


def removed_line(layout: Layout, lead_id: str) -> str:
    """The row of a lead that has changed and is not in the filter: its id and `Removed`."""
    found: dict[str, export_columns.Value] = {export_columns.ID: lead_id, export_columns.REMOVED: True}
    if layout.format is not ExportFormat.CSV:
        return _json_line(found)
    return _csv_line(export_columns.raw_cells(found.get(name) for name in layout.written))


def _csv_line(cells: list[str]) -> str:
    written: str = _csv.writerow(cells)
    return written


def _json_line(values: Mapping[str, export_columns.Value]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"
