"""SQL for analysts: questions in their own words, on views that are documented and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from holdfast.kernel.errors import TooLarge
from holdfast.segments.condition import Condition

SqlValue: TypeAlias = str | int | float | bool | None | list["SqlValue"]
"""A value for a parameter. Text will do for any type: it is read as the type the query names."""

ROWS_MOST = 1_000_000
"""Rows of one answer."""
QUERY_CHARACTERS_MOST = 100_000
"""Characters of one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAudience:
    """A saved segment, as the views `segments` and `segment_members` tell of it."""

    id: str
    name: str
    words: str
    definition: str
    """JSON text."""
    updated_ms: int
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlAnswer:
    """The rows, and whether there were more than were asked for."""

    table: pa.Table
    truncated: bool


def too_much(bytes_most: int) -> TooLarge:
    """What is said of an answer that is larger than may be."""
    return TooLarge(
        f"The answer is larger than {bytes_most // 1024**2} MiB.",
        code="too_much_answer",
        hint="Ask for fewer columns or rows, or for totals in their place.",
    )


@runtime_checkable
class AnalystSql(Protocol):
    """Whoever answers SQL. What the history's `add` returned from is in every answer after it."""

    async def ask_sql(
        self,
        query: str,
        params: Mapping[str, SqlValue],
        *,
        audiences: Sequence[SavedAudience],
        as_of_ms: int,
        limit: int,
    ) -> SqlAnswer:
        """Answer one SELECT over the views.

        Args:
            params: what stands for `{name:Type}` in the query.
            audiences: the saved segments, for the views that tell of them.
            limit: the most rows; at most `ROWS_MOST`.

        Raises Invalid when it is no SELECT, reaches for anything but the views, or cannot be understood.
        """
        ...
