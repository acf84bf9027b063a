"""I5: whatever is submitted ends as a lead, as one that is known, or waiting with its bytes; never as our fault.

Ten thousand submissions of `tests/hostile.py` in each run. `HOSTILE_SEED` makes others, `HOSTILE_BODIES` more of them.
"""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.issuer import Issuer
from shared import app, clock
from shared.checks.email import MailAddresses
from shared.checks.phone import NumberingPlans
from shared.domain.intake.held import Held, HeldState
from shared.domain.programme.profile import Profile
from shared.http.auth import SigningKeys, TokenVerifier
from shared.http.rate_limit import TokenBuckets
from shared.ports.intake import StoredHeld
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import codec
from tests import hostile
from tests.fakes.intake import FakeHeldStore
from tests.fakes.ports import FakePorts, fake_ports
from tests.hostile import Sent, submissions
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P

SEED = int(os.environ.get("HOSTILE_SEED", hostile.SEED))
BODIES = int(os.environ.get("HOSTILE_BODIES", "10000"))
PARTS = 10
OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
LOOKED_AT = 50
"""Of so many leads, and of so many that wait, one is looked at from outside."""


@pytest.fixture
def ports() -> FakePorts:
    return replace(fake_ports(), held=Watched())


@pytest.fixture
async def checked(in_memory: Settings, ports: FakePorts, issuer: Issuer, fixed_clock: datetime) -> InProcess:
    """The endpoints on ports in memory, with the real readers of numbers and addresses, and no limit on how fast."""

    async def keys() -> dict[str, Any]:
        return issuer.keys()

    everything: Ports = ports
    everything = replace(everything, phones=NumberingPlans(), emails=MailAddresses(None))
    limits = app.limits(in_memory)
    limits.intake = limits.persons = limits.partners = TokenBuckets(1.0, 10**9, lambda: 0.0)
    app.use(app.App(in_memory, everything, TokenVerifier(in_memory, SigningKeys(keys), ports.partners), limits))
    return InProcess(issuer)


async def doors(api: InProcess, ports: FakePorts) -> dict[str, tuple[str, dict[str, str]]]:
    """Where each of the doors is, and what opens it."""
    found = {}
    body = {"name": "Contoso", "tenantIds": ["contoso"], "publisherIds": ["contoso"]}
    assert (await api.call("PUT", P, body, **OPERATOR)).status == 201
    await ports.listings.put_profile("contoso", Profile("Contoso", published=True), None)
    for name, where, kind in (("marketplace", P, "https"), ("form", P, "form"), ("programme", "", "https")):
        made = await api.call("POST", f"{where}/sources", {"name": name, "kind": kind}, **OPERATOR)
        found[name] = (f"/intake/{made.json['id']}", {"x-source-key": str(made.json["key"])})
    found["sender"] = (f"{P}/leads", {"authorization": f"Bearer {api.token('Sender', 'operator', 'sam')}"})
    return found


