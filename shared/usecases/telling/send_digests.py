"""Closes mail days that are over, each with one digest of the leads it holds (N2, N6)."""

from datetime import datetime

from shared.domain.agenda import HintKind
from shared.domain.telling.dispatch import MAIL_LATER, Dispatch, deliver_hint
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.agenda import Ran, run_each
from shared.usecases.races import until_won

DAYS_AT_ONCE = 10


async def send_digests(*, ports: Ports, at: datetime, budget: Budget) -> Ran:
    """Handle the digests that are due at `at`; raises Unavailable when the agenda is out of reach."""

    async def close(late: DueHint) -> None:
        await _close(ports, late, at)

    return await run_each(ports=ports, kind=HintKind.DIGEST, at=at, budget=budget, at_once=DAYS_AT_ONCE, act=close)


async def _close(ports: Ports, late: DueHint, at: datetime) -> None:
    """Close the day; the digest stands in its lane from the same moment on."""
    partner_id, key = late.hint.partner_id, late.hint.subject

    async def close() -> None:
        day = await ports.mails.day(partner_id, key)
        if day is None or day.closed or day.ends > at:
            return
        digest = Dispatch(day.gathering.event, day.ends, day.subject, 0) if day.held else None
        hint = deliver_hint(partner_id, MAIL_LATER, at)
        await ports.agenda.put([hint])
        await ports.mails.close(partner_id, day, MAIL_LATER, digest)
        ports.wakeups.lane(hint)

    # A late event may be counted in it meanwhile.
    await until_won(close)
