"""The layout of the tables, for whoever lays rows out beside the process that has the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from holdfast.ports.history import HistoryRow, PersonRow
from holdfast.stores.clickhouse.rows import event_table, people_table


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Answers `ports.copying.Layout`."""

    workspace: int
    currency: str

    def events(self, rows: Sequence[HistoryRow]) -> pa.Table:
        return event_table(rows, workspace=self.workspace, currency=self.currency)

    def people(self, rows: Sequence[PersonRow]) -> pa.Table:
        return people_table(rows, workspace=self.workspace)
