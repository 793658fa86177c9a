"""The lifecycle against the same told person by person in Python, on random nasty histories in chDB."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.lifecycle import Lifecycle
from holdfast.ports.history import HistoryRow
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import AT, chdb_history, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import NAMES, NOW_MS, ZONES, Told, moment, tell
from tests.contracts.real_data import cdnow, real_history

QUESTIONS_AT_ONCE = 6
DAY_MS = 86_400_000
VIP = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
SINCE = ("2026-03-01", "2026-03-20", "2026-03-28", "2026-10-20", "2026-03-29T13:30:00Z", "2026-03-08T05:30:00Z")
USUAL = ("active", "new", "returning", "resurrected", "dormant", "away")
OWN = ("often", "once", "long ago", "other")
Staged = dict[int, dict[int, str | None]]
"""Period to person to stage; period -1 is that before the first."""


def some_question(draw: random.Random) -> dict[str, Any]:
    where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
    question: dict[str, Any] = {
        "period": draw.choice(("day", "week", "month")),
        "show": draw.choice(("sizes", "moves")),
        "time_zone": draw.choice(ZONES),
        "since": draw.choice(SINCE),
    }
    at = datetime.fromisoformat(question["since"]).replace(tzinfo=UTC)
    at += timedelta(days=draw.choice((1, 7, 20, 35)), hours=draw.choice((0, 0, 1, 13)))
    if draw.random() < 0.8 or question["period"] == "day":
        question["until"] = moment(int(at.timestamp()) * 1000)
    if draw.random() < 0.6:
        question["event"] = draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 3), "where": where}))
    else:
        question["stages"] = own_stages(draw.choice(NAMES))
        question["lost"] = draw.choice((None, "long ago", "other"))
    if draw.random() < 0.3:
        question["segment"] = VIP
    return question


def own_stages(name: str) -> list[dict[str, Any]]:
    did = {"type": "did", "event": name}
    return [
        {"name": "often", "when": {**did, "at_least": 2, "within_days": 10}},
        {"name": "once", "when": {**did, "within_days": 10}},
        {"name": "long ago", "when": did},
    ]


def number_of(at_ms: int, asked: Lifecycle) -> int:
    """How many periods after the year 1 the wall's calendar says it is."""
    wall = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)
    day = wall.astimezone(ZoneInfo(asked.time_zone)).date()
    return {"day": day.toordinal(), "week": (day.toordinal() - 1) // 7, "month": day.year * 12 + day.month}[
        asked.period
    ]


def after(number: int, asked: Lifecycle) -> int:
    """The first moment after a period."""
    day = {
        "day": lambda: date.fromordinal(number + 1),
        "week": lambda: date.fromordinal((number + 1) * 7 + 1),
        "month": lambda: date(number // 12, number % 12 + 1, 1),
    }[asked.period]()
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(asked.time_zone)).timestamp()) * 1000


def usual_stage(numbers: set[int], at: int) -> str | None:
    if not numbers or at < min(numbers):
        return None
    if at in numbers:
        return "new" if at == min(numbers) else "returning" if at - 1 in numbers else "resurrected"
    return "dormant" if at - 1 in numbers else "away"


def own_stage(times: list[int], at_ms: int) -> str | None:
    if at_ms < AT:  # When everybody was first seen.
        return None
    done = [each for each in times if each <= at_ms]
    lately = sum(each > at_ms - 10 * DAY_MS for each in done)
    return "often" if lately > 1 else "once" if lately else "long ago" if done else "other"


def reckoned(told: Told, asked: Lifecycle) -> tuple[Staged, range]:
    since_ms, until_ms = asked.span(NOW_MS, days=1)
    periods = range(number_of(since_ms, asked), number_of(until_ms - 1, asked) + 1)
    found: Staged = defaultdict(dict)
    for who, traits in told.traits.items():
        if asked.segment is not None and not traits["vip"]:
            continue
        if asked.event is not None:
            numbers = {
                number_of(each.at_ms, asked) for each in told.acts(asked.event, until_ms=until_ms) if each.person == who
            }
            for index, at in enumerate((periods[0] - 1, *periods), -1):
                found[index][who] = usual_stage(numbers, at)
        else:
            name = asked.stages[0].when.event  # type: ignore[attr-defined]  # All of them are `did`.
            times = [each.at_ms for each in told.done if each.person == who and each.name == name]
            for index, at in enumerate((periods[0] - 1, *periods), -1):
                found[index][who] = own_stage(times, min(after(at, asked), until_ms) - 1)
    return found, periods


