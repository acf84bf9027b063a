"""Rows and transactions on the wire: what is sent is well formed, and what is not understood is never a success."""

import base64
import email
import email.policy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceResponseError,
)
from hypothesis import given
from hypothesis import strategies as st

from shared.storage.errors import is_race, is_unavailable, is_unclear
from shared.storage.rest import wire
from shared.storage.rest.wire import Refused, Write, decoded, encoded, parts_of, refusal, row_of, tags_of, transaction

KEY = {"PartitionKey": "p", "RowKey": "r"}
TYPE = "multipart/mixed; boundary=batchresponse_1"
DONE = [Write.insert(KEY), Write.upsert(KEY | {"RowKey": "s"}), Write.delete(KEY | {"RowKey": "t"})]


def answer(*parts: str) -> bytes:
    """An answer to a transaction as the service documents it."""
    inner = "".join(
        "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" + part
        for part in parts
    )
    return (
        "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
        f"{inner}--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    ).encode()


def part(status: str, *headers: str, body: str = "") -> str:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers)) + f"\r\n\r\n{body}\r\n"


def problem(code: str, text: str) -> str:
    return json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": text}}})


GOOD = answer(
    part("204 No Content", "DataServiceVersion: 3.0;", "ETag: W/\"datetime'1'\""),
    part("204 No Content", "ETag: W/\"datetime'2'\"", "Cache-Control: no-cache"),
    part("204 No Content", "X-Content-Type-Options: nosniff"),
)


def test_columns_have_types_where_json_has_none() -> None:
    row = KEY | {"n": -(2**31), "yes": True, "raw": b"\x00\xff", "none": None, "text": "ö'\u2028"}
    assert encoded(row).isascii()
    assert json.loads(encoded(row)) == KEY | {
        "n": -(2**31),
        "yes": True,
        "raw": base64.b64encode(b"\x00\xff").decode(),
        "raw@odata.type": "Edm.Binary",
        "text": "ö'\u2028",
    }


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1.5, datetime(2026, 1, 1, tzinfo=UTC), ["x"], {}])
def test_what_a_column_cannot_hold_is_no_row(value: object) -> None:
    with pytest.raises(TypeError):
        encoded(KEY | {"value": value})


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary() | st.booleans() | st.text(max_size=9)))
def test_what_is_written_is_read(columns: dict[str, Any]) -> None:
    """Storage gives types back as it was told them."""
    columns = {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in columns.items()
    }
    assert row_of(decoded(encoded(columns))) == columns


def test_a_row_says_its_version_and_time() -> None:
    found = row_of(
        KEY
        | {
            "odata.etag": "W/\"datetime'x'\"",
            "odata.metadata": "https://…",
            "Timestamp": "2026-11-20T09:00:00.1234567Z",
            "Timestamp@odata.type": "Edm.DateTime",
        }
    )
    assert (found, found.tag) == (KEY, "W/\"datetime'x'\"")
    assert found.written_at == datetime(2026, 11, 20, 9, 0, 0, 123456, UTC)


def test_a_version_that_is_not_said_follows_from_the_time() -> None:
    """As storage makes it, and as the SDK takes it."""
    assert row_of(KEY | {"Timestamp": "2026-11-20T09:00:00Z"}).tag == "W/\"datetime'2026-11-20T09%3A00%3A00Z'\""
    assert row_of(dict(KEY)).tag == ""


@pytest.mark.parametrize("kind", ["Edm.Int64", "Edm.Guid", "Edm.Double", "Edm.Unheard"])
def test_a_type_that_is_never_written_is_not_guessed_at(kind: str) -> None:
    with pytest.raises(ServiceResponseError):
        row_of(KEY | {"n": "1", "n@odata.type": kind})


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"value": [', b"\xff"])
def test_a_body_that_is_no_json_is_an_error(content: bytes) -> None:
    with pytest.raises(ServiceResponseError):
        decoded(content)


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="/\\#?"), max_size=20)


