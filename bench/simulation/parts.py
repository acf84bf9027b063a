"""How full each part is at the busiest minute of the year, and at which load it is full."""

import math
from dataclasses import dataclass

from bench.simulation.demand import timed_shares
from bench.simulation.queueing import fluid
from bench.simulation.telling import lane_limit
from bench.simulation.year import Programme, group_of


@dataclass(frozen=True)
class Part:
    """A part: what it takes at load 1 in its busiest minute, and what it can take, both a second.

    What it takes grows with the load.
    """

    name: str
    taken: float
    limit: float
    unit: str

    @property
    def full_at(self) -> float:
        """The load at which it is full."""
        return self.limit / self.taken if self.taken else math.inf

    @property
    def share(self) -> float:
        """How full it is at load 1."""
        return 1 / self.full_at


@dataclass(frozen=True)
class Rates:
    """What a minute asks of storage, a second: requests, rows of the agenda, rows of all partners; and CPU of HTTP."""

    requests: float
    agenda: float
    rows: float
    http_cpu: float
    calls: float


def rates_of(programme: Programme, minute: int, load: float = 1.0) -> Rates:
    """Of people, forms and deadlines; telling not among it."""
    p, d = programme.p, programme.demand
    leads, answers, timed = (load * part[minute] / 60 for part in (d.leads, d.answers, d.timed))
    reads, pages = answers * p.reads_an_answer, answers * p.pages_an_answer
    return Rates(
        requests=leads * p.intake_requests
        + reads * p.read_requests
        + pages * p.page_requests
        + answers * p.answer_requests
        + timed * p.deadline_requests,
        agenda=leads * p.intake_agenda + answers * p.answer_agenda + timed * p.deadline_agenda,
        rows=leads * p.intake_rows
        + reads * p.read_rows
        + pages * p.page_rows
        + answers * p.answer_rows
        + timed * p.deadline_rows,
        http_cpu=leads * p.intake_cpu + reads * p.read_cpu + 2 * pages * p.page_cpu + answers * p.answer_cpu,
        calls=leads + reads + 2 * pages + answers,
    )


def parts(programme: Programme, saturation: dict[str, float]) -> list[Part]:
    """All parts; `saturation` is the rate of events at which each way of telling is."""
    p, d, sizes = programme.p, programme.demand, programme.sizes
    minute = max(range(len(programme.rates)), key=programme.rates.__getitem__)
    events = programme.rates[minute]
    rates = rates_of(programme, minute)
    told = programme.group("queues", group_of(events))
    each = {"requests": told.requests / told.came, "agenda": told.agenda / told.came}
    agenda = rates.agenda + events * each["agenda"]
    rows = rates.rows + events * (p.relay_event_rows + p.lane_event_rows)
    shares = timed_shares(p)
    reminders = sum(share for _, kind, share in shares if kind == "remind") / sum(share for *_, share in shares)
    busiest_hour = reminders * max(sum(d.timed[at : at + 60]) for at in range(0, len(d.timed), 60)) / 3600
    mails = max(programme.mails_a_day(1.0)) / 86_400
    largest = sizes.shares[0]
    found = [
        Part("mails, usual quota", mails, p.mails_an_hour / 3600, "mails"),
        Part("agenda, one partition", agenda, p.partition_rows, "rows"),
        Part("agenda, eight partitions", agenda, 8 * p.partition_rows, "rows"),
        Part("the largest partner's partition", largest * rows, p.partition_rows, "rows"),
        Part("the largest partner's webhook", largest * events, lane_limit(p), "events"),
        Part("the storage account", rates.requests + events * each["requests"], p.account_requests, "requests"),
        Part("queue tell", told.a_second("tell_messages"), p.queue_messages, "messages"),
        Part("queue lanes", told.a_second("lane_messages"), p.queue_messages, "messages"),
        Part("HTTP instances", rates.http_cpu, p.http_instances * p.cores, "core-seconds"),
        Part("the timer of reminders", busiest_hour, p.run_rows / p.deadline_seconds, "leads"),
        Part("telling by a timer", events, saturation["timer"], "events"),
        Part("telling by queues", events, saturation["queues"], "events"),
    ]
    return sorted(found, key=lambda part: part.full_at)


def quota_wanted(programme: Programme, load: float) -> float:
    """Mails an hour that the quota must allow so that no mail waits for a day: those of the busiest day."""
    return max(programme.mails_a_day(load)) / 24


def mail_backlog(programme: Programme, load: float) -> float:
    """Mails that wait at the end of the year under the usual quota."""
    return fluid(programme.mails_a_day(load), programme.p.mails_an_hour * 24)[-1]
