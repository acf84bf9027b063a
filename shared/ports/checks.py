"""What is known of telephone numbers and e-mail addresses."""

from typing import Protocol

from shared.domain.intake.receipt import Email, Phone
from shared.domain.programme.contact_lists import ContactLists


class PhoneReader(Protocol):
    """Reads telephone numbers (V2)."""

    def read(self, written: str, country: str | None) -> Phone:
        """The number as known with the customer's country as default region; never raises."""


class EmailReader(Protocol):
    """Reads e-mail addresses (V1)."""

    async def read(self, written: str, lists: ContactLists) -> Email:
        """What can be known about the address in the time set, with the operator's lists; never raises."""

    def bounced_key(self, written: str) -> str | None:
        """What is kept of an address that took no mail; None for what is no address."""
