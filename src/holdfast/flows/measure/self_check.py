"""The self-check: the past divided a thousand times over, where nobody was treated differently. What is found is false.

The same hash divides people that divides them in earnest, the same statistics read what came of it, each time under a
fresh salt. So it catches a draw that is not even, and data on which an interval does not hold what it says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from holdfast.events.event import Json
from holdfast.flows.measure.trial_subject import NEAR, ORDERS
from holdfast.flows.measure.trials import SECONDS_MOST
from holdfast.kernel.chance import share
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.measures.metrics import Everyone, Lives, Measure, Metric, Outcomes, cap_of, duration, in_words
from holdfast.measures.statistics.estimates import adjusted_difference, difference
from holdfast.measures.statistics.moments import Moments, Numbers
from holdfast.measures.trial import CONFIDENCE, wilson
from holdfast.ports.history import History

if TYPE_CHECKING:
    import polars as pl

    from holdfast.flows.measure.drawing import Plot

SPLITS_MOST = 10_000
PEOPLE_LEAST = 200
PEOPLE_MOST = 20_000
HASHES_MOST = 20_000_000
"""Splits times people: a million takes a second or two."""


class SelfCheckWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is divided, and how often."""

    goal: str = NEAR.event
    within_seconds: int = NEAR.within_seconds
    orders: str = ORDERS
    splits: int = 1_000
    people: int = 5_000
    """How many people are divided, those met first."""


