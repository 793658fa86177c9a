"""Senders in processes of their own: nothing twice, whoever pauses or dies, and no claim taken from the living."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from holdfast.decisions.gate import GateRules
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.dead_letters import Which, drop_letters, replay_letters
from holdfast.flows.delivery.dispatch import TAKE_OVER_EVERY_MS, TAKE_OVER_MS, Delivered, Dispatcher
from holdfast.flows.delivery.lanes import ROOM, SEND_WITHIN_MS, Lanes
from holdfast.flows.journey.decide import publish
from holdfast.kernel.errors import Busy
from holdfast.kernel.moments import to_millis
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.ports.mailbox import KeptMessage
from holdfast.ports.state import WAITED_MS_MOST, Send, Settlement, State, Transaction, View
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send

NOW_MS = to_millis(START)


JOURNEY = {
    "id": "cart-rescue",
    "name": "Cart rescue",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "start": "cart",
    "steps": {
        "cart": {"type": "trigger", "event": "Checkout Started", "again": "once", "exits": {"entered": "mail"}},
        "mail": {
            "type": "send",
            "channel": "email",
            "template": {"subject": "Hello", "text": "Hello."},
            "exits": {"sent": "done", "withheld": "done"},
        },
        "done": {"type": "exit"},
    },
}


@pytest.fixture(params=["memory", "sqlite"])
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    opened: State = MemoryState() if request.param == "memory" else SqliteState(tmp_path)
    async with opened.begin() as transaction:
        ada = IdentityKey(kind="user", value="ada")
        await transaction.add_identities([ada], NOW_MS)
        await transaction.put_profiles({1: a_profile(email="ada@example.com")})
    await publish(opened, "journey", json.dumps(JOURNEY).encode(), now=START)
    yield opened
    await opened.close()


class Desk:
    """One sender's process: what it has in its hands, and what it says became of it."""

    def __init__(
        self,
        state: State,
        clock: FakeClock,
        owner: str,
        policy: DoubtPolicy = ONCE,
        channels: Sequence[str] = ("email",),
    ) -> None:
        self.held: list[Send] = []
        self.lanes = Lanes(dict.fromkeys(channels, policy), owner=owner)
        self.log_is_behind = False
        self._given: dict[str, Any] = {"state": state, "clock": clock, "rules": GateRules(), "lanes": self.lanes}
        self.dispatcher = Dispatcher(**self._given, hand_over=self.take, behind=self.behind)

    def asks(self, delivered: Delivered, on: Sequence[str]) -> None:
        """It can ask what was taken."""
        self.dispatcher = Dispatcher(
            **self._given, hand_over=self.take, behind=self.behind, delivered=delivered, kept=on
        )

    async def behind(self, _: View) -> bool:
        return self.log_is_behind

    def take(self, sends: Sequence[Send]) -> None:
        self.lanes.take(sends, NOW_MS)
        self.held += sends

    def deliver(self) -> list[str]:
        """Hand over everything it holds."""
        sends, self.held = self.held, []
        for each in sends:
            self.lanes.let_go(each)
        self.dispatcher.settle([Settlement(key=each.key, state="sent", claimed_by=each.claimed_by) for each in sends])
        return [each.key for each in sends]


async def fill(state: State, count: int, **fields: object) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send(f"k{number:03}", not_before_ms=0, **fields) for number in range(count)])


async def states(state: State) -> dict[str, int]:
    async with state.view() as view:
        return {str(name): count for name, count in (await view.send_totals(None)).items()}


async def test_two_senders_share_the_work_and_do_nothing_twice(state: State) -> None:
    clock = FakeClock()
    desks = [Desk(state, clock, owner) for owner in ("one", "two")]
    await fill(state, 150)
    delivered: Counter[str] = Counter()
    for _ in range(20):
        await asyncio.gather(*(desk.dispatcher.cycle() for desk in desks))
        assert all(len(desk.held) <= ROOM for desk in desks)
        for desk in desks:
            delivered.update(desk.deliver())
    assert len(delivered) == 150
    assert set(delivered.values()) == {1}
    assert await states(state) == {"sent": 150}


class Unconfirmed:
    """A state whose commits are made, and not always confirmed: the connection is lost in between."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.loses = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self._state.begin() as transaction:
            yield transaction
        if self.loses:
            self.loses = False
            raise Busy("the connection was lost")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


async def test_claims_whose_commit_is_not_confirmed_are_nobodys_and_are_made_again(state: State) -> None:
    """In nobody's hands, they would be in doubt half an hour later, and never be sent."""
    clock = FakeClock()
    unconfirmed = Unconfirmed(state)
    desk = Desk(unconfirmed, clock, "one")
    await fill(state, 5)
    unconfirmed.loses = True
    with pytest.raises(Busy):
        await desk.dispatcher.cycle()
    assert await states(state) == {"claimed": 5}
    assert not desk.held
    await desk.dispatcher.cycle()
    assert len(desk.deliver()) == 5
    await desk.dispatcher.cycle()
    assert await states(state) == {"sent": 5}
    async with state.view() as view:
        assert {each.attempts for each in (await view.sends([f"k{number:03}" for number in range(5)])).values()} == {1}


