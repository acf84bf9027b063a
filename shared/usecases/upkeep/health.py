"""Says whether the system can do its work, what waits and for how long it has been due."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.agenda import HintKind
from shared.domain.errors import Unavailable
from shared.ports.ports import Ports

SOON, LATER, HOURLY = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3)
LATE: Mapping[HintKind, timedelta] = {
    HintKind.PUBLISH: SOON,
    HintKind.DELIVER: SOON,
    HintKind.EXPORT: SOON,
    HintKind.EXPIRE: LATER,
    HintKind.COOL: LATER,
    HintKind.REMIND: LATER,
    HintKind.DIGEST: LATER,
    HintKind.RECHECK: LATER,
    HintKind.ARCHIVE: HOURLY,
}
"""How long something may have been due before the work is not done any more: many runs of its timer."""
COUNTED_MAX = 1_000


@dataclass(frozen=True)
class Health:
    """What was checked, by name; True = in order. `waiting` counts what is due and not done, up to a thousand.

    `pausedLanes` among it are webhooks and mail lanes that wait for a later try: their receiver is left alone.

    `overdue` is for how long the oldest hint of each kind of the agenda has been due, whether it was put off or not.
    """

    checks: dict[str, bool]
    waiting: Mapping[str, int] = field(default_factory=dict)
    overdue: Mapping[HintKind, timedelta] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """True when every check is in order."""
        return all(self.checks.values())

    @property
    def undelivered(self) -> timedelta:
        """For how long the oldest event that could be told has not been."""
        return max(self.overdue.get(HintKind.PUBLISH, timedelta()), self.overdue.get(HintKind.DELIVER, timedelta()))

    @property
    def oldest(self) -> tuple[str, timedelta]:
        """The kind that is behind the most, and how far."""
        return max(self.overdue.items(), key=lambda item: item[1], default=("", timedelta()))


async def check_health(*, ports: Ports, at: datetime) -> Health:
    """Ask storage for a row, and the agenda for what is due of each kind."""
    try:
        due, paused, oldest, _ = await asyncio.gather(
            ports.agenda.due(HintKind.DELIVER, at, COUNTED_MAX),
            ports.agenda.ahead(HintKind.DELIVER, at, COUNTED_MAX),
            asyncio.gather(*(ports.agenda.oldest(kind, at) for kind in LATE)),
            ports.partners.ping(),
        )
    except Unavailable:
        return Health({"storage": False})
    overdue = {kind: at - found if found else timedelta() for kind, found in zip(LATE, oldest, strict=True)}
    late = {kind for kind, behind in overdue.items() if behind >= LATE[kind]}
    checks = {
        "storage": True,
        "delivery": not late & {HintKind.PUBLISH, HintKind.DELIVER},
        "agenda": not late - {HintKind.PUBLISH, HintKind.DELIVER},
    }
    return Health(checks, {"deliveries": len(due), "pausedLanes": paused}, overdue)
