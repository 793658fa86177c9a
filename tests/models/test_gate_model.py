"""The contact gate against a model of a few lines: no cap is exceeded wherever its window is laid, what matters more
comes first, and of contacts withheld each had no room."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from holdfast.decisions.caps import Cap
from holdfast.decisions.gate import Contact, GateRules, Permit, Standing, Withheld, gate, made_by
from holdfast.decisions.made import Made
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.testing import START
from tests.models.walks import walks

HOUR_MS = 3_600_000
CAPS = (
    Cap(channel="email", most=2, within_seconds=24 * 3_600),
    Cap(topic="news", most=1, within_seconds=6 * 3_600),
    Cap(channel="sms", topic="offers", most=1, within_seconds=48 * 3_600),
    Cap(most=3, within_seconds=72 * 3_600),
)
RULES = GateRules(caps=CAPS)


class Gate(RuleBasedStateMachine):
    """One person, asked after again and again; some contacts wait, and some are handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = to_millis(START)
        self.made: list[Made] = []
        self.number = 0

    @rule(
        topic=st.sampled_from(("news", "offers")),
        channel=st.sampled_from(("email", "sms")),
        priority=st.sampled_from((10, 50, 90)),
        transactional=st.sampled_from((False, False, False, True)),
    )
    def ask(self, topic: str, channel: str, priority: int, *, transactional: bool) -> None:
        contact = Contact(channel=channel, topic=topic, priority=priority, transactional=transactional)
        standing = Standing(address="ann@example.com", consent=True, recent=tuple(self.made))
        now = from_millis(self.now_ms)
        answer = gate(contact, standing, RULES, now)
        self.number += 1
        asked = made_by(contact, Permit(), now, f"send-{self.number}")
        if isinstance(answer, Withheld):
            assert answer.reason == "capped"
            assert not transactional, "no marketing rule holds back what somebody bought"
            firm = [each for each in self.made if not (each.waits and each.priority < priority)]
            assert not self._fits(firm, asked), "there was room, or could have been made"
            return
        gone = {each.key: each for each in self.made if each.key in answer.instead_of}
        assert len(gone) == len(answer.instead_of)
        assert all(each.waits and each.priority < priority and not each.transactional for each in gone.values())
        kept = [each for each in self.made if each.key not in gone]
        assert transactional or self._fits(kept, asked)
        assert not any(self._fits([*kept, each], asked) for each in gone.values()), "nobody makes room for nothing"
        self.made = [*kept, asked]

    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        """One that waits is delivered: nobody takes its place any more."""
        waiting = [each for each in self.made if each.waits]
        if waiting:
            one = data.draw(st.sampled_from(waiting))
            self.made = [replace(each, handed_ms=self.now_ms) if each is one else each for each in self.made]

    @rule(hours=st.sampled_from((1, 5, 6, 12, 24, 60)))
    def time_passes(self, hours: int) -> None:
        self.now_ms += hours * HOUR_MS

    @rule()
    def the_clock_is_set_back(self) -> None:
        self.now_ms -= HOUR_MS

    @invariant()
    def no_window_holds_too_many(self) -> None:
        for cap in CAPS:
            moments = [each.at_ms for each in self._counted(cap, self.made)]
            for start in moments:
                within = sum(start <= each < start + cap.within_seconds * 1000 for each in moments)
                assert within <= cap.most

    def _fits(self, made: Iterable[Made], asked: Made) -> bool:
        """Whether every cap that concerns it has room for one more, looking back and ahead."""
        made = list(made)
        concerned = [cap for cap in CAPS if self._counted(cap, [asked])]
        return all(self._near(cap, made, asked.at_ms) < cap.most for cap in concerned)

    def _near(self, cap: Cap, made: Iterable[Made], at_ms: int) -> int:
        return sum(abs(each.at_ms - at_ms) < cap.within_seconds * 1000 for each in self._counted(cap, made))

    def _counted(self, cap: Cap, made: Iterable[Made]) -> list[Made]:
        return [
            each
            for each in made
            if not each.transactional and cap.channel in ("", each.channel) and cap.topic in ("", each.topic)
        ]


TestGate = Gate.TestCase
TestGate.settings = walks(80, 40)
