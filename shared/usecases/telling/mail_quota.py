"""The mail service's quota, shared by all lanes of a run and kept for the next one (N6)."""

from dataclasses import replace
from datetime import datetime

from shared.domain.telling.quota import Quota
from shared.ports.ports import Ports

QUOTA = "mail:quota"


class MailQuota:
    """Tokens for mails; whichever lane takes one, the others have one less.

    Lanes that find none are told different times, one for each token to come: or all would come for the next one, and
    the same would get it each time.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._left: Quota | None = None
        self._held_until: datetime | None = None
        self._waiting = 0
        self._written = ""

    async def take(self, at: datetime, *, bulk: bool) -> datetime | None:
        """Take a token: None when there was one, else when there will be. `bulk` leaves some for new leads."""
        if self._left is None:
            await self._read(at)
        if self._held_until is not None and at < self._held_until:
            return self._held_until
        assert self._left is not None
        self._left = self._left.refilled(at)
        if self._left.allows(bulk=bulk):
            self._left = self._left.taken()
            self._waiting = max(self._waiting - 1, 0)
            return None
        self._waiting += 1
        return self._left.next_at(bulk=bulk, ahead=self._waiting - 1)

    def hold(self, until: datetime) -> None:
        """The service takes no mail until then, from no lane."""
        self._held_until = until

    def unwritten(self) -> dict[str, str]:
        """The bookmark of what is left, where it is not written yet; whoever asks for it writes it."""
        left = self._left
        if left is None:
            return {}
        held = self._held_until.isoformat() if self._held_until else ""
        text = f"{left.minute:.3f} {left.hour:.3f} {left.at.isoformat()} {held}".strip()
        if text == self._written:
            return {}
        self._written = text
        return {QUOTA: text}

    async def _read(self, at: datetime) -> None:
        rules = self._ports.rules
        full = Quota.full(rules.mails_per_minute, rules.mails_per_hour, at)
        written = (await self._ports.agenda.bookmark(QUOTA)).split()
        if self._left is not None:
            # Another lane has read it meanwhile, and taken of it.
            return
        self._left = full
        if len(written) in (3, 4):
            minute, hour, when = float(written[0]), float(written[1]), datetime.fromisoformat(written[2])
            self._left = replace(full, minute=min(minute, full.minute), hour=min(hour, full.hour), at=min(when, at))
        if len(written) == 4:
            self._held_until = datetime.fromisoformat(written[3])
