"""Runs commands of the documentation as they stand: pasted into a shell, against a local host."""

import os
import re
import subprocess
from collections.abc import Sequence

from tests.builders import ROOT
from tests.journeys.local_host import LocalHost


def blocks_of(text: str) -> list[str]:
    """The bash blocks of a document."""
    return re.findall(r"```bash\n(.*?)```", text, re.DOTALL)


def run_pasted(host: LocalHost, blocks: Sequence[str]) -> list[str]:
    """What each block prints, after the lines that the host prints for pasting."""
    printed = dict(re.findall(r"^  (INTAKE|TOKEN|TABLES)=(.*)$", host.output, re.MULTILINE))
    pasted = "".join(f"{name}={value}\n" for name, value in printed.items())
    script = pasted + "echo; echo =====\n".join(blocks)
    script = script.replace("localhost:7071", f"localhost:{host.port}")
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr + run.stdout
    return run.stdout.split("=====")
