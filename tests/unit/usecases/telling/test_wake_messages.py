"""What a message of a queue begins, and that one which says nothing begins nothing."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from azure.functions.meta import Datum

from functions import queues as module
from local.functions import Function, call_queue
from shared.domain.agenda import Hint, HintKind
from shared.domain.instants import stamp
from shared.domain.telling.dispatch import deliver_hint
from shared.usecases.telling.wake import Desk
from tests.builders import AT
from tests.fakes.ports import FakePorts

DUE = stamp(AT)
EXPORT = "f" * 28


def function(name: str) -> Function:
    builder: Any = getattr(module, name)
    return Function(name, builder._function.get_user_function(), {"type": "queueTrigger"})


@pytest.fixture
def begun(ports: FakePorts, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was begun."""
    begun: list[Any] = []

    async def tell_partner(*, partner_id: str, **_: Any) -> None:
        begun.append(partner_id)

    async def tell_lane(*, hint: Hint, tries: int, **_: Any) -> None:
        begun.append((hint, tries))

    async def go_on(*, hint: Hint, **_: Any) -> None:
        begun.append(hint)

    monkeypatch.setattr(module.wake, "tell_partner", tell_partner)
    monkeypatch.setattr(module.wake, "tell_lane", tell_lane)
    monkeypatch.setattr(module, "go_on", go_on)
    monkeypatch.setattr(module.app, "current", lambda: SimpleNamespace(ports=ports, desk=Desk()))
    return begun


async def called(name: str, body: object) -> bool:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await call_queue(function(name), text, {"DequeueCount": Datum("1", "json")})


async def test_each_message_begins_what_it_says(begun: list[Any]) -> None:
    assert await called("tell_partner", {"partner": "contoso"})
    assert await called("tell_lane", {"partner": "contoso", "destination": "mail0", "due": DUE, "tries": 2})
    # As a build says it that counts nothing, or more than this one knows.
    assert await called("tell_lane", {"partner": "contoso", "destination": "a" * 16, "due": DUE, "later": True})
    assert await called("go_on_with_export", {"partner": "contoso", "export": EXPORT, "due": DUE})
    assert begun == [
        "contoso",
        (deliver_hint("contoso", "mail0", AT), 2),
        (deliver_hint("contoso", "a" * 16, AT), 0),
        Hint(HintKind.EXPORT, AT, "contoso", EXPORT),
    ]


@pytest.mark.parametrize("name", ["tell_partner", "tell_lane", "go_on_with_export"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"contoso",
        b"null",
        b"[]",
        b"{}",
        {"partner": ""},
        {"partner": "' or PartitionKey gt '", "destination": "mail0", "export": EXPORT, "due": DUE},
        {"partner": "contoso/../other", "destination": "mail0", "export": EXPORT, "due": DUE},
        {"partner": ["contoso"], "destination": "mail0", "export": EXPORT, "due": DUE},
        {"partner": "p" * 65, "destination": "mail0", "export": EXPORT, "due": DUE},
        b'{"partner": "contoso' + b"x" * 60_000,
    ],
)
async def test_a_message_that_says_nothing_is_gone_and_begins_nothing(
    begun: list[Any], name: str, body: object
) -> None:
    # What raises comes again, and would be no better then.
    assert await called(name, body)
    assert begun == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"destination": "mail0|"},
        {"destination": ""},
        {"due": "2026-11-21T20:04:27"},
        {"due": "soon"},
        {"due": None},
        {"tries": -1},
        {"tries": "many"},
    ],
)
async def test_a_lanes_message_is_checked_as_a_whole(begun: list[Any], wrong: dict[str, Any]) -> None:
    said = {"partner": "contoso", "destination": "mail0", "due": DUE, "tries": 0}
    assert await called("tell_lane", said | wrong)
    assert begun == []
