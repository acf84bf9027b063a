"""X2 to X4: the lines of an export."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import export_columns
from shared.domain.csv_cells import restore
from shared.domain.export import ExportFormat, head, line, removed_line
from shared.domain.lead import Closing, Lead, Level, Offer, Quality, Reveal, TeamMember
from shared.domain.lifecycle import settle
from tests.builders import AT, DEAL, ROOT, a_lead, accepted

PRIVATE = ("FirstName", "LastName", "JobTitle", "Email", "Phone", "PhoneE164", "Notes", "AdditionalFields")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(head(ExportFormat.CSV).removeprefix("\ufeff") + text), strict=True))


def row_of(lead: Lead, days: float = 0) -> dict[str, str]:
    at = AT + timedelta(days=days)
    (row,) = read(line(ExportFormat.CSV, settle(lead, at).lead, at))
    return row


def full() -> Lead:
    team = (TeamMember("Bo", "bo@contoso.example", "+46 1"),)
    return replace(
        accepted(a_lead()),
        deal=replace(DEAL, notes="a\nb", team=team, crm_id="=c", campaign_id="d"),
        offer=Offer("contoso.crm", "Contoso CRM"),
        closing=Closing("other", "no"),
        quality=Quality(Level.HIGH, ("a", "b")),
        additional_fields={"x": [1, None]},
        location="HQ",
    )


def test_every_value_stands_in_its_column() -> None:
    lead = full()
    row = row_of(lead)
    assert row["Id"] == lead.id
    assert row["LeadCreationDateTime"] == "2026-11-21T20:04:27.123Z"
    assert row["LeadSource"] == "AppSource"
    assert row["LeadSourceRaw"] == "AppSource (SPZA)-PLT|contoso.crm"
    assert row["QualityReasons"] == "a, b"
    assert row["AdditionalFields"] == '{"x":[1,null]}'
    assert row["DealValue"] == "12000.00"
    assert row["DealNotes"] == "a\nb"
    assert row["DealCrmId"] == "'=c"
    assert json.loads(row["DealTeam"]) == [{"name": "Bo", "email": "bo@contoso.example", "phone": "+46 1"}]
    assert row["ContactRequested"] == "true"
    assert row["Removed"] == ""
    empty = {name for name, cell in row.items() if cell == ""}
    assert empty == {
        *("Outcome", "CompanySize", "PhoneE164", "Flame", "ClosedDateTime", "ErasedDateTime"),
        *("DealPurchaseTimeframe", "SearchTerms", "SenderKind", "SenderName", "SenderEmail", "Removed"),
    }


def test_the_formats_say_the_same() -> None:
    lead = full()
    found = json.loads(line(ExportFormat.JSONL, lead, AT))
    row = row_of(lead)
    assert list(found) == list(export_columns.names())[:-1]
    for name, value in found.items():
        if isinstance(value, str) and name != "LeadSource":
            assert restore(row[name]) == value
    assert (found["LeadSource"], row["LeadSource"]) == ("appSource", "AppSource"), "codes are for programs"
    assert found["QualityReasons"] == ["a", "b"]
    assert found["AdditionalFields"] == {"x": [1, None]}
    assert found["Outcome"] is None


def test_x4_an_expired_lead_comes_without_contact_details_from_its_deadline_on() -> None:
    lead = replace(a_lead(), additional_fields={"x": 1})
    assert row_of(lead, 13.99)["Email"] == "ada.berg@northwind.example"
    row = row_of(lead, 14)
    assert row["Status"] == "archived"
    assert row["Outcome"] == "expired"
    assert [row[name] for name in PRIVATE] == [""] * len(PRIVATE)
    assert row["Company"]
    assert row["Country"] == "SE"


@pytest.mark.parametrize("lead", [a_lead(ActionCode="DNC"), a_lead(reveal=Reveal.ON_ACCEPT)])
def test_x4_nor_do_those_whose_contact_details_are_hidden(lead: Lead) -> None:
    row = row_of(lead)
    assert [row[name] for name in PRIVATE] == [""] * len(PRIVATE)


@pytest.mark.parametrize(("days", "flame"), [(0, "hot"), (2.99, "hot"), (3, "cooled"), (14, "")])
def test_the_flame_follows_the_clock(days: float, flame: str) -> None:
    assert row_of(a_lead(), days)["Flame"] == flame


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("\"',;\r\n\t=\u202e\u0627🙂"), st.characters(exclude_categories=["Cs"])),
        min_size=1,
    )
)
def test_every_text_survives_the_file(text: str) -> None:
    lead = replace(a_lead(), notes=text, customer=replace(a_lead().customer, company=text))
    (row,) = read(line(ExportFormat.CSV, lead, AT).encode().decode())
    assert restore(row["Notes"]) == text
    assert restore(row["Company"]) == text
    assert json.loads(line(ExportFormat.JSONL, lead, AT).encode())["Notes"] == text
    assert line(ExportFormat.JSONL, lead, AT).count("\n") == 1


def test_a_removed_lead_is_its_id_and_that_it_is_removed() -> None:
    (row,) = read(removed_line(ExportFormat.CSV, "m1"))
    assert {name: cell for name, cell in row.items() if cell} == {"Id": "m1", "Removed": "true"}
    assert json.loads(removed_line(ExportFormat.JSONL, "m1")) == {"Id": "m1", "Removed": True}


def test_the_file_begins_with_a_bom_and_the_columns() -> None:
    assert head(ExportFormat.CSV).startswith('\ufeff"Id","LeadCreationDateTime"')
    assert head(ExportFormat.CSV).endswith('"Removed"\r\n')
    assert head(ExportFormat.JSONL) == ""


TYPES = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "date": r"\d{4}-\d\d-\d\d",
    "decimal": r"\d+(\.\d+)?",
    "text": r"(?s).+",
}


def test_every_column_is_documented_in_its_order_with_its_type() -> None:
    text = (ROOT / "docs" / "export.md").read_text().split("## Columns")[1]
    documented = re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE)
    assert [name for name, _ in documented] == list(export_columns.names())
    lead = replace(full(), closed_at=AT, erased_at=AT, flame_until=AT)
    for (name, kind), value in zip(documented, export_columns.row(lead).values(), strict=False):
        if isinstance(value, str):
            assert re.fullmatch(TYPES[kind], value), name
        elif value is not None:
            assert {bool: "boolean", list: "list", dict: "object"}[type(value)] == kind
