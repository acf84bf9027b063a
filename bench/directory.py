"""`make bench`: searches of the directory over 10,000 profiles in one process, and how good their order is (M1).

The profiles are made with a fixed seed: sentences of the judged ones among words that nobody looks for, as often as
words of a language stand. What is measured is this process's own time; nothing of storage is in it.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.figures import at_least, at_most, share, short, title
from bench.judged import PROFILES, QUERIES
from shared.domain.programme.directory import Directory, Entry, Place, Wanted, document_of
from shared.domain.programme.profile import CompanySize
from shared.domain.text import folded
from shared.storage.programme import snapshot
from shared.usecases.programme.refresh_directory import names_of_countries

SEED, MANY, TIMES, TOP = 7, 10_000, 10, 10
VOCABULARY, WORDS = 20_000, (40, 90)
COUNTRIES = ("SE", "DE", "IT", "HU", "BR", "US", "GB", "AT", "CH", "NL")
BAR_MS, BAR_BETTER = 50.0, 0.05
HELD_UP_MS = 50.0
"""What loading may hold others up for; it is done once in minutes."""


def made(number: int, chance: random.Random, words: Sequence[str], weights: Sequence[float]) -> Entry:
    """One profile."""
    about = chance.sample(PROFILES, 2)
    filling = chance.choices(words, cum_weights=weights, k=chance.randint(*WORDS))
    keywords = {keyword for one in about for keyword in one.keywords}
    return Entry(
        f"partner-{number:05}",
        f"{chance.choice(words).title()} {chance.choice(about).name.split()[-1]}",
        f"{about[0].description} {' '.join(filling)} {about[1].description}",
        tuple(sorted(keywords))[: chance.randint(1, 6)],
        tuple(chance.sample(list(CompanySize), chance.randint(0, 4))),
        tuple(
            Place(f"Office {n}", chance.choice(COUNTRIES), chance.choice(words)) for n in range(chance.randint(1, 3))
        ),
        tuple(chance.sample(("de", "en", "hu", "it", "sv"), chance.randint(0, 2))),
        about[0].competencies,
        ("Partner of the year",) if number % 50 == 0 else (),
        chance.random(),
    )


def profiles() -> Iterator[Entry]:
    """All of them, the same each time."""
    chance = random.Random(SEED)
    parts = ("ka", "lo", "mi", "ren", "sta", "tor", "ve", "ul", "an", "der", "pis", "quo", "zen", "bra", "fi", "gu")
    words = sorted({"".join(chance.choices(parts, k=chance.randint(2, 4))) for _ in range(VOCABULARY)})
    chance.shuffle(words)
    cumulated, total = [], 0.0
    for rank in range(len(words)):
        total += 1 / (rank + 10)
        cumulated.append(total)
    for number in range(MANY):
        yield made(number, chance, words, cumulated)


def gain(ranked: Sequence[int], grades: dict[int, int]) -> float:
    """How good this order of profiles is, as nDCG at TOP in this order: 1 for the best there is."""

    def discounted(found: Sequence[int]) -> float:
        return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(found[:TOP]))

    best = discounted(sorted(grades.values(), reverse=True))
    return discounted([grades.get(number, 0) for number in ranked]) / best


def by_words(wanted: Callable[[int, int], bool], texts: Sequence[str]) -> Callable[[str], list[int]]:
    """The plain way: profiles whose text has so many of the words, most first, else by name."""
    names = [folded(entry.name) for entry in PROFILES]

    def find(query: str) -> list[int]:
        words = folded(query).split()
        has = {number: sum(word in text for word in words) for number, text in enumerate(texts)}
        found = [number for number, many in has.items() if wanted(many, len(words))]
        return sorted(found, key=lambda number: (-has[number], names[number]))

    return find


def reached(countries: Mapping[str, str]) -> dict[str, float]:
    """How good the order of each way is, over all judged searches."""
    directory = Directory.of(PROFILES, countries)
    numbers = {entry.partner_id: number for number, entry in enumerate(PROFILES)}

    def ours(query: str) -> list[int]:
        return [numbers[found.entry.partner_id] for found in directory.find(Wanted(query), TOP)]

    texts = [folded(" ".join(document_of(entry, countries).values())) for entry in PROFILES]
    ways: dict[str, Callable[[str], list[int]]] = {
        "ours": ours,
        "all words somewhere": by_words(lambda has, asked: has == asked, texts),
        "any word somewhere": by_words(lambda has, _: has > 0, texts),
    }
    return {
        name: sum(gain(find(one.text), one.grades) for one in QUERIES) / len(QUERIES) for name, find in ways.items()
    }


def judge(countries: Mapping[str, str]) -> None:
    """How good the order is."""
    found = reached(countries)
    title(f"Order of {len(QUERIES)} judged searches among {len(PROFILES)} profiles: nDCG@{TOP}")
    better = found["ours"] - max(value for name, value in found.items() if name != "ours")
    for name, value in found.items():
        bar = "   " + at_least(better, BAR_BETTER, "what it is better by") if name == "ours" else ""
        print(f"{name:<28}{value:>8.3f}{bar}", flush=True)


def timed(act: Callable[[], object]) -> float:
    """Milliseconds by the wall clock."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1_000


