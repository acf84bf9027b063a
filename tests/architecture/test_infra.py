"""What stands in `infra/` and in the code says the same in both; misspelt Bicep is found.

No Bicep compiler can be installed from a package registry: `tools/bicep_lint.py` stands in for it, and here it is shown
what it finds. What it cannot know, types and values, is for `az deployment group validate` (docs/operations.md).
"""

import io
import json
import re
import shutil
import zipfile
from contextlib import redirect_stdout
from importlib.util import MAGIC_NUMBER, source_hash
from ipaddress import ip_network
from itertools import combinations
from pathlib import Path

import pytest

from local.queues import POISON
from shared.settings import PREFIX, Settings
from shared.storage import keys
from tests.architecture.test_function_index import DEFAULTS, TIMERS
from tests.builders import ROOT
from tools import bicep_lint, package

INFRA = ROOT / "infra"
MAIN = (INFRA / "main.bicep").read_text()
APP = (INFRA / "modules" / "function-app.bicep").read_text()
ROLES = "".join((INFRA / "modules" / f"{name}.bicep").read_text() for name in ("roles", "data-roles", "directory"))
EVERY = {path: path.read_text() for path in INFRA.rglob("*.bicep*")}


def lint(folder: Path) -> tuple[int, str]:
    """What the command says, which `make check` runs, too."""
    said = io.StringIO()
    with redirect_stdout(said):
        return bicep_lint.main(folder), said.getvalue()


def test_every_file_parses_and_names_only_what_there_is() -> None:
    code, said = lint(INFRA)
    assert code == 0, said
    assert f"{len(EVERY)} files, 0 faults" in said


