"""`make bench`: what each operation costs storage, row by row; bench.simulate counts on it.

People's verbs and the timers' first; then telling in its two stages, the relay (`publish_events`) and the lanes of what
it wrote (`deliver_events`), so that what a run, a partner and a lead cost can be told apart. Requests and rows are
counted at the transport, so they are the same on every machine; CPU is this process's, the counting included, and for
verbs that of the use case alone (the edge's stands in bench.main_job). Mail and webhook go to fakes, so what calling
them costs is not among it.
"""

import asyncio
import re
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from bench.figures import title
from local.azurite import Azurite
from shared import app
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports import blobs
from shared.storage.tables import connect
from shared.usecases.leads.read_leads import read_lead
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.publish import publish_events
from tests.builders import AT, submission_body, unique
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.steps import TIMERS, answer, budget, listed, run_timers, submit
from tests.transports import RoundTrips

SHAPES = ((1, 1), (1, 10), (10, 1))
"""Partners, and leads of each: enough to tell a run from a partner from a lead."""
TIMES = 9


class Rows(RoundTrips):
    """Counts requests, and the rows that are written and read in each table."""

    def reset(self) -> None:
        """Count from zero."""
        super().reset()
        self.rows: Counter[str] = Counter()

    async def send(self, request: Any, **options: Any) -> Any:
        """Send it and read the answer, so that its rows can be counted."""
        response = await super().send(request, **options)
        path = unquote(urlsplit(request.url).path)
        if path.endswith("$batch"):
            body = request.content if hasattr(request, "content") else request.body
            text = unquote(body.decode() if isinstance(body, bytes) else str(body))
            self.rows.update(re.findall(r"^(?:PUT|POST|DELETE|MERGE|PATCH) \S*/(\w+)[( ]", text, re.MULTILINE))
            return response
        table = re.split(r"[(]", path.rpartition("/")[2])[0]
        if request.method == "GET":
            await response.read()
            self.rows[table] += response.content.count(b'"RowKey"')
        else:
            self.rows[table] += 1
        return response


@dataclass(frozen=True)
class Cost:
    """Requests one after the other and in all, rows of the agenda and of partners, milliseconds of CPU."""

    sequential: float
    requests: float
    agenda: float
    leads: float
    cpu: float

    @classmethod
    def middle(cls, of: Sequence["Cost"]) -> "Cost":
        """The median of each."""
        return cls(*(statistics.median(values) for values in zip(*(vars(cost).values() for cost in of), strict=True)))

    def minus(self, other: "Cost", parts: int) -> "Cost":
        """What this costs more than another, for each of so many parts."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Cost(*((mine - theirs) / parts for mine, theirs in pairs))

    def line(self, name: str) -> str:
        """One line of the table."""
        return f"  {name:<26}" + "".join(f"{value:10.1f}" for value in vars(self).values())


async def main() -> None:
    """Print the verbs, then both stages, for partners with a webhook and for partners who are mailed."""
    title("What each operation costs")
    with Azurite(None) as azurite:
        settings = Settings(storage_connection=SecretStr(azurite.connection), email_dns=False)
        trips = Rows()
        tables, files = connect(settings, transport=trips), blobs.connect(settings)
        await tables.create()
        ports = replace(app.build(settings, tables, files).ports, mailer=FakeMailer(), receivers=FakeReceivers())
        ports = replace(ports, rules=replace(ports.rules, mails_per_minute=10_000, mails_per_hour=100_000))
        await _print_verbs(ports, trips)
        for mailed, name in ((False, "a webhook"), (True, "a mail")):
            found: dict[tuple[int, int], list[dict[str, Cost]]] = {shape: [] for shape in SHAPES}
            for _ in range(TIMES):
                for shape in SHAPES:
                    found[shape].append(await _told(ports, trips, *shape, mailed=mailed))
            _print(name, found)
        await tables.close()
        await files.close()


HEAD = "".join(f"{what:>10}" for what in ("in turn", "requests", "agenda", "leads", "CPU ms"))
"""Requests one after the other, requests, rows of the agenda, rows of partners' partitions."""


