"""Reads telephone numbers with phonenumbers (V2); knows numbering plans, not leads."""

import phonenumbers

from shared.domain.lead import Validity
from shared.domain.receipt import Phone


class NumberingPlans:
    """`PhoneReader` on Google's numbering plans."""

    def read(self, written: str, country: str | None) -> Phone:
        """See the port. Without a leading + or a country with a plan nobody can tell what a number is."""
        try:
            number = phonenumbers.parse(written, country)
        except phonenumbers.NumberParseException as problem:
            no_plan = problem.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
            return Phone(Validity.UNKNOWN if no_plan and not written.startswith("+") else Validity.INVALID)
        if not phonenumbers.is_valid_number(number):
            return Phone(Validity.INVALID)
        return Phone(Validity.VALID, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