FAULTS = [
    ("modules/host-storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAcess: false"),
    ("modules/host-storage.bicep", "        name: queueName\n", "        name: queuesName\n"),
    ("modules/function-app.bicep", "primaryEndpoints.queue", "primaryEndpoints.queues"),
    ("modules/function-app.bicep", "userAssignedIdentityResourceId: ", "userAssignedIdentityResourcesId: "),
    ("modules/function-app.bicep", "instanceCount: alwaysReadyHttp", "instancesCount: alwaysReadyHttp"),
    ("modules/alerts.bicep", "skipQueryValidation: true", "skipQueryValidations: true"),
    ("modules/mail.bicep", "disableLocalAuth: true", "hostName: 'x'"),
    ("modules/workbook.bicep", "serializedData:", "serialisedData:"),
    ("modules/workbook.bicep", "query: replace(query.body", "query: replace(query.bodies"),
    ("modules/workbook.bicep", "queries/timers.kql", "queries/timer.kql"),
    ("modules/alerts.bicep", "query: rule.query", "query: rule.qury"),
    ("modules/function-app.bicep", "name: setting.key", "name: setting.kee"),
    ("modules/function-app.bicep", "primaryEndpoints.blob}", "primaryEndpoints.blub}"),
    ("modules/function-app.bicep", "serverFarmId: plan.id", "serverFarmId: plan.idd"),
    ("modules/mail.bicep", "(domain.properties.verificationRecords)", "domain.properties.verificationRecord"),
    ("modules/mail.bicep", "param name string", "param name strng"),
    ("modules/mail.bicep", "param name string", "param name string\n\nparam name string"),
    ("modules/roles.bicep", "roleDefinitionId: role.mailOwner", "roleDefinitionId: role.mailOwnr"),
    ("modules/data-roles.bicep", "own[i].id, identityId", "own[i].idd, identityId"),
    ("main.bicep", "dependsOn: [roles,", "dependOn: [roles,"),
    ("main.bicep", "accountName: names.hostStorage", "accountName: names.hostStorge"),
    ("main.bicep", "identity.properties.clientId", "identity.propertis.clientId"),
    ("main.bicep", "app.outputs.hostName", "app.output.hostName"),
    ("main.bicep", "'modules/mail.bicep'", "'modules/mails.bicep'"),
    ("main.bicep", "timer => '${toUpper(timer.name)}", "timer => '${toUpper(timer.nam)}"),
    ("dev.bicepparam", "using 'main.bicep'", "using 'mains.bicep'"),
    ("modules/mail.bicep", "emailServices@2025-09-01", "emailServices@2035-09-01"),
    ("modules/host-storage.bicep", "storageAccounts@2025-08-01", "storageAccounts@2024-01-01"),
    ("main.bicep", "identity.properties.principalId", "identity.properties.principlId"),
    ("modules/function-app.bicep", "serverFarmId: plan.id", "serverFarmId: plans.id"),
    ("modules/monitoring.bicep", "'${name}-logs'", "'${nam}-logs'"),
    ("main.bicep", "uniqueString(", "uniqeString("),
    ("main.bicep", "mail.outputs.endpoint", "mail.outputs.endpiont"),
    ("main.bicep", "    dataLocation: dataLocation\n", "    datalocation: dataLocation\n"),
    ("main.bicep", "    insightsName: names.insights\n    hostStorageName", "    hostStorageName"),
    ("modules/mail.bicep", "param tags {", "param extra string\nparam tags {"),
    ("modules/monitoring.bicep", "    sku: {\n      name: 'PerGB2018'\n    }", "    sku: {\n      name: 'PerGB2018'\n"),
    ("modules/mail.bicep", "dataLocation: dataLocation", "dataLocation dataLocation"),
    ("modules/mail.bicep", "location: 'global'", "location: 'global"),
    ("dev.bicepparam", "param instanceMemory", "param instanceMemmory"),
    ("prod.bicepparam", "param tokenAudience = readEnvironmentVariable('TOKEN_AUDIENCE')\n", ""),
    ("dev.bicepparam", "param name = 'leadsdev'", "param name 'leadsdev'"),
    ("modules/network.bicep", "serviceName: 'Microsoft.App", "servicesName: 'Microsoft.App"),
    ("modules/network.bicep", "cidrSubnet(", "cidrSubnets("),
    ("modules/network.bicep", "id: gateway.id", "id: gateways.id"),
    ("modules/network.bicep", "publicIPAllocationMethod: 'Static'", "ipAddresses: 'x'"),
    ("modules/network.bicep", "parent: zone[i]", "parent: zones[i]"),
    ("modules/private-endpoints.bicep", "groupIds: [kind]", "groupId: [kind]"),
    ("modules/private-endpoints.bicep", "network::endpoints.id", "network::endpoints.idd"),
    ("modules/private-endpoints.bicep", "privateDnsZoneId: zone[i].id", "privateDnsZone: zone[i].id"),
    ("modules/data-storage.bicep", "bypass: onlyPrivate", "bypasses: onlyPrivate"),
    ("modules/alerts.bicep", "scopes: [communication.id]", "scope: [communication.id]"),
    ("modules/alerts.bicep", "          anyOf: map(", "          anyOff: map("),
    ("modules/function-app.bicep", "virtualNetworkSubnetId:", "virtualNetworkSubnet:"),
    ("main.bicep", "replication: marketplaceReplication", "replicated: marketplaceReplication"),
    ("main.bicep", "    subnetId: privateNetwork", "    subnetsId: privateNetwork"),
]


