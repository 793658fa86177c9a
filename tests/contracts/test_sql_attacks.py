"""Analysts' SQL reaches the views of its own workspace and nothing else, whatever it is written like."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from holdfast.kernel.errors import Busy, Exposed, Invalid, TooLarge
from holdfast.kernel.sql import Sql, sql
from holdfast.ports.analyst import SavedAudience, SqlValue
from holdfast.segments.builders import all_of
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse import sandbox
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits, Refusal
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import AT, chdb_history, limited, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.

NOT_ALLOWED = r"""
SELECT * FROM file('/etc/passwd')
SELECT * FROM FILE('/etc/passwd', 'CSV', 'a String')
SELECT * FROM fiLe/**/('/etc/passwd', LineAsString)
SELECT * FROM `file`('/etc/passwd')
SELECT * FROM "file"('/etc/passwd')
SELECT * FROM `/etc/passwd`
SELECT * FROM "/etc/passwd"
SELECT * FROM `file:///etc/passwd`
SELECT * FROM `http://127.0.0.1:1/x.csv`
SELECT file('/etc/passwd')
SELECT `file`('/etc/passwd')
SELECT (SELECT file('secret.key'))
SELECT arrayMap(x -> file(x), ['/etc/passwd'])
SELECT COLUMNS('text') APPLY(file) FROM events
SELECT * APPLY toTypeName FROM events
SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')
SELECT * FROM urlCluster('default', 'http://127.0.0.1:1/', CSV, 'a String')
SELECT * FROM s3('http://127.0.0.1:1/x')
SELECT * FROM remote('127.0.0.1', system.one)
SELECT * FROM remoteSecure('127.0.0.1', 'system', 'one')
SELECT * FROM cluster('default', default.events)
SELECT * FROM clusterAllReplicas('default', system, one)
SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')
SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')
SELECT * FROM sqlite('state.db', 'keys')
SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'a String')
SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'CSV', 'a String')
SELECT * FROM executable('id', 'TabSeparated', 'a String')
SELECT * FROM Python(rows)
SELECT * FROM python(handle)
SELECT * FROM merge('default', '.*')
SELECT * FROM merge(REGEXP('.*'), 'people')
SELECT * FROM view(SELECT * FROM default.events)
SELECT * FROM input('a String')
SELECT * FROM loop(events)
SELECT * FROM loop('default', 'events')
SELECT * FROM dictionary('d')
SELECT * FROM generateRandom('a String')
SELECT * FROM fuzzJSON('{}')
SELECT * FROM fuzzQuery('SELECT 1')
SELECT * FROM null('a String')
SELECT * FROM format(CSV, 'a')
SELECT * FROM mergeTreeIndex('default', 'events')
SELECT * FROM zeros(10)
SELECT * FROM viewExplain('EXPLAIN AST', '', (SELECT 1))
SELECT * FROM (EXPLAIN SELECT 1)
SELECT * FROM (EXPLAIN SYNTAX SELECT * FROM default.events)
EXPLAIN SELECT 1
EXPLAIN PLAN SELECT * FROM events
SELECT * FROM system.processes
SELECT * FROM SYSTEM.tables
SELECT * FROM `system`.`one`
SELECT * FROM "system"."one"
SELECT * FROM system  .  one
SELECT * FROM system/* */./* */one
SELECT * FROM `system.one`
SELECT * FROM INFORMATION_SCHEMA.TABLES
SELECT * FROM information_schema.columns
SELECT * FROM default.events
SELECT * FROM `default`.people
SELECT * FROM analyst.events
SELECT e.event FROM events AS e JOIN default.events AS d ON d.event = e.event
SELECT 1 FROM events WHERE person IN default.identity_map
SELECT 1 WHERE 1 IN (default.identity_map)
SELECT 1 WHERE 0 IN system.one
SELECT 1 WHERE 0 NOT IN (system.one)
SELECT 1 WHERE (1, 1, 1, 1) IN default.identity_map
SELECT toTypeName([]::Array(AggregateFunction(sum, UInt64)))
SELECT 1 FROM events UNION ALL SELECT count() FROM default.events
SELECT (SELECT count() FROM default.events)
SELECT EXISTS(SELECT 1 FROM default.events)
WITH x AS (SELECT * FROM default.events) SELECT * FROM x
WITH (SELECT count() FROM system.tables) AS n SELECT n
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t, default.events) SELECT * FROM t
SELECT joinGet('default.identity_person', 'person', toUInt32(1), toUInt32(1))
SELECT joinGetOrNull('identity_person', 'person', toUInt32(1), toUInt32(1))
SELECT dictGet('d', 'a', 1)
SELECT dictHas('d', 1)
SELECT getSetting('max_threads')
SELECT getServerSetting('max_threads')
SELECT getMacro('x')
SELECT hostName()
SELECT HOSTNAME()
SELECT fqdn()
SELECT tcpPort()
SELECT currentUser()
SELECT user()
SELECT user
SELECT CURRENT_USER
SELECT `current_user`
SELECT currentDatabase()
SELECT current_database
SELECT SCHEMA
SELECT database()
SELECT version()
SELECT uptime()
SELECT serverUUID()
SELECT buildId()
SELECT getOSKernelVersion()
SELECT filesystemAvailable()
SELECT filesystemCapacity()
SELECT currentQueryID()
SELECT queryID()
SELECT connectionId()
SELECT serverTimezone()
SELECT addressToLine(0)
SELECT addressToSymbol(1)
SELECT demangle('x')
SELECT showCertificate()
SELECT hasColumnInTable('default', 'events', 'ts')
SELECT formatQuery('SELECT 1')
SELECT catboostEvaluate('m', 1)
SELECT evalMLMethod(1, 1)
SELECT regionToName(1)
SELECT aiGenerate('x')
SELECT sleep(3)
SELECT sleepEachRow(1) FROM numbers(3)
SELECT SLEEP(3)
SELECT throwIf(1)
SELECT logTrace('x')
SELECT initializeAggregation('sumState', 1)
SELECT arrayReduce('sum', [1])
SELECT finalizeAggregation(unhex('00'))
SELECT sumState(1)
SELECT sumMerge(x) FROM (SELECT 1 AS x)
SELECT CAST('\0', 'AggregateFunction(sum, UInt64)')
SELECT '\0'::AggregateFunction(quantile, UInt64)
SELECT CAST('\0' AS `AggregateFunction(sum, UInt64)`)
SELECT CAST('x', concat('Str', 'ing'))
SELECT CAST('{}', 'JSON')
SELECT '{}'::JSON
SELECT CAST(1 AS Dynamic)
SELECT 1::Variant(UInt8, String)
SELECT CAST([], 'Array(Nullable(JSON))')
SELECT CAST('', 'Tuple(a String, b Object(\'json\'))')
SELECT JSONExtract('{}', 'Dynamic')
SELECT JSONExtractKeysAndValues('{}', 'Array(Variant(UInt8))')
SELECT {x:JSON}
SELECT * FROM values('a JSON', '{}')
SELECT * FROM values('a String, b Dynamic', ('x', 1))
SELECT * FROM values('a JSON DEFAULT String', '{}')
SELECT replaceRegexpAll(repeat('a', 1000000), 'a.*b|a', 'x')
SELECT extractAll(repeat('a', 1000000), 'a.*b|a')
SELECT splitByRegexp('a.*b|a', repeat('a', 1000000))
SELECT countMatches(repeat('a', 1000000), 'a.*b|a')
SELECT JSON_QUERY(concat('{"a":[', repeat('1,', 1000000), '1]}'), '$.a[*]')
SELECT kolmogorovSmirnovTest('two-sided', 'exact')(number, number % 2) FROM numbers(2000000)
SELECT positionCaseInsensitiveUTF8(repeat('ä', 1000000), concat(repeat('ä', 500000), 'b'))
SELECT editDistance(repeat('a', 60000), repeat('b', 60000))
SELECT 1 SETTINGS max_execution_time = 0
SELECT 1 FROM (SELECT 1 SETTINGS max_memory_usage = 0)
SELECT * FROM events SETTINGS readonly = 0
SET max_threads = 1
SELECT 1 INTO OUTFILE '/tmp/holdfast-attack'
SELECT 1 INTO OUTFILE '/tmp/holdfast-attack' TRUNCATE FORMAT Native
SELECT 1 FORMAT Native
SELECT 1 FORMAT JSON SETTINGS max_threads = 1
SELECT 1) INTO OUTFILE '/tmp/holdfast-attack' --
SELECT 1) FORMAT CSV --
SELECT 1) UNION ALL SELECT * FROM (SELECT count() FROM default.events
SELECT 1); DROP TABLE default.events; SELECT (1
SELECT 1; SELECT 2
SELECT 1;; DROP TABLE default.events
DROP TABLE default.events
TRUNCATE TABLE default.events
ALTER TABLE default.events DELETE WHERE 1
DELETE FROM default.events WHERE 1
UPDATE default.events SET event = '' WHERE 1
INSERT INTO default.events SELECT * FROM default.events
INSERT INTO FUNCTION file('/tmp/holdfast-attack', 'CSV', 'a Int8') SELECT 1
CREATE TABLE x (a Int8) ENGINE = Memory
CREATE VIEW x AS SELECT 1
CREATE FUNCTION f AS x -> x
CREATE USER eve
ATTACH TABLE x
DETACH TABLE default.events
RENAME TABLE default.events TO default.gone
EXCHANGE TABLES default.events AND default.people
OPTIMIZE TABLE default.events
KILL QUERY WHERE 1
SYSTEM SHUTDOWN
SYSTEM STOP MERGES
USE default
SHOW TABLES
SHOW CREATE TABLE default.events
DESCRIBE TABLE default.events
EXISTS TABLE default.events
BACKUP TABLE default.events TO File('/tmp/holdfast-attack')
GRANT ALL ON *.* TO default
CHECK TABLE default.events
WATCH x
BEGIN TRANSACTION
SELECT {name:Identifier} FROM events
SELECT * FROM {name:Identifier}
SELECT 1 AS `a\n    Function sum` FROM events
SELECT 1 FROM `events\n`
SELECT 1 FROM _members
SELECT * FROM identity_map
SELECT * FROM identity_person
SELECT * FROM event_properties
SELECT * FROM `identity_map` AS events
SELECT person FROM events WHERE person IN identity_map
SELECT 1 WHERE (1, 1) IN (identity_map)
WITH identity_map AS (SELECT 1) SELECT * FROM (SELECT 1) AS a, (SELECT * FROM event_properties) AS b
SELECT * FROM (WITH identity_map AS (SELECT 1) SELECT * FROM identity_map) AS a, identity_map
SELECT _part FROM events
SELECT workspace FROM events
SELECT _table FROM people
SELECT e.workspace FROM events AS e
SELECT events.workspace FROM events
SELECT default.events.workspace FROM events
SELECT ｅvents.workspace FROM events
SELECT * FROM events FINAL
SELECT * FROM ｅvents
SELECT * FROM even\u200bts
SELECT $$ $$ FROM file($$/etc/passwd$$)
SELECT * FROM file(concat('/etc', '/passwd'))
SELECT 1 -- \n FROM system.one
FROM system.one SELECT *
FROM file('/etc/passwd') |> SELECT *
(((SELECT * FROM system.one)))
SELECT * FROM events, system.one
SELECT * FROM events ARRAY JOIN (SELECT groupArray(name) FROM system.tables) AS x
SELECT * FROM events PREWHERE event IN (SELECT name FROM system.tables)
SELECT count() OVER (ORDER BY (SELECT max(x) FROM default.events)) FROM events
SELECT 1 ORDER BY (SELECT count() FROM system.one)
SELECT 1 LIMIT (SELECT count() FROM system.one)
SELECT 1 GROUP BY file('x')
SELECT 1 HAVING file('x') = ''
SELECT 1 QUALIFY hostName() = ''
SELECT * REPLACE (hostName() AS event) FROM events
SELECT lambda(tuple(x), hostName())
SELECT numbers(1)
""".strip().splitlines()  # fmt: skip


@pytest.fixture(scope="module")
def two(engine: Engine) -> tuple[ChdbHistory, ChdbHistory]:
    """Two workspaces on one engine: ours, and another's with a secret."""
    ours, theirs = chdb_history(engine), chdb_history(engine)

    async def fill() -> None:
        for history, name in ((ours, "Ours"), (theirs, "Secret")):
            await history.put_people([person(1, {"name": name}), person(2, {"name": name})])
            sent = row(1, "Message Queued", properties={"send": name}, message_id=f"q-{name}")
            await history.add([row(1, name, message_id=f"m-{name}"), sent], token=name)
            await history.map_identities({2: 1}, version=1)

    asyncio.run(fill())
    return ours, theirs


def _written(attack: str) -> str:
    r"""The attack itself: on one line above, the end of a line is written \\n, and a space nobody sees \\u200b."""
    attack = attack.replace(r"\u200b", "\u200b")
    return attack.replace(r"\n", "\n") if "--" in attack else attack


def ask(history: ChdbHistory, query: str, params: dict[str, SqlValue] | None = None) -> list[dict[str, object]]:
    audience = SavedAudience(
        id="all", name="All", words="Everyone.", definition="{}", updated_ms=AT, condition=all_of()
    )
    asked = history.ask_sql(query, params or {}, audiences=[audience], as_of_ms=AT, limit=100)
    rows: list[dict[str, object]] = asyncio.run(asked).table.to_pylist()
    return rows


@pytest.mark.parametrize("query", NOT_ALLOWED)
def test_nothing_else_is_reached(two: tuple[ChdbHistory, ChdbHistory], query: str) -> None:
    before = {path.name for path in Path("/tmp").glob("holdfast-attack*")}
    with pytest.raises(Invalid) as caught:
        ask(two[0], _written(query))
    assert caught.value.path == "$.query"
    assert caught.value.hint
    said = str(caught.value)
    assert not re.search(r"DB::|version 2\d|workspace = |joinGet\(|meant default|\.cpp", said.replace(query, "")), said
    assert {path.name for path in Path("/tmp").glob("holdfast-attack*")} == before
    assert ask(two[0], "SELECT count() AS n FROM events") == [{"n": 2}]


def test_there_are_many_attacks() -> None:
    assert len(set(NOT_ALLOWED)) > 150


@pytest.mark.parametrize("view", ["events", "people", "messages", "segments", "segment_members"])
def test_another_workspace_is_in_no_view(two: tuple[ChdbHistory, ChdbHistory], view: str) -> None:
    told = str(ask(two[0], f"SELECT * FROM {view}"))
    assert "Secret" not in told
    if view in {"events", "people"}:
        assert "Ours" in told
        assert "Secret" in str(ask(two[1], f"SELECT * FROM {view}"))
    people = [each["person"] for each in ask(two[0], "SELECT person FROM segment_members ORDER BY person")]
    assert people == [1, 2]


@pytest.mark.parametrize(
    "query",
    [
        "WITH events AS (SELECT * FROM events) SELECT event FROM events",
        "WITH events AS (SELECT event FROM events WHERE event != '') SELECT e.event FROM events AS e",
        "SELECT event FROM (WITH people AS (SELECT * FROM events) SELECT * FROM people)",
        "WITH x AS (SELECT 1 AS a) SELECT event FROM events WHERE 1 IN x",
        "SELECT event FROM events AS people",
        "SELECT event FROM events WHERE person IN (SELECT person FROM people)",
    ],
)
def test_shadowed_names_reach_no_further(two: tuple[ChdbHistory, ChdbHistory], query: str) -> None:
    try:
        told = {str(each["event"]) for each in ask(two[0], query)}
    except Invalid:
        return
    assert told == {"Ours", "Message Queued"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("' OR 1 = 1 --", "String"),
        ("x'), (SELECT name FROM system.tables", "String"),
        ("\\' OR 1=1", "String"),
        ("\\x27 OR 1=1", "String"),
        ("{p0:String}", "String"),
        ("1 OR 1=1", "UInt8"),
        ("1); DROP TABLE default.events", "UInt32"),
        ("now()", "DateTime"),
        ("['a') OR 1=1 --", "Array(String)"),
    ],
)
def test_values_are_never_read_as_sql(two: tuple[ChdbHistory, ChdbHistory], value: str, kind: str) -> None:
    try:
        told = ask(two[0], f"SELECT {{x:{kind}}} AS x", {"x": value})
    except Invalid:
        return
    assert told == [{"x": value}]


