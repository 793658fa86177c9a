"""From rows of a file to what an event says: ids as text, times as milliseconds, properties as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl

from holdfast.integrations.files.mapping import EXPORTED_COLUMNS, ImportMapping
from holdfast.integrations.files.read import LINE_BYTES_MOST, LINES
from holdfast.integrations.files.times import millis_of

SAID = {
    "user_id": pl.String,
    "anonymous_id": pl.String,
    "name": pl.String,
    "at_ms": pl.Int64,
    "at_text": pl.String,
    "message_id": pl.String,
    "kind": pl.String,
    "source": pl.String,
    "properties": pl.String,
    "context": pl.String,
    "trouble": pl.String,
}
"""What a row says. `at_text` is the time as it stands in the file; `trouble` says why a line is no row at all; `source`
is told by an export alone."""


def said_by(frame: pl.DataFrame, mapping: ImportMapping) -> pl.DataFrame:
    """What each row says, in the columns of SAID; null where it says nothing."""
    said = _lines_said(frame[LINES], mapping) if _are_lines(frame) else _columns_said(frame, mapping)
    name = pl.col("name") if mapping.event_name is None else pl.col("name").fill_null(mapping.event_name)
    return said.with_columns(name.alias("name")).select(*SAID)


def _are_lines(frame: pl.DataFrame) -> bool:
    return frame.columns == [LINES] and frame.schema[LINES] == pl.Binary


# Columns.


def _columns_said(frame: pl.DataFrame, mapping: ImportMapping) -> pl.DataFrame:
    roles = mapping.roles
    texts = {
        "user_id": roles.get("person"),
        "anonymous_id": roles.get("anonymous"),
        "name": roles.get("event"),
        "message_id": roles.get("message_id"),
        "at_text": mapping.time,
    }
    exported = mapping.is_of_an_export and set(frame.columns) >= EXPORTED_COLUMNS
    kept = mapping.properties
    if kept is None:
        kept = tuple(name for name in frame.columns if name not in roles.values())
    return pl.DataFrame(
        {
            **{said: _text(frame, column) for said, column in texts.items()},
            "at_ms": millis_of(frame[mapping.time], mapping),
            "kind": _text(frame, "kind" if exported else None),
            "source": _text(frame, "source" if exported else None),
            "properties": _text(frame, "properties") if exported else _properties(frame, kept, mapping.currency),
            "context": _text(frame, "context" if exported else None),
            "trouble": _exported_trouble(frame) if exported else _text(frame, None),
        }
    )


def _exported_trouble(frame: pl.DataFrame) -> pl.Series:
    """Why a row of an export is no row: its properties or its context are no JSON object."""
    return pl.Series([_trouble(*row) for row in frame.select("properties", "context").iter_rows()], dtype=pl.String)


def _trouble(*texts: object) -> str | None:
    try:
        for text in texts:
            if isinstance(text, str) and text not in ("", "{}"):
                msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        return f"The properties or the context are no JSON object: {error}."
    return None


def _text(frame: pl.DataFrame, column: str | None) -> pl.Series:
    """A column as ids: whole numbers lose no digit and gain no `.0`; blank text is none."""
    if column is None:
        return pl.Series([None] * frame.height, dtype=pl.String)
    each = pl.col(column)
    kind = frame.schema[column]
    text: pl.Expr
    if kind.is_float():
        whole = each.is_finite() & (each == each.floor()) & (each.abs() < 2**63)
        text = (
            pl.when(whole)
            .then(each.cast(pl.Int64, strict=False).cast(pl.String))
            .when(each.is_finite())
            .then(each.cast(pl.String))
        )
    elif kind.is_nested() or kind == pl.Binary:
        text = pl.lit(None, dtype=pl.String)
    else:
        text = each.cast(pl.String)
    return frame.select(pl.when(text.str.strip_chars() != "").then(text).alias(column))[column]


def _properties(frame: pl.DataFrame, names: Sequence[str], currency: str | None) -> pl.Series:
    """Each row's properties as a JSON object, in order of name; what is null is not there."""
    parts = [_member(name, frame.schema[name]) for name in sorted(names)]
    if currency is not None:
        constant = pl.lit(f'"currency":"{currency}"')
        # A row's own currency stands; where it has none, this one does.
        parts = [part for name, part in zip(sorted(names), parts, strict=True) if name != "currency"]
        own = _member("currency", frame.schema["currency"]) if "currency" in names else None
        parts.append(constant if own is None else pl.coalesce(own, constant))
    if not parts:
        return pl.Series(["{}"] * frame.height)
    inside = pl.concat_str(parts, separator=",", ignore_nulls=True)
    return frame.select(pl.concat_str(pl.lit("{"), inside, pl.lit("}")).alias("properties"))["properties"]


