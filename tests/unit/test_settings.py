"""Settings: what a deployment may say, and what it is told when it says something else."""

import logging

import pytest
from pydantic import ValidationError

from shared import app
from shared.http import running
from shared.settings import Settings


def test_a_host_name_gives_the_public_address() -> None:
    settings = Settings.read({"LEADS_STORAGE_ACCOUNT": "x", "WEBSITE_HOSTNAME": "leads.azurewebsites.net", "PATH": "/"})
    assert settings.public_url == "https://leads.azurewebsites.net/api"
    assert settings.rules().windows.expiry.days == 14


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, "storage"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_EXPIRY_DAYS": "0"}, "expiry_days"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_EXPIRY": "3"}, "expiry"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_TABLE_PREFIX": "a-b"}, "table_prefix"),
    ],
)
async def test_a_setting_at_fault_is_named_in_the_log_and_no_secret_is(
    given: dict[str, str], fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("LEADS_")]:
        monkeypatch.delenv(name)
    for name, value in (given | {"LEADS_IDENTITY_CLIENT_ID": "canary"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(running, "_apps", {})
    with caplog.at_level(logging.ERROR), pytest.raises(ValidationError):
        app.current()
    assert fault in caplog.text
    assert "canary" not in caplog.text
