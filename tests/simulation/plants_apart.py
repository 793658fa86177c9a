"""Mistakes planted into what came to the tick and the archive later: live segments, runs of campaigns, senders of their
own, contests for a place under a cap, budgets, and erasure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from holdfast.flows.audience.live_segments import Turnings
from holdfast.flows.delivery import claiming, dispatch
from holdfast.flows.ingest import intake
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.journey.broadcasts import Broadcasts
from holdfast.flows.people.erase import Eraser
from holdfast.ports.runs import Run
from holdfast.ports.state import Send, Settlement
from holdfast.stores.memory.live import ChangingLive
from tests.simulation.plants import Plant, in_each_tick

Planted = contextlib.AbstractContextManager[object]


def _timer_lost() -> Planted:
    """Of two timers of one person in a live segment the sooner is forgotten when the later is set."""
    sound = ChangingLive.arm

    async def arm(self: Any, timers: Sequence[tuple[int, int]]) -> None:
        theirs = {person for _, person in timers}
        await self.disarm([each for each in self._tables.member_timers if each[1] in theirs])
        await sound(self, [each for each in timers if each[0] % 3])

    return patch.object(ChangingLive, "arm", arm)


def _woken_only_by_events() -> Planted:
    """Nobody is looked at when time alone may have changed whether they are in a live segment."""
    return patch.object(Turnings, "_wake", staticmethod(lambda *given: None))


def _cursor_apart() -> Planted:
    """How far a run has come is written before those it came to have entered."""
    sound = Broadcasts._let_in

    def planted(reactor: Reactor) -> Planted:
        async def let_in(self: Any, transaction: Any, playbook: Any, run: Run, now_ms: int, **named: Any) -> int:
            state: Any = reactor._state
            ahead = replace(run, cursor=min(run.chosen, run.cursor + named["most"]))
            committed = state._inner._committed
            committed.runs = committed.runs | {run.id: ahead}
            await state._faults.point("the next write", held=True)
            return await sound(self, transaction, playbook, run, now_ms, **named)

        return patch.object(Broadcasts, "_let_in", let_in)

    return in_each_tick(planted)


def _taken_from_the_living() -> Planted:
    """A claim is taken over as soon as its term is over, though its owner may be handing it over, and sent again."""

    def again(each: Send, *_: Any) -> Settlement:
        return Settlement(key=each.key, state="pending", reason="again", claimed_by=each.claimed_by)

    @contextmanager
    def planted() -> Iterator[None]:
        with patch.object(dispatch, "TAKE_OVER_MS", 0), patch.object(dispatch, "recovered", again):
            yield

    return planted()


def _outranked_goes_too() -> Planted:
    """What made room for something more important is sent all the same."""

    async def call_off(*_: Any) -> None:
        return

    return patch.object(intake, "call_off", call_off)


def _outranked_untold() -> Planted:
    """What made room for something more important is withheld, and nobody is told."""

    async def call_off(transaction: Any, _: Any, outranked: Mapping[str, int], rules: Any) -> None:
        for key, at_ms in outranked.items():
            await transaction.withhold_sends([key], claiming.OUTRANKED, at_ms)

    return patch.object(intake, "call_off", call_off)


def _given_back_twice() -> Planted:
    """What a withheld message would have cost is given back twice."""
    sound = claiming.give_back

    async def give_back(transaction: Any, sends: Sequence[Send], *named: Any) -> None:
        await sound(transaction, [*sends, *sends], *named)

    return patch.object(claiming, "give_back", give_back)


def _caps_ask_once() -> Planted:
    """Caps are asked when something is wanted, and not when it is claimed."""
    sound = claiming._settled_again

    def settled_again(send: Send, standing: Any, rules: Any, handed: Any, now_ms: int) -> Settlement | None:
        return sound(send, standing, replace(rules, caps=()), handed, now_ms)

    return patch.object(claiming, "_settled_again", settled_again)


def _quiet_ask_once() -> Planted:
    """Quiet hours are asked when something is wanted, and not when it is claimed."""
    sound = claiming._settled_again

    def settled_again(send: Send, standing: Any, rules: Any, handed: Any, now_ms: int) -> Settlement | None:
        return sound(send, standing, replace(rules, quiet=None), handed, now_ms)

    return patch.object(claiming, "_settled_again", settled_again)


def _erased_but_for_the_mail() -> Planted:
    """Whoever is erased is not let go of by what they had refused."""

    async def refusals(*_: Any) -> dict[tuple[str, str], str]:
        return {}

    return patch.object(Eraser, "_refusals", refusals)


def _erased_in_the_state_only() -> Planted:
    """Erasing ends with the state: what is left of it is never done."""

    async def resume(self: Any) -> int:
        return 0

    async def run(self: Any, erasure_id: str) -> Any:
        return (await self._read(erasure_id))[1]

    @contextmanager
    def planted() -> Iterator[None]:
        with patch.object(Eraser, "resume", resume), patch.object(Eraser, "run", run):
            yield

    return planted()


PLANTS_APART: tuple[Plant, ...] = (
    _timer_lost,
    _woken_only_by_events,
    _cursor_apart,
    _taken_from_the_living,
    _outranked_goes_too,
    _outranked_untold,
    _given_back_twice,
    _caps_ask_once,
    _quiet_ask_once,
    _erased_but_for_the_mail,
    _erased_in_the_state_only,
)
