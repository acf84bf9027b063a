"""Every table name, PartitionKey and RowKey (storage.md); nobody else spells one.

Keys are ASCII. Ids that come from outside pass through `safe`, which no character illegal in a key survives.
"""

import re
from datetime import datetime

from shared.domain.agenda import TELLING, Hint, HintKind
from shared.domain.instants import stamp
from shared.domain.lead import Tab
from shared.ids import digest, from_position, inverted_time

LEADS, AGENDA, LOOKUP, FAVORITES, EXPORTS = "Leads", "Agenda", "Lookup", "Favorites", "Exports"
PARTNERS, PARKED, SENT, FEEDBACK, ERASURES = "Partners", "Parked", "SentLeads", "Feedback", "Erasures"
TABLES = (LEADS, AGENDA, LOOKUP, FAVORITES, EXPORTS, PARTNERS, PARKED, SENT, FEEDBACK, ERASURES)
OF_PARTNERS = (LEADS, FAVORITES, EXPORTS, PARTNERS)
"""Those whose partitions are each a partner's: they are in the account that its registration names (decision 19)."""

EXPORT_FILES = "exports"
"""The container of export files."""
DIRECTORY_FILES, DIRECTORY, DIRECTORY_READ = "directory", "profiles", "read.json"
"""The container of the directory with its two blobs: what is searched, and when each profile was last read for it."""

TENANT, SOURCE, PARTNER, LISTS = "tenant", "source", "partner", "contactLists"
OFFER, TITLE, PROFILE_NAME, SECRET = "offer", "offerTitle", "profileName", "secret"
PUBLISHER, PENDING_OFFER = "publisher", "pendingOffer"
MAIL_ORIGIN, BOUNCED = "mail", "bounced"
LEFT_BEHIND, FURTHER_ACCOUNTS = "leftBehind", "furtherAccounts"
STANDING, LESSONS = "standing", "lessons"
"""The partitions of Lookup; PUBLISHER, OFFER, TITLE and PROFILE_NAME say whose each of these is."""

UNDER_WAY = "underWay"
"""The row of LESSONS that a look at all partners goes on from."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._@-]")
_SAFE_MAX = 200


def safe(text: str) -> str:
    """A key part made of any text: equal for equal texts only, in letters, digits and `._@-=`."""
    escaped = _UNSAFE.sub(lambda m: "".join(f"={b:02x}" for b in m[0].encode("utf-8", "surrogatepass")), text)
    return escaped if 0 < len(escaped) <= _SAFE_MAX else "=" + digest(text)


def _part(row_key: str, number: int) -> str:
    return row_key.split("|")[number]


def lead(lead_id: str) -> str:
    """The lead itself, under this key for ever."""
    return f"lead|{lead_id}"


def copy(kind: str, lead_id: str) -> str:
    """The lead's copy while it is `open` (received, accepted) or `info` (informational), or its row as a `deal`."""
    return f"{kind}|{lead_id}"


def lead_of(row_key: str) -> str:
    """The lead of its own row or of a copy."""
    return row_key.rpartition("|")[2]


_OLDEST = (1 << 48) - 1
"""The inverted time of 1970."""


def _age(row_key: str) -> int:
    """The inverted time with which the id of a lead's row begins behind its tab."""
    return int(lead_of(row_key)[1:13], 16)


def milliseconds_between(newer: str, older: str) -> int:
    """Between the creation of two leads, by their rows."""
    return _age(older) - _age(newer)


def older(row_key: str, milliseconds: int) -> str:
    """A bound: before it stand the rows of leads that are less than so much older than this row's, of its tab."""
    kind, lead_id = row_key.split("|")
    return f"{kind}|{lead_id[0]}{min(_age(row_key) + milliseconds, _OLDEST):012x}"