@pytest.mark.parametrize(("file", "right", "wrong"), FAULTS)
def test_a_fault_in_it_is_found(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    copy = tmp_path / "infra"
    shutil.copytree(INFRA, copy)
    text = (copy / file).read_text()
    assert right in text
    (copy / file).write_text(text.replace(right, wrong, 1))
    code, said = lint(copy)
    assert code == 1, said
    assert "files, 0 faults" not in said


def test_what_if_knows_every_name_beforehand() -> None:
    for path, text in EVERY.items():
        # Two deployments in one group would overwrite each other's modules of one name.
        assert not re.search(r"^module [^\n]+\{\n  name:", text, re.MULTILINE), path
        names = re.findall(r"^ *name: (.+)", text, re.MULTILINE)
        assert not [one for one in names if re.search(r"outputs|principalId|clientId|\.properties\.", one)], path
    passed = re.findall(r"^ *(\w+Name): (.+)", MAIN, re.MULTILINE)
    assert len(passed) > 8
    assert not [one for one in passed if "outputs" in one[1]], (
        "a name that is an output is known only when it is deployed"
    )
    for text in EVERY.values():
        assert "param tags object" not in text
        assert "param settings object" not in text


def test_an_old_api_version_is_told_as_such(tmp_path: Path) -> None:
    copy = tmp_path / "infra"
    shutil.copytree(INFRA, copy)
    file = copy / "modules" / "function-app.bicep"
    file.write_text(file.read_text().replace("serverfarms@2025-03-01", "serverfarms@2024-01-01"))
    code, said = lint(copy)
    assert code == 1
    assert "the API version of Microsoft.Web/serverfarms@2024-01-01 is older than two years" in said


def test_a_resource_inside_a_loop_is_told_as_such(tmp_path: Path) -> None:
    """Nothing else is wrong with it, and the compiler refuses it (BCP160)."""
    copy = tmp_path / "infra"
    shutil.copytree(INFRA, copy)
    file = copy / "modules" / "private-endpoints.bicep"
    before, after = file.read_text().split("        }\n      ]\n    }\n  }\n]\n", 1)
    nested = after.replace("resource dnsName 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-03-01'", "")
    assert nested != after
    inner = "\n    resource dnsName 'privateDnsZoneGroups' = {\n      name: 'default'\n    }\n"
    file.write_text(before + "        }\n      ]\n    }\n" + inner + "  }\n]\n")
    code, said = lint(copy)
    assert code == 1
    assert "a resource cannot stand inside one that is a loop" in said
    assert "1 faults" in said


def test_loops_stand_as_the_formatter_writes_them() -> None:
    for path, text in EVERY.items():
        assert not re.search(r"\[for ", text), path


def test_every_parameter_and_output_is_described() -> None:
    for path, text in EVERY.items():
        if path.suffix == ".bicep":
            declared = re.findall(r"^(?:param|output) (\w+)", text, re.MULTILINE)
            described = re.findall(
                r"^@description\('(?:[^'\\]|\\.)+'\)\n(?:@\w+\(.*\)\n)*(?:param|output) (\w+)", text, re.MULTILINE
            )
            assert declared == described, path


def test_no_key_is_switched_on_read_or_passed() -> None:
    accounts = [text for text in EVERY.values() if re.search(r"^resource account [^\n]+= \{", text, re.MULTILINE)]
    accounts = [text for text in accounts if "existing = {" not in text.split("resource account ")[1].split("\n")[0]]
    assert len(accounts) == 3
    assert sum("allowSharedKeyAccess: false" in text for text in accounts) == 2
    # Partner Center can only write tables with a key (I3): nothing else is in that account, and one must ask for it.
    (other,) = (text for text in accounts if "allowSharedKeyAccess: keys" in text)
    assert not re.search(r"blobServices|queueServices", other)
    assert "param marketplaceKeys bool = false" in MAIN
    for text in EVERY.values():
        assert not re.search(r"list\w*Keys\(|AccountKey|@secure|SharedAccess|InstrumentationKey", text)


def account(file: str) -> str:
    """What that module says of its storage account's own properties."""
    made = (INFRA / "modules" / f"{file}.bicep").read_text().split("\nresource account ")[1]
    return between(made, "\n  properties: {", "\n  }\n")


def test_each_account_says_who_reaches_it() -> None:
    """Open to any address where the app has no network of its own, and said so; never by leaving it out."""
    made = [
        path.stem for path, text in EVERY.items() if re.search(r"^resource account '[^\n]+' = \{", text, re.MULTILINE)
    ]
    assert sorted(made) == ["data-storage", "host-storage", "marketplace-storage"]
    for name in ("host-storage", "data-storage"):
        assert "      defaultAction: onlyPrivate ? 'Deny' : 'Allow'\n" in account(name)
    assert "    publicNetworkAccess: onlyPrivate ? 'Disabled' : 'Enabled'\n" in account("host-storage")
    assert "      bypass: 'None'\n" in account("host-storage")
    # Whoever fetches an export's file by its link comes from the internet; and old files are deleted by Azure itself.
    closed = "    publicNetworkAccess: onlyPrivate && empty(allowedAddresses) ? 'Disabled' : 'Enabled'\n"
    assert closed in account("data-storage")
    assert "      bypass: onlyPrivate ? 'AzureServices' : 'None'\n" in account("data-storage")
    assert "      ipRules: map(onlyPrivate ? allowedAddresses : []," in account("data-storage")
    # Marketplaces' writers are anywhere.
    assert "      defaultAction: 'Allow'\n      bypass: 'None'\n" in account("marketplace-storage")


def test_the_private_network_is_off_by_default_and_whole_when_it_is_on() -> None:
    assert "\nparam privateNetwork bool = false\n" in MAIN
    assert "\nparam allowedAddresses string[] = []\n" in MAIN
    for values in ("dev", "prod"):
        said = re.findall(r"^param privateNetwork = (.+)", (INFRA / f"{values}.bicepparam").read_text(), re.MULTILINE)
        assert said in ([], ["bool(readEnvironmentVariable('PRIVATE_NETWORK', 'false'))"])
    # What is made of it, is made only then; and whatever closes an account gives it addresses in the network.
    for path in ("network", "private-endpoints"):
        each = re.findall(rf"^module \w+ 'modules/{path}\.bicep' = (.+(?:\n  for .+)?)", MAIN, re.MULTILINE)
        assert each
        assert all("if (privateNetwork) {" in one for one in each)
    assert MAIN.count("onlyPrivate: privateNetwork\n") == MAIN.count("'modules/private-endpoints.bicep'") == 3
    for module, kinds, after in (
        ("host", "['blob', 'queue']", ""),
        ("data", "['blob', 'table']", ", exportLifecycle, directory"),
        ("further", "['blob', 'table']", ", furtherLifecycle"),
    ):
        told = between(MAIN, f"\nmodule {module}Endpoints ", "\nmodule ")
        assert f" kinds: {kinds}\n" in told
        # An account takes one change at a time, and is not closed before there is a network.
        assert f" dependsOn: [network, {module}Storage{after}]\n" in told
        storage = between(MAIN, f"\nmodule {module}Storage ", "\nmodule ")
        assert " dependsOn: [network]\n" in storage
        used = re.search(r"accountName: (\S+)", storage)
        assert used
        assert f"accountName: {used[1]}\n" in told
        # An address for each service that the account has, as they are named in its module.
        services = (INFRA / "modules" / re.findall(r"modules/([\w-]+\.bicep)", storage)[0]).read_text()
        assert {kind for kind in ("blob", "queue", "table") if f"'{kind}Services'" in services} == {
            *re.findall(r"\w+", kinds)
        }
    assert "    kinds: ['blob', 'queue', 'table']\n" in between(MAIN, "\nmodule network ", "\nmodule ")
    assert "resourceId('Microsoft.Network/virtualNetworks/subnets', names.network, 'app')" in MAIN
    network = (INFRA / "modules" / "network.bicep").read_text()
    assert network.count("defaultOutboundAccess: false") == network.count("addressPrefix: ") == 3
    assert "@batchSize(1)\nresource endpoint" in (INFRA / "modules" / "private-endpoints.bicep").read_text()
    (whole,) = re.findall("param networkAddresses string = '(.+)'", MAIN)
    parts = [
        [*ip_network(whole).subnets(new_prefix=int(length))][int(number)]
        for length, number in re.findall(r"cidrSubnet\(addresses, (\d+), (\d+)\)", network)
    ]
    assert len(parts) == 3
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))
    assert "serviceName: 'Microsoft.App/environments'" in network