class Watched(FakeHeldStore):
    """Submissions that wait; `written` are those that were since somebody looked."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Held] = []

    async def add(self, held: Held) -> StoredHeld | None:
        made = await super().add(held)
        self.written += [held] if made else []
        return made

    async def replace(self, stored: StoredHeld, held: Held) -> StoredHeld:
        made = await super().replace(stored, held)
        self.written.append(held)
        return made

    def since(self) -> list[Held]:
        """What waits of what was written since this was asked last."""
        found, self.written = [one for one in self.written if one.state is not HeldState.PLACED], []
        return found


def end_of(sent: Sent, reply: Reply, ports: FakePorts, held: list[Held], leads: int) -> str:
    """`lead`, `duplicate`, `parked` or `unassigned`, each with nothing lost; anything else is what is wrong.

    `held` was written for it, and `leads` there were before.
    """
    payloads = ports.leads.payloads
    new, says = len(payloads) - leads, reply.json if reply.kind == "application/json" else None
    # What says the same in other bytes is a repeat, and the first one's bytes are there.
    whole = bool(held) and (held[0].body == sent.body or held[0].count > 1)
    if reply.status in (400, 409) and (new, len(held)) == (0, 1) and held[0].state is HeldState.PARKED:
        return "parked" if whole else "parked without its bytes"
    if reply.status in (200, 201) and (new, len(held)) == (0, 1) and held[0].state is HeldState.UNASSIGNED:
        return "unassigned" if whole else "waiting without its bytes"
    if reply.status in (200, 201) and (new, len(held)) == (1, 0):
        lead_id, payload = next(reversed(payloads.items()))
        if says and (says["id"], says["duplicate"]) != (lead_id, False):
            return "answered as another lead"
        return "lead" if payload.body == sent.body else "a lead without its bytes"
    if reply.status == 200 and (new, len(held)) == (0, 0):
        return "duplicate" if not says or (says["duplicate"] and says["id"] in payloads) else "a duplicate of nothing"
    if reply.status == 413 and (new, len(held)) == (0, 0) and len(sent.body) > hostile.BODY_MAX:
        return "too large"
    return f"answered {reply.status}, {new} leads and {len(held)} waiting more"


ENDS = {"lead", "duplicate", "parked", "unassigned", "too large"}


@pytest.mark.parametrize("part", range(PARTS))
async def test_i5_nothing_hostile_is_lost_or_breaks_anything(checked: InProcess, ports: FakePorts, part: int) -> None:
    where, held = await doors(checked, ports), ports.held
    assert isinstance(held, Watched)
    seed = SEED * PARTS + part
    ends: dict[str, int] = {}
    wrong = []
    for number, sent in enumerate(submissions(seed, BODIES // PARTS)):
        path, opens = where[sent.door]
        # What comes again in the same millisecond is taken for an attempt of ours to store the first.
        clock.offset = timedelta(milliseconds=number)
        leads = len(ports.leads.payloads)
        reply = await checked.call("POST", path, sent.body, headers={**sent.headers, **opens})
        end = end_of(sent, reply, ports, held.since(), leads)
        ends[end] = ends.get(end, 0) + 1
        if end not in ENDS or reply.status >= 500:
            wrong.append(f"{number} ({sent.kind} at {sent.door}): {end}; {sent.body[:200]!r} {sent.headers}"[:700])
    assert not wrong, f"{len(wrong)} with HOSTILE_SEED={SEED} in part {part}:\n" + "\n".join(wrong[:20])
    assert set(ends) == ENDS, "every end comes up, or this would hold of nothing"
    assert ends["lead"] > BODIES // PARTS // 20
    await looked_at(checked, ports)


async def looked_at(api: InProcess, ports: FakePorts) -> None:
    """Everything that was made of it can be stored, and some of it is shown."""
    for row in ports.leads.rows.values():
        codec.lead_columns(row.lead)
    for (partner_id, lead_id), row in list(ports.leads.rows.items())[::LOOKED_AT]:
        assert codec.load(type(row.lead), codec.lead_columns(row.lead)) == row.lead
        for path in (f"{P}/leads/{lead_id}", f"{P}/leads/{lead_id}/history", f"/ui/leads/{lead_id}"):
            reply = await api.call("GET", path, as_="Partner.Admin", tenant=partner_id)
            assert reply.status == 200, (path, reply.text)
    waiting = [row.held for row in ports.held.rows.values() if row.held.state is not HeldState.PLACED]
    for held in waiting:
        codec.dump(replace(held, body=b""))
    for held in waiting[::LOOKED_AT]:
        reply = await api.call("GET", f"/{held.state.value}/{held.id}", **OPERATOR)
        assert (reply.status, reply.json["id"]) == (200, held.id)


def test_the_same_seed_makes_the_same_submissions() -> None:
    assert list(submissions(7, 300)) == list(submissions(7, 300)) != list(submissions(8, 300))
    assert {sent.kind for sent in submissions(7, 300)} == {name for name, _ in hostile.KINDS}
