"""The statements for a cluster, as the engine parses them; and two shards, whose answers are those of one table."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.measures.insight_catalogue import declared_insights, decode_question
from holdfast.ports.analyst import SavedAudience
from holdfast.segments.builders import did, trait
from holdfast.segments.catalogue import declared
from holdfast.segments.condition import Condition
from holdfast.segments.library import resolve
from holdfast.stores.clickhouse.cluster import cluster_config, cluster_ddl, distributed, map_everywhere
from holdfast.stores.clickhouse.declared import tables
from holdfast.stores.clickhouse.engine import Engine, Handle, Refusal
from holdfast.stores.clickhouse.history import ChdbHistory
from holdfast.stores.clickhouse.spelling import rendered
from tests.contracts.cluster_contract import made, nodes, reached, run
from tests.contracts.history_contract import AT, HOUR, PATIENT, chdb_history, person, put, row
from tests.contracts.insight_world import NOW_MS, Told, some_money, tell
from tests.contracts.test_insights_laws import some_question
from tests.unit.segments.cases import LIBRARY, conditions
from tests.unit.segments.cases import NOW_MS as CASES_NOW_MS

SHARD = "modulo({key}, 2) + 1 = shardNum()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The same people and events: in tables of one server, and over two shards."""

    one: ChdbHistory
    two: ChdbHistory


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nodes(tmp_path_factory.mktemp("two"), "two", 2) as url:
        yield url


@pytest.fixture(scope="module")
def engine(url: str) -> Iterator[Engine]:
    """The engine over tables that are not split."""
    first = asyncio.run(ChdbHistory.open_server(url, database="one", limits=PATIENT))
    yield first._engine
    asyncio.run(first.close())


@pytest.fixture(scope="module")
def shards(url: str, engine: Engine) -> Iterator[Engine]:
    """The engine over two shards, of which each has half of the rows of the other's tables."""
    run(
        engine,
        "CREATE DATABASE two",
        "CREATE DATABASE two_empty",
        f"CREATE VIEW two.events_local AS SELECT * FROM one.events WHERE {SHARD.format(key='identity')}",
        f"CREATE VIEW two.people_local AS SELECT * FROM one.people FINAL WHERE {SHARD.format(key='person')}",
        distributed("two", "two", "events", "identity"),
        distributed("two", "two", "people", "person"),
        "CREATE VIEW two.identity_map AS SELECT * FROM one.identity_map FINAL",
        "CREATE TABLE two.identity_person AS one.identity_person",
        map_everywhere("two", "two"),
        "CREATE TABLE two.people_sets AS one.people_sets",
        "CREATE VIEW two.event_properties AS SELECT * FROM one.event_properties",
    )
    found = reached(url, database="two", cluster="two")
    yield found
    found.close()


def both(told: ChdbHistory, shards: Engine) -> Both:
    # Not by all nodes at once: here they are one, and one statement would write to one table twice.
    everyone = "INSERT INTO two.identity_person SELECT workspace, identity, person FROM two.identity_map"
    run(shards, everyone)
    return Both(one=told, two=ChdbHistory(shards, workspace=told._workspace, currency="USD"))


@pytest.fixture(scope="module")
def world(engine: Engine, shards: Engine) -> Both:
    told: Told = tell(engine, 7, people=40, events=400, more=some_money)
    return both(told.history, shards)


def test_the_engine_parses_every_statement(engine: Engine) -> None:
    statements = cluster_ddl("prod_1", database="cdp")

    def parsed(statement: str) -> list[str]:
        asked = sql("SELECT formatQuery(") + bind("String", statement) + sql(")")

        def ask(handle: Handle) -> list[str]:
            assert handle.rows(asked)
            return handle.analyst_lines(Sql((f"EXPLAIN AST {statement}",)), {})

        return engine.run_here(ask)

    for each in statements:
        assert parsed(each)[0].startswith("Create")
        assert " ON CLUSTER prod_1" in each
        with pytest.raises(Refusal):
            parsed(each.replace("CREATE", "CREAT", 1))
    assert all(f"cdp.{name}" in "\n".join(statements) for name in tables())


