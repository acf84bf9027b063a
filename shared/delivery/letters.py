"""Writes mails from their templates, in the recipient's language (N3, N4, N7).

Everything a mail shows of a lead goes through `contact.shown`. What customers wrote is escaped in HTML by the template
engine, and stands alone in its line in text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from shared.domain.advice import Mend
from shared.domain.contact import shown
from shared.domain.lead import (
    SOURCE_TITLES,
    CallToAction,
    Lead,
    LeadType,
    Outcome,
    Qualification,
    Source,
    Status,
    Suggested,
    Validity,
)
from shared.domain.telling.mails import Mail, MailNotice
from shared.domain.telling.unsubscribe import list_of, make_token
from shared.domain.text import isolated, visible
from shared.ports.delivery import Facts, Letter
from shared.texts import Translate, countries, translator

if TYPE_CHECKING:
    from jinja2 import Environment

SUBJECT_COMPANY_MAX = 80


@dataclass
class _Content:
    """What the templates show."""

    subject: str
    heading: str
    lines: list[str]
    template: str = "lead.html"
    fields: list[tuple[str, str, str | None]] = field(default_factory=list)
    reply_to: str | None = None
    message: str | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    link: str | None = None
    one: bool = True
    warn: bool = False


class Letters:
    """`LetterWriter`; the URLs are where a partner's people read leads; `{partnerId}` and `{leadId}` are filled in.

    `mended_at` gives the address of the page where a partner mends what advice is about.
    """

    def __init__(self, public_url: str, lead_url: str, leads_url: str, mended_at: Callable[[Mend, str], str]) -> None:
        self._public_url, self._lead_url, self._leads_url = public_url, lead_url, leads_url
        self._mended_at = mended_at

    def letter(self, mail: Mail, partner_id: str, to: str, facts: Facts) -> Letter:
        _ = translator(mail.language)
        write: dict[MailNotice, Callable[[_Desk], _Content]] = {
            MailNotice.NEW_LEAD: _new_lead,
            MailNotice.EXPIRES_SOON: _expires_soon,
            MailNotice.EXPIRED: _expired,
            MailNotice.DECLINED: _declined,
            MailNotice.DIGEST: _digest,
            MailNotice.WEBHOOK_DISABLED: _webhook_disabled,
            MailNotice.MONTH: _month,
            MailNotice.PASSED_ON: _passed_on,
        }
        leads_link = self._leads_url.replace("{partnerId}", partner_id)
        desk = _Desk(
            _, mail, facts, self._link_of(partner_id), leads_link, lambda mend: self._mended_at(mend, partner_id)
        )
        content = write[mail.notice](desk)
        in_list = list_of(partner_id, customers=mail.notice in (MailNotice.DECLINED, MailNotice.PASSED_ON))
        token = make_token(in_list, to, facts.signing_key)
        unsubscribe = f"{self._public_url}/unsubscribe?token={quote(token)}"
        context = {
            **vars(content),
            "_": _,
            "language": mail.language,
            "unsubscribe": unsubscribe,
            "reason": _reason(desk),
        }
        return Letter(
            to=to,
            subject=content.subject,
            text=_templates().get_template("mail.txt").render(context),
            html=_templates().get_template(content.template).render(context),
            headers={
                "List-Unsubscribe": f"<{unsubscribe}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            reply_to=content.reply_to,
        )

    def _link_of(self, partner_id: str) -> Callable[[Lead], str]:
        def link(lead: Lead) -> str:
            return self._lead_url.replace("{partnerId}", partner_id).replace("{leadId}", lead.id)

        return link


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - first mail

    return Environment(
        loader=PackageLoader("shared.delivery"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        # A template that was deployed never changes.
        auto_reload=False,
        keep_trailing_newline=True,
    )


@dataclass(frozen=True)
class _Desk:
    """What a mail is written from."""

    say: Translate
    mail: Mail
    facts: Facts
    link: Callable[[Lead], str]
    leads_link: str
    mended_at: Callable[[Mend], str]

    @property
    def lead(self) -> Lead:
        """The lead as it may be seen now."""
        lead = self.facts.lead or next(iter(self.facts.leads), None)
        if lead is None:
            raise ValueError("this mail is about a lead")
        return shown(lead, self.facts.at)

    @property
    def is_about_many(self) -> bool:
        """True for a mail that tells of several leads; of a day that has one it reads like a single one."""
        return len(self.facts.leads) > 1

    @property
    def partner(self) -> str:
        """The partner's name."""
        return self.facts.partner.name if self.facts.partner else self.say("the partner")

    @property
    def company(self) -> str:
        """Whom the lead is about, short enough for a subject; its direction marks turn nothing round it."""
        return isolated(_named(self.lead, self.say)[:SUBJECT_COMPANY_MAX])

    def when(self, at: datetime | None, *, time: bool = True) -> str:
        """An instant in the partner's time zone, which is named, in the recipient's language."""
        from babel.dates import format_date, format_time  # noqa: PLC0415 - 30 ms, at the first mail

        if at is None:
            return ""
        named = self.facts.preferences.time_zone or (self.facts.partner.time_zone if self.facts.partner else "UTC")
        local = at.astimezone(ZoneInfo(named))
        date = format_date(local, "long", locale=self._locale)
        return f"{date}, {format_time(local, 'short', locale=self._locale)} ({named})" if time else date

    def month(self, day: date) -> str:
        """A month with its year, in the recipient's language."""
        from babel.dates import format_skeleton  # noqa: PLC0415 - 30 ms, at the first mail

        return format_skeleton("yMMMM", day, locale=self._locale)

    def number(self, value: float, digits: int = 0) -> str:
        """A number in the recipient's language."""
        from babel.numbers import format_decimal  # noqa: PLC0415 - at the first mail

        return format_decimal(round(value, digits), locale=self._locale)

    def percent(self, share: float | None) -> str:
        """A share of 1, a dash where there is none."""
        from babel.numbers import format_percent  # noqa: PLC0415 - at the first mail

        return "–" if share is None else format_percent(share, locale=self._locale)

    def money(self, worth: Mapping[str, Decimal]) -> str:
        """Amounts by currency; a dash where there is none."""
        from babel.numbers import format_currency  # noqa: PLC0415 - at the first mail

        return " + ".join(format_currency(amount, code, locale=self._locale) for code, amount in worth.items()) or "–"

    def country(self, code: str | None, written: str | None) -> str | None:
        """The country's name in the recipient's language; as it was written where it is not known."""
        return countries(self.mail.language).get(code, code) if code else written

    @property
    def _locale(self) -> str:
        return self.mail.language.replace("-", "_")


