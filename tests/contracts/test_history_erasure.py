"""The history contract: forgetting people."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from holdfast.events.event import IdentityKey
from holdfast.ports.erasure import Whom
from holdfast.ports.history import History
from tests.contracts.history_contract import AT, engine, history, person, put, row

__all__ = ["engine", "history"]

ADA = Whom(
    identities=(1, 2),
    names=(IdentityKey(kind="user", value="u1"), IdentityKey(kind="anonymous", value="device")),
    last_identity=4,
    until_ms=AT,
)
ALIAS: dict[str, Any] = {"kind": "alias", "properties": {"previous_id": "u1"}}


async def filled(history: History) -> None:
    await put(
        history,
        [person(1, {"email": "ada@example.com"}), person(3), person(4)],
        [
            row(1, message_id="a1", properties={"colour": "mauve"}),
            row(1, "Only Hers", message_id="a2"),
            row(2, user_id=None, anonymous_id="device", message_id="a3"),
            row(3, anonymous_id="device", message_id="b1", properties={"colour": "red"}),
            row(3, "Aliased", message_id="b2", **ALIAS),
            # Somebody else who is known uses the device later, and says who came back under the name.
            row(3, at_ms=AT + 1, anonymous_id="device", message_id="b3"),
            row(3, "Aliased", at_ms=AT + 1, message_id="b4", **ALIAS),
            row(4, message_id="c1", properties={"colour": "red"}),
            row(9, user_id="u1", message_id="new"),
        ],
    )
    await history.map_identities({2: 1}, version=5)


async def kept(history: History) -> dict[str, str]:
    """Message ids with the anonymous id each bears."""
    batches = [batch async for batch in history.export(batch_rows=100)]
    rows = pa.Table.from_batches(batches).to_pylist() if batches else []
    return {each["message_id"]: each["anonymous_id"] or "" for each in rows}


async def test_their_rows_go_and_their_names_in_those_of_others(history: History) -> None:
    await filled(history)
    assert await history.event_names([1, 2]) == ["Only Hers", "Order Completed"]
    held = {"events": 3, "aliases": 1, "names": 1, "people": 1, "identity_map": 1}
    assert await history.held_of(ADA) == held
    assert await history.forget(ADA, events=["Only Hers", "Order Completed"]) == held
    assert set((await history.held_of(ADA)).values()) == {0}
    assert await kept(history) == {"b1": "", "b3": "device", "b4": "", "c1": "", "new": ""}
    assert await history.count_everyone() == 2
    assert [event.message_id for event in await history.timeline([1, 2], limit=9)] == []
    assert (await history.find("ada", limit=9))[1] == 0
    assert await history.purge()


async def test_again_it_changes_nothing_and_a_repeated_token_brings_nothing_back(history: History) -> None:
    await filled(history)
    await history.forget(ADA, events=["Order Completed"])
    before = await kept(history)
    assert set((await history.forget(ADA, events=["Order Completed"])).values()) == {0}
    assert await kept(history) == before
    assert await history.size() == 5


async def test_somebody_new_under_the_name_is_left_alone(history: History) -> None:
    await put(history, [person(9)], [row(9, user_id="u1", anonymous_id="device", message_id="n", at_ms=AT)])
    assert set((await history.held_of(ADA)).values()) == {0}
    await history.forget(ADA, events=[])
    assert await kept(history) == {"n": "device"}
