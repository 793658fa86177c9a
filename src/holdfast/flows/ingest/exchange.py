"""Exchange: files in, by the bulk path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from holdfast.flows.ingest.bulk import load_table
from holdfast.ports.files import Batch
from holdfast.ports.history import History
from holdfast.ports.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a file's rows."""

    rows: int
    added: int
    known: int
    """Events that were here already."""
    bad: int
    """Rows that cannot be events: in the error stream, each with its reason."""
    stopped: bool = field(default=False, repr=False)
    """Whether it was called off before the file's end. What is in stays; the same file again goes on from there."""


async def take_in(
    batches: Iterable[Batch],
    *,
    state: State,
    history: History,
    received: datetime,
    progress: Callable[[int, int | None], None],
    veil_key: bytes = b"",
    called_off: Callable[[], bool] = lambda: False,
) -> Imported:
    """Take in a file's batches. Taking the same file in again changes nothing.

    Args:
        received: when the file reached us.
        progress: told rows done, and rows in all if that is known.
        veil_key: what the names of the erased are hashed with; see `load_table`.
        called_off: asked before each batch. A batch that was begun is taken in whole.
    """
    rows = added = known = bad = 0
    stopped = False
    remaining = iter(batches)
    # Reading and converting is work for a thread: a server goes on answering meanwhile.
    while (batch := await asyncio.to_thread(next, remaining, None)) is not None:
        if stopped := called_off():
            break
        if batch.bad:
            async with state.begin() as transaction:
                await transaction.add_bad_records(batch.bad)
        if batch.events.num_rows:
            loaded = await load_table(batch.events, state=state, history=history, received=received, veil_key=veil_key)
            added += loaded.added
            known += loaded.known
        rows += batch.rows
        bad += len(batch.bad)
        progress(rows, batch.total)
    return Imported(rows=rows, added=added, known=known, bad=bad, stopped=stopped)
