"""A soak of a minute: two hosts are killed and storage freezes, and all is well afterwards (docs/reliability.md)."""

from pathlib import Path

from tests.soak.soak import Plan, soak


async def test_whatever_goes_wrong_all_is_well_afterwards(tmp_path: Path) -> None:
    plan = Plan(seconds=60, freeze_after=22, at_once=4, seed=21)
    book = await soak(plan, tmp_path)
    assert book.faults == []
    # Otherwise nothing was tried.
    assert min(book.figures[name] for name in ("leads acknowledged", "events told", "mails", "exports")) > 0
