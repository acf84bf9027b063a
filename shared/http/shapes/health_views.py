"""What `GET /health` says."""

from typing_extensions import TypedDict

from shared.http.shapes.enumerations import HealthText
from shared.usecases.upkeep.health import Health
from shared.version import VERSION


class CheckView(TypedDict):
    """One health check."""

    name: str
    healthy: bool


class HealthView(TypedDict):
    """Whether the system can do its work."""

    status: HealthText
    version: str
    checks: list[CheckView]
    waiting: dict[str, int]
    overdueSeconds: dict[str, int]
    oldestUndeliveredSeconds: int


def health_view(health: Health) -> HealthView:
    """The health as anyone may see it."""
    return {
        "status": "healthy" if health.healthy else "degraded",
        "version": VERSION,
        "checks": [{"name": name, "healthy": good} for name, good in health.checks.items()],
        "waiting": dict(health.waiting),
        "overdueSeconds": {kind: int(behind.total_seconds()) for kind, behind in health.overdue.items()},
        "oldestUndeliveredSeconds": int(health.undelivered.total_seconds()),
    }
