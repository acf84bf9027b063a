"""What a submission should look like, for whoever writes one; any that comes is read, however sloppy (`formats.py`)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="allow")


class CustomerShape(_Shape):
    """The customer; one of company, email and phone must be there."""

    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = Field(None, description="A name or an ISO 3166 code.")
    title: str | None = None
    size: str | None = None


class ConsentShape(_Shape):
    """What the customer agreed to; what is not said is recorded as not stated."""

    share: bool | None = None
    contact: bool | None = None
    at: str | None = Field(None, description="When, in ISO 8601.")
    country: str | None = None


class OfferShape(_Shape):
    """The offer that the customer is interested in."""

    id: str | None = Field(None, description="publisherId.offerId")
    title: str | None = None


class SenderShape(_Shape):
    """Who sends it; read only of the operator's people, everybody else is named by the token."""

    kind: Literal["marketing", "seller", "partner"] | None = None
    name: str | None = None
    email: str | None = None


class QualifiedLead(_Shape):
    """A lead that a marketing employee, a seller or another partner sends (I4)."""

    qualification: Literal["marketingQualified", "salesQualified"]
    customer: CustomerShape
    notes: str | None = None
    contact_requested: bool | None = None
    consent: ConsentShape | None = None
    offer: OfferShape | None = None
    sender: SenderShape | None = None
