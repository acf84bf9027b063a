"""Runs the machine: so many courses of things from a seed, the same ones each time."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, Phase
from hypothesis import seed as seeded
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Model
from tests.model.system import Deployment, System

STEPS_OF_ONE = 200
"""Steps of one course; in that many its leads come, age and end."""


def run_model(connection: str, *, courses: int, seed: int, shrink: bool = False) -> Counter[str]:
    """Take so many courses on this storage; the steps taken, by what they did. Raises at the first that goes wrong.

    With `shrink` a shorter course is looked for that goes wrong in the same way, for five minutes at most.
    """
    loop = asyncio.new_event_loop()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return loop.run_until_complete(work)

    deployment = run(_made(connection))
    Model.steps, Model.figures = Counter(), Counter()
    Model.run, Model.make = staticmethod(run), staticmethod(lambda: System(deployment))
    settings = hypothesis_settings(
        max_examples=courses,
        stateful_step_count=STEPS_OF_ONE,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        run_state_machine_as_test(seeded(seed)(Model), settings=settings)
    finally:
        run(deployment.close())
        loop.close()
    return Model.steps


async def _made(connection: str) -> Deployment:
    made = Deployment(connection)
    await made.create()
    return made
