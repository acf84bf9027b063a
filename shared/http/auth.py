"""Who is calling: verifies bearer tokens (S1).

Decides by signature, issuer, audience, time and `tid` alone; addresses and names in a token are never trusted for
that. Headers of the platform's own sign-in are ignored, since anyone can send them while it is off.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.domain.errors import Unauthenticated, Unavailable
from shared.domain.messages import say
from shared.domain.permissions import Caller, roles_of
from shared.domain.text import repaired
from shared.ports.programme import PartnerStore
from shared.settings import Settings

if TYPE_CHECKING:
    from jwt import PyJWK

log = logging.getLogger(__name__)

REFRESH_AT_MOST = timedelta(minutes=1)
"""An unknown key id asks the issuer again at most so often, or strangers could make us hammer it."""
KEYS_FOR = timedelta(hours=24)
"""A key that the issuer has withdrawn is forgotten after this."""
TOKEN_MAX = 16_384
TIME_MAX = 10**11
"""Seconds since 1970 that a token may name, some three thousand years."""
SEEN_FOR, SEEN_MAX = timedelta(minutes=5), 1_000
"""How long, and how many, verified tokens are known again: a signature costs as much as a table read.

A key that the issuer withdraws is trusted for so much longer.
"""

FetchKeys = Callable[[], Awaitable[dict[str, Any]]]


class SigningKeys:
    """The issuer's public keys by id, fetched when needed and kept; raises Unavailable when none can be had."""

    def __init__(self, fetch: FetchKeys) -> None:
        self._fetch = fetch
        self._keys: dict[str, tuple[PyJWK, str]] = {}
        self._asked: datetime | None = None
        self._fetched: datetime | None = None
        self._failed = False
        self._refreshing: asyncio.Task[None] | None = None

    async def get(self, key_id: str, at: datetime) -> "tuple[PyJWK, str] | None":
        """The key of this id with the one issuer that it signs for, '' where that is any; None when there is none."""
        if self._refreshing is not None or self._is_stale(key_id, at):
            # All who wait share one question to the issuer, and its outcome.
            if self._refreshing is None:
                self._refreshing = asyncio.create_task(self._refresh(at))
            await asyncio.shield(self._refreshing)
        key = self._keys.get(key_id)
        if key is None and self._failed:
            raise Unavailable("The issuer's signing keys cannot be fetched just now.")
        return key

    def _is_stale(self, key_id: str, at: datetime) -> bool:
        if self._fetched is None:
            return True
        if self._asked is not None and timedelta() <= at - self._asked < REFRESH_AT_MOST:
            return False
        return key_id not in self._keys or at - self._fetched >= KEYS_FOR

    async def _refresh(self, at: datetime) -> None:
        import jwt  # noqa: PLC0415 - 45 ms, at the first token: the doors of marketplaces take none

        try:
            found = await self._fetch()
            keys = [
                (jwt.PyJWK(one), _one_issuer(one.get("issuer")))
                for one in found["keys"]
                if one.get("kty") == "RSA" and one.get("kid")
            ]
            self._keys = {str(key.key_id): (key, issuer) for key, issuer in keys}
            self._fetched, self._failed = at, False
        except (OSError, ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as problem:
            self._failed = True
            log.warning(
                "The issuer's keys could not be fetched.",
                extra={"event": "keys.fetch_failed", "problem": type(problem).__name__},
            )
        finally:
            self._asked, self._refreshing = at, None


class TokenVerifier:
    """Verifies a request's token and finds the caller's partner."""

    def __init__(self, settings: Settings, keys: SigningKeys, partners: PartnerStore) -> None:
        self._settings = settings
        self._keys = keys
        self._partners = partners
        self._seen: OrderedDict[str, tuple[datetime, dict[str, Any]]] = OrderedDict()

    async def caller(self, authorization: str | None, at: datetime) -> Caller:
        """Who the `Authorization` header names; raises Unauthenticated with the reason, never with the token."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("Send a token: Authorization: Bearer <token>.")
        claims = await self._verified(token.strip(), at)
        tenant, person = claims["tid"].lower(), claims["oid"]
        is_operators = tenant == self._settings.operator_tenant.lower()
        return Caller(
            tenant=tenant,
            person=person,
            name=_text(claims, "name"),
            roles=roles_of(claims.get("roles"), from_operator_tenant=is_operators),
            partner_id=await self._partners.partner_of_tenant(tenant, at),
            is_operators=is_operators,
            client=_text(claims, "azp", "appid"),
            email=_text(claims, "email", "preferred_username", "upn"),
        )

    async def _verified(self, token: str, at: datetime) -> dict[str, Any]:
        """The token's claims; who calls often is not verified anew each time, but its time is judged anew."""
        if len(token) > TOKEN_MAX:
            raise Unauthenticated("The token is too long.")
        known = self._seen.get(token)
        if known is None or not timedelta() <= at - known[0] < SEEN_FOR:
            known = at, await self._claims(token, at)
            self._seen.pop(token, None)
            self._seen[token] = known
            if len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
        self._check(known[1], at)
        return known[1]

    async def _claims(self, token: str, at: datetime) -> dict[str, Any]:
        import jwt  # noqa: PLC0415 - as above

        try:
            header = jwt.get_unverified_header(token)
            key_id = header.get("kid")
            if header.get("alg") != "RS256" or not isinstance(key_id, str):
                raise Unauthenticated("The token must be signed with RS256 and name its key.")
            known = await self._keys.get(key_id, at)
            if known is None:
                raise Unauthenticated("The token is signed with an unknown key.")
            key, one_issuer = known
            # Time is judged below against `at`, since the library would read the clock.
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self._settings.token_audience,
                options={
                    "require": ["exp", "iss", "aud", "tid", "oid"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.MissingRequiredClaimError as problem:
            raise Unauthenticated(say("The token has no claim %(claim)s.", claim=problem.claim)) from problem
        except jwt.InvalidAudienceError as problem:
            raise Unauthenticated("The token is for another audience.") from problem
        except (jwt.PyJWTError, ValueError, TypeError) as problem:
            raise Unauthenticated("The token is not valid.") from problem
        if one_issuer and claims["iss"] != one_issuer:
            # Among the keys that all tenants share there are some of one tenant alone.
            raise Unauthenticated("The token is from another issuer.")
        return claims

    def _check(self, claims: dict[str, Any], at: datetime) -> None:
        tenant, person = claims["tid"], claims["oid"]
        if not (isinstance(tenant, str) and isinstance(person, str) and tenant and person):
            raise Unauthenticated("The token's tid and oid must be strings.")
        if claims["iss"] != self._settings.token_issuer.replace("{tid}", tenant):
            raise Unauthenticated("The token is from another issuer.")
        leeway, now = self._settings.token_leeway_seconds, at.timestamp()
        ends, starts = claims["exp"], claims.get("nbf", 0)
        if not (_is_time(ends) and _is_time(starts)):
            raise Unauthenticated("The token's exp and nbf must be numbers.")
        roles = claims.get("roles")
        if roles is not None and not (isinstance(roles, list) and all(isinstance(role, str) for role in roles)):
            raise Unauthenticated("The token's roles must be a list of strings.")
        if now >= ends + leeway:
            raise Unauthenticated("The token has expired.")
        if now < starts - leeway:
            raise Unauthenticated("The token is not valid yet.")


def _one_issuer(named: object) -> str:
    """The issuer that a key names as the only one it signs for; '' for none, or one with a place for any tenant."""
    return named if isinstance(named, str) and "{" not in named else ""


def _is_time(value: object) -> bool:
    """True for seconds that a clock may show: no text, no NaN, nothing without end."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < TIME_MAX


def _text(claims: dict[str, Any], *names: str) -> str | None:
    """The first of these claims that is a text."""
    found = (repaired(text, 256) for name in names if isinstance(text := claims.get(name), str))
    return next((text for text in found if text), None)
