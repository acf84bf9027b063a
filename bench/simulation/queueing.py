"""The mechanics: a clock of events, instances with slots and one core each, a fluid queue, and what theory says."""

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Message = TypeVar("Message")


class Clock:
    """Actions at their times, in order."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Act at a time, after what was asked for before at the same one."""
        self._number += 1
        heapq.heappush(self._heap, (time, self._number, action))

    def run(self, until: float = math.inf) -> None:
        """Until nothing is left to do, or the time comes."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, action = heapq.heappop(self._heap)
            action()


@dataclass
class Instance:
    """One instance: executions side by side wait together and take turns on its core."""

    ready: float = 0.0
    core_free: float = 0.0
    executions: int = 0
    worked: float = 0.0
    billed: float = 0.0
    billed_until: float = 0.0

    def compute(self, now: float, cpu: float) -> float:
        """When so many seconds of CPU are done that are asked for now."""
        self.core_free = max(self.core_free, now) + cpu
        self.worked += cpu
        return self.core_free

    def bill(self, began: float, ended: float, least: float, step: float) -> None:
        """An execution: what overlaps is billed once, each for so long at the least, rounded up to a step."""
        until = began + max(least, math.ceil(round((ended - began) / step, 6)) * step)
        self.billed += max(0.0, until - max(began, self.billed_until))
        self.billed_until = max(self.billed_until, until)


@dataclass(frozen=True)
class Work:
    """What a message's execution takes: CPU first, then waiting; `ended` is called with when it is done."""

    cpu: float
    wait: float
    ended: Callable[[float], None]


@dataclass
class Group(Generic[Message]):
    """The instances of one queue's function, and the queue before them.

    `begin` gives the work of a message when it starts. `polls` are the shortest and the longest time between two looks
    into an empty queue; 0 both means that a message starts at once. `scale` is called by whoever drives the clock: it
    adds `step` instances at most, up to `most` in all, and takes away what none of the last `kept` calls wanted, the
    last one after `kept_last`.
    """

    clock: Clock
    begin: Callable[[Message, float], Work]
    slots: int
    most: int
    least_billed: float = 1.0
    billed_step: float = 0.1
    polls: tuple[float, float] = (0.0, 0.0)
    step: int = 4
    cold: float = 0.0
    kept: int = 0
    kept_last: int = 0
    from_zero: float = 0.0
    instances: list[Instance] = field(default_factory=list)
    gone: list[Instance] = field(default_factory=list)
    queue: deque[Message] = field(default_factory=deque)
    messages: int = 0
    _found: float = 0.0
    _asked: bool = False
    _wanted: list[int] = field(default_factory=list)

    def put(self, message: Message) -> None:
        """A message more."""
        self.queue.append(message)
        self.messages += 1
        now = self.clock.now
        if not self.instances and self.most:
            self.instances.append(Instance(ready=now + self.from_zero + self.cold))
            self._found = now + self.from_zero + self.cold
        self._ask(max(next_poll(self._found, now, *self.polls), self.instances[0].ready))

    def _ask(self, time: float) -> None:
        if not self._asked:
            self._asked = True
            self.clock.at(time, self._take)

    def _take(self) -> None:
        """Start what there are slots for."""
        self._asked, now = False, self.clock.now
        while self.queue:
            instance = self._free(now)
            if instance is None:
                return
            self._found = now
            self._start(instance, self.queue.popleft())

    def _free(self, now: float) -> Instance | None:
        """The instance with the fewest executions; of several the one whose core has rested longest."""
        found = None
        for instance in self.instances:
            if instance.executions >= self.slots or instance.ready > now:
                continue
            if found is None or (instance.executions, instance.core_free) < (found.executions, found.core_free):
                found = instance
        return found

    def _start(self, instance: Instance, message: Message) -> None:
        began = self.clock.now
        work = self.begin(message, began)
        instance.executions += 1
        end = instance.compute(began, work.cpu) + work.wait

        def over() -> None:
            instance.executions -= 1
            instance.bill(began, end, self.least_billed, self.billed_step)
            work.ended(end)
            if self.queue:
                self._ask(end)

        self.clock.at(end, over)

    def scale(self) -> None:
        """One decision."""
        now = self.clock.now
        # What is being worked on is still in the queue, hidden.
        length = len(self.queue) + sum(instance.executions for instance in self.instances)
        wanted = min(-(-length // self.slots), self.most)
        for _ in range(min(wanted - len(self.instances), self.step)):
            self.instances.append(Instance(ready=now + self.cold))
            self.clock.at(now + self.cold, self._take_more)
        self._wanted = [*self._wanted, wanted][-self.kept_last :]
        if self.kept and len(self._wanted) >= self.kept:
            least = 1 if any(self._wanted) or len(self._wanted) < self.kept_last else 0
            # It ends what it is working on, and begins nothing more.
            while len(self.instances) > max(least, *self._wanted[-self.kept :]):
                self.gone.append(self.instances.pop())

    def _take_more(self) -> None:
        if self.queue:
            self._ask(self.clock.now)

    @property
    def billed(self) -> float:
        """Instance-seconds."""
        return sum(instance.billed for instance in (*self.instances, *self.gone))

    @property
    def worked(self) -> float:
        """Seconds of CPU."""
        return sum(instance.worked for instance in (*self.instances, *self.gone))


def next_poll(found: float, now: float, least: float, most: float) -> float:
    """When a queue is looked at next that had its last message at `found`: pauses double from `least` to `most`."""
    if least <= 0 or now <= found:
        return now
    pause, looked = least, found
    while looked < now:
        if pause >= most:
            return looked + math.ceil((now - looked) / most) * most
        looked += pause
        pause = min(2 * pause, most)
    return looked


def fluid(arrivals: Iterable[float], capacity: float) -> list[float]:
    """What is left at the end of each period of a queue that takes `capacity` a period at most."""
    left, levels = 0.0, []
    for coming in arrivals:
        left = max(0.0, left + coming - capacity)
        levels.append(left)
    return levels


def busy_share(rate: float, seconds: float) -> float:
    """The share of time in which at least one execution is under way, of so many a second that last so long (M/G/∞)."""
    return -math.expm1(-rate * seconds)


def erlang_c(servers: int, load: float) -> float:
    """The share that has to wait in M/M/c; `load` is the arrival rate in parts of one server's."""
    if load >= servers:
        return 1.0
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def mean_wait_mmc(rate: float, service: float, servers: int) -> float:
    """The mean wait in M/M/c."""
    load = rate * service
    return erlang_c(servers, load) * service / (servers - load) if load < servers else math.inf


def mean_wait_mg1(rate: float, mean: float, square: float) -> float:
    """The mean wait in M/G/1 (Pollaczek and Khinchine); `square` is the mean of the squared service time."""
    return rate * square / (2 * (1 - rate * mean)) if rate * mean < 1 else math.inf


def weighted_quantiles(values: Sequence[tuple[float, float]], shares: Sequence[float]) -> list[float]:
    """The values that such shares of the weight do not exceed; pairs of value and weight. 0 each of nothing."""
    ordered = sorted(values)
    whole = sum(weight for _, weight in ordered)
    found, seen, at = [], 0.0, 0
    for share in sorted(shares):
        while at < len(ordered) and seen + ordered[at][1] < share * whole - 1e-12 * whole:
            seen += ordered[at][1]
            at += 1
        found.append(ordered[min(at, len(ordered) - 1)][0] if ordered else 0.0)
    return found
