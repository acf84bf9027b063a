"""I5 on the real storage: what `tests/hostile.py` makes can be stored as it is, and is there byte for byte."""

from shared.domain.errors import Conflict, InvalidRequest
from shared.domain.lead import Actor, Sender
from shared.domain.programme.partner import Door, LeadSource, Takes
from shared.domain.programme.profile import Profile
from shared.ports.ports import Ports
from shared.storage import keys
from shared.storage.tables import Tables
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.receive_lead import receive_lead
from tests import hostile
from tests.builders import AT
from tests.invariants import all_rows, check

BODIES = 400


async def test_i5_what_is_hostile_is_stored_byte_for_byte(ports: Ports, tables: Tables, source: LeadSource) -> None:
    partner = source.partner_id
    assert partner
    await ports.listings.put_profile(partner, Profile("Contoso", published=True), None)
    doors = {
        "marketplace": source.door(),
        "form": Door("1" * 16, Actor("source", "1" * 16), partner, Takes.INQUIRIES),
        "programme": Door("2" * 16, Actor("source", "2" * 16), None),
        "sender": Door(
            "3" * 32, Actor("sender", "sam"), partner, Takes.QUALIFIED, sender=Sender("seller"), sender_id="3" * 32
        ),
    }
    came: set[bytes] = set()
    for sent in hostile.submissions(hostile.SEED, BODIES):
        if len(sent.body) <= hostile.BODY_MAX:
            kind, key = sent.headers["content-type"][:256], sent.headers.get("idempotency-key")
            try:
                received = await receive_lead(
                    ports=ports, door=doors[sent.door], submission=Submission(sent.body, kind, key), at=AT
                )
                again = received.duplicate
            except (InvalidRequest, Conflict):
                again = False
            came |= set() if again else {sent.body}
    stored = {body(row) for table in (keys.LEADS, keys.PARKED) for row in (await all_rows(tables, table)).values()}
    assert not came - stored
    assert len(await check(tables, partner)) > BODIES // 20


def body(row: dict[str, object]) -> bytes:
    """The pieces of a body that a row holds, together."""
    pieces = (row.get(f"p{n}") for n in range(len(row)))
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))
