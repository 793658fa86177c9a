"""What marketing as a whole brings: the global holdout against everybody else, by period, and over all of them.

Each period has a draw of its own, so each is a trial of its own: who is in which arm is reckoned again from the same
hash that held them out. What people did is counted from the period's first moment to its last, or until now.

How it was drawn was noted each time that was changed, so an earlier period is reckoned by the share of then. Where the
share was changed within a period, those held out all along are compared with those who never were. And it is asked of
what happened: where the held out were written to as well, there was no holdout, and the period counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from holdfast.decisions.holdout import Rotation, global_places, global_salt
from holdfast.events.event import Json
from holdfast.flows.measure.holdout_draws import DrawnPeriod, drawn_periods
from holdfast.flows.measure.trial_subject import GUARDRAILS, ORDERS, Subject
from holdfast.flows.measure.trials import Measured, TrialWish, check_trial_wish, read_trial
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.kernel.money import minor_digits
from holdfast.measures.compared import Comparison, Effect, Found, Plan
from holdfast.measures.metrics import HOUR_SECONDS, Everyone, Metric, Outcomes
from holdfast.measures.pooled import draws_told, pooled_difference, pooled_ratio
from holdfast.ports.history import History
from holdfast.ports.holdouts import HoldoutDraw

if TYPE_CHECKING:
    import polars as pl

    from holdfast.flows.measure.drawing import Plot

PERIODS = 8
"""Periods that are told where nobody says."""
PERIODS_MOST = 40
WRITTEN_TO_MOST = 0.1
"""Of the share of others who were written to: more of the held out, and they were held out of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutSettings:
    """How the global holdout is drawn now."""

    share: float
    rotates: Rotation
    zone: ZoneInfo
    currency: str

    def draw(self, since_ms: int) -> HoldoutDraw:
        """The same as it is noted."""
        return HoldoutDraw(since_ms=since_ms, share=self.share, rotates=self.rotates, zone=self.zone.key)


class Drawing(Protocol):
    """The settings that say how the global holdout is drawn."""

    @property
    def global_holdout(self) -> float: ...
    @property
    def global_holdout_rotates(self) -> Rotation: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def currency(self) -> str: ...


