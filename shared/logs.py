"""What a log record is about, where operators can ask for it.

The platform hands on a record's message and nothing else of it, so what stands in `extra` goes behind it as one
JSON object; alerts and queries read it from there (infra/modules/alerts.bicep, docs/operations.md). Personal data, keys
and tokens stand in neither: the SDKs, which would write addresses with their keys, are quiet below warnings.
"""

import json
import logging

from shared import correlation

# What every record has; the rest was given as `extra`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
QUIET = ("azure", "aiohttp", "asyncio", "opentelemetry", "urllib3")


def name_cause(record: logging.LogRecord) -> bool:
    """Say in the record what is at work; a filter that keeps every record."""
    if correlation_id := correlation.current():
        record.correlationId = correlation_id
    return True


class WithExtras(logging.Formatter):
    """Another formatter's text with the record's extras behind it."""

    def __init__(self, inner: logging.Formatter | None) -> None:
        super().__init__()
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """The text; a line of JSON ends it where there are extras."""
        extras = {name: value for name, value in vars(record).items() if name not in STANDARD}
        text = self._inner.format(record)
        return f"{text} {json.dumps(extras, default=str, sort_keys=True)}" if extras else text


def show_extras() -> None:
    """Let every handler of the process write extras; calling it again changes nothing."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, WithExtras):
            handler.setFormatter(WithExtras(handler.formatter))
            handler.addFilter(name_cause)
