"""Telling by two queues, event by event: a message for a partner, then one for each lane, and instances that scale."""

from collections.abc import Callable
from typing import Any

from bench.simulation.arrivals import Load
from bench.simulation.demand import Sizes
from bench.simulation.parameters import Parameters
from bench.simulation.queueing import Clock, Group, Instance, Work
from bench.simulation.telling import Lane, Stage, Told


class _Queues:
    """Two queues and their functions' instances."""

    def __init__(self, stage: Stage, *, warm: bool) -> None:
        self._stage, self._p = stage, stage.p
        self._busy: set[Lane] = set()
        self.tell = _group(self._p, stage.clock, self._relay, self._p.tell_instances, warm=warm)
        self.lanes = _group(self._p, stage.clock, self._turn, self._p.lane_instances, warm=warm)

    def scale(self) -> None:
        """Decide, again and again."""
        self.tell.scale()
        self.lanes.scale()
        self._stage.clock.at(self._stage.clock.now + self._p.scale_seconds, self.scale)

    def retried(self, kind: str) -> None:
        """A lane whose receiver fails is due."""
        self.lanes.put((-1, kind))

    def _relay(self, partner: int, _: float) -> Work:
        stage, p = self._stage, self._p
        stage.told.requests += p.message_requests
        if partner not in stage.pending:
            # An earlier message's relay has taken its events.
            stage.told.requests += p.relay_requests / 2
            return Work(p.invoke_cpu + p.relay_cpu / 2, p.relay_trips / 2 * p.round_trip, lambda _: None)
        cpu, trips, woken = stage.relay(partner)

        def wake(_: float) -> None:
            for lane in woken:
                self.lanes.put(lane)

        return Work(p.invoke_cpu + cpu + p.put_cpu * len(woken), trips * p.round_trip, wake)

    def _turn(self, lane: Lane, _: float) -> Work:
        stage, p = self._stage, self._p
        stage.told.requests += p.message_requests
        if lane[0] < 0:
            turn = stage.retry(lane[1])
            return Work(p.invoke_cpu + turn.cpu, turn.wait, lambda _: None)
        if lane in self._busy or lane not in stage.lanes:
            stage.told.requests += p.lane_look_requests
            return Work(p.invoke_cpu, p.round_trip, lambda _: None)
        self._busy.add(lane)
        turn = stage.turn(lane)

        def over(_: float) -> None:
            self._busy.discard(lane)
            if stage.ended(turn):
                self.lanes.put(lane)

        return Work(p.invoke_cpu + turn.cpu, turn.wait, over)


def by_queues(p: Parameters, sizes: Sizes, load: Load, *, warm: bool = False) -> Told:
    """Told by two queues: a message for a partner with new events, then one for each lane with work.

    `warm` begins with as many instances as there may be, where scaling out is not what is asked about.
    """
    stage = Stage(p, sizes, load)
    told, queues = stage.told, _Queues(stage, warm=warm)
    stage.clock.at(p.scale_seconds, queues.scale)
    stage.run(load, queues.tell.put, queues.retried)
    net = load.seconds / p.net_seconds
    told.tell_messages, told.lane_messages = queues.tell.messages, queues.lanes.messages
    told.executions = told.tell_messages + told.lane_messages + net
    told.requests += net
    told.billed = queues.tell.billed + queues.lanes.billed + net * p.least_billed
    told.relay_cpu, told.lane_cpu = queues.tell.worked, queues.lanes.worked
    return told


def _group(p: Parameters, clock: Clock, begin: Callable[..., Work], most: int, *, warm: bool) -> Group[Any]:
    return Group(
        clock,
        begin,
        slots=p.messages_at_once,
        most=most,
        least_billed=p.least_billed,
        billed_step=p.billed_step,
        polls=(p.poll_least_seconds, p.poll_most_seconds),
        step=p.scale_step,
        cold=p.cold_seconds,
        kept=round(p.kept_seconds / p.scale_seconds),
        kept_last=round(p.kept_last_seconds / p.scale_seconds),
        from_zero=p.scale_seconds / 2,
        instances=[Instance() for _ in range(most if warm else 1)],
    )