def in_stage(stage: str | None, name: str) -> bool:
    return stage in ("new", "returning", "resurrected") if name == "active" else stage == name


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_the_lifecycle_is_what_one_tells_person_by_person(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=20, events=250, spread_days=40)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw)
        asked, rows = told.ask("lifecycle", question)
        assert isinstance(asked, Lifecycle)
        staged, periods = reckoned(told, asked)
        starts = sorted({each["start"] for each in rows})
        assert [number_of(each, asked) for each in starts] == list(periods)
        _, until_ms = asked.span(NOW_MS, days=1)
        for each in rows:
            assert each["complete"] == (after(number_of(each["start"], asked), asked) <= until_ms)
        check = check_sizes if asked.show == "sizes" else check_moves
        check(question, asked, rows, staged, starts)
        check_people(told, question, asked, staged, starts=starts, draw=draw)


def check_sizes(question: Any, asked: Lifecycle, rows: Any, staged: Staged, starts: list[int]) -> None:
    names = USUAL if asked.event is not None else OWN
    assert [(each["start"], each["stage"]) for each in rows] == [(start, name) for start in starts for name in names]
    lost = "dormant" if asked.event is not None else asked.lost
    gone = ("dormant", "away") if asked.event is not None else (asked.lost,)
    for each in rows:
        at = starts.index(each["start"])
        were = [who for who, stage in staged[at - 1].items() if in_stage(stage, each["stage"])]
        assert each["people"] == sum(in_stage(stage, each["stage"]) for stage in staged[at].values()), (question, each)
        assert each["before"] == len(were), (question, each)
        left = sum(staged[at][who] == lost for who in were)
        if lost is None or each["stage"] in gone:
            assert (each["lost"], each["churn"]) == (None, None)
        else:
            assert (each["lost"], each["churn"]) == (left, left / len(were) if were else None), (question, each)


def check_moves(question: Any, asked: Lifecycle, rows: Any, staged: Staged, starts: list[int]) -> None:
    told = {(each["start"], each["stage_before"], each["stage"]): each for each in rows}
    assert len(told) == len(rows)
    for at, start in enumerate(starts):
        before = Counter(staged[at - 1].values())
        moved = Counter((staged[at - 1][who], stage) for who, stage in staged[at].items() if stage is not None)
        assert {key[1:]: each["people"] for key, each in told.items() if key[0] == start and each["people"]} == moved
        for (_, came_from, _), each in ((key, each) for key, each in told.items() if key[0] == start):
            of = before[came_from]
            assert each["share"] == (None if came_from is None or not of else each["people"] / of), question
    if asked.event is None:
        assert len(rows) == len(starts) * (len(OWN) + 1) * len(OWN)


def check_people(
    told: Told, question: Any, asked: Lifecycle, staged: Staged, *, starts: list[int], draw: random.Random
) -> None:
    names = USUAL if asked.event is not None else OWN
    at = draw.randrange(len(starts))
    start = {"start": moment(starts[at])}
    for now, was in ((draw.choice(names), draw.choice(names)) for _ in range(2)):
        there = {who for who, stage in staged[at].items() if in_stage(stage, now)}
        were = {who for who, stage in staged[at - 1].items() if in_stage(stage, was)}
        assert told.people("lifecycle", question, {**start, "stage": now}) == sorted(there), (question, now)
        assert told.people("lifecycle", question, {**start, "stage_before": was}) == sorted(were), (question, was)
        both = {**start, "stage": now, "stage_before": was}
        assert told.people("lifecycle", question, both) == sorted(there & were), (question, both)
        fresh = {who for who in there if staged[at - 1][who] is None}
        assert told.people("lifecycle", question, {**start, "stage": now, "not_there_before": True}) == sorted(fresh)
    everybody = sorted(who for who, stage in staged[at].items() if stage is not None)
    assert told.people("lifecycle", question, start) == everybody


def test_who_was_there_once_long_ago_is_away_and_not_new(engine: Engine) -> None:
    told = tell(engine, 12)
    question = {"event": {"events": list(NAMES)}, "period": "month", "since": "2026-07-01", "until": "2026-09-01"}
    _, rows = told.ask("lifecycle", question)
    july = {each["stage"]: each["people"] for each in rows if each["start"] == rows[0]["start"]}
    earlier = {each.person for each in told.done if each.at_ms < rows[0]["start"]}
    assert july["new"] == 0
    assert july["away"] + july["active"] + july["dormant"] == len(earlier)


