"""What is known of properties: a small table of counts, brought up to date by what was added since.

A materialized view would make every insert pay at once, and miss rows when the process dies between the two tables.
Instead each refresh reads the rows of the blocks that came after the last one it read, and writes their counts and how
far it came in one block, so that both are there or neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.ports.discovery import VALUE_CHARACTERS_MOST, VALUES_KEPT, KnownProperty, KnownValue
from holdfast.ports.history import PropertyType
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse.engine import Engine, Handle

KEEP_UP_SECONDS = 5.0
"""So long after something was added, the counts are brought up to date without being asked for."""
SMALL_PEOPLE = 20_000
"""With no more people than this, traits are counted anew whenever anybody's have changed."""
TRAITS_SECONDS = 30.0
"""With more, they are counted anew no sooner than this."""

EACH_PROPERTY: LiteralString = """arrayConcat(
    arrayMap((k, v) -> (toString(k), 'text', v), mapKeys(text), mapValues(text)),
    arrayMap((k, v) -> (toString(k), if(mapContains(other, k), '', 'number'), toString(v)),
        mapKeys(number), mapValues(number)),
    arrayMap((k, v) -> (toString(k), multiIf(
            v IN ('true', 'false'), 'truth', startsWith(v, '['), 'list', startsWith(v, '{'), 'object',
            v = 'null', '', 'number'), v),
        mapKeys(other), mapValues(other))
)"""
"""Name, type and text of each property of a row. A number that is too large for a float stands in `other` whole."""
SKETCH: LiteralString = "(50, 200)"
"""Values kept, and values counted to find them: `VALUES_KEPT`, and four times as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The traits as they were counted."""

    changes: int
    """How often people had changed by then."""
    known: list[KnownProperty]
    until: float
    """Until then they are good enough, whatever changes."""


