"""How many mails the service takes from us: so many a minute and an hour (PLATFORM.md, Mail)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Quota:
    """Two token buckets that are filled by time; `at` is when they were last looked at."""

    per_minute: int
    per_hour: int
    minute: float
    hour: float
    at: datetime

    @classmethod
    def full(cls, per_minute: int, per_hour: int, at: datetime) -> "Quota":
        """At the start."""
        return cls(per_minute, per_hour, per_minute, per_hour, at)

    def refilled(self, at: datetime) -> "Quota":
        """As it is at `at`."""
        passed = max(at - self.at, timedelta())
        return replace(
            self,
            minute=min(self.per_minute, self.minute + passed / MINUTE * self.per_minute),
            hour=min(self.per_hour, self.hour + passed / HOUR * self.per_hour),
            at=max(at, self.at),
        )

    @property
    def left(self) -> int:
        """Mails that may go now."""
        return int(min(self.minute, self.hour))

    def taken(self) -> "Quota":
        """With one token less."""
        return replace(self, minute=self.minute - 1, hour=self.hour - 1)

    def next_at(self) -> datetime:
        """When there is a token again."""
        waits = timedelta()
        if self.minute < 1:
            waits = max(waits, (1 - self.minute) / self.per_minute * MINUTE)
        if self.hour < 1:
            waits = max(waits, (1 - self.hour) / self.per_hour * HOUR)
        return self.at + waits + timedelta(milliseconds=1)
