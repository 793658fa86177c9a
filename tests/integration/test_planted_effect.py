"""Whether what is measured is what was planted: simulated customers, the real machine, the real measure.

The truth is known exactly: the same people live twice, once with everybody treated and once with everybody held out.
What a mail makes somebody do does not hang on who else gets one, so the two lives are the two potential outcomes, and
any way of splitting people into arms can be held against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from holdfast.decisions.holdout import arm_of
from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis
from holdfast.measures.outcome import ENTERED, ArmOutcome, OutcomeQuestion
from holdfast.measures.trial import Estimated, TrialResult, compare
from holdfast.ports.history import HistoryRow
from holdfast.sim.campaigns import CART_RESCUE, Running, running
from holdfast.sim.past import Past, World, make_past
from holdfast.sim.people import Effects
from holdfast.stores.memory.history import MemoryHistory

UNTIL_MS = 1_790_000_000_000
ORDERED = "Order Completed"
PEOPLE = 1_800
CURRENCY = "EUR"

Numbers = npt.NDArray[np.float64]


def the_plays(holdout: float, origin: str) -> list[Running]:
    """Only one of the shop's journeys, so that no other one's mails blur whose effect it is."""
    return [replace(play, journey=replace(play.journey, holdout=holdout)) for play in running() if play.id == origin]


def a_past(seed: int, *, holdout: float, effect: float, origin: str = CART_RESCUE, people: int = PEOPLE) -> Past:
    effects = Effects(cart=effect, win_back=effect)
    world = World(people=people, effects=effects, plays=the_plays(holdout, origin))
    return make_past(np.random.default_rng(seed), world, until_ms=UNTIL_MS)


def question_of(past: Past) -> OutcomeQuestion:
    goal = past.plays[0].journey.goal
    return OutcomeQuestion(
        origin=past.plays[0].id,
        goal_event=goal.event,
        within_seconds=goal.within_seconds,
        as_of_ms=UNTIL_MS,
        currency=CURRENCY,
    )


def rows_of(past: Past) -> list[HistoryRow]:
    """Entries and orders as the history is given them: each once, under the number of the person."""
    wanted = pc.is_in(past.table["name"], pa.array([ENTERED, ORDERED]))
    number = {name: row for row, name in enumerate(past.population.user_ids) if name}
    rows: dict[str, HistoryRow] = {}
    for row in past.table.filter(wanted).to_pylist():
        at = row["timestamp"].astimezone(UTC)
        event = Event(
            name=row["name"],
            user_id=row["user_id"],
            timestamp=at,
            received_at=at,
            message_id=row["message_id"],
            properties=msgspec.json.decode(row["properties"]),
        )
        rows[event.message_id] = HistoryRow(identity=number[row["user_id"]], event=event)
    return list(rows.values())


async def measured(past: Past) -> TrialResult:
    """What Holdfast would say."""
    history = MemoryHistory(currency=CURRENCY)
    await history.add(rows_of(past), token="the past")
    return compare(await history.outcomes(question_of(past)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What became of everybody who entered and whose window has closed, in one world."""

    people: list[int]
    converted: Numbers
    revenue: Numbers


