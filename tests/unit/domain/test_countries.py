"""Countries as people write them, and the generated tables (T7)."""

import pytest

from shared.domain.countries import country_code
from shared.domain.country_names import NAMES
from shared.domain.currencies import CODES


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
