"""Insights from Python: questions asked as one line, and answers as tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from holdfast.flows.audience.snapshot import Snapshot
from holdfast.flows.measure.drawing import Plot, draw
from holdfast.kernel.moments import format_moment
from holdfast.measures.insight import Answer, ColumnType, Question
from holdfast.segments.codec import encode_condition
from holdfast.segments.comparison import Comparison, encode_comparisons
from holdfast.segments.condition import Condition

Asked = str | Sequence[str] | Mapping[str, object]
"""What people do: the name of an event, names of which any will do, or `{"events": […], "where": …}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightResult:
    """The answer to a question, and the way to the people behind it."""

    kind: str
    question: Question
    answer: Answer
    ask_people: Callable[[Mapping[str, object]], pl.DataFrame]
    keep_people: Callable[[Mapping[str, object], str, str], Snapshot]

    @property
    def table(self) -> pl.DataFrame:
        """The answer as a table; moments are in the time zone of the question, money in minor units."""
        return frame_of(self.answer)

    def plot(self) -> Plot:
        """The answer as a picture: notebooks show it, `.save("funnel.svg")` writes it (or .png, .pdf)."""
        return draw(self.answer, self.question.picture(), self.words)

    @property
    def words(self) -> str:
        """The question in plain words."""
        return self.question.words()

    def people(self, **cell: object) -> pl.DataFrame:
        """The people behind a cell, now: person, user_id, first_seen, last_seen and traits (JSON text).

        Args:
            cell: which, by the kind's own words in docs/reference/insights.md, such as `step=2, lost=True`. Moments as
                they stand in the table will do.

        Raises Invalid when there is no such cell.
        """
        return self.ask_people(plain_object(cell))

    def save_people(self, segment_id: str, name: str | None = None, /, **cell: object) -> Snapshot:
        """Keep the people behind a cell as a segment: a list of those who are behind it now.

        Args:
            segment_id: small letters, digits and hyphens; keeping others under the same id puts them in their place.
            name: what people call it; the id by default.
            cell: as for `people`.

        Raises Conflict when the id is that of another kind of segment, Invalid when there is no such cell.
        """
        return self.keep_people(plain_object(cell), segment_id, name or segment_id)


class Analyst(ABC):
    """Whoever answers questions; the kinds of insight as methods."""

    @abstractmethod
    def insight(self, kind: str, question: Mapping[str, object]) -> InsightResult:
        """Any insight by its kind and its JSON form, see docs/reference/insights.md.

        Raises Invalid with the path of what is wrong.
        """

    def trend(self, event: Asked, *, where: object = None, **fields: object) -> InsightResult:
        """How often something is done, by how many people, or how much of a property, period by period.

        Args:
            event: what is done.
            where: comparisons of its properties, such as `prop("revenue") > 50`.
            fields: as docs/reference/insights.md tells: measure, property, period, breakdown, segment, since and more;
                `formula="a / b"` with `b={"event": …}` makes one number of two.
        """
        return self.insight("trend", {"event": _act(event, where), **fields})

    def funnel(self, steps: Sequence[Asked], *, within_days: float = 7, **fields: object) -> InsightResult:
        """How many people get from one step to the next, in order and in time.

        Args:
            steps: 2 to 20; a list of names among them is a step that any of these takes.
            within_days: how long it may take from the first step.
            fields: as docs/reference/insights.md tells: order, `holding="product_id"`, `without=["Product Removed"]`,
                breakdown, `compare={"Germany": trait("country") == "DE"}`, `show="times"`, segment, since and more.
        """
        return self.insight("funnel", {"steps": list(steps), "within_days": within_days, **fields})

    def retention(self, first: Asked | Condition, again: Asked | None = None, **fields: object) -> InsightResult:
        """Of the people who began in the same period, how many are still there, or what they bring, by period.

        Args:
            first: what they begin with; or a condition they came to meet, such as `did("Order Completed", at_least=3)`.
            again: what they come back for; without it, the same.
            fields: as docs/reference/insights.md tells: period, kind, brackets, `value="revenue"`, refunds, breakdown,
                segment, since and more.
        """
        return self.insight("retention", {"first": first, "again": again, **fields})

    def rfm(self, event: Asked, *, where: object = None, bins: int = 5, **fields: object) -> InsightResult:
        """How lately, how often and for how much people did something: scores, named cells, gold, and moves.

        Args:
            event: what is done, such as `Order Completed`.
            where: comparisons of its properties.
            bins: 4 for quartiles, 5 for quintiles.
            fields: as docs/reference/insights.md tells: value, view, cuts, frequency, segment, since and more.
        """
        return self.insight("rfm", {"event": _act(event, where), "bins": bins, **fields})

    def revenue(self, event: Asked, *, where: object = None, **fields: object) -> InsightResult:
        """What orders bring by period; or what people brought to date, by cohort or source, and what they cost.

        Args:
            event: what an order is, such as `Order Completed`.
            where: comparisons of its properties.
            fields: as docs/reference/insights.md tells: view, period, first, source, costs, segment, since and more.
        """
        return self.insight("revenue", {"event": _act(event, where), **fields})

    def sticky(self, start: Asked | None = None, **fields: object) -> InsightResult:
        """Which early behaviours go with staying, adjusted for volume, checked on a hold-out: hypotheses to test.

        Args:
            start: what somebody's life begins with; without it, the first thing they did.
            fields: as docs/reference/insights.md tells: stay, early_days, from_day, to_day, segment and more.
        """
        return self.insight("sticky", {"start": start, **fields})

    def flow(self, event: Asked, *, where: object = None, **fields: object) -> InsightResult:
        """What people do next after something, or did before it, step by step.

        Args:
            event: where paths start.
            where: comparisons of its properties.
            fields: as docs/reference/insights.md tells: direction, steps, by, collapse, segment, since and more.
        """
        return self.insight("flow", {"event": _act(event, where), **fields})

    def pivot(self, event: Asked, rows: object, columns: object = None, **fields: object) -> InsightResult:
        """A measure of what people did, by one thing down the side and another across the top, with totals.

        Args:
            event: what is done.
            rows: a property's name, or `{"property": …}`, `{"trait": …}` or `{"period": …}`.
            columns: likewise; without it, the total alone.
            fields: as docs/reference/insights.md tells: measure, property, segment, since and more.
        """
        return self.insight("pivot", {"event": event, "rows": rows, "columns": columns, **fields})

    def stickiness(self, event: Asked, *, where: object = None, **fields: object) -> InsightResult:
        """How many people are active in a day, a week and a month; or, with `show="power_users"`, on how many days.

        Args:
            event: what makes active.
            where: comparisons of its properties.
            fields: as docs/reference/insights.md tells: show, segment, since and more.
        """
        return self.insight("stickiness", {"event": _act(event, where), **fields})

    def lifecycle(self, event: Asked | None = None, *, where: object = None, **fields: object) -> InsightResult:
        """How many people are new, returning, back again or gone, period by period; or in stages of your own.

        Args:
            event: what makes active; without it, `stages` are asked for.
            where: comparisons of its properties.
            fields: as docs/reference/insights.md tells: stages, lost, period, show, segment, since and more. A stage is
                `{"name": "loyal", "when": did("Order Completed", at_least=3)}`.
        """
        return self.insight("lifecycle", {"event": None if event is None else _act(event, where), **fields})

    def interval(self, event: Asked, *, where: object = None, **fields: object) -> InsightResult:
        """How long people take to come back by themselves, and the period to measure their retention in.

        Args:
            event: what counts as use.
            where: comparisons of its properties.
            fields: as docs/reference/insights.md tells: gap, nth, share, within_days, segment, since and more.
        """
        return self.insight("interval", {"event": _act(event, where), **fields})


def _act(event: Asked, where: object) -> object:
    if where is None:
        return event
    return {"events": [event] if isinstance(event, str) else event, "where": where}


def plain_object(given: Mapping[str, object]) -> dict[str, object]:
    """The JSON form of what Python says it with; what is None is left out."""
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: object) -> object:
    match value:
        case Condition():
            return encode_condition(value)
        case Comparison():
            return encode_comparisons([value])
        case datetime():
            return format_moment(value) if value.tzinfo is not None else value.isoformat()
        case date():
            return value.isoformat()
        case Mapping():
            return plain_object({str(name): each for name, each in value.items()})
        case list() | tuple() if value and all(isinstance(each, Comparison) for each in value):
            return encode_comparisons(value)
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def frame_of(answer: Answer) -> pl.DataFrame:
    """The answer as a table; moments in its time zone."""
    types: Mapping[ColumnType, pl.DataType] = {
        "moment": pl.Datetime("ms", "UTC"),
        "text": pl.String(),
        "whole": pl.Int64(),
        "number": pl.Float64(),
        "share": pl.Float64(),
        "truth": pl.Boolean(),
        "money": pl.Int64(),
    }
    columns = {
        each.name: pl.Series(each.name, [row[index] for row in answer.rows], dtype=_raw(types[each.type])).cast(
            types[each.type]
        )
        for index, each in enumerate(answer.columns)
    }
    moments = [each.name for each in answer.columns if each.type == "moment"]
    return (
        pl.DataFrame(columns).with_columns(pl.col(*moments).dt.convert_time_zone(answer.time_zone))
        if moments
        else (pl.DataFrame(columns))
    )


def _raw(kind: pl.DataType) -> pl.DataType:
    """Moments come as whole milliseconds."""
    return pl.Int64() if isinstance(kind, pl.Datetime) else kind