@pytest.mark.parametrize("name", ["p0", "p17", "", "a b", "x:String} OR {y", "ä", "1x"])
def test_names_of_parameters_are_plain(two: tuple[ChdbHistory, ChdbHistory], name: str) -> None:
    with pytest.raises(Invalid):
        ask(two[0], "SELECT {x:UInt8}", {"x": 1, name: 1})


@pytest.mark.parametrize(
    "query",
    [
        "SELECT CAST(unhex('00'), {kind:String})",
        "SELECT unhex('00')::{kind:String}",
        "SELECT accurateCast(unhex('00'), {kind:String})",
        "SELECT JSONExtract('{}', {kind:String})",
        "SELECT * FROM values(concat('a ', {kind:String}), unhex('00'))",
        "SELECT * FROM values({kind:String}, unhex('00'))",
    ],
)
def test_a_parameter_names_no_dangerous_type(two: tuple[ChdbHistory, ChdbHistory], query: str) -> None:
    """The state of an aggregate function is the engine's memory: bytes of somebody's making would end the process."""
    for kind in ("AggregateFunction(sum, UInt64)", "a AggregateFunction(groupArray, String)", "Array(JSON)"):
        try:
            told = ask(two[0], query, {"kind": kind})
        except Invalid:
            continue
        assert told[0] == {"c1": f"a {kind}"}, "A value and no type, as the engine sees it."


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT CAST((1, 'a'), 'Tuple(json UInt8, dynamic String)') AS x", {"json": 1, "dynamic": "a"}),
        ("SELECT CAST('(JSON)', 'Enum8(\\'(JSON)\\' = 1)') AS x", 1),
        ("SELECT toTypeName(CAST('2026-01-01', 'DateTime64(3, \\'Europe/Berlin\\')')) AS x", None),
        ("SELECT CAST(1.5, 'Nullable(Decimal(10, 2))') AS x", None),
        ("SELECT a AS x FROM values('a Array(LowCardinality(String))', (['x']))", ["x"]),
        ("SELECT JSONExtract('{\"a\": [1]}', 'a', 'Array(UInt8)') AS x", [1]),
    ],
)
def test_plain_types_may_be_used(two: tuple[ChdbHistory, ChdbHistory], query: str, told: object) -> None:
    [row] = ask(two[0], query)
    assert told is None or row["x"] == told


