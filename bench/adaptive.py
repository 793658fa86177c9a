"""What adaptive paths lose while they learn, as a share of what dividing everybody evenly loses.

Seven paths, 20,000 people who come in 50 batches, conversions of about 5 %. How far paths lie apart is taken from
published trials of headlines (Upworthy's archive): a sixth of their mean, one standard deviation. Conversions come at
once, or take up to ten batches, some paths' sooner than others'. The peers are on the same worlds in the same run:
UCB1, Thompson sampling as it is usually written, epsilon-greedy, and shares that follow raw percentages every five
minutes. None of the peers waits for conversions that have not had time to happen.

Then five steps of seven paths each, whose effects add up: learnt one by one, and all together, which is what runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bench.benchmark import Benchmark, Measured, Row
from holdfast.measures.learning.allocation import Dial, allocate
from holdfast.measures.learning.beliefs import Tried, beliefs
from holdfast.measures.learning.joint import Company, joint_beliefs
from holdfast.measures.learning.question import BINS as QUESTION_BINS
from holdfast.measures.learning.question import TriedGoal, TriedQuestion, TriedRow
from holdfast.measures.learning.weighing import weigh

PEOPLE, BATCHES, PATHS = 20_000, 50, 7
BASE, APART = 0.05, 1 / 6
BINS = 10
DRAWS = 400
WORLDS, WORLDS_QUICK = 600, 100
AT_ONCE_MOST, LATE_MOST = 0.33, 0.42
GREEDY = "raw percentages every five minutes"

Numbers = npt.NDArray[np.float64]
Shares = Callable[["World", int], Numbers]


@dataclass
class World:
    """As many trials side by side, one a row."""

    rates: Numbers
    """What each path really brings, shape (worlds, paths)."""
    delays: Numbers
    """The share of its conversions that come in each bin, shape (worlds, paths, bins)."""
    chance: np.random.Generator
    assigned: Numbers = field(init=False)
    converted: Numbers = field(init=False)

    def __post_init__(self) -> None:
        worlds, paths = self.rates.shape
        self.assigned = np.zeros((worlds, paths, BATCHES))
        self.converted = np.zeros((worlds, paths, BATCHES, BINS))

    def ages(self, batch: int) -> npt.NDArray[np.int64]:
        """How many bins have passed for each batch before this one: at least one, as a batch ends before the next."""
        return np.arange(batch, 0, -1)

    def seen(self, batch: int) -> Numbers:
        """The conversions of earlier batches that have come by now."""
        reached = self.ages(batch)[:, None] > np.arange(BINS)
        found: Numbers = self.converted[..., :batch, :] * reached
        return found

    def goes_on(self, batch: int, shares: Numbers) -> None:
        """Let the next batch of people come."""
        whole = shares / shares.sum(axis=1, keepdims=True)
        people = np.stack([self.chance.multinomial(PEOPLE // BATCHES, each) for each in whole])
        self.assigned[..., batch] = people
        came = self.chance.binomial(people, self.rates)
        for bin_ in range(BINS):
            left = 1 - self.delays[..., :bin_].sum(axis=-1)
            part = np.clip(np.divide(self.delays[..., bin_], left, out=np.ones_like(left), where=left > 1e-12), 0, 1)
            now = self.chance.binomial(came.astype(int), part)
            self.converted[..., batch, bin_] = now
            came = came - now

    def regret(self) -> Numbers:
        """Conversions that were missed, by world."""
        lost: Numbers = ((self.rates.max(axis=1, keepdims=True) - self.rates)[..., None] * self.assigned).sum(
            axis=(1, 2)
        )
        return lost


def a_world(worlds: int, seed: int, *, late: bool) -> World:
    chance = np.random.default_rng(seed)
    rates = np.clip(BASE * (1 + APART * chance.standard_normal((worlds, PATHS))), 0.005, 0.5)
    delays = np.zeros((worlds, PATHS, BINS))
    delays[..., 0] = 1.0
    if late:
        slowness = chance.uniform(0.5, 0.9, (worlds, PATHS, 1))
        delays = slowness ** np.arange(BINS)
        delays /= delays.sum(axis=-1, keepdims=True)
    return World(rates=rates, delays=delays, chance=chance)


def evenly(world: World, batch: int) -> Numbers:  # noqa: ARG001 - It is asked as the others are.
    return np.ones_like(world.rates)


def ours(world: World, batch: int) -> Numbers:
    if batch == 0:
        return evenly(world, batch)
    tried = Tried(assigned=world.assigned[..., :batch], converted=world.seen(batch), ages=world.ages(batch))
    dial = Dial()
    return allocate(beliefs(tried), dial, seed=batch, draws=DRAWS).propensity(dial.slice)


def _raw(world: World, batch: int) -> tuple[Numbers, Numbers]:
    """People and conversions of each path, as a report would count them now."""
    return world.assigned[..., :batch].sum(axis=-1), world.seen(batch).sum(axis=(-1, -2))


def thompson(world: World, batch: int) -> Numbers:
    people, came = _raw(world, batch)
    chance = np.random.default_rng(batch)
    drawn = chance.beta(1 + came[:, None], 1 + np.maximum(people - came, 0)[:, None], (len(people), DRAWS, PATHS))
    best = drawn.argmax(axis=-1)
    return np.stack([(best == path).mean(axis=1) for path in range(PATHS)], axis=1)


def ucb1(world: World, batch: int) -> Numbers:
    people, came = _raw(world, batch)
    seen = np.maximum(people, 1)
    bound = came / seen + np.sqrt(2 * np.log(np.maximum(people.sum(axis=1, keepdims=True), 2)) / seen)
    return _only(np.where(people == 0, np.inf, bound))


def epsilon_greedy(world: World, batch: int) -> Numbers:
    people, came = _raw(world, batch)
    return 0.9 * _only(came / np.maximum(people, 1)) + 0.1 / PATHS


def five_minutes(world: World, batch: int) -> Numbers:
    """Nearly everybody to the highest raw percentage, from the first minutes on."""
    people, came = _raw(world, batch)
    return 0.95 * _only(came / np.maximum(people, 1)) + 0.05 / PATHS


def _only(score: Numbers) -> Numbers:
    return np.asarray(score == score.max(axis=1, keepdims=True), dtype=float)


WAYS: dict[str, Shares] = {
    "ours": ours,
    "Thompson": thompson,
    "UCB1": ucb1,
    "epsilon-greedy, 10 %": epsilon_greedy,
    GREEDY: five_minutes,
}


def share_of_even(way: Shares, worlds: int, *, late: bool, seed: int = 1) -> float:
    """Mean regret as a share of that of dividing evenly, over the same worlds."""
    lost = []
    for each in (way, evenly):
        world = a_world(worlds, seed, late=late)
        for batch in range(BATCHES):
            world.goes_on(batch, each(world, batch))
        lost.append(world.regret().mean())
    return float(lost[0] / lost[1])


STEPS = 5
JOINT_WORLDS, JOINT_WORLDS_QUICK = 60, 15
DRIFT = 0.05
"""By how much more people convert at the end, whatever they get, in worlds that drift."""
MILLION = 1_000_000
WEIGH_SECONDS_MOST = 1.0


@dataclass
class Seen:
    """What five steps have seen: who had which paths, and what they brought; a column for each path of each step."""

    together: Numbers = field(default_factory=lambda: np.zeros((STEPS * PATHS, STEPS * PATHS)))
    brought: Numbers = field(default_factory=lambda: np.zeros(STEPS * PATHS))

    def add(self, chosen: npt.NDArray[np.int64], came: Numbers) -> None:
        """People by the path they had at each step, shape (people, steps), and whether they converted."""
        design = np.zeros((len(came), STEPS * PATHS))
        for step in range(STEPS):
            design[np.arange(len(came)), step * PATHS + chosen[:, step]] = 1
        self.together += design.T @ design
        self.brought += design.T @ came

    @property
    def tried(self) -> list[Tried]:
        """By step; everybody's time is over."""
        assigned = np.diagonal(self.together).reshape(STEPS, PATHS, 1)
        came = self.brought.reshape(STEPS, PATHS, 1, 1)
        return [Tried(assigned=assigned[step], converted=came[step], ages=np.asarray([1])) for step in range(STEPS)]

    @property
    def company(self) -> list[Company]:
        """Which paths the people of each step had at each other."""
        by_step = self.together.reshape(STEPS, PATHS, STEPS, PATHS)
        return [
            Company(step=step, other=other, people=by_step[step][:, None, other])
            for step in range(STEPS)
            for other in range(STEPS)
            if step != other
        ]


