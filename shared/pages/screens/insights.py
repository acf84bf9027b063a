"""What a partner's leads have come to: the days and groups to choose, and the figures (M5)."""

import asyncio
from dataclasses import dataclass, replace

from shared.domain.errors import InvalidRequest
from shared.domain.insights import GroupBy
from shared.domain.targets import judged
from shared.http.shapes.insight_queries import InsightsQuery
from shared.pages.views.insights import ALWAYS, CHOSEN, Choice, Report, choice_of, report_of
from shared.pages.views.standing import Fact, Goal, facts_of, goal_of
from shared.pages.visits import Shown, Visit
from shared.usecases.outcomes.read_insights import read_insights_by
from shared.usecases.outcomes.read_standing import read_standing


@dataclass(frozen=True)
class Page:
    """What may be chosen, and the figures, None while what was asked for is no period; what is as of now is apart."""

    choice: Choice
    report: Report | None
    goals: tuple[Goal, ...] = ()
    standing: tuple[Fact, ...] = ()


async def show_insights(visit: Visit) -> Shown:
    """The figures of the days that the address names."""
    try:
        asked = visit.asked(InsightsQuery)
    except InvalidRequest as refusal:
        return Shown("insights/insights.html", Page(_refused(visit, refusal), None))
    period, chosen = asked.period(visit.at), asked.group_by or CHOSEN
    each: list[GroupBy] = list(dict.fromkeys((chosen, *ALWAYS)))
    ports, partner_id, words = visit.app.ports, visit.partner_id, visit.words
    found, stands = await asyncio.gather(
        read_insights_by(ports=ports, partner_id=partner_id, period=period, each=each),
        read_standing(ports=ports, partner_id=partner_id, at=visit.at),
    )
    report = report_of(dict(zip(each, found, strict=True)), chosen, words)
    choice = choice_of(period, asked.group_by, visit.at.date(), words)
    goals = tuple(goal_of(one, words) for one in judged(stands.figures, ports.rules.targets))
    return Shown("insights/insights.html", Page(choice, report, goals, facts_of(stands, words)))


def _refused(visit: Visit, refusal: InvalidRequest) -> Choice:
    """The form with what was typed, to be mended where it stands."""
    usual = choice_of(InsightsQuery().period(visit.at), None, visit.at.date(), visit.words)
    typed = {name: visit.query.get(name, "") for name in ("from", "to", "groupBy")}
    return replace(
        usual,
        first=typed["from"],
        last=typed["to"],
        group_by=typed["groupBy"] or usual.group_by,
        problems=tuple(visit.words.say(one.message) for one in refusal.details),
    )
