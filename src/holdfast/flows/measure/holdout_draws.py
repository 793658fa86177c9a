"""How the global holdout was drawn: noted when a process goes by other rules, and read as the periods it divides.

The draw of a period follows from its name alone; its share is a setting, which may change at any time. So every change
is noted with its moment, and an earlier period is reckoned by the share that was in force then, not by today's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from holdfast.decisions.holdout import period_begins, period_of
from holdfast.kernel.moments import EARLIEST, from_millis, to_millis
from holdfast.ports.holdouts import HoldoutDraw
from holdfast.ports.state import State

ALL_TIME = timedelta(days=90)
"""How far back it is read where nobody is ever drawn anew."""
_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a period in which one share was in force."""

    since_ms: int
    until_ms: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPeriod:
    """One period of one draw, and the part of it that is a trial."""

    name: str
    """As `decisions.holdout.period_of` has it; empty for all time."""
    rotates: bool
    """Whether another draw follows it."""
    stretches: tuple[Stretch, ...]
    """All of it, in order, without gaps."""
    counted: tuple[Stretch, ...]
    """The longest part in which somebody was held out all along; all of it where nobody was."""
    noted: bool
    """Whether it was noted at the time; else the share is the first that was noted later."""

    @property
    def since_ms(self) -> int:
        """When the part that is a trial begins."""
        return self.counted[0].since_ms

    @property
    def until_ms(self) -> int:
        """When it ends."""
        return self.counted[-1].until_ms

    @property
    def least(self) -> float:
        """The share of those who were held out all along."""
        return min(each.share for each in self.counted)

    @property
    def most(self) -> float:
        """The share of those who were held out at some time."""
        return max(each.share for each in self.counted)


async def note_holdout_draw(state: State, draw: HoldoutDraw) -> None:
    """Note how the holdout is drawn from now on, unless it was drawn so before."""
    async with state.view() as view:
        last = next(reversed(await view.holdout_draws()), None)
    if last is not None:
        # A clock that was set back must not put the newest before those it followed.
        draw = replace(draw, since_ms=max(draw.since_ms, last.since_ms))
        if replace(last, since_ms=draw.since_ms) == draw:
            return
    async with state.begin() as transaction:
        await transaction.put_holdout_draw(draw)


def drawn_periods(now: datetime, draws: Sequence[HoldoutDraw]) -> Iterator[DrawnPeriod]:
    """Every period until now, the one that runs first; they go back to 1970.

    Args:
        draws: at least one, the oldest first; before the first it is taken for having been so all along.
    """
    for (name, rotates), pieces in groupby(_pieces(now, draws), key=lambda each: each[0]):
        stretches = tuple(stretch for _, stretch in pieces)[::-1]
        counted = _counted(stretches)
        noted = counted[0].since_ms >= draws[0].since_ms
        yield DrawnPeriod(name=name, rotates=rotates, stretches=stretches, counted=counted, noted=noted)


def _pieces(now: datetime, draws: Sequence[HoldoutDraw]) -> Iterator[tuple[tuple[str, bool], Stretch]]:
    """The stretches of each period, by its name and whether it rotates; the latest first."""
    ends, all_time_begins = now, None
    for number in range(len(draws) - 1, -1, -1):
        draw, zone = draws[number], ZoneInfo(draws[number].zone)
        floor = max(from_millis(draw.since_ms), EARLIEST) if number else EARLIEST
        if draw.rotates != "never":
            all_time_begins = None
        elif all_time_begins is None:
            all_time_begins = ends - ALL_TIME
        while ends > floor:
            name = period_of(ends - _MOMENT, zone, draw.rotates)
            begins = max(all_time_begins or period_begins(ends - _MOMENT, zone, draw.rotates), floor)
            stretch = Stretch(since_ms=to_millis(begins), until_ms=to_millis(ends), share=draw.share)
            yield (name, draw.rotates != "never"), stretch
            ends = begins
            if begins == all_time_begins:
                return


def _counted(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    runs = [tuple(those) for held, those in groupby(stretches, key=lambda each: each.share > 0) if held]
    return max(runs, key=lambda each: each[-1].until_ms - each[0].since_ms, default=tuple(stretches))
