"""What every store of a partner's people does: each is there once, as last seen, and no other partner's."""

from dataclasses import replace

from shared.domain.people import Person
from shared.domain.permissions import Role
from shared.ports.programme import PeopleStore
from tests.builders import AT, DAY, unique

ANN = Person("ann|/é", "Ann", "ann@contoso.example", (Role.LEADS_USER, Role.PARTNER_ADMIN), "sv", AT, AT)


async def test_people_are_remembered_as_they_were_last_seen(people: PeopleStore) -> None:
    partner, other = unique(), unique()
    assert await people.person(partner, ANN.id, AT) is None
    assert await people.people(partner) == []
    await people.put(partner, ANN)
    assert await people.person(partner, ANN.id, AT) == ANN
    later = replace(ANN, name=None, email=None, roles=(Role.LEADS_USER,), last_seen=AT + DAY)
    await people.put(partner, later)
    assert await people.person(partner, ANN.id, AT) == later
    bob = replace(ANN, id="bob")
    await people.put(partner, bob)
    await people.put(other, replace(bob, name="Another Bob"))
    found = await people.people(partner)
    assert sorted(found, key=lambda one: one.id) == [later, bob]
    assert await people.person(other, ANN.id, AT) is None