def _new_lead(desk: _Desk) -> _Content:
    _, lead = desk.say, desk.lead
    lines = []
    if lead.sender:
        lines.append(_("%(sender)s has sent you a qualified lead.", sender=lead.sender.name or _("Somebody")))
    if lead.contact_requested:
        lines.append(_("The customer asked to be contacted and is waiting: answer while the interest is fresh."))
    if lead.expires_at:
        lines.append(_("If nobody answers, the lead expires on %(date)s.", date=desk.when(lead.expires_at)))
    return _Content(
        subject=_("New lead: %(company)s", company=desk.company),
        heading=_("New lead: %(company)s", company=desk.company),
        lines=lines,
        fields=_fields(desk, lead),
        message=lead.notes,
        reply_to=_reply_to(lead),
        link=desk.link(lead),
        warn=True,
    )


def _expires_soon(desk: _Desk) -> _Content:
    if desk.is_about_many:
        return _expire_soon(desk)
    _, lead = desk.say, desk.lead
    heading = _("This lead expires on %(date)s", date=desk.when(lead.expires_at))
    return _Content(
        subject=_("Unanswered, expires soon: %(company)s", company=desk.company),
        heading=heading,
        lines=[_("Nobody has accepted or declined it yet. Once it has expired, its contact details are gone.")],
        fields=_fields(desk, lead),
        message=lead.notes,
        reply_to=_reply_to(lead),
        link=desk.link(lead),
        warn=True,
    )


def _reply_to(lead: Lead) -> str | None:
    """The customer, where the address may take an answer."""
    usable = lead.email_validity not in (Validity.INVALID, Validity.SPAM)
    return lead.customer.email if usable else None


def _expire_soon(desk: _Desk) -> _Content:
    """The warnings of a day, the first to expire first."""
    _, facts = desk.say, desk.facts
    leads = sorted((shown(stored, facts.at) for stored in facts.leads), key=lambda lead: lead.expires_at or facts.at)
    return _Content(
        subject=_("%(count)d unanswered leads expire soon", count=len(leads)),
        heading=_("Unanswered leads that expire soon"),
        lines=[
            _("Nobody has accepted or declined them yet. Once a lead has expired, its contact details are gone."),
        ],
        template="digest.html",
        rows=[_row(desk, lead) for lead in leads],
        link=desk.leads_link,
        one=False,
        warn=True,
    )


