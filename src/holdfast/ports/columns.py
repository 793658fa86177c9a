"""The columns of a table of events, as `History.add_table` takes them, and how columns of properties become maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.event import Json
from holdfast.segments.values import EXACT_MOST, is_missing, lay_out, other_text

Column: TypeAlias = Any
"""A pyarrow Array or ChunkedArray; what it holds is known only when it is there."""

TEXT_MAP: pa.DataType = pa.map_(pa.string(), pa.string())
NUMBER_MAP: pa.DataType = pa.map_(pa.string(), pa.float64())
MOMENT: pa.DataType = pa.timestamp("ms", tz="UTC")

_FIELDS: list[pa.Field[Any]] = [
    pa.field("event", pa.string()),
    pa.field("identity", pa.uint32()),
    pa.field("timestamp", MOMENT),
    pa.field("received_at", MOMENT),
    pa.field("message_id", pa.string()),
    pa.field("kind", pa.string()),
    pa.field("source", pa.string()),
    pa.field("user_id", pa.string()),
    pa.field("anonymous_id", pa.string()),
    pa.field("properties", pa.string()),
    pa.field("context", pa.string()),
]
EVENT_COLUMNS = pa.schema(_FIELDS)
"""One row an event. `properties` and `context` are JSON objects as text; a null `user_id` or `anonymous_id` means none.

Text may be dictionary-encoded, which is faster. In place of `properties` a table may have the three columns of
MAP_COLUMNS, which is much faster: `maps_of_columns` makes them of columns, without looking at one row.
"""

EXPORT_COLUMNS = EVENT_COLUMNS.append(pa.field("person", pa.uint32()))
"""Events with the person they belong to now."""

_PEOPLE_FIELDS: list[pa.Field[Any]] = [
    pa.field("person", pa.uint32()),
    pa.field("user_id", pa.string()),
    pa.field("first_seen", MOMENT),
    pa.field("last_seen", MOMENT),
    pa.field("traits", pa.string()),
]
PEOPLE_COLUMNS = pa.schema(_PEOPLE_FIELDS)
"""People as `History.people_table` gives them; traits are a JSON object as text."""

PERSON_COLUMNS = pa.schema(_PEOPLE_FIELDS[:-1])
"""The same without their traits."""

MAP_COLUMNS = pa.schema([pa.field("text", TEXT_MAP), pa.field("number", NUMBER_MAP), pa.field("other", TEXT_MAP)])
"""Properties laid out as `segments.values` says."""


def with_traits(people: pa.Table, traits: Mapping[str, Column]) -> pa.Table:
    """People (PERSON_COLUMNS) with these columns as one, `traits`: a struct with a field a trait."""
    table = pa.table({**{name: people[name] for name in people.column_names}, **_numbered(traits)})
    kind: Any = pa.struct([pa.field(valid_text(name), column.type) for name, column in traits.items()])
    parts = [_struct(batch.columns[people.num_columns :], kind, batch.num_rows) for batch in table.to_batches()]
    return people.append_column("traits", pa.chunked_array(parts, kind))


def _numbered(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns by where they stand: a trait may have the name of anything."""
    return {f"trait {number}": column for number, column in enumerate(columns.values())}


def _struct(columns: Sequence[Column], kind: pa.StructType, rows: int) -> Column:
    if not columns:  # Without one, nothing says how many rows there are.
        return pa.array([{}] * rows, kind)
    return pa.StructArray.from_arrays(list(columns), fields=list(kind))


def trait_column(values: Sequence[Json]) -> Column:
    """The values of one trait as a column of the type they all have: text, float64, or truth; null where missing.

    Where they are of several types, or of any other, they are text: a text as it is, all else as JSON says it. So are
    numbers with a whole one beyond 2^53 among them, which a float would round.
    """
    there = [None if is_missing(each) else each for each in values]
    kinds = {_kind(each) for each in there if each is not None}
    if kinds == {"truth"}:
        return pa.array(there, pa.bool_())
    if kinds == {"number"}:
        return pa.array([None if each is None else float(each) + 0.0 for each in there], pa.float64())  # type: ignore[arg-type]  # All of them are numbers.
    return pa.array([None if each is None else _said(each) for each in there], pa.string())


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "truth"
    exact = isinstance(value, float) or (isinstance(value, int) and abs(value) <= EXACT_MOST)
    return "number" if exact else "text"


def _said(value: Json) -> str:
    # A raw line feed in the JSON of a list is a mark of ours; in text of theirs there is none.
    return valid_text(value) if isinstance(value, str) else valid_text(other_text(value).replace("\n", ""))


def valid_text(text: str) -> str:
    """The text with replacement signs where it is not UTF-8."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def valid_texts(column: Column) -> Column:
    """The same for a column of text, whose bytes may be anything."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        return pa.array([None if each is None else each.decode("utf-8", "replace") for each in raw], pa.string())
    return column


def maps_of_columns(columns: Mapping[str, Column], *, rows: int) -> pa.Table:
    """The three maps of properties that stand in columns of their own; a null is a property that is not there.

    Text and number columns are laid out a column at a time. Columns of other types (booleans, lists, structs, integers
    beyond 2^53) are laid out value by value.
    """
    texts: dict[str, Column] = {}
    numbers: dict[str, Column] = {}
    others: dict[str, Column] = {}
    for name, given in columns.items():
        column = _whole(given)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            texts[name] = column.cast(pa.string())
        elif _is_plain_number(column):
            numbers[name] = _plain_number(column)
        else:
            laid = [lay_out({} if each is None else {name: each}) for each in column.to_pylist()]
            texts[name] = pa.array([each.text.get(name) for each in laid], pa.string())
            numbers[name] = pa.array([each.number.get(name) for each in laid], pa.float64())
            others[name] = pa.array([each.other.get(name) for each in laid], pa.string())
    return pa.table(
        {
            "text": _interleaved(texts, rows, pa.string()),
            "number": _interleaved(numbers, rows, pa.float64()),
            "other": _interleaved(others, rows, pa.string()),
        }
    )