def test_what_is_split_has_a_path_a_shard_and_what_is_whole_has_one() -> None:
    statements = [each for each in cluster_ddl("prod", database="cdp") if "Replicated" in each]
    paths = [re.findall(r"Replicated\w+\('([^']*)', '([^']*)'", each)[0] for each in statements]
    assert paths == [
        ("/clickhouse/tables/{shard}/cdp/events", "{replica}"),
        ("/clickhouse/tables/{shard}/cdp/people", "{replica}"),
        ("/clickhouse/tables/{shard}/cdp/event_properties", "{replica}"),
        ("/clickhouse/tables/all/cdp/identity_map", "{shard}-{replica}"),
    ]
    assert not any("non_replicated" in each for each in statements)


def test_a_cluster_has_the_columns_of_a_directory(url: str, engine: Engine) -> None:
    made(url, "two", "wide")

    def columns_of(database: str) -> dict[str, Any]:
        question = fill(
            """SELECT table, groupArray((name, type, compression_codec)) FROM (
                SELECT * FROM system.columns WHERE database = [[database]] ORDER BY table, position
            ) GROUP BY table""",
            {"database": bind("String", database)},
        )
        return dict(engine.run_here(lambda handle: handle.rows(question)))

    found = {name: columns_of(name) for name in ("one", "wide")}
    for table, columns in found["one"].items():
        split = f"{table}_local" if f"{table}_local" in found["wide"] else table
        assert found["wide"][split] == columns, table
    # Made once more, nothing changes.
    made(url, "two", "wide")


def test_who_asks_a_cluster_that_was_not_made_is_told(url: str) -> None:
    with pytest.raises(Conflict) as caught:
        asyncio.run(ChdbHistory.open_server(url, database="nowhere", cluster="two"))
    assert (caught.value.code, "cluster" in (caught.value.hint or "")) == ("cluster_not_made", True)


def test_the_configuration_names_every_node_twice() -> None:
    told = cluster_config("prod", [["a", "b:9001"], ["c", "d"]], user="in<er", password="&", secure=True)
    clusters = ET.fromstring(told).find("remote_servers")
    assert clusters is not None
    split, every = clusters
    assert (split.tag, every.tag) == ("prod", "prod_everywhere")
    nodes_of = [
        [[(each.findtext("host"), each.findtext("port")) for each in shard.iter("replica")] for shard in cluster]
        for cluster in (split, every)
    ]
    assert nodes_of[0] == [[("a", "9000"), ("b", "9001")], [("c", "9000"), ("d", "9000")]]
    assert nodes_of[1] == [[*nodes_of[0][0], *nodes_of[0][1]]]
    assert [each.text for each in clusters.iter("internal_replication")] == ["true", "true", "false"]
    assert {each.text for each in clusters.iter("user")} == {"in<er"}
    no_shards: list[list[list[str]]] = [[], [[]], [["a", ""]], [["a:b"]]]
    for shards in no_shards:
        with pytest.raises(Invalid):
            cluster_config("prod", shards)


def test_each_shard_has_its_half(world: Both) -> None:
    halves = world.two._engine.run_here(
        lambda handle: handle.rows(sql("SELECT shardNum(), count() > 0 FROM events GROUP BY 1 ORDER BY 1"))
    )
    assert halves == [[1, 1], [2, 1]]


