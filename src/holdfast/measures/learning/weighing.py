"""Weighing: from what was tried to the next shares, and to what can be said of each path and of the whole."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from holdfast.measures.learning.allocation import Allocation, Dial, allocate
from holdfast.measures.learning.beliefs import Beliefs, Tried, ripe
from holdfast.measures.learning.joint import Company, joint_beliefs
from holdfast.measures.learning.linear import cell_shares, features
from holdfast.measures.learning.question import BINS, CompanyRow, TriedQuestion, TriedRow
from holdfast.measures.statistics.estimates import Estimate, difference
from holdfast.measures.statistics.moments import Moments

CELLS_MOST = 200
"""Groups of people with shares of their own: those with the most people."""
CELL_PEOPLE_LEAST = 100
"""People of a group before it gets shares of its own."""
GAIN_PEOPLE_LEAST = 20
"""People in and outside the slice who must have reached a goal before the gain is told."""
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What a weighing comes to. Everything in units of the goals' worth, per person; arrays by path."""

    believed: Beliefs
    allocation: Allocation
    people: tuple[int, ...]
    """Who was sent down each path."""
    cells: dict[str, tuple[float, ...]]
    """The shares of groups that have shares of their own."""


@dataclass(frozen=True, kw_only=True)
class StepTried:
    """One step to weigh, and what was tried there."""

    rows: Sequence[TriedRow]
    question: TriedQuestion
    paths: Sequence[str]
    dial: Dial
    seed: int
    half_life_days: float | None = None
    """After how many days what was seen counts half; None for never."""

    @cached_property
    def known(self) -> Sequence[TriedRow]:
        """The rows of paths that there are."""
        return [row for row in self.rows if row.variant in self.paths]


def weigh(
    rows: Sequence[TriedRow],
    question: TriedQuestion,
    paths: Sequence[str],
    dial: Dial,
    *,
    seed: int,
    half_life_days: float | None = None,
) -> Weighed:
    """The next shares of a step by itself. The same rows and seed give the same.

    Args:
        half_life_days: after how many days what was seen counts half; None for never.
    """
    step = StepTried(rows=rows, question=question, paths=paths, dial=dial, seed=seed, half_life_days=half_life_days)
    return weigh_together([step])[0]


def weigh_together(steps: Sequence[StepTried], company: Sequence[CompanyRow] = ()) -> list[Weighed]:
    """The next shares of several steps that have the same goals, each with what its people had at the others taken out.

    Args:
        company: of each two of them; without any each is by itself.
    """
    scale = _scale([row for step in steps for row in step.known])
    tables = [_Table(step, scale) for step in steps]
    tried = [table.tried() for table in tables]
    believed = joint_beliefs(tried, _company(steps, company))
    return [_weighed(*each) for each in zip(steps, tables, tried, believed, strict=True)]


def _company(steps: Sequence[StepTried], rows: Sequence[CompanyRow]) -> list[Company]:
    """The rows as arrays; paths there are no more are left out."""
    found: dict[tuple[int, int], Company] = {}
    places = [{path: at for at, path in enumerate(step.paths)} for step in steps]
    for row in rows:
        mine, theirs = places[row.step].get(row.variant), places[row.other].get(row.other_variant)
        if mine is None or theirs is None:
            continue
        shape = (len(places[row.step]), BINS + 1, len(places[row.other]))
        two = found.setdefault((row.step, row.other), Company(step=row.step, other=row.other, people=np.zeros(shape)))
        two.people[mine, BINS - row.age, theirs] += row.people
    return list(found.values())


def _weighed(step: StepTried, table: _Table, tried: Tried, believed: Beliefs) -> Weighed:
    allocation = allocate(believed, step.dial, step.seed)
    known, paths, scale = step.known, step.paths, table.scale
    counts = Counter[str]()
    for row in known:
        counts[row.variant] += row.people
    cells = table.cells(tried, believed, step.dial, step.seed) if any(row.cell for row in known) else {}
    return Weighed(
        believed=Beliefs(
            mean=believed.mean * scale,
            deviation=believed.deviation * scale,
            people=believed.people,
            rate=believed.rate * scale,
        ),
        allocation=Allocation(shares=allocation.shares, best=allocation.best, loss=allocation.loss * scale),
        people=tuple(counts[path] for path in paths),
        cells=cells,
    )