def check_wish(how: Mapping[str, object]) -> SelfCheckWish:
    """What Python asks for. Raises Invalid with the path of what is wrong."""
    try:
        return msgspec.convert(dict(how), SelfCheckWish)
    except msgspec.ValidationError as error:
        raise Invalid(f"this cannot be checked: {error}.", hint="`help(ws.check_trials)` tells what can.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How often nothing was taken for something, of one metric."""

    metric: str
    adjusted: bool
    found: int
    low: float
    high: float
    """Where the share lies that would be found in ever more splits, with a confidence of 99.9 %."""

    @property
    def as_expected(self) -> bool:
        """Whether it is no more than the chance of error that is said."""
        return self.low <= 1 - CONFIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """What the self-check found."""

    at_ms: int
    """When people were divided, in thought."""
    people: int
    splits: int
    checked: tuple[Checked, ...]

    @property
    def table(self) -> pl.DataFrame:
        """A row for each metric, plain and adjusted: how often a difference was “found”."""
        from holdfast.flows.measure.self_check_told import check_table  # noqa: PLC0415  # Which a server needs not.

        return check_table(self)

    def plot(self) -> Plot:
        """Bars: how often a difference was “found” of each metric."""
        from holdfast.flows.measure.self_check_told import check_plot  # noqa: PLC0415  # As above.

        return check_plot(self)

    @property
    def is_sound(self) -> bool:
        """Whether every metric errs as seldom as it says."""
        return all(each.as_expected for each in self.checked)

    @property
    def words(self) -> str:
        """What it found, in plain words."""
        worst = max(self.checked, key=lambda each: each.found)
        said = (
            f"{self.people:,} people divided {self.splits:,} times where nothing was different: a difference was "
            f"“found” in {worst.found / self.splits:.1%} of splits at most ({worst.metric}); "
            f"{1 - CONFIDENCE:.0%} is what chance allows."
        )
        return said + ("" if self.is_sound else " That is too many: do not believe results on this data.")

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {
            "at": format_moment(from_millis(self.at_ms)),
            "people": self.people,
            "splits": self.splits,
            "expected": round(1 - CONFIDENCE, 12),
            "is_sound": self.is_sound,
            "metrics": [
                {
                    "metric": each.metric,
                    "adjusted": each.adjusted,
                    "found": each.found,
                    "share": each.found / self.splits,
                    "low": each.low,
                    "high": each.high,
                    "as_expected": each.as_expected,
                }
                for each in self.checked
            ],
            "words": self.words,
        }


async def self_check(history: History, wish: SelfCheckWish, *, now_ms: int, currency: str) -> SelfCheck:
    """Divide the past and see. Raises Invalid, and Conflict when too few people were there to divide."""
    _check(wish)
    at_ms = now_ms - wish.within_seconds * 1000
    question = Outcomes(whom=Everyone(at_ms=at_ms), metrics=_metrics(wish), as_of_ms=now_ms, currency=currency)
    lives = await history.trial_lives(question, first_people=wish.people)
    if len(lives.keys) < PEOPLE_LEAST:
        raise Conflict(
            f"only {len(lives.keys)} people were there {in_words(wish.within_seconds)} ago.",
            code="too_few_people",
            hint=f"It takes {PEOPLE_LEAST}; a shorter time may find more.",
        )
    # Hashing takes seconds, which nobody else's question need wait for.
    checked = await asyncio.to_thread(divided, lives, [each.name for each in question.metrics], wish.splits)
    return SelfCheck(at_ms=at_ms, people=len(lives.keys), splits=wish.splits, checked=checked)


def divided(lives: Lives, names: list[str], splits: int) -> tuple[Checked, ...]:
    """How often each metric differs, of people divided so many times."""
    treated = np.array([[share(f"self-check:{salt}", key) < 0.5 for key in lives.keys] for salt in range(splits)])
    columns = [(name, lives.values[:, place], lives.before[:, place]) for place, name in enumerate(names)]
    cap = cap_of(lives.values[:, -1])
    if cap is not None:
        limited = [np.minimum(each[:, -1], cap) for each in (lives.values, lives.before)]
        columns.append((f"{names[-1]}_capped", limited[0], limited[1]))
    checked = []
    for name, values, before in columns:
        arm, base = (_sums(who.astype(np.float64), values, before) for who in (treated, ~treated))
        for adjusted, estimated in ((False, difference), (True, adjusted_difference)):
            found = int((np.nan_to_num(estimated(arm, base).p_value, nan=1.0) < 1 - CONFIDENCE).sum())
            low, high = wilson(found, splits, 0.999)
            checked.append(Checked(metric=name, adjusted=adjusted, found=found, low=low, high=high))
    return tuple(checked)


def _sums(who: Numbers, values: Numbers, before: Numbers) -> Moments:
    """Of each split, the sums over the people it put here."""
    return Moments(
        people=who.sum(axis=1),
        y=who @ values,
        yy=who @ values**2,
        x=who @ before,
        xx=who @ before**2,
        xy=who @ (values * before),
    )


def _metrics(wish: SelfCheckWish) -> tuple[Metric, ...]:
    ending = duration(wish.within_seconds)
    asked: tuple[tuple[str, str, Measure], ...] = (
        ("conversion", wish.goal, "did"),
        ("orders", wish.orders, "times"),
        ("revenue", wish.orders, "revenue"),
    )
    return tuple(
        Metric(name=f"{name}_{ending}", events=(event,), measure=measure, within_seconds=wish.within_seconds)
        for name, event, measure in asked
    )


def _check(wish: SelfCheckWish) -> None:
    if not 0 < wish.within_seconds <= SECONDS_MOST:
        hint = f"Give 1 to {SECONDS_MOST:,} seconds."
        raise Invalid("this is no time.", path="$.within_seconds", hint=hint)
    if not 0 < wish.splits <= SPLITS_MOST:
        raise Invalid(f"{wish.splits} splits.", path="$.splits", hint=f"Ask for 1 to {SPLITS_MOST:,}.")
    if not PEOPLE_LEAST <= wish.people <= PEOPLE_MOST or wish.people * wish.splits > HASHES_MOST:
        raise Invalid(
            f"{wish.people:,} people divided {wish.splits:,} times.",
            path="$.people",
            hint=f"Ask for {PEOPLE_LEAST:,} to {PEOPLE_MOST:,}, and {HASHES_MOST:,} divisions at most.",
        )
