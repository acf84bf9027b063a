"""What the next mail about a new lead would be like: by the latest waiting lead that is worth one (N1).

Planned and written as the real one is, and neither recorded nor sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.events import EventType
from shared.domain.filters import LeadFilter
from shared.domain.lead import Status
from shared.domain.lifecycle import settle
from shared.domain.notify import mail_kind
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mails import Mail
from shared.domain.telling.preferences import Preferences
from shared.ports.delivery import Letter
from shared.ports.leads import LeadQuery
from shared.ports.ports import Ports
from shared.usecases.telling.mail_plan import planned, read_case

WAITING = LeadFilter(status=frozenset({Status.RECEIVED}))
LOOKED_AT = 50
"""The newest waiting leads, among which one is looked for that is mailed about."""


@dataclass(frozen=True)
class Preview:
    """A mail as it would go to the first of those who get it, and everybody with the reason why they do or do not."""

    letter: Letter
    language: str
    mails: Sequence[Mail]


async def preview_mail(*, ports: Ports, partner_id: str, preferences: Preferences, at: datetime) -> Preview | None:
    """The next mail; None where no waiting lead is worth one, or nobody would get it. Raises Unavailable."""
    page = await ports.leads.page(LeadQuery(partner_id, at, WAITING, None, LOOKED_AT))
    leads = (settle(lead, at).lead for lead in page.leads)
    worth = (lead for lead in leads if lead.status is Status.RECEIVED and mail_kind(lead) in preferences.mail_kinds)
    lead = next(worth, None)
    if lead is None:
        return None
    dispatch = Dispatch(EventType.RECEIVED, lead.created_at, lead.id, 1)
    wishes = await ports.preferences.wishes(partner_id)
    case = await read_case(ports=ports, partner_id=partner_id, dispatch=dispatch, at=at, wishes=wishes)
    mails = [mail for part in await planned(ports=ports, case=case, known=(), at=at) for mail in part]
    first = next((mail for mail in mails if mail.is_under_way), None)
    if first is None:
        return None
    letter = ports.letters.letter(first, partner_id, first.to, case.facts)
    return Preview(letter, first.language, mails)
