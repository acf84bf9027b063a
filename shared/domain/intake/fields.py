"""Takes known fields out of what sloppy senders write, keeps the rest, and names every fault at once (I5).

Names are matched without letter case, `-`, `_` and spaces, nested in an object, in brackets or behind a dot
(`customer[email]`, `customer.email`); `a[]` and `a[0]` are `a`. Of several spellings of one field the first that says
something wins, the others are kept as unknown. Numbers stand for texts, what says nothing is missing, other types are
faults.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.intake import payload
from shared.domain.intake.payload import RefusedFile, Repeated
from shared.domain.lead import ADDITIONAL_DEPTH_MAX, ADDITIONAL_MAX, NAME_MAX
from shared.domain.messages import say
from shared.domain.text import folded, repaired, trimmed

INTEGER_MAX = 2**53
"""Beyond it other readers of JSON lose digits, so a number is kept as text."""
FAULTS_MAX = 100
"""Faults that are named: a body of nothing but faults must still fit into its row."""
NAME_SHOWN = 80
"""Characters of a name in a fault: as ASCII JSON a character may take twelve, and the name stands there twice."""
TRUE = frozenset(("true", "t", "yes", "y", "on", "1", "checked", "accepted", "x", "ja", "si", "igen", "sim"))
FALSE = frozenset(
    ("false", "f", "no", "n", "off", "0", "unchecked", "declined", "nein", "nej", "nem", "nao"),
)
"""What boxes say in the six languages of N4, without accents. Whatever is in neither says neither."""
_NOTHING = frozenset(("", "null", "n/a", "undefined"))
_INDEX = re.compile(r"\[\d*\]$")
_PATH = re.compile(r"[\[\].]+")


def fold(key: str) -> str:
    """The form under which two spellings of a field's name are one."""
    return re.sub(r"[-_\s]", "", trimmed(key)).casefold()


def number_text(number: float) -> str:
    """A number as people write it: `16175555555`, not `16175555555.0` nor `1.6175555555E+10`."""
    whole = isinstance(number, float) and number.is_integer() and abs(number) < INTEGER_MAX
    return str(int(number)) if whole else str(number)


def says_nothing(value: object) -> bool:
    """True for what stands where something is missing: null, false, nothing, `N/A`, a dash."""
    if isinstance(value, str):
        word = trimmed(value).casefold()
        return word in _NOTHING or not word.strip("-\u2010\u2011\u2012\u2013\u2014\u2212")
    return value is None or value is False or (isinstance(value, list | dict) and not value)


@dataclass(frozen=True)
class Given:
    """One field: its name within the object, and what it holds."""

    name: str
    value: Any