def joint_regret(way: str, seed: int, drift: float = 0.0) -> float:
    """Conversions that five steps of seven paths miss together; what the paths of each step bring adds up.

    Args:
        drift: by how much more people convert at the end than at the beginning, whatever they get.
    """
    of_world, chance = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    effect = BASE * APART * of_world.standard_normal((STEPS, PATHS))
    effect -= effect.mean(axis=1, keepdims=True)
    shares = np.full((STEPS, PATHS), 1 / PATHS)
    seen, lost, dial = Seen(), 0.0, Dial()
    for batch in range(BATCHES):
        people = PEOPLE // BATCHES
        chosen = np.stack([chance.choice(PATHS, people, p=each / each.sum()) for each in shares], axis=1)
        added = sum(effect[step, chosen[:, step]] for step in range(STEPS))
        now = BASE + drift * batch / BATCHES
        came = (chance.random(people) < np.clip(now + added, 0, 1)).astype(float)
        lost += float((effect.max(axis=1).sum() - added).sum())
        if way == "evenly":
            continue
        seen.add(chosen, came)
        every = joint_beliefs(seen.tried, seen.company if way == "together" else [])
        shares = np.stack([allocate(each, dial, batch, draws=DRAWS).propensity(dial.slice) for each in every])
    return lost


