"""`make soak`: five minutes of it, its figures and what was wrong. `make soak MODEL=1`: the model, for as long."""

import argparse
import asyncio
import logging
import secrets
import sys
import tempfile
import time
from pathlib import Path

from local.azurite import Azurite
from tests.soak.soak import Plan, soak


def main() -> int:
    """1 when anything was wrong."""
    arguments = argparse.ArgumentParser(prog="tests.soak", description=__doc__)
    arguments.add_argument("--seconds", type=float, default=300, help="of traffic, or of the model")
    arguments.add_argument("--seed", type=int, default=None, help="the seed of an earlier run")
    arguments.add_argument("--model", action="store_true", help="the model in place of hosts")
    given = arguments.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    print(f"Seed {seed}; the same again: make soak SEED={seed}{' MODEL=1' if given.model else ''}", flush=True)
    return _model(given.seconds, seed) if given.model else _soak(given.seconds, seed)


def _soak(seconds: float, seed: int) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("soak").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(seconds=seconds, freeze_after=seconds / 3, seed=seed)
        book = asyncio.run(soak(plan, Path(folder)))
    for name, figure in sorted(book.figures.items()):
        print(f"{figure:8,}  {name}")
    for fault in book.faults:
        print(f"WRONG: {fault}")
    print("Nothing was wrong." if not book.faults else f"{len(book.faults)} things were wrong.")
    return 1 if book.faults else 0


def _model(seconds: float, seed: int) -> int:
    from tests.model.courses import run_model

    # What is parked, and what failed on purpose, would be said thousands of times.
    logging.disable(logging.CRITICAL)
    ends, total, courses = time.monotonic() + seconds, 0, 0
    with Azurite(None) as azurite:
        while time.monotonic() < ends:
            steps = run_model(azurite.connection, courses=5, seed=seed + courses, shrink=True)
            total, courses = total + sum(steps.values()), courses + 5
            print(f"{total:8,} steps in {courses} courses", flush=True)
    print("The reference was always right.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
