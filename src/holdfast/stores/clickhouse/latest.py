"""The latest events of a leaf, identity by identity: what a profile is to keep of what came before it was watched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.profiles.watched import MOMENTS_MOST, VALUES_MOST, Kept, entry_at, latest_of
from holdfast.segments.comparison import all_sql
from holdfast.segments.condition import Scope
from holdfast.segments.leaf import Leaf
from holdfast.segments.operators import Place
from holdfast.segments.zones import of_scope
from holdfast.stores.clickhouse.rows import gathered


def doers(scope: Scope, event: str, *, after: int, limit: int) -> Sql:
    """The identities above one that ever did something, in order."""
    return fill(
        """SELECT DISTINCT identity FROM events
        WHERE workspace = [[here]] AND event = [[event]] AND identity > [[after]] ORDER BY identity LIMIT [[limit]]""",
        {
            "here": scope.here,
            "event": bind("String", event),
            "after": bind("UInt32", after),
            "limit": bind("UInt64", limit),
        },
    )


def firsts(scope: Scope, leaf: Leaf, *, after: int, to: int) -> Sql:
    """Of each identity in (after, to]: its number, when the first was, whether any has a first value below 0."""
    below = Place(leaf.keeps[0]).number + sql(" < 0") if leaf.keeps else sql("0")
    return fill(
        "SELECT identity, toUnixTimestamp64Milli(min(ts)), max([[below]]) [[rows]] GROUP BY identity",
        {"below": below, "rows": _rows(scope, leaf, after=after, to=to)},
    )


def latest(scope: Scope, leaf: Leaf, *, after: int, to: int) -> Sql:
    """One more than is kept of each identity in (after, to], newest first: number, moment, id, the three maps."""
    return fill(
        """SELECT identity, toUnixTimestamp64Milli(ts), id,
            mapFilter((k, v) -> has([[names]], k), text),
            mapFilter((k, v) -> has([[names]], k), number),
            mapFilter((k, v) -> has([[names]], k), other)
        [[rows]] ORDER BY identity, ts DESC, id DESC LIMIT [[most]] BY identity""",
        {
            "names": bind("Array(String)", list(leaf.keeps)),
            "rows": _rows(scope, leaf, after=after, to=to),
            "most": bind("UInt64", _most(leaf) + 1),
        },
    )


def kept(leaf: Leaf, began: Iterable[Sequence[Any]], rows: Iterable[Sequence[Any]]) -> dict[int, Kept]:
    """What is to be kept of each identity, by the rows of `firsts` and `latest`."""
    first = {identity: (first_ms, bool(negative)) for identity, first_ms, negative in began}
    return {
        identity: latest_of(
            (entry_at(at_ms, event_id, map(gathered(*maps).get, leaf.keeps)) for _, at_ms, event_id, *maps in those),
            first_ms=first[identity][0],
            negative=first[identity][1],
            most=_most(leaf),
        )
        for identity, those in groupby(rows, itemgetter(0))
        if identity in first  # Else they were forgotten in between.
    }


def _most(leaf: Leaf) -> int:
    return VALUES_MOST if leaf.keeps else MOMENTS_MOST


def _where(scope: Scope, leaf: Leaf) -> Sql:
    held = all_sql(leaf.where, of_scope(scope))
    return sql("AND NOT (1") + held + sql(")") if leaf.denied else held


def _rows(scope: Scope, leaf: Leaf, *, after: int, to: int) -> Sql:
    return fill(
        """FROM events WHERE workspace = [[here]] AND event = [[event]] AND identity > [[after]] AND identity <= [[to]]
        [[where]]""",
        {
            "here": scope.here,
            "event": bind("String", leaf.event),
            "after": bind("UInt32", after),
            "to": bind("UInt32", to),
            "where": _where(scope, leaf),
        },
    )
