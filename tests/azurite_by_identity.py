"""An Azurite that is reached as storage in Azure is: over TLS, with bearer tokens of Entra ID in place of a key.

It checks a token's issuer, audience and times, and not its signature, which only Entra ID could give.
"""

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import jwt
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AioHttpTransport
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.azurite import ACCOUNT, KEY, Azurite
from shared import clock
from shared.storage.tables import SCOPE, Account

HOST = "127.0.0.1"


class Identity:
    """A credential as azure-identity has them; `asked` counts how often a token was fetched."""

    audience = "https://storage.azure.com"

    def __init__(self) -> None:
        self.asked = 0

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token that is good for an hour."""
        assert scopes == (SCOPE,)
        self.asked += 1
        now = int(clock.now().timestamp())
        claims = {
            "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000001/",
            "aud": self.audience,
            "iat": now - 60,
            "nbf": now - 60,
            "exp": now + 3600,
        }
        return AccessToken(jwt.encode(claims, "x" * 32, algorithm="HS256"), now + 3600)


def certificate(folder: Path) -> tuple[Path, Path]:
    """The files of a certificate for this machine and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return cert_file, key_file


def start(folder: Path) -> tuple[Azurite, Path]:
    """Such an Azurite, not yet started, and the certificate that whoever calls it must trust."""
    cert_file, key_file = certificate(folder)
    options = ["--cert", str(cert_file), "--key", str(key_file), "--oauth", "basic"]
    return Azurite(None, options), cert_file


def account(azurite: Azurite, cert_file: Path, *, by_key: bool) -> Account:
    """Its account, by the key (which may create tables) or by identity."""
    signed = f"AccountName={ACCOUNT};AccountKey={KEY};" if by_key else ""
    return Account(
        connection=f"{signed}DefaultEndpointsProtocol=https;TableEndpoint=https://{HOST}:{azurite.ports['table']}/{ACCOUNT}",
        name=None,
        identity=None if by_key else Identity(),  # type: ignore[arg-type] # a credential by what it does
        # The transport would read a file of certificates anew for each request, and none would find a connection open.
        transport=AioHttpTransport(session=_session(cert_file), use_env_settings=False),
        retries={"retry_total": 0},
    )


def _session(cert_file: Path) -> aiohttp.ClientSession:
    trusting = ssl.create_default_context(cafile=cert_file)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting), cookie_jar=aiohttp.DummyCookieJar())