async def test_only_so_many_are_claimed_of_ever_so_many(state: State) -> None:
    desk = Desk(state, FakeClock(), "one")
    await fill(state, 3 * ROOM)
    for _ in range(4):
        await desk.dispatcher.cycle()
    assert (await states(state))["claimed"] <= ROOM


async def test_a_dead_senders_claims_are_taken_over_and_are_in_doubt(state: State) -> None:
    clock = FakeClock()
    dead, living = Desk(state, clock, "dead"), Desk(state, clock, "living")
    await fill(state, 3)
    await dead.dispatcher.cycle()
    clock.advance(seconds=(SEND_WITHIN_MS + TAKE_OVER_MS) / 1_000)
    assert (await living.dispatcher.cycle()).taken_over == 0, "its owner may still live"
    clock.advance(seconds=TAKE_OVER_EVERY_MS / 1_000)
    assert (await living.dispatcher.cycle()).taken_over == 3
    assert await states(state) == {"in_doubt": 3}
    assert living.held == []


async def test_what_the_mailbox_has_of_a_dead_senders_claims_was_sent_and_the_rest_goes_now(
    state: State, tmp_path: Path
) -> None:
    """Mail and texts are kept, and calls of other systems went out: of those nobody knows."""
    clock, mailbox = FakeClock(), SqliteMailbox(tmp_path / "mailbox")
    channels = ("email", "sms", "webhook")
    dead, living = (Desk(state, clock, owner, channels=channels) for owner in ("dead", "living"))
    living.asks(mailbox.holds, on=("email", "sms"))
    async with state.begin() as transaction:
        sends = [a_send(f"{channel}-{end}", channel=channel) for channel in channels for end in ("kept", "lost")]
        await transaction.put_profiles({1: a_profile(email="ada@example.com", phone="+436641234567")})
        await transaction.add_sends(sends)
    await dead.dispatcher.cycle()
    assert await states(state) == {"claimed": 6}
    words = {"sender": "", "to": "ada", "title": "", "preview": "", "words": b"{}"}
    kept = [KeptMessage(medium=each, send=f"{each}-kept", **words) for each in channels]  # type: ignore[arg-type]
    await mailbox.keep(kept, NOW_MS)
    clock.advance(seconds=(SEND_WITHIN_MS + TAKE_OVER_MS + TAKE_OVER_EVERY_MS) / 1_000)
    assert (await living.dispatcher.cycle()).taken_over == 6
    async with state.view() as view:
        ends = {key: each.state for key, each in (await view.sends([each.key for each in sends])).items()}
    assert ends == {
        "email-kept": "sent",
        "sms-kept": "sent",
        "email-lost": "claimed",
        "sms-lost": "claimed",
        "webhook-kept": "in_doubt",
        "webhook-lost": "in_doubt",
    }
    assert {each.key for each in living.held} == {"email-lost", "sms-lost"}
    dead.deliver()
    await dead.dispatcher.cycle()
    assert {each.key for each in living.held} == {"email-lost", "sms-lost"}, "who was taken over is not heard"
    await mailbox.close()


async def test_what_somebody_else_took_over_while_the_provider_was_asked_stays_theirs(state: State) -> None:
    clock = FakeClock()
    dead, slow, quick = (Desk(state, clock, owner) for owner in ("dead", "slow", "quick"))

    async def none_of_them(keys: Sequence[str]) -> set[str]:
        return set()

    async def none_of_them_at_length(keys: Sequence[str]) -> set[str]:
        assert (await quick.dispatcher.cycle()).taken_over == 2
        return set()

    quick.asks(none_of_them, on=("email",))
    slow.asks(none_of_them_at_length, on=("email",))
    await fill(state, 2)
    await dead.dispatcher.cycle()
    clock.advance(seconds=(SEND_WITHIN_MS + TAKE_OVER_MS + TAKE_OVER_EVERY_MS) / 1_000)
    await slow.dispatcher.cycle()
    assert (len(quick.held), len(slow.held)) == (2, 0)
    assert await states(state) == {"claimed": 2}


async def test_a_sender_that_was_paused_is_not_heard_of_what_was_taken_over(state: State) -> None:
    clock = FakeClock()
    paused, living = Desk(state, clock, "paused"), Desk(state, clock, "living")
    await fill(state, 2)
    await paused.dispatcher.cycle()
    clock.advance(hours=2)
    await living.dispatcher.cycle()
    assert await states(state) == {"in_doubt": 2}
    paused.deliver()
    await paused.dispatcher.cycle()
    assert await states(state) == {"in_doubt": 2}, "it is told that they are in doubt, and stays so"


