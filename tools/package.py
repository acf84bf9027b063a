"""Builds the package that is deployed: what git knows, but for what `.funcignore` names, and what the page has of npm.

python3.13 -m tools.package app.zip

Beside each module lies its bytecode, since the platform mounts the package read-only and would compile all of it at
every cold start. Only the Python that compiled it can use it, so run this with the one that the template deploys.
"""

import fnmatch
import py_compile
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "shared" / "pages" / "vendor"
"""Copied there by `make setup` (local.setup)."""


def build(target: Path) -> Path:
    """Write the package; its path."""
    patterns = [line.strip() for line in (ROOT / ".funcignore").read_text("utf-8").splitlines() if line.strip()]
    listed = subprocess.run(
        ["git", "ls-files", "--cached"],  # noqa: S607 - the developer's own git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    vendored = sorted(path for path in VENDOR.glob("*") if path.is_file())
    if not vendored:
        raise SystemExit("The page's libraries are missing: run make setup first.")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(listed.stdout.splitlines()):
            if (ROOT / name).is_file() and not any(
                fnmatch.fnmatch(part, one) for part in name.split("/") for one in patterns
            ):
                archive.write(ROOT / name, name)
                if name.endswith(".py"):
                    archive.writestr(cached(name), _bytecode(name))
        for path in vendored:
            archive.write(path, path.relative_to(ROOT))
    return target


def cached(name: str) -> str:
    """Where Python looks for the bytecode of a module."""
    folder, _, module = name.rpartition("/")
    return f"{folder}/__pycache__/{module[:-3]}.{sys.implementation.cache_tag}.pyc".removeprefix("/")


def _bytecode(name: str) -> bytes:
    """The module's bytecode, good for as long as its source is the same: times do not survive being unpacked."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.pyc"
        py_compile.compile(
            str(ROOT / name),
            cfile=str(made),
            dfile=name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
        )
        return made.read_bytes()


def deployed_python() -> str:
    """The version of Python that the template deploys, as in 3.13."""
    template = (ROOT / "infra" / "modules" / "function-app.bicep").read_text("utf-8")
    found = re.search(r"name: 'python'\s+version: '([\d.]+)'", template)
    if not found:
        raise SystemExit("The template names no version of Python.")
    return found[1]


if __name__ == "__main__":
    running, wanted = "{}.{}".format(*sys.version_info), deployed_python()
    if running != wanted:
        sys.stderr.write(
            f"The bytecode is for Python {running}, and the template deploys {wanted}, which compiles everything anew"
            f" at each cold start. Better: python{wanted} -m tools.package {' '.join(sys.argv[1:])}\n"
        )
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
