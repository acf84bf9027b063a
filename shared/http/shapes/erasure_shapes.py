"""Erasures, as they are asked for and shown (S4, S5)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.erasure import Erasure, ErasureKind, folded_address
from shared.domain.errors import Detail, InvalidRequest
from shared.domain.instants import stamp, stamped
from shared.domain.intake.receipt import Phone as ReadPhone
from shared.domain.messages import say
from shared.http.actors import ActorView, actor_view
from shared.http.fields import Country, Incoming, Phone, Text
from shared.http.shapes.enumerations import ErasureKindText, ErasureStateText, LeftKindText
from shared.http.shapes.queries import LeadId, truth
from shared.ports.checks import PhoneReader
from shared.usecases.upkeep.erase import SeenErasure, Wanted


class ErasureQuery(Incoming):
    """Whether an erasure is only tried."""

    dry_run: Annotated[bool, BeforeValidator(truth)] = False


class ErasureIn(Incoming):
    """Whom to erase: a person by the e-mail address or by the telephone number, or the customer of one lead.

    A number is written with its country's code, or with the `country` it is dialled in.
    """

    email: Text | None = None
    phone: Phone | None = None
    country: Country | None = None
    lead_id: LeadId | None = None

    def wanted(self, phones: PhoneReader) -> Wanted:
        """What the domain calls it; raises InvalidRequest."""
        given = [
            name for name, value in (("email", self.email), ("phone", self.phone), ("leadId", self.lead_id)) if value
        ]
        if len(given) != 1:
            text = say("Name one of email, phone and leadId.")
            raise InvalidRequest(
                details=[Detail("notAllowed" if given else "required", text, one) for one in given or ["email"]]
            )
        if self.country and not self.phone:
            text = say("A country belongs to a telephone number.")
            raise InvalidRequest(details=[Detail("notAllowed", text, "country")])
        if self.email:
            if (folded := folded_address(self.email)) is None:
                text = say("This is no valid e-mail address.")
                raise InvalidRequest(details=[Detail("invalidValue", text, "email")])
            return Wanted(ErasureKind.EMAIL, folded)
        if self.phone:
            return Wanted(ErasureKind.PHONE, _number(phones.read(self.phone, self.country)))
        return Wanted(ErasureKind.LEAD, self.lead_id or "")


def _number(read: ReadPhone) -> str:
    if read.e164 is None:
        text = say("Write the number with its country's code, such as +46 70 123 45 67, or name its country.")
        raise InvalidRequest(details=[Detail("invalidValue", text, "phone")])
    return read.e164 + (f";ext={read.extension}" if read.extension else "")


class ErasureCountsView(TypedDict):
    """What was erased, or would be."""

    leads: int
    mentions: int
    payloads: int
    events: int
    mails: int
    deliveries: int
    exports: int
    submissions: int
    feedback: int
    mutedAddresses: int
    listEntries: int
    others: int


class ErasedLeadView(TypedDict):
    """A lead whose customer was erased, or would be."""

    partnerId: str
    leadId: str


class LeftView(TypedDict):
    """What may hold the person's address or number still; `name` of `leftBehind` is the account, null its own."""

    kind: LeftKindText
    partnerId: str | None
    name: str | None


class ErasureListedView(TypedDict):
    """An erasure; `value` is whom it is about: of a person only as long as the work goes on."""

    id: str | None
    kind: ErasureKindText
    value: str | None
    state: ErasureStateText
    by: ActorView
    passes: int
    counts: ErasureCountsView
    left: list[LeftView]
    createdDateTime: str
    endedDateTime: str | None


class ErasureView(ErasureListedView):
    """An erasure with the first of its leads; what a dry run found is not `isComplete` where there is too much."""

    leads: list[ErasedLeadView]
    isComplete: bool
    isDryRun: bool


def erasure_listed_view(erasure: Erasure) -> ErasureListedView:
    """The erasure as a list shows it."""
    return {
        "id": erasure.id,
        "kind": erasure.kind,
        "value": erasure.value,
        "state": erasure.state,
        "by": actor_view(erasure.by),
        "passes": erasure.passes,
        "counts": counts_view(erasure.counts),
        "left": [{"kind": one.kind, "partnerId": one.partner_id, "name": one.name} for one in erasure.left],
        "createdDateTime": stamp(erasure.created_at),
        "endedDateTime": stamped(erasure.ended_at),
    }


def counts_view(found: Mapping[str, int]) -> ErasureCountsView:
    """What an erasure found, by its kind."""

    def of(*kinds: str) -> int:
        return sum(found.get(kind, 0) for kind in kinds)

    return {
        "leads": of("leads"),
        "mentions": of("mentions"),
        "payloads": of("payloads"),
        "events": of("events"),
        "mails": of("mails"),
        "deliveries": of("deliveries"),
        "exports": of("exports"),
        "submissions": of("submissions"),
        "feedback": of("feedback"),
        "mutedAddresses": of("mutedAddresses"),
        "listEntries": of("listEntries"),
        "others": of("relations", "others"),
    }


def erasure_view(seen: SeenErasure, *, dry: bool = False) -> ErasureView:
    """The erasure, or what a dry run says of one, which has no id."""
    listed = erasure_listed_view(seen.erasure)
    if dry:
        listed["id"] = None
    return {
        **listed,
        "leads": [{"partnerId": partner_id, "leadId": lead_id} for partner_id, lead_id in seen.leads],
        "isComplete": seen.is_complete,
        "isDryRun": dry,
    }
