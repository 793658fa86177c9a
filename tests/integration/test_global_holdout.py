"""The global holdout from events in to what marketing as a whole brought: by period, and over all of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import holdfast
from holdfast.cli.main import app as cli
from holdfast.decisions.holdout import held_out, period_begins, period_of
from holdfast.events.event import OWN_SOURCE
from holdfast.flows.measure.holdout import HoldoutReading, HoldoutSettings, read_holdout
from holdfast.flows.measure.trials import TrialWish
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.measures.compared import Found
from holdfast.ports.history import HistoryRow, PersonRow
from holdfast.stores.memory.history import MemoryHistory
from holdfast.testing.builders import an_event

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = datetime(2025, 12, 31, 23, tzinfo=UTC)
"""The year's first moment in Berlin."""
NOW = datetime(2026, 8, 15, tzinfo=UTC)
QUARTERS = ("2026-Q1", "2026-Q2", "2026-Q3")
SHARE, EFFECT = 0.3, 0.1
ORDERED = "Order Completed"


def settings(share: float = SHARE, **given: Any) -> HoldoutSettings:
    usual: dict[str, Any] = {"share": share, "rotates": "quarter", "zone": BERLIN, "currency": "EUR"}
    return HoldoutSettings(**(usual | given))


async def a_shop(seed: int, people: int = 1_500, *, since: str = "2026-Q1", effect: float = EFFECT) -> MemoryHistory:
    """People who are written to once a quarter unless they are held out of it, and order more often for it.

    Args:
        since: the first quarter in which anybody was held out.
    """
    drawn, history, rows = np.random.default_rng(seed), MemoryHistory(currency="EUR"), []
    begins = [*(period_begins(BEGAN + timedelta(days=95 * number), BERLIN, "quarter") for number in range(3))]
    for number in range(1, people + 1):
        name = f"u{seed}-{number}"
        for quarter in begins:
            period = period_of(quarter, BERLIN, "quarter")
            held = period >= since and held_out(name, SHARE, period)
            told = quarter + timedelta(days=float(drawn.uniform(1, 20)))
            if not held:
                rows.append(_event(number, name, "Message Sent", told, source=OWN_SOURCE))
            rows.append(_event(number, name, "Message Sent", told, source=OWN_SOURCE, transactional=True))
            if drawn.random() < 0.2 + effect * (not held):
                rows.append(_event(number, name, ORDERED, told + timedelta(days=2), revenue=50.0))
    await history.put_people([_person(number, f"u{seed}-{number}") for number in range(1, people + 1)])
    await history.add(rows, token="shop")
    return history


def _person(number: int, name: str) -> PersonRow:
    # A few are met only in the second quarter.
    first = BEGAN + timedelta(days=0.5 if number % 10 else 130)
    return PersonRow(
        person=number, user_id=name, known=True, traits={}, first_seen_ms=to_millis(first), last_seen_ms=0, version=1
    )


def _event(number: int, name: str, event: str, at: datetime, *, source: str = "shop", **said: Any) -> HistoryRow:
    told = an_event(
        event,
        user_id=name,
        timestamp=at,
        received_at=at,
        source=source,
        message_id=f"{event}{name}{at:%j%H%M%S}{said.get('transactional', '')}",
        properties=said,
    )
    return HistoryRow(identity=number, event=told)


async def read(history: MemoryHistory, *, at: datetime = NOW, **how: Any) -> HoldoutReading:
    drawn = how.pop("drawn", settings())
    periods = how.pop("periods", 8)
    return await read_holdout(history, drawn, TrialWish(**how), now_ms=to_millis(at), periods=periods)


def effects(reading: HoldoutReading, metric: str = "conversion") -> dict[str, Found]:
    found = {}
    for period in reading.periods:
        (one,) = (each for each in period.measured.reading.comparisons if each.metric == metric)
        assert isinstance(one.difference, Found), one.difference
        found[period.name] = one.difference
    return found


