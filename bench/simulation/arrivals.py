"""What comes to be told in a simulated time: events, and the turns of lanes whose receivers fail or hang."""

import random
from dataclasses import dataclass
from typing import NamedTuple

from bench.simulation.demand import Sizes, retries
from bench.simulation.parameters import Parameters


class Arrival(NamedTuple):
    """An event: when, whose, and whether it is mailed."""

    time: float
    partner: int
    mailed: bool


@dataclass(frozen=True)
class Load:
    """Events in the order of their times, and the turns of lanes whose receivers fail or hang, for so many seconds."""

    seconds: float
    events: list[Arrival]
    retries: list[tuple[float, str]]

    @classmethod
    def steady(cls, p: Parameters, sizes: Sizes, rate: float, seconds: float, *, timed: float, new: float) -> "Load":
        """A rate of events a second, of which a share is `timed` and comes in the timer's runs; `new` are new leads."""
        return cls.minutes(p, sizes, [rate] * round(seconds / 60), timed=timed, new=new)

    @classmethod
    def minutes(cls, p: Parameters, sizes: Sizes, rates: list[float], *, timed: float, new: float) -> "Load":
        """The same, of rates that change by the minute."""
        chance = random.Random(p.seed)
        seconds, mean = 60.0 * len(rates), sum(rates) / len(rates)
        times: list[float] = []
        for minute, rate in enumerate(rates):
            at = 60.0 * minute
            while rate and (at := at + chance.expovariate(rate * (1 - timed))) < 60.0 * (minute + 1):
                times.append(at)
        run = p.deadline_seconds * chance.random() - p.deadline_seconds
        while run < seconds:
            # What fell due since the last run is recorded one after the other.
            due = len(_times(chance, mean * timed * p.deadline_seconds, 1.0))
            times += [at for n in range(due) if 0 <= (at := run + n / p.deadline_rate) < seconds]
            run += p.deadline_seconds
        events = [cls._event(p, sizes, mean, new, chance, time) for time in sorted(times)]
        retried = [
            (at, kind) for kind in ("fails", "hangs") for at in _times(chance, retries(p, sizes, mean, kind), seconds)
        ]
        return cls(seconds, events, sorted(retried))

    @staticmethod
    def _event(p: Parameters, sizes: Sizes, rate: float, new: float, chance: random.Random, time: float) -> Arrival:
        partner = sizes.pick(chance.random())
        mailed = new * p.mailed
        # After so many a day there is one digest.
        if (a_day := rate * 86_400 * sizes.shares[partner] * mailed) > p.digest_threshold:
            mailed *= p.digest_threshold / a_day
        return Arrival(time, partner, chance.random() < mailed)


def _times(chance: random.Random, rate: float, seconds: float) -> list[float]:
    found, at = [], 0.0
    while rate and (at := at + chance.expovariate(rate)) < seconds:
        found.append(at)
    return found
