"""Everything that the use cases need from outside, together.

`shared/app.py` plugs the real parts in, tests the fakes. Every method may raise `Unavailable` when the part behind it
cannot be reached or gives no answer in time; nothing is half-written then. Other errors are named where they occur.
Times are UTC.
"""

from dataclasses import dataclass, field

from shared.ports.agenda import Agenda
from shared.ports.checks import EmailReader, PhoneReader
from shared.ports.delivery import LetterWriter, MailSender, PacketMaker, WebhookSender
from shared.ports.erasures import ErasureStore
from shared.ports.exports import ExportStore, FileStore
from shared.ports.feedback import FeedbackStore
from shared.ports.intake import HeldStore, MarketplaceTables, SentStore
from shared.ports.leads import LeadStore, MarkStore
from shared.ports.outcomes import OutcomeStore
from shared.ports.programme import DirectoryStore, ListingStore, PartnerStore, PeopleStore
from shared.ports.rules import Rules
from shared.ports.telling import LaneStore, MailStore, PreferenceStore, TallyStore, WebhookStore
from shared.ports.wakeups import WakeUps


@dataclass(frozen=True)
class Ports:
    """Everything a use case may be given."""

    leads: LeadStore
    agenda: Agenda
    marks: MarkStore
    partners: PartnerStore
    phones: PhoneReader
    emails: EmailReader
    people: PeopleStore
    listings: ListingStore
    directory: DirectoryStore
    held: HeldStore
    sent: SentStore
    tables: MarketplaceTables
    lanes: LaneStore
    mails: MailStore
    webhooks: WebhookStore
    preferences: PreferenceStore
    receivers: WebhookSender
    packets: PacketMaker
    mailer: MailSender
    letters: LetterWriter
    tallies: TallyStore
    exports: ExportStore
    files: FileStore
    wakeups: WakeUps
    outcomes: OutcomeStore
    feedback: FeedbackStore
    erasures: ErasureStore
    rules: Rules = field(default_factory=Rules)
