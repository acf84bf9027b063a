"""Two instances are killed again and again while messages are dropped and doubled: all is told once, and in order."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.tellers import Saboteur, programme

LEADS, PARTNERS, KILLS = 30, 3, 3
OFTEN = {"DELIVER_EVENTS_SCHEDULE": "*/5 * * * * *"}
"""The net under the messages, closer than it hangs by default: a test cannot wait for minutes."""


async def test_nothing_is_lost_doubled_or_out_of_order(tmp_path: Path) -> None:
    chance = random.Random(19)

    async def reply(_path: str) -> int:
        await asyncio.sleep(chance.random() * 0.05)
        return 503 if chance.random() < 0.1 else 200

    async with programme(tmp_path, reply) as made:
        sources = [await made.partner(["crm"], mailed=True) for _ in range(PARTNERS)]
        for _ in range(2):
            await made.instance(**OFTEN)
        saboteur = Saboteur(made.connection, chance)
        breaking = asyncio.create_task(saboteur.run())
        received = []
        for number in range(LEADS):
            source = sources[number % PARTNERS]
            received.append((source, await made.receive(source, number)))
            if number % 3 == 2:
                await made.accept(*received[number - 2])
            if number % (LEADS // KILLS) == LEADS // KILLS - 1:
                await made.kill(made.instances[0])
                await made.instance(**OFTEN)
        await asyncio.sleep(2)
        breaking.cancel()
        with suppress(asyncio.CancelledError):
            await breaking
        await made.until_told(150)
        order = {lead: list(dict.fromkeys(numbers)) for lead, numbers in made.receiver.order.items()}
        assert all(numbers == sorted(numbers) for numbers in order.values())
        assert min(saboteur.dropped, saboteur.doubled) > 0
        mailed = Counter(mail["subject"] for mail in made.mails.mails)
        assert max(mailed.values()) == 1, "no mail twice"