def test_replication_is_chosen_for_each_account_of_leads() -> None:
    for module in ("data-storage", "marketplace-storage"):
        text = (INFRA / "modules" / f"{module}.bicep").read_text()
        assert "\nparam replication string\n" in text
        assert "    name: replication\n" in text
    assert "\nparam marketplaceReplication string = dataReplication\n" in MAIN
    assert MAIN.count("replication: dataReplication\n") == 2


GIVEN = frozenset(
    f"LEADS_{name}"
    for name in (
        *("STORAGE_ACCOUNT", "IDENTITY_CLIENT_ID", "MARKETPLACE_ACCOUNT", "PUBLIC_URL", "TOKEN_AUDIENCE"),
        *("OPERATOR_TENANT", "OPERATOR_MAIL", "MAIL_ENDPOINT", "MAIL_SENDER", "MAILS_PER_MINUTE", "MAILS_PER_HOUR"),
        *("LEAD_URL", "LEADS_URL", "EXPORT_KEPT_DAYS", "DATA_ACCOUNTS"),
    )
)
"""What the template decides; of everything else a deployment has the default, unless `settings` says otherwise."""
DEFAULT = frozenset(
    f"LEADS_{name}"
    for name in (
        *("TOKEN_ISSUER", "TOKEN_KEYS_URL", "TOKEN_LEEWAY_SECONDS", "EXPIRY_DAYS", "FLAME_HOURS"),
        *("INFORMATIONAL_MONTHS", "EMAIL_DNS", "EMAIL_DNS_SECONDS", "DUPLICATE_WINDOW_HOURS", "REOFFER"),
        *("RETENTION_MONTHS",),
        *("SOURCE_KEY_OVERLAP_HOURS", "LIST_SCAN_LEADS", "LIST_SCAN_SECONDS", "EXPORT_REQUEST_SECONDS"),
        *("EXPORT_LINK_MINUTES", "EXPORT_UNFINISHED_MAX", "INTAKE_PER_SECOND", "INTAKE_BURST", "BODY_MAX_BYTES"),
        *(
            "CALLS_PER_SECOND",
            "CALLS_BURST",
            "FRAME_ANCESTORS",
            "AGENDA_SHARDS",
            "SIGN_IN_CLIENT",
            "SIGN_IN_AUTHORITY",
            "SIGN_IN_SCOPE",
        ),
        *("QUEUE_ENDPOINT", "FRAME_ANCESTORS", "TARGET_ACCEPTED", "TARGET_EXPIRED", "TARGET_WON", "TARGET_CLOSED_60D"),
    )
)
LOCAL = frozenset(
    f"LEADS_{name}"
    for name in (
        *("STORAGE_CONNECTION", "MARKETPLACE_CONNECTION", "MAIL_CONNECTION", "WEBHOOK_LOOPBACK", "TABLE_PREFIX"),
        *("SIGN_IN_SCRIPT", "QUEUE_CONNECTION", "DATA_CONNECTIONS"),
    )
)
"""For Azurite, stand-ins and tests."""


