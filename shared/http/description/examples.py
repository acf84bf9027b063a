"""An example of each body that is sent; a test validates them with the models they stand for."""

from typing import Any

EXAMPLES: dict[str, Any] = {
    "ActivityIn": {"kind": "call", "text": "Left a message with the assistant."},
    "DeclineIn": {"reason": "budget", "notes": "Asked again for next year."},
    "LoseIn": {"reason": "timeline"},
    "CloseAsErrorIn": {"reason": "wrongCustomer"},
    "WinIn": {
        "value": {"amount": "14500.00", "currency": "EUR"},
        "notes": "Signed on the first visit.",
    },
    "AssignManyIn": {"ids": ["0123456789abcdef-0123456789abcdef0123456789abcdef"], "partnerId": "contoso"},
    "HeldIdsIn": {"ids": ["0123456789abcdef-0123456789abcdef0123456789abcdef"]},
    "NotificationIdsIn": {"ids": ["hotLead-m0123456789abcdef0123456789ab-0"]},
    "AssignIn": {"partnerId": "contoso"},
    "ContactListsIn": {
        "blockedAddresses": ["spam@fabrikam.example"],
        "blockedDomains": ["fabrikam.example"],
        "allowedAddresses": [],
        "allowedDomains": ["northwind.example"],
    },
    "ContactListsPatch": {"blockedDomains": ["fabrikam.example"]},
    "DealIn": {
        "name": "CRM for sales",
        "value": {"amount": "12000.00", "currency": "EUR"},
        "purchaseDate": "2027-01-31",
        "team": [{"name": "Lena", "email": "lena@contoso.example"}],
    },
    "ExportIn": {"filter": {"tab": "marketplace", "status": ["accepted"]}, "orderBy": "created desc", "format": "csv"},
    "ErasureIn": {"email": "ada.lovelace@analytical.example"},
    "FeedbackIn": {"rating": 2, "text": "They had bought elsewhere before the lead came."},
    "LeadPatch": {"deal": {"value": {"amount": "15000.00", "currency": "EUR"}, "notes": "Two more seats."}},
    "OfferPatch": {"title": "Contoso CRM Suite"},
    "OfferIn": {"title": "Contoso CRM", "callToAction": "contactMe"},
    "PartnerIn": {"name": "Contoso", "tenantIds": ["contoso.example"], "timeZone": "Europe/Stockholm"},
    "PartnerPatch": {"publisherIds": ["contoso"]},
    "PreferencesPatch": {"digestHour": 8},
    "ProfilePatch": {"published": True},
    "SourcePatch": {"name": "Marketplace, west"},
    "PreferencesIn": {
        "preferredEmail": "leads@contoso.example",
        "preferredLanguage": "sv",
        "timeZone": "Europe/Stockholm",
        "digestThreshold": 10,
        "digestHour": 8,
        "mailKinds": ["contactMe", "profile"],
        "expiryMail": True,
        "monthlyMail": True,
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

CONTACT_ME = {
    "UserDetails": {
        "FirstName": "Ada",
        "LastName": "Berg",
        "Email": "ada.berg@northwind.example",
        "Phone": "+46 8 123 456 78",
        "Country": "Sweden",
        "Company": "Northwind Traders",
        "Title": "CTO",
    },
    "LeadSource": "AppSource (SPZA)",
    "ActionCode": "PLT",
    "OfferTitle": "Contoso CRM",
    "Description": "We have 300 users, need a rollout before March. Please call.",
}
CRM_FORM = {
    "FirstName": "János",
    "LastName": "Smith",
    "Email": "jsmith@microsoft.com",
    "Phone": "1234567890",
    "Country": "USA",
    "Company": "Microsoft",
    "Title": "CTO",
    "LeadSource": "AzureMarketplace-INS|checkpoint.check-point-r77-10sg-byol",
    "Description": "",
}
QUALIFIED = {
    "qualification": "salesQualified",
    "customer": {"company": "Northwind Traders", "firstName": "Ada", "email": "ada.berg@northwind.example"},
    "notes": "Met at the fair; wants a quote for 40 seats.",
    "contactRequested": True,
    "consent": {"share": True, "contact": True},
}
SUBMISSIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("receiveLead", "application/json"): {
        "contactMe": {"summary": "Somebody of a marketplace asks to be contacted", "value": CONTACT_ME},
        "crmForm": {"summary": "A lead as its CRM form names the fields", "value": CRM_FORM},
    },
    ("receiveLead", "application/x-www-form-urlencoded"): {
        "crmForm": {"summary": "A lead as its CRM form names the fields", "value": CRM_FORM},
    },
    ("receiveLead", "multipart/form-data"): {
        "crmForm": {"summary": "A lead as its CRM form names the fields", "value": CRM_FORM},
    },
    ("sendLead", "application/json"): {
        "qualified": {"summary": "A lead that a seller has qualified", "value": QUALIFIED},
    },
}
"""What a collection that is made from the description sends: a real lead at once (docs/samples)."""
