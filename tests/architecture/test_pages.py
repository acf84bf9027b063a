"""The page's templates, style sheet and script name the same things, and nothing is written past the escaping (U4)."""

import ast
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from local.azurite import node
from shared.http.routes import Route
from shared.pages import files, shell
from shared.pages.index import OPERATORS, SCREENS
from shared.pages.screens import lead
from shared.pages.shell import BRIDGE, Shell
from tests.builders import ROOT

HOME = ROOT / "shared" / "pages"
TEMPLATES = {str(path.relative_to(HOME / "templates")): path for path in (HOME / "templates").rglob("*.html")}
TEXTS = {name: path.read_text() for name, path in TEMPLATES.items()}
TREES = {name: Environment(autoescape=True).parse(text) for name, text in TEXTS.items()}
SCRIPT = (HOME / "static" / "app.js").read_text()
STYLE = (HOME / "static" / "app.css").read_text()
SIGN_INS = (HOME / "static" / "auth.js", ROOT / "local" / "sign_in.js")
CODE = "".join(path.read_text() for path in HOME.rglob("*.py"))


def table(name: str) -> set[str]:
    """The keys of an object of the script that is written as `const NAME = {…};`."""
    found = re.search(rf"^  const {name} = \{{\n(.*?)^  \}};", SCRIPT, re.MULTILINE | re.DOTALL)
    assert found, name
    return set(re.findall(r"^    \"?([\w-]+)\"?(?::|,$)", found[1], re.MULTILINE))


def in_templates(attribute: str) -> set[str]:
    """Values of an attribute that templates write out."""
    return set(chain.from_iterable(re.findall(rf'{attribute}="([\w-]+)"', text) for text in TEXTS.values()))


# --- The wall: everything is escaped, nothing runs -------------------------------------------------------------------

FORBIDDEN = {
    r"\|\s*safe\b": "{{ view.text | safe }}",
    r"\bMarkup\b": "Markup(text)",
    r"autoescape(?!=True)": "{% autoescape false %}",
    r"\sstyle=": '<p style="color: red">',
    r"\son[a-z]+\s*=": '<p onclick="x()">',
    r"\bhx-on\b": '<p hx-on:click="x()">',
    r"\bhx-vals\b[^>]*\bjs:": "<p hx-vals='js:{a: 1}'>",
    r"javascript:": '<a href="javascript:x()">',
    r"\bxmlattr\b|\bmarkupsafe\b": "{{ {} | xmlattr }}",
    r"\bhx-vars\b|\bhx-eval\b|\bhx-trigger=\"[^\"]*\[": '<p hx-trigger="click[x()]">',
    r"https?://(?!crm\.contoso\.example)": '<img src="https://elsewhere.example/x.png">',
    r"<(?:iframe|object|embed|base|style)\b": "<style>p {}</style>",
}
"""What no template may hold, each with what it would be found in."""


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_u4_no_template_goes_past_the_escaping_or_runs_anything(pattern: str) -> None:
    assert re.search(pattern, FORBIDDEN[pattern]), "it finds what it is there for"
    assert [name for name, text in TEXTS.items() if re.search(pattern, text)] == []


def test_u4_code_makes_no_html_of_its_own() -> None:
    assert not re.search(r"\bMarkup\b|\bmarkupsafe\b|\|\s*safe\b", CODE)
    assert re.findall(r"autoescape=(\w+)", CODE) == ["True"]
    assert re.findall(r"undefined=(\w+)", CODE) == ["StrictUndefined"]
    assert not re.search(
        r"innerHTML\s*=|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", SCRIPT
    )


def test_a_template_is_read_once_and_never_looked_at_again() -> None:
    """A deployed one never changes, and asking the disk at every screen is for nothing."""
    assert re.findall(r"auto_reload=(\w+)", CODE) == ["False"]


def test_u4_scripts_stand_in_the_shell_and_the_sign_ins_page_alone() -> None:
    for name, text in TEXTS.items():
        scripts = re.findall(r"<script\b[^>]*>", text)
        if name not in ("shell.html", "bridge.html"):
            assert scripts == [], name
        for tag in scripts:
            assert re.fullmatch(
                r'<script (src="\{\{ view\.[^"}]+"?[^"}]*"?\)? \}\}" defer|type="application/json" id="config")>', tag
            ), tag
    # Everything between is JSON, which the filter makes safe to stand there.
    assert re.findall(r"<script type=[^>]*>(.*?)</script>", TEXTS["shell.html"]) == ["{{ view.config | tojson }}"]


