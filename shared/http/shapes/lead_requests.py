"""What partners send about a lead."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.domain.lead import TEAM_MAX, Deal, TeamMember
from shared.domain.lifecycle import REASONS, Action, Activity, ActivityKind
from shared.http.fields import Amount, Code, Currency, Day, Incoming, MailAddress, Notes, PhoneNumber, Text


class MoneyIn(Incoming):
    """An amount of money."""

    amount: Amount
    currency: Currency


class TeamMemberIn(Incoming):
    """One of the partner's people on the deal."""

    name: Text
    email: MailAddress | None = None
    phone: PhoneNumber | None = None

    def member(self) -> TeamMember:
        """The domain's team member."""
        return TeamMember(self.name, self.email, self.phone)


Team = Annotated[list[TeamMemberIn], Field(max_length=TEAM_MAX)]


class DealIn(Incoming):
    """The deal of an accept (L1); one of purchaseDate and purchaseTimeframe must be given."""

    name: Text
    value: MoneyIn
    # Before the date, whose validator looks at it.
    purchase_timeframe: Text | None = None
    purchase_date: Annotated[Day | None, Field(validate_default=True)] = None
    notes: Notes | None = None
    crm_id: Code | None = None
    campaign_id: Code | None = None
    team: Team | None = None

    @field_validator("purchase_date")
    @classmethod
    def _when(cls, value: date | None, info: ValidationInfo) -> date | None:
        """A field's validator, not the model's, so that it is reported beside the other faults."""
        if value is None and info.data.get("purchase_timeframe", ...) is None:
            raise PydanticCustomError("missing", "A deal needs purchaseDate or purchaseTimeframe.")
        return value

    def deal(self) -> Deal:
        """The domain's deal."""
        return Deal(
            name=self.name,
            amount=self.value.amount,
            currency=self.value.currency,
            purchase_date=self.purchase_date,
            purchase_timeframe=self.purchase_timeframe,
            notes=self.notes or None,
            crm_id=self.crm_id,
            campaign_id=self.campaign_id,
            team=tuple(member.member() for member in self.team or ()),
        )


class MoneyPatch(Incoming):
    """A change of the deal's value; what is not named stays."""

    null_removes = True
    amount: Amount = Decimal(0)
    currency: Currency = "EUR"


class DealPatch(Incoming):
    """A JSON merge patch of the deal (L2): what is not named stays, null removes what may be absent."""

    null_removes = True
    name: Text = ""
    value: MoneyPatch = MoneyPatch()
    purchase_date: Day | None = None
    purchase_timeframe: Text | None = None
    notes: Notes | None = None
    crm_id: Code | None = None
    campaign_id: Code | None = None
    team: Team | None = None

    def edits(self) -> dict[str, Any]:
        """The named fields by the domain's names."""
        named: dict[str, Any] = {
            name: getattr(self, name) for name in self.model_fields_set if name not in ("value", "team")
        }
        if "value" in self.model_fields_set:
            named |= {name: getattr(self.value, name) for name in self.value.model_fields_set}
        if "team" in self.model_fields_set:
            named["team"] = tuple(member.member() for member in self.team or [])
        if "notes" in named:
            named["notes"] = named["notes"] or None
        return named


class LeadPatch(Incoming):
    """The merge patch of a lead: its deal, the only part that can be edited."""

    null_removes = True
    deal: DealPatch

    @model_validator(mode="before")
    @classmethod
    def _deal_itself(cls, data: Any) -> Any:
        """The deal's fields may also stand for themselves, as they do in an accept."""
        return data if isinstance(data, dict) and "deal" in data else {"deal": data}


Reason = Annotated[Text, WithJsonSchema({"type": "string", "enum": sorted({*chain(*REASONS.values())})})]


class AnswerIn(Incoming):
    """What goes with an answer; the rules say whether it takes a reason, and which (L3, L4)."""

    reason: Reason | None = None
    notes: Notes | None = None


def _reasons(action: Action) -> Callable[[dict[str, Any]], None]:
    """The rules' reasons of an action in the words of JSON Schema; `other` needs notes."""

    def told(schema: dict[str, Any]) -> None:
        schema["properties"]["reason"] = {"type": "string", "enum": list(REASONS[action])}
        schema["required"] = ["reason"]
        schema["if"] = {"properties": {"reason": {"const": "other"}}}
        schema["then"] = {"properties": {"notes": {"type": "string", "minLength": 1}}, "required": ["notes"]}

    return told


class DeclineIn(AnswerIn):
    """Why a lead is declined (L3)."""

    model_config = ConfigDict(json_schema_extra=_reasons(Action.DECLINE))


class LoseIn(AnswerIn):
    """Why a deal was lost (L4)."""

    model_config = ConfigDict(json_schema_extra=_reasons(Action.LOSE))


class CloseAsErrorIn(AnswerIn):
    """Why a lead is closed as an error (L4)."""

    model_config = ConfigDict(json_schema_extra=_reasons(Action.CLOSE_AS_ERROR))


class WinIn(AnswerIn):
    """What to say of a deal that was won; there is no reason to give (L4).

    What was won is the deal's value where nothing is said, and the day is this one.
    """

    model_config = ConfigDict(json_schema_extra=lambda schema: schema["properties"].pop("reason"))
    value: MoneyIn | None = None
    closed_date: Day | None = None


class ActivityIn(Incoming):
    """A contact attempt (L8)."""

    kind: ActivityKind
    text: Notes | None = None

    def activity(self) -> Activity:
        """The domain's activity."""
        return Activity(self.kind, self.text or None)
