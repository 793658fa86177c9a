"""Money: whole minor units with a currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache

# ISO 4217 currencies whose minor unit is not a hundredth; every other one has two digits.
_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_MOST_MINOR = 2**62  # Fits a signed 64-bit column with room for a sum.
_REMEMBERED_MOST = 4096


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def unusual_digits() -> dict[str, int]:
    """The currencies for which it is not two, with how many it is."""
    return dict(_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in whole minor units, such as 5999 for 59.99 euro."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is no ISO 4217 currency; write three capitals, such as EUR")


def money_of(amount: object, currency: str) -> Money | None:
    """The money an untyped amount means, rounded half to even; None when it is no finite number.

    Floats go through their shortest decimal text, so 59.99 is 5999 and not 5998.
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, float, str, Decimal)):
        return None
    # What things cost is said again and again; to work it out takes ten times as long as to remember it.
    if isinstance(amount, float):
        return _money_of_float(amount, currency)
    return _money(str(amount), currency)


def _money(text: str, currency: str) -> Money | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or value.adjusted() > 18:
        return None
    minor = int(value.scaleb(minor_digits(currency)).to_integral_value(ROUND_HALF_EVEN))
    return Money(minor=minor, currency=currency) if abs(minor) <= _MOST_MINOR else None


@lru_cache(maxsize=_REMEMBERED_MOST)
def _money_of_float(amount: float, currency: str) -> Money | None:
    return _money(str(amount), currency)
