"""Bulk import: `History.add_table` against chDB's own insert of the same rows, typed and ready, in the same run."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.benchmark import Benchmark, Measured, Row
from holdfast.ports.columns import Column, maps_of_columns
from holdfast.stores.clickhouse.bulk import _laid_out, _settled
from holdfast.stores.clickhouse.columns import KEPT_COLUMNS
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits
from holdfast.stores.clickhouse.history import ChdbHistory

CHUNK_ROWS = 100_000
RATIO_LEAST = 0.5
EVENTS_PER_SECOND_LEAST = 100_000
START_MS = 1_767_225_600_000  # 2026-01-01.
DAY_MS = 86_400_000


def run(quick: bool) -> Measured:
    """Chunk by chunk in turn: chDB alone, our typed columns, our JSON properties."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        return asyncio.run(_run(Path(directory) / "history", chunks=5 if quick else 30))


async def _run(directory: Path, *, chunks: int) -> Measured:
    seconds = {"raw": 0.0, "columns": 0.0, "json": 0.0}
    engine = Engine(directory, limits=Limits())
    history = await ChdbHistory.on(engine, workspace=1)
    beside = await ChdbHistory.on(engine, workspace=2)
    try:
        engine.run_here(_make_raw_table)
        for number in range(chunks + 1):
            columns, texts = _chunk(number)
            ready = _laid_out(_settled(columns), np.arange(CHUNK_ROWS, dtype=np.uint64), 1, "USD")
            took = {
                "raw": _inserted(engine, ready),
                "columns": await _added(history, columns),
                "json": await _added(beside, texts),
            }
            if number:  # The first chunk warms everything up.
                seconds = {name: total + took[name] for name, total in seconds.items()}
        assert await history.size() == await beside.size() == (chunks + 1) * CHUNK_ROWS
    finally:
        await history.close()
    return _measured(seconds, chunks * CHUNK_ROWS)


def _measured(seconds: dict[str, float], events: int) -> Measured:
    rates = {name: events / total for name, total in seconds.items()}
    ratios = {name: rate / rates["raw"] for name, rate in rates.items()}
    rows = [
        Row(what="chDB insert, typed Arrow", value=rates["raw"], unit="events/s", ratio=1.0),
        Row(
            what="add_table, typed columns",
            value=rates["columns"],
            unit="events/s",
            ratio=ratios["columns"],
            limit=f"at least {RATIO_LEAST} and {EVENTS_PER_SECOND_LEAST:,} events/s",
            met=ratios["columns"] >= RATIO_LEAST and rates["columns"] >= EVENTS_PER_SECOND_LEAST,
        ),
        Row(what="add_table, properties as JSON", value=rates["json"], unit="events/s", ratio=ratios["json"]),
    ]
    note = f"{events:,} events in chunks of {CHUNK_ROWS:,}, each synced to disk. Ours also leaves out what is there."
    return Measured(headline=ratios["columns"], rows=tuple(rows), notes=(note, ""))


def _chunk(number: int) -> tuple[pa.Table, pa.Table]:
    """A chunk of a shop's events, once with properties in columns and once as JSON text."""
    draw = np.random.default_rng(number)
    n = CHUNK_ROWS
    identity = draw.integers(1, 20_000, n).astype(np.uint32)
    at = pa.array(START_MS + number * DAY_MS + np.sort(draw.integers(0, DAY_MS, n))).cast(pa.timestamp("ms", tz="UTC"))
    shared = {
        "event": _choice(draw, [f"Event {each}" for each in range(30)]),
        "identity": pa.array(identity),
        "timestamp": at,
        "received_at": at,
        "message_id": pa.array([f"{number:08x}-{each:024x}" for each in range(n)]),
        "kind": _choice(draw, ["track"]),
        "source": _choice(draw, ["import"]),
        "user_id": pa.array([f"user-{each}" for each in identity.tolist()]),
        "anonymous_id": _choice(draw, [""]),
        "context": _choice(draw, [""]),
    }
    properties: dict[str, Column] = {
        "category": _choice(draw, ["shoes", "hats", "coats", "bags"]),
        "sku": _choice(draw, [f"sku-{each}" for each in range(2_000)]),
        "price": pa.array(np.round(draw.gamma(2.0, 20.0, n), 2)),
        "revenue": pa.array(np.round(draw.gamma(2.0, 30.0, n), 2), mask=draw.random(n) < 0.9),
    }
    maps = maps_of_columns(properties, rows=n)
    names = list(properties)
    rows = zip(*(column.to_pylist() for column in properties.values()), strict=True)
    texts = [
        json.dumps({name: value for name, value in zip(names, row, strict=True) if value is not None}) for row in rows
    ]
    return (
        pa.table(shared | {name: maps[name] for name in maps.column_names}),
        pa.table(shared | {"properties": pa.array(texts)}),
    )


def _choice(draw: np.random.Generator, values: list[str]) -> Column:
    codes: Column = pa.array(draw.integers(0, len(values), CHUNK_ROWS).astype(np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array(values))


def _make_raw_table(handle: Handle) -> None:
    schema = resources.files("holdfast.stores.clickhouse").joinpath("schema.sql").read_text(encoding="utf-8")
    create = next(each for each in schema.split(";\n") if "TABLE IF NOT EXISTS events" in each)
    handle.command(create.replace("TABLE IF NOT EXISTS events", "TABLE raw_events"))


def _inserted(engine: Engine, ready: pa.Table) -> float:
    began = time.perf_counter()
    engine.run_here(lambda handle: handle.insert_bulk("raw_events", KEPT_COLUMNS, ready))
    return time.perf_counter() - began


async def _added(history: ChdbHistory, chunk: pa.Table) -> float:
    began = time.perf_counter()
    added = await history.add_table(chunk, token="")
    assert added == chunk.num_rows
    return time.perf_counter() - began


BENCHMARK = Benchmark(about="bulk import against chDB's own insert of the same rows", run=run)
