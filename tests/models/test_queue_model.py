"""The outbox against a model of a dozen lines: claims, terms, settlements and dead letters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from holdfast.ports.state import Lane, Send, SendState, Settlement
from holdfast.testing import a_send
from tests.contracts.state_contract import user
from tests.models.walks import OverStores, walks

KEYS = [f"{number:032x}" for number in range(8)]
TERM_MS = 30
OWNERS = ("one", "other")
ENDS: tuple[SendState, ...] = ("sent", "failed", "in_doubt", "withheld")


@dataclass
class Letter:
    """One send, as the model knows it."""

    lane: Lane
    due_ms: int
    state: SendState = "pending"
    owner: str = ""
    send_by_ms: int = 0
    attempts: int = 0
    dead: bool = False


class Queue(OverStores):
    """Two senders at one outbox, and somebody who looks after dead letters."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 1_000
        self.letters: dict[str, Letter] = {}
        self.rounds = 0
        self.handed: Counter[str] = Counter()
        """How often each was claimed."""

    @initialize()
    def somebody(self) -> None:
        async def add() -> None:
            async with self.state.begin() as transaction:
                await transaction.add_identities([user("ada")], 0)

        self.run(add())

    @rule(key=st.sampled_from(KEYS), later=st.integers(0, 40), kind=st.sampled_from(("t", "j", "c")))
    def ask(self, key: str, later: int, kind: str) -> None:
        """A send is asked for; the same key again changes nothing."""
        send = a_send(
            key,
            created_ms=self.now_ms,
            not_before_ms=self.now_ms + later,
            transactional=kind == "t",
            origin_kind="campaign" if kind == "c" else "journey",
        )

        async def add() -> None:
            async with self.state.begin() as transaction:
                await transaction.add_sends([send])

        self.run(add())
        self.letters.setdefault(key, Letter(lane=send.lane, due_ms=send.not_before_ms))

    @rule(owner=st.sampled_from(OWNERS), room=st.integers(1, 3))
    def claim(self, owner: str, room: int) -> None:
        """One sender takes what is due, the longest due of each lane first."""
        lanes = [Lane("email", "transactional"), Lane("email", "broadcast")]
        self.rounds += 1
        name = f"{owner}#{self.rounds}"

        async def take() -> list[Send]:
            async with self.state.begin() as transaction:
                return await transaction.claim_sends(
                    self.now_ms, dict.fromkeys(lanes, room), claimed_by=name, send_by_ms=self.now_ms + TERM_MS
                )

        taken = {each.key for each in self.run(take())}
        for lane in lanes:
            due = [key for key, each in self.letters.items() if each.lane == lane and self._is_due(each)]
            mine = [key for key in due if key in taken]
            assert len(mine) == min(room, len(due))
            left = [self.letters[key].due_ms for key in due if key not in taken]
            assert all(self.letters[key].due_ms <= min(left, default=2**62) for key in mine)
        assert taken <= {key for key, each in self.letters.items() if each.lane in lanes and self._is_due(each)}
        for key in taken:
            letter = self.letters[key]
            letter.state, letter.owner, letter.send_by_ms = "claimed", name, self.now_ms + TERM_MS
            letter.attempts += 1

    @rule(data=st.data(), end=st.sampled_from((*ENDS, "pending")), theirs=st.booleans(), untried=st.booleans())
    def settle(self, data: st.DataObject, end: SendState, *, theirs: bool, untried: bool) -> None:
        """Somebody says what became of a send, now and then one whose claim is no longer theirs."""
        if not self.letters:
            return
        key = data.draw(st.sampled_from(sorted(self.letters)))
        letter = self.letters[key]
        settlement = Settlement(
            key=key,
            state=end,
            reason="so",
            not_before_ms=self.now_ms + 5,
            untried=untried and end == "pending",
            dead=end in ("failed", "in_doubt"),
            claimed_by=letter.owner if theirs else "somebody#0",
        )
        self.run(self._settle(settlement))
        if letter.state == "claimed" and theirs:
            self._end(letter, settlement)

    @rule()
    def take_over(self) -> None:
        """Claims whose term is long over are put back by whoever looks."""

        async def overdue() -> list[Send]:
            async with self.state.view() as view:
                return await view.overdue_claims(self.now_ms, limit=100)

        found = {each.key for each in self.run(overdue())}
        late = {key for key, each in self.letters.items() if each.state == "claimed" and each.send_by_ms < self.now_ms}
        assert found == late
        for key in sorted(found):
            letter = self.letters[key]
            settlement = Settlement(key=key, state="pending", not_before_ms=self.now_ms, claimed_by=letter.owner)
            self.run(self._settle(settlement))
            self._end(letter, settlement)

    @rule(data=st.data(), replayed=st.booleans())
    def look_after(self, data: st.DataObject, *, replayed: bool) -> None:
        """Dead letters are tried again, or let go of; what is none is left alone."""
        keys = data.draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))

        async def change() -> list[str]:
            async with self.state.begin() as transaction:
                if replayed:
                    return await transaction.replay_dead_letters(keys, self.now_ms)
                return await transaction.drop_dead_letters(keys)

        done = set(self.run(change()))
        assert done == {key for key in keys if key in self.letters and self.letters[key].dead}
        for key in done:
            letter = self.letters[key]
            letter.dead = False
            if replayed:
                letter.state, letter.attempts, letter.due_ms = "pending", 0, self.now_ms

    @rule(key=st.sampled_from(KEYS))
    def call_off(self, key: str) -> None:
        """What waits is withheld; what waits no more is left alone."""

        async def withhold() -> None:
            async with self.state.begin() as transaction:
                await transaction.withhold_sends([key], "outranked", self.now_ms)

        self.run(withhold())
        if key in self.letters and self.letters[key].state == "pending":
            self.letters[key].state = "withheld"

    @rule(by_ms=st.integers(1, 60))
    def time_passes(self, by_ms: int) -> None:
        self.now_ms += by_ms

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        async def look() -> tuple[dict[str, Send], dict[SendState, int], list[Send]]:
            async with self.state.view() as view:
                return await view.sends(KEYS), await view.send_totals(None), await view.dead_letters(limit=100)

        sends, totals, dead = self.run(look())
        assert sends.keys() == self.letters.keys()
        for key, letter in self.letters.items():
            send = sends[key]
            assert (send.state, send.attempts, send.dead) == (letter.state, letter.attempts, letter.dead)
            if letter.state == "pending":
                assert send.not_before_ms == letter.due_ms
            if letter.state == "claimed":
                assert send.claimed_by == letter.owner
        counted = Counter(each.state for each in self.letters.values())
        assert {state: count for state, count in totals.items() if count} == dict(counted)
        assert {each.key for each in dead} == {key for key, each in self.letters.items() if each.dead}

    def _is_due(self, letter: Letter) -> bool:
        return letter.state == "pending" and letter.due_ms <= self.now_ms

    async def _settle(self, settlement: Settlement) -> None:
        async with self.state.begin() as transaction:
            await transaction.settle_sends([settlement], self.now_ms)

    def _end(self, letter: Letter, settlement: Settlement) -> None:
        letter.state, letter.dead = settlement.state, settlement.dead
        if settlement.state == "pending":
            letter.due_ms = settlement.not_before_ms
            letter.attempts -= settlement.untried


class QueueInSqlite(Queue):
    store = "sqlite"


TestQueueInMemory = Queue.TestCase
TestQueueInMemory.settings = walks(40, 40)
TestQueueInSqlite = QueueInSqlite.TestCase
TestQueueInSqlite.settings = walks(8, 30)
