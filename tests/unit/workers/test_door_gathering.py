"""What the door takes in goes in groups, and nobody is answered before the server says what became of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from holdfast.events.bad import OverLimit
from holdfast.kernel.errors import Busy, Invalid
from holdfast.workers.door import GATHER_SECONDS_MOST, GROUP_BYTES_MOST, Gathering
from holdfast.workers.door_connection import ForTheServer
from holdfast.workers.door_wire import FromDoor, Group, Kept

PATIENCE_SECONDS = 10.0
BODY = b'{"batch": [{"type": "track", "event": "Read", "userId": "ann"}]}'


class Said(list[FromDoor]):
    """What the server was told."""

    def groups(self) -> list[list[bytes]]:
        return [[body for _, _, body in each.bodies] for each in self if isinstance(each, Group)]


def gathered(story: Callable[[Gathering, Said], Awaitable[None]], queue_bytes: int = 1 << 30) -> None:
    async def told() -> None:
        said = Said()
        await story(Gathering(said.append, queue_bytes), said)

    asyncio.run(asyncio.wait_for(told(), PATIENCE_SECONDS))


async def turn(seconds: float = 0.0) -> None:
    for _ in range(3):
        await asyncio.sleep(seconds)


def test_what_comes_together_goes_together_and_the_rest_waits_for_the_answer() -> None:
    async def story(gathering: Gathering, said: Said) -> None:
        first = [asyncio.ensure_future(gathering.collect("batch", BODY, "web")) for _ in range(3)]
        await turn()
        assert said.groups() == [[BODY] * 3]
        later = [asyncio.ensure_future(gathering.collect("batch", BODY, "web")) for _ in range(2)]
        await turn(GATHER_SECONDS_MOST)
        assert len(said) == 1
        assert not any(each.done() for each in first)
        gathering.kept(Kept(1, []))
        await turn(GATHER_SECONDS_MOST)
        assert [(await each).messages for each in first] == [1, 1, 1]
        assert said.groups() == [[BODY] * 3, [BODY] * 2]
        assert not any(each.done() for each in later)
        gathering.kept(Kept(2, []))
        await asyncio.gather(*later)

    gathered(story)


def test_each_is_told_what_became_of_theirs() -> None:
    async def story(gathering: Gathering, _: Said) -> None:
        asked = [asyncio.ensure_future(gathering.collect("batch", BODY, name)) for name in ("web", "gone", "app")]
        await turn()
        gathering.kept(Kept(1, [1]))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each).__name__ for each in told] == ["Collected", "ForTheServer", "Collected"]
        for kept, expected in (
            (Kept(2, [], ("full", "busy", "", "wait")), Busy),
            (Kept(3, [], failed=True), RuntimeError),
        ):
            asking = asyncio.ensure_future(gathering.collect("batch", BODY, "web"))
            await turn(GATHER_SECONDS_MOST)
            gathering.kept(kept)
            with pytest.raises(expected):
                await asking
        # A key that is none any more is for the server, whatever became of the rest.
        asking = asyncio.ensure_future(gathering.collect("batch", BODY, "gone"))
        await turn(GATHER_SECONDS_MOST)
        gathering.kept(Kept(4, [0], ("full", "busy", "", "wait")))
        with pytest.raises(ForTheServer):
            await asking

    gathered(story)


def test_groups_and_what_waits_have_limits() -> None:
    async def story(gathering: Gathering, said: Said) -> None:
        large = BODY.ljust(GROUP_BYTES_MOST // 3)
        asked = [asyncio.ensure_future(gathering.collect("batch", large, "web")) for _ in range(6)]
        await turn()
        assert [len(each) for each in said.groups()] == [4]
        with pytest.raises(Busy, match="are waiting to be written"):
            await gathering.collect("batch", large, "web")
        gathering.kept(Kept(1, []))
        await turn(GATHER_SECONDS_MOST)
        assert [len(each) for each in said.groups()] == [4, 2]
        asked.append(asyncio.ensure_future(gathering.collect("batch", large, "web")))
        gathering.kept(Kept(2, []))
        await turn(GATHER_SECONDS_MOST)
        gathering.kept(Kept(3, []))
        assert len(await asyncio.gather(*asked)) == 7

    gathered(story, queue_bytes=6 * (GROUP_BYTES_MOST // 3))


def test_what_is_wrong_does_not_reach_the_server() -> None:
    async def story(gathering: Gathering, said: Said) -> None:
        with pytest.raises(Invalid):
            await gathering.collect("batch", b"[", "web")
        with pytest.raises(OverLimit):
            await gathering.collect("batch", b'{"batch": [' + b",".join([b"{}"] * 2_501) + b"]}", "web")
        assert (await gathering.collect("batch", b'{"batch": []}', "web")).messages == 0
        await turn(GATHER_SECONDS_MOST)
        assert said == []

    gathered(story)


def test_who_was_called_off_is_passed_over() -> None:
    async def story(gathering: Gathering, _: Said) -> None:
        first, second = (asyncio.ensure_future(gathering.collect("batch", BODY, "web")) for _ in range(2))
        await turn()
        first.cancel()
        await turn()
        gathering.kept(Kept(1, []))
        assert (await second).messages == 1

    gathered(story)
