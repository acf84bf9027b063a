"""Every number that the simulation of a year starts from, with its unit and where it comes from."""

from dataclasses import dataclass, field, fields
from typing import Any

OPERATIONS, MAIN_JOB, COST = (f"measured: python -m bench.{name}" for name in ("operations", "main_job", "cost"))
DEADLINES = "measured: python -m bench.deadlines"
CODE = "the product's own constant"
TEMPLATE = "infra/main.bicep"
ASSUMED = "assumed"
ESTIMATE = "ESTIMATE, to be replaced by a measured one"
PRICE = "assumed: list price in US dollars, East US, 2025"
TABLES = "https://learn.microsoft.com/azure/storage/tables/scalability-targets"
QUEUES = "https://learn.microsoft.com/azure/storage/queues/scalability-targets"
FLEX = "https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan"
MAIL = "https://learn.microsoft.com/azure/communication-services/concepts/service-limits"
POLLING = "read in Microsoft.Azure.WebJobs.Extensions.Storage, QueuePollingIntervals"
SCALING = "https://learn.microsoft.com/azure/azure-functions/event-driven-scaling"
TARGETS = "https://learn.microsoft.com/azure/azure-functions/functions-target-based-scaling"


def _is(value: Any, unit: str, source: str) -> Any:
    return field(default=value, metadata={"unit": unit, "source": source})


