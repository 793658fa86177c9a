"""Copying: laying out what the history is to take, in another process where there is much of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import pyarrow as pa

from holdfast.ports.history import HistoryRow, PersonRow


class Layout(Protocol):
    """How a history has its tables."""

    def events(self, rows: Sequence[HistoryRow]) -> pa.Table: ...

    def people(self, rows: Sequence[PersonRow]) -> pa.Table: ...


@runtime_checkable
class TakesTables(Protocol):
    """A history that takes what was laid out elsewhere."""

    @property
    def laid_out_for(self) -> tuple[int, str]:
        """The number of the workspace, and its currency: all that its layout depends on."""
        ...

    async def add_laid_out(self, table: pa.Table, *, token: str) -> None:
        """As `History.add`."""
        ...

    async def put_laid_out(self, table: pa.Table) -> None:
        """As `History.put_people`."""
        ...


class Copyist(Protocol):
    """Whoever lays it out."""

    @property
    def may_copy(self) -> bool:
        """Whether there is anybody just now."""
        ...

    async def copy(self, task: bytes) -> bytes | None:
        """Have this laid out; None when it could not be, for whatever reason."""
        ...
