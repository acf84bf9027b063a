"""What codes are called where people read: one label for each code of each enumeration (N4).

Labels are kept by enumeration and code, since one code may mean two things: `unknown` is an address that could not be
checked, and a quality that is not known. Where one English word would need two translations there are two English
labels. The translations are in `shared/locale`; names of countries, currencies and languages are the CLDR's
(`shared/texts.py`).
"""

from collections.abc import Callable, Mapping

from shared.domain.advice import Matter
from shared.domain.erasure import ErasureKind, ErasureState, LeftKind
from shared.domain.events import EventType
from shared.domain.exports import export_columns
from shared.domain.exports.export import Cells, ExportFormat, ExportState, Headings
from shared.domain.filters import ListTab
from shared.domain.intake.held import HeldState, Reason
from shared.domain.lead import (
    SOURCE_TITLES,
    CallToAction,
    LeadType,
    Level,
    Outcome,
    Qualification,
    Reveal,
    Source,
    Status,
    Validity,
)
from shared.domain.lifecycle import Action, ActivityKind
from shared.domain.likelihood import Alike
from shared.domain.listed import FlameState
from shared.domain.notify import MailKind
from shared.domain.ordering import OrderField
from shared.domain.partner_order import PartnerField
from shared.domain.permissions import Role
from shared.domain.programme.directory import ReasonKind
from shared.domain.programme.offers import OfferState
from shared.domain.programme.partner import PartnerState, SourceKind
from shared.domain.programme.profile import CompanySize
from shared.domain.targets import Bound, PerformanceStatus, Target, TargetStatus
from shared.domain.telling.crm_presets import CrmPreset
from shared.domain.telling.dispatch import DispatchState
from shared.domain.telling.mails import MailNotice, MailState
from shared.domain.telling.webhooks import TEST, VALIDATION, FieldsAs, WebhookFormat, WebhookState

