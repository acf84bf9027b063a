"""Checks the .bicep and .bicepparam files below a folder, where there is no Bicep compiler.

Found are: what does not parse, unknown, unused and doubled names, properties that a resource, module or variable does
not have or that only Azure sets (bicep_properties.json), parameters that are missing or too many, API versions that are
too old, resources inside loops of others, and files that are not there. Types and values are left to the compiler.
"""

import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

TABLE: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("bicep_properties.json").read_text("utf-8"))
LOOKED_UP, OLD = date(2026, 11, 27), timedelta(days=730)
"""When newer API versions were last looked for, and how old one may have been then (use-recent-api-versions).

Not today's date, by which a template that nobody has touched would fail one morning.
"""
NEWEST = frozenset(
    (
        "Microsoft.Authorization/roleAssignments@2022-04-01",
        "Microsoft.Insights/actionGroups@2023-01-01",
        "Microsoft.Insights/activityLogAlerts@2020-10-01",
        "Microsoft.Insights/components@2020-02-02",
        "Microsoft.Insights/workbooks@2023-06-01",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01",
        "Microsoft.Network/privateDnsZones@2024-06-01",
    )
)
"""Old versions after which no other but previews came."""
# Beside a type's own properties.
COMMON = dict.fromkeys(("name", "parent", "scope", "dependsOn"))
FUNCTIONS_AND_DECORATORS = """
any array bool cidrSubnet concat contains deployment empty endsWith environment filter first flatten format groupBy
guid indexOf int intersection items join json last length loadJsonContent loadTextContent map mapValues max min
objectKeys padLeft range readEnvironmentVariable reduce replace resourceGroup resourceId skip sort split startsWith
string subscription subscriptionResourceId substring take tenant toLower toObject toUpper trim union uniqueString uri
utcNow
allowed batchSize description export maxLength maxValue metadata minLength minValue sealed secure
"""
BUILT_IN = frozenset(FUNCTIONS_AND_DECORATORS.split())
IN_A_MODULE = frozenset(("name", "params", "scope", "dependsOn"))
OF_A_RESOURCE = COMMON | dict.fromkeys(("id", "type", "apiVersion"))
LOADING = ("loadTextContent", "loadJsonContent")
Shape = dict[str, Any] | None
"""What an expression, or each element of an array, has; None = it may be anything."""
KINDS = ("parameter", "variable", "resource", "module", "output")
HOLDERS = ("array", "for_statement", "if_statement", "ternary_expression", "parenthesized_expression")


