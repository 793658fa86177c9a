"""Random nasty histories for insights: ties, copies, the odd days of the year, midnights, late events, joined people.

What is asked of them is worked out anew here, event by event and without our code, wherever it can be.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from holdfast.events.event import Json
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.measures.insight import Act, Question
from holdfast.measures.insight_catalogue import decode_cell, decode_question
from holdfast.segments.zones import Standpoint
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person, row

ZONES = ("UTC", "Europe/Berlin", "America/Havana", "America/Santiago", "Asia/Kathmandu", "Australia/Lord_Howe")
NAMES = ("A", "a", "B", "a'b\\ß\0")
LABELS: tuple[Json, ...] = (
    "", "a", "A", "ß", "é", "e\u0301", "😀", "\ud83d", "\0", "\\n", "\n", '"', "'", "30", "true", "null", "[]", "Other",
    0, -0.0, 1, 1.0, -1, 30, 0.1, 2**53 + 1, 10**400, True, False, None, [], ["a", 1],
)  # fmt: skip
AMOUNTS: tuple[Json, ...] = (0, -0.0, 1, 1.5, -2.25, 30, 30, 1024, 2**40, "30", "", None, True, [1], 10**400)
# Both odd days of Berlin, of Havana (its clocks change at midnight), of Santiago and of Lord Howe lie in this year.
DAYS = ("2026-03-08", "2026-03-29", "2026-04-04", "2026-04-05", "2026-09-06", "2026-10-03", "2026-10-25", "2026-11-01")
NOW_MS = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp()) * 1000
HOUR_MS = 3_600_000
HERE = Standpoint(NOW_MS, ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One event of one person."""

    person: int
    name: str
    at_ms: int
    properties: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A history in chDB, and the same as a list."""

    history: ChdbHistory
    done: tuple[Done, ...]
    traits: Mapping[int, Mapping[str, Json]]

    def ask(self, kind: str, question: dict[str, Any]) -> tuple[Question, list[dict[str, Any]]]:
        """The question, and its table as dicts."""
        asked = decode_question(kind, question)
        answer = asyncio.run(self.history.insight(asked, as_of_ms=NOW_MS))
        names = [each.name for each in answer.columns]
        return asked, [dict(zip(names, each, strict=True)) for each in answer.rows]

    def people(self, kind: str, question: dict[str, Any], cell: dict[str, Any]) -> list[int]:
        """The people behind a cell."""
        wanted = decode_cell(kind, cell)
        table = asyncio.run(self.history.insight_people(decode_question(kind, question), wanted, as_of_ms=NOW_MS))
        return cast("list[int]", table.column("person").to_pylist())

    def check_people(
        self, kind: str, question: dict[str, Any], cells: Sequence[tuple[dict[str, Any], Iterable[int]]], seed: object
    ) -> None:
        """Two of these cells, chosen by the seed, have these people behind them: each takes a question of its own.

        With hundreds of questions every kind of cell comes up again and again.
        """
        for cell, wanted in random.Random(repr(seed)).sample(list(cells), min(2, len(cells))):
            assert self.people(kind, question, cell) == sorted(wanted), (question, cell)

    def acts(self, act: Act, since_ms: int = 0, until_ms: int = NOW_MS + 1) -> list[Done]:
        """The events that are the act, in [since, until)."""
        return [
            each
            for each in self.done
            if each.name in act.events
            and since_ms <= each.at_ms < until_ms
            and all(one.holds(each.properties, HERE) for one in act.where)
        ]


def moments(draw: random.Random, spread_days: float) -> Iterator[int]:
    """Moments close to one another: on odd days, at midnights of some zone, and just beside."""
    while True:
        day = datetime.fromisoformat(draw.choice(DAYS)).replace(tzinfo=ZoneInfo(draw.choice(ZONES)))
        at_ms = int(day.timestamp()) * 1000 + round(draw.choice((0, 0, 1, 2, 3, 23, 24, 25)) * HOUR_MS)
        at_ms += draw.choice((-1, 0, 0, 1, 1000, 60_000))
        yield at_ms + draw.randrange(int(spread_days) + 1) * 24 * HOUR_MS


def tell(
    engine: Engine,
    seed: int,
    *,
    people: int = 25,
    events: int = 250,
    spread_days: float = 20,
    more: Callable[[random.Random], dict[str, Json]] = lambda draw: {},
    names: Sequence[str] = NAMES,
) -> Told:
    """A random history. Identity n belongs to person n unless it was joined to another.

    Args:
        more: draws properties beyond `x` and `by`.
        names: of the events.
    """
    draw = random.Random(seed)
    numbers = range(1, people + 1)
    joined = {draw.choice(numbers): draw.choice(numbers) for _ in range(draw.randrange(8))}
    pool = list(zip(moments(draw, spread_days), range(events // 3), strict=False))
    homes = random.Random(-seed)
    traits: dict[int, Mapping[str, Json]] = {
        number: {"vip": draw.random() < 0.5, "home": homes.choice(LABELS)} for number in numbers
    }
    rows, done = [], []
    for number in range(events):
        identity, name = draw.choice(numbers), draw.choice(names)
        at_ms = draw.choice(pool)[0] if number % 40 else NOW_MS + draw.choice((0, 1, HOUR_MS))
        properties: dict[str, Json] = {"x": draw.choice(AMOUNTS), "by": draw.choice(LABELS)}
        if draw.random() < 0.2:
            properties.pop(draw.choice(("x", "by")))
        properties |= more(draw)
        for copy in range(2 if draw.random() < 0.1 else 1):  # The same again, under an id of its own.
            rows.append(row(identity, name, at_ms, properties=properties, message_id=f"m{number}-{copy}"))
            done.append(Done(person=joined.get(identity, identity), name=name, at_ms=at_ms, properties=properties))
    draw.shuffle(rows)  # Late ones come last.
    history = chdb_history(engine)

    async def load() -> None:
        await history.put_people([person(number, traits[number]) for number in numbers])
        await history.add(rows[: events // 2], token="first")
        await history.add(rows[events // 2 :], token="late")
        await history.map_identities(joined, version=1)

    asyncio.run(load())
    return Told(history=history, done=tuple(done), traits=traits)


def some_money(draw: random.Random) -> dict[str, Json]:
    """A revenue, if any, in whatever way it is sent; few amounts, so that many are the same."""
    money: dict[str, Json] = {}
    if draw.random() < 0.9:
        money["revenue"] = draw.choice((0, 10, 10, 25.5, 59.99, 59.99, -5, "12.50", 0.005, 10**6, None, True, "much"))
    if draw.random() < 0.4:
        money["currency"] = draw.choice(("USD", "usd ", "", None, "EUR", "JPY", 5, "euro"))
    return money


def moment(at_ms: int) -> str:
    """Milliseconds as a moment is written."""
    return format_moment(from_millis(at_ms))


def label(properties: Mapping[str, Json], name: str) -> str | None:
    """A property as it reads."""
    match properties.get(name):
        case None:
            return None
        case bool() as value:
            return str(value).lower()
        case int() as value:
            return str(value)
        case float() as value:
            return str(int(value)) if value.is_integer() else repr(value)
        case str() as value:
            raw = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
            return re.sub("\ufffd+", "\ufffd", raw)
        case list() as value:
            return str(value).replace("'", '"').replace(", ", ",")
    raise AssertionError(properties)


def amount(properties: Mapping[str, Json], name: str) -> float | None:
    """A property as a number, where it is one."""
    value = properties.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 10**300:
        return None
    return float(value)


def local_period(at_ms: int, period: str, zone: str) -> tuple[int, ...]:
    """What the clock and calendar on the wall say, as far as the period goes."""
    wall = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)
    wall = wall.astimezone(ZoneInfo(zone))
    parts: Mapping[str, Callable[[], Sequence[int]]] = {
        "day": lambda: (wall.year, wall.month, wall.day),
        "week": lambda: wall.isocalendar()[:2],
        "month": lambda: (wall.year, wall.month),
        "quarter": lambda: (wall.year, (wall.month + 2) // 3),
        "year": lambda: (wall.year,),
    }
    return tuple(parts[period]())
