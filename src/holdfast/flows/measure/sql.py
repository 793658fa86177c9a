"""SQL of analysts: what of the saved segments it sees, and its answer as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.flows.audience.library import load_library
from holdfast.flows.measure.drawing import Plot
from holdfast.flows.measure.drawing_table import draw_table
from holdfast.kernel.errors import Exposed
from holdfast.ports.analyst import AnalystSql, SavedAudience, SqlAnswer, SqlValue
from holdfast.ports.state import State, View
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition, people_words
from holdfast.segments.library import resolve

if TYPE_CHECKING:
    import polars as pl

PEOPLE = "SELECT person, user_id, first_seen, last_seen, traits FROM people WHERE person IN (SELECT person FROM (\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlResult:
    """The answer to a query."""

    table: pl.DataFrame
    truncated: bool
    """Whether there were more rows than were asked for."""
    ask_people: Callable[[], pl.DataFrame]
    query: str = ""

    def plot(self, *, across: str | None = None, value: str | None = None, by: str | None = None) -> Plot:
        """The rows as a picture: lines over moments or dates, else bars.

        Args:
            across: the column along the bottom; without it, the first of moments or dates, else of text.
            value: the column that is drawn; without it, the first of numbers.
            by: a column whose values have a line or a colour each.

        Raises Invalid when there is no such column, or none of the kind.
        """
        return draw_table(self.table, self.query, across=across, value=value, by=by)

    def people(self) -> pl.DataFrame:
        """The people the query selects, now: person, user_id, first_seen, last_seen and traits (JSON text).

        The query must have a column `person`. Raises Invalid.
        """
        return self.ask_people()


def people_query(query: str) -> str:
    """The query for the people whom a query with a column `person` selects."""
    return f"{PEOPLE}{query.rstrip().rstrip(';')}\n)) ORDER BY person"


def table_of(answer: SqlAnswer) -> pl.DataFrame:
    """The rows as a table."""
    import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

    return pl.DataFrame(answer.table)


def sql_value(value: object) -> SqlValue:
    """What Python gives as a parameter, as it is sent: moments and dates as text."""
    import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return str(value.timestamp()) if value.tzinfo is not None else value.isoformat(" ")
        case list() | tuple() | set() | frozenset() | pl.Series():
            return [sql_value(each) for each in value]
    return str(value)


async def saved_audiences(view: View) -> list[SavedAudience]:
    """Every saved segment, whole. One that is not valid any more is nobody's, and says so in its words."""
    library = await load_library(view)
    found: list[SavedAudience] = []
    for each in await view.segments():
        try:
            condition = resolve(decode_condition(each.definition), library, lists=library.lists, saved_as=each.id)
            words = f"{people_words(condition)}."
        except Exposed as complaint:
            condition, words = _NOBODY, f"Not valid any more: {complaint}"
        found.append(
            SavedAudience(
                id=each.id,
                name=each.name,
                words=words,
                definition=each.definition.decode(),
                updated_ms=each.updated_ms,
                condition=condition,
            )
        )
    return found


_NOBODY: Condition = decode_condition('{"type": "any", "of": []}')


async def ask_sql(
    analyst: AnalystSql, state: State, query: str, params: dict[str, SqlValue], *, as_of_ms: int, limit: int
) -> SqlAnswer:
    """Answer a query; the saved segments are looked up where it may name them. Raises Invalid."""
    audiences: list[SavedAudience] = []
    if "segment" in query.lower():
        async with state.view() as view:
            audiences = await saved_audiences(view)
    return await analyst.ask_sql(query, params, audiences=audiences, as_of_ms=as_of_ms, limit=limit)