async def test_a_provider_that_knows_keys_is_given_the_same_key_again(state: State) -> None:
    clock = FakeClock()
    policy = DoubtPolicy(idempotent_seconds=86_400, marketing="resend", transactional="resend")
    dead, living = Desk(state, clock, "dead", policy), Desk(state, clock, "living", policy)
    await fill(state, 1)
    await dead.dispatcher.cycle()
    clock.advance(hours=2)
    await living.dispatcher.cycle()
    clock.advance(minutes=2)
    await living.dispatcher.cycle()
    assert [(each.key, each.attempts) for each in living.held] == [("k000", 2)]
    dead.deliver()
    await dead.dispatcher.cycle()
    assert await states(state) == {"claimed": 1}
    living.deliver()
    await living.dispatcher.cycle()
    assert await states(state) == {"sent": 1}


async def test_while_events_wait_only_what_needs_no_consent_is_claimed(state: State) -> None:
    desk = Desk(state, FakeClock(), "one")
    desk.log_is_behind = True
    await fill(state, 2)
    async with state.begin() as transaction:
        await transaction.add_sends([a_send("receipt", not_before_ms=0, transactional=True)])
    await desk.dispatcher.cycle()
    assert [each.key for each in desk.held] == ["receipt"]


async def test_a_cycle_that_fails_is_done_again_and_leaks_no_room(state: State) -> None:
    desk = Desk(state, FakeClock(), "one")
    await fill(state, 2 * ROOM)
    await desk.dispatcher.cycle()
    desk.deliver()

    class FullDiskError(OSError):
        pass

    async def fail(_: View) -> bool:
        raise FullDiskError

    sound = desk.dispatcher._behind
    for _ in range(3):
        desk.dispatcher._behind = fail
        with pytest.raises(FullDiskError):
            await desk.dispatcher.cycle()
    desk.dispatcher._behind = sound
    cycled = await desk.dispatcher.cycle()
    assert cycled.settled > 0
    assert cycled.claimed > 0


async def dead(state: State, *keys: str, **fields: object) -> None:
    async with state.begin() as transaction:
        sends = [a_send(key, not_before_ms=0, state="failed", settled_ms=NOW_MS, dead=True, **fields) for key in keys]
        await transaction.add_sends(sends)


async def test_a_replayed_letter_goes_out_under_the_same_key(state: State) -> None:
    desk = Desk(state, FakeClock(), "one")
    await dead(state, "a", "b")
    decided = await replay_letters(state, Which(keys=["a", "nobody"]), now=START)
    assert (decided.done, decided.unknown, decided.too_old) == (1, 1, 0)
    await desk.dispatcher.cycle()
    assert [(each.key, each.attempts) for each in desk.held] == [("a", 1)]


async def test_who_has_opted_out_is_not_written_to_by_a_replay(state: State) -> None:
    desk = Desk(state, FakeClock(), "one")
    await dead(state, "a")
    async with state.begin() as transaction:
        await transaction.suppress("email", "ada@example.com", "unsubscribed", NOW_MS)
    assert (await replay_letters(state, Which(), now=START)).done == 1
    await desk.dispatcher.cycle()
    assert desk.held == []
    async with state.view() as view:
        send = (await view.sends(["a"]))["a"]
    assert (send.state, send.reason) == ("withheld", "suppressed")


async def test_marketing_that_the_caps_have_forgotten_is_not_replayed(state: State) -> None:
    old_ms = NOW_MS - WAITED_MS_MOST - 1
    await dead(state, "old", created_ms=old_ms)
    await dead(state, "receipt", created_ms=old_ms, transactional=True)
    decided = await replay_letters(state, Which(), now=START)
    assert (decided.done, decided.too_old) == (1, 1)
    assert await states(state) == {"failed": 1, "pending": 1}


async def test_what_is_let_go_of_is_not_kept_to_be_said_again(state: State) -> None:
    await dead(state, "dropped", "waiting")
    async with state.begin() as transaction:
        await transaction.keep_words({"dropped": b"Hello.", "waiting": b"Hello."}, 0)
    assert (await drop_letters(state, Which(keys=["dropped", "unknown"]))).done == 1
    async with state.view() as view:
        assert set(await view.kept_words(["dropped", "waiting"])) == {"waiting"}


async def test_letters_of_one_origin_are_decided_alone_and_however_many(state: State) -> None:
    await dead(state, *(f"a{number:04}" for number in range(1_100)), origin="a")
    await dead(state, "b", origin="b")
    assert (await drop_letters(state, Which(origin="b"))).done == 1
    assert (await replay_letters(state, Which(origin="a"), now=START)).done == 1_100
    assert (await drop_letters(state, Which())).done == 0
    assert await states(state) == {"failed": 1, "pending": 1_100}
