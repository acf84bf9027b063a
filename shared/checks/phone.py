"""Reads telephone numbers with phonenumbers (V2); knows numbering plans, not leads."""

import phonenumbers

from shared.domain.lead import Validity
from shared.domain.receipt import Phone


class NumberingPlans:
    """`PhoneReader` on Google's numbering plans."""

    def read(self, written: str, country: str | None) -> Phone:
        """See the port. Without a country or a leading + nobody can tell which plan a number belongs to: unknown."""
        try:
            number = phonenumbers.parse(written, country)
        except phonenumbers.NumberParseException as problem:
            nowhere = problem.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not country
            return Phone(Validity.UNKNOWN if nowhere else Validity.INVALID)
        if not phonenumbers.is_valid_number(number):
            return Phone(Validity.INVALID)
        return Phone(Validity.VALID, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
