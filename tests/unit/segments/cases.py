"""Random conditions, made from the declarations' field types alone, and random people with nasty values to ask about.

A new condition is generated as soon as its file is there. Values are few and close to one another, so that comparisons
come out both ways: equal but for their type, their case, one bit, one millisecond.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

from hypothesis import reject
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.segments.builders import any_of, bucket, did, in_list, in_segment, trait
from holdfast.segments.calendars import UNITS, Calendar
from holdfast.segments.catalogue import declared
from holdfast.segments.clock_parts import CLOCK_PARTS
from holdfast.segments.codec import _hints, _json_fields, kind_of, part_of
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, Declared, Part
from holdfast.segments.conditions.in_list import list_trait
from holdfast.segments.groups import GROUP_ID, GROUP_JOINED, group_of, group_traits
from holdfast.segments.library import resolve
from holdfast.segments.operators import OPERATORS, Operand, Takes
from holdfast.segments.regions import REGIONS
from holdfast.segments.watching import Watched, Watching, leaves_in, watching_of

Made = TypeVar("Made", Condition, Part)

DAY_MS = 86_400_000
DAY_LENGTH = len("2026-03-29")
# The second after an hour that does not exist in most of Europe, and a midnight; windows below reach over both.
NOW_MS = to_millis(datetime(2026, 3, 29, 1, 0, 0, 1000, tzinfo=UTC))

EVENTS = ("Order", "order", "a'b\\ß\0")
NAMES = ("x", "X", "\\n'İ")
GROUPS: tuple[Json, ...] = ("acme", "a'b\\ß\0", "😀", "\ud83d\ude00", "x", "", 30, None, ["acme"])
"""What may stand as the id of a group; only a text that is not empty is one."""
LISTS_THERE = ("vip", "a'b\\ß\0")
TEXTS = (
    "", "a", "A", "ab", "ba", "ß", "SS", "İ", "i̇", "é", "e\u0301", "😀", "\ud83d", "\ud83d\ude00", "\uffff", "\0",
    "a\0", "\\", "\\n", "\n", '"', "'", "%", "30", "true", "null", "[]", "\n30\n", ',\n"a"\n,', "2026-03-29",
    "9007199254740993",
)  # fmt: skip
NUMBERS: tuple[int | float, ...] = (
    0, -0.0, 1, 1.0, -1, 30, 30.000000000000004, 0.1, 5e-324, -5e-324, 2**53 - 1, 2**53, float(2**53), 2**53 + 1,
    2**53 + 2, float(2**53 + 2), 2**53 + 3, -(2**53) - 1, -(2**53), 2**63, 2**64 + 1, 10**30, 1e30, int(1e30),
    -(10**30), 1e300, 1.7976931348623157e308, 10**99, -(10**99),
)  # fmt: skip
BEYOND_FLOATS = (10**400, -(10**400))
SCALARS: tuple[Any, ...] = (*TEXTS, *NUMBERS, True, False)
LISTS: tuple[Json, ...] = (
    [], ["a"], ["A", 30], ["30"], [30], [30.0], [[30]], [None], [True], ["true"], ["a\n"], ["\n30\n"], [',\n"a"\n,'],
    [2**53 + 1], [1e30], [10**30], [""], [{"x": "a"}], ["\ud83d"], ["😀", "ß", 0], [-0.0],
)  # fmt: skip
OTHERS: tuple[Json, ...] = (None, {}, {"a": 1}, {"x": ["a"]})
VALUES: tuple[Any, ...] = (*SCALARS, *BEYOND_FLOATS, *LISTS, *OTHERS)
DATES = (
    "2026-03-29", "2026-03-28", "2026-03-30", "2026-04-01", "2026-02-28", "2024-02-29", "2000-02-29", "1990-04-01",
    "1969-12-31", "0001-01-01", "9999-12-31", "1990-03-29T00:30", "2026-03-29T01:00:00.001Z",
    "2026-03-29 01:00:00.000Z", "2026-03-29T01:00:00.001999999+00:00", "2026-03-28T23:00:00Z",
    "2026-03-28T22:59:59.999Z",
    "2026-03-29T02:30:00", "2026-03-29T23:30:00-10:00", "2026-03-30T13:59:59+14:00", "1955-05-01T00:00:00+02:30",
    "2026-03-26T00:00:00.5Z",
)  # fmt: skip
NO_DATES = (
    "2026-02-29", "2026-04-31", "1900-02-29", "0000-01-01", "2026-3-29", "2026-03-29T", "2026-03-29T24:00", "20260329",
    "2026-03-29T01:00:60Z", "2026-03-29T01:00:00.Z", "2026-03-29Z", "2026-03-29\n", " 2026-03-29", "2026-03-29T01:00+1",
    "2026-03-29T01:00:00z", "٢٠٢٦-03-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-03-29T01:00:00.1234567890Z",
)  # fmt: skip
VERSIONS = (
    "1", "1.9", "1.10", "v1.10.0", "V01.010", "1.10.0-beta", "1.10.0-beta.2", "1.10.0-beta.11", "1.10.0-alpha.beta",
    "1.10.0-1", "1.10.0-x-1", "1.10.0+build.7", "1.10.0-beta+x", "1.2.3.4.5.6", "999999999999999999", "0.0", "1.9.9",
)  # fmt: skip
NO_VERSIONS = (
    "", "v", "1.", ".1", "1..2", "1.2.3.4.5.6.7", "1.0-", "1.0-a..b", "1.0 beta", "1.0-ß", "1.0\n", "1e3", "-1",
    "9999999999999999999", "1.0+", "٣.1",
)  # fmt: skip
COUNTRIES = ("DE", "de", "De", "AT", "GB", "US", "TW", "EU", "DE ", "XX")
LETTERS = (
    "Straße",
    "STRASSE",
    "STRAßE",
    "strasse",
    "ΣΑΣ",
    "σας",
    "İstanbul",
    "istanbul",
    "ÄRGER",
    "ärger",
    "a\0B",
    "ſ",
    "K",
)
TYPED_TEXTS = (*DATES, *NO_DATES, *VERSIONS, *NO_VERSIONS, *COUNTRIES, *LETTERS)
TRAIT_VALUES: tuple[Any, ...] = (*VALUES, *TYPED_TEXTS, ["DE", "AT"], [[]], [{}], ["\n", ""], [0, 1, 2])
ZONES: tuple[Any, ...] = (
    "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "America/Santiago", "Pacific/Apia",
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", "europe/berlin", "Mars/Olympus", "", "person", 1, True, None,
    ["Europe/Berlin"], {"name": "Europe/Berlin"}, "Europe/Berlin\0", "😀",
)  # fmt: skip
"""What the trait `timezone` may be: names of time zones, and what only looks like one."""
LATITUDES: tuple[Any, ...] = (0, 1, -0.0, 52.52, 52.51, -33.86, 90, -90, 90.0001, "52.52", None, True, 0.0001, 2**60)
LONGITUDES: tuple[Any, ...] = (0, 1, 13.405, 13.4, 151.21, 180, -180, 179.9999, -180.5, "13.405", None, 2**60)

WINDOWS_DAYS = (1, 7, 0.5, 1 / 86_400_000, 0.04166666666666667, 30, 36_525)
COUNTS = (0, 1, 2, 3, 31, 32, 33)
ZONES_TRIED = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago")
MOMENTS_MS = tuple(
    sorted(
        {
            max(0, at + nudge)
            for nudge in (-1, 0, 1)
            for at in (
                *(NOW_MS, NOW_MS // DAY_MS * DAY_MS, 0),
                *(NOW_MS - round(days * DAY_MS) for days in WINDOWS_DAYS),
                *(Calendar(unit=unit).edges_ms(NOW_MS, ZoneInfo(zone))[0] for unit in UNITS for zone in ZONES_TRIED),
            )
        }
    )
)

scalars = st.sampled_from(SCALARS)


EVERY_OPERAND: Mapping[Takes, Sequence[Operand]] = {
    Takes.NOTHING: (None,),
    Takes.SCALAR: SCALARS,
    Takes.ORDERED: (*TEXTS, *NUMBERS),
    Takes.TEXT: (*TEXTS, *LETTERS),
    Takes.SCALARS: ((), SCALARS, *((each,) for each in SCALARS), *zip(SCALARS, reversed(SCALARS), strict=True)),
    Takes.RANGE: [(low, high) for low, high in zip(NUMBERS, reversed(NUMBERS), strict=True) if low <= high],
    Takes.COUNT: (0, 1, 2, 3),
    Takes.DAYS: (0, 1, 2, 3, 30, 31, 33, 360, 365, 36_525),
    Takes.YEAR_DAYS: (0, 1, 2, 3, 30, 31, 33, 360, 365),
    Takes.DATE: [each for each in DATES if each > "1"],
    Takes.DAY: [each for each in DATES if each > "1" and len(each) == DAY_LENGTH],
    Takes.VERSION: VERSIONS,
    Takes.REGION: tuple(REGIONS),
}
"""What an operator may be given."""


def operands(operator: str) -> st.SearchStrategy[Operand]:
    """Values the operator takes."""
    takes = OPERATORS[operator].takes
    if takes is Takes.SCALARS:
        return st.lists(scalars, max_size=4).map(tuple)
    return st.sampled_from(EVERY_OPERAND[takes])


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    operator = draw(st.sampled_from(sorted(OPERATORS)))
    return Comparison(name=draw(st.sampled_from(NAMES)), operator=operator, value=draw(operands(operator)))


PLAIN: Mapping[str, st.SearchStrategy[Any]] = {
    "event": st.sampled_from(EVENTS),
    "trait": st.sampled_from(NAMES),
    "operator": st.sampled_from(sorted(OPERATORS)),
    "count": st.sampled_from(COUNTS),
    "days": st.sampled_from(WINDOWS_DAYS),
    "property": st.sampled_from(NAMES),
    "moment": st.sampled_from(
        [
            *(format_moment(from_millis(at_ms)) for at_ms in MOMENTS_MS),
            *("2026-03-29", "2026-03-28", "2026-03-29T02:30", "2026-03-28T23:00:00.001", "2026-03-01", "1970-01-01"),
        ]
    ),
}
"""What a field of a common kind may hold. A kind of its own says itself what is worth trying."""


LIBRARY: Mapping[str, Condition] = {
    "gold": did("Order", at_least=2),
    "gold-customers": in_segment("gold") & ~trait("x").is_set(),
    "silver": any_of(bucket("spring", 20, 70), in_segment("gold-customers")),
    "nobody": any_of(),
    "x": ~in_segment("silver") | in_list("vip"),
}
"""What the saved segments are that conditions name."""


def conditions(depth: int = 2) -> st.SearchStrategy[Condition]:
    """Any condition, with up to `depth` levels of others in it; the segments it names are bound to it."""
    return written(depth).map(lambda condition: resolve(condition, LIBRARY))


def written(depth: int = 2) -> st.SearchStrategy[Condition]:
    """Any condition as it is written, before what it names is bound to it."""
    usable = [each for each in declared().values() if depth or not _nests(each)]
    return st.one_of([_made(each.shape, depth) for each in usable])


def of_declaration(declaration: Declared, depth: int = 1) -> st.SearchStrategy[Condition]:
    """A condition of one declaration; the segments it names are bound to it."""
    return _made(declaration.shape, depth).map(lambda condition: resolve(condition, LIBRARY))


@st.composite
def _made(draw: st.DrawFn, shape: type[Made], depth: int) -> Made:
    for _ in range(20):
        given: dict[str, Any] = {}
        for each in _json_fields(shape):
            given[each.name] = draw(_field(shape, each.name, given, depth))
        try:
            return shape(**given)
        except Exposed:
            continue  # Fields that contradict one another, such as at least 3 and at most 1.
    return reject()  # A dull draw: the same contradiction each time.


def _field(shape: type[Condition | Part], name: str, given: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    hint = _hints(shape)[name]
    if hint is Condition:
        return written(depth - 1)
    if hint == tuple[Condition, ...]:
        return st.lists(written(depth - 1), max_size=3).map(tuple)
    if hint == tuple[Comparison, ...]:
        return st.lists(comparisons(), max_size=2).map(tuple)
    if hint == Operand and given.get("part") is not None:
        return st.sampled_from(CLOCK_PARTS[given["part"]].values)
    if hint == Operand:
        return operands(given["operator"]) if "operator" in given else scalars
    optional = type(None) in get_args(hint) and get_origin(hint) is not None
    if (part := part_of(shape, name)) is not None:
        if get_origin(hint) is tuple:
            return st.lists(_made(part, depth), min_size=1, max_size=3).map(tuple)
        return st.one_of(st.none(), _made(part, depth)) if optional else _made(part, depth)
    kind = kind_of(shape, name)
    if kind is None:
        raise AssertionError(f"say in its type what kind of thing {shape.__name__}.{name} holds")
    assert kind.name in PLAIN or kind.tries, f"say what is worth trying for {shape.__name__}.{name}"
    tried = PLAIN[kind.name] if kind.name in PLAIN else st.sampled_from(kind.tries)
    if optional:
        return st.one_of(st.none(), tried)
    (default,) = (each.default for each in _json_fields(shape) if each.name == name)
    return tried if default is MISSING else st.one_of(st.just(default), tried)


def _nests(declaration: Declared) -> bool:
    return any(hint in (Condition, tuple[Condition, ...]) for hint in _hints(declaration.shape).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One generated event."""

    identity: int
    name: str
    at_ms: int
    properties: Mapping[str, Json]
    copy: bool
    """Sent with the message id of another: history keeps both, for dropping the second is another's task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Generated people, what they did, and whose identities were joined."""

    traits: Mapping[int, Mapping[str, Json]]
    gone: frozenset[int]
    joined: Mapping[int, int]
    happened: tuple[Happened, ...]
    user_ids: Mapping[int, str] = field(default_factory=dict)
    """What people are called, where it is not their number."""

    def user_id(self, person: int) -> str:
        """What the person is shown under."""
        return self.user_ids.get(person, f"u{person}")

    def groups_of(self, person: int) -> list[dict[str, Json]]:
        """The traits of the groups the person joined, by NOW_MS."""
        joins = [
            (each, f"m{n}")
            for n, each in enumerate(self.happened, 1)
            if each.name == GROUP_JOINED and each.at_ms <= NOW_MS
        ]
        known = group_traits((each.at_ms, message_id, each.properties) for each, message_id in joins)
        theirs = {
            group_of(each.properties) for each, _ in joins if self.joined.get(each.identity, each.identity) == person
        }
        return [traits for group, traits in known.items() if group in theirs]


