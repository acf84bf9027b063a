"""What a partner wants to be told, when, and in which language (N1–N4)."""

from dataclasses import dataclass

from shared.domain.notify import MailKind

LANGUAGES = ("en", "de", "it", "sv", "hu", "pt-BR")
"""N4; the first is for everybody else."""
MUTED_MAX = 100


@dataclass(frozen=True)
class Preferences:
    """A partner's preferences; `time_zone` None = the registration's."""

    preferred_email: str | None = None
    preferred_language: str | None = None
    time_zone: str | None = None
    digest_threshold: int = 10
    digest_hour: int = 0
    mail_kinds: tuple[MailKind, ...] = (MailKind.CONTACT_ME, MailKind.PROFILE)
    expiry_mail: bool = True
    muted_addresses: tuple[str, ...] = ()
    monthly_mail: bool = True


def language(tag: str | None) -> str:
    """The language of N4 that is nearest to a tag such as `pt` or `de-AT`; en when unknown."""
    wanted = (tag or "").replace("_", "-").casefold()
    for known in LANGUAGES:
        if wanted.split("-")[0] == known.split("-")[0].casefold():
            return known
    return LANGUAGES[0]
