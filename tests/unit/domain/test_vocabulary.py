"""Every code has a label, in every language (N4)."""

import re
from typing import Any, get_args

import pytest
from pydantic import WithJsonSchema

from shared.domain.exports import export_columns
from shared.domain.lead import Chance, Customer, Level, Quality, Validity
from shared.domain.lifecycle import NEED_NOTES, REASONS, ActivityKind
from shared.domain.ordering import OrderField
from shared.domain.partner_order import PartnerField
from shared.domain.quality import OFTEN, SELDOM, quality_of, with_chance
from shared.domain.telling.preferences import LANGUAGES
from shared.domain.vocabulary import LABELS, PROPER_NAMES, label
from shared.http.shapes import enumerations
from shared.texts import catalogue, countries, currency_names, languages, translator

OTHERS = [language for language in LANGUAGES if language != "en"]
HOMES = {
    "CompanySizeText": "sizes",
    "LeadTypeText": "types",
    "QualificationText": "qualifications",
    "StatusText": "statuses",
    "OutcomeText": "outcomes",
    "SourceText": "sources",
    "CallToActionText": "callsToAction",
    "ValidityText": "validity",
    "LevelText": "qualityLevels",
    "ActionText": "actions",
    "ReasonText": "reasons",
    "AlertText": "alerts",
    "WarningText": "warnings",
    "FlameText": "flames",
    "SenderText": "senderKinds",
    "EventText": "events",
    "MessageText": "deliveryEvents",
    "SubscribedText": "webhookEvents",
    "NoticeText": "mailNotices",
    "MailStateText": "mailStates",
    "MailKindText": "mailKinds",
    "NotificationText": "notifications",
    "AdviceText": "advice",
    "WebhookFormatText": "webhookFormats",
    "WebhookStateText": "webhookStates",
    "PresetText": "presets",
    "FieldsAsText": "fieldsAs",
    "DeliveryStateText": "deliveryStates",
    "ExportStateText": "exportStates",
    "ErasureKindText": "erasureKinds",
    "ErasureStateText": "erasureStates",
    "LeftKindText": "erasureLeft",
    "ColumnText": "columns",
    "HeadingsText": "headings",
    "CellsText": "cells",
    "ExportFormatText": "exportFormats",
    "HeldStateText": "heldStates",
    "HeldReasonText": "heldReasons",
    "OfferStateText": "offerStates",
    "PartnerStateText": "partnerStates",
    "RoleText": "roles",
    "SourceKindText": "sourceKinds",
    "RevealText": "reveals",
    "UnwantedText": "notMailed",
    "LikenessText": "likenesses",
    "FitText": "fits",
    "TargetText": "targets",
    "TargetStatusText": "targetStatuses",
    "PerformanceStatusText": "performanceStatuses",
    "BoundText": "bounds",
}
ELSEWHERE = {"ReceivedText", "HealthText", "LanguageText"}
"""A lead's statuses with one of the held ones; for watchers; named by the CLDR."""
FIXED = {
    "orders": [str(field) for field in OrderField],
    "partnerOrders": [str(field) for field in PartnerField],
    "activities": [str(kind) for kind in ActivityKind],
    "tabs": ["marketplace", "qualified", "favorites"],
    "actors": ["person", "sender", "source", "timer"],
}


def codes_of(text: str) -> list[str]:
    (said,) = (part for part in get_args(getattr(enumerations, text)) if isinstance(part, WithJsonSchema))
    found: Any = said.json_schema["enum"]  # type: ignore[index] # it is one of ours
    return list(found)


def test_every_enumeration_of_the_interface_has_its_labels() -> None:
    assert {name for name in vars(enumerations) if name.endswith("Text")} == set(HOMES) | ELSEWHERE
    assert set(LABELS) - set(HOMES.values()) == {*FIXED, "qualityReasons", "mailReasons"}


@pytest.mark.parametrize(("text", "enumeration"), HOMES.items())
def test_every_code_has_a_label_in_the_order_of_the_rules(text: str, enumeration: str) -> None:
    # Among all reasons `other` is the last, as among those of each action.
    expected = sorted(codes_of(text), key=lambda code: text == "ReasonText" and code == "other")
    assert [str(code) for code in LABELS[enumeration]] == expected


@pytest.mark.parametrize("enumeration", FIXED)
def test_so_has_what_only_requests_name(enumeration: str) -> None:
    assert [str(code) for code in LABELS[enumeration]] == FIXED[enumeration]


def test_every_reason_of_a_quality_has_a_label() -> None:
    found = set()
    for email in Validity:
        for phone in set(Validity) - {Validity.SPAM}:
            found |= {*quality_of(Customer(email="a", phone="1"), email, phone).reasons}
    found |= {*quality_of(Customer(), Validity.UNKNOWN, Validity.UNKNOWN).reasons}
    for times in (OFTEN, SELDOM):
        found |= {*with_chance(Quality(Level.MEDIUM), Chance(1, 40, (), 0.1, times)).reasons}
    assert found == set(LABELS["qualityReasons"])


def test_reasons_that_need_notes_are_reasons() -> None:
    assert {code for codes in REASONS.values() for code in codes} >= NEED_NOTES


@pytest.mark.parametrize("language", OTHERS)
def test_every_label_is_in_every_catalogue(language: str) -> None:
    said = catalogue(language)
    for enumeration, labels in LABELS.items():
        for code, english in labels.items():
            assert english in PROPER_NAMES or said.get(english), f"{enumeration}.{code}"


def test_labels_are_words_for_people() -> None:
    for enumeration, labels in LABELS.items():
        # Nobody could tell two of one list apart.
        assert len(set(labels.values())) == len(labels), enumeration
        for english in labels.values():
            assert english[0].isupper() or english[0].isdigit(), english
            assert english in PROPER_NAMES or not re.search(r"[a-z][A-Z]|_", english), english


@pytest.mark.parametrize("language", OTHERS)
def test_nor_are_two_of_one_list_the_same_in_another_language(language: str) -> None:
    translate = translator(language)
    for enumeration, labels in LABELS.items():
        said = [label(enumeration, code, translate) for code in labels]
        assert len(set(said)) == len(said), enumeration


def test_a_label_is_its_enumerations_and_an_unknown_code_is_itself() -> None:
    german = translator("de")
    assert label("validity", "unknown", german) == "Konnte nicht geprüft werden"
    assert label("qualityLevels", "unknown", german) == "Noch nicht bekannt"
    assert label("validity", "doubtful", german) == "doubtful"
    assert label("colours", "red", german) == "red"
    assert label("presets", "hubSpot", german) == "HubSpot"
    assert label("columns", "ExpirationDateTime", german) == "Antworten bis"
    assert label("columns", "Removed", str.upper) == export_columns.LABELS["Removed"].upper()


def test_countries_and_currencies_are_in_the_order_of_the_alphabet() -> None:
    german, swedish = list(countries("de").values()), list(countries("sv").values())
    assert german[:4] == ["Afghanistan", "Ägypten", "Ålandinseln", "Albanien"]
    assert swedish[-3:] == ["Åland", "Österrike", "Östtimor"]
    assert countries("hu")["SE"] == "Svédország"
    assert currency_names("pt-BR")["BRL"] == "Real brasileiro"
    # The CLDR has no Hungarian name; nobody has one for the last.
    assert currency_names("hu")["XUA"] == "ADB Unit of Account"
    assert currency_names("hu")["XAD"] == "XAD"


def test_languages_name_themselves() -> None:
    assert list(languages()) == list(LANGUAGES)
    assert languages()["sv"] == "Svenska"
    assert languages()["pt-BR"] == "Português (Brasil)"
