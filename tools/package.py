"""Builds the package that is deployed: what git knows, but for what `.funcignore` names, and what the page has of npm.

python -m tools.package app.zip
"""

import fnmatch
import subprocess
import sys
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
        for path in vendored:
            archive.write(path, path.relative_to(ROOT))
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
