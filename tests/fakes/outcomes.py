"""Standings, years and lessons in memory."""

from collections.abc import Mapping
from datetime import datetime

from shared.domain.advice import Year
from shared.domain.likelihood import Learned
from shared.domain.standing import Standing
from shared.ports.outcomes import Lessons


class FakeOutcomeStore:
    """`OutcomeStore` in memory."""

    def __init__(self) -> None:
        self.known = Lessons()
        self.part = Learned()
        self.stood: dict[str, Standing] = {}
        self.years: dict[str, Year] = {}

    async def lessons(self, at: datetime) -> Lessons:
        return self.known

    async def put_lessons(self, lessons: Lessons) -> None:
        self.known = lessons

    async def under_way(self) -> Learned:
        return self.part

    async def put_under_way(self, learned: Learned) -> None:
        self.part = learned

    async def standings(self) -> dict[str, Standing]:
        return dict(self.stood)

    async def standing_values(self) -> dict[str, float]:
        return {partner_id: round(one.value * 100) / 100 for partner_id, one in self.stood.items()}

    async def standings_of(self, partner_ids: list[str]) -> dict[str, Standing]:
        return {one: self.stood[one] for one in partner_ids if one in self.stood}

    async def standings_between(self, first: str, last: str) -> dict[str, Standing]:
        return {partner_id: one for partner_id, one in self.stood.items() if first <= partner_id <= last}

    async def put_standings(self, standings: Mapping[str, Standing]) -> None:
        self.stood |= standings

    async def year(self, partner_id: str, at: datetime) -> Year:
        return self.years.get(partner_id, Year())

    async def put_year(self, partner_id: str, year: Year) -> None:
        self.years[partner_id] = year