async def load(content: bytes) -> tuple[float, float]:
    """Milliseconds that loading takes, as an instance does, and the longest that it holds up the event loop."""
    held, ends = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal held
        while not ends.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            held = max(held, (time.perf_counter() - began) * 1_000 - 1)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.01)
    began = time.perf_counter()
    await asyncio.to_thread(snapshot.unpacked, content)
    took = (time.perf_counter() - began) * 1_000
    await asyncio.sleep(0.01)
    ends.set()
    await watching
    return took, held


def measure(countries: Mapping[str, str]) -> None:
    """How long it takes."""
    entries = list(profiles())
    title(f"Directory of {MANY:,} profiles: ms by the wall clock, p50 and p95")
    began = time.process_time()
    made_index = Directory.of(entries, countries)
    print(f"{'made, s of CPU':<28}{time.process_time() - began:>8.1f}")
    content = snapshot.packed(made_index)
    loads = [asyncio.run(load(content)) for _ in range(3)]
    took, held = (sorted(values)[1] for values in zip(*loads, strict=True))
    print(f"{'snapshot':<28}{len(content) / 1e6:>8.1f} MB, loaded in {short(took)} ms", end="")
    print(f", others held up for {short(held)} ms   {at_most(held, HELD_UP_MS)}")
    directory = snapshot.unpacked(content)
    if directory is None:
        raise SystemExit("The snapshot could not be read.")
    first = timed(lambda: directory.find(Wanted("crm", "SE", CompanySize.SMALL, ("CRM",), ("sv",)), TOP))
    print(f"{'first search':<28}{short(first):>8}")
    searches = {
        "words": [Wanted(one.text) for one in QUERIES],
        "words, country and size": [Wanted(one.text, "SE", CompanySize.SMALL) for one in QUERIES],
        "a common word": [Wanted("erp software")] * TIMES,
        "no words, all else": [Wanted(None, "SE", CompanySize.SMALL, ("CRM",), ("sv",))] * TIMES,
        "a need of 60 words": [
            Wanted(" ".join(one.description or "" for one in PROFILES[n : n + 3])) for n in range(9)
        ],
    }
    for name, wanted in searches.items():
        values = [timed(lambda one=one: directory.find(one, TOP)) for one in wanted for _ in range(TIMES)]
        high = share(values, 0.95)
        print(f"{name:<28}{short(share(values, 0.5)):>8}{short(high):>8}   {at_most(high, BAR_MS)}", flush=True)


def main() -> None:
    """Print both."""
    countries = names_of_countries()
    judge(countries)
    measure(countries)


if __name__ == "__main__":
    main()
