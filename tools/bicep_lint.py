"""Checks the .bicep and .bicepparam files below a folder, where there is no Bicep compiler.

Found are: what does not parse, unknown and unused names, properties that a resource does not have or that only Azure
sets (bicep_properties.json), and parameters that are missing or too many. Types and values are left to the compiler.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

TABLE: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("bicep_properties.json").read_text("utf-8"))
# Beside a type's own properties.
COMMON = dict.fromkeys(("name", "parent", "scope", "dependsOn"))
FUNCTIONS_AND_DECORATORS = """
any array bool concat contains deployment empty endsWith environment filter first flatten format groupBy guid indexOf
int intersection items join json last length loadJsonContent loadTextContent map mapValues max min objectKeys padLeft
range readEnvironmentVariable reduce replace resourceGroup resourceId skip sort split startsWith string subscription
subscriptionResourceId substring take tenant toLower toObject toUpper trim union uniqueString uri utcNow
allowed description export maxLength maxValue metadata minLength minValue sealed secure
"""
BUILT_IN = frozenset(FUNCTIONS_AND_DECORATORS.split())
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
        self._names(self.every[0], frozenset())
        for name in self.must_be_used.keys() - self.used:
            self._fault(self.must_be_used[name], f"'{name}' is never used")
        for node in self.of["resource"].values():
            if _type(node) not in TABLE:
                self._fault(node, f"bicep_properties.json does not know {_type(node)}")
            for body in _objects(node.named_children[-1]) if _type(node) in TABLE else ():
                self._properties(body, TABLE[_type(node)] | COMMON)
        self._passed()
        return self.faults

    def _passed(self) -> None:
        """What modules, and the template that values are for, are given."""
        for node in self.of["module"].values():
            given = [
                value for body in _objects(node.named_children[-1]) for key, value in _pairs(body) if key == "params"
            ]
            pairs = [pair for one in given for pair in one.named_children if pair.type == "object_property"]
            self._params(node, _text(node, 1), {_text(pair, 0): pair for pair in pairs})
        for node in self.every:
            if node.type == "using_statement":
                self._params(node, _text(node, 0), self.of["variable"])

    def _names(self, node: Node, local: frozenset[str]) -> None:
        children = node.named_children
        if node.type in ("for_statement", "lambda_expression"):
            local |= {_text(n) for n in [children[0], *children[0].named_children]}
        elif node.type == "member_expression":
            self._member(node)
        elif node.type == "identifier":
            self.used.add(_text(node))
            if _text(node) not in self.known | local:
                self._fault(node, f"'{_text(node)}' is unknown")
        declares = node.type.endswith("_declaration") or node.type in ("object_property", "for_statement")
        named = declares and children[0].type in ("identifier", "for_loop_parameters")
        for child in children[1:] if named else children:
            if child.type != "type":
                self._names(child, local)

    def _member(self, node: Node) -> None:
        """`module.outputs.name` and `resource.properties.name` have to exist."""
        if (of := node.named_children[0]).type == "member_expression":
            owner, part, name = _text(of, 0).split("::")[-1], _text(of, -1), _text(node, -1)
            if part == "outputs" and owner in self.of["module"]:
                other = self._other(_text(self.of["module"][owner], 1))
                there: Any = {name} if other.broken else other.of["output"]
            elif part == "properties" and owner in self.of["resource"]:
                there = TABLE.get(_type(self.of["resource"][owner]), {}).get("properties") or {name}
            else:
                return
            if name not in there:
                self._fault(node, f"'{owner}' has nothing called '{name}'")

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
        wanted = other.of["parameter"]
        for name in () if other.broken else given.keys() - wanted.keys():
            self._fault(given[name], f"{path} has no parameter '{name}'")
        for name, one in wanted.items():
            # A parameter has a name, a type and, unless it is required, a value.
            if name not in given and len(one.named_children) == 2 and not _text(one, 1).endswith("?"):
                self._fault(node, f"{path} needs the parameter '{name}'")

    def _other(self, path: str) -> "File":
        return parsed((self.path.parent / path).resolve())

    def _fault(self, node: Node, message: str) -> None:
        self.faults.append((node.start_point[0] + 1, message))


@cache
def parsed(path: Path) -> File:
    """The file, read once."""
    return File(path)


def _text(node: Node, *child: int) -> str:
    return ((node.named_children[child[0]] if child else node).text or b"").decode().strip("'")


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


def _type(resource: Node) -> str:
    """Its type with the version; that of a resource inside another begins with the other's."""
    own, around = _text(resource, 1), resource.parent
    while around and around.type != "resource_declaration":
        around = around.parent
    kind, _, version = _type(around).partition("@") if around and "@" not in own else ("", "", "")
    return f"{kind}/{own}@{version}" if kind else own


def main(folder: Path) -> int:
    """Print what is wrong; the exit code."""
    paths = sorted(path for path in folder.resolve().rglob("*") if path.suffix in (".bicep", ".bicepparam"))
    faults = [f"{path}:{line}: {fault}" for path in paths for line, fault in sorted(parsed(path).check())]
    print(*faults, f"{len(paths)} files, {len(faults)} faults", sep="\n")
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
