"""Trials: what an experiment, a journey, a campaign or a step caused, read from the history. By default, all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from holdfast.decisions.experiment import METRICS_MOST
from holdfast.decisions.experiment_metrics import ExperimentMetric
from holdfast.decisions.fields import decode_fields, one_of, under
from holdfast.decisions.journey import Goal
from holdfast.flows.audience.library import load_library
from holdfast.flows.measure.trial_subject import HINT, ORDERS, Subject, subject_of
from holdfast.kernel.errors import Exposed, Invalid, NotFound
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.measures.compared import WAYS, Effect, Found, Plan, Reading, Way
from holdfast.measures.insight import Act
from holdfast.measures.insights.interval import Interval
from holdfast.measures.metrics import (
    DAY_SECONDS,
    EXPOSURES,
    MOMENTS_MOST,
    Assigned,
    Exposure,
    InAndOut,
    Metric,
    Outcomes,
    Tally,
    capped,
)
from holdfast.measures.reading import read, shares_of
from holdfast.measures.statistics.many import holm
from holdfast.measures.statistics.moments import Numbers
from holdfast.measures.statistics.resampling import quantile_difference
from holdfast.measures.statistics.sequential import LOOKS, look_at, people_at
from holdfast.measures.trial import CONFIDENCE, Inconclusive
from holdfast.measures.usual_metrics import Chosen, deciding_first, metrics_of
from holdfast.ports.history import History
from holdfast.ports.insights import Insights
from holdfast.ports.state import State, View
from holdfast.ports.trials import LIVES_MOST
from holdfast.segments.condition import Condition
from holdfast.segments.library import resolve
from holdfast.version import __version__

LONG_SECONDS = 28 * DAY_SECONDS
"""The long term, where nothing else is asked and the near one is shorter; else four times that."""
BRACKET_SECONDS = 30 * DAY_SECONDS
"""The bracket of staying, where too little is known to tell the natural one."""
BRACKETS = 3
QUANTILES_MOST = 5
SEGMENTS_ASKED_MOST = 10
QUANTILE_PEOPLE_LEAST = 100
WINDOWS_MOST = 6
SECONDS_MOST = 10 * 365 * DAY_SECONDS
PEOPLE_MOST = 10_000_000_000


class TrialWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a trial is to be read. Whatever is left out is as the experiment or journey says, or as usual."""

    goal: str | None = None
    """The event that means success."""
    within_seconds: tuple[int, ...] = ()
    """How long after they were assigned it counts: the near term first, then longer ones."""
    orders: str = ORDERS
    """The event that brings revenue."""
    returning: str | None = None
    """What staying means; without it, the goal."""
    bracket_seconds: int | None = None
    """The bracket of staying; without it, the natural interval of `returning`."""
    reading: Way | None = None
    confidence: float = CONFIDENCE
    base: str | None = None
    planned_people: int | None = None
    trait: str | None = None
    """Tells segments apart: by the values of a trait, as it stood when people were assigned."""
    segments: tuple[str, ...] = ()
    """Saved segments, live or not: whoever was in each before they were assigned, and whoever was not."""
    quantiles: tuple[float, ...] = ()
    """Quantiles of revenue per person to compare, by bootstrap."""
    metrics: tuple[dict[str, object], ...] = ()
    """What else it is read by, as an experiment's `metrics` are."""
    exposed_by: Exposure = "sent"
    """What counts as having got a message, for the difference per person who did."""
    primary: str | None = None
    """What decides it, as an experiment's `primary`; or the name of a metric, such as `conversion_28d`."""
    as_of_ms: int | None = None
    """Read it as it stood then."""
    adjust: bool = True
    """Take out of differences what people did before."""