def holdout_settings(settings: Drawing) -> HoldoutSettings:
    """As the workspace's settings say."""
    return HoldoutSettings(
        share=settings.global_holdout,
        rotates=settings.global_holdout_rotates,
        zone=ZoneInfo(settings.time_zone),
        currency=settings.currency,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutPeriod:
    """One period: a trial of its own."""

    name: str
    """As `decisions.holdout.period_of` has it, such as `2026-Q1`; empty for all time."""
    since_ms: int
    """When it begins; or when somebody was first held out in it, where that was later."""
    until_ms: int
    """When it ends, or now, where it is not over; or when nobody was held out any more."""
    is_over: bool
    drawn: DrawnPeriod
    """Which shares were in force in it."""
    measured: Measured

    @property
    def in_force(self) -> bool:
        """Whether the held out really were: others were written to, and hardly any of them."""
        reached = {each.variant: each.exposed / each.people for each in self.measured.reading.variants if each.people}
        treated = reached.get("treated", 0.0)
        return treated > 0 and "holdout" in reached and reached["holdout"] <= WRITTEN_TO_MOST * treated


@dataclass(frozen=True, kw_only=True)
class HoldoutReading:
    """What marketing as a whole brought."""

    settings: HoldoutSettings
    as_of_ms: int
    periods: tuple[HoldoutPeriod, ...]
    """Oldest first; those before anybody was seen are left out."""

    @cached_property
    def pooled(self) -> dict[str, tuple[int, Effect, Effect]]:
        """By metric, of how many periods that tell of it, the difference per person in a period, and the ratio.

        Of periods that are over and in which the holdout was in force; while there is none, of the one that runs.
        """
        counted = [each for each in self.periods if each.in_force and each.is_over]
        counted = counted or [each for each in self.periods if each.in_force]
        by_metric: dict[str, list[Comparison]] = {}
        for period in counted:
            for each in period.measured.reading.comparisons:
                by_metric.setdefault(each.metric, []).append(each)
        reading = self.periods[-1].measured.plan.reading if self.periods else "sequential"
        return {
            metric: (draws_told(those), pooled_difference(those, reading), pooled_ratio(those, reading))
            for metric, those in by_metric.items()
        }

    @property
    def words(self) -> str:
        """What it says, in plain words."""
        if not self.settings.share and not any(each.in_force for each in self.periods):
            return "Nobody is held out of everything: set `global_holdout` to see what marketing as a whole brings."
        told = self.pooled.get("revenue")
        if told is None:
            return "Nothing can be said yet: nobody was written to in a period in which others were held out."
        periods, difference, ratio = told
        if not isinstance(difference, Found):
            return f"Nothing can be said yet: {difference.reason}."
        over = "in one period" if periods == 1 else f"over {periods} periods"
        sure = "beyond what chance explains" if difference.beyond_chance else "which may be chance"
        by = f", {ratio.value - 1:+.1%}" if isinstance(ratio, Found) else ""
        low, value, high = (self._money(each) for each in (difference.low, difference.value, difference.high))
        return (
            f"Marketing as a whole brought {value} {self.settings.currency} a person and period{by}, {over}; {sure} "
            f"({difference.confidence * 100:g}% interval {low} to {high})."
        ).replace("-", "−")

    def _money(self, minor: float) -> str:
        digits = minor_digits(self.settings.currency)
        return f"{minor / 10**digits:+,.{digits}f}"

    @property
    def json(self) -> dict[str, Json]:
        """The form it has in every interface. Money is in minor units."""
        from holdfast.flows.measure.trial_told import trial_json  # noqa: PLC0415  # Tables, which a server needs not.

        return {
            "share": self.settings.share,
            "rotates": self.settings.rotates,
            "currency": self.settings.currency,
            "as_of": format_moment(from_millis(self.as_of_ms)),
            "periods": [
                {
                    "period": each.name,
                    "since": format_moment(from_millis(each.since_ms)),
                    "until": format_moment(from_millis(each.until_ms)),
                    "is_over": each.is_over,
                    "in_force": each.in_force,
                    "shares": [
                        {"since": format_moment(from_millis(one.since_ms)), "share": one.share}
                        for one in each.drawn.stretches
                    ],
                    "noted": each.drawn.noted,
                    "trial": trial_json(each.measured),
                }
                for each in self.periods
            ],
            "pooled": [
                {"metric": metric, "periods": count, "difference": difference.as_json(), "ratio": ratio.as_json()}
                for metric, (count, difference, ratio) in self.pooled.items()
            ],
            "words": self.words,
        }

    @property
    def table(self) -> pl.DataFrame:
        """A row for each metric and period, then one over all of them, whose `period` is null; money in minor units."""
        import polars as pl  # noqa: PLC0415  # As above.

        told: Any = self.json
        rows = [
            _row(each["metric"], period["period"], period["in_force"], each)
            for period in told["periods"]
            for each in period["trial"]["comparisons"]
        ]
        return pl.DataFrame(
            [*rows, *(_row(each["metric"], None, True, each) for each in told["pooled"])], schema=_schema()
        )

    def plot(self) -> Plot:
        """Bars: by how much people who are written to differ from the held out, by period."""
        import polars as pl  # noqa: PLC0415  # As above.

        from holdfast.flows.measure.drawing_table import draw_table  # noqa: PLC0415  # As above.

        read = self.table.filter(pl.col("ratio").is_not_null() & pl.col("metric").is_in(["conversion", "revenue"]))
        drawn = read.select(
            pl.col("period").fill_null("all periods"), "metric", (pl.col("ratio") - 1).alias("beyond the held out")
        )
        return draw_table(
            drawn, self.words, across="period", value="beyond the held out", by="metric", kind="bars", shares=True
        )


async def read_holdout(
    history: History,
    settings: HoldoutSettings,
    wish: TrialWish,
    *,
    now_ms: int,
    periods: int = PERIODS,
    draws: Sequence[HoldoutDraw] = (),
) -> HoldoutReading:
    """Read the global holdout, period by period.

    Args:
        draws: how it was drawn at what time, as the state has it; as the settings say where nothing was ever noted.
        wish: of which the goal, the orders' event, the reading, the confidence and the moment count.
        periods: how many at most, the one that runs among them.

    Raises Invalid.
    """
    if not 0 < periods <= PERIODS_MOST:
        raise Invalid(f"{periods} periods cannot be read.", path="$.periods", hint=f"Ask for 1 to {PERIODS_MOST}.")
    check_trial_wish(wish)
    as_of_ms = now_ms if wish.as_of_ms is None else min(wish.as_of_ms, now_ms)
    noted = draws or (settings.draw(0),)
    # Where nobody was ever held out there is nobody to compare with, and no need to count for it.
    wanted = periods if any(each.share for each in noted) else 0
    found = []
    for drawn in islice(drawn_periods(from_millis(as_of_ms), noted), wanted):
        each = await _read_period(history, settings, wish, drawn, as_of_ms)
        if not any(variant.people for variant in each.measured.reading.variants):
            break
        found.append(each)
    return HoldoutReading(settings=settings, as_of_ms=as_of_ms, periods=tuple(reversed(found)))


async def _read_period(
    history: History, settings: HoldoutSettings, wish: TrialWish, drawn: DrawnPeriod, as_of_ms: int
) -> HoldoutPeriod:
    question = Outcomes(
        whom=Everyone(
            at_ms=drawn.since_ms,
            until_ms=drawn.until_ms,
            salt=global_salt(drawn.name),
            held=global_places(drawn.least),
            free=global_places(drawn.most),
        ),
        metrics=_metrics(wish, _whole_hours((drawn.until_ms - drawn.since_ms) // 1000)),
        # Nothing that came after the period is asked about, and what came later of what was in it is in it.
        as_of_ms=as_of_ms,
        currency=settings.currency,
    )
    compared = 1 - drawn.most + drawn.least
    plan = Plan(
        reading=wish.reading or "sequential",
        confidence=wish.confidence,
        base="holdout",
        shares={"treated": (1 - drawn.most) / compared, "holdout": drawn.least / compared},
        # Who is never drawn anew was held out before as well: what they did then is no measure of what they would do.
        adjust=wish.adjust and drawn.rotates,
    )
    subject = Subject(id=f"holdout:{drawn.name}" if drawn.name else "holdout", kind="holdout", whom=question.whom)
    measured = await read_trial(history, subject, question, plan, wish, primary=("", 1))
    return HoldoutPeriod(
        name=drawn.name,
        since_ms=drawn.since_ms,
        until_ms=drawn.until_ms,
        is_over=drawn.until_ms < as_of_ms,
        drawn=drawn,
        measured=measured,
    )


def _whole_hours(seconds: int) -> int:
    """So that a period that runs is said in plain words."""
    return max(seconds - seconds % HOUR_SECONDS, min(seconds, HOUR_SECONDS), 1)


def _metrics(wish: TrialWish, seconds: int) -> tuple[Metric, ...]:
    goal, orders = wish.goal or ORDERS, (wish.orders,)
    return (
        Metric(name="conversion", events=(goal,), measure="did", within_seconds=seconds),
        Metric(name="orders", events=orders, measure="times", within_seconds=seconds),
        Metric(name="revenue", events=orders, measure="revenue", within_seconds=seconds),
        Metric(name="revenue_per_order", events=orders, measure="revenue", within_seconds=seconds, per=orders),
        *(
            Metric(
                name=each.lower().replace(" ", "_"),
                events=(each,),
                measure="did",
                within_seconds=seconds,
                is_guardrail=True,
            )
            for each in GUARDRAILS
        ),
    )


def _row(metric: str, period: str | None, in_force: bool, told: dict[str, Any]) -> dict[str, object]:
    difference, ratio = told["difference"], told["ratio"]
    return {
        "period": period,
        "metric": metric,
        "in_force": in_force,
        "difference": difference.get("value"),
        "low": difference.get("low"),
        "high": difference.get("high"),
        "ratio": ratio.get("value"),
        "ratio_low": ratio.get("low"),
        "ratio_high": ratio.get("high"),
        "reason": difference.get("reason"),
    }


def _schema() -> dict[str, pl.DataType]:
    import polars as pl  # noqa: PLC0415  # As above.

    return {
        "period": pl.String(),
        "metric": pl.String(),
        "in_force": pl.Boolean(),
        **dict.fromkeys(("difference", "low", "high", "ratio", "ratio_low", "ratio_high"), pl.Float64()),
        "reason": pl.String(),
    }
