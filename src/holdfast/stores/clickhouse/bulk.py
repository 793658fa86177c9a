"""Bulk: a table of events, taken in a column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.event import Json
from holdfast.kernel.errors import Internal
from holdfast.kernel.money import minor_digits
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.measures.revenue import currency_code, revenue_of
from holdfast.ports.columns import EVENT_COLUMNS, MAP_COLUMNS, MOMENT, Column, maps_of_json
from holdfast.segments.values import Laid, gather
from holdfast.stores.clickhouse.columns import KEPT_COLUMNS
from holdfast.stores.clickhouse.engine import Handle
from holdfast.stores.clickhouse.rows import same_number

Hashes = npt.NDArray[np.uint64]
Millis = npt.NDArray[np.int64]

# The dedup hash of `events.event.message_hash`, for many at once. One thread, so that rows stay in order.
_HASHES: LiteralString = (
    "SELECT reinterpretAsUInt64(substring(SHA256(message_id), 1, 8)) AS id FROM [[rows]] SETTINGS max_threads = 1"
)


def add_table(handle: Handle, given: pa.Table, *, workspace: int, currency: str) -> int:
    """Insert those events of the table that are not there yet. Returns how many.

    Not to be run by two threads at once: what one is about to insert the other cannot see.
    """
    if not given.num_rows:
        return 0
    table = _settled(given)
    hashes = handle.table_over(table.select(["message_id"]), fill(_HASHES, {"rows": handle.rows_given}))
    ids: Hashes = _numbers(hashes["id"])
    at_ms: Millis = _numbers(table["timestamp"].cast(pa.int64()))
    wanted = _first_of_each(ids, at_ms)
    wanted &= ~_there(handle, ids, at_ms, workspace)
    kept = table if wanted.all() else table.filter(pa.array(wanted))
    if kept.num_rows:
        handle.insert_bulk("events", KEPT_COLUMNS, _laid_out(kept, ids[wanted], workspace, currency))
    return kept.num_rows


def known(handle: Handle, ids: Sequence[int], *, first_ms: int, last_ms: int, workspace: int) -> set[int]:
    """Those of the dedup hashes that are in the history with a timestamp in [first, last]; for many at once."""
    window = _window(workspace, first_ms, last_ms)
    if not handle.number(sql("SELECT count()") + window):
        return set()
    found = handle.table_over(
        pa.table({"id": pa.array(ids, pa.uint64())}), sql("SELECT DISTINCT id") + window + _given(handle)
    )
    return set(_numbers(found["id"]).tolist())


def _settled(given: pa.Table) -> pa.Table:
    """The table with every column there, in one chunk, of the type it should have, without nulls."""
    mapped = set(MAP_COLUMNS.names) <= set(given.column_names)
    wanted = [*(EVENT_COLUMNS.remove(EVENT_COLUMNS.get_field_index("properties")) if mapped else EVENT_COLUMNS)]
    missing = [field.name for field in wanted if field.name not in given.column_names]
    if missing:
        raise Internal(f"a table of events lacks {', '.join(missing)}; see EVENT_COLUMNS")
    columns = {field.name: _typed(given[field.name], field.type) for field in wanted}
    if mapped:
        columns |= {field.name: given[field.name].cast(field.type) for field in MAP_COLUMNS}
    return pa.table(columns)


def _typed(column: Column, kind: pa.DataType) -> Column:
    if pa.types.is_dictionary(column.type) and not column.null_count:
        return column.cast(pa.dictionary(pa.int32(), pa.string()))
    plain = column.cast(kind)
    return pc.fill_null(plain, "") if plain.null_count and pa.types.is_string(kind) else plain


def _numbers(column: Column) -> npt.NDArray[Any]:
    numbers: npt.NDArray[Any] = column.combine_chunks().to_numpy(zero_copy_only=False)
    return numbers


def _first_of_each(ids: Hashes, at_ms: Millis) -> npt.NDArray[np.bool_]:
    """Which rows are the first with their hash and moment."""
    wanted = np.ones(len(ids), dtype=np.bool_)
    ordered = np.sort(ids)
    if not (ordered[1:] == ordered[:-1]).any():
        return wanted
    pairs = np.rec.fromarrays([ids, at_ms])
    _, first = np.unique(pairs, return_index=True)
    wanted[:] = False
    wanted[first] = True
    return wanted


def _there(handle: Handle, ids: Hashes, at_ms: Millis, workspace: int) -> npt.NDArray[np.bool_]:
    """Which rows are in the history already."""
    window = _window(workspace, int(at_ms.min()), int(at_ms.max()))
    if not handle.number(sql("SELECT count()") + window):
        return np.zeros(len(ids), dtype=np.bool_)
    pairs_there = sql("SELECT id, toUnixTimestamp64Milli(ts) AS at_ms") + window
    found = handle.table_over(pa.table({"id": ids}), pairs_there + _given(handle))
    pairs = set(zip(_numbers(found["id"]).tolist(), _numbers(found["at_ms"]).tolist(), strict=True))
    if not pairs:
        return np.zeros(len(ids), dtype=np.bool_)
    return np.fromiter(
        (pair in pairs for pair in zip(ids.tolist(), at_ms.tolist(), strict=True)), dtype=np.bool_, count=len(ids)
    )


def _window(workspace: int, first_ms: int, last_ms: int) -> Sql:
    return fill(
        " FROM events WHERE workspace = [[here]] AND ts >= [[first]] AND ts <= [[last]]",
        {"here": bind("UInt32", workspace), "first": _moment(first_ms), "last": _moment(last_ms)},
    )


def _given(handle: Handle) -> Sql:
    return fill(" AND id IN (SELECT id FROM [[rows]])", {"rows": handle.rows_given})


def _moment(millis: int) -> Sql:
    return sql("fromUnixTimestamp64Milli(") + bind("Int64", millis) + sql(", 'UTC')")


def _laid_out(table: pa.Table, ids: Hashes, workspace: int, currency: str) -> pa.Table:
    """The rows as the table `events` takes them."""
    maps = table.select(MAP_COLUMNS.names) if "text" in table.column_names else maps_of_json(table["properties"])
    revenue, currencies = _revenue(maps, currency)
    context = table["context"]
    return pa.table(
        {
            "workspace": same_number(workspace, table.num_rows),
            "event": table["event"],
            "identity": table["identity"],
            "ts": table["timestamp"].cast(MOMENT),
            "received_at": table["received_at"].cast(MOMENT),
            "id": pa.array(ids),
            "message_id": table["message_id"],
            "kind": table["kind"],
            "source": table["source"],
            "user_id": table["user_id"],
            "anonymous_id": table["anonymous_id"],
            "text": maps["text"],
            "number": maps["number"],
            "other": maps["other"],
            "context": context,
            "revenue_minor": revenue,
            "currency": currencies,
        }
    )


def _revenue(maps: pa.Table, workspace_currency: str) -> tuple[Column, Column]:
    """Minor units and currency a row, as `measures.revenue` says. Plain numbers are reckoned a column at a time."""
    rows, amounts = _named(maps["number"], "revenue")
    codes, code_of = _currency_codes(maps, workspace_currency)
    digits = np.array([minor_digits(code) for code in code_of], dtype=np.float64)
    scaled = amounts.to_numpy(zero_copy_only=False) * 10.0 ** digits[codes[rows]]
    # Floats are exact enough here, but for amounts that are huge or lie near the middle between two minor units.
    plain = (np.abs(scaled) < 1e12) & (np.abs(scaled - np.floor(scaled) - 0.5) > 0.01) & (codes[rows] > 0)
    minor = np.zeros(maps.num_rows, dtype=np.int64)
    minor[rows[plain]] = np.rint(scaled[plain])
    brought = np.zeros(maps.num_rows, dtype=np.bool_)
    brought[rows[plain]] = True
    elsewhere = [_named(maps[name], "revenue")[0] for name in ("text", "other")]
    for row in np.unique(np.concatenate([rows[~plain], *elsewhere])).tolist():
        money = revenue_of(_properties(maps, row), workspace_currency)
        minor[row] = 0 if money is None else money.minor
        brought[row] = money is not None
    said: Column = pa.array(np.where(brought, codes, 0).astype(np.int32))
    currencies: Column = pa.DictionaryArray.from_arrays(said, pa.array(list(code_of), pa.string()))
    return pa.array(minor), currencies


def _currency_codes(maps: pa.Table, workspace_currency: str) -> tuple[npt.NDArray[np.int32], dict[str, int]]:
    """The number of each row's currency, and currencies by number; number 0 is none."""
    code_of = {"": 0, workspace_currency: 1}
    codes = np.full(maps.num_rows, 1, dtype=np.int32)
    for name in MAP_COLUMNS.names:
        rows, said = _named(maps[name], "currency")
        values = said.to_pylist()
        if name != "text":
            # A null in `other` leaves it to the workspace; anything else that is no text is no currency.
            values = [None if value == "null" else 0 for value in values]
        known = {value: currency_code(value, workspace_currency) for value in set(values)}
        codes[rows] = [code_of.setdefault(known[value], len(code_of)) for value in values]
    return codes, code_of


def _named(maps: Column, name: str) -> tuple[npt.NDArray[np.int64], Column]:
    """The rows that have the name, and its value in each."""
    column: Column = maps.combine_chunks()
    column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    offsets = column.offsets.to_numpy()
    # A slice of a table keeps the names and values of all of it.
    keys: Column = column.keys.slice(offsets[0], offsets[-1] - offsets[0])
    same = pc.equal(keys, pa.scalar(name, keys.type)).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(same) + offsets[0]
    return np.searchsorted(offsets, places, side="right") - 1, column.items.take(pa.array(places))


def _properties(maps: pa.Table, row: int) -> dict[str, Json]:
    """What a row says of money."""
    laid = [dict(maps[name][row].as_py()) for name in MAP_COLUMNS.names]
    properties = gather(Laid(text=laid[0], number=laid[1], other=laid[2]))
    return {name: properties[name] for name in ("revenue", "currency") if name in properties}
