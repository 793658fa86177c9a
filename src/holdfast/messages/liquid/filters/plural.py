"""`plural`: the form of words that goes with a number, by the rules of the person's language."""

from __future__ import annotations

from babel.numbers import format_decimal
from liquid import RenderContext
from liquid.exceptions import FilterArgumentError, ResourceLimitError

from holdfast.messages.liquid._liquid import VALUE_BYTES_MOST
from holdfast.messages.liquid.declared_liquid import DeclaredFilter, Example
from holdfast.messages.liquid.filters._local import absent, locale_of
from holdfast.messages.liquid.filters._numbers import number_of

FORMS = ("zero", "one", "two", "few", "many", "other")
_MARK = "#"


def plural(value: object, *, context: RenderContext, locale: object = None, **forms: object) -> str:
    """The form for the number, with the number in place of every `#`.

    Raises FilterArgumentError, and ResourceLimitError for what would grow too large.
    """
    unknown = sorted(forms.keys() - set(FORMS))
    if unknown or not isinstance(forms.get("other"), str):
        raise FilterArgumentError(f"plural: give the forms by name, `other` at least; there are {FORMS}", token=None)
    if absent(value):
        return ""
    where, count = locale_of(context, locale), number_of(value, "plural")
    form = forms.get(where.plural_form(count), forms["other"])
    if not isinstance(form, str):
        raise FilterArgumentError("plural: a form is no text", token=None)
    written: str = format_decimal(count, locale=where)
    if len(form) + form.count(_MARK) * len(written) > VALUE_BYTES_MOST:
        raise ResourceLimitError(f"a filter handles more than {VALUE_BYTES_MOST:,} bytes at once", token=None)
    return form.replace(_MARK, written)


plural.with_context = True  # type: ignore[attr-defined]  # Liquid reads this mark off the function.

FILTER = DeclaredFilter(
    name="plural",
    apply=plural,
    about="The form of words that goes with a number, by the rules of the person's language (CLDR). `#` in it is the "
    "number, as that language writes it.",
    options=(
        (
            ", ".join(FORMS),
            "The forms. `other` must be there and stands for each that is not; English has one and other.",
        ),
        ("locale", "A language, such as `de-DE`, in place of the person's."),
    ),
    examples=(
        Example(source='{{ 1 | plural: one: "# item", other: "# items" }}', gives="1 item"),
        Example(source='{{ 1200 | plural: one: "# item", other: "# items" }}', gives="1,200 items"),
        Example(
            source='{{ 3 | plural: one: "# plik", few: "# pliki", many: "# plików", other: "# pliku", locale: "pl" }}',
            gives="3 pliki",
        ),
    ),
)
