"""The signed link that switches mails off for one address (N3): whoever has the mail may use it, and nobody else."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from shared.domain.contact import fold_email

_CUSTOMERS = "~customers"


def list_of(partner_id: str, *, customers: bool) -> str:
    """The list of addresses that want no mail about a partner: its customers' is apart from its own people's."""
    return partner_id + _CUSTOMERS if customers else partner_id


def forgotten(address: str) -> str:
    """What stands in such a list for an address that was erased (S4): it is known again, and read by nobody."""
    return "#" + hashlib.sha256(fold_email(address).encode()).hexdigest()


def why_unwanted(unwanted: Mapping[str, str], address: str) -> str | None:
    """Why an address is not mailed, by the folded ones that are not; None where it is."""
    return unwanted.get(fold_email(address)) or unwanted.get(forgotten(address))


def named(unwanted: Mapping[str, str]) -> dict[str, str]:
    """Those of the addresses that are not mailed that may still be read."""
    return {address: why for address, why in unwanted.items() if not address.startswith("#")}


def partner_of(list_id: str) -> str:
    """The partner whose list it is."""
    return list_id.removesuffix(_CUSTOMERS)


def make_token(list_id: str, address: str, key: str) -> str:
    """A token that names list and address, for ever: mails are kept for years."""
    said = base64.urlsafe_b64encode(json.dumps([list_id, fold_email(address)]).encode()).rstrip(b"=").decode()
    return f"{said}.{_signature(said, key)}"


def read_token(token: str, key: str) -> tuple[str, str] | None:
    """List and address; None for a token that was not made with this key."""
    said, _, signature = token.partition(".")
    if not said.isascii() or not signature.isascii() or not hmac.compare_digest(signature, _signature(said, key)):
        return None
    list_id, address = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return str(list_id), str(address)


def _signature(said: str, key: str) -> str:
    return hmac.new(key.encode(), f"unsubscribe.{said}".encode(), hashlib.sha256).hexdigest()[:40]
