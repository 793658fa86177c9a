"""The state contract: saved segments keep every version, and a deletion is one more."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.ports.state import SavedSegment, State
from holdfast.stores.sqlite.opening import migrate, migrations, open_writer
from holdfast.stores.sqlite.state import FILE, SqliteState
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

GOLD = SavedSegment(id="gold", name="Gold", definition=b"\x00\xff", updated_ms=1, by="ann")


async def test_every_change_makes_a_version_and_the_same_again_makes_none(state: State) -> None:
    changes = (
        GOLD,
        replace(GOLD, definition=b"{}", updated_ms=2, by="ben"),
        replace(GOLD, name="Golden", definition=b"{}", updated_ms=3),
        replace(GOLD, name="Golden", description="Who pays.", definition=b"{}", updated_ms=4),
        replace(GOLD, name="Golden", description="Who pays.", definition=b"{}", updated_ms=5, live=True),
    )
    async with state.begin() as transaction:
        for number, change in enumerate(changes, 1):
            assert await transaction.put_segment(change) == replace(change, version=number)
            again = replace(change, updated_ms=99, by="somebody", version=77, deleted=True)
            assert await transaction.put_segment(again) == replace(change, version=number), "the first saver stays"
    versions = [replace(change, version=number) for number, change in enumerate(changes, 1)]
    async with state.view() as view:
        assert await view.segments() == [versions[-1]]
        assert await view.segment_versions("gold", limit=9) == versions[::-1]
        assert await view.segment_versions("gold", limit=2, before=4) == [versions[2], versions[1]]
        assert [await view.segment_version("gold", number) for number in (1, 5, 6)] == [versions[0], versions[4], None]
        assert await view.segment_versions("silver", limit=9) == []


async def test_a_deleted_segment_keeps_its_versions_and_its_numbers(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.delete_segment("gold", at_ms=1) is None
        first = await transaction.put_segment(GOLD)
        await transaction.put_segment(replace(GOLD, id="b"))
        gone = await transaction.delete_segment("gold", at_ms=5, by="cem")
        assert gone == replace(GOLD, version=2, deleted=True, updated_ms=5, by="cem")
        assert await transaction.delete_segment("gold", at_ms=6) is None
    async with state.view() as view:
        assert [each.id for each in await view.segments()] == ["b"]
        assert await view.deleted_segments() == [gone]
        assert await view.segment_versions("gold", limit=9) == [gone, first]
    async with state.begin() as transaction:
        back = await transaction.put_segment(GOLD)
        assert (back.version, back.deleted) == (3, False), "it is saved again, though it says the same"
        assert await transaction.deleted_segments() == []
        assert [each.id for each in await transaction.segments()] == ["b", "gold"]


@pytest.mark.parametrize("delete", [False, True])
async def test_what_a_block_that_raises_did_to_segments_is_undone(state: State, delete: bool) -> None:
    async with state.begin() as transaction:
        await transaction.put_segment(GOLD)

    async def change() -> None:
        async with state.begin() as transaction:
            await transaction.put_segment(replace(GOLD, name="Lost"))
            if delete:
                await transaction.delete_segment("gold", at_ms=9)
            raise ValueError("undo")

    with pytest.raises(ValueError, match="undo"):
        await change()
    async with state.view() as view:
        assert await view.segments() == [replace(GOLD, version=1)]
        assert len(await view.segment_versions("gold", limit=9)) == 1
        assert await view.deleted_segments() == []


async def test_segments_saved_before_there_were_versions_are_the_first(tmp_path: Path) -> None:
    connection = open_writer(tmp_path / FILE)
    migrate(connection, {version: change for version, change in migrations().items() if version == 1})
    connection.execute("INSERT INTO segment (id, name, definition, updated_ms) VALUES ('a', 'A', x'00ff', 7)")
    connection.close()
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        saved = SavedSegment(id="a", name="A", definition=b"\x00\xff", updated_ms=7, version=1)
        assert await transaction.segments() == [saved]
        assert await transaction.segment_versions("a", limit=9) == [saved]
        assert (await transaction.put_segment(replace(saved, name="B"))).version == 2
    await state.close()


async def test_a_version_on_disk_is_never_written_over(tmp_path: Path) -> None:
    """Even a fault of ours cannot change what a version says."""
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        await transaction.put_segment(GOLD)
    await state.close()
    connection = sqlite3.connect(tmp_path / FILE)
    row = connection.execute("SELECT * FROM segment_version").fetchone()
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"INSERT INTO segment_version VALUES ({', '.join('?' * len(row))})", row)
    connection.close()
