"""What storage can select of a filter: which range to read, and OData conditions on the lead's columns (Q3, L6).

Deadlines are compared with `at`, so that a lead is what the clock says it is, timer or no timer. What is selected is
judged again by the filter itself, so a condition that is left out only costs reading. Every value that goes into a
condition is one of ours or a digest, and none comes from outside.
"""

from collections.abc import Iterable

from shared.domain.exports.export import Since
from shared.domain.filters import DEALS_END, LeadFilter
from shared.domain.instants import stamp
from shared.domain.lead import LeadType, Outcome, Status
from shared.domain.listed import FlameState
from shared.ids import digest
from shared.ports.leads import LeadQuery
from shared.storage.leads.columns import NAMED

OPEN = frozenset({Status.RECEIVED, Status.ACCEPTED})
INFO = frozenset({Status.INFORMATIONAL})

COMPARISONS_MAX = 9
"""Azure takes fifteen in a condition; three name the range, and the rest is room for what comes."""

Condition = tuple[str, int]
"""A condition and how many comparisons it has."""


def kinds(statuses: frozenset[Status]) -> tuple[str, ...]:
    """The ranges in which leads of these statuses stand, in the order to read them: a copy moves only that way."""
    if statuses - OPEN - INFO:
        return ("lead",)
    return tuple(kind for kind, held in (("info", INFO), ("open", OPEN)) if statuses & held)


def selecting(wanted: LeadFilter, at: str) -> list[str]:
    """The conditions of a filter, judged at the stamp `at`: the most selective ones, as many as storage takes."""
    found, room = [], COMPARISONS_MAX
    for text, comparisons in _conditions(wanted, at):
        if comparisons <= room:
            found.append(text)
            room -= comparisons
    return found


def changed(query: LeadQuery, since: Since) -> list[str]:
    """Committed from then on by storage's clock, or changed by a deadline that has passed since by ours."""
    at, before = stamp(query.at), stamp(since.at)
    ways = [f"Timestamp ge datetime'{stamp(since.stored)}'"]
    ways += [f"({column} gt '{before}' and {column} le '{at}')" for column in ("deadline", "cools")]
    return ["(" + " or ".join(ways) + ")", *([] if query.filter.include_test else ["isTest eq false"])]


def _conditions(wanted: LeadFilter, at: str) -> Iterable[Condition]:
    if not wanted.include_test:
        yield "isTest eq false", 1
    for part, name in wanted.names.items():
        yield _any((f"{column} eq '{digest(name)}'", 1) for column in NAMED[part])
    if standing := _standing(wanted, at):
        yield standing
    for column, values in (
        ("country", wanted.country),
        ("callToAction", wanted.call_to_action),
        ("source", wanted.source),
        ("quality", wanted.quality),
        ("qualification", wanted.qualification),
        ("type", wanted.type),
        ("reason", wanted.reason),
    ):
        if values:
            yield _any((f"{column} eq '{value}'", 1) for value in sorted(values))
    for column, validities in (("email", wanted.email_validity), ("phone", wanted.phone_validity)):
        if validities:
            text, count = _any((f"{column} eq '{validity}'", 1) for validity in sorted(validities))
            yield f"(type eq '{LeadType.OFFER}' and {text})", count + 1


def _standing(wanted: LeadFilter, at: str) -> Condition | None:
    """Where a lead must stand at `at`; None where it may stand anywhere."""
    if wanted.flame:
        return _any(_burns(state, at) for state in sorted(wanted.flame))
    if wanted.outcome:
        return _any(_ended(outcome, at) for outcome in sorted(wanted.outcome))
    if wanted.deal and wanted.statuses == {Status.ACCEPTED, Status.ARCHIVED}:
        return _any((text, 1) for text in ("status eq 'accepted'", *(f"outcome eq '{end}'" for end in DEALS_END)))
    if wanted.statuses != set(Status):
        return _any(_holds(status, at) for status in sorted(wanted.statuses))
    return None


def _any(conditions: Iterable[Condition]) -> Condition:
    texts, counts = zip(*conditions, strict=True)
    return ("(" + " or ".join(texts) + ")" if len(texts) > 1 else texts[0]), sum(counts)


def _holds(status: Status, at: str) -> Condition:
    """A stored lead has this status at `at`."""
    match status:
        case Status.ACCEPTED:
            return "status eq 'accepted'", 1
        case Status.ARCHIVED:
            # `deadline` is '' where the status does not end by itself, and '' is less than any time.
            return f"(status eq 'archived' or (deadline gt '' and deadline le '{at}'))", 3
        case _:
            return f"(status eq '{status}' and deadline gt '{at}')", 2


def _ended(outcome: Outcome, at: str) -> Condition:
    """A stored lead has this outcome at `at`."""
    by_time = {Outcome.EXPIRED: Status.RECEIVED, Outcome.AGED: Status.INFORMATIONAL}.get(outcome)
    if by_time is None:
        return f"outcome eq '{outcome}'", 1
    return f"(outcome eq '{outcome}' or (status eq '{by_time}' and deadline le '{at}'))", 3


def _burns(flame: FlameState, at: str) -> Condition:
    """A stored lead is received and its flame is like this at `at`; `flame` is '' where none ever burned."""
    if flame is FlameState.HOT:
        return f"(status eq 'received' and deadline gt '{at}' and flame gt '{at}')", 3
    return f"(status eq 'received' and deadline gt '{at}' and flame gt '' and flame le '{at}')", 4
