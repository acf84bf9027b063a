"""A lead as a row of the list shows it: one line of text for each thing, worked out once."""

from dataclasses import dataclass

from shared.http.shapes.lead_views import LeadView, QualityView
from shared.pages.words import Words, instant

SOON_DAYS, URGENT_DAYS = 7, 2
"""An answer that is due is said quietly, then aloud (A1 warns on day 7 of 14), then louder."""


@dataclass(slots=True)
class Mark:
    """What a check found of an address or a number; `tone` is good, bad or quiet."""

    kind: str
    tone: str
    label: str


@dataclass(slots=True)
class Flame:
    """A customer who waits: `hot` or `cooled`, with the sentence of the rule."""

    state: str
    text: str
    message: str


@dataclass(slots=True)
class Due:
    """Until when to answer: `quiet`, `soon` or `urgent`; `text` stands where nothing is due, too."""

    tone: str
    text: str
    title: str


# Not frozen, which costs a page of fifty a tenth of what its rows do; nobody changes one.
@dataclass(slots=True)
class Row:
    """One lead in the list."""

    id: str
    company: str
    person: str
    email: str | None
    phone: str | None
    marks: tuple[Mark, ...]
    country: str | None
    country_name: str
    wants: str
    quality: str
    quality_level: str
    quality_reasons: tuple[str, ...]
    quality_why: str
    flame: Flame | None
    due: Due
    source: str
    offer: str
    status: str
    outcome: str | None
    status_code: str
    value: str
    created: str
    is_new: bool
    is_favorite: bool
    is_test: bool


def row_of(lead: LeadView, words: Words) -> Row:
    """The row of a lead, as this reader may see it."""
    customer = lead["customer"]
    names = [name for name in (customer["firstName"], customer["lastName"]) if name]
    deal = lead["deal"]
    offer = lead["offer"]
    quality, reasons = words.label("qualityLevels", lead["quality"]["level"]), reasons_of(lead["quality"], words)
    return Row(
        id=lead["id"],
        company=customer["company"] or words.say("Company not named"),
        person=" ".join(names),
        email=customer["email"],
        phone=customer["phone"],
        marks=marks_of(lead, words),
        country=customer["country"],
        country_name=words.country(customer["country"]) if customer["country"] else customer["countryText"] or "–",
        wants=words.label("callsToAction", lead["callToAction"]) if lead["callToAction"] else _kind(lead, words),
        quality=quality,
        quality_level=lead["quality"]["level"],
        quality_reasons=reasons,
        quality_why="\n".join(reasons),
        flame=flame_of(lead, words),
        due=due_of(lead, words),
        source=words.label("sources", lead["source"]),
        offer=(offer["title"] or offer["id"] or "–") if offer else "–",
        status=words.label("statuses", lead["status"]),
        outcome=words.label("outcomes", lead["outcome"]) if lead["outcome"] else None,
        status_code=lead["status"],
        value=words.money(**deal["value"]) if deal else "–",
        created=words.moment(lead["createdDateTime"]),
        is_new=lead["isNew"],
        is_favorite=lead["isFavorite"],
        is_test=lead["isTest"],
    )


def _kind(lead: LeadView, words: Words) -> str:
    """What a lead without a call to action is."""
    if lead["qualification"] != "customerInquiry":
        return words.label("qualifications", lead["qualification"])
    return words.label("types", lead["type"])


def reasons_of(quality: QualityView, words: Words) -> tuple[str, ...]:
    """Why the quality is what it is."""
    found = [words.label("qualityReasons", reason) for reason in quality["reasons"]]
    if known := quality["likelihood"]:
        text = words.say("%(won)d of %(of)d leads like this one were won", won=known["won"], of=known["of"])
        alike = ", ".join(words.label("likenesses", one) for one in known["alike"])
        found.append(f"{text} ({alike})" if alike else text)
    return tuple(found)


def marks_of(lead: LeadView, words: Words) -> tuple[Mark, ...]:
    """What was found of the contact details that there are."""
    found = []
    for kind, address, validity in (
        ("email", lead["customer"]["email"], lead["emailValidity"]),
        ("phone", lead["customer"]["phone"], lead["phoneValidity"]),
    ):
        if address:
            tone = {"valid": "good", "unknown": "quiet"}.get(validity, "bad")
            named = words.say("E-mail") if kind == "email" else words.say("Phone")
            found.append(Mark(kind, tone, f"{named}: {words.label('validity', validity)}"))
    return tuple(found)


def flame_of(lead: LeadView, words: Words) -> Flame | None:
    """The flame with what is left of it."""
    flame = lead["flame"]
    if flame is None:
        return None
    text = words.left(flame["until"]) if flame["state"] == "hot" else words.label("flames", flame["state"])
    return Flame(flame["state"], text, flame["message"])


def due_of(lead: LeadView, words: Words) -> Due:
    """Until when an answer is due; of a lead that waits for none, what it is."""
    until = lead["expirationDateTime"]
    if lead["status"] != "received" or until is None:
        label = "outcomes" if lead["outcome"] else "statuses"
        return Due("none", words.label(label, lead["outcome"] or lead["status"]), "")
    days = (instant(until) - words.now).total_seconds() / 86_400
    tone = "urgent" if days <= URGENT_DAYS else "soon" if days <= SOON_DAYS else "quiet"
    return Due(tone, words.left(until), words.say("Answer by %(when)s", when=words.moment(until)))
