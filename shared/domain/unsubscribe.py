"""The signed link that switches mails off for one address (N3): whoever has the mail may use it, and nobody else."""

import base64
import hashlib
import hmac
import json

from shared.domain.contact import fold_email


def make_token(partner_id: str, address: str, key: str) -> str:
    """A token that names partner and address, for ever: mails are kept for years."""
    said = base64.urlsafe_b64encode(json.dumps([partner_id, fold_email(address)]).encode()).rstrip(b"=").decode()
    return f"{said}.{_signature(said, key)}"


def read_token(token: str, key: str) -> tuple[str, str] | None:
    """Partner and address; None for a token that was not made with this key."""
    said, _, signature = token.partition(".")
    if not said.isascii() or not signature.isascii() or not hmac.compare_digest(signature, _signature(said, key)):
        return None
    partner_id, address = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return str(partner_id), str(address)


def _signature(said: str, key: str) -> str:
    return hmac.new(key.encode(), f"unsubscribe.{said}".encode(), hashlib.sha256).hexdigest()[:40]
