"""A standing and its targets in words, as the partner and the operator read them (M2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from babel.numbers import format_decimal, format_percent

from shared.domain.partner_order import PartnerField
from shared.domain.standing import WEIGHTS, Standing
from shared.domain.targets import Bound, Judged, PerformanceStatus, TargetStatus
from shared.pages.words import Words

SIGNS: Mapping[str, str] = {
    TargetStatus.MET: "good",
    TargetStatus.MISSED: "bad",
    TargetStatus.TOO_FEW: "unsure",
    PerformanceStatus.ON_TARGET: "good",
    PerformanceStatus.BELOW_TARGET: "bad",
}
"""The icon of a status, which is its colour, too."""
DASH = "–"


@dataclass(frozen=True)
class Goal:
    """One target of one partner."""

    label: str
    rate: str
    wanted: str
    numbers: str
    status: str
    sign: str


@dataclass(frozen=True)
class Fact:
    """A number with what it is of."""

    label: str
    text: str


def facts_of(standing: Standing, words: Words) -> tuple[Fact, ...]:
    """The standing, its parts with their weights, and how many outcomes are overdue."""
    named = (words.say("Responsiveness"), words.say("Reporting"), words.say("Fit"))
    parts = zip(named, (standing.responsiveness, standing.reporting, standing.fit), WEIGHTS, strict=True)
    return (
        Fact(words.label("partnerOrders", PartnerField.STANDING), points(standing.value, words)),
        *(
            Fact(
                name,
                words.say("%(points)s, weighs %(share)s", points=points(part.score, words), share=percent(w, words)),
            )
            for name, part, w in parts
        ),
        Fact(words.label("partnerOrders", PartnerField.OVERDUE), words.number(standing.overdue)),
    )


def goal_of(one: Judged, words: Words) -> Goal:
    """A target with what became of it."""
    wanted = percent(one.wanted, words)
    return Goal(
        label=words.label("targets", one.target),
        rate=percent(one.rate, words),
        wanted=words.say("below %(share)s", share=wanted)
        if one.bound is Bound.BELOW
        else words.say("at least %(share)s", share=wanted),
        numbers=words.say("%(some)s of %(all)s", some=words.number(one.count), all=words.number(one.of)),
        status=words.label("targetStatuses", one.status),
        sign=SIGNS[one.status],
    )


def percent(share: float | None, words: Words) -> str:
    """A share of 1 with a decimal where it has one, as targets do; a dash where there is none."""
    if share is None:
        return DASH
    pattern = words.locale.percent_formats[None].pattern.replace("#,##0", "#,##0.#")
    return format_percent(share, pattern, locale=words.locale)


def points(value: float, words: Words) -> str:
    """A standing or one of its parts, 0 to 1."""
    return format_decimal(value, "0.00", locale=words.locale)
