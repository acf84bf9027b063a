"""Mail through the real SDK over a socket to the stand-in, which checks signatures and forgets as the service does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from azure.communication.email.aio import EmailClient
from azure.core.credentials import AzureKeyCredential
from pydantic import SecretStr
from starlette.applications import Starlette

from local.azurite import free_port
from local.mail_service import REMEMBERED_SECONDS, MailService, connection
from shared import clock
from shared.delivery.mailer import AzureMail, connect
from shared.domain.errors import Unavailable
from shared.ports.delivery import Letter, Sending
from tests.builders import AT

LETTER = Letter(
    "lena@contoso.example", "Ny lead: Åre", "text", "<p>html</p>", {"List-Unsubscribe": "<https://a.example>"}
)
KEPT = 2


@dataclass
class Service:
    """The stand-in, its clock, and a client of it."""

    mails: MailService
    mailer: AzureMail
    url: str
    file: Path
    late: float = 0


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    port = free_port()
    url = f"http://localhost:{port}"
    made: list[Service] = []
    file = tmp_path / "mails.jsonl"
    mails = MailService(
        file, lambda: AT, lambda: clock.real_now().timestamp() + (made[0].late if made else 0), kept=KEPT
    )
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=mails.routes()), port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    mailer = connect(None, SecretStr(connection(url)), "leads@programme.example", object)
    made.append(Service(mails, mailer, url, file))
    yield made[0]
    await made[0].mailer.close()
    server.should_exit = True
    await serving


async def test_a_mail_is_taken_and_followed_to_its_end(service: Service) -> None:
    assert (await service.mailer.send(LETTER, "op-1", AT)).outcome is Sending.ACCEPTED
    assert (await service.mailer.status("op-1")).outcome is Sending.DELIVERED
    (mail,) = service.mails.mails
    assert (mail["to"], mail["subject"], mail["operationId"]) == ([LETTER.to], LETTER.subject, "op-1")
    assert (mail["text"], mail["html"]) == ("text", "<p>html</p>")


async def test_a_repeat_within_five_minutes_is_the_same_mail_and_then_nobody_remembers(service: Service) -> None:
    for _ in range(3):
        assert (await service.mailer.send(LETTER, "op-1", AT)).outcome is Sending.ACCEPTED
    assert len(service.mails.mails) == 1
    service.late = REMEMBERED_SECONDS - 10
    assert (await service.mailer.send(LETTER, "op-1", AT)).outcome is Sending.ACCEPTED
    assert len(service.mails.mails) == 1
    # Clocks may differ by as much as operations are remembered, so the stand-in's goes back for the signature.
    service.mails._operations = {}
    service.late = 0
    assert (await service.mailer.status("op-1")).outcome is Sending.MISSING


async def test_a_wrong_key_a_changed_body_and_an_old_date_are_refused(service: Service) -> None:
    client = EmailClient(service.url, AzureKeyCredential("d3Jvbmc="), retry_total=0)
    stranger = AzureMail(client, "leads@programme.example")
    with pytest.raises(Unavailable):
        await stranger.send(LETTER, "op-1", AT)
    await stranger.close()
    service.late = 3600
    with pytest.raises(Unavailable):
        await service.mailer.send(LETTER, "op-1", AT)
    assert service.mails.mails == []


async def test_an_address_that_takes_no_mail_fails_and_a_busy_service_says_when(service: Service) -> None:
    from dataclasses import replace

    bounced = replace(LETTER, to="bounce@contoso.example")
    await service.mailer.send(bounced, "op-2", AT)
    answer = await service.mailer.status("op-2")
    assert (answer.outcome, answer.problem) == (Sending.FAILED, "EmailDroppedAllRecipientsSuppressed")
    service.mails.busy_until = clock.real_now().timestamp() + 90
    busy = await service.mailer.send(LETTER, "op-3", AT)
    assert busy.outcome is Sending.LATER
    assert busy.retry_after is not None
    assert timedelta(seconds=80) < busy.retry_after < timedelta(seconds=100)


@pytest.mark.parametrize(
    ("to", "problem"), [("no address", "invalidAddress"), ("pelé@contoso.example", "addressNotAscii")]
)
async def test_what_the_service_cannot_take_is_not_sent(service: Service, to: str, problem: str) -> None:
    from dataclasses import replace

    answer = await service.mailer.send(replace(LETTER, to=to), "op-4", AT)
    assert (answer.outcome, answer.problem) == (Sending.REFUSED, problem)


async def test_a_domain_of_other_letters_is_written_in_ascii(service: Service) -> None:
    from dataclasses import replace

    await service.mailer.send(replace(LETTER, to="a@münchen.example"), "op-5", AT)
    assert service.mails.mails[0]["to"] == ["a@xn--mnchen-3ya.example"]


async def test_the_newest_mails_outlive_a_restart_and_a_kill_in_the_middle_of_a_line(service: Service) -> None:
    for number in range(4 * KEPT):
        await service.mailer.send(LETTER, f"op-{number}", AT)
        assert len(service.file.read_text().splitlines()) <= 2 * KEPT
    with service.file.open("a") as file:
        file.write('{"id": "')
    again = MailService(service.file, lambda: AT, lambda: 0.0, kept=KEPT)
    assert again.mails == service.mails.mails
    assert [mail["operationId"] for mail in again.mails] == ["op-6", "op-7"]
    assert len(service.file.read_text().splitlines()) == KEPT


async def test_a_service_that_is_down_is_unavailable() -> None:
    mailer = connect(None, SecretStr(connection(f"http://localhost:{free_port()}")), "a@b.example", object)
    with pytest.raises(Unavailable):
        await mailer.send(LETTER, "op-1", AT)
    with pytest.raises(Unavailable):
        await mailer.status("op-1")
    await mailer.close()
