"""Writes bicep_properties.json: the properties of the resource types that infra/ uses, from Azure's own packages.

    make properties

A property is an object of its own properties, `null` for any value, or `"read"` for what only Azure sets. The pinned
packages speak the very API versions that are named here.
"""

import importlib
import json
import sys
from typing import Any, get_args, get_type_hints

Table = dict[str, Any]
DEEPEST = 7
"""Models inside each other that are looked into. Networks know each other all around: with no end to it their table has
six times the size of all others together, and nobody writes a network inside of a private endpoint."""
STORAGE, WEB, MAIL = "azure.mgmt.storage", "azure.mgmt.web", "azure.mgmt.communication"
EVENTS, MONITOR = "azure.mgmt.eventgrid", "azure.mgmt.monitor"
NETWORK, DNS = "azure.mgmt.network", "azure.mgmt.privatedns"

# Some types have one model to write and another to read; what either can write may be written.
MODELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Microsoft.Authorization/roleAssignments@2022-04-01": (
        "azure.mgmt.authorization.v2022_04_01",
        ("RoleAssignmentCreateParameters", "RoleAssignment"),
    ),
    "Microsoft.Communication/communicationServices@2025-09-01": (MAIL, ("CommunicationServiceResource",)),
    "Microsoft.Communication/emailServices@2025-09-01": (MAIL, ("EmailServiceResource",)),
    "Microsoft.Communication/emailServices/domains@2025-09-01": (MAIL, ("DomainResource",)),
    "Microsoft.Communication/emailServices/domains/senderUsernames@2025-09-01": (MAIL, ("SenderUsernameResource",)),
    "Microsoft.EventGrid/systemTopics@2025-02-15": (EVENTS, ("SystemTopic",)),
    "Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15": (EVENTS, ("EventSubscription",)),
    "Microsoft.Insights/actionGroups@2023-01-01": (MONITOR, ("ActionGroupResource",)),
    "Microsoft.Insights/activityLogAlerts@2020-10-01": (MONITOR, ("ActivityLogAlertResource",)),
    "Microsoft.Insights/components@2020-02-02": (
        "azure.mgmt.applicationinsights.v2020_02_02",
        ("ApplicationInsightsComponent",),
    ),
    # No package speaks this version yet; what is used here of the one before is in it, as Bicep's compiler has seen.
    "Microsoft.Insights/scheduledQueryRules@2026-03-01": (MONITOR, ("ScheduledQueryRuleResource",)),
    "Microsoft.Insights/workbooks@2023-06-01": ("azure.mgmt.applicationinsights.v2023_06_01", ("Workbook",)),
    "Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30": ("azure.mgmt.msi.v2024_11_30", ("Identity",)),
    "Microsoft.Network/natGateways@2026-03-01": (NETWORK, ("NatGateway",)),
    "Microsoft.Network/privateDnsZones@2024-06-01": (DNS, ("PrivateZone",)),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01": (DNS, ("VirtualNetworkLink",)),
    "Microsoft.Network/privateEndpoints@2026-03-01": (NETWORK, ("PrivateEndpoint",)),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-03-01": (NETWORK, ("PrivateDnsZoneGroup",)),
    "Microsoft.Network/publicIPAddresses@2026-03-01": (NETWORK, ("PublicIPAddress",)),
    "Microsoft.Network/virtualNetworks@2026-03-01": (NETWORK, ("VirtualNetwork",)),
    "Microsoft.Network/virtualNetworks/subnets@2026-03-01": (NETWORK, ("Subnet",)),
    "Microsoft.OperationalInsights/queryPacks@2025-07-01": ("azure.mgmt.loganalytics", ("LogAnalyticsQueryPack",)),
    "Microsoft.OperationalInsights/queryPacks/queries@2025-07-01": (
        "azure.mgmt.loganalytics",
        ("LogAnalyticsQueryPackQuery",),
    ),
    "Microsoft.OperationalInsights/workspaces@2025-07-01": ("azure.mgmt.loganalytics", ("Workspace",)),
    "Microsoft.Storage/storageAccounts@2025-08-01": (STORAGE, ("StorageAccountCreateParameters", "StorageAccount")),
    "Microsoft.Storage/storageAccounts/blobServices@2025-08-01": (STORAGE, ("BlobServiceProperties",)),
    "Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01": (STORAGE, ("BlobContainer",)),
    "Microsoft.Storage/storageAccounts/managementPolicies@2025-08-01": (STORAGE, ("ManagementPolicy",)),
    "Microsoft.Storage/storageAccounts/queueServices@2025-08-01": (STORAGE, ("QueueServiceProperties",)),
    "Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01": (STORAGE, ("StorageQueue",)),
    "Microsoft.Storage/storageAccounts/tableServices@2025-08-01": (STORAGE, ("TableServiceProperties",)),
    "Microsoft.Storage/storageAccounts/tableServices/tables@2025-08-01": (STORAGE, ("Table",)),
    "Microsoft.Web/serverfarms@2025-03-01": (WEB, ("AppServicePlan",)),
    "Microsoft.Web/sites@2025-03-01": (WEB, ("Site",)),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01": (
        WEB,
        ("CsmPublishingCredentialsPoliciesEntity",),
    ),
    "Microsoft.Web/sites/config@2025-03-01": (WEB, ("SiteAuthSettingsV2",)),
}


