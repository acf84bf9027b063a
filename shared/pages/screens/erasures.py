"""The operator's erasures: whom to erase, what would go, and how far each is (S4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from shared.domain.erasure import Erasure, ErasureKind
from shared.domain.errors import NotFound
from shared.domain.instants import stamped
from shared.http import page_tokens
from shared.http.pages import PageQuery
from shared.http.shapes.erasure_shapes import counts_view
from shared.ids import ERASURE_ID
from shared.pages.visits import AnyVisit, Shown
from shared.pages.words import Words
from shared.usecases.upkeep.erase import list_erasures, read_erasure

LEADS_SHOWN = 100


@dataclass(frozen=True)
class Count:
    """How much of a kind; `text` is '' where nobody has looked yet."""

    code: str
    label: str
    text: str = ""


@dataclass(frozen=True)
class Item:
    """One erasure, as a line says it."""

    id: str
    kind: str
    state: str
    state_label: str
    when: str
    by: str
    found: str
    is_running: bool


@dataclass(frozen=True)
class Erasures:
    """A page of them; only the first has a form, whose countries and kinds of what is found are these."""

    items: tuple[Item, ...]
    countries: tuple[tuple[str, str], ...]
    counts: tuple[Count, ...]
    following: str | None
    is_first: bool


@dataclass(frozen=True)
class OneErasure:
    """One with everything that it found; `left` is what others have to see to."""

    item: Item
    whom: str | None
    ended: str
    counts: tuple[Count, ...]
    left: tuple[str, ...]
    leads: tuple[tuple[str, str], ...]
    more: int


async def show_erasures(visit: AnyVisit) -> Shown:
    """The form, and what was erased so far."""
    asked = visit.asked(PageQuery)
    scope = ("ui/operator/erasures", "", visit.caller.tenant, visit.caller.person)
    after = page_tokens.read(asked.page_token, ERASURE_ID, *scope) if asked.page_token else None
    found, following = await list_erasures(ports=visit.app.ports, after=after, top=asked.top)
    words = visit.words
    view = Erasures(
        items=tuple(_item(one, words) for one in found),
        countries=words.countries() if after is None else (),
        counts=tuple(Count(code, label) for code, label in _kinds(words).items()),
        following=page_tokens.make(following, *scope) if following else None,
        is_first=after is None,
    )
    return Shown("operator/erasures.html", view)


async def show_erasure(visit: AnyVisit) -> Shown:
    """One of them, asked for again while it goes on."""
    erasure_id = visit.path["erasureId"]
    if not ERASURE_ID.fullmatch(erasure_id):
        raise NotFound
    seen = await read_erasure(ports=visit.app.ports, erasure_id=erasure_id)
    erasure, words = seen.erasure, visit.words
    view = OneErasure(
        item=_item(erasure, words),
        whom=erasure.value,
        ended=words.moment(stamped(erasure.ended_at)),
        counts=_counts(erasure, words),
        left=tuple(
            ": ".join(filter(None, (words.label("erasureLeft", one.kind), one.partner_id, one.name)))
            for one in erasure.left
        ),
        leads=tuple(seen.leads[:LEADS_SHOWN]),
        more=len(seen.leads) - LEADS_SHOWN,
    )
    return Shown("operator/erasure.html", view)


def _kinds(words: Words) -> dict[str, str]:
    """What may be found, by the interface's names, in the order that matters to a person."""
    say = words.say
    return {
        "leads": say("Leads of the person"),
        "mentions": say("Other people's leads that name it"),
        "submissions": say("Submissions that wait"),
        "payloads": say("Submissions as they came"),
        "events": say("Events with typed text"),
        "feedback": say("Feedback on leads"),
        "exports": say("Exports"),
        "deliveries": say("Answers of receivers"),
        "mails": say("Records of mails"),
        "mutedAddresses": say("Addresses that are not mailed"),
        "listEntries": say("Block and allow lists"),
        "others": say("Other records"),
    }


def _counts(erasure: Erasure, words: Words) -> tuple[Count, ...]:
    # Each of its fields is a number, which a TypedDict does not say of all of them.
    found = cast("Mapping[str, int]", counts_view(erasure.counts))
    return tuple(Count(code, label, words.number(found[code])) for code, label in _kinds(words).items() if found[code])


def _item(erasure: Erasure, words: Words) -> Item:
    leads = erasure.counts.get("leads", 0)
    by = erasure.by.name or erasure.by.id
    return Item(
        id=erasure.id,
        kind=words.label("erasureKinds", erasure.kind),
        state=erasure.state,
        state_label=words.label("erasureStates", erasure.state),
        when=words.moment(stamped(erasure.created_at)),
        by=words.say("the clock") if erasure.kind is ErasureKind.RETENTION else by,
        found=words.say("1 lead") if leads == 1 else words.say("%(count)s leads", count=words.number(leads)),
        is_running=not erasure.has_ended,
    )
