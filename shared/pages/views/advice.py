"""Advice as the page shows it: what it is about, what it says, and where below `/app/` it is mended (M6)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from shared.domain.advice import Advice, Mend, Page
from shared.domain.permissions import Role
from shared.pages.words import Words

MAY_OPEN: Mapping[Page, frozenset[Role]] = {
    Page.PROFILE: frozenset({Role.PROFILE_ADMIN}),
    Page.PREFERENCES: frozenset({Role.PROFILE_ADMIN, Role.LEADS_ADMIN}),
    Page.LEADS: frozenset({Role.LEADS_USER}),
}
"""Who may open the screen that mends a matter; whoever may not is told of it without a link (U1)."""


@dataclass(frozen=True)
class Hint:
    """One piece of advice; `path` is None for whoever may not open the screen."""

    label: str
    text: str
    path: str | None


def hints_of(advice: Iterable[Advice], words: Words, roles: Collection[Role]) -> tuple[Hint, ...]:
    """All of it, in its order."""
    return tuple(
        Hint(words.label("advice", one.matter), words.say(one.message), path_of(one.mend, roles)) for one in advice
    )


def path_of(mend: Mend, roles: Collection[Role]) -> str | None:
    """Where the matter is mended; None for whoever may not open that."""
    if not MAY_OPEN[mend.page] & set(roles):
        return None
    return f"{mend.page}{'?' if mend.page is Page.LEADS else '#'}{mend.part}" if mend.part else mend.page
