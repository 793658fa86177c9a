"""Times as files have them, made whole milliseconds since 1970, a column at a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from holdfast.integrations.files.mapping import ImportMapping
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import EARLIEST, LATEST, to_millis

# A number of seconds since 1970 below this is before the year 5138, and so on by thousands.
_SECONDS, _MILLIS, _MICROS = 1e11, 1e14, 1e17


def millis_of(column: pl.Series, mapping: ImportMapping) -> pl.Series:
    """Each value as milliseconds since 1970, UTC; null where it is no time, or outside 1970 to 2199."""
    millis = _read(column, mapping)
    inside = (millis >= to_millis(EARLIEST)) & (millis <= to_millis(LATEST))
    return millis.to_frame("at").select(pl.when(inside).then(pl.col("at")).alias("at"))["at"]


def _read(column: pl.Series, mapping: ImportMapping) -> pl.Series:
    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        return _placed(column, mapping).dt.epoch("ms")
    if kind == pl.Date:
        return _placed(column.cast(pl.Datetime("ms")), mapping).dt.epoch("ms")
    if kind.is_numeric():
        if mapping.time_format is None:
            return _counted(column)
        column = column.cast(pl.Int64, strict=False).cast(pl.String)
    if column.dtype != pl.String:
        return pl.Series(column.name, [None] * len(column), dtype=pl.Int64)
    if mapping.time_format is not None:
        return _placed(_formatted(column, mapping.time_format), mapping).dt.epoch("ms")
    zone = ZoneInfo(mapping.time_zone)
    known: dict[str | None, int | None] = {None: None}
    for text in column.unique().to_list():
        if text is not None:
            known[text] = _iso(text, zone)
    return pl.Series(column.name, [known[text] for text in column.to_list()], dtype=pl.Int64)


def _placed(column: pl.Series, mapping: ImportMapping) -> pl.Series:
    """Times without a zone, in the zone the mapping names. An hour that does not exist is no time."""
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        return column.dt.convert_time_zone("UTC")
    placed = column.dt.replace_time_zone(mapping.time_zone, ambiguous="earliest", non_existent="null")
    return placed.dt.convert_time_zone("UTC")


def _formatted(column: pl.Series, pattern: str) -> pl.Series:
    try:
        return column.str.strip_chars().str.to_datetime(pattern, strict=False, time_unit="ms")
    except pl.exceptions.PolarsError as error:
        raise Invalid(
            f"{pattern!r} is no format of a time.", path="$.time_format", hint="Write it as in %d/%m/%Y %H:%M."
        ) from error


def _counted(column: pl.Series) -> pl.Series:
    number = pl.col("at").cast(pl.Float64)
    size = number.abs()
    millis = (
        pl.when(size < _SECONDS)
        .then(number * 1000)
        .when(size < _MILLIS)
        .then(number)
        .when(size < _MICROS)
        .then(number / 1e3)
        .otherwise(number / 1e6)
    )
    return column.to_frame("at").select(millis.floor().cast(pl.Int64, strict=False).alias("at"))["at"]


def _iso(text: str, zone: ZoneInfo) -> int | None:
    text = text.strip()
    if re.fullmatch(r"\d{9,19}(\.\d+)?", text):  # A count since 1970 that came as text.
        counted: int | None = _counted(pl.Series([float(text)])).to_list()[0]
        return counted
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            naive, moment = moment, moment.replace(tzinfo=zone)
            if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
                return None  # Clocks went forward over it.
        return to_millis(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
