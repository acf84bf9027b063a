"""Events on their way: counts, lanes, mails, and what a partner wants to be told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from shared.domain.agenda import Pending
from shared.domain.measures import Sums
from shared.domain.tally import Tally
from shared.domain.telling.dispatch import Dispatch, DispatchState, Lane
from shared.domain.telling.mail_day import MailDay
from shared.domain.telling.mails import Mail, MailOrigin
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import Webhook
from shared.ports.as_read import AsRead
from shared.ports.page import Page


@dataclass(frozen=True)
class Waiting:
    """A stored lead that waits for its deadline: when that is, and until when its flame burns ('' = it has none)."""

    lead_id: str
    deadline: str
    flame: str


@dataclass(frozen=True)
class Follows:
    """What follows from events: dispatches by destination, mail days as counted, leads held for a day's digest.

    `mails` are records of mails that are not sent one by one, with the reason; `sums` are days as counted.
    """

    waits: tuple[tuple[str, Dispatch], ...] = ()
    days: tuple[MailDay, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    mails: tuple[Mail, ...] = ()
    sums: tuple[Sums, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows are written."""
        return len(self.waits) + len(self.days) + len(self.held) + len(self.mails) + len(self.sums)


@dataclass(frozen=True)
class Work:
    """What a relay has before it: the counts, the mail days that it was asked for by their keys, the oldest events.

    `sums` are those of the same days, by day. `days_from` is from which day on both are known: later than was asked for
    where storage ended its answer early.
    """

    tally: Tally
    days: Mapping[str, MailDay]
    events: Page[Pending]
    sums: Mapping[str, Sums] = field(default_factory=dict)
    days_from: str = ""


class LaneStore(Protocol):
    """Destinations: what waits for each, what it took, and how it is doing."""

    async def look(self, partner_id: str, destination: str, top: int) -> tuple[Lane, Page[Dispatch]]:
        """The lane, and the first that wait in it, as of one moment; see `lane` and `page`."""

    async def lane(self, partner_id: str, destination: str) -> Lane:
        """The lane; a fresh one when nothing was ever sent there."""

    async def save(
        self,
        partner_id: str,
        destination: str,
        lane: Lane,
        changed: Sequence[tuple[Dispatch | None, Dispatch | None]] = (),
        mails: Sequence[Mail] = (),
    ) -> Lane:
        """Store the lane, move dispatches (before, after; None = is not there) and store mails, all or nothing.

        Raises LostRace when the lane is not as read, or a dispatch is gone: another worker has it; or when a mail is
        not as read (`MailStore.write`).
        """

    async def add(self, partner_id: str, destination: str, dispatch: Dispatch) -> None:
        """Let one more wait; adding it again is harmless."""

    async def page(
        self, partner_id: str, destination: str, state: DispatchState, after: str | None, top: int
    ) -> Page[Dispatch]:
        """Dispatches in this state after the cursor, in their order, delivered ones newest first."""

    async def get(self, partner_id: str, destination: str, event_id: str) -> Dispatch | None:
        """One dispatch in any state; None when this destination was never sent it."""


class MailStore(Protocol):
    """Mail days and the record of each mail; a mail's `lead_id` is what it is about, a day or a webhook too."""

    async def day(self, partner_id: str, key: str) -> MailDay | None:
        """A mail day; None before the first lead of it."""

    async def open_days(self, partner_id: str, at: datetime) -> list[MailDay]:
        """Days that are over at `at` and not closed."""

    async def close(self, partner_id: str, day: MailDay, destination: str, digest: Dispatch | None) -> None:
        """Close a day, with its digest if it has one; raises LostRace when the day is open still and not as read.

        One without a tag must be new, and is closed from the beginning. What is closed already stays as it is.
        """

    async def held(self, partner_id: str, key: str) -> list[str]:
        """All leads that wait for the day's mail, newest first over both tabs."""

    async def mails(self, partner_id: str, subject: str, sequence: int | None = None) -> list[Mail]:
        """The mails about this, or about one event of it, in their order."""

    async def write(self, partner_id: str, mails: Sequence[Mail]) -> list[Mail]:
        """Store these mails, at most a hundred, if each is still as read, or new, all or nothing; else LostRace."""

    async def put(self, partner_id: str, mail: Mail) -> Mail:
        """Store a mail if it is still as read, or new; raises LostRace otherwise."""

    async def note_origins(self, origins: Mapping[str, MailOrigin]) -> None:
        """Remember which mails some operations of the service are, at most a hundred; again is harmless."""

    async def origin(self, operation_id: str) -> MailOrigin | None:
        """The mail of this operation; None for one that is not ours, or has been reported."""

    async def forget_origin(self, operation_id: str) -> None:
        """Nothing more is expected of it; again is harmless."""

    async def forget_origins(self, before: datetime) -> int:
        """Forget those of mails sent before, at most a thousand; how many. They were never reported."""


