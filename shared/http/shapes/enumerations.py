"""Texts of answers that are one of a few: the interface's description names them all."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import WithJsonSchema

from shared.domain.advice import Matter
from shared.domain.erasure import ErasureKind, ErasureState, LeftKind
from shared.domain.events import EventType
from shared.domain.exports.export import Cells, ExportFormat, ExportState, Headings
from shared.domain.exports.export_columns import names
from shared.domain.intake.held import HeldState, Reason
from shared.domain.intake.receipt import SENDER_KINDS
from shared.domain.lead import CallToAction, LeadType, Level, Outcome, Qualification, Reveal, Source, Status, Validity
from shared.domain.lifecycle import REASONS, Action
from shared.domain.likelihood import Alike
from shared.domain.notify import MailKind
from shared.domain.permissions import Role
from shared.domain.programme.directory import ReasonKind
from shared.domain.programme.offers import OfferState
from shared.domain.programme.partner import PartnerState, SourceKind
from shared.domain.programme.profile import CompanySize
from shared.domain.targets import Bound, PerformanceStatus, Target, TargetStatus
from shared.domain.telling.alerts import FLAMES, TEXTS, WARNINGS
from shared.domain.telling.crm_presets import CrmPreset
from shared.domain.telling.dispatch import DispatchState
from shared.domain.telling.mails import MailNotice, MailState
from shared.domain.telling.preferences import LANGUAGES
from shared.domain.telling.recommendations import ADVICE, TITLES
from shared.domain.telling.webhooks import EVENTS, TEST, VALIDATION, FieldsAs, WebhookFormat, WebhookState


def _one_of(values: Iterable[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [str(value) for value in dict.fromkeys(values)]})


CompanySizeText = Annotated[str, _one_of(CompanySize)]
LeadTypeText = Annotated[str, _one_of(LeadType)]
QualificationText = Annotated[str, _one_of(Qualification)]
StatusText = Annotated[str, _one_of(Status)]
OutcomeText = Annotated[str, _one_of(Outcome)]
SourceText = Annotated[str, _one_of(Source)]
CallToActionText = Annotated[str, _one_of(CallToAction)]
ValidityText = Annotated[str, _one_of(Validity)]
LevelText = Annotated[str, _one_of(Level)]
TargetText = Annotated[str, _one_of(Target)]
TargetStatusText = Annotated[str, _one_of(TargetStatus)]
PerformanceStatusText = Annotated[str, _one_of(PerformanceStatus)]
BoundText = Annotated[str, _one_of(Bound)]
LikenessText = Annotated[str, _one_of(Alike)]
ActionText = Annotated[str, _one_of(Action)]
ReasonText = Annotated[str, _one_of(code for codes in REASONS.values() for code in codes)]
AlertText = Annotated[str, _one_of(TEXTS)]
WarningText = Annotated[str, _one_of((*WARNINGS, "fileNotTaken"))]
FlameText = Annotated[str, _one_of(FLAMES.values())]
SenderText = Annotated[str, _one_of(SENDER_KINDS)]
ErasureKindText = Annotated[str, _one_of(ErasureKind)]
ErasureStateText = Annotated[str, _one_of(ErasureState)]
LeftKindText = Annotated[str, _one_of(LeftKind)]
EventText = Annotated[str, _one_of(EventType)]
MessageText = Annotated[str, _one_of((*EVENTS, VALIDATION, TEST))]
SubscribedText = Annotated[str, _one_of(EVENTS)]
NoticeText = Annotated[str, _one_of(MailNotice)]
MailStateText = Annotated[str, _one_of(MailState)]
MailKindText = Annotated[str, _one_of(MailKind)]
NotificationText = Annotated[str, _one_of((*TITLES, ADVICE))]
AdviceText = Annotated[str, _one_of(Matter)]
WebhookFormatText = Annotated[str, _one_of(WebhookFormat)]
WebhookStateText = Annotated[str, _one_of(WebhookState)]
PresetText = Annotated[str, _one_of(CrmPreset)]
FieldsAsText = Annotated[str, _one_of(FieldsAs)]
DeliveryStateText = Annotated[str, _one_of(DispatchState)]
ExportStateText = Annotated[str, _one_of(ExportState)]
ColumnText = Annotated[str, _one_of(names())]
HeadingsText = Annotated[str, _one_of(Headings)]
CellsText = Annotated[str, _one_of(Cells)]
ExportFormatText = Annotated[str, _one_of(ExportFormat)]
HeldStateText = Annotated[str, _one_of(HeldState)]
HeldReasonText = Annotated[str, _one_of(Reason)]
ReceivedText = Annotated[str, _one_of((*Status, HeldState.UNASSIGNED))]
FitText = Annotated[str, _one_of(ReasonKind)]
OfferStateText = Annotated[str, _one_of(OfferState)]
RoleText = Annotated[str, _one_of(Role)]
LanguageText = Annotated[str, _one_of(LANGUAGES)]
PartnerStateText = Annotated[str, _one_of(PartnerState)]
SourceKindText = Annotated[str, _one_of(SourceKind)]
RevealText = Annotated[str, _one_of(Reveal)]
UnwantedText = Annotated[str, _one_of(("unsubscribed", "bounced"))]
HealthText = Annotated[str, _one_of(("healthy", "degraded"))]
