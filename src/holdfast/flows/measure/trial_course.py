"""The course of a trial: one metric as it would have been read at moments from its beginning until now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from holdfast.events.event import Json
from holdfast.flows.measure.trials import Measured, TrialWish, measure_trial
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.measures.compared import Reading
from holdfast.measures.metrics import Metric
from holdfast.measures.reading import read
from holdfast.ports.history import History
from holdfast.ports.state import State

MOMENTS_MOST = 60
"""Moments of one course."""
MOMENTS_LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePoint:
    """What was to be read at one moment."""

    at_ms: int
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One metric, from the first assignment until the moment it is read as of; no points where nobody takes part."""

    measured: Measured
    metric: Metric
    points: tuple[CoursePoint, ...]

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface. Money is in minor units."""
        return {
            "experiment": self.measured.subject.id,
            "metric": self.metric.name,
            "measure": self.metric.measure,
            "within_seconds": self.metric.within_seconds,
            "reading": self.measured.plan.reading,
            "confidence": self.measured.plan.confidence,
            "base": self.measured.reading.base,
            "currency": self.measured.question.currency,
            "points": [_point(each) for each in self.points],
        }


async def course_of_trial(
    state: State,
    history: History,
    trial: str,
    wish: TrialWish,
    *,
    metric: str | None,
    moments: int,
    now_ms: int,
    currency: str,
    zone: str,
) -> Course:
    """The course of a trial; of the metric it is decided by, unless another is named.

    Each point is made of what had happened and had reached us by then, so a point never changes.

    Raises Invalid for a metric that the trial has not, and for too few moments or too many; NotFound for no such trial.
    """
    if not MOMENTS_LEAST <= moments <= MOMENTS_MOST:
        raise Invalid(
            f"{moments} moments cannot be told.",
            path="$.moments",
            hint=f"Ask for {MOMENTS_LEAST} to {MOMENTS_MOST}.",
        )
    measured = await measure_trial(state, history, trial, wish, now_ms=now_ms, currency=currency, zone=zone)
    named = _named(measured, metric)
    first_ms, last_ms = measured.reading.first_ms, measured.question.as_of_ms
    if first_ms is None:
        return Course(measured=measured, metric=named, points=())
    moments_ms = moments_between(first_ms, last_ms, moments)
    question = replace(measured.question, metrics=(named,), trait=None)
    points = [
        CoursePoint(at_ms=at_ms, reading=read(replace(question, as_of_ms=at_ms), tallies, measured.plan))
        for at_ms, tallies in zip(moments_ms, await history.trial_course(question, moments_ms), strict=True)
    ]
    return Course(measured=measured, metric=named, points=tuple(points))


def moments_between(first_ms: int, last_ms: int, count: int) -> list[int]:
    """So many moments evenly between the two, the last one among them and the first not; each once.

    >>> moments_between(0, 100, 4)
    [25, 50, 75, 100]
    """
    stretch = max(last_ms - first_ms, 0)
    return sorted({first_ms + stretch * number // count for number in range(1, count + 1)})


def _named(measured: Measured, name: str | None) -> Metric:
    metrics = {each.name: each for each in measured.question.metrics}
    if name is None:
        return measured.question.metrics[0]
    if name not in metrics:
        raise Invalid(
            f"there is no metric {name!r:.80}.",
            code="unknown_metric",
            path="$.metric",
            hint=f"There are: {', '.join(metrics)}.",
        )
    return metrics[name]


def _point(point: CoursePoint) -> dict[str, Json]:
    reading = point.reading
    return {
        "at": format_moment(from_millis(point.at_ms)),
        "variants": [
            {
                "variant": each.variant,
                "people": each.people,
                "exposed": each.exposed,
                "mean": each.figures[0].mean,
            }
            for each in reading.variants
        ],
        "comparisons": [
            {
                "variant": each.variant,
                "base": each.base,
                "people": each.people,
                "is_sure": each.is_sure,
                "difference": each.difference.as_json(),
                "ratio": each.ratio.as_json(),
            }
            for each in reading.comparisons
        ],
    }