def test_app_settings_are_settings_and_the_schedules_those_of_the_code() -> None:
    given = re.findall(r"^ {8}(LEADS_\w+):", MAIN, re.MULTILINE)
    assert set(given) == GIVEN
    assert len(given) == len(GIVEN)
    assert {PREFIX + name.upper() for name in Settings.model_fields} == GIVEN | DEFAULT | LOCAL, (
        "decide on each setting"
    )
    numbers = {"LEADS_MAILS_PER_MINUTE": "5", "LEADS_MAILS_PER_HOUR": "10", "LEADS_EXPORT_KEPT_DAYS": "1"}
    values = dict.fromkeys(GIVEN, "https://a.example") | numbers | {"LEADS_STORAGE_ACCOUNT": "account"}
    values |= {"LEADS_DATA_ACCOUNTS": "further"}
    assert Settings.read(values).storage_account == "account"
    timers = dict(re.findall(r"\{ name: '(\w+)', schedule: '([^']+)', late: \d+ \}", MAIN))
    assert {f"{name.upper()}_SCHEDULE": schedule for name, schedule in timers.items()} == DEFAULTS
    assert set(timers) == set(TIMERS)
    assert set(re.findall(r"^  (\w+): ", between(APP, "var hostSettings = {", "\n}"), re.MULTILINE)) == {
        "AzureWebJobsStorage__blobServiceUri",
        "AzureWebJobsStorage__queueServiceUri",
        "AzureWebJobsStorage__credential",
        "AzureWebJobsStorage__clientId",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
    }
    # The platform refuses these on Flex Consumption.
    for name in ("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"):
        assert f"{name}:" not in MAIN + APP


