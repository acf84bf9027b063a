"""Takes known fields out of what sloppy senders write, keeps the rest, and names every fault at once (I5).

Keys are matched without letter case, `-`, `_` and spaces. Of several spellings of one field the first that says
something wins, the others are kept as unknown. Numbers stand for texts; other types are faults.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.lead import ADDITIONAL_DEPTH_MAX, ADDITIONAL_MAX, NAME_MAX
from shared.domain.messages import say
from shared.domain.text import repaired

INTEGER_MAX = 2**53
"""Beyond it other readers of JSON lose digits, so a number is kept as text."""
FAULTS_MAX = 100
"""Faults that are named: a body of nothing but faults must still fit into its row."""
_NUMBERED = re.compile(r"\[\d*\]$")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def fold(key: str) -> str:
    """The form under which two spellings of a field's name are one; `interest[2]` is another `interest`."""
    return re.sub(r"[-_\s]", "", _NUMBERED.sub("", key)).casefold()


class Fields:
    """One object of a delivery while it is being read."""

    def __init__(self, given: Mapping[str, Any], prefix: str = "", faults: list[Detail] | None = None) -> None:
        self.prefix = prefix
        self.faults: list[Detail] = [] if faults is None else faults
        self._rest = dict(given)
        self._by_name: dict[str, list[str]] = {}
        for key in given:
            self._by_name.setdefault(fold(key), []).append(key)

    def has(self, name: str) -> bool:
        """True when a field of this name is there, whatever it holds."""
        return name in self._by_name

    def text(self, name: str, limit: int = NAME_MAX, *, lines: bool = False) -> str | None:
        """The field as a repaired text, cut at its bound; None when it is missing or blank."""
        found: str | None = None
        for key in self._keys(name):
            value = self._rest[key]
            is_text = isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool))
            if value is not None and not is_text:
                self.fault(key, "invalidType", "%(field)s must be a string.")
            elif found is not None:
                continue
            else:
                found = None if value is None else repaired(str(value), limit, lines=lines)
            del self._rest[key]
        return found

    def flag(self, name: str) -> bool | None:
        """The field as a truth value, in JSON or as web forms send it; None when it is missing or blank."""
        found: bool | None = None
        for key in self._keys(name):
            value = self._rest.pop(key)
            word = str(value).strip().casefold()
            if value is None or word == "" or found is not None:
                continue
            if isinstance(value, bool | str | int) and word in (*_TRUE, *_FALSE):
                found = word in _TRUE
            else:
                self.fault(key, "invalidType", "%(field)s must be true or false.")
        return found

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """The field as a list of texts, also written as one text with commas; longer lists are cut."""
        found: list[str] = []
        for key in self._keys(name):
            value = self._rest.pop(key)
            parts = value.split(",") if isinstance(value, str) else [] if value is None else value
            if not isinstance(parts, list) or not all(isinstance(one, str | int | float) for one in parts):
                self.fault(key, "invalidType", "%(field)s must be a list of strings.")
                continue
            found += [clean for one in parts if (clean := repaired(str(one), NAME_MAX))]
        return tuple(dict.fromkeys(found))[:most]

    def part(self, name: str, prefix: str | None = None) -> "Fields | None":
        """The object under this name; None when it is missing or no object, which is a fault.

        Its fields are named behind `prefix`, without one behind the key as it is written.
        """
        found: Fields | None = None
        for key in self._keys(name):
            value = self._rest[key]
            if found is not None:
                continue
            del self._rest[key]
            if isinstance(value, Mapping):
                found = Fields(value, prefix or f"{self.prefix}{key}.", self.faults)
            elif value is not None:
                self.fault(key, "invalidType", "%(field)s must be an object.")
        return found

    def fault(self, key: str, code: str, template: str, **named: object) -> None:
        """Note what is wrong with a field, under the name the sender wrote, which is `%(field)s` in the text."""
        if len(self.faults) < FAULTS_MAX:
            name = (self.prefix + key)[:NAME_MAX]
            self.faults.append(Detail(code, say(template, field=name, **named), name))

    def written(self, name: str, default: str) -> str:
        """The name as the sender wrote it; as the documentation writes it when it is not there."""
        return next(iter(self._keys(name)), default)

    def unknown(self) -> dict[str, Any]:
        """What was not asked for, under the sender's own names."""
        return {self.prefix + key: value for key, value in self._rest.items()}

    def check(self) -> None:
        """Raise InvalidRequest naming every fault, if there are any."""
        if self.faults:
            raise InvalidRequest("The lead cannot be read.", details=self.faults)

    def _keys(self, name: str) -> list[str]:
        return [key for key in self._by_name.get(name, ()) if key in self._rest]


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
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        return str(value)
    if isinstance(value, list | dict) and depth == 0:
        return None
    if isinstance(value, list):
        return [_clean(one, depth - 1) for one in value]
    if isinstance(value, dict):
        return {repaired(key, NAME_MAX) or "": _clean(one, depth - 1) for key, one in value.items()}
    return value
