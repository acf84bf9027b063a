"""Which leads a list or an export shows (Q1, Q3): one filter object for both, and the one place that evaluates it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from shared.domain.lead import Lead, Status, Tab


class ListTab(StrEnum):
    """The tabs of a partner's list (Q1)."""

    MARKETPLACE = "marketplace"
    QUALIFIED = "qualified"
    FAVORITES = "favorites"


_TABS = {ListTab.MARKETPLACE: (Tab.MARKETPLACE,), ListTab.QUALIFIED: (Tab.QUALIFIED,)}


@dataclass(frozen=True)
class LeadFilter:
    """What is asked for; a part that is not given does not restrict.

    `tab` favorites is the asking person's own and not a matter of the lead: whoever reads leads starts from the marks.
    """

    tab: ListTab | None = None
    statuses: frozenset[Status] = frozenset()
    include_test: bool = False

    @cached_property
    def tabs(self) -> tuple[Tab, ...]:
        """The lead tabs that are looked through."""
        return _TABS.get(self.tab, tuple(Tab)) if self.tab else tuple(Tab)

    def could_match(self, lead: Lead) -> bool:
        """False for a lead that no change ever brings into the filter."""
        return lead.id[0] in self.tabs and (self.include_test or not lead.is_test)

    def matches(self, lead: Lead) -> bool:
        """True when the lead, settled at the time it is looked at (L6), is asked for."""
        return self.could_match(lead) and (not self.statuses or lead.status in self.statuses)

    def canonical(self) -> tuple[str, ...]:
        """The filter as texts, equal for equal filters; tokens are bound to it."""
        return (str(self.tab or ""), ",".join(sorted(self.statuses)), str(self.include_test))