class Fields:
    """One object of a submission while it is being read."""

    def __init__(self, given: Mapping[str, Any], prefix: str = "", faults: list[Detail] | None = None) -> None:
        self.prefix = prefix
        self.faults: list[Detail] = [] if faults is None else faults
        self.files: dict[str, str] = {}
        """Files that were refused, by the field's name."""
        self._rest: dict[str, Given] = {}
        self._by_name: dict[str, list[str]] = {}
        self._nested: dict[str, list[tuple[str, str]]] = {}
        for key, value in given.items():
            self.put(prefix + key, key, value)

    def put(self, shown: str, name: str, value: Any) -> None:
        """Take in a field that is called `shown` in faults."""
        said = value if isinstance(value, Repeated) else [value]
        files = [item for item in said if isinstance(item, RefusedFile)]
        if files:
            self.files[shown] = str(files[0]["name"])
            texts = [item for item in said if not isinstance(item, RefusedFile)]
            if not texts:
                return
            value = texts[0] if len(texts) == 1 else Repeated(texts)
        while shown in self._rest:
            shown += "[]"
        self._rest[shown] = Given(name, value)
        first, *inner = _PATH.split(name) if "[" in name or "." in name else (name,)
        inner = [part for part in inner if part and not part.isdigit()]
        if inner and first:
            self._nested.setdefault(fold(first), []).append((shown, ".".join(inner)))
        else:
            self._by_name.setdefault(fold(first or name), []).append(shown)

    def has(self, name: str) -> bool:
        """True when a field of this name is there, whatever it holds."""
        return name in self._by_name or name in self._nested

    def text(self, name: str, limit: int = NAME_MAX, *, lines: bool = False, plain: bool = False) -> str | None:
        """The field as a repaired text, cut at its bound; None when it is missing or says nothing.

        `plain` is for what is compared: codes, addresses, ids, titles.
        """
        found: str | None = None
        for key in self._keys(name):
            value = self._rest[key].value
            # A form repeats what it has several times; the first that says something is meant.
            said = [item for item in (value if isinstance(value, Repeated) else [value]) if not says_nothing(item)]
            if not all(_is_text(item) for item in said):
                self._fault(key, "invalidType", "%(field)s must be a string.")
            elif found is not None:
                continue
            elif said:
                written = _written(said[0])
                found = repaired(written, limit, lines=lines, plain=plain)
                if len(said) > 1:
                    self._rest[key] = Given("", said[1] if len(said) == 2 else list(said[1:]))
                    continue
            del self._rest[key]
        return found

    def said(self, name: str) -> list[str]:
        """Every text under this name that was not taken off, which it is not by this; as `text` reads what is plain."""
        values = [self._rest[key].value for key in self._keys(name)]
        flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
        return [text for one in flat if isinstance(one, str) and (text := repaired(one, NAME_MAX, plain=True))]

    def flag(self, name: str, *, lenient: bool = False, wins: bool = False) -> bool | None:
        """The field as a truth value, in JSON or as web forms send it; None when it is missing or says nothing.

        Of one name's repeats a ticked box wins over the hidden no before it; of several names `wins` does: a no (T10).
        What says neither is a fault; where `lenient` it is some other field, and kept as unknown.
        """
        found: dict[str, bool] = {}
        for key in self._keys(name):
            value = self._rest[key].value
            said = [_truth(item) for item in (value if isinstance(value, list) else [value]) if not _is_blank(item)]
            if None in said:
                if lenient:
                    continue
                self._fault(key, "invalidType", "%(field)s must be true or false.")
            elif said:
                # `a[]`, `a[0]` and `a[1]` are repeats of one name.
                same = _INDEX.sub("[]", key)
                found[same] = found.get(same, False) or True in said
            del self._rest[key]
        return (wins if wins in found.values() else not wins) if found else None

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """The field as a list of texts, also written as one text with commas; longer lists are cut."""
        found: list[str] = []
        for key in self._keys(name):
            value = self._rest.pop(key).value
            if says_nothing(value):
                continue
            parts = value if isinstance(value, list) else [value]
            if not all(_is_text(part) for part in parts):
                self._fault(key, "invalidType", "%(field)s must be a list of strings.")
                continue
            is_list = isinstance(value, list) and not isinstance(value, Repeated)
            for part in parts:
                written = _written(part)
                split = [written] if is_list else written.split(",")
                found += [clean for text in split if (clean := repaired(text, NAME_MAX))]
        return tuple(dict.fromkeys(found))[:most]

    def part(self, name: str, prefix: str | None = None, *, lenient: bool = False) -> "Fields | None":
        """What stands under this name, as an object, as JSON text or in brackets; None when it is missing.

        What is no object is a fault, where `lenient` some other field. Its fields are named behind `prefix`, without
        one behind the key as it is written.
        """
        found: Fields | None = None
        for key in self._keys(name):
            value = self._rest[key].value
            if not isinstance(value, Mapping) and not says_nothing(value):
                value = self._object_in(key, value, lenient=lenient)
                if value is None:
                    if not lenient:
                        del self._rest[key]
                    continue
            del self._rest[key]
            if isinstance(value, Mapping):
                if found is None:
                    found = Fields(value, prefix or f"{key}.", self.faults)
                else:
                    for inner, item in value.items():
                        found.put(f"{key}.{inner}", inner, item)
        for key, inner in self._nested.pop(name, ()):
            if key in self._rest:
                found = found or Fields({}, prefix or f"{self.prefix}{name}.", self.faults)
                found.put(key, inner, self._rest.pop(key).value)
        return found

    def _object_in(self, key: str, value: object, *, lenient: bool) -> Mapping[str, Any] | None:
        """The object in a JSON text; None with a fault, unless lenient, where there is none."""
        problems: tuple[Detail, ...] = ()
        if isinstance(value, str):
            try:
                inside = payload.json_value(trimmed(value), key[:NAME_SHOWN])
            except InvalidRequest as problem:
                problems = tuple(problem.details) if value.lstrip().startswith("{") else ()
            else:
                if inside is None or isinstance(inside, Mapping):
                    return inside or {}
        for one in () if lenient else problems:
            self.faults.append(Detail(one.code, one.message, key[:NAME_SHOWN]))
        if not lenient and not problems:
            self._fault(key, "invalidType", "%(field)s must be an object.")
        return None

    def unwrap(self, name: str) -> None:
        """Read what stands under this name as if it stood here, as forms do that wrap everything (`lead[email]`)."""
        part = self.part(name, lenient=True)
        for shown, item in part.left() if part else ():
            self.put(shown, item.name, item.value)

    def left(self) -> list[tuple[str, "Given"]]:
        """What was not taken off yet."""
        return list(self._rest.items())

    def fault(self, key: str, code: str, template: str, **named: object) -> None:
        """Note what is wrong with a field of this object, whose name is `%(field)s` in the text."""
        self._fault(self.prefix + key, code, template, **named)

    def _fault(self, shown: str, code: str, template: str, **named: object) -> None:
        if len(self.faults) < FAULTS_MAX:
            name = shown[:NAME_SHOWN]
            self.faults.append(Detail(code, say(template, field=name, **named), name))

    def written(self, name: str, default: str) -> str:
        """The name as the sender wrote it; as the documentation writes it when it is not there."""
        return next(iter(self._keys(name)), default)

    def unknown(self) -> dict[str, Any]:
        """What was not asked for, under the sender's own names; of a file its name."""
        return {key: item.value for key, item in self._rest.items()} | self.files

    def check(self) -> None:
        """Raise InvalidRequest naming every fault, if there are any."""
        if self.faults:
            raise InvalidRequest("The lead cannot be read.", details=self.faults)

    def _keys(self, name: str) -> list[str]:
        return [key for key in self._by_name.get(name, ()) if key in self._rest]


