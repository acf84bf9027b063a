"""What the use cases need from outside, as protocols; `shared/app.py` plugs the real parts in, tests the fakes.

Every method may raise `Unavailable` when the part behind it cannot be reached or gives no answer in time; nothing is
half-written then. Other errors are named where they occur. Times are UTC.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from shared.domain.contact_lists import ContactLists
from shared.domain.deadlines import Change, Hint, Windows
from shared.domain.dispatch import Dispatch, DispatchState, Lane
from shared.domain.events import Event
from shared.domain.export import SORTED_MAX, Export, Since
from shared.domain.filters import LeadFilter
from shared.domain.held import Held, HeldState
from shared.domain.lead import Lead
from shared.domain.lifecycle import Decision
from shared.domain.mail_day import MailDay
from shared.domain.mails import Mail, MailPlace
from shared.domain.offers import Offers, RegisteredOffer
from shared.domain.partner import LeadSource, Partner, SourceKind
from shared.domain.preferences import Preferences
from shared.domain.profile import Profile
from shared.domain.receipt import Email, Phone
from shared.domain.tally import Pending, Tally
from shared.domain.webhooks import Webhook


class LostRace(Exception):
    """Somebody else changed the row first, and this change took no effect: load again and decide again."""


@dataclass(frozen=True)
class StoredLead:
    """A lead as it was read, with the storage tag that decides every race."""

    lead: Lead
    tag: str


@dataclass(frozen=True)
class Once:
    """Who took an idempotency key first (V4): the lead, when, and the hash of the content it came with."""

    lead_id: str
    at: datetime
    content: str
    tag: str = ""


@dataclass(frozen=True)
class Delivery:
    """What intake stores beside the lead: the payload whole, and the idempotency row it claims.

    `replaces` is the tag of an outlived claim to be taken over, else the claim must be new.
    """

    body: bytes
    content_type: str
    once: str
    content: str
    replaces: str | None = None


@dataclass(frozen=True)
class LeadQuery:
    """What a list asks for: newest first, only ids after the position `after` (exclusive), judged at `at` (L6).

    When `is_over`, a page ends where storage has looked, with or without a lead.
    """

    partner_id: str
    at: datetime
    filter: LeadFilter = field(default_factory=LeadFilter)
    after: str | None = None
    top: int = 50
    is_over: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class LeadPage:
    """Leads of one page; `next` is the position to go on from, None at the end."""

    leads: tuple[Lead, ...]
    next: str | None = None


@dataclass(frozen=True)
class Mark:
    """What one person did with one lead (Q2, Q6)."""

    favorite: bool = False
    opened: bool = False


class LeadStore(Protocol):
    """Leads with their history, payloads and idempotency rows."""

    async def get(self, partner_id: str, lead_id: str) -> StoredLead | None:
        """One lead; None when the partner has none of this id."""

    async def add(self, received: Decision, delivery: Delivery, change: Change) -> None:
        """Store a new lead with its first events, payload and claim, all or nothing.

        Raises LostRace when the claim is taken or moved: read it with `once`.
        """

    async def commit(self, decided: Sequence[tuple[StoredLead, Decision]], change: Change) -> None:
        """Store what was decided on each lead, all leads of one partner, all or nothing; `change` names this attempt.

        Raises LostRace when a lead is not as it was read any more, InvalidRequest when one lead's texts are too large.
        A commit whose answer was lost is found again and counts.
        """

    def pack(self, decided: Sequence[tuple[StoredLead, Decision]]) -> list[list[tuple[StoredLead, Decision]]]:
        """The same in as few commits as they fit into, in their order."""

    async def once(self, partner_id: str, claim: str) -> Once | None:
        """Who holds an idempotency claim; None when nobody."""

    async def page(self, query: LeadQuery) -> LeadPage:
        """A page of leads as stored: those in the filter at `query.at`, and maybe others; the caller judges each."""

    def walk(
        self, query: LeadQuery, since: Since | None = None, watch: Callable[[], float] = lambda: 0.0
    ) -> AsyncGenerator[tuple[Sequence[tuple[Lead, float]], str | None], None]:
        """All leads of the query in its order as stored, a batch at a time, with the position covered so far.

        Beside each lead stands what the watch said when it was asked for: batches are read ahead.

        With `since` all leads that changed from then on by a commit or by the clock, whatever their status is now: the
        filter's constant parts alone restrict. A batch may be empty, its position None before the first lead.
        """

    async def many(self, partner_id: str, lead_ids: Sequence[str]) -> list[Lead]:
        """The leads of these ids that exist, in the order given."""

    async def history(self, partner_id: str, lead_id: str, newest: int, top: int) -> list[Event]:
        """The events numbered `newest` and below, newest first, at most `top`."""

    async def needed_hints(self, partner_id: str, after: str | None) -> tuple[list[Hint], str | None]:
        """The hints that a page of the partner's waiting leads needs, and where to go on; None at the end."""

    async def first_announcement(self, partner_id: str) -> Hint | None:
        """The hint of the partner's oldest event whose consequences are not written yet; None when there is none."""

    async def related(self, lead: Lead, at: datetime, top: int) -> list[str]:
        """Ids of the same person's other leads whose contact details are shown at `at` (V4, L9), newest first."""


