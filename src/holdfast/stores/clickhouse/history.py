"""The history in ClickHouse: in this process (chDB), or on a server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pyarrow as pa

from holdfast.decisions.visit import Arm
from holdfast.events.event import Json
from holdfast.kernel.sql import Sql
from holdfast.measures.insight import Answer, Question
from holdfast.measures.learning.question import CompanyQuestion, CompanyRow, TriedQuestion, TriedRow
from holdfast.measures.metrics import Lives, Outcomes, Tally
from holdfast.measures.outcome import APART, ARMS, ArmOutcome, OutcomeQuestion
from holdfast.ports.analyst import SavedAudience, SqlAnswer, SqlValue
from holdfast.ports.asking import UnderWay
from holdfast.ports.columns import EXPORT_COLUMNS, PEOPLE_COLUMNS
from holdfast.ports.discovery import KnownProperty, KnownValue
from holdfast.ports.erasure import Whom
from holdfast.ports.history import (
    ActivityBucket,
    Gathered,
    HistoryRow,
    NameCount,
    PersonRow,
    SeenProperty,
    Sought,
    TimelineEvent,
    bucket_starts,
)
from holdfast.ports.trials import LIVES_MOST
from holdfast.segments.condition import UTC_ZONE, Condition, Scope
from holdfast.segments.groups import group_traits
from holdfast.segments.leaf import Leaf
from holdfast.stores.clickhouse import bulk, erasing, latest, questions, sandbox, trials
from holdfast.stores.clickhouse.audiences import ChdbAudiences
from holdfast.stores.clickhouse.columns import KEPT_COLUMNS, KEPT_PEOPLE_COLUMNS
from holdfast.stores.clickhouse.discovery import Properties
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits
from holdfast.stores.clickhouse.rows import (
    event_table,
    gathered,
    identity_table,
    people_table,
    person_row,
    timeline_event,
)
from holdfast.stores.clickhouse.server import Server
from holdfast.stores.clickhouse.trial_course import course, tallies_by_moment
from holdfast.stores.clickhouse.tried import company, company_row, tried, tried_row
from holdfast.stores.clickhouse.typed_people import typed_people

T = TypeVar("T")
Row = TypeVar("Row")

SLOW_START_SECONDS = 1.5
"""After this long, whoever opens the history is told that it takes its time."""
INSERT_ROWS_MOST = 100_000
"""Rows of one insert of `add`."""
SLICE_EVENTS, SLICE_PEOPLE = 250, 500
"""Rows laid out before others have their turn: a millisecond or two. Not in a thread: one that reckons in Python takes
the interpreter from the event loop at each of its queries, and a tick would take as long as the whole table."""
REFRESH_MOST = 20_000
"""Identities brought up to date in one statement."""
KNOWN_MANY = 1_000
"""More hashes than so many are asked about as a table: spelt out, they would take longer than their answer."""
HOUR_MS = 3_600_000
IDENTITY_COLUMNS = ("workspace", "identity", "person", "version")


class ChdbHistory:
    """Every event and every person of one workspace. Open it with `open` or `open_server`, and `close` it.

    Of directories, only one process, and in it only one directory, can be open at a time. Never fork after opening.
    """

    def __init__(self, engine: Engine, *, workspace: int, currency: str, zone: ZoneInfo = UTC_ZONE) -> None:
        self._engine = engine
        self._workspace = workspace
        self._currency = currency
        self._zone = zone
        self._joined = True
        """Whether any identity belongs to another's person. Where others join them, too, it may at any time."""
        self._properties = Properties(engine, scope=self._scope)
        self._bulk_lock = threading.Lock()
        self._closed = False
        self._changes = 0
        self._counting = threading.Lock()
        self.audiences = ChdbAudiences(engine, scope=self._scope, changes=lambda: self._changes)

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        workspace: int = 1,
        currency: str = "USD",
        zone: ZoneInfo = UTC_ZONE,
        limits: Limits | None = None,
        threads: int = 4,
        durable: bool = True,
        on_wait: Callable[[str], None] = lambda words: None,
    ) -> ChdbHistory:
        """Open the history in `directory`, which is made if need be.

        Args:
            currency: what revenue without a currency is in.
            zone: the workspace's time zone.
            limits: what one question may use.
            threads: how many questions are answered side by side.
            durable: whether what was added survives a power cut, too; what is already safe elsewhere need not.
            on_wait: told, in words, when opening takes long.

        Raises:
            Conflict: another process has it open, or this one has another directory open.
        """
        engine = Engine(directory, limits=limits or Limits(), threads=threads, durable=durable)
        return await cls.on(engine, workspace=workspace, currency=currency, zone=zone, on_wait=on_wait)

    @classmethod
    async def open_server(
        cls,
        url: str,
        *,
        database: str = "holdfast",
        cluster: str | None = None,
        analyst_url: str | None = None,
        workspace: int = 1,
        currency: str = "USD",
        zone: ZoneInfo = UTC_ZONE,
        limits: Limits | None = None,
        threads: int = 4,
    ) -> ChdbHistory:
        """Open the history on a ClickHouse server, by its HTTP interface. Other processes may have it open, too.

        Args:
            url: such as `https://user:password@clickhouse.example:8443`.
            database: where the tables are, or are made; there is an empty one beside it, for analysts' SQL.
            cluster: the name of the cluster whose tables `cluster.ddl` made; no table is made then.
            analyst_url: the same server by a user who may only read, for analysts' SQL.
            threads: how many questions are asked side by side.

        Raises:
            Invalid: the URL or a name is none.
            Busy: the server cannot be reached.
            Conflict: it is too old.
        """
        limits = limits or Limits()
        way = Server(url, database=database, cluster=cluster, analyst_url=analyst_url, limits=limits)
        engine = Engine(way, limits=limits, threads=threads)
        return await cls.on(engine, workspace=workspace, currency=currency, zone=zone)

    @classmethod
    async def on(
        cls,
        engine: Engine,
        *,
        workspace: int = 1,
        currency: str = "USD",
        zone: ZoneInfo = UTC_ZONE,
        on_wait: Callable[[str], None] = lambda words: None,
    ) -> ChdbHistory:
        """The history of a workspace on an engine that nobody is asking anything yet. It closes the engine, too."""
        history = cls(engine, workspace=workspace, currency=currency, zone=zone)
        preparing = asyncio.ensure_future(engine.run(history._prepare))
        try:
            done, _ = await asyncio.wait({preparing}, timeout=SLOW_START_SECONDS)
            if not done:
                on_wait("Loading the event store; the first time on a machine this can take up to a minute.")
            await preparing
        except BaseException:
            await history.close()
            raise
        history._properties.keep_up(after_seconds=0)
        return history

    async def add(self, rows: Sequence[HistoryRow], *, token: str) -> None:
        for start in range(0, len(rows), INSERT_ROWS_MOST):
            part = rows[start : start + INSERT_ROWS_MOST]
            table = await _in_slices(
                part,
                SLICE_EVENTS,
                lambda some: event_table(some, workspace=self._workspace, currency=self._currency),
            )
            await self._change(partial(self._add, table=table, token=f"{self._workspace}:{token}:{start}"))
        if rows:
            self._properties.keep_up()

    @property
    def laid_out_for(self) -> tuple[int, str]:
        return self._workspace, self._currency

    async def add_laid_out(self, table: pa.Table, *, token: str) -> None:
        for start in range(0, table.num_rows, INSERT_ROWS_MOST):
            part = table.slice(start, INSERT_ROWS_MOST)
            await self._change(partial(self._add, table=part, token=f"{self._workspace}:{token}:{start}"))
        self._properties.keep_up()

    async def put_laid_out(self, table: pa.Table) -> None:
        await self._change(lambda handle: handle.insert("people", KEPT_PEOPLE_COLUMNS, table))
        self._properties.people_changed()

    async def add_table(self, table: pa.Table, *, token: str) -> int:
        # Rows that are there are left out by hash, so a retry needs no token.
        added = await self._change(lambda handle: self._add_table(handle, table))
        self._properties.keep_up()
        return added

    async def known(self, ids: Sequence[int], *, first_ms: int, last_ms: int) -> set[int]:
        if not ids:
            return set()
        if len(ids) > KNOWN_MANY:
            here = self._workspace
            return await self._engine.run(
                lambda handle: bulk.known(handle, ids, first_ms=first_ms, last_ms=last_ms, workspace=here)
            )
        rows = await self._rows(questions.known(self._scope(), ids, first_ms=first_ms, last_ms=last_ms))
        return {row[0] for row in rows}

    async def map_identities(self, persons: Mapping[int, int], *, version: int) -> None:
        if persons:
            await self._change(lambda handle: self._map_identities(handle, persons, version))

    async def put_people(self, rows: Sequence[PersonRow]) -> None:
        if rows:
            table = await _in_slices(rows, SLICE_PEOPLE, lambda some: people_table(some, workspace=self._workspace))
            await self._change(lambda handle: handle.insert("people", KEPT_PEOPLE_COLUMNS, table))
            self._properties.people_changed()

    async def count(self, condition: Condition, *, as_of_ms: int) -> int:
        return await self._number(questions.count(self._scope(as_of_ms), condition))

    async def people(self, condition: Condition, *, as_of_ms: int, limit: int, offset: int = 0) -> list[PersonRow]:
        question = questions.people(self._scope(as_of_ms), condition, limit=limit, offset=offset)
        return [person_row(row) for row in await self._rows(question)]

    async def people_table(
        self, condition: Condition, *, as_of_ms: int, traits: Sequence[str] | None = None
    ) -> pa.Table:
        scope = self._scope(as_of_ms)
        if traits is not None:
            return await self._engine.run(lambda handle: typed_people(handle, scope, condition, traits))
        question = questions.people_table(scope, condition)
        return (await self._engine.run(lambda handle: handle.whole_table(question))).cast(PEOPLE_COLUMNS)

    async def count_everyone(self) -> int:
        return await self._number(questions.count(self._scope(), None))

    async def find(self, text: str, *, limit: int, offset: int = 0) -> tuple[list[PersonRow], int]:
        return await self.seek(Sought(text=text), limit=limit, offset=offset)

    async def seek(self, sought: Sought, *, limit: int, offset: int = 0) -> tuple[list[PersonRow], int]:
        scope = self._scope(sought.as_of_ms)
        rows, total = await asyncio.gather(
            self._rows(questions.seek(scope, sought, limit=limit, offset=offset)),
            self._number(questions.sought_count(scope, sought)),
        )
        return [person_row(row) for row in rows], total

    async def sought_table(self, sought: Sought) -> pa.Table:
        scope = self._scope(sought.as_of_ms)
        question = questions.people_page(scope, questions.wanted(scope, sought), limit=None, offset=0)
        return (await self._engine.run(lambda handle: handle.whole_table(question))).cast(PEOPLE_COLUMNS)

    async def timeline(
        self, identities: Sequence[int], *, limit: int, before_ms: int | None = None, name: str | None = None
    ) -> list[TimelineEvent]:
        if not identities or limit <= 0:
            return []
        scope = self._scope()
        question = questions.timeline(scope, identities, limit=limit + 1, before_ms=before_ms, name=name)
        events = [timeline_event(row) for row in await self._rows(question)]
        if len(events) > limit:
            last_ms = events[limit - 1].timestamp_ms
            cut = events.pop().timestamp_ms == last_ms
            if cut:
                rows = await self._rows(questions.happened_at(scope, identities, at_ms=last_ms, name=name))
                events = [event for event in events if event.timestamp_ms > last_ms]
                events += [timeline_event(row) for row in rows]
        return sorted(events, key=lambda event: (event.timestamp_ms, event.message_id), reverse=True)

    async def groups(self, identities: Sequence[int], *, as_of_ms: int) -> list[dict[str, Json]]:
        if not identities:
            return []
        rows = await self._rows(questions.said_of_groups(self._scope(as_of_ms), identities))
        known = group_traits((at_ms, message_id, gathered(*maps)) for at_ms, message_id, *maps in rows)
        return [known[group] for group in sorted(known)]

    async def recent(self, *, limit: int, since_ms: int) -> list[TimelineEvent]:
        rows = await self._rows(questions.recent(self._scope(), limit=limit, since_ms=since_ms))
        return [timeline_event(row) for row in rows]

    async def names(self) -> list[NameCount]:
        rows = await self._rows(questions.names(self._scope()))
        return [
            NameCount(name=name, count=count, people=people, first_ms=first, last_ms=last)
            for name, count, people, first, last in rows
        ]

    async def volumes(self, *, since_ms: int, until_ms: int, bucket_seconds: int) -> dict[str, list[int]]:
        starts = bucket_starts(since_ms, until_ms, bucket_seconds)
        question = questions.volumes(
            self._scope(), since_ms=since_ms, until_ms=until_ms, bucket_ms=bucket_seconds * 1000
        )
        found: dict[str, list[int]] = {}
        for name, bucket, events in await self._rows(question):
            found.setdefault(name, [0] * len(starts))[bucket] = events
        return found

    async def activity(self, *, since_ms: int, until_ms: int, bucket_seconds: int) -> list[ActivityBucket]:
        starts = bucket_starts(since_ms, until_ms, bucket_seconds)
        question = questions.activity(
            self._scope(), since_ms=since_ms, until_ms=until_ms, bucket_ms=bucket_seconds * 1000
        )
        found = {bucket: (events, people) for bucket, events, people in await self._rows(question)}
        return [
            ActivityBucket(start_ms=start, events=events, people=people)
            for index, start in enumerate(starts)
            for events, people in (found.get(index, (0, 0)),)
        ]

    async def outcomes(self, question: OutcomeQuestion) -> list[ArmOutcome]:
        rows = await self._rows(questions.outcomes(self._scope(question.as_of_ms), question))
        found = {row[0]: row[1:] for row in rows}
        arms = (*ARMS, APART) if APART in found else ARMS
        return [_arm_outcome(arm, found.get(arm, (0,) * 7)) for arm in arms]

    async def tried(self, question: TriedQuestion) -> list[TriedRow]:
        rows = await self._rows(tried(self._scope(question.as_of_ms), question))
        return [tried_row(row) for row in rows]

    async def company(self, question: CompanyQuestion) -> list[CompanyRow]:
        rows = await self._rows(company(self._scope(question.as_of_ms), question))
        return [company_row(row) for row in rows]

    async def trial_tallies(self, question: Outcomes) -> list[Tally]:
        rows = await self._rows(trials.tallies(self._scope(question.as_of_ms), question))
        return [trials.tally(row, question) for row in rows]

    async def trial_course(self, question: Outcomes, moments_ms: Sequence[int]) -> list[list[Tally]]:
        rows = await self._rows(course(self._scope(question.as_of_ms), question, moments_ms))
        return tallies_by_moment(rows, question, len(moments_ms))

    async def trial_cap(self, question: Outcomes, *, first_people: int | None = None) -> float | None:
        rows = await self._rows(trials.cap(self._scope(question.as_of_ms), question, first_people=first_people))
        return next((float(cap) for people, cap in rows if people), None)

    async def trial_lives(self, question: Outcomes, *, first_people: int) -> Lives:
        asked = trials.lives(self._scope(question.as_of_ms), question, first_people=min(first_people, LIVES_MOST))
        return trials.lives_of(await self._rows(asked), len(question.metrics))

    async def insight(self, question: Question, *, as_of_ms: int) -> Answer:
        scope = self._scope(as_of_ms)
        rows = await self._rows(question.sql(scope))
        closer = question.closer_sql(rows, scope)
        return question.answer(rows if closer is None else await self._rows(closer), scope)

    async def insight_people(
        self, question: Question, cell: object, *, as_of_ms: int, limit: int | None = None, offset: int = 0
    ) -> pa.Table:
        behind = questions.people_behind(self._scope(as_of_ms), question, cell, limit=limit, offset=offset)
        return (await self._table(behind)).cast(PEOPLE_COLUMNS)

    async def insight_count(self, question: Question, cell: object, *, as_of_ms: int) -> int:
        return await self._number(questions.count_behind(self._scope(as_of_ms), question, cell))

    async def ask_sql(
        self,
        query: str,
        params: Mapping[str, SqlValue],
        *,
        audiences: Sequence[SavedAudience],
        as_of_ms: int,
        limit: int,
    ) -> SqlAnswer:
        scope = self._scope(as_of_ms)
        return await self._engine.run_apart(
            lambda handle: sandbox.ask(handle, scope, query, params, audiences=audiences, limit=limit)
        )

    async def under_way(self) -> list[UnderWay]:
        return await self._engine.under_way()

    async def cancel(self, asking_id: str) -> bool:
        return await self._engine.cancel(asking_id)

    async def size(self) -> int:
        return await self._number(questions.size(self._scope()))

    async def export(self, *, batch_rows: int) -> AsyncIterator[pa.RecordBatch]:
        hours = [(int(hour), int(events)) for hour, events in await self._rows(questions.busy_hours(self._scope()))]
        for since_ms, until_ms in _spans(hours, batch_rows):
            question = questions.export(self._scope(), since_ms=since_ms, until_ms=until_ms)
            table = await self._table(question)
            for batch in table.cast(EXPORT_COLUMNS).combine_chunks().to_batches(max_chunksize=batch_rows):
                yield batch

    async def events_of(self, identities: Sequence[int]) -> pa.Table:
        if not identities:
            return EXPORT_COLUMNS.empty_table()
        question = questions.events_of(self._scope(), identities)
        return (await self._engine.run(lambda handle: handle.whole_table(question))).cast(EXPORT_COLUMNS)

    async def received_long_after(self, lag_ms: int) -> list[int]:
        rows = await self._rows(questions.received_long_after(self._scope(), lag_ms))
        return sorted(int(row[0]) for row in rows)

    async def gather(self, leaf: Leaf, *, after: int, limit: int) -> Gathered:
        scope = self._scope()
        found = await self._rows(latest.doers(scope, leaf.event, after=after, limit=limit))
        if not found:
            return Gathered(kept={}, to=None)
        to = int(found[-1][0])
        # The newest first: whatever comes in between is no earlier than what is first now, or comes by the log, too.
        rows = await self._rows(latest.latest(scope, leaf, after=after, to=to))
        began = await self._rows(latest.firsts(scope, leaf, after=after, to=to))
        return Gathered(kept=latest.kept(leaf, began, rows), to=None if len(found) < limit else to)

    async def known_properties(self, event: str | None, *, text: str = "", limit: int) -> list[KnownProperty]:
        return await self._properties.properties(event, text=text, limit=limit)

    async def known_values(self, event: str | None, name: str, *, text: str = "", limit: int) -> list[KnownValue]:
        return await self._properties.values(event, name, text=text, limit=limit)

    async def event_properties(self, name: str) -> list[SeenProperty]:
        return _seen(await self._rows(questions.seen_properties(self._scope(), name)))

    async def trait_properties(self) -> list[SeenProperty]:
        return _seen(await self._rows(questions.seen_properties(self._scope(), None)))

    async def event_names(self, identities: Sequence[int]) -> list[str]:
        here = self._scope().here
        return await self._engine.run(lambda handle: erasing.event_names(handle, here, identities))

    async def forget(self, whom: Whom, *, events: Sequence[str]) -> dict[str, int]:
        here = self._scope().here
        removed = await self._change(lambda handle: erasing.forget(handle, here, whom))
        await self._change(lambda handle: self._properties.recount(handle, events))
        self._properties.people_changed()
        return removed

    async def purge(self) -> bool:
        return await self._engine.run(erasing.purge)

    async def held_of(self, whom: Whom) -> dict[str, int]:
        here = self._scope().here
        return await self._engine.run(lambda handle: erasing.held(handle, here, whom))

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._properties.stop()
            await asyncio.to_thread(self._engine.close)

    def _scope(self, as_of_ms: int = 0) -> Scope:
        return Scope(
            workspace=self._workspace,
            as_of_ms=as_of_ms,
            joined=self._joined,
            zone=self._zone,
            currency=self._currency,
        )

    async def _change(self, work: Callable[[Handle], T]) -> T:
        """Do the work, and have it known that what was reckoned before is out of date."""

        def changing(handle: Handle) -> T:
            try:
                return work(handle)
            finally:
                with self._counting:  # One that two threads count as the same would go unseen.
                    self._changes += 1

        return await self._engine.run(changing)

    async def _rows(self, question: Sql) -> list[list[Any]]:
        return await self._engine.run(lambda handle: handle.rows(question))

    async def _table(self, question: Sql) -> pa.Table:
        return await self._engine.run(lambda handle: handle.table(question))

    async def _number(self, question: Sql) -> int:
        return await self._engine.run(lambda handle: handle.number(question))

    def _prepare(self, handle: Handle) -> None:
        with handle.within("default"):  # Ours may not be there yet.
            handle.way.prepare(handle)
        self._joined = not handle.way.alone or bool(handle.number(questions.any_joined(self._scope())))

    def _add(self, handle: Handle, *, table: pa.Table, token: str) -> None:
        with self._engine.adding:
            handle.insert("events", KEPT_COLUMNS, table, token=token)

    def _add_table(self, handle: Handle, table: pa.Table) -> int:
        with self._bulk_lock, self._engine.adding:
            return bulk.add_table(handle, table, workspace=self._workspace, currency=self._currency)

    def _map_identities(self, handle: Handle, persons: Mapping[int, int], version: int) -> None:
        handle.insert(
            "identity_map", IDENTITY_COLUMNS, identity_table(persons, workspace=self._workspace, version=version)
        )
        identities = list(persons)
        # First the flag: a question that sees some of the map must look at all of it.
        self._joined = self._joined or any(identity != person for identity, person in persons.items())
        for start in range(0, len(identities), REFRESH_MOST):
            part = identities[start : start + REFRESH_MOST]
            handle.run(questions.refresh_persons(self._scope(), part, handle.way.map_in_memory))


