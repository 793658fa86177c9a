"""What a trial is read by: what every trial is, what its author added, and which of them decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from holdfast.decisions.experiment import WORTH, ExperimentGoal
from holdfast.decisions.experiment_metrics import ExperimentMetric
from holdfast.measures.metrics import Metric, Worth, duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What there is to say of what a trial is read by."""

    goal: str
    """The event that means success."""
    windows: Sequence[int]
    """How long after they were assigned it counts, in seconds; the first is the near term."""
    orders: str
    """The event that brings revenue."""
    returning: str
    """What staying means."""
    bracket_seconds: int
    """The natural time between doing it and doing it again; `brackets` of them are told."""
    brackets: int
    guardrails: Sequence[str] = ()
    """Events of which more is worse."""
    goals: Sequence[ExperimentGoal] = ()
    """All goals there are, with what they are worth; `goal` may be among them."""
    own: Sequence[ExperimentMetric] = ()


def metrics_of(chosen: Chosen) -> tuple[Metric, ...]:
    """What is measured, each by another name; the first is what the trial is decided by where nobody says otherwise."""
    found: dict[str, Metric] = {}
    for each in (*_usual(chosen), *_of_goals(chosen), *_staying(chosen), *_guarding(chosen), *_own(chosen)):
        name = each.name
        while name in found:
            name += "_own"
        found[name] = replace(each, name=name)
    return tuple(found.values())


def deciding_first(metrics: Sequence[Metric], primary: str, near_seconds: int) -> tuple[Metric, ...] | None:
    """The metrics with what decides before all others; None where there is no such metric.

    Args:
        primary: the name of a metric, with or without the near term it ends in; or a goal's event. Empty for the first.
    """
    if not primary:
        return tuple(metrics)
    near = f"{primary}_{duration(near_seconds)}"
    tests: tuple[Callable[[Metric], bool], ...] = (
        lambda each: each.name == primary,
        lambda each: each.name == near,
        lambda each: each.measure == "worth" and primary == WORTH,
        lambda each: each.measure == "did" and not each.is_guardrail and each.events == (primary,),
    )
    first = next((each for test in tests for each in metrics if test(each)), None)
    return None if first is None else (first, *(each for each in metrics if each != first))


def _usual(chosen: Chosen) -> Iterator[Metric]:
    orders = (chosen.orders,)
    for within in dict.fromkeys(chosen.windows):
        ending = duration(within)
        yield Metric(name=f"conversion_{ending}", events=(chosen.goal,), measure="did", within_seconds=within)
        yield Metric(name=f"orders_{ending}", events=orders, measure="times", within_seconds=within)
        yield Metric(name=f"revenue_{ending}", events=orders, measure="revenue", within_seconds=within)
        yield Metric(
            name=f"revenue_per_order_{ending}", events=orders, measure="revenue", within_seconds=within, per=orders
        )


def _of_goals(chosen: Chosen) -> Iterator[Metric]:
    """The goals beside the first, and what all are worth together."""
    told = {(chosen.goal, within) for within in chosen.windows}
    for each in chosen.goals:
        if (each.event, each.within_seconds) not in told:
            told.add((each.event, each.within_seconds))
            yield Metric(
                name=_named(each.event, each.within_seconds),
                events=(each.event,),
                measure="did",
                within_seconds=each.within_seconds,
            )
    worth = [each for each in chosen.goals if each.is_worth]
    if worth:
        longest = max(each.within_seconds for each in worth)
        yield Metric(
            name=f"{WORTH}_{duration(longest)}",
            events=tuple(dict.fromkeys(each.event for each in worth)),
            measure="worth",
            within_seconds=longest,
            worths=tuple(
                Worth(
                    event=each.event,
                    within_seconds=each.within_seconds,
                    value=each.value or "",
                    minor=float(each.worth_minor or 0),
                )
                for each in worth
            ),
        )


def _staying(chosen: Chosen) -> Iterator[Metric]:
    for number in range(1, chosen.brackets + 1):
        yield Metric(
            name=f"retained_{number}",
            events=(chosen.returning,),
            measure="did",
            after_seconds=number * chosen.bracket_seconds,
            within_seconds=(number + 1) * chosen.bracket_seconds,
        )


def _guarding(chosen: Chosen) -> Iterator[Metric]:
    within = chosen.windows[0]
    for event in chosen.guardrails:
        yield Metric(
            name=_named(event, within), events=(event,), measure="did", within_seconds=within, is_guardrail=True
        )


def _own(chosen: Chosen) -> Iterator[Metric]:
    for each in chosen.own:
        yield Metric(
            name=each.name,
            events=(each.event,),
            measure=each.measure,
            within_seconds=each.within_seconds or chosen.windows[0],
            adds_up=each.property or "",
            per=() if each.per is None else (each.per,),
            is_guardrail=each.worse is not None,
            less_is_worse=each.worse == "less",
        )


def _named(event: str, within_seconds: int) -> str:
    return f"{event.lower().replace(' ', '_')}_{duration(within_seconds)}"
