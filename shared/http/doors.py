"""Opens doors to whoever has nothing but a key (S2)."""

from typing import Any

from shared import ids
from shared.domain.errors import Unauthenticated
from shared.domain.programme.partner import LeadSource
from shared.http.calls import Call
from shared.usecases.intake.receive_lead import open_door, wrong_key


async def opened(call: Call[Any, Any], source_id: str) -> LeadSource:
    """The source that the call's key opens; one that was wrong a moment ago is refused without asking storage again.

    Raises Unauthenticated.
    """
    tried = ids.digest(source_id, call.key)
    if call.app.limits.wrong_keys.recent(tried):
        raise wrong_key()
    try:
        return await open_door(ports=call.app.ports, source_id=source_id, key=call.key, at=call.at)
    except Unauthenticated:
        call.app.limits.wrong_keys.note(tried, answer=True)
        raise
