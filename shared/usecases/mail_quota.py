"""The mail service's quota, shared by all lanes of a run and kept for the next one (N6; PLATFORM.md, Mail)."""

from dataclasses import replace
from datetime import datetime

from shared.domain.quota import Quota
from shared.ports import Ports

QUOTA = "mail:quota"


class MailQuota:
    """Tokens for mails; whichever lane takes one, the others have one less."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._left: Quota | None = None

    async def take(self, at: datetime, *, bulk: bool) -> datetime | None:
        """Take a token: None when there was one, else when there will be. `bulk` leaves some for new leads."""
        if self._left is None:
            found = await self._read(at)
            # Another lane may have read it meanwhile, and taken of it.
            self._left = self._left or found
        self._left = self._left.refilled(at)
        if not self._left.allows(bulk=bulk):
            return self._left.next_at(bulk=bulk)
        self._left = self._left.taken()
        return None

    async def keep(self) -> None:
        """Write down what is left; raises Unavailable."""
        left = self._left
        if left is not None:
            await self._ports.agenda.set_bookmark(QUOTA, f"{left.minute:.3f} {left.hour:.3f} {left.at.isoformat()}")

    async def _read(self, at: datetime) -> Quota:
        rules = self._ports.rules
        full = Quota.full(rules.mails_per_minute, rules.mails_per_hour, at)
        written = (await self._ports.agenda.bookmark(QUOTA)).split()
        if len(written) != 3:
            return full
        minute, hour, when = float(written[0]), float(written[1]), datetime.fromisoformat(written[2])
        return replace(full, minute=min(minute, full.minute), hour=min(hour, full.hour), at=min(when, at))
