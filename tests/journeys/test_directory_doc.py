"""The commands of docs/directory.md, pasted into a shell as they stand."""

import json
import shutil
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.journeys.local_host import LocalHost
from tests.journeys.pasted import blocks_of, run_pasted


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here; the document's commands need it")
def test_m1_partners_are_found_as_written(tmp_path: Path) -> None:
    blocks = blocks_of((ROOT / "docs" / "directory.md").read_text())
    with LocalHost(tmp_path) as host:
        listed, searched, asked, shown = run_pasted(host, blocks)
    assert '"endorsements":["Partner of the year"]' in listed
    (found,) = json.loads(searched)["value"]
    assert (found["partnerId"], found["location"], found["country"]) == ("contoso", "HQ", "SE")
    assert all(one["fits"] for one in found["reasons"])
    assert [one["kind"] for one in found["reasons"]] == [
        *("words", "words", "country", "size", "language", "competency", "endorsement"),
    ]
    assert '"partnerId":"contoso"' in asked
    assert '"status":"received","duplicate":false' in asked
    assert "<h2>Contoso</h2>" in shown
    assert "<li>Den har ett kontor i ditt land.</li>" in shown
