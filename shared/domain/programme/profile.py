"""A partner's business profile: its public listing, with locations and their lead contacts (R2)."""

from dataclasses import dataclass
from enum import StrEnum


class CompanySize(StrEnum):
    """Employees of a customer."""

    SOLE = "1-9"
    SMALL = "10-50"
    MEDIUM = "51-250"
    LARGE = "251-1000"
    LARGER = "1001-5000"
    LARGEST = "5001+"


LOCATIONS_MAX, CONTACTS_MAX, KEYWORDS_MAX = 100, 20, 100
PROFILE_CHARACTERS_MAX = 200_000
"""Of ASCII JSON: a profile is one row."""


@dataclass(frozen=True)
class Contact:
    """A person who is told about leads (N1); `language` is one of N4's, None = unknown."""

    name: str
    email: str | None = None
    phone: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Location:
    """One place of a partner; `country` is ISO 3166 alpha-2."""

    name: str
    country: str
    address: str | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Profile:
    """What a partner publishes about itself; what it may not say itself stands in its registration (M1)."""

    name: str
    published: bool = False
    description: str | None = None
    keywords: tuple[str, ...] = ()
    company_sizes: tuple[CompanySize, ...] = ()
    locations: tuple[Location, ...] = ()
