"""Finds a person's address or number in texts, in any spelling that is the same by V4, and takes it out (S4).

An address is found as `fold_email` folds it, a number by its digits: with its country's code, however it is set, and as
it is dialled at home. A text in which it stands behind an encoding (percent signs, entities, JSON in a string) is taken
out whole.
"""

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast
from urllib.parse import unquote, unquote_plus

from shared.domain.contact import fold_email
from shared.domain.text import visible

T = TypeVar("T")
ERASED = "[erased]"
"""Stands where something was taken out of a text."""
NAMES = frozenset(("id", "lead_id", "partner_id", "source_id", "subject", "operation_id", "cause", "key", "content"))
"""Fields that name things of ours: their digits are nobody's number."""
HOME_LEAST = 8
"""Digits that a number needs to be known without its country's code."""

_NOT_IN_ADDRESS = re.compile(r"[\s\x00-\x20<>()\[\],;:\"'|=&?/\\{}]")
_DOMAIN = re.compile(r"[^\s\x00-\x20<>()\[\],;:\"'|=&?/\\{}@!*]+")
_LOCAL_MAX = 200
"""Characters before an @ that are looked at: a local part has 64, which may be written as more."""
# What people put between digits; a line break is none.
_NUMBER = re.compile(r"\d(?:[ \t\u00a0\u2007-\u2015\u202f()/.\-·]{0,3}\d)+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_EXTENSION = re.compile(r"\s{0,3}(?:;?\s?ext\.?|extension|x|#|;ext=)\s{0,2}[=:.]?\s?(\d{1,8})", re.IGNORECASE)
_DIALLED_OUT = ("00", "011", "0011", "010", "810", "")
"""What is dialled before a country's code, where it is no plus sign."""
_TRUNK = ("0", "8", "06", "1", "")
"""What is dialled before a number at home."""
_TWO_DIGITS = frozenset(
    str(code)
    for code in (
        *(20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59), *range(60, 67)),
        *(81, 82, 84, 86, *range(90, 96), 98),
    )
)
"""Country codes of two digits (ITU-T E.164, list of assigned codes); 1 and 7 have one digit, all others three."""


def country_code_of(e164: str) -> str:
    """The digits of a number's country code."""
    digits = e164.removeprefix("+")
    if digits[:1] in ("1", "7"):
        return digits[0]
    return digits[:2] if digits[:2] in _TWO_DIGITS else digits[:3]


@dataclass(frozen=True)
class Traces:
    """What is looked for: an address as `fold_email` has it, or a number in E.164; one of them.

    `extension` is the number's; another extension of the number is another person (V4).
    """

    email: str | None = None
    phone: str | None = None
    extension: str | None = None

    @property
    def _shortest(self) -> int:
        """Characters that any spelling has: the part before the @ and a domain, or a number without its country."""
        if self.email:
            return self.email.index("@") + 3
        return len((self.phone or "").removeprefix("+")) - 3

    def found_in(self, text: str) -> bool:
        """True where it stands in the text, as it is or behind an encoding."""
        return self.taken_from(text) != text

    def taken_from(self, text: str) -> str:
        """The text without it; the same text where it is not in it."""
        # Most texts of a record are too short to hold anything.
        if len(text) < self._shortest:
            return text
        spans = list(self._spans(text))
        if not spans:
            return ERASED if self._is_encoded_in(text) else text
        rest, end = [], 0
        for start, stop in spans:
            rest += [text[end:start], ERASED]
            end = stop
        left = "".join([*rest, text[end:]])
        return ERASED if self._is_encoded_in(left) else left

    def found_in_any(self, value: object) -> bool:
        """True where it stands in a text of this value: a record, or what JSON is read as."""
        return rewritten(value, self.taken_from) != value

    def found_in_bytes(self, content: bytes) -> bool:
        """True where it stands in what was sent, whatever that is written in."""
        return any(self._is_meant_in(text) for text in _readings(content))

    def _is_meant_in(self, text: str, depth: int = 0) -> bool:
        if any(True for _ in self._spans(text)):
            return True
        if depth >= 3:
            return False
        # A form's body is one text whose parts are encoded, a plus sign a space.
        further = {unquote(text), unquote_plus(text), html.unescape(text)} if re.search("[%&+]", text) else set()
        further.discard(text)
        further.update(_strings(text))
        return any(self._is_meant_in(one, depth + 1) for one in further)

    def _is_encoded_in(self, text: str) -> bool:
        if "%" not in text and "&" not in text and "\\" not in text and '"' not in text:
            return False
        return self._is_meant_in(text)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        if self.email and "@" in text:
            yield from self._addresses(text, self.email)
        if self.phone:
            yield from self._numbers(text, self.phone)

    def _addresses(self, text: str, email: str) -> Iterator[tuple[int, int]]:
        local = email.rpartition("@")[0]
        done = 0
        for found in re.finditer("@", text):
            at = found.start()
            domain = _DOMAIN.match(text, at + 1)
            if domain is None:
                continue
            end = _end_of_domain(text, at, domain.end(), email)
            start = _start_of(text, max(at - _LOCAL_MAX, done), at, local)
            if end and start is not None:
                yield start, end
                done = end

    def _numbers(self, text: str, phone: str) -> Iterator[tuple[int, int]]:
        plain = _plain_digits(text)
        code = country_code_of(phone)
        own = phone.removeprefix("+")[len(code) :]
        for found in _NUMBER.finditer(plain):
            if _DATE.fullmatch(found[0]):
                continue
            places = [found.start() + n for n, c in enumerate(found[0]) if c.isdigit()]
            digits = "".join(plain[place] for place in places)
            is_abroad = digits.startswith("00") or plain[found.start() - 1 : found.start()] == "+"
            at_home = len(own) >= HOME_LEAST and not is_abroad
            number = digits.find(own)
            while number >= 0:
                last = places[number + len(own) - 1]
                start = _start_of_number(plain, places, digits[:number], code, at_home=at_home)
                if start is not None and not _goes_on(plain, last) and self._has_my_extension(plain, last + 1):
                    yield start, last + 1
                    break
                number = digits.find(own, number + 1)

    def _has_my_extension(self, plain: str, end: int) -> bool:
        written = _EXTENSION.match(plain, end)
        return (written[1] if written else None) == self.extension


def _start_of_number(plain: str, places: list[int], before: str, code: str, *, at_home: bool) -> int | None:
    """Where the number begins that has these digits before its own; None where they make it another one."""
    for prefix in _dialled(code, at_home=at_home):
        start = places[len(before) - len(prefix)] if before.endswith(prefix) else 0
        if before.endswith(prefix) and not (start and (plain[start - 1].isalnum() or plain[start - 1] == "_")):
            return start - 1 if plain[start - 1 : start] == "+" else start
    return None


@cache
def _dialled(code: str, *, at_home: bool) -> Sequence[str]:
    """What may be dialled before a number of this country, the longest first."""
    dialled = [out + code + trunk for out in _DIALLED_OUT for trunk in _TRUNK] + (list(_TRUNK) if at_home else [])
    return sorted(dialled, key=len, reverse=True)


def _goes_on(plain: str, last: int) -> bool:
    """True where the digit is followed by what makes it part of something longer."""
    return plain[last + 1 : last + 2].isalnum() and not _EXTENSION.match(plain, last + 1)


def _plain_digits(text: str) -> str:
    """The text with the digits and plus signs of every script as ASCII has them; as long as before."""
    if text.isascii():
        return text
    return "".join(map(_plain_digit, text))


def _plain_digit(char: str) -> str:
    if char in "＋﹢":
        return "+"
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _end_of_domain(text: str, at: int, end: int, email: str) -> int | None:
    """Where the address ends whose @ this is; None where its domain is another one."""
    local, _, domain = email.rpartition("@")
    while end > at + 1:
        # A sentence may end behind an address.
        if text[end - 1] != "." and fold_email(f"{local}@{text[at + 1 : end]}").rpartition("@")[2] == domain:
            return end
        if text[end - 1].isalnum():
            return None
        end -= 1
    return None


def _start_of(text: str, least: int, at: int, local: str) -> int | None:
    """Where the local part begins that ends at this @; None where it is another one."""
    for start in range(at - 1, least - 1, -1):
        folded = unicodedata.normalize("NFC", visible(text[start:at]).lower())
        if folded == local and (start == least or not _is_local(text[start - 1])):
            return start
        if len(folded) > 2 * len(local) + 8:
            return None
    return None


def _is_local(char: str) -> bool:
    """True of what would belong to the local part before it."""
    return _NOT_IN_ADDRESS.match(char) is None and char not in "*`~^!#$%"


def _readings(content: bytes) -> Iterator[str]:
    """What the bytes may say: UTF-8, or UTF-16, or an old single-byte encoding."""
    try:
        yield content.decode()
    except UnicodeDecodeError:
        yield content.decode("latin-1")
        yield content.decode("cp1252", "replace")
    if b"\x00" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
            yield content.decode(encoding, "replace")


def _strings(text: str) -> Iterator[str]:
    """The texts of a JSON document, its names too; nothing of what is none."""
    if text.lstrip()[:1] not in ("{", "[", '"'):
        if "\\u" in text:
            yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
        return
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, int) and not isinstance(one, bool):
            yield str(one)
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]


def rewritten(value: T, change: Callable[[str], str], *, but: frozenset[str] = NAMES) -> T:
    """The value with each of its texts changed: of a record's fields, of lists and mappings, however deep.

    Enumerations stay, and so does what stands under a name of `but`.
    """
    return cast("T", _rewritten(value, change, but))


def _rewritten(value: Any, change: Callable[[str], str], but: frozenset[str]) -> Any:
    kind: Any = type(value)
    if kind is str:
        return change(value)
    if kind is tuple:
        return tuple(_rewritten(one, change, but) for one in value)
    if kind is list:
        return [_rewritten(one, change, but) for one in value]
    if kind is dict:
        return {change(name): one if name in but else _rewritten(one, change, but) for name, one in value.items()}
    found = {}
    for name in _fields_of(kind):
        old = getattr(value, name)
        if name not in but and (new := _rewritten(old, change, but)) != old:
            found[name] = new
    return replace(value, **found) if found else value


@cache
def _fields_of(kind: Any) -> tuple[str, ...]:
    """The fields of a record; none of anything else."""
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
