"""Saying: what somebody decides about an adaptive step's paths, in place of what is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from holdfast.decisions.fields import under
from holdfast.decisions.shares import Shares, shares_words
from holdfast.decisions.weights import Weights
from holdfast.flows.adaptive.adapting import keep_weighing, shares_before
from holdfast.flows.adaptive.steps import AdaptiveStep, adaptive_step
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.adaptive import Mode, Weighing
from holdfast.ports.clock import Clock
from holdfast.ports.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveWish:
    """What is to become of a step's paths."""

    mode: Mode
    winner: str | None = None
    """Of `declared`: the path everybody takes from now on."""
    shares: Mapping[str, float] | None = None
    """Of `manual`: by path; they add up to 1."""


async def say_weights(state: State, clock: Clock, experiment: str, wish: AdaptiveWish, *, by: str) -> Weighing:
    """Freeze, declare a winner, set shares by hand, or let it learn again; returns what was kept.

    Whoever has a path keeps it; this is for those who come to the step from now on. What was said already is said once.
    Raises NotFound, Invalid, Conflict.
    """
    async with state.begin() as transaction:
        step = await adaptive_step(transaction, experiment)
        before = (await transaction.last_weighings([experiment])).get(experiment)
        weighing = _said(step, before, wish, by, to_millis(clock.now()))
        if before is not None and _says_nothing_new(before, weighing):
            return before
        if not await keep_weighing(transaction, weighing):
            raise Conflict(f"{experiment} was weighed just now.", hint="Look at it, and say it again.")
    return weighing


def _said(step: AdaptiveStep, before: Weighing | None, wish: AdaptiveWish, by: str, now_ms: int) -> Weighing:
    _check_fields(wish)
    was = shares_before(step, before)
    match wish.mode:
        case "manual":
            shares, slice_ = _shares(step, wish.shares), 0.0
            reason = f"Set by hand: {shares_words(shares)}."
        case "declared":
            winner = _winner(step, wish.winner)
            shares, slice_ = {path: float(path == winner) for path in step.step.paths}, 0.0
            reason = f"{winner} was declared the winner: everybody who comes takes it."
        case "frozen":
            shares, slice_ = was, step.step.slice if before is None else before.weights.slice
            reason = "Frozen: shares stay as they are."
        case "learning":
            shares, slice_ = was, step.step.slice
            reason = "Learning again."
    weights = Weights(
        number=1 if before is None else before.number + 1,
        shares=shares,
        slice=slice_,
        cells={} if before is None or wish.mode in ("manual", "declared") else before.weights.cells,
    )
    return Weighing(
        experiment=step.experiment,
        weights=weights,
        mode=wish.mode,
        at_ms=now_ms,
        reason=reason,
        by=by,
        learnt=() if before is None else before.learnt,
    )


def _says_nothing_new(before: Weighing, now: Weighing) -> bool:
    return before.mode == now.mode and replace(before.weights, number=0) == replace(now.weights, number=0)


def _check_fields(wish: AdaptiveWish) -> None:
    if wish.shares is not None and wish.mode != "manual":
        raise Invalid("Shares are said of mode 'manual' alone.", path="$.shares", hint="Leave them out.")
    if wish.winner is not None and wish.mode != "declared":
        raise Invalid("A winner is said of mode 'declared' alone.", path="$.winner", hint="Leave it out.")


def _shares(step: AdaptiveStep, given: Mapping[str, float] | None) -> dict[str, float]:
    if given is None:
        raise Invalid("Shares by hand are needed.", path="$.shares", hint="Say the share of each path.")
    with under("$.shares"):
        shares = Shares().decode(dict.fromkeys(step.step.paths, 0.0) | dict(given), "$")
    strange = next((each for each in shares if each not in step.step.paths), None)
    if strange is not None:
        hint = f"There are {', '.join(step.step.paths)}."
        raise Invalid(f"There is no path {strange!r}.", path="$.shares", code="unknown_choice", hint=hint)
    return shares


def _winner(step: AdaptiveStep, given: str | None) -> str:
    if given is None or given not in step.step.paths:
        said = "A winner is needed." if given is None else f"There is no path {given!r:.100}."
        raise Invalid(said, path="$.winner", code="unknown_choice", hint=f"There are {', '.join(step.step.paths)}.")
    return given
