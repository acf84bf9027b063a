"""`make clean`: forgets local leads, the moved clock and caches, unless a local host is using them."""

import fcntl
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".local"
CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")
KEPT = (".venv", "node_modules", ".git")


def main() -> None:
    """Clean, or say who is in the way. The lock itself stays: a host that starts now must find the same one."""
    DATA.mkdir(exist_ok=True)
    with (DATA / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit("A local host is running on these leads; stop it first (Ctrl-C where `make run` runs).")
        for one in DATA.iterdir():
            if one.name != "lock":
                _remove(one)
    for one in (*(ROOT / name for name in CACHES), *_bytecode()):
        _remove(one)


def _bytecode() -> list[Path]:
    return [one for top in ROOT.iterdir() if top.is_dir() and top.name not in KEPT for one in top.rglob("__pycache__")]


def _remove(one: Path) -> None:
    if one.is_dir() and not one.is_symlink():
        shutil.rmtree(one, ignore_errors=True)
    else:
        one.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
