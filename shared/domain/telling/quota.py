"""How many mails the service takes from us: so many a minute and an hour (N6).

A part of both is kept for mails about new leads, which are worth the most in their first minutes; digests, warnings and
notices to others ("bulk") go from what is above it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEPT = 0.2
"""The part that bulk mails leave; of a quota of fewer than ten a minute, too, at least one mail of any kind may go."""


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
        """This quota with what time has added by `at`."""
        passed = max(at - self.at, timedelta())
        return replace(
            self,
            minute=min(self.per_minute, self.minute + passed / MINUTE * self.per_minute),
            hour=min(self.per_hour, self.hour + passed / HOUR * self.per_hour),
            at=max(at, self.at),
        )

    def allows(self, *, bulk: bool) -> bool:
        """True when one more mail may go now."""
        minute, hour = self._needed(bulk=bulk)
        return self.minute >= minute and self.hour >= hour

    def taken(self) -> "Quota":
        """This quota with one token less."""
        return replace(self, minute=self.minute - 1, hour=self.hour - 1)

    def given_back(self, tokens: int) -> "Quota":
        """This quota with so many tokens more, as far as there is room."""
        minute, hour = min(self.minute + tokens, self.per_minute), min(self.hour + tokens, self.per_hour)
        return replace(self, minute=minute, hour=hour)

    def next_at(self, *, bulk: bool, ahead: int = 0) -> datetime:
        """When one more mail may go, with so many that wait ahead of it."""
        minute, hour = self._needed(bulk=bulk)
        waits = max(
            timedelta(),
            (minute + ahead - self.minute) / self.per_minute * MINUTE,
            (hour + ahead - self.hour) / self.per_hour * HOUR,
        )
        return self.at + waits + timedelta(milliseconds=1)

    def _needed(self, *, bulk: bool) -> tuple[float, float]:
        """Tokens that must be there: the one that is taken, and for a bulk mail those that are kept."""
        kept = KEPT if bulk else 0
        # A bucket of one could never hold one and a kept part.
        return min(1 + kept * self.per_minute, self.per_minute), min(1 + kept * self.per_hour, self.per_hour)
