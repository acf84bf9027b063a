"""Receivers and a mail service in memory."""

from collections.abc import Sequence
from datetime import datetime

from shared.ports.delivery import Letter, MailAnswer, Packet, ReceiverReply, Sending


class FakeReceivers:
    """`WebhookSender` to receivers in memory: `answers` by URL, each call taken from the front, then 200."""

    def __init__(self) -> None:
        self.answers: dict[str, list[ReceiverReply]] = {}
        self.taken: list[tuple[str, str, Packet]] = []
        self.calls: list[tuple[str, str]] = []

    async def send(self, url: str, message_id: str, packet: Packet, secrets: Sequence[str]) -> ReceiverReply:
        self.calls.append((url, message_id))
        waiting = self.answers.get(url)
        answer = waiting.pop(0) if waiting else ReceiverReply(200, "", 1)
        if answer.status is not None and 200 <= answer.status < 300:
            self.taken.append((url, message_id, packet))
        return answer

    def problem_with(self, url: str) -> str | None:
        return None if url.startswith("https://") else "The URL must begin with https://."


class FakeMailer:
    """`MailSender` that keeps what it is given; `answers` are said first, `ends` by address decides how a mail ends."""

    def __init__(self) -> None:
        self.sent: dict[str, Letter] = {}
        self.count = 0
        self.answers: list[MailAnswer | Exception] = []
        self.ends: dict[str, MailAnswer] = {}

    async def send(self, letter: Letter, operation_id: str, first_sent: datetime) -> MailAnswer:
        said = self.answers.pop(0) if self.answers else MailAnswer(Sending.ACCEPTED)
        if isinstance(said, Exception):
            raise said
        if said.outcome is Sending.ACCEPTED and operation_id not in self.sent:
            self.sent[operation_id] = letter
            self.count += 1
        return said

    async def status(self, operation_id: str) -> MailAnswer:
        letter = self.sent.get(operation_id)
        if letter is None:
            return MailAnswer(Sending.MISSING)
        return self.ends.get(letter.to, MailAnswer(Sending.DELIVERED))
