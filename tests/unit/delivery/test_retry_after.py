"""How long a receiver asks to be left alone, whatever it writes (W2)."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.delivery.webhooks import RETRY_AFTER_MOST, _retry_after
from tests.builders import AT


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("99999999", RETRY_AFTER_MOST),
        ((AT + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"), timedelta(seconds=90)),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None),
        ("9" * 20, None),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_w2_what_cannot_be_a_time_asks_for_nothing(written: str, wait: timedelta | None) -> None:
    answer = SimpleNamespace(headers={"Retry-After": written})
    found = _retry_after(cast("Any", answer), AT.replace(microsecond=0))
    assert found == wait
