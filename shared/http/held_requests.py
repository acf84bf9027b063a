"""What the operator sends about what waits."""

from typing import Any

from shared.http.fields import Incoming, Text


class ReplayIn(Incoming):
    """A parked delivery's corrected body, a text or a JSON object; without it the body goes again as it was."""

    body: str | dict[str, Any] | None = None


class AssignIn(Incoming):
    """The partner an unassigned delivery goes to."""

    partner_id: Text
