"""Partners for the demo's directory: who they are, what they publish, and what the operator says of them (M1)."""

from collections.abc import Awaitable, Callable
from typing import Any

Call = Callable[..., Awaitable[Any]]
SIZES = ("1-9", "10-50", "51-250", "251-1000", "1001-5000", "5001+")


def _partner(
    name: str,
    description: str,
    keywords: str,
    places: str,
    sizes: tuple[str, ...],
    competencies: tuple[str, ...] = (),
    endorsements: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A partner; `places` are pairs of a name and a country, with the language that is spoken there."""
    partner_id = name.split(maxsplit=1)[0].lower()
    locations = [
        {
            "name": place,
            "country": country,
            "contacts": [{"name": "Sales", "email": f"sales@{partner_id}.example", "language": language}],
        }
        for place, country, language in (one.split(":") for one in places.split(", "))
    ]
    profile = {
        "name": name,
        "published": True,
        "description": description,
        "keywords": keywords.split(", "),
        "companySizes": list(sizes),
        "locations": locations,
    }
    return {
        "id": partner_id,
        "registration": {
            "name": name,
            "tenantIds": [partner_id],
            "competencies": list(competencies),
            "endorsements": list(endorsements),
        },
        "profile": profile,
    }


PARTNERS = (
    _partner(
        "Fabrikam Payroll",
        "Payroll and time recording for companies of 10 to 250 people, with reports for the tax office.",
        "payroll, hr, time recording",
        "London:GB:en, Dublin:IE:en",
        SIZES[1:3],
        ("Payroll",),
    ),
    _partner(
        "Northwind Retail Systems",
        "Tills, stock and online shops in one system for retailers with several stores.",
        "point of sale, retail, stock, online shop",
        "Berlin:DE:de, Wien:AT:de",
        SIZES[:4],
        ("Retail",),
        ("Partner of the year 2026",),
    ),
    _partner(
        "Tailspin Logistik",
        "Lagerverwaltung, Versand und Tourenplanung für Händler und Speditionen, mit Scannern und Paketdiensten.",
        "logistik, lager, versand",
        "Hamburg:DE:de",
        SIZES[1:5],
        ("Supply chain",),
    ),
    _partner(
        "Adventure Works Manufacturing",
        "ERP for discrete manufacturing: bills of materials, production planning, data from machines.",
        "erp, production planning, quality",
        "Chicago:US:en, Göteborg:SE:sv",
        SIZES[2:],
        ("ERP", "Manufacturing"),
    ),
    _partner(
        "Proseware Security",
        "Penetration tests, monitoring around the clock and help after incidents for mid-sized companies.",
        "security, monitoring, data protection",
        "Zürich:CH:de, Milano:IT:it",
        SIZES[2:5],
        ("Security",),
        ("Audited in 2026",),
    ),
    _partner(
        "Litware Contabilità",
        "Contabilità, fatturazione elettronica e gestionale per piccole imprese e studi.",
        "contabilità, fatturazione elettronica, gestionale",
        "Torino:IT:it",
        SIZES[:2],
        ("Accounting",),
    ),
    _partner(
        "Wingtip Webáruház",
        "Webáruház fizetéssel és szállítással, kapcsolat a számlázással. Online shops with payment and delivery.",
        "webáruház, online shop, e-commerce",
        "Budapest:HU:hu",
        SIZES[:3],
    ),
    _partner(
        "Coho Agro",
        "ERP para o agronegócio: safra, estoque, máquinas e notas fiscais.",
        "erp, agronegócio, fazenda",
        "Curitiba:BR:pt-BR",
        SIZES[1:4],
        ("ERP",),
    ),
)


async def fill(call: Call, partner: str) -> dict[str, Any]:
    """Register all of them, say what the operator confirms of the demo's own, and open a directory; that one."""
    said = {"competencies": ["CRM", "ERP"], "endorsements": ["Ten years in the programme"]}
    await call("PATCH", f"/partners/{partner}", said)
    for one in PARTNERS:
        await call("PUT", f"/partners/{one['id']}", one["registration"])
        await call("PUT", f"/partners/{one['id']}/profile", one["profile"], as_="ann", tenant=one["id"])
    made: dict[str, Any] = await call("POST", "/sources", {"name": "Directory", "kind": "directory"})
    return made
