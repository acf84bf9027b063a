"""Asks whether a domain takes mail (V1): by its MX record, else by its address, as RFC 5321 says; null MX takes none.

Knows DNS, not leads. What is known of a domain is kept for an hour in this process.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

KEPT_SECONDS = 3_600
KEPT_MAX = 10_000


class MailDomains:
    """Asks the system's name servers, or those of `make_resolver`; waits for at most `timeout_seconds` altogether."""

    def __init__(
        self,
        timeout_seconds: float,
        watch: Callable[[], float],
        make_resolver: "Callable[[], Resolver] | None" = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._watch = watch
        self._make_resolver = make_resolver
        self._resolver: Resolver | None = None
        self._known: OrderedDict[str, tuple[bool, float]] = OrderedDict()

    async def takes_mail(self, domain: str) -> bool | None:
        """True or False; None when nobody could say in time."""
        known = self._known.get(domain)
        if known and known[1] > self._watch():
            return known[0]
        try:
            async with asyncio.timeout(self._timeout_seconds):
                found = await self._ask(domain)
        except TimeoutError:
            return None
        if found is not None:
            self._known[domain] = found, self._watch() + KEPT_SECONDS
            self._known.move_to_end(domain)
            if len(self._known) > KEPT_MAX:
                self._known.popitem(last=False)
        return found

    async def _ask(self, domain: str) -> bool | None:
        answer = await self._resolve(domain, "MX")
        if answer is None or answer is False:
            return answer
        if answer:
            # A null MX is one record whose exchange is the root (RFC 7505).
            return any(str(record.exchange) != "." for record in answer)
        for kind in ("A", "AAAA"):
            answer = await self._resolve(domain, kind)
            if answer is None or answer:
                return answer is not None or None
        return False

    async def _resolve(self, domain: str, kind: str) -> Any:
        """The records; [] for none of this kind, False for no such domain, None when nobody could say."""
        # 75 ms of import, at the first address.
        from dns import asyncresolver, exception, resolver  # noqa: PLC0415

        if self._resolver is None:
            self._resolver = self._make_resolver() if self._make_resolver else asyncresolver.Resolver()
        try:
            return list(await self._resolver.resolve(domain, kind, lifetime=self._timeout_seconds))
        except resolver.NXDOMAIN:
            return False
        except resolver.NoAnswer:
            return []
        except (exception.DNSException, OSError):
            return None
