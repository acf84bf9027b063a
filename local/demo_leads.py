"""Fills an empty programme with leads in every state, as a few weeks of work leave them; all through the interface.

Companies are those that Microsoft's own samples are about; addresses end in `.example`, and nobody has these numbers.
The app's clock is set back for it and comes forward from lead to lead, so that what time does has been done.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import clock

Call = Callable[..., Awaitable[Any]]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OFFERS = ("Contoso CRM", "Contoso ERP", "Contoso Field Service")


@dataclass(frozen=True)
class DemoLead:
    """One lead: how long ago it came, who sent it, and what was done about it.

    `then` are actions in order; an `after` among what they are given is how long they came after what was before.
    Who `searched` found the profile by these words, and wrote to one of its locations.
    """

    ago: timedelta
    company: str
    first: str
    last: str
    country: str
    phone: str
    need: str
    offer: str = OFFERS[0]
    code: str = "PLT"
    source: str = "AppSource (SPZA)"
    title: str = ""
    email: str | None = None
    then: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    hearted: bool = False
    qualified: str | None = None
    searched: str = ""
    location: str = ""
    size: str = ""

    @property
    def address(self) -> str:
        """The person's address."""
        domain = "".join(letter for letter in self.company.lower() if letter.isalnum())
        return self.email or f"{self.first}.{self.last}@{domain}.example".lower().replace(" ", "")


def _deal(name: str, amount: str, currency: str = "EUR", days: int = 60) -> tuple[str, Mapping[str, Any]]:
    value = {"amount": amount, "currency": currency}
    return "accept", {"name": name, "value": value, "days": days}


def _called(text: str) -> tuple[str, Mapping[str, Any]]:
    return "activities", {"kind": "call", "text": text}


def _said(rating: int, text: str | None = None) -> tuple[str, Mapping[str, Any]]:
    """What the programme's operator is told of the lead (M8)."""
    return "feedback", {"rating": rating, **({"text": text} if text else {})}


def _declined(reason: str, notes: str | None = None) -> tuple[str, Mapping[str, Any]]:
    return "decline", {"reason": reason, **({"notes": notes} if notes else {})}