def trial_wish(how: Mapping[str, object]) -> TrialWish:
    """What Python asks for: `as_of` is a moment, or its text. Raises Invalid with the path of what is wrong."""
    given = {name: each for name, each in how.items() if each is not None and name != "as_of"}
    as_of = how.get("as_of")
    try:
        if isinstance(as_of, str):
            as_of = parse_moment(as_of)
        given |= {} if as_of is None else {"as_of_ms": to_millis(as_of) if isinstance(as_of, datetime) else as_of}
        return msgspec.convert(given, TrialWish)
    except ValueError as error:  # A `msgspec.ValidationError` is one.
        raise Invalid(f"this cannot be read: {error}.", hint="`help(ws.trial)` tells what can.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileEffect:
    """A quantile of revenue per person of two variants: the difference, and where it lies."""

    variant: str
    base: str | None
    metric: str
    share: float
    effect: Effect
    """For one look, whatever the reading: resamples say nothing of looks that are still to come."""
    p_adjusted: float | None = None
    """The p-value, raised for how many quantiles of how many variants were asked for."""

    @property
    def is_sure(self) -> bool:
        """Whether there is a difference, also considering how many were looked for."""
        if not isinstance(self.effect, Found) or not self.effect.beyond_chance:
            return False
        return self.p_adjusted is None or self.p_adjusted <= 1 - self.effect.confidence


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A trial that was read. `trial_words` says it, `trial_json` is the form it has in every interface."""

    subject: Subject
    question: Outcomes
    plan: Plan
    reading: Reading
    quantiles: tuple[QuantileEffect, ...] = ()
    segments: tuple[str, ...] = ()
    """The saved segments that are told apart."""
    code_version: str = __version__
    bracket_known: bool = True
    """Whether the bracket of staying is the natural one, or was asked for."""


async def measure_trial(
    state: State, history: History, trial: str, wish: TrialWish, *, now_ms: int, currency: str, zone: str = "UTC"
) -> Measured:
    """Read a trial.

    Args:
        trial: the id of an experiment; or `journey:ID`, `campaign:ID`, `journey:ID.STEP`.

    Raises Invalid, and NotFound when there is no such trial.
    """
    as_of_ms = now_ms if wish.as_of_ms is None else min(wish.as_of_ms, now_ms)
    check_trial_wish(wish)
    async with state.view() as view:
        subject = await subject_of(view, trial)
        segments = await _segments_of(view, wish)
    goal = Goal(event=wish.goal or subject.goal.event, within_seconds=subject.goal.within_seconds)
    returning = wish.returning or goal.event
    bracket = wish.bracket_seconds or await natural_bracket(history, returning, as_of_ms=as_of_ms, zone=zone)
    windows = wish.within_seconds or subject.windows or windows_of(goal.within_seconds)
    question = Outcomes(
        whom=subject.whom,
        metrics=metrics_of(
            Chosen(
                goal=goal.event,
                windows=windows,
                orders=wish.orders,
                returning=returning,
                bracket_seconds=bracket or BRACKET_SECONDS,
                brackets=BRACKETS,
                guardrails=subject.guardrails,
                goals=subject.goals,
                own=(*subject.metrics, *_own_metrics(wish)),
            )
        ),
        as_of_ms=as_of_ms,
        currency=currency,
        since_ms=subject.since_ms,
        planned_people=wish.planned_people or subject.planned_people,
        trait=wish.trait,
        exposed_by=wish.exposed_by,
    )
    plan = Plan(
        reading=wish.reading or subject.reading,
        confidence=wish.confidence,
        base=wish.base,
        shares=subject.shares,
        adjust=wish.adjust,
    )
    primary = subject.primary if wish.primary is None else wish.primary
    found = await read_trial(history, subject, question, plan, wish, primary=(primary, windows[0]), segments=segments)
    if not found.reading.variants and subject.kind == "experiment" and not subject.variants:
        raise NotFound(
            f"there is no experiment {trial!r:.120}: nobody was ever assigned in it.", code="unknown_trial", hint=HINT
        )
    if wish.base is not None and wish.base not in {each.variant for each in found.reading.variants}:
        named = ", ".join(each.variant for each in found.reading.variants) or "none yet"
        raise Invalid(
            f"there is no variant {wish.base!r:.80}.",
            code="unknown_variant",
            path="$.base",
            hint=f"There are: {named}.",
        )
    return replace(found, bracket_known=bool(bracket))


async def natural_bracket(history: History, event: str, *, as_of_ms: int, zone: str) -> int | None:
    """How long people take to do it again by themselves, in seconds; None where too little is known."""
    if not isinstance(history, Insights):
        return None
    asked = Interval(event=Act(events=(event,)), time_zone=zone)
    try:
        answer = await history.insight(asked, as_of_ms=as_of_ms)
    except Exposed:
        return None
    index = [each.name for each in answer.columns].index("interval_days")
    days = next((row[index] for row in answer.rows), None)
    return int(days) * DAY_SECONDS if isinstance(days, int) and days > 0 else None


def windows_of(near_seconds: int) -> tuple[int, int]:
    """The near and the long term, where nobody says."""
    return near_seconds, LONG_SECONDS if near_seconds < LONG_SECONDS else 4 * near_seconds


async def read_trial(
    history: History,
    subject: Subject,
    question: Outcomes,
    plan: Plan,
    wish: TrialWish,
    *,
    primary: tuple[str, int],
    segments: Mapping[str, Condition] | None = None,
) -> Measured:
    """Read what is asked about somebody's people.

    Args:
        wish: of which the quantiles count.
        primary: what decides, and how long the near term is in seconds.
        segments: by name, whom else to tell apart.

    Raises Invalid where there is nothing of that name to decide by.
    """
    tallies = await history.trial_tallies(question)
    if isinstance(question.whom, Assigned):
        shares = shares_of(tallies)
        if shares is None and any(not each.apart for each in tallies):
            question = replace(question, weighted=True)
            tallies = await history.trial_tallies(question)
        plan = replace(plan, shares=shares)
    revenue = next(each for each in question.metrics if each.measure == "revenue" and each.is_per_person)
    place = question.metrics.index(revenue)
    first_people = _first_people(tallies, place, question, plan)
    alone = replace(question, metrics=(revenue,))
    cap = await history.trial_cap(alone, first_people=first_people)
    if cap is not None:
        limited = capped(revenue, cap)
        more = await history.trial_tallies(replace(question, metrics=(limited,)))
        question, tallies = _beside(question, tallies, limited, more, place + 1)
    question, tallies = _deciding_first(question, tallies, *primary)
    by_segment = await _by_segment(history, question, tallies, segments or {})
    reading = read(question, tallies, plan, by_segment)
    by_variant: dict[str, Numbers] = {}
    if wish.quantiles:  # Only these take people one by one.
        lives = await history.trial_lives(alone, first_people=LIVES_MOST if first_people is None else first_people)
        by_variant = {
            each.variant: lives.values[[one == each.variant for one in lives.variants], 0] for each in reading.variants
        }
    found = [
        QuantileEffect(
            variant=variant,
            base=reading.base,
            metric=revenue.name,
            share=share,
            effect=_quantile(ours, theirs, share, plan, reading),
        )
        for theirs in ([by_variant[reading.base]] if reading.base in by_variant else [])
        for variant, ours in by_variant.items()
        for share in wish.quantiles
        if variant != reading.base
    ]
    return Measured(
        subject=subject,
        question=question,
        plan=plan,
        reading=reading,
        quantiles=tuple(_among_others(found)),
        segments=tuple(by_segment),
    )


def _quantile(ours: Numbers, theirs: Numbers, share: float, plan: Plan, reading: Reading) -> Effect:
    """The difference of a quantile. Its interval is one for one look, whatever the reading."""
    if reading.mismatch is not None and reading.mismatch.is_one:
        return Inconclusive(reason="people are not divided as was designed")
    if min(len(ours), len(theirs)) < QUANTILE_PEOPLE_LEAST:
        return Inconclusive(reason=f"a quantile takes {QUANTILE_PEOPLE_LEAST} people in each variant")
    found = quantile_difference(ours, theirs, share, confidence=plan.confidence)
    p_value = None if plan.reading == "bayesian" else found.p_value
    return Found(value=found.value, low=found.low, high=found.high, confidence=plan.confidence, p_value=p_value)


def _among_others(found: Sequence[QuantileEffect]) -> list[QuantileEffect]:
    """The same with their p-values raised for how many there are (Holm)."""
    told = {place: each.effect.p_value for place, each in enumerate(found) if isinstance(each.effect, Found)}
    read = {place: p_value for place, p_value in told.items() if p_value is not None}
    raised = dict(zip(read, map(float, holm([*read.values()])), strict=True))
    return [replace(each, p_adjusted=raised.get(place)) for place, each in enumerate(found)]


def _first_people(tallies: Sequence[Tally], metric: int, question: Outcomes, plan: Plan) -> int | None:
    """How many people are read, in order of when they were assigned: those of the last look; None for all."""
    planned = question.planned_people if plan.reading == "sequential" else None
    if planned is None:
        return None
    closed = sum(float(each.moments[metric].people) for each in tallies if not each.apart)
    return people_at(look_at(closed, planned), planned)


def _beside(
    question: Outcomes, tallies: Sequence[Tally], metric: Metric, more: Sequence[Tally], place: int
) -> tuple[Outcomes, list[Tally]]:
    """The question with one more metric, and its tallies with that metric's sums."""
    by_group = {_group(each): each for each in more}
    metrics = (*question.metrics[:place], metric, *question.metrics[place:])
    found = []
    for each in tallies:
        other = by_group[_group(each)]
        moments = (*each.moments[:place], *other.moments, *each.moments[place:])
        got = (*each.got[:place], *other.got, *each.got[place:])
        found.append(
            replace(each, moments=moments, some=(*each.some[:place], *other.some, *each.some[place:]), got=got)
        )
    return replace(question, metrics=metrics), found


def _deciding_first(
    question: Outcomes, tallies: Sequence[Tally], primary: str, near_seconds: int
) -> tuple[Outcomes, list[Tally]]:
    """The question with what decides first, and its tallies so. Raises Invalid where nothing is called so."""
    metrics = deciding_first(question.metrics, primary, near_seconds)
    if metrics is None:
        # Where nobody has brought anything there is no limit to it, and nothing decides yet.
        if primary.startswith("revenue_capped"):
            return question, list(tallies)
        raise Invalid(
            f"there is no metric {primary!r:.80} to decide by.",
            code="unknown_metric",
            path="$.primary",
            hint=f"There are: {', '.join(each.name for each in question.metrics)}.",
        )
    places = [question.metrics.index(each) for each in metrics]
    ordered = [
        replace(
            each,
            moments=tuple(each.moments[place] for place in places),
            some=tuple(each.some[place] for place in places),
            got=tuple(each.got[place] for place in places),
        )
        for each in tallies
    ]
    return replace(question, metrics=metrics), ordered


async def _by_segment(
    history: History, question: Outcomes, tallies: Sequence[Tally], segments: Mapping[str, Condition]
) -> dict[str, list[Tally]]:
    """The question asked of who was in each segment and who was not, before they were assigned."""
    entered = [(each.first_ms, each.last_ms) for each in tallies]
    if not segments or not entered:
        return {}
    first_ms, last_ms = min(first for first, _ in entered), max(last for _, last in entered)
    # The moment before anybody was assigned, and on from there: whoever came later is asked about at a later one.
    span = last_ms - first_ms
    moments = sorted({first_ms - 1 + span * number // MOMENTS_MOST for number in range(MOMENTS_MOST)})
    return {
        name: await history.trial_tallies(
            replace(
                question,
                trait=None,
                among=InAndOut(segment=name, condition=condition, moments_ms=tuple(moments)),
            )
        )
        for name, condition in segments.items()
    }


async def _segments_of(view: View, wish: TrialWish) -> dict[str, Condition]:
    """The segments that are asked for, with all they name. Raises NotFound."""
    if not wish.segments:
        return {}
    library, found = await load_library(view), {}
    for number, each in enumerate(wish.segments):
        if each not in library:
            raise NotFound(
                f"there is no segment {each!r:.120}.",
                code="unknown_segment",
                path=f"$.segments[{number}]",
                hint=one_of(each, tuple(library)),
            )
        found[each] = resolve(library[each], library)
    return found


def _own_metrics(wish: TrialWish) -> list[ExperimentMetric]:
    """What is asked for beside. Raises Invalid, with the path."""
    found = []
    for number, each in enumerate(wish.metrics):
        with under(f"$.metrics[{number}]"):
            found.append(decode_fields(ExperimentMetric, each, "$"))
    return found


def _group(tally: Tally) -> tuple[str, bool, int, str, str]:
    return tally.variant, tally.apart, tally.look, tally.part, tally.label


def check_trial_wish(wish: TrialWish) -> None:
    """Raises Invalid for what cannot be asked."""
    if len(wish.within_seconds) > WINDOWS_MOST or not all(0 < each <= SECONDS_MOST for each in wish.within_seconds):
        raise Invalid(
            "these windows cannot be read.",
            path="$.within_seconds",
            hint=f"Give 1 to {WINDOWS_MOST}, each of 1 to {SECONDS_MOST:,} seconds.",
        )
    if wish.exposed_by not in EXPOSURES:
        raise Invalid(
            f"{wish.exposed_by!r:.40} is no exposure.", path="$.exposed_by", hint=f"One of: {', '.join(EXPOSURES)}."
        )
    if len(wish.segments) > SEGMENTS_ASKED_MOST:
        raise Invalid(
            f"{len(wish.segments)} segments are too many.",
            path="$.segments",
            hint=f"Ask for {SEGMENTS_ASKED_MOST} at most: each is a question of its own.",
        )
    if len(wish.metrics) > METRICS_MOST:
        raise Invalid(
            f"{len(wish.metrics)} metrics are too many.", path="$.metrics", hint=f"Ask for {METRICS_MOST} at most."
        )
    if len(wish.quantiles) > QUANTILES_MOST or any(not 0 < each < 1 for each in wish.quantiles):
        raise Invalid(
            "these quantiles cannot be read.",
            path="$.quantiles",
            hint=f"Give 1 to {QUANTILES_MOST} between 0 and 1, such as 0.5 for the median.",
        )
    if not 0.5 <= wish.confidence < 1:
        raise Invalid(f"{wish.confidence} is no confidence.", path="$.confidence", hint="Use one such as 0.95.")
    if wish.bracket_seconds is not None and not 0 < wish.bracket_seconds <= SECONDS_MOST:
        raise Invalid("this is no bracket.", path="$.bracket_seconds", hint=f"Give 1 to {SECONDS_MOST:,} seconds.")
    if wish.planned_people is not None and not LOOKS <= wish.planned_people <= PEOPLE_MOST:
        raise Invalid(
            f"{wish.planned_people} people cannot be planned.",
            path="$.planned_people",
            hint=f"Give {LOOKS} to {PEOPLE_MOST:,}; `holdfast trial plan` says how many it takes.",
        )
    if wish.reading is not None and wish.reading not in WAYS:
        raise Invalid(f"{wish.reading!r:.40} is no reading.", path="$.reading", hint=f"One of: {', '.join(WAYS)}.")
