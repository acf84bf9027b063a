"""Says where there is work, so that it is done at once and not when a timer looks next."""

from datetime import timedelta
from typing import Protocol

from shared.domain.agenda import Hint


class WakeUps(Protocol):
    """Sends messages that may be lost, late, doubled or old: what is to be done stands in storage (design.md).

    To say something costs no time and raises nothing; it is sent meanwhile.
    """

    patience: timedelta
    """How long work may have been due before timers do it: until then a message is on its way."""

    def partner(self, partner_id: str) -> None:
        """Something was committed that is to be told."""

    def lane(self, hint: Hint, after: timedelta = timedelta(), tries: int = 0) -> None:
        """A lane has work, or will have after that time. `tries` = so often it came and could not be worked on."""

    def export(self, hint: Hint) -> None:
        """An export goes on now."""

    async def sent(self) -> None:
        """Until all that was said is sent, or could not be."""