@dataclass(frozen=True)
class StoredWebhook:
    """A subscription as it was read, with the storage tag that decides every race."""

    webhook: Webhook
    tag: str


class WebhookStore(Protocol):
    """The subscriptions of partners."""

    async def of_partner(self, partner_id: str) -> list[StoredWebhook]:
        """The partner's subscriptions, oldest first."""

    async def get(self, partner_id: str, webhook_id: str) -> StoredWebhook | None:
        """One of them; None when there is none."""

    async def put(self, partner_id: str, webhook: Webhook, before: StoredWebhook | None) -> StoredWebhook:
        """Store a new one, or replace one that is still as read; raises LostRace otherwise."""

    async def delete(self, partner_id: str, webhook_id: str) -> None:
        """Delete one; one that is gone is no error."""


BOUNCED, UNSUBSCRIBED, RESUMED = "bounced", "unsubscribed", "resumed"
"""Why an address is not mailed: it took no mail, or wants none; and that it is mailed again."""


@dataclass(frozen=True)
class Wishes:
    """All that a partner has said of what it wants to be told, as of one moment; see PreferenceStore, WebhookStore."""

    preferences: Preferences | None
    webhooks: tuple[StoredWebhook, ...]
    unwanted: Mapping[str, str]


class PreferenceStore(Protocol):
    """What a partner and its people want to be told, and whom not to mail."""

    async def wishes(self, partner_id: str) -> Wishes:
        """Preferences, subscriptions and the addresses that are not mailed, read at once."""

    async def get(self, partner_id: str) -> Preferences | None:
        """The preferences; None before they were put."""

    async def put(self, partner_id: str, preferences: Preferences, only_if: AsRead[Preferences] | None = None) -> None:
        """Replace them; raises LostRace."""

    async def unwanted(self, partner_id: str) -> dict[str, str]:
        """Folded addresses that are not mailed, with the reason: `unsubscribed` or `bounced`."""

    async def add_unwanted(self, partner_id: str, address: str, why: str) -> None:
        """Mail this address no more; a bounce never stands in the place of an unsubscription."""

    async def forget_address(self, partner_id: str, address: str, *, dry: bool) -> bool:
        """Keep of an address that is not mailed no more than what tells it again (S4); True where there was more.

        With `dry` nothing is changed. Raises LostRace.
        """

    async def resume(self, partner_id: str, address: str, by: str, at: datetime) -> bool:
        """Mail an address again, whatever it was not mailed for, and keep who said so; False where it is mailed."""

    async def forgive_bounce(self, partner_id: str, address: str) -> None:
        """Mail an address again that had bounced; any other is left alone."""

    async def dismissed(self, partner_id: str, person: str) -> frozenset[str]:
        """The notifications this person has dismissed."""

    async def dismiss(self, partner_id: str, person: str, notification_ids: Collection[str]) -> None:
        """Dismiss these for one person; doing it again is harmless."""

    async def restore(self, partner_id: str, person: str, notification_ids: Collection[str]) -> int:
        """Take this person's dismissals of these back; how many there were."""


class TallyStore(Protocol):
    """A partner's counts, and the events that move them; test leads are not counted."""

    async def read(self, partner_id: str) -> Tally:
        """The counts as written so far; all 0 before the first event was taken."""

    async def work(self, partner_id: str, days_from: str, top: int) -> Work:
        """Counts, mail days and sums of `days_from` or later, and the oldest events, `top` at most, read at once."""

    async def pending(self, partner_id: str, after: str | None, top: int) -> Page[Pending]:
        """Events whose consequences are not written yet, oldest first, after the cursor."""

    async def take(
        self, partner_id: str, events: Sequence[Pending], before: Tally, after: Tally, follows: Follows
    ) -> None:
        """Delete the events, store the counts and what follows from the events, all or nothing.

        Raises LostRace when the counts or sums are not as read, or an event is gone: another relay has it.
        """

    async def sums(self, partner_id: str, days: Collection[str]) -> dict[str, Sums]:
        """The sums of these days, by day; one on which nothing was counted yet is left out."""

    async def sums_between(self, partner_id: str, first: str, last: str) -> list[Sums]:
        """The sums of all days from the first to the last, oldest first."""

    async def overdue_outcomes(self, partner_id: str, at: datetime, since: date | None = None) -> list[str]:
        """The leads that are stored as accepted and whose outcome was to be known by `at` (M2), newest first by tab.

        Of those whose customers asked on the day `since` or later, where one is named.
        """

    async def received(self, partner_id: str) -> list[Waiting]:
        """Every lead that is stored as received, overdue ones too."""

    async def overdue_informational(self, partner_id: str, at: datetime) -> list[Waiting]:
        """Every lead that is stored as informational and is archived at `at`."""
