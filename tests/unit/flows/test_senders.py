"""The sender: what it cannot hand over goes back whole, and nothing that hangs or breaks keeps a place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from holdfast.channels.email_smtp import email_channel
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.domains import OPEN_MOST
from holdfast.flows.delivery.lanes import ROOM, Lanes
from holdfast.flows.delivery.send import CARRY_SECONDS_MOST, Office, Sender
from holdfast.flows.delivery.turns import DOMAIN_PLACES
from holdfast.flows.delivery.wording import Wording
from holdfast.flows.journey.decide import publish
from holdfast.kernel.moments import to_millis
from holdfast.messages.breaker import FAILURES_MOST
from holdfast.messages.doubt import ONCE
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Verdict
from holdfast.ports.state import Lane, Send, Settlement, View
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send
from holdfast.testing.filling import a_filler
from tests.unit.flows.test_dispatch import JOURNEY

NOW_MS = to_millis(START)
TURNS_MOST = 200
"""How often others are given way to until what is waited for has happened: many times more than it takes."""


class UnreadableError(OSError):
    """The disk cannot be read."""


class UnreadableState(MemoryState):
    """A state whose disk may be unreadable."""

    unreadable = False

    @asynccontextmanager
    async def view(self) -> AsyncIterator[View]:
        """As any view; none while the disk cannot be read."""
        if self.unreadable:
            raise UnreadableError
        async with super().view() as view:
            yield view


class Provider:
    """Answers `ports.carrier.Carrier`: answers what it is told to, once it is let."""

    def __init__(self, verdict: Verdict | None = None) -> None:
        self.verdict = Accepted() if verdict is None else verdict
        self.answers = asyncio.Event()
        self.answers.set()
        self.began = 0

    async def carry(self, parcel: Parcel) -> Verdict:
        """Answer, when `answers` is set."""
        self.began += 1
        await self.answers.wait()
        return self.verdict

    async def close(self) -> None:
        """Nothing is held."""


class Post:
    """A sender with one channel, and what it said became of sends."""

    def __init__(self, state: MemoryState, verdict: Verdict | None = None) -> None:
        linker = Linker(base_url="https://t.shop.example", key=b"a key for the tests")
        channel = email_channel("Shop <hello@shop.example>", linker=linker, workspace_name="Shop")
        self.settled: list[Settlement] = []
        self.lanes = Lanes({"email": ONCE}, owner="one")
        self.provider = Provider(verdict)
        self.clock = FakeClock()
        self.sender = Sender(
            state=state,
            clock=self.clock,
            offices={"email": Office(channel=channel, carrier=self.provider)},
            lanes=self.lanes,
            linker=linker,
            workspace_name="Shop",
            settle=self.settled.extend,
            filler=a_filler(state, self.clock),
        )

    def take(self, count: int, **fields: object) -> None:
        """Begin to send so many claimed mails to one domain."""
        sends = [claimed(f"{number:032}", **fields) for number in range(count)]
        assert self.lanes.put_off(sends, NOW_MS) == []
        self.sender.take(sends)

    @property
    def is_idle(self) -> bool:
        """Whether it has all the room there is."""
        return self.lanes.rooms(self.now_ms)[Lane("email", "journey")] == ROOM

    @property
    def now_ms(self) -> int:
        return to_millis(self.clock.now())


def claimed(key: str, **fields: object) -> Send:
    return a_send(key, state="claimed", claimed_by="one#1", claimed_ms=NOW_MS, tried_ms=NOW_MS, attempts=1, **fields)


async def until(reached: Callable[[], bool]) -> None:
    """Give way to the others until it is so."""
    for _ in range(TURNS_MOST):
        if reached():
            return
        await asyncio.sleep(0)
    assert reached()


@pytest.fixture
async def state() -> UnreadableState:
    opened = UnreadableState()
    async with opened.begin() as transaction:
        await transaction.add_identities([IdentityKey(kind="user", value="ada")], NOW_MS)
        await transaction.put_profiles({1: a_profile(email="ada@example.com")})
    await publish(opened, "journey", json.dumps(JOURNEY).encode(), now=START)
    return opened


async def test_all_of_one_domain_are_sent_though_few_at_a_time(state: UnreadableState) -> None:
    post = Post(state)
    post.provider.answers.clear()
    post.take(OPEN_MOST)
    await until(lambda: post.provider.began == DOMAIN_PLACES)
    post.provider.answers.set()
    await until(lambda: len(post.settled) == OPEN_MOST)
    assert {each.state for each in post.settled} == {"sent"}
    assert post.is_idle
    await post.sender.finish(seconds=0)


async def test_what_waited_past_its_term_is_put_back_and_not_handed_over(state: UnreadableState) -> None:
    post = Post(state)
    post.take(2, send_by_ms=NOW_MS + 1_000, not_before_ms=NOW_MS - 5)
    post.clock.advance(seconds=1.001)
    await until(lambda: len(post.settled) == 2)
    assert {(each.state, each.untried, each.claimed_by) for each in post.settled} == {("pending", True, "one#1")}
    assert {each.not_before_ms for each in post.settled} == {NOW_MS - 5}, "as due as before, and no later or sooner"
    assert post.provider.began == 0
    assert post.is_idle
    post.take(1, send_by_ms=post.now_ms)
    await until(lambda: len(post.settled) == 3)
    assert post.settled[-1].state == "sent", "the last moment of its term"
    await post.sender.finish(seconds=0)


async def test_what_somebody_else_claims_by_now_is_not_handed_over_and_nothing_is_said_of_it(
    state: UnreadableState,
) -> None:
    post = Post(state)
    theirs = replace(claimed(f"{0:032}", transactional=True), claimed_by="two#1")
    async with state.begin() as transaction:
        await transaction.add_sends([theirs])
    post.take(1, transactional=True)
    await until(lambda: post.is_idle)
    await post.sender.finish(seconds=1)
    assert post.provider.began == 0
    assert post.settled == []


async def test_what_was_kept_too_late_to_be_handed_over_is_put_back(
    state: UnreadableState, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post(state)
    sound = post.sender._words.keep

    async def keep(send: Send, wording: Wording) -> bool:
        stands = await sound(send, wording)
        post.clock.advance(seconds=2)
        return stands

    monkeypatch.setattr(post.sender._words, "keep", keep)
    receipt = {"transactional": True, "send_by_ms": NOW_MS + 1_000}
    async with state.begin() as transaction:
        await transaction.add_sends([claimed(f"{0:032}", **receipt)])
    post.take(1, **receipt)
    await until(lambda: len(post.settled) == 1)
    assert [(each.state, each.untried) for each in post.settled] == [("pending", True)]
    assert post.provider.began == 0
    assert post.is_idle
    await post.sender.finish(seconds=0)


async def test_what_could_not_be_prepared_is_tried_again_and_never_in_doubt(
    state: UnreadableState, caplog: pytest.LogCaptureFixture
) -> None:
    post = Post(state)
    state.unreadable = True
    post.take(3)
    await until(lambda: len(post.settled) == 3)
    assert {each.state for each in post.settled} == {"pending"}
    assert all(each.not_before_ms > NOW_MS and "UnreadableError" in each.reason for each in post.settled)
    assert post.is_idle
    assert "Loading what 3 sends need failed." in caplog.text
    state.unreadable = False
    post.take(3)
    await until(lambda: len(post.settled) == 6)
    assert {each.state for each in post.settled[3:]} == {"sent"}
    await post.sender.finish(seconds=0)


async def test_a_provider_that_never_answers_is_not_waited_for_for_ever(
    state: UnreadableState, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post(state)
    post.provider.answers.clear()
    post.take(1)
    await until(lambda: post.provider.began == 1)
    loop = asyncio.get_running_loop()
    time = loop.time
    monkeypatch.setattr(loop, "time", lambda: time() + CARRY_SECONDS_MOST + 1)
    await until(lambda: len(post.settled) == 1)
    assert post.settled[0].state == "in_doubt"
    assert post.is_idle
    await post.sender.finish(seconds=0)


async def test_what_waits_when_the_provider_breaks_is_put_back_untried(state: UnreadableState) -> None:
    post = Post(state, Deferred("no connection", blame="provider"))
    post.provider.answers.clear()
    post.take(OPEN_MOST)
    await until(lambda: post.provider.began == DOMAIN_PLACES)
    post.provider.answers.set()
    await until(lambda: len(post.settled) == OPEN_MOST)
    assert post.provider.began < DOMAIN_PLACES + FAILURES_MOST
    assert {each.state for each in post.settled} == {"pending"}
    assert sum(each.untried for each in post.settled) == OPEN_MOST - post.provider.began
    await post.sender.finish(seconds=0)
