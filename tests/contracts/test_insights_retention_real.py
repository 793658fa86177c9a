"""Retention of a real shop (UCI Online Retail) by month, against the same reckoned from its table with Polars."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from holdfast.measures.insight_catalogue import decode_question
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.real_data import online_retail, real_history

END_MS = int(datetime(2012, 1, 1, tzinfo=UTC).timestamp()) * 1000
QUESTION = {"first": "Order Completed", "period": "month", "periods": 13, "since": "2010-12-01", "until": "2012-01-01"}


def asked(engine: Engine, orders: pl.DataFrame, kind: str, question: dict[str, Any]) -> pl.DataFrame:
    """The table, with moments as the number of the month."""
    history = real_history(engine, orders)
    answer = asyncio.run(history.insight(decode_question(kind, question), as_of_ms=END_MS - 1))
    table = pl.DataFrame(list(answer.rows), schema=[each.name for each in answer.columns], orient="row")
    moment = "cohort" if kind == "retention" else "start"
    return table.with_columns(month_number(pl.from_epoch(pl.col(moment), "ms")).alias(moment))


def month_number(at: pl.Expr) -> pl.Expr:
    """Months since December 2010."""
    return (at.dt.year().cast(pl.Int64) - 2010) * 12 + at.dt.month() - 12


def by_person(orders: pl.DataFrame) -> pl.DataFrame:
    """What everybody brought in each month from their first: `person`, `cohort`, `period`, `start`, `minor`."""
    months = orders.with_columns(
        month=month_number(pl.col("at")), cohort=month_number(pl.col("at").min().over("person"))
    )
    spent = months.group_by("person", "cohort", period=pl.col("month") - pl.col("cohort")).agg(
        minor=pl.col("revenue_minor").sum()
    )
    return spent.with_columns(start=pl.col("minor").filter(pl.col("period") == 0).first().over("person"))


def test_customers_who_come_back_month_by_month(engine: Engine) -> None:
    orders = online_retail()
    table = asked(engine, orders, "retention", QUESTION).filter(pl.col("cohort").is_not_null(), pl.col("period") > 0)
    wanted = by_person(orders).filter(pl.col("period") > 0).group_by("cohort", "period").agg(wanted=pl.len())
    both = table.join(wanted, on=["cohort", "period"], how="left").with_columns(pl.col("wanted").fill_null(0))
    assert both["people"].to_list() == both["wanted"].to_list()
    # December 2010, as cohort analyses of this table without its cancelled invoices print it.
    first = table.filter(pl.col("cohort") == 0)
    assert (first["size"][0], first["people"].to_list()[:3]) == (885, [324, 286, 340])
    assert first["retention"][0] == pytest.approx(324 / 885)


def test_what_they_bring_month_by_month(engine: Engine) -> None:
    orders = online_retail()
    table = asked(engine, orders, "retention", {**QUESTION, "value": "revenue"}).filter(pl.col("cohort").is_not_null())
    spent = by_person(orders)
    starts = spent.filter(pl.col("period") == 0).group_by("cohort").agg(start=pl.col("minor").sum())
    wanted = spent.group_by("cohort", "period").agg(
        minor=pl.col("minor").sum(), kept=pl.min_horizontal("minor", "start").sum()
    )
    both = table.join(wanted, on=["cohort", "period"], how="left").join(starts, on="cohort").fill_null(0)
    assert both["starting_revenue"].to_list() == both["start"].to_list()
    assert both["revenue"].to_list() == both["minor"].to_list()
    assert both["kept_revenue"].to_list() == both["kept"].to_list()
    assert (both.filter(pl.col("period") == 0)["gross_retention"] == 1).all()
    assert (both["gross_retention"] <= 1).all()
    assert (both["gross_retention"] <= both["net_retention"]).all()


def test_customers_per_order_month_by_month(engine: Engine) -> None:
    orders = online_retail()
    question = {
        "event": "Order Completed",
        "measure": "people",
        "formula": "a / b",
        "b": {"event": "Order Completed"},
        "period": "month",
        "since": "2010-12-01",
        "until": "2012-01-01",
    }
    table = asked(engine, orders, "trend", question)
    wanted = orders.group_by(start=month_number(pl.col("at"))).agg(
        people=pl.col("person").n_unique().cast(pl.Float64), orders=pl.len().cast(pl.Float64)
    )
    both = table.join(wanted, on="start", how="left").filter(pl.col("orders").is_not_null())
    assert both["a"].to_list() == both["people"].to_list()
    assert both["value"].to_list() == (both["people"] / both["orders"]).to_list()
    assert len(both) == 13
