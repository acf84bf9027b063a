"""Builds the package that is deployed: what git knows, without what `.funcignore` names.

python -m tools.package app.zip
"""

import fnmatch
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(listed.stdout.splitlines()):
            if (ROOT / name).is_file() and not any(
                fnmatch.fnmatch(part, one) for part in name.split("/") for one in patterns
            ):
                archive.write(ROOT / name, name)
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
