"""Numbers as filters are given them: a number, or text that says one."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from liquid.exceptions import FilterArgumentError

DIGITS_MOST = 20


def number_of(value: object, asking: str) -> Decimal:
    """The number a value says, exactly. Raises FilterArgumentError when it says none, or one beyond all measure."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise FilterArgumentError(f"{asking}: {value!r:.40} is no number", token=None)
    if isinstance(value, str) and len(value) > 2 * DIGITS_MOST:
        raise FilterArgumentError(f"{asking}: {value!r:.40} is no number", token=None)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise FilterArgumentError(f"{asking}: {value!r:.40} is no number", token=None) from error
    if not number.is_finite() or not -DIGITS_MOST <= number.adjusted() <= DIGITS_MOST:
        raise FilterArgumentError(f"{asking}: the number is too large, or too small", token=None)
    return number
