"""Asks whether a known vulnerability is in what is deployed: requirements.txt, and what the page has of npm.

    python -m tools.audit

Fails on what is known and not accepted. Where nobody answers it says NOT AUDITED and does not fail: that is no finding
of this code's, and SECURITY.md says what is done then.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from local.setup import TAKEN

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("pypi", "osv")
"""Where pip-audit can ask; the next one where one does not answer."""
SECONDS = 60
ACCEPTED: dict[str, str] = {}
"""Advisories that do not concern us, by their ids, with the reason."""


class Answer(NamedTuple):
    """What is known: how many packages were asked about, and what was found, with the ids of each."""

    asked: int
    known: list[tuple[str, frozenset[str]]]


def of_python(said: str) -> Answer | None:
    """What pip-audit's JSON says; None where it says nothing of any package."""
    try:
        packages: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    # A service that answers "not found" for every package has no data. One that lacks some is told by the number.
    judged = [one for one in packages if "vulns" in one]
    known = [
        (f"{one['name']} {one['version']}", frozenset([found["id"], *found["aliases"]]))
        for one in judged
        for found in one["vulns"]
    ]
    return Answer(len(judged), known) if judged else None


def of_npm(said: str, names: frozenset[str]) -> Answer | None:
    """What npm's JSON says of these packages; None where it has no answer."""
    try:
        found: dict[str, Any] = json.loads(said)["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return None
    known = [
        (name, frozenset(via["url"].rpartition("/")[2] for via in found[name]["via"] if isinstance(via, dict)))
        for name in sorted(names & found.keys())
    ]
    return Answer(len(names), known)


def refused(answer: Answer) -> list[str]:
    """What is known and not accepted."""
    return [f"{what}: {', '.join(sorted(ids))}" for what, ids in answer.known if not ids & ACCEPTED.keys()]


def ask_python() -> Answer | None:
    """About each package of requirements.txt."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", "requirements.txt"]
    for service in SERVICES:
        said = said_by([*command, "--progress-spinner", "off", "--timeout", "10", "-f", "json", "-s", service])
        if answer := of_python(said):
            return answer
    return None


def ask_npm() -> Answer | None:
    """About the packages that files of the page are taken from, and what those are made of."""
    npm = shutil.which("npm")
    taken = frozenset(file.split("/lib/")[0].split("/dist/")[0].removesuffix("/LICENSE") for file in TAKEN.values())
    return of_npm(said_by([npm, "audit", "--json"]), taken | {"@azure/msal-common"}) if npm else None


def said_by(command: list[str]) -> str:
    """What a command prints; it fails where it finds something, and where it cannot ask."""
    try:
        run = subprocess.run(  # noqa: S603 - the two commands above
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return ""
    return run.stdout


def main() -> int:
    """Print what is known; the exit code."""
    wrong = 0
    for what, answer in (("requirements.txt", ask_python()), ("the page's npm packages", ask_npm())):
        if answer is None:
            print(f"NOT AUDITED: {what}; nobody who knows of vulnerabilities answers here (SECURITY.md).")
            continue
        faults = refused(answer)
        wrong += len(faults)
        print(*faults, f"{what}: {answer.asked} packages asked about, {len(faults)} vulnerabilities", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
