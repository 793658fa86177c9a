"""Real data for insights, where it is at hand: it is not part of the project."""

from __future__ import annotations

import asyncio
from pathlib import Path

import polars as pl
import pytest

from holdfast.ports.columns import EVENT_COLUMNS
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"


def real_file(name: str) -> pl.DataFrame:
    """A file of real data; without it the test is left out."""
    file = FOLDER / name
    if not file.exists():
        pytest.skip(f"{file} is not at hand")
    return pl.read_parquet(file)


def online_retail() -> pl.DataFrame:
    """A shop's invoices (UCI Online Retail), one row each, without cancelled ones: `person`, `at`, `revenue_minor`."""
    lines = real_file("online_retail.parquet").filter(
        pl.col("CustomerID").is_not_null() & (pl.col("Quantity") > 0) & (pl.col("UnitPrice") > 0)
    )
    pence = (pl.col("UnitPrice") * 1_000).round().cast(pl.Int64) * pl.col("Quantity").cast(pl.Int64)
    return lines.group_by(person=pl.col("CustomerID").cast(pl.Int64), order=pl.col("InvoiceNo")).agg(
        at=pl.col("InvoiceDate").min().dt.replace_time_zone("UTC").dt.cast_time_unit("ms"),
        # Prices have up to three digits; half a penny is rounded up here, and what comes of it is what is sent.
        revenue_minor=(pence.sum() + 5) // 10,
    )


def cdnow() -> pl.DataFrame:
    """Purchases of the first quarter's new customers of CDNOW: `person`, `at`, `revenue_minor`."""
    return real_file("cdnow_master.parquet").select(
        person="customer_id",
        at=pl.col("date").dt.replace_time_zone("UTC").dt.cast_time_unit("ms"),
        revenue_minor=(pl.col("dollar_value") * 100).round().cast(pl.Int64),
    )


def complete_journey() -> pl.DataFrame:
    """A year of baskets of households that shop often (84.51° Complete Journey): `person`, `at`, `revenue_minor`."""
    lines = real_file("completejourney_transactions.parquet")
    return lines.group_by(person=pl.col("household_id"), basket="basket_id").agg(
        at=pl.col("transaction_timestamp").min().dt.replace_time_zone("UTC").dt.cast_time_unit("ms"),
        revenue_minor=(pl.col("sales_value") * 100).round().cast(pl.Int64).sum(),
    )


def real_history(engine: Engine, orders: pl.DataFrame, event: str = "Order Completed") -> ChdbHistory:
    """A history of orders: one event each, with `revenue` in dollars."""
    history = chdb_history(engine)
    rows = orders.with_row_index("row")
    whole, rest = pl.col("revenue_minor") // 100, pl.col("revenue_minor") % 100
    table = rows.select(
        event=pl.lit(event),
        identity=pl.col("person").cast(pl.UInt32),
        timestamp="at",
        received_at="at",
        message_id=pl.format("m{}", "row"),
        kind=pl.lit("track"),
        source=pl.lit("test"),
        user_id=pl.format("u{}", "person"),
        anonymous_id=pl.lit(""),
        properties=pl.concat_str(
            pl.lit('{"revenue":"'), whole, pl.lit("."), rest.cast(pl.String).str.zfill(2), pl.lit('"}')
        ),
        context=pl.lit("{}"),
    )

    async def load() -> None:
        await history.put_people([person(number) for number in orders["person"].unique().to_list()])
        assert await history.add_table(table.to_arrow().cast(EVENT_COLUMNS), token="real") == len(orders)

    asyncio.run(load())
    return history