def lives_of(past: Past) -> Lives:
    """Reckoned here a second time and in another way than the history does."""
    question = question_of(past)
    entered: dict[int, int] = {}
    orders: dict[int, list[tuple[int, float]]] = {}
    for row in rows_of(past):
        at_ms = to_millis(row.event.timestamp)
        if row.event.name == ENTERED:
            entered[row.identity] = min(at_ms, entered.get(row.identity, at_ms))
        else:
            said = row.event.properties
            money = float(str(said["revenue"])) * 100 if said["currency"] == CURRENCY else 0.0
            orders.setdefault(row.identity, []).append((at_ms, money))
    window_ms = question.within_seconds * 1000
    people = sorted(person for person, at_ms in entered.items() if at_ms + window_ms <= UNTIL_MS)
    won = [
        [money for at_ms, money in orders.get(person, ()) if entered[person] < at_ms <= entered[person] + window_ms]
        for person in people
    ]
    return Lives(
        people=people,
        converted=np.array([float(bool(each)) for each in won]),
        revenue=np.array([sum(each) for each in won], dtype=np.float64),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Both lives of the same people."""

    treated: Lives
    held: Lives
    names: list[str]

    @property
    def conversion(self) -> float:
        return float((self.treated.converted - self.held.converted).mean())

    @property
    def revenue(self) -> float:
        return float((self.treated.revenue - self.held.revenue).mean())

    def split(self, salt: str, holdout: float) -> list[ArmOutcome]:
        """What would be seen if this salt had dealt out the arms."""
        held = np.array([arm_of(salt, name, holdout) == "holdout" for name in self.names])
        return [
            replace(_arm(self.treated, ~held), arm="treated"),
            replace(_arm(self.held, held), arm="holdout"),
        ]


def _arm(lives: Lives, chosen: npt.NDArray[np.bool_]) -> ArmOutcome:
    revenue = lives.revenue[chosen]
    return ArmOutcome(
        arm="treated",
        people=int(chosen.sum()),
        open_people=0,
        converted=int(lives.converted[chosen].sum()),
        orders=int((revenue > 0).sum()),
        revenue_minor=round(float(revenue.sum())),
        revenue_minor_squares=float((revenue**2).sum()),
        other_currency_orders=0,
    )


def truth_of(seed: int, effect: float, *, people: int = PEOPLE) -> Truth:
    treated = a_past(seed, holdout=0.0, effect=effect, people=people)
    held = a_past(seed, holdout=1.0, effect=effect, people=people)
    one, two = lives_of(treated), lives_of(held)
    assert one.people == two.people, "who enters must not hang on the arms"
    return Truth(treated=one, held=two, names=[treated.population.user_ids[row] for row in one.people])


def covers(effect: object, truth: float) -> bool:
    assert isinstance(effect, Estimated)
    return effect.low <= truth <= effect.high


def share(flags: Iterable[bool]) -> float:
    return float(np.mean(list(flags)))


@pytest.fixture(scope="module")
def truth() -> Truth:
    """A world in which every second mail about a left checkout makes a purchase that would not have been."""
    return truth_of(1, 0.5, people=3_000)


async def test_the_loop_finds_what_was_planted(truth: Truth) -> None:
    """Six shops, each run once with half of the people held out."""
    results: Sequence[TrialResult] = [await measured(a_past(seed, holdout=0.5, effect=0.5)) for seed in range(20, 26)]
    assert truth.conversion > 0.08, "there is something to find"
    found = [result.conversion for result in results]
    assert sum(covers(effect, truth.conversion) for effect in found) >= 5
    estimates = [effect.difference for effect in found if isinstance(effect, Estimated)]
    assert np.mean(estimates) == pytest.approx(truth.conversion, abs=0.025)
    assert sum(isinstance(effect, Estimated) and effect.beyond_chance for effect in found) >= 5


async def test_the_history_counts_what_happened(truth: Truth) -> None:
    """The loop's own arms, counted by the history and by hand."""
    past = a_past(30, holdout=0.3, effect=0.5)
    result, lives = await measured(past), lives_of(past)
    name = past.population.user_ids
    held = np.array([arm_of(CART_RESCUE, name[row], 0.3) == "holdout" for row in lives.people])
    for arm, chosen in ((result.holdout, held), (result.treated, ~held)):
        assert arm.people == chosen.sum()
        assert arm.converted == lives.converted[chosen].sum()
        assert arm.revenue_minor == pytest.approx(lives.revenue[chosen].sum())


@pytest.mark.parametrize("holdout", [0.5, 0.1])
def test_the_interval_covers_as_often_as_it_says(truth: Truth, holdout: float) -> None:
    """Four hundred ways of dealing out the arms among the same people, against their true effect."""
    results = [compare(truth.split(f"salt {number}", holdout)) for number in range(400)]
    conversion = share(covers(result.conversion, truth.conversion) for result in results)
    # Between people the effect differs, so that the interval is a little wide: never less than it says.
    assert 0.93 <= conversion <= 0.995
    revenue = share(covers(result.revenue_per_person, truth.revenue) for result in results)
    assert 0.92 <= revenue <= 0.995


def test_an_interval_of_half_the_confidence_covers_less(truth: Truth) -> None:
    """The test above could fail: it sees the difference between 95 % and 50 %."""
    results = [compare(truth.split(f"salt {number}", 0.5), confidence=0.5) for number in range(400)]
    assert share(covers(result.conversion, truth.conversion) for result in results) < 0.65


async def test_where_nothing_was_planted_nothing_is_claimed() -> None:
    nothing = truth_of(2, 0.0)
    assert nothing.conversion == 0
    assert nothing.revenue == 0
    results = [compare(nothing.split(f"salt {number}", 0.5)) for number in range(400)]
    claimed = share(isinstance(each.conversion, Estimated) and each.conversion.beyond_chance for each in results)
    assert claimed <= 0.07
    result = await measured(a_past(3, holdout=0.5, effect=0.0))
    assert isinstance(result.conversion, Estimated)
    assert not result.conversion.beyond_chance
    assert "may be chance" in result.words()


async def test_the_win_back_campaign_is_measured_too() -> None:
    past = a_past(5, holdout=0.5, effect=0.6, origin="win-back", people=4_000)
    result = await measured(past)
    assert isinstance(result.conversion, Estimated)
    assert result.conversion.low > 0.1