def _have_expired(desk: _Desk) -> _Content:
    """The day's leads that nobody answered, for who runs the programme (N6)."""
    _, facts = desk.say, desk.facts
    leads = [shown(stored, facts.at) for stored in facts.leads]
    count = len(leads)
    rows = []
    for lead in leads:
        offer = lead.offer.title or lead.offer.id if lead.offer else None
        about = (
            isolated(offer) if offer else None,
            f"{_('Received')}: {desk.when(lead.created_at)}",
            f"{_('Expired')}: {desk.when(lead.closed_at)}",
            f"{_('Lead')}: {lead.id}",
        )
        rows.append(_line(desk, lead) | {"about": " · ".join(part for part in about if part)})
    return _Content(
        subject=_("%(count)d leads for %(partner)s have expired", count=count, partner=desk.partner),
        heading=_("Leads have expired"),
        lines=[
            _("%(count)d leads for %(partner)s were not answered in time.", count=count, partner=desk.partner),
        ],
        template="digest.html",
        rows=rows,
        link=desk.leads_link,
        one=False,
        warn=True,
    )


def _expired(desk: _Desk) -> _Content:
    if desk.is_about_many:
        return _have_expired(desk)
    _, lead = desk.say, desk.lead
    by_sender = desk.mail.why == "sender"
    said = (
        _("The lead that you sent to %(partner)s was not answered in time and has expired.", partner=desk.partner)
        if by_sender
        else _("A lead for %(partner)s was not answered in time and has expired.", partner=desk.partner)
    )
    company = lead.customer.company
    fields: list[tuple[str, str, str | None]] = [(_("Company"), isolated(company), None)] if company else []
    fields += [
        (_("Received"), desk.when(lead.created_at), None),
        (_("Expired"), desk.when(lead.closed_at), None),
        (_("Lead"), lead.id, None),
    ]
    if lead.offer and (named := lead.offer.title or lead.offer.id):
        fields.insert(1, (_("Offer"), isolated(named), None))
    return _Content(
        subject=_("A lead for %(partner)s has expired", partner=desk.partner),
        heading=_("A lead has expired"),
        lines=[said, _("You may send it to another partner.")] if by_sender else [said],
        fields=fields,
        link=None if by_sender else desk.link(lead),
        warn=True,
    )


def _declined(desk: _Desk) -> _Content:
    """What the customer hears (L3), with whom to ask instead (M3)."""
    _, closing = desk.say, desk.lead.closing
    others = closing.suggested if closing else ()
    return _Content(
        subject=_("Your inquiry to %(partner)s", partner=desk.partner),
        heading=_("Your inquiry to %(partner)s", partner=desk.partner),
        lines=[
            _("Thank you for your interest. %(partner)s cannot take up your inquiry at present.", partner=desk.partner),
            _("These partners may help you instead:") if others else _("Please feel free to choose another partner."),
        ],
        fields=[(isolated(one.name), _why(desk, one), None) for one in others],
    )


def _passed_on(desk: _Desk) -> _Content:
    """Who has the customer's inquiry now (M7)."""
    _, other = desk.say, desk.facts.next_partner
    name = other.name if other else _("another partner")
    return _Content(
        subject=_("Your inquiry to %(partner)s", partner=desk.partner),
        heading=_("Your inquiry is with %(partner)s now", partner=name),
        lines=[
            _("Thank you for your interest. %(partner)s cannot take up your inquiry at present.", partner=desk.partner),
            _("We have passed it on to %(partner)s, who will get in touch with you.", partner=name),
        ],
    )


def _why(desk: _Desk, other: Suggested) -> str:
    """Why another partner may help, and where it is."""
    found = [desk.say(reason.text, **reason.named) for reason in other.reasons]
    where = desk.country(other.country, None)
    return isolated(" ".join([f"{where}." if where else "", *found]).strip()) or "–"


