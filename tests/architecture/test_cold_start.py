"""What a cold start does not wait for: libraries that only some calls need, and the look for garbage."""

import subprocess
import sys

from tests.builders import ROOT

LATER = {
    "azure.communication.email": "the first mail",
    "azure.data.tables": "set-up",
    "azure.identity": "the first request by identity",
    "azure.monitor": "where telemetry is sent to Azure",
    "azure.storage.blob": "the first export",
    "azure.storage.queue": "the first message",
    "babel": "the first text that is not English",
    "cryptography": "the first token",
    "disposable_email_domains": "the first lead",
    "dns": "the first lead whose mail domain is asked for",
    "email_validator": "the first address",
    "jinja2": "the first mail or page",
    "jwt": "the first token",
    "phonenumbers": "the first lead",
}
LOADED = """
import gc, sys
import function_app
assert gc.isenabled() and gc.get_freeze_count() and gc.get_threshold()[0] == 10_000
print(*sys.modules)
"""


def test_a_cold_start_loads_nothing_that_only_some_calls_need() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert set(run.stdout.split()) & {*LATER} == set()