def test_subqueries_that_double_are_refused_before_they_are_put_together(
    two: tuple[ChdbHistory, ChdbHistory],
) -> None:
    doubling = ", ".join(f"a{n} AS (SELECT 1 AS x FROM a{n - 1} AS l, a{n - 1} AS r)" for n in range(1, 60))
    with pytest.raises(Invalid, match="WITH"):
        ask(two[0], f"WITH a0 AS (SELECT 1 AS x), {doubling} SELECT count() FROM a59")
    chain = ", ".join(f"a{n} AS (SELECT x FROM a{n - 1})" for n in range(1, 40))
    assert ask(two[0], f"WITH a0 AS (SELECT 1 AS x), {chain} SELECT x FROM a39") == [{"x": 1}]


def test_an_answer_too_nested_to_be_a_table_is_the_askers_to_mend(two: tuple[ChdbHistory, ChdbHistory]) -> None:
    with pytest.raises(Invalid, match="table"):
        ask(two[0], f"SELECT {'[' * 400}1{']' * 400}")


BOMBS = """
SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1
SELECT count() FROM numbers(1000000) AS a CROSS JOIN numbers(1000000) AS b WHERE cityHash64(a.number, b.number) = 1
SELECT range(1000000000000)
SELECT length(range(toUInt64(100000000)))
SELECT length(groupArray(number)) FROM numbers(1000000000)
SELECT repeat(repeat('a', 1000000), 1000000)
SELECT length(groupArray(repeat('a', 1000000))) FROM numbers(100000)
SELECT arrayMap(x -> arrayMap(y -> x * y, range(100000)), range(100000))
SELECT uniqExact(cityHash64(number)) FROM numbers(100000000000)
SELECT number FROM numbers(1000000000000) ORDER BY cityHash64(number) LIMIT 5
SELECT max(n) FROM (WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT n FROM t)
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t, numbers(10)) SELECT count() FROM t
""".strip().splitlines()