@dataclass(frozen=True)
class Parameters:
    """The programme, what operations cost, what Azure promises and what it takes for it."""

    # The programme.
    seed: int = _is(2026, "", ASSUMED)
    leads_a_year: float = _is(10_000_000, "leads", ASSUMED)
    partners: int = _is(5_000, "partners", ASSUMED)
    size_exponent: float = _is(1.0, "Zipf: the n-th largest has 1/n^this of the largest's leads", ASSUMED)
    zones: tuple[tuple[int, float], ...] = _is(((-5, 0.35), (1, 0.45), (8, 0.2)), "(hours from UTC, share)", ASSUMED)
    weekend_leads: float = _is(0.3, "of a weekday's", ASSUMED)
    weekend_people: float = _is(0.08, "of a weekday's", ASSUMED)
    month_end_days: int = _is(3, "days", ASSUMED)
    month_end_factor: float = _is(1.6, "times", ASSUMED)
    campaign_days: tuple[int, ...] = _is((130, 131, 132, 276, 277, 278), "day of the year, from 0", ASSUMED)
    campaign_factor: float = _is(3.0, "times", ASSUMED)
    campaign_rush: float = _is(3.0, "times, in the first two hours of a campaign (from 14 h UTC) besides", ASSUMED)
    accepted: float = _is(0.6, "of leads", ASSUMED)
    declined: float = _is(0.17, "of leads; the rest expires", ASSUMED)
    answered_after: tuple[float, ...] = _is(
        (0.35, 0.24, 0.13, 0.08, 0.05, 0.04, 0.03, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01),
        "of the answered, by whole days; weekends put most of it off",
        ASSUMED,
    )
    closed: float = _is(0.6, "of the accepted are won or lost", ASSUMED)
    closed_after_days: tuple[int, int] = _is((5, 60), "days, evenly between", ASSUMED)
    flames: float = _is(0.4, "of leads", ASSUMED)
    reads_an_answer: float = _is(2.5, "leads read for each answer or close", ASSUMED)
    pages_an_answer: float = _is(1.0, "pages of a list, with counts, for each answer or close", ASSUMED)
    exports_a_partner: float = _is(50.0, "a year, of all that the partner has", ASSUMED)
    with_webhook: float = _is(0.4, "of partners: the largest", ASSUMED)
    failing_every: int = _is(10, "each such webhook of these fails (10 %)", ASSUMED)
    hanging_every: int = _is(50, "each such webhook of these hangs (2 %)", ASSUMED)
    mailed: float = _is(0.4, "of new leads: contact me, profile", ASSUMED)
    customers_mailed: float = _is(0.6, "of declined leads", ASSUMED)
    reply_seconds: float = _is(0.2, "s, a receiver that works or fails", ASSUMED)
    mail_reply_seconds: float = _is(0.5, "s, the mail service", ASSUMED)

    # The product's own numbers.
    expiry_days: int = _is(14, "days", CODE)
    cooling_days: int = _is(3, "days", CODE)
    reminder_days: tuple[int, ...] = _is((7, 12, 13), "days after receipt", CODE)
    deadline_seconds: float = _is(300, "s between runs of a deadline's timer", CODE)
    run_rows: int = _is(20_000, "rows a run of a timer", CODE)
    run_seconds: float = _is(240, "s a run of a timer", CODE)
    relays_at_once: int = _is(1, "partners whose events a look relays side by side", CODE)
    relay_together: int = _is(45, "events in one transaction of the relay (ROWS_MAX), with a webhook", CODE)
    turn_seconds: float = _is(20, "s of a lane's turn", CODE)
    hints_at_once: int = _is(1_000, "hints a look", CODE)
    look_again_seconds: float = _is(0.5, "s", CODE)
    lanes_most: int = _is(192, "lanes side by side, of partners with none under way", CODE)
    calls_at_once: int = _is(4, "calls side by side of one webhook", CODE)
    mails_at_once: int = _is(10, "mails side by side of one lane", CODE)
    hang_seconds: float = _is(15, "s until a receiver that hangs is left", CODE)
    lane_rest_seconds: float = _is(900, "s a lane is left alone after many failures", CODE)
    attempts: float = _is(15, "tries of an event in three days", CODE)
    digest_threshold: float = _is(10, "mails a partner and day, then a digest", CODE)
    timer_seconds: float = _is(10, "s between runs of deliver_events, told by a timer", CODE)
    net_seconds: float = _is(60, "s between its runs as a net, told by queues", CODE)
    other_timer_runs: float = _is(5_904 - 1_440, "runs a day of all other timers", COST)

    # What operations cost.
    intake_requests: float = _is(3.0, "requests", COST)
    read_requests: float = _is(4.0, "requests", COST)
    page_requests: float = _is(3.0 + 7.0, "requests: a page and the counts", "docs/decisions/0006-round-trips.md")
    answer_requests: float = _is(5.0, "requests", COST)
    deadline_requests: float = _is(2.4, "requests for each lead due, of ten", OPERATIONS)
    intake_agenda: float = _is(4.0, "rows of the agenda", OPERATIONS)
    answer_agenda: float = _is(1.0, "rows of the agenda", OPERATIONS)
    deadline_agenda: float = _is(5.0, "rows of the agenda", OPERATIONS)
    intake_rows: float = _is(8.0, "rows of the partner's partition", OPERATIONS)
    read_rows: float = _is(2.0, "rows of the partner's partition", OPERATIONS)
    page_rows: float = _is(50.0, "rows of the partner's partition", "a page of 50")
    answer_rows: float = _is(8.0, "rows of the partner's partition", OPERATIONS)
    deadline_rows: float = _is(8.0, "rows of the partner's partition", OPERATIONS)
    export_requests: float = _is(1.5, "requests for a thousand rows", "docs/decisions/0008-exports.md")
    intake_cpu: float = _is(3.09e-3, "s", MAIN_JOB)
    read_cpu: float = _is(1.97e-3, "s", MAIN_JOB)
    page_cpu: float = _is(3.24e-3, "s", MAIN_JOB)
    answer_cpu: float = _is(3.82e-3, "s", MAIN_JOB)
    deadline_rate: float = _is(603, "leads a second that expire", DEADLINES)

    # Telling: a run's look, a partner's relay, each event of it; a lane's turn, each event of it.
    look_requests: float = _is(3.0, "requests", OPERATIONS)
    look_cpu: float = _is(2.2e-3, "s", OPERATIONS)
    relay_trips: int = _is(4, "round trips in turn, a partner", OPERATIONS)
    relay_requests: float = _is(4.0, "requests a partner", OPERATIONS)
    relay_cpu: float = _is(3.4e-3, "s a partner", OPERATIONS)
    relay_event_cpu: float = _is(0.1e-3, "s an event", OPERATIONS)
    relay_agenda: float = _is(1.0, "rows of the agenda, a partner", OPERATIONS)
    relay_event_agenda: float = _is(2.0, "rows of the agenda, an event", OPERATIONS)
    relay_event_rows: float = _is(4.0, "rows of the partner's partition, an event", OPERATIONS)
    lane_trips: int = _is(3, "round trips in turn, a webhook's turn, beside those of its events", OPERATIONS)
    lane_requests: float = _is(3.8, "requests a webhook's turn", OPERATIONS)
    lane_event_requests: float = _is(2.2, "requests an event of it", OPERATIONS)
    lane_cpu: float = _is(2.0e-3, "s a webhook's turn", OPERATIONS)
    lane_event_cpu: float = _is(1.5e-3, "s an event of it", OPERATIONS)
    call_cpu: float = _is(0.5e-3, "s a call of a receiver or of the mail service: as a storage request's", MAIN_JOB)
    lane_agenda: float = _is(2.0, "rows of the agenda, a turn", OPERATIONS)
    lane_event_rows: float = _is(5.2, "rows of the partner's partition, an event", OPERATIONS)
    mail_trips: int = _is(7, "round trips in turn, a mail lane's turn", OPERATIONS)
    mail_requests: float = _is(7.0, "requests a mail lane's turn", OPERATIONS)
    mail_event_requests: float = _is(2.0, "requests an event of it", OPERATIONS)
    mail_cpu: float = _is(4.0e-3, "s a mail lane's turn", OPERATIONS)
    mail_event_cpu: float = _is(1.4e-3, "s an event of it", OPERATIONS)
    follow_requests: float = _is(6.0, "requests: mails are followed to their end", "docs/decisions/0006-round-trips.md")

    # Telling by queues.
    put_requests: float = _is(1.0, "requests a message", COST)
    get_requests: float = _is(1.0, "requests a message", COST)
    delete_requests: float = _is(1.0, "requests a message", COST)
    put_cpu: float = _is(1.0e-3, "s a message, where it is put", MAIN_JOB)
    invoke_cpu: float = _is(1.0e-3, "s a message, host and worker of the function", ESTIMATE)
    lane_look_requests: float = _is(0.0, "requests: a lane that is somebody's is left to them", ESTIMATE)
    poll_least_seconds: float = _is(0.1, "s after a message was found, doubled while none is", POLLING)
    poll_most_seconds: float = _is(1.0, "s at most (maxPollingInterval; a minute by default)", "host.json")
    messages_at_once: int = _is(64, "messages side by side in an instance, its shares", CODE)
    tell_instances: int = _is(10, "instances at most, of the template's 40", ESTIMATE)
    lane_instances: int = _is(20, "instances at most, of the template's 40", ESTIMATE)
    scale_seconds: float = _is(30.0, "s between decisions to scale what is not HTTP", SCALING)
    scale_step: int = _is(4, "instances more at once", TARGETS)
    cold_seconds: float = _is(3.0, "s until a new instance works", ASSUMED)
    kept_seconds: float = _is(60.0, "s that an instance is kept that the queue does not want", ASSUMED)
    kept_last_seconds: float = _is(300.0, "s that the last one is", ASSUMED)

    # What Azure promises.
    round_trip: float = _is(8e-3, "s a storage request", ASSUMED)
    partition_rows: float = _is(2_000, "rows a second and partition", TABLES)
    account_requests: float = _is(20_000, "requests a second", TABLES)
    queue_messages: float = _is(2_000, "messages a second and queue", QUEUES)
    mails_a_minute: float = _is(30, "mails", MAIL)
    mails_an_hour: float = _is(100, "mails; more on request", MAIL)
    cores: float = _is(1.0, "cores an instance of 2 GB, each as fast as the one measured on", ASSUMED)
    http_instances: int = _is(10, "instances at most, of the template's 40", ASSUMED)
    memory_gb: float = _is(2.0, "GB", TEMPLATE)
    least_billed: float = _is(1.0, "s", FLEX)
    billed_step: float = _is(0.1, "s, rounded up to", FLEX)

    # What it takes for it.
    price_gb_second: float = _is(0.000026, "", PRICE)
    price_million_executions: float = _is(0.40, "", PRICE)
    price_ready_gb_second: float = _is(0.000004, "", PRICE)
    ready_instances: int = _is(1, "instances always ready for HTTP", "infra/prod.bicepparam")
    price_table_requests: float = _is(0.00036, "for 10,000", PRICE)
    price_queue_requests: float = _is(0.004, "for 10,000", PRICE)
    price_gb_stored: float = _is(0.045, "a GB and month", PRICE)
    price_mail: float = _is(0.00025, "", PRICE)
    price_gb_logs: float = _is(2.30, "a GB", PRICE)
    lead_kb: float = _is(10.0, "KB stored a lead", "docs/operations.md")
    log_kb: float = _is(1.0, "KB an execution", "docs/operations.md")
    lead_log_kb: float = _is(2.0, "KB a lead", "docs/operations.md")
    spans_kb: float = _is(2.5 * 0.9 * 0.1, "KB a storage request, a tenth kept", "docs/operations.md")

    def lines(self) -> list[str]:
        """A line for each: name, value, unit, source."""
        return [
            f"{part.name:<26}{getattr(self, part.name)!s:<14} {part.metadata['unit']} [{part.metadata['source']}]"
            for part in fields(self)
        ]

    @property
    def message_requests(self) -> float:
        """Requests that a message costs from its put to its end."""
        return self.put_requests + self.get_requests + self.delete_requests
