"""Rows and transactions as Table Storage reads and writes them: JSON, and parts of a multipart body.

Sources: https://learn.microsoft.com/rest/api/storageservices/payload-format-for-table-service-operations and
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote

import msgspec
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceResponseError,
)

JSON = "application/json"
MINIMAL = "application/json;odata=minimalmetadata"
NO_METADATA = "application/json;odata=nometadata"
VERSION = "2019-02-02"
"""Of the interface: the first with bearer tokens, and what the SDK speaks."""
ANY = "*"
"""The tag of a row that must be there, whatever it holds."""
INT_MAX = 2**31
_TYPE = "@odata.type"
_CRLF = b"\r\n"

_json = msgspec.json.Encoder()
S = TypeVar("S")


class Row(dict[str, Any]):
    """A row as read: its columns, keys among them; `tag` is its ETag, '' where what was selected does not tell it."""

    __slots__ = ("tag", "written_at")

    def __init__(self, columns: dict[str, Any], tag: str, written_at: datetime | None) -> None:
        super().__init__(columns)
        self.tag = tag
        self.written_at = written_at


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one row; `tag` is the ETag that it must still have, None asks for nothing.

    Columns are texts, whole numbers of 32 bits, booleans or bytes; a column that is None is left out.
    """

    method: str
    row: Mapping[str, Any]
    tag: str | None = None

    @classmethod
    def insert(cls, row: Mapping[str, Any]) -> Self:
        """Put a row where there is none."""
        return cls("POST", row)

    @classmethod
    def upsert(cls, row: Mapping[str, Any]) -> Self:
        """Put a row, in place of whatever is there."""
        return cls("PUT", row)

    @classmethod
    def replace(cls, row: Mapping[str, Any], tag: str) -> Self:
        """Put a row in place of the one that has this tag."""
        return cls("PUT", row, tag)

    @classmethod
    def merge(cls, row: Mapping[str, Any], tag: str | None = None) -> Self:
        """Set these columns and leave the others, of a row that is there or not; with a tag it must be there."""
        return cls("PATCH", row, tag)

    @classmethod
    def delete(cls, row: Mapping[str, Any], tag: str = ANY) -> Self:
        """Delete the row of these keys; further columns do not matter."""
        return cls("DELETE", row, tag)

    def path(self, table: str) -> str:
        """The address of what is written, below that of the account."""
        if self.method == "POST":
            return table
        return address(table, self.row["PartitionKey"], self.row["RowKey"])

    def headers(self) -> dict[str, str]:
        """What the request says beside its body."""
        found = {} if self.method == "DELETE" else {"Content-Type": JSON}
        if self.method == "POST":
            # Else storage sends the row back.
            found["Prefer"] = "return-no-content"
        if self.tag is not None:
            found["If-Match"] = self.tag
        return found

    def body(self) -> bytes:
        """The row in JSON; raises TypeError for a column that storage cannot take as it is."""
        return b"" if self.method == "DELETE" else encoded(self.row)


def address(table: str, partition: str, key: str) -> str:
    """The address of a row, below that of the account."""
    return f"{table}(PartitionKey='{_quoted(partition)}',RowKey='{_quoted(key)}')"


def _quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def encoded(row: Mapping[str, Any]) -> bytes:
    """A row's columns in JSON of ASCII alone, with types where JSON has none.

    Line ends that only Unicode knows break a transaction's parts where they are read line by line, as Azurite does.
    """
    columns: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, str | bool):
            columns[name] = value
        elif isinstance(value, int):
            if not -INT_MAX <= value < INT_MAX:
                raise TypeError(f"{name} is a number of more than 32 bits.")
            columns[name] = value
        elif isinstance(value, bytes):
            columns[name] = base64.b64encode(value).decode("ascii")
            columns[name + _TYPE] = "Edm.Binary"
        elif value is not None:
            raise TypeError(f"{name} is a {type(value).__name__}, which no column holds.")
    content = _json.encode(columns)
    return content if content.isascii() else json.dumps(columns, separators=(",", ":")).encode()


def decoded(content: bytes) -> Any:
    """A body in JSON; raises ServiceResponseError for one that is none."""
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise ServiceResponseError("Storage answered with what is no JSON.", error=error) from error


class _Answer(msgspec.Struct, Generic[S]):
    value: list[S]


_answers: dict[type, msgspec.json.Decoder[Any]] = {}


def decoded_as(kind: type[S], content: bytes) -> list[S]:
    """The rows of an answer as structs of a kind; raises ServiceResponseError for what has not its columns."""
    decoder = _answers.get(kind)
    if decoder is None:
        decoder = _answers[kind] = msgspec.json.Decoder(_Answer[kind])  # type: ignore[valid-type] # known at run time
    try:
        answer: _Answer[S] = decoder.decode(content)
    except msgspec.DecodeError as error:
        raise ServiceResponseError("Storage answered a range read with other rows.", error=error) from error
    return answer.value


