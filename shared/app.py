"""Composition root: settings → clients → stores → what an endpoint needs.

Built at the first request, never at import: one exception at import and the host shows no function at all.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from shared import clock
from shared.checks.email import MailAddresses
from shared.checks.mail_domains import MailDomains
from shared.checks.phone import NumberingPlans
from shared.delivery.letters import Letters
from shared.delivery.no_mail import NoMail
from shared.delivery.webhooks import HttpWebhooks
from shared.http.auth import SigningKeys, TokenVerifier
from shared.http.rate_limit import Limits, TokenBuckets
from shared.http.running import App, current, made_by, use
from shared.http.shapes.advice_views import mend_link
from shared.http.shapes.packets import Packets
from shared.ports.delivery import MailSender
from shared.ports.exports import FileStore
from shared.ports.ports import Ports
from shared.ports.programme import DirectoryStore
from shared.ports.wakeups import WakeUps
from shared.settings import Settings
from shared.storage import queues
from shared.storage.agenda import TableAgenda
from shared.storage.exports import blobs
from shared.storage.exports.export_store import TableExportStore
from shared.storage.intake.held_store import TableHeldStore
from shared.storage.intake.marketplace_tables import StorageMarketplaceTables
from shared.storage.intake.sent_store import TableSentStore
from shared.storage.leads.lead_store import TableLeadStore
from shared.storage.leads.mark_store import TableMarkStore
from shared.storage.outcomes.feedback_store import TableFeedbackStore
from shared.storage.outcomes.outcome_store import TableOutcomeStore
from shared.storage.programme import directory_store
from shared.storage.programme.listing_store import TableListingStore
from shared.storage.programme.partner_store import TablePartnerStore
from shared.storage.programme.people_store import TablePeopleStore
from shared.storage.queues import NoWakeUps
from shared.storage.tables import Tables, connect, identity
from shared.storage.telling.lane_store import TableLaneStore
from shared.storage.telling.mail_store import TableMailStore
from shared.storage.telling.preference_store import TablePreferenceStore
from shared.storage.telling.tally_store import TableTallyStore
from shared.storage.telling.webhook_store import TableWebhookStore
from shared.storage.upkeep.erasure_store import TableErasureStore

__all__ = ["App", "build", "current", "letters", "limits", "mailer", "use"]
log = logging.getLogger(__name__)
KEYS_TIMEOUT_SECONDS = 5
"""The issuer answers in a tenth of that; a caller waits no longer for it."""


def _settings() -> Settings:
    try:
        return Settings.read(os.environ)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'storage'}: {fault['msg']}" for fault in error.errors()]
        log.error("The settings are not valid: %s", "; ".join(faults), extra={"event": "settings.invalid"})  # noqa: TRY400 - all is said
        raise


def build(
    settings: Settings,
    tables: Tables,
    files: FileStore,
    fetch_keys: Callable[[], Awaitable[dict[str, Any]]] | None = None,
    wakeups: WakeUps | None = None,
    directory: DirectoryStore | None = None,
) -> App:
    """The app on this storage; `fetch_keys` replaces the download of the issuer's keys.

    Without `wakeups` timers find all work. `directory` is the deployment's unless another one is given, to be closed.
    """
    partners = TablePartnerStore(tables)
    ports = Ports(
        leads=TableLeadStore(tables),
        agenda=TableAgenda(tables, settings.agenda_shards, clock.stopwatch()),
        marks=TableMarkStore(tables),
        partners=partners,
        phones=NumberingPlans(),
        emails=MailAddresses(_mail_domains(settings)),
        tallies=TableTallyStore(tables),
        exports=TableExportStore(tables),
        files=files,
        wakeups=wakeups or NoWakeUps(),
        outcomes=TableOutcomeStore(tables),
        feedback=TableFeedbackStore(tables),
        erasures=TableErasureStore(tables),
        people=TablePeopleStore(tables),
        listings=TableListingStore(tables),
        directory=directory or directory_store.connect(settings),
        held=TableHeldStore(tables),
        sent=TableSentStore(tables),
        tables=StorageMarketplaceTables(tables),
        lanes=TableLaneStore(tables),
        mails=TableMailStore(tables),
        webhooks=TableWebhookStore(tables),
        preferences=TablePreferenceStore(tables),
        receivers=HttpWebhooks(loopback=settings.webhook_loopback, real_now=clock.real_now, watch=clock.stopwatch()),
        packets=Packets(settings.lead_page),
        mailer=mailer(settings),
        letters=letters(settings),
        rules=settings.rules(),
    )
    keys = SigningKeys(fetch_keys or _download(settings.token_keys_url))
    return App(settings, ports, TokenVerifier(settings, keys, partners), limits(settings))


def mailer(settings: Settings) -> MailSender:
    """The mail service, or nobody where there is none."""
    if settings.mail_connection is None and settings.mail_endpoint is None:
        return NoMail()
    from shared.delivery.mailer import connect  # noqa: PLC0415 - only where mail is sent

    return connect(settings.mail_endpoint, settings.mail_connection, settings.mail_sender, lambda: identity(settings))


def letters(settings: Settings) -> Letters:
    """The writer of mails, with links to where leads are read, and where what advice is about is mended."""
    return Letters(
        settings.public_url,
        settings.lead_page,
        settings.leads_page,
        lambda mend, partner_id: mend_link(mend, partner_id, settings),
    )


def limits(settings: Settings) -> Limits:
    """How fast one caller may go on at this instance; a partner's people and systems together five times as fast."""
    watch = clock.stopwatch()
    per_second, burst = settings.calls_per_second, settings.calls_burst
    return Limits(
        intake=TokenBuckets(settings.intake_per_second, settings.intake_burst, watch),
        persons=TokenBuckets(per_second, burst, watch),
        partners=TokenBuckets(5 * per_second, 5 * burst, watch),
        watch=watch,
    )


def _mail_domains(settings: Settings) -> MailDomains | None:
    return MailDomains(settings.email_dns_seconds, clock.stopwatch()) if settings.email_dns else None


def _download(url: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def fetch() -> dict[str, Any]:
        import aiohttp  # noqa: PLC0415 - storage has loaded it by then

        timeout = aiohttp.ClientTimeout(total=KEYS_TIMEOUT_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
                answer.raise_for_status()
                found: dict[str, Any] = await answer.json(content_type=None)
                return found
        except aiohttp.ClientError as problem:
            raise OSError(f"no keys: {type(problem).__name__}") from problem

    return fetch


def _made() -> App:
    settings = _settings()
    return build(settings, connect(settings), blobs.connect(settings), wakeups=queues.connect(settings))


made_by(_made)