@dataclass(frozen=True)
class DueHint:
    """A hint whose time has come; `tries` are those that failed, `cause` is the correlation id of what wrote it."""

    hint: Hint
    tries: int = 0
    cause: str = ""


class Agenda(Protocol):
    """When to look at what. Hints are written before what they announce and may be stale."""

    async def put(self, hints: Sequence[Hint]) -> None:
        """Write the hints, a hundred in a request; writing one again is harmless."""

    async def remove(self, hints: Sequence[Hint]) -> None:
        """Delete the hints, a hundred in a request; one that is gone is no error."""

    async def due(self, kind: str, at: datetime, top: int) -> list[DueHint]:
        """Hints of the kind that are due at `at` and not put off beyond it, oldest first, at most `top`."""

    async def oldest(self, kind: str, at: datetime) -> datetime | None:
        """When the oldest hint of the kind was due, put off or not; None when none is due at `at`."""

    async def put_off(self, late: DueHint, until: datetime) -> None:
        """Count a failed try, and leave the hint alone until then; one that is gone is no error."""

    async def missing(self, hints: Sequence[Hint]) -> list[Hint]:
        """Those of the hints that are not there."""

    async def bookmark(self, name: str) -> str:
        """Where a long task goes on; '' at its start."""

    async def set_bookmark(self, name: str, place: str) -> None:
        """Remember where a long task goes on."""


class MarkStore(Protocol):
    """Favorites and opened leads, each person's own."""

    async def get(self, partner_id: str, person: str, lead_id: str) -> Mark:
        """The mark; an empty one when there is none."""

    async def put(
        self,
        partner_id: str,
        person: str,
        lead_id: str,
        *,
        favorite: bool | None = None,
        opened: bool | None = None,
        is_test: bool = False,
    ) -> None:
        """Set what is given, leave the rest; a test lead's heart is not counted (T9)."""

    async def opened(self, partner_id: str, person: str, until: str) -> frozenset[str]:
        """The leads this person has opened, from the newest to the position."""

    async def count_favorites(self, partner_id: str, person: str) -> int:
        """How many leads this person has hearted, test leads aside."""

    async def near(self, partner_id: str, person: str, after: str | None) -> tuple[Mapping[str, Mark], str | None]:
        """Marks by lead id from the position `after` on, and the last position covered; None = covered to the end."""

    async def favorites(
        self, partner_id: str, person: str, after: str | None, top: int, *, taken_back: bool = False
    ) -> tuple[Mapping[str, Mark], str | None]:
        """Marks of favorite leads by id after the position, newest lead first, and where to go on; None at the end.

        With `taken_back` also those whose heart was taken back.
        """


