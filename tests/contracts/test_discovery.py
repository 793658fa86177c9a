"""Which properties there are: exact counts, whatever was added in which order, or twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.kernel.sql import sql
from holdfast.ports.discovery import VALUE_CHARACTERS_MOST, KnownProperty
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import AT, DAY, chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.

VALUES: tuple[Json, ...] = ("a", "A", "", "ß", "30", 30, 0, -1.5, 2**60, 10**400, True, False, None, [1], {"a": [None]})


def type_of(value: Json) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
    return "object"


def shown(value: Json) -> str:
    """The value as it is told: cut short when it is long."""
    return repr(value) if len(str(value)) < VALUE_CHARACTERS_MOST else repr(str(value)[:VALUE_CHARACTERS_MOST])


def told(history: ChdbHistory, event: str | None = "E") -> dict[str, KnownProperty]:
    return {each.name: each for each in asyncio.run(history.known_properties(event, limit=1_000))}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["E", "F"]),
                st.integers(0, 100),
                st.dictionaries(st.sampled_from(["x", "X", "it's", "ü"]), st.sampled_from(VALUES), max_size=3),
            ),
            min_size=1,
            max_size=8,
        ),
        min_size=1,
        max_size=4,
    ),
    asked=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_counts_are_those_of_the_events(
    engine: Engine, batches: list[list[tuple[str, int, dict[str, Json]]]], asked: list[bool]
) -> None:
    history = chdb_history(engine)
    seen: dict[tuple[str, str], list[tuple[int, Json]]] = {}
    for number, (batch, ask) in enumerate(zip(batches, asked, strict=False)):
        rows = [row(1, name, AT + day * DAY, properties=dict(properties)) for name, day, properties in batch]
        asyncio.run(history.add(rows, token=f"b{number}"))
        asyncio.run(history.add(rows, token=f"b{number}"))  # A retry.
        for name, day, properties in batch:
            for key, value in properties.items():
                if value is not None:
                    seen.setdefault((name, key), []).append((AT + day * DAY, value))
        if ask:
            asyncio.run(history.known_properties("E", limit=1))
    for event in ("E", "F"):
        found = told(history, event)
        assert set(found) == {key for name, key in seen if name == event}
        for key, known in found.items():
            those = seen[event, key]
            assert known.types == Counter(type_of(value) for _, value in those)
            assert (known.first_ms, known.last_ms) == (min(at for at, _ in those), max(at for at, _ in those))
            mostly = Counter(shown(value) for _, value in those if type_of(value) == known.type)
            assert Counter({repr(each.value): each.count for each in known.values}) == mostly


def test_what_merges_make_of_it_is_counted_once(engine: Engine) -> None:
    history = chdb_history(engine)
    for number in range(4):
        asyncio.run(history.add([row(1, "E", properties={"x": number})], token=f"m{number}"))
        if number == 1:
            assert told(history)["x"].count == 2
    engine.run_here(lambda handle: handle.command("OPTIMIZE TABLE events FINAL"))
    engine.run_here(lambda handle: handle.command("OPTIMIZE TABLE event_properties FINAL"))
    assert told(history)["x"].count == 4
    asyncio.run(history.add([row(1, "E", properties={"x": 9})], token="m9"))
    assert told(history)["x"].count == 5


def test_typing_finds_what_begins_so_first(engine: Engine) -> None:
    history = chdb_history(engine)
    rows: list[Mapping[str, Json]] = [{"price": 1, "unit_price": n, "Prize": 2, "other": 3} for n in range(3)]
    rows.append({"unit_price": 9})
    asyncio.run(history.add([row(1, "E", properties=each) for each in rows], token="t"))

    def names(text: str, limit: int = 9) -> list[str]:
        return [each.name for each in asyncio.run(history.known_properties("E", text=text, limit=limit))]

    assert names("pri") == ["Prize", "price", "unit_price"]
    assert names("PRIC") == ["price", "unit_price"]
    assert names("", limit=1) == ["unit_price"]
    assert names("nothing") == []
    assert asyncio.run(history.known_properties("Never", limit=9)) == []


def test_values_beyond_those_at_hand_are_looked_up(engine: Engine) -> None:
    history = chdb_history(engine)
    rows = [row(1, "E", properties={"sku": f"sku-{n:04}"}) for n in range(1_200) for _ in range(1 + (n % 100 == 7))]
    asyncio.run(history.add(rows, token="v"))
    found = asyncio.run(history.known_values("E", "sku", text="SKU-10", limit=200))
    assert [each.value for each in found[:1]] == ["sku-1007"]
    assert {each.value for each in found} == {f"sku-{n}" for n in range(1000, 1100)}
    assert found[0].count == 2
    assert asyncio.run(history.known_values("E", "nothing", limit=9)) == []
    assert len(asyncio.run(history.known_values("E", "sku", limit=9))) == 9


def test_traits_are_those_people_have(engine: Engine) -> None:
    history = chdb_history(engine)
    asyncio.run(history.put_people([person(1, {"plan": "gold", "vip": True}), person(2, {"plan": "gold"})]))
    assert told(history, None)["plan"].count == 2
    asyncio.run(history.put_people([person(2, {"plan": "free"}, version=2), person(1, version=2, gone=True)]))
    found = told(history, None)
    assert set(found) == {"plan"}
    assert [(each.value, each.count) for each in found["plan"].values] == [("free", 1)]
    assert [each.value for each in asyncio.run(history.known_values(None, "plan", text="FR", limit=5))] == ["free"]


def test_another_workspace_is_not_told_of(engine: Engine) -> None:
    ours, theirs = chdb_history(engine), chdb_history(engine)
    asyncio.run(theirs.add([row(1, "E", properties={"secret": "x"})], token="s"))
    asyncio.run(theirs.put_people([person(1, {"secret": "x"})]))
    assert told(ours) == told(ours, None) == {}
    assert asyncio.run(ours.known_values("E", "secret", limit=5)) == []


def test_a_refresh_that_is_given_up_is_done_anew(engine: Engine) -> None:
    history = chdb_history(engine)
    asyncio.run(history.add([row(1, "E", properties={"x": 1})], token="g"))

    async def give_up() -> None:
        history._properties.keep_up(after_seconds=0)
        await asyncio.sleep(0)
        await history._properties.stop()

    asyncio.run(give_up())
    assert told(history)["x"].count == 1
    # As if the counts had never been kept.
    engine.run_here(lambda handle: handle.command("TRUNCATE TABLE event_properties"))
    assert told(history)["x"].count == 1
    assert engine.run_here(lambda handle: handle.number(_MARKS_TWICE)) == 0


_MARKS_TWICE = sql(
    "SELECT count() FROM "
    "(SELECT event FROM event_properties FINAL WHERE workspace = 0 GROUP BY event HAVING count() > 1)"
)
