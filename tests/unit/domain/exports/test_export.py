"""X2 to X4: the lines of an export."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.domain.exports import export_columns
from shared.domain.exports.csv_cells import restore
from shared.domain.exports.export import Cells, ExportFormat, Headings, Layout, head, line, removed_line
from shared.domain.lead import Closing, Lead, Level, Offer, Quality, Reveal, TeamMember
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.telling.preferences import LANGUAGES
from shared.texts import translator
from tests.builders import ANN, AT, DEAL, ROOT, a_lead, accepted

PRIVATE = ("FirstName", "LastName", "JobTitle", "Email", "Phone", "PhoneE164", "Notes", "AdditionalFields")

SHEET, LINES = Layout(ExportFormat.CSV), Layout(ExportFormat.JSONL)


def read(text: str) -> list[dict[str, str]]:
    headings = head(SHEET).removeprefix("\ufeff").replace('Cells ""spreadsheet""', "Cells")
    return list(csv.DictReader(io.StringIO(headings + text), strict=True))


def row_of(lead: Lead, days: float = 0) -> dict[str, str]:
    at = AT + timedelta(days=days)
    (row,) = read(line(SHEET, settle(lead, at).lead, at))
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
    assert row["AdditionalFields"] == '{"x" :[1 ,null]}'
    assert row["DealValue"] == "12000.00"
    assert row["DealNotes"] == "a\nb"
    assert row["DealCrmId"] == "'=c"
    assert json.loads(row["DealTeam"]) == [{"name": "Bo", "email": "bo@contoso.example", "phone": "+46 1"}]
    assert row["ContactRequested"] == "true"
    assert row["Removed"] == ""
    empty = {name for name, cell in row.items() if cell == ""}
    assert empty == {
        *("Outcome", "CompanySize", "PhoneE164", "Flame", "ClosedDateTime", "ErasedDateTime"),
        *("ActualValue", "ActualCurrency", "ActualCloseDate"),
        *("DealPurchaseTimeframe", "SearchTerms", "SenderKind", "SenderName", "SenderEmail", "Cells", "Removed"),
    }


def test_l4_what_was_won_stands_beside_what_the_deal_was_to_be() -> None:
    won = LeadAction(Action.WIN, amount=Decimal("11000.50"), currency="USD", closed_on=AT.date())
    row = row_of(decide(accepted(a_lead()), won, at=AT, by=ANN).lead)
    assert (row["DealValue"], row["DealCurrency"]) == ("12000.00", "EUR")
    assert (row["ActualValue"], row["ActualCurrency"], row["ActualCloseDate"]) == ("11000.50", "USD", "2026-11-21")


def test_the_formats_say_the_same() -> None:
    lead = full()
    found = json.loads(line(LINES, lead, AT))
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
    (row,) = read(line(SHEET, lead, AT).encode().decode())
    assert restore(row["Notes"]) == text
    assert restore(row["Company"]) == text
    assert json.loads(line(LINES, lead, AT).encode())["Notes"] == text
    assert line(LINES, lead, AT).count("\n") == 1


def test_a_removed_lead_is_its_id_and_that_it_is_removed() -> None:
    (row,) = read(removed_line(SHEET, "m1"))
    assert {name: cell for name, cell in row.items() if cell} == {"Id": "m1", "Removed": "true"}
    assert json.loads(removed_line(LINES, "m1")) == {"Id": "m1", "Removed": True}


def test_the_file_begins_with_a_bom_and_the_columns() -> None:
    assert head(SHEET).startswith('\ufeff"Id","LeadCreationDateTime"')
    assert head(SHEET).endswith('"Removed"\r\n')
    assert head(LINES) == ""


def test_a_file_may_have_chosen_columns_in_their_order() -> None:
    layout = Layout(ExportFormat.CSV, ("Email", "Id", "Notes", "Removed"))
    lead = replace(full(), notes="=1")
    assert head(layout) == '\ufeff"Email","Id","Notes","Removed"\r\n'
    assert line(layout, lead, AT) == f'"ada.berg@northwind.example","{lead.id}","\'=1",""\r\n'
    assert removed_line(layout, "m1") == '"","m1","","true"\r\n'
    lines = replace(layout, format=ExportFormat.JSONL)
    assert list(json.loads(line(lines, lead, AT))) == ["Email", "Id", "Notes"]
    assert json.loads(removed_line(lines, "m1")) == {"Id": "m1", "Removed": True}


def test_headings_may_be_labels() -> None:
    layout = replace(SHEET, headings=Headings.LABELS)
    layout = replace(layout, labels=tuple(export_columns.LABELS[name] for name in layout.written))
    (headings,) = csv.reader(io.StringIO(head(layout).removeprefix("\ufeff")), strict=True)
    assert headings[:2] == ["Lead ID", "Received"]
    assert headings[-2:] == ['Cells "spreadsheet"', "Removed"]
    assert len(set(headings)) == len(headings), "each says something else"


def test_raw_cells_are_what_was_written() -> None:
    raw = replace(SHEET, cells=Cells.RAW)
    assert head(raw).endswith('"Cells ""raw""","Removed"\r\n')
    lead = replace(full(), notes="=1+1\n- x|y;=2", additional_fields={"=": "@"})
    (row,) = read(line(raw, lead, AT))
    assert row["Notes"] == lead.notes
    assert row["DealCrmId"] == "=c"
    assert row["ContactRequested"] == "true"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    )
)
def test_json_in_a_cell_is_json(value: Any) -> None:
    assert json.loads(export_columns.quiet_json(value)) == value


