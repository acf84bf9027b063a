"""The order of steps that loses no lead (V4, S2)."""

import pytest

from shared.domain.deadlines import hints
from shared.domain.errors import InvalidRequest, Unauthenticated
from shared.domain.programme.partner import LeadSource, SourceKey
from shared.ids import key_hash
from shared.usecases.intake.receive_lead import open_door
from tests.builders import AT, DAY
from tests.fakes.ports import FakePorts
from tests.steps import submit


async def test_a_delivery_leaves_a_lead_its_payload_and_all_its_hints(ports: FakePorts, source: LeadSource) -> None:
    received = await submit(ports, source)
    stored = await ports.leads.get(source.partner_id, received.lead_id)
    assert stored is not None
    assert b"ada.berg@northwind.example" in ports.leads.payloads[received.lead_id].body
    assert set(hints(stored.lead)) < ports.agenda.hints
    (publish,) = ports.agenda.hints - set(hints(stored.lead))
    assert (publish.kind, publish.due) == ("publish", AT)


async def test_a_repeat_leaves_nothing_more(ports: FakePorts, source: LeadSource) -> None:
    first = await submit(ports, source)
    before = set(ports.agenda.hints)
    assert (await submit(ports, source)).lead_id == first.lead_id
    assert ports.agenda.hints == before


async def test_an_unreadable_body_leaves_nothing(ports: FakePorts, source: LeadSource) -> None:
    with pytest.raises(InvalidRequest):
        await submit(ports, source, {"UserDetails": {}})
    assert not ports.agenda.hints


async def test_key_order_does_not_make_a_delivery_another_one(ports: FakePorts, source: LeadSource) -> None:
    one = {"UserDetails": {"Email": "a@b.example", "Company": "C"}, "ActionCode": "PLT"}
    other = {"ActionCode": "PLT", "UserDetails": {"Company": "C", "Email": "a@b.example"}}
    assert (await submit(ports, source, one)).lead_id == (await submit(ports, source, other)).lead_id


async def test_s2_the_door_opens_to_its_own_key_alone(ports: FakePorts, source: LeadSource) -> None:
    keys = (SourceKey(key_hash("new")), SourceKey(key_hash("old"), AT + DAY))
    door = LeadSource(source.id, source.partner_id, "Marketplace", AT, keys=keys)
    await ports.partners.put_source(door)
    for key in ("new", "old"):
        assert await open_door(ports=ports, source_id=door.id, key=key, at=AT) == door
    for source_id, key, at in [
        (door.id, "", AT),
        (door.id, "else", AT),
        (door.id, "old", AT + DAY),
        ("f" * 16, "new", AT),
        ("../x", "new", AT),
    ]:
        with pytest.raises(Unauthenticated):
            await open_door(ports=ports, source_id=source_id, key=key, at=at)