_EVENTS: Mapping[str, str] = {
    EventType.RECEIVED: "Lead received",
    EventType.ACCEPTED: "Lead accepted",
    EventType.UPDATED: "Lead changed",
    EventType.WON: "Deal won",
    EventType.LOST: "Deal lost",
    EventType.ERROR: "Closed as an error",
    EventType.DECLINED: "Lead declined",
    EventType.EXPIRED: "Lead expired",
    EventType.AGED: "Archived when its time was over",
    EventType.FLAME_COOLED: "Flame cooled",
    EventType.EXPIRES_SOON: "Warned of its expiry",
    EventType.ACTIVITY_LOGGED: "Contact attempt logged",
    EventType.PASSED_ON: "Passed on to another partner",
    EventType.ERASED: "Lead erased",
}
_SUBSCRIBED: Mapping[str, str] = {kind: said for kind, said in _EVENTS.items() if kind != EventType.ACTIVITY_LOGGED}
LABELS: Mapping[str, Mapping[str, str]] = {
    "tabs": {
        ListTab.MARKETPLACE: "Marketplace leads",
        ListTab.QUALIFIED: "Qualified leads",
        ListTab.FAVORITES: "Favorites",
    },
    "statuses": {
        Status.RECEIVED: "Received",
        Status.INFORMATIONAL: "For information",
        Status.ACCEPTED: "Accepted",
        Status.ARCHIVED: "Archived",
    },
    "outcomes": {
        Outcome.WON: "Won",
        Outcome.LOST: "Lost",
        Outcome.ERROR: "Closed as an error",
        Outcome.DECLINED: "Declined",
        Outcome.EXPIRED: "Expired without an answer",
        Outcome.AGED: "Archived when its time was over",
    },
    "sources": {source: SOURCE_TITLES.get(source, "Another source") for source in Source},
    "callsToAction": {
        CallToAction.CONTACT_ME: "Contact me",
        CallToAction.GET_IT_NOW: "Get it now",
        CallToAction.FREE_TRIAL: "Free trial",
        CallToAction.TEST_DRIVE: "Test drive",
    },
    "types": {LeadType.OFFER: "Offer", LeadType.PROFILE: "Business profile"},
    "qualifications": {
        Qualification.CUSTOMER_INQUIRY: "Customer inquiry",
        Qualification.MARKETING_QUALIFIED: "Qualified by marketing",
        Qualification.SALES_QUALIFIED: "Qualified by a seller",
    },
    "actions": {
        Action.ACCEPT: "Accept",
        Action.EDIT: "Edit the deal",
        Action.DECLINE: "Decline",
        Action.WIN: "Mark as won",
        Action.LOSE: "Mark as lost",
        Action.CLOSE_AS_ERROR: "Close as an error",
    },
    "reasons": {
        "budget": "No budget",
        "noResponse": "The customer does not answer",
        "otherVendor": "The customer chose another vendor",
        "needNotMet": "The offer does not meet the need",
        "notACustomer": "Not a customer",
        "timeline": "The timing does not fit",
        "abuse": "Abuse or spam",
        "wrongRegion": "Not our region",
        "wrongSize": "Not our size of customer",
        "noCapacity": "We have no capacity",
        "duplicate": "We have this lead already",
        "duplicateDeal": "We have this deal already",
        "wrongCustomer": "Wrong customer",
        "other": "Another reason",
    },
    "alerts": {
        "flameHot": "Hot",
        "flameCooled": "Cooled",
        "spamEmail": "Spam address",
        "invalidPhone": "Invalid phone number",
        "informational": "For information",
        "doNotContact": "Do not contact",
        "expiresSoon": "Expires soon",
    },
    "warnings": {
        "purchaseDatePast": "The purchase date is over",
        "fewContactAttempts": "Few contact attempts",
        "fileNotTaken": "A file was not taken",
    },
    "notifications": {
        "newLead": "New lead",
        "hotLead": "Hot lead",
        "contactOverdue": "Contact is overdue",
        "expiresSoon": "Expires soon",
        "untouched": "Nothing has happened for two weeks",
        "webhookDisabled": "Webhook switched off",
        "advice": "Advice",
    },
    "advice": {
        Matter.NOT_PUBLISHED: "Profile not published",
        Matter.CONTACT_BOUNCED: "Address takes no mail",
        Matter.CONTACT_UNSUBSCRIBED: "Address wants no more mails",
        Matter.LOCATION_WITHOUT_CONTACT: "Location without a contact",
        Matter.OUTCOMES_OVERDUE: "Outcomes overdue",
        Matter.SLOW_ANSWERS: "Slow answers",
        Matter.MONTH_WITHOUT_ACCEPT: "Month without an accept",
        Matter.KEYWORD_DECLINED: "Searches mostly declined",
        Matter.SIZE_DECLINED: "Size of customers mostly declined",
        Matter.NO_LOCATION: "No location",
        Matter.NO_KEYWORDS: "No keywords",
    },
    "events": _EVENTS,
    "activities": {
        ActivityKind.CALL: "Call",
        ActivityKind.EMAIL: "E-mail",
        ActivityKind.MEETING: "Meeting",
        ActivityKind.NOTE: "Note",
    },
    "flames": {FlameState.HOT: "Hot", FlameState.COOLED: "Cooled"},
    "validity": {
        Validity.VALID: "Valid",
        Validity.INVALID: "Not valid",
        Validity.SPAM: "Known for spam",
        Validity.UNKNOWN: "Could not be checked",
    },
    "qualityLevels": {
        Level.HIGH: "High",
        Level.MEDIUM: "Medium",
        Level.LOW: "Low",
        Level.UNKNOWN: "Not known yet",
    },
    "qualityReasons": {
        "emailValid": "The e-mail address is valid",
        "emailInvalid": "The e-mail address is not valid",
        "emailSpam": "The e-mail address is known for spam",
        "emailUnknown": "The e-mail address could not be checked",
        "emailMissing": "There is no e-mail address",
        "phoneValid": "The phone number is valid",
        "phoneInvalid": "The phone number is not valid",
        "phoneUnknown": "The phone number could not be checked",
        "phoneMissing": "There is no phone number",
        "noName": "There is no name",
        "noCompany": "There is no company",
        "oftenWon": "Leads like this one were won more often than others",
        "seldomWon": "Leads like this one were won more seldom than others",
    },
    "likenesses": {
        Alike.OFFER: "Offer",
        Alike.COUNTRY: "Country",
        Alike.SOURCE: "Source",
        Alike.CALL_TO_ACTION: "Call to action",
        Alike.CONTACT_REQUESTED: "Contact requested",
        Alike.COMPLETENESS: "How much is told",
        Alike.SIZE: "Company size",
        Alike.NEED: "Need",
    },
    "sizes": {
        CompanySize.SOLE: "1–9 employees",
        CompanySize.SMALL: "10–50 employees",
        CompanySize.MEDIUM: "51–250 employees",
        CompanySize.LARGE: "251–1,000 employees",
        CompanySize.LARGER: "1,001–5,000 employees",
        CompanySize.LARGEST: "More than 5,000 employees",
    },
    "orders": {
        OrderField.CREATED: "Received",
        OrderField.UPDATED: "Last change",
        OrderField.COMPANY: "Company",
        OrderField.COUNTRY: "Country",
        OrderField.SOURCE: "Source",
        OrderField.CALL_TO_ACTION: "Call to action",
        OrderField.QUALITY: "Quality",
        OrderField.EMAIL_VALIDITY: "E-mail check",
        OrderField.PHONE_VALIDITY: "Phone check",
        OrderField.STATUS: "Status",
        OrderField.DEAL_VALUE: "Deal value",
        OrderField.EXPIRY: "Answer by",
    },
    "senderKinds": {"marketing": "Marketing", "seller": "Seller", "partner": "Another partner"},
    "actors": {"person": "Person", "sender": "Sender", "source": "Source", "timer": "Automatic"},
    "roles": {
        Role.LEADS_ADMIN: "Lead administrator",
        Role.LEADS_USER: "Lead user",
        Role.PROFILE_ADMIN: "Profile administrator",
        Role.PARTNER_ADMIN: "Partner administrator",
        Role.SENDER: "Sender",
        Role.OPERATOR: "Operator",
    },
    "webhookEvents": _SUBSCRIBED,
    "deliveryEvents": {**_SUBSCRIBED, VALIDATION: "Validation", TEST: "Trial event"},
    "webhookStates": {
        WebhookState.PENDING: "Waits for its validation",
        WebhookState.ACTIVE: "Active",
        WebhookState.DISABLED: "Switched off",
    },
    "webhookFormats": {
        WebhookFormat.STANDARD: "Standard",
        WebhookFormat.MARKETPLACE: "As marketplaces send",
        WebhookFormat.CRM_FORM: "As a CRM's form takes it",
        WebhookFormat.FIELDS: "Fields of your own",
    },
    "fieldsAs": {FieldsAs.JSON: "JSON object", FieldsAs.FORM: "Form", FieldsAs.LIST: "List of fields"},
    "presets": {
        CrmPreset.SALESFORCE: "Salesforce",
        CrmPreset.HUBSPOT: "HubSpot",
        CrmPreset.BOTTLE_CRM: "BottleCRM",
        CrmPreset.ODOO: "Odoo",
    },
    "deliveryStates": {
        DispatchState.PENDING: "Waiting",
        DispatchState.DELIVERED: "Delivered",
        DispatchState.PARKED: "Not delivered",
    },
    "mailKinds": {
        MailKind.CONTACT_ME: "Contact me",
        MailKind.PROFILE: "Inquiries to the business profile",
        MailKind.QUALIFIED: "Qualified leads",
    },
    "mailNotices": {
        MailNotice.NEW_LEAD: "New lead",
        MailNotice.DIGEST: "Digest",
        MailNotice.EXPIRES_SOON: "Expires soon",
        MailNotice.EXPIRED: "Lead expired",
        MailNotice.DECLINED: "Lead declined",
        MailNotice.WEBHOOK_DISABLED: "Webhook switched off",
        MailNotice.MONTH: "Last month",
        MailNotice.PASSED_ON: "Passed on",
    },
    "mailStates": {
        MailState.PLANNED: "Will be sent",
        MailState.SENDING: "Is being sent",
        MailState.ACCEPTED: "Was sent",
        MailState.DELIVERED: "Has arrived",
        MailState.FAILED: "Did not arrive",
        MailState.UNKNOWN: "It is not known whether it arrived",
        MailState.SKIPPED: "Was not sent",
    },
    "mailReasons": {
        "preferred": "Address of the preferences",
        "location": "Contact of the location",
        "country": "Contact in the customer's country",
        "profile": "Contact of the profile",
        "admin": "Administers the partner",
        "partner": "The partner's contact at the operator",
        "operator": "The operator",
        "sender": "Who sent the lead",
        "customer": "The customer",
        "nobody": "There is nobody to mail",
        "muted": "Muted in the preferences",
        "unsubscribed": "Wants no more mails",
        "bounced": "Takes no mails",
        "noAddress": "Has no address",
        "gone": "The lead is not there any more",
        "answered": "The leads were answered before",
        "doNotContact": "Must not be contacted",
        "test": "A test lead",
        "kind": "No mail of this kind is wanted",
        "digest": "One mail tells of several leads",
        "noAnswer": "The mail service did not answer",
        "noEnd": "The mail service did not say what became of it",
    },
    "notMailed": {"unsubscribed": "Wants no more mails", "bounced": "Takes no mails"},
    "exportStates": {
        ExportState.NOT_STARTED: "Not begun",
        ExportState.RUNNING: "Running",
        ExportState.SUCCEEDED: "Finished",
        ExportState.FAILED: "Failed",
        ExportState.CANCELLED: "Cancelled",
    },
    "exportFormats": {ExportFormat.CSV: "CSV", ExportFormat.JSONL: "JSON Lines"},
    "headings": {Headings.NAMES: "Names for programs", Headings.LABELS: "Labels in your language"},
    "cells": {Cells.SPREADSHEET: "Safe for spreadsheets", Cells.RAW: "Raw, for programs"},
    "columns": {name: export_columns.LABELS[name] for name in export_columns.names()},
    "partnerStates": {PartnerState.ACTIVE: "Active", PartnerState.SUSPENDED: "Suspended"},
    "targets": {
        Target.ACCEPTED: "Accepted",
        Target.EXPIRED: "Expired",
        Target.WON: "Won",
        Target.CLOSED: "Closed within 60 days",
    },
    "targetStatuses": {
        TargetStatus.MET: "Met",
        TargetStatus.MISSED: "Missed",
        TargetStatus.TOO_FEW: "Too few leads",
    },
    "performanceStatuses": {
        PerformanceStatus.ON_TARGET: "On target",
        PerformanceStatus.BELOW_TARGET: "Below target",
        PerformanceStatus.TOO_FEW: "Too few leads",
    },
    "bounds": {Bound.AT_LEAST: "At least", Bound.BELOW: "Below"},
    "partnerOrders": {
        PartnerField.ID: "Id",
        PartnerField.NAME: "Name",
        PartnerField.STANDING: "Standing",
        PartnerField.ACCEPTANCE_RATE: "Accepted",
        PartnerField.EXPIRY_RATE: "Expired",
        PartnerField.WIN_RATE: "Won",
        PartnerField.CLOSED_WITHIN_60_DAYS: "Closed within 60 days",
        PartnerField.HOURS_TO_ANSWER_MEDIAN: "Time to answer",
        PartnerField.RECEIVED: "Leads",
        PartnerField.OVERDUE: "Overdue",
    },
    "offerStates": {
        OfferState.REGISTERED: "Registered",
        OfferState.PENDING: "Waits for the operator",
        OfferState.REFUSED: "Refused",
    },
    "sourceKinds": {
        SourceKind.HTTPS: "HTTPS",
        SourceKind.FORM: "Web form",
        SourceKind.MARKETPLACE_TABLE: "Table of a marketplace",
        SourceKind.DIRECTORY: "Directory",
    },
    "reveals": {Reveal.ALWAYS: "At once", Reveal.ON_ACCEPT: "Once the lead is accepted"},
    "erasureKinds": {
        ErasureKind.EMAIL: "A person by e-mail address",
        ErasureKind.PHONE: "A person by telephone number",
        ErasureKind.LEAD: "The customer of one lead",
        ErasureKind.RETENTION: "Leads that were kept for long enough",
    },
    "erasureStates": {
        ErasureState.NOT_STARTED: "Not begun",
        ErasureState.RUNNING: "Running",
        ErasureState.SUCCEEDED: "Done",
    },
    "erasureLeft": {
        LeftKind.TABLE_ROW: "Row of a marketplace's table",
        LeftKind.REGISTRATION: "The partner's registration",
        LeftKind.PROFILE: "The partner's business profile",
        LeftKind.PREFERENCES: "The partner's preferences",
        LeftKind.WEBHOOK: "A webhook of the partner",
        LeftKind.PERSON: "One of the partner's people",
        LeftKind.COPY: "What the partner's move left behind",
    },
    "heldStates": {
        HeldState.PARKED: "Parked",
        HeldState.UNASSIGNED: "Without a partner",
        HeldState.PLACED: "Has its lead",
        HeldState.DISMISSED: "Dismissed",
    },
    "heldReasons": {
        Reason.UNREADABLE: "It cannot be read",
        Reason.KEY_REUSED: "Its key came with other content before",
        Reason.PROFILE_NOT_PUBLISHED: "The profile is not published",
        Reason.PARTNER_SUSPENDED: "The partner is suspended",
        Reason.OFFER_UNKNOWN: "Nobody has registered the offer",
        Reason.CLAIMED_BY_SEVERAL: "Several partners claim it",
    },
    "fits": {
        ReasonKind.WORDS: "Words that were looked for",
        ReasonKind.COUNTRY: "Country",
        ReasonKind.SIZE: "Company size",
        ReasonKind.LANGUAGE: "Language",
        ReasonKind.COMPETENCY: "Competency",
        ReasonKind.ENDORSEMENT: "Endorsement",
        ReasonKind.STANDING: "Standing",
        ReasonKind.LISTED: "In the directory",
    },
}
"""The English labels by enumeration and code, each enumeration in the order of its rules."""
PROPER_NAMES = frozenset(
    (*SOURCE_TITLES.values(), *LABELS["presets"].values(), "HTTPS", *LABELS["exportFormats"].values())
)
"""Labels that are the same in every language."""


def label(enumeration: str, code: str, translate: Callable[[str], str]) -> str:
    """What a code of an enumeration is called in the reader's language; the code itself where nobody knows it."""
    said = LABELS.get(enumeration, {}).get(code)
    return translate(said) if said else code
