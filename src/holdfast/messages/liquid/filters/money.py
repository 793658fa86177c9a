"""`money`: an amount as the person's language writes it."""

from __future__ import annotations

from babel.numbers import format_currency
from liquid import RenderContext
from liquid.exceptions import FilterArgumentError

from holdfast.kernel.money import minor_digits
from holdfast.messages.liquid.declared_liquid import DeclaredFilter, Example
from holdfast.messages.liquid.filters._local import absent, locale_of
from holdfast.messages.liquid.filters._numbers import number_of

_UNITS = ("minor", "major")


def money(
    value: object, currency: object = None, *, context: RenderContext, unit: object = "minor", locale: object = None
) -> str:
    """The amount. Raises FilterArgumentError for what is none, and for a currency that is none."""
    if absent(value):
        return ""
    if not isinstance(currency, str) or len(currency) != 3 or not (currency.isascii() and currency.isupper()):
        raise FilterArgumentError("money: name the currency by three capitals, such as 'EUR'", token=None)
    if unit not in _UNITS:
        raise FilterArgumentError("money: the unit is 'minor' or 'major'", token=None)
    amount = number_of(value, "money")
    if unit == "minor":
        amount = amount.scaleb(-minor_digits(currency))
    written: str = format_currency(amount, str(currency), locale=locale_of(context, locale))
    return written


money.with_context = True  # type: ignore[attr-defined]  # Liquid reads this mark off the function.

FILTER = DeclaredFilter(
    name="money",
    apply=money,
    about="An amount of money as the person's language writes it. It is given in the smallest unit of the currency.",
    options=(
        ("currency", "Three capitals, such as `EUR`."),
        ("unit", '`"major"` for an amount in whole units, such as the `revenue` of an event; else `"minor"`.'),
        ("locale", "A language, such as `de-DE`, in place of the person's."),
    ),
    examples=(
        Example(source='{{ 1999 | money: "EUR" }}', gives="€19.99"),
        Example(source='{{ 1999 | money: "JPY" }}', gives="¥1,999"),
        Example(
            source='{{ event.properties.revenue | money: "EUR", unit: "major", locale: "de" }}', gives="59,90\xa0€"
        ),
    ),
)