def tab_range(
    kind: str, tab: Tab, after: str | None, created: tuple[datetime | None, datetime | None] = (None, None)
) -> tuple[str, str]:
    """Exclusive bounds of one tab's rows of a kind, beyond the position `after` of a lead of either tab.

    `created` are the earliest and the latest creation time: ids begin with it, newest first, so they cost nothing.
    """
    earliest, latest = (inverted_time(when) if when else "" for when in created)
    # The position's last letter is its tab; the time and 64 random bits before it are a lead's own.
    begins = max(latest, after[:-1] if after else "")
    return f"{kind}|{tab}{begins}", f"{kind}|{tab}{earliest}~"


def raw(lead_id: str) -> str:
    """The payload as received."""
    return f"raw|{lead_id}"


def history(lead_id: str, sequence: int) -> str:
    """One history event."""
    return f"hist|{lead_id}|{sequence:010d}"


TALLY = "outTally"
"""The partner's counts. Mail days, these and the events on their way stand side by side: a relay reads all of them."""
OUT = "out|"


def out(at: str, lead_id: str, sequence: int) -> str:
    """An event whose consequences are not written yet; `at` is a stamp."""
    return f"{OUT}{at}|{lead_id}|{sequence:010d}"


def event_of(row_key: str) -> tuple[datetime, str, int]:
    """When such an event happened, to which lead, and its number."""
    return datetime.fromisoformat(_part(row_key, 1)), _part(row_key, 2), int(_part(row_key, 3))


def in_order(at: str, subject: str, sequence: int) -> str:
    """Where an event stands among those of a destination; `at` is a stamp."""
    return f"{at}|{subject}|{sequence:010d}"


def waiting(destination: str) -> str:
    """The start of the events that wait for a destination, in their order."""
    return f"wait|{destination}|"


def sent(destination: str) -> str:
    """The start of those that it has taken, newest first."""
    return f"sent|{destination}|"


def parked(destination: str) -> str:
    """The start of those that it did not take in three days, in their order."""
    return f"park|{destination}|"


def newest_first(order: str, at: datetime) -> str:
    """An event of a destination behind the time it ended."""
    return f"{inverted_time(at)}|{order}"


def lane(destination: str) -> str:
    """A destination's own state, right before what waits for it: both are read at once.

    So no destination's name may begin with another's.
    """
    return f"wait|{destination}"


DAYS = "outDay|"


def day(key: str) -> str:
    """A mail day's counts (N2)."""
    return f"{DAYS}{key}"


_SUMS = "|sums"


def sums(day: str) -> str:
    """The sums of a day's leads (M5), behind its mail days: the relay reads both with what waits for it."""
    return f"{DAYS}{day}{_SUMS}"


def is_sums(row_key: str) -> bool:
    """True of such a row."""
    return row_key.endswith(_SUMS)


def held_leads(day_key: str) -> str:
    """The start of the leads that wait for a day's digest."""
    return f"held|{day_key}|"


def held_lead(day_key: str, lead_id: str) -> str:
    """One of them."""
    return f"{held_leads(day_key)}{lead_id}"


def mails(subject: str, sequence: int | None = None) -> str:
    """The start of the records of the mails about a lead (or a day, or a webhook), or of one of its events."""
    return f"mail|{subject}|" + (f"{sequence:010d}|" if sequence is not None else "")


def mail(subject: str, sequence: int, number: int) -> str:
    """The record of one mail."""
    return f"{mails(subject, sequence)}{number:04d}"


def once(claim: str) -> str:
    """An idempotency claim (V4)."""
    return f"once|{claim}"


def who(partner_id: str, person: str) -> str:
    """The start of the rows of one person's leads; the lead's position follows."""
    return f"who|{digest(partner_id, person)}|"


def lead_of_who(row_key: str) -> str:
    """The lead of such a row."""
    return from_position(_part(row_key, 2))


TELL = "tell"
"""The range of the agenda that one run looks through: PUBLISH and DELIVER, sorted by time together."""


def hint(due: Hint) -> str:
    """A row of the agenda: a range read up to now is what is due."""
    attempt = f"|{due.attempt}" if due.attempt else ""
    within = f"|{due.kind}" if due.kind in TELLING else ""
    return f"{_agenda_range(due.kind)}|{stamp(due.due)}{within}|{due.partner_id}|{due.subject}{attempt}"


