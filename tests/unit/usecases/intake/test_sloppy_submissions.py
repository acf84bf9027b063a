"""Whatever authenticates ends as exactly one of lead, duplicate, parked or waiting; never as an error of ours (I5)."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared.domain.deadlines import hints
from shared.domain.errors import Conflict, InvalidRequest
from shared.domain.intake.formats import HONEYPOT
from shared.domain.intake.held import HeldState
from shared.domain.intake.payload import FORM
from shared.domain.lead import NAME_MAX, Actor, Sender
from shared.domain.programme.partner import Door, Partner, Takes
from shared.domain.programme.profile import Profile
from shared.domain.text import flaw
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.receive_lead import Received, receive_lead
from tests.builders import AT
from tests.fakes.ports import FakePorts, fake_ports

KNOWN = [
    *("UserDetails", "FirstName", "LastName", "Email", "Phone", "Country", "Company", "Title", "LeadSource"),
    *("ActionCode", "OfferTitle", "Description", "CustomerInfo", "CreatedTime", "OfferDisplayName", "customer"),
    *("notes", "contactRequested", "location", "searchTerms", "share", "consent", "contact", "at", "qualification"),
    *("offer", "id", "sender", "kind", "name", "size", "profile", HONEYPOT),
]
SPOKEN = ["AppSource-INS|contoso.crm", "SPZA", "PLT", "DNC", "INS", "MSFT_TEST_1", "salesQualified", "on", "true", "SE"]
HOSTILE = [
    "=1+1",
    "\u202eevil",
    "😀" * 300,
    "\x00",
    "\ud800",
    "a" * 5000,
    "<script>",
    "../..",
    "' or 1 eq 1",
    "|",
    "-",
    "  ",
]
CASES = st.sampled_from([str, str.upper, str.lower, str.swapcase])
texts = st.sampled_from([*SPOKEN, *HOSTILE, "ada@northwind.example", "+46812345678", "Fabrikam"]) | st.text(max_size=20)
scalars = texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
keys = st.tuples(CASES, st.sampled_from(KNOWN)).map(lambda pair: pair[0](pair[1])) | st.text(max_size=12)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6), max_leaves=12
)
bodies = st.dictionaries(keys, values, max_size=8)
people = st.fixed_dictionaries({"Company": texts | st.none(), "Email": texts, "Phone": texts, "Country": texts})
codes = st.sampled_from(["PLT", "INS", "DNC", "Create", "starttestdrive", "XYZ", None])
likely = st.tuples(st.sampled_from(["UserDetails", "customer"]), people, bodies, codes).map(
    lambda t: {t[0]: t[1], "ActionCode": t[3], **t[2]}
)
pairs = st.lists(st.tuples(keys, texts.filter(lambda text: "\ud800" not in text)), max_size=12)


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


submissions = st.one_of(
    bodies.map(encoded).map(Submission),
    likely.map(encoded).map(Submission),
    likely.map(lambda body: Submission(encoded(body), "text/xml")),
    people.map(lambda body: Submission(encoded(body | {"share": True}))),
    values.map(encoded).map(Submission),
    st.binary(max_size=60).map(Submission),
    pairs.map(lambda fields: Submission(urlencode(fields, errors="replace").encode(), FORM)),
    st.binary(max_size=60).map(lambda raw: Submission(raw, FORM)),
    st.tuples(likely, texts).map(
        lambda t: Submission(encoded({"CustomerInfo": json.dumps(t[0]), "CreatedTime": t[1]}))
    ),
)
doors = st.sampled_from(
    [
        Door("0" * 16, Actor("source", "0" * 16), "contoso"),
        Door("1" * 16, Actor("source", "1" * 16), "contoso", Takes.INQUIRIES),
        Door("2" * 16, Actor("source", "2" * 16), None),
        Door("3" * 32, Actor("sender", "bo"), "contoso", Takes.QUALIFIED, sender=Sender("partner"), sender_id="bo"),
    ]
)


async def submit(ports: FakePorts, door: Door, submission: Submission) -> Received | None:
    """The answer; None when the sender is told that it is parked."""
    problem: InvalidRequest | Conflict
    try:
        return await receive_lead(ports=ports, door=door, submission=submission, at=AT)
    except (InvalidRequest, Conflict) as refused:
        problem = refused
    assert problem.message
    assert problem.details or isinstance(problem, Conflict)
    return None


async def check(door: Door, submission: Submission) -> None:
    ports = fake_ports()
    await ports.partners.put(Partner("contoso", "Contoso", (), AT, AT))
    await ports.listings.put_profile("contoso", Profile("Contoso", published=True), None)
    answers = [await submit(ports, door, submission) for _ in range(2)]
    leads = [row.lead for row in ports.leads.rows.values()]
    held = [row.held for row in ports.held.rows.values() if row.held.state is not HeldState.PLACED]
    assert len(leads) + len(held) == 1, "exactly one of lead, parked, unassigned"
    if leads:
        (lead,) = leads
        first, second = answers
        assert first is not None
        assert second is not None
        assert (first.lead_id, second.lead_id) == (lead.id, lead.id)
        assert (first.duplicate, second.duplicate) == (False, True)
        assert set(hints(lead)) <= ports.agenda.hints
        assert ports.leads.payloads[lead.id].body == submission.body
        customer = lead.customer
        assert customer.company or customer.email or customer.phone
        for text in (customer.company, customer.first_name, customer.email, lead.location, lead.source_text):
            assert text is None or (flaw(text) is None and 0 < len(text) <= NAME_MAX)
        json.dumps(dict(lead.additional_fields), allow_nan=False).encode()
    else:
        (one,) = held
        assert one.body == submission.body
        waits = one.state is HeldState.UNASSIGNED
        assert all((answer is not None) is waits for answer in answers)
        assert not ports.agenda.hints


@hypothesis_settings(max_examples=300)
@given(door=doors, submission=submissions)
def test_i5_every_submission_ends_as_exactly_one_of_lead_duplicate_parked(door: Door, submission: Submission) -> None:
    asyncio.run(check(door, submission))


def test_the_strategies_reach_every_end() -> None:
    """Or the test above would hold of nothing."""
    seen: set[str] = set()

    @hypothesis_settings(max_examples=600, database=None, derandomize=True)
    @given(door=doors, submission=submissions)
    def look(door: Door, submission: Submission) -> None:
        async def one() -> None:
            ports = fake_ports()
            await ports.listings.put_profile("contoso", Profile("Contoso", published=True), None)
            answer = await submit(ports, door, submission)
            seen.add("parked" if answer is None else str(answer.status))

        asyncio.run(one())

    look()
    assert seen == {"parked", "received", "informational", "unassigned"}
