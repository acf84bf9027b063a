"""`make bench`: searches of the directory over 10,000 profiles in one process, and how good their order is (M1).

The profiles are made with a fixed seed: sentences of the judged ones among words that nobody looks for, as often as
words of a language stand. What is measured is this process's own time; nothing of storage is in it.
"""

import math
import random
import statistics
import time
import zlib
from collections.abc import Callable, Iterator, Sequence

from bench.figures import at_least, at_most, share, short, title
from bench.judged import PROFILES, QUERIES
from shared.domain.programme.directory import Directory, Entry, Place, Wanted, document_of
from shared.domain.programme.profile import CompanySize
from shared.domain.ranking import STOP_WORDS
from shared.domain.text import folded

SEED, MANY, TIMES = 7, 10_000, 10
VOCABULARY, WORDS = 20_000, (40, 90)
COUNTRIES = ("SE", "DE", "IT", "HU", "BR", "US", "GB", "AT", "CH", "NL")
TOP = 10
BAR_MS = 50.0


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
    weights = [1 / (rank + 10) for rank in range(len(words))]
    cumulated = [sum(weights[:1])]
    for weight in weights[1:]:
        cumulated.append(cumulated[-1] + weight)
    for number in range(MANY):
        yield made(number, chance, words, cumulated)
