"""Says whether the system can do its work, and what waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.dispatch import DELIVER
from shared.domain.errors import Unavailable
from shared.ports import Ports

LATE = timedelta(minutes=15)
"""How long a destination may have been due before something is wrong: a run comes every ten seconds."""
COUNTED_MAX = 1_000


@dataclass(frozen=True)
class Health:
    """What was checked, by name; True = in order. `waiting` counts what is due and not done, up to a thousand."""

    checks: dict[str, bool]
    waiting: Mapping[str, int] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """True when every check is in order."""
        return all(self.checks.values())


async def check_health(*, ports: Ports, at: datetime) -> Health:
    """Ask storage for a row, and the agenda for the webhooks and mails that are due."""
    try:
        await ports.partners.ping()
        due = await ports.agenda.due(DELIVER, at, COUNTED_MAX)
    except Unavailable:
        return Health({"storage": False})
    in_time = not due or at - due[0].hint.due < LATE
    return Health({"storage": True, "delivery": in_time}, {"deliveries": len(due)})
