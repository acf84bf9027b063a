"""Tokens (S1): what is accepted, and everything that is not."""

import asyncio
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local.issuer import AUDIENCE, KEY_ID, Issuer
from shared.domain.errors import Unauthenticated, Unavailable
from shared.domain.permissions import Role
from shared.http.auth import SigningKeys, TokenVerifier
from shared.settings import Settings
from tests.builders import AT, DAY
from tests.fakes.programme import FakePartnerStore

STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GONE: Any = object()


class Keys:
    """The issuer's key endpoint; counts how often it is asked."""

    def __init__(self, issuer: Issuer) -> None:
        self.answer: Any = issuer.keys()
        self.asked = 0

    async def __call__(self) -> Any:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def keys(issuer: Issuer) -> Keys:
    return Keys(issuer)


@pytest.fixture
def verifier(in_memory: Settings, keys: Keys) -> TokenVerifier:
    partners = FakePartnerStore()
    partners.tenants["contoso"] = "contoso"
    return TokenVerifier(in_memory, SigningKeys(keys), partners)


def signed(issuer: Issuer, key: Any = None, headers: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
    claims: dict[str, Any] = {
        "iss": issuer.template.replace("{tid}", "contoso"),
        "aud": AUDIENCE,
        "tid": "contoso",
        "oid": "ann",
        "name": "Ann",
        "roles": ["Leads.Admin"],
        "nbf": AT.timestamp(),
        "exp": (AT + timedelta(hours=1)).timestamp(),
    } | changes
    claims = {name: value for name, value in claims.items() if value is not GONE}
    return jwt.encode(claims, key or issuer._key, algorithm=algorithm, headers=headers or {"kid": KEY_ID})


async def test_a_good_token_names_person_tenant_partner_and_roles(verifier: TokenVerifier, issuer: Issuer) -> None:
    caller = await verifier.caller(f"bearer {signed(issuer)}", AT)
    assert (caller.person, caller.tenant, caller.partner_id, caller.name) == ("ann", "contoso", "contoso", "Ann")
    assert caller.roles == {Role.LEADS_ADMIN, Role.LEADS_USER}


async def test_a_tenant_of_no_partner_is_known_but_enters_nowhere(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = signed(issuer, tid="else", iss=issuer.template.replace("{tid}", "else"))
    assert (await verifier.caller(f"Bearer {token}", AT)).partner_id is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": GONE}, "exp"),
        ({"iss": GONE}, "iss"),
        ({"aud": GONE}, "aud"),
        ({"tid": GONE}, "tid"),
        ({"oid": GONE}, "oid"),
        ({"oid": ""}, "tid and oid"),
        ({"oid": 7}, "tid and oid"),
        ({"tid": ["contoso"]}, "tid and oid"),
        ({"aud": "api://else"}, "audience"),
        ({"aud": 7}, "audience"),
        ({"iss": "https://issuer.example/contoso"}, "issuer"),
        ({"tid": "fabrikam"}, "issuer"),
        ({"exp": AT.timestamp() - 60}, "expired"),
        ({"exp": "soon"}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"exp": 10**400}, "exp"),
        ({"nbf": float("-inf")}, "exp"),
        ({"nbf": float("nan")}, "exp"),
        ({"roles": "Leads.Admin"}, "roles"),
        ({"roles": [["Leads.Admin"]]}, "roles"),
        ({"roles": ["Leads.Admin", {}]}, "roles"),
        ({"roles": {"Leads.Admin": 1}}, "roles"),
        ({"exp": True}, "exp"),
        ({"nbf": AT.timestamp() + 61}, "not valid yet"),
    ],
)
async def test_what_a_token_must_say(verifier: TokenVerifier, issuer: Issuer, changes: Any, why: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await verifier.caller(f"Bearer {signed(issuer, **changes)}", AT)
    assert why in refused.value.message


async def test_a_minute_of_leeway_for_clocks_that_differ(verifier: TokenVerifier, issuer: Issuer) -> None:
    for changes in ({"exp": AT.timestamp() - 59}, {"nbf": AT.timestamp() + 60}):
        await verifier.caller(f"Bearer {signed(issuer, **changes)}", AT)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer " + "a" * 20_000]
)
async def test_a_missing_or_mangled_token_is_refused(verifier: TokenVerifier, header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.caller(header, AT)


async def test_only_rs256_by_the_issuers_key(verifier: TokenVerifier, issuer: Issuer) -> None:
    modulus = issuer.keys()["keys"][0]["n"]
    unsigned = jwt.encode({"aud": AUDIENCE}, None, algorithm="none", headers={"kid": KEY_ID})
    by_public_key = jwt.encode({"aud": AUDIENCE}, modulus, algorithm="HS256", headers={"kid": KEY_ID})
    good = signed(issuer)
    head, body, signature = good.split(".")
    forged = [
        signed(issuer, STRANGER),
        signed(issuer, algorithm="RS512"),
        unsigned,
        by_public_key,
        f"{head}.{body}.",
        f"{head}.{body[:-2]}AA.{signature}",
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            await verifier.caller(f"Bearer {token}", AT)


async def test_keys_are_kept_and_an_unknown_key_asks_again_once_a_minute(
    verifier: TokenVerifier, issuer: Issuer, keys: Keys
) -> None:
    for _ in range(3):
        await verifier.caller(f"Bearer {signed(issuer)}", AT)
    assert keys.asked == 1
    strange = f"Bearer {signed(issuer, STRANGER, headers={'kid': 'new'})}"
    for seconds in (0, 30, 59, 61, 62, 100):
        with pytest.raises(Unauthenticated):
            await verifier.caller(strange, AT + timedelta(seconds=seconds))
    assert keys.asked == 2
    turned = jwt.algorithms.RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True) | {"kid": "new"}
    keys.answer = {"keys": [turned]}
    caller = await verifier.caller(strange, AT + timedelta(seconds=200))
    assert caller.person == "ann"


async def test_a_token_that_is_known_again_still_ends_in_time(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = f"Bearer {signed(issuer, exp=AT.timestamp() + 60)}"
    for seconds in (0, 1, 119):
        await verifier.caller(token, AT + timedelta(seconds=seconds))
    with pytest.raises(Unauthenticated, match="expired"):
        await verifier.caller(token, AT + timedelta(seconds=120))


async def test_a_withdrawn_key_is_forgotten_after_a_day(verifier: TokenVerifier, issuer: Issuer, keys: Keys) -> None:
    await verifier.caller(f"Bearer {signed(issuer)}", AT)
    keys.answer = {"keys": []}
    late = signed(issuer, exp=(AT + 2 * DAY).timestamp())
    await verifier.caller(f"Bearer {late}", AT + DAY - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        await verifier.caller(f"Bearer {late}", AT + DAY + timedelta(minutes=5))


@pytest.mark.parametrize("broken", [OSError("down"), {"keys": 7}, {}, [], {"keys": [{"kty": "RSA", "kid": "x"}]}])
async def test_without_keys_the_service_is_unavailable_and_asks_again(
    verifier: TokenVerifier, issuer: Issuer, keys: Keys, broken: Any
) -> None:
    good, keys.answer = keys.answer, broken
    with pytest.raises(Unavailable):
        await verifier.caller(f"Bearer {signed(issuer)}", AT)
    keys.answer = good
    await verifier.caller(f"Bearer {signed(issuer)}", AT)


async def test_known_keys_go_on_while_the_issuer_is_down(verifier: TokenVerifier, issuer: Issuer, keys: Keys) -> None:
    await verifier.caller(f"Bearer {signed(issuer)}", AT)
    keys.answer = OSError("down")
    await verifier.caller(f"Bearer {signed(issuer, exp=(AT + 3 * DAY).timestamp())}", AT + 2 * DAY)


async def test_a_hostile_name_is_repaired(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = signed(issuer, name="A\x00nn" + "x" * 999)
    caller = await verifier.caller(f"Bearer {token}", AT)
    assert caller.name is not None
    assert caller.name.startswith("A nn")
    assert len(caller.name) == 256


async def test_all_who_wait_share_one_question_to_the_issuer(
    verifier: TokenVerifier, issuer: Issuer, keys: Keys
) -> None:
    async def slowly() -> Any:
        await asyncio.sleep(0.01)
        return await keys()

    verifier._keys._fetch = slowly
    token = f"Bearer {signed(issuer)}"
    callers = await asyncio.gather(*(verifier.caller(token, AT) for _ in range(10)))
    assert {one.person for one in callers} == {"ann"}
    assert keys.asked == 1
    turned = jwt.algorithms.RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True) | {"kid": "new"}
    keys.answer = {"keys": [turned]}
    fresh = f"Bearer {signed(issuer, STRANGER, headers={'kid': 'new'})}"
    later = AT + timedelta(minutes=2)
    callers = await asyncio.gather(*(verifier.caller(fresh, later) for _ in range(10)))
    assert {one.person for one in callers} == {"ann"}
    assert keys.asked == 2


async def test_an_unknown_key_while_the_issuer_is_down_is_unavailable_not_refused(
    verifier: TokenVerifier, issuer: Issuer, keys: Keys
) -> None:
    await verifier.caller(f"Bearer {signed(issuer)}", AT)
    keys.answer = OSError("down")
    strange = f"Bearer {signed(issuer, STRANGER, headers={'kid': 'new'})}"
    for seconds in (61, 62):
        with pytest.raises(Unavailable):
            await verifier.caller(strange, AT + timedelta(seconds=seconds))
    assert keys.asked == 2