async def _print_verbs(ports: Ports, trips: Rows) -> None:
    source = await _partner(ports, mailed=False)
    partner = source.partner_id or ""
    made = [await _submitted(ports, source, number) for number in range(TIMES + 1)]
    at, late = AT + timedelta(hours=1), AT + timedelta(days=15)
    verbs: dict[str, Callable[[str], Awaitable[object]]] = {
        "intake": lambda lead: _submitted(ports, source, int(lead[-6:], 16)),
        "read a lead": lambda lead: read_lead(ports=ports, partner_id=partner, person="ann", lead_id=lead, at=at),
        "a page of ten": lambda _: listed(ports, source, at, top=10),
        "accept": lambda lead: answer(ports, source, lead, at=at),
        "win": lambda lead: answer(ports, source, lead, Action.WIN, at=at),
    }
    print(f"verbs, the median of {TIMES}:\n{'':<28}{HEAD}")
    for name, verb in verbs.items():
        # The first is a warm-up.
        costs = [await _cost(trips, verb(lead)) for lead in made][1:]
        print(Cost.middle(costs).line(name))
    # What the verb "intake" has made is left, and expires.
    expired = await _cost(trips, run_timers(ports, late, ["expire"]))
    print(expired.minus(Cost(0, 0, 0, 0, 0), TIMES + 1).line(f"expiry, each of {TIMES + 1}"))
    await run_timers(ports, late, [*TIMERS, "remind"])
    await _clear(ports, late)


async def _submitted(ports: Ports, source: LeadSource, number: int) -> str:
    """The id of a new lead; a person each, since whoever has many leads costs a read of each of them."""
    return (
        await submit(ports, source, submission_body(Title=str(number), Email=f"{number}@northwind.example"))
    ).lead_id


def _print(name: str, found: dict[tuple[int, int], list[dict[str, Cost]]]) -> None:
    print(f"telling, to {name}, the median of {TIMES}:\n{'':<28}{HEAD}")
    for stage in ("relay", "lanes"):
        one, more_leads, more_partners = (Cost.middle([told[stage] for told in found[shape]]) for shape in SHAPES)
        lead, partner = more_leads.minus(one, 9), more_partners.minus(one, 9)
        print(one.line(f"{stage}: one lead"))
        print(partner.line("  each further partner"))
        print(lead.line("  each further lead"))


async def _told(ports: Ports, trips: Rows, partners: int, leads: int, *, mailed: bool) -> dict[str, Cost]:
    """What both stages cost for so many new leads."""
    for _ in range(partners):
        source = await _partner(ports, mailed=mailed)
        for number in range(leads):
            await _submitted(ports, source, number)
    at = AT + timedelta(seconds=1)
    relay = await _cost(trips, publish_events(ports=ports, at=at, budget=budget()))
    lanes = await _cost(trips, deliver_events(ports=ports, now=lambda: at, budget=budget()))
    await _clear(ports, at)
    return {"relay": relay, "lanes": lanes}


async def _cost(trips: Rows, work: Awaitable[object]) -> Cost:
    trips.reset()
    began = time.process_time()
    await work
    spent = (time.process_time() - began) * 1_000
    return Cost(trips.sequential, trips.requests, trips.rows[keys.AGENDA], trips.rows[keys.LEADS], spent)


async def _clear(ports: Ports, at: datetime) -> None:
    """Follow mails to their end, so that the next measurement finds an empty agenda."""
    later = at + timedelta(minutes=5)
    for _ in range(3):
        await deliver_events(ports=ports, now=lambda: later, budget=budget())
    assert not await ports.agenda.due_to_tell(later + timedelta(hours=1), 1), "something is left to tell"


async def _partner(ports: Ports, *, mailed: bool) -> LeadSource:
    source = LeadSource(new_source_id(), unique(), "Marketplace", AT)
    partner = source.partner_id or ""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    if mailed:
        await ports.preferences.put(partner, Preferences("leads@contoso.example", digest_threshold=100))
        return source
    await ports.preferences.put(partner, Preferences(mail_kinds=()))
    secret = Secret("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=")
    hook = Webhook("a" * 16, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(secret,))
    await ports.webhooks.put(partner, hook, None)
    return source


if __name__ == "__main__":
    asyncio.run(main())
