"""Rows of the tables, from our values and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.events.event import IdentityKey, Json
from holdfast.kernel.moments import EPOCH, to_millis
from holdfast.measures.revenue import revenue_of
from holdfast.ports.columns import MOMENT, Column, maps_of, text_array
from holdfast.ports.history import HistoryRow, PersonRow, TimelineEvent
from holdfast.segments.values import Laid, gather, other_text


def event_table(rows: Sequence[HistoryRow], *, workspace: int, currency: str) -> pa.Table:
    """Events as the table `events` takes them, in the order of KEPT_COLUMNS."""
    events = [row.event for row in rows]
    maps = maps_of([event.properties for event in events])
    money = [revenue_of(event.properties, currency) for event in events]
    return pa.table(
        {
            "workspace": same_number(workspace, len(rows)),
            "event": text_array([event.name for event in events]),
            "identity": pa.array([row.identity for row in rows], pa.uint32()),
            "ts": instants([event.timestamp for event in events]),
            "received_at": instants([event.received_at for event in events]),
            "id": pa.array([row.id for row in rows], pa.uint64()),
            "message_id": text_array([event.message_id for event in events]),
            "kind": pa.array([event.kind for event in events], pa.string()),
            "source": text_array([event.source for event in events]),
            "user_id": text_array([event.user_id or "" for event in events]),
            "anonymous_id": text_array([event.anonymous_id or "" for event in events]),
            "text": maps["text"],
            "number": maps["number"],
            "other": maps["other"],
            "context": text_array([json_text(event.context) if event.context else "" for event in events]),
            "revenue_minor": pa.array([0 if each is None else each.minor for each in money], pa.int64()),
            "currency": pa.array(["" if each is None else each.currency for each in money], pa.string()),
        }
    )


def people_table(rows: Sequence[PersonRow], *, workspace: int) -> pa.Table:
    """People as the table `people` takes them, in the order of KEPT_PEOPLE_COLUMNS."""
    maps = maps_of([row.traits for row in rows])
    return pa.table(
        {
            "workspace": same_number(workspace, len(rows)),
            "person": pa.array([row.person for row in rows], pa.uint32()),
            "user_id": text_array([row.user_id for row in rows]),
            "known": pa.array([row.known for row in rows], pa.bool_()),
            "first_seen": moments([row.first_seen_ms for row in rows]),
            "last_seen": moments([row.last_seen_ms for row in rows]),
            "text": maps["text"],
            "number": maps["number"],
            "other": maps["other"],
            "version": pa.array([row.version for row in rows], pa.uint64()),
            "gone": pa.array([int(row.gone) for row in rows], pa.uint8()),
        }
    )


def identity_table(persons: Mapping[int, int], *, workspace: int, version: int) -> pa.Table:
    """Rows of the table `identity_map`."""
    return pa.table(
        {
            "workspace": same_number(workspace, len(persons)),
            "identity": pa.array(list(persons), pa.uint32()),
            "person": pa.array(list(persons.values()), pa.uint32()),
            "version": pa.array(np.full(len(persons), version, dtype=np.uint64)),
        }
    )


def timeline_event(row: Sequence[Any]) -> TimelineEvent:
    """An event, from a row of `questions`."""
    person, name, kind, at_ms, received_ms, message_id, user_id, anonymous_id, source, *maps, context = row
    return TimelineEvent(
        person=person,
        name=name,
        kind=kind,
        timestamp_ms=at_ms,
        received_ms=received_ms,
        message_id=message_id,
        identity=identity_key(user_id, anonymous_id),
        source=source,
        properties=gathered(*maps),
        context=json.loads(context) if context else {},
    )


def person_row(row: Sequence[Any]) -> PersonRow:
    """A person, from a row of `questions`."""
    person, user_id, known, first_ms, last_ms, text, number, other, version = row
    return PersonRow(
        person=person,
        user_id=user_id,
        known=bool(known),
        traits=gathered(text, number, other),
        first_seen_ms=first_ms,
        last_seen_ms=last_ms,
        version=version,
    )


def identity_key(user_id: str, anonymous_id: str) -> IdentityKey:
    """The identity an event is stored under: the user when one is named."""
    return IdentityKey(kind="user", value=user_id) if user_id else IdentityKey(kind="anonymous", value=anonymous_id)


def json_text(values: Mapping[str, Json]) -> str:
    """A JSON object as text, with nothing in it that is not JSON."""
    return other_text(dict(values)) if values else ""


def moments(millis: Sequence[int]) -> Column:
    """Whole milliseconds since 1970 as Arrow moments."""
    return pa.array(millis, MOMENT)


def instants(given: Sequence[datetime]) -> Column:
    """Instants as Arrow moments. What came in one request came at one moment, and much of it happened just then."""
    millis: list[int] = []
    last, told = EPOCH, 0
    for each in given:
        if each is not last:
            last, told = each, to_millis(each)
        millis.append(told)
    return moments(millis)


def same_number(number: int, rows: int) -> Column:
    """A column with the same UInt32 in each row."""
    return pa.array(np.full(rows, number, dtype=np.uint32))


def gathered(text: dict[str, str], number: dict[str, float | None], other: dict[str, str]) -> dict[str, Json]:
    """The values that stand in three maps."""
    # An integer beyond all floats comes as null here; `other` has it whole.
    numbers = {name: float(value) for name, value in number.items() if value is not None}
    return gather(Laid(text=text, number=numbers, other=other))
