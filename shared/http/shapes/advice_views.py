"""What a partner is shown of advice to it (M6)."""

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.advice import Advice, Mend, Page
from shared.http.shapes.enumerations import AdviceText
from shared.settings import Settings
from shared.texts import Translate


class AdviceView(TypedDict):
    """One piece of advice; `numbers` are by their names, counts and whole hours."""

    code: AdviceText
    message: str
    numbers: dict[str, int]
    subject: str | None
    link: str


def advice_view(advice: Advice, partner_id: str, settings: Settings, translate: Translate) -> AdviceView:
    """A piece of advice in the reader's language, with the address of the page that mends it."""
    return {
        "code": advice.matter,
        "message": translate(advice.message),
        "numbers": dict(advice.numbers),
        "subject": advice.subject,
        "link": mend_link(advice.mend, partner_id, settings),
    }


def mend_link(mend: Mend, partner_id: str, settings: Settings) -> str:
    """The address of the page that mends a matter: with what the list is asked for, or the part of the page."""
    match mend.page:
        case Page.LEADS:
            page = settings.leads_page.replace("{partnerId}", partner_id)
            return f"{page}{'&' if '?' in page else '?'}{mend.part}"
        case Page.PROFILE:
            page = settings.profile_page
        case Page.PREFERENCES:
            page = settings.preferences_page
    return f"{page}#{mend.part}" if mend.part else page