def hint_of(row_key: str) -> Hint:
    """The hint of such a row."""
    kind, due, *rest = row_key.split("|")
    if kind == TELL:
        kind, *rest = rest
    partner_id, subject, *attempt = rest
    return Hint(HintKind(kind), datetime.fromisoformat(due), partner_id, subject, *attempt)


def hints_until(kind: HintKind, at: datetime) -> tuple[str, str]:
    """Exclusive bounds of the range of this kind's rows that are due at `at` or before; see TELL."""
    found = _agenda_range(kind)
    return f"{found}|", f"{found}|{stamp(at)}|~"


def hints_after(kind: HintKind, at: datetime) -> tuple[str, str]:
    """Exclusive bounds of the range of this kind's rows that are due later."""
    return hints_until(kind, at)[1], f"{_agenda_range(kind)}|~"


def _agenda_range(kind: HintKind) -> str:
    return TELL if kind in TELLING else str(kind)


PAST_MARKS = "!~"
"""Behind the start of a range of the agenda: its marks are left out."""


def mark(kind: HintKind) -> str:
    """A row at the start of this kind's range that says to whoever reads one shard: there are more, or were."""
    return f"{_agenda_range(kind)}|!{kind}"


def is_mark(row_key: str) -> bool:
    """True of such a row."""
    return _part(row_key, 1).startswith("!")


def bookmark(name: str) -> str:
    """Where a long task goes on; no hint, since no kind is called so."""
    return f"bookmark|{name}"


JOB = "job|"


def job(export_id: str) -> str:
    """An export; its id is a time, so that jobs stand newest first."""
    return f"{JOB}{export_id}"


CHECKPOINTS_MAX = 50_000
"""A blob has no more blocks."""


def checkpoints(export_id: str, step: str) -> str:
    """The start of the rows of one step of an export."""
    return f"part|{export_id}|{step}|"


def checkpoint(export_id: str, step: str, index: int) -> str:
    """One checkpoint; the newest stands first, since that is the one a run asks for."""
    return f"{checkpoints(export_id, step)}{CHECKPOINTS_MAX - index:05d}"


def index_of(row_key: str) -> int:
    """The index of a checkpoint."""
    return CHECKPOINTS_MAX - int(_part(row_key, 3))


def named(name: str, partner_id: str) -> str:
    """A row of Lookup that says who has this folded title or name."""
    return f"{digest(name)}|{partner_id}"


def pending_offer(offer_id: str, partner_id: str) -> str:
    """A row of Lookup for an offer that waits for the operator's yes."""
    return f"{safe(offer_id.casefold())}|{partner_id}"


def named_range(name: str) -> tuple[str, str]:
    """Exclusive bounds of the rows of all who have it."""
    return f"{digest(name)}|", f"{digest(name)}|~"


PROFILE, PREFERENCES, YEAR = "profile", "preferences", "year"
WEBHOOKS, UNWANTED, DISMISSED = "webhook|", "unwanted|", "dismissed|"


PEOPLE = "person|"


def seen(person_id: str) -> str:
    """One of a partner's people."""
    return PEOPLE + safe(person_id)


def webhook(webhook_id: str) -> str:
    """A subscription."""
    return WEBHOOKS + webhook_id


def unwanted(address: str) -> str:
    """An address that is not mailed any more: unsubscribed, or it bounced."""
    return UNWANTED + digest(address)


def dismissed(person_id: str, notification_id: str) -> str:
    """A notification that one person has dismissed."""
    return f"{DISMISSED}{safe(person_id)}|{notification_id}"


OFFERS = "offer|"


def offer(offer_id: str) -> str:
    """A partner's offer; ids are equal without letter case."""
    return OFFERS + safe(offer_id.casefold())


PARKED_SHARD = "0"
"""Held submissions stand in one partition, so that each and its line in a list are one transaction."""


