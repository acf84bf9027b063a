"""S4: an erasure that breaks off at any of its writes is taken up again, and leaves nothing."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.erasure import ErasureKind, ErasureState
from shared.domain.errors import Refusal
from shared.ports.ports import Ports
from shared.storage import keys
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables
from shared.usecases.upkeep.erase import Wanted, ask_for_erasure
from tests import invariants
from tests.builders import AT, submission_body
from tests.exports import ask
from tests.integration.conftest import Connect
from tests.integration.test_erasure import ASKED, MINUTE, OLGA, begin, erase
from tests.steps import budget, submit
from tests.transports import BEFORE, LOST, FaultyTransport, nth


@pytest.mark.parametrize(("way", "for_good"), [(BEFORE, True), (LOST, False)], ids=["dies there", "answer is lost"])
async def test_s4_whatever_call_fails_nothing_is_left_and_each_lead_says_it_once(
    connected: Connect, told: Ports, tables: Tables, way: str, for_good: bool
) -> None:
    # Whoever dies at a read has written as much as one who dies at the write behind it.
    def may_fail(request: Any) -> bool:
        return bool(request.method != "GET")

    failing, calls = 0, 1
    while failing < calls:
        source = await begin(told, 1)
        await ask(told, source, ASKED - MINUTE)
        wanted = Wanted(ErasureKind.EMAIL, f"ada{failing}@x.example")
        mine = await submit(told, source, submission_body(Email=f"Ada{failing}@X.example", Country="SE"), at=AT)
        transport = FaultyTransport(nth(failing, for_good=for_good), way, may_fail)
        broken = replace(await connected(transport=transport), mailer=told.mailer)
        transport.armed = True
        with suppress(Refusal):
            await ask_for_erasure(ports=broken, wanted=wanted, by=OLGA, at=ASKED, budget=budget())
        calls = max(calls, transport.calls)
        # Who got no answer asks again.
        done = await erase(told, wanted, ASKED + 5 * MINUTE)
        assert done.erasure.state is ErasureState.SUCCEEDED
        leads = await invariants.check(tables, source.partner_id or "")
        assert [lead.id for lead in leads.values() if lead.erased_at] == [mine.lead_id]
        rows = await invariants.all_rows(tables, keys.LEADS, source.partner_id)
        rows |= await invariants.all_rows(tables, keys.ERASURES)
        assert [key for key, row in rows.items() if f"ada{failing}@x.example" in str(row).casefold()] == []
        history = await told.leads.history(source.partner_id or "", mine.lead_id, 99, 99)
        assert [event.type for event in history].count("lead.erased") == 1  # type: ignore[comparison-overlap]
        # Else each attempt would go through the partners of all those before it.
        await tables[keys.LOOKUP].write(Write.delete({"PartitionKey": keys.PARTNER, "RowKey": source.partner_id}))
        failing += 1
    assert calls > 20
