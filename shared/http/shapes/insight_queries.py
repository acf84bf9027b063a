"""What may be asked of what leads have come to (M4, M5)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from shared.domain.insights import DAYS, DAYS_MAX, GroupBy, Period
from shared.domain.messages import say
from shared.domain.similar import SIMILAR_MAX, SIMILAR_USUAL
from shared.http.fields import Incoming
from shared.http.pages import whole_number
from shared.http.shapes.queries import From, To


class ChartKind(StrEnum):
    """What is drawn: the way of all leads, the time to their answers, or how many there are of each group."""

    FUNNEL = "funnel"
    TIME_TO_ANSWER = "timeToAnswer"
    BY_SOURCE = "bySource"
    BY_COUNTRY = "byCountry"
    BY_OFFER = "byOffer"
    BY_CALL_TO_ACTION = "byCallToAction"
    BY_QUALIFICATION = "byQualification"
    BY_LOCATION = "byLocation"
    BY_SIZE = "bySize"
    BY_SEARCH_TERM = "bySearchTerm"
    BY_MONTH = "byMonth"

    @classmethod
    def of_groups(cls, group_by: GroupBy) -> "ChartKind":
        """The picture of leads that are told apart so."""
        return cls(f"by{group_by[0].upper()}{group_by[1:]}")

    @property
    def group_by(self) -> GroupBy | None:
        """What leads are told apart by in it; None where they are not."""
        return next((one for one in GroupBy if ChartKind.of_groups(one) is self), None)


class PeriodQuery(Incoming):
    """Of which days: of UTC, both within; the last 90 where nothing is said."""

    first: Annotated[From | None, Field(alias="from")] = None
    last: Annotated[To | None, Field(alias="to")] = None

    @field_validator("last")
    @classmethod
    def _is_a_period(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        first = info.data.get("first")
        if value is not None and first is not None:
            if value < first:
                raise ValueError("The last day must not be before the first.")
            if (value - first).days >= DAYS_MAX:
                raise ValueError(say("A period has at most %(most)d days.", most=DAYS_MAX))
        return value

    def period(self, at: datetime) -> Period:
        """The days that are meant, `at` being now; one that is not said is so far away as a period is long."""
        today, rest = at.date(), timedelta(days=DAYS - 1)
        if self.last is not None:
            last = self.last.date()
        elif self.first is not None:
            last = max(self.first.date(), min(today, self.first.date() + timedelta(days=DAYS_MAX - 1)))
        else:
            last = today
        return Period(self.first.date() if self.first else last - rest, last)


class InsightsQuery(PeriodQuery):
    """Of which days, what leads are told apart by, and as what it is answered."""

    group_by: GroupBy | None = None
    format: Literal["json", "csv"] = "json"


class ChartQuery(PeriodQuery):
    """What to draw, and of which days."""

    kind: ChartKind = ChartKind.FUNNEL


class SimilarQuery(Incoming):
    """How many similar deals are wanted at most (M4)."""

    top: Annotated[int, Field(ge=1, le=SIMILAR_MAX), BeforeValidator(whole_number)] = SIMILAR_USUAL
