"""What a month costs: quantities from the simulation, prices from the parameters."""

import math
from dataclasses import dataclass

from bench.simulation.demand import DAYS
from bench.simulation.parameters import Parameters
from bench.simulation.parts import rates_of
from bench.simulation.queueing import busy_share
from bench.simulation.year import Programme, Use

MONTHS = 12
MAX_CORE = 0.7
"""How busy an HTTP instance's core gets before there is another."""


@dataclass(frozen=True)
class Bill:
    """Dollars a month, by what they are for."""

    lines: dict[str, float]

    @property
    def total(self) -> float:
        """The sum."""
        return sum(self.lines.values())


def billed_of(p: Parameters, calls: float, cpu: float) -> float:
    """Instance-seconds a second of HTTP: calls that overlap on an instance are billed once, a second at the least."""
    instances = max(1, math.ceil(cpu / (p.cores * MAX_CORE)))
    return instances * busy_share(calls / instances, p.least_billed)


def bill(programme: Programme, load: float, telling: Use) -> Bill:
    """A month of a year at so many times the load (0: nothing comes), with what telling used in the year."""
    p, d = programme.p, programme.demand
    requests = calls = billed = 0.0
    if load:
        for minute in range(len(d.leads)):
            rates = rates_of(programme, minute, load)
            requests += 60 * rates.requests
            calls += 60 * rates.calls
            billed += 60 * billed_of(p, rates.calls, rates.http_cpu)
    leads = p.leads_a_year * load
    mails = sum(programme.mails_a_day(load)) if load else 0.0
    # Each time all that the partner has, half a year's on the average.
    requests += p.exports_a_partner * leads / 2 / 1_000 * p.export_requests
    timers = p.other_timer_runs * DAYS
    requests += timers
    queue_requests = telling.messages * p.message_requests
    table_requests = requests + telling.requests - queue_requests
    executions = calls + timers + telling.executions + mails
    # A report of each mail comes to an instance of its own.
    year = DAYS * 86_400
    reports = year * busy_share(mails / year, p.least_billed)
    gb_second = p.memory_gb * p.price_gb_second
    lines = {
        "table requests": table_requests / 1e4 * p.price_table_requests,
        "queue requests": queue_requests / 1e4 * p.price_queue_requests,
        "storage, of the year's middle": MONTHS * leads / 2 * p.lead_kb / 1e6 * p.price_gb_stored,
        "executions": executions / 1e6 * p.price_million_executions,
        "HTTP": billed * gb_second,
        "HTTP, always ready": p.ready_instances * year * p.memory_gb * p.price_ready_gb_second,
        "telling": telling.billed * gb_second,
        "other timers": timers * p.least_billed * gb_second,
        "reports of mails": reports * gb_second,
        "mails": mails * p.price_mail,
        "logs": (executions * p.log_kb + leads * p.lead_log_kb) / 1e6 * p.price_gb_logs,
        "spans": table_requests * p.spans_kb / 1e6 * p.price_gb_logs,
    }
    return Bill({name: amount / MONTHS for name, amount in lines.items()})