def _is_text(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _written(value: object) -> str:
    return number_text(value) if isinstance(value, int | float) else str(value)


def _is_blank(value: object) -> bool:
    return value is not False and says_nothing(value)


def _truth(value: object) -> bool | None:
    """What a box says; None for neither."""
    if not isinstance(value, bool | int | float | str):
        return None
    word = folded(number_text(value) if isinstance(value, float) else str(value))
    return True if word in TRUE else False if word in FALSE else None


def bounded(unknown: Mapping[str, Any]) -> dict[str, Any]:
    """Unknown fields as long as they fit together; what does not is only in the payload (I5)."""
    kept: dict[str, Any] = {}
    size = 2
    for key, value in unknown.items():
        clean_key, clean = repaired(key, NAME_MAX), _clean(value, ADDITIONAL_DEPTH_MAX)
        if clean_key is None or clean_key in kept:
            continue
        size += len(json.dumps({clean_key: clean}))
        if size > ADDITIONAL_MAX:
            break
        kept[clean_key] = clean
    return kept


def _clean(value: Any, depth: int) -> Any:
    """The JSON value with its texts repaired; what is nested deeper than `depth` becomes null."""
    if isinstance(value, str):
        return repaired(value, ADDITIONAL_MAX, lines=True) or ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        return str(value)
    if isinstance(value, list | dict) and depth == 0:
        return None
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {repaired(key, NAME_MAX) or "": _clean(item, depth - 1) for key, item in value.items()}
    return value
