"""What looks like a secret is found wherever it stands, and accepted only with a reason (tools/secret_scan.py)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT
from tools import secret_scan
from tools.secret_scan import Found, faults

ONE = Found("shared/a.py", "Secret Keyword", "d1", 3)
WHY = {"file": "shared/a.py", "kind": "Secret Keyword", "digest": "d1", "why": "The name of a field."}


def test_what_is_accepted_with_a_reason_is_no_fault() -> None:
    assert faults([ONE], [WHY]) == []
    assert faults([ONE._replace(line=9)], [WHY]) == []


@pytest.mark.parametrize(
    ("found", "accepted"),
    [
        ([ONE], []),
        ([ONE._replace(file="shared/b.py")], [WHY]),
        ([ONE._replace(digest="d2")], [WHY]),
        ([], [WHY]),
        ([ONE], [WHY | {"why": " "}]),
    ],
)
def test_all_else_is_one(found: list[Found], accepted: list[dict[str, str]]) -> None:
    assert faults(found, accepted)


LINES = {
    # Put together here, or this file would hold what is looked for.
    "storage": '"' + "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "Zk3q" * 21 + "Zw==" + '"',
    "entropy": 'VALUE = "' + "q8Zr2LxV0bNfKjT7" + "hYw5mCeD3uGsPaXo" + '"',
    "keyword": "password" + ' = "' + "correct-horse-battery" + '"',
    "private": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "address": 'URL = "https://ann:' + "staple9@" + 'db.example/leads"',
    "token": "t = '" + "ghp_" + "Zk3q" * 9 + "'",
}


@pytest.mark.parametrize("kind", LINES)
def test_a_secret_is_found(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.py").write_text(f"# a file\n{LINES[kind]}\n")
    # In a process of its own, as the scan runs: it changes its folder.
    look = f"from tools.secret_scan import look; print([one.line for one in look({str(tmp_path)!r}, ['a.py'])])"
    run = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(json.loads(run.stdout)) == {2}


def test_every_file_is_looked_at_but_pictures_and_what_a_tool_writes() -> None:
    looked_at = {*secret_scan.tracked(ROOT)}
    known = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    assert {Path(one).suffix for one in known if one not in looked_at} <= {".png", ".json", ".txt", ".py", ".po"}
    assert {"shared/settings.py", "infra/main.bicep", "docs/intake.md", ".ci/run", "requirements.in"} <= looked_at
    assert all(one["why"] and one["file"] in looked_at for one in json.loads(secret_scan.ACCEPTED.read_text()))
