"""Q3, L6, L9: which leads a filter shows."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.contact import shown
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Customer, Lead, LeadType, Outcome, Reveal, Status, Validity
from shared.domain.lifecycle import settle
from shared.domain.listed import FlameState
from shared.domain.text import folded
from tests.builders import AT, DAY, DEAL, a_lead, accepted, informational
from tests.filters import EACH, SINGLE, a_filter, leads_of_every_kind


def found(wanted: LeadFilter, lead: Lead, at: datetime = AT) -> bool:
    return wanted.matches(settle(lead, at).lead, at)


@pytest.mark.parametrize("name", EACH)
def test_each_part_takes_some_leads_and_leaves_others(name: str) -> None:
    leads = leads_of_every_kind("contoso")
    at = AT + timedelta(hours=1)
    everything = [lead for lead in leads if found(LeadFilter(), lead, at)]
    for value in EACH[name]:
        taken = [lead for lead in leads if found(a_filter(name, value), lead, at)]
        if name == "include_test":
            assert len(taken) == len(everything) + 1
        else:
            assert set(taken_ids(taken)) <= set(taken_ids(everything))


def taken_ids(leads: list[Lead]) -> list[str]:
    return [lead.id for lead in leads]


def test_no_filter_of_the_tests_is_vain() -> None:
    leads = leads_of_every_kind("contoso")
    counts = {one: sum(found(one, lead, AT + timedelta(hours=1)) for lead in leads) for one in SINGLE}
    nothing = [one for one, count in counts.items() if count == 0]
    # Flames cool, time ends and agedness comes later; the words and countries are not there on purpose.
    vain = {
        "expired",
        "aged",
        "cooled",
        "nothing",
        "nobody",
        "zzz",
        "IS",
        "2026-11-24",
        "2026-12-05",
        "medium",
        "azurePortal",
        "marketingQualified",
    }
    vain |= {"freeTrial", "testDrive", "other", "valid"}
    for one in nothing:
        assert any(word in " ".join(one.canonical) for word in vain), one.canonical


def test_parts_combine() -> None:
    lead = a_lead()
    both = LeadFilter(country=frozenset({"SE"}), status=frozenset({Status.RECEIVED}), search="rollout")
    assert found(both, lead)
    assert not found(replace(both, country=frozenset({"DE"})), lead)
    assert not found(replace(both, search="nothing"), lead)


def test_a_list_of_values_takes_any_of_them() -> None:
    wanted = LeadFilter(status=frozenset({Status.RECEIVED, Status.ACCEPTED}))
    assert [found(wanted, one) for one in (a_lead(), accepted(a_lead()), informational())] == [True, True, False]


def test_validity_selects_offer_leads_only() -> None:
    offer = replace(a_lead(), email_validity=Validity.VALID, phone_validity=Validity.VALID)
    for name in ("email_validity", "phone_validity"):
        wanted = a_filter(name, Validity.VALID)
        assert found(wanted, offer)
        assert not found(wanted, replace(offer, type=LeadType.PROFILE))
        assert not found(wanted, replace(offer, type=None))


def test_the_type_filter_leaves_null_out() -> None:
    assert not any(found(a_filter("type", one), replace(a_lead(), type=None)) for one in LeadType)


@pytest.mark.parametrize(
    ("days", "flame", "outcome", "status"),
    [
        (2.99, FlameState.HOT, None, Status.RECEIVED),
        (3, FlameState.COOLED, None, Status.RECEIVED),
        (13.99, FlameState.COOLED, None, Status.RECEIVED),
        (14, None, Outcome.EXPIRED, Status.ARCHIVED),
    ],
)
def test_l6_the_clock_decides(days: float, flame: FlameState | None, outcome: Outcome | None, status: Status) -> None:
    at, lead = AT + days * DAY, a_lead()
    assert [one for one in FlameState if found(a_filter("flame", one), lead, at)] == ([flame] if flame else [])
    assert [one for one in Outcome if found(a_filter("outcome", one), lead, at)] == ([outcome] if outcome else [])
    assert [one for one in Status if found(a_filter("status", one), lead, at)] == [status]


def test_parts_that_exclude_each_other_leave_nothing() -> None:
    wanted = LeadFilter(flame=frozenset({FlameState.HOT}), status=frozenset({Status.ARCHIVED}))
    assert wanted.statuses == frozenset()
    assert not found(wanted, a_lead())
    assert LeadFilter(outcome=frozenset({Outcome.WON})).statuses == {Status.ARCHIVED}
    assert LeadFilter().statuses == frozenset(Status)


HIDDEN = ("ada", "berg", "ada.berg@northwind.example", "rollout", "please call")


@pytest.mark.parametrize("word", HIDDEN)
@pytest.mark.parametrize("name", ["search", "customer"])
def test_l9_words_are_not_found_where_they_are_hidden(name: str, word: str) -> None:
    wanted = LeadFilter(**{name: word})
    if name == "search" or word in ("ada", "berg"):
        assert found(wanted, a_lead())
    for lead, at in ((a_lead(), AT + 14 * DAY), (a_lead(ActionCode="DNC"), AT), (a_lead(reveal=Reveal.ON_ACCEPT), AT)):
        assert not found(wanted, lead, at)
        assert found(LeadFilter(**{name: "northwind"}), lead, at), "the company stays"
    assert found(LeadFilter(search="ada"), accepted(a_lead(reveal=Reveal.ON_ACCEPT)))


def test_a_search_looks_at_company_person_email_deal_notes_and_id_and_all_words_must_be_there() -> None:
    lead = accepted(a_lead())
    assert lead.deal is not None
    lead = replace(
        lead, deal=replace(lead.deal, name="Fusion", notes="champagne", crm_id="OPP-0017", campaign_id="Jahr-Ende")
    )
    for text in (
        "northwind",
        "ada",
        "BERG",
        "ada.berg@",
        "fusion",
        "champagne",
        "opp-0017",
        "p-001",
        "jähr-ende",
        "300 users",
        lead.id,
        "ada fusion 300",
    ):
        assert found(LeadFilter(search=text), lead), text
    assert not found(LeadFilter(search="ada nothing"), lead)
    assert found(LeadFilter(search=lead.id[5:14].upper()), lead)
    assert not found(LeadFilter(search=lead.id[5:10]), lead), "a word may be in an id by chance"
    assert not found(LeadFilter(search="+46 8"), lead)


def test_l9_what_is_found_of_a_deal_is_what_is_shown_of_it() -> None:
    deal = replace(DEAL, notes="champagne", crm_id="OPP-0017", campaign_id="Spring")
    lead = replace(accepted(a_lead()), deal=deal, erased_at=AT)
    view = shown(lead, AT).deal
    assert view
    for text, told in (("opp-0017", view.crm_id), ("spring", view.campaign_id), ("champagne", view.notes)):
        assert found(LeadFilter(search=text), lead) is (told is not None), text
    assert not found(LeadFilter(search="champagne"), lead)


def test_a_customer_is_found_by_prefix_and_by_what_it_contains() -> None:
    lead = replace(a_lead(), customer=Customer(company="Žižkov Brauerei", first_name="Łukasz", last_name="Müller"))
    for text in ("Žižkov", "zizkov", "ZIZ", "brau", "lukasz", "muller", "MÜLLER", "kov bra"):
        assert found(LeadFilter(customer=text), lead), text
    assert not found(LeadFilter(customer="brewery"), lead)


@pytest.mark.parametrize("text", ["contoso.crm", "Contoso.CRM", "CONTOSO crm", "contoso  CRM"])
def test_an_offer_is_its_id_or_its_title(text: str) -> None:
    leads = leads_of_every_kind("contoso")
    mine = next(lead for lead in leads if lead.offer and lead.offer.id)
    assert found(LeadFilter(offer=text), mine)
    assert not found(LeadFilter(offer="contoso"), mine)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İSTANBUL", "istanbul"),
        ("Diyarbakır", "DIYARBAKIR"),
        ("Straße", "STRASSE"),
        ("e\u0301te\u0301", "ÉTÉ"),
        ("ΟΔΟΣ", "οδός"),
        ("ΐ", "ι"),
        ("ﬁx", "FIX"),
        ("Ångström", "angstrom"),
        ("Łódź", "lodz"),
        ("Øre", "ore"),
        ("a\u00a0 b", "A B"),
        ("Ｆｕｌｌ", "full"),
        ("", "  "),
    ],
)
def test_folding_takes_case_and_accents_away_the_same_in_text_and_query(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert folded(folded(one)) == folded(one)


def test_equal_filters_are_written_alike_and_others_not() -> None:
    statuses = frozenset({Status.RECEIVED, Status.ACCEPTED})
    assert LeadFilter(status=statuses).canonical == LeadFilter(status=frozenset(sorted(statuses))).canonical
    written = [one.canonical for one in (*SINGLE, LeadFilter())]
    assert len(set(written)) == len(written)


def test_a_filter_without_the_newer_parts_is_written_as_ever_so_that_tokens_hold() -> None:
    assert [part.partition("=")[0] for part in LeadFilter().canonical] == [
        *("tab", "status", "outcome", "type", "qualification", "source", "call_to_action", "country", "quality"),
        *("email_validity", "phone_validity", "flame", "offer", "customer", "search", "created_from", "created_to"),
        "include_test",
    ]


@pytest.mark.parametrize(
    ("days", "changed"), [(0, AT), (2.99, AT), (3, AT + 3 * DAY), (13.9, AT + 3 * DAY), (14, AT + 14 * DAY)]
)
def test_l6_a_deadline_changes_a_lead_when_it_is_reached_and_not_when_it_is_recorded(
    days: float, changed: datetime
) -> None:
    at, lead, millisecond = AT + days * DAY, a_lead(), timedelta(milliseconds=1)
    assert settle(lead, at).lead.updated_at == changed
    assert found(LeadFilter(updated_from=changed, updated_to=changed), lead, at)
    assert not found(LeadFilter(updated_from=changed + millisecond), lead, at)
    assert not found(LeadFilter(updated_to=changed - millisecond), lead, at)


def test_what_never_changes_of_a_lead_keeps_it_out_for_ever() -> None:
    lead = a_lead()
    assert not LeadFilter(ListTab.QUALIFIED).could_match(lead)
    assert not LeadFilter(country=frozenset({"DE"})).could_match(lead)
    assert not LeadFilter(created_from=AT + DAY).could_match(lead)
    assert not LeadFilter(updated_to=AT - DAY).could_match(lead), "it was not there"
    assert LeadFilter(updated_to=AT).could_match(settle(lead, AT + 14 * DAY).lead), "it was in it before it changed"
    assert LeadFilter(updated_from=AT + DAY).could_match(lead)
    everything_else: dict[str, Any] = {"status": frozenset({Status.ARCHIVED}), "search": "x"}
    assert LeadFilter(**everything_else).could_match(lead)
