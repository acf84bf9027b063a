"""Deals of which is known what they are about: needs in a customer's words, made from a fixed seed."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from shared.domain.lead import CallToAction, Customer, Lead, Offer, Source
from tests.builders import AT, a_lead, accepted

SUBJECTS = {
    "warehouse": "warehouse scanner picking pallets inventory barcode shelves stock forklift dispatch",
    "payroll": "payroll salaries payslips overtime tax employees timesheets wages deductions pension",
    "webshop": "webshop checkout cart payments storefront catalogue discounts returns parcels vouchers",
    "helpdesk": "helpdesk tickets escalation agents chatbot callback complaints queue telephony knowledge",
    "backup": "backup restore ransomware archive retention tapes disaster recovery snapshots offsite",
    "network": "firewall wifi switches vpn routers cabling bandwidth segmentation ports antennas",
    "reporting": "dashboards forecasts figures warehouse cubes spreadsheets kpi analytics charts planning",
    "building": "construction sites tenders scaffolding subcontractors measurements invoices crane timber planning",
    "clinic": "patients appointments prescriptions referrals laboratory insurers wards nurses records imaging",
    "school": "pupils timetables teachers classrooms homework parents grades enrolment exams tablets",
    "farming": "tractors harvest fields sensors irrigation livestock soil weather silos drones",
    "legal": "contracts clauses signatures notaries deadlines courts templates redlining hearings archive",
}
"""Ten words of each; a few belong to two."""
OFFERS = tuple((f"contoso.suite{n}", f"Contoso Suite {n}") for n in range(4))
"""Each for three subjects, so that the offer alone does not tell."""
_SMALL_TALK = """
hello our company would like somebody call us next week about your product because today everything takes long and
people work with old software please send prices first then show demo our budget this year maybe later have around
colleagues offices looking new solution quickly support training included thank regards team
"""
SMALL_TALK = _SMALL_TALK.split()
COUNTRIES, SIZES = ("SE", "DE", "IT", "HU", "BR"), ("1-9", "10-50", "51-250", "251-1000")


def about(subject: str, random: Random, number: int, partner: str = "contoso") -> Lead:
    """A lead of a customer who wants something of a subject and says so among much else, `number` hours after AT."""
    own, other = SUBJECTS[subject].split(), random.choice(list(SUBJECTS))
    said = random.sample(own, random.randint(3, 5)) + random.sample(SMALL_TALK, random.randint(6, 14))
    # Most have something else to tell, too.
    said += random.sample(SUBJECTS[other].split(), random.randint(0, 1))
    random.shuffle(said)
    offer = OFFERS[list(SUBJECTS).index(subject) % len(OFFERS)] if random.random() < 0.8 else random.choice(OFFERS)
    return replace(
        a_lead(partner, AT + timedelta(hours=number)),
        offer=Offer(*offer),
        notes=" ".join(said).capitalize() + ".",
        search_terms=tuple(random.sample(own, random.randint(0, 2))),
        source=random.choice(list(Source)),
        call_to_action=random.choice(list(CallToAction)),
        customer=Customer(f"Customer {number}", country=random.choice(COUNTRIES), size=random.choice(SIZES)),
    )


def deals(count: int, random: Random, partner: str = "contoso") -> list[tuple[str, Lead]]:
    """So many accepted leads, each with what it is about, in turn."""
    subjects = [list(SUBJECTS)[number % len(SUBJECTS)] for number in range(count)]
    return [(one, accepted(about(one, random, number, partner))) for number, one in enumerate(subjects)]
