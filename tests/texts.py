"""Every text that people read, collected from the sources: what the catalogues must have (N4)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from shared.domain import advice, errors, messages, vocabulary
from shared.domain.errors import Refusal
from shared.domain.exports import export, export_columns
from shared.domain.programme import directory
from shared.domain.telling import alerts, recommendations
from shared.http import problems
from shared.pages.screens import leads
from shared.pages.views import lead
from shared.usecases.telling import deliver_webhook
from tests.builders import ROOT

# Where the text stands among the arguments of what people are told with.
PLACES = {"say": 0, "translate": 0, "ValueError": 0, "PydanticCustomError": 1, "Detail": 1, "fault": 2, "_fault": 2}
PLACES |= {name: 0 for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Refusal)}
# Raised for programmers, or caught close by.
NOT_READ = {
    *("settings.py", "letters.py", "merge_export.py", "write_export.py", "payload.py", "ordering.py", "tables.py"),
    "placements.py",
}


@cache
def of_mails() -> frozenset[str]:
    """What a mail may say."""
    home = ROOT / "shared" / "delivery"
    found = {text for name, text in _calls(home / "letters.py") if name in ("_", "say")}
    for template in (home / "templates").iterdir():
        found |= set(re.findall(r'_\("([^"]*)"\)', template.read_text()))
    return frozenset(found)


@cache
def of_the_interface() -> frozenset[str]:
    """What the API says: errors with their details, alerts, warnings, titles and pages."""
    found = {" ".join((one.__doc__ or "").split()) for one in vars(errors).values() if _is_refusal(one)}
    found |= {*alerts.TEXTS.values(), *alerts.WARNINGS.values(), *recommendations.TITLES.values()}
    found |= messages.WORDS | set(export_columns.LABELS.values())
    found |= {said for labels in vocabulary.LABELS.values() for said in labels.values()} - vocabulary.PROPER_NAMES
    found |= set(directory.FOUND_IN.values())
    found |= {text for _, *texts in advice.UNREACHED.values() for text in texts}
    found |= {*export.ERRORS.values(), export.OUTDATED, *problems.SAYS.values()}
    found |= {deliver_webhook.WAS_GONE, deliver_webhook.FAILED_LONG}
    found |= of_the_page()
    # Titles of pages, which are said where the page is made.
    found |= {"Switch mails off?", "Done"}
    for folder in ("functions", "shared"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name != "letters.py":
                found |= {text for name, text in _calls(file) if file.name not in NOT_READ or name != "ValueError"}
    return frozenset(found)


def of_the_page() -> set[str]:
    """What the workspace page says: in its templates, and in the tables of its screens."""
    home = ROOT / "shared" / "pages" / "templates"
    found = {text for template in home.rglob("*.html") for text in re.findall(r'_\("([^"]*)"', template.read_text())}
    found |= {text for text, _ in lead.ACTIONS.values()} | set(lead.FIELDS.values())
    return found | {text for _, _, text in leads.columns()}


def written_in_place() -> list[str]:
    """Texts with values in them that were not made with `say`, which nobody could translate."""
    found = []
    for folder in ("functions", "shared"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name == "letters.py":
                continue
            for name, node in _texts(file):
                in_place = isinstance(node, ast.JoinedStr | ast.BinOp) or (
                    isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str"
                )
                if in_place and not (name == "ValueError" and file.name in NOT_READ):
                    found.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    return found


def _is_refusal(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, Refusal)


def _calls(file: Path) -> Iterator[tuple[str, str]]:
    for name, node in _texts(file):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield name, node.value


def _texts(file: Path) -> Iterator[tuple[str, ast.expr]]:
    """The texts of every call in `PLACES`, also where they stand in a variable of the line before."""
    for scope in ast.walk(ast.parse(file.read_text())):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        named = {
            target.id: node.value
            for node in ast.walk(scope)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(scope):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            place = 0 if name == "_" else PLACES.get(name)
            if place is not None and len(node.args) > place:
                given = node.args[place]
                yield name, named.get(given.id, given) if isinstance(given, ast.Name) else given