class Properties:
    """The counts of properties of every event, and of traits. Events are to be added within `adding`."""

    def __init__(self, engine: Engine, *, scope: Callable[[], Scope]) -> None:
        self._engine = engine
        self._scope = scope
        self._refreshing = threading.Lock()
        self._task: asyncio.Task[None] | None = None
        self._people_changes = 0
        self._traits = Traits(changes=-1, known=[], until=0.0)

    def people_changed(self) -> None:
        """Traits are not what they were."""
        self._people_changes += 1

    def keep_up(self, *, after_seconds: float = KEEP_UP_SECONDS) -> None:
        """Something was added: bring the counts up to date in the background, so that whoever asks need not wait.

        Called in the loop of the history.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._quietly(after_seconds))

    async def stop(self) -> None:
        """Give up what is done in the background: the next refresh does it anew."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def refresh(self) -> None:
        """Count what was added since the last time."""
        await self._engine.run(self._count_new)

    def recount(self, handle: Handle, events: Sequence[str]) -> None:
        """Count the properties of these events anew, as far as they are counted; for when rows of theirs are gone."""
        if not events:
            return
        with self._refreshing:
            handle.run(_forgotten_counts(self._scope(), events))
            marks = handle.rows(_MARKS)
            handle.absorb(_counts_again(self._scope(), events, marks))

    async def properties(self, event: str | None, *, text: str, limit: int) -> list[KnownProperty]:
        """As `Discovery.known_properties`."""
        if event is None:
            found = await self._known_traits()
        else:
            await self.refresh()
            found = _known(await self._rows(_counted(self._scope(), event)))
        return _matching(found, text)[:limit]

    async def values(self, event: str | None, name: str, *, text: str, limit: int) -> list[KnownValue]:
        """As `Discovery.known_values`."""
        known = [each for each in await self.properties(event, text=name, limit=1_000_000) if each.name == name]
        if not known:
            return []
        found = [each for each in known[0].values if _contains(each.value, text)]
        if len(known[0].values) < VALUES_KEPT or len(found) >= limit:
            return found[:limit]
        rows = await self._rows(_searched(self._scope(), event, name, known[0].type, text, limit))
        return [KnownValue(value=_value(known[0].type, value), count=count) for value, count in rows]

    async def _rows(self, question: Sql) -> list[list[Any]]:
        return await self._engine.run(lambda handle: handle.rows(question))

    async def _quietly(self, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        # Whoever asks next is told what is wrong; here nobody waits. One core, so that what is added next is not kept
        # waiting either.
        with contextlib.suppress(Exception):
            await self._engine.run(partial(self._count_new, threads=1))

    def _count_new(self, handle: Handle, *, threads: int | None = None) -> None:
        with self._refreshing:
            # While no insert is under way, so that no block with a smaller number is still to come.
            with self._engine.adding:
                behind = handle.rows(_BEHIND)
            # A partition at a time: what was counted of a long past stays counted when the rest is given up.
            for partition in behind:
                handle.absorb(_new_counts([partition]), threads=threads)

    async def _known_traits(self) -> list[KnownProperty]:
        changes = self._people_changes
        if self._traits.changes != changes and time.monotonic() >= self._traits.until:
            known = _known(await self._rows(_counted_traits(self._scope())))
            large = any(each.count > SMALL_PEOPLE for each in known)
            until = time.monotonic() + TRAITS_SECONDS if large else 0.0
            self._traits = Traits(changes=changes, known=known, until=until)
        return self._traits.known


_BEHIND = sql(
    """SELECT partition_id, marks.block, max(max_block_number)
    FROM system.parts AS parts
    LEFT JOIN (
        SELECT event, max(block) AS block FROM event_properties WHERE workspace = 0 AND type = 'mark' GROUP BY event
    ) AS marks ON marks.event = parts.partition_id
    WHERE database = currentDatabase() AND table = 'events' AND active AND NOT startsWith(name, 'patch-')
    GROUP BY partition_id, marks.block
    HAVING max(max_block_number) > marks.block
    ORDER BY partition_id"""
)
"""Partitions with blocks that are not counted: partition, the last block counted, the last block there is."""


def _new_counts(behind: Sequence[Sequence[Any]]) -> Sql:
    """Counts of the rows in the new blocks, and the marks up to where they are counted then."""
    partitions = bind("Array(String)", [str(row[0]) for row in behind])
    counted = bind("Array(UInt64)", [int(row[1]) for row in behind])
    until = bind("Array(UInt64)", [int(row[2]) for row in behind])
    return fill(
        """INSERT INTO event_properties
        SELECT workspace, event, each.1 AS property, each.2 AS type, count(), min(ts), max(ts),
            approx_top_countState[[sketch]](substringUTF8(each.3, 1, [[characters]])), 0
        FROM (
            SELECT workspace, event, ts, arrayJoin([[each]]) AS each
            FROM events
            WHERE _partition_id IN [[partitions]]
                AND toUInt64(splitByChar('_', _part)[3]) > transform(_partition_id, [[partitions]], [[counted]], 0)
                AND _block_number > transform(_partition_id, [[partitions]], [[counted]], 0)
                AND _block_number <= transform(_partition_id, [[partitions]], [[until]], 0)
        )
        WHERE type != ''
        GROUP BY workspace, event, property, type
        UNION ALL
        SELECT 0, mark.1, '', 'mark', 0, toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC'),
            arrayReduce('approx_top_countState[[sketch]]', emptyArrayString()), mark.2
        FROM (SELECT arrayJoin(arrayZip([[partitions]], [[until]])) AS mark)""",
        {
            "sketch": sql(SKETCH),
            "characters": bind("UInt64", VALUE_CHARACTERS_MOST),
            "each": sql(EACH_PROPERTY),
            "partitions": partitions,
            "counted": counted,
            "until": until,
        },
    )


_MARKS = sql("SELECT event, max(block) FROM event_properties WHERE workspace = 0 AND type = 'mark' GROUP BY event")


def _forgotten_counts(scope: Scope, events: Sequence[str]) -> Sql:
    return fill(
        "ALTER TABLE event_properties DELETE WHERE workspace = [[here]] AND event IN [[events]] "
        "SETTINGS mutations_sync = 2",
        {"here": scope.here, "events": bind("Array(String)", list(events))},
    )


def _counts_again(scope: Scope, events: Sequence[str], marks: Sequence[Sequence[Any]]) -> Sql:
    """Counts of the rows of these events, up to the blocks that are counted."""
    return fill(
        """INSERT INTO event_properties
        SELECT workspace, event, each.1 AS property, each.2 AS type, count(), min(ts), max(ts),
            approx_top_countState[[sketch]](substringUTF8(each.3, 1, [[characters]])), 0
        FROM (
            SELECT workspace, event, ts, arrayJoin([[each]]) AS each
            FROM events
            WHERE workspace = [[here]] AND event IN [[events]]
                AND _block_number <= transform(_partition_id, [[partitions]], [[until]], 0)
        )
        WHERE type != ''
        GROUP BY workspace, event, property, type""",
        {
            "sketch": sql(SKETCH),
            "characters": bind("UInt64", VALUE_CHARACTERS_MOST),
            "each": sql(EACH_PROPERTY),
            "here": scope.here,
            "events": bind("Array(String)", list(events)),
            "partitions": bind("Array(String)", [str(row[0]) for row in marks]),
            "until": bind("Array(UInt64)", [int(row[1]) for row in marks]),
        },
    )


def _counted(scope: Scope, event: str) -> Sql:
    """Rows for `_known`."""
    return fill(
        """SELECT property, type, sum(times), toUnixTimestamp64Milli(min(first)), toUnixTimestamp64Milli(max(last)),
            arrayMap(each -> (each.1, each.2), approx_top_countMerge[[sketch]](top))
        FROM event_properties WHERE workspace = [[here]] AND event = [[event]] AND type != 'mark'
        GROUP BY property, type ORDER BY property, type""",
        {"sketch": sql(SKETCH), "here": scope.here, "event": bind("String", event)},
    )


def _counted_traits(scope: Scope) -> Sql:
    """Rows for `_known`."""
    return fill(
        """SELECT each.1 AS property, each.2 AS type, count(), toUnixTimestamp64Milli(min(first_seen)),
            toUnixTimestamp64Milli(max(last_seen)),
            arrayMap(each -> (each.1, each.2),
                approx_top_count[[sketch]](substringUTF8(each.3, 1, [[characters]])))
        FROM (
            SELECT first_seen, last_seen, arrayJoin([[each]]) AS each FROM people FINAL WHERE workspace = [[here]]
        )
        WHERE type != ''
        GROUP BY property, type ORDER BY property, type""",
        {
            "sketch": sql(SKETCH),
            "characters": bind("UInt64", VALUE_CHARACTERS_MOST),
            "each": sql(EACH_PROPERTY),
            "here": scope.here,
        },
    )


def _searched(  # noqa: PLR0917 - each is of another kind.
    scope: Scope, event: str | None, name: str, kind: PropertyType, text: str, limit: int
) -> Sql:
    """Values that contain the text, and how often: looked up in the rows themselves."""
    column: LiteralString = {"text": "text", "number": "number"}.get(kind, "other")
    source = (
        sql("people FINAL WHERE workspace = ") + scope.here
        if event is None
        else sql("events WHERE workspace = ") + scope.here + sql(" AND event = ") + bind("String", event)
    )
    return fill(
        """SELECT value, count() AS times
        FROM (
            SELECT substringUTF8(toString([[column]][ [[name]] ]), 1, [[characters]]) AS value
            FROM [[source]] AND mapContains([[column]], [[name]])
        )
        WHERE positionCaseInsensitiveUTF8(value, [[text]]) > 0
        GROUP BY value ORDER BY times DESC, value LIMIT [[limit]]""",
        {
            "column": sql(column),
            "name": bind("String", name),
            "characters": bind("UInt64", VALUE_CHARACTERS_MOST),
            "source": source,
            "text": bind("String", text),
            "limit": bind("UInt64", limit),
        },
    )


def _known(rows: Sequence[Sequence[Any]]) -> list[KnownProperty]:
    """Properties, from rows in order of name: name, type, times, first, last, commonest values."""
    names: dict[str, list[Sequence[Any]]] = {}
    for row in rows:
        names.setdefault(row[0], []).append(row)
    return [_property(name, those) for name, those in names.items()]


def _property(name: str, rows: Sequence[Sequence[Any]]) -> KnownProperty:
    kind, values = max(((row[1], row[5]) for row in rows), key=lambda each: _times(rows, each[0]))
    ordered = sorted(values, key=lambda each: (-each[1], each[0]))
    return KnownProperty(
        name=name,
        types={row[1]: row[2] for row in rows},
        first_ms=min(row[3] for row in rows),
        last_ms=max(row[4] for row in rows),
        values=tuple(KnownValue(value=_value(kind, value), count=count) for value, count in ordered),
    )


def _times(rows: Sequence[Sequence[Any]], kind: str) -> tuple[int, str]:
    return next(row[2] for row in rows if row[1] == kind), kind


def _value(kind: PropertyType, text: str) -> Json:
    if kind == "text" or len(text) >= VALUE_CHARACTERS_MOST:
        return text  # What is cut short may read as something else.
    value: Json = json.loads(text)
    return value


def _contains(value: Json, text: str) -> bool:
    return text.casefold() in (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).casefold()


def _matching(found: Sequence[KnownProperty], text: str) -> list[KnownProperty]:
    wanted = text.casefold()
    return sorted(
        (each for each in found if wanted in each.name.casefold()),
        key=lambda each: (not each.name.casefold().startswith(wanted), -each.count, each.name),
    )
