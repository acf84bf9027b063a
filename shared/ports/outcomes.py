"""What was learned of all partners' leads, for all of them, and what each one's year has come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.domain.advice import Year
from shared.domain.likelihood import Learned
from shared.domain.standing import Norms, Standing


@dataclass(frozen=True)
class Lessons:
    """What the programme's leads have come to, and what its partners have on average, as of the last look at all.

    `at` is when that look began, None before the first: every standing is at least so new, but for partners that it
    could not look at.
    """

    learned: Learned = field(default_factory=Learned)
    norms: Norms = field(default_factory=Norms)
    at: datetime | None = None


class OutcomeStore(Protocol):
    """Standings, years and lessons, written by one timer, read by everybody."""

    async def lessons(self, at: datetime) -> Lessons:
        """The newest lessons (cached for ten minutes); empty ones before the first."""

    async def put_lessons(self, lessons: Lessons) -> None:
        """Replace the lessons."""

    async def under_way(self) -> Learned:
        """What a look at all partners has learned that broke off; nothing where none did."""

    async def put_under_way(self, learned: Learned) -> None:
        """Remember what has been learned so far."""

    async def standings(self) -> dict[str, Standing]:
        """Every partner's standing as it was last written, by partner."""

    async def standing_values(self) -> dict[str, float]:
        """Every partner's standing as one number, 0 to 1, by partner.

        To a hundredth, or most of an hour's changes would make the directory anew.
        """

    async def standings_of(self, partner_ids: list[str]) -> dict[str, Standing]:
        """Those of these partners."""

    async def standings_between(self, first: str, last: str) -> dict[str, Standing]:
        """Those of the partners whose ids are from the first to the last, both within."""

    async def put_standings(self, standings: Mapping[str, Standing]) -> None:
        """Write the standings of some partners."""

    async def year(self, partner_id: str, at: datetime) -> Year:
        """What a partner's year had come to at the last look (cached for ten minutes); nothing before the first."""

    async def put_year(self, partner_id: str, year: Year) -> None:
        """Replace what a partner's year has come to."""
