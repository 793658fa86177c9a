"""The history contract: what profiles are to keep of events from before they were watched."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.events.event import Event, Json
from holdfast.ports.history import Gathered, History
from holdfast.profiles.watched import MOMENTS_MOST, VALUES_MOST, Kept, joined, kept_of
from holdfast.segments.builders import prop
from holdfast.segments.leaf import Leaf, leaf_of
from tests.contracts.history_contract import AT, HOUR, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.history_contract import history as history  # noqa: PLC0414 - The fixture.

BIG = leaf_of("Order", (prop("revenue") > 50,))
SPENT = leaf_of("Order", (prop("shop") == "a",), ("revenue", "what"))
VALUES: tuple[Mapping[str, Json], ...] = (
    {"revenue": 10, "shop": "a"},
    {"revenue": 60, "shop": "a", "what": "shoes"},
    {"revenue": 1.5, "shop": "b"},
    {"revenue": -1, "shop": "a", "what": ["a", 1]},
    {"revenue": "60", "shop": "a", "what": None},
    {"revenue": 2**53 + 1, "shop": "a", "what": "x" * 500},
    {"shop": "a", "what": {"k": True}},
)


def kept(leaf: Leaf, events: list[Event]) -> Kept | None:
    """What a profile keeps that learns them one by one."""
    found: Kept | None = None
    for event in events:
        entry = leaf.entry(event)
        found = found if entry is None else joined(found, kept_of(entry))
    return found


async def test_what_is_gathered_is_what_would_have_been_learnt(history: History) -> None:
    rows = [
        row(identity, "Order", AT + n * HOUR, properties=VALUES[n % len(VALUES)])
        for identity, many in ((1, 7), (2, 3 * MOMENTS_MOST), (4, 2 * VALUES_MOST), (5, 1), (9, 3))
        for n in range(many)
    ]
    # The last of all at one moment: which of them are kept goes by their ids.
    same: Mapping[str, Json] = {"revenue": 99, "shop": "a"}
    rows += [row(6, "Order", properties=same, message_id=f"m{n}") for n in range(2 * VALUES_MOST)]
    await history.add([*rows, row(3, "Other", properties={"revenue": 99, "shop": "a"})], token="t")
    for leaf in (BIG, SPENT):
        learnt = {
            identity: found
            for identity in (1, 2, 4, 5, 6, 9)
            if (found := kept(leaf, [each.event for each in rows if each.identity == identity])) is not None
        }
        gathered = await history.gather(leaf, after=0, limit=100)
        assert gathered.to is None
        assert gathered.kept == learnt
    assert 5 not in (await history.gather(BIG, after=0, limit=100)).kept, "it never was that much"


async def test_it_is_gathered_bit_by_bit(history: History) -> None:
    await history.add([row(each, "Order", properties={"revenue": 10 * each}) for each in (2, 3, 7, 8, 20)], token="t")
    after, found = 0, []
    for _ in range(3):
        gathered = await history.gather(BIG, after=after, limit=2)
        found.append((sorted(gathered.kept), gathered.to))
        after = gathered.to or 0
    assert found == [([], 3), ([7, 8], 8), ([20], None)]
    for leaf, last in ((BIG, 20), (leaf_of("Nothing", ()), 0)):
        assert await history.gather(leaf, after=last, limit=5) == Gathered(kept={}, to=None)
