"""Sorts an export of any order but age: merges the sorted blocks of its spool, a little of each at a time (X1, X5)."""

import heapq
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import msgspec

from shared.domain.ordering import SortKey

READ_BYTES_TOGETHER = 4 * 1024 * 1024
READ_BYTES_LEAST = 16 * 1024

Line = tuple[str, str, str, str]
_decoder = msgspec.json.Decoder(Line)
_encoder = msgspec.json.Encoder()

Read = Callable[[int, int], Awaitable[bytes]]
"""Reads so many bytes of the spool from an offset on."""


def spooled(found: Sequence[tuple[SortKey, str]]) -> bytes:
    """A sorted block of the spool: a line of JSON for each line of the file, with what it is sorted by."""
    return b"".join(_encoder.encode((*key, text)) + b"\n" for key, text in sorted(found))


def begins(sizes: Sequence[int]) -> list[int]:
    """Where the spool's blocks begin."""
    return [sum(sizes[:n]) for n in range(len(sizes))]


async def merged(
    read: Read, sizes: Sequence[int], offsets: Sequence[int]
) -> AsyncGenerator[tuple[str, int, int], None]:
    """The lines of all blocks in order from these offsets on: each with the number of its block and its bytes there."""
    at_once = max(READ_BYTES_LEAST, READ_BYTES_TOGETHER // max(1, len(sizes)))
    ends = [start + size for start, size in zip(begins(sizes), sizes, strict=True)]
    runs = [_run(read, offset, end, at_once) for offset, end in zip(offsets, ends, strict=True)]
    heap: list[tuple[SortKey, int, str, int]] = []
    try:
        for number, run in enumerate(runs):
            async for key, text, size in run:
                heap.append((key, number, text, size))
                break
        heapq.heapify(heap)
        while heap:
            _, number, text, size = heap[0]
            yield text, number, size
            following = await anext(runs[number], None)
            if following is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (following[0], number, following[1], following[2]))
    finally:
        for run in runs:
            await run.aclose()


async def _run(read: Read, offset: int, end: int, at_once: int) -> AsyncGenerator[tuple[SortKey, str, int], None]:
    """One block's lines from an offset on, with their keys and sizes."""
    rest = b""
    while offset < end:
        piece = await read(offset, min(at_once, end - offset))
        if not piece:
            raise ValueError("the spool is shorter than its blocks")
        offset += len(piece)
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            *key, text = _decoder.decode(line)
            yield (key[0], key[1], key[2]), text, len(line) + 1