class File:
    """What one file declares, and what is wrong with it, by line."""

    def __init__(self, path: Path) -> None:
        self.path, self.faults, self.used = path, list[tuple[int, str]](), set[str]()
        text, values = path.read_bytes(), path.suffix == ".bicepparam"
        # The grammar knows templates only, where a name with a value is a variable.
        text = re.sub(rb"(?m)^param ", b"var   ", text) if values else text
        self.every = list(_descend(Parser(Language(tree_sitter_bicep.language())).parse(text).root_node))
        self.broken = [node for node in self.every if node.is_error or node.is_missing]
        self.of = {kind: {_text(n, 0): n for n in self.every if n.type == f"{kind}_declaration"} for kind in KINDS}
        self.known = BUILT_IN.union(*(self.of[kind] for kind in KINDS[:-1]))
        self.must_be_used = {} if values else self.of["parameter"] | self.of["variable"]

    def check(self) -> list[tuple[int, str]]:
        """Every fault; where it does not parse only that, since the rest would be guesses."""
        if self.broken:
            return [(node.start_point[0] + 1, "syntax error") for node in self.broken]
        self._names(self.every[0], {})
        self._declared()
        for name in self.must_be_used.keys() - self.used:
            self._fault(self.must_be_used[name], f"'{name}' is never used")
        for node in self.of["resource"].values():
            if _type(node) not in TABLE:
                self._fault(node, f"bicep_properties.json does not know {_type(node)}")
            if (around := _around(node)) and around.named_children[-1].type == "for_statement":
                self._fault(node, "a resource cannot stand inside one that is a loop")
            if _is_old(_type(node)):
                self._fault(node, f"the API version of {_type(node)} is older than two years")
            for body in _objects(node.named_children[-1]) if _type(node) in TABLE else ():
                self._properties(body, TABLE[_type(node)] | COMMON)
        self._passed()
        return self.faults

    def _declared(self) -> None:
        """Each name once, where it is not inside a resource; outputs have names of their own."""
        seen: set[str] = set()
        for node in self.every:
            above = node.parent.type if node.parent else ""
            if node.type.endswith("_declaration") and node.type != "output_declaration" and above == "infrastructure":
                if _text(node, 0) in seen:
                    self._fault(node, f"'{_text(node, 0)}' is declared twice")
                seen.add(_text(node, 0))
            elif node.type == "type" and node.named_children and node.named_children[0].type == "identifier":
                self._fault(node, f"there is no type '{_text(node)}'")

    def _passed(self) -> None:
        """What modules, and the template that values are for, are given."""
        for node in self.of["module"].values():
            said = [pair for body in _objects(node.named_children[-1]) for pair in _pairs(body)]
            for key, value in said:
                if key not in IN_A_MODULE:
                    self._fault(value, f"a module has no '{key}'")
            given = [value for key, value in said if key == "params"]
            pairs = [pair for one in given for pair in one.named_children if pair.type == "object_property"]
            self._params(node, _text(node, 1), {_text(pair, 0): pair for pair in pairs})
        for node in self.every:
            if node.type == "using_statement":
                self._params(node, _text(node, 0), self.of["variable"])

    def _names(self, node: Node, local: dict[str, Shape]) -> None:
        children = node.named_children
        if node.type in ("for_statement", "lambda_expression"):
            local = local | self._variables(node, local)
        elif node.type == "member_expression":
            above = self._shape(_object(node), local)
            if above is not None and _text(node, -1) not in above:
                self._fault(node, f"'{_text(_object(node))}' has nothing called '{_text(node, -1)}'")
        elif node.type == "call_expression" and _text(node, 0) in LOADING:
            path = self.path.parent / _text(children[1]).strip("()'")
            if not path.is_file():
                self._fault(node, f"there is no file {path.name}")
        elif node.type == "identifier":
            self.used.add(_text(node))
            if _text(node) not in self.known | local.keys():
                self._fault(node, f"'{_text(node)}' is unknown")
        declares = node.type.endswith("_declaration") or node.type in ("object_property", "for_statement")
        named = declares and children[0].type in ("identifier", "for_loop_parameters")
        for child in children[1:] if named else children:
            if child.type != "type":
                self._names(child, local)

    def _variables(self, node: Node, local: dict[str, Shape]) -> dict[str, Shape]:
        """The names that a loop or a lambda makes: the element of what is gone through, then its number."""
        declared, through = node.named_children[:2]
        if node.type == "lambda_expression" and node.parent:
            # Of `map` and its like it is the first argument.
            through = node.parent.named_children[0]
        first, *others = declared.named_children or [declared]
        return {_text(first): self._shape(through, local), **dict.fromkeys(map(_text, others))}

    def _shape(self, node: Node, local: dict[str, Shape]) -> Shape:
        """What there is below an expression."""
        children = node.named_children
        match node.type:
            case "identifier":
                return local[_text(node)] if _text(node) in local else self._shape_of(_text(node))
            case "resource_expression":
                return self._shape(children[-1], local)
            case "member_expression":
                found = (self._shape(_object(node), local) or {}).get(_text(node, -1))
                return found if isinstance(found, dict) else None
            case "parenthesized_expression" | "subscript_expression":
                return self._shape(children[0], local)
            case "object":
                return {key: self._shape(value, local) for key, value in _pairs(node)}
            case "array":
                shapes = [self._shape(one, local) for one in children if one.type != "comment"]
                return {key: one[key] for one in shapes if one for key in one} if all(shapes) else None
            case "call_expression" if _text(node, 0) == "items":
                return {"key": None, "value": None}
        return None

    def _shape_of(self, name: str) -> Shape:
        """What there is below something declared."""
        if name in self.of["variable"]:
            return self._shape(self.of["variable"][name].named_children[-1], {})
        if name in self.of["module"]:
            other = self._other(_text(self.of["module"][name], 1))
            return {"name": None, "outputs": dict.fromkeys(other.of["output"]) if other else None}
        known = TABLE.get(_type(self.of["resource"][name])) if name in self.of["resource"] else None
        return known | OF_A_RESOURCE if known else None

    def _properties(self, body: Node, known: dict[str, Any]) -> None:
        for name, value in _pairs(body):
            if name not in known:
                self._fault(value, f"there is no property '{name}'")
            elif known[name] == "read":
                self._fault(value, f"only Azure sets '{name}'")
            for one in _objects(value) if isinstance(known.get(name), dict) else ():
                self._properties(one, known[name])

    def _params(self, node: Node, path: str, given: dict[str, Node]) -> None:
        other = self._other(path)
        if other is None:
            if not (self.path.parent / path).is_file():
                self._fault(node, f"there is no file {path}")
            return
        wanted = other.of["parameter"]
        for name in given.keys() - wanted.keys():
            self._fault(given[name], f"{path} has no parameter '{name}'")
        for name, one in wanted.items():
            # A parameter has a name, a type and, unless it is required, a value.
            if name not in given and len(one.named_children) == 2 and not _text(one, 1).endswith("?"):
                self._fault(node, f"{path} needs the parameter '{name}'")

    def _other(self, path: str) -> "File | None":
        """Another file; None where it is not there, or is not understood."""
        found = (self.path.parent / path).resolve()
        return parsed(found) if found.is_file() and not parsed(found).broken else None

    def _fault(self, node: Node, message: str) -> None:
        self.faults.append((node.start_point[0] + 1, message))


