"""An example of each body that is sent; a test validates them with the models they stand for."""

from typing import Any

EXAMPLES: dict[str, Any] = {
    "ActivityIn": {"kind": "call", "text": "Left a message with the assistant."},
    "AnswerIn": {"reason": "budget", "notes": "Asked again for next year."},
    "AssignManyIn": {"ids": ["0123456789abcdef-0123456789abcdef0123456789abcdef"], "partnerId": "contoso"},
    "HeldIdsIn": {"ids": ["0123456789abcdef-0123456789abcdef0123456789abcdef"]},
    "AssignIn": {"partnerId": "contoso"},
    "ContactListsIn": {
        "blockedAddresses": ["spam@fabrikam.example"],
        "blockedDomains": ["fabrikam.example"],
        "allowedAddresses": [],
        "allowedDomains": ["northwind.example"],
    },
    "DealIn": {
        "name": "CRM for sales",
        "value": {"amount": "12000.00", "currency": "EUR"},
        "purchaseDate": "2027-01-31",
        "team": [{"name": "Lena", "email": "lena@contoso.example"}],
    },
    "ExportIn": {"filter": {"tab": "marketplace", "status": ["accepted"]}, "orderBy": "created desc", "format": "csv"},
    "LeadPatch": {"deal": {"value": {"amount": "15000.00", "currency": "EUR"}, "notes": "Two more seats."}},
    "OfferIn": {"title": "Contoso CRM", "callToAction": "contactMe"},
    "PartnerIn": {"name": "Contoso", "tenantIds": ["contoso.example"], "timeZone": "Europe/Stockholm"},
    "PreferencesIn": {
        "preferredEmail": "leads@contoso.example",
        "preferredLanguage": "sv",
        "timeZone": "Europe/Stockholm",
        "digestThreshold": 10,
        "digestHour": 8,
        "mailKinds": ["contactMe", "profile"],
        "expiryMail": True,
        "mutedAddresses": [],
    },
    "ProfileIn": {
        "name": "Contoso",
        "published": True,
        "keywords": ["crm"],
        "companySizes": ["10-50"],
        "locations": [
            {
                "name": "HQ",
                "country": "SE",
                "contacts": [{"name": "Lena", "email": "lena@contoso.example", "language": "sv"}],
            }
        ],
    },
    "ReplayIn": {"body": {"UserDetails": {"Company": "Northwind Traders"}, "ActionCode": "PLT"}},
    "SourceIn": {"name": "Marketplace", "kind": "https", "listingSource": "appSource"},
    "UnmuteIn": {"address": "lena@contoso.example"},
    "WebhookIn": {"notificationUrl": "https://crm.contoso.example/leads", "events": ["lead.received", "lead.won"]},
}
