"""Partners in any order: the unknown last, equal ones by id (M2)."""

from dataclasses import replace

import pytest

from shared.domain.insights import Figures
from shared.domain.partner_order import PartnerField, PartnerOrder, is_called, partner_key
from shared.domain.programme.partner import Partner
from shared.domain.standing import Norms, Standing, period, standing
from tests.builders import AT

PLAIN = standing([], 0, period(AT), Norms())
BY_FIGURE = [field for field in PartnerField if field not in (PartnerField.ID, PartnerField.NAME)]


def partner(partner_id: str, name: str = "") -> Partner:
    return Partner(partner_id, name or partner_id, (), AT, AT)


def with_(value: float) -> Standing:
    """Everything of a standing that is sorted by is this, or ten or a thousand times so much where it is a count."""
    figures = Figures(
        received=round(value * 1000),
        acceptance_rate=value,
        expiry_rate=value,
        win_rate=value,
        closed_within_60_days=value,
        hours_median=value * 300,
    )
    return replace(PLAIN, value=value, overdue=round(value * 10), figures=figures)


def in_order(found: dict[str, Standing | None], order: str) -> list[str]:
    asked = PartnerOrder.read(order)
    return sorted(found, key=lambda one: partner_key(partner(one), found[one], asked), reverse=asked.descending)


@pytest.mark.parametrize("field", BY_FIGURE)
def test_m2_numbers_are_ordered_as_numbers_and_the_unknown_is_last(field: PartnerField) -> None:
    found = {"c": with_(0.9), "b": None, "a": with_(0.1), "d": with_(0.12 if field != "overdue" else 0.2)}
    assert in_order(found, field) == ["a", "d", "c", "b"]
    assert in_order(found, f"{field} asc") == ["a", "d", "c", "b"]
    assert in_order(found, f"{field} desc") == ["c", "d", "a", "b"]


def test_m2_a_share_of_nothing_is_unknown_too() -> None:
    found: dict[str, Standing | None] = {"a": PLAIN, "b": with_(0.0)}
    assert in_order(found, "winRate") == ["b", "a"]
    assert in_order(found, "winRate desc") == ["b", "a"]


def test_names_are_ordered_as_people_do() -> None:
    names = {"1": "Zeta", "2": "Ärla", "3": "alpha", "4": "Alpha"}
    for way, expected in (("name", ["3", "4", "2", "1"]), ("name desc", ["1", "2", "4", "3"])):
        order = PartnerOrder.read(way)
        key = {one: partner_key(partner(one, name), None, order) for one, name in names.items()}
        assert sorted(names, key=key.__getitem__, reverse=order.descending) == expected


def test_an_order_is_a_field_and_a_way() -> None:
    assert PartnerOrder() == PartnerOrder.read(" id ")
    assert (PartnerOrder().is_as_stored, PartnerOrder.read("id DESC").is_as_stored) == (True, False)
    assert PartnerOrder.read("name").is_by_figures is False
    assert PartnerOrder.read("overdue desc") == PartnerOrder(PartnerField.OVERDUE, descending=True)
    for wrong in ("", "created", "name down", "winRate desc asc"):
        with pytest.raises(ValueError, match=r".*"):
            PartnerOrder.read(wrong)


def test_a_partner_is_found_by_words_of_its_name_and_its_id() -> None:
    contoso = partner("contoso-se", "Contoso Försäljning")
    for words in ("contoso", "forsalj", "contoso-se", "salj conto", ""):
        assert is_called(contoso, words)
    for words in ("fabrikam", "contoso fabrikam"):
        assert not is_called(contoso, words)
