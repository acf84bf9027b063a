"""The app settings of a developer's machine, as the Functions Core Tools read them."""

import json
import os

from local.azurite import ROOT


def values() -> dict[str, str]:
    """The values of `local.settings.json`, else those of the example; a variable of the environment wins."""
    file = ROOT / "local.settings.json"
    if not file.exists():
        file = ROOT / "local.settings.example.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["Values"]
    return found | {name: value for name, value in os.environ.items() if name in found or name.startswith("LEADS_")}
