"""Long reads take turns (S3)."""

import asyncio
from contextlib import suppress

import pytest

from shared.domain.errors import TooManyRequests
from shared.http.turns import AT_ONCE, WAITING_MAX, Turns


class Readers:
    """Long reads that end when they are let."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.began: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        """One reader for each name, in this order; its partner is the name's first letter."""
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.ensure_future(self._read(name))
            await idle()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
            await self.tasks[name]
            await idle()

    async def _read(self, name: str) -> None:
        async with self.turns.of(name[0]):
            self.began.append(name)
            await self.ends[name].wait()


async def idle() -> None:
    """Let everything that can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_read_at_once_and_the_others_when_one_ends() -> None:
    readers = Readers(Turns())
    names = [f"a{n}" for n in range(AT_ONCE + 2)]
    await readers.come(*names)
    assert readers.began == names[:AT_ONCE]
    await readers.end(names[0])
    assert readers.began == names[: AT_ONCE + 1]
    await readers.end(*names[1:])
    assert readers.began == names


async def test_partners_take_turns_whoever_came_first() -> None:
    readers = Readers(Turns(at_once=1))
    await readers.come("a1", "a2", "a3", "a4", "b1", "b2", "c1")
    await readers.end("a1", "a2", "b1", "c1", "a3", "b2", "a4")
    assert readers.began == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_who_has_waited_long_enough_is_told_to_try_again_and_stands_in_nobodys_way() -> None:
    turns = Turns(at_once=1, patience_seconds=0)
    async with turns.of("a"):
        with pytest.raises(TooManyRequests) as refused:
            async with turns.of("b"):
                pytest.fail("There was no turn.")
        assert refused.value.retry_after_seconds == 5
    async with turns.of("c"):
        assert turns._waiting == {}


async def test_a_partner_has_so_many_waiting_and_no_other_suffers_for_it() -> None:
    readers = Readers(Turns(at_once=1))
    await readers.come(*(f"a{n}" for n in range(WAITING_MAX + 1)))
    with pytest.raises(TooManyRequests):
        async with readers.turns.of("a"):
            pytest.fail("There was room.")
    await readers.come("b1")
    await readers.end("a0", "a1", "b1")
    assert readers.began == ["a0", "a1", "b1", "a2"]
    for task in readers.tasks.values():
        task.cancel()
    await asyncio.gather(*readers.tasks.values(), return_exceptions=True)
    assert (readers.turns._free, readers.turns._waiting) == (1, {})


async def test_who_goes_away_while_waiting_leaves_its_turn_to_the_next() -> None:
    readers = Readers(Turns(at_once=1))
    await readers.come("a1", "b1", "c1")
    readers.tasks["b1"].cancel()
    await idle()
    await readers.end("a1", "c1")
    assert readers.began == ["a1", "c1"]


async def test_a_turn_that_comes_as_its_reader_goes_away_is_not_lost() -> None:
    readers = Readers(Turns(at_once=1))
    await readers.come("a1", "b1")
    readers.ends["a1"].set()
    # Both in one round of the loop: the turn is passed on, and its new holder is cancelled before it knows.
    await asyncio.sleep(0)
    readers.tasks["b1"].cancel()
    with suppress(asyncio.CancelledError):
        await readers.tasks["b1"]
    async with asyncio.timeout(1), readers.turns.of("c"):
        assert readers.turns._free == 0


async def test_a_read_that_fails_passes_its_turn_on() -> None:
    turns = Turns(at_once=1)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            async with turns.of("a"):
                raise ValueError("broken")
