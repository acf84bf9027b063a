"""What came through a door, read, with the claim that tells it from every other submission (V4)."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared import ids
from shared.domain.errors import InvalidRequest
from shared.domain.intake import payload
from shared.domain.intake.formats import Reading, read
from shared.domain.lead import Tab
from shared.domain.programme.partner import Door, Takes
from shared.ports.ports import Ports


@dataclass(frozen=True)
class Submission:
    """What came through a door: the body as it was sent, and what tells it from every other submission, where known.

    `key` is the sender's Idempotency-Key; `identity` names a row of a table, whose content may change later (I3).
    """

    body: bytes
    content_type: str = "application/json"
    key: str | None = None
    identity: str | None = None


@dataclass(frozen=True)
class Parcel:
    """A submission that is being made a lead: its claim (V4), whether that ends by the clock, and what it says.

    `held_at` is when it came, where it had to wait for the operator since.
    """

    door: Door
    submission: Submission
    claim: str
    content: str
    is_for_ever: bool
    held_at: datetime | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def is_held(self) -> bool:
        """True when it has waited for the operator."""
        return self.held_at is not None

    @property
    def tab(self) -> Tab:
        """The list its lead will stand in; a sender's door is the only one for qualified leads."""
        return Tab.QUALIFIED if self.door.takes is Takes.QUALIFIED else Tab.MARKETPLACE


def marks(parcel: Parcel) -> tuple[str, str]:
    """What a submission is noted under (R1), and what it is parked under (I5)."""
    return parcel.claim, ids.digest("parked", parcel.claim, parcel.content)


def read_parcel(door: Door, submission: Submission) -> Parcel:
    """The submission, read; raises InvalidRequest naming every field at fault."""
    value = payload.value_of(submission.body, submission.content_type)
    parcel = parcel_of(door, submission, json.dumps(value, sort_keys=True))
    return replace(parcel, reading=read(value, door.takes))


def unread(door: Door, submission: Submission) -> Parcel:
    """The submission under the claim that it will have once it can be read."""
    try:
        written = json.dumps(payload.value_of(submission.body, submission.content_type), sort_keys=True)
    except InvalidRequest:
        written = submission.body.decode("latin-1")
    return parcel_of(door, submission, written)


def parcel_of(door: Door, submission: Submission, written: str) -> Parcel:
    """A submission under its claim: its row, its key, or what is `written` in it."""
    content = ids.digest(written)
    if submission.identity is not None:
        return Parcel(door, submission, ids.digest(door.id, "row", submission.identity), "", is_for_ever=True)
    if submission.key is not None:
        return Parcel(door, submission, ids.digest(door.id, "key", submission.key), content, is_for_ever=True)
    return Parcel(door, submission, ids.digest(door.id, "body", content), content, is_for_ever=False)


def is_outlived(ports: Ports, parcel: Parcel, first: datetime, at: datetime) -> bool:
    """True when the first such submission is so long ago that this is another (V4); a held one came when it came."""
    return not parcel.is_for_ever and (parcel.held_at or at) - first >= ports.rules.duplicate_window
