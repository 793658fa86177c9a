"""Audiences in chDB: past moments asked anew each time, sets of now kept as bitmaps while nothing changes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.kernel.errors import Internal
from holdfast.kernel.sql import Sql, fill
from holdfast.ports.audiences import MOMENTS_MOST, Combination, Counted, Overlap, Side, Size, check_sets
from holdfast.ports.columns import PEOPLE_COLUMNS
from holdfast.segments.condition import Condition, Scope
from holdfast.stores.clickhouse import questions, sets, then
from holdfast.stores.clickhouse.engine import Engine

FRESH_MS = 60_000
"""How long sets answer for the moment they were made at, when nothing changes: windows move with time."""
FRESH_SHARED_MS = 5_000
"""The same where others change the history, too: what they do is not known here."""
NUMBERS_BITS = 20
"""Bits of a set's number that count; those before them say whose it is, for others may keep sets in the same table."""
SETS_KEPT_MOST = 500
"""Sets that are kept; one of a million people takes at most 125 kB."""


@dataclass(frozen=True, slots=True)
class _Age:
    """What a set is a set of: the moment, and how much had changed by then."""

    changes: int
    as_of_ms: int


@dataclass(slots=True)
class _Set:
    """A set that is kept, or about to be."""

    number: int
    age: _Age
    users: int = 0


@dataclass(slots=True)
class Held:
    """Sets that are kept for as long as they are asked about."""

    scope: Scope
    numbers: dict[str, int] = field(default_factory=dict)
    """Of each condition, by its key, the number of its set; their order is that of their places."""

    def place_of(self, condition: Condition) -> int:
        """Where its set stands, from 1."""
        return list(self.numbers).index(sets.key_of(self.scope, condition)) + 1

    def listed(self) -> list[int]:
        """The numbers, in order of place."""
        return list(self.numbers.values())


