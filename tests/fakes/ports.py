"""All ports in memory, for unit tests; the contract suites hold them to what the real parts do."""

from dataclasses import dataclass

from shared.delivery.letters import Letters
from shared.http.shapes.packets import Packets
from shared.ports.ports import Ports
from shared.ports.rules import Rules
from tests.fakes.agenda import FakeAgenda
from tests.fakes.checks import FakeEmails, FakePhones
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.fakes.erasures import FakeErasureStore
from tests.fakes.exports import FakeExportStore, FakeFileStore
from tests.fakes.feedback import FakeFeedbackStore
from tests.fakes.intake import FakeHeldStore, FakeSentStore, FakeTables
from tests.fakes.leads import FakeLeadStore, FakeMarkStore
from tests.fakes.outcomes import FakeOutcomeStore
from tests.fakes.programme import FakeDirectoryStore, FakeListingStore, FakePartnerStore, FakePeopleStore
from tests.fakes.telling import FakeLaneStore, FakeMailStore, FakePreferenceStore, FakeTallyStore, FakeWebhookStore
from tests.fakes.wakeups import FakeWakeUps


@dataclass(frozen=True)
class FakePorts(Ports):
    """The ports with their types in memory, whose insides a test may look at."""

    leads: FakeLeadStore
    agenda: FakeAgenda
    marks: FakeMarkStore
    partners: FakePartnerStore
    phones: FakePhones
    emails: FakeEmails
    people: FakePeopleStore
    listings: FakeListingStore
    directory: FakeDirectoryStore
    held: FakeHeldStore
    sent: FakeSentStore
    tables: FakeTables
    lanes: FakeLaneStore
    mails: FakeMailStore
    webhooks: FakeWebhookStore
    preferences: FakePreferenceStore
    receivers: FakeReceivers
    packets: Packets
    mailer: FakeMailer
    letters: Letters
    tallies: FakeTallyStore
    exports: FakeExportStore
    files: FakeFileStore
    wakeups: FakeWakeUps
    outcomes: FakeOutcomeStore
    feedback: FakeFeedbackStore
    erasures: FakeErasureStore


def fake_ports(rules: Rules | None = None) -> FakePorts:
    """All ports in memory."""
    leads, lanes = FakeLeadStore(), FakeLaneStore()
    mails, webhooks = FakeMailStore(lanes), FakeWebhookStore()
    return FakePorts(
        leads=leads,
        agenda=FakeAgenda(),
        marks=FakeMarkStore(),
        partners=FakePartnerStore(),
        phones=FakePhones(),
        emails=FakeEmails(),
        people=FakePeopleStore(),
        listings=FakeListingStore(),
        directory=FakeDirectoryStore(),
        held=FakeHeldStore(),
        sent=FakeSentStore(),
        tables=FakeTables(),
        lanes=lanes,
        mails=mails,
        webhooks=webhooks,
        preferences=FakePreferenceStore(webhooks),
        receivers=FakeReceivers(),
        packets=Packets("https://leads.programme.example/{partnerId}/{leadId}"),
        mailer=FakeMailer(),
        letters=Letters(
            "https://leads.example/api",
            "https://front.example/{leadId}",
            "https://front.example",
            lambda mend, _: f"https://front.example/{mend.page}#{mend.part}",
        ),
        tallies=FakeTallyStore(leads, lanes, mails),
        exports=FakeExportStore(),
        files=FakeFileStore(),
        wakeups=FakeWakeUps(),
        outcomes=FakeOutcomeStore(),
        feedback=FakeFeedbackStore(),
        erasures=FakeErasureStore(leads, lanes, mails),
        rules=rules or Rules(),
    )
