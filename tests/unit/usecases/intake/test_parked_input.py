"""Routing, parking, assigning, replaying: no submission is lost, none becomes two leads (I5, R1, R2, V4)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.deadlines import hints
from shared.domain.errors import AccessDenied, Conflict, InvalidRequest, NotFound
from shared.domain.intake.held import Held, HeldState, Reason
from shared.domain.lead import CallToAction, LeadType, Outcome, Qualification, Reveal, Source, Status
from shared.domain.lifecycle import Action
from shared.domain.permissions import Caller
from shared.domain.programme.offers import RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner, PartnerState, SourceKind
from shared.domain.programme.profile import Profile
from shared.ports.errors import LostRace
from shared.ports.leads import StoredLead
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.parked_input import assign, list_held, read_held, replay
from shared.usecases.intake.receive_lead import Received, receive_lead
from shared.usecases.intake.sent_leads import list_sent, read_sent, send_lead
from tests.builders import ANN, AT, DAY, submission_body
from tests.fakes.intake import FakeHeldStore
from tests.fakes.ports import FakePorts
from tests.steps import answer, submit

CRM = RegisteredOffer("contoso.crm", "Contoso CRM", CallToAction.FREE_TRIAL)
CRM_FORM = {"Company": "Fabrikam", "Email": "kata@fabrikam.example", "LeadSource": "AppSource-INS|contoso.crm"}
INQUIRY = {"customer": {"company": "Fabrikam", "email": "kata@fabrikam.example"}, "share": True, "notes": "Hello"}
QUALIFIED: dict[str, Any] = {
    "qualification": "salesQualified",
    "customer": {"company": "Fabrikam", "email": "kata@fabrikam.example"},
    "contactRequested": True,
}
PROGRAMME = LeadSource("fedcba9876543210", None, "Programme", AT)
BO = Caller("fabrikam", "bo", "Bo", partner_id="fabrikam", client="crm", email="bo@fabrikam.example")


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> str:
    """The source's partner, registered."""
    assert source.partner_id is not None
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    return source.partner_id


async def waiting(ports: FakePorts, state: HeldState = HeldState.PARKED) -> list[Held]:
    return list((await list_held(ports=ports, state=state, after=None, top=50)).held)


async def lead_of(ports: FakePorts, partner: str, received: Received) -> StoredLead:
    stored = await ports.leads.get(partner, received.lead_id)
    assert stored is not None
    return stored


def leads(ports: FakePorts) -> list[StoredLead]:
    return list(ports.leads.rows.values())


async def publish(ports: FakePorts, partner: str, **changes: Any) -> None:
    await ports.listings.put_profile(partner, replace(Profile("Contoso", published=True), **changes), None)


async def suspend(ports: FakePorts, partner: str, state: PartnerState = PartnerState.SUSPENDED) -> None:
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT, state=state))


# --- Offers (T5) and formats -----------------------------------------------------------------------------------------