class _Table:
    """Rows as arrays: those whose time is over in one column, for their order says nothing any more."""

    def __init__(self, step: StepTried, scale: float) -> None:
        self._rows, self._question, self._paths = step.known, step.question, list(step.paths)
        self._half_life_bins = half_life_bins(step.half_life_days, step.question)
        self.scale = scale

    def tried(self) -> Tried:
        shape = (len(self._paths), BINS + 1)
        assigned, squares = np.zeros(shape), np.zeros(shape)
        worth = np.zeros((*shape, BINS))
        for row in self._rows:
            at, weight = self._place(row), self._weight(row)
            assigned[at] += weight * row.people
            squares[at] += weight * row.squares / self.scale**2
            worth[at] += weight * np.asarray(row.worth) / self.scale
        ages = np.arange(BINS, -1, -1)
        return Tried(
            assigned=assigned,
            converted=np.maximum(worth, 0.0),
            ages=ages,
            value=worth.sum(axis=-1),
            value_squares=squares,
        )

    def cells(self, tried: Tried, believed: Beliefs, dial: Dial, seed: int) -> dict[str, tuple[float, ...]]:
        """Shares by group, of those that are large enough."""
        sizes = Counter[str]()
        for row in self._rows:
            sizes[row.cell] += row.people
        chosen = [cell for cell, size in sizes.most_common(CELLS_MOST) if cell and size >= CELL_PEOPLE_LEAST]
        if not chosen:
            return {}
        index = {cell: at for at, cell in enumerate(sorted(chosen))}
        grown = np.broadcast_to(ripe(tried), tried.assigned.shape)
        people, brought = np.zeros((len(index), len(self._paths))), np.zeros((len(index), len(self._paths)))
        for row in self._rows:
            if row.cell in index:
                place, weight = self._place(row), self._weight(row)
                people[index[row.cell], place[0]] += weight * row.people * grown[place]
                brought[index[row.cell], place[0]] += weight * row.brought / self.scale
        every = max(float(believed.people.sum()), 1.0)
        squares = tried.assigned if tried.value_squares is None else tried.value_squares
        variance = max(float(squares.sum()) / every - float(brought.sum() / max(people.sum(), 1.0)) ** 2, 1e-9)
        shares = cell_shares(
            features([json.loads(cell) for cell in index]),
            people,
            brought,
            believed,
            variance=variance,
            temper=dial.temper,
            seed=seed,
        )
        return {cell: tuple(float(each) for each in shares[at]) for cell, at in index.items()}

    def _place(self, row: TriedRow) -> tuple[int, int]:
        return self._paths.index(row.variant), BINS - self._question.age(row.batch)

    def _weight(self, row: TriedRow) -> float:
        if self._half_life_bins is None:
            return 1.0
        passed = self._question.as_of_ms // self._question.bin_ms - row.batch
        return float(0.5 ** (max(passed, 0) / self._half_life_bins))


def half_life_bins(days: float | None, question: TriedQuestion) -> float | None:
    """The half-life in bins of a question; None for never."""
    return None if days is None else days * DAY_MS / question.bin_ms


def _scale(rows: Sequence[TriedRow]) -> float:
    """What a goal reached is worth on average: beliefs are reckoned in goals."""
    reached = sum(sum(row.reached) for row in rows)
    brought = sum(row.brought for row in rows)
    return brought / reached if reached and brought > 0 else 1.0


def unbiased(rows: Sequence[TriedRow], question: TriedQuestion, path: str) -> Estimate:
    """What a person brings on average, had everybody been sent down the path: of those whose time is over.

    Source: as `allocation.weighted_mean`, from sums.
    """
    closed = [row for row in rows if row.variant == path and question.age(row.batch) == BINS and row.propensity > 0]
    weights = np.asarray([1 / row.propensity for row in closed])
    people = np.asarray([row.people for row in closed], dtype=float)
    brought, squares = np.asarray([row.brought for row in closed]), np.asarray([row.squares for row in closed])
    whole = float((weights * people).sum())
    value = float((weights * brought).sum()) / whole if whole else float("nan")
    apart = weights**2 * (squares - 2 * value * brought + value**2 * people)
    error = float(np.sqrt(max(float(apart.sum()), 0.0))) / whole if whole else float("nan")
    freedom = max(float(people.sum()) - 1, 1.0)
    return Estimate(value=np.asarray(value), error=np.asarray(error), freedom=np.asarray(freedom))


def gain(rows: Sequence[TriedRow], question: TriedQuestion) -> Estimate | None:
    """What a person brings more where shares follow what is learnt, than where people are divided evenly.

    The slice and the others are a trial of their own: who is in the slice is drawn by hash. None while too few of
    either have reached a goal.
    """
    closed = [row for row in rows if question.age(row.batch) == BINS]
    halves: dict[bool, list[TriedRow]] = defaultdict(list)
    for row in closed:
        halves[row.evenly].append(row)
    if any(sum(sum(row.reached) for row in halves[evenly]) < GAIN_PEOPLE_LEAST for evenly in (True, False)):
        return None
    learnt, even = (
        Moments(
            people=float(sum(row.people for row in halves[evenly])),
            y=sum(row.brought for row in halves[evenly]),
            yy=sum(row.squares for row in halves[evenly]),
        )
        for evenly in (False, True)
    )
    return difference(learnt, even)