def between(text: str, start: str, end: str) -> str:
    """What stands between the first of each."""
    return text.split(start, 1)[1].split(end, 1)[0]


EASY_AUTH_OFF = """  resource auth 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: {
        enabled: false
"""
"""Decision 0012: explicitly."""


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("function-app", EASY_AUTH_OFF),
        ("function-app", "        version: '3.13'\n"),
        ("function-app", "  AzureWebJobsStorage__credential: 'managedidentity'\n"),
        ("function-app", "    httpsOnly: true\n"),
        ("mail", "    disableLocalAuth: true\n"),
        ("monitoring", "      disableLocalAuth: true\n"),
        ("monitoring", "    DisableLocalAuth: true\n"),
        ("export-lifecycle", "          enabled: true\n"),
        ("export-lifecycle", f"              prefixMatch: ['{keys.EXPORT_FILES}/']\n"),
        ("export-lifecycle", "                  daysAfterModificationGreaterThan: deleteAfterDays\n"),
    ],
)  # fmt: skip
def test_what_the_deployment_promises_is_in_it(file: str, text: str) -> None:
    assert text in (INFRA / "modules" / f"{file}.bicep").read_text()


def test_the_app_starts_with_its_roles_and_files_go_with_their_exports() -> None:
    app = between(MAIN, "module app 'modules/function-app.bicep' = {", "\nmodule ")
    assert (
        "\n  dependsOn: [roles, dataRoles, furtherRoles, directory, hostEndpoints, dataEndpoints, furtherEndpoints]\n"
        in app
    )
    assert "    deleteAfterDays: exportKeptDays\n" in MAIN
    assert "        LEADS_EXPORT_KEPT_DAYS: string(exportKeptDays)\n" in MAIN


