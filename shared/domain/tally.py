"""How many leads a partner has, by tab and status (Q6): counts that events move, so that no lead is counted again.

Test leads are not counted (T9). What time does by itself reaches the counts when a timer has recorded it; whoever shows
them corrects them by what is overdue (L6).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.domain.agenda import Pending
from shared.domain.lead import Status, Tab

Cell = tuple[Tab, Status]
"""Where a lead is counted."""


@dataclass(frozen=True)
class Tally:
    """The counts as stored; `tag` decides races, '' where nothing was counted yet."""

    counts: Mapping[Cell, int] = field(default_factory=dict)
    tag: str = ""


def moved(counts: Mapping[Cell, int], events: Iterable[Pending]) -> dict[Cell, int]:
    """The counts after these events; every cell is there, with 0 where nothing is."""
    found = Counter({(tab, status): counts.get((tab, status), 0) for tab in Tab for status in Status})
    for event in events:
        if event.is_test or event.from_status is event.to_status:
            continue
        tab = Tab(event.lead_id[0])
        found[tab, event.to_status] += 1
        if event.from_status is not None:
            found[tab, event.from_status] -= 1
    return dict(found)
