"""What happened to a lead (L8): past participles with who, when, from and to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.lead import Actor, Status


class EventType(StrEnum):
    """The events of a lead (W1)."""

    RECEIVED = "lead.received"
    ACCEPTED = "lead.accepted"
    UPDATED = "lead.updated"
    WON = "lead.won"
    LOST = "lead.lost"
    ERROR = "lead.error"
    DECLINED = "lead.declined"
    EXPIRED = "lead.expired"
    AGED = "lead.aged"
    FLAME_COOLED = "lead.flameCooled"
    EXPIRES_SOON = "lead.expiresSoon"
    ACTIVITY_LOGGED = "lead.activityLogged"
    PASSED_ON = "lead.passedOn"
    ERASED = "lead.erased"


@dataclass(frozen=True)
class Event:
    """One line of a lead's history; never holds the customer's contact details.

    `sequence` is dense from 1 in each lead. `changes` maps a field's path to `{"from": …, "to": …}`, JSON values only.
    `notify` says who is mailed about it (`notify.notified`); None for no one.
    """

    sequence: int
    type: EventType
    at: datetime
    by: Actor
    from_status: Status | None
    to_status: Status
    changes: Mapping[str, Any] = field(default_factory=dict)
    notify: str | None = None


FREE_TEXT = frozenset({"notes", "text", "description"})


def redacted_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes without free text, for a viewer who may not see contact details (L9)."""
    return {path: value for path, value in changes.items() if path.rsplit(".", 1)[-1] not in FREE_TEXT}
