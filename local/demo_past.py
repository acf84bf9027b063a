"""The half year before the demo's leads (`local/demo_leads.py`): enough of them, and answered as people do, for rates.

Made of cycles of lengths that have no divisor in common, so that it is always the same and looks like chance.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from local.demo_leads import DAY, HOUR, OFFERS, DemoLead

COUNT = 48
FIRST, LAST = 178, 17
"""Days ago; they come more often as time goes on."""
COMPANIES = (
    ("Fourth Coffee", "Brazil", "+55 11 3456 7"),
    ("Proseware", "Sweden", "+46 8 123 45"),
    ("Litware", "Switzerland", "+41 44 668 1"),
    ("VanArsdel", "Hungary", "+36 1 234 5"),
    ("Trey Research", "United Kingdom", "+44 20 7946 0"),
    ("Woodgrove Bank", "United States", "+1 202 555 0"),
    ("Adatum Corporation", "Germany", "+49 30 23125 "),
    ("Wide World Importers", "Sweden", "+46 8 123 46"),
    ("Wingtip Toys", "Germany", "+49 30 23126 "),
    ("Coho Vineyard", "Italy", "+39 06 6988 5"),
    ("Relecloud", "United States", "+1 202 556 0"),
)
PEOPLE = (
    *(("Kim", "Abercrombie"), ("Jossef", "Goldberg"), ("Maria", "Campbell"), ("Roland", "Winkler")),
    *(("Katie", "Jordan"), ("Pia", "Westermann"), ("Anna", "Lidman"), ("Sara", "Davis"), ("Erik", "Andersen")),
    *(("Luca", "Udinesi"), ("Hazem", "Abolrous"), ("Brian", "Johnson"), ("Lori", "Penor")),
)
NEEDS = (
    "Price and dates for %d seats.",
    "Offers for %d shops in one place.",
    "A pilot with %d people first.",
    "Move %d users off spreadsheets.",
    "Reports for %d branches.",
)
HOURS = (2, 6, 20, 3, 30, 9, 52, 5, 80, 14, 1, 26, 4, 130, 18, 7, 40)
"""To the answers, most within a day."""
BUSY_FROM, BUSY_HOURS = 21, (20, 90, 6, 120, 75, 100, 160, 98, 11, 84, 140, 78, 200)
"""From this lead on, about three months ago, everybody is busy, and most answers take days."""
AMOUNTS = ("12500.00", "48000.00", "7200.00", "31000.00", "18400.00", "96000.00", "5400.00")
LOSSES = ("otherVendor", "timeline", "otherVendor", "budget", "needNotMet")
REFUSALS = ("noCapacity", "wrongSize", "notACustomer", "wrongRegion", "budget", "noCapacity", "abuse")
ENDS = "WLDWEDLWDEOWLDWDEWLI"
"""Won, lost, declined, expired, open, for information alone; won ones have become more."""
Then = tuple[tuple[str, Mapping[str, Any]], ...]


def _then(number: int, company: str) -> Then:
    hours = BUSY_HOURS if number >= BUSY_FROM else HOURS
    after, end = {"after": hours[number % len(hours)] * HOUR}, ENDS[number % len(ENDS)]
    if end in "EI":
        return ()
    if end == "D":
        return (("decline", {"reason": REFUSALS[number % len(REFUSALS)], **after}),)
    value = {"amount": AMOUNTS[number % len(AMOUNTS)], "currency": "SEK" if number % 9 == 4 else "EUR"}
    deal = {"name": f"{company} – {number % 3 + 1}", "value": value, "days": 20 + number % 40, **after}
    if end == "O":
        # Five weeks after it came; nobody has said what became of the older ones.
        return (("accept", {**deal, "days": 35 - round(_days_ago(number))}),)
    ended = {"after": (12 + number % 23) * DAY}
    if end == "W":
        return ("accept", deal), ("win", ended)
    return ("accept", deal), ("lose", {"reason": LOSSES[number % len(LOSSES)], **ended})


def _days_ago(number: int) -> float:
    return LAST + (FIRST - LAST) * math.pow(1 - number / (COUNT - 1), 1.4)


def _lead(number: int) -> DemoLead:
    company, country, phone = COMPANIES[number % len(COMPANIES)]
    first, last = PEOPLE[number % len(PEOPLE)]
    return DemoLead(
        timedelta(days=_days_ago(number)),
        company,
        first,
        last,
        country,
        f"{phone}{number + 100}",
        NEEDS[number % len(NEEDS)] % (10 + number),
        OFFERS[number * number % len(OFFERS)],
        code="INS" if ENDS[number % len(ENDS)] == "I" else "PLT",
        source="AzureMarketplace" if number % 7 in (2, 5) else "AppSource (SPZA)",
        then=_then(number, company),
    )


PAST = tuple(map(_lead, range(COUNT)))
"""Oldest first."""
