"""An audit fails on what is known, and says so where nobody was asked (tools/audit.py)."""

import json

import pytest

from tools import audit
from tools.audit import Answer, of_npm, of_python

KNOWN = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.0"], "description": "."}


def python(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_what_is_known_is_told() -> None:
    good = {"name": "idna", "version": "3.20", "vulns": []}
    bad = {"name": "aiohttp", "version": "3.14.5", "vulns": [KNOWN]}
    assert of_python(python(good)) == Answer(1, [])
    assert of_python(python(good, bad)) == Answer(2, [("aiohttp 3.14.5", frozenset({"PYSEC-2026-1", "CVE-2026-1"}))])


@pytest.mark.parametrize(
    "said", ["", "no json", "{}", "[]", python(), python({"name": "a", "skip_reason": "not found"})]
)
def test_no_answer_is_no_good_answer(said: str) -> None:
    assert of_python(said) is None


def test_what_some_do_not_know_is_not_counted() -> None:
    said = python({"name": "a", "skip_reason": "not found"}, {"name": "idna", "version": "3.20", "vulns": []})
    assert of_python(said) == Answer(1, [])


def test_of_npm_only_what_is_deployed_counts() -> None:
    advisory = {"url": "https://advisories.example/GHSA-1", "title": "."}
    said = json.dumps({"vulnerabilities": {"azurite": {"via": [advisory]}, "htmx.org": {"via": ["x", advisory]}}})
    assert of_npm(said, frozenset({"htmx.org"})) == Answer(1, [("htmx.org", frozenset({"GHSA-1"}))])
    assert of_npm(json.dumps({"vulnerabilities": {}}), frozenset({"htmx.org"})) == Answer(1, [])
    assert of_npm(json.dumps({"message": "405"}), frozenset()) is None


@pytest.mark.parametrize(
    ("answer", "accepted", "code", "words"),
    [
        (None, {}, 0, "NOT AUDITED: requirements.txt"),
        (Answer(70, []), {}, 0, "requirements.txt: 70 packages asked about, 0 vulnerabilities"),
        (Answer(70, [("a 1", frozenset({"CVE-1"}))]), {}, 1, "a 1: CVE-1"),
        (Answer(70, [("a 1", frozenset({"CVE-1"}))]), {"CVE-1": "not called"}, 0, "70 packages asked about, 0 vuln"),
    ],
)
def test_it_fails_on_what_is_known_and_not_accepted(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: Answer | None,
    accepted: dict[str, str],
    code: int,
    words: str,
) -> None:
    monkeypatch.setattr(audit, "ask_python", lambda: answer)
    monkeypatch.setattr(audit, "ask_npm", lambda: None)
    monkeypatch.setattr(audit, "ACCEPTED", accepted)
    assert audit.main() == code
    said = capsys.readouterr().out
    assert words in said
    assert "NOT AUDITED: the page's npm packages" in said


def test_every_accepted_advisory_has_a_reason() -> None:
    assert all(audit.ACCEPTED.values())


def test_each_package_of_the_page_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "said_by", lambda _: json.dumps({"vulnerabilities": {}}))
    monkeypatch.setattr(audit.shutil, "which", lambda _: "npm")
    asked = list[frozenset[str]]()
    monkeypatch.setattr(audit, "of_npm", lambda _, names: asked.append(names))
    assert audit.ask_npm() is None
    assert asked == [frozenset({"htmx.org", "@azure/msal-browser", "@azure/msal-common"})]
