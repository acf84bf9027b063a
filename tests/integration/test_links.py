"""Links to export files: this file only, to be read only, until their time; signed as the credential allows."""

import datetime as dt
import ssl
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import BlobServiceClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.azurite import ACCOUNT, Azurite
from shared import clock
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.exports.blobs import Blobs
from tests import local_http
from tests.builders import AT, unique

HOUR = timedelta(hours=1)


async def a_file(files: Blobs, content: bytes = b"a,b\r\n") -> str:
    name = f"{unique()}/leads.csv"
    await files.stage(name, "0" * 32, content)
    await files.put_together(name, ["0" * 32], "text/csv; charset=utf-8")
    return name


async def status_of(url: str) -> int:
    async with local_http.AsyncClient(timeout=30) as anyone:
        return (await anyone.get(url)).status_code


async def check_link(files: Blobs, **options: Any) -> str:
    """A link of these files does what it should and nothing else; its URL."""
    mine, other = await a_file(files, b"mine"), await a_file(files, b"other")
    link = await files.link(mine, "leads-2026-11-21.csv")
    assert timedelta(minutes=59) < link.until - clock.real_now() <= HOUR
    async with local_http.AsyncClient(timeout=30, **options) as anyone:
        answer = await anyone.get(link.url)
        assert (answer.status_code, answer.text) == (200, "mine")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == 'attachment; filename="leads-2026-11-21.csv"'
        statuses = {
            "another file": (await anyone.get(link.url.replace(mine, other))).status_code,
            "no signature": (await anyone.get(link.url.split("?")[0])).status_code,
            "writing": (await anyone.put(link.url, content=b"x", headers={"x-ms-blob-type": "BlockBlob"})).status_code,
            "deleting": (await anyone.delete(link.url)).status_code,
            "listing": (
                await anyone.get(link.url.replace(f"/{mine}", "") + "&restype=container&comp=list")
            ).status_code,
            "more rights": (await anyone.delete(link.url.replace("sp=r", "sp=rwd"))).status_code,
            "more time": (await anyone.get(link.url.replace("se=20", "se=21"))).status_code,
        }
        assert set(statuses.values()) <= {403, 404}, statuses
        assert (await anyone.get(link.url)).text == "mine"
    return link.url


async def test_with_the_account_key_on_the_emulator(files: Blobs) -> None:
    url = await check_link(files)
    assert "skoid" not in url
    assert "&sp=r&" in url


async def test_a_link_ends(files: Blobs, settings: Settings) -> None:
    name = await a_file(files)
    before = blobs.connect(settings)
    before._real_now = lambda: clock.real_now() - HOUR - timedelta(seconds=5)
    link = await before.link(name, "leads.csv")
    assert await status_of(link.url) == 403
    await before.close()


async def test_a_link_follows_the_real_clock_however_the_apps_is_moved(
    files: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await a_file(files)
    monkeypatch.setattr(clock, "offset", -timedelta(days=30))
    link = await files.link(name, "leads.csv")
    assert link.until > clock.now() + timedelta(days=29)
    assert await status_of(link.url) == 200


class Identity:
    """A managed identity as the emulator takes it: it reads the token's claims and no signature."""

    def __init__(self) -> None:
        self.asked = 0

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += 1
        now = int(time.time())  # noqa: TID251 - the emulator's clock is real
        claims = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
            "iat": now - 60,
            "nbf": now - 60,
            "exp": now + 3600,
            "oid": "11111111-1111-1111-1111-111111111111",
            "tid": "00000000-0000-0000-0000-000000000000",
            "ver": "1.0",
        }
        return AccessToken(jwt.encode(claims, "0" * 32, algorithm="HS256"), now + 3600)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> "Identity":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of our own for 127.0.0.1, and its key."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=400))
        .not_valid_after(AT + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files[1].write_bytes(key.private_bytes(*pem))
    return files


@pytest.fixture
async def by_identity(tmp_path: Path) -> AsyncIterator[tuple[Blobs, Identity, Path]]:
    """Files on an Azurite that speaks https and wants tokens, as storage in Azure does."""
    cert, key = certificate(tmp_path)
    identity = Identity()
    with Azurite(None, ("--oauth", "basic", "--cert", str(cert), "--key", str(key))) as running:
        endpoint = f"https://127.0.0.1:{running.ports['blob']}/{ACCOUNT}"

        def open_service() -> BlobServiceClient:
            transport = AioHttpTransport(use_env_settings=False, connection_verify=str(cert))
            return BlobServiceClient(endpoint, credential=identity, transport=transport)  # type: ignore[arg-type] # the SDK asks for no more

        files = Blobs(open_service, "exports", HOUR)
        await files.create()
        yield files, identity, cert
        await files.close()


async def test_with_an_identity_by_user_delegation_over_https_alone(
    by_identity: tuple[Blobs, Identity, Path],
) -> None:
    files, identity, cert = by_identity
    url = await check_link(files, verify=ssl.create_default_context(cafile=cert))
    assert url.startswith("https://")
    assert "skoid=11111111-1111-1111-1111-111111111111" in url
    assert "spr=https&" in url
    assert identity.asked >= 1


async def test_a_delegation_key_serves_many_links_and_is_renewed_before_a_link_would_outlive_it(
    by_identity: tuple[Blobs, Identity, Path],
) -> None:
    files, _, _ = by_identity
    name = await a_file(files)
    links = [await files.link(name, "leads.csv") for _ in range(3)]
    assert len({_key_of(link.url) for link in links}) == 1
    now = clock.real_now()
    files._real_now = lambda: now + dt.timedelta(hours=23, minutes=30)
    later = await files.link(name, "leads.csv")
    assert _key_of(later.url) != _key_of(links[0].url)


def _key_of(url: str) -> str:
    return str(httpx.URL(url).params["ske"])
