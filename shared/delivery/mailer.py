"""Hands mails to Azure Communication Services and asks what became of them (N6).

The service is told an id of our own, and when it was first used: within minutes it knows a repeat by that. Nothing is
retried in here; whoever calls knows what a lost answer means.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from azure.communication.email.aio import EmailClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import HttpRequest
from email_validator import EmailNotValidError, validate_email
from pydantic import SecretStr

from shared.domain.errors import Unavailable
from shared.ports.delivery import Letter, MailAnswer, Sending

API_VERSION = "2025-09-01"


class AzureMail:
    """`MailSender`."""

    def __init__(self, client: EmailClient, sender: str) -> None:
        self._client, self._sender = client, sender

    async def send(self, letter: Letter, operation_id: str, first_sent: datetime) -> MailAnswer:
        try:
            # The service takes ASCII only: a domain has such a form, the part before it may have none.
            found = validate_email(letter.to, check_deliverability=False, strict=True)
        except EmailNotValidError:
            return MailAnswer(Sending.REFUSED, "invalidAddress")
        if found.ascii_email is None:
            return MailAnswer(Sending.REFUSED, "addressNotAscii")
        message: dict[str, Any] = {
            "senderAddress": self._sender,
            "recipients": {"to": [{"address": found.ascii_email}]},
            "content": {"subject": letter.subject, "plainText": letter.text, "html": letter.html},
            "headers": dict(letter.headers),
            "userEngagementTrackingDisabled": True,
        }
        if reply_to := _ascii(letter.reply_to):
            message["replyTo"] = [{"address": reply_to}]
        headers = {
            "Repeatability-Request-ID": operation_id,
            "Repeatability-First-Sent": format_datetime(first_sent.astimezone(UTC), usegmt=True),
        }
        try:
            await self._client.begin_send(message, operation_id=operation_id, headers=headers, polling=False)
        except HttpResponseError as error:
            return _refused(error)
        except AzureError as error:
            raise Unavailable from error
        return MailAnswer(Sending.ACCEPTED)

    async def status(self, operation_id: str) -> MailAnswer:
        request = HttpRequest("GET", f"{{endpoint}}/emails/operations/{operation_id}?api-version={API_VERSION}")
        try:
            answer = await self._client.send_request(request)
            if answer.status_code == 404:
                return MailAnswer(Sending.MISSING)
            answer.raise_for_status()
            said: Mapping[str, Any] = answer.json()
        except (AzureError, ValueError) as error:
            raise Unavailable from error
        match str(said.get("status", "")).casefold():
            case "succeeded":
                return MailAnswer(Sending.DELIVERED)
            case "failed" | "canceled":
                return MailAnswer(Sending.FAILED, _code(said))
            case _:
                return MailAnswer(Sending.RUNNING)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def connect(
    endpoint: str | None,
    connection: SecretStr | None,
    sender: str,
    make_identity: Callable[[], Any],
) -> AzureMail:
    """The service at an endpoint with the app's identity, or behind a connection string (`endpoint=…;accesskey=…`)."""
    # Whoever calls decides what a lost answer means, so nothing is tried twice in here.
    options: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 15}
    if connection is None:
        return AzureMail(EmailClient(endpoint or "", make_identity(), **options), sender)
    parts = dict(part.partition("=")[::2] for part in connection.get_secret_value().split(";") if part)
    # The SDK's own reader of connection strings insists on https, which a stand-in does not speak.
    return AzureMail(EmailClient(parts["endpoint"], AzureKeyCredential(parts["accesskey"]), **options), sender)


def _ascii(address: str | None) -> str | None:
    """The address in the form that the service takes; None where it has none."""
    try:
        found = validate_email(address or "", check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None
    return found.ascii_email


def _refused(error: HttpResponseError) -> MailAnswer:
    """What an error answer means; raises Unavailable where the mail may have been taken, or the fault is ours."""
    if error.status_code == 429:
        written = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
        seconds = int(written) if written.isdigit() else 60
        return MailAnswer(Sending.LATER, "tooManyRequests", timedelta(seconds=seconds))
    if error.status_code == 400:
        return MailAnswer(Sending.REFUSED, str(getattr(error.error, "code", None) or "invalidRequest"))
    raise Unavailable from error


def _code(said: Mapping[str, Any]) -> str:
    error = said.get("error")
    return str(error.get("code") or "failed") if isinstance(error, Mapping) else "failed"
