"""The commands of docs/intake.md and docs/telling.md, pasted into a shell as they stand."""

import re
import shutil
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.journeys.local_host import LocalHost
from tests.journeys.pasted import blocks_of, run_pasted


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here; the document's commands need it")
def test_every_door_opens_as_written(tmp_path: Path) -> None:
    blocks = blocks_of((ROOT / "docs" / "intake.md").read_text())
    with LocalHost(tmp_path) as host:
        _, https, offers, table, read, form, posted, sent, programme, parked = run_pasted(host, blocks)
    assert re.findall(r'"status":"(\w+)","duplicate":(\w+)', https) == [
        ("informational", "false"),
        ("received", "false"),
        ("informational", "false"),
        ("received", "false"),
    ]
    assert '"callToAction":"freeTrial"' in offers
    assert '"status":"informational"' in offers
    assert '"kind":"marketplaceTable"' in table
    assert '"createdDateTime":"2026-11-21T20:04:27.000Z"' in read
    assert read.count('"company":"Fabrikam Kft"') == 1
    assert '"published":true' in form
    assert "303 See Other" in posted
    assert "https://contoso.example/thanks" in posted
    assert '"status":"received","duplicate":false' in posted
    assert "201 Created" in sent
    assert '"qualification":"salesQualified","status":"received"' in sent
    assert re.findall(r'"status":"(\w+)","duplicate"', programme) == ["received", "unassigned", "received"]
    assert '"reason":"offerUnknown"' in programme
    assert '"target":"UserDetails.Email"' in parked
    assert '"reason":"unreadable"' in parked
    assert re.findall(r'"status":"received","duplicate":(\w+)', parked) == ["false", "true"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here; the document's commands need it")
def test_everybody_is_told_as_written(tmp_path: Path) -> None:
    blocks = blocks_of((ROOT / "docs" / "telling.md").read_text())
    with LocalHost(tmp_path) as host:
        mailed, noticed, pushed = run_pasted(host, blocks)
    assert '"preferredEmail":"sales@contoso.example"' in mailed
    assert "Ny lead: Northwind Traders" in mailed
    assert '"kind":"hotLead"' in noticed
    assert '"secret":"whsec_' in pushed
    assert '"state":"pending"' in pushed
    assert '"type":"webhook.test"' in pushed
    assert "Not reached" in pushed
