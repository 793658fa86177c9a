"""Kept sets of people, as SQL values: a bitmap each, in memory, under a number that is never used twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.ports.audiences import COMBINATIONS_MOST
from holdfast.segments.condition import Condition, Scope
from holdfast.segments.conditions.all_of import All
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.conditions.not_of import Not

EVERYONE: Condition = All(of=())


def key_of(scope: Scope, condition: Condition) -> str:
    """The same for conditions that mean the same people; as Python compares them, true would be 1."""
    return repr(condition.sql(scope).render())


def leaves(condition: Condition) -> Iterator[Condition]:
    """What the condition is made of by `all`, `any` and `not`; and everyone, of whom `not` leaves some."""
    yield EVERYONE
    stack = [condition]
    while stack:
        match stack.pop():
            case All(of=of) | Any(of=of):
                stack.extend(of)
            case Not(of=inner):
                stack.append(inner)
            case leaf:
                yield leaf


def keep(scope: Scope, number: int, condition: Condition) -> Sql:
    """Keep the people of a condition as a set."""
    return fill(
        """INSERT INTO people_sets (workspace, number, people) SELECT [[here]], [[number]], groupBitmapState(person)
        FROM [[people]] WHERE workspace = [[here]] AND [[holds]]""",
        {
            "here": scope.here,
            "number": bind("UInt64", number),
            "people": scope.people,
            "holds": condition.sql(scope),
        },
    )


def drop_all_but(scope: Scope, ours: tuple[int, int], numbers: Sequence[int]) -> Sql:
    """Let go of every set of ours but these; our numbers are in [first, second)."""
    return fill(
        """ALTER TABLE people_sets DELETE WHERE workspace = [[here]] AND number >= [[first]] AND number < [[end]]
            AND number NOT IN [[numbers]]
        SETTINGS mutations_sync = 1""",
        {
            "here": scope.here,
            "first": bind("UInt64", ours[0]),
            "end": bind("UInt64", ours[1]),
            "numbers": bind("Array(UInt64)", list(numbers)),
        },
    )


def combined(condition: Condition, place_of: Callable[[Condition], int]) -> Sql:
    """The set of a condition, of the sets `s` of its leaves; each stands at its place, from 1."""
    everyone = _set_at(place_of(EVERYONE))
    match condition:
        case All(of=()):
            return everyone
        case All(of=of):
            return _folded(sql("bitmapAnd("), [combined(each, place_of) for each in of])
        case Any(of=()):
            return sql("bitmapAndnot(") + everyone + sql(", ") + everyone + sql(")")
        case Any(of=of):
            return _folded(sql("bitmapOr("), [combined(each, place_of) for each in of])
        case Not(of=inner):
            return sql("bitmapAndnot(") + everyone + sql(", ") + combined(inner, place_of) + sql(")")
    return _set_at(place_of(condition))


def counted(scope: Scope, wanted: Sql, everyone: int, numbers: Sequence[int]) -> Sql:
    """One row: the people of a set, and everyone, whose place is given."""
    return fill(
        "SELECT bitmapCardinality([[wanted]]), bitmapCardinality([[everyone]]) FROM ([[sets]])",
        {"wanted": wanted, "everyone": _set_at(everyone), "sets": _side_by_side(scope, numbers)},
    )


def people_in(scope: Scope, wanted: Sql, numbers: Sequence[int]) -> Sql:
    """The numbers of the people in a set."""
    return fill(
        "SELECT arrayJoin(bitmapToArray([[wanted]])) FROM ([[sets]])",
        {"wanted": wanted, "sets": _side_by_side(scope, numbers)},
    )


def pairs(scope: Scope, numbers: Sequence[int]) -> Sql:
    """One row for each two of the sets: their places from 1, the first no greater, and the people in both."""
    return fill(
        """SELECT one.place, other.place, bitmapAndCardinality(one.people, other.people)
        FROM ([[sets]]) AS one CROSS JOIN ([[sets]]) AS other
        WHERE one.place <= other.place""",
        {"sets": _in_rows(scope, numbers)},
    )


def combinations(scope: Scope, numbers: Sequence[int], twice: Sequence[bool]) -> Sql:
    """One row for each of the largest combinations of sets: its bits, the lowest for the first set, and people.

    With each row: the people in any of the sets, in all, and in exactly one.

    Args:
        twice: of each set, whether it stands for several audiences that are the same; who is in it is in several.
    """
    return fill(
        """SELECT bits, people, sum(people) OVER (), sumIf(people, bitCount(bits) = [[length]]) OVER (),
            sumIf(people, bitCount(bits) = 1 AND bitAnd(bits, [[twice]]) = 0) OVER ()
        FROM (
            SELECT bits, count() AS people
            FROM (
                SELECT person, groupBitOr(bitShiftLeft(toUInt64(1), place - 1)) AS bits
                FROM (SELECT place, arrayJoin(bitmapToArray(people)) AS person FROM ([[sets]]))
                GROUP BY person
            )
            GROUP BY bits
        )
        ORDER BY people DESC, bits LIMIT [[most]]""",
        {
            "length": bind("UInt8", len(numbers)),
            "twice": bind("UInt64", sum(1 << bit for bit, each in enumerate(twice) if each)),
            "sets": _in_rows(scope, numbers),
            "most": bind("UInt64", COMBINATIONS_MOST),
        },
    )


def _set_at(place: int) -> Sql:
    return sql("s[") + bind("UInt32", place) + sql("]")


def _folded(opening: Sql, pieces: Sequence[Sql]) -> Sql:
    """Two at a time, as a balanced tree: hundreds in a row would be nested too deep."""
    while len(pieces) > 1:
        pieces = [
            pair[0] if len(pair) == 1 else opening + pair[0] + sql(", ") + pair[1] + sql(")")
            for pair in (pieces[start : start + 2] for start in range(0, len(pieces), 2))
        ]
    return pieces[0]


def _side_by_side(scope: Scope, numbers: Sequence[int]) -> Sql:
    """One row: the sets as `s`, in the order of their numbers."""
    return fill(
        "SELECT arrayMap(each -> each.2, arraySort(each -> each.1, groupArray((place, people)))) AS s FROM ([[sets]])",
        {"sets": _in_rows(scope, numbers)},
    )


def _in_rows(scope: Scope, numbers: Sequence[int]) -> Sql:
    return fill(
        """SELECT indexOf([[numbers]], number) AS place, people FROM people_sets
        WHERE workspace = [[here]] AND number IN [[numbers]]""",
        {"numbers": bind("Array(UInt64)", list(numbers)), "here": scope.here},
    )
