"""Stands where a deployment has no mail service."""

from datetime import datetime, timedelta

from shared.ports.delivery import Letter, MailAnswer, Sending


class NoMail:
    """`MailSender` of a deployment without a mail service: everything waits until it has one."""

    async def send(self, _letter: Letter, _operation_id: str, _first_sent: datetime) -> MailAnswer:
        return MailAnswer(Sending.LATER, "notConfigured", timedelta(hours=1))

    async def status(self, _operation_id: str) -> MailAnswer:
        return MailAnswer(Sending.MISSING)

    async def close(self) -> None:
        """Nothing is open."""