@pytest.fixture(scope="module")
def small(engine: Engine) -> Iterator[Engine]:
    """The same engine, with little time and memory."""
    made = limited(engine, Limits(seconds=1.0, memory_bytes=200 * 1024**2, threads=2))
    yield made
    made.close()


@pytest.mark.parametrize("query", BOMBS)
def test_bombs_are_bounded(two: tuple[ChdbHistory, ChdbHistory], small: Engine, query: str) -> None:
    scope = Scope(workspace=1, as_of_ms=AT)
    started = time.monotonic()
    with pytest.raises(Exposed) as caught:
        small.run_here(lambda handle: sandbox.ask(handle, scope, query, {}, audiences=[], limit=10))
    assert isinstance(caught.value, (Busy, TooLarge, Invalid))
    assert caught.value.hint
    # Not a matter of speed: the engine would need hours for any of them.
    assert time.monotonic() - started < 300
    assert ask(two[0], "SELECT 1 AS one") == [{"one": 1}]


def test_a_deep_query_is_no_fault_of_ours(two: tuple[ChdbHistory, ChdbHistory]) -> None:
    for query in (
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT 1" + " UNION ALL SELECT 1" * 3_000,
        "x" * 200_000,
    ):
        with pytest.raises(Invalid):
            ask(two[0], query + " FROM nowhere")


