"""`make bench`: CPU that a fresh process spends on importing the function app, with bytecode and without.

"Without" is a package as it was unpacked: neither the app nor its libraries are compiled, Python's own library is.
"""

import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from bench.figures import at_most, spread, title
from local.azurite import ROOT

WITH, WITHOUT = 9, 3
GOAL = 0.55
CODE = "import time; t = time.process_time(); import function_app; print(time.process_time() - t)"


def imported(**environment: str) -> float:
    """Seconds of CPU of one import in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return float(run.stdout)


def main() -> None:
    """Print both."""
    title("Import of function_app, seconds of CPU: p50 (p25–p75)")
    imported()
    compiled = [imported() for _ in range(WITH)]
    print(f"{'with bytecode':<28}{spread(compiled):>20}   {at_most(statistics.median(compiled), GOAL)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        imported(PYTHONPYCACHEPREFIX=folder)
        for place in {str(ROOT), *(sysconfig.get_path(name) for name in ("purelib", "platlib"))}:
            # Where it is a link, bytecode stands under the path that it is imported by.
            shutil.rmtree(Path(folder, *Path(place).parts[1:]), ignore_errors=True)
        fresh = [imported(PYTHONPYCACHEPREFIX=folder, PYTHONDONTWRITEBYTECODE="1") for _ in range(WITHOUT)]
    print(f"{'without, for comparison':<28}{spread(fresh):>20}")


if __name__ == "__main__":
    main()
