"""The process dies between any two steps of publishing and delivering, or an answer is lost; then it starts again.

In memory, so that every step can be tried; the contract suite holds the memory to what storage does.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared.domain.agenda import HintKind
from shared.domain.errors import Unavailable
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.dispatch import DispatchState
from shared.domain.telling.mails import MailState
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ports.delivery import MailAnswer, ReceiverReply, Sending
from shared.ports.rules import Rules
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.send_digests import send_digests
from shared.usecases.upkeep.reconcile import reconcile
from tests.builders import AT, DAY, submission_body, unique
from tests.fakes.ports import FakePorts, fake_ports
from tests.messages import Platform
from tests.steps import answer, budget, submit

STORES = ("agenda", "lanes", "mails", "webhooks", "preferences", "tallies", "leads", "receivers", "mailer")
HOOK = "a" * 16


class Died(Exception):
    """The process is gone: nothing after this happens."""


TELLING = {HintKind.PUBLISH, HintKind.DELIVER, HintKind.DIGEST}


class Breaking:
    """A port whose n-th call of all fails, before or after it took effect, once or from then on."""

    def __init__(self, inner: object, fails: Callable[[], bool], *, after: bool, dies: bool) -> None:
        self._inner, self._fails, self._after, self._dies = inner, fails, after, dies

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)

        async def call(*args: Any, **named: Any) -> Any:
            if not self._fails():
                return await real(*args, **named)
            if self._after:
                await real(*args, **named)
            raise Died if self._dies else Unavailable

        return call if callable(real) and name != "problem_with" else real


def breaking(ports: FakePorts, failing: int, *, after: bool, dies: bool) -> tuple[FakePorts, list[int]]:
    count = [0]

    def fails() -> bool:
        count[0] += 1
        return count[0] - 1 >= failing if dies else count[0] - 1 == failing

    changed = {name: Breaking(getattr(ports, name), fails, after=after, dies=dies) for name in STORES}
    return replace(ports, **changed), count


async def a_world(*, refused: bool = False) -> tuple[FakePorts, LeadSource, list[str]]:
    """A partner with a webhook, a preferred address, two answered and unanswered leads, and a digest to come.

    With `refused` the preferred address takes no mail, and the partner's contact comes next.
    """
    ports = fake_ports(Rules(operator_mail="operator@programme.example"))
    source = LeadSource("0" * 16, unique(), "Marketplace", AT)
    partner = source.partner_id or ""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT, operator_contact="op@contoso.example"))
    if refused:
        ports.mailer.ends["lena@contoso.example"] = MailAnswer(Sending.FAILED, "InvalidRecipient")
    await ports.preferences.put(partner, Preferences("lena@contoso.example", digest_threshold=2))
    hook = Webhook(HOOK, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    await ports.webhooks.put(partner, hook, None)
    made = []
    for n in range(4):
        at = AT + timedelta(seconds=n)
        made.append((await submit(ports, source, submission_body(Company=f"Company {n}"), at=at)).lead_id)
    await answer(ports, source, made[0], at=AT + timedelta(seconds=5))
    await answer(ports, source, made[0], Action.WIN, at=AT + timedelta(seconds=6))
    return ports, source, made


async def work(ports: FakePorts, at: datetime) -> None:
    """What the timers do in a while."""
    for wait in (0, 11, 120):
        await deliver_events(ports=ports, now=lambda wait=wait: at + timedelta(seconds=wait), budget=budget())
    await send_digests(ports=ports, at=at, budget=budget())
    for wait in (180, 240):
        await deliver_events(ports=ports, now=lambda wait=wait: at + timedelta(seconds=wait), budget=budget())


async def work_on_messages(ports: FakePorts, at: datetime) -> None:
    """What messages do in a while, in place of the timers, which have only the day to close."""
    platform = Platform(ports, at)
    await platform.run(at + timedelta(seconds=120))
    await send_digests(ports=ports, at=at, budget=budget())
    await platform.run(at + timedelta(seconds=400))


async def check(ports: FakePorts, source: LeadSource, made: list[str], told: str = "lena@contoso.example") -> None:
    partner = source.partner_id or ""
    bodies = [json.loads(packet.body) for _, _, packet in ports.receivers.taken]
    for lead_id in made:
        numbers = [body["sequence"] for body in bodies if body["data"]["id"] == lead_id]
        newest = ports.leads.rows[partner, lead_id].lead.sequence
        assert list(dict.fromkeys(numbers)) == list(range(1, newest + 1)), "each at least once, in order"
    left, _ = await ports.lanes.page(partner, HOOK, DispatchState.PENDING, None, 100)
    assert left == []
    letters = [(letter.to, letter.subject) for letter in ports.mailer.sent.values()]
    assert len(letters) == len(set(letters)) == ports.mailer.count, "no mail twice"
    subjects = [subject for to, subject in letters if to == told]
    ends = {one.state for one in ports.mails.records.values()}
    failed = {MailState.FAILED} if told != "lena@contoso.example" else set()
    assert ends <= {MailState.DELIVERED, MailState.SKIPPED, MailState.UNKNOWN, *failed}
    unknown = [one for one in ports.mails.records.values() if one.state is MailState.UNKNOWN]
    wanted = {"New lead: Company 1", "2 more leads, 4 in all (November 21, 2026)"}
    assert wanted - set(subjects) == set() or len(unknown) == len(wanted - set(subjects)), "sent, or shown as unknown"
    digests = [one for one in ports.mails.records.values() if one.notice == "digest"]
    assert len({one.to for one in digests}) == len(digests) <= 1 + len(failed), "one digest for each"


@pytest.mark.parametrize("begins", [work, work_on_messages], ids=["timers", "messages"])
@pytest.mark.parametrize("refused", [False, True], ids=["taken", "refused"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies", [False, True], ids=["one call fails", "the process dies"])
async def test_whatever_step_breaks_everything_is_told_once_or_more_and_mailed_once_or_less(
    begins: Callable[[FakePorts, datetime], Awaitable[None]], *, after: bool, dies: bool, refused: bool
) -> None:
    told = "op@contoso.example" if refused else "lena@contoso.example"
    failing, reached = 0, True
    while reached:
        ports, source, made = await a_world(refused=refused)
        broken, count = breaking(ports, failing, after=after, dies=dies)
        with suppress(Died, Unavailable):
            await begins(broken, AT + DAY)
        reached = count[0] > failing
        for hours in range(1, 30):
            await work(ports, AT + DAY + timedelta(hours=hours))
            if not {hint.kind for hint in ports.agenda.hints} & TELLING:
                # Nothing would be looked at any more.
                break
        await check(ports, source, made, told)
        failing += 1
    assert failing > 60


async def test_lost_hints_are_found_again() -> None:
    for lost in ("publish", "deliver", "digest"):
        ports, source, made = await a_world()
        broken, _ = breaking(ports, 60, after=False, dies=True)
        with suppress(Died, Unavailable):
            await work(broken, AT + DAY)
        ports.agenda.rows = {hint: row for hint, row in ports.agenda.rows.items() if hint.kind != lost}
        await reconcile(ports=ports, at=AT + 2 * DAY, budget=budget())
        for hours in range(49, 80):
            await work(ports, AT + timedelta(hours=hours))
        await check(ports, source, made)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.integers(0, 3)),
        st.tuples(st.just("accept"), st.integers(0, 3)),
        st.tuples(st.just("answers"), st.lists(st.sampled_from([200, 500, 429, None]), max_size=6)),
        st.tuples(st.just("run"), st.integers(1, 4000)),
        st.tuples(st.just("break"), st.integers(0, 60)),
    ),
    max_size=25,
)


@hypothesis_settings(max_examples=60)
@given(steps=steps)
async def test_w3_for_any_course_of_things_each_lead_is_told_in_order(steps: list[tuple[str, Any]]) -> None:
    """A model of lanes: leads come, are answered, receivers fail, runs break off; in the end everything was told."""
    ports, source, _ = await a_world()
    at = AT + timedelta(minutes=1)
    for number, (what, value) in enumerate(steps):
        open_leads = [row.lead for row in ports.leads.rows.values() if row.lead.status == "received"]
        match what:
            case "deliver":
                await submit(ports, source, submission_body(Company=f"{number}"), at=at)
            case "accept" if open_leads:
                await answer(ports, source, open_leads[value % len(open_leads)].id, at=at)
            case "answers":
                ports.receivers.answers["https://crm.example/hook"] = [ReceiverReply(one, "", 1) for one in value]
            case "run":
                at += timedelta(seconds=value)
                await deliver_events(ports=ports, now=lambda at=at: at, budget=budget())
            case "break":
                broken, _ = breaking(ports, value, after=bool(number % 2), dies=True)
                with suppress(Died, Unavailable):
                    await deliver_events(ports=broken, now=lambda at=at: at, budget=budget())
    ports.receivers.answers.clear()
    for hours in range(1, 40):
        await deliver_events(ports=ports, now=lambda hours=hours: at + timedelta(hours=hours), budget=budget())
    bodies = [json.loads(packet.body) for _, _, packet in ports.receivers.taken]
    for row in ports.leads.rows.values():
        numbers = [body["sequence"] for body in bodies if body["data"]["id"] == row.lead.id]
        assert list(dict.fromkeys(numbers)) == list(range(1, row.lead.sequence + 1))