def test_every_function_is_one_the_engine_has_and_none_is_more_than_a_function(engine: Engine) -> None:
    plain, aggregates = sandbox.known_functions()
    rows = engine.run_here(
        lambda handle: handle.rows(sql("SELECT name, is_aggregate, alias_to, categories FROM system.functions"))
    )
    there = {str(name).lower() for name, *_ in rows}
    syntax = {"lambda", "exists", "grouping", "casewithoutexpr", "casewithoutexpression", "unnest", "date_bin"}
    combined = {"summap", "minmap", "maxmap"}
    assert plain | aggregates <= there | syntax | combined
    machine = {"Dictionary", "Embedded Dictionary", "Introspection", "AI", "Machine Learning", "System", "Internal"}
    touching = {str(name).lower() for name, _, _, categories in rows if set(str(categories).split(", ")) & machine}
    assert not (plain - {"casewithexpression", "casewithexpr", "_cast"}) & touching


def test_no_name_calls_what_is_not_allowed(engine: Engine) -> None:
    """Some functions are called by their name alone, as CURRENT_USER is."""
    names = [str(name) for (name,) in engine.run_here(lambda handle: handle.rows(_NAMES))]
    reached = []
    for name in names:
        if re.fullmatch(r"\w+", name):
            bare = Sql((f"SELECT {name}",))
            try:
                engine.run_here(partial(Handle.number, question=bare))
            except Refusal:
                continue  # There is no such name, without brackets.
            except ValueError:
                pass  # It answered, and no number.
            if not sandbox.is_allowed(name) and name.lower() not in sandbox._BARE:
                reached.append(name)
    assert reached == []


_NAMES = sql("SELECT name FROM system.functions")
