"""Tokens that nobody should be let in with (S1): each is a 401 with its reason, and says nothing of what is behind."""

import base64
import json
import logging
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local.issuer import AUDIENCE, KEY_ID, Issuer
from shared import app
from shared.http.auth import SigningKeys
from tests.builders import AT, DAY
from tests.in_process import InProcess
from tests.unit.http.conftest import P

STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
GONE: Any = object()
Json = dict[str, Any]


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forge:
    """Makes tokens of an issuer: good ones, and those of somebody who has its public key and all the time there is."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        public = issuer._key.public_key()
        self.pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.jwk = issuer.keys()["keys"][0]

    def claims(self, **changes: Any) -> Json:
        claims = {
            "iss": self.issuer.template.replace("{tid}", "contoso"),
            "aud": AUDIENCE,
            "tid": "contoso",
            "oid": "ann",
            "roles": ["Partner.Admin"],
            "nbf": int(AT.timestamp()),
            "exp": int((AT + DAY / 24).timestamp()),
        } | changes
        return {name: value for name, value in claims.items() if value is not GONE}

    def good(self, headers: Json | None = None, **changes: Any) -> str:
        return self.by(self.issuer._key, headers, **changes)

    def by(self, key: Any, headers: Json | None = None, algorithm: str = "RS256", **changes: Any) -> str:
        # The library would refuse to write some of these claims.
        said = json.dumps(self.claims(**changes)).encode()
        return jwt.api_jws.encode(said, key, algorithm, {"typ": "JWT", "kid": KEY_ID} | (headers or {}))

    def raw(self, header: Any, payload: Any = None, signature: str = "") -> str:
        return f"{encoded(header)}.{encoded(self.claims() if payload is None else payload)}.{signature}"

    def mac(self, secret: bytes, algorithm: str) -> str:
        """Signed with a secret, which the library would refuse to make of a public key."""
        worker = jwt.algorithms.HMACAlgorithm(getattr(jwt.algorithms.HMACAlgorithm, algorithm.replace("HS", "SHA")))
        head = f"{encoded({'alg': algorithm, 'typ': 'JWT', 'kid': KEY_ID})}.{encoded(self.claims())}"
        return f"{head}.{encoded(worker.sign(head.encode(), secret))}"


def unsigned(forge: Forge) -> dict[str, str]:
    head, body, signature = forge.good().split(".")
    other = encoded(forge.claims(oid="eve", roles=["Operator"], tid="operator"))
    return {
        **{
            f"alg {alg!r}": forge.raw({"alg": alg, "kid": KEY_ID})
            for alg in ("none", "None", "nOnE", "", None, 0, [], {})
        },
        "alg none with a signature": forge.raw({"alg": "none", "kid": KEY_ID}, signature=signature),
        "no alg": forge.raw({"kid": KEY_ID}, signature=signature),
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{head}.{body}.{signature}.{signature}",
        "five parts": f"{head}.{body}.{signature}..",
        "another body": f"{head}.{other}.{signature}",
        "another signature": f"{head}.{body}.{encoded(b'x' * 256)}",
        "a signature of nothing": f"{head}.{body}.{encoded(bytes(256))}",
        "HS256 with the public key as PEM": forge.mac(forge.pem, "HS256"),
        "HS256 with the public key as DER": forge.mac(forge.der, "HS256"),
        "HS256 with the modulus": forge.mac(str(forge.jwk["n"]).encode(), "HS256"),
        "HS512 with the public key": forge.mac(forge.pem, "HS512"),
        "HS256 with nothing": forge.mac(b"", "HS256"),
        "a stranger's key": forge.by(STRANGER),
        "the right key, RS512": forge.good().replace(head, encoded({"alg": "RS512", "kid": KEY_ID})),
        "the right key as PS256": forge.by(forge.issuer._key, algorithm="PS256"),
        "a curve": forge.by(CURVE, algorithm="ES256"),
    }


def led_to_keys(forge: Forge) -> dict[str, str]:
    """Headers that ask for the key to be looked for where the sender says."""
    mine = jwt.algorithms.RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)
    ids = (
        "",
        " ",
        "../../dev/null",
        "/dev/null",
        "local\x00",
        "' or 1=1",
        "local' --",
        "http://evil.example/key",
        "é",
        "\ud800",
        "x" * 9_000,
    )
    return {
        **{f"kid {kid[:20]!a}": forge.raw({"alg": "RS256", "kid": kid}, signature="AA") for kid in ids},
        **{
            f"kid {kid!r}": forge.raw({"alg": "RS256", "kid": kid}, signature="AA")
            for kid in (None, 0, True, ["local"], {"local": 1})
        },
        "jku": forge.by(STRANGER, {"jku": "http://evil.example/keys"}),
        "x5u": forge.by(STRANGER, {"x5u": "http://evil.example/cert"}),
        "jwk": forge.by(STRANGER, {"jwk": mine}),
        "x5c": forge.by(STRANGER, {"x5c": ["MIIB"]}),
        "all of them, and a kid of its own": forge.by(
            STRANGER, {"kid": "evil", "jwk": mine, "jku": "http://evil.example"}
        ),
        "crit": forge.by(STRANGER, {"crit": ["exp"], "b64": False}),
    }


def otherwise(forge: Forge) -> dict[str, str]:
    """Signed by the right key, and for nobody here, or not now."""
    ends, hour = int(AT.timestamp()), 3_600
    elsewhere = "https://login.example/contoso/v2.0"
    made: dict[str, Json] = {
        **{
            f"iss {iss!r}": {"iss": iss}
            for iss in (GONE, None, "", elsewhere, 7, [forge.claims()["iss"]], forge.claims()["iss"] + "/")
        },
        **{
            f"aud {aud!r}": {"aud": aud}
            for aud in (GONE, None, "", "api://else", 7, [], ["api://else"], AUDIENCE + "/", AUDIENCE.upper())
        },
        **{
            f"tid {tid!r}": {"tid": tid}
            for tid in (GONE, None, "", 7, ["contoso"], "fabrikam", "operator", "{tid}", "contoso/../operator")
        },
        **{f"oid {oid!r}": {"oid": oid} for oid in (GONE, None, "", 7, ["ann"])},
        **{
            f"exp {exp!r}": {"exp": exp}
            for exp in (GONE, None, "", 0, -1, True, ends - hour, "9999999999", [ends + hour], 10**12, 10**400, 1e308)
        },
        **{f"exp {exp}": {"exp": exp} for exp in (float("nan"), float("inf"))},
        **{f"nbf {nbf!r}": {"nbf": nbf} for nbf in (None, "", ends + hour, 10**12, -1, [], True)},
        **{
            f"roles {roles!r}": {"roles": roles}
            for roles in ("Partner.Admin", 7, {"Partner.Admin": 1}, [["Partner.Admin"]], [7])
        },
        "another tenant's by its issuer": {"iss": forge.issuer.template.replace("{tid}", "fabrikam")},
    }
    return {name: forge.good(**changes) for name, changes in made.items()}


def mangled(forge: Forge) -> dict[str, str]:
    good = forge.good()
    head, _, signature = good.split(".")
    return {
        "no JSON": forge.raw(b"\xff\xfe", signature=signature),
        "a list for a header": forge.raw([], signature=signature),
        "a list for claims": jwt.api_jws.encode(b"[]", forge.issuer._key, "RS256", {"kid": KEY_ID}),
        "a text for claims": jwt.api_jws.encode(b'"x"', forge.issuer._key, "RS256", {"kid": KEY_ID}),
        "no claims": jwt.api_jws.encode(b"", forge.issuer._key, "RS256", {"kid": KEY_ID}),
        "a header that is deep": forge.raw(b"[" * 11_000, signature="AA"),
        "an object that is deep": forge.raw(b'{"a":' * 2_000, signature="AA"),
        "claims that are deep": jwt.api_jws.encode(b"[" * 11_000, forge.issuer._key, "RS256", {"kid": KEY_ID}),
        "a number of thousands of digits": forge.raw(b'{"alg":"RS256","kid":"local","x":' + b"9" * 9_000 + b"}"),
        "a token in a token": jwt.api_jws.encode(
            good.encode(), forge.issuer._key, "RS256", {"kid": KEY_ID, "cty": "JWT"}
        ),
        "a token for claims": f"{head}.{encoded(good.encode())}.{signature}",
        "encrypted": forge.raw({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": KEY_ID, "cty": "JWT"}, signature="AA.AA"),
        "packed": forge.raw({"alg": "RS256", "kid": KEY_ID, "zip": "DEF"}, signature=signature),
        "too long": forge.good(name="x" * 20_000),
        "much too long": "a" * 1_000_000,
        "dots": "." * 10_000,
        "nothing else than a dot": ".",
        "no ASCII": "é.é.é",
        "half of a pair": "\ud800.\ud800.\ud800",
        "null": good.replace(".", "\x00.", 1),
    }


HEADERS = {
    "two in one header": "Bearer {other}, Bearer {good}",
    "two, the good one first": "Bearer {good}, Bearer {other}",
    "two in one, twice good": "Bearer {good}, Bearer {good}",
    "two words": "Bearer {good} {good}",
    "another scheme": "Basic {good}",
    "another scheme before it": "Negotiate Bearer {good}",
    "no scheme": "{good}",
    "a scheme alone": "Bearer",
    "no ASCII in the scheme": "Béarer {good}",
    "a colon": "Bearer: {good}",
    "quotes": 'Bearer "{good}"',
    "equals": "Bearer={good}",
}


async def refused(api: InProcess, header: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """The answer says that and why, and neither it nor the log has the token, or where it broke."""
    for path in (f"{P}/leads", "/partners", "/ui/leads"):
        reply = await api.call("GET", path, headers={"authorization": header})
        assert (reply.status, reply.headers["x-ms-error-code"]) == (401, "unauthenticated"), (name, path, reply.text)
        assert reply.headers.get("WWW-Authenticate", "Bearer").startswith("Bearer")
        assert not any(part in reply.text for part in ("Traceback", ".py", "jwt", "Error(")), (name, reply.text)
        assert len(reply.text) < 2_000
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR], name
    secret = header.rpartition(".")[2]
    assert len(secret) < 20 or secret not in caplog.text


@pytest.mark.parametrize("kind", [unsigned, led_to_keys, otherwise, mangled])
async def test_s1_no_abused_token_enters(
    api: InProcess, door: str, issuer: Issuer, caplog: pytest.LogCaptureFixture, kind: Any
) -> None:
    forge = Forge(issuer)
    assert (await api.call("GET", f"{P}/leads", headers={"authorization": f"Bearer {forge.good()}"})).status == 200
    for name, token in kind(forge).items():
        await refused(api, f"Bearer {token}", name, caplog)


async def test_s1_no_abused_header_enters(
    api: InProcess, door: str, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    forge = Forge(issuer)
    for name, header in HEADERS.items():
        await refused(api, header.format(good=forge.good(), other=forge.by(STRANGER)), name, caplog)


@pytest.mark.parametrize(
    "roles", [GONE, None, [], [""], ["Operator"], ["leads.admin"], ["Leads.Admin "], ["*"], ["Partner.Admin,Operator"]]
)
async def test_s1_without_a_role_that_is_one_there_is_no_way_in(
    api: InProcess, door: str, issuer: Issuer, roles: Any
) -> None:
    token = Forge(issuer).good(
        roles=roles, scp="Leads.Admin", wids=["62e90394"], groups=["Leads.Admin"], role="Leads.Admin"
    )
    for path in (f"{P}/leads", "/partners", "/ui/leads"):
        reply = await api.call("GET", path, headers={"authorization": f"Bearer {token}"})
        assert (reply.status, reply.headers["x-ms-error-code"]) == (403, "accessDenied")


async def test_s1_a_key_that_is_one_tenants_signs_for_no_other(api: InProcess, door: str, issuer: Issuer) -> None:
    """Entra ID's common keys name whose they are: some one tenant's alone."""
    forge = Forge(issuer)
    common, own, others = ({**forge.jwk, "kid": kid} for kid in ("common", "own", "others"))
    common["issuer"] = issuer.template.replace("{tid}", "{tenantid}")
    own["issuer"] = issuer.template.replace("{tid}", "contoso")
    others["issuer"] = issuer.template.replace("{tid}", "fabrikam")

    async def fetch() -> Json:
        return {"keys": [common, own, others]}

    app.current().verifier._keys = SigningKeys(fetch)
    for kid, status in (("common", 200), ("own", 200), ("others", 401)):
        headers = {"authorization": f"Bearer {forge.good({'kid': kid})}"}
        assert (await api.call("GET", f"{P}/leads", headers=headers)).status == status, kid


async def test_s1_nobody_is_asked_for_a_key_but_the_issuer(api: InProcess, door: str, issuer: Issuer) -> None:
    forge, asked = Forge(issuer), []

    async def fetch() -> Json:
        asked.append("the issuer")
        return issuer.keys()

    app.current().verifier._keys = SigningKeys(fetch)
    for name, token in led_to_keys(forge).items():
        reply = await api.call("GET", f"{P}/leads", headers={"authorization": f"Bearer {token}"})
        assert reply.status == 401, name
    # Once in a minute, whatever strangers name.
    assert asked == ["the issuer"]


async def test_s1_a_token_known_again_is_the_same_token(api: InProcess, door: str, issuer: Issuer) -> None:
    """What was verified a moment ago opens nothing for a token that only looks like it."""
    forge = Forge(issuer)
    good = forge.good()
    head, body, signature = good.split(".")
    assert (await api.call("GET", f"{P}/leads", headers={"authorization": f"Bearer {good}"})).status == 200
    longer = forge.claims(exp=int((AT + timedelta(days=9)).timestamp()))
    for token in (f"{head}.{encoded(longer)}.{signature}", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}."):
        assert (await api.call("GET", f"{P}/leads", headers={"authorization": f"Bearer {token}"})).status == 401
