"""Submissions that wait for the operator: parked because they cannot be read, or unassigned (I5, R1, R2)."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.errors import Conflict, Detail, InvalidRequest, Refusal
from shared.domain.programme.partner import Door


class HeldState(StrEnum):
    """What a held submission waits for; `placed` for nothing: it has its lead, or is the programme's note of where.

    `dismissed` is what the operator made nothing of; it can still be replayed, and goes after DISMISSED_KEPT.
    """

    PARKED = "parked"
    UNASSIGNED = "unassigned"
    PLACED = "placed"
    DISMISSED = "dismissed"


class Reason(StrEnum):
    """Why a submission is held."""

    UNREADABLE = "unreadable"
    KEY_REUSED = "idempotencyKeyReused"
    PROFILE_NOT_PUBLISHED = "profileNotPublished"
    PARTNER_SUSPENDED = "partnerSuspended"
    OFFER_UNKNOWN = "offerUnknown"
    CLAIMED_BY_SEVERAL = "claimedBySeveral"


DISMISSED_KEPT = timedelta(days=30)
"""How long a dismissed submission can be brought back."""
DETAILS_MAX = 100_000
"""Characters of faults that are kept with a submission: whatever is wrong with it, it must fit into its row (I5)."""


def kept_details(details: tuple[Detail, ...]) -> tuple[Detail, ...]:
    """The first faults, as many as fit together, in the ASCII that they are stored as."""
    kept, size = [], 0
    for detail in details:
        size += len(json.dumps([detail.code, detail.message, detail.target]))
        if size > DETAILS_MAX:
            break
        kept.append(detail)
    return tuple(kept)


@dataclass(frozen=True)
class Held:
    """A submission with everything that a second attempt needs.

    `id` is made of the door and the submission's hash, so a repeat is the same one. `claim` and `content` are V4's.
    Once `assigned`, `lead_id` and `partner_id` stand: every attempt to make the lead uses the same. `was` is what it
    waited for last, `was_parked` that it waited to be read before that. `size` is the body's as it came. Of one that
    was erased (S4) the body is gone; it waits for nothing any more.
    """

    id: str
    state: HeldState
    door: Door
    claim: str
    content: str
    content_type: str
    first_at: datetime
    last_at: datetime
    count: int = 1
    body: bytes = b""
    size: int = 0
    reason: Reason | None = None
    details: tuple[Detail, ...] = ()
    lead_id: str | None = None
    partner_id: str | None = None
    keyed: bool = False
    assigned: bool = False
    was: HeldState = HeldState.PARKED
    was_parked: bool = False
    dismissed_at: datetime | None = None
    erased_at: datetime | None = None

    def erased(self, at: datetime) -> "Held":
        """What is left of it when its customer is erased: enough to know a repeat by (S4)."""
        return replace(self, state=HeldState.DISMISSED, dismissed_at=at, erased_at=at, body=b"", details=())

    @property
    def listed_at(self) -> datetime:
        """When it got its place in its list."""
        return self.dismissed_at if self.state is HeldState.DISMISSED and self.dismissed_at else self.first_at

    @property
    def for_partner(self) -> str | None:
        """The partner it is for, as far as that is known: the one it was given to, else its door's."""
        return self.partner_id or self.door.partner_id

    @property
    def is_corrected(self) -> bool:
        """True for what can only become a lead under a claim of its own."""
        return self.reason is Reason.KEY_REUSED


def refusal_of(held: Held) -> Refusal:
    """What the sender is told."""
    if held.reason is Reason.KEY_REUSED:
        return Conflict("The idempotency key was used before with other content.", target="Idempotency-Key")
    if held.reason is Reason.PROFILE_NOT_PUBLISHED:
        return Conflict("profileNotPublished: the partner takes no inquiries before its profile is published.")
    return InvalidRequest("The lead cannot be read.", details=held.details)