async def test_t5_a_registered_offer_says_what_ins_means(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await ports.listings.put_offer(partner, CRM, None)
    lead = (await lead_of(ports, partner, await submit(ports, source, CRM_FORM))).lead
    assert (lead.call_to_action, lead.status) == (CallToAction.FREE_TRIAL, Status.INFORMATIONAL)
    assert lead.offer is not None
    assert (lead.offer.id, lead.offer.title) == ("contoso.crm", "Contoso CRM")
    by_title = submission_body(ActionCode="INS", OfferTitle="contoso  CRM")
    lead = (await lead_of(ports, partner, await submit(ports, source, by_title))).lead
    assert (lead.call_to_action, lead.offer and lead.offer.id) == (CallToAction.FREE_TRIAL, "contoso.crm")


async def test_an_unknown_offer_is_kept_as_text(ports: FakePorts, source: LeadSource, partner: str) -> None:
    lead = (await lead_of(ports, partner, await submit(ports, source, CRM_FORM))).lead
    assert (lead.call_to_action, lead.offer and lead.offer.id) == (CallToAction.GET_IT_NOW, "contoso.crm")
    assert (lead.source, lead.source_text) == (Source.APP_SOURCE, "AppSource-INS|contoso.crm")


async def test_i4_an_inquiry_is_a_hot_profile_lead_of_its_listing(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await publish(ports, partner)
    source = replace(source, kind=SourceKind.FORM, listing_source=Source.AZURE_PORTAL, reveal=Reveal.ON_ACCEPT)
    lead = (await lead_of(ports, partner, await submit(ports, source, INQUIRY | {"location": "HQ"}))).lead
    assert (lead.type, lead.source, lead.call_to_action) == (
        LeadType.PROFILE,
        Source.AZURE_PORTAL,
        CallToAction.CONTACT_ME,
    )
    assert (lead.location, lead.flame_until, lead.reveal) == ("HQ", AT + timedelta(hours=72), Reveal.ON_ACCEPT)
    silent = await submit(ports, source, INQUIRY | {"contactRequested": False})
    assert (await lead_of(ports, partner, silent)).lead.flame_until is None


async def test_t10_withheld_contact_makes_a_notice(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await publish(ports, partner)
    lead = (await lead_of(ports, partner, await submit(ports, source, INQUIRY | {"contact": False}))).lead
    assert (lead.do_not_contact, lead.status, lead.contact_requested) == (True, Status.INFORMATIONAL, False)
    assert not lead.consent.contact


# --- Parked input (I5) -----------------------------------------------------------------------------------------------

UNREADABLE = [b"", b"not json", b"\xff\xfe", b"[]", b"{}", b'{"UserDetails": {}}', b'{"UserDetails": {"Email": ["a"]}}']


@pytest.mark.parametrize("body", UNREADABLE)
async def test_i5_what_cannot_be_read_is_parked_whole_and_a_repeat_is_one_row(
    ports: FakePorts, source: LeadSource, body: bytes
) -> None:
    for n in range(3):
        with pytest.raises(InvalidRequest) as refused:
            await submit(ports, source, body, at=AT + DAY * n)
        assert refused.value.details
    (held,) = await waiting(ports)
    assert (held.body, held.reason, held.count) == (body, Reason.UNREADABLE, 3)
    assert (held.first_at, held.last_at) == (AT, AT + DAY * 2)
    assert held.details == refused.value.details
    assert not ports.agenda.hints


async def test_i5_a_replay_with_a_corrected_body_is_one_lead_however_often(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    with pytest.raises(InvalidRequest):
        await submit(ports, source, b'{"UserDetails": {"Email": []}}')
    (held,) = await waiting(ports)
    with pytest.raises(InvalidRequest):
        await replay(ports=ports, held_id=held.id, body=None, at=AT + DAY)
    with pytest.raises(InvalidRequest):
        await replay(ports=ports, held_id=held.id, body="{}", at=AT + DAY)
    assert await waiting(ports) == [held]
    first = await replay(ports=ports, held_id=held.id, body=submission_body(), at=AT + DAY)
    lead = (await lead_of(ports, partner, first)).lead
    assert (first.duplicate, lead.created_at, lead.expires_at) == (False, AT + DAY, AT + 15 * DAY)
    for body in (None, submission_body(), submission_body(Title="else")):
        again = await replay(ports=ports, held_id=held.id, body=body, at=AT + 2 * DAY)
        assert again == replace(first, duplicate=True)
    assert await waiting(ports) == []
    assert len(ports.leads.rows) == 1
    done = await read_held(ports=ports, held_id=held.id, state=HeldState.PARKED)
    assert (done.state, done.lead_id, done.body) == (HeldState.PLACED, first.lead_id, b"")


async def test_i5_a_delivery_that_a_later_release_can_read_meets_its_senders_retry(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    with pytest.raises(InvalidRequest):
        await submit(ports, source, b"{}")
    (held,) = await waiting(ports)
    # As after a release: the bytes that were parked mean something now.
    stored = await ports.held.get(held.id)
    assert stored is not None
    body = json.dumps(submission_body()).encode()
    await ports.held.replace(stored, replace(held, body=body))
    made = await submit(ports, source, body)
    again = await replay(ports=ports, held_id=held.id, body=None, at=AT)
    assert again == replace(made, duplicate=True)
    assert await waiting(ports) == []


async def test_a_form_is_replayed_as_a_form(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await publish(ports, partner)
    form = replace(source, kind=SourceKind.FORM)
    kind = "application/x-www-form-urlencoded"
    with pytest.raises(InvalidRequest):
        await receive_lead(ports=ports, door=form.door(), submission=Submission(b"company=F", kind), at=AT)
    (held,) = await waiting(ports)
    made = await replay(ports=ports, held_id=held.id, body="company=F&share=on", at=AT)
    assert (await lead_of(ports, partner, made)).lead.customer.company == "F"


async def test_v4_a_reused_key_is_parked_and_can_become_a_lead_of_its_own(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    first = await submit(ports, source, key="constant")
    for n in range(2):
        with pytest.raises(Conflict):
            await submit(ports, source, submission_body(Title="CFO"), key="constant", at=AT + DAY * n)
    (held,) = await waiting(ports)
    assert (held.reason, held.count) == (Reason.KEY_REUSED, 2)
    assert (await submit(ports, source, key="constant")) == replace(first, duplicate=True)
    second = await replay(ports=ports, held_id=held.id, body=None, at=AT)
    assert second.lead_id != first.lead_id
    assert (await lead_of(ports, partner, second)).lead.customer.title == "CFO"
    assert (await replay(ports=ports, held_id=held.id, body=None, at=AT)) == replace(second, duplicate=True)


async def test_r2_an_inquiry_waits_for_a_published_profile(ports: FakePorts, source: LeadSource, partner: str) -> None:
    for n, profile in enumerate((None, Profile("Contoso", published=False))):
        if profile:
            await ports.listings.put_profile(partner, profile, None)
        with pytest.raises(Conflict) as refused:
            await submit(ports, source, INQUIRY, at=AT + DAY / 9 * n)
        assert "profileNotPublished" in refused.value.message
    (held,) = await waiting(ports)
    assert (held.reason, held.count, held.partner_id) == (Reason.PROFILE_NOT_PUBLISHED, 2, partner)
    with pytest.raises(Conflict):
        await replay(ports=ports, held_id=held.id, body=None, at=AT)
    await publish(ports, partner)
    made = await replay(ports=ports, held_id=held.id, body=None, at=AT)
    assert (await submit(ports, source, INQUIRY)) == replace(made, duplicate=True)


async def test_what_is_not_there_cannot_be_replayed_or_assigned(ports: FakePorts, source: LeadSource) -> None:
    with pytest.raises(InvalidRequest):
        await submit(ports, source, b"{}")
    (held,) = await waiting(ports)
    for held_id in ("x", "../" + held.id, held.id[:-1] + "g", held.id):
        with pytest.raises(NotFound):
            await assign(ports=ports, held_id=held_id, partner_id="contoso", at=AT)
    with pytest.raises(NotFound):
        await replay(ports=ports, held_id="0" * 16 + "-" + "0" * 32, body=None, at=AT)


# --- Routing (R1) and suspended partners (R2) ------------------------------------------------------------------------


async def test_r1_the_programmes_lead_goes_to_the_partner_of_its_offer(ports: FakePorts, partner: str) -> None:
    await ports.listings.put_offer(partner, CRM, None)
    for body in (CRM_FORM, submission_body(OfferTitle="CONTOSO crm"), CRM_FORM | {"LeadSource": "x-INS|Contoso.CRM"}):
        made = await submit(ports, PROGRAMME, body)
        assert (await lead_of(ports, partner, made)).lead.partner_id == partner
        assert (await submit(ports, PROGRAMME, body)) == replace(made, duplicate=True)
    assert await waiting(ports, HeldState.UNASSIGNED) == []


async def test_r1_an_inquiry_goes_to_the_profile_it_names(ports: FakePorts, partner: str) -> None:
    await publish(ports, partner)
    for n, name in enumerate((partner, "CONTOSO")):
        made = await submit(ports, PROGRAMME, INQUIRY | {"profile": name, "notes": str(n)})
        assert (await lead_of(ports, partner, made)).lead.type is LeadType.PROFILE


async def test_r1_what_nobody_or_several_claim_waits_for_the_operator(ports: FakePorts, partner: str) -> None:
    unknown = await submit(ports, PROGRAMME, CRM_FORM)
    assert (unknown.status, unknown.duplicate) == (HeldState.UNASSIGNED, False)
    assert (await submit(ports, PROGRAMME, CRM_FORM)) == replace(unknown, duplicate=True)
    await ports.listings.put_offer(partner, CRM, None)
    await ports.listings.put_offer("fabrikam", replace(CRM, id="fabrikam.crm"), None)
    both = await submit(ports, PROGRAMME, submission_body())
    assert both.status is HeldState.UNASSIGNED
    held = {one.lead_id: one for one in await waiting(ports, HeldState.UNASSIGNED)}
    assert set(held) == {unknown.lead_id, both.lead_id}
    assert held[unknown.lead_id].count == 2
    assert held[unknown.lead_id].reason is Reason.OFFER_UNKNOWN
    assert held[both.lead_id].reason is Reason.CLAIMED_BY_SEVERAL
    assert not ports.agenda.hints, "deadlines start with the assignment"


async def test_r1_deadlines_start_with_the_assignment(ports: FakePorts, partner: str) -> None:
    made = await submit(ports, PROGRAMME, submission_body())
    (held,) = await waiting(ports, HeldState.UNASSIGNED)
    with pytest.raises(InvalidRequest) as refused:
        await assign(ports=ports, held_id=held.id, partner_id="nobody", at=AT)
    assert [one.target for one in refused.value.details] == ["partnerId"]
    later = AT + 30 * DAY
    received = await assign(ports=ports, held_id=held.id, partner_id=partner, at=later)
    lead = (await lead_of(ports, partner, received)).lead
    assert (lead.id, lead.created_at) == (made.lead_id, AT)
    assert (lead.expires_at, lead.flame_until) == (later + 14 * DAY, later + 3 * DAY)
    assert set(hints(lead)) < ports.agenda.hints
    assert await waiting(ports, HeldState.UNASSIGNED) == []
    before = set(ports.agenda.hints)
    again = await assign(ports=ports, held_id=held.id, partner_id=partner, at=later)
    assert again == replace(received, duplicate=True)
    assert (await submit(ports, PROGRAMME, submission_body(), at=AT + DAY / 2)) == again
    assert ports.agenda.hints == before
    await ports.partners.put(Partner("fabrikam", "Fabrikam", (), AT, AT))
    with pytest.raises(Conflict):
        await assign(ports=ports, held_id=held.id, partner_id="fabrikam", at=later)


async def test_v4_the_programmes_delivery_is_another_one_after_a_day_unless_it_waits(
    ports: FakePorts, partner: str
) -> None:
    waits = await submit(ports, PROGRAMME, submission_body())
    assert (await submit(ports, PROGRAMME, submission_body(), at=AT + 3 * DAY)) == replace(waits, duplicate=True)
    await ports.listings.put_offer(partner, CRM, None)
    first = await submit(ports, PROGRAMME, CRM_FORM)
    again = await submit(ports, PROGRAMME, CRM_FORM, at=AT + DAY - timedelta(milliseconds=1))
    assert again == replace(first, duplicate=True)
    later = await submit(ports, PROGRAMME, CRM_FORM, at=AT + DAY)
    assert (later.duplicate, later.lead_id != first.lead_id) == (False, True)
    assert (await submit(ports, PROGRAMME, CRM_FORM, at=AT + DAY)) == replace(later, duplicate=True)
    keyed = await submit(ports, PROGRAMME, CRM_FORM, key="k")
    with pytest.raises(Conflict):
        await submit(ports, PROGRAMME, submission_body(), key="k")
    assert (await submit(ports, PROGRAMME, CRM_FORM, key="k", at=AT + 99 * DAY)) == replace(
        keyed, duplicate=True, status=keyed.status
    )


async def test_r1_routing_is_decided_once(ports: FakePorts, partner: str) -> None:
    await ports.listings.put_offer(partner, CRM, None)
    first = await submit(ports, PROGRAMME, CRM_FORM)
    ports.listings.registered = {("fabrikam", "contoso.crm"): CRM}
    assert (await submit(ports, PROGRAMME, CRM_FORM)) == replace(first, duplicate=True)
    assert len(ports.leads.rows) == 1


async def test_r2_a_suspended_partners_deliveries_wait_and_none_is_doubled(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    before = await submit(ports, source)
    await suspend(ports, partner)
    assert (await submit(ports, source)) == replace(before, duplicate=True)
    waits = await submit(ports, source, submission_body(Title="CFO"))
    assert waits.status is HeldState.UNASSIGNED
    (held,) = await waiting(ports, HeldState.UNASSIGNED)
    assert (held.reason, held.partner_id) == (Reason.PARTNER_SUSPENDED, partner)
    with pytest.raises(Conflict):
        await assign(ports=ports, held_id=held.id, partner_id=partner, at=AT)
    await suspend(ports, partner, PartnerState.ACTIVE)
    retried = await submit(ports, source, submission_body(Title="CFO"), at=AT + DAY / 2)
    assert retried == replace(waits, duplicate=True), "it is the operator's now"
    made = await assign(ports=ports, held_id=held.id, partner_id=partner, at=AT + 2 * DAY)
    assert made.lead_id == waits.lead_id
    assert (await submit(ports, source, submission_body(Title="CFO"), at=AT + DAY / 2)) == replace(made, duplicate=True)
    assert len(leads(ports)) == 2


async def test_r2_what_was_given_to_another_partner_is_known_at_home(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await suspend(ports, partner)
    await submit(ports, source, key="k")
    await ports.partners.put(Partner("fabrikam", "Fabrikam", (), AT, AT))
    (held,) = await waiting(ports, HeldState.UNASSIGNED)
    made = await assign(ports=ports, held_id=held.id, partner_id="fabrikam", at=AT)
    await suspend(ports, partner, PartnerState.ACTIVE)
    assert (await submit(ports, source, key="k", at=AT + 9 * DAY)) == replace(made, duplicate=True)
    with pytest.raises(Conflict):
        await submit(ports, source, submission_body(Title="B"), key="k", at=AT + 9 * DAY)
    assert len(leads(ports)) == 1


async def test_v4_a_lead_that_was_made_at_home_meanwhile_is_the_one(
    ports: FakePorts, source: LeadSource, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another instance does not know of the suspension yet: it delivers what this one holds."""
    await suspend(ports, partner)
    waits = await submit(ports, source)
    (held,) = await waiting(ports, HeldState.UNASSIGNED)
    await suspend(ports, partner, PartnerState.ACTIVE)
    unaware = replace(ports, held=FakeHeldStore())
    made = await submit(unaware, source, at=AT + DAY / 9)
    assert made.lead_id != waits.lead_id
    await ports.partners.put(Partner("fabrikam", "Fabrikam", (), AT, AT))
    instead, races = ports.held.replace, [LostRace()]

    async def racing(*said: Any) -> Any:
        # Another repeat of it was counted at this moment.
        if races:
            raise races.pop()
        return await instead(*said)

    monkeypatch.setattr(ports.held, "replace", racing)
    again = await assign(ports=ports, held_id=held.id, partner_id="fabrikam", at=AT + 5 * DAY)
    assert again == replace(made, duplicate=True)
    assert (len(leads(ports)), await waiting(ports, HeldState.UNASSIGNED)) == (1, [])


async def test_v4_a_replay_days_later_meets_the_senders_own_retry(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    with pytest.raises(Conflict):
        await submit(ports, source, INQUIRY)
    await publish(ports, partner)
    made = await submit(ports, source, INQUIRY, at=AT + DAY / 24)
    (held,) = await waiting(ports)
    again = await replay(ports=ports, held_id=held.id, body=None, at=AT + 9 * DAY)
    assert again == replace(made, duplicate=True)
    assert len(leads(ports)) == 1


async def test_v4_a_known_lead_is_known_although_the_profile_is_not_published_any_more(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await publish(ports, partner)
    for key in (None, "k"):
        made = await submit(ports, source, INQUIRY, key=key)
        await publish(ports, partner, published=False)
        assert (await submit(ports, source, INQUIRY, key=key, at=AT + DAY / 24)) == replace(made, duplicate=True)
        await publish(ports, partner)
    assert await waiting(ports) == []


async def test_v4_a_constant_key_of_parked_inquiries_loses_none(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    for n in range(2):
        with pytest.raises(Conflict):
            await submit(ports, source, INQUIRY | {"notes": str(n)}, key="k")
    await publish(ports, partner)
    first, second = await waiting(ports)
    await replay(ports=ports, held_id=first.id, body=None, at=AT)
    with pytest.raises(Conflict):
        await replay(ports=ports, held_id=second.id, body=None, at=AT)
    assert (await read_held(ports=ports, held_id=second.id, state=HeldState.PARKED)).reason is Reason.KEY_REUSED
    await replay(ports=ports, held_id=second.id, body=None, at=AT)
    assert (len(leads(ports)), await waiting(ports)) == (2, [])


async def test_i5_the_same_bytes_long_after_a_replay_wait_again(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    for n in range(3):
        with pytest.raises(InvalidRequest):
            await submit(ports, source, b"{}", at=AT + 30 * DAY * n)
        (held,) = await waiting(ports)
        assert (held.body, held.first_at) == (b"{}", AT + 30 * DAY * n)
        await replay(ports=ports, held_id=held.id, body=submission_body(), at=AT + 30 * DAY * n)
        assert len(leads(ports)) == n + 1
    # The same submission tried again right after is the one that was replayed.
    with pytest.raises(InvalidRequest):
        await submit(ports, source, b"{}", at=AT + 60 * DAY + DAY / 24)
    assert await waiting(ports) == []


async def test_a_replay_that_found_no_partner_says_so_again(ports: FakePorts, partner: str) -> None:
    with pytest.raises(InvalidRequest):
        await submit(ports, PROGRAMME, b"{}")
    (held,) = await waiting(ports)
    moved = await replay(ports=ports, held_id=held.id, body=submission_body(), at=AT)
    again = await replay(ports=ports, held_id=held.id, body=submission_body(), at=AT)
    assert again == replace(moved, duplicate=True)
    made = await assign(ports=ports, held_id=held.id, partner_id=partner, at=AT)
    assert (await replay(ports=ports, held_id=held.id, body=None, at=AT)) == replace(made, duplicate=True)


async def test_r2_the_lead_of_a_suspended_partner_can_go_to_another(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await suspend(ports, partner)
    await submit(ports, source)
    await ports.partners.put(Partner("fabrikam", "Fabrikam", (), AT, AT))
    (held,) = await waiting(ports, HeldState.UNASSIGNED)
    made = await assign(ports=ports, held_id=held.id, partner_id="fabrikam", at=AT)
    assert (await lead_of(ports, "fabrikam", made)).lead.source_id == source.id


async def test_a_parked_delivery_that_nobody_takes_goes_on_waiting_for_a_partner(
    ports: FakePorts, partner: str
) -> None:
    with pytest.raises(InvalidRequest):
        await submit(ports, PROGRAMME, b"{}")
    (held,) = await waiting(ports)
    moved = await replay(ports=ports, held_id=held.id, body=submission_body(), at=AT + DAY)
    assert moved.status is HeldState.UNASSIGNED
    assert await waiting(ports) == []
    (waits,) = await waiting(ports, HeldState.UNASSIGNED)
    made = await assign(ports=ports, held_id=waits.id, partner_id=partner, at=AT + 2 * DAY)
    assert made.lead_id == moved.lead_id
    assert (await lead_of(ports, partner, made)).lead.customer.first_name == "Ada"


# --- Senders ---------------------------------------------------------------------------------------------------------


async def send(ports: FakePorts, caller: Caller, body: Any = QUALIFIED, *, key: str | None = None, to: str) -> Received:
    raw = json.dumps(body).encode()
    submission = Submission(raw, key=key)
    return await send_lead(ports=ports, partner_id=to, caller=caller, submission=submission, at=AT)


async def test_i4_a_partners_seller_is_named_by_the_token(ports: FakePorts, partner: str) -> None:
    """And a qualified lead says who qualified it (T2); nothing was clicked, no offer or profile made it (T1, T4)."""
    body = QUALIFIED | {"sender": {"kind": "marketing", "name": "Somebody", "email": "else@x.example"}}
    lead = (await lead_of(ports, partner, await send(ports, BO, body, to=partner))).lead
    assert lead.sender is not None
    assert (lead.sender.kind, lead.sender.name, lead.sender.email) == ("partner", "Bo", "bo@fabrikam.example")
    assert (lead.qualification, lead.type, lead.source, lead.call_to_action) == (
        Qualification.SALES_QUALIFIED,
        None,
        None,
        None,
    )
    assert (lead.status, lead.contact_requested, lead.id[0]) == (Status.RECEIVED, True, "q")
    assert lead.last_transition.by.kind == "sender"


@pytest.mark.parametrize(
    ("qualification", "given", "expected"),
    [
        ("salesQualified", None, ("seller", "Op", "op@operator.example")),
        ("marketingQualified", {}, ("marketing", "Op", "op@operator.example")),
        ("salesQualified", {"kind": "Marketing", "name": "Ida"}, ("marketing", "Ida", "op@operator.example")),
        ("salesQualified", {"kind": "robot", "email": "ida@x.example"}, ("seller", "Op", "ida@x.example")),
    ],
)
async def test_s1_the_operator_may_name_its_senders(
    ports: FakePorts, partner: str, qualification: str, given: Any, expected: tuple[str, str, str]
) -> None:
    caller = Caller("operator", "op", "Op", is_operators=True, email="op@operator.example")
    body = QUALIFIED | {"qualification": qualification, "sender": given}
    sender = (await lead_of(ports, partner, await send(ports, caller, body, to=partner))).lead.sender
    assert sender is not None
    assert (sender.kind, sender.name, sender.email) == expected


async def test_s1_a_tenant_that_is_nobodys_sends_nothing(ports: FakePorts, partner: str) -> None:
    with pytest.raises(AccessDenied):
        await send(ports, replace(BO, partner_id=None), to=partner)


async def test_v4_a_senders_retry_is_one_lead_for_each_partner(ports: FakePorts, partner: str) -> None:
    for key in (None, "k"):
        first = await send(ports, BO, to=partner, key=key)
        assert (await send(ports, BO, to=partner, key=key)) == replace(first, duplicate=True)
        # The same client on behalf of somebody else is the same sender.
        eve = replace(BO, person="eve")
        assert (await send(ports, eve, to=partner, key=key)).duplicate
        assert (await read_sent(ports=ports, caller=eve, lead_id=first.lead_id, at=AT)).id == first.lead_id
        assert not (await send(ports, replace(BO, client="other"), to=partner, key=key)).duplicate
        assert not (await send(ports, BO, to="fabrikam", key=key)).duplicate
    with pytest.raises(Conflict):
        await send(ports, BO, QUALIFIED | {"notes": "other"}, to=partner, key="k")
    (held,) = await waiting(ports)
    assert held.door.sender is not None


async def test_a_sender_sees_what_became_of_its_own(ports: FakePorts, source: LeadSource, partner: str) -> None:
    made = [await send(ports, BO, QUALIFIED | {"notes": str(n)}, to=partner) for n in range(3)]
    await answer(ports, source, made[0].lead_id, Action.ACCEPT)
    await answer(ports, source, made[0].lead_id, Action.WIN)
    found, place = await list_sent(ports=ports, caller=BO, after=None, top=50, at=AT + 14 * DAY)
    assert place is None
    assert {one.id: one.outcome for one in found} == {
        made[0].lead_id: Outcome.WON,
        made[1].lead_id: Outcome.EXPIRED,
        made[2].lead_id: Outcome.EXPIRED,
    }
    assert (await read_sent(ports=ports, caller=BO, lead_id=made[0].lead_id, at=AT)).outcome is Outcome.WON
    with pytest.raises(NotFound):
        await read_sent(ports=ports, caller=replace(BO, person="eve"), lead_id=made[0].lead_id, at=AT)
    # A row whose lead never was is passed over; a retry leaves none.
    await send(ports, BO, QUALIFIED | {"notes": "0"}, to=partner)
    (rows,) = ports.sent.rows.values()
    assert set(rows) == {one.lead_id for one in made}


async def test_a_parked_qualified_lead_is_replayed_for_its_sender(ports: FakePorts, partner: str) -> None:
    with pytest.raises(InvalidRequest):
        await send(ports, BO, {"customer": {}}, to=partner)
    (held,) = await waiting(ports)
    made = await replay(ports=ports, held_id=held.id, body=QUALIFIED, at=AT)
    assert (await read_sent(ports=ports, caller=BO, lead_id=made.lead_id, at=AT)).partner_id == partner


async def test_a1_the_sender_is_told_of_an_expiry(ports: FakePorts, partner: str) -> None:
    from shared.domain.lifecycle import settle

    lead = (await lead_of(ports, partner, await send(ports, BO, to=partner))).lead
    (event,) = [one for one in settle(lead, AT + 14 * DAY).events if one.type == "lead.expired"]
    assert event.notify == "sender"
    nameless = replace(BO, email=None, client="x")
    lead = (await lead_of(ports, partner, await send(ports, nameless, to=partner))).lead
    assert settle(lead, AT + 14 * DAY).events[-1].notify == "operator"
    assert ANN.kind == "person"


async def test_v4_a_programme_source_knows_a_repeat_as_a_partners_does(ports: FakePorts, partner: str) -> None:
    await ports.listings.put_offer(partner, CRM, None)
    first = await submit(ports, PROGRAMME, CRM_FORM)
    before = set(ports.agenda.hints)
    for _ in range(2):
        again = await submit(ports, PROGRAMME, CRM_FORM)
        assert again == replace(first, duplicate=True)
    assert ports.agenda.hints == before, "a repeat leaves no hints behind"
    await answer(ports, replace(PROGRAMME, partner_id=partner), first.lead_id)
    assert (await submit(ports, PROGRAMME, CRM_FORM)).status is Status.ACCEPTED
