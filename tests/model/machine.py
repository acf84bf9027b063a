"""The machine: what people, senders, timers and storage may do, in any order; after it the reference knows what is.

A rule is one thing that happens. It says it to the reference and does it to the system, and what the system answers
must be what the reference says. Where storage gave no answer, whoever asked asks again fifteen seconds later, through
the other instance: what the first try has done is looked up, since both are right, and the second try must then answer
as the rule book says. A new rule is a method; what it does to leads it also says to `Reference`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from shared.domain.errors import Conflict, InvalidRequest, Refusal, Unavailable
from shared.domain.intake.held import HeldState
from shared.domain.lead import Actor, Deal, Status
from shared.domain.lifecycle import Action, Activity, ActivityKind, LeadAction
from shared.domain.notify import MailKind
from shared.domain.permissions import Caller
from shared.domain.programme.partner import LeadSource
from shared.domain.telling.preferences import Preferences
from shared.ports.delivery import ReceiverReply
from shared.ports.ports import Ports
from shared.usecases.exports.export_leads import SeenExport, cancel_export
from shared.usecases.exports.run_exports import run_exports
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.parked_input import assign, replay
from shared.usecases.intake.receive_lead import Received
from shared.usecases.intake.sent_leads import send_lead
from shared.usecases.leads.answer_lead import answer_lead, log_contact_attempt
from shared.usecases.leads.favorites import set_favorite
from shared.usecases.leads.read_leads import read_lead
from shared.usecases.outcomes.feedback import give_feedback
from tests import invariants
from tests.builders import AT, submission_body
from tests.exports import ask, stopping
from tests.model import reference as ref
from tests.model.looks import LOOK_AT_ALL_EVERY, LOOK_EVERY, Asked, Looks
from tests.model.system import TIMERS, URL, Trouble
from tests.steps import budget, submit, wish
from tests.transports import BEFORE, BUSY_AFTER, LOST, RACE

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AGAIN = timedelta(seconds=15)
"""When whoever got no answer asks again; an accept within ten seconds would have raced (L7)."""
PEOPLE = {name.lower(): Actor("person", name.lower(), name) for name in ("Ann", "Bob")}
DEAL = Deal("Rollout", Decimal("12000.00"), "EUR", purchase_date=(AT + 400 * DAY).date())
ANSWERS = {
    "accept": LeadAction(Action.ACCEPT, deal=DEAL),
    "decline": LeadAction(Action.DECLINE, reason="budget"),
    "win": LeadAction(Action.WIN),
    "lose": LeadAction(Action.LOSE, reason="budget"),
    "closeAsError": LeadAction(Action.CLOSE_AS_ERROR, reason="duplicateDeal"),
}
DOORS = ("marketplace", "form", "programme", "sender", "table")
JUMPS = (HOUR, 5 * HOUR, DAY, 3 * DAY, 7 * DAY, 15 * DAY, 190 * DAY)
WAITS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR, 6 * HOUR, 6 * HOUR, DAY, DAY)
"""At the end, until what was put off is tried again: at most six hours, and receivers are left alone for half a day."""
OUTSIDE = ("jump", "receiver fails", "name servers")
"""What does nothing to the system by itself, and so is not counted as a step."""

picks = st.integers(0, 999)
people = st.sampled_from(sorted(PEOPLE))
instances = st.integers(0, 1)
troubles = st.one_of(
    st.none(),
    st.none(),
    st.builds(Trouble, st.sampled_from([BEFORE, LOST, BUSY_AFTER, RACE]), st.integers(0, 9), st.just(False)),
    st.builds(Trouble, st.sampled_from([BEFORE, LOST]), st.integers(0, 9), st.just(True)),
)


async def _nothing() -> None:
    """What happens outside."""


class Model(Looks):
    """One partner's course of things."""

    # --- How a step is taken ----------------------------------------------------------------------------------------

    def step(self, name: str, work: Awaitable[None]) -> None:
        """Let a second pass, and take a step."""
        if name not in OUTSIDE:
            self.steps[name] += 1
        self.number += 1
        self.now += SECOND
        self.run(self._then_look(work))

    async def _then_look(self, work: Awaitable[None]) -> None:
        await work
        self._note_exports()
        if self.number % LOOK_AT_ALL_EVERY == 0:
            await self.look_at_everything()
        elif self.number % LOOK_EVERY == 0:
            await self.look()

    async def asked(
        self, instance: int, call: Callable[[Ports], Awaitable[Any]], trouble: Trouble | None
    ) -> tuple[Any, datetime | None]:
        """The answer to a call that reads `self.now`, and when it was tried before in vain."""
        self.disturbed = self.disturbed or trouble is not None
        answered = await self.system.by(instance, call, trouble)
        if not isinstance(answered, Unavailable):
            return answered, None
        assert trouble, "storage was in order"
        self.figures["asked again"] += 1
        first, self.now = self.now, self.now + AGAIN
        return await self.system.by(1 - instance, call, None), first

    def lead(self, pick: int) -> ref.RefLead:
        """One of the leads, the newest ones as a rule."""
        leads = list(self.known.leads.values())
        return leads[-1 - pick % min(len(leads), 12 if pick % 3 else len(leads))]

    @initialize()
    def begin(self) -> None:
        """A partner is registered, and a lead of each kind is there: what a course goes on with may bring no other."""
        self.run(self.system.begin())
        for kind in ref.KINDS:
            self.a_lead_comes("marketplace", kind, kind.is_hot, 0, None)
        for door in DOORS[1:]:
            self.a_lead_comes(door, ref.KINDS[0], False, 1, None)

    # --- Doors (I1 to I5, R1, V4) ------------------------------------------------------------------------------------

    @rule(door=st.sampled_from(DOORS), kind=st.sampled_from(ref.KINDS), keyed=st.booleans(), i=instances, t=troubles)
    def a_lead_comes(self, door: str, kind: ref.Kind, keyed: bool, i: int, t: Trouble | None) -> None:
        """A customer asks for something, at any door."""
        company = f"Firm {len(self.bodies):04}."
        if door == "form":
            kind = ref.Kind("", is_hot=True)
            body: Any = {"customer": {"company": company, "email": "kata@fabrikam.example"}, "share": True}
        elif door == "sender":
            kind = ref.Kind("", is_hot=True)
            body = {"qualification": "salesQualified", "customer": {"company": company}, "contactRequested": True}
        elif door == "table":
            kind = kind if not kind.is_test else ref.KINDS[0]
            person = {"FirstName": "Kata", "LastName": "Nagy", "Email": "kata@fabrikam.example", "Company": company}
            body = {"PartitionKey": "new", "ActionCode": kind.code, "CustomerInfo": json.dumps(person)}
        else:
            named = {"OfferTitle": self.system.offer} if door == "programme" else {}
            name = "MSFT_TEST_" if kind.is_test else "Ada"
            body = submission_body(Company=company, ActionCode=kind.code, FirstName=name, **named)
        self.bodies[company] = (door, body, kind)
        if door == "table":
            self.rows[company] = kind
            self.step("row", self.system.row(company, body))
        else:
            self.step(door, self._submit(company, f"key of {company}" if keyed else None, i, t))

    @precondition(lambda self: self.bodies)
    @rule(pick=picks, i=instances, t=troubles)
    def same_comes_again(self, pick: int, i: int, t: Trouble | None) -> None:
        """A sender sends again what it has sent before."""
        company = list(self.bodies)[-1 - pick % min(len(self.bodies), 8)]
        door, claim = self.bodies[company][0], self.known.claims.get(company)
        # What nobody took waits for the operator again, once it is of long ago; a row is read by its own rule.
        if door not in ("table", "unassigned") or (door == "unassigned" and claim and claim.holds(self.now + MINUTE)):
            key = f"key of {company}" if f"key of {company}" in self.known.claims else None
            self.step("again", self._submit(company, key, i, t))

    @rule(pick=picks)
    def same_comes_twice_at_once(self, pick: int) -> None:
        """A load balancer doubles a request: it is one lead (V4)."""
        company = f"Firm {len(self.bodies):04}."
        self.bodies[company] = ("marketplace", submission_body(Company=company), ref.KINDS[0])
        self.step("doubled", self._doubled(company))

    async def _doubled(self, company: str) -> None:
        both = await asyncio.gather(*(self.system.by(i, self._sending(company, None), None) for i in (0, 1)))
        assert all(isinstance(one, Received) for one in both), both
        assert both[0].lead_id == both[1].lead_id
        assert sorted(one.duplicate for one in both) == [False, True]
        self._born(company, company, both[0].lead_id, self.now)

    def _sending(self, company: str, key: str | None) -> Callable[[Ports], Awaitable[Received]]:
        door, body, _ = self.bodies[company]
        if door == "sender":
            submission = Submission(json.dumps(body).encode(), key=key)
            bo = Caller("operator", "bo", "Bo", is_operators=True, client="crm", email="bo@programme.example")
            named = {"partner_id": self.system.partner, "caller": bo, "submission": submission}
            return lambda ports: send_lead(ports=ports, **named, at=self.now)
        source: LeadSource = {
            "marketplace": self.system.door,
            "form": self.system.form,
            "programme": self.system.programme,
            "unassigned": self.system.programme,
        }[door]
        return lambda ports: submit(ports, source, body, key=key, at=self.now)

    async def _submit(self, company: str, key: str | None, i: int, t: Trouble | None) -> None:
        claim = key or company
        known = self.known.claims.get(claim)
        # A body counts for a day from when it made a lead; whether it does is decided when it comes.
        held_at_first = known is not None and known.holds(self.now)
        received, first = await self.asked(i, self._sending(company, key), t)
        assert isinstance(received, Received), received
        if known and known.holds(self.now):
            assert (received.lead_id, received.duplicate) == (known.lead, True)
            assert received.status == self.known.leads[known.lead].settle(self.now).status
        elif received.duplicate:
            # The first try had made it, as nobody heard.
            assert first is not None
            assert not held_at_first
            self._born(company, claim, received.lead_id, first)
        else:
            self._born(company, claim, received.lead_id, self.now)

    def _born(self, company: str, claim: str, lead_id: str, came: datetime) -> None:
        assert lead_id not in self.known.leads
        door, _, kind = self.bodies[company]
        by = {"marketplace": self.system.door, "form": self.system.form, "table": self.system.table}
        actor = "bo" if door == "sender" else by.get(door, self.system.programme).id
        self.known.leads[lead_id] = ref.RefLead(lead_id, company, kind, came, actor)
        if claim in self.known.claims:
            self.known.outlived.add(self.known.claims[claim].lead)
        self.known.claims[claim] = ref.Claim(lead_id, came, for_ever=claim != company or door == "table")

    @rule(i=instances, t=troubles)
    def rows_are_read(self, i: int, t: Trouble | None) -> None:
        """The marketplace's table is read (I3)."""
        self.step("table", self._read_rows(i, t))

    async def _read_rows(self, i: int, t: Trouble | None) -> None:
        self.disturbed = self.disturbed or t is not None
        await self.system.timer(i, "ingest_marketplace_table", self.now, t)
        before = self.now
        if t:
            self.now += AGAIN
            await self.system.timer(1 - i, "ingest_marketplace_table", self.now)
        stored = {one.customer.company: one for one in (await self._stored()).values()}
        for company in [one for one in self.rows if one not in self.known.claims]:
            lead = stored[company]
            assert lead.received_at in (before, self.now)
            self._born(company, company, lead.id, lead.received_at)

    @precondition(lambda self: any(claim.startswith("key of") for claim in self.known.claims))
    @rule(pick=picks, i=instances, t=troubles)
    def key_comes_with_other_content(self, pick: int, i: int, t: Trouble | None) -> None:
        """A sender uses a key again: it is kept and refused (V4)."""
        claims = [one for one in self.known.claims if one.startswith("key of")]
        claim = claims[pick % len(claims)]
        if self.bodies[claim.removeprefix("key of ")][0] == "marketplace":
            self.step("key reused", self._reuse(claim, i, t))

    async def _reuse(self, claim: str, i: int, t: Trouble | None) -> None:
        body = submission_body(Company=f"Other than {claim}")
        refused, _ = await self.asked(i, lambda ports: submit(ports, self.system.door, body, key=claim, at=self.now), t)
        assert isinstance(refused, Conflict), refused
        self.known.held.setdefault(json.dumps(body), "parked")

    @rule(pick=st.integers(0, 5), i=instances, t=troubles)
    def rubbish_comes(self, pick: int, i: int, t: Trouble | None) -> None:
        """What cannot be read is parked and refused (I5); a repeat is one row."""
        self.step("rubbish", self._rubbish(f"not json {pick}", i, t))

    async def _rubbish(self, text: str, i: int, t: Trouble | None) -> None:
        refused, _ = await self.asked(i, lambda ports: submit(ports, self.system.door, text.encode(), at=self.now), t)
        assert isinstance(refused, InvalidRequest), refused
        # One that is a lead by now is found again, and parked anew where it has not come for a day.
        came = self.known.came.get(text)
        if self.known.held.get(text) != "placed" or (came and self.now - came >= ref.DUPLICATE):
            self.known.held[text] = "parked"
        self.known.came[text] = self.now

    @rule(pick=st.integers(0, 3), i=instances, t=troubles)
    def nobodys_comes(self, pick: int, i: int, t: Trouble | None) -> None:
        """What no partner takes waits for the operator, who gives it to the partner (R1)."""
        company = f"Firm {len(self.bodies):04}."
        self.bodies[company] = ("unassigned", submission_body(Company=company, OfferTitle="Nobody's"), ref.KINDS[0])
        self.step("unassigned", self._unassigned(company, pick > 1, i, t))

    async def _unassigned(self, company: str, given: bool, i: int, t: Trouble | None) -> None:
        _, body, _ = self.bodies[company]
        source = self.system.programme
        waits, _ = await self.asked(i, lambda ports: submit(ports, source, body, at=self.now), t)
        assert isinstance(waits, Received), waits
        assert waits.status is HeldState.UNASSIGNED
        self.known.held[company] = "unassigned"
        if given:
            await self._give(company, waits.lead_id, 1 - i, t)

    async def _give(self, company: str, lead_id: str, i: int, t: Trouble | None) -> None:
        (held,) = [one for one in await self._held(HeldState.UNASSIGNED) if one.lead_id == lead_id]
        self.now += SECOND
        partner = self.system.partner
        given, first = await self.asked(
            i, lambda ports: assign(ports=ports, held_id=held.id, partner_id=partner, at=self.now), t
        )
        assert isinstance(given, Received), given
        assert given.lead_id == lead_id
        came = await self._came(lead_id, first)
        assert given.status == "received"
        self._born(company, company, lead_id, came)
        # Whoever sends it again meets its lead, for a day from when it came.
        self.known.claims[company].at = held.first_at
        self.known.held[company] = "placed"

    @precondition(lambda self: "parked" in self.known.held.values())
    @rule(i=instances, t=troubles)
    def parked_is_replayed(self, i: int, t: Trouble | None) -> None:
        """The operator mends what is parked, and sends it again (I5)."""
        self.step("replayed", self._replay(i, t))

    async def _replay(self, i: int, t: Trouble | None) -> None:
        held = (await self._held(HeldState.PARKED))[0]
        text = held.body.decode()
        company = f"Firm {len(self.bodies):04}."
        body = submission_body(Company=company)
        self.bodies[company] = ("marketplace", body, ref.KINDS[0])
        made, first = await self.asked(i, lambda ports: replay(ports=ports, held_id=held.id, body=body, at=self.now), t)
        assert isinstance(made, Received), made
        self._born(company, f"replayed {held.id} {held.first_at}", made.lead_id, await self._came(made.lead_id, first))
        assert self.known.held[text] == "parked"
        self.known.held[text] = "placed"

    async def _came(self, lead_id: str, first: datetime | None) -> datetime:
        """When a lead was made: now, or by a first try that nobody had an answer of."""
        stored = await self.system.ports.leads.get(self.system.partner, lead_id)
        assert stored is not None
        assert stored.lead.received_at in (self.now, first)
        return stored.lead.received_at

    # --- People (L1 to L8, Q2, Q6, M8) -------------------------------------------------------------------------------

    @precondition(lambda self: self.known.leads)
    @rule(
        pick=picks,
        action=st.sampled_from(sorted({name for _, name in ref.ACTIONS})),
        who=people,
        i=instances,
        t=troubles,
    )
    def lead_is_answered(self, pick: int, action: str, who: str, i: int, t: Trouble | None) -> None:
        """Somebody acts on a lead, whatever its status allows."""
        self.step(action, self._act(self.lead(pick), action, who, i, t))

    def _acting(self, lead: ref.RefLead, action: str, who: str) -> Callable[[Ports], Awaitable[Any]]:
        what = ANSWERS.get(action) or LeadAction(Action.EDIT, edits={"name": f"Deal {self.number}"})
        versions = frozenset({"*"}) if action == "edit" else None

        named = {"partner_id": self.system.partner, "lead_id": lead.id, "by": PEOPLE[who], "versions": versions}
        return lambda ports: answer_lead(ports=ports, answer=what, at=self.now, **named)

    async def _act(self, lead: ref.RefLead, action: str, who: str, i: int, t: Trouble | None) -> None:
        answered, first = await self.asked(i, self._acting(lead, action, who), t)
        if first is not None and await self._has(lead, first, who):
            assert lead.answer(action, first, who) == ref.DONE
            # An edit that is done changes nothing a second time.
            expected = ref.SAME if action == "edit" else lead.answer(action, self.now, who)
        else:
            expected = lead.answer(action, self.now, who)
        self._as_expected(lead, answered, expected)

    def _as_expected(self, lead: ref.RefLead, answered: Any, expected: str) -> None:
        if expected in (ref.DONE, ref.SAME):
            assert not isinstance(answered, Refusal), (answered, expected)
            assert (answered.lead.status, answered.lead.outcome) == (lead.status, lead.outcome)
        else:
            assert type(answered).__name__ == expected, (answered, expected)

    async def _has(self, lead: ref.RefLead, at: datetime, who: str) -> bool:
        """True where something this person did at that time is on record."""
        stored = await self.system.ports.leads.get(self.system.partner, lead.id)
        assert stored is not None
        events = await self.system.ports.leads.history(self.system.partner, lead.id, stored.lead.sequence, 1)
        return bool(events) and (events[0].at, events[0].by.id) == (at, who)

    @precondition(lambda self: self.known.leads)
    @rule(pick=picks, actions=st.sampled_from([("accept", "accept"), ("accept", "decline"), ("win", "lose")]))
    def two_are_as_fast(self, pick: int, actions: tuple[str, str]) -> None:
        """Two people act at once: one wins, the other learns of it (L7)."""
        self.step("raced", self._race(self.lead(pick), actions))

    async def _race(self, lead: ref.RefLead, actions: tuple[str, str]) -> None:
        calls = [(action, who, self._acting(lead, action, who)) for action, who in zip(actions, PEOPLE, strict=True)]
        both = await asyncio.gather(*(self.system.by(i, call, None) for i, (*_, call) in enumerate(calls)))
        # Whoever was answered was the first.
        order = sorted(zip(both, calls, strict=True), key=lambda one: isinstance(one[0], Refusal))
        for answered, (action, who, _) in order:
            before = lead.settle(self.now).status
            expected = lead.answer(action, self.now, who)
            assert isinstance(answered, Refusal) == (expected in (ref.EXPIRED, ref.REFUSED)), (before, answered)

    @precondition(lambda self: self.known.leads)
    @rule(pick=picks, who=people, i=instances, t=troubles)
    def attempt_is_logged(self, pick: int, who: str, i: int, t: Trouble | None) -> None:
        """Somebody has called the customer (L8); the key makes one sent again the same."""
        self.step("logged", self._log(self.lead(pick), who, i, t))

    async def _log(self, lead: ref.RefLead, who: str, i: int, t: Trouble | None) -> None:
        key = f"call {self.number}"
        said = Activity(ActivityKind.CALL, "Left a message.")
        named = {"partner_id": self.system.partner, "lead_id": lead.id, "activity": said, "by": PEOPLE[who]}
        answered, first = await self.asked(
            i, lambda ports: log_contact_attempt(ports=ports, **named, at=self.now, key=key), t
        )
        assert not isinstance(answered, Refusal), answered
        event, is_new = answered
        assert is_new or first is not None
        at = self.now if is_new else first
        assert event.at == at
        lead.log(at or self.now, who)

    @precondition(lambda self: self.known.leads)
    @rule(pick=picks, who=people, on=st.booleans(), i=instances, t=troubles)
    def lead_is_hearted(self, pick: int, who: str, on: bool, i: int, t: Trouble | None) -> None:
        """Somebody hearts a lead, or takes that back (Q2)."""
        self.step("hearted", self._heart(self.lead(pick), who, on, i, t))

    async def _heart(self, lead: ref.RefLead, who: str, on: bool, i: int, t: Trouble | None) -> None:
        named = {"partner_id": self.system.partner, "person": who, "lead_id": lead.id}
        answered, _ = await self.asked(i, lambda ports: set_favorite(ports=ports, favorite=on, **named), t)
        assert answered is None
        hearts = self.known.hearts.setdefault(who, set())
        (hearts.add if on else hearts.discard)(lead.id)

    @precondition(lambda self: self.known.leads)
    @rule(pick=picks, who=people, i=instances, t=troubles)
    def lead_is_opened(self, pick: int, who: str, i: int, t: Trouble | None) -> None:
        """Somebody looks at a lead, which is not new to them from then on (Q6)."""
        self.step("opened", self._open(self.lead(pick), who, i, t))

    async def _open(self, lead: ref.RefLead, who: str, i: int, t: Trouble | None) -> None:
        named = {"partner_id": self.system.partner, "person": who, "lead_id": lead.id}
        seen, _ = await self.asked(i, lambda ports: read_lead(ports=ports, **named, at=self.now), t)
        lead.settle(self.now)
        assert (seen.lead.status, seen.lead.outcome) == (lead.status, lead.outcome)
        self.known.opened.setdefault(who, set()).add(lead.id)

    @precondition(lambda self: self.known.leads)
    @rule(pick=picks, who=people, rating=st.integers(1, 5), i=instances, t=troubles)
    def lead_is_rated(self, pick: int, who: str, rating: int, i: int, t: Trouble | None) -> None:
        """Somebody says what a lead was worth, in place of what they said before (M8)."""
        self.step("rated", self._rate(self.lead(pick), who, rating, i, t))

    async def _rate(self, lead: ref.RefLead, who: str, rating: int, i: int, t: Trouble | None) -> None:
        named = {"partner_id": self.system.partner, "lead_id": lead.id, "by": PEOPLE[who], "text": None}
        said, _ = await self.asked(i, lambda ports: give_feedback(ports=ports, rating=rating, at=self.now, **named), t)
        assert not isinstance(said, Refusal), said
        lead.ratings[who] = rating

    @rule(threshold=st.integers(1, 4), kinds=st.booleans(), i=instances, t=troubles)
    def wishes_change(self, threshold: int, kinds: bool, i: int, t: Trouble | None) -> None:
        """The partner wants other mails (N2, N3)."""
        self.step("preferences", self._wish(threshold, kinds, i, t))

    async def _wish(self, threshold: int, kinds: bool, i: int, t: Trouble | None) -> None:
        wanted = (MailKind.CONTACT_ME, MailKind.PROFILE) if kinds else (MailKind.QUALIFIED,)
        self.wishes = Preferences("lena@contoso.example", digest_threshold=threshold, mail_kinds=wanted)
        held, _ = await self.asked(i, lambda ports: wish(ports, self.system.partner, self.wishes, self.now), t)
        assert isinstance(held, Preferences), held
        assert (held.digest_threshold, held.mail_kinds) == (threshold, wanted)

    # --- Exports (X1 to X5) ------------------------------------------------------------------------------------------

    @rule(status=st.sampled_from([None, "received", "accepted", "archived"]), i=instances, t=troubles)
    def export_is_asked_for(self, status: str | None, i: int, t: Trouble | None) -> None:
        """An export begins; timers go on with it while leads change."""
        if sum(not one.is_over for one in self.exports) < 3:
            self.step("export", self._export(status, i, t))

    async def _export(self, status: str | None, i: int, t: Trouble | None) -> None:
        matching = set(self.known.ids(self.now, status=status))
        filters: dict[str, Any] = {"status": frozenset({Status(status)})} if status else {}

        async def begin(ports: Ports) -> SeenExport:
            return await ask(ports, self.system.door, self.now, within=stopping(6), person="ann", **filters)

        seen = await self.system.by(i, begin, t)
        if isinstance(seen, Refusal):
            # It may stand all the same, without anybody who knows of it; then a timer writes it, for nobody.
            assert t
            assert isinstance(seen, Unavailable), seen
            self.now += AGAIN
            matching = set(self.known.ids(self.now, status=status))
            seen = await self.system.by(1 - i, begin, None)
        assert isinstance(seen, SeenExport), seen
        self.exports.append(Asked(seen, status, set(matching), set(matching)))
        await self._look_at_exports()

    @precondition(lambda self: any(not one.is_over for one in self.exports))
    @rule(pick=picks, i=instances)
    def export_is_cancelled(self, pick: int, i: int) -> None:
        """Whoever asked for an export wants it no more, now and then."""
        under_way = [one for one in self.exports if not one.is_over]
        if pick % 5 == 0:
            self.step("cancelled", self._cancel(under_way[pick % len(under_way)], i))

    async def _cancel(self, asked: Asked, i: int) -> None:
        export = asked.seen.export
        named = {"partner_id": export.partner_id, "export_id": export.id}
        answered = await self.system.by(i, lambda ports: cancel_export(ports=ports, **named, at=self.now), None)
        if isinstance(answered, Conflict):
            await self._look_at_exports()
        else:
            assert isinstance(answered, SeenExport), answered
            asked.is_over = True

    async def _finish_exports(self) -> None:
        """Let the timer run without an end of its budget, until every file is there."""
        for _ in range(10):
            if all(one.is_over for one in self.exports):
                return
            self.now += MINUTE
            self._note_exports()
            await run_exports(ports=self.system.ports, at=self.now, budget=budget())
            await self._look_at_exports()
        raise AssertionError(f"exports do not end: {self.exports}")

    # --- Time and the world ------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(sorted(set(TIMERS) - {"ingest_marketplace_table"})), i=instances, t=troubles)
    def timer_runs(self, name: str, i: int, t: Trouble | None) -> None:
        """A timer runs, at any time and in any order."""
        self.step(name, self._timer(name, i, t))

    @rule(i=instances, t=troubles)
    def events_are_told(self, i: int, t: Trouble | None) -> None:
        """The timer runs that tells."""
        self.step("told", self._timer("deliver_events", i, t))

    @rule(name=st.sampled_from(["deliver_events", "expire_leads", "run_exports", "send_digests"]), t=troubles)
    def both_run(self, name: str, t: Trouble | None) -> None:
        """A timer runs at both instances at the same time, and has trouble at one of them."""
        self.step(f"{name} twice", self._both(name, t))

    async def _both(self, name: str, t: Trouble | None) -> None:
        await asyncio.gather(self._timer(name, 0, None), self._timer(name, 1, t))

    async def _timer(self, name: str, i: int, t: Trouble | None) -> None:
        self.disturbed = self.disturbed or t is not None
        if name == "run_exports":
            self._note_exports()
        await self.system.timer(i, name, self.now, t)
        if name == "run_exports":
            await self._look_at_exports()

    @rule(jump=st.sampled_from(JUMPS))
    def time_passes(self, jump: timedelta) -> None:
        """Nothing happens for a while, timers neither."""
        self.step("jump", self._jump(jump))

    async def _jump(self, jump: timedelta) -> None:
        # Leads must not leave a filter unnoticed while a file is written, and files go after a day.
        await self._finish_exports()
        self.now += jump

    @rule(replies=st.lists(st.sampled_from([500, 503, 404, None]), min_size=1, max_size=4))
    def receiver_fails(self, replies: list[int | None]) -> None:
        """The partner's receiver fails the next few calls, or hangs."""
        self.has_failed = True
        waiting = self.system.receivers.answers.setdefault(URL, [])
        waiting += [ReceiverReply(one, "", 1) for one in replies]
        self.step("receiver fails", _nothing())

    @rule(answers=st.booleans())
    def name_servers_answer(self, answers: bool) -> None:
        """Name servers answer, or do not (V1)."""
        self.system.emails.answers = answers
        self.step("name servers", _nothing())

    # --- The end -----------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Whatever has happened: once everything works again and time has passed, all of it is told and done."""
        self.run(self._settle_down())

    async def _settle_down(self) -> None:
        if self.number:
            self.system.receivers.answers.clear()
            self.system.emails.answers = True
            await self._read_rows(0, None)
            await self._finish_exports()
            await self._until_nothing_is_due(list(TIMERS))
            await self.look_at_everything()
            self.now += 400 * DAY
            await self._until_nothing_is_due(await self.system.due(self.now))
            await self.look_at_everything()
            leads = await invariants.check(self.system.tables, self.system.partner, self.known.outlived, self.now)
            assert await invariants.orphans(self.system.tables, self.system.partner, leads) == []
            await self._everything_was_told(leads)
            self.figures["leads"] += len(leads)
            self.figures["mails"] += self.system.mailer.count
            self.figures["deliveries"] += len(self.system.receivers.taken)
        await self.system.end()

    async def _until_nothing_is_due(self, due: list[str]) -> None:
        """Let these timers run, then those that have something to do, longer and longer later."""
        for number, wait in enumerate(WAITS):
            self.now += wait
            for name in due:
                await self._timer(name, number % 2, None)
            due = await self.system.due(self.now)
            if not due:
                return
        raise AssertionError(f"still due: {due}")