def _member(name: str, kind: pl.DataType) -> pl.Expr:
    """`"name":value` as JSON; null for null."""
    value = _jsonable(pl.col(name), kind).alias(name)
    member = pl.struct(value).struct.json_encode()
    return pl.when(value.is_not_null()).then(member.str.slice(1, member.str.len_chars() - 2))


def _jsonable(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if kind.is_float():
        return pl.when(value.is_finite()).then(value)
    if isinstance(kind, pl.Datetime):
        utc = value if kind.time_zone is None else value.dt.convert_time_zone("UTC")
        ending = "" if kind.time_zone is None else "Z"
        return utc.dt.strftime(f"%Y-%m-%dT%H:%M:%S%.3f{ending}")
    if kind.is_decimal():
        return value.cast(pl.Float64)
    if kind == pl.Binary:
        return value.bin.encode("base64")
    if kind.is_nested() or kind.is_integer() or kind in (pl.Boolean, pl.String):
        return value
    return value.cast(pl.String)


# JSON lines.


def _lines_said(lines: pl.Series, mapping: ImportMapping) -> pl.DataFrame:
    rows = [_line_said(line, mapping) for line in lines.to_list()]
    said = pl.DataFrame(rows, schema=_LINE_SCHEMA, orient="row")
    counted = millis_of(said["at_number"], mapping) if mapping.time_format is None else said["at_millis"]
    return said.with_columns(
        at_ms=pl.coalesce(millis_of(said["at_said"], mapping), counted),
        at_text=pl.coalesce(pl.col("at_said"), pl.col("at_number").cast(pl.String)),
    )


_LINE_SCHEMA = {
    "user_id": pl.String,
    "anonymous_id": pl.String,
    "name": pl.String,
    "message_id": pl.String,
    "at_said": pl.String,
    "at_number": pl.Float64,
    "at_millis": pl.Int64,
    "kind": pl.String,
    "source": pl.String,
    "properties": pl.String,
    "context": pl.String,
    "trouble": pl.String,
}


def _line_said(line: bytes, mapping: ImportMapping) -> tuple[object, ...]:
    if len(line) > LINE_BYTES_MOST:
        return (*[None] * 11, f"The line is longer than the limit of {LINE_BYTES_MOST} bytes.")
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return (*[None] * 11, f"The line is not JSON: {error}.")
    if not isinstance(row, dict):
        return (*[None] * 11, "The line is not a JSON object.")
    roles = mapping.roles
    at = row.get(mapping.time)
    if mapping.time_format is not None and isinstance(at, (int, float)) and not isinstance(at, bool):
        at = _as_id(at)
    return (
        _as_id(row.get(roles.get("person", ""))),
        _as_id(row.get(roles.get("anonymous", ""))),
        _as_id(row.get(roles.get("event", ""))),
        _as_id(row.get(roles.get("message_id", ""))),
        at if isinstance(at, str) else None,
        _as_number(at),
        None,
        *_line_contents(row, mapping),
        None,
    )


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:  # JSON sets no bound to a whole number; no time is that large.
        return None


def _line_contents(row: dict[str, Any], mapping: ImportMapping) -> tuple[str | None, str | None, str, str | None]:
    """Kind, source, properties and context."""
    properties, context = row.get("properties"), row.get("context")
    if (
        mapping.is_of_an_export
        and row.keys() >= EXPORTED_COLUMNS
        and isinstance(properties, dict)
        and isinstance(context, dict)
    ):
        told, around = (msgspec.json.encode(each).decode() for each in (properties, context))
        return _as_id(row["kind"]), _as_id(row["source"]), told, around
    return None, None, _line_properties(row, mapping), None


def _line_properties(row: dict[str, Any], mapping: ImportMapping) -> str:
    kept = mapping.properties
    if kept is None:
        columns = set(mapping.roles.values())
        kept = tuple(name for name in row if name not in columns)
    properties = {name: row[name] for name in sorted(kept) if row.get(name) is not None}
    if mapping.currency is not None:
        properties.setdefault("currency", mapping.currency)
    return msgspec.json.encode(properties).decode()


def _as_id(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None
