"""A record's extras stand behind its message, once, and nothing else is added."""

import json
import logging
from collections.abc import Iterator

import pytest

from shared.logs import QUIET, WithExtras, show_extras


@pytest.fixture
def handler() -> Iterator[logging.Handler]:
    made = logging.StreamHandler()
    made.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logging.getLogger().addHandler(made)
    yield made
    logging.getLogger().removeHandler(made)


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger("shared").makeRecord("shared", logging.INFO, "x.py", 1, message, args, None, extra=extra)


def test_extras_are_one_json_object_behind_the_message(handler: logging.Handler) -> None:
    show_extras()
    show_extras()
    assert isinstance(handler.formatter, WithExtras)
    text = handler.format(record("Done %d.", 3, event="x.done", count=2, odd=object))
    said, _, extras = text.partition(" {")
    assert said == "INFO Done 3."
    assert json.loads("{" + extras) == {"event": "x.done", "count": 2, "odd": str(object)}
    assert handler.format(record("Plain.")) == "INFO Plain."


def test_the_sdks_say_nothing_below_a_warning(handler: logging.Handler) -> None:
    show_extras()
    assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in QUIET)
