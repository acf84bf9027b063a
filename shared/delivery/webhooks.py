"""Calls receivers, signed per Standard Webhooks (W2, W4)."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from standardwebhooks import Webhook as Signer
from yarl import URL

from shared import correlation
from shared.delivery.address import Forbidden, PublicResolver, problem_with
from shared.ports.delivery import Packet, ReceiverReply
from shared.version import VERSION

TIMEOUT_SECONDS = 15
ANSWER_KEPT, HEADER_KEPT = 2_048, 200
RETRY_AFTER_MOST = timedelta(hours=12)


class HttpWebhooks:
    """`WebhookSender` over HTTP; `real_now` dates signatures, since receivers judge them by their own clocks."""

    def __init__(
        self,
        *,
        loopback: bool,
        real_now: Callable[[], datetime],
        watch: Callable[[], float],
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._loopback = loopback
        self._real_now = real_now
        self._watch = watch
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    def problem_with(self, url: str) -> str | None:
        return problem_with(url, loopback=self._loopback)

    async def send(self, url: str, message_id: str, packet: Packet, secrets: Sequence[str]) -> ReceiverReply:
        """No redirects, fifteen seconds in all, and the beginning of the answer is kept."""
        if problem := self.problem_with(url):
            return ReceiverReply(None, problem, 0)
        began = self._watch()

        def spent() -> int:
            return round((self._watch() - began) * 1000)

        try:
            # As it was given, byte for byte: a signature in a query does not survive being written anew.
            async with self._open().post(
                URL(url, encoded=True),
                data=packet.body,
                headers=self._headers(message_id, packet, secrets),
                allow_redirects=False,
            ) as answer:
                text = await _beginning(answer)
                if 300 <= answer.status < 400:
                    text = "Redirects are not followed. " + text
                headers = {name.lower(): value[:HEADER_KEPT] for name, value in answer.headers.items()}
                return ReceiverReply(answer.status, text, spent(), _retry_after(answer, self._real_now()), headers)
        except TimeoutError:
            return ReceiverReply(None, f"No answer within {self._timeout.total:g} seconds.", spent())
        except Forbidden as problem:
            return ReceiverReply(None, f"Not called: {problem}.", spent())
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            cause = problem.__cause__ or problem
            if isinstance(cause, Forbidden):
                return ReceiverReply(None, f"Not called: {cause}.", spent())
            return ReceiverReply(None, f"Not reached: {type(problem).__name__}.", spent())

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)

    def _headers(self, message_id: str, packet: Packet, secrets: Sequence[str]) -> dict[str, str]:
        at = self._real_now()
        text = packet.body.decode("utf-8")
        signatures = [Signer(secret).sign(message_id, at, text) for secret in secrets]
        told = {"x-ms-correlation-request-id": correlation.current()} if correlation.current() else {}
        return {**packet.headers, **told} | {
            "Content-Type": packet.content_type,
            "User-Agent": f"partner-leads/{VERSION}",
            # Answers are read as they come, so they must not come packed.
            "Accept-Encoding": "identity",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Names are resolved for each connection and judged there: nothing stands between judging and connecting.
            connector = aiohttp.TCPConnector(
                resolver=PublicResolver(loopback=self._loopback), use_dns_cache=False, limit=0
            )
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
        return self._session


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The first characters of an answer, whatever it is."""
    found = b""
    while len(found) < ANSWER_KEPT:
        more = await answer.content.read(ANSWER_KEPT - len(found))
        if not more:
            break
        found += more
    text = found.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def _retry_after(answer: aiohttp.ClientResponse, now: datetime) -> timedelta | None:
    """How long the receiver asks us to stay away, in either of the header's forms; never for longer than half a day."""
    written = answer.headers.get("Retry-After", "").strip()
    if written.isascii() and written.isdigit() and len(written) < 9:
        return min(timedelta(seconds=int(written)), RETRY_AFTER_MOST)
    try:
        wait = parsedate_to_datetime(written) - now
    except (TypeError, ValueError, OverflowError):
        return None
    return min(wait, RETRY_AFTER_MOST) if wait > timedelta() else None
