"""What is installed is locked: each version and the hash of each file, good for every Python and machine we know.

Whether a hash is right shows where `make setup` installs by them. That a lock fits what it was made of is shown here by
what is installed: whatever is needed is locked as it is installed, and nothing else is.
"""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.builders import ROOT

FILES = {
    name: (ROOT / name).read_text()
    for name in ("requirements", "requirements-dev")
    for name in (f"{name}.in", f"{name}.txt")
}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = ("x86_64", "aarch64")


def named(text: str) -> list[Requirement]:
    """What a person asked for; `-r` and `-c` lines are left out."""
    return [Requirement(line) for line in text.splitlines() if line and line[0] not in "#-"]


def locked(text: str) -> list[tuple[Requirement, int]]:
    """Each entry of a lock, with the number of its hashes."""
    entries = re.findall(r"^([a-z0-9][^\\\n]+?) \\\n((?: +--hash=\S+(?: \\)?\n)+)", text, re.MULTILINE)
    return [(Requirement(entry), len(HASH.findall(hashes))) for entry, hashes in entries]


def holds(one: Requirement, extras: frozenset[str] = frozenset(), **environment: str) -> bool:
    """Whether it is needed there: in this environment, but for what is said."""
    each = [{**default_environment(), **environment, "extra": extra} for extra in (extras or {""})]
    return one.marker is None or any(one.marker.evaluate(dict(given)) for given in each)


def needed(names: list[Requirement]) -> dict[str, str]:
    """All that these bring along here, with the versions that are installed."""
    found, waiting = dict[str, str](), [(one, frozenset(one.extras)) for one in names if holds(one)]
    seen = set[tuple[str, frozenset[str]]]()
    while waiting:
        one, extras = waiting.pop()
        name = canonicalize_name(one.name)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        installed = distribution(name)
        found[name] = installed.version
        brought = [Requirement(line) for line in installed.requires or ()]
        waiting += [(other, frozenset(other.extras)) for other in brought if holds(other, extras)]
    return found


def stale(asked: str, lock: str) -> list[str]:
    """What does not fit; none for a lock that was made of what is asked for."""
    names, entries = named(asked), [one for one, _ in locked(lock)]
    faults = []
    for python in PYTHONS:
        environment = {"python_version": python, "python_full_version": f"{python}.1"}
        there = {canonicalize_name(one.name): str(one.specifier) for one in entries if holds(one, **environment)}
        wanted = {canonicalize_name(one.name): str(one.specifier) for one in names if holds(one, **environment)}
        faults += [f"{name}{version} under {python}" for name, version in wanted.items() if there.get(name) != version]
    if not faults:
        here = {canonicalize_name(one.name): str(one.specifier)[2:] for one in entries if holds(one)}
        faults = sorted({f"{name}=={version}" for name, version in needed(names).items() ^ here.items()})
    return faults


def asked_for(lock: str) -> str:
    """What a lock was made of; the tools need what is deployed as well."""
    asked = FILES[lock.replace(".txt", ".in")]
    return asked.replace("-r requirements.in\n", FILES["requirements.in"])


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_fits_what_it_was_made_of(lock: str) -> None:
    assert not stale(asked_for(lock), FILES[lock]), "run make lock, or make setup where the versions here are older"


@pytest.mark.parametrize(
    ("asked", "lock"),
    [
        (("msgspec==0.22.0", "msgspec==0.22.1"), ("", "")),
        (("msgspec==0.22.0\n", ""), ("", "")),
        (("msgspec==0.22.0", "msgspec==0.22.0\nhttpx==0.28.1"), ("", "")),
        (("azure-functions==2.3.0; python_version >=", "azure-functions==2.3.1; python_version >="), ("", "")),
        (("", ""), ("aiosignal==1.4.0", "aiosignal==1.4.1")),
        (("", ""), ("aiosignal==1.4.0", "aiosignals==1.4.0")),
    ],
)  # fmt: skip
def test_a_stale_lock_is_found(asked: tuple[str, str], lock: tuple[str, str]) -> None:
    names, entries = FILES["requirements.in"], FILES["requirements.txt"]
    assert asked[0] in names
    assert lock[0] in entries
    assert stale(names.replace(*asked), entries.replace(*lock))


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_file_that_is_installed_has_a_hash_and_is_ready_made(lock: str) -> None:
    entries = locked(FILES[lock])
    assert len(entries) == len(re.findall(r"^[A-Za-z0-9]", FILES[lock], re.MULTILINE))
    assert all(hashes and str(one.specifier).startswith("==") and not one.url for one, hashes in entries)
    # Nothing is built, so no code of a package runs where it is installed; and nothing says where packages are from.
    assert re.findall(r"^-.*", FILES[lock], re.MULTILINE) == ["--only-binary :all:"]
    # One version of each, whichever Python and machine.
    for python in PYTHONS:
        for machine in MACHINES:
            environment = {"python_version": python, "python_full_version": f"{python}.1", "platform_machine": machine}
            names = [canonicalize_name(one.name) for one, _ in entries if holds(one, **environment)]
            assert len(names) == len(set(names))


def test_what_is_tried_is_what_is_deployed() -> None:
    deployed, tried = (
        {(str(one), hashes) for one, hashes in locked(FILES[f"{name}.txt"])}
        for name in ("requirements", "requirements-dev")
    )
    assert deployed <= tried


def test_no_file_says_where_packages_are_from() -> None:
    files = [*ROOT.glob("requirements*"), *(ROOT / "tools").glob("*requirements.txt"), ROOT / "Makefile"]
    assert len(files) > 6
    said = [
        path.name
        for path in files
        if re.search(r"index-url|find-links|trusted-host|https?://\S*(?:simple|whl)", path.read_text())
    ]
    assert said == []
    assert Path(ROOT / "Makefile").read_text().count("--require-hashes -r requirements-dev.txt") == 1
