"""Answers about people as tables."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import polars as pl

from holdfast.kernel.moments import from_millis
from holdfast.ports.history import TimelineEvent


def traits_struct(texts: list[str]) -> pl.Series:
    """A struct of the traits of each person, from their JSON objects."""
    rows = [msgspec.json.decode(text, type=dict[str, Any]) for text in texts]
    names = sorted({name for row in rows for name in row})
    columns = [_trait_column(name, [row.get(name) for row in rows]) for name in names]
    if not columns:
        return pl.Series("traits", [{}] * len(rows), dtype=pl.Struct([]))
    return pl.DataFrame(columns).to_struct("traits")


def _trait_column(name: str, values: list[Any]) -> pl.Series:
    if {type(each) for each in values} <= {int, float, type(None)}:
        with contextlib.suppress(OverflowError):
            values = (
                [None if each is None else float(each) for each in values] if float in map(type, values) else values
            )
    try:
        return pl.Series(name, values)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        texts = (
            each if each is None or isinstance(each, str) else msgspec.json.encode(each).decode() for each in values
        )
        return pl.Series(name, list(texts), dtype=pl.String)


def timeline_frame(events: list[TimelineEvent]) -> pl.DataFrame:
    """What somebody did, a row an event."""
    return pl.DataFrame(
        {
            "event": [each.name for each in events],
            "timestamp": [from_millis(each.timestamp_ms) for each in events],
            "properties": [msgspec.json.encode(each.properties).decode() for each in events],
            "message_id": [each.message_id for each in events],
            "source": [each.source for each in events],
            "identity": [each.identity.value for each in events],
        },
        schema={
            "event": pl.String,
            "timestamp": pl.Datetime("ms", "UTC"),
            "properties": pl.String,
            "message_id": pl.String,
            "source": pl.String,
            "identity": pl.String,
        },
    )