@given(KEYS, KEYS, st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_transaction_is_a_message_that_others_read(partition: str, key: str, text: str) -> None:
    """Python's own parser of such messages finds every write, whatever keys and texts hold."""
    row = {"PartitionKey": partition, "RowKey": key, "doc0": text}
    writes = [Write.insert(row), Write.replace(row, 'W/"1"'), Write.merge(row), Write.delete(row)]
    body, content_type = transaction("https://a.example", "Leads", writes, "f00")
    envelope = f"Content-Type: {content_type}\r\n\r\n".encode() + body
    whole = email.message_from_bytes(envelope, policy=email.policy.HTTP)
    (changes,) = whole.iter_parts()  # type: ignore[attr-defined] # the parser makes EmailMessages with this policy
    parts = list(changes.iter_parts())
    assert [one.get_content_type() for one in parts] == ["application/http"] * 4
    sent = [one.get_payload(decode=True).partition(b"\r\n\r\n") for one in parts]
    heads = [head.decode().split("\r\n") for head, _, _ in sent]
    at = wire.address("Leads", partition, key)
    assert [lines[0] for lines in heads] == [
        "POST https://a.example/Leads HTTP/1.1",
        *(f"{method} https://a.example/{at} HTTP/1.1" for method in ("PUT", "PATCH", "DELETE")),
    ]
    assert at.isascii()
    assert " " not in at
    assert [[line for line in lines if line.startswith("If-Match")] for lines in heads] == [
        [],
        ['If-Match: W/"1"'],
        [],
        ["If-Match: *"],
    ]
    assert [json.loads(content) if content else None for _, _, content in sent] == [row, row, row, None]


def test_each_write_gets_its_new_version() -> None:
    assert tags_of(parts_of(GOOD, TYPE), DONE) == ["W/\"datetime'1'\"", "W/\"datetime'2'\"", ""]


def test_an_answer_that_breaks_off_is_no_success() -> None:
    """Wherever it does; and it may have taken effect, so whoever wrote looks again."""
    for end in range(GOOD.index(b"--changesetresponse_1--") + len("--changesetresponse_1-")):
        with pytest.raises(ServiceResponseError) as caught:
            tags_of(parts_of(GOOD[:end], TYPE), DONE)
        assert is_unclear(caught.value), end
        assert is_unavailable(caught.value), end


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (GOOD, "application/json"),
        (GOOD, "multipart/mixed; boundary=another"),
        (answer(), TYPE),
        (answer(part("204 No Content", "ETag: 1")), TYPE),
        (answer(*[part("204 No Content", "ETag: 1")] * 4), TYPE),
        (answer(*[part("204 No Content")] * 3), TYPE),
        (answer(part("204 No Content", "ETag: 1"), "no status at all\r\n\r\n", part("204 No Content")), TYPE),
        (b"", TYPE),
        (b'{"odata.error": {}}', TYPE),
    ],
)
def test_an_answer_that_is_not_understood_is_no_success(content: bytes, content_type: str) -> None:
    with pytest.raises(ServiceResponseError):
        tags_of(parts_of(content, content_type), DONE)


@pytest.mark.parametrize(
    ("status", "code", "race", "unclear"),
    [
        (409, "EntityAlreadyExists", True, True),
        (412, "UpdateConditionNotSatisfied", True, True),
        (404, "ResourceNotFound", True, True),
        (404, "TableNotFound", False, False),
        (400, "InvalidInput", False, False),
        (413, "RequestBodyTooLarge", False, False),
        (503, "ServerBusy", False, True),
        (500, "OperationTimedOut", False, True),
    ],
)
def test_a_refused_write_says_which_it_was(status: int, code: str, *, race: bool, unclear: bool) -> None:
    said = answer(part(f"{status} No", "Content-Type: application/json", body=problem(code, "2:Not so.\nRequestId:1")))
    with pytest.raises(Refused) as caught:
        tags_of(parts_of(said, TYPE), DONE)
    refused = caught.value
    assert (refused.status_code, refused.index, getattr(refused, "error_code", None)) == (status, 2, code)
    assert (is_race(refused), is_unclear(refused)) == (race, unclear)
    assert "RequestId" not in str(refused)


def test_a_refusal_without_words_is_one_all_the_same() -> None:
    for body in (b"", b"<html>busy</html>", b'{"odata.error": 1}', b"[]"):
        refused = refusal(503, body)
        assert isinstance(refused, Refused)
        assert (refused.status_code, refused.index) == (503, None)
        assert is_unavailable(refused)


def test_a_single_write_is_refused_as_azure_core_says_it() -> None:
    kinds = {404: ResourceNotFoundError, 409: ResourceExistsError, 412: ResourceModifiedError, 400: HttpResponseError}
    for status, kind in kinds.items():
        assert type(refusal(status, b"", single=True)) is kind
