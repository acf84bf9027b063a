"""The earlier deals that a lead is like, in a fold of its page (M4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from shared.domain.lead import Outcome
from shared.domain.likelihood import Alike
from shared.http.shapes.lead_views import LeadView, MoneyView
from shared.http.shapes.similar_views import SimilarView
from shared.pages.words import Words


@dataclass(frozen=True)
class Deal:
    """A deal in three lines: whose it was, what became of it, and in what it is like the lead."""

    id: str
    company: str
    text: str
    alike: str


@dataclass(frozen=True)
class SimilarDeals:
    """The fold: its heading, and the deals, the most alike first."""

    heading: str
    deals: tuple[Deal, ...]


def similar_deals_of(found: Sequence[SimilarView], words: Words) -> SimilarDeals:
    """The fold of these deals."""
    return SimilarDeals(_heading(found, words), tuple(_deal(one, words) for one in found))


def _heading(found: Sequence[SimilarView], words: Words) -> str:
    """How many there are, how many of them were won, and the days that the one in the middle of these took."""
    if not found:
        return words.say("No similar deals yet")
    won = [one for one in found if one["lead"]["outcome"] == Outcome.WON]
    days = [one["daysToClose"] for one in won if one["daysToClose"] is not None]
    count = words.number(len(found))
    if not days:
        return words.say("Similar deals: %(count)s (none won)", count=count)
    return words.say(
        "Similar deals: %(count)s (%(won)s won, days to close: %(days)s)",
        count=count,
        won=words.number(len(won)),
        days=words.number(median_low(days)),
    )


def _deal(found: SimilarView, words: Words) -> Deal:
    lead, days = found["lead"], found["daysToClose"]
    worth = worth_of(lead)
    text = (
        words.label("outcomes", lead["outcome"]) if lead["outcome"] else words.label("statuses", lead["status"]),
        words.money(**worth) if worth else None,
        words.say("Days to close: %(days)s", days=words.number(days)) if days is not None else None,
    )
    company = lead["customer"]["company"] or words.say("Company not named")
    alike = ", ".join(_said(reason, found["words"], words) for reason in found["reasons"])
    return Deal(lead["id"], company, " · ".join(part for part in text if part), alike)


def worth_of(lead: LeadView) -> MoneyView | None:
    """What the deal came to: what was won, else what it was said to be worth."""
    if lead["closing"] and lead["closing"]["value"]:
        return lead["closing"]["value"]
    return lead["deal"]["value"] if lead["deal"] else None


def _said(reason: str, shared: Sequence[str], words: Words) -> str:
    said = words.label("likenesses", reason)
    return f"{said} ({', '.join(shared)})" if reason == Alike.NEED else said
