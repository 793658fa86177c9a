"""Segments that read like a sentence.

>>> (did("Order Completed", at_least=3, where=prop("revenue") > 50) & ~did("App Uninstalled")).words()
'did “Order Completed” at least 3 times, where revenue is greater than 50 and did not do “App Uninstalled”'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Generic, TypeVar

from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.segments.calendars import Calendar
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
from holdfast.segments.conditions.near import Near
from holdfast.segments.conditions.only_did import OnlyDid
from holdfast.segments.conditions.share_of import ShareOf
from holdfast.segments.conditions.trait import Trait
from holdfast.segments.conditions.variant import Variant
from holdfast.segments.operators import Operand
from holdfast.segments.values import Scalar

Made = TypeVar("Made")
When = date | str
"""An aware datetime, a date, or an ISO 8601 text; a day without a zone is one of the condition's `time_zone`."""
Stretch = Calendar | str
"""What `calendar` gives, or a unit alone: `"day"` is today."""
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

    def does_not_contain(self, value: Scalar) -> Made:
        """There, and a text that does not have the value in it, or a list that does not have it as an element."""
        return self._compared("not_contains", value)

    def contains_any_of(self, values: Iterable[Scalar]) -> Made:
        """A text or a list with at least one of the values in it."""
        return self._compared("contains_any_of", tuple(values))

    def contains_all_of(self, values: Iterable[Scalar]) -> Made:
        """A text or a list with every one of the values in it."""
        return self._compared("contains_all_of", tuple(values))

    def contains_none_of(self, values: Iterable[Scalar]) -> Made:
        """There, with none of the values in it."""
        return self._compared("contains_none_of", tuple(values))

    def equals_ignoring_case(self, value: str) -> Made:
        """The same text, in capitals or small letters."""
        return self._compared("equals_ignoring_case", value)

    def contains_ignoring_case(self, value: str) -> Made:
        """A text that has the value in it, in capitals or small letters."""
        return self._compared("contains_ignoring_case", value)

    def has_size(self, *, at_least: int | None = None, at_most: int | None = None, exactly: int | None = None) -> Made:
        """A list of so many elements; give one of the three."""
        return self._one_of("size_is", exactly, "size_at_least", at_least, "size_at_most", at_most)

    def between(self, low: float, high: float) -> Made:
        """A number from `low` to `high`, both in it."""
        return self._compared("between", (low, high))

    def is_true(self) -> Made:
        """True itself."""
        return self._compared("is_true")

    def is_false(self) -> Made:
        """False itself, not a missing value."""
        return self._compared("is_false")

    def before(self, day: When) -> Made:
        """A date before that day or moment."""
        return self._compared("date_before", _when(day))

    def after(self, day: When) -> Made:
        """A date after that day, once it is over, or after that moment."""
        return self._compared("date_after", _when(day))

    def on(self, day: When) -> Made:
        """That day, at any time."""
        return self._compared("date_on", _when(day))

    def days_since(
        self, exactly: int | None = None, *, at_least: int | None = None, at_most: int | None = None
    ) -> Made:
        """A date so many days ago, 0 being today; give one of the three. None of them is true of a date ahead."""
        return self._one_of("days_since_is", exactly, "days_since_at_least", at_least, "days_since_at_most", at_most)

    def days_until(
        self, exactly: int | None = None, *, at_least: int | None = None, at_most: int | None = None
    ) -> Made:
        """A date in so many days, 0 being today; give one of the three. None of them is true of a date gone by."""
        return self._one_of("days_until_is", exactly, "days_until_at_least", at_least, "days_until_at_most", at_most)

    def anniversary_in(self, days: int) -> Made:
        """A date that comes round in so many days, such as a birthday; 29 February is kept on the 28th."""
        return self._compared("anniversary_in_days", days)

    def anniversary_within(self, days: int) -> Made:
        """A date that comes round today or in the next so many days."""
        return self._compared("anniversary_within_days", days)

    def version_is(self, version: str) -> Made:
        """The same version: "2.0" is "2.0.0"."""
        return self._compared("version_is", version)

    def version_greater_than(self, version: str) -> Made:
        """A later version: "1.10" comes after "1.9"."""
        return self._compared("version_greater_than", version)

    def version_at_least(self, version: str) -> Made:
        """That version or a later one; "2.0.0-beta" comes before "2.0.0"."""
        return self._compared("version_at_least", version)

    def version_less_than(self, version: str) -> Made:
        """An earlier version."""
        return self._compared("version_less_than", version)

    def version_at_most(self, version: str) -> Made:
        """That version or an earlier one."""
        return self._compared("version_at_most", version)

    def is_in_region(self, region: str) -> Made:
        """A country code of ISO 3166-1 in the region, such as "EU", "DACH" or "South America"."""
        return self._compared("is_in_region", region)

    def is_not_in_region(self, region: str) -> Made:
        """There, and no code of a country in the region."""
        return self._compared("is_not_in_region", region)

    def _one_of(self, *given: str | int | None) -> Made:
        asked = [(str(name), value) for name, value in zip(given[::2], given[1::2], strict=True) if value is not None]
        if len(asked) != 1:
            raise ValueError("give one of exactly, at_least and at_most; join two with &")
        return self._compared(*asked[0])

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


def trait(name: str, *, time_zone: str = "workspace") -> Named[Trait]:
    """A trait of the person; comparing it makes a condition. Dates go by the day it is in `time_zone`."""
    return Named(lambda operator, value: Trait(trait=name, operator=operator, value=value, time_zone=time_zone))


