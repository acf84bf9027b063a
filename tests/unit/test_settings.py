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


FRONT = "https://front.example"


@pytest.mark.parametrize(
    ("given", "lead", "leads"),
    [
        ({}, "https://leads.example/api/app/leads/{leadId}", "https://leads.example/api/app/leads"),
        (
            {"LEADS_LEADS_URL": f"{FRONT}/{{partnerId}}"},
            f"{FRONT}/{{partnerId}}/{{leadId}}",
            f"{FRONT}/{{partnerId}}",
        ),
        ({"LEADS_LEAD_URL": f"{FRONT}/{{leadId}}"}, f"{FRONT}/{{leadId}}", "https://leads.example/api/app/leads"),
    ],
)
def test_leads_are_read_on_the_apps_own_page_unless_another_is_named(
    given: dict[str, str], lead: str, leads: str
) -> None:
    here = {"LEADS_STORAGE_ACCOUNT": "x", "LEADS_PUBLIC_URL": "https://leads.example/api"}
    settings = Settings.read(here | given)
    assert (settings.lead_page, settings.leads_page) == (lead, leads)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, "storage"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_EXPIRY_DAYS": "0"}, "expiry_days"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_EXPIRY": "3"}, "expiry"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_AGENDA_SHARDS": "0"}, "agenda_shards"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_AGENDA_SHARDS": "65"}, "agenda_shards"),
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
