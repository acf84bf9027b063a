"""The fields of requests: one model a body, in camelCase, refusing what it does not know (S3)."""

import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from shared.domain.countries import country_code
from shared.domain.currencies import CODES as CURRENCIES
from shared.domain.feedback import TEXT_MAX as REMARK_MAX
from shared.domain.lead import NAME_MAX, NOTES_MAX, PHONE_MAX
from shared.domain.text import flaw, trimmed, visible
from shared.domain.urls import has_dot_segments
from shared.http.problems import FAULTS_MAX


def _seen(value: object) -> object:
    """A text without what cannot be seen at its ends."""
    return trimmed(value) if isinstance(value, str) else value


def _visible(value: object) -> object:
    """A text without what cannot be seen: it is compared with others."""
    return trimmed(visible(value)) if isinstance(value, str) else value


def _text_of(value: object) -> object:
    """A number as the text it is: other systems' ids are often numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _amount(value: object) -> object:
    """Digits as everybody reads them: no exponent, no sign, no digits of other scripts."""
    written = value if isinstance(value, str) else str(value) if _is_number(value) else None
    if written is None or not re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,4})?", trimmed(written)):
        raise ValueError("The amount must be written in digits, such as 12000.00.")
    return trimmed(written)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _phone_number(text: str) -> str:
    if len(re.findall(r"[0-9]", text)) < 3 or not re.fullmatch(r"(?:[0-9+()./ #*,;-]|ext|x)+", text, re.IGNORECASE):
        raise ValueError("This is no telephone number.")
    return text


def one_line(text: str) -> str:
    """The text; raises ValueError where it holds line breaks or what cannot be stored."""
    if problem := flaw(text):
        raise ValueError(problem)
    return text


def _lines(text: str) -> str:
    if problem := flaw(text, lines=True):
        raise ValueError(problem)
    return text


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        raise ValueError("The currency must be an ISO 4217 code such as EUR.")
    return text


@cache
def _known_time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _time_zone(text: str) -> str:
    # A file name from outside never reaches the file system: only known names are looked up.
    if text not in _known_time_zones():
        raise ValueError("The time zone must be an IANA name such as Europe/Stockholm.")
    return text


def _day(value: object) -> object:
    # pydantic would take a number for a Unix time and a date with a time for a date.
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("The date must be written as 2027-01-31.")
    return value


def unique(values: list[Any]) -> list[Any]:
    """Each value once, in the order given."""
    return list(dict.fromkeys(values))


def _country(text: str) -> str:
    code = country_code(text)
    if code is None:
        raise ValueError("The country must be an ISO 3166 code such as SE.")
    return code


def _mail_address(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - 20 ms, at the first address

    try:
        return validate_email(text, check_deliverability=False, strict=True).normalized
    except EmailNotValidError as problem:
        raise ValueError("This is no valid e-mail address.") from problem


def _table_name(text: str) -> str:
    # `tables` is the service's own word; the others are tables that the platform keeps.
    if text.casefold() == "tables" or text.casefold().startswith(("azurewebjobs", "azurefunctions")):
        raise ValueError("This name is reserved.")
    return text


def _redirect_url(text: str) -> str:
    # Where a browser is sent is the operator's to say; still, nothing but a web page of some host.
    try:
        parts = urlsplit(text)
        plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        plain = False
    if not plain or not text.isascii() or not text.isprintable() or " " in text or has_dot_segments(text):
        raise ValueError("The URL must be absolute and begin with https:// or http://.")
    return text


Seen = BeforeValidator(_seen)
Visible = BeforeValidator(_visible)
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MAX), Seen, AfterValidator(one_line)
]
Title = Annotated[Text, Visible]
"""A text that others are compared with."""
Code = Annotated[Text, Visible, BeforeValidator(_text_of)]
"""Another system's id, which may be a number there."""
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=PHONE_MAX),
    Visible,
    AfterValidator(one_line),
]
PhoneNumber = Annotated[Phone, AfterValidator(_phone_number)]
Notes = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTES_MAX), Seen, AfterValidator(_lines)]
Remark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=REMARK_MAX), Seen, AfterValidator(_lines)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4), BeforeValidator(_amount)]
Currency = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(_currency)]
Day = Annotated[date, BeforeValidator(_day)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
TenantId = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9.-]{1,64}$")]
PublisherId = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
]
"""The part of an offer's id before its first dot."""
MailAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=320), Visible, AfterValidator(_mail_address)
]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Country = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MAX), AfterValidator(_country)]
TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{2,62}$"), AfterValidator(_table_name)]
RedirectUrl = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_redirect_url)]
Flag = Annotated[bool, Field(strict=True)]
"""In JSON there is true and false; in a query everything is text."""
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(one_line)]


UNKNOWN_MAX = FAULTS_MAX + 1
"""Names that are not ours of which faults are made, which cost: one more than are told."""


class Incoming(BaseModel):
    """Base of every body and query."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True)
    null_removes: ClassVar[bool] = False
    """True for a merge patch (RFC 7396); in any other body a null for what may be missing is as good as nothing."""

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, data: Any) -> Any:
        """A blank where nothing may stand is nothing; of the names that are not ours, the first hundred are refused."""
        if not isinstance(data, dict):
            return data
        known = _fields(cls)
        meant: dict[Any, Any] = {}
        unknown = 0
        for name, value in data.items():
            field = known.get(name)
            if field is None:
                unknown += 1
                if unknown <= UNKNOWN_MAX:
                    meant[name] = value
                continue
            told = None if field.may_be_null and isinstance(value, str) and not trimmed(value) else value
            if told is None and field.may_be_missing and not cls.null_removes:
                continue
            meant[name] = _spelled(told, field.words) if field.words else told
        return meant


@dataclass(frozen=True)
class _Known:
    """What is known of a field before it is read; `words` are those of an enumeration by how they are compared."""

    may_be_null: bool
    may_be_missing: bool
    words: Mapping[str, str]


@cache
def _fields(model: type[BaseModel]) -> Mapping[str, _Known]:
    """A model's fields by the names that callers use."""
    return {
        field.alias or name: _Known(
            NoneType in get_args(field.annotation),
            not field.is_required(),
            {word.casefold(): word for word in _words((field.annotation, *field.metadata))},
        )
        for name, field in model.model_fields.items()
    }


def _words(kinds: Iterable[Any]) -> Iterator[str]:
    """The values of the enumerations that an annotation is made of."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            yield from map(str, kind)
        elif isinstance(kind, WithJsonSchema):
            yield from (kind.json_schema or {}).get("enum", ())
        elif get_origin(kind) is Literal:
            yield from (word for word in get_args(kind) if isinstance(word, str))
        elif get_origin(kind) is Annotated:
            yield from _words((kind.__origin__, *kind.__metadata__))
        else:
            yield from _words(get_args(kind))


def _spelled(value: Any, words: Mapping[str, str]) -> Any:
    """A word of an enumeration as it is documented: generated clients write `AppSource` for `appSource`."""
    if isinstance(value, list):
        return [_spelled(one, words) for one in value]
    return words.get(value.strip().casefold(), value) if isinstance(value, str) else value


class Nothing(Incoming):
    """A query without names of ours, or no body: whatever is sent is ignored."""

    model_config = ConfigDict(extra="ignore")