# --- What programs guess ---------------------------------------------------------------------------------------------

WORDS = (
    "a",
    "key",
    "it's",
    '"q"',
    "'x'",
    ": ",
    ':"',
    ",",
    "; ",
    "'a','b'",
    "[",
    "{",
    "\\",
    "=1",
    "",
    "Åsa",
    "x\ny",
    '"',
    "🙂",
)
texts_ = st.lists(st.sampled_from(WORDS), max_size=4).map("".join)
fields_ = st.dictionaries(
    texts_,
    st.recursive(
        texts_ | st.integers(0, 99) | st.none(),
        lambda some: st.lists(some, max_size=6) | st.dictionaries(texts_, some, max_size=6),
        max_leaves=60,
    ),
    max_size=40,
)


def guessed(file: str, size: int) -> list[list[str]]:
    """The rows as somebody reads them who lets the standard library guess from the first bytes."""
    data = file.encode()
    dialect = csv.Sniffer().sniff(data[:size].decode("utf-8-sig", "ignore"))
    assert (dialect.delimiter, dialect.quotechar, dialect.doublequote) == (",", '"', True)
    return list(csv.reader(io.StringIO(file.removeprefix("\ufeff"), newline=""), dialect))


@pytest.mark.parametrize("cells", Cells)
@given(
    size=st.sampled_from([1_024, 2_048, 4_096]),
    fields=st.lists(fields_, min_size=1, max_size=4),
    told=st.lists(texts_, max_size=3),
    labels=st.sampled_from(LANGUAGES),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@example(size=1_024, fields=[{}], told=["plain"], labels="en")
@example(size=4_096, fields=[{"a": [{"b": "c"}] * 300}], told=[], labels="hu")
def test_a_sniffer_reads_every_file_right(
    size: int, cells: Cells, fields: list[Any], told: list[str], labels: str
) -> None:
    """JSON of any kind, and texts with some quotes; a text of nothing but quoted words may still outvote the commas."""
    names = SHEET.written
    titles = tuple(translator(labels)(export_columns.LABELS[one]) for one in names)
    for layout in (replace(SHEET, cells=cells), Layout(cells=cells, headings=Headings.LABELS, labels=titles)):
        leads = [
            replace(full(), additional_fields=one, notes="\n".join(told) or None, deal=replace(DEAL, name=said))
            for one, said in zip(fields, [*told, *["Deal"] * 4], strict=False)
        ]
        file = head(layout) + "".join(line(layout, one, AT) for one in leads)
        wanted = list(csv.reader(io.StringIO(file.removeprefix("\ufeff"), newline=""), strict=True))
        assert guessed(file, size) == wanted


TYPES = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "date": r"\d{4}-\d\d-\d\d",
    "decimal": r"\d+(\.\d+)?",
    "text": r"(?s).+",
}


def test_every_column_is_documented_in_its_order_with_its_type() -> None:
    text = (ROOT / "docs" / "export.md").read_text().split("## Columns")[1]
    documented = re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE)
    assert tuple(name for name, _ in documented) == SHEET.written
    lead = replace(full(), closed_at=AT, erased_at=AT, flame_until=AT)
    for (name, kind), value in zip(documented, export_columns.row(lead).values(), strict=False):
        if isinstance(value, str):
            assert re.fullmatch(TYPES[kind], value), name
        elif value is not None:
            assert {bool: "boolean", list: "list", dict: "object"}[type(value)] == kind