def properties(model: type, models: Any, inside: tuple[type, ...] = ()) -> Table | None:
    """The properties of a model and its subtypes; None where it contains itself, and deep inside others."""
    if model in inside or len(inside) > DEEPEST:
        return None
    found: Table = {}
    for one in [model, *_subtypes(model, models)]:
        fields = _older if hasattr(one, "_attribute_map") else _newer
        for path, kind, readable_only in fields(one, models):
            place = found
            for step in path[:-1]:
                place = place.setdefault(step, {})
            nested = properties(kind, models, (*inside, model)) if kind else None
            place[path[-1]] = "read" if readable_only and nested is None else nested
    return found


def _older(model: Any, models: Any) -> list[tuple[list[str], type | None, bool]]:
    """Packages made with msrest: maps of names, where a dot stands for an object between."""
    rules = getattr(model, "_validation", {})
    return [
        (
            field["key"].replace("\\.", "\0").replace(".", "\1").replace("\0", ".").split("\1"),
            getattr(models, field["type"].strip("[]"), None),
            rules.get(name, {}).get("readonly", False),
        )
        for name, field in model._attribute_map.items()  # noqa: SLF001 - kept nowhere else
    ]


def _newer(model: Any, models: Any) -> list[tuple[list[str], type | None, bool]]:
    """Packages made from TypeSpec: typed fields; one that is a dictionary may hold anything."""
    hints = get_type_hints(model, localns={"_models": models})
    fields = {name: field for one in reversed(model.__mro__) for name, field in vars(one).items()}
    return [
        ([field._rest_name_input or name], _model_in(hints[name], models), field._visibility == ["read"])  # noqa: SLF001
        for name, field in fields.items()
        if type(field).__name__ == "_RestField"
    ]


def _model_in(hint: Any, models: Any) -> type | None:
    if isinstance(hint, type) and not issubclass(hint, str) and getattr(models, hint.__name__, None) is hint:
        return hint
    if getattr(hint, "__origin__", None) is dict:
        return None
    return next((found for one in get_args(hint) if (found := _model_in(one, models))), None)


def _subtypes(model: Any, models: Any) -> list[type]:
    names = [name for kinds in getattr(model, "_subtype_map", {}).values() for name in kinds.values()]
    return [getattr(models, name) for name in names] or list(getattr(model, "__mapping__", {}).values())


def merged(written: Table, read: Table) -> Table:
    """Both, where what can be written wins."""
    out = dict(read)
    for name, kind in written.items():
        both = isinstance(kind, dict) and isinstance(out.get(name), dict)
        out[name] = merged(kind, out[name]) if both else kind
    return out


def main() -> None:
    """Write the table."""
    table: Table = {}
    for resource, (package, names) in MODELS.items():
        models = importlib.import_module(package + ".models")
        for name in names:
            table[resource] = merged(table.get(resource, {}), properties(getattr(models, name), models) or {})
    # A line for each type, so that a difference can be read.
    lines = (f"{json.dumps(resource)}: {json.dumps(table[resource], sort_keys=True)}" for resource in sorted(table))
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
