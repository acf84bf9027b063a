"""Signs requests with an account's key, as Azurite and accounts with keys want it.

Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key (Table service).
"""

import base64
import hashlib
import hmac
from email.utils import formatdate

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest
from yarl import URL


class SharedKey(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Dates and signs each attempt of a request; `key` is in base 64, as in a connection string."""

    def __init__(self, account: str, key: str) -> None:
        self._account = account
        self._key = base64.b64decode(key)

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Set `x-ms-date` and `Authorization`."""
        asked = request.http_request
        date = formatdate(usegmt=True)
        # aiohttp writes paths in its own way, and what is signed must be what is sent.
        path = URL(asked.url).raw_path
        signed = f"{asked.method}\n\n{asked.headers.get('Content-Type', '')}\n{date}\n/{self._account}{path}"
        digest = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        asked.headers["x-ms-date"] = date
        asked.headers["Authorization"] = f"SharedKey {self._account}:{base64.b64encode(digest).decode()}"
