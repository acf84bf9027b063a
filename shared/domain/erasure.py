"""Erasing a person's data (S4, S5): what is left of a lead, and the record of what was erased.

A lead keeps its id, status, outcome and times, where it came from and what it was worth; nobody can do anything with it
any more. Who is to be erased stands in the record as long as the work goes on, and not a moment longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.contact import fold_email, is_address, person_keys
from shared.domain.deadlines import REMINDERS
from shared.domain.events import Event, EventType
from shared.domain.lead import Actor, Customer, Deal, LastTransition, Lead, Quality, Validity
from shared.domain.lifecycle import Decision, settle
from shared.domain.traces import Traces, rewritten

RETENTION = Actor("timer", "run_erasures")
SETTLED = timedelta(minutes=2)
"""How long after it was asked for a pass must begin to be the last: whatever was under way then has ended."""
LEFT_MAX = 200
"""What is named of what is left to others; there may be more."""


class ErasureKind(StrEnum):
    """What is erased: a person by its address or number, one lead, or leads that were kept for long enough (S5)."""

    EMAIL = "email"
    PHONE = "phone"
    LEAD = "leadId"
    RETENTION = "retention"


PERSONS = (ErasureKind.EMAIL, ErasureKind.PHONE)
"""Those that are about a person, wherever it is named."""


class ErasureState(StrEnum):
    """How far it is."""

    NOT_STARTED = "notStarted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"


class Stage(StrEnum):
    """What a pass goes through, partner by partner as far as `SETTINGS`, then what is the programme's."""

    LEADS = "leads"
    ROWS = "rows"
    SETTINGS = "settings"
    HELD = "held"
    FEEDBACK = "feedback"
    LISTS = "lists"
    TABLES = "tables"


@dataclass(frozen=True)
class Place:
    """Where a pass goes on: `cursor` is the stage's own, '' at its start; `partner_id` '' before the first."""

    stage: Stage = Stage.LEADS
    partner_id: str = ""
    cursor: str = ""


class LeftKind(StrEnum):
    """What may hold a person's address or number still: what is a marketplace's or a partner's to change, and copies.

    Copies are what a partner's move left in its old account, until they are deleted there.
    """

    TABLE_ROW = "tableRow"
    REGISTRATION = "registration"
    PROFILE = "profile"
    PREFERENCES = "preferences"
    WEBHOOK = "webhook"
    PERSON = "person"
    COPY = "leftBehind"


@dataclass(frozen=True)
class Left:
    """Something that is left to others, and where it is: `name` says which of several."""

    kind: LeftKind
    partner_id: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Erasure:
    """One request to erase, or one turn of retention.

    `value` is the folded address, the number in E.164 (with `;ext=`) or the lead's id; an address or number stands
    there only until the work is done (`searched` is its digest, for good). `counts` is what was found so far by its
    kind, `found` how much of it in the pass under way, which began at `pass_began`; a pass that begins at `settles_at`
    or later and finds nothing is the last. `changed_at` is when a lead of the partner under way was changed last.
    `of_partner` is the one partner that is gone through, None for all.
    """

    id: str
    kind: ErasureKind
    searched: str
    by: Actor
    created_at: datetime
    value: str | None = None
    of_partner: str | None = None
    state: ErasureState = ErasureState.NOT_STARTED
    ended_at: datetime | None = None
    passes: int = 0
    pass_began: datetime | None = None
    settles_at: datetime | None = None
    changed_at: datetime | None = None
    found: int = 0
    place: Place = Place()
    counts: Mapping[str, int] = field(default_factory=dict)
    left: tuple[Left, ...] = ()

    @property
    def has_ended(self) -> bool:
        """True when nothing is to be done any more."""
        return self.ended_at is not None

    @property
    def is_nobodys(self) -> bool:
        """True for one of a person that does not say any more who that is."""
        return self.value is None and self.kind in PERSONS

    @property
    def traces(self) -> Traces | None:
        """What is looked for in texts; None where leads are named."""
        return traces_of(self.kind, self.value) if self.value and self.kind in PERSONS else None

    def counted(self, found: Mapping[str, int]) -> "Erasure":
        """This erasure with what was found since."""
        counts = {kind: self.counts.get(kind, 0) + found.get(kind, 0) for kind in {**self.counts, **found}}
        return replace(self, counts=counts, found=self.found + sum(found.values()))

    def leaves(self, left: Left) -> "Erasure":
        """This erasure with something more that is left to others."""
        return self if left in self.left or len(self.left) >= LEFT_MAX else replace(self, left=(*self.left, left))

    def begun(self, at: datetime) -> "Erasure":
        """This erasure at the start of a pass."""
        running = replace(self, state=ErasureState.RUNNING, passes=self.passes + 1, changed_at=None)
        return replace(running, pass_began=at, found=0, place=Place(partner_id=self.of_partner or ""))

    def again(self) -> "Erasure":
        """This erasure, to be done once more: what it took away may have come back with a copy of earlier days.

        Whom it was about is known by its leads that came back.
        """
        return replace(self, state=ErasureState.NOT_STARTED, ended_at=None, passes=0, pass_began=None, place=Place())

    def may_begin(self, at: datetime) -> bool:
        """True where the next pass is worth beginning: a first one at once, others when things have settled."""
        return self.passes == 0 or at >= (self.settles_at or self.created_at)

    def is_last(self) -> bool:
        """True where the pass that has come to its end was enough."""
        return (
            self.found == 0 and self.pass_began is not None and self.pass_began >= (self.settles_at or self.created_at)
        )

    def ended(self, at: datetime) -> "Erasure":
        """This erasure when it is done: whom it was about is forgotten, except which lead."""
        value = self.value if self.kind is ErasureKind.LEAD else None
        return replace(self, state=ErasureState.SUCCEEDED, ended_at=at, value=value, place=Place())


