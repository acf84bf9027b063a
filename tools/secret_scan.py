"""Looks through every file that git knows for what looks like a secret.

    python -m tools.secret_scan

What is found and stands in `accepted_secrets.json`, with the reason why it is none, is no fault; what stands there and
is not found any more is one, so that the list never accepts more than it has to. An entry is known by its file and a
digest, and not by its line, which changes with every edit above it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from detect_secrets import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = Path(__file__).with_name("accepted_secrets.json")
LEFT_OUT = (
    "tools/accepted_secrets.json",
    "*.png",
    # Digests in them look like keys, and a tool writes them.
    "package-lock.json",
    "requirements*.txt",
    # A tool writes them out of a package, and out of the sources' own words.
    "shared/domain/country_names.py",
    "shared/locale/*.po",
)
LOOKED_FOR = (
    *("AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector", "GitLabTokenDetector"),
    *("JwtTokenDetector", "NpmDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector"),
    *("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector"),
)
"""What could get here; the last three find any other in quotes, or behind a name like `password`."""


class Found(NamedTuple):
    """Something in a file that looks like a secret."""

    file: str
    kind: str
    digest: str
    line: int


def look(root: Path, names: Iterable[str]) -> list[Found]:
    """What looks like a secret in these files below a folder."""
    os.chdir(root)  # the library takes names of files as they are
    found = list[Found]()
    with transient_settings({"plugins_used": [{"name": name} for name in LOOKED_FOR]}):
        for name in names:
            secrets = SecretsCollection()
            secrets.scan_file(name)
            found += [Found(name, one.type, one.secret_hash, one.line_number) for _, one in secrets]
    return found


def faults(found: Iterable[Found], accepted: Iterable[dict[str, str]]) -> list[str]:
    """What was found and is not accepted, and what is accepted without a reason or for nothing."""
    known = {(one["file"], one["digest"]): one["why"].strip() for one in accepted}
    there = {(one.file, one.digest): one for one in found}
    return [
        *(f"{one.file}:{one.line}: {one.kind}, digest {one.digest}" for key, one in there.items() if key not in known),
        *(f"{file}: digest {digest} is accepted, and not there" for file, digest in known.keys() - there.keys()),
        *(f"{file}: digest {digest} is accepted without a reason" for (file, digest), why in known.items() if not why),
    ]


def tracked(root: Path) -> list[str]:
    """The files that git knows or is about to, but for those left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the developer's own git
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        one
        for one in listed.stdout.splitlines()
        if (root / one).is_file() and not any(fnmatch(one, left) for left in LEFT_OUT)
    ]


def main() -> int:
    """Print what is wrong; the exit code."""
    names, workers = tracked(ROOT), os.cpu_count() or 1
    with ProcessPoolExecutor(workers) as pool:
        each = pool.map(look, [ROOT] * workers, [names[start::workers] for start in range(workers)])
        found = [one for some in each for one in some]
    wrong = faults(found, json.loads(ACCEPTED.read_text("utf-8")))
    print(*wrong, f"{len(names)} files, {len(found)} that look like secrets, {len(wrong)} faults", sep="\n")
    if wrong:
        print("What is a secret has to be changed where it opens something, for git keeps it; what is none goes into")
        print(f"tools/{ACCEPTED.name}, with the reason.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
