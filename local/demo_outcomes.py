"""Leads of some of the demo's other partners and what became of them, so that partners do differently (M2)."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared import clock

Call = Callable[..., Awaitable[Any]]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST, LAST = 80 * DAY, 10 * DAY
"""How long ago a partner's first lead came, and its last; those that nobody answers come first, and are over by now."""
CUSTOMERS = (
    *("Alpine Ski House", "Bellows College", "Best For You Organics", "City Power and Light", "Coho Winery"),
    *("Fourth Coffee", "Graphic Design Institute", "Lucerne Publishing", "Margie's Travel", "Munson's Pickles"),
    *("Relecloud", "School of Fine Art", "Southridge Video", "Trey Research", "VanArsdel", "Wide World Importers"),
    *("Woodgrove Bank",),
)


@dataclass(frozen=True)
class Did:
    """What a partner did with so many leads each, and after how long."""

    after: timedelta
    won: int = 0
    lost: int = 0
    accepted: int = 0
    declined: int = 0
    ignored: int = 0

    def leads(self) -> Iterator[str]:
        """What became of each, one kind after the other."""
        for what in ("ignored", "won", "lost", "declined", "accepted"):
            yield from [what] * getattr(self, what)


PARTNERS = {
    "fabrikam": Did(5 * HOUR, won=5, lost=12, accepted=4, declined=3),
    "northwind": Did(60 * HOUR, lost=3, accepted=4, declined=17, ignored=5),
    "tailspin": Did(20 * HOUR, won=1, lost=2, accepted=2),
    "proseware": Did(28 * HOUR, won=3, lost=9, accepted=8, declined=3),
    "adventure": Did(90 * HOUR, lost=14, accepted=6, declined=4, ignored=3),
    "litware": Did(12 * HOUR, won=2, lost=6, accepted=7, declined=2),
}
"""Together more than the demo's own partner has: nothing is learned of kinds of which one has most (V3)."""


async def fill(call: Call) -> None:
    """Send every lead at its time, do what was done about it, and put the clock back."""
    kept = clock.offset
    try:
        for partner, did in PARTNERS.items():
            clock.offset = kept
            source = await call("POST", f"/partners/{partner}/sources", {"name": "Marketplace"})
            ends = list(did.leads())
            for number, what in enumerate(ends):
                clock.offset = kept - FIRST + number * (FIRST - LAST) / len(ends)
                person = {"Company": CUSTOMERS[number % len(CUSTOMERS)], "Email": f"info@customer{number}.example"}
                body = {"UserDetails": person, "LeadSource": "AppSource (SPZA)", "ActionCode": "PLT"}
                made = await call("POST", f"/intake/{source['id']}?key={source['key']}", body, as_=None)
                await _answer(call, partner, f"/partners/{partner}/leads/{made['id']}", what, did.after)
    finally:
        clock.offset = kept


async def _answer(call: Call, partner: str, lead: str, what: str, after: timedelta) -> None:
    if what == "ignored":
        return
    clock.offset += after
    if what == "declined":
        await call("POST", f"{lead}/decline", {"reason": "noCapacity"}, as_="ann", tenant=partner)
        return
    due = (clock.now() + 120 * DAY).date().isoformat()
    deal = {"name": "Rollout", "value": {"amount": "8000.00", "currency": "EUR"}, "purchaseDate": due}
    await call("POST", f"{lead}/accept", deal, as_="ann", tenant=partner)
    if what in ("won", "lost"):
        clock.offset += 2 * DAY
        end = ("win", {}) if what == "won" else ("lose", {"reason": "budget"})
        await call("POST", f"{lead}/{end[0]}", end[1], as_="ann", tenant=partner)
