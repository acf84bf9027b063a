"""How many leads a partner has, by tab and status (Q6): counts that events move, so that no lead is counted again.

Test leads are not counted (T9). What time does by itself reaches the counts when a timer has recorded it; whoever shows
them corrects them by what is overdue (L6).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.deadlines import Change, Hint
from shared.domain.lead import Status, Tab

Place = tuple[Tab, Status]
"""Where a lead is counted."""


@dataclass(frozen=True)
class Tally:
    """The counts as stored; `tag` decides races, '' where nothing was counted yet."""

    counts: Mapping[Place, int] = field(default_factory=dict)
    tag: str = ""


@dataclass(frozen=True)
class Pending:
    """An event whose consequences are not written yet: where its lead was and is, and the change that announced it.

    `notify` says who is told of it by mail: the kind of a new lead's mail, or who else (A1, L3); '' for nobody.
    """

    key: str
    partner_id: str
    lead_id: str
    change: Change
    from_status: Status | None
    to_status: Status
    is_test: bool = False
    type: str = ""
    notify: str = ""

    @property
    def at(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(self.key.split("|")[1])

    @property
    def sequence(self) -> int:
        """Its number in its lead's history."""
        return int(self.key.split("|")[3])

    @property
    def hint(self) -> Hint:
        """The hint that goes when the event's consequences are written."""
        return self.change.announcement(self.partner_id, self.lead_id)


def moved(counts: Mapping[Place, int], events: Iterable[Pending]) -> dict[Place, int]:
    """The counts after these events; every place is there, with 0 where nothing is."""
    found = Counter({(tab, status): counts.get((tab, status), 0) for tab in Tab for status in Status})
    for event in events:
        if event.is_test or event.from_status is event.to_status:
            continue
        tab = Tab(event.lead_id[0])
        found[tab, event.to_status] += 1
        if event.from_status is not None:
            found[tab, event.from_status] -= 1
    return dict(found)