LEADS = (
    DemoLead(
        52 * DAY,
        "Alpine Ski House",
        "Kim",
        "Abercrombie",
        "Switzerland",
        "+41 44 668 18 00",
        "Season passes and ticket desks in one system.",
        then=(
            _called("Talked for ten minutes, wants a demo."),
            _deal("Alpine Ski House – CRM", "48000.00", "CHF", 30),
            ("win", {"value": {"amount": "45500.00", "currency": "CHF"}}),
            _said(5, "Knew what they wanted and had a budget."),
        ),
    ),
    DemoLead(
        49 * DAY,
        "Coho Vineyard",
        "Jossef",
        "Goldberg",
        "Italy",
        "+39 06 6988 5800",
        "Club members, tastings, newsletters.",
        then=(
            _deal("Coho Vineyard – CRM", "9500.00"),
            ("lose", {"reason": "otherVendor", "notes": "Went with what their sister company has."}),
            _said(3, "Asked several partners at once; a call on the first day would have helped."),
        ),
    ),
    DemoLead(
        45 * DAY,
        "Trey Research",
        "Maria",
        "Campbell",
        "United Kingdom",
        "+44 20 7946 0101",
        "Grant applications need a pipeline.",
        OFFERS[1],
        then=(
            _deal("Trey Research – ERP", "120000.00", "GBP", 45),
            ("win", {"notes": "Signed for three years."}),
            _said(5),
        ),
    ),
    DemoLead(
        41 * DAY,
        "Wingtip Toys",
        "Roland",
        "Winkler",
        "Germany",
        "+49 30 23125 010",
        "Dealers order by telephone and we lose track.",
        then=(_declined("noCapacity"), _said(4, "A good lead; we are full until spring.")),
    ),
    DemoLead(
        38 * DAY,
        "Humongous Insurance",
        "Katie",
        "Jordan",
        "United States",
        "+1 202 555 0143",
        "Claims handling for 2,000 agents.",
        OFFERS[1],
        then=(_declined("wrongSize"), _said(2, "Far larger than the sizes in our profile.")),
    ),
    DemoLead(
        35 * DAY,
        "Southridge Video",
        "Pia",
        "Westermann",
        "Denmark",
        "+45 32 12 34 56",
        "Just looking around.",
        code="INS",
        source="AzureMarketplace",
    ),
    DemoLead(
        33 * DAY, "Lucerne Publishing", "Anna", "Lidman", "Sweden", "+46 8 123 456 01", "Subscriptions and invoices."
    ),
    DemoLead(
        30 * DAY,
        "Margie's Travel",
        "Sara",
        "Davis",
        "Norway",
        "+47 21 98 76 54",
        "Group bookings.",
        then=(_deal("Margie's Travel – CRM", "14000.00", "NOK", 20),),
        hearted=True,
    ),
    DemoLead(
        27 * DAY,
        "Blue Yonder Airlines",
        "Erik",
        "Andersen",
        "Denmark",
        "+45 32 12 34 57",
        "Crew scheduling beside the CRM.",
        OFFERS[2],
        then=(_called("Left a message."), _called("Left a message."), _declined("noResponse")),
    ),
    DemoLead(
        24 * DAY,
        "The Phone Company",
        "Luca",
        "Udinesi",
        "Italy",
        "+39 02 1234 5678",
        "Shops want one view of a customer.",
    ),
    DemoLead(
        21 * DAY,
        "Consolidated Messenger",
        "Zoltán",
        "Kiss",
        "Hungary",
        "+36 1 234 5678",
        "Couriers with a mobile app.",
        OFFERS[2],
        then=(
            _deal("Consolidated Messenger – Field Service", "5200000", "HUF", 90),
            ("closeAsError", {"reason": "duplicateDeal"}),
        ),
    ),
    DemoLead(
        18 * DAY,
        "Bellows College",
        "Hazem",
        "Abolrous",
        "Brazil",
        "+55 11 3456 7890",
        "Applicants and alumni.",
        code="CREATE",
        source="AzureMarketplace",
    ),
    DemoLead(
        15 * DAY,
        "City Power & Light",
        "Brian",
        "Johnson",
        "United States",
        "+1 202 555 0178",
        "Field crews on paper today.",
        OFFERS[2],
        then=(_called("Meets with operations on Monday."), _deal("City Power – Field Service", "310000.00", "USD", 75)),
        hearted=True,
    ),
    DemoLead(
        13 * DAY + 12 * HOUR,
        "Adatum Corporation",
        "Lori",
        "Penor",
        "Germany",
        "+49 30 23125 011",
        "Replace a CRM from 2009.",
        OFFERS[0],
        title="Head of Sales",
    ),
    DemoLead(
        12 * DAY + 6 * HOUR,
        "Rossi S.p.A.",
        "Giulia",
        "Rossi",
        "Italy",
        "+39 02 1234 5679",
        "Offers and contracts in one place.",
        title="Managing director",
    ),
    DemoLead(
        11 * DAY,
        "Woodgrove Bank",
        "Ian",
        "Palangio",
        "United States",
        "+1 202 555 0119",
        "Branch appointments.",
        code="INS",
        source="AzurePortal",
    ),
    DemoLead(
        10 * DAY,
        "Proseware",
        "Ioannis",
        "Xylaras",
        "Sweden",
        "+46 8 123 456 02",
        "Service desk for 80 people.",
        OFFERS[2],
        then=(_deal("Proseware – Field Service", "27500.00", "SEK", 40),),
    ),
    DemoLead(
        9 * DAY,
        "Tailspin Toys",
        "Mark",
        "Hanson",
        "United Kingdom",
        "+44 20 7946 0102",
        "Looking for a partner near Leeds.",
        qualified="salesQualified",
    ),
    DemoLead(
        8 * DAY,
        "Nod Publishers",
        "Ines",
        "Pietersz",
        "Germany",
        "+49 30 23125 012",
        "Try it with the editorial team.",
        code="StartTestDrive",
    ),
    DemoLead(
        6 * DAY,
        "Litware",
        "Denis",
        "Dehenne",
        "Switzerland",
        "+41 44 668 18 01",
        "Price for 25 users?",
        then=(_called("Wants a written offer."), _said(4)),
    ),
    DemoLead(
        5 * DAY,
        "VanArsdel",
        "Pavel",
        "Valenta",
        "Hungary",
        "+36 1 234 5679",
        "Dispatching for twelve technicians.",
        OFFERS[2],
    ),
    DemoLead(
        4 * DAY,
        "Fourth Coffee",
        "Terrence",
        "Philip",
        "Brazil",
        "+55 11 3456 7891",
        "Loyalty cards in 40 shops.",
        hearted=True,
    ),
    DemoLead(
        3 * DAY,
        "Graphic Design Institute",
        "Michelle",
        "Alexander",
        "Norway",
        "+47 21 98 76 55",
        "Only reading for now.",
        code="INS",
    ),
    DemoLead(
        2 * DAY + 20 * HOUR,
        "Relecloud",
        "Suroor",
        "Fatima",
        "United States",
        "12345",
        "Call me back about reseller terms.",
        OFFERS[1],
    ),
    DemoLead(
        2 * DAY,
        "Best For You Organics",
        "Ben",
        "Smith",
        "Denmark",
        "+45 32 12 34 58",
        "Box deliveries and returns.",
        OFFERS[1],
        qualified="marketingQualified",
    ),
    DemoLead(
        1 * DAY + 6 * HOUR,
        "Wide World Importers",
        "Kalle",
        "Persson",
        "Sweden",
        "+46 8 123 456 03",
        "EDI with three suppliers.",
        OFFERS[1],
        title="IT manager",
    ),
    DemoLead(
        30 * HOUR,
        "Winning lottery",
        "Free",
        "Money",
        "United States",
        "",
        "You have won!!! Click here.",
        email="winner@mailinator.com",
    ),
    DemoLead(
        20 * HOUR,
        "Fabrikam",
        "Kim",
        "Lane",
        "United Kingdom",
        "+44 20 7946 0103",
        "Trial for the London office.",
        code="CREATE",
    ),
    DemoLead(
        9 * HOUR,
        "Munson's Pickles and Preserves Farm",
        "Dana",
        "Birkby",
        "Germany",
        "+49 30 23125 013",
        "Traceability from field to jar.",
        OFFERS[1],
    ),
    DemoLead(
        3 * HOUR,
        "School of Fine Art",
        "Yael",
        "Peled",
        "Italy",
        "+39 06 6988 5801",
        "Course registrations before September.",
        title="Registrar",
    ),
    DemoLead(
        1 * HOUR,
        "Northwind Traders",
        "Ada",
        "Berg",
        "Sweden",
        "+46 8 123 456 78",
        "We have 300 users, need a rollout before March. Please call.",
        title="CTO",
    ),
)
"""Oldest first."""


