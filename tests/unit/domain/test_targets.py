"""Partners are held to the programme's targets, and to none by too few leads (M2)."""

from dataclasses import replace

import pytest

from shared.domain.insights import Figures, figures
from shared.domain.measures import Measure
from shared.domain.targets import (
    LEAST,
    Bound,
    Judged,
    PerformanceStatus,
    Target,
    Targets,
    TargetStatus,
    judged,
    status_of,
)

MET, MISSED, TOO_FEW = TargetStatus


def of(accepted: int = 0, declined: int = 0, expired: int = 0, won: int = 0, lost: int = 0, soon: int = 0) -> Figures:
    return figures(
        {
            Measure.RECEIVED: accepted + declined + expired,
            Measure.ACCEPTED: accepted,
            Measure.DECLINED: declined,
            Measure.EXPIRED: expired,
            Measure.WON: won,
            Measure.LOST: lost,
            Measure.CLOSED_WITHIN_60D: soon,
        }
    )


def statuses(found: Figures, targets: Targets | None = None) -> list[TargetStatus]:
    each = judged(found, targets or Targets())
    assert [one.target for one in each] == list(Target)
    return [one.status for one in each]


def test_m2_a_share_is_judged_exactly_at_its_target() -> None:
    assert statuses(of(80, 18, 2, won=6, lost=4, soon=5)) == [MET, MET, MET, MET]
    assert statuses(of(79, 19, 2, won=5, lost=5, soon=4)) == [MISSED, MET, MISSED, MISSED]
    # Of expiries fewer are wanted than the target says, so that many are too many.
    assert statuses(of(97, 0, 3))[:2] == [MET, MISSED]
    assert statuses(of(100, won=7))[2] is MET


@pytest.mark.parametrize("of_all", [LEAST - 1, LEAST])
def test_m2_too_few_leads_say_nothing(of_all: int) -> None:
    enough = of_all == LEAST
    assert statuses(of(declined=of_all))[:2] == ([MISSED, MET] if enough else [TOO_FEW, TOO_FEW])
    assert statuses(of(accepted=of_all))[2] is (MISSED if enough else TOO_FEW)
    assert statuses(of(accepted=50, lost=of_all))[3] is (MISSED if enough else TOO_FEW)
    assert statuses(Figures()) == [TOO_FEW] * 4


def test_m2_each_share_stands_with_its_numbers() -> None:
    each = judged(of(40, 8, 2, won=3, lost=18, soon=13), Targets(0.75, 0.05, 0.1, 0.6))
    assert each == (
        Judged(Target.ACCEPTED, MET, 0.8, 0.75, Bound.AT_LEAST, 40, 50),
        Judged(Target.EXPIRED, MET, 0.04, 0.05, Bound.BELOW, 2, 50),
        Judged(Target.WON, MISSED, 3 / 40, 0.1, Bound.AT_LEAST, 3, 40),
        Judged(Target.CLOSED, MET, 13 / 21, 0.6, Bound.AT_LEAST, 13, 21),
    )
    assert [one.count for one in judged(Figures(), Targets())] == [0, 0, 0, 0]


def test_m2_one_target_that_is_missed_is_enough() -> None:
    met, missed, few = (replace(judged(of(10), Targets())[0], status=status) for status in TargetStatus)
    assert status_of([met, few, few, few]) is PerformanceStatus.ON_TARGET
    assert status_of([met, missed, few, met]) is PerformanceStatus.BELOW_TARGET
    assert status_of([few, few]) is PerformanceStatus.TOO_FEW