async def test_each_period_is_a_trial_of_its_own_and_all_are_pooled() -> None:
    reading = await read(await a_shop(1), reading="fixed")
    assert [each.name for each in reading.periods] == list(QUARTERS)
    assert [each.is_over for each in reading.periods] == [True, True, False]
    assert all(each.in_force for each in reading.periods)
    assert [each.measured.reading.mismatch is not None for each in reading.periods] == [True] * 3
    by_period = effects(reading)
    assert all(each.low < EFFECT < each.high for each in by_period.values())
    periods, pooled, ratio = reading.pooled["conversion"]
    assert periods == 2, "the one that runs is told apart"
    assert isinstance(pooled, Found)
    assert isinstance(ratio, Found)
    first, second = by_period["2026-Q1"], by_period["2026-Q2"]
    people = [sum(each.people for each in period.measured.reading.variants) for period in reading.periods[:2]]
    assert people == [1_350, 1_500], "who was first seen in a period is in it, and in none before"
    mean = (people[0] * first.value + people[1] * second.value) / sum(people)
    assert pooled.value == pytest.approx(mean)
    assert pooled.high - pooled.low < min(each.high - each.low for each in (first, second)), "together they know more"
    assert pooled.low > 0
    assert ratio.low > 1
    assert "Marketing as a whole brought +" in reading.words


async def test_the_pooled_interval_holds_what_was_planted_as_often_as_it_says() -> None:
    """Sixty shops; the people are the same in every period, the draws are not."""
    covered = 0
    for seed in range(60):
        _, pooled, _ = (await read(await a_shop(100 + seed, 400), reading="fixed")).pooled["conversion"]
        assert isinstance(pooled, Found)
        covered += pooled.low <= EFFECT <= pooled.high
    assert covered >= 53


async def test_periods_in_which_nobody_was_held_out_count_for_nothing() -> None:
    reading = await read(await a_shop(2, since="2026-Q2"))
    assert [each.in_force for each in reading.periods] == [False, True, True]
    assert reading.pooled["conversion"][0] == 1
    late = await read(await a_shop(2, since="2026-Q3"))
    assert [each.in_force for each in late.periods] == [False, False, True]
    assert late.pooled["conversion"][0] == 1, "while none is over, the one that runs"
    none = await read(await a_shop(2, since="2027-Q1"))
    assert none.pooled == {}
    assert none.words.startswith("Nothing can be said yet")
    off = await read(await a_shop(2, since="2027-Q1"), drawn=settings(0.0))
    assert "set `global_holdout`" in off.words


async def test_it_is_read_as_it_stood_and_by_whatever_is_asked() -> None:
    history = await a_shop(3, 300)
    then = datetime(2026, 5, 1, tzinfo=UTC)
    early = await read(history, as_of_ms=to_millis(then))
    assert [each.name for each in early.periods] == list(QUARTERS[:2])
    assert early.periods[-1].until_ms == to_millis(then)
    assert [each.name for each in (await read(history, periods=1)).periods] == ["2026-Q3"]
    for how in ({"periods": 0}, {"periods": 99}, {"confidence": 0.1}):
        with pytest.raises(Invalid):
            await read(history, **how)
    always = await read(history, drawn=settings(rotates="never"))
    assert [each.name for each in always.periods] == [""]
    assert always.periods[0].measured.plan.adjust is False, (
        "what those did before who are never drawn anew says nothing"
    )


def test_python_http_and_the_command_line_say_the_same(tmp_path: Path) -> None:
    directory, name = tmp_path / "data", "ann"
    began = datetime.now(UTC) - timedelta(days=2)
    events = pl.DataFrame(
        {
            "event": [ORDERED] * 40,
            "user_id": [f"{name}{number}" for number in range(40)],
            "timestamp": [began + timedelta(minutes=number) for number in range(40)],
            "message_id": [f"m{number}" for number in range(40)],
        }
    )
    with holdfast.open(directory, currency="EUR", global_holdout=0.2) as ws:
        ws.track(events)
        as_of = format_moment(datetime.now(UTC))
        found = ws.holdout(as_of=as_of)
        assert found.table["metric"].to_list()[0] == "conversion"
        found.plot().save(tmp_path / "holdout.svg")
    (directory / "holdfast.toml").write_text('currency = "EUR"\nglobal_holdout = 0.2\n')
    asked = ["trial", "holdout", "--as-of", as_of, "--data", str(directory)]
    told = CliRunner().invoke(cli, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output) == json.loads(json.dumps(found.json))
    shown = CliRunner().invoke(cli, asked)
    assert found.words in shown.output
    assert (tmp_path / "holdout.svg").stat().st_size > 1_000
