"""Messages in memory."""

from datetime import timedelta

from shared.domain.agenda import Hint

Message = tuple[str, str | Hint, int]
"""The queue, what is said, and how often it came in vain."""


class FakeWakeUps:
    """`WakeUps` that keeps what was said, with the time after which it is."""

    def __init__(self) -> None:
        self.patience = timedelta()
        self.said: list[tuple[timedelta, Message]] = []

    def partner(self, partner_id: str) -> None:
        self.said.append((timedelta(), ("tell", partner_id, 0)))

    def lane(self, hint: Hint, after: timedelta = timedelta(), tries: int = 0) -> None:
        self.said.append((after, ("lanes", hint, tries)))

    def export(self, hint: Hint) -> None:
        self.said.append((timedelta(), ("exports", hint, 0)))

    async def sent(self) -> None:
        """All is said at once."""

    def taken(self) -> list[tuple[timedelta, Message]]:
        """What was said since this was asked last."""
        said, self.said = self.said, []
        return said
