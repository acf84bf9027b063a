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


def test_further_accounts_are_named_alone_or_with_their_connection_strings() -> None:
    here = {"LEADS_STORAGE_ACCOUNT": "x"}
    assert Settings.read(here).further_accounts == {}
    named = Settings.read(here | {"LEADS_DATA_ACCOUNTS": "leadsd2, leadsd3"})
    assert named.further_accounts == {"leadsd2": None, "leadsd3": None}
    assert named.rules().data_accounts == ("leadsd2", "leadsd3")
    said = Settings.read(here | {"LEADS_DATA_CONNECTIONS": '{"data2": "AccountName=a;AccountKey=canary"}'})
    assert said.further_accounts == {"data2": "AccountName=a;AccountKey=canary"}
    assert "canary" not in repr(said)


HERE = "TableEndpoint=http://127.0.0.1:10002/a/;BlobEndpoint=http://127.0.0.1:10000/a;AccountKey=canary"
BLOBS = "AccountName=data3;AccountKey=canary;BlobEndpoint=https://DATA2.blob.core.windows.net"
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
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_TARGET_ACCEPTED": "80"}, "target_accepted"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_TARGET_EXPIRED": "0"}, "target_expired"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_TARGET_WON": "nan"}, "target_won"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_TARGET_CLOSED_60D": "-1"}, "target_closed_60d"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_DATA_ACCOUNTS": "data2,,data3"}, "data_accounts"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_DATA_ACCOUNTS": "data2, data3,data2"}, "data2 is named twice"),
        ({"LEADS_STORAGE_ACCOUNT": "data2", "LEADS_DATA_ACCOUNTS": "data2"}, "data2 is named twice"),
        (
            {"LEADS_STORAGE_CONNECTION": HERE, "LEADS_DATA_CONNECTIONS": f'{{"data2": "{HERE};EndpointSuffix=x"}}'},
            "data2 and the deployment's own are one account",
        ),
        (
            {
                "LEADS_STORAGE_ACCOUNT": "x",
                "LEADS_DATA_ACCOUNTS": "data2",
                "LEADS_DATA_CONNECTIONS": f'{{"data3": "{BLOBS}"}}',
            },
            "data3 and data2 are one account",
        ),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_DATA_CONNECTIONS": "canary"}, "is to be a JSON object of names"),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_DATA_CONNECTIONS": '["canary"]'}, "is to be a JSON object of names"),
        (
            {"LEADS_STORAGE_ACCOUNT": "x", "LEADS_DATA_CONNECTIONS": '{"A": "canary"}'},
            "is to be a JSON object of names",
        ),
        ({"LEADS_STORAGE_ACCOUNT": "x", "LEADS_DATA_CONNECTIONS": '{"data2": "canary"}'}, "data2 in LEADS_DATA"),
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
