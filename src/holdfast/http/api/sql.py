"""/api/sql: SQL for analysts, on documented views and nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pyarrow as pa
from fastapi import APIRouter
from pydantic import Field

from holdfast.flows.measure.sql import ask_sql
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Properties, Truth, Whole
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.ports.analyst import SqlValue, too_much
from holdfast.stores.clickhouse.views import VIEWS, View
from holdfast.wiring import Application

ROWS_MOST = 100_000
ROWS = 10_000
BYTES_MOST = 64 * 1024**2
"""Bytes of an answer before it is JSON; more is for Python, which takes it as it lies."""


@dataclass(frozen=True, kw_only=True)
class SqlWish:
    """A query, and the values of its parameters: `{"country": "DE"}` for `{country:String}`."""

    __pydantic_config__ = WISH

    query: str
    params: Properties = field(default_factory=dict)
    limit: Annotated[Whole, Field(ge=1, le=ROWS_MOST)] = ROWS


@dataclass(frozen=True, kw_only=True)
class SqlColumn:
    """A column of an answer, with its Arrow type."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class SqlRows:
    """The answer: columns, rows of as many cells, and whether there were more than the limit."""

    columns: list[SqlColumn]
    rows: list[list[Any]]
    truncated: Truth
    took_ms: float


@dataclass(frozen=True, kw_only=True)
class ViewColumn:
    """A column of a view, with its type in ClickHouse's words."""

    name: str
    type: str
    about: str


@dataclass(frozen=True, kw_only=True)
class SqlView:
    """What a query may read from: what a row of it is, and its columns."""

    name: str
    about: str
    columns: list[ViewColumn]


@dataclass(frozen=True, kw_only=True)
class SqlViews:
    """Every view there is."""

    views: list[SqlView]


def sql_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/sql", tags=["SQL"], dependencies=[needs("sql")])

    @routes.get("/views")
    async def views() -> SqlViews:
        """The views a query may read from, with what each of their columns says."""
        return SqlViews(views=[_described(each) for each in VIEWS.values()])

    @routes.post("")
    async def ask(wish: SqlWish) -> SqlRows:
        """Answer one SELECT over the views `events`, `people`, `messages`, `segments` and `segment_members`.

        Read-only, within the workspace's limits of time and memory; see the reference of SQL.
        """
        params = {name: _value(value, f"$.params.{name}") for name, value in wish.params.items()}
        await app.catch_up()
        started = time.perf_counter()
        as_of_ms = to_millis(app.clock.now())
        answer = await ask_sql(app.analyst, app.state, wish.query, params, as_of_ms=as_of_ms, limit=wish.limit)
        if answer.table.nbytes > BYTES_MOST:
            raise too_much(BYTES_MOST)
        return SqlRows(
            columns=[SqlColumn(name=each.name, type=str(each.type)) for each in answer.table.schema],
            rows=rows_of(answer.table),
            truncated=answer.truncated,
            took_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    return routes


def _described(view: View) -> SqlView:
    columns = [
        ViewColumn(name=each.name, type=each.type.replace("LowCardinality(String)", "String"), about=each.about)
        for each in view.columns
    ]
    return SqlView(name=view.name, about=view.about, columns=columns)


def rows_of(table: pa.Table) -> list[list[Any]]:
    """The rows as JSON has them: moments in ISO 8601, maps as objects, and null for a number that is none."""
    columns = [[_json(cell) for cell in column.to_pylist(maps_as_pydicts="lossy")] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _json(cell: object) -> object:
    match cell:
        case bool() | int() | str() | None:
            return cell
        case float():
            return cell if math.isfinite(cell) else None
        case datetime():
            return format_moment(cell.astimezone(UTC)) if cell.tzinfo else cell.isoformat()
        case date() | time_of_day():
            return cell.isoformat()
        case Decimal() | UUID():
            return str(cell)
        case bytes():
            return cell.hex()
        case Mapping():
            return {str(name): _json(inner) for name, inner in cell.items()}
        case list() | tuple():
            return [_json(inner) for inner in cell]
    return str(cell)


def _value(value: object, path: str) -> SqlValue:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [_value(each, path) for each in value]
    raise Invalid("an object is no value for a parameter.", path=path, hint="Give text, a number, or a list of them.")
