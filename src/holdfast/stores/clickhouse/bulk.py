"""Bulk: a table of events, taken in a column at a time."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.event import Json
from holdfast.kernel.errors import Internal
from holdfast.kernel.money import Money
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.measures.revenue import revenue_of
from holdfast.ports.columns import EVENT_COLUMNS, MAP_COLUMNS, MOMENT, Column, maps_of_json
from holdfast.stores.clickhouse.columns import KEPT_COLUMNS
from holdfast.stores.clickhouse.engine import Handle
from holdfast.stores.clickhouse.rows import same_number

Hashes = npt.NDArray[np.uint64]
Millis = npt.NDArray[np.int64]

# The dedup hash of `events.event.message_hash`, for many at once. One thread, so that rows stay in order.
_HASHES = sql(
    "SELECT reinterpretAsUInt64(substring(SHA256(message_id), 1, 8)) AS id FROM Python(rows) SETTINGS max_threads = 1"
)


def add_table(handle: Handle, given: pa.Table, *, workspace: int, currency: str) -> int:
    """Insert those events of the table that are not there yet. Returns how many.

    Not to be run by two threads at once: what one is about to insert the other cannot see.
    """
    if not given.num_rows:
        return 0
    table = _settled(given)
    ids: Hashes = _numbers(handle.table_over(table.select(["message_id"]), _HASHES)["id"])
    at_ms: Millis = _numbers(table["timestamp"].cast(pa.int64()))
    wanted = _first_of_each(ids, at_ms)
    wanted &= ~_there(handle, ids, at_ms, workspace)
    kept = table if wanted.all() else table.filter(pa.array(wanted))
    if kept.num_rows:
        handle.insert_bulk("events", KEPT_COLUMNS, _laid_out(kept, ids[wanted], workspace, currency))
    return kept.num_rows


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
    window = fill(
        " FROM events WHERE workspace = [[here]] AND ts >= [[first]] AND ts <= [[last]]",
        {
            "here": bind("UInt32", workspace),
            "first": _moment(int(at_ms.min())),
            "last": _moment(int(at_ms.max())),
        },
    )
    if not handle.number(sql("SELECT count()") + window):
        return np.zeros(len(ids), dtype=np.bool_)
    pairs_there = sql("SELECT id, toUnixTimestamp64Milli(ts) AS at_ms") + window
    found = handle.table_over(pa.table({"id": ids}), pairs_there + sql(" AND id IN (SELECT id FROM Python(rows))"))
    pairs = set(zip(_numbers(found["id"]).tolist(), _numbers(found["at_ms"]).tolist(), strict=True))
    if not pairs:
        return np.zeros(len(ids), dtype=np.bool_)
    return np.fromiter(
        (pair in pairs for pair in zip(ids.tolist(), at_ms.tolist(), strict=True)), dtype=np.bool_, count=len(ids)
    )


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
    """Minor units and currency a row, as `measures.revenue` says; each different amount is reckoned once."""
    said = pa.table(
        {
            "number": _looked_up(maps["number"], "revenue", pa.float64()),
            "text": _looked_up(maps["text"], "revenue", pa.string()),
            "other": _looked_up(maps["other"], "revenue", pa.string()),
            "currency": _looked_up(maps["text"], "currency", pa.string()),
            "odd_currency": _odd(maps),
        }
    )
    rows = said.append_column("row", pa.array(np.arange(said.num_rows)))
    rows = rows.filter(pc.or_(pc.or_(rows["number"].is_valid(), rows["text"].is_valid()), rows["other"].is_valid()))
    minor = np.zeros(said.num_rows, dtype=np.int64)
    codes = np.zeros(said.num_rows, dtype=np.int32)
    code_of = {"": 0}
    reckoned: dict[tuple[Any, ...], Money | None] = {}
    columns = (rows[name].to_pylist() for name in ("row", "number", "text", "other", "currency", "odd_currency"))
    for row, *key in zip(*columns, strict=True):
        said_here = tuple(key)
        if said_here not in reckoned:
            reckoned[said_here] = _money(said_here, workspace_currency)
        money = reckoned[said_here]
        if money is not None:
            minor[row] = money.minor
            codes[row] = code_of.setdefault(money.currency, len(code_of))
    currencies: Column = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(list(code_of)))
    return pa.array(minor), currencies


def _odd(maps: pa.Table) -> Column:
    """Which rows have a currency that is there and no text."""
    other: Column = _looked_up(maps["other"], "currency", pa.string())
    elsewhere: Column = pc.fill_null(other, "null")
    return pc.or_(
        _looked_up(maps["number"], "currency", pa.float64()).is_valid(), pc.not_equal(elsewhere, pa.scalar("null"))
    )


def _money(said: tuple[Any, ...], workspace_currency: str) -> Money | None:
    number, text, other, currency, odd_currency = said
    amount: Json = json.loads(other) if other is not None else text if text is not None else number
    return revenue_of({"revenue": amount, "currency": 0 if odd_currency else currency}, workspace_currency)


def _looked_up(maps: Column, name: str, kind: pa.DataType) -> Column:
    """The value of the name in each map; null where it is not."""
    return pc.map_lookup(maps, name, "first").cast(kind)
