"""Stands in for Entra ID: one signing key, tokens for any tenant, and the keys to verify them by."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "api://partner-leads"
KEY_ID = "local"
GOOD_FOR = timedelta(hours=1)


class Issuer:
    """Signs with a key that is kept in `file`, so that a restart does not end anybody's token."""

    def __init__(self, base_url: str, file: Path) -> None:
        self.template = f"{base_url}/dev/{{tid}}/v2.0"
        if not file.exists():
            fresh = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            file.write_bytes(fresh.private_bytes(serialization.Encoding.PEM, *form))
            file.chmod(0o600)
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def token(self, *, tenant: str, roles: list[str], user: str, at: datetime) -> str:
        """A bearer token as Entra ID would issue it to this person at `at`, good for an hour."""
        claims = {
            "iss": self.template.replace("{tid}", tenant),
            "aud": AUDIENCE,
            "tid": tenant,
            "oid": user,
            "name": user,
            "email": f"{user}@{tenant}.example",
            "azp": "local",
            "roles": roles,
            "iat": int(at.timestamp()),
            "nbf": int(at.timestamp()),
            "exp": int((at + GOOD_FOR).timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY_ID})

    def keys(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
