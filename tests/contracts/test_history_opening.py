"""Opening a history and closing it: it is all there again, and only one process can have it open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.kernel.errors import Conflict
from holdfast.segments.builders import did
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import AT, person, put, row


async def test_everything_is_there_again_and_one_process_owns_it(tmp_path: Path) -> None:
    directory = tmp_path / "history"
    history = await ChdbHistory.open(directory)
    await put(history, [person(1), person(2)], [row(1), row(2)])
    await history.map_identities({2: 1}, version=1)
    with pytest.raises(Conflict, match="another workspace open"):
        await ChdbHistory.open(tmp_path / "other")
    assert "workspace_in_use" in _opened_elsewhere(directory)
    await history.close()
    await history.close()
    again = await ChdbHistory.open(directory)
    assert await again.count(did("Order Completed", at_least=2), as_of_ms=AT) == 1
    assert await again.size() == 2
    await again.close()
    assert "opened" in _opened_elsewhere(directory)


async def test_it_opens_again_after_a_start_on_a_full_disk(tmp_path: Path) -> None:
    """That left an empty definition of the table each start makes anew, and the engine never opened again."""
    directory = tmp_path / "history"
    history = await ChdbHistory.open(directory)
    await put(history, [person(1), person(2)], [row(1), row(2)])
    await history.close()
    (directory / "metadata" / "default" / "identity_person.sql").write_bytes(b"")
    assert "opened 2" in _opened_elsewhere(directory)
    events = directory / "metadata" / "default" / "events.sql"
    events.write_bytes(b"")
    assert "Internal: the event store could not be opened" in _opened_elsewhere(directory)
    assert events.exists(), "what holds something is not made anew"


def _opened_elsewhere(directory: Path) -> str:
    """What another process says that opens it."""
    program = (
        "import asyncio, sys, pathlib\n"
        "from holdfast.kernel.errors import Exposed\n"
        "from holdfast.stores.clickhouse.history import ChdbHistory\n"
        "async def main():\n"
        "    history = await ChdbHistory.open(pathlib.Path(sys.argv[1]))\n"
        "    print('opened', await history.size())\n"
        "    await history.close()\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except Exposed as complaint:\n"
        "    print(complaint.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(directory)], capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr
