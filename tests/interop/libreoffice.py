"""`make interop`: LibreOffice opens an export headless, and every cell is what the export says; no cell is a formula.

The file is opened as docs/export.md advises, quoted cells being text: then every cell must be equal. And as a double
click opens it: LibreOffice takes some texts for numbers, dates or times, as it does with any file; all others must be
equal, and none may be a formula.
"""

import csv
import io
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from shared.domain.exports.csv_cells import restore
from shared.domain.exports.export import Layout, head, line
from shared.domain.lead import Lead, TeamMember
from shared.domain.lifecycle import settle
from tests import hostile
from tests.builders import AT, DAY, DEAL, a_lead, accepted

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

HOSTILE = (
    *("=1+1", "+1+1", "-1+1", "@SUM(1;1)", "＝1+1", "＋1", "－1", "＠A1", "'=1+1", "''=1", " =1+1"),
    *("\u200b=1", "\ufeff=1", '=HYPERLINK("http://a.example";"b")', "=cmd|' /C calc'!A0", "a;=1+1", 'a,"=1+1'),
    *('he said "no"', '"', '""', ",", ";", "a\nb", "a\n=1+1", "\n=1", "'t Hart", "O'Hara", "مرحبا بالعالم"),
    *("\u202eabc", "אבג =1", "🙂 \U0001d11e", "ﬀ ß İ", "\ud800x", "007", "1e5", "12:30", "2026-11-21", "TRUE", "1,5"),
    *("Contoso;=1+1;x", "hello\n=1+2\nbye", "a\n- b", 'a;=HYPERLINK("http://a.example")', "a\t=1"),
    *("- CRM\n- ERP", "Needs:\n- CRM\n- ERP (cloud)", "call +46 8 1", "a,=1+1", "a\n-cmd|' /C calc'!A0", "a;@SUM(1;1)"),
    *(
        "+46 8 123 456",
        "+1 (212) 555-0100",
        "+1 212 555 0100 ext. 5",
        "+12125550100;ext=5",
        "+46.8.123.456",
        "+1-212-555-0100",
    ),
    *("50%", "$5", "#REF!", "a\tb", "  two  spaces  ", "{1}", "[=1]"),
    *hostile.FORMULAS,
)
AS_A_DOUBLE_CLICK = "44,34,76,1"
AS_ADVISED = "44,34,76,1,,0,true"
ELSEWHERE = {"semicolons": "59,34,76,1", "tabs": "9,34,76,1", "commas, no quotes": "44,0,76,1"}
"""Other ways to split the file, of which none may make a formula."""


def leads() -> list[Lead]:
    """Leads whose texts want to be more than texts."""
    made = []
    for n, text in enumerate(HOSTILE):
        lead = a_lead(at=AT + n * DAY, Company=text, FirstName=text, Description=text, Title=text)
        team = (TeamMember(text.encode("utf-8", "replace").decode(), None, "+46 1"),)
        safe = lead.customer.company or ""
        deal = replace(DEAL, name=safe, notes=safe, crm_id=safe, amount=Decimal(n), team=team)
        made += [lead, replace(accepted(lead, lead.created_at), deal=deal, additional_fields={"=1": [safe]})]
    return made


def sheet(file: Path) -> list[list[ElementTree.Element]]:
    """The cells of the first table."""
    root = ElementTree.parse(file).getroot()
    table = next(root.iter(f"{TABLE}table"))
    rows = []
    for row in table.iter(f"{TABLE}table-row"):
        cells = []
        for cell in row:
            times = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
            cells += [cell] * min(times, 100)
        rows += [cells] * min(int(row.get(f"{TABLE}number-rows-repeated", "1")), 2)
    return rows


def text_of(cell: ElementTree.Element) -> str:
    """What stands in a text cell."""
    return "\n".join(_plain(paragraph) for paragraph in cell.findall(f"{TEXT}p"))


def _plain(node: ElementTree.Element) -> str:
    found = node.text or ""
    for child in node:
        if child.tag == f"{TEXT}s":
            found += " " * int(child.get(f"{TEXT}c", "1"))
        elif child.tag == f"{TEXT}tab":
            found += "\t"
        elif child.tag == f"{TEXT}line-break":
            found += "\n"
        else:
            found += _plain(child)
        found += child.tail or ""
    return found


def convert(office: str, folder: Path, options: str) -> None:
    """Let LibreOffice open leads.csv with these options and write it as leads.fods."""
    command = [office, "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command += [f"--infilter=Text - txt - csv (StarCalc):{options}", "--convert-to", "fods", "--outdir", str(folder)]
    subprocess.run([*command, str(folder / "leads.csv")], check=True, capture_output=True, timeout=240)


def check(office: str, folder: Path, options: str, wanted: list[list[str]]) -> tuple[int, int, list[str]]:
    """How many cells are equal, how many became another type, and what is wrong with the others."""
    convert(office, folder, options)
    found = sheet(folder / "leads.fods")
    equal, typed, wrong = 0, 0, []
    for number, expected in enumerate(wanted):
        for column, text in enumerate(expected):
            cell = found[number][column]
            if cell.get(f"{TABLE}formula") is not None:
                wrong.append(f"row {number} column {column}: a formula made of {text!r}")
            elif cell.get(f"{OFFICE}value-type", "string") != "string":
                typed += 1
            elif text_of(cell) == text.replace("\r\n", "\n"):
                # It shows every line break as its own.
                equal += 1
            else:
                wrong.append(f"row {number} column {column}: {text!r} became {text_of(cell)!r}")
    return equal, typed, wrong


def formulas(office: str, folder: Path, options: str) -> list[str]:
    """The formulas that LibreOffice makes of the file with another separator."""
    convert(office, folder, options)
    cells = (cell for row in sheet(folder / "leads.fods") for cell in row)
    return [found for cell in cells if (found := cell.get(f"{TABLE}formula")) is not None]


def main() -> int:
    """Compare cell by cell; the exit code is 1 when LibreOffice disagrees, 2 when there is none."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        print("LibreOffice is not installed here; nothing was checked (Debian: apt-get install libreoffice-calc).")
        return 2
    texts = [line(Layout(), settle(lead, lead.created_at).lead, lead.created_at) for lead in leads()]
    content = head(Layout()) + "".join(texts)
    wanted = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline=""), strict=True))
    company = wanted[0].index("Company")
    restored = [restore(row[company]) for row in wanted[1:]]
    if restored != [lead.customer.company or "" for lead in leads()]:
        print("The cells do not give back the texts they were made of.")
        return 1
    failed = False
    for name, options in (("quoted cells as text", AS_ADVISED), ("as a double click", AS_A_DOUBLE_CLICK)):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "leads.csv").write_bytes(content.encode())
            equal, typed, wrong = check(office, Path(folder), options, wanted)
        print(f"{name}: {equal} cells are equal, {typed} became numbers, dates or times, {len(wrong)} are wrong")
        for one in wrong[:20]:
            print("  " + one)
        failed = failed or bool(wrong) or (options == AS_ADVISED and typed > 0)
    for name, options in ELSEWHERE.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "leads.csv").write_bytes(content.encode())
            found = formulas(office, Path(folder), options)
        print(f"split at {name}: {len(found)} formulas {found[:5]}")
        failed = failed or bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