@settings(
    max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
@given(asked=st.lists(conditions(), min_size=10, max_size=20))
def test_segments_are_the_same(world: Both, asked: list[Condition]) -> None:
    asyncio.run(compare(world, asked))


def test_segments_of_every_kind_are_the_same(world: Both) -> None:
    asyncio.run(compare(world, [resolve(each.examples[0], LIBRARY) for each in declared().values()]))


async def compare(world: Both, asked: list[Condition]) -> None:
    """Each condition finds the same people."""
    for condition in asked:
        found = [await each.audiences.members(condition, as_of_ms=CASES_NOW_MS) for each in (world.two, world.one)]
        assert found[0].tolist() == found[1].tolist(), condition


@pytest.mark.parametrize("kind", sorted(declared_insights()))
def test_insights_are_the_same(world: Both, kind: str) -> None:
    draw = random.Random(kind)
    for _ in range(3):
        asked = some_question(kind, draw)
        question = decode_question(kind, asked)
        answers = [asyncio.run(each.insight(question, as_of_ms=NOW_MS)) for each in (world.two, world.one)]
        assert answers[0] == answers[1], asked


async def test_everything_else_is_the_same(world: Both) -> None:
    audience = did("A", at_least=2) | (trait("vip") == True)  # noqa: E712 - It builds a condition.
    saved = [SavedAudience(id="s", name="S", words="w", definition="{}", condition=audience, updated_ms=AT)]
    asked = (
        "SELECT count(), uniqExact(person), sum(revenue_minor) FROM events",
        "SELECT e.event, count() AS n FROM events AS e JOIN people AS p ON p.person = e.person GROUP BY 1 ORDER BY 1",
        """SELECT person, count() AS n FROM events WHERE person IN (SELECT person FROM segment_members)
        GROUP BY 1 ORDER BY 1""",
        """SELECT event, row_number() OVER (PARTITION BY person ORDER BY timestamp, message_id) AS n FROM events
        ORDER BY timestamp, message_id LIMIT 50""",
    )
    for query in asked:
        told = [
            (await each.ask_sql(query, {}, audiences=saved, as_of_ms=NOW_MS, limit=1_000)).table.to_pylist()
            for each in (world.two, world.one)
        ]
        assert told[0] == told[1], query
    two, one = world.two, world.one
    assert await two.size() == await one.size()
    assert await two.names() == await one.names()
    assert await two.find("u1", limit=5) == await one.find("u1", limit=5)
    assert await two.timeline([1, 2, 3], limit=30) == await one.timeline([1, 2, 3], limit=30)
    activity = {"since_ms": NOW_MS - 900 * HOUR, "until_ms": NOW_MS, "bucket_seconds": 3600}
    assert await two.activity(**activity) == await one.activity(**activity)
    moments = [NOW_MS - n * 240 * HOUR for n in range(14, -1, -1)]
    assert await two.audiences.sizes(audience, moments) == await one.audiences.sizes(audience, moments)
    asked_of = [did("A"), did("B"), audience]
    assert await two.audiences.overlap(asked_of, as_of_ms=NOW_MS) == await one.audiences.overlap(
        asked_of, as_of_ms=NOW_MS
    )


def test_why_subqueries_are_gathered_from_all_shards(engine: Engine, shards: Engine) -> None:
    """With `local`, a person whose events lie on two shards is two halves; by default there is no answer at all."""
    history = chdb_history(engine)
    people = [person(1), *(person(n) for n in range(3, 9))]
    asyncio.run(put(history, people, [row(1, "A"), *(row(n, "A") for n in range(2, 9))]))
    asyncio.run(history.map_identities({2: 1}, version=1))
    told = both(history, shards)
    scope = told.two._scope(AT)
    question = (
        sql("SELECT count() FROM people FINAL WHERE workspace = ") + scope.here + sql(" AND person IN (SELECT ")
        + scope.person_of(sql("identity")) + sql(" AS person FROM events WHERE workspace = ") + scope.here
        + sql(" GROUP BY person HAVING count() = 2) SETTINGS distributed_product_mode = ")
    )  # fmt: skip

    def count(mode: str) -> int:
        return shards.run_here(lambda handle: int(handle._connection.table(*_rendered(question, mode))[0][0].as_py()))

    assert count("'global'") == 1
    assert count("'local'") == 0
    with pytest.raises(Refusal) as caught:
        count("'deny', prefer_global_in_and_join = 0")
    assert caught.value.code == 288
    assert asyncio.run(told.two.count(did("A", at_least=2), as_of_ms=AT)) == 1


def _text(statement: str) -> Sql:
    return Sql((statement,))


def _rendered(question: Sql, mode: str) -> tuple[str, dict[str, str]]:
    return rendered(question + _text(mode))
