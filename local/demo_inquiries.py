"""Inquiries that searches brought to the demo partner's profile: what was looked for, at which location, of what size.

Its keyword `warehouse` brings companies that are too large for it, and most of them are declined (M6).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from local.demo_leads import DAY, HOUR, DemoLead

COUNT = 26
FIRST, LAST = 150, 6
"""Days ago."""
CUSTOMERS = (
    *(("A. Datum", "Sweden", "+46 8 123 47", "Headquarters"), ("Bellows", "Germany", "+49 30 23127 ", "Berlin")),
    *(
        ("Lucerne Print", "Italy", "+39 02 1234 5", "Milano"),
        ("Tailspin Parts", "United Kingdom", "+44 20 7946 0", "London"),
    ),
    *(("Nod", "Germany", "+49 30 23128 ", "Berlin"), ("Southridge", "Sweden", "+46 8 123 48", "Headquarters")),
    ("Alpine Gear", "Italy", "+39 02 1235 5", "Milano"),
)
"""Company, country, the beginning of a telephone number, and the location that was asked."""
PEOPLE = (
    *(("Lena", "Ek"), ("Marta", "Rossi"), ("Oskar", "Brandt"), ("Julia", "Kern"), ("Ewan", "Hill")),
    *(("Nils", "Dahl"), ("Chiara", "Conti"), ("Tom", "Lloyd"), ("Eva", "Lang"), ("Per", "Holm"), ("Ida", "Voss")),
)
OTHERS = (
    ("crm", "Sales and service should see the same customer.", "10-50"),
    ("field service", "Routes and spare parts for %d technicians.", "51-250"),
    ("erp", "Purchasing and invoices for %d people.", "51-250"),
)
STOCK = "Stock in %d aisles, with scanners."
STOCK_ENDS = (*("wrongSize", "noCapacity", "won", "wrongSize", "needNotMet", "expired", "wrongSize"),)
OTHER_ENDS = ("won", "noCapacity", "lost", "expired", "won", "accepted", "budget")
"""Reasons are those of declines."""
HOURS = (96, 30, 120, 80, 8, 150, 76, 44, 104)
SAID = {
    "wrongSize": (2, "A company of this size needs a warehouse system of its own; we have said so before."),
    "won": (5, "Knew our work from the directory."),
}
Then = tuple[tuple[str, Mapping[str, Any]], ...]


def _then(number: int, company: str) -> Then:
    ends, turn = (OTHER_ENDS, number // 2) if number % 2 else (STOCK_ENDS, number // 2)
    end, after = ends[turn % len(ends)], {"after": HOURS[number % len(HOURS)] * HOUR}
    said = (("feedback", dict(zip(("rating", "text"), SAID[end], strict=True))),) if end in SAID and turn % 3 else ()
    if end == "expired":
        return ()
    if end not in ("won", "lost", "accepted"):
        return (("decline", {"reason": end, **after}), *said)
    value = {"amount": f"{6 + number % 5 * 4}500.00", "currency": "EUR"}
    accepted = ("accept", {"name": f"{company} – {number}", "value": value, "days": 30, **after})
    if end == "accepted":
        return (accepted,)
    closed = {"after": (9 + number % 13) * DAY}
    return (
        (accepted, ("win", closed), *said) if end == "won" else (accepted, ("lose", {"reason": "timeline", **closed}))
    )


def _lead(number: int) -> DemoLead:
    company, country, phone, location = CUSTOMERS[number % len(CUSTOMERS)]
    first, last = PEOPLE[number % len(PEOPLE)]
    searched, need, size = OTHERS[number % len(OTHERS)] if number % 2 else ("warehouse", STOCK, "251-1000")
    return DemoLead(
        timedelta(days=FIRST - (FIRST - LAST) * number / (COUNT - 1)),
        company,
        first,
        last,
        country,
        f"{phone}{number + 200}",
        need % (12 + number) if "%" in need else need,
        then=_then(number, company),
        searched=searched,
        location=location,
        size=size,
    )


INQUIRIES = tuple(map(_lead, range(COUNT)))
"""Oldest first."""