def test_only_attributes_in_quotes_hold_what_is_not_ours() -> None:
    """Escaping keeps a text inside quotes, and inside nothing else."""
    for name, text in TEXTS.items():
        assert re.findall(r"\s[\w-]+=\{[{%]", text) == [], name
        # Inside single quotes only what the filter for JSON made.
        assert [one for one in re.findall(r"='([^']*)'", text) if "{{" in one and "tojson" not in one] == [], name


# --- Names in two places ---------------------------------------------------------------------------------------------


def test_every_button_does_something_and_everything_is_done_by_one() -> None:
    wanted = in_templates("data-do") | set(re.findall(r'"data-do": "([\w-]+)"', SCRIPT))
    assert wanted == table("DO")


def texts_of_the_script() -> set[str]:
    """The keys that `shell._texts` hands over."""
    tree = ast.parse((HOME / "shell.py").read_text())
    (made,) = (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == shell._texts.__name__)
    (returned,) = (one for one in ast.walk(made) if isinstance(one, ast.Dict))
    return {key.value for key in returned.keys if isinstance(key, ast.Constant)}


def said_by_the_script() -> set[str]:
    """Every text that it can ask for, by way of a variable, too."""
    direct = set(re.findall(r'\bsay\((?:[^()"]*\? )?"(\w+)"', SCRIPT))
    direct |= set(re.findall(r'\bsay\([^()"]*\? "\w+" : "(\w+)"', SCRIPT))
    of_key = re.findall(r"const key = (.+?);$", SCRIPT, re.MULTILINE)
    return direct | {word for line in of_key for word in re.findall(r'"(\w+)"', line) if word in texts_of_the_script()}


def test_every_sentence_of_the_script_is_translated_and_every_one_is_said() -> None:
    assert said_by_the_script() == texts_of_the_script()


def test_every_place_in_a_sentence_is_filled() -> None:
    tree = ast.parse((HOME / "shell.py").read_text())
    asked = {
        key.value: set(re.findall(r"\{(\w+)\}", str(value.args[0].value)))
        for dictionary in ast.walk(tree)
        if isinstance(dictionary, ast.Dict)
        for key, value in zip(dictionary.keys, dictionary.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Call) and isinstance(value.args[0], ast.Constant)
    }
    for name, given in re.findall(r'\bsay\("(\w+)"(?:, \{ ([^}]*)\})?', SCRIPT):
        names = set(re.findall(r"(\w+)(?=[:,]|\s*$)", re.sub(r":[^,]*", ":", given)))
        assert asked[name] <= names, name


def test_every_form_is_sent_somewhere() -> None:
    dialogs = {path.rpartition("/")[2] for path in (one.route.function for one in SCREENS) if "{leadId}/" in path}
    forms = in_templates("data-form") | (dialogs - {"row", "similar", "timeline"})
    # What is logged shows before it is sent, so it goes its own way.
    assert forms == table("FORMS") | {"activity"}
    assert 'form.dataset.form === "activity"' in SCRIPT
    opened = re.search(r"DIALOGS = new Set\(\[(.*?)\]\)", SCRIPT)
    assert opened
    assert set(re.findall(r'"(\w+)"', opened[1])) == forms - in_templates("data-form") | {"activity"}
    assert set(lead.views.ACTIONS) < forms


def matching(path: str) -> list[str]:
    """Screens at a path in which names of what is filled in stand."""
    routes: list[Route] = [one.route for one in (*SCREENS, *OPERATORS)]
    return [route.function for route in routes if route.match(path) is not None]


def test_every_address_of_a_screen_is_in_the_index() -> None:
    wanted = set()
    for text in TEXTS.values():
        wanted |= {re.sub(r"\{\{.*?\}\}", "x", path) for path in re.findall(r"\{\{ root \}\}/ui/([^\"?]*)", text)}
    wanted |= {re.sub(r"\$\{.*?\}", "x", path) for path in re.findall(r"\$\{UI\}([^`?]*)", SCRIPT)}
    wanted |= {re.sub(r"\$\{.*?\}", "x", path) for path in re.findall(r"load\([\w.]+, `([^`?]*)", SCRIPT)}
    assert len(wanted) > 8
    assert [path for path in sorted(wanted) if not matching(path)] == []


