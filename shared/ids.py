"""Makes and reads identifiers; the one place with randomness.

A lead id is a tab letter, the inverted creation time in milliseconds (12 hex digits) and 64 random bits: read in key
order, one tab is newest first. `position` is the same order over both tabs.
"""

import hashlib
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from shared.domain.lead import Tab

_TIME_SPAN = 1 << 48
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAD_ID = re.compile(r"[mq][0-9a-f]{28}")
PARTNER_ID = re.compile(r"[a-z0-9-]{1,64}")
SOURCE_ID = re.compile(r"[a-z0-9]{16}")
POSITION = re.compile(r"[0-9a-f]{28}[mq]")
HELD_ID = re.compile(r"[0-9a-z]{16,32}-[0-9a-f]{32}")
HELD_CURSOR = re.compile(r"[0-9a-f]{12}\|[0-9a-z]{16,32}-[0-9a-f]{32}")
DELIVERY_CURSOR = re.compile(r"[012]\|[0-9A-Za-z|:.TZ-]{0,120}")
NOTIFICATION_CURSOR = re.compile(r"[01]\|[0-9a-f]{12}\|[0-9A-Za-z-]{1,120}")
NOTIFICATION_ID = re.compile(r"[0-9A-Za-z-]{1,120}")
OFFER_CURSOR = re.compile(r"[A-Za-z0-9._@=-]{1,201}\|[a-z0-9-]{1,64}")
FEEDBACK_CURSOR = re.compile(r"[0-9a-f]{12}\|(~|[a-z0-9-]{1,64}\|[mq][0-9a-f]{28}\|[0-9a-f]{32})")
EXPORT_ID = re.compile(r"[0-9a-f]{28}")
ERASURE_ID = re.compile(r"[0-9a-f]{28}")
STAMPS = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")
"""Two instants as they are written everywhere."""
SEQUENCE = re.compile(r"[1-9][0-9]{0,9}")


def new_lead_id(tab: Tab, at: datetime) -> str:
    """A fresh lead id for a lead created at `at`."""
    return f"{tab}{_inverted(at):012x}{secrets.token_hex(8)}"


def created_at(lead_id: str) -> datetime:
    """The creation time that a lead id carries, to the millisecond."""
    return EPOCH + timedelta(milliseconds=_TIME_SPAN - 1 - int(lead_id[1:13], 16))


def position(lead_id: str) -> str:
    """Where a lead stands among the leads of both tabs, newest first."""
    return lead_id[1:] + lead_id[0]


def from_position(text: str) -> str:
    """The lead id at a position; the inverse of `position`."""
    return text[-1] + text[:-1]


def sender_id(tenant: str, person: str) -> str:
    """Names the list of what one person has sent."""
    return digest("sent", tenant, person)


def new_change_id() -> str:
    """Names one attempt to change a lead, so that its own commit can be known again (design.md, How a lead changes)."""
    return secrets.token_hex(16)


def new_export_id(at: datetime) -> str:
    """A fresh export id: newest first in key order, as leads are."""
    return f"{_inverted(at):012x}{secrets.token_hex(8)}"


def new_erasure_id(at: datetime) -> str:
    """A fresh erasure id: newest first in key order."""
    return new_export_id(at)


def new_source_id() -> str:
    """A source id: short, in a URL, no secret."""
    return secrets.token_hex(8)


def new_key() -> str:
    """A source key: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def new_directory_key(source_id: str) -> str:
    """The key of a directory, which is asked without the source's id: the key says it."""
    return f"{source_id}.{new_key()}"


def source_of_key(key: str) -> str:
    """The source that a directory's key names; '' where it names none."""
    source_id, dot, _ = key.partition(".")
    return source_id if dot else ""


def new_request_id() -> str:
    """Names one HTTP request in answers and logs."""
    return str(uuid.uuid4())


def jitter() -> float:
    """A share between 0 and 1, so that those who lost a race do not meet again."""
    return secrets.randbelow(1_000) / 1_000


def digest(*parts: str) -> str:
    """128 bits of SHA-256 over the parts in hex; the parts cannot run into each other."""
    joined = "\x00".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def bounced_key(folded_address: str) -> str:
    """What is kept of an address that took no mail: it is found again, and read back by nobody who does not know it."""
    return digest("bounced", folded_address)


def key_hash(key: str) -> str:
    """The stored form of a source key (S2)."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def inverted_time(at: datetime) -> str:
    """How the ids of leads created at `at` begin behind their tab letter; later times sort first."""
    return f"{_inverted(at):012x}"


def _inverted(at: datetime) -> int:
    return _TIME_SPAN - 1 - (at - EPOCH) // timedelta(milliseconds=1)
