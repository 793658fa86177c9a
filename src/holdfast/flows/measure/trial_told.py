"""What a trial says: as JSON, in words, as a table and as a picture. All are made of the JSON, so that they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from holdfast.events.event import Json
from holdfast.flows.measure.drawing import Plot
from holdfast.flows.measure.drawing_table import draw_table
from holdfast.flows.measure.trials import Measured
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.kernel.money import minor_digits
from holdfast.measures.compared import Comparison, Found, VariantReading
from holdfast.measures.metrics import Assigned, Metric, in_words
from holdfast.measures.statistics.sequential import LOOKS

if TYPE_CHECKING:
    import polars as pl

Told = dict[str, Json]
_SAYS = {
    "sequential": "valid whenever you look",
    "fixed": "valid for one look",
    "bayesian": "where it lies with this probability",
}


@dataclass(frozen=True)
class Trial:
    """A trial that was read.

    >>> trial = ws.trial("journey:cart-rescue")  # doctest: +SKIP
    >>> trial.words, trial.table, trial.plot()  # doctest: +SKIP
    """

    json: Told
    """The form it has over HTTP and on the command line."""

    @property
    def words(self) -> str:
        """What it says, in plain words."""
        return str(self.json["words"])

    @cached_property
    def table(self) -> pl.DataFrame:
        """A row a comparison, those of segments after the whole; money in minor units."""
        import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

        told: Any = self.json
        return pl.DataFrame([_row(each) for each in (*told["comparisons"], *told["segments"])], schema=_schema())

    def plot(self) -> Plot:
        """Bars: by how much of the base each variant differs, by metric."""
        import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

        read = self.table.filter(pl.col("ratio").is_not_null() & pl.col("segment").is_null())
        drawn = read.select("metric", "variant", (pl.col("ratio") - 1).alias("beyond the base"))
        return draw_table(
            drawn, self.words, across="metric", value="beyond the base", by="variant", kind="bars", shares=True
        )


def trial_of(measured: Measured) -> Trial:
    """The trial as it is told."""
    return Trial(trial_json(measured))


def trial_json(measured: Measured) -> Told:
    """The form a trial has in every interface. Money is in minor units."""
    reading, question, plan = measured.reading, measured.question, measured.plan
    planned = question.planned_people if plan.reading == "sequential" else None
    look = reading.comparisons[0].look if reading.comparisons and planned else None
    metrics = {each.name: each for each in question.metrics}
    return {
        "experiment": measured.subject.id,
        "kind": measured.subject.kind,
        "question": {
            "experiment": question.whom.experiment if isinstance(question.whom, Assigned) else None,
            "metrics": [_metric(each) for each in question.metrics],
            "before_seconds": question.before_seconds,
            "trait": question.trait,
            "segments": list(measured.segments),
            "exposed_by": question.exposed_by,
            "weighted": question.weighted,
            "since": _moment(question.since_ms or None),
            "natural_bracket": measured.bracket_known,
        },
        "as_of": _moment(question.as_of_ms),
        "code_version": measured.code_version,
        "currency": question.currency,
        "first_assigned": _moment(reading.first_ms),
        "last_assigned": _moment(reading.last_ms),
        "base": reading.base,
        "variants": [_variant(each) for each in reading.variants],
        "apart_people": reading.apart_people,
        "mismatch": None
        if reading.mismatch is None
        else {"p_value": reading.mismatch.p_value, "is_one": reading.mismatch.is_one},
        "reading": plan.reading,
        "confidence": plan.confidence,
        "look": look,
        "looks": LOOKS if planned else None,
        "planned_people": planned,
        "primary": question.metrics[0].name,
        "comparisons": [_comparison(each, metrics) for each in reading.comparisons],
        "segments": [_comparison(each, metrics) for each in reading.segments],
        "quantiles": [
            {
                "variant": each.variant,
                "base": each.base,
                "metric": each.metric,
                "share": each.share,
                "difference": each.effect.as_json(),
                "p_adjusted": each.p_adjusted,
                "is_sure": each.is_sure,
            }
            for each in measured.quantiles
        ],
        "words": " ".join(_sentences(measured)),
    }


def _metric(metric: Metric) -> Told:
    return {
        "name": metric.name,
        "events": list(metric.events),
        "measure": metric.measure,
        "after_seconds": metric.after_seconds,
        "within_seconds": metric.within_seconds,
        "cap": metric.cap,
        "is_guardrail": metric.is_guardrail,
        "worse": None if not metric.is_guardrail else "less" if metric.less_is_worse else "more",
        "is_money": metric.is_money,
        "adds_up": metric.adds_up or None,
        "per": list(metric.per),
        "worths": [
            {
                "event": each.event,
                "within_seconds": each.within_seconds,
                "value": each.value or None,
                "worth_minor": each.minor,
            }
            for each in metric.worths
        ],
    }


def _variant(variant: VariantReading) -> Told:
    return {
        "variant": variant.variant,
        "people": variant.people,
        "exposed": variant.exposed,
        "designed_share": variant.designed,
        "figures": {
            each.metric: {
                "people": each.people,
                "open_people": each.open_people,
                "total": each.total,
                "mean": each.mean,
            }
            for each in variant.figures
        },
    }


def guardrail_state(comparison: Comparison, metric: Metric) -> str | None:
    """Of a guardrail: `broken`, `better`, `unclear`, where chance may explain it, or `unknown`; None of all else."""
    if not metric.is_guardrail:
        return None
    difference = comparison.difference
    if not isinstance(difference, Found):
        return "unknown"
    if not comparison.is_sure:
        return "unclear"
    return "broken" if (difference.value < 0) == metric.less_is_worse else "better"


def _comparison(comparison: Comparison, metrics: Mapping[str, Metric]) -> Told:
    belief = comparison.belief
    return {
        "variant": comparison.variant,
        "base": comparison.base,
        "metric": comparison.metric,
        "segment": comparison.segment,
        "people": comparison.people,
        "look": comparison.look,
        "difference": comparison.difference.as_json(),
        "ratio": comparison.ratio.as_json(),
        "in_all": comparison.in_all.as_json(),
        "exposed": comparison.exposed.as_json(),
        "adjusted": comparison.adjusted,
        "variance_cut": comparison.variance_cut,
        "p_adjusted": comparison.p_adjusted,
        "is_sure": comparison.is_sure,
        "guardrail": guardrail_state(comparison, metrics[comparison.metric]),
        "better": None if belief is None else belief.better,
        "loss": None if belief is None else belief.loss,
    }


def _sentences(measured: Measured) -> Iterator[str]:
    reading, question = measured.reading, measured.question
    people = sum(each.people for each in reading.variants)
    if not people:
        yield "Nobody takes part yet."
        return
    if reading.mismatch is not None and reading.mismatch.is_one:
        yield (
            f"Nothing can be concluded: people are not divided as was designed (p = {reading.mismatch.p_value:.1g}), "
            "so whoever is missing is missing for a reason."
        )
        return
    if len(reading.variants) == 1:
        yield f"All {people:,} people got {reading.variants[0].variant!r}: there is nothing to compare it with."
        return
    metrics = {each.name: each for each in question.metrics}
    first = question.metrics[0].name
    near = next(each.name for each in question.metrics if each.measure == "revenue" and each.is_per_person)
    for each in reading.comparisons:
        if each.metric in (first, near):
            yield _said(each, metrics[each.metric], measured)
    for each in reading.comparisons:
        if metrics[each.metric].is_guardrail and each.is_sure and isinstance(each.difference, Found):
            way = "rose" if each.difference.value > 0 else "fell"
            held = guardrail_state(each, metrics[each.metric]) != "broken"
            end = "" if held else ": it was to be guarded against"
            yield f"{each.variant!r}: {_guarded(metrics[each.metric])} {way}, beyond what chance explains{end}."
    found = [each for each in reading.segments if each.is_sure and each.metric == first]
    if found:
        names = ", ".join(dict.fromkeys(repr(each.segment) for each in found))
        by = [*([question.trait] if question.trait else []), *measured.segments]
        yield f"By {', '.join(map(repr, by))}, corrected for how many were looked at, it shows in {names}."
    if question.weighted:
        yield "Shares were changed on the way: everybody counts for one over the chance they had of their variant."


def _said(comparison: Comparison, metric: Metric, measured: Measured) -> str:
    """One comparison as a sentence."""
    what = f"{comparison.variant!r} against {comparison.base!r}, {_name(metric)}"
    difference, ratio = comparison.difference, comparison.ratio
    if not isinstance(difference, Found):
        return f"{what}: nothing can be said yet, {difference.reason}."
    currency = measured.question.currency
    low, high = (_amount(each, metric, currency) for each in (difference.low, difference.high))
    interval = f"{difference.confidence * 100:g}% interval {low} to {high}, {_SAYS[measured.plan.reading]}"
    by = f", {ratio.value - 1:+.1%}" if isinstance(ratio, Found) else ""
    sure = "beyond what chance explains" if comparison.is_sure else "which may be chance"
    believed = ""
    if comparison.belief is not None:
        sure, believed = "", f"; better with a chance of {comparison.belief.better:.1%}"
    figure = f"{_amount(difference.value, metric, currency)}{by}"
    # Numbers get a real minus sign; names keep their hyphens.
    said = f"{figure}{', ' if sure else ''}{sure} ({interval}{believed}).".replace("-", "−")
    return f"{what}: {said}"


def _guarded(metric: Metric) -> str:
    return repr(metric.events[0]) if metric.measure == "did" else metric.name


def _name(metric: Metric) -> str:
    within = in_words(metric.within_seconds)
    if not metric.is_per_person or metric.measure in {"sum", "worth"}:
        per = f" per {metric.per[0]!r}" if metric.per else " per person"
        what = {"worth": "what goals are worth", "revenue": "revenue", "sum": metric.adds_up}.get(metric.measure)
        return f"{what or repr(metric.events[0])}{per} within {within}"
    if metric.measure == "revenue":
        return f"revenue per person within {within}"
    return f"{metric.events[0]!r} within {within}"


def _amount(value: float, metric: Metric, currency: str) -> str:
    if metric.is_money:
        digits = minor_digits(currency)
        return f"{value / 10**digits:+,.{digits}f} {currency}"
    return f"{100 * value:+.2f} points" if metric.measure == "did" else f"{value:+.3f}"


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else format_moment(from_millis(at_ms))


def _row(comparison: Mapping[str, Any]) -> dict[str, object]:
    difference, ratio, exposed = comparison["difference"], comparison["ratio"], comparison["exposed"]
    return {
        **{name: comparison[name] for name in ("segment", "metric", "variant", "base", "people")},
        **{name: difference.get(place) for name, place in (("difference", "value"), ("low", "low"), ("high", "high"))},
        "confidence": difference.get("confidence"),
        "p_value": difference.get("p_value"),
        "ratio": ratio.get("value"),
        "ratio_low": ratio.get("low"),
        "ratio_high": ratio.get("high"),
        "per_exposed": exposed.get("value"),
        **{name: comparison[name] for name in ("p_adjusted", "is_sure", "adjusted", "variance_cut", "better", "loss")},
        "reason": difference.get("reason"),
    }


def _schema() -> dict[str, pl.DataType]:
    import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

    number, text = pl.Float64(), pl.String()
    return {
        **dict.fromkeys(("segment", "metric", "variant", "base"), text),
        "people": pl.Int64(),
        **dict.fromkeys(
            ("difference", "low", "high", "confidence", "p_value", "ratio", "ratio_low", "ratio_high", "per_exposed"),
            number,
        ),
        "p_adjusted": number,
        "is_sure": pl.Boolean(),
        "adjusted": pl.Boolean(),
        **dict.fromkeys(("variance_cut", "better", "loss"), number),
        "reason": text,
    }
