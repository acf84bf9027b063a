"""What each property and parameter of the interface is, in a sentence, for generated clients and connectors.

By name, since the same name means the same thing everywhere; where a shape means something else by it, by shape and
name. A test sees to it that none is missing and none stays behind.
"""

import re

PROPERTIES = {
    "accepted": "Leads that were accepted and are open.",
    "acceptedDateTime": "When the lead was accepted.",
    "actionCode": "The marketplace's action code as sent.",
    "actions": "What may be done with the lead now.",
    "additionalFields": "Fields of the submission that are not known here, as sent.",
    "address": "The address.",
    "alerts": "What to know about the lead, the most urgent first.",
    "allowedAddresses": "Addresses that count as valid whatever is known of them.",
    "allowedDomains": "Domains, with their subdomains, whose addresses count as valid.",
    "amount": "An amount in plain decimal digits, with a point.",
    "answer": "The beginning of what the receiver said.",
    "archived": "Leads that have ended.",
    "at": "When it happened.",
    "attempts": "Every try so far, the oldest first.",
    "blockedAddresses": "Addresses that count as spam.",
    "blockedDomains": "Domains, with their subdomains, whose addresses count as spam.",
    "body": "The body as it was sent.",
    "bodyBytes": "The size of the body as it came, in bytes.",
    "bodyTruncated": "True when only the beginning of the body is shown.",
    "by": "Who did it.",
    "callToAction": "What the customer clicked.",
    "campaignId": "The partner's campaign.",
    "cells": "How texts stand in a CSV file: safe for a spreadsheet, or raw, for programs.",
    "changes": "What was changed, by its name, from what to what.",
    "checks": "Each part that was looked at.",
    "closedDateTime": "When the lead was archived.",
    "closing": "Why the lead was declined, lost or closed as an error.",
    "code": "A code for programs.",
    "columns": "The columns of the file, in their order; all of them where none were chosen.",
    "company": "The customer's company.",
    "companySizes": "The sizes of customers that the partner works for.",
    "competencies": "What the operator says that the partner can do.",
    "consent": "What the customer has agreed to.",
    "contact": "Whether the customer may be contacted; null where it was not stated.",
    "contactRequested": "True when the customer asked to be contacted.",
    "contacts": "Who is told about leads of the place.",
    "contentType": "The media type of the body as sent.",
    "count": "How often the same submission came.",
    "country": "ISO 3166 code of the country, such as SE.",
    "countryText": "The country as it was written.",
    "counts": "How many wait in all; on the first page only.",
    "createdDateTime": "When it was created.",
    "createdFrom": "Leads received at this time or later; a day, such as 2026-11-21, begins at midnight UTC.",
    "createdTo": "Leads received at this time or before; a day, such as 2026-11-21, counts to its end.",
    "crmId": "The deal's id in the partner's CRM.",
    "currency": "ISO 4217 code of the currency, such as EUR.",
    "customer": "Who the lead is about.",
    "data": "The lead as an administrator of its partner sees it now.",
    "deal": "What the partner makes of the lead.",
    "description": "What the partner says of itself.",
    "details": "Each thing that is wrong.",
    "digestHour": "The hour of the partner's day at which a mail day ends, 0 to 23.",
    "digestThreshold": "How many leads of a mail day are mailed one by one before the rest wait for the digest.",
    "dismissed": "True when this person has dismissed it.",
    "dismissedDateTime": "When the operator made nothing of it.",
    "doNotContact": "True when the customer must not be contacted.",
    "dueDateTime": "When it is too late.",
    "duplicate": "True when the same submission made the lead before.",
    "durationMs": "How long the try took, in milliseconds.",
    "eTag": "The version of the lead, for If-Match.",
    "email": "An e-mail address.",
    "emailValidity": "Whether the e-mail address can be reached, as far as is known.",
    "endedDateTime": "When it ended.",
    "endorsements": "Whom or what the operator says the partner was endorsed by.",
    "erasedDateTime": "When the customer's data was erased.",
    "error": "What went wrong.",
    "eventId": "The id of the event, the same for every try.",
    "events": "The events that the subscription is told of.",
    "expirationDateTime": "When the lead expires, or has expired, unless it is answered.",
    "expiryMail": "Whether unanswered leads are mailed about two days before they expire.",
    "favorites": "How many leads this person has marked as favorites.",
    "fields": "The receiver's names, and which of ours each holds.",
    "fieldsAs": "How mapped fields are written.",
    "filter": "Which leads.",
    "firstName": "The customer's first name.",
    "flame": "How hot the lead is, for a customer who asked to be contacted.",
    "format": "The format.",
    "from": "The status before; null for the first event.",
    "headers": "Headers that are sent with every event; their values are never shown.",
    "headings": "What stands in the first line of a CSV file.",
    "healthy": "True when this part does its work.",
    "hot": "Received leads whose flame burns.",
    "id": "The id.",
    "ids": "Which of those that wait.",
    "includeTest": "Whether test leads are among them.",
    "informational": "Leads that nobody has to answer.",
    "intakeUrl": "Where leads are posted to, unless the source is a directory; it holds the key, so it is a secret.",
    "isAtLeast": "True when there are more than were counted.",
    "isFavorite": "True when this person has marked the lead.",
    "isNew": "True while the lead is received and this person has not opened it.",
    "isTest": "True for a test lead.",
    "key": "The source's key, shown this once.",
    "keys": "The keys that work, without the keys themselves.",
    "keywords": "Words that the partner wants to be found by.",
    "kind": "The kind.",
    "language": "A language tag such as de.",
    "lastName": "The customer's last name.",
    "lastReceivedDateTime": "When the same submission came last.",
    "leadId": "The lead.",
    "level": "How good the contact details are.",
    "link": "Where to look.",
    "listingSource": "Which marketplace its submissions come from where they do not say so.",
    "location": "The partner's location that was asked.",
    "locations": "The partner's places with their contacts.",
    "mailKinds": "The kinds of new leads that are mailed about.",
    "mails": "The mails that followed from it.",
    "marketplace": "Counts of leads from marketplaces and profiles.",
    "message": "What it is, for people.",
    "mutedAddresses": "Addresses that the partner wants no mail to.",
    "name": "The name.",
    "nameIsShared": "True when another partner's profile has the same name.",
    "new": "Received leads that this person has not opened.",
    "nextAttempt": "When it is tried again.",
    "nextLink": "The address of the next page; missing on the last.",
    "nextSince": "What to send as since with the next export of the same filter.",
    "notes": "Notes, for people.",
    "notice": "What the mail is about.",
    "notificationUrl": "The address that events are posted to.",
    "offer": "What the customer asked about.",
    "ok": "True when it was done.",
    "oldestUndeliveredSeconds": "For how long the oldest event has not been told though it could be.",
    "onlyValid": "Whether an address or number that is not valid is left out and named in the description.",
    "operatorContact": "Whom the programme mails about the partner where nobody else is known.",
    "orderBy": "What it is ordered by.",
    "outcome": "How an archived lead ended.",
    "overdueSeconds": "By how much each kind of timer work is late.",
    "partnerId": "The partner.",
    "partners": "How many wait, by partner.",
    "phone": "A telephone number.",
    "phoneE164": "The telephone number in E.164, where it could be read.",
    "phoneValidity": "Whether the telephone number is a valid one, as far as is known.",
    "preferredEmail": "The address that all mails about leads go to.",
    "preferredLanguage": "The language of mails where a contact has none of its own.",
    "preset": "The CRM whose mapping is used.",
    "problem": "Why not, where something is in the way.",
    "progress": "How far it is.",
    "published": "Whether the profile can be found and takes inquiries.",
    "publisherIds": "The partner's publisher ids on marketplaces; their offers are its own.",
    "purchaseDate": "When the customer is expected to buy.",
    "purchaseTimeframe": "When the customer is expected to buy, in words.",
    "qualification": "Who qualified the lead.",
    "qualified": "Counts of leads that marketing or sellers qualified.",
    "quality": "How good the contact details are, and why.",
    "reason": "Why.",
    "reasons": "Why, in codes.",
    "received": "Leads that wait for an answer.",
    "receivedDateTime": "When it came.",
    "redirectUrl": "Where a web form's visitor is sent afterwards.",
    "relatedLeads": "The same person's other leads, by id and time; null in lists.",
    "resent": "How many are sent again.",
    "revealContact": "Whether contact details are shown at once, or once the lead is accepted.",
    "rows": "Rows written.",
    "search": "Words to look for in company, the contact's name and e-mail, notes, the deal, and ids.",
    "searchTerms": "What the customer had searched for.",
    "secret": "The signing secret, shown this once.",
    "sender": "Who sent a qualified lead.",
    "sequence": "The number of the event in its lead's history.",
    "share": "Whether the data may be passed on; null where it was not stated.",
    "since": "The nextSince of an earlier export: only what has changed from then on.",
    "size": "The size of the customer's company.",
    "source": "Where the lead comes from.",
    "sourceId": "The source that it came through.",
    "sourceName": "The name of the source that it came through.",
    "sourceText": "The lead source as sent.",
    "state": "How far it is.",
    "status": "The status.",
    "suggestedPartners": "Other partners for the customer.",
    "tab": "Which leads: of marketplaces, qualified, or this person's favorites.",
    "tableName": "The table that a marketplace writes to.",
    "tabs": "Counts of each tab.",
    "target": "The field or parameter that is at fault.",
    "team": "The people on the deal.",
    "tenantIds": "The Entra tenants that the partner's people sign in from.",
    "text": "What was said.",
    "timeZone": "An IANA time zone such as Europe/Stockholm.",
    "timestamp": "When it happened.",
    "title": "The title.",
    "titleIsShared": "True when another partner has registered an offer of the same title.",
    "to": "The status after.",
    "total": "How many there are in all.",
    "type": "The type.",
    "unsubscribed": "Who is not mailed any more, and why; what is sent of it is ignored.",
    "until": "Until when.",
    "updatedDateTime": "When it was changed last.",
    "url": "A link to the file, for an hour.",
    "urlExpiresDateTime": "When the link ends.",
    "urlProblem": "Why there is no link.",
    "validation": "Whether the receiver has to take a validation event first.",
    "value": "What was found.",
    "version": "The program's version.",
    "waiting": "What is to be told now, and how many subscriptions that wait are paused.",
    "warnings": "What to know although it succeeded.",
    "why": "Why this address.",
}
OF_A_SHAPE = {
    "ActorView.kind": "What kind of actor: a person, a sender, a source or a timer.",
    "ActorView.name": "The actor's name.",
    "ActivityIn.kind": "What kind of contact attempt, or a note.",
    "AlertView.kind": "Which alert.",
    "DoneManyView.value": "What became of each, in the order they were named.",
    "ReasonView.message": "What it is, in the caller's language.",
    "RefusalView.message": "What it is, in the caller's language.",
    "AttemptView.status": "The receiver's HTTP status; null when nothing came back.",
    "CloseAsErrorIn.reason": "Why the lead is an error; other needs notes.",
    "ConsentShape.country": "The country in which consent was given.",
    "ConsentView.country": "The country in which consent was given.",
    "CustomerShape.title": "The customer's job title.",
    "CustomerView.title": "The customer's job title.",
    "DealIn.name": "What the partner calls the deal.",
    "DealIn.value": "What the deal may be worth.",
    "DealPatch.name": "What the partner calls the deal.",
    "DealPatch.value": "What the deal may be worth.",
    "DealView.name": "What the partner calls the deal.",
    "DealView.value": "What the deal may be worth.",
    "DeclineIn.reason": "Why the lead is declined; other needs notes.",
    "DeliveryView.type": "Which event.",
    "EventMessage.type": "Which event.",
    "EventView.type": "Which event.",
    "ExportIn.format": "CSV or JSON lines.",
    "ExportView.format": "CSV or JSON lines.",
    "FlameView.state": "Whether it burns.",
    "FlameView.until": "Until when it burns, or burned.",
    "HealthView.status": "Whether the system can do its work.",
    "HeldCountsView.reasons": "How many wait, by reason.",
    "HeldView.reason": "Why it waits.",
    "HeldView.state": "Whether it is parked, waits for its partner, has been placed or dismissed.",
    "KeyView.until": "Until when the key works; null for the newest.",
    "LeadFilterIn.customer": "A part of the customer's company or name.",
    "LeadFilterIn.offer": "The offer's title or id, the whole of it.",
    "LeadFilterIn.quality": "How good the contact details are.",
    "LeadFilterIn.status": "How far the leads are.",
    "LeadFilterIn.type": "Whether the leads came from an offer or a business profile.",
    "LeadView.status": "How far the lead is.",
    "LeadView.type": "Whether the lead came from an offer or a business profile.",
    "LocationIn.address": "The postal address.",
    "LocationView.address": "The postal address.",
    "LeadView.notes": "What the customer or sender wrote.",
    "LoseIn.reason": "Why the deal was lost; other needs notes.",
    "MailView.state": "How far the mail is.",
    "MailView.to": "The address; never a customer's.",
    "NotificationView.kind": "Which recommendation.",
    "OfferIn.callToAction": "What the offer's page asks its visitors to do.",
    "OfferPatch.callToAction": "What the offer's page asks its visitors to do.",
    "OfferIn.title": "The offer's title on the marketplace.",
    "OfferPatch.title": "The offer's title on the marketplace.",
    "PendingOfferView.callToAction": "What the offer's page asks its visitors to do.",
    "RegisteredOfferView.callToAction": "What the offer's page asks its visitors to do.",
    "RegisteredOfferView.state": "Whether the offer is the partner's, waits for the operator, or was refused.",
    "PartnerIn.state": "Whether the partner takes leads; what is not named stays.",
    "PartnerPatch.state": "Whether the partner takes leads.",
    "PartnerView.state": "Whether the partner takes leads.",
    "ProfileView.description": "What the partner says of itself.",
    "QualifiedLead.notes": "What the partner should know.",
    "ReplayIn.body": "The corrected body, a text or a JSON object.",
    "SenderShape.kind": "Marketing, a seller or a partner.",
    "SenderView.kind": "Marketing, a seller or a partner.",
    "SharedLeadView.notes": "What the customer or sender wrote.",
    "SourceIn.kind": "What the source is for.",
    "SourcePatch.kind": "What the source is for; it cannot be changed.",
    "UnwantedView.address": "The e-mail address.",
    "UnwantedView.why": "Why it is not mailed: unsubscribed, or it bounced.",
    "WebhookIn.format": "What the receiver is sent.",
    "WebhookView.format": "What the receiver is sent.",
    "WebhookView.state": "Whether the subscription is told of events.",
    "WarningView.code": "Which warning.",
}
OF_A_SCHEMA = {
    "CallToAction": "What the customer asked for on the marketplace.",
    "EventView": "Something that happened to the lead, by whom, and what it changed.",
    "LeadType": "Whether the customer found an offer or a business profile.",
    "Level": "How good contact details are.",
    "Qualification": "Who qualified a lead: nobody but the customer, marketing, or a seller.",
    "Source": "Where a lead comes from.",
    "Status": "How far a lead is.",
}
"""What a shape is, where its docstring only names a rule or there is none."""
BUT_FOR_A_PRESET = frozenset(("WebhookIn.format", "WebhookIn.fieldsAs", "WebhookIn.onlyValid"))
"""What a preset decides where it is not named."""
PARAMETERS = {
    "again": "True to be mailed again.",
    "eventId": "The event, as the delivery log names it.",
    "exportId": "The export.",
    "heldId": "The submission that waits.",
    "key": "The source's key.",
    "leadId": "The lead.",
    "notificationId": "The notification, as the list names it.",
    "offerId": "The offer: publisherId.offerId.",
    "pageToken": "Where to go on: take it from nextLink.",
    "partnerId": "The partner.",
    "reason": "Only those that wait for this reason.",
    "sourceId": "The source.",
    "state": "Those that wait, or that were dismissed.",
    "token": "The token of a mail's link.",
    "top": "How many, at most.",
    "webhookId": "The subscription.",
}
"""What is not in PROPERTIES, or means something else there."""