def _digest(desk: _Desk) -> _Content:
    _, facts = desk.say, desk.facts
    day = facts.day
    held = len(facts.leads)
    total = day.total if day else held
    # The day that its leads came in: it ends where the next one begins.
    date = desk.when((day.ends if day else facts.at) - timedelta(microseconds=1), time=False)
    lines = [_("Leads in this digest: %(held)d. Leads since the last one in all: %(total)d.", held=held, total=total)]
    seen = [shown(lead, facts.at) for lead in facts.leads]
    rows = [_row(desk, lead) for lead in sorted(seen, key=lambda one: not _is_hot(one, facts.at))]
    return _Content(
        subject=_("%(held)d more leads, %(total)d in all (%(date)s)", held=held, total=total, date=date)
        if held != 1
        else _("One more lead, %(total)d in all (%(date)s)", total=total, date=date),
        heading=_("Your leads until %(date)s", date=date),
        lines=lines,
        template="digest.html",
        rows=rows,
        link=desk.leads_link,
        one=False,
        warn=True,
    )


def _is_hot(lead: Lead, at: datetime) -> bool:
    return lead.status is Status.RECEIVED and lead.flame_until is not None and at < lead.flame_until


def _row(desk: _Desk, lead: Lead) -> dict[str, Any]:
    """What a digest says of a lead: who it is, how to reach them, what about, and until when."""
    _, customer, offer = desk.say, lead.customer, lead.offer
    about = [
        desk.country(customer.country, customer.country_text),
        isolated(offer.title or offer.id or "") if offer else None,
        _state(lead, _),
    ]
    if lead.status is Status.RECEIVED and lead.expires_at:
        about.append(_("answer by %(date)s", date=desk.when(lead.expires_at)))
    hot = _("waits for a call") if _is_hot(lead, desk.facts.at) else None
    return _line(desk, lead) | {"hot": hot, "about": " · ".join(part for part in about if part)}


def _line(desk: _Desk, lead: Lead) -> dict[str, Any]:
    """Who the lead is about and how to reach them, as far as it may be seen."""
    _, customer = desk.say, lead.customer
    name = customer.name
    return {
        "hot": None,
        "who": isolated(_named(lead, _)[:SUBJECT_COMPANY_MAX]),
        "contact": isolated(name) if name and customer.company else None,
        "email": customer.email,
        "mailto": _mailto(customer.email),
        "phone": customer.phone,
        "tel": _tel(customer.phone_e164 or customer.phone),
        "link": desk.link(lead),
    }


def _tel(number: str | None) -> str | None:
    digits = "".join(character for character in number or "" if character in "0123456789+")
    return f"tel:{digits}" if digits else None


def _mailto(address: str | None) -> str | None:
    return f"mailto:{quote(visible(address), safe='@+._-')}" if address and "@" in address else None


def _webhook_disabled(desk: _Desk) -> _Content:
    _, hook = desk.say, desk.facts.webhook
    url = hook.url.split("?", maxsplit=1)[0] if hook else ""
    return _Content(
        subject=_("A webhook was switched off"),
        heading=_("A webhook was switched off"),
        lines=[
            _("It failed for too long, or its receiver said that it is gone."),
            _("Events that were waiting still do. Events from now on are not queued until you enable it again."),
        ],
        fields=[(_("Address"), url, None), (_("Switched off"), desk.when(hook.disabled_at if hook else None), None)],
    )


def _month(desk: _Desk) -> _Content:
    """Last month in five numbers, the standing, and the gravest piece of advice (M6)."""
    _, month = desk.say, desk.facts.month
    if month is None:
        raise ValueError("this mail is about a month")
    total, before, stands = month.insights.total, month.insights.before, month.standing
    named = desk.month(month.insights.period.first)
    hours = total.hours_median
    answered = _("after %(hours)s hours (median)", hours=desk.number(hours, 1)) if hours is not None else "–"
    fields: list[tuple[str, str, str | None]] = [
        (
            _("Leads"),
            _(
                "%(count)s (the month before: %(before)s)",
                count=desk.number(total.received),
                before=desk.number(before.received),
            ),
            None,
        ),
        (_("Accepted"), f"{desk.number(total.accepted)} ({desk.percent(total.acceptance_rate)})", None),
        (_("Answered"), answered, None),
        (_("Expired"), f"{desk.number(total.expired)} ({desk.percent(total.expiry_rate)})", None),
        (_("Won"), f"{desk.number(total.won)} ({desk.money(total.worth_won)})", None),
        (_("Your standing"), _("%(value)s of 100; 50 is usual", value=desk.number(stands.value * 100)), None),
    ]
    lines = [_("What the leads of %(partner)s have come to so far.", partner=desk.partner)]
    if month.advice:
        said = isolated(_(month.advice.message))
        fields.append((_("What would help most"), said, desk.mended_at(month.advice.mend)))
    else:
        lines.append(_("Answered in time, outcomes told: nothing to mend."))
    return _Content(
        subject=_("Your leads in %(month)s", month=named),
        heading=_("Your leads in %(month)s", month=named),
        lines=lines,
        fields=fields,
        link=desk.leads_link,
        one=False,
    )


