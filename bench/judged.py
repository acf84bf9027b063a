"""Profiles, and searches with what each should find: by how much is written by hand, before anything was ranked.

A grade is 3 where a profile is just what is looked for, 2 where it serves it well, 1 where it touches it; all others
are 0. Searches are written as people write them: single words, several, sentences, parts of words, other forms of a
word, other languages, with and without accents.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from shared.domain.programme.directory import Entry, Place


class Judged(NamedTuple):
    """A search and the grades of what it should find, by the number of the profile."""

    text: str
    grades: dict[int, int]


def _entry(row: Mapping[str, str]) -> Entry:
    return Entry(
        f"p{row['number']}",
        row["name"],
        row["description"],
        _parts(row["keywords"]),
        places=(Place("Office", row["country"]),),
        competencies=_parts(row["competencies"]),
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _read() -> Iterator[Entry]:
    with Path(__file__).with_name("judged_profiles.csv").open(encoding="utf-8", newline="") as file:
        yield from map(_entry, csv.DictReader(file))


PROFILES = tuple(_read())
"""In the order of their numbers."""

QUERIES = (
    Judged("crm", {0: 3, 18: 1, 42: 1, 8: 1, 2: 1}),
    Judged("payroll", {1: 3}),
    Judged("erp manufacturing", {3: 3, 26: 2, 30: 2, 35: 2, 15: 1, 43: 1}),
    Judged("erp for food producers", {26: 3, 15: 2, 28: 1, 47: 1}),
    Judged("point of sale for restaurants", {10: 3, 2: 1, 36: 2, 33: 1}),
    Judged("hotel booking", {11: 3, 10: 2, 33: 2}),
    Judged("warehouse", {4: 3, 8: 1, 31: 1}),
    Judged("we need software to plan our field technicians", {20: 3, 39: 2}),
    Judged("cloud migration to azure", {6: 3, 45: 1}),
    Judged("penetration testing", {7: 3}),
    Judged("cyber security monitoring", {7: 3, 32: 1, 6: 1}),
    Judged("power bi dashboards", {8: 3}),
    Judged("accounting", {9: 3, 2: 1, 22: 1}),
    Judged("accountants", {9: 3, 22: 1, 2: 1}),
    Judged("online shop", {21: 3, 2: 2, 12: 2}),
    Judged("ecommerce", {21: 3, 12: 2}),
    Judged("email newsletters", {23: 3}),
    Judged("hospital patient records", {25: 3, 46: 1}),
    Judged("school administration", {27: 3}),
    Judged("insurance claims", {17: 3}),
    Judged("smart meters", {14: 3}),
    Judged("maintenance of machines with sensors", {20: 3, 39: 3, 35: 1, 13: 1, 48: 1}),
    Judged("royalties", {22: 3}),
    Judged("call centre with crm integration", {18: 3, 42: 2, 0: 1}),
    Judged("logist", {4: 3, 31: 2}),
    Judged("Buchhaltung", {29: 3}),
    Judged("lohnabrechnung handwerk", {29: 3}),
    Judged("erp maschinenbau", {30: 3, 35: 1, 3: 1}),
    Judged("Wir suchen eine Software für die Lagerverwaltung", {31: 3}),
    Judged("datenschutzbeauftragter", {32: 3}),
    Judged("fatturazione elettronica", {34: 3}),
    Judged("contabilita piccole imprese", {34: 3}),
    Judged("cassa per ristorante", {36: 3}),
    Judged("loner och scheman", {37: 3}),
    Judged("bokforing", {38: 3}),
    Judged("faltservice", {39: 3, 20: 1}),
    Judged("konyveles", {41: 3}),
    Judged("webaruhaz fizetes", {40: 3}),
    Judged("folha de pagamento", {44: 3}),
    Judged("ERP agronegocio fazendas", {43: 3, 15: 1}),
    Judged("contoso", {0: 3, 32: 3, 38: 3}),
    Judged("crm sverige", {0: 3}),
    Judged("backup for microsoft 365", {45: 3, 6: 1}),
    Judged("shift planning in nursing homes", {46: 3, 37: 1}),
    Judged("a program for builders to control costs of their projects", {49: 3}),
)
