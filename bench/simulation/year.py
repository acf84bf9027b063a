"""A year under a load: how long telling takes, what it uses, and how full each part is at the busiest minute.

A fluid model over the minutes of the year, and within them the event-by-event simulation of telling: minutes are
grouped by their rate of events, each group is simulated once at a steady rate, and its lags and costs count for as many
events and minutes as it stands for. What does not keep up is carried from minute to minute as a fluid: a partner's
webhook that takes fewer events than come, and all of telling where the rate passes what it can do.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bench.simulation.arrivals import Load
from bench.simulation.by_queues import by_queues
from bench.simulation.by_timer import by_timer
from bench.simulation.demand import Demand, Sizes, demand, kind_of_webhook, mails_of_day
from bench.simulation.parameters import Parameters
from bench.simulation.queueing import fluid, weighted_quantiles
from bench.simulation.telling import CROWDED, Told, lane_limit

SHARES = (0.5, 0.95, 0.99)
WAYS: dict[str, Callable[[Parameters, Sizes, Load], Told]] = {"timer": by_timer, "queues": by_queues}
STEP, LEAST = 1.5, 0.05
"""Rates are grouped by this factor, from so many events a second on."""
IDLE = -1
"""The group of minutes in which nothing comes."""
WAIT_STEP = 1.02
"""Waits of what does not keep up are counted in steps of two per cent."""
LATE_SECONDS = 900
"""When `GET /health` is degraded: from here on telling counts as saturated."""


@dataclass(frozen=True)
class Lag:
    """How long events took to be told: p50, p95 and p99 in seconds; `late` is the share of more than a quarter hour."""

    quantiles: tuple[float, ...]
    late: float


@dataclass
class Use:
    """What telling used in a year; `billed` are instance-seconds."""

    requests: float = 0.0
    executions: float = 0.0
    billed: float = 0.0
    messages: float = 0.0

    def add(self, told: Told, seconds: float) -> None:
        """So many seconds like those that were simulated."""
        part = seconds / told.seconds
        self.requests += told.requests * part
        self.executions += told.executions * part
        self.billed += told.billed * part
        self.messages += (told.tell_messages + told.lane_messages) * part


@dataclass
class Programme:
    """A programme's year: demand, partners, and what has been simulated of telling."""

    p: Parameters
    told: dict[tuple[str, int], Told] = field(default_factory=dict)

    @cached_property
    def demand(self) -> Demand:
        """What comes at load 1."""
        return demand(self.p)

    @cached_property
    def sizes(self) -> Sizes:
        """The partners."""
        return Sizes.of(self.p)

    @cached_property
    def rates(self) -> list[float]:
        """Events a second, of each minute at load 1."""
        return [self.demand.events(minute) / 60 for minute in range(len(self.demand.leads))]

    @cached_property
    def shares(self) -> dict[str, float]:
        """Parts of all events: those that timers record, and new leads."""
        whole = 60 * sum(self.rates)
        return {"timed": sum(self.demand.timed) / whole, "new": sum(self.demand.leads) / whole}

    def group(self, way: str, number: int) -> Told:
        """Telling at the rate of a group of minutes, simulated once."""
        if (way, number) not in self.told:
            self.told[way, number] = self.at_rate(way, 0.0 if number == IDLE else LEAST * STEP**number)
        return self.told[way, number]

    def at_rate(self, way: str, rate: float) -> Told:
        """Telling at a steady rate for ten minutes to four hours, by how busy it is."""
        shortest = 1_800 if rate < 100 else 900 if rate < 300 else 600
        seconds = min(max(40_000 / rate, shortest), 14_400) if rate else 3_600
        load = Load.steady(self.p, self.sizes, rate, 300 * round(seconds / 300), **self.shares)
        return WAYS[way](self.p, self.sizes, load)

    def saturation(self, way: str) -> float:
        """The rate from which telling as a whole does not keep up.

        By a timer: or p95 of its lag is late, within five per cent. By queues: where all instances of a function work
        all the time, at what an event costs at a hundred times the load.
        """
        p = self.p
        if way == "queues":
            told = self.group(way, group_of(100 * sum(self.rates) / len(self.rates)))
            relay, lane = told.relay_cpu / told.came, told.lane_cpu / told.came
            return p.cores * min(p.tell_instances / relay, p.lane_instances / lane)
        least, most = 10.0, 1_000.0
        while most / least > 1.05:
            middle = math.sqrt(least * most)
            told = by_timer(p, self.sizes, Load.steady(p, self.sizes, middle, 3_600, **self.shares))
            late = weighted_quantiles([(lag, 1) for lag in told.lags], [0.95])[0] > LATE_SECONDS
            least, most = (least, middle) if late or not told.keeps_up else (middle, most)
        return least

    def lag_and_use(self, way: str, load: float, capacity: float) -> tuple[Lag, Use]:
        """A year at so many times the load; `capacity` is the rate that telling as a whole keeps up with."""
        use, minutes, events = Use(), Counter[int](), defaultdict[int, float](float)
        most = max(0, math.floor(math.log(capacity / LEAST, STEP)))
        for rate in self.rates:
            number = min(group_of(rate * load), most)
            minutes[number] += 1
            events[number] += 60 * rate * load
        for number, count in minutes.items():
            use.add(self.group(way, number), 60 * count)
        if not load:
            return Lag((0.0,) * len(SHARES), 0.0), use
        lanes, crowded = self._lane_waits(load)
        late = self._waits([rate * load for rate in self.rates], capacity)
        # What waits for all of telling, or for its own lane, waits for nothing else that counts beside it.
        own = 1 - crowded
        on_time = 1 - sum(late.values()) / sum(events.values())
        values = [(lag, weight * own * on_time) for lag, weight in self._lags(way, events)]
        values += [*((lag, weight * own) for lag, weight in late.items()), *lanes.items()]
        slow = sum(weight for lag, weight in values if lag > LATE_SECONDS)
        return Lag(tuple(weighted_quantiles(values, SHARES)), slow / sum(weight for _, weight in values)), use

    def hour(self, way: str, load: float) -> tuple[list[float], list[float]]:
        """p50, p95 and p99 of the busiest hour: as the groups of its minutes say, and event by event."""
        starts = range(0, len(self.rates), 60)
        start = max(starts, key=lambda at: sum(self.rates[at : at + 60]))
        rates = [rate * load for rate in self.rates[start : start + 60]]
        events = defaultdict[int, float](float)
        for rate in rates:
            events[group_of(rate)] += 60 * rate
        told = WAYS[way](self.p, self.sizes, Load.minutes(self.p, self.sizes, rates, **self.shares))
        by_groups = weighted_quantiles(self._lags(way, events), SHARES)
        return by_groups, weighted_quantiles([(lag, 1) for lag in told.lags], SHARES)

    def _lags(self, way: str, events: Mapping[int, float]) -> list[tuple[float, float]]:
        """Lags of groups, each weighed by the events that it stands for."""
        values: list[tuple[float, float]] = []
        for number, weight in events.items():
            lags = sorted(self.group(way, number).lags)
            lags = lags[:: max(1, len(lags) // 2_000)]
            values += [(lag, weight / len(lags)) for lag in lags]
        return values

    def _waits(self, rates: list[float], capacity: float) -> dict[float, float]:
        """Events by how long they wait where more come than are told."""
        found = defaultdict[float, float](float)
        if max(rates) <= capacity:
            return found
        for rate, left in zip(rates, fluid((60 * rate for rate in rates), 60 * capacity), strict=True):
            if left:
                found[_stepped(left / capacity)] += 60 * rate
        return found

    def _lane_waits(self, load: float) -> tuple[dict[float, float], float]:
        """The same for partners whose webhook alone does not keep up at times, and their part of all events."""
        limit, found, crowded = lane_limit(self.p), defaultdict[float, float](float), 0.0
        busiest = max(self.rates) * load
        for rank, share in enumerate(self.sizes.shares):
            if share * busiest <= CROWDED * limit:
                break
            if kind_of_webhook(self.p, rank) != "works":
                continue
            crowded += share
            # Those that do not wait take one call's time.
            coming = [60 * rate * load * share for rate in self.rates]
            for events, left in zip(coming, fluid(coming, 60 * limit), strict=True):
                found[_stepped(left / limit + self.p.calls_at_once / limit)] += events
        return found, crowded

    def mails_a_day(self, load: float) -> list[float]:
        """Mails of each day: new leads one by one, digests, warnings, and declined customers."""
        p, warned = self.p, self.p.accepted + self.p.declined
        declined = p.declined * p.customers_mailed
        found = []
        for leads in self.demand.day_leads:
            alone, digests = mails_of_day(p, self.sizes, leads * load, p.digest_threshold)
            # One a day and partner that has a lead near its expiry, and one about those that expired.
            expiring, _ = mails_of_day(p, self.sizes, leads * load * (1 - warned) / p.mailed, 1)
            found.append(alone + digests + 2 * expiring + leads * load * declined)
        return found


def group_of(rate: float) -> int:
    """The number of the group of minutes with so many events a second."""
    return max(0, round(math.log(max(rate, LEAST) / LEAST, STEP))) if rate else IDLE


def _stepped(wait: float) -> float:
    return WAIT_STEP ** round(math.log(max(wait, 1e-3), WAIT_STEP))
