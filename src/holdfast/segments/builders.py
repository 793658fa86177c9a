"""Segments that read like a sentence.

>>> (did("Order Completed", at_least=3, where=prop("revenue") > 50) & ~did("App Uninstalled")).words()
'did “Order Completed” at least 3 times, where revenue is greater than 50 and did not do “App Uninstalled”'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Generic, TypeVar

from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.all_of import All
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.conditions.bucket import Bucket
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.did_amount import DidAmount
from holdfast.segments.conditions.did_in_order import DidInOrder, OrderStep
from holdfast.segments.conditions.first_did import FirstDid
from holdfast.segments.conditions.group import Group
from holdfast.segments.conditions.in_list import InList
from holdfast.segments.conditions.in_segment import InSegment
from holdfast.segments.conditions.last_did import LastDid
from holdfast.segments.conditions.only_did import OnlyDid
from holdfast.segments.conditions.share_of import ShareOf
from holdfast.segments.conditions.trait import Trait
from holdfast.segments.operators import Operand
from holdfast.segments.values import Scalar

Made = TypeVar("Made")
When = datetime | str
Where = Comparison | Iterable[Comparison]


class Named(Generic[Made]):
    """A trait or property by name, to be compared: `trait("country") == "DE"`, `prop("sku").is_any_of(["a", "b"])`."""

    __slots__ = ("_make",)
    __hash__ = None  # type: ignore[assignment]  # `==` makes a comparison, so it cannot serve a set or a dict.

    def __init__(self, make: Callable[[str, Operand], Made]) -> None:
        self._make = make

    def _compared(self, operator: str, value: Operand = None) -> Made:
        return self._make(operator, value)

    def __eq__(self, value: object) -> Made:  # type: ignore[override]  # It makes a comparison, on purpose.
        return self._compared("equals", value)  # type: ignore[arg-type]  # Checked where it is made.

    def __ne__(self, value: object) -> Made:  # type: ignore[override]  # It makes a comparison, on purpose.
        return self._compared("not_equals", value)  # type: ignore[arg-type]  # Checked where it is made.

    def __gt__(self, value: float | str) -> Made:
        return self._compared("greater_than", value)

    def __ge__(self, value: float | str) -> Made:
        return self._compared("at_least", value)

    def __lt__(self, value: float | str) -> Made:
        return self._compared("less_than", value)

    def __le__(self, value: float | str) -> Made:
        return self._compared("at_most", value)

    def contains(self, value: Scalar) -> Made:
        """A text that has the value in it, or a list that has it as an element."""
        return self._compared("contains", value)

    def starts_with(self, value: str) -> Made:
        """A text that begins with the value."""
        return self._compared("starts_with", value)

    def ends_with(self, value: str) -> Made:
        """A text that ends with the value."""
        return self._compared("ends_with", value)

    def is_any_of(self, values: Iterable[Scalar]) -> Made:
        """Equal to one of the values."""
        return self._compared("is_any_of", tuple(values))

    def is_none_of(self, values: Iterable[Scalar]) -> Made:
        """There, and equal to none of the values."""
        return self._compared("is_none_of", tuple(values))

    def is_set(self) -> Made:
        """There, and not null."""
        return self._compared("is_set")

    def is_not_set(self) -> Made:
        """Not there, or null."""
        return self._compared("is_not_set")


def trait(name: str) -> Named[Trait]:
    """A trait of the person; comparing it makes a condition."""
    return Named(lambda operator, value: Trait(trait=name, operator=operator, value=value))


def group(name: str) -> Named[Group]:
    """A trait of a group (account) the person joined; comparing it makes a condition: `group("plan") == "gold"`."""
    return Named(lambda operator, value: Group(trait=name, operator=operator, value=value))


def in_segment(segment: str) -> InSegment:
    """People who are in the segment saved under that id, as it is saved when the question is asked."""
    return InSegment(segment=segment)


def in_list(list_id: str) -> InList:
    """People who are on the list of that id."""
    return InList(list=list_id)


def bucket(salt: str, from_percent: float = 0, to_percent: float = 100) -> Bucket:
    """A share of all people, drawn by lot and always the same: `bucket("spring-test", 0, 10)` is a tenth of them."""
    return Bucket(salt=salt, from_percent=from_percent, to_percent=to_percent)


def prop(name: str) -> Named[Comparison]:
    """A property of an event; comparing it makes a comparison for `did(where=…)`. Join several with `&`."""
    return Named(lambda operator, value: Comparison(name=name, operator=operator, value=value))


def did(
    event: str,
    *,
    at_least: int | None = None,
    at_most: int | None = None,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    where: Where = (),
) -> Did:
    """People who did it: at least once, unless counts are given; in the last `within_days`, or ever.

    `since` is the first moment that counts, `until` the first that does not any more: aware datetimes or
    ISO 8601 texts.
    """
    return Did(
        event=event,
        at_least=at_least,
        at_most=at_most,
        within_days=within_days,
        since=_when(since),
        until=_when(until),
        where=_where(where),
    )


def first_did(
    event: str,
    *,
    within_days: float | None = None,
    before_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    where: Where = (),
) -> FirstDid:
    """People who did it for the first time in the last `within_days`, at least `before_days` ago, or between dates."""
    return FirstDid(
        event=event,
        within_days=within_days,
        before_days=before_days,
        since=_when(since),
        until=_when(until),
        where=_where(where),
    )


def last_did(
    event: str,
    *,
    within_days: float | None = None,
    before_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    where: Where = (),
) -> LastDid:
    """People who did it last in the last `within_days`, at least `before_days` ago, or between dates."""
    return LastDid(
        event=event,
        within_days=within_days,
        before_days=before_days,
        since=_when(since),
        until=_when(until),
        where=_where(where),
    )


def did_amount(
    event: str,
    amount: str,
    of: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    where: Where = (),
) -> DidAmount:
    """People of whose events a property comes to so much: `did_amount("Order", "sum", of="revenue", at_least=500)`.

    The amount is the "sum", "average", "min" or "max" of a property, or how many "distinct" values it has.
    """
    return DidAmount(
        event=event,
        property=of,
        amount=amount,
        at_least=at_least,
        at_most=at_most,
        within_days=within_days,
        since=_when(since),
        until=_when(until),
        where=_where(where),
    )


def mostly(
    event: str,
    asked: Comparison,
    *,
    at_least_percent: float | None = None,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    where: Where = (),
) -> ShareOf:
    """People of whose events a value is the most frequent one: `mostly("Product Viewed", prop("category") == "shoes")`.

    With `at_least_percent`, it has so great a share of the events that have the property.
    """
    if asked.operator != "equals":
        raise ValueError(f"mostly asks for one value, with ==; {asked.words()!r:.200} is another question")
    return ShareOf(
        event=event,
        property=asked.name,
        value=asked.value,
        at_least_percent=at_least_percent,
        within_days=within_days,
        since=_when(since),
        until=_when(until),
        where=_where(where),
    )


def only_did(
    event: str,
    *,
    where: Where,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
) -> OnlyDid:
    """People who did it, and every time so: `only_did("Order Completed", where=prop("category") == "shoes")`."""
    return OnlyDid(event=event, where=_where(where), within_days=within_days, since=_when(since), until=_when(until))


def step(event: str, *, within_days: float | None = None, where: Where = ()) -> OrderStep:
    """A step of `did_in_order`: an event, within so many days of the step before it."""
    return OrderStep(event=event, within_days=within_days, where=_where(where))


def did_in_order(
    *steps: str | OrderStep,
    then_not: OrderStep | None = None,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
) -> DidInOrder:
    """People who did one thing and later another: `did_in_order("Product Viewed", step("Order", within_days=7))`.

    `then_not=step("Order", within_days=1)` is true once so long has passed without it.
    """
    return DidInOrder(
        steps=tuple(each if isinstance(each, OrderStep) else step(each) for each in steps),
        then_not=then_not,
        within_days=within_days,
        since=_when(since),
        until=_when(until),
    )


def all_of(*conditions: Condition) -> All:
    """All of these; of nothing, everyone."""
    return All(of=conditions)


def any_of(*conditions: Condition) -> Any:
    """At least one of these; of nothing, nobody."""
    return Any(of=conditions)


def _when(moment: When | None) -> str | None:
    # By way of milliseconds, which a moment with no zone does not have.
    return format_moment(from_millis(to_millis(moment))) if isinstance(moment, datetime) else moment


def _where(where: Where) -> tuple[Comparison, ...]:
    return (where,) if isinstance(where, Comparison) else tuple(where)
