"""What the operator asks and sends about what waits."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from shared.domain.intake.held import Reason
from shared.http.fields import Incoming, Text, unique
from shared.http.pages import PageQuery
from shared.usecases.intake.parked_input import BULK_MAX

Ids = Annotated[
    list[Annotated[str, StringConstraints(max_length=100)]],
    Field(min_length=1, max_length=BULK_MAX),
    AfterValidator(unique),
]


class UnassignedQuery(PageQuery):
    """Which submissions without a partner are listed; `partnerId` is the one they are for."""

    reason: Reason | None = None
    partner_id: Text | None = None


class ParkedQuery(UnassignedQuery):
    """Which parked submissions are listed."""

    state: Literal["parked", "dismissed"] = "parked"


class ReplayIn(Incoming):
    """A parked submission's corrected body, a text or a JSON object; without it the body goes again as it was."""

    body: str | dict[str, Any] | None = None


class AssignIn(Incoming):
    """The partner an unassigned submission goes to."""

    partner_id: Text


class HeldIdsIn(Incoming):
    """Submissions that wait."""

    ids: Ids


class AssignManyIn(HeldIdsIn):
    """Submissions without a partner, and the one they go to."""

    partner_id: Text
