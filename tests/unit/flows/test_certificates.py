"""Certificates are fetched once a day, few at a time, and a call that cannot be verified has no effect."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.flows.delivery.certificates import AT_ONCE_MOST, KEPT_MOST, KEPT_SECONDS, REST_SECONDS, CertificateKeeper
from holdfast.flows.delivery.inbound import Arrivals, Inlet
from holdfast.kernel.errors import Busy
from holdfast.messages.heard.inbound import Arrival, Certified, Forged, Heard, Inbound, Unreadable
from holdfast.ports.web import Call, Fetched, FetchedOrNot, Unfetched
from holdfast.testing import FakeClock, MemoryState

GOOD = Fetched(status=200, body=b"a certificate")


class Web:
    """Answers `ports.web.Fetcher`, once it is let; every call is by a fetcher that is closed in the end."""

    def __init__(self) -> None:
        self.answer: FetchedOrNot = GOOD
        self.calls: list[str] = []
        self.open = 0
        self.lets = asyncio.Event()
        self.lets.set()

    def opened(self) -> Web:
        self.open += 1
        return self

    async def fetch(self, call: Call) -> FetchedOrNot:
        self.calls.append(call.url)
        await self.lets.wait()
        return self.answer

    async def close(self) -> None:
        self.open -= 1


class World:
    def __init__(self) -> None:
        self.clock, self.web = FakeClock(), Web()
        self.keeper = CertificateKeeper(open_fetcher=self.web.opened, clock=self.clock)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_certificate_is_fetched_once_a_day(world: World) -> None:
    assert [await world.keeper.get("a"), await world.keeper.get("a")] == [b"a certificate"] * 2
    world.clock.advance(seconds=KEPT_SECONDS - 1)
    await world.keeper.get("a")
    assert world.web.calls == ["a"]
    world.clock.advance(seconds=1)
    await world.keeper.get("a")
    await world.keeper.get("b")
    assert world.web.calls == ["a", "a", "b"]
    assert world.web.open == 0


@pytest.mark.parametrize("answer", [Unfetched("nobody is there"), Fetched(status=404, body=b"no"), Fetched(status=302)])
async def test_what_is_no_certificate_is_asked_for_again_a_little_later(world: World, answer: FetchedOrNot) -> None:
    world.web.answer = answer
    for _ in range(3):
        with pytest.raises(Busy):
            await world.keeper.get("a")
    assert world.web.calls == ["a"]
    world.web.answer = GOOD
    world.clock.advance(seconds=REST_SECONDS)
    assert await world.keeper.get("a") == b"a certificate"


async def test_all_who_wait_for_one_have_it_by_one_call_and_a_flood_of_others_is_turned_away(world: World) -> None:
    world.web.lets.clear()
    waiting = [asyncio.create_task(world.keeper.get(url)) for url in ("a", "a", "b", "c", "d")]
    for _ in range(3):
        await asyncio.sleep(0)
    assert world.web.open == AT_ONCE_MOST
    with pytest.raises(Busy):
        await world.keeper.get("e")
    waiting[0].cancel()
    world.web.lets.set()
    assert await waiting[1] == b"a certificate", "one of those who wait being called off is nothing to the others"
    await asyncio.gather(*waiting[2:])
    assert world.web.calls == ["a", "b", "c", "d"]
    assert await world.keeper.get("e") == b"a certificate"


async def test_only_so_many_are_kept(world: World) -> None:
    for number in range(KEPT_MOST):
        await world.keeper.get(str(number))
    await world.keeper.get("0")
    await world.keeper.get("another")
    calls = len(world.web.calls)
    await world.keeper.get("0")
    assert len(world.web.calls) == calls, "used lately"
    await world.keeper.get("1")
    assert len(world.web.calls) == calls + 1


async def test_a_call_is_taken_as_it_is_judged_by_the_certificate_and_not_taken_without(world: World) -> None:
    state = MemoryState()
    judged: list[bytes] = []

    def judge(certificate: bytes) -> Heard:
        judged.append(certificate)
        return Forged("no") if len(judged) == 1 else Unreadable("odd")

    def read(_: Arrival) -> Inbound:
        return Certified("a", judge)

    async def inlet(connection: str) -> Inlet:
        return Inlet(connection=connection, medium="email", read=read, certificate=world.keeper.get)

    async def tell(_: object) -> None:
        raise AssertionError("nothing is told")

    arrivals = Arrivals(state=state, clock=world.clock, tell=tell, key=b"k", inlets=inlet)
    arrival = Arrival(method="POST", url="https://h.example/in/x", body=b"{}")
    assert await arrivals.take("x", arrival) == Forged("no")
    assert await arrivals.take("x", arrival) == Unreadable("odd")
    assert judged == [b"a certificate"] * 2
    async with state.view() as view:
        assert len(await view.bad_records(limit=9, before_id=None, replayed=None)) == 1
    world.web.answer = Unfetched("gone")
    world.clock.advance(seconds=KEPT_SECONDS)
    with pytest.raises(Busy):
        await arrivals.take("x", arrival)
    assert len(judged) == 2