def test_every_address_of_the_page_shows_a_screen() -> None:
    wanted = set()
    for text in (one.replace("{{ button.path }}", "accept") for one in TEXTS.values()):
        wanted |= {re.sub(r"\{\{.*?\}\}", "x", path) for path in re.findall(r"/app/((?:[^\"?{]|\{\{.*?\}\})*)", text)}
    # What follows a word without a slash is a query.
    wanted |= {
        re.sub(r"\$\{.*?\}", "x", path) for path in re.findall(r"\$\{APP\}((?:[^`?$]|(?<=/)\$\{.*?\})*)", SCRIPT)
    }
    assert "leads" in wanted
    # `x` alone is any place that the header names.
    assert [path for path in sorted(wanted - {"x", ""}) if not matching(path)] == []
    for place in re.findall(r'Place\("(\w+)"', CODE):
        assert matching(place)


def icons() -> set[str]:
    """Names of icons in templates: each text in a call of `icon`, or behind `i i-`."""
    found = set(chain.from_iterable(re.findall(r"\bi i-([a-z]+)", text) for text in TEXTS.values()))
    for tree in TREES.values():
        for call in tree.find_all(nodes.Call):
            name = getattr(call.node, "attr", getattr(call.node, "name", ""))
            if name == "icon":
                argument = call.args[0]
                # What an icon is chosen by is no icon: keys of a table, and what a condition compares.
                kept = {id(pair.key) for pair in call.find_all(nodes.Pair)}
                kept |= {id(one) for test in call.find_all(nodes.Compare) for one in test.find_all(nodes.Const)}
                consts = [argument] if isinstance(argument, nodes.Const) else call.find_all(nodes.Const)
                found |= {str(one.value) for one in consts if id(one) not in kept}
        for loop in tree.find_all(nodes.For):
            if isinstance(loop.target, nodes.Tuple) and "sign" in [
                getattr(one, "name", "") for one in loop.target.items
            ]:
                place = [getattr(one, "name", "") for one in loop.target.items].index("sign")
                found |= {str(item.items[place].value) for item in loop.iter.items}  # type: ignore[attr-defined] # tuples
    return found


def test_every_icon_is_drawn_and_every_drawn_one_is_used() -> None:
    drawn = set(re.findall(r"^\.i-([a-z]+)|(?<=[\s,{}])\.i-([a-z]+)", STYLE, re.MULTILINE))
    names = {first or second for first, second in drawn}
    used = icons() | set(re.findall(r"\bi-([a-z]+)", SCRIPT))
    assert {"heart", "flame", "mail", "unsure"} <= used
    assert used - names == set()


def test_every_template_is_shown_by_somebody() -> None:
    named = set(re.findall(r'"([\w/]+\.html)"', CODE))
    named |= {name for text in TEXTS.values() for name in re.findall(r'{%\s*(?:include|import) "([^"]+)"', text)}
    assert named - {BRIDGE} == set(TEXTS)


def test_every_file_that_a_page_names_is_there() -> None:
    for text in TEXTS.values():
        for name in re.findall(r'view\.address\("([^"]+)"\)', text):
            assert Shell("/api", "", {}, ()).address(name).startswith("/api/app/files/")
            assert name in files.files()


def test_every_sign_in_offers_what_the_script_asks_for() -> None:
    asked = set(re.findall(r"window\.signIn\.(\w+)(?!\?)\b(?!\?)", SCRIPT))
    offered = []
    for script in SIGN_INS:
        (returned,) = re.findall(r"^  return \{\n(.*?)^  \};", script.read_text(), re.MULTILINE | re.DOTALL)
        offered.append(set(re.findall(r"^    (\w+)(?:,|:)", returned, re.MULTILINE)))
    entra, local = offered
    # The local one draws a form in place of the button.
    assert local - entra == {"form"}
    assert "window.signIn.form?." in SCRIPT
    assert entra <= local
    assert asked - {"form"} <= entra


@pytest.mark.parametrize("script", [*sorted((HOME / "static").glob("*.js")), SIGN_INS[1]], ids=lambda one: one.name)
def test_scripts_are_scripts(script: Path) -> None:
    runtime = node()
    assert runtime, "make setup puts one there"
    done = subprocess.run([runtime, "--check", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"use strict";' in script.read_text()


LOADED = """
import sys, function_app
wanted = ("jinja2", "babel")
print(*sorted(name for name in sys.modules if name.split(".")[0] in wanted or name.startswith("shared.pages")))
"""


def test_nobodys_cold_start_waits_for_the_page() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == []
