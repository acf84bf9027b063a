"""One account of Table Storage, over azure-core's own pipeline: its retries, credentials, tracing and logging.

What the SDK for tables does beside that (e-mail parsers for transactions, a dozen conversions a row) is most of its
CPU; decision 16 has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from azure.core import AsyncPipelineClient
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline.policies import (
    AsyncRetryPolicy,
    CustomHookPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.core.tracing.decorator_async import distributed_trace_async

from shared.ids import new_request_id
from shared.storage.errors import is_table_missing
from shared.storage.rest import wire
from shared.storage.rest.wire import Row, Write
from shared.version import NAME, VERSION

COMMON = {"Accept": wire.MINIMAL, "x-ms-version": wire.VERSION, "DataServiceVersion": "3.0"}
_NEXT = "x-ms-continuation-Next"
Token = tuple[str, str]
"""Where a range read goes on: the keys that storage names, '' for one it does not."""


R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class RowPage(Generic[R]):
    """The rows of one answer, perhaps none, and where to go on; None at the end of the range. `size` is in bytes."""

    rows: list[R]
    token: Token | None
    size: int


class TableService:
    """The account at `endpoint`; `credential` is the policy that signs, `retries` those of azure-core."""

    def __init__(self, endpoint: str, credential: Any, transport: Any, retries: dict[str, Any]) -> None:
        self.endpoint = endpoint.rstrip("/")
        policies = [
            RequestIdPolicy(),
            UserAgentPolicy(f"{NAME}/{VERSION}"),
            AsyncRetryPolicy(**retries),
            credential,
            CustomHookPolicy(),
            NetworkTraceLoggingPolicy(),
            DistributedTracingPolicy(),
            HttpLoggingPolicy(),
        ]
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            self.endpoint, policies=policies, transport=transport
        )

    async def send(
        self, method: str, path: str, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> AsyncHttpResponse:
        """The answer to one request, whatever its status, read to its end."""
        url = f"{self.endpoint}/{path}"
        request = HttpRequest(method, url, headers=COMMON | (headers or {}), content=content or None)
        return await self._client.send_request(request)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class Table:
    """One table. Errors are azure-core's, as of the SDK; `shared/storage/errors.py` says what they mean."""

    def __init__(self, service: TableService, name: str) -> None:
        self._service = service
        self.name = name

    async def get(self, partition: str, key: str, select: Sequence[str] = ()) -> Row:
        """The row, or these columns of it; raises ResourceNotFoundError."""
        query = f"?{urlencode({'$select': ','.join(select)}, quote_via=quote)}" if select else ""
        answer = await self._service.send("GET", wire.address(self.name, partition, key) + query)
        _demand(answer, 200)
        return wire.row_of(wire.decoded(answer.content))

    async def page(
        self, condition: str, top: int | None = None, select: Sequence[str] = (), token: Token | None = None
    ) -> RowPage[Row]:
        """One answer of a range read, of `top` rows at most (a thousand when that is None), from `token` on."""
        content, go_on = await self._range(condition, top, select, token)
        rows = wire.decoded(content).get("value")
        if not isinstance(rows, list):
            raise ServiceResponseError("Storage answered a range read without rows.")
        return RowPage([wire.row_of(row) for row in rows], go_on, len(content))

    async def page_of(
        self, kind: type[R], condition: str, top: int, select: Sequence[str], token: Token | None = None
    ) -> RowPage[R]:
        """The same as structs of a kind, without tags and types: a third of the cost where few columns are read."""
        content, go_on = await self._range(condition, top, select, token, {"Accept": wire.NO_METADATA})
        return RowPage(wire.decoded_as(kind, content), go_on, len(content))

    async def _range(
        self,
        condition: str,
        top: int | None,
        select: Sequence[str],
        token: Token | None,
        headers: dict[str, str] | None = None,
    ) -> tuple[bytes, Token | None]:
        query = {"$filter": condition}
        if top is not None:
            query["$top"] = str(top)
        if select:
            query["$select"] = ",".join(select)
        if token is not None:
            names = ("NextPartitionKey", "NextRowKey")
            query |= {name: key for name, key in zip(names, token, strict=True) if key}
        path = f"{self.name}()?{urlencode(query, quote_via=quote)}"
        answer = await self._service.send("GET", path, headers=headers)
        _demand(answer, 200)
        go_on = (answer.headers.get(_NEXT + "PartitionKey", ""), answer.headers.get(_NEXT + "RowKey", ""))
        return answer.content, go_on if any(go_on) else None

    async def rows(self, condition: str, select: Sequence[str] = ()) -> list[Row]:
        """All rows of a range, a request for each thousand."""
        page = await self.page(condition, select=select)
        found = page.rows
        while page.token is not None:
            page = await self.page(condition, select=select, token=page.token)
            found += page.rows
        return found

    @distributed_trace_async(name_of_span="TableClient.write_entity")
    async def write(self, write: Write) -> str:
        """Do one write; the row's new tag, '' of a deletion. What is gone already counts as deleted, unless by tag."""
        answer = await self._service.send(write.method, write.path(self.name), write.body(), write.headers())
        if write.method == "DELETE" and write.tag == wire.ANY and answer.status_code == 404:
            error = _refusal(answer, single=True)
            if is_table_missing(error):
                raise error
            return ""
        _demand(answer, 201, 204)
        tag = answer.headers.get("ETag", "")
        if not tag and write.method != "DELETE":
            raise ServiceResponseError("Storage wrote a row and did not say which version it is.")
        return tag

    @distributed_trace_async(name_of_span="TableClient.submit_transaction")
    async def transact(self, writes: Sequence[Write]) -> list[str]:
        """Do all writes or none; their rows' new tags, '' of a deletion. Raises Refused.

        All are of one partition, no row twice, a hundred at most and 4 MiB together.
        """
        body, content_type = wire.transaction(self._service.endpoint, self.name, writes, new_request_id())
        answer = await self._service.send("POST", "$batch", body, {"Content-Type": content_type})
        if answer.status_code != 202:
            raise _refusal(answer, single=False)
        parts = wire.parts_of(answer.content, answer.headers.get("Content-Type", ""))
        return wire.tags_of(parts, writes)


def _demand(answer: AsyncHttpResponse, *statuses: int) -> None:
    if answer.status_code not in statuses:
        raise _refusal(answer, single=True)


def _refusal(answer: AsyncHttpResponse, *, single: bool) -> HttpResponseError:
    named = answer.headers.get("x-ms-error-code", "")
    return wire.refusal(answer.status_code, answer.content, named=named, single=single)
