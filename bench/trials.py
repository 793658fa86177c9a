"""Reading trials: how fast, how much noise what people did before takes away, and what looking again and again costs.

The pre and post designs are of real shops; nothing was tested there, so that arms drawn at random differ by nothing.
The 78 real trials are ASOS's, with every interim report of each: read at every report as most tools do, sequentially,
and once at the end. Both need the data sets and are left out where those are not at hand.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from bench.benchmark import Benchmark, Measured, Row
from holdfast.measures.statistics.estimates import adjusted_difference, difference, lift, variance_cut
from holdfast.measures.statistics.moments import Moments, moments_of, share_moments
from holdfast.measures.statistics.resampling import winsorised
from holdfast.measures.statistics.sequential import LOOKS, boundaries, unplanned_factor

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
COMPARISONS = 10_000
SECONDS_MOST = 1.0
TRIALS, TRIALS_QUICK = 20_000, 4_000
RERANDOMISED, RERANDOMISED_QUICK = 2_000, 300
LOOKS_ERROR_MOST, POWER_LEAST = 0.055, 0.95
CUT_LEAST, CUT_MOST = 0.40, 0.75
"""What is to be taken away on the pre and post designs, to the whole percent."""

Numbers = npt.NDArray[np.float64]


def run(quick: bool) -> Measured:
    rows = [_speed()]
    rows += looks(TRIALS_QUICK if quick else TRIALS)
    notes: list[str] = []
    if DATA.exists():
        rows += adjusting(RERANDOMISED_QUICK if quick else RERANDOMISED)
        rows += real_trials()
    else:
        notes.append("The data sets are not at hand: no real designs, no real trials.")
    return Measured(headline=rows[0].ratio or 0.0, rows=tuple(rows), notes=(*notes, ""))


def _speed() -> Row:
    """Difference, adjusted difference and ratio of so many comparisons, each with its interval."""
    drawn = np.random.default_rng(1)
    people = np.full(COMPARISONS, 20_000.0)
    arm, base = (share_moments(drawn.binomial(20_000, 0.05, COMPARISONS).astype(float), people) for _ in range(2))
    difference(arm, base).interval()  # Libraries are loaded now.
    began = time.perf_counter()
    for estimated in (difference, adjusted_difference, lift):
        found = estimated(arm, base)
        found.interval()
        found.p_value  # noqa: B018 - It is reckoned.
    took = time.perf_counter() - began
    limit = f"at most {SECONDS_MOST}"
    return Row(
        what=f"{COMPARISONS:,} comparisons, three readings each",
        value=took * 1_000,
        unit="ms",
        ratio=took / SECONDS_MOST,
        limit=limit,
        met=took <= SECONDS_MOST,
    )


def looks(trials: int) -> list[Row]:
    """How often nothing is taken for something, and how often something is found, at twenty looks."""
    drawn = np.random.default_rng(2)
    share = np.arange(1, LOOKS + 1) / LOOKS
    rows = []
    ends = {}
    for drift in (0.0, 2.69):
        steps = drawn.normal(drift / LOOKS, 1 / np.sqrt(LOOKS), (trials, LOOKS))
        off = np.abs(steps.cumsum(axis=1) / np.sqrt(share))
        ends[drift] = {
            "once, at the end": float((off[:, -1] > 1.96).mean()),
            "naive": float((off > 1.96).any(axis=1).mean()),
            "planned looks": float((off > boundaries()).any(axis=1).mean()),
            "at any moment": float((off > unplanned_factor(40_000 * share, 20_000)).any(axis=1).mean()),
        }
    for name, error in ends[0.0].items():
        asked = name == "planned looks"
        rows.append(
            Row(
                what=f"nothing there, 20 looks: {name}",
                value=100 * error,
                unit="% found",
                ratio=error / 0.05,
                limit=f"at most {100 * LOOKS_ERROR_MOST:g}" if asked else "",
                met=not asked or error <= LOOKS_ERROR_MOST,
            )
        )
    once = ends[2.69]["once, at the end"]
    for name in ("planned looks", "at any moment"):
        ratio = ends[2.69][name] / once
        asked = name == "planned looks"
        rows.append(
            Row(
                what=f"power against one look: {name}",
                value=100 * ends[2.69][name],
                unit="% found",
                ratio=ratio,
                limit=f"at least {POWER_LEAST}" if asked else "",
                met=not asked or ratio >= POWER_LEAST,
            )
        )
    return rows


def adjusting(rounds: int) -> list[Row]:
    designs = {
        "groceries, 26 weeks before and after": _groceries(26, 26),
        "groceries, 8 weeks before, 4 after": _groceries(8, 4),
        "shop's invoices, halves of the year": _invoices(),
        "music, 52 weeks before, 26 after": _music(),
    }
    capped = [winsorised(each, each)[0] for each in designs["shop's invoices, halves of the year"]]
    designs["the same, the top hundredth capped"] = (capped[0], capped[1])
    rows = []
    for name, (before, after) in designs.items():
        cut, error = _cut(before, after, rounds)
        rows.append(
            Row(
                what=f"variance taken away: {name}",
                value=100 * cut,
                unit="%",
                ratio=cut,
                limit=f"{100 * CUT_LEAST:g} to {100 * CUT_MOST:g}",
                met=CUT_LEAST <= round(cut, 2) <= CUT_MOST,
            )
        )
        rows.append(Row(what=f"  nothing found there in {rounds:,} draws", value=100 * error, unit="% found"))
    return rows


def _cut(before: Numbers, after: Numbers, rounds: int) -> tuple[float, float]:
    """How much variance goes, and how often arms drawn at random are told apart, adjusted."""
    drawn = np.random.default_rng(3)
    told, cuts = 0, []
    for _ in range(rounds):
        treated = drawn.random(len(after)) < 0.5
        arm, base = (moments_of(after[each], before[each]) for each in (treated, ~treated))
        told += bool(adjusted_difference(arm, base).p_value < 0.05)
        cuts.append(float(variance_cut(arm, base)))
    return float(np.mean(cuts)), told / rounds


def _halves(table: pl.DataFrame, middle: timedelta, before: timedelta, after: timedelta) -> tuple[Numbers, Numbers]:
    """What each person spent in a time before and a time after; those who came before the middle only."""
    start = table["at"].min()
    cut = start + middle  # type: ignore[operator]  # It is a moment.
    known = table.filter(pl.col("at") < cut).select("person").unique()
    halves = []
    for low, high in ((cut - before, cut), (cut, cut + after)):
        spent = (
            table.filter((pl.col("at") >= low) & (pl.col("at") < high)).group_by("person").agg(pl.col("spent").sum())
        )
        halves.append(known.join(spent, on="person", how="left").sort("person")["spent"].fill_null(0.0).to_numpy())
    return halves[0], halves[1]


def _groceries(before_weeks: int, after_weeks: int) -> tuple[Numbers, Numbers]:
    table = pl.read_parquet(DATA / "completejourney_transactions.parquet").select(
        person="household_id", at="transaction_timestamp", spent="sales_value"
    )
    return _halves(table, timedelta(weeks=26), timedelta(weeks=before_weeks), timedelta(weeks=after_weeks))


def _invoices() -> tuple[Numbers, Numbers]:
    table = pl.read_parquet(DATA / "online_retail.parquet").filter(
        pl.col("CustomerID").is_not_null() & (pl.col("Quantity") > 0)
    )
    table = table.select(person="CustomerID", at="InvoiceDate", spent=pl.col("Quantity") * pl.col("UnitPrice"))
    return _halves(table, timedelta(weeks=26), timedelta(weeks=26), timedelta(weeks=26))


def _music() -> tuple[Numbers, Numbers]:
    table = pl.read_parquet(DATA / "cdnow_master.parquet").select(person="customer_id", at="date", spent="dollar_value")
    return _halves(table, timedelta(weeks=52), timedelta(weeks=52), timedelta(weeks=26))


def real_trials() -> list[Row]:
    """The share of series of real trials that are told apart: at some report, sequentially, and at the last."""
    table = pl.read_parquet(DATA / "asos_experiments.parquet").sort("time_since_start")
    naive = sequential = planned = final = series = 0
    for _, each in table.group_by("experiment_id", "variant_id", "metric_id"):
        off, people = _scores(each)
        if len(off) < 2:
            continue
        series += 1
        naive += bool((off > 1.96).any())
        final += bool(off[-1] > 1.96)
        sequential += bool((off > unplanned_factor(people, people[-1] / 2)).any())
        planned += bool(_planned(off, people))
    found = {
        "naive, at every report": naive,
        "sequentially, at any moment": sequential,
        "planned looks": planned,
        "once, at the end": final,
    }
    return [
        Row(what=f"{series} real series: {name}", value=100 * count / series, unit="% found", ratio=count / final)
        for name, count in found.items()
    ]


def _scores(reports: pl.DataFrame) -> tuple[Numbers, Numbers]:
    columns = {
        name: reports[name].to_numpy().astype(float)
        for name in reports.columns
        if "_" in name and name[:1] in "cmv" and name != "variant_id"
    }
    arm, base = (
        Moments(
            people=columns[f"count_{side}"],
            y=columns[f"mean_{side}"] * columns[f"count_{side}"],
            yy=columns[f"variance_{side}"] * (columns[f"count_{side}"] - 1)
            + columns[f"count_{side}"] * columns[f"mean_{side}"] ** 2,
        )
        for side in ("t", "c")
    )
    return np.abs(np.nan_to_num(difference(arm, base).z)), np.asarray(arm.people) + np.asarray(base.people)


def _planned(off: Numbers, people: Numbers) -> bool:
    """Whether a boundary is passed at the first report after a look, had it been known how many people would come."""
    look = np.minimum(LOOKS, (LOOKS * people / people[-1] + 1e-9).astype(int))
    first = np.flatnonzero(np.diff(look, prepend=0) > 0)
    return bool((off[first] > np.asarray(boundaries())[look[first] - 1]).any())


BENCHMARK = Benchmark(about="reading trials: speed, looks, noise taken away, and 78 real ones", run=run)
