"""Telling by a timer, event by event: runs on one instance, as shared/usecases/telling/deliver.py makes them."""

import math
from collections import deque

from bench.simulation.arrivals import Load
from bench.simulation.demand import Sizes
from bench.simulation.parameters import Parameters
from bench.simulation.queueing import Instance
from bench.simulation.telling import Lane, Stage, Told, Turn


class _Run:
    """A timer's runs on one instance (`shared/usecases/telling/deliver.py`).

    A look relays one partner after another, and lanes begin when it is over; a run looks again while lanes are under
    way, and ends when none is, or at its budget.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage, self._p, self._clock = stage, stage.p, stage.clock
        self.instance = Instance()
        self._waiting: deque[Lane] = deque()
        self._retries: deque[str] = deque()
        self._under_way = self._handled = self._relays = 0
        self._busy: set[Lane] = set()
        self._running = self._looking = self._asked = False
        self._began = 0.0

    def tick(self) -> None:
        """The timer fires."""
        self._running, self._began, self._handled = True, self._clock.now, 0
        self._look()

    def retried(self, kind: str) -> None:
        """A lane whose receiver fails is due."""
        self._retries.append(kind)

    def stop(self, now: float) -> None:
        """Bill the run under way."""
        if self._running:
            self._over(now)

    def _over(self, now: float) -> None:
        self._running = False
        self.instance.bill(self._began, now, self._p.least_billed, self._p.billed_step)
        self._stage.told.executions += 1

    def _is_spent(self) -> bool:
        return self._clock.now - self._began >= self._p.run_seconds or self._handled >= self._p.run_rows

    def _look(self) -> None:
        self._asked, self._looking = False, True
        stage, p = self._stage, self._p
        page: deque[int] = deque()
        hints = 0
        for partner, events in stage.pending.items():
            if hints >= p.hints_at_once:
                break
            page.append(partner)
            hints += len(events)
        stage.told.requests += p.look_requests if page else 1
        ready = self.instance.compute(self._clock.now, p.look_cpu) + 2 * p.round_trip
        stage.told.relay_cpu += p.look_cpu
        self._relays = p.relays_at_once
        for _ in range(p.relays_at_once):
            self._clock.at(ready, lambda: self._relay(page, hints >= p.hints_at_once))

    def _relay(self, page: deque[int], more: bool) -> None:
        """The next partner of a look."""
        if not page or self._is_spent():
            self._relays -= 1
            if not self._relays:
                self._looked(more)
            return
        partner, stage = page.popleft(), self._stage
        self._handled += len(stage.pending[partner])
        cpu, trips, woken = stage.relay(partner)
        stage.told.relay_cpu += cpu
        self._waiting.extend(woken)
        ready = self.instance.compute(self._clock.now, cpu) + trips * self._p.round_trip
        self._clock.at(ready, lambda: self._relay(page, more))

    def _looked(self, more: bool) -> None:
        self._looking = False
        self._begin()
        if more and not self._is_spent():
            self._look()
        elif self._under_way:
            self._asked = True
            self._clock.at(self._clock.now + self._p.look_again_seconds, self._again)
        else:
            self._go_on()

    def _again(self) -> None:
        self._asked = False
        self._go_on()

    def _go_on(self) -> None:
        """Look again, wait for lanes, or end the run."""
        if self._looking or not self._running:
            return
        if self._under_way:
            if not self._asked and not self._is_spent():
                self._look()
            return
        if self._asked and not self._is_spent():
            # Nothing is under way: the run ends, and the look with it.
            self._asked = False
        self._over(self._clock.now)
        period = self._p.timer_seconds
        self._clock.at(max(math.ceil(round(self._clock.now / period, 6)) * period, self._began + period), self.tick)

    def _begin(self) -> None:
        """Work on lanes, as many as may be side by side."""
        blocked: list[Lane] = []
        while (self._waiting or self._retries) and self._under_way < self._p.lanes_most and not self._is_spent():
            if not self._waiting:
                self._lane(self._stage.retry(self._retries.popleft()))
            elif (lane := self._waiting.popleft()) in self._busy:
                blocked.append(lane)
            elif lane in self._stage.lanes:
                self._busy.add(lane)
                self._lane(self._stage.turn(lane))
        self._waiting.extendleft(reversed(blocked))

    def _lane(self, turn: Turn) -> None:
        self._under_way += 1
        self._stage.told.lane_cpu += turn.cpu
        self._clock.at(self.instance.compute(self._clock.now, turn.cpu) + turn.wait, lambda: self._ended(turn))

    def _ended(self, turn: Turn) -> None:
        self._under_way -= 1
        self._busy.discard(turn.lane)
        if self._stage.ended(turn):
            self._waiting.append(turn.lane)
        # While it looks, a run begins nothing.
        if not self._looking:
            self._begin()
            if not self._under_way:
                self._go_on()


def by_timer(p: Parameters, sizes: Sizes, load: Load) -> Told:
    """Told by a timer every few seconds, on one instance."""
    stage = Stage(p, sizes, load)
    run = _Run(stage)
    stage.clock.at(0.0, run.tick)
    told = stage.run(load, lambda _: None, run.retried)
    run.stop(load.seconds)
    told.billed = run.instance.billed
    return told