def a_world(seed: int, people: int = 60, events: int = 250) -> World:
    """People numbered from 1; identity n belongs to person n unless it was joined to another.

    Drawn from a seed, not value by value: a world must be full for conditions to come out both ways.
    """
    draw = random.Random(seed)  # For tests.
    numbers = range(1, people + 1)

    def properties() -> dict[str, Json]:
        return {name: draw.choice(TRAIT_VALUES) for name in NAMES if draw.random() < 0.6}

    def zone() -> dict[str, Json]:
        return {"timezone": draw.choice(ZONES)} if draw.random() < 0.8 else {}

    def place() -> dict[str, Json]:
        told = {"latitude": draw.choice(LATITUDES), "longitude": draw.choice(LONGITUDES)}
        return told if draw.random() < 0.9 else {}

    def on_lists() -> dict[str, Json]:
        said = {list_trait(each): draw.choice((True, True, False, None, "true", 1)) for each in LISTS_THERE}
        return {name: value for name, value in said.items() if draw.random() < 0.5}

    def joins() -> Happened:
        told = properties() | {GROUP_ID: draw.choice(GROUPS)} if draw.random() < 0.9 else properties()
        who = draw.choice((*numbers, people + 7))
        return Happened(identity=who, name=GROUP_JOINED, at_ms=draw.choice(MOMENTS_MS), properties=told, copy=False)

    return World(
        traits={number: properties() | on_lists() | zone() | place() for number in numbers},
        user_ids={number: f"{draw.choice(TEXTS)}{number}" for number in numbers if draw.random() < 0.5},
        gone=frozenset(draw.sample(numbers, 3)),
        joined={draw.choice(numbers): draw.choice(numbers) for _ in range(draw.randrange(15))},
        happened=tuple(
            Happened(
                identity=draw.choice((*numbers[: people // 2], people + 7)),
                name=draw.choice(EVENTS),
                at_ms=draw.choice(MOMENTS_MS),
                properties=properties(),
                copy=draw.random() < 0.1,
            )
            for _ in range(events)
        )
        + tuple(joins() for _ in range(people)),
    )


def watching_all(asked: Iterable[Condition]) -> Watching:
    """All that these conditions need is watched, and has been for ever."""
    leaves = {leaf.fingerprint: leaf for condition in asked for leaf in leaves_in(condition)}
    return watching_of([Watched(number=n, leaf=leaf, filled=True) for n, leaf in enumerate(leaves.values(), 1)])
