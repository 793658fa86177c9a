"""Insights: tables of what people did, and the people behind their cells."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pyarrow as pa

from holdfast.measures.insight import Answer, Question


@runtime_checkable
class Insights(Protocol):
    """Asking. What the history's `add` returned from is in every answer after it."""

    async def insight(self, question: Question, *, as_of_ms: int) -> Answer:
        """The table that answers the question. Raises Invalid when it is about no time at all."""
        ...

    async def insight_people(
        self, question: Question, cell: object, *, as_of_ms: int, limit: int | None = None, offset: int = 0
    ) -> pa.Table:
        """The people behind a cell, in order of person number.

        Columns as `ports.columns.PEOPLE_COLUMNS`.

        Args:
            cell: of the class the question's declaration names.
            limit: how many of them; None for all.
        """
        ...

    async def insight_count(self, question: Question, cell: object, *, as_of_ms: int) -> int:
        """How many people are behind a cell."""
        ...