class ChdbAudiences:
    """Answers about audiences, for one workspace.

    Args:
        scope: the scope of a question about a moment.
        changes: how often the history has changed; once a change was made, it says more than before.
    """

    def __init__(self, engine: Engine, *, scope: Callable[[int], Scope], changes: Callable[[], int]) -> None:
        self._engine = engine
        self._scope = scope
        self._changes = changes
        self._age = _Age(-1, 0)
        self._kept: dict[str, _Set] = {}
        """Sets that are up to date, each by the key of its condition."""
        self._sets: list[_Set] = []
        """All there are, or are being made."""
        self._first = secrets.randbits(43) << NUMBERS_BITS
        self._numbers = count(self._first)
        self._fresh_ms = FRESH_MS if engine.way.alone else FRESH_SHARED_MS

    async def sizes(self, condition: Condition, moments_ms: Sequence[int]) -> list[Size]:
        if not moments_ms:
            return []
        if len(moments_ms) > MOMENTS_MOST:
            raise Internal(f"{len(moments_ms)} moments were asked about at once; {MOMENTS_MOST} can be")
        rows = await self._rows(then.sizes(self._scope(0), condition, moments_ms))
        found = {place: (people, entered, left) for place, people, entered, left in rows}
        return [
            Size(at_ms=at_ms, people=people, entered=entered, left=left)
            for place, at_ms in enumerate(moments_ms, 1)
            for people, entered, left in (found.get(place, (0, 0, 0)),)
        ]

    async def moved(
        self,
        condition: Condition,
        side: Side,
        *,
        since_ms: int,
        until_ms: int,
        limit: int | None = None,
        offset: int = 0,
    ) -> pa.Table:
        there, not_there = (until_ms, since_ms) if side == "entered" else (since_ms, until_ms)
        wanted = then.moved(self._scope(0), condition, into_ms=there, not_at_ms=not_there)
        return await self._people(wanted, limit=limit, offset=offset)

    async def then(self, condition: Condition, *, at_ms: int, limit: int | None = None, offset: int = 0) -> pa.Table:
        return await self._people(
            _among(then.people_then(self._scope(0), condition, at_ms)), limit=limit, offset=offset
        )

    async def audience(self, condition: Condition, *, as_of_ms: int) -> Counted:
        async with self._holding(list(sets.leaves(condition)), as_of_ms) as held:
            wanted = sets.combined(condition, held.place_of)
            everyone = held.place_of(sets.EVERYONE)
            ((people, of),) = await self._rows(sets.counted(held.scope, wanted, everyone, held.listed()))
        return Counted(as_of_ms=held.scope.as_of_ms, people=people, everyone=of)

    async def audience_people(
        self, condition: Condition, *, as_of_ms: int, limit: int | None = None, offset: int = 0
    ) -> pa.Table:
        async with self._holding(list(sets.leaves(condition)), as_of_ms) as held:
            wanted = sets.combined(condition, held.place_of)
            found = sets.people_in(held.scope, wanted, held.listed())
            return await self._people(_among(found), limit=limit, offset=offset)

    async def overlap(self, conditions: Sequence[Condition], *, as_of_ms: int) -> Overlap:
        check_sets(len(conditions))
        async with self._holding([*conditions, sets.EVERYONE], as_of_ms) as held:
            # Two that mean the same are one set, with a place in the question each.
            numbers = held.listed()
            places = [held.place_of(each) - 1 for each in conditions]
            asked = list(dict.fromkeys(places))
            twice = [places.count(place) > 1 for place in asked]
            pairs, combined = await asyncio.gather(
                self._rows(sets.pairs(held.scope, numbers)),
                self._rows(sets.combinations(held.scope, [numbers[place] for place in asked], twice)),
            )
        common = {(one - 1, other - 1): people for one, other, people in pairs}
        everyone = held.place_of(sets.EVERYONE) - 1
        _, _, in_any, in_all, in_one = combined[0] if combined else (0,) * 5
        bit_of = [asked.index(place) for place in places]
        return Overlap(
            as_of_ms=held.scope.as_of_ms,
            everyone=common.get((everyone, everyone), 0),
            common=tuple(tuple(common.get((min(a, b), max(a, b)), 0) for b in places) for a in places),
            in_any=in_any,
            in_all=in_all,
            in_one=in_one,
            combinations=tuple(
                Combination(sets=tuple(n for n, bit in enumerate(bit_of) if bits >> bit & 1), people=people)
                for bits, people, *_ in combined
            ),
        )

    async def members(self, condition: Condition, *, as_of_ms: int) -> npt.NDArray[np.uint32]:
        question = questions.members(self._scope(as_of_ms), condition)
        table = await self._engine.run(lambda handle: handle.table(question))
        return table.column("person").to_numpy().astype(np.uint32, copy=False)

    @asynccontextmanager
    async def _holding(self, conditions: Sequence[Condition], as_of_ms: int) -> AsyncIterator[Held]:
        """The sets of the conditions, each made unless it is kept; none of them goes while it is held."""
        age = self._age_at(as_of_ms)
        held = Held(scope=self._scope(age.as_of_ms))
        wanted = {sets.key_of(held.scope, each): each for each in conditions}
        used: dict[str, _Set] = {}
        try:
            # All of them are waited for, come what may: each that is had is given back.
            each_one = (self._use(key, each, age, held.scope, used) for key, each in wanted.items())
            for outcome in await asyncio.gather(*each_one, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
            held.numbers = {key: used[key].number for key in wanted}
            yield held
        finally:
            for each in used.values():
                each.users -= 1
            await self._tidy()

    def _age_at(self, as_of_ms: int) -> _Age:
        """The age sets must have to answer for a moment: one and the same for a while, unless something changes."""
        changes, last = self._changes(), self._age
        if changes != last.changes or not last.as_of_ms <= as_of_ms < last.as_of_ms + self._fresh_ms:
            self._age = _Age(changes, as_of_ms)
        return self._age

    async def _use(self, key: str, condition: Condition, age: _Age, scope: Scope, used: dict[str, _Set]) -> None:
        kept = self._kept.get(key)
        if kept is None or kept.age != age:
            made = _Set(next(self._numbers), age, users=1)
            self._sets.append(made)
            try:
                await self._rows(sets.keep(scope, made.number, condition))
            finally:
                made.users -= 1
            kept = self._kept[key] = made  # If it is out of date by now, it serves this question alone.
        kept.users += 1
        used[key] = kept

    async def _tidy(self) -> None:
        """Let go of sets that are out of date, or too many, once nobody asks about them."""
        self._kept = {key: each for key, each in self._kept.items() if each.age == self._age}
        for key in list(self._kept)[: max(0, len(self._kept) - SETS_KEPT_MOST)]:
            del self._kept[key]
        wanted = {each.number for each in self._kept.values()}
        staying = [each for each in self._sets if each.users or each.number in wanted]
        if len(staying) < len(self._sets):
            self._sets = staying
            unwanted = sets.drop_all_but(self._scope(0), self._ours(), self._listed())
            await self._engine.run(lambda handle: handle.run(unwanted))

    def _ours(self) -> tuple[int, int]:
        """The numbers our sets may have, from and to before which."""
        return self._first, self._first + (1 << NUMBERS_BITS)

    def _listed(self) -> list[int]:
        return [each.number for each in self._sets]

    async def _people(self, wanted: Sql, *, limit: int | None, offset: int) -> pa.Table:
        question = questions.people_page(self._scope(0), wanted, limit=limit, offset=offset)
        return (await self._engine.run(lambda handle: handle.table(question))).cast(PEOPLE_COLUMNS)

    async def _rows(self, question: Sql) -> list[list[int]]:
        return await self._engine.run(lambda handle: handle.rows(question))


def _among(numbers: Sql) -> Sql:
    return fill("person IN ([[numbers]])", {"numbers": numbers})
