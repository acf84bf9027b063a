"""Rows outlive names: what earlier builds wrote is read, and what is written now reads the same there."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.agenda import Hint, HintKind
from shared.domain.lead import Lead
from shared.domain.lifecycle import Activity, ActivityKind, log_activity
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mails import Mail, MailNotice, MailState
from shared.storage import codec, keys
from tests.builders import ANN, AT, a_lead, accepted

DISPATCH = Dispatch("lead.won", AT, "m1", 2, cause="c")
MAIL = Mail(MailNotice.DIGEST, "day20261121", 0, 1, "a@b.example", "en", "owner", MailState.PLANNED, AT)


@pytest.mark.parametrize(("record", "subject"), [(DISPATCH, "m1"), (MAIL, "day20261121")], ids=["dispatch", "mail"])
def test_a_subject_stands_in_rows_as_it_always_did(record: Any, subject: str) -> None:
    row = codec.dump(record)
    written = json.loads(row["doc0"])
    assert (written["lead_id"], "subject" in written) == (subject, False)
    assert codec.load(type(record), row) == record


def test_a_row_of_an_earlier_build_is_read() -> None:
    written = '{"type":"lead.won","at":"2026-11-21T20:04:27.123000Z","lead_id":"m1","sequence":2,"cause":"c"}'
    assert codec.load(Dispatch, {"doc0": written}) == DISPATCH


def test_a_lead_of_an_earlier_build_is_read_without_what_it_did_not_write() -> None:
    called = log_activity(accepted(a_lead()), Activity(ActivityKind.CALL), at=AT, by=ANN).lead
    written = json.loads(codec.dump(called)["doc0"])
    for unknown in ("last_change", "attempted_at"):
        assert written.pop(unknown)
    found = codec.load(Lead, {"doc0": json.dumps(written)})
    assert found == replace(called, last_change=None, attempted_at=None)
    assert found.contact_attempts == 1


@pytest.mark.parametrize(
    ("hint", "key"),
    [
        (Hint(HintKind.EXPIRE, AT, "p", "m1"), "expire|2026-11-21T20:04:27.123Z|p|m1"),
        (Hint(HintKind.PUBLISH, AT, "p", "m1", "c1"), "tell|2026-11-21T20:04:27.123Z|publish|p|m1|c1"),
        (Hint(HintKind.DIGEST, AT, "p", "2026-11-21.expired"), "digest|2026-11-21T20:04:27.123Z|p|2026-11-21.expired"),
    ],
    ids=lambda one: one.kind if isinstance(one, Hint) else "",
)
def test_a_hints_key_is_what_it_was(hint: Hint, key: str) -> None:
    assert keys.hint(hint) == key
    assert keys.hint_of(key) == hint
