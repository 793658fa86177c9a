"""Taking: events as Python has them (dicts, Arrow, Polars) into what the log and the history take."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from holdfast.events.segment_body import EVENT_BYTES_MOST, MESSAGE_ID_CHARACTERS_MOST
from holdfast.events.segment_spec import ID_BYTES_MOST
from holdfast.flows.ingest.bulk import EVENT_TABLE
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import EARLIEST, LATEST, parse_moment, to_millis
from holdfast.segments.values import is_missing

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
_KEYS = {**_NAMES, **{wire: wire for wire in _NAMES.values()}}
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
    if not isinstance(event, Mapping):
        hint = 'Give a list of dicts, such as [{"user_id": "ada", "event": "Order Completed"}].'
        raise Invalid(f"an event is a dict, not {type(event).__name__}.", path=f"$[{index}]", hint=hint)
    message: dict[str, object] = {}
    for name, value in event.items():
        if name not in _KEYS:
            near = difflib.get_close_matches(str(name), _KEYS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"An event has {', '.join(_NAMES)}."
            raise Invalid(f"an event has no {name!r:.80}.", path=f"$[{index}].{name}", hint=hint)
        if _KEYS[name] in message:
            raise Invalid("this is said twice.", path=f"$[{index}].{name}", hint=f"Leave {_KEYS[name]!r} or it out.")
        if value is not None:
            message[_KEYS[name]] = value
    message.setdefault("type", "track" if "event" in message else "identify" if "traits" in message else "track")
    try:
        return _ENCODER.encode(message)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        hint = "Use text, numbers, booleans, None, lists and dicts."
        raise Invalid(f"it cannot be said in JSON: {error}.", path=f"$[{index}]", hint=hint) from error


def _plain(value: object) -> object:
    """What JSON has for a value msgspec does not know: a number of numpy, or a time of pandas."""
    item = getattr(value, "item", None) or getattr(value, "to_pydatetime", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return item()


_ENCODER = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number")

_IDS = ("user_id", "anonymous_id", "message_id")
_COLUMNS = ("event", *_IDS[:2], "timestamp", "message_id", "properties", "context", "kind", "source")


def events_table(events: pa.Table | pl.DataFrame, *, source: str) -> pa.Table:
    """A table of track events as the bulk path takes them.

    Columns: `event` and `timestamp`, `user_id` or `anonymous_id` or both; `message_id`, `properties` and `context` (a
    struct, or JSON text) if there are any. Every other column is a property. The wire's names, such as `userId`, are
    taken too. Times without a zone are UTC.

    Raises Invalid for a missing column, one of a wrong type, and a row that cannot be an event.
    """
    frame = _renamed(pl.DataFrame(events) if isinstance(events, pa.Table) else events)
    for column in ("event", "timestamp"):
        _demand(frame, column)
    if "user_id" not in frame.columns and "anonymous_id" not in frame.columns:
        hint = f"The columns are {', '.join(frame.columns)}; rename one to user_id or anonymous_id."
        raise Invalid("nothing says whose events these are.", path="user_id", hint=hint)
    frame = frame.with_columns(
        pl.lit(None, dtype=pl.String).alias(each) for each in (*_IDS, "context") if each not in frame.columns
    )
    frame = frame.with_columns(*(_text(frame, each) for each in ("event", *_IDS)), _instants(frame["timestamp"]))
    frame = frame.with_columns(_properties(frame), _json(frame, "context"))
    _check_rows(frame)
    return (
        frame.with_columns(_message_ids())
        .select(
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


def _renamed(frame: pl.DataFrame) -> pl.DataFrame:
    wired = {_NAMES[each]: each for each in _IDS if _NAMES[each] in frame.columns}
    for wire, name in wired.items():
        if name in frame.columns:
            raise Invalid(f"{name!r} is said twice.", path=wire, hint=f"Drop {wire!r} or {name!r}.")
    return frame.rename(wired)


def _demand(frame: pl.DataFrame, column: str) -> None:
    if column not in frame.columns:
        hint = f"The columns are {', '.join(frame.columns)}; rename one of them."
        raise Invalid(f"there is no column {column!r}.", path=column, hint=hint)


def _text(frame: pl.DataFrame, column: str) -> pl.Expr:
    """A column of names as text; blank is none."""
    kind, value = frame.schema[column], pl.col(column)
    if kind.is_nested() or kind == pl.Binary:
        raise Invalid(f"the column is {kind}, which names nothing.", path=column, hint="Make it text or a number.")
    # Spreadsheets make numbers of ids, and 17850.0 means 17850.
    if kind.is_float():
        whole = pl.when(value == value.floor()).then(value.cast(pl.Int64, strict=False))
        value = pl.when(value.is_finite()).then(pl.coalesce(whole.cast(pl.String), value.cast(pl.String)))
    text = value.cast(pl.String)
    return pl.when(text.str.strip_chars() == "").then(None).otherwise(text).alias(column)


def _instants(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind == pl.Date:
        column = column.cast(pl.Datetime("ms"))
    if isinstance(column.dtype, pl.Datetime):
        aware = column.dt.replace_time_zone("UTC") if column.dtype.time_zone is None else column
        return aware.dt.convert_time_zone("UTC").dt.cast_time_unit("ms")
    if kind not in (pl.String, pl.Null):
        hint = "Make it a datetime, a date, or ISO 8601 text."
        raise Invalid(f"the column is {kind}, which is no time.", path="timestamp", hint=hint)
    known = {text: _millis(text) for text in column.unique().to_list()}
    millis = pl.Series("timestamp", [known[text] for text in column.to_list()], dtype=pl.Int64)
    return millis.cast(pl.Datetime("ms", "UTC"))


def _millis(text: str | None) -> int | None:
    try:
        return None if text is None else to_millis(parse_moment(text.strip()))
    except (ValueError, OverflowError):
        return None


def _check_rows(frame: pl.DataFrame) -> None:
    """Raises Invalid, naming the first row, where a row cannot be an event: as the collector would refuse it."""
    names = ("event", "user_id", "anonymous_id")
    outside = ~pl.col("timestamp").is_between(EARLIEST, LATEST)
    demands = [
        ("event", pl.col("event").is_null(), "has no event name"),
        ("timestamp", pl.col("timestamp").is_null() | outside, "has no time between 1970 and 2199"),
        ("user_id", pl.col("user_id").is_null() & pl.col("anonymous_id").is_null(), "names nobody"),
        *((each, pl.col(each).str.contains("\0", literal=True), "holds a NUL character") for each in names),
        *((each, pl.col(each).str.len_bytes() > ID_BYTES_MOST, f"is over {ID_BYTES_MOST} bytes") for each in names),
        (
            "message_id",
            pl.col("message_id").str.len_chars() > MESSAGE_ID_CHARACTERS_MOST,
            f"is over {MESSAGE_ID_CHARACTERS_MOST} characters",
        ),
        ("properties", pl.col("properties").str.len_bytes() > EVENT_BYTES_MOST, f"is over {EVENT_BYTES_MOST} bytes"),
    ]
    for column, wrong, words in demands:
        rows = frame.with_row_index("row").filter(wrong)["row"]
        if rows.len():
            hint = "Filter such rows out, or use `holdfast import`, which sets them aside."
            raise Invalid(f"row {rows[0]} {words}; rows like it: {rows.len()}.", path=column, hint=hint)


def _properties(frame: pl.DataFrame) -> pl.Series:
    if "properties" in frame.columns:
        return _json(frame, "properties")
    own = [column for column in frame.columns if column not in _COLUMNS]
    if not own:
        return pl.Series("properties", ["{}"] * frame.height, dtype=pl.String)
    rows = frame.select(own).iter_rows(named=True)
    said = (
        _ENCODER.encode({name: value for name, value in row.items() if not is_missing(value)}).decode() for row in rows
    )
    return pl.Series("properties", said, dtype=pl.String)


def _json(frame: pl.DataFrame, column: str) -> pl.Series:
    """JSON text as it is, a struct as JSON text, nothing as an empty object."""
    values = frame[column]
    if isinstance(values.dtype, pl.Struct):
        texts = (None if each is None else _ENCODER.encode(each).decode() for each in values.to_list())
        values = pl.Series(column, texts, dtype=pl.String)
    elif values.dtype == pl.String:
        _check_json(values, column)
    elif values.dtype != pl.Null:
        raise Invalid("the column is neither a struct nor JSON text.", path=column, hint="Make it one of them.")
    return values.cast(pl.String).fill_null("{}")


def _check_json(texts: pl.Series, column: str) -> None:
    for row, text in enumerate(texts.to_list()):
        try:
            if text is not None:
                msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            hint = "Write an object, such as {}, or leave it empty."
            raise Invalid(f"row {row} is no JSON object: {error}.", path=column, hint=hint) from error


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