@cache
def parsed(path: Path) -> File:
    """The file, read once."""
    return File(path)


def _text(node: Node, *child: int) -> str:
    return ((node.named_children[child[0]] if child else node).text or b"").decode().strip("'")


def _object(member: Node) -> Node:
    """What a member is of; the grammar hangs what follows `a ? b : c` on the whole of it."""
    of = member.named_children[0]
    return of.named_children[-1] if of.type == "ternary_expression" else of


def _descend(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _descend(child)


def _objects(value: Node) -> Iterator[Node]:
    """The objects that an expression is or holds."""
    if value.type == "object":
        yield value
    for child in value.named_children if value.type in HOLDERS else ():
        yield from _objects(child)


def _pairs(body: Node) -> Iterator[tuple[str, Node]]:
    for one in body.named_children:
        if one.type == "object_property" and one.named_children[0].type in ("identifier", "string"):
            yield _text(one, 0), one.named_children[-1]


def _is_old(kind: str) -> bool:
    version = re.search(r"@(\d{4}-\d{2}-\d{2})$", kind)
    return kind not in NEWEST and version is not None and LOOKED_UP - date.fromisoformat(version[1]) > OLD


def _type(resource: Node) -> str:
    """Its type with the version; that of a resource inside another begins with the other's."""
    own, around = _text(resource, 1), _around(resource)
    kind, _, version = _type(around).partition("@") if around and "@" not in own else ("", "", "")
    return f"{kind}/{own}@{version}" if kind else own


def _around(resource: Node) -> Node | None:
    """The resource that one stands inside; None for one that stands alone."""
    around = resource.parent
    while around and around.type != "resource_declaration":
        around = around.parent
    return around


def main(folder: Path) -> int:
    """Print what is wrong; the exit code."""
    paths = sorted(path for path in folder.resolve().rglob("*") if path.suffix in (".bicep", ".bicepparam"))
    faults = [f"{path}:{line}: {fault}" for path in paths for line, fault in sorted(parsed(path).check())]
    print(*faults, f"{len(paths)} files, {len(faults)} faults", sep="\n")
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
