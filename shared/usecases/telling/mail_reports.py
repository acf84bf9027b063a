"""Takes up what the mail service finds out later: a mail that was taken may still bounce (N1, V1).

The service answers for a mail within a minute, and the receiving side within a day. Only its report tells a contact who
has left, and then the next one has to hear of the lead.
"""

import logging
from datetime import datetime
from enum import StrEnum

from shared import telemetry
from shared.domain.errors import Unavailable
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mails import CUSTOMER, Mail, MailOrigin, MailState
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.telling import BOUNCED
from shared.usecases.telling.deliver_mail import measure, remember_bounce
from shared.usecases.telling.lane_turn import add_to_lane

log = logging.getLogger(__name__)


class Report(StrEnum):
    """What became of a mail, in the service's own words."""

    DELIVERED = "Delivered"
    EXPANDED = "Expanded"
    BOUNCED = "Bounced"
    SUPPRESSED = "Suppressed"
    QUARANTINED = "Quarantined"
    FILTERED_SPAM = "FilteredSpam"
    FAILED = "Failed"


ARRIVED = (Report.DELIVERED, Report.EXPANDED)
TAKES_NO_MAIL = (Report.BOUNCED, Report.SUPPRESSED)
"""Said of the address; anything else is said of one mail."""


async def take_report(*, ports: Ports, operation_id: str, report: Report, at: datetime) -> None:
    """Record a report; one that comes again, or of a mail that is not ours, changes nothing.

    Raises Unavailable, upon which the service reports again.
    """
    origin = await ports.mails.origin(operation_id)
    if origin is None:
        return
    mails = await ports.mails.mails(origin.partner_id, origin.subject, origin.sequence)
    mail = next((one for one in mails if one.operation_id == operation_id), None)
    if mail is not None:
        await _record(ports, origin, mail, report, at)
    await ports.mails.forget_origin(operation_id)


async def _record(ports: Ports, origin: MailOrigin, mail: Mail, report: Report, at: datetime) -> None:
    state = MailState.DELIVERED if report in ARRIVED else MailState.FAILED
    problem = None if report in ARRIVED else str(report)
    try:
        if (mail.state, mail.problem) != (state, problem):
            was_under_way = mail.is_under_way
            mail = await ports.mails.put(origin.partner_id, mail.ended(state, at, problem))
            if was_under_way:
                measure(mail, at - origin.at)
            elif state is MailState.FAILED:
                telemetry.attempted("mail", "bounced")
    except LostRace:
        # The worker is following it just now; the service reports again.
        raise Unavailable from None
    if report in ARRIVED:
        return
    log.warning(
        "A mail did not arrive.",
        extra={
            "event": "mail.bounced",
            "partner": origin.partner_id,
            "notice": mail.notice,
            "report": report,
            "cause": origin.cause,
        },
    )
    if mail.to == CUSTOMER:
        if report in TAKES_NO_MAIL:
            await remember_bounce(ports=ports, partner_id=origin.partner_id, lead_id=origin.subject)
        return
    if report in TAKES_NO_MAIL:
        await ports.preferences.add_unwanted(origin.partner_id, mail.to, BOUNCED)
    await _tell_the_next(ports, origin, at)


async def _tell_the_next(ports: Ports, origin: MailOrigin, at: datetime) -> None:
    """Let the event wait again: its worker plans whoever is next, if anybody has to be told in this one's place."""
    partner_id, destination = origin.partner_id, origin.destination
    # Due at once, and no new one: its mails are on record.
    dispatch = Dispatch(origin.type, origin.at, origin.subject, origin.sequence, cause=origin.cause, next_at=at)
    if (await ports.lanes.lane(partner_id, destination)).is_leased(at):
        # The worker may end the event without having seen this; the service reports again soon.
        raise Unavailable
    await add_to_lane(ports=ports, partner_id=partner_id, destination=destination, dispatch=dispatch, at=at)
