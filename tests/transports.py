"""What storage can do to a caller, on purpose: one transport that fails chosen calls, and one that counts them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

BEFORE, LOST, BUSY_AFTER = (
    "refused before it took effect",
    "answer lost after it took effect",
    "503 after it took effect",
)
RACE = "412 without taking effect"
WAYS = (BEFORE, LOST, BUSY_AFTER, RACE)
BREAKS = ((BEFORE, False), (BEFORE, True), (LOST, True), (BUSY_AFTER, False))
"""A way to fail, and whether it stays so from a call on: storage that is gone for good is a process that dies there.

A single call that is answered badly is made again by the client; of an answer lost for good the caller sees a failure
although it took effect.
"""


class FaultyTransport(AioHttpTransport):
    """Fails the requests that `picks` names, in one way; `calls` counts those that `may_fail`, `made` all."""

    def __init__(
        self, picks: Callable[[int, Any], bool], way: str, may_fail: Callable[[Any], bool] = lambda _: True
    ) -> None:
        super().__init__(use_env_settings=False)
        self.calls = self.made = 0
        self.armed = False
        self._picks = picks
        self._may_fail = may_fail
        self._way = way

    def aim(self, failing: int, way: str, *, for_good: bool) -> None:
        """Fail from now on the n-th of the requests that are worth it, and with `for_good` all from it on."""
        self._picks, self._way = nth(failing, for_good=for_good), way
        self._may_fail = worth_failing(way, for_good=for_good)
        self.calls, self.armed = 0, True

    async def send(self, request: Any, **options: Any) -> Any:
        """Send the request, or not, or send it and hide the answer."""
        if not self.armed:
            return await super().send(request, **options)
        self.made += 1
        if not self._may_fail(request):
            return await super().send(request, **options)
        number, self.calls = self.calls, self.calls + 1
        if not self._picks(number, request):
            return await super().send(request, **options)
        if self._way == BEFORE:
            raise ServiceRequestError("refused")
        if self._way == RACE:
            # A real answer to a harmless question, with the status of a lost race.
            response = await super().send(HttpRequest("GET", request.url), **options)
            await _read(response)
            response.status_code, response.reason = 412, "Precondition Failed"
            return response
        response = await super().send(request, **options)
        await _read(response)
        if self._way == LOST:
            raise ServiceResponseError("connection reset")
        response.status_code = 503
        response.reason = "Server Busy"
        response.headers.pop("Retry-After", None)
        return response


async def _read(response: Any) -> None:
    """Take the answer off the wire, in the way of its kind."""
    if not hasattr(response, "read"):
        await response.load_body()
    elif not response.is_stream_consumed:
        await response.read()


class HoldingTransport(AioHttpTransport):
    """Holds one request that `picks` names, once it is armed: before it takes effect, or its answer afterwards.

    `reached` is set when it does, `go_on` lets it go.
    """

    def __init__(self, picks: Callable[[int, Any], bool], *, answer: bool) -> None:
        super().__init__(use_env_settings=False)
        self.armed = False
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self._picks = picks
        self._answer = answer

    async def send(self, request: Any, **options: Any) -> Any:
        """Send it when it may go."""
        if not self.armed or not self._picks(0, request):
            return await super().send(request, **options)
        self.armed = False
        if not self._answer:
            self.reached.set()
            await self.go_on.wait()
            return await super().send(request, **options)
        response = await super().send(request, **options)
        await _read(response)
        self.reached.set()
        await self.go_on.wait()
        return response


def changes_leads(_: int, request: Any) -> bool:
    """True for a transaction in a partner's partition: `lead|` stands in its body."""
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    return request.url.endswith("$batch") and (b"lead%7C" in body or b"lead|" in body)


def nth(failing: int, *, for_good: bool) -> Callable[[int, Any], bool]:
    """Picks of those that may fail the n-th, or all from it on."""
    return lambda number, _: number >= failing if for_good else number == failing


def worth_failing(
    way: str, *, for_good: bool, loses: Callable[[int, Any], bool] = changes_leads
) -> Callable[[Any], bool]:
    """Which requests to fail in this way: a read has no effect that an answer could hide; `loses` may lose a race.

    What is gone from then on is gone for every request.
    """
    if way == RACE:
        return lambda request: loses(0, request)
    if way in (LOST, BUSY_AFTER) and not for_good:
        return lambda request: request.method != "GET"
    return lambda _: True


class RoundTrips(AioHttpTransport):
    """Counts requests, and how many had to wait for the one before: those are sequential.

    A transport and not a pipeline policy, because the tables client takes no policies of ours.
    """

    def __init__(self) -> None:
        super().__init__(use_env_settings=False)
        self.reset()

    def reset(self) -> None:
        """Count from zero."""
        self.requests = 0
        self.sequential = 0
        self._under_way = 0

    async def send(self, request: Any, **options: Any) -> Any:
        """Send it; the first of those that are under way together begins a round."""
        self.requests += 1
        self.sequential += self._under_way == 0
        self._under_way += 1
        # What was started beside this one needs turns of the loop to get here, however slow the machine is.
        for _ in range(100):
            await asyncio.sleep(0)
        try:
            return await super().send(request, **options)
        finally:
            self._under_way -= 1


async def together(*calls: Any) -> list[Any]:
    """All outcomes, errors among them."""
    return list(await asyncio.gather(*calls, return_exceptions=True))


class EmptyPages(AioHttpTransport):
    """Answers a filtered read as Azure does when it finds nothing for five seconds: no row, and a token to go on by.

    Each such read looks at `looks` rows and gives those that match; `empty` counts the answers without a row.
    """

    def __init__(self, looks: int, marks: str) -> None:
        super().__init__(use_env_settings=False)
        self.empty = 0
        self._looks, self._marks = looks, marks

    async def send(self, request: Any, **options: Any) -> Any:
        """Send the request, or one that looks at a few rows and shows none."""
        url = str(request.url)
        if request.method != "GET" or self._marks not in url:
            return await super().send(request, **options)
        whole = urlsplit(url)
        query = dict(parse_qsl(whole.query, keep_blank_values=True))
        head = query["$filter"].split(" and ")[:3]
        unfiltered = query | {"$filter": " and ".join(head), "$top": str(self._looks), "$select": "RowKey"}
        few = await self._get(request, whole, unfiltered, options)
        few_rows = json.loads(few.content)["value"]
        token = few.headers.get("x-ms-continuation-NextRowKey")
        bound = f" and RowKey le '{few_rows[-1]['RowKey']}'" if few_rows else ""
        matching = await self._get(request, whole, query | {"$filter": query["$filter"] + bound}, options)
        if token is None:
            return await super().send(request, **options)
        self.empty += not json.loads(matching.content)["value"]
        few._content = matching.content
        return few

    async def _get(self, request: Any, whole: Any, query: dict[str, str], options: dict[str, Any]) -> Any:
        made = HttpRequest("GET", urlunsplit(whole._replace(query=urlencode(query, quote_via=quote))))
        made.headers.update(request.headers)
        # The signature covers the path and the date, not the query.
        response = await super().send(made, **options)
        await _read(response)
        return response
