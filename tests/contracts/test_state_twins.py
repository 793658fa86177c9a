"""Memory and SQLite are twins: after any sequence of changes every question has the same answer in both."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import structs

from holdfast.ports.state import (
    URGENCIES,
    BadRecord,
    Decision,
    Lane,
    SavedSegment,
    Settlement,
    State,
    StepCount,
    Transaction,
    View,
)
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import MemoryState, a_link, a_profile, a_send, a_visit, an_event
from tests.contracts.state_contract import anonymous, user

NUMBERS = st.integers(1, 3)  # Few, so that what is done meets what was done before.
SOME = st.lists(NUMBERS, max_size=3, unique=True)
TIMES = st.integers(0, 9)
ORIGINS = st.sampled_from(["a", "b"])
STEPS = st.sampled_from(["wait", "mail"])
SEGMENTS = st.sampled_from(["a", "b", "ß"])
KEYS = st.sampled_from([f"k{n}" for n in range(6)])
NAMES = st.sampled_from([user("x"), anonymous("x"), user("\0"), user("\ud800"), anonymous("ß"), user("y")])
STATES = st.sampled_from(["pending", "claimed", "sent", "failed", "withheld", "in_doubt"])


class Rollback(Exception):
    """Undo what was just done."""


Question: TypeAlias = Callable[[View], Awaitable[Any]]
UNDO = st.sampled_from([False, False, False, True])


class Twins(RuleBasedStateMachine):
    """Does the same to both, now and then undoes it, and asks both the same. One topic at a time goes deeper."""

    questions: ClassVar[Mapping[str, Question]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp())
        self.states: list[State] = [MemoryState(), SqliteState(self.directory)]

    def teardown(self) -> None:
        for each in self.states:
            self.loop.run_until_complete(each.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    def both(self, act: Callable[[Transaction], Awaitable[Any]], *, undo: bool = False) -> None:
        """The act answers the same in both."""
        answers = [self.loop.run_until_complete(self._act(each, act, undo=undo)) for each in self.states]
        assert answers[0] == answers[1]

    async def _act(self, state: State, act: Callable[[Transaction], Awaitable[Any]], *, undo: bool) -> Any:
        answer: list[Any] = []
        with suppress(Rollback):
            async with state.begin() as transaction:
                answer.append(await act(transaction))
                if undo:
                    raise Rollback
        return answer

    @invariant()
    def every_question_has_the_same_answer(self) -> None:
        answers = [self.loop.run_until_complete(self._answers(each)) for each in self.states]
        assert answers[0] == answers[1]

    async def _answers(self, state: State) -> dict[str, Any]:
        async with state.view() as view:
            return {name: await question(view) for name, question in self.questions.items()}


WHO = list(range(8))
EVERYBODY = 100


class PeopleTwins(Twins):
    """Who people are."""

    questions: ClassVar[Mapping[str, Question]] = {
        "identities": lambda view: view.identities([user("x"), anonymous("x"), user("\0"), user("\ud800"), user("z")]),
        "by id": lambda view: view.identities_by_id(WHO),
        "members": lambda view: view.members(WHO),
        "people": lambda view: view.count_people(),
        "profiles": lambda view: view.profiles(WHO),
        "sayings": lambda view: view.sayings(WHO),
        "links": lambda view: view.links([1, 2]),
        "link": lambda view: view.link(2),
        "stale": lambda view: view.stale_people(limit=EVERYBODY),
    }

    @rule(name=NAMES, undo=UNDO)
    def meet(self, name: Any, undo: bool) -> None:
        async def act(transaction: Transaction) -> Any:
            known = await transaction.identities([name])
            return known or await transaction.add_identities([name], 1)

        self.both(act, undo=undo)

    @rule(who=NUMBERS, plan=st.sampled_from(["gold", None, 2**80, [1, {"x": "\0"}]]))
    def learn(self, who: int, plan: Any) -> None:
        self.both(lambda transaction: transaction.put_profiles({who: a_profile(plan=plan)}))

    @rule(first=NUMBERS, second=NUMBERS, undo=UNDO)
    def link(self, first: int, second: int, undo: bool) -> None:
        self.both(lambda transaction: transaction.add_links([a_link(first, second)]), undo=undo)

    @rule(link=NUMBERS, at_ms=TIMES)
    def unlink(self, link: int, at_ms: int) -> None:
        self.both(lambda transaction: transaction.undo_link(link, at_ms=at_ms, by="k"))

    @rule(moves=st.dictionaries(NUMBERS, NUMBERS, max_size=3), undo=UNDO)
    def assign(self, moves: dict[int, int], undo: bool) -> None:
        async def act(transaction: Transaction) -> None:
            known = await transaction.identities_by_id([*moves, *moves.values()])
            await transaction.assign({each: to for each, to in moves.items() if {each, to} <= known.keys()})
            await transaction.touch_people(sorted(moves))

        self.both(act, undo=undo)

    @rule(names=st.lists(NAMES, max_size=6, unique=True))
    def ask(self, names: list[Any]) -> None:
        self.both(lambda transaction: transaction.identities(names))

    @rule(who=SOME, undo=UNDO)
    def forget(self, who: list[int], undo: bool) -> None:
        self.both(lambda transaction: transaction.forget_identities(who), undo=undo)

    @rule(limit=NUMBERS)
    def tell(self, limit: int) -> None:
        async def act(transaction: Transaction) -> Any:
            # A few at a time somebody may be told of by a change before their last, or not: see the contract.
            told = await transaction.stale_people(limit=EVERYBODY)
            await transaction.untouch_people(told[:limit])
            return told

        self.both(act)


class FeedTwins(Twins):
    """What comes in."""

    emitted = 0
    """How often something was emitted."""
    questions: ClassVar[Mapping[str, Question]] = {
        "seen": lambda view: view.seen([0, 5, 2**63, 2**64 - 1]),
        "skipped": lambda view: view.skipped(2, 7),
        "bad": lambda view: view.bad_records(limit=3, before_id=5, replayed=None),
        "bad open": lambda view: view.bad_records(limit=9, before_id=None, replayed=False),
        "bad replayed": lambda view: view.bad_records(limit=9, before_id=None, replayed=True),
        "bad by id": lambda view: view.bad_records_by_id([3, 1]),
        "bad count": lambda view: view.count_bad_records(by_code=True),
    }

    @rule(marks=st.dictionaries(st.sampled_from([0, 5, 2**63, 2**64 - 1]), TIMES, max_size=3), at_ms=TIMES)
    def mark(self, marks: dict[int, int], at_ms: int) -> None:
        self.both(lambda transaction: transaction.mark_seen(marks, at_ms))

    @rule(positions=st.lists(st.integers(0, 9), max_size=3), at_ms=TIMES, undo=UNDO)
    def skip(self, positions: list[int], at_ms: int, undo: bool) -> None:
        self.both(lambda transaction: transaction.mark_skipped(positions, at_ms), undo=undo)

    @rule(before_ms=TIMES)
    def forget(self, before_ms: int) -> None:
        self.both(lambda transaction: transaction.forget_seen(before_ms))

    @rule(origins=st.lists(st.sampled_from(["", "log:1.0", "log:1.1"]), max_size=3), code=STEPS, undo=UNDO)
    def set_aside(self, origins: list[str], code: str, undo: bool) -> None:
        given: dict[str, Any] = {"source": "s", "message": "m", "path": "", "hint": "", "body": "{}"}
        records = [BadRecord(at_ms=1, code=code, origin=origin, **given) for origin in origins]
        self.both(lambda transaction: transaction.add_bad_records(records), undo=undo)

    @rule(ids=SOME, at_ms=TIMES)
    def replay(self, ids: list[int], at_ms: int) -> None:
        self.both(lambda transaction: transaction.mark_replayed(ids, at_ms))

    @rule(count=NUMBERS, undo=UNDO)
    def emit(self, count: int, undo: bool) -> None:
        # None comes again: whether it is told twice while it waits is left open.
        told = [an_event(message_id=f"{self.emitted}/{number}") for number in range(count)]
        self.emitted += 1
        self.both(lambda transaction: transaction.emit(told), undo=undo)

    @rule(limit=NUMBERS)
    def pump(self, limit: int) -> None:
        async def act(transaction: Transaction) -> Any:
            waiting = await transaction.emitted(limit=limit)
            for number, _ in waiting[-1:]:
                await transaction.forget_emitted(number)
            return [event for _, event in waiting]

        self.both(act)


class JourneyTwins(Twins):
    """Journeys and those on their way."""

    questions: ClassVar[Mapping[str, Question]] = {
        "decisions": lambda view: view.decisions(),
        "versions": lambda view: view.decisions(latest=False),
        "decision states": lambda view: view.decision_states(),
        "open": lambda view: view.open_visits(WHO),
        "due": lambda view: view.due_visits(5, limit=4),
        "due without": lambda view: view.due_visits(9, limit=9, without=["a"]),
        "due of a part": lambda view: view.due_visits(9, limit=3, part=1),
        "due parts": lambda view: view.due_parts(5, without=["a"]),
        "next": lambda view: view.next_due(),
        "entered": lambda view: view.entered(["a", "b"], WHO),
        "waiting": lambda view: view.waiting("a"),
        "under way": lambda view: view.under_way("a"),
        "steps": lambda view: view.step_counts("a"),
    }

    @rule(name=ORIGINS, version=NUMBERS, state=st.sampled_from(["live", "paused"]), body=st.binary(max_size=2))
    def publish(self, name: str, version: int, state: Any, body: bytes) -> None:
        decision = Decision(
            id=name, kind="journey", version=version, state=state, definition=body, published_ms=version
        )
        self.both(lambda transaction: transaction.put_decision(decision))

    @rule(who=SOME, origin=ORIGINS, step=STEPS, due=st.none() | TIMES, undo=UNDO)
    def enter(self, who: list[int], origin: str, step: str, due: int | None, undo: bool) -> None:
        visits = [a_visit(each, origin=origin, step=step, due_ms=due, entered_ms=each) for each in who]
        self.both(lambda transaction: transaction.add_visits(visits), undo=undo)

    @rule(who=SOME, step=STEPS, due=st.none() | TIMES, left=st.none() | TIMES, undo=UNDO)
    def travel(self, who: list[int], step: str, due: int | None, left: int | None, undo: bool) -> None:
        async def act(transaction: Transaction) -> None:
            visits = await transaction.open_visits(who)
            await transaction.put_visits(
                [structs.replace(each, step=step, due_ms=due, left_ms=left, seq=each.seq + 1) for each in visits]
            )

        self.both(act, undo=undo)

    @rule(origin=ORIGINS, step=STEPS, count=NUMBERS)
    def count(self, origin: str, step: str, count: int) -> None:
        passed = [StepCount(origin=origin, version=1, step=step, exit="sent", count=count)]
        self.both(lambda transaction: transaction.count_steps(passed * 2))


class SendTwins(Twins):
    """What is to be sent."""

    questions: ClassVar[Mapping[str, Question]] = {
        "next": lambda view: view.next_due(),
        "sends": lambda view: view.sends([f"k{n}" for n in range(6)]),
        "sends of": lambda view: view.sends_of(origin="a", identities=[1, 2, 3], limit=3),
        "latest sends": lambda view: view.sends_of(origin=None, identities=None, limit=3),
        "totals": lambda view: view.send_totals("b"),
        "contacts": lambda view: view.contacts(WHO, 3),
        "lanes": lambda view: view.lane_totals(),
        "overdue": lambda view: view.overdue_claims(9, limit=3),
        "answers": lambda view: view.answers([f"k{n}" for n in range(6)]),
        "dead": lambda view: view.dead_letters(limit=3, origin="a"),
        "dead after": lambda view: view.dead_letters(limit=9, channel="email", before=(5, "k3")),
        "dead in all": lambda view: view.count_dead_letters(),
        "suppressed": lambda view: view.suppressed("email", ["a@x", "é", "\0", "b"]),
    }

    @rule(keys=st.lists(KEYS, max_size=3), who=NUMBERS, origin=ORIGINS, at_ms=TIMES, state=STATES, urgent=st.booleans())
    def ask(self, *, keys: list[str], who: int, origin: str, at_ms: int, state: Any, urgent: bool) -> None:
        given = {
            "identity": who,
            "origin": origin,
            "created_ms": at_ms,
            "not_before_ms": at_ms,
            "state": state,
            "transactional": urgent,
            "claimed_ms": at_ms if state == "claimed" else None,
        }
        self.both(lambda transaction: transaction.add_sends([a_send(key, **given) for key in keys]))

    @rule(now_ms=TIMES, limit=NUMBERS, undo=UNDO)
    def claim(self, now_ms: int, limit: int, undo: bool) -> None:
        rooms = {Lane("email", urgency): limit for urgency in URGENCIES}
        name = f"c{now_ms}"
        self.both(
            lambda transaction: transaction.claim_sends(now_ms, rooms, claimed_by=name, send_by_ms=now_ms + 5),
            undo=undo,
        )

    @rule(keys=st.lists(KEYS, max_size=3), state=STATES.filter(lambda each: each != "claimed"), at_ms=TIMES)
    def settle(self, keys: list[str], state: Any, at_ms: int) -> None:
        untried = at_ms % 2 == 0
        settlements = [
            Settlement(
                key=key,
                state=state,
                reason="why",
                not_before_ms=at_ms,
                untried=untried,
                claimed_by=None if at_ms % 3 else f"c{at_ms}",
                dead=at_ms % 4 < 2,
            )
            for key in keys
        ]
        self.both(lambda transaction: transaction.settle_sends(settlements, at_ms))

    @rule(keys=st.lists(KEYS, max_size=3), at_ms=TIMES, replayed=st.booleans())
    def decide(self, keys: list[str], at_ms: int, replayed: bool) -> None:
        if replayed:
            self.both(lambda transaction: transaction.replay_dead_letters(keys, at_ms))
        else:
            self.both(lambda transaction: transaction.drop_dead_letters(keys))

    @rule(address=st.sampled_from(["A@x", "a@X", "É", "\0"]), reason=STEPS)
    def suppress(self, address: str, reason: str) -> None:
        self.both(lambda transaction: transaction.suppress("email", address, reason, 1))


class SegmentTwins(Twins):
    """Saved segments and their versions."""

    questions: ClassVar[Mapping[str, Question]] = {
        "saved": lambda view: view.segments(),
        "deleted": lambda view: view.deleted_segments(),
        "versions": lambda view: view.segment_versions("a", limit=3),
        "earlier": lambda view: view.segment_versions("b", limit=9, before=3),
        "one": lambda view: view.segment_version("a", 2),
        "none": lambda view: view.segment_version("ß", 1),
    }

    @rule(
        which=SEGMENTS,
        name=st.sampled_from(["Gold", "gold\0"]),
        description=st.sampled_from(["", "ß"]),
        body=st.binary(max_size=1),
        at_ms=TIMES,
        undo=UNDO,
    )
    def save(self, *, which: str, name: str, description: str, body: bytes, at_ms: int, undo: bool) -> None:
        segment = SavedSegment(id=which, name=name, description=description, definition=body, updated_ms=at_ms)
        self.both(lambda transaction: transaction.put_segment(segment), undo=undo)

    @rule(which=SEGMENTS, at_ms=TIMES, by=STEPS, undo=UNDO)
    def delete(self, which: str, at_ms: int, by: str, undo: bool) -> None:
        self.both(lambda transaction: transaction.delete_segment(which, at_ms=at_ms, by=by), undo=undo)


DEPTH = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
PeopleTwins.TestCase.settings = DEPTH
TestPeopleTwins = PeopleTwins.TestCase
FeedTwins.TestCase.settings = DEPTH
TestFeedTwins = FeedTwins.TestCase
JourneyTwins.TestCase.settings = DEPTH
TestJourneyTwins = JourneyTwins.TestCase
SendTwins.TestCase.settings = DEPTH
TestSendTwins = SendTwins.TestCase
SegmentTwins.TestCase.settings = DEPTH
TestSegmentTwins = SegmentTwins.TestCase
