"""How good a lead's contact is (V3), from what is known about it; always with the reasons."""

from dataclasses import replace

from shared.domain.lead import Chance, Customer, Level, Quality, Validity

OFTEN, SELDOM = 1.5, 0.5
"""Times the programme's own rate: from here on, and up to here, a level is another one."""
_REACHABLE = (Validity.VALID, Validity.UNKNOWN)


def quality_of(customer: Customer, email: Validity, phone: Validity) -> Quality:
    """The level and why.

    low: spam, or no way to reach anybody. unknown: there are ways, and none could be checked. high: e-mail and phone
    are both valid, or one is, nothing speaks against the other, and company and person have names. medium: the rest.
    """
    reasons = [_said("email", customer.email, email), _said("phone", customer.phone, phone)]
    named = bool(customer.first_name or customer.last_name)
    if not named:
        reasons.append("noName")
    if not customer.company:
        reasons.append("noCompany")
    ways = [state for written, state in ((customer.email, email), (customer.phone, phone)) if written]
    return Quality(_level(ways, email, whole=named and bool(customer.company)), tuple(reasons))


def with_chance(quality: Quality, chance: Chance | None) -> Quality:
    """The quality with how likely leads like this one were won: where somebody can be reached, that decides, too."""
    found = replace(quality, chance=chance)
    if chance is None or quality.level in (Level.LOW, Level.UNKNOWN):
        return found
    if chance.times >= OFTEN:
        return replace(found, level=Level.HIGH, reasons=(*quality.reasons, "oftenWon"))
    if chance.times <= SELDOM:
        level = Level.MEDIUM if quality.level is Level.HIGH else Level.LOW
        return replace(found, level=level, reasons=(*quality.reasons, "seldomWon"))
    return found


def _level(ways: list[Validity], email: Validity, *, whole: bool) -> Level:
    if email is Validity.SPAM or not any(state in _REACHABLE for state in ways):
        return Level.LOW
    if Validity.VALID not in ways:
        return Level.UNKNOWN
    if ways == [Validity.VALID, Validity.VALID]:
        return Level.HIGH
    return Level.HIGH if whole and all(state in _REACHABLE for state in ways) else Level.MEDIUM


def _said(way: str, written: str | None, state: Validity) -> str:
    """A reason such as `emailValid` or `phoneMissing`."""
    return way + (state.title() if written else "Missing")
