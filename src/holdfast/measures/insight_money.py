"""Money in questions and answers: currencies, and amounts in whole minor units."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.decisions.fields import Kind, wrong_type
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.measures.revenue import currency_code


@dataclass(frozen=True, slots=True)
class Currency(Kind):
    """The ISO 4217 code of a currency, in capitals."""

    def decode(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "the code of a currency", path)
        if value == "" or currency_code(value, "") != value:
            raise Invalid(
                f"{value!r:.60} is no currency.", code="unknown_currency", path=path, hint="Use three capitals: EUR."
            )
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "currency"}


def mean_minor(total: int, number: int) -> int | None:
    """The mean in whole minor units, a half to the even one; None of nothing."""
    if number == 0:
        return None
    whole, rest = divmod(total, number)
    twice = 2 * rest
    return whole + (twice > number or (twice == number and whole % 2 == 1))


def share_of(part: int, whole: int) -> float | None:
    """The share; None of nothing, or of less."""
    return part / whole if whole > 0 else None