def held(held_id: str) -> str:
    """A held submission."""
    return f"item|{held_id}"


def held_line(state: str, at: datetime, held_id: str) -> str:
    """The line of a held submission in the list of its state, newest first."""
    return f"{held_lines(state)}{inverted_time(at)}|{held_id}"


def held_lines(state: str) -> str:
    """The start of such a list."""
    return f"list|{state}|"


def held_of(row_key: str) -> str:
    """The submission of a line."""
    return _part(row_key, 3)


FEEDBACK_SHARD = "0"
"""The partition of all feedback: what a lead was said of and its line in the list change in one transaction."""
_SAID, _LISTED = "lead|", "list|"


def feedback(partner_id: str, lead_id: str, person: str) -> str:
    """What one person said of a lead."""
    return f"{feedback_of(partner_id, lead_id)}{digest(partner_id, person)}"


def feedback_of(partner_id: str, lead_id: str) -> str:
    """The start of what everybody said of a lead."""
    return f"{_SAID}{partner_id}|{lead_id}|"


def feedback_line(at: datetime, key: str) -> str:
    """Its line in the list of all feedback, newest first: `key` is that of what was said, `at` when it was."""
    return f"{_LISTED}{inverted_time(at)}|{key.removeprefix(_SAID)}"


def feedback_lines(after: str, earliest: str) -> tuple[str, str]:
    """Exclusive bounds of the lines behind a place, or an inverted time, down to another; '' for the list's ends."""
    return f"{_LISTED}{after}", f"{_LISTED}{earliest}|~" if earliest else f"{_LISTED}~"


def place_of(line: str) -> str:
    """The place of a line in that list."""
    return line.removeprefix(_LISTED)


def before_line(line: str) -> str:
    """A place behind which this line is the next, where all before it were looked at."""
    return f"{int(_part(line, 1), 16) - 1:012x}|~"


ERASURE_JOBS = "jobs"
"""The partition of all erasures' records, newest first; which leads one is about stands in a partition of its id."""


def noted(partner_id: str, lead_id: str) -> str:
    """A lead that an erasure is about."""
    return f"{partner_id}|{lead_id}"


def noted_of(row_key: str) -> tuple[str, str]:
    """The partner and the lead of such a row."""
    partner_id, _, lead_id = row_key.partition("|")
    return partner_id, lead_id


AGENDA_SHARD = "0"
"""The agenda's first shard, whatever their number is; bookmarks stand here."""
LAYOUTS = "layouts"
"""The partition of the agenda that says how many shards there are besides, or were."""


def shards(number: int) -> tuple[str, ...]:
    """The partitions of an agenda of so many shards: the first is in every layout, the others in this one alone."""
    return (AGENDA_SHARD, *(f"{number}.{n}" for n in range(1, number)))


def shard(partner_id: str, number: int) -> str:
    """Where a partner's hints stand in an agenda of so many shards."""
    return shards(number)[int(digest(partner_id), 16) % number]


def layout(number: int) -> str:
    """The row of LAYOUTS about an agenda of so many shards."""
    return f"{number:04d}"


def person(partner_id: str, person_id: str) -> str:
    """The partition of one person's marks."""
    return f"{partner_id}|{safe(person_id)}"


def persons(partner_id: str) -> tuple[str, str]:
    """Exclusive bounds of the partitions of all its persons' marks."""
    return f"{partner_id}|", f"{partner_id}|~"


def left_behind(partner_id: str, account: str | None) -> str:
    """What a partner left in an account (None for the deployment's own) when it moved to another."""
    return f"{partner_id}|{account or ''}"


LANES = "wait|"
"""The start of all lanes of a partner, and of what waits for them."""


def destination_of(row_key: str) -> str | None:
    """The destination whose lane this is; None for what waits."""
    destination = row_key.removeprefix(LANES)
    return None if "|" in destination else destination


def quoted(text: str) -> str:
    """A text inside the quotation marks of an OData condition."""
    return text.replace("'", "''")
