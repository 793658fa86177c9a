"""What happened, told from Python, and files of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from holdfast.flows.content.catalogues import ImportedItems, ImportWish, Rows, import_items
from holdfast.flows.content.coupons import AddedCodes, add_codes
from holdfast.flows.ingest.bulk import load_table
from holdfast.flows.ingest.exchange import Imported
from holdfast.flows.ingest.taking import bodies_of, events_table
from holdfast.integrations.files.items import format_of, item_rows, read_codes
from holdfast.integrations.files.mapping import EXPORTED, ImportMapping
from holdfast.integrations.files.write import FileFormat
from holdfast.workspace.loop import Loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What became of events handed in."""

    events: int
    """How many were handed in."""
    bad: int
    """How many of them could not be events, and are in the error stream now."""
    known: int = 0
    """How many were there before; only said of tables."""


class Intake(Loop):
    """What happened, told from Python, and files of it."""

    def track(self, events: Iterable[Mapping[str, object]] | pa.Table | pl.DataFrame) -> Tracked:
        """Take in events.

        Args:
            events: dicts such as `{"user_id": …, "event": …, "timestamp": …, "properties": {…}}` (a dict with `traits`
                and no `event` says something about the person), or an Arrow or Polars table with a row an event: the
                columns `event`, `timestamp`, `user_id` or `anonymous_id`; every other column is a property. Dicts may
                start journeys, a table is the past and starts none.

        Raises Invalid when something in it cannot be said at all; the path says where.
        """
        if isinstance(events, (pa.Table, pl.DataFrame)):
            return self._wait(self._track_table(events))
        return self._wait(self._track_dicts(events))

    def import_file(
        self,
        file: Path | str,
        mapping: ImportMapping = EXPORTED,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> Imported:
        """Take in a file; see `holdfast import`. Taking it in again changes nothing.

        Without a mapping it is a file that `export` wrote.
        """
        return self._wait(self._app.import_file(Path(file), mapping, progress))

    def import_items(
        self,
        file: Path | str,
        wish: ImportWish,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> ImportedItems:
        """Bring the items of a file into a catalogue; see `holdfast catalogue import`."""
        path = Path(file)
        rows = Rows(read=item_rows(path), is_text=format_of(path.name) == "csv")
        return self._wait(import_items(self._app.state, self._app.clock, wish, rows, progress))

    def import_codes(
        self,
        file: Path | str,
        pool: str,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> AddedCodes:
        """Add the codes in a file, one a line, to a pool; see `holdfast coupons import`."""
        return self._wait(add_codes(self._app.state, self._app.clock, pool, read_codes(Path(file)), progress))

    def export(self, file: Path | str, file_format: FileFormat = "parquet") -> int:
        """Write every event, oldest first; returns how many. The file is whole, or not there."""
        return self._wait(self._app.export_file(Path(file), file_format))

    async def _track_dicts(self, events: Iterable[Mapping[str, object]]) -> Tracked:
        taken = 0
        async with self._app.state.view() as view:
            before = sum((await view.count_bad_records()).values())
        # All of them are said before the first is taken: a bad one leaves nothing half done.
        for body in list(bodies_of(events)):
            taken += (await self._app.collector.collect("import", body, "python")).messages
        await self._app.settle()
        async with self._app.state.view() as view:
            bad = sum((await view.count_bad_records()).values()) - before
        return Tracked(events=taken, bad=bad)

    async def _track_table(self, events: pa.Table | pl.DataFrame) -> Tracked:
        await self._app.settle()
        loaded = await load_table(
            events_table(events, source="python"),
            state=self._app.state,
            history=self._app.history,
            received=self._app.clock.now(),
            veil_key=self._app.secret,
        )
        await self._app.settle()
        return Tracked(events=loaded.rows, bad=0, known=loaded.known)
