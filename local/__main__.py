"""`python -m local`: starts Azurite, serves `function_app.py`, its timers and queues; stops all that when it ends."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

import uvicorn

from local import demo
from local.azurite import ROOT, Azurite, RunningStorage, is_free
from local.create_tables import create
from local.functions import load
from local.host import Host, route_prefix
from local.issuer import AUDIENCE, Issuer
from local.mail_service import MailService, connection
from local.queue_options import QueueOptions
from local.queues import Queues
from local.settings_file import values
from local.timers import Timers
from shared import clock

DEFAULT_PORT = 7071
OVERDUE = (
    *("expire_leads", "cool_flames", "archive_leads", "send_reminders", "refresh_directory"),
    # What leads have come to is counted where events are taken.
    *("deliver_events", "learn_outcomes"),
)
"""Timers that are run at the start, as a host runs those that it missed."""
OVERDUE_SECONDS = 60
"""How long a start waits for them: where much is left, or receivers hang, they go on beside all else."""

MAILS = {"LEADS_MAILS_PER_MINUTE": "1000", "LEADS_MAILS_PER_HOUR": "10000"}
"""Unless somebody sets them: `local/mail_service.py` takes as many as come, and nobody waits for those of the demo."""


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, _end)
    port = _port()
    data = Path(os.environ.get("LOCAL_DATA", ROOT / ".local"))
    data.mkdir(parents=True, exist_ok=True)
    elsewhere = os.environ.pop("LOCAL_STORAGE", "")
    with (
        _alone(data),
        RunningStorage(elsewhere) if elsewhere else Azurite(data / "azurite") as azurite,
        contextlib.suppress(KeyboardInterrupt),
    ):
        base_url = f"http://localhost:{port}"
        issuer = Issuer(base_url, data / "issuer.pem")
        os.environ.update(_environment(base_url, issuer, azurite))
        # The host's and not the app's, as CORS is the platform's in Azure.
        origins = [part.strip() for part in os.environ.pop("LEADS_CORS_ORIGINS", "").split(",") if part.strip()]
        asyncio.run(_serve(port, base_url, issuer, data, azurite, origins))


async def _serve(
    port: int, base_url: str, issuer: Issuer, data: Path, azurite: Azurite | RunningStorage, origins: Sequence[str]
) -> None:
    # The app first: it keeps the SDKs quiet, which log each request with its address.
    functions = load()
    await create(os.environ)
    queues = Queues(functions, os.environ, QueueOptions.read(ROOT))
    await queues.create()
    timers = Timers(functions, os.environ, clock.now)
    reports_to = f"{base_url}/runtime/webhooks/EventGrid?functionName=mail_reports"
    mails = MailService(data / "mails.jsonl", clock.now, lambda: clock.real_now().timestamp(), reports_to)
    host = Host(
        functions,
        prefix=route_prefix(ROOT),
        timers=timers,
        queues=queues,
        issuer=issuer,
        mails=mails,
        data=data,
        origins=origins,
    )
    config = uvicorn.Config(host.application(), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            raise SystemExit(f"The server could not listen on port {port}.")
        await asyncio.sleep(0.02)
    overdue: asyncio.Task[None] | None = None
    try:
        # Before the timers: the demo's leads come in earlier times, which are over when the timers begin.
        ready = await demo.prepare(base_url, issuer, data, azurite, timers.fire)
        overdue = asyncio.create_task(_catch_up(timers))
        timers.start()
        await queues.start()
        await asyncio.wait({overdue}, timeout=OVERDUE_SECONDS)
        print(ready, flush=True)
        await serving
    finally:
        server.should_exit = True
        if overdue is not None:
            overdue.cancel()
        await queues.stop()
        await timers.stop()
        # The app holds its connections until the process ends, as under the platform's worker; nobody needs to hear it.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)


async def _catch_up(timers: Timers) -> None:
    """One after the other: what leads have come to is learned once events are told."""
    for name in OVERDUE:
        await timers.fire(name)


def _environment(base_url: str, issuer: Issuer, azurite: Azurite | RunningStorage) -> dict[str, str]:
    """The app settings: the developer's own, and over them what this host provides; another mail service may stand in.

    Hosts that share storage share that, too: one of them asks about a mail that another has sent.
    """
    return (
        MAILS
        | values()
        | {
            "AzureWebJobsStorage": azurite.connection,
            "LEADS_STORAGE_CONNECTION": azurite.connection,
            "LEADS_PUBLIC_URL": f"{base_url}/api",
            "LEADS_TOKEN_ISSUER": issuer.template,
            "LEADS_TOKEN_KEYS_URL": f"{base_url}/dev/keys",
            "LEADS_TOKEN_AUDIENCE": AUDIENCE,
            "LEADS_SIGN_IN_SCRIPT": "/dev/sign-in.js",
            "LEADS_OPERATOR_TENANT": demo.OPERATOR,
            "LEADS_MAIL_CONNECTION": os.environ.get("LOCAL_MAIL") or connection(base_url),
            "LEADS_MAIL_SENDER": "leads@programme.example",
            "LEADS_OPERATOR_MAIL": "operator@programme.example",
            "LEADS_WEBHOOK_LOOPBACK": "true",
        }
    )


def _port() -> int:
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise SystemExit(f"PORT={text} is no port.")
    if not is_free(int(text)):
        raise SystemExit(f"Port {text} is taken; stop what listens there, or choose another: make run PORT=7072")
    return int(text)


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[IO[str]]:
    """Hold the data folder: two hosts on one Azurite folder would lose leads. A crash lets go of it by itself."""
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise SystemExit(f"Another local host already uses {data}; stop it first.") from problem
        yield lock


def _end(number: int, frame: FrameType | None) -> None:
    # uvicorn raises the signal again after its own shutdown; ending by exception lets Azurite be stopped too.
    sys.exit(0)


if __name__ == "__main__":
    main()