def test_traits_of_stages_are_those_of_the_time(engine: Engine) -> None:
    history = chdb_history(engine)
    day_ms = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()) * 1000

    def told_that(who: int, plan: str, days: float) -> HistoryRow:
        at_ms = day_ms + int(days * DAY_MS)
        return row(who, "Identified", at_ms, kind="identify", properties={"plan": plan}, message_id=f"{who}{plan}")

    people = [person(who, {"plan": "pro"}, first_seen_ms=day_ms) for who in (1, 2)]
    people.append(person(3, {}, first_seen_ms=day_ms + 8 * DAY_MS))
    rows = [told_that(1, "free", 1), told_that(1, "pro", 9), told_that(2, "pro", 3)]
    asyncio.run(put(history, people, rows))
    told = Told(history=history, done=(), traits={})
    stages = [
        {"name": plan, "when": {"type": "trait", "trait": "plan", "operator": "equals", "value": plan}}
        for plan in ("free", "pro")
    ]
    question = {"stages": stages, "since": "2026-11-02", "until": "2026-11-16", "lost": "free"}
    _, rows_told = told.ask("lifecycle", question)
    assert [(each["stage"], each["people"]) for each in rows_told] == [
        ("free", 1), ("pro", 1), ("other", 0),
        ("free", 0), ("pro", 2), ("other", 1),
    ]  # fmt: skip
    first, second = ({"start": f"2026-11-{day}"} for day in ("02", "09"))
    assert told.people("lifecycle", question, {**first, "stage": "free", "not_there_before": True}) == [1]
    assert told.people("lifecycle", question, {**second, "stage": "pro", "stage_before": "free"}) == [1]
    assert told.people("lifecycle", question, {**second, "stage": "other"}) == [3]


def test_nothing_that_happened_is_a_table_of_zeros(engine: Engine) -> None:
    told = tell(engine, 3, events=1)
    for show in ("sizes", "moves"):
        _, rows = told.ask("lifecycle", {"event": "never", "show": show})
        assert {each["people"] for each in rows} == {0}
    _, rows = told.ask("lifecycle", {"event": "never"})
    assert {each["churn"] for each in rows} == {None}


STAGE = {"name": "a", "when": {"type": "did", "event": "A"}}


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({}, "$.event", "missing_field"),
        ({"event": "A", "stages": [STAGE]}, "$.stages", "contradiction"),
        ({"event": "A", "lost": "dormant"}, "$.lost", "contradiction"),
        ({"stages": [STAGE], "lost": "b"}, "$.lost", "unknown_choice"),
        ({"stages": [STAGE, STAGE]}, "$.stages[1].name", "duplicate"),
        ({"stages": [{**STAGE, "name": "other"}]}, "$.stages[0].name", "duplicate"),
        ({"stages": [{"name": "a", "when": {"type": "did"}}]}, "$.stages[0].when", "missing_field"),
        ({"event": "A", "period": "hour"}, "$.period", "unknown_choice"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("lifecycle", question)
    assert refused.value.path.startswith(path)
    assert refused.value.code == code
    assert refused.value.hint


def test_stages_of_too_many_periods_are_refused(engine: Engine) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 3, events=1).ask("lifecycle", {"stages": [STAGE], "period": "day", "since": "2026-01-01"})
    assert refused.value.path == "$.since"


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ({"start": "2026-11-17"}, "$.cell.start"),
        ({"start": "2026-11-16", "stage": "gone"}, "$.cell.stage"),
        ({"start": "2026-11-16", "stage_before": "gone"}, "$.cell.stage_before"),
    ],
)
def test_a_cell_that_is_not_there_is_refused(engine: Engine, cell: dict[str, Any], path: str) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 4, events=1).people("lifecycle", {"event": "A"}, cell)
    assert (refused.value.path, refused.value.code) == (path, "unknown_cell")
    assert refused.value.hint


def test_customers_of_cdnow_all_began_in_the_first_quarter(engine: Engine) -> None:
    """Fader & Hardie (2001), on CDNOW: 23,570 customers who first bought in the first quarter of 1997, and are followed
    until the end of June 1998. Who came back in which quarter is counted anew here.
    """
    orders = cdnow()
    question = {"event": "Order Completed", "period": "quarter", "since": "1997-01-01", "until": "1998-07-01"}
    answer = asyncio.run(real_history(engine, orders).insight(decode_question("lifecycle", question), as_of_ms=NOW_MS))
    found: dict[str, list[Any]] = defaultdict(list)
    for _, stage, people, *_ in answer.rows:
        found[str(stage)].append(people)
    assert found["new"] == [23_570, 0, 0, 0, 0, 0]
    quarters = [
        set(orders.filter((pl.col("at").dt.year() - 1997) * 4 + pl.col("at").dt.quarter() == quarter)["person"])
        for quarter in range(1, 7)
    ]
    assert found["active"] == [len(each) for each in quarters]
    assert found["returning"] == [0, *(len(now & before) for before, now in pairwise(quarters))]
    assert found["dormant"] == [0, *(len(before - now) for before, now in pairwise(quarters))]
    assert [sum(each) for each in zip(found["active"], found["dormant"], found["away"], strict=True)] == [23_570] * 6
