"""A lead's history and its mails as the interface shows them (L8, N6)."""

from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict

from shared.domain.events import Event
from shared.domain.instants import stamp
from shared.domain.telling.mails import Mail
from shared.http.actors import ActorView, actor_view
from shared.http.shapes.enumerations import EventText, MailStateText, NoticeText, StatusText


class MailView(TypedDict):
    """A mail about an event: to whom, why or why not, and how far it is; a customer's address is never shown.

    An event that is not mailed by itself has one to nobody, whose `problem` says why: `digest`, `kind` or `test`.
    """

    notice: NoticeText
    to: str
    why: str
    state: MailStateText
    problem: str | None
    at: str


EventView = TypedDict(
    "EventView",
    {
        "sequence": int,
        "type": EventText,
        "at": str,
        "by": ActorView,
        "from": StatusText | None,
        "to": StatusText,
        "changes": dict[str, Any],
        "mails": list[MailView],
    },
)
"""One line of a lead's history, with the mails that followed from it."""


def event_view(event: Event, mails: Sequence[Mail] = ()) -> EventView:
    """The event, as redacted as it comes, and its mails."""
    return {
        "sequence": event.sequence,
        "type": event.type,
        "at": stamp(event.at),
        "by": actor_view(event.by),
        "from": event.from_status,
        "to": event.to_status,
        "changes": dict(event.changes),
        "mails": [
            {
                "notice": mail.notice,
                "to": mail.to,
                "why": mail.why,
                "state": mail.state,
                "problem": mail.problem,
                "at": stamp(mail.at),
            }
            for mail in mails
        ],
    }