def _fields(desk: _Desk, lead: Lead) -> list[tuple[str, str, str | None]]:
    """What is known of the customer and the lead, as far as it may be seen, with links; empty values are left out."""
    _, customer, offer = desk.say, lead.customer, lead.offer
    checks = {
        Validity.INVALID: _("not valid"),
        Validity.SPAM: _("known for spam"),
        Validity.UNKNOWN: _("could not be checked"),
    }

    def checked(text: str | None, state: Validity) -> str | None:
        note = checks.get(state)
        return f"{text} ({note})" if text and note else text

    name = customer.name
    sources = {**SOURCE_TITLES, Source.OTHER: lead.source_text or _("other")}
    found = [
        (_("Company"), customer.company),
        (_("Contact"), name),
        (_("Job title"), customer.title),
        (_("E-mail"), checked(customer.email, lead.email_validity)),
        (_("Phone"), checked(customer.phone, lead.phone_validity)),
        (_("Country"), desk.country(customer.country, customer.country_text)),
        (_("Company size"), customer.size),
        (_("Offer"), (offer.title or offer.id) if offer else None),
        (_("Location"), lead.location),
        (_("Kind"), _kind(lead, _)),
        (_("Source"), sources[lead.source] if lead.source else None),
        (_("Received"), desk.when(lead.created_at)),
    ]
    links = {_("E-mail"): _mailto(customer.email), _("Phone"): _tel(customer.phone_e164 or customer.phone)}
    return [(label, isolated(value), links.get(label)) for label, value in found if value]


def _kind(lead: Lead, _: Translate) -> str:
    if lead.qualification is Qualification.MARKETING_QUALIFIED:
        return _("Qualified by marketing")
    if lead.qualification is Qualification.SALES_QUALIFIED:
        return _("Qualified by a seller")
    if lead.type is LeadType.PROFILE:
        return _("Inquiry to your business profile")
    kinds = {
        CallToAction.CONTACT_ME: _("Contact me"),
        CallToAction.GET_IT_NOW: _("Get it now"),
        CallToAction.FREE_TRIAL: _("Free trial"),
        CallToAction.TEST_DRIVE: _("Test drive"),
    }
    return kinds[lead.call_to_action] if lead.call_to_action else _("Offer")


def _state(lead: Lead, _: Translate) -> str:
    states = {
        Status.RECEIVED: _("received"),
        Status.ACCEPTED: _("accepted"),
        Status.INFORMATIONAL: _("for information"),
        Outcome.WON: _("won"),
        Outcome.LOST: _("lost"),
        Outcome.ERROR: _("closed as an error"),
        Outcome.DECLINED: _("declined"),
        Outcome.EXPIRED: _("expired"),
        Outcome.AGED: _("archived"),
    }
    return states[lead.outcome or lead.status]


def _named(lead: Lead, _: Translate) -> str:
    customer = lead.customer
    name = customer.name
    return customer.company or name or customer.email or customer.phone or _("a customer")


def _reason(desk: _Desk) -> str:
    """Why the recipient gets the mail (N1)."""
    _ = desk.say
    reasons = {
        "preferred": _("You get this mail because yours is the address that %(partner)s prefers."),
        "location": _("You get this mail because you are a contact of the location of %(partner)s that was asked."),
        "country": _("You get this mail because you are a contact of %(partner)s in the customer's country."),
        "profile": _("You get this mail because you are a contact in the business profile of %(partner)s."),
        "admin": _("You get this mail because you administer %(partner)s in this programme."),
        "partner": _("You get this mail because the programme knows you as the contact of %(partner)s."),
        "operator": _("You get this mail because you run the programme that %(partner)s takes part in."),
        "sender": _("You get this mail because you sent a lead to %(partner)s."),
        "customer": _("You get this mail because you sent an inquiry to %(partner)s."),
        "owner": _("You get this mail because you set up the webhook for %(partner)s."),
    }
    return reasons[desk.mail.why] % {"partner": desk.partner}
