"""Files that go in batch by batch, and are stopped between two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa

from holdfast.flows.ingest.bulk import EVENT_TABLE
from holdfast.flows.ingest.exchange import Imported, take_in
from holdfast.ports.files import Batch
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.state import MemoryState

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WHOLE = 3


class File:
    """A file of three events, one in each batch; told how many of them were asked for."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[Batch]:
        for number in range(WHOLE):
            self.read += 1
            row = {"name": "Seen", "kind": "track", "user_id": "ann", "message_id": f"m{number}", "timestamp": NOW}
            row |= {"properties": "{}", "context": "{}", "source": "file"}
            yield Batch(events=pa.Table.from_pylist([row], schema=EVENT_TABLE), bad=(), rows=1, total=WHOLE)


async def _taken(state: MemoryState, history: MemoryHistory, file: File, *, stop_after: int) -> Imported:
    done: list[int] = []
    return await take_in(
        file,
        state=state,
        history=history,
        received=NOW,
        progress=lambda rows, _: done.append(rows),
        called_off=lambda: len(done) >= stop_after,
    )


async def test_what_is_in_when_it_is_stopped_stays_and_the_rest_follows() -> None:
    state, history, file = MemoryState(), MemoryHistory(), File()
    stopped = await _taken(state, history, file, stop_after=2)
    assert stopped == Imported(rows=2, added=2, known=0, bad=0, stopped=True)
    assert [each.count for each in await history.names()] == [2]
    again = await _taken(state, history, File(), stop_after=9)
    assert again == Imported(rows=3, added=1, known=2, bad=0)
    assert [each.count for each in await history.names()] == [3]


async def test_who_stops_it_before_it_begins_has_nothing_in() -> None:
    state, history = MemoryState(), MemoryHistory()
    assert (await _taken(state, history, File(), stop_after=0)).rows == 0
    assert await history.names() == []


async def test_a_file_that_is_at_its_end_was_not_stopped() -> None:
    state, history, file = MemoryState(), MemoryHistory(), File()
    assert not (await _taken(state, history, file, stop_after=WHOLE)).stopped
    assert file.read == WHOLE