def _whole(column: Column) -> Column:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def maps_of_json(properties: Column) -> pa.Table:
    """The three maps of properties that are JSON objects as text; a null or empty text is an object without any."""
    # Much of what people do is alike to the last letter: each different text is laid out once.
    encoded: Any = pc.dictionary_encode(pc.fill_null(_whole(properties), "{}"))
    # One document of all of them is decoded at half the cost of one by one.
    texts = (each or "{}" for each in encoded.dictionary.to_pylist())
    decoded: list[dict[str, Json]] = msgspec.json.decode("[" + ",".join(texts) + "]", type=list[dict[str, Any]])
    maps = maps_of(decoded)
    return maps if len(decoded) == len(properties) else maps.take(encoded.indices)


def maps_of(values: Iterable[Mapping[str, Json]]) -> pa.Table:
    """The three maps of properties as they are, a row each, as `segments.values.lay_out` lays them out."""
    text, number, other = _Flat(), _Flat(), _Flat()
    put_text_row, put_text_name, put_text = text.rows.append, text.names.append, text.values.append
    put_number_row, put_number_name, put_number = number.rows.append, number.names.append, number.values.append
    row = -1
    for row, each in enumerate(values):  # How many there were is asked afterwards.
        for name, value in each.items():
            # Nearly every value is one of these three; taking them at once halves the time of a bulk import.
            kind = type(value)
            if kind is str:
                put_text_row(row)
                put_text_name(name)
                put_text(value)
            elif (kind is float and isfinite(value)) or (kind is int and -EXACT_MOST <= value <= EXACT_MOST):  # type: ignore[arg-type,operator]  # `type(value) is` tells mypy nothing.
                put_number_row(row)
                put_number_name(name)
                put_number(value + 0.0)  # type: ignore[operator]  # As above.
            else:
                laid = lay_out({name: value})
                text.put_all(row, laid.text)
                number.put_all(row, laid.number)
                other.put_all(row, laid.other)
    return pa.table(
        {
            "text": text.as_map(row + 1, text_array),
            "number": number.as_map(row + 1, lambda items: pa.array(items, pa.float64())),
            "other": other.as_map(row + 1, text_array),
        }
    )


class _Flat:
    """A map a row: all names and all values, row by row, and in which row each stands."""

    __slots__ = ("names", "rows", "values")

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.names: list[str] = []
        self.values: list[Any] = []

    def put_all(self, row: int, values: Mapping[str, object]) -> None:
        self.rows.extend([row] * len(values))
        self.names.extend(values)
        self.values.extend(values.values())

    def as_map(self, rows: int, array: Callable[[list[Any]], Column]) -> Column:
        """As Arrow has them: where each row ends in place of which row it is. Many rows have nothing in one of them."""
        ends = np.zeros(rows + 1, dtype=np.int32)
        if self.rows:
            np.cumsum(np.bincount(np.array(self.rows), minlength=rows), out=ends[1:])
        return _map(pa.array(ends), text_array(self.names), array(self.values))


def text_array(values: Sequence[str]) -> Column:
    """Text as Arrow. A lone surrogate, which hostile JSON can carry, keeps the three bytes it would have."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        raw = pa.array([each.encode("utf-8", "surrogatepass") for each in values], pa.binary())
        return raw.view(pa.string())


def _map(offsets: Column, keys: Column, items: Column) -> Column:
    return pa.MapArray.from_arrays(offsets, keys, items)


def _is_plain_number(column: Column) -> bool:
    """Whether every value is told by a float alone."""
    if pa.types.is_floating(column.type):
        return pc.all(pc.is_finite(column), min_count=0).as_py() is not False
    if not pa.types.is_integer(column.type):
        return False
    bounds: Any = pc.min_max(column).as_py()
    return bounds["min"] is None or (bounds["min"] >= -(2**53) and bounds["max"] <= 2**53)


def _plain_number(column: Column) -> Column:
    return pc.add(column.cast(pa.float64()), 0.0)  # Adding 0 makes -0.0 plain 0.0, as `lay_out` does.


def _interleaved(columns: Mapping[str, Column], rows: int, kind: pa.DataType) -> Column:
    """A map a row, of columns: the values lie row by row, and nulls are left out."""
    width = len(columns)
    names = pa.array(list(columns), pa.string())
    if not width:
        empty = pa.array(np.zeros(rows + 1, dtype=np.int32))
        return _map(empty, pa.array([], pa.string()), pa.array([], kind))
    there = np.column_stack([np.asarray(column.is_valid()) for column in columns.values()])
    # Position of row r, column c in the columns laid end to end is c * rows + r.
    positions = (np.arange(rows)[:, None] + np.arange(width)[None, :] * rows)[there]
    items = pa.concat_arrays(list(columns.values())).take(pa.array(positions))
    keys = pa.DictionaryArray.from_arrays(pa.array((positions // max(rows, 1)).astype(np.int32)), names)
    ends = np.concatenate(([0], np.cumsum(there.sum(axis=1)))).astype(np.int32)
    return _map(pa.array(ends), keys.cast(pa.string()), items)
