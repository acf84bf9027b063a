"""How many fraction digits a currency has (ISO 4217, minor units); the codes themselves stand in `currencies.py`."""

from decimal import Decimal

_NONE = frozenset(
    (
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"),
        *("XAF", "XOF", "XPF"),
    )
)
_THREE = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_FOUR = frozenset(("CLF", "UYW"))


def fraction_digits(currency: str) -> int:
    """The digits behind the point that an amount of this currency may have."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 4 if currency in _FOUR else 2


def fits(amount: Decimal, currency: str) -> bool:
    """True for an amount that can be paid: no part of it is smaller than the currency's smallest."""
    return amount == round(amount, fraction_digits(currency))
