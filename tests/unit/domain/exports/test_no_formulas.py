"""X2 on whole lines of an export, whatever a submission brought: no cell begins as a formula, wherever a file is split.

The rules are written here anew, from docs/export.md and OWASP's list; `make interop` asks LibreOffice itself.
"""

import csv
import io
import random
import re
from dataclasses import replace

import pytest

from shared.domain.exports.csv_cells import restore
from shared.domain.exports.export import Layout, head, line
from shared.domain.lead import Lead, TeamMember
from tests import hostile
from tests.builders import AT, DEAL, a_lead, accepted

BEFORE = ("", "", "", "'", " ", "\u200b", "\u00a0", "\t", "\x00", '"', "''", "\ufeff", "x;", "x,", "x\n", "x\t", 'x";"')
BEHIND = ("", "", ";x", ",x", "\n=2+2", '";=2+2', "\t@SUM(1)", "'", '"')
# A telephone number or a plain number is one everywhere.
HARMLESS = re.compile(
    r"[+-]\d+([.,]\d+)?|\+ ?[\d(][\d ().\u00a0/-]*\d((;ext=|,? ?(ext\.?|x|#) ?)\d{1,8})?", re.IGNORECASE
)
SKIPPED = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]*")


def split(written: str) -> dict[str, list[str]]:
    """The cells that those find who split a line otherwise, with quotes as far as they heed them."""
    return {
        "semicolons": [cell for row in csv.reader(io.StringIO(written, newline=""), delimiter=";") for cell in row],
        "tabs": [cell for row in csv.reader(io.StringIO(written, newline=""), delimiter="\t") for cell in row],
        "no quotes": re.split(r"[,\r\n]", written),
    }


def texts(seed: int) -> list[str]:
    rng = random.Random(seed)
    known = (*hostile.FORMULAS, *hostile.TEXTS, "+46 8 123 456", "- CRM\n- ERP")
    return [rng.choice(BEFORE) + rng.choice(known) + rng.choice(BEHIND) for _ in range(150)]


def leads_of(text: str) -> list[Lead]:
    """Leads with this text wherever a sender or a partner may write one."""
    lead = a_lead(Company=text, FirstName=text, LastName=text, Title=text, Description=text, Phone=text)
    lead = replace(lead, additional_fields={text[:50] or "x": [text]}, source_text=text)
    team = (TeamMember(text, text, text),)
    deal = replace(DEAL, name=text, notes=text, crm_id=text, campaign_id=text, team=team)
    return [lead, replace(accepted(lead), deal=deal)]


def begins_a_formula(cell: str) -> bool:
    """True for a cell that some spreadsheet runs."""
    rest = cell[SKIPPED.match(cell).end() :]  # type: ignore[union-attr] # it matches everything
    return rest[:1] in set("=＝@＠") or (rest[:1] in set("+-＋－") and len(rest) > 1 and not HARMLESS.fullmatch(rest))


@pytest.mark.parametrize("seed", range(hostile.SEED, hostile.SEED + 4))
def test_x2_no_cell_of_a_line_begins_as_a_formula(seed: int) -> None:
    columns = next(csv.reader(io.StringIO(head(Layout()).removeprefix("\ufeff"))))
    for text in texts(seed):
        for lead in leads_of(text):
            written = line(Layout(), lead, AT)
            (cells,) = csv.reader(io.StringIO(written, newline=""), strict=True)
            assert len(cells) == len(columns)
            running = [name for name, cell in zip(columns, cells, strict=True) if begins_a_formula(cell)]
            assert not running, (running, text)
            assert restore(cells[columns.index("Company")]) == (lead.customer.company or "")
            # Elsewhere quotes do not hold a cell together; what begins with an equals sign is run there, too.
            for where, parts in split(written).items():
                found = [part for part in parts if SKIPPED.sub("", part, count=1)[:1] in ("=", "＝")]
                assert not found, (where, found, text)


def test_the_rule_knows_a_formula() -> None:
    for text in ("=1", "＝1", "@a", "+1+1", "-1+1", " =1", "\u200b=1", "\t+A1", "+cmd|' /C calc'!A0", "-x"):
        assert begins_a_formula(text), text
    for text in ("", "'=1", "a=1", "-", "+46 8 123 456", "-1", "+1 212 555 0100 ext. 5", "{=1}", "Needs:\n- CRM"):
        assert not begins_a_formula(text), text