@dataclass
class Demo:
    """Who fills the programme; `call(method, path, body, as_=…)` calls the interface as one of its people."""

    partner: str
    intake: str
    directory: str
    call: Call

    async def fill(self, leads: Iterable[DemoLead]) -> None:
        """Send each lead at its time, do what was done about it, and put the clock back."""
        kept = clock.offset
        base = clock.now()
        try:
            for lead in leads:
                clock.offset = kept - lead.ago
                await self._one(lead, base)
        finally:
            clock.offset = kept

    async def _one(self, lead: DemoLead, now: datetime) -> None:
        if lead.qualified:
            body = {
                "qualification": lead.qualified,
                "customer": _customer(lead),
                "notes": lead.need,
                "contactRequested": True,
                "consent": {"share": True, "contact": True},
            }
            made = await self.call("POST", f"/partners/{self.partner}/leads", body, as_="seller")
        elif lead.searched:
            made = await self.call("POST", self.directory, _inquiry(lead, self.partner), as_=None)
        else:
            made = await self.call("POST", self.intake, _submission(lead), as_=None)
        path = f"/partners/{self.partner}/leads/{made['id']}"
        if lead.hearted:
            await self.call("PUT", f"{path}/favorite", as_="ann")
        for number, (action, given) in enumerate(lead.then):
            # Somebody works on it a day later, and then every other day; nothing was done in the future.
            said: dict[str, Any] = dict(given)
            after = said.pop("after", 2 * DAY if number else DAY)
            clock.offset = min(clock.offset + after, clock.offset + max(now - clock.now(), HOUR))
            if "days" in said:
                said["purchaseDate"] = (now + timedelta(days=said.pop("days"))).date().isoformat()
            await self.call("POST", f"{path}/{action}", said, as_="ann" if number % 2 == 0 else "bob")


def _customer(lead: DemoLead) -> dict[str, Any]:
    return {
        "company": lead.company,
        "firstName": lead.first,
        "lastName": lead.last,
        "email": lead.address,
        "phone": lead.phone,
        "country": lead.country,
    }


def _inquiry(lead: DemoLead, partner: str) -> dict[str, Any]:
    """The lead as a visitor of the directory writes it (I4)."""
    return {
        "profile": partner,
        "location": lead.location,
        "searchTerms": [lead.searched],
        "customer": {**_customer(lead), "size": lead.size},
        "notes": lead.need,
        "share": True,
    }


def _submission(lead: DemoLead) -> dict[str, Any]:
    """The lead as a marketplace sends it (I1)."""
    return {
        "UserDetails": {
            "FirstName": lead.first,
            "LastName": lead.last,
            "Email": lead.address,
            "Phone": lead.phone,
            "Country": lead.country,
            "Company": lead.company,
            "Title": lead.title,
        },
        "LeadSource": lead.source,
        "ActionCode": lead.code,
        "OfferTitle": lead.offer,
        "Description": lead.need,
    }
