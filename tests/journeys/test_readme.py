"""The README's first five minutes, pasted into a shell as they stand."""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.journeys.local_host import LocalHost
from tests.journeys.pasted import blocks_of, run_pasted


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here; the README's commands need it")
def test_the_first_five_minutes_work_as_written(tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text().split("## The first five minutes")[1].split("\n## ")[0]
    blocks = blocks_of(section)
    assert len(blocks) == 6
    settings = (ROOT / "docs" / "frontends.md").read_text().split("## Changing settings")[1].split("\n## ")[0]
    blocks[5:5] = blocks_of(settings)
    docs = [(ROOT / "docs" / f"{name}.md").read_text() for name in ("lists", "export", "time")]
    finding, exporting, later = (blocks_of(one) for one in docs)
    # The first of the lists' only names what the README has named already.
    blocks += [*finding[1:], *exporting[:2], *later]
    with LocalHost(tmp_path) as host:
        outputs = run_pasted(host, blocks)
    received, listed, answered, won, registered, moved, expired, looked, narrowed, counted, *copied, cooled = outputs
    exported, synced = copied
    assert re.search(r'"duplicate":false}.*"duplicate":true}', received)
    assert '"to":' in received, "there is mail"
    assert '"state":"hot"' in listed
    assert 'etag: "1"' in listed.lower()
    assert "204 No Content" in answered
    assert '"status":"accepted"' in answered
    assert '"notes":"Called Ada, wants a demo."' in won
    assert '"outcome":"won"' in won
    assert '"code":"invalidTransition"' in won
    assert "ann, " in won
    assert '"sequence":4,"type":"lead.won"' in won
    assert re.search(r'"amount":"11500.00".*"groupBy":"country"', won, re.DOTALL)
    assert '"id":"fabrikam"' in registered
    assert '"intakeUrl":"http://localhost' in registered
    assert '"timeZone":"Europe/Stockholm"' in moved
    assert '"name":"Fabrikam"' in moved
    assert '"outcome":"expired"' in expired
    hot, searched, ordered, refused = (*looked.split('{"value":')[1:4], looked)
    assert hot.count('"state":"hot"') == 3
    assert searched.count('"company":') == 1
    assert "Ångström" in searched
    assert re.findall(r'"company":"(\w+)"', ordered)[:2] == ["Ångström", "Contoso"]
    assert "'received', 'informational', 'accepted', 'archived'" in refused
    assert '"count":3,"countIsAtLeast":false' in narrowed
    assert '"country":[{"value":"SE","count":3}]' in narrowed
    assert '"status":[{"value":"received","count":3},{"value":"archived","count":2}]' in narrowed
    assert '"marketplace":{"received":3,' in counted
    assert '"type":"lead.activityLogged"' in counted
    assert '"code":"fewContactAttempts"' in counted
    rows = list(csv.DictReader(io.StringIO(exported.strip().removeprefix("\ufeff"))))
    assert {(row["Status"], row["Outcome"], row["Email"]) for row in rows} == {
        ("archived", "won", "ada.berg@northwind.example"),
        ("archived", "expired", ""),
        ("archived", "lost", "li@fabrikam.example"),
        ("received", "", "li@fabrikam.example"),
    }
    assert len(rows) == 5
    assert '"state":"succeeded","progress":{"rows":5,"total":5}' in synced
    assert '"format":"jsonl"' in synced
    assert '"url":"http://127.0.0.1' in synced
    assert '"email":"lee@fabrikam.example"' in cooled
    assert '"state":"cooled"' in cooled
    assert "kim@fabrikam.example" not in expired.split('"value"')[1]