_WORD = re.compile(r"E164|[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_WRITTEN = {"id": "ID", "ids": "IDs", "url": "URL", "crm": "CRM", "e164": "E.164", "ms": "ms"}
_RULES = re.compile(r"\s*\((?:[A-Z]{1,2}\d[^)]*|RFC[^)]*)\)")
_LEADING = re.compile(r"(?:[A-Z]{1,2}\d+,? ?)+[:;] (\w|`)")
"""Rules that a docstring begins with."""


def of_property(shape: str, name: str) -> str | None:
    """What a shape's property is; None where nothing is said."""
    return OF_A_SHAPE.get(f"{shape}.{name}") or PROPERTIES.get(name)


def of_parameter(name: str) -> str | None:
    """What a parameter is, which as a rule filters leads; None where nothing is said."""
    return PARAMETERS.get(name) or of_property("LeadFilterIn", name)


def of_schema(name: str, doc: str) -> str:
    """What a shape is, out of its docstring where that says it."""
    return OF_A_SCHEMA.get(name) or plain(doc)


def missing(shape: str, name: str, default: str) -> str:
    """What holds where a property is missing."""
    if f"{shape}.{name}" in BUT_FOR_A_PRESET:
        return f"Where it is missing and no preset says otherwise: {default}."
    return f"Where it is missing: {default}."


def title(name: str) -> str:
    """A name as the label of a box: `purchaseDate` is `Purchase Date`, `createdDateTime` is `Created`."""
    if name == "eTag":
        return "ETag"
    if "-" in name:
        # A header's name is how people know it.
        return name
    name = name.removesuffix("DateTime") or name
    words = [_WRITTEN.get(one.casefold(), one[:1].upper() + one[1:]) for one in _WORD.findall(name)]
    return " ".join(words)


def plain(text: str) -> str:
    """A docstring for readers who have no rule book: without the rules that it cites."""
    text = _RULES.sub("", " ".join(text.split()))
    return _LEADING.sub(lambda found: found[1].upper(), text, count=1) if _LEADING.match(text) else text


def summary(text: str) -> str:
    """The first clause of a description, without a full stop."""
    return re.split(r"[;:.](?: |$)", plain(text), maxsplit=1)[0].rstrip(".")
