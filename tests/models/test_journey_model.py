"""A visit against a model of one journey in a dozen lines: it waits for what it says, goes on once, and leaves once."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from holdfast.decisions.gate import Standing
from holdfast.decisions.journey import decode_journey
from holdfast.decisions.machine import Advance, Arrived, Due, Happened, Scene, Wake, advance
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.profiles.profile import EMPTY
from holdfast.segments.condition import UTC_ZONE
from holdfast.segments.facts import ProfileFacts
from holdfast.testing import START, a_visit, an_event
from tests.models.walks import walks

WAIT_MS, UNTIL_MS, GOAL_MS = 60_000, 100_000, 240_000
MAIL = {
    "type": "send",
    "channel": "email",
    "template": {"subject": "Hello", "text": "Hello."},
}
JOURNEY = decode_journey(
    {
        "id": "model",
        "name": "Model",
        "goal": {"event": "Bought", "within_seconds": GOAL_MS // 1000},
        "leave_on_goal": True,
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "wait"}},
            "wait": {"type": "wait", "seconds": WAIT_MS // 1000, "exits": {"waited": "first"}},
            "first": {**MAIL, "exits": {"sent": "until", "withheld": "until"}},
            "until": {
                "type": "until",
                "event": "Read",
                "seconds": UNTIL_MS // 1000,
                "exits": {"happened": "out", "expired": "second"},
            },
            "second": {**MAIL, "exits": {"sent": "out", "withheld": "out"}},
            "out": {"type": "exit"},
        },
    }
)


@dataclass
class Model:
    """Where somebody stands, since when, and what they were sent."""

    at: str = "wait"
    since_ms: int = 0
    entered_ms: int = 0
    sent: list[str] = field(default_factory=list)

    def time_is(self, now_ms: int) -> None:
        """A timer is looked at."""
        if self.at == "wait" and now_ms >= self.since_ms + WAIT_MS:
            self.sent.append("first")
            self.at, self.since_ms = "until", now_ms
        elif self.at == "until" and now_ms >= self.since_ms + UNTIL_MS:
            self.sent.append("second")
            self.at = "left"

    def does(self, name: str, now_ms: int) -> None:
        """What was due before is done first; then what happened counts where it is waited for."""
        self.time_is(now_ms)
        in_time = now_ms <= self.entered_ms + GOAL_MS
        if (self.at == "until" and name == "Read") or (self.at != "left" and name == "Bought" and in_time):
            self.at = "left"


class Visitor(RuleBasedStateMachine):
    """Somebody on the journey, woken at any time by anything."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = to_millis(START)
        self.number = 0
        self.keys: list[str] = []
        self.visit = a_visit(origin="model", step="in", entered_ms=self.now_ms, arrived_ms=self.now_ms)
        self.model = Model(since_ms=self.now_ms, entered_ms=self.now_ms)
        self._wake(Arrived())

    @rule(name=st.sampled_from(("Read", "Bought", "Page Read")))
    def does(self, name: str) -> None:
        self.number += 1
        at = from_millis(self.now_ms)
        self._wake(Happened(an_event(name, message_id=f"m{self.number}", timestamp=at, received_at=at)))
        self.model.does(name, self.now_ms)

    @rule()
    def timer(self) -> None:
        """It goes off, perhaps too early, perhaps twice."""
        self._wake(Due())
        self.model.time_is(self.now_ms)

    @rule()
    def arrives_again(self) -> None:
        """An entry that is told twice begins nothing anew."""
        self._wake(Arrived())

    @rule(by_ms=st.sampled_from((1, 1_000, 59_999, 60_000, 100_000, 240_000)))
    def time_passes(self, by_ms: int) -> None:
        self.now_ms += by_ms

    @invariant()
    def is_where_the_model_says(self) -> None:
        model, visit = self.model, self.visit
        assert (visit.left_ms is not None) is (model.at == "left")
        assert len(self.keys) == len(set(self.keys)) == len(model.sent), "each is sent once, under a key of its own"
        if model.at != "left":
            assert visit.step == model.at
            assert visit.due_ms == model.since_ms + (WAIT_MS if model.at == "wait" else UNTIL_MS), "nobody is forgotten"
            assert ("Read" in visit.waits_for) is (model.at == "until")

    def _wake(self, wake: Wake) -> None:
        scene = Scene(
            now=from_millis(self.now_ms),
            facts=ProfileFacts(EMPTY, user_id="ada", zone=UTC_ZONE),
            standing={"email": Standing(address="ada@example.com", consent=True)},
        )
        done: Advance = advance(JOURNEY, self.visit, wake, scene)
        self.keys += [each.key for each in done.sends]
        self.visit = done.visit


TestVisitor = Visitor.TestCase
TestVisitor.settings = walks(80, 40)