class PartnerStore(Protocol):
    """Partners, their tenants and sources. Reads marked cached may be a minute old."""

    async def partner_of_tenant(self, tenant: str, at: datetime) -> str | None:
        """The partner a tenant belongs to (cached; an unknown tenant is looked up afresh)."""

    async def known(self, partner_id: str, at: datetime) -> Partner | None:
        """The partner's registration (cached; an unknown one is looked up afresh); None when there is none."""

    async def get(self, partner_id: str) -> Partner | None:
        """The partner's registration; None when there is none."""

    async def put(self, partner: Partner) -> None:
        """Create or replace a registration and its tenants.

        Raises Conflict when a tenant belongs to another partner, LostRace when someone else wrote meanwhile.
        """

    async def partners(self, after: str | None, top: int) -> tuple[list[Partner], str | None]:
        """Partners by id after the given one, and where to go on; None at the end."""

    async def source(self, source_id: str, at: datetime, *, fresh: bool = False) -> LeadSource | None:
        """A source (cached unless `fresh`); None when there is none."""

    async def put_source(self, source: LeadSource) -> None:
        """Create or replace a source."""

    async def replace_source(self, source: LeadSource, changed: LeadSource) -> None:
        """Replace `source` by `changed` if it is still as read; raises LostRace otherwise."""

    async def delete_source(self, source: LeadSource) -> None:
        """Delete a source; one that is gone is no error."""

    async def sources(self, partner_id: str | None) -> list[LeadSource]:
        """A partner's sources, or the programme's, oldest first."""

    async def sources_of_kind(self, kind: SourceKind) -> list[LeadSource]:
        """Every source of a kind, oldest first."""

    async def signing_key(self) -> str:
        """The deployment's own secret; made at first use, the same for ever (cached)."""

    async def contact_lists(self, at: datetime) -> ContactLists:
        """The operator's block and allow lists (cached); empty ones when there are none."""

    async def put_contact_lists(self, lists: ContactLists) -> None:
        """Replace the lists; what bounced stays remembered."""

    async def add_bounced(self, key: str) -> None:
        """Remember an address that takes no mail, the latest BOUNCED_MAX of them; again is harmless."""

    async def ping(self) -> None:
        """Return when storage answers a read, raise Unavailable otherwise."""