def traces_of(kind: ErasureKind, value: str) -> Traces:
    """What is looked for where this is to be erased."""
    if kind is ErasureKind.EMAIL:
        return Traces(email=value)
    number, _, extension = value.partition(";ext=")
    return Traces(phone=number, extension=extension or None)


def value_of(kind: ErasureKind, customer: Customer) -> str | None:
    """The address or number of a customer, as an erasure has it."""
    wanted = f"{kind}:"
    return next((key.removeprefix(wanted) for key in person_keys(customer) if key.startswith(wanted)), None)


def folded_address(email: str) -> str | None:
    """An address as an erasure has it; None for what is none."""
    folded = fold_email(email)
    return folded if is_address(folded) else None


def is_about(lead: Lead, traces: Traces) -> bool:
    """True for a lead of that person (V4)."""
    customer = lead.customer
    if traces.email:
        return bool(customer.email and traces.found_in(customer.email))
    if customer.phone_e164:
        return (customer.phone_e164, customer.phone_extension) == (traces.phone, traces.extension)
    return False


def without(lead: Lead, traces: Traces) -> Lead:
    """Somebody else's lead, in whose texts the person's address or number stands, without it."""
    cleaned = rewritten(lead, traces.taken_from)
    if traces.phone and lead.customer.phone_e164:
        # Its own number may look like this one at home, and is another one.
        cleaned = replace(cleaned, customer=replace(cleaned.customer, phone=lead.customer.phone))
    return cleaned


def blank(lead: Lead, at: datetime, by: Actor, traces: Traces | None = None) -> Decision:
    """The lead without its customer's data; no events where that was done (S4).

    What time has made of it comes first. It is a change of its own kind: neither status nor outcome moves.
    """
    settled = settle(lead, at)
    before = settled.lead
    if before.erased_at is not None:
        return Decision(lead)
    at = max(at, before.updated_at)
    this = LastTransition(EventType.ERASED, at, by)
    after = replace(
        before,
        erased_at=at,
        updated_at=at,
        version=before.version + 1,
        last_change=this,
        sequence=before.sequence + 1,
        do_not_contact=True,
        customer=Customer(country=before.customer.country),
        notes=None,
        search_terms=(),
        additional_fields={},
        contact_requested=False,
        flame_until=None,
        recheck_at=None,
        reminded=len(REMINDERS),
        email_validity=Validity.UNKNOWN,
        phone_validity=Validity.UNKNOWN,
        quality=Quality(),
        deal=_blank_deal(before.deal) if before.deal else None,
        closing=replace(before.closing, notes=None) if before.closing else None,
    )
    for wanted in (*([traces] if traces else []), *_traces_of(before.customer)):
        # What is not the customer's may name it all the same: a sender who asked for itself.
        after = rewritten(after, wanted.taken_from)
    event = Event(after.sequence, EventType.ERASED, at, by, before.status, after.status)
    return Decision(after, (*settled.events, event))


def _traces_of(customer: Customer) -> list[Traces]:
    found = ((kind, value_of(kind, customer)) for kind in PERSONS)
    return [traces_of(kind, value) for kind, value in found if value]


def _blank_deal(deal: Deal) -> Deal:
    return replace(deal, name="", purchase_timeframe=None, notes=None, crm_id=None, campaign_id=None, team=())


PLAIN_CHANGES = frozenset(
    (
        *("deal.amount", "deal.currency", "deal.purchaseDate"),
        *("closing.reason", "closing.amount", "closing.currency", "closing.closedOn"),
        *("activity.kind", "emailValidity", "expiresInDays", "passedOn.partner"),
    )
)
"""Changes of which a history keeps the values when its lead is erased: nobody types them, or they are only amounts."""


def blank_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What a history event of an erased lead still says of what was changed."""
    return {path: value for path, value in changes.items() if path in PLAIN_CHANGES}
