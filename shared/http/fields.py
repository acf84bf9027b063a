"""The fields of requests: one model a body, in camelCase, refusing what it does not know (S3)."""

import re
import zoneinfo
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from shared.domain.countries import country_code
from shared.domain.currencies import CODES as CURRENCIES
from shared.domain.lead import NAME_MAX, NOTES_MAX, PHONE_MAX
from shared.domain.text import flaw


def _one_line(text: str) -> str:
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
    try:
        return validate_email(text, check_deliverability=False, strict=True).normalized
    except EmailNotValidError as problem:
        raise ValueError("This is no valid e-mail address.") from problem


def _redirect_url(text: str) -> str:
    # Where a browser is sent is the operator's to say; still, nothing but a web page of some host.
    try:
        parts = urlsplit(text)
        plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        plain = False
    if not plain or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("The URL must be absolute and begin with https:// or http://.")
    return text


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MAX), AfterValidator(_one_line)
]
Phone = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=PHONE_MAX), AfterValidator(_one_line)
]
Notes = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTES_MAX), AfterValidator(_lines)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]
Currency = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(_currency)]
Day = Annotated[date, BeforeValidator(_day)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
TenantId = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9.-]{1,64}$")]
MailAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=320), AfterValidator(_mail_address)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Country = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MAX), AfterValidator(_country)]
TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{2,62}$")]
RedirectUrl = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_redirect_url)]
Flag = Annotated[bool, Field(strict=True)]
"""In JSON there is true and false; in a query everything is text."""
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(_one_line)]


class Incoming(BaseModel):
    """Base of every body and query."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True)


class Nothing(Incoming):
    """A query without names of ours, or no body: whatever is sent is ignored."""

    model_config = ConfigDict(extra="ignore")
