"""Q4: what can be sorted by, and how."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.lead import CallToAction, Lead, Level, Quality, Source, Status, Validity
from shared.domain.listed import listed
from shared.domain.ordering import Order, OrderField, sort_key
from shared.ids import position
from tests.builders import AT, DAY, DEAL, a_lead, accepted, informational


def in_order(leads: list[Lead], text: str) -> list[Lead]:
    order = Order.read(text)
    return sorted(leads, key=lambda lead: sort_key(listed(lead), order, position(lead.id)), reverse=order.descending)


def company(name: str | None, days: int = 0) -> Lead:
    lead = a_lead(at=AT + days * DAY)
    return replace(lead, customer=replace(lead.customer, company=name))


def test_companies_sort_without_case_and_accents_and_those_without_one_come_last_both_ways() -> None:
    zebra, angstrom, abc, none = company("zebra"), company("Ångström"), company("ABC"), company(None)
    assert in_order([zebra, none, angstrom, abc], "company") == [abc, angstrom, zebra, none]
    assert in_order([zebra, none, angstrom, abc], "customer desc") == [zebra, angstrom, abc, none]


@pytest.mark.parametrize("text", ["company", "company desc"])
def test_equal_ones_come_newest_first(text: str) -> None:
    leads = [company("Contoso", days) for days in (3, 1, 2)]
    assert [lead.created_at for lead in in_order(leads, text)] == [AT + days * DAY for days in (3, 2, 1)]


def worth(amount: str) -> Lead:
    return replace(accepted(a_lead()), deal=replace(DEAL, amount=Decimal(amount)))


PAIRS = {
    OrderField.CREATED: (a_lead(), a_lead(at=AT + DAY)),
    OrderField.UPDATED: (a_lead(), accepted(a_lead(), AT + DAY)),
    OrderField.COMPANY: (company("a"), company("B")),
    OrderField.COUNTRY: tuple(replace(a_lead(), customer=replace(a_lead().customer, country=c)) for c in ("DE", "SE")),
    OrderField.SOURCE: tuple(replace(a_lead(), source=one) for one in (Source.APP_SOURCE, Source.OTHER)),
    OrderField.CALL_TO_ACTION: tuple(
        replace(a_lead(), call_to_action=one) for one in (CallToAction.CONTACT_ME, CallToAction.TEST_DRIVE)
    ),
    OrderField.QUALITY: tuple(replace(a_lead(), quality=Quality(one)) for one in (Level.HIGH, Level.LOW)),
    OrderField.EMAIL_VALIDITY: tuple(replace(a_lead(), email_validity=v) for v in (Validity.VALID, Validity.SPAM)),
    OrderField.PHONE_VALIDITY: tuple(replace(a_lead(), phone_validity=v) for v in (Validity.VALID, Validity.INVALID)),
    OrderField.STATUS: (a_lead(), replace(a_lead(), status=Status.ARCHIVED)),
    OrderField.DEAL_VALUE: (worth("9"), worth("10")),
    OrderField.EXPIRY: (a_lead(), informational()),
}


@pytest.mark.parametrize("field", OrderField)
def test_each_field_sorts_both_ways(field: OrderField) -> None:
    low, high = PAIRS[field]
    assert in_order([high, low], f"{field} asc") == [low, high]
    assert in_order([low, high], f"{field} desc") == [high, low]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("created", Order(OrderField.CREATED, descending=True)),
        ("created asc", Order(OrderField.CREATED, descending=False)),
        ("expiry", Order(OrderField.EXPIRY, descending=False)),
        (" customer  desc ", Order(OrderField.COMPANY, descending=True)),
    ],
)
def test_an_order_is_read(text: str, expected: Order) -> None:
    assert Order.read(text) == expected


@pytest.mark.parametrize("text", ["created DESC", " created  Desc ", "created desc"])
def test_q4_the_way_is_read_in_any_letter_case(text: str) -> None:
    assert Order.read(text) == Order()


@pytest.mark.parametrize("text", ["", "nothing", "company up", "company desc asc", "Company", "created,company"])
def test_another_order_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Order.read(text)
