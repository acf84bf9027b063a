"""What partners send about being told, and what the mail service reports."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from shared.domain.messages import say
from shared.domain.notify import MailKind
from shared.domain.telling.crm_presets import PRESETS, CrmPreset, alternatives
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import CONSTANT, EVENTS, FIELDS, FIELDS_MAX, HEADERS_MAX, FieldsAs, WebhookFormat
from shared.http.documents import Patch
from shared.http.fields import Flag, Incoming, Language, MailAddress, Text, TimeZone, one_line, unique
from shared.http.pages import PageQuery
from shared.ids import NOTIFICATION_ID
from shared.usecases.telling.mail_reports import Report
from shared.usecases.telling.manage_webhooks import Shape
from shared.usecases.telling.notification_centre import BULK_MAX, NotificationState

NotificationId = Annotated[str, StringConstraints(pattern=f"^{NOTIFICATION_ID.pattern}$")]


class NotificationsQuery(PageQuery):
    """Which notifications are listed."""

    state: NotificationState | None = None


class NotificationIdsIn(Incoming):
    """Notifications, as the list names them."""

    ids: Annotated[list[NotificationId], Field(min_length=1, max_length=BULK_MAX), AfterValidator(unique)]


def _muted(text: str) -> str:
    if not all(text.partition("@")):
        raise ValueError("This is no valid e-mail address.")
    return text


MutedAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=320), AfterValidator(one_line), AfterValidator(_muted)
]


READ_ONLY = {"type": "array", "readOnly": True}


class PreferencesIn(Incoming):
    """What a partner wants to be told; who has unsubscribed is not the partner's to say, so it is ignored (N3)."""

    preferred_email: MailAddress | None = None
    preferred_language: Language | None = None
    time_zone: TimeZone | None = None
    digest_threshold: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 10
    digest_hour: Annotated[int, Field(strict=True, ge=0, le=23)] = 0
    mail_kinds: Annotated[list[MailKind], AfterValidator(unique)] = [MailKind.CONTACT_ME, MailKind.PROFILE]
    expiry_mail: Flag = True
    monthly_mail: Flag = True
    # What is put may hold what was read, whoever has unsubscribed or bounced too: only the partner's own are counted.
    muted_addresses: Annotated[list[MutedAddress], AfterValidator(unique)] = []

    unsubscribed: Annotated[Any, WithJsonSchema(READ_ONLY | {"items": {"type": "object"}})] = None

    def preferences(self) -> Preferences:
        """The domain's preferences."""
        return Preferences(
            preferred_email=self.preferred_email,
            preferred_language=self.preferred_language,
            time_zone=self.time_zone,
            digest_threshold=self.digest_threshold,
            digest_hour=self.digest_hour,
            mail_kinds=tuple(self.mail_kinds),
            expiry_mail=self.expiry_mail,
            monthly_mail=self.monthly_mail,
            muted_addresses=tuple(self.muted_addresses),
        )


class PreferencesPatch(Patch):
    """A change of preferences; each list that is named is replaced whole."""

    of = PreferencesIn


class UnmuteIn(Incoming):
    """An address that is to be mailed again."""

    address: MutedAddress


def _field(text: str) -> str:
    *ours, last = [alternative.strip() for alternative in alternatives(text)] or [""]
    # Behind a constant nothing counts any more, so a name of ours there is a mistake.
    lost = last.startswith(CONSTANT) and last.rpartition("|")[2] in FIELDS and "|" in last
    if lost or any(name not in FIELDS for name in ours) or not (last in FIELDS or last.startswith(CONSTANT)):
        text = "It must be one of %(known)s, or several with | between them, or a text of your own behind a =."
        raise ValueError(say(text, known=", ".join(FIELDS)))
    return "|".join((*ours, last))


def _header_name(text: str) -> str:
    # What a connection or a signature is made of is ours to say.
    taken = text.casefold() in OUR_HEADERS or text.casefold().startswith(("webhook-", "proxy-", "sec-"))
    if taken or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", text):
        raise ValueError("This header cannot be sent.")
    return text


def _each_once(headers: dict[str, str]) -> dict[str, str]:
    if len({name.casefold() for name in headers}) < len(headers):
        raise ValueError("A header is named twice, in other letters.")
    return headers


OUR_HEADERS = frozenset(
    (
        *("host", "content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "te"),
        *("expect", "upgrade", "trailer", "keep-alive", "user-agent", "x-ms-correlation-request-id"),
    )
)
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(one_line)]
FieldValue = Annotated[str, StringConstraints(max_length=500), AfterValidator(one_line), AfterValidator(_field)]
EventName = Annotated[Text, WithJsonSchema({"type": "string", "enum": list(EVENTS)})]
HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=r"^[!-~]([ -~]*[!-~])?$")]


class WebhookIn(Incoming):
    """A subscription; a Logic App's own asks for no validation, since any POST would start its flow.

    A `preset` is the mapping of a CRM, with the format `fields`; `fields` of one's own are added to it.
    """

    notification_url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    events: Annotated[list[EventName], Field(min_length=1, max_length=50), AfterValidator(unique)]
    preset: CrmPreset | None = None
    format: WebhookFormat = WebhookFormat.STANDARD
    fields: Annotated[
        Annotated[dict[FieldName, FieldValue], Field(max_length=FIELDS_MAX)] | None, Field(validate_default=True)
    ] = None
    fields_as: FieldsAs = FieldsAs.JSON
    headers: (
        Annotated[dict[HeaderName, HeaderValue], Field(max_length=HEADERS_MAX), AfterValidator(_each_once)] | None
    ) = None
    only_valid: Flag = False
    validation: Literal["event", "none"] = "event"

    @model_validator(mode="before")
    @classmethod
    def _a_preset_is_of_fields(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("preset") is not None:
            return {"format": WebhookFormat.FIELDS, **value}
        return value

    @field_validator("fields")
    @classmethod
    def _what_the_preset_needs(cls, value: dict[str, str] | None, info: ValidationInfo) -> dict[str, str] | None:
        preset = info.data.get("preset")
        given = {name for name, item in (value or {}).items() if item != CONSTANT}
        missing = [name for name in PRESETS[preset].needs_fields if name not in given] if preset else []
        if missing:
            text = "The preset %(preset)s needs the fields %(names)s."
            raise ValueError(say(text, preset=preset, names=", ".join(missing)))
        return value

    @field_validator("fields_as")
    @classmethod
    def _as_the_preset_says(cls, value: FieldsAs, info: ValidationInfo) -> FieldsAs:
        preset = info.data.get("preset")
        if preset and value is not PRESETS[preset].fields_as:
            raise ValueError(say("The preset %(preset)s says how fields are written.", preset=preset))
        return value

    @model_validator(mode="after")
    def _fields_where_they_are_meant(self) -> Self:
        if self.preset is not None and self.format is not WebhookFormat.FIELDS:
            raise ValueError("A preset has the format fields.")
        if (self.format is WebhookFormat.FIELDS) != bool(self.fields or self.preset):
            raise ValueError("The format fields needs fields, and no other format has any.")
        return self

    def shape(self) -> Shape:
        """What the receiver needs beside the format."""
        if self.preset is None:
            return Shape(self.fields or {}, self.fields_as, self.only_valid, self.headers)
        preset = PRESETS[self.preset]
        fields = {**preset.fields, **(self.fields or {})}
        only_valid = self.only_valid if "only_valid" in self.model_fields_set else preset.only_valid
        return Shape(fields, preset.fields_as, only_valid, self.headers, self.preset)


class MailReportIn(BaseModel):
    """What is read of a delivery report of Communication Services; it holds more."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)

    message_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    status: Report
