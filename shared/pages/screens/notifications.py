"""The notification centre (N5)."""

from dataclasses import dataclass

from shared import clock, ids
from shared.http import page_tokens
from shared.http.pages import PageQuery
from shared.http.shapes.telling_views import NotificationView, notification_view
from shared.pages.views.advice import path_of
from shared.pages.visits import Shown, Text, Visit
from shared.usecases.telling import notification_centre
from shared.usecases.telling.notification_centre import Noticed


@dataclass(frozen=True)
class Item:
    """One recommended action; `path` is where it leads below `/app/`, None for whoever may not open that."""

    id: str
    kind: str
    label: str
    company: str | None
    country: str
    title: str
    left: str | None
    when: str
    path: str | None
    dismissed: bool


@dataclass(frozen=True)
class Centre:
    """This person's notifications, open ones first."""

    items: tuple[Item, ...]
    open_count: int
    following: str | None
    is_first: bool


async def show_notifications(visit: Visit) -> Shown:
    """A page of them."""
    asked = visit.asked(PageQuery)
    scope = ("ui/notifications", visit.caller.tenant, visit.caller.person)
    after = page_tokens.read(asked.page_token, ids.NOTIFICATION_CURSOR, *scope) if asked.page_token else None
    found = await notification_centre.list_notifications(
        ports=visit.app.ports,
        partner_id=visit.partner_id,
        person=visit.caller.person,
        after=after,
        top=asked.top,
        at=visit.at,
        budget=visit.app.ports.rules.lists.budget(clock.stopwatch()),
    )
    token = page_tokens.make(found.next, *scope) if found.next else None
    items = tuple(_item(noticed, visit) for noticed in found.noticed)
    return Shown("notifications.html", Centre(items, found.open_count, token, asked.page_token is None))


async def show_bell(visit: Visit) -> Shown:
    """The number beside the bell."""
    found = await notification_centre.list_notifications(
        ports=visit.app.ports,
        partner_id=visit.partner_id,
        person=visit.caller.person,
        after=None,
        top=1,
        at=visit.at,
        budget=visit.app.ports.rules.lists.budget(clock.stopwatch()),
    )
    return Shown("text.html", Text(visit.words.number(found.open_count) if found.open_count else ""))


def _item(noticed: Noticed, visit: Visit) -> Item:
    view, words = notification_view(noticed, visit.partner_id, visit.app.settings, visit.words.say), visit.words
    lead, due, advice = view["lead"], view["dueDateTime"], noticed.notification.advice
    return Item(
        id=view["id"],
        kind=view["kind"],
        label=words.label("advice", advice.matter) if advice else words.label("notifications", view["kind"]),
        company=lead["company"] if lead else None,
        country=words.country(lead["country"]) if lead and lead["country"] else "",
        title=view["title"],
        left=words.left(due) if due else None,
        when=words.moment(view["createdDateTime"]),
        path=path_of(advice.mend, visit.caller.roles) if advice else _path(view),
        dismissed=view["dismissed"],
    )


def _path(view: NotificationView) -> str:
    return f"leads/{view['leadId']}" if view["leadId"] else f"webhooks/{view['id'].split('-')[1]}"
