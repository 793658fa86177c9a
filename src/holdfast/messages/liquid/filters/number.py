"""`number`: a number as the person's language writes it."""

from __future__ import annotations

from babel.numbers import format_decimal
from liquid import RenderContext

from holdfast.messages.liquid.declared_liquid import DeclaredFilter, Example
from holdfast.messages.liquid.filters._local import absent, locale_of
from holdfast.messages.liquid.filters._numbers import number_of


def number(value: object, *, context: RenderContext, locale: object = None) -> str:
    """The number with separators. Raises FilterArgumentError for what is none."""
    if absent(value):
        return ""
    written: str = format_decimal(number_of(value, "number"), locale=locale_of(context, locale))
    return written


number.with_context = True  # type: ignore[attr-defined]  # Liquid reads this mark off the function.

FILTER = DeclaredFilter(
    name="number",
    apply=number,
    about="A number as the person's language writes it, with up to three decimal digits.",
    options=(("locale", "A language, such as `de-DE`, in place of the person's."),),
    examples=(
        Example(source="{{ 1234567.5 | number }}", gives="1,234,567.5"),
        Example(source='{{ 1234567.5 | number: locale: "de" }}', gives="1.234.567,5"),
    ),
)
