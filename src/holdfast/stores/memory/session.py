"""What every question about the state in memory begins from: the tables of one moment, until it is over."""

from __future__ import annotations

from holdfast.kernel.errors import Internal
from holdfast.stores.memory.tables import Tables


class Session:
    """One view or transaction."""

    def __init__(self, tables: Tables) -> None:
        self._open_tables: Tables | None = tables

    def end(self) -> None:
        """Refuse every later call."""
        self._open_tables = None

    @property
    def _tables(self) -> Tables:
        if self._open_tables is None:
            raise Internal("this view or transaction is over; begin another")
        return self._open_tables