class ListingStore(Protocol):
    """What partners publish: their profile and their offers. Reads marked cached may be a minute old."""

    async def offers(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Offers:
        """A partner's offers (cached unless `fresh`)."""

    async def put_offer(
        self,
        partner_id: str,
        offer: RegisteredOffer,
        before: RegisteredOffer | None,
        *,
        take_over: bool = False,
    ) -> None:
        """Register an offer or replace what was registered.

        Raises Conflict when its id is another partner's, unless it is taken over: then that partner has it no more.
        """

    async def profile(self, partner_id: str, at: datetime, *, fresh: bool = False) -> Profile | None:
        """A partner's profile (cached unless `fresh`); None when it has none."""

    async def put_profile(self, partner_id: str, profile: Profile, before: Profile | None) -> None:
        """Store a profile in place of the one before."""

    async def partner_of_offer(self, offer_id: str, at: datetime) -> str | None:
        """Who registered the offer of this id, without letter case (cached); None when nobody did."""

    async def partners_of_title(self, title: str, at: datetime) -> list[str]:
        """Who may have registered an offer of this folded title (cached); a title may since be another one."""

    async def partners_of_profile(self, name: str, at: datetime) -> list[str]:
        """Whose profile may have this folded name (cached); a name may since be another one."""


@dataclass(frozen=True)
class StoredHeld:
    """A held delivery as it was read, with the storage tag that decides every race."""

    held: Held
    tag: str


class HeldStore(Protocol):
    """Deliveries that wait for the operator, and the programme's notes of where each delivery went."""

    async def add(self, held: Held) -> StoredHeld | None:
        """Store it; None when another of this id is there already, which stays. One that is just so is this one."""

    async def get(self, held_id: str) -> StoredHeld | None:
        """One of them; None when there is none."""

    async def replace(self, stored: StoredHeld, held: Held) -> StoredHeld:
        """Replace it if it is still as read, or is so already; raises LostRace otherwise."""

    async def page(self, state: HeldState, after: str | None, top: int) -> tuple[list[Held], str | None]:
        """Those that wait for this, newest first, after the place, and where to go on; None at the end.

        Of their bodies only the beginning is there.
        """


@dataclass(frozen=True)
class Sent:
    """A lead that somebody sent, and to whom."""

    lead_id: str
    partner_id: str


class SentStore(Protocol):
    """Which leads a sender has sent. Rows are written before the lead, so one may name a lead that never was."""

    async def put(self, sender_id: str, sent: Sent) -> None:
        """Note it; noting it again is harmless."""

    async def remove(self, sender_id: str, lead_id: str) -> None:
        """Forget it; one that is gone is no error."""

    async def get(self, sender_id: str, lead_id: str) -> Sent | None:
        """What was noted; None when this sender sent no such lead."""

    async def page(self, sender_id: str, after: str | None, top: int) -> tuple[list[Sent], str | None]:
        """Newest first after the position, and where to go on; None at the end."""


class NoSuchTable(Exception):
    """The storage account has no table of this name."""


@dataclass(frozen=True)
class TableRow:
    """A row of a marketplace's table: what tells it from every other, and its columns as JSON values."""

    identity: str
    columns: Mapping[str, object]


class MarketplaceTables(Protocol):
    """The tables that marketplaces write to; nothing is ever written there from here (I3)."""

    async def rows(self, table: str, since: datetime, place: str, top: int) -> tuple[list[TableRow], str]:
        """Rows written since then by storage's clock, from the place on ('' = the start), and the next; '' at the end.

        A page may be empty and still go on. Raises NoSuchTable.
        """

    def is_ours(self, table: str) -> bool:
        """True for a table of this system's own."""


@dataclass(frozen=True)
class StoredExport:
    """An export as it was read, with the storage tag that decides every race."""

    export: Export
    tag: str


@dataclass(frozen=True)
class Checkpoint:
    """How far an export is: one block of its file, or none where nothing was found, and where to go on.

    `id` is random and names the block; `size` is the block's in bytes, `rows` all rows so far. `place` is where the
    next block begins, None at the start; `done` says that there is none. `written_at` is storage's clock.
    """

    step: str
    index: int
    id: str
    size: int = 0
    rows: int = 0
    place: str | None = None
    done: bool = False
    written_at: datetime | None = None


class ExportStore(Protocol):
    """Export jobs and their checkpoints."""

    async def add(self, export: Export) -> StoredExport:
        """Store a new export, as it is stored then."""

    async def get(self, partner_id: str, export_id: str) -> StoredExport | None:
        """One export; None when the partner has none of this id."""

    async def page(self, partner_id: str, after: str | None, top: int) -> tuple[list[Export], str | None]:
        """Exports after the given id, newest first, and where to go on; None at the end."""

    async def unfinished(self, partner_id: str, top: int) -> int:
        """How many exports have not ended, counted up to `top`."""

    async def replace(self, stored: StoredExport, export: Export) -> None:
        """Replace the export if it is still as read; raises LostRace otherwise."""

    async def delete(self, partner_id: str, export_id: str) -> None:
        """Delete the export with its checkpoints; one that is gone is no error."""

    async def record(self, export: Export, checkpoint: Checkpoint) -> Checkpoint:
        """Insert a checkpoint, as it is stored then; raises LostRace when another stands at its index."""

    async def last(self, export: Export, step: str) -> Checkpoint | None:
        """The newest checkpoint of a step; None at its start."""

    async def checkpoints(self, export: Export, step: str) -> list[Checkpoint]:
        """All checkpoints of a step in order."""


@dataclass(frozen=True)
class Link:
    """A URL that anyone can read one file with until then."""

    url: str
    until: datetime


class FileGone(Exception):
    """A file, or a block that was uploaded for it, is not there: somebody has deleted it or put it together."""


class FileStore(Protocol):
    """Files in blob storage, written in blocks that nobody sees until they are put together."""

    async def stage(self, name: str, block: str, content: bytes) -> None:
        """Upload a block of a file under a random id of 32 hex digits."""

    async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
        """Make the file of exactly these blocks; doing it again is harmless. Raises FileGone."""

    async def read(self, name: str, offset: int, length: int) -> bytes:
        """A piece of a file; shorter at its end, empty beyond. Raises FileGone."""

    async def delete(self, name: str) -> None:
        """Delete a file; one that is gone is no error."""

    async def link(self, name: str, file_name: str) -> Link:
        """A link that reads this file only, for the time set, by the real clock; it saves under `file_name`."""


@dataclass(frozen=True)
class Waiting:
    """A stored lead that waits for its deadline: when that is, and until when its flame burns ('' = it has none)."""

    lead_id: str
    deadline: str
    flame: str


@dataclass(frozen=True)
class Follows:
    """What follows from events: dispatches by destination, mail days as counted, and leads held for a day's digest."""

    waits: tuple[tuple[str, Dispatch], ...] = ()
    days: tuple[MailDay, ...] = ()
    held: tuple[tuple[str, str], ...] = ()

    @property
    def rows(self) -> int:
        """How many rows are written."""
        return len(self.waits) + len(self.days) + len(self.held)


class LaneStore(Protocol):
    """Destinations: what waits for each, what it took, and how it is doing."""

    async def lane(self, partner_id: str, destination: str) -> Lane:
        """The lane; a fresh one when nothing was ever sent there."""

    async def save(
        self,
        partner_id: str,
        destination: str,
        lane: Lane,
        changed: Sequence[tuple[Dispatch | None, Dispatch | None]] = (),
    ) -> Lane:
        """Store the lane and move dispatches (before, after; None = is not there), all or nothing.

        Raises LostRace when the lane is not as read, or a dispatch is gone: another worker has it.
        """

    async def add(self, partner_id: str, destination: str, dispatch: Dispatch) -> None:
        """Let one more wait; adding it again is harmless."""

    async def page(
        self, partner_id: str, destination: str, state: DispatchState, after: str | None, top: int
    ) -> tuple[list[Dispatch], str | None]:
        """Dispatches in this state after the place, and where to go on: in their order, delivered ones newest first."""

    async def get(self, partner_id: str, destination: str, event_id: str) -> Dispatch | None:
        """One dispatch in any state; None when this destination was never sent it."""


class MailStore(Protocol):
    """Mail days and the record of each mail; a mail's `lead_id` is what it is about, a day or a webhook too."""

    async def day(self, partner_id: str, key: str) -> MailDay | None:
        """A mail day; None before the first lead of it."""

    async def open_days(self, partner_id: str, at: datetime) -> list[MailDay]:
        """Days that are over at `at` and not closed."""

    async def close(self, partner_id: str, day: MailDay, destination: str, digest: Dispatch | None) -> None:
        """Close a day, with its digest if it has one; raises LostRace when the day is not as read."""

    async def held(self, partner_id: str, key: str, top: int) -> list[str]:
        """Leads that wait for the day's digest, newest first, at most `top`."""

    async def mails(self, partner_id: str, subject: str, sequence: int | None = None) -> list[Mail]:
        """The mails about this, or about one event of it, in their order."""

    async def plan(self, partner_id: str, mails: Sequence[Mail]) -> None:
        """Record the mails of one event, all or nothing; raises LostRace when it has some already."""

    async def put(self, partner_id: str, mail: Mail) -> Mail:
        """Store a mail if it is still as read, or new; raises LostRace otherwise."""

    async def note_place(self, operation_id: str, place: MailPlace) -> None:
        """Remember which mail an operation of the service is; again is harmless."""

    async def place(self, operation_id: str) -> MailPlace | None:
        """The mail of this operation; None for one that is not ours, or has been reported."""

    async def forget_place(self, operation_id: str) -> None:
        """Nothing more is expected of it; again is harmless."""

    async def forget_places(self, before: datetime) -> int:
        """Forget those of mails sent before, at most a thousand; how many. They were never reported."""


@dataclass(frozen=True)
class StoredWebhook:
    """A subscription as it was read, with the storage tag that decides every race."""

    webhook: Webhook
    tag: str


BOUNCED = "bounced"
"""Why an address is not mailed: it took no mail."""


class NoticeStore(Protocol):
    """What a partner wants to be told, and how."""

    async def preferences(self, partner_id: str) -> Preferences | None:
        """The preferences; None before they were put."""

    async def put_preferences(self, partner_id: str, preferences: Preferences) -> None:
        """Replace them."""

    async def unwanted(self, partner_id: str) -> dict[str, str]:
        """Folded addresses that are not mailed, with the reason: `unsubscribed` or `bounced`."""

    async def add_unwanted(self, partner_id: str, address: str, why: str) -> None:
        """Mail this address no more; a bounce never stands in the place of an unsubscription."""

    async def forgive_bounce(self, partner_id: str, address: str) -> None:
        """Mail an address again that had bounced; any other is left alone."""

    async def webhooks(self, partner_id: str) -> list[StoredWebhook]:
        """The partner's subscriptions, oldest first."""

    async def webhook(self, partner_id: str, webhook_id: str) -> StoredWebhook | None:
        """One of them; None when there is none."""

    async def put_webhook(self, partner_id: str, webhook: Webhook, before: StoredWebhook | None) -> StoredWebhook:
        """Store a new one, or replace one that is still as read; raises LostRace otherwise."""

    async def delete_webhook(self, partner_id: str, webhook_id: str) -> None:
        """Delete one; one that is gone is no error."""

    async def dismissed(self, partner_id: str, person: str) -> frozenset[str]:
        """The notifications this person has dismissed."""

    async def dismiss(self, partner_id: str, person: str, notification_id: str) -> None:
        """Dismiss one; doing it again is harmless."""


@dataclass(frozen=True)
class Answer:
    """What a receiver said: `status` None when nothing came back, `text` says why then."""

    status: int | None
    text: str
    duration_ms: int
    retry_after: timedelta | None = None

    @property
    def is_good(self) -> bool:
        """True when the receiver has taken it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Packet:
    """What is sent to a webhook."""

    content_type: str
    body: bytes


class WebhookSender(Protocol):
    """Calls receivers: never a private address, never where a redirect points (W4)."""

    async def send(self, url: str, message_id: str, packet: Packet, secrets: Sequence[str]) -> Answer:
        """Post it, signed with each of the secrets; never raises for what the receiver does."""

    def problem_with(self, url: str) -> str | None:
        """Why a URL can never be called, in words; None when it may be."""


class PacketMaker(Protocol):
    """Writes an event as its subscriber takes it."""

    def packet(self, webhook: Webhook, event: Dispatch, lead: Lead | None, at: datetime) -> Packet:
        """The body, rendered now: with what may be seen now (L9)."""


class Sending(StrEnum):
    """What became of handing a mail to the service."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True)
class MailAnswer:
    """What the mail service said; `problem` is its code, `retry_after` how long it asks us to wait."""

    outcome: Sending
    problem: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


class MailSender(Protocol):
    """Hands mails to the mail service."""

    async def send(self, letter: Letter, operation_id: str, first_sent: datetime, /) -> MailAnswer:
        """Send it under this id: ACCEPTED, REFUSED (never will be), or LATER; raises Unavailable when nobody knows."""

    async def status(self, operation_id: str, /) -> MailAnswer:
        """RUNNING, DELIVERED, FAILED, or MISSING when the service knows no such mail; raises Unavailable."""


@dataclass(frozen=True)
class Facts:
    """What a mail may say, as it is now; the lead as it is stored and settled, redacted by whoever writes.

    `signing_key` signs the link that switches mails off.
    """

    at: datetime
    signing_key: str
    partner: Partner | None
    preferences: Preferences
    lead: Lead | None = None
    day: MailDay | None = None
    leads: tuple[Lead, ...] = ()
    webhook: Webhook | None = None


class LetterWriter(Protocol):
    """Writes mails from their templates, in the recipient's language."""

    def letter(self, mail: Mail, partner_id: str, to: str, facts: Facts) -> Letter:
        """The mail."""


class TallyStore(Protocol):
    """A partner's counts, and the events that move them; test leads are not counted."""

    async def read(self, partner_id: str) -> Tally:
        """The counts as written so far; all 0 before the first event was taken."""

    async def pending(self, partner_id: str, after: str | None, top: int) -> tuple[list[Pending], str | None]:
        """Events whose consequences are not written yet, oldest first, after the given key, and where to go on."""

    async def take(
        self, partner_id: str, events: Sequence[Pending], before: Tally, after: Tally, follows: Follows
    ) -> None:
        """Delete the events, store the counts and what follows from the events, all or nothing.

        Raises LostRace when the counts are not as read, or an event is gone: another relay has it.
        """

    async def received(self, partner_id: str) -> list[Waiting]:
        """Every lead that is stored as received, overdue ones too."""

    async def overdue_informational(self, partner_id: str, at: datetime) -> list[Waiting]:
        """Every lead that is stored as informational and is archived at `at`."""


class PhoneReader(Protocol):
    """Reads telephone numbers (V2)."""

    def read(self, written: str, country: str | None) -> Phone:
        """The number as known with the customer's country as default region; never raises."""


class EmailReader(Protocol):
    """Reads e-mail addresses (V1)."""

    async def read(self, written: str, lists: ContactLists) -> Email:
        """What can be known about the address in the time set, with the operator's lists; never raises."""

    def bounced_key(self, written: str) -> str | None:
        """What is kept of an address that took no mail; None for what is no address."""


@dataclass(frozen=True)
class Budget:
    """How much one run may do; `spent` gives the seconds since it began."""

    spent: Callable[[], float]
    rows: int = 20_000
    seconds: float = 240

    def allows(self, rows: int) -> bool:
        """True while both rows and time are left."""
        return rows < self.rows and self.spent() < self.seconds


@dataclass(frozen=True)
class ListRules:
    """What one request may read (Q4, Q5)."""

    scan_leads: int = 10_000
    scan_seconds: float = 5

    def budget(self, spent: Callable[[], float]) -> Budget:
        """The budget of a request."""
        return Budget(spent, self.scan_leads, self.scan_seconds)


@dataclass(frozen=True)
class ExportRules:
    """The bounds of exports (SPEC 8)."""

    request_seconds: float = 5
    timer_after: timedelta = timedelta(seconds=10)
    kept: timedelta = timedelta(days=7)
    unfinished_max: int = 10
    block_bytes: int = 4 * 1024 * 1024
    sorted_max: int = SORTED_MAX

    def hints(self, export: Export) -> tuple[Hint, ...]:
        """The hints an export needs; the timer takes it over when its request has had its time."""
        return export.hints(timedelta(seconds=self.request_seconds) + self.timer_after, self.kept)


@dataclass(frozen=True)
class Rules:
    """The deployment's settings that the rules need."""

    windows: Windows = field(default_factory=Windows)
    duplicate_window: timedelta = timedelta(hours=24)
    source_key_overlap: timedelta = timedelta(hours=24)
    lists: ListRules = field(default_factory=ListRules)
    export: ExportRules = field(default_factory=ExportRules)
    operator_mail: str | None = None
    mails_per_minute: int = 30
    mails_per_hour: int = 100


@dataclass(frozen=True)
class Ports:
    """Everything a use case may be given."""

    leads: LeadStore
    agenda: Agenda
    marks: MarkStore
    partners: PartnerStore
    phones: PhoneReader
    emails: EmailReader
    listings: ListingStore
    held: HeldStore
    sent: SentStore
    tables: MarketplaceTables
    lanes: LaneStore
    mails: MailStore
    notices: NoticeStore
    webhooks: WebhookSender
    packets: PacketMaker
    mailer: MailSender
    letters: LetterWriter
    tallies: TallyStore
    exports: ExportStore
    files: FileStore
    rules: Rules = field(default_factory=Rules)