def joint_rows(worlds: int) -> list[Row]:
    """Five steps learnt one by one, and together as the running job does: never slower."""
    rows = []
    for drift, ways in ((0.0, ""), (DRIFT, ", while people's ways drift")):
        lost = {
            way: float(np.mean([joint_regret(way, seed, drift) for seed in range(worlds)]))
            for way in ("evenly", "one by one", "together")
        }
        for way in ("one by one", "together"):
            ratio, of = lost[way] / lost["evenly"], lost["one by one"] / lost["evenly"]
            is_ours = way == "together"
            rows.append(
                Row(
                    what=f"five steps of seven paths, learnt {way}{ways}",
                    value=100 * ratio,
                    unit="% of even",
                    ratio=ratio,
                    limit=f"at most {of:.3f}, as one by one" if is_ours else "",
                    met=not is_ours or ratio <= of,
                )
            )
    return rows


def weighing_row() -> Row:
    """Seconds to weigh again what a million assignments brought: 400 batches, of which the history gives the sums."""
    chance = np.random.default_rng(6)
    goal = TriedGoal(event="Order Completed", within_seconds=7 * 86_400)
    question = TriedQuestion(experiment="a.b", goals=(goal,), as_of_ms=1_790_000_000_000)
    last, paths = question.as_of_ms // question.bin_ms, [f"path-{each}" for each in range(PATHS)]
    rows = []
    for batch in range(last - 400, last):
        for path, people in zip(paths, chance.multinomial(MILLION // 400, [1 / PATHS] * PATHS), strict=True):
            came = chance.multinomial(chance.binomial(people, BASE), [1 / QUESTION_BINS] * QUESTION_BINS)
            counts = tuple(int(n) * (bin_ < question.age(batch)) for bin_, n in enumerate(came))
            rows.append(
                TriedRow(
                    variant=path,
                    batch=batch,
                    cell="",
                    evenly=False,
                    propensity=1 / PATHS,
                    people=int(people),
                    reached=counts,
                    worth=tuple(float(each) for each in counts),
                    squares=float(sum(counts)),
                )
            )
    began = time.perf_counter()
    weigh(rows, question, paths, Dial(), seed=1)
    seconds = time.perf_counter() - began
    return Row(
        what="weighing again what a million assignments brought",
        value=seconds,
        unit="s",
        ratio=seconds,
        limit=f"at most {WEIGH_SECONDS_MOST:g} s",
        met=seconds <= WEIGH_SECONDS_MOST,
    )


def _never_worse(found: dict[tuple[str, bool], float]) -> Row:
    """Ours beside shares that follow raw percentages, where conversions lag."""
    ratio = found["ours", True] / found[GREEDY, True]
    return Row(
        what="ours as a share of raw percentages, conversions late",
        value=100 * ratio,
        unit="%",
        ratio=ratio,
        limit="at most 1, never worse",
        met=ratio <= 1,
    )


def run(quick: bool) -> Measured:
    worlds = WORLDS_QUICK if quick else WORLDS
    rows: list[Row] = []
    found: dict[tuple[str, bool], float] = {}
    began = time.process_time()
    for late in (False, True):
        most = LATE_MOST if late else AT_ONCE_MOST
        for name, way in WAYS.items():
            found[name, late] = ratio = share_of_even(way, worlds, late=late)
            is_ours = name == "ours"
            rows.append(
                Row(
                    what=f"{name}, conversions {'late' if late else 'at once'}",
                    value=100 * ratio,
                    unit="% of even",
                    ratio=ratio,
                    limit=f"at most {most}" if is_ours else "",
                    met=not is_ours or ratio <= most,
                )
            )
    rows.append(_never_worse(found))
    rows += joint_rows(JOINT_WORLDS_QUICK if quick else JOINT_WORLDS)
    rows.append(weighing_row())
    notes = [f"{worlds} worlds of {PEOPLE:,} people, {time.process_time() - began:.0f} s of processor."]
    return Measured(headline=found["ours", False], rows=tuple(rows), notes=(*notes, ""))


BENCHMARK = Benchmark(about="what adaptive paths lose while they learn, beside four peers", run=run)
