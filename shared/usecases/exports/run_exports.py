"""Goes on with the exports that a request left unfinished, and deletes old ones (X1, X5; storage.md, Agenda)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.agenda import Hint, HintKind
from shared.domain.errors import Unavailable
from shared.domain.exports.export import FAULTY
from shared.ports.agenda import DueHint
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.agenda import ALERT_AFTER, PAGE, put_off
from shared.usecases.exports.write_export import discard, fail, write

EMPTY_AFTER = timedelta(minutes=2)
"""When a hint without an export goes."""
SLICE_SECONDS = 20
"""How long one export is worked on before the next has its turn."""


@dataclass(frozen=True)
class RanExports:
    """What a run did: exports that ended or were deleted, those that broke, and whether work is left."""

    done: int = 0
    failed: int = 0
    unfinished: bool = False


async def run_exports(*, ports: Ports, at: datetime, budget: Budget) -> RanExports:
    """Work on every export whose hint is due at `at`, in turn; raises Unavailable when the agenda is out of reach."""
    ran = RanExports()
    waiting = await ports.agenda.due(HintKind.EXPORT, at, PAGE)
    while waiting and budget.allows(0):
        going_on = []
        for late in waiting:
            if not budget.allows(0):
                return replace(ran, unfinished=True)
            try:
                ended = await _one(ports, late, at, budget)
            except LostRace:
                # Another host works on it, and is further: this one looks again when that may have broken off.
                await ports.agenda.put_off(late, at + timedelta(seconds=SLICE_SECONDS))
                continue
            except Exception as problem:  # noqa: BLE001 - one export that cannot be written must not stop the others
                await _broke(ports, late, at, problem)
                ran = replace(ran, failed=ran.failed + 1)
                continue
            if ended:
                ran = replace(ran, done=ran.done + 1)
            else:
                going_on.append(late)
        waiting = going_on
    return replace(ran, unfinished=bool(waiting))


async def go_on_with_export(*, ports: Ports, hint: Hint, at: datetime, budget: Budget) -> None:
    """Go on with the export of a hint; where time is up before it has ended, another message goes on (X1)."""
    late = DueHint(hint)
    try:
        while budget.allows(0):
            if await _one(ports, late, at, budget):
                return
    except LostRace:
        # Another host works on it, and is further.
        return
    except Exception as problem:  # noqa: BLE001 - as where a timer goes on: it is tried again later, and fails in the end
        await _broke(ports, late, at, problem)
        return
    ports.wakeups.export(hint)


async def _one(ports: Ports, late: DueHint, at: datetime, budget: Budget) -> bool:
    """Do what is due for one export; False when it needs another turn."""
    hint = late.hint
    partner_id, export_id = hint.partner_id, hint.subject
    stored = await ports.exports.get(partner_id, export_id)
    if stored is None:
        # The hint comes first; whoever wrote it may still be about to store its export.
        if hint.due <= at - EMPTY_AFTER:
            await ports.agenda.remove([hint])
        return True
    export = stored.export
    deleted_at = export.created_at + ports.rules.export.kept
    if at >= deleted_at:
        await discard(ports, export)
        await ports.exports.delete(partner_id, export_id)
        await ports.agenda.remove([hint])
        return True
    spent = budget.spent()
    mine = Budget(lambda: budget.spent() - spent, seconds=min(SLICE_SECONDS, budget.seconds - spent))
    now = at + timedelta(seconds=spent)
    export = await write(ports=ports, stored=stored, at=now, budget=mine)
    if not export.has_ended:
        return False
    if hint.due != deleted_at:
        # The setting may have changed since the first of the two was written.
        await ports.agenda.put(ports.rules.export.hints(export))
        await ports.agenda.remove([hint])
    return True


async def _broke(ports: Ports, late: DueHint, at: datetime, problem: Exception) -> None:
    """Try again later; an export that breaks every time has failed, and one that storage has no time for has not."""
    await put_off(ports, late, problem, at)
    if late.tries + 1 >= ALERT_AFTER and not isinstance(problem, Unavailable):
        stored = await ports.exports.get(late.hint.partner_id, late.hint.subject)
        if stored is not None and not stored.export.has_ended:
            await fail(ports, stored, at, FAULTY)
