"""The app settings of a developer's machine, as the Functions Core Tools read them."""

import json

from local.azurite import ROOT


def values() -> dict[str, str]:
    """The values of `local.settings.json`, else those of the example."""
    file = ROOT / "local.settings.json"
    if not file.exists():
        file = ROOT / "local.settings.example.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["Values"]
    return found
