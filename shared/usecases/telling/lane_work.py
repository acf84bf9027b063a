"""One turn on a lane, whatever it is of and whoever begins it, and what comes of it for the agenda (W2, W3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import telemetry
from shared.domain.agenda import Hint
from shared.domain.instants import stamp
from shared.domain.telling.dispatch import MAIL_FIRST, MAIL_LATER, deliver_hint
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.ports.telling import StoredWebhook
from shared.usecases.agenda import put_off
from shared.usecases.telling.deliver_mail import deliver_mail
from shared.usecases.telling.deliver_webhook import deliver_webhook
from shared.usecases.telling.lane_turn import LaneClosed, Left, Now
from shared.usecases.telling.mail_quota import MailQuota


@dataclass(frozen=True)
class Worked:
    """What came of a turn: the hint to put, then those that may go. `closed` says why there was none.

    `is_said` = a message that comes by the time of the hint is out already.
    """

    following: Hint | None = None
    is_said: bool = False
    spent: tuple[Hint, ...] = ()
    failed: bool = False
    closed: LaneClosed | None = None


async def work_on_lane(
    *, ports: Ports, hints: Sequence[DueHint], now: Now, quota: MailQuota, hook: StoredWebhook | None = None
) -> Worked:
    """Work on the lane of these hints, whose subscription is `hook` where it was read a moment ago.

    A fault puts the hints off, and is no error of whoever asked; raises Unavailable where not even that can be done.
    """
    partner_id, destination = hints[0].hint.partner_id, hints[0].hint.subject
    closed = None
    try:
        with telemetry.span("work on lane", partner=partner_id, destination=destination):
            try:
                if destination in (MAIL_FIRST, MAIL_LATER):
                    left = await deliver_mail(
                        ports=ports, partner_id=partner_id, destination=destination, now=now, quota=quota
                    )
                else:
                    left = await deliver_webhook(
                        ports=ports, partner_id=partner_id, destination=destination, now=now, hook=hook
                    )
            except LaneClosed as problem:
                # Whoever closed it has said when it is opened; a worker that has it may die over it.
                closed, left = problem, Left(problem.until, is_said=not problem.is_leased)
    except Exception as problem:  # noqa: BLE001 - what is wrong with one destination holds up no other
        for late in hints:
            await put_off(ports, late, problem, now())
        return Worked(failed=True)
    spent = tuple(late.hint for late in hints)
    following = _not_among(spent, partner_id, destination, left.at)
    return Worked(following, left.is_said, spent, closed=closed)


def _not_among(hints: Sequence[Hint], partner_id: str, destination: str, due: datetime | None) -> Hint | None:
    """The hint at a time that none of those has: they go after it is written."""
    if due is None:
        return None
    # As their keys have it.
    taken = {stamp(hint.due) for hint in hints}
    while stamp(due) in taken:
        due += timedelta(milliseconds=1)
    return deliver_hint(partner_id, destination, due)
