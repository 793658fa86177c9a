"""Taking: events as Python has them (dicts, Arrow, Polars) into what the log and the history take."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import polars as pl
import pyarrow as pa

from holdfast.flows.bulk import EVENT_TABLE
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import format_moment

_NAMES = {
    "type": "type",
    "event": "event",
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "previous_id": "previousId",
    "group_id": "groupId",
    "message_id": "messageId",
    "timestamp": "timestamp",
    "properties": "properties",
    "traits": "traits",
    "context": "context",
    "name": "name",
    "category": "category",
}
"""What a dict may say, and what the wire calls it; the wire's own names are taken too."""
BATCH_EVENTS = 1_000
BATCH_BYTES = 400_000


def bodies_of(events: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """The events as request bodies, each within the collector's limits.

    Raises Invalid for a dict with a key nobody knows or a value JSON cannot say; the path counts events from 0.
    """
    batch: list[bytes] = []
    size = 0
    for index, event in enumerate(events):
        message = _message(event, index)
        if batch and (len(batch) == BATCH_EVENTS or size + len(message) > BATCH_BYTES):
            yield _body(batch)
            batch, size = [], 0
        batch.append(message)
        size += len(message) + 1
    if batch:
        yield _body(batch)


def _body(messages: Sequence[bytes]) -> bytes:
    return b'{"batch":[' + b",".join(messages) + b"]}"


def _message(event: Mapping[str, object], index: int) -> bytes:
    known = {**_NAMES, **{wire: wire for wire in _NAMES.values()}}
    message: dict[str, object] = {}
    for name, value in event.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"An event has {', '.join(_NAMES)}."
            raise Invalid(f"an event has no {name!r:.80}.", path=f"$[{index}].{name}", hint=hint)
        if value is not None:
            message[known[name]] = value
    message.setdefault("type", "track" if "event" in message else "identify" if "traits" in message else "track")
    try:
        return msgspec.json.encode(message, enc_hook=_plain)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        hint = "Use text, numbers, booleans, None, lists and dicts."
        raise Invalid(f"it cannot be said in JSON: {error}.", path=f"$[{index}]", hint=hint) from error


def _plain(value: object) -> object:
    """What JSON has for a value it does not know itself."""
    if isinstance(value, datetime):
        return format_moment(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_COLUMNS = ("event", "user_id", "anonymous_id", "timestamp", "message_id", "properties", "context", "kind", "source")


def events_table(events: pa.Table | pl.DataFrame, *, source: str) -> pa.Table:
    """A table of track events as the bulk path takes them.

    Columns: `event` and `timestamp`, `user_id` or `anonymous_id` or both; `message_id`, `properties` and `context` (a
    struct, or JSON text) if there are any. Every other column is a property.

    Raises Invalid for a missing column, a row without an identity, a name or a time, or a naive type.
    """
    frame = pl.DataFrame(events) if isinstance(events, pa.Table) else events
    for column in ("event", "timestamp"):
        _demand(frame, column)
    if "user_id" not in frame.columns and "anonymous_id" not in frame.columns:
        raise Invalid("nothing says whose events these are.", path="user_id", hint="Add user_id or anonymous_id.")
    frame = frame.with_columns(
        pl.lit(None, dtype=pl.String).alias(each)
        for each in ("user_id", "anonymous_id", "message_id", "context")
        if each not in frame.columns
    )
    texts = (_identity_text(frame, each) for each in ("user_id", "anonymous_id"))
    frame = frame.with_columns(*texts, _instants(frame))
    _check_rows(frame)
    properties = _properties(frame)
    numbered = frame.with_columns(properties.alias("properties"), _json(frame, "context"))
    numbered = numbered.with_columns(_message_ids())
    return (
        numbered.select(
            pl.col("event").alias("name"),
            pl.lit("track").alias("kind"),
            "user_id",
            "anonymous_id",
            pl.lit(None, dtype=pl.String).alias("previous_id"),
            "timestamp",
            "message_id",
            "properties",
            "context",
            pl.lit(source).alias("source"),
        )
        .to_arrow()
        .select(EVENT_TABLE.names)
        .cast(EVENT_TABLE)
    )


def _demand(frame: pl.DataFrame, column: str) -> None:
    if column not in frame.columns:
        hint = f"The columns are {', '.join(frame.columns)}; rename one of them."
        raise Invalid(f"there is no column {column!r}.", path=column, hint=hint)


def _identity_text(frame: pl.DataFrame, column: str) -> pl.Expr:
    value = pl.col(column)
    # Spreadsheets make numbers of ids, and 17850.0 means 17850.
    if frame.schema[column].is_float():
        whole = pl.when(value == value.floor()).then(value.cast(pl.Int64, strict=False))
        value = pl.coalesce(whole.cast(pl.String), value.cast(pl.String))
    text = value.cast(pl.String)
    return pl.when(text.str.strip_chars() == "").then(None).otherwise(text).alias(column)


def _instants(frame: pl.DataFrame) -> pl.Expr:
    kind = frame.schema["timestamp"]
    if kind == pl.String:
        return pl.col("timestamp").str.to_datetime(time_unit="ms", time_zone="UTC", strict=False)
    if isinstance(kind, pl.Datetime):
        aware = pl.col("timestamp").dt.replace_time_zone("UTC") if kind.time_zone is None else pl.col("timestamp")
        return aware.dt.convert_time_zone("UTC").dt.cast_time_unit("ms")
    hint = "Make it a datetime, or ISO 8601 text."
    raise Invalid(f"the column is {kind}, which is no time.", path="timestamp", hint=hint)


def _check_rows(frame: pl.DataFrame) -> None:
    demands = {
        "event": (pl.col("event").is_null() | (pl.col("event").str.strip_chars() == ""), "has no event name"),
        "timestamp": (
            pl.col("timestamp").is_null()
            | (pl.col("timestamp").dt.year() < 1970)
            | (pl.col("timestamp").dt.year() > 2199),
            "has no time between 1970 and 2199",
        ),
        "user_id": (pl.col("user_id").is_null() & pl.col("anonymous_id").is_null(), "names nobody"),
    }
    for column, (wrong, words) in demands.items():
        rows = frame.with_row_index("row").filter(wrong)["row"]
        if rows.len():
            hint = "Filter such rows out, or use `holdfast import`, which sets them aside."
            raise Invalid(f"row {rows[0]} {words}; {rows.len()} rows are like it.", path=column, hint=hint)


def _properties(frame: pl.DataFrame) -> pl.Series:
    if "properties" in frame.columns:
        return frame.select(_json(frame, "properties"))["properties"]
    own = [column for column in frame.columns if column not in _COLUMNS]
    if not own:
        return pl.Series(["{}"] * frame.height, dtype=pl.String)
    rows = frame.select(own).iter_rows(named=True)
    said = (
        msgspec.json.encode({name: value for name, value in row.items() if value is not None}, enc_hook=_plain).decode()
        for row in rows
    )
    return pl.Series(said, dtype=pl.String)


def _json(frame: pl.DataFrame, column: str) -> pl.Expr:
    """JSON text as it is, a struct as JSON text, nothing as an empty object."""
    if frame.schema[column] == pl.String:
        return pl.col(column).fill_null("{}")
    if isinstance(frame.schema[column], pl.Struct):
        return pl.col(column).struct.json_encode().fill_null("{}")
    raise Invalid("the column is neither a struct nor JSON text.", path=column, hint="Make it one of them.")


def _message_ids() -> pl.Expr:
    """Rows without a message id get one from what they say and how many rows before them say the same."""
    moment = pl.col("timestamp").dt.epoch("ms").cast(pl.String)
    said = ("event", "user_id", "anonymous_id", "properties")
    content = pl.concat_str([*(pl.col(each).fill_null("") for each in said), moment], separator="\x1f")
    occurrence = pl.int_range(pl.len()).over(content).cast(pl.String)
    made = pl.concat_str([content, occurrence], separator="\x1f").map_elements(_short, return_dtype=pl.String)
    return pl.coalesce(pl.col("message_id").cast(pl.String), made).alias("message_id")


def _short(text: str) -> str:
    return effect_key("row", text)