def group(name: str) -> Named[Group]:
    """A trait of a group (account) the person joined; comparing it makes a condition: `group("plan") == "gold"`."""
    return Named(lambda operator, value: Group(trait=name, operator=operator, value=value))


def in_segment(segment: str) -> InSegment:
    """People who are in the segment saved under that id, as it is saved when the question is asked."""
    return InSegment(segment=segment)


def in_list(list_id: str) -> InList:
    """People who are on the list of that id."""
    return InList(list=list_id)


def variant(experiment: str, name: str = "") -> Variant:
    """People who got that variant of an experiment; without a name, those who got any."""
    return Variant(experiment=experiment, variant=name)


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
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
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
        calendar=_stretch(calendar),
        time_zone=time_zone,
        where=_where(where),
    )


def first_did(
    event: str,
    *,
    within_days: float | None = None,
    before_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
    where: Where = (),
) -> FirstDid:
    """People who did it for the first time in the last `within_days`, at least `before_days` ago, or between dates."""
    return FirstDid(
        event=event,
        within_days=within_days,
        before_days=before_days,
        since=_when(since),
        until=_when(until),
        calendar=_stretch(calendar),
        time_zone=time_zone,
        where=_where(where),
    )


def last_did(
    event: str,
    *,
    within_days: float | None = None,
    before_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
    where: Where = (),
) -> LastDid:
    """People who did it last in the last `within_days`, at least `before_days` ago, or between dates."""
    return LastDid(
        event=event,
        within_days=within_days,
        before_days=before_days,
        since=_when(since),
        until=_when(until),
        calendar=_stretch(calendar),
        time_zone=time_zone,
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
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
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
        calendar=_stretch(calendar),
        time_zone=time_zone,
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
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
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
        calendar=_stretch(calendar),
        time_zone=time_zone,
        where=_where(where),
    )


def only_did(
    event: str,
    *,
    where: Where,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
) -> OnlyDid:
    """People who did it, and every time so: `only_did("Order Completed", where=prop("category") == "shoes")`."""
    return OnlyDid(
        event=event,
        where=_where(where),
        within_days=within_days,
        since=_when(since),
        until=_when(until),
        calendar=_stretch(calendar),
        time_zone=time_zone,
    )


def mostly_at(
    event: str,
    *,
    hour: int | None = None,
    weekday: str | None = None,
    at_least_percent: float | None = None,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
    where: Where = (),
) -> ShareOf:
    """People who mostly do it in one hour of the day, 0 to 23, or on one "monday" to "sunday", by the local clock.

    With `at_least_percent`, so great a share of the events falls there.
    """
    if (hour is None) == (weekday is None):
        raise ValueError("give either hour or weekday")
    return ShareOf(
        event=event,
        part="weekday" if hour is None else "hour",
        value=weekday if hour is None else hour,
        at_least_percent=at_least_percent,
        within_days=within_days,
        since=_when(since),
        until=_when(until),
        calendar=_stretch(calendar),
        time_zone=time_zone,
        where=_where(where),
    )


def step(event: str, *, within_days: float | None = None, where: Where = ()) -> OrderStep:
    """A step of `did_in_order`: an event, within so many days of the step before it."""
    return OrderStep(event=event, within_days=within_days, where=_where(where))


def did_in_order(
    *steps: str | OrderStep,
    then_not: OrderStep | None = None,
    within_days: float | None = None,
    since: When | None = None,
    until: When | None = None,
    calendar: Stretch | None = None,
    time_zone: str = "workspace",
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
        calendar=_stretch(calendar),
        time_zone=time_zone,
    )


def near(
    latitude: float,
    longitude: float,
    *,
    within_km: float,
    latitude_trait: str = "latitude",
    longitude_trait: str = "longitude",
) -> Near:
    """People whose coordinates, in two traits, are no farther than `within_km` from a place."""
    return Near(
        latitude=latitude,
        longitude=longitude,
        within_km=within_km,
        latitude_trait=latitude_trait,
        longitude_trait=longitude_trait,
    )


def all_of(*conditions: Condition) -> All:
    """All of these; of nothing, everyone."""
    return All(of=conditions)


def any_of(*conditions: Condition) -> Any:
    """At least one of these; of nothing, nobody."""
    return Any(of=conditions)


def calendar(unit: str, *, count: int = 1, back: int = 0, rolling: bool = False) -> Calendar:
    """A stretch of the calendar for `calendar=…`: `calendar("month", back=1)` is last month.

    Args:
        unit: "day", "week", "month", "quarter" or "year"; weeks begin on Monday.
        count: how many of them.
        back: how many ago the last of them is; 0 is the one that runs.
        rolling: counted back from now instead, to the same time of day.
    """
    return Calendar(unit=unit, count=count, back=back, rolling=rolling)


def _stretch(given: Stretch | None) -> Calendar | None:
    return Calendar(unit=given) if isinstance(given, str) else given


def _when(moment: When | None) -> str | None:
    if isinstance(moment, datetime):
        # By way of milliseconds, which a moment with no zone does not have.
        return format_moment(from_millis(to_millis(moment)))
    return moment.isoformat() if isinstance(moment, date) else moment


def _where(where: Where) -> tuple[Comparison, ...]:
    return (where,) if isinstance(where, Comparison) else tuple(where)