@cache
def _meet_pandas() -> None:
    """Make an array. With the first, Arrow looks for pandas and imports it, which takes a third of a second."""
    pa.array([""])


async def _in_slices(rows: Sequence[Row], at_once: int, lay_out: Callable[[Sequence[Row]], pa.Table]) -> pa.Table:
    """The rows as a table, laid out so many at a time."""
    if not _meet_pandas.cache_info().currsize:
        await asyncio.to_thread(_meet_pandas)
    tables: list[pa.Table] = []
    for start in range(0, len(rows), at_once):
        tables.append(lay_out(rows[start : start + at_once]))
        await asyncio.sleep(0)
    # In one piece: that is how it is sent, and a retry is known by its pieces.
    return pa.concat_tables(tables).combine_chunks()


def _arm_outcome(arm: Arm, row: Sequence[Any]) -> ArmOutcome:
    people, open_people, converted, orders, revenue, squares, other_orders = row
    return ArmOutcome(
        arm=arm,
        people=people,
        open_people=open_people,
        converted=converted,
        orders=orders,
        revenue_minor=revenue,
        revenue_minor_squares=float(squares),
        other_currency_orders=other_orders,
    )


def _spans(hours: Sequence[tuple[int, int]], rows: int) -> list[tuple[int, int]]:
    """Stretches of time of about so many events each, made of whole hours, oldest first."""
    spans: list[tuple[int, int]] = []
    first, held = 0, 0
    for start, events in hours:
        if held and held + events > rows:
            spans.append((first, start))
            held = 0
        first = start if not held else first
        held += events
    return [*spans, (first, hours[-1][0] + HOUR_MS)] if held else spans


def _seen(rows: Sequence[Sequence[Any]]) -> list[SeenProperty]:
    """Properties, from rows that are in order of name, then type and example, the commonest first."""
    found: list[SeenProperty] = []
    for name, group in groupby(rows, key=lambda row: row[0]):
        those = list(group)
        kind = those[0][1]
        examples = tuple(_example(kind, row[2]) for row in those if row[1] == kind)
        found.append(SeenProperty(name=name, type=kind, examples=examples))
    return found


def _example(kind: str, text: str) -> Json:
    value: Json = text if kind == "text" else json.loads(text)
    return value