def test_the_host_hands_on_every_log_and_request_and_the_app_sends_the_rest() -> None:
    host = json.loads((ROOT / "host.json").read_text())
    # In that mode the host drops exceptions of a worker that sends telemetry itself (docs/decisions/0013-telemetry.md).
    assert "telemetryMode" not in host
    levels = host["logging"]["logLevel"]
    assert levels == {"default": "Warning", **dict.fromkeys(levels.keys() - {"default"}, "Information")}
    assert {"Function", "Host.Results"} <= levels.keys()
    # Alerts count what is logged, and a timer's runs are requests.
    kept = host["logging"]["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";")
    assert {"Request", "Trace", "Exception"} <= set(kept)
    assert not re.search(r"PYTHON_ENABLE_OPENTELEMETRY|PYTHON_APPLICATIONINSIGHTS", MAIN + APP)


def test_tables_and_the_container_are_those_of_the_code() -> None:
    tables = re.search(r"^var tables = \[(.+)\]", MAIN, re.MULTILINE)
    assert tables
    assert tuple(re.findall(r"'(\w+)'", tables[1])) == keys.TABLES
    of_partners = re.search(r"^var partnerTables = \[(.+)\]", MAIN, re.MULTILINE)
    assert of_partners
    assert tuple(re.findall(r"'(\w+)'", of_partners[1])) == keys.OF_PARTNERS
    assert f"var exportContainer = '{keys.EXPORT_FILES}'" in MAIN
    assert f"var directoryContainer = '{keys.DIRECTORY_FILES}'" in MAIN
    # It is in the deployment's own account alone, and the rule that deletes exports leaves it alone.
    assert MAIN.count("module directory ") == MAIN.count("containerName: directoryContainer\n") == 1
    assert not keys.DIRECTORY_FILES.startswith(keys.EXPORT_FILES)


def test_each_queue_of_a_trigger_has_one_for_poison_and_is_made_beside_the_host() -> None:
    found = re.search(r"^var queues = \[(.+)\]", MAIN, re.MULTILINE)
    assert found
    queues = re.findall(r"'([\w-]+)'", found[1])
    assert queues == [name for queue in ("tell", "lanes", "exports") for name in (queue, queue + POISON)]
    assert "    queues: queues\n" in between(MAIN, "module hostStorage ", "\nmodule ")
    # No other account has any, so that the role on this one opens nothing else.
    assert [path.stem for path, text in EVERY.items() if "'queueServices'" in text] == ["host-storage"]


RIGHTS = {
    # name: (scope, id of the role, where the code needs it, what it does there)
    # The host's package and leases; no code of ours.
    "hostBlobs": ("host", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", None, ""),
    # The host's leases of messages, and its scale controller's counts.
    "hostQueues": ("host", "974c5e8b-45b9-4653-ba55-5f855dd0fb88", None, ""),
    "tableRows": (
        "data::tableService::own[i]",
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        "shared/storage/tables.py",
        "AsyncBearerTokenCredentialPolicy(self.identity, SCOPE)",
    ),
    "marketplaceRows": (
        "marketplaces::tableService::table[i]",
        "76199698-9eea-4c19-bc75-cec21354c6b6",
        "shared/storage/intake/marketplace_tables.py",
        "query_entities(",
    ),
    "exportFiles": (
        "data::blobs::exports",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "shared/storage/blob_service.py",
        "BlobServiceClient(endpoint, credential=identity(",
    ),
    "directoryFiles": (
        "container",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "shared/storage/programme/directory_store.py",
        "upload_blob(",
    ),
    "exportLinks": (
        "data",
        "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
        "shared/storage/exports/blobs.py",
        "get_user_delegation_key(",
    ),
    "sendMail": (
        "communication",
        "09976791-48a7-449e-bb21-39d1a415f350",
        "shared/delivery/mailer.py",
        "EmailClient(endpoint or",
    ),
    "writeLogs": (
        "insights",
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "shared/telemetry_export.py",
        "configure_azure_monitor(",
    ),
}


def test_roles_are_what_the_code_uses_on_the_smallest_scope() -> None:
    """A right for each thing the code reaches; more would be one that nobody needs."""
    ids = dict(re.findall(r"^  (\w+): subscriptionResourceId\('[^']+', '([0-9a-f-]{36})'\)", ROLES, re.MULTILINE))
    lines = r"\n(?:  .*\n)*?"
    assignment = rf"^resource (\w+) '[^']+/roleAssignments@.+{lines} +scope: (\S+){lines}.*roleDefinitionId: role\."
    found = re.findall(assignment + r"(\w+)", ROLES, re.MULTILINE)
    assert {name: (scope, ids[role]) for name, scope, role in found} == {
        name: (scope, role) for name, (scope, role, _, _) in RIGHTS.items()
    }
    assert len(found) == ROLES.count("/roleAssignments@")
    assert len(ids) == len(set(ids.values())) == len({role for _, _, role in found})
    for _, _, file, does in RIGHTS.values():
        assert file is None or does in (ROOT / file).read_text()
    # Nothing of marketplaces' is written to.
    marketplaces = (ROOT / "shared/storage/intake/marketplace_tables.py").read_text()
    assert not re.search(
        r"(upsert|create|update|delete)_entit|submit_transaction|create_table|delete_table", marketplaces
    )


def test_alerts_ask_for_events_that_the_code_writes() -> None:
    alerts = (INFRA / "modules" / "alerts.bicep").read_text()
    asked = dict(re.findall(r"name: '([\w-]+)'\n(?:    .*\n)*?    query: '[^\n]*event == \"([\w.]+)\"", alerts))
    assert asked == {
        "parked-deliveries": "delivery.parked",
        "parked-input": "held.parked",
        "agenda-overdue": "agenda.oldest",
        "mail-bounces": "mail.bounced",
    }
    # What no function was given only the host can tell of: at Warning, which its levels let through.
    assert 'where Message startswith "Message has reached MaxDequeueCount of"' in alerts
    code = "".join(path.read_text() for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py"))
    assert [one for one in asked.values() if f'"event": "{one}"' not in code] == []
    resolving = dict(re.findall(r"name: '([\w-]+)'\n(?:    .*\n)*?    resolves: (\w+)\n", alerts))
    assert {name for name, resolves in resolving.items() if resolves == "false"} == {
        *asked,
        "poison-messages",
    } - {"agenda-overdue"}


def test_what_the_role_on_mail_allows_beyond_mail_is_told_to_somebody() -> None:
    """No narrower role can send: the one given could switch keys on again, so whoever does is told of."""
    alerts = (INFRA / "modules" / "alerts.bicep").read_text()
    operations = re.findall(r"'Microsoft\.Communication/CommunicationServices/([\w/]+)'", alerts)
    assert set(operations) == {"write", "delete", "ListKeys/action", "RegenerateKey/action"}
    rule = alerts.split("\nresource mailKeys ")[1]
    assert "    enabled: true\n    scopes: [communication.id]\n" in rule
    assert "actionGroupId: operators.id\n" in rule
    assert "    communicationName: names.mail\n" in between(MAIN, "\nmodule alerts ", "\nmodule ")
    assert "| `mail-keys` |" in (ROOT / "docs" / "operations.md").read_text()


def test_each_right_is_told_with_what_it_allows_beyond_what_is_done() -> None:
    told = re.findall(r"^\| `(\w+)` \| \*([\w ]+)\* \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert [name for name, _ in told] == list(RIGHTS)
    names = {
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
        "76199698-9eea-4c19-bc75-cec21354c6b6": "Storage Table Data Reader",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
        "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
        "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
        "09976791-48a7-449e-bb21-39d1a415f350": "Communication and Email Service Owner",
    }
    assert dict(told) == {name: names[role] for name, (_, role, _, _) in RIGHTS.items()}


def test_the_package_holds_what_runs_and_nothing_else(tmp_path: Path) -> None:
    stray = ROOT / "stray.txt"
    stray.write_text("a note with a key in it")
    try:
        made = package.build(tmp_path / "app.zip")
    finally:
        stray.unlink()
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        modules = {name: archive.read(name) for name in names if name.endswith(".py")}
        compiled = {name: archive.read(name) for name in names if name.endswith(".pyc")}
    # Bytecode for each module and nothing else, known by its source: times change on the way.
    assert {name: code[4:16] for name, code in compiled.items()} == {
        package.cached(name): (0b11).to_bytes(4, "little") + source_hash(source) for name, source in modules.items()
    }
    assert {code[:4] for code in compiled.values()} == {MAGIC_NUMBER}
    names = [name for name in names if name not in compiled]
    assert {name.split("/")[0] for name in names} == {
        "LICENSE",
        "function_app.py",
        "functions",
        "host.json",
        "requirements.txt",
        "shared",
    }
    assert {Path(name).suffix for name in names} <= {".py", ".txt", ".json", ".po", ".html", ".js", ".css", ".svg", ""}
    vendor = {name.rpartition("/")[2] for name in names if name.startswith("shared/pages/vendor/")}
    assert vendor == {
        "htmx.min.js",
        "htmx.LICENSE.txt",
        "msal-browser.min.js",
        "msal-redirect-bridge.min.js",
        "msal-browser.LICENSE.txt",
    }
    page = {"static/app.js", "static/app.css", "static/auth.js", "templates/shell.html"}
    assert {f"shared/pages/{name}" for name in page} <= {*names}
