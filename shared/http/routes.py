"""Route templates as the Functions host matches them: by function name, without regard to letter case."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote


def _is_int(text: str, low: float = -(2**31), high: float = 2**31 - 1) -> bool:
    return re.fullmatch(r"[+-]?\d+", text) is not None and low <= int(text) <= high


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None


def _length(text: str, low: int, high: int | None = None) -> bool:
    return low <= len(text) <= (low if high is None else high)


CONSTRAINTS: dict[str, Callable[..., bool]] = {
    "int": _is_int,
    "long": lambda text: _is_int(text, -(2**63), 2**63 - 1),
    "bool": lambda text: text.lower() in ("true", "false"),
    "alpha": lambda text: re.fullmatch(r"[A-Za-z]*", text) is not None,
    "decimal": _is_number,
    "double": _is_number,
    "float": _is_number,
    "guid": _is_guid,
    "length": lambda text, *bounds: _length(text, *map(int, bounds)),
    "minlength": lambda text, low: len(text) >= int(low),
    "maxlength": lambda text, high: len(text) <= int(high),
    "min": lambda text, low: _is_int(text, int(low), float("inf")),
    "max": lambda text, high: _is_int(text, float("-inf"), int(high)),
    "range": lambda text, low, high: _is_int(text, int(low), int(high)),
    "regex": lambda text, pattern: re.search(pattern, text, re.IGNORECASE) is not None,
}


@dataclass(frozen=True)
class Parameter:
    """`{name}`, `{name:constraint}`, `{name?}` or `{*name}`."""

    name: str
    constraints: tuple[Callable[[str], bool], ...] = ()
    optional: bool = False
    rest: bool = False


@dataclass(frozen=True)
class Route:
    """One HTTP function: where it answers, and to which methods."""

    function: str
    methods: frozenset[str]
    segments: tuple[str | Parameter, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a path (still percent-encoded), or None."""
        given = [part for part in path.split("/") if part]
        found: dict[str, str] = {}
        for number, segment in enumerate(self.segments):
            part = given[number] if number < len(given) else None
            if isinstance(segment, str):
                if part is None or unquote(part).lower() != segment.lower():
                    return None
            elif segment.rest:
                return found | {segment.name: "/".join(map(_decoded, given[number:]))}
            elif part is None:
                if not segment.optional:
                    return None
            else:
                found[segment.name] = _decoded(part)
                if not all(holds(found[segment.name]) for holds in segment.constraints):
                    return None
        return found if len(given) <= len(self.segments) else None


def parse(function: str, methods: Sequence[str], template: str) -> Route:
    """Read a template; raises NotImplementedError for what it does not know of the syntax."""
    segments = tuple(_segment(part) for part in re.split(r"/(?![^{]*\})", template.strip("/")) if part)
    return Route(function, frozenset(methods), segments)


def _segment(text: str) -> str | Parameter:
    if not text.startswith("{"):
        if "{" in text:
            raise NotImplementedError(f"a segment must be all text or all parameter: {text}")
        return text
    inner = text[1:-1]
    rest, inner = inner.startswith("*"), inner.lstrip("*")
    optional, inner = inner.endswith("?"), inner.removesuffix("?")
    name, *rules = re.split(r":(?![^(]*\))", inner)
    return Parameter(name, tuple(_constraint(rule) for rule in rules), optional, rest)


def _constraint(rule: str) -> Callable[[str], bool]:
    name, _, inside = rule.partition("(")
    check = CONSTRAINTS.get(name)
    if check is None:
        raise NotImplementedError(f"unknown route constraint: {rule}")
    inside = inside.removesuffix(")")
    arguments = ([inside] if name == "regex" else [part.strip() for part in inside.split(",")]) if inside else []
    return lambda text: check(text, *arguments)


def _decoded(part: str) -> str:
    """Percent-decoded but for the slash, which the platform leaves encoded inside a segment."""
    return "%2F".join(unquote(piece) for piece in re.split("%2[fF]", part))
