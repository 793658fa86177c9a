"""The global holdout from events in to what marketing as a whole brought: by period, and over all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from holdfast.decisions.holdout import Rotation, held_out, period_begins, period_of
from holdfast.events.event import OWN_SOURCE
from holdfast.flows.measure.holdout import HoldoutReading, HoldoutSettings, read_holdout
from holdfast.flows.measure.trials import TrialWish
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.measures.compared import Found
from holdfast.ports.history import HistoryRow, PersonRow
from holdfast.ports.holdouts import HoldoutDraw
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


def draw(at: datetime, share: float, rotates: Rotation = "quarter") -> HoldoutDraw:
    return HoldoutDraw(since_ms=to_millis(at), share=share, rotates=rotates, zone="Europe/Berlin")


def share_at(at: datetime, draws: Sequence[HoldoutDraw]) -> float:
    """The share in force at a moment, as a gate went by it."""
    return next((each.share for each in reversed(draws) if each.since_ms <= to_millis(at)), draws[0].share)


async def a_shop(
    seed: int,
    people: int = 1_500,
    *,
    since: str = "2026-Q1",
    effect: float = EFFECT,
    draws: Sequence[HoldoutDraw] = (),
) -> MemoryHistory:
    """People who are written to once a quarter unless they are held out of it, and order more often for it.

    Args:
        since: the first quarter in which anybody was held out.
        draws: how the holdout was drawn at what time; without any, by `SHARE` all along.
    """
    drawn, history, rows = np.random.default_rng(seed), MemoryHistory(currency="EUR"), []
    begins = [*(period_begins(BEGAN + timedelta(days=95 * number), BERLIN, "quarter") for number in range(3))]
    for number in range(1, people + 1):
        name = f"u{seed}-{number}"
        for quarter in begins:
            period = period_of(quarter, BERLIN, "quarter")
            told = quarter + timedelta(days=float(drawn.uniform(1, 20)))
            held = period >= since and held_out(name, share_at(told, draws) if draws else SHARE, period)
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
    draws = how.pop("draws", ())
    return await read_holdout(history, drawn, TrialWish(**how), now_ms=to_millis(at), periods=periods, draws=draws)


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
    assert pooled.p_value is not None
    assert 0 < pooled.p_value < 0.05
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
    assert off.periods == (), "nobody was ever held out, so nothing is counted"


def people_of(reading: HoldoutReading, name: str) -> dict[str, int]:
    (period,) = (each for each in reading.periods if each.name == name)
    found = {each.variant: each.people for each in period.measured.reading.variants}
    return found | {"between": period.measured.reading.apart_people}


async def test_a_period_before_a_change_is_reckoned_by_the_share_of_then() -> None:
    draws = (draw(BEGAN, 0.4), draw(datetime(2026, 3, 31, 22, tzinfo=UTC), 0.2))
    reading = await read(await a_shop(4, draws=draws), drawn=settings(0.2), draws=draws, reading="fixed")
    assert [[each.share for each in period.drawn.stretches] for period in reading.periods] == [[0.4], [0.2], [0.2]]
    assert all(each.in_force and each.drawn.noted for each in reading.periods)
    names = [f"u4-{number}" for number in range(1, 1_501)]
    held = {name: sum(held_out(each, share, name) for each in names) for name, share in (("2026-Q2", 0.2),)}
    assert people_of(reading, "2026-Q2")["holdout"] == held["2026-Q2"]
    early = sum(held_out(f"u4-{number}", 0.4, "2026-Q1") for number in range(1, 1_501) if number % 10)
    assert people_of(reading, "2026-Q1") == {"holdout": early, "treated": 1_350 - early, "between": 0}
    assert all(each.low < EFFECT < each.high for each in effects(reading).values())
    blind = await read(await a_shop(4, draws=draws), drawn=settings(0.2), reading="fixed")
    assert people_of(blind, "2026-Q1")["holdout"] < early, "by today's share it would be another trial"


@pytest.mark.parametrize(("before", "after"), [(0.2, 0.5), (0.5, 0.2)])
async def test_where_the_share_changes_within_a_period_those_who_changed_sides_stand_apart(
    before: float, after: float
) -> None:
    changed = datetime(2026, 4, 9, tzinfo=UTC)
    draws = (draw(BEGAN, before), draw(changed, after))
    reading = await read(await a_shop(5, 2_500, draws=draws), drawn=settings(after), draws=draws, reading="fixed")
    assert [period.in_force for period in reading.periods] == [True] * 3
    second = reading.periods[1]
    assert [(each.share, each.since_ms) for each in second.drawn.stretches] == [
        (before, second.since_ms),
        (after, to_millis(changed)),
    ]
    names = [f"u5-{number}" for number in range(1, 2_501)]
    always = sum(held_out(each, 0.2, "2026-Q2") for each in names)
    sometimes = sum(held_out(each, 0.5, "2026-Q2") for each in names)
    assert people_of(reading, "2026-Q2") == {
        "holdout": always,
        "treated": 2_500 - sometimes,
        "between": sometimes - always,
    }
    assert [period.measured.reading.mismatch for period in reading.periods] != [None] * 3
    assert all(each.low < EFFECT < each.high for each in effects(reading).values())


async def test_a_period_counts_from_when_somebody_was_held_out_in_it_until_nobody_was() -> None:
    begins, ends = datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 5, 20, tzinfo=UTC)
    draws = (draw(BEGAN, 0.0), draw(begins, 0.3), draw(ends, 0.0))
    reading = await read(await a_shop(6, draws=draws), drawn=settings(0.0), draws=draws)
    first, second, third = reading.periods
    assert (first.since_ms, first.until_ms) == (to_millis(begins), second.since_ms)
    assert (second.until_ms, second.is_over) == (to_millis(ends), True)
    assert (third.drawn.most, third.in_force) == (0.0, False), "nobody is held out any more"
    assert reading.pooled["revenue"][0] == 1, "the second; in the first nobody was written to after the change"
    told = reading.json["periods"]
    assert isinstance(told, list)
    assert [each["share"] for each in told[0]["shares"]] == [0.0, 0.3]  # type: ignore[index,call-overload,union-attr]


async def test_before_the_first_note_the_share_is_taken_for_having_been_so() -> None:
    draws = (draw(datetime(2026, 4, 20, tzinfo=UTC), SHARE),)
    reading = await read(await a_shop(7, 300), drawn=settings(0.1), draws=draws)
    assert [each.drawn.noted for each in reading.periods] == [False, False, True]
    assert {each.drawn.most for each in reading.periods} == {SHARE}


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


def test_what_the_settings_ask_for_is_noted_when_a_workspace_goes_by_it(tmp_path: Path) -> None:
    for share in (0.2, 0.2, 0.05):
        with holdfast.open(tmp_path, currency="EUR", global_holdout=share) as ws:
            found = ws.holdout()
            assert found.settings.share == share
    with holdfast.open(tmp_path, currency="EUR", global_holdout=0.05) as ws:
        seen = {"event": ORDERED, "user_id": "ann", "timestamp": datetime.now(UTC) - timedelta(days=1)}
        ws.track([{**seen, "message_id": "m1"}])
        told: Any = ws.holdout().json
    (period,) = told["periods"][-1:]
    assert [each["share"] for each in period["shares"]][-2:] == [0.2, 0.05]
