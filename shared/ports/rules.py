"""The deployment's numbers, and how much one run may do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.agenda import Hint
from shared.domain.deadlines import Windows
from shared.domain.exports.export import SORTED_MAX, Export
from shared.domain.intake.reoffer import Reoffer
from shared.domain.targets import Targets


@dataclass(frozen=True)
class Budget:
    """How much one run may do; `spent` gives the seconds since it began."""

    spent: Callable[[], float]
    rows: int = 20_000
    seconds: float = 240

    def allows(self, rows: int) -> bool:
        """True while both rows and time are left."""
        return rows < self.rows and self.spent() < self.seconds


@dataclass(frozen=True)
class ListRules:
    """What one request may read (Q4, Q5)."""

    scan_leads: int = 10_000
    scan_seconds: float = 5

    def budget(self, spent: Callable[[], float]) -> Budget:
        """The budget of a request."""
        return Budget(spent, self.scan_leads, self.scan_seconds)


@dataclass(frozen=True)
class ExportRules:
    """The bounds of exports (X1–X5)."""

    request_seconds: float = 5
    timer_after: timedelta = timedelta(seconds=10)
    kept: timedelta = timedelta(days=7)
    unfinished_max: int = 10
    block_bytes: int = 4 * 1024 * 1024
    sorted_max: int = SORTED_MAX

    def hints(self, export: Export) -> tuple[Hint, ...]:
        """The hints an export needs; the timer takes it over when its request has had its time."""
        return export.hints(timedelta(seconds=self.request_seconds) + self.timer_after, self.kept)


@dataclass(frozen=True)
class Rules:
    """The deployment's settings that the rules need."""

    windows: Windows = field(default_factory=Windows)
    duplicate_window: timedelta = timedelta(hours=24)
    source_key_overlap: timedelta = timedelta(hours=24)
    lists: ListRules = field(default_factory=ListRules)
    export: ExportRules = field(default_factory=ExportRules)
    targets: Targets = field(default_factory=Targets)
    operator_mail: str | None = None
    mails_per_minute: int = 30
    mails_per_hour: int = 100
    data_accounts: tuple[str, ...] = ()
    reoffer: Reoffer = Reoffer.OFF
    retention_months: int | None = None
