"""Countries, texts, alerts, source keys and permissions: the small tables."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.countries import country_code
from shared.domain.country_names import NAMES
from shared.domain.currencies import CODES
from shared.domain.errors import AccessDenied, NotFound
from shared.domain.events import redacted_changes
from shared.domain.lead import Validity
from shared.domain.lifecycle import settle
from shared.domain.permissions import Caller, Role, may_enter, roles_of
from shared.domain.programme.partner import KEYS_MAX, LeadSource, SourceKey, accepts, rotated
from shared.domain.telling.alerts import alerts, flame
from shared.domain.text import flaw, repaired
from tests.builders import AT, DAY, a_lead, accepted, informational


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Sweden", "SE"),
        ("SWEDEN ", "SE"),
        ("Sverige", "SE"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("us", "US"),
        ("United States of America", "US"),
        ("Österreich", "AT"),
        ("osterreich", "AT"),
        ("Magyarország", "HU"),
        ("The Netherlands", "NL"),
        ("UK", "GB"),
        ("Côte d'Ivoire", "CI"),
        ("中国", "CN"),
        ("Deutschland", "DE"),
        ("Brasil", "BR"),
        ("Viet Nam", "VN"),
        *(("U.S.", "US"), ("US of A", "US"), ("Estados Unidos", "US"), ("États-Unis", "US"), ("Stati Uniti", "US")),
        *(("United States (US)", "US"), ("United States of America (USA)", "US"), ("US - United States", "US")),
        *(("United Kingdom (UK)", "GB"), ("Great Britain", "GB"), ("Northern Ireland", "GB"), ("GBR", "GB")),
        *(("BRD", "DE"), ("Allemagne", "DE"), ("Deutschland (DE)", "DE"), ("Oesterreich", "AT"), ("Schweiz", "CH")),
        *(("Česko", "CZ"), ("Czechia", "CZ"), ("Slovak Republic", "SK"), ("Polska", "PL"), ("Ungarn", "HU")),
        *(("Korea, Republic of", "KR"), ("Korea (South)", "KR"), ("한국", "KR"), ("North Korea", "KP")),
        *(("P.R. China", "CN"), ("Mainland China", "CN"), ("中华人民共和国", "CN"), ("Hong Kong SAR", "HK")),
        *(("Macao SAR", "MO"), ("Taiwan, Province of China", "TW"), ("Russian Federation", "RU"), ("Россия", "RU")),
        *(("Türkiye", "TR"), ("Turkey", "TR"), ("U.A.E.", "AE"), ("KSA", "SA"), ("مصر", "EG"), ("Bharat", "IN")),
        *(("DRC", "CD"), ("Congo-Brazzaville", "CG"), ("Ivory Coast", "CI"), ("Eswatini", "SZ"), ("RSA", "ZA")),
        *(("Bosnia & Herzegovina", "BA"), ("Moldova, Republic of", "MD"), ("FYROM", "MK"), ("Éire", "IE")),
        *(("Niger", "NE"), ("Nigeria", "NG"), ("Dominica", "DM"), ("Dominican Republic", "DO"), ("Guinea", "GN")),
        *(("NA", "NA"), ("(SE)", "SE"), (" se. ", "SE"), ("Iran, Islamic Republic of", "IR"), ("Curaçao", "CW")),
        *((unknown, None) for unknown in ("Atlantis", "Europe", "EU", "EMEA", "DACH", "Nordics", "Worldwide", "Asia")),
        *(
            (unknown, None)
            for unknown in ("n/a", "N/A", "none", "null", "Other", "Unknown", "-", ".", "", "Select country")
        ),
        *(
            (unknown, None)
            for unknown in ("xx", "XX", "ZZ", "+46", "46", "1", "Ireland (Cork)", "US/Canada", "SE - Norway")
        ),
        *((unknown, None) for unknown in ("Yugoslavia", "USSR", "Czechoslovakia", "Stockholm, Sweden", "GDR")),
    ],
)
def test_t7_country_as_people_write_it(written: str, code: str | None) -> None:
    assert country_code(written) == code


def test_the_generated_tables_hold_codes_only() -> None:
    assert all(len(code) == 2 and code.isupper() for code in NAMES.values())
    assert {"EUR", "SEK", "JPY"} <= CODES
    assert all(len(code) == 3 and code.isupper() for code in CODES)


def test_texts_from_outside_are_judged_and_repaired() -> None:
    assert flaw("Ada Berg\u202e") is None
    assert flaw("a\nb") is not None
    assert flaw("a\nb\tc", lines=True) is None
    # Where a line ends for some programs, a forged line of ours would begin.
    assert flaw("a\u2028b") is not None
    assert repaired("Acme\u2028\u2029Open the lead:", 99) == "Acme  Open the lead:"
    assert flaw("a\x00b", lines=True) is not None
    assert flaw("\ud800") is not None
    assert repaired("  a\x00b  ", 10) == "a b"
    assert repaired(" \x00 ", 10) is None
    assert repaired("abc   def", 6) == "abc"


def test_a2_hot_for_72_hours_then_cooled_then_nothing() -> None:
    lead = a_lead()
    kinds = [(shown := flame(lead, at)) and shown.kind for at in (AT, AT + 3 * DAY)]
    assert kinds == ["flameHot", "flameCooled"]
    assert flame(accepted(lead), AT) is None
    assert flame(a_lead(ActionCode=""), AT) is None


def test_alerts_name_what_is_worth_knowing() -> None:
    def kinds(lead: object, at: object = AT) -> list[str]:
        return [alert.kind for alert in alerts(lead, at)]  # type: ignore[arg-type] # test shorthand

    assert kinds(a_lead()) == ["flameHot"]
    assert kinds(a_lead(), AT + 7 * DAY) == ["flameCooled", "expiresSoon"]
    assert kinds(informational()) == ["informational"]
    assert kinds(a_lead(ActionCode="DNC")) == ["doNotContact"]
    bad = replace(a_lead(), email_validity=Validity.SPAM, phone_validity=Validity.INVALID)
    assert kinds(bad) == ["flameHot", "spamEmail", "invalidPhone"]
    assert kinds(settle(a_lead(), AT + 20 * DAY).lead, AT + 20 * DAY) == []
    assert all(alert.message for alert in alerts(bad, AT))


def test_s2_the_old_key_works_for_the_overlap_and_no_longer() -> None:
    source = LeadSource("s", "contoso", "S", AT, keys=(SourceKey("old"),))
    keys = rotated(source, "new", AT, timedelta(hours=24))
    turned = replace(source, keys=keys)
    assert accepts(turned, "new", AT + 100 * DAY)
    assert accepts(turned, "old", AT + DAY - timedelta(milliseconds=1))
    assert not accepts(turned, "old", AT + DAY)
    assert not accepts(turned, "other", AT)


def test_s2_rotating_again_does_not_prolong_the_oldest_key() -> None:
    source = LeadSource("s", "contoso", "S", AT, keys=(SourceKey("a"),))
    for number in range(8):
        at = AT + timedelta(hours=number)
        source = replace(source, keys=rotated(source, f"new{number}", at, timedelta(hours=24)))
    assert len(source.keys) == KEYS_MAX
    assert not accepts(source, "a", AT + DAY)


def test_roles_imply_roles() -> None:
    assert roles_of(["Partner.Admin"], from_operator_tenant=False) == {
        Role.PARTNER_ADMIN,
        Role.LEADS_ADMIN,
        Role.PROFILE_ADMIN,
        Role.LEADS_USER,
    }
    assert roles_of(["Leads.User", "Unknown"], from_operator_tenant=False) == {Role.LEADS_USER}
    assert roles_of("Leads.Admin", from_operator_tenant=False) == frozenset()


def test_s1_operator_counts_from_the_operators_own_tenant_only() -> None:
    assert roles_of(["Operator"], from_operator_tenant=True) == {Role.OPERATOR}
    assert roles_of(["Operator"], from_operator_tenant=False) == frozenset()


def test_s1_another_partners_anything_is_not_found_and_a_missing_role_is_denied() -> None:
    admin = frozenset({Role.LEADS_ADMIN})
    caller = Caller("t", "ann", roles=frozenset({Role.LEADS_USER}), partner_id="contoso")
    with pytest.raises(NotFound):
        may_enter(caller, "fabrikam", frozenset({Role.LEADS_USER}), reads=True)
    with pytest.raises(AccessDenied):
        may_enter(caller, "contoso", admin, reads=False)
    may_enter(caller, "contoso", frozenset({Role.LEADS_USER}), reads=False)


def test_the_operator_reads_everything_and_changes_nothing_of_a_partner() -> None:
    caller = Caller("operator", "op", roles=frozenset({Role.OPERATOR}))
    may_enter(caller, "contoso", frozenset({Role.LEADS_USER}), reads=True)
    may_enter(caller, "contoso", frozenset({Role.OPERATOR}), reads=False)
    with pytest.raises(AccessDenied):
        may_enter(caller, "contoso", frozenset({Role.LEADS_ADMIN}), reads=False)


def test_l9_free_text_leaves_the_changes_of_a_redacted_lead() -> None:
    changes = {"deal.notes": 1, "closing.notes": 2, "closing.reason": 3, "deal.name": 4}
    assert redacted_changes(changes) == {"closing.reason": 3, "deal.name": 4}