def row_of(found: dict[str, Any]) -> Row:
    """The row of an answer's object, which is used up.

    Raises ServiceResponseError for a column of a type that we do not write.
    """
    tag, written = found.pop("odata.etag", ""), found.pop("Timestamp", "")
    # Few rows have any, and a thousand are read at once.
    for name in [name for name in found if "odata." in name]:
        kind, column = found.pop(name), name.removesuffix(_TYPE)
        if column == name or column not in found:
            continue
        if kind == "Edm.Binary":
            found[column] = base64.b64decode(found[column])
        elif kind not in ("Edm.String", "Edm.Int32", "Edm.Boolean"):
            raise ServiceResponseError(f"Storage holds {column} as {kind}, which this system never writes.")
    if written and not tag:
        tag = f"W/\"datetime'{quote(written)}'\""
    return Row(found, tag, _instant(written) if written else None)


def _instant(text: str) -> datetime:
    # Storage counts in tenths of microseconds, Python in whole ones.
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}+00:00")


def transaction(base: str, table: str, writes: Sequence[Write], name: str) -> tuple[bytes, str]:
    """The body of a transaction on an account at `base`, and its content type; `name` must occur in no row."""
    batch, changeset = f"batch_{name}", f"changeset_{name}"
    begin = f"--{changeset}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    parts = [f"--{batch}\r\nContent-Type: multipart/mixed; boundary={changeset}\r\n\r\n".encode()]
    for number, write in enumerate(writes):
        body = write.body()
        lines = [f"{begin}Content-ID: {number}\r\n", f"{write.method} {base}/{write.path(table)} HTTP/1.1"]
        lines += [f"{header}: {value}" for header, value in write.headers().items()]
        lines += [f"Accept: {MINIMAL}", "DataServiceVersion: 3.0"]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        parts += ["\r\n".join(lines).encode(), b"\r\n\r\n", body, _CRLF]
    parts.append(f"--{changeset}--\r\n\r\n--{batch}--\r\n".encode())
    return b"".join(parts), f"multipart/mixed; boundary={batch}"


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one write of a transaction, or to all of it when that was refused."""

    status: int
    tag: str
    body: bytes


_PART = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
_ETAG = re.compile(rb"(?im)^etag: *([^\r\n]+)")


def parts_of(content: bytes, content_type: str) -> list[Part]:
    """The parts of an answer to a transaction; raises ServiceResponseError for what is not understood."""
    changeset = _boundary(content_type, content)
    # A part ends where its boundary begins, and what stands before the first one is the envelope.
    pieces = content.split(b"--" + changeset)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise ServiceResponseError("Storage's answer to a transaction breaks off.")
    parts = []
    for piece in pieces[1:-1]:
        found = _PART.search(piece)
        if found is None:
            raise ServiceResponseError("Storage's answer to a transaction has a part without a status.")
        tag = _ETAG.search(found[2])
        parts.append(Part(int(found[1]), tag[1].decode("latin-1").strip() if tag else "", piece[found.end() :].strip()))
    return parts


_BOUNDARY = re.compile(rb"(?i)multipart/mixed *; *boundary=\"?([^\";\r\n]+)")


def _boundary(content_type: str, content: bytes) -> bytes:
    """The boundary of the changes inside the envelope."""
    outer, inner = _BOUNDARY.match(content_type.encode("latin-1", "replace")), _BOUNDARY.search(content)
    if outer is None or inner is None or outer[1] not in content:
        raise ServiceResponseError("Storage's answer to a transaction is no multipart body.")
    return inner[1].strip()


def tags_of(parts: Sequence[Part], writes: Sequence[Write]) -> list[str]:
    """The new tag of each write, '' of a deletion.

    Raises the refusal when there is one, and ServiceResponseError where not every write is known to have been done.
    """
    refused = next((part for part in parts if not 200 <= part.status < 300), None)
    if refused is not None:
        raise refusal(refused.status, refused.body)
    if len(parts) != len(writes):
        raise ServiceResponseError(f"Storage answered {len(parts)} of {len(writes)} writes.")
    if any(not part.tag and write.method != "DELETE" for part, write in zip(parts, writes, strict=True)):
        raise ServiceResponseError("Storage wrote a row and did not say which version it is.")
    return [part.tag for part in parts]


class Refused(HttpResponseError):
    """A transaction that storage refused; `index` is that of the write at fault, None where it does not say."""

    index: int | None = None


_INDEX = re.compile(r"(\d+):")
_MEANT = {404: ResourceNotFoundError, 409: ResourceExistsError, 412: ResourceModifiedError}


def refusal(status: int, body: bytes, *, named: str = "", single: bool = False) -> HttpResponseError:
    """The error of an answer that is no success, with storage's own code as `error_code`.

    The code stands in the body or, where that is none of JSON, in the header whose value is `named`. The error of a
    single request is of the class that azure-core has for it; a transaction's is Refused.
    """
    code, text = _said(body)
    code = code or named
    message = f"{text or 'Storage refused'} ({status} {code})"
    error = _MEANT.get(status, HttpResponseError)(message) if single else Refused(message)
    error.status_code = status
    error.error_code = code  # type: ignore[attr-defined] # as azure-data-tables does
    if isinstance(error, Refused):
        number = _INDEX.match(text)
        error.index = int(number[1]) if number else None
    return error


def _said(body: bytes) -> tuple[str, str]:
    """Storage's code and its first line; '' where the body is not as documented."""
    try:
        problem = msgspec.json.decode(body)["odata.error"]
        return str(problem["code"]), str(problem["message"]["value"]).partition("\n")[0]
    except (msgspec.DecodeError, KeyError, TypeError):
        return "", ""
