"""What partners send about being told, and what the mail service reports."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from shared.domain.preferences import MailKind, Preferences
from shared.domain.webhooks import WebhookFormat
from shared.http.documents import Patch
from shared.http.fields import Flag, Incoming, Language, MailAddress, Text, TimeZone, unique
from shared.usecases.mail_reports import Report

MUTED_SHOWN_MAX = 700
"""What is put may hold what was read: addresses that have unsubscribed or bounced, too."""


class PreferencesIn(Incoming):
    """What a partner wants to be told; who has unsubscribed is not the partner's to say, so it is ignored (N3)."""

    preferred_email: MailAddress | None = None
    preferred_language: Language | None = None
    time_zone: TimeZone | None = None
    digest_threshold: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 10
    digest_hour: Annotated[int, Field(strict=True, ge=0, le=23)] = 0
    mail_kinds: Annotated[list[MailKind], AfterValidator(unique)] = [MailKind.CONTACT_ME, MailKind.PROFILE]
    expiry_mail: Flag = True
    muted_addresses: Annotated[list[MailAddress], Field(max_length=MUTED_SHOWN_MAX), AfterValidator(unique)] = []

    unsubscribed: Any = None

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
            muted_addresses=tuple(self.muted_addresses),
        )


class PreferencesPatch(Patch):
    """A change of preferences; each list that is named is replaced whole."""

    of = PreferencesIn


class UnmuteIn(Incoming):
    """An address that is to be mailed again."""

    address: MailAddress


class WebhookIn(Incoming):
    """A subscription; a Logic App's own asks for no validation, since any POST would start its flow."""

    notification_url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    events: Annotated[list[Text], Field(min_length=1, max_length=50), AfterValidator(unique)]
    format: WebhookFormat = WebhookFormat.STANDARD
    validation: Literal["event", "none"] = "event"


class MailReportIn(BaseModel):
    """What is read of a delivery report of Communication Services; it holds more."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)

    message_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    status: Report
