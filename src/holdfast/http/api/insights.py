"""/api/insights: tables of what people did, and the people behind their cells."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import msgspec
import pyarrow as pa
from fastapi import APIRouter, Path, Request
from pydantic import Field

from holdfast.decisions.fields import schema_of
from holdfast.flows.audience.snapshot import keep_people
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Properties, Whole, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.measures.insight import Answer, Cell, ColumnType
from holdfast.measures.insight_catalogue import declared_insights, decode_cell
from holdfast.measures.picture import Picture
from holdfast.wiring import Application

PAGE_MOST = 10_000
Kind: TypeAlias = Annotated[str, Path(json_schema_extra={"enum": [*declared_insights()]})]
"""A kind of insight. One that there is not is refused with the nearest name, so it is any text to the framework."""


@dataclass(frozen=True, kw_only=True)
class ColumnShape:
    """A column of a table."""

    name: str
    type: ColumnType
    about: str


@dataclass(frozen=True, kw_only=True)
class InsightShape:
    """The answer to a question: columns, rows of as many cells, how to draw it, and how long it took.

    Money is in whole minor units of `currency`.
    """

    kind: str
    words: str
    columns: list[ColumnShape]
    rows: list[list[Any]]
    time_zone: str
    currency: str
    picture: Picture
    took_ms: float


@dataclass(frozen=True, kw_only=True)
class CellWish:
    """A question, a cell of its table, and which page of the people behind it."""

    __pydantic_config__ = WISH

    question: Properties
    cell: Properties
    limit: Annotated[Whole, Field(ge=1, le=PAGE_MOST)] = 50
    offset: Annotated[Whole, Field(ge=0, le=NUMBER_MOST)] = 0


@dataclass(frozen=True, kw_only=True)
class PersonBehind:
    """Somebody behind a cell."""

    person: int
    user_id: str
    first_seen: str
    last_seen: str
    traits: Properties


@dataclass(frozen=True, kw_only=True)
class PeopleBehind:
    """A page of the people behind a cell, in order of when we met them; and how many there are in all."""

    people: list[PersonBehind]
    count: int


@dataclass(frozen=True, kw_only=True)
class SaveWish:
    """A question, a cell of its table, and the id and name of the segment to keep the people behind it in."""

    __pydantic_config__ = WISH

    question: Properties
    cell: Properties
    id: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class SavedPeople:
    """A segment that was kept, and how many people are in it."""

    id: str
    name: str
    people: int


def insight_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/insights", tags=["Insights"], dependencies=[needs("read")])

    @routes.post("/{kind}", openapi_extra=_described())
    async def insight(kind: Kind, question: Properties) -> InsightShape:
        """Answer a question: a trend, a funnel, retention. The body is the question; see the reference of insights."""
        asked = await app.question(kind, question)
        await app.catch_up()
        started = time.perf_counter()
        answer = await app.insights.insight(asked, as_of_ms=to_millis(app.clock.now()))
        return InsightShape(
            kind=kind,
            words=asked.words(),
            columns=[ColumnShape(name=each.name, type=each.type, about=each.about) for each in answer.columns],
            rows=_rows(answer),
            time_zone=answer.time_zone,
            currency=answer.currency,
            picture=asked.picture(),
            took_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    @routes.post("/{kind}/people", dependencies=[needs("people:read")])
    async def people(kind: Kind, wish: CellWish) -> PeopleBehind:
        """The people behind a cell of a table, a page at a time."""
        asked, cell = await app.question(kind, wish.question), decode_cell(kind, wish.cell)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        table = await app.insights.insight_people(asked, cell, as_of_ms=as_of_ms, limit=wish.limit, offset=wish.offset)
        count = await app.insights.insight_count(asked, cell, as_of_ms=as_of_ms)
        return PeopleBehind(
            people=people_behind(table),
            count=count,
        )

    @routes.post("/{kind}/save", dependencies=[needs("analyses:write")])
    async def save(kind: Kind, wish: SaveWish, request: Request) -> SavedPeople:
        """Keep the people behind a cell as a segment: a list of those who are behind it now."""
        asked, cell = await app.question(kind, wish.question), decode_cell(kind, wish.cell)
        await app.catch_up()
        kept = await keep_people(app, asked, cell, wish.id, wish.name or wish.id, by=asked_by(app, request))
        return SavedPeople(id=kept.segment.id, name=kept.segment.name, people=kept.people)

    return routes


def _described() -> dict[str, Any]:
    """What a question of each kind looks like, for the description of the API."""
    kinds = declared_insights().items()
    schemas = [{"title": name, "description": each.about, **schema_of(each.shape)} for name, each in kinds]
    examples = {
        f"{name}-{number}": {"summary": each.label, "value": example}
        for name, each in kinds
        for number, example in enumerate(each.examples, 1)
    }
    return {"requestBody": {"content": {"application/json": {"schema": {"anyOf": schemas}, "examples": examples}}}}


def people_behind(table: pa.Table) -> list[PersonBehind]:
    """People, of a table with the columns of `ports.columns.PEOPLE_COLUMNS`."""
    return [
        PersonBehind(
            person=each["person"],
            user_id=each["user_id"],
            first_seen=moment_text(to_millis(each["first_seen"])),
            last_seen=moment_text(to_millis(each["last_seen"])),
            traits=msgspec.json.decode(each["traits"]),
        )
        for each in table.to_pylist()
    ]


def _rows(answer: Answer) -> list[list[Any]]:
    """The rows, with moments as text."""
    types = [each.type for each in answer.columns]
    return [[_shown(cell, kind) for cell, kind in zip(row, types, strict=True)] for row in answer.rows]


def _shown(cell: Cell, kind: ColumnType) -> Cell:
    return moment_text(int(cell)) if kind == "moment" and cell is not None else cell
