"""The workspace: Holdfast from Python, with nothing to start and nothing to await.

>>> import holdfast
>>> ws = holdfast.open("my-data")  # doctest: +SKIP
>>> ws.track([{"user_id": "ann", "event": "Order Completed", "properties": {"revenue": 59.9}}])  # doctest: +SKIP
>>> ws.count(holdfast.did("Order Completed", within_days=30))  # doctest: +SKIP
1
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from uuid import uuid4

import msgspec
import polars as pl
import pyarrow as pa

from holdfast.flows.adaptive.keeping import AdaptiveKeeper, Around
from holdfast.flows.audience.audiences import Surveyed
from holdfast.flows.audience.list_keeping import ListKeeper
from holdfast.flows.audience.list_members import Keeper
from holdfast.flows.audience.live_members import LiveMembers, live_members
from holdfast.flows.audience.segment_keeping import SegmentKeeper
from holdfast.flows.audience.segments import Change, document_of
from holdfast.flows.audience.snapshot import Snapshot, keep_people
from holdfast.flows.audience.survey import Audience, Surveyor, made_whole
from holdfast.flows.content.catalogues import ImportedItems, ImportWish, Rows, import_items
from holdfast.flows.content.content_keeping import ContentKeeper
from holdfast.flows.content.coupons import AddedCodes, add_codes
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.experiment.experiment_keeping import ExperimentKeeper, Laboratory
from holdfast.flows.ingest.bulk import load_table
from holdfast.flows.ingest.exchange import Imported
from holdfast.flows.ingest.taking import bodies_of, events_table
from holdfast.flows.journey.calling import Line
from holdfast.flows.journey.publishing import Publication
from holdfast.flows.journey.publishing import document_of as decision_document
from holdfast.flows.journey.run_keeping import RunKeeper
from holdfast.flows.journey.trace import trace
from holdfast.flows.journey.traced import Trace
from holdfast.flows.measure.holdout import PERIODS, HoldoutReading, holdout_settings, read_holdout
from holdfast.flows.measure.insights import Analyst, InsightResult, plain_object
from holdfast.flows.measure.kpis import KpiReport, checked_tree, keep_tree, load_tree, reckon
from holdfast.flows.measure.self_check import SelfCheck, check_wish, self_check
from holdfast.flows.measure.sql import SqlResult, ask_sql, people_query, sql_value, table_of
from holdfast.flows.measure.trial_keeping import Room, TrialKeeper
from holdfast.flows.measure.trial_told import Trial, trial_of
from holdfast.flows.measure.trials import measure_trial, trial_wish
from holdfast.flows.people.erase import Proof, prove
from holdfast.flows.people.erasure_record import Record
from holdfast.flows.people.explain import explain_person
from holdfast.flows.people.export_person import PersonFormat, write_person
from holdfast.flows.people.identify import MergeResult, UnmergeResult, find_identity, merge, unmerge
from holdfast.flows.rehearsal.simulate import PEOPLE_USUAL, SimulationWish
from holdfast.flows.rehearsal.simulation import Simulation
from holdfast.flows.upkeep.keys import add_key, revoke_key
from holdfast.integrations.files.documents import DocumentFormat
from holdfast.integrations.files.items import format_of, item_rows, read_codes
from holdfast.integrations.files.journey_files import name_in_journey_file, read_journey_files, write_journey_files
from holdfast.integrations.files.mapping import EXPORTED, ImportMapping
from holdfast.integrations.files.segment_files import Written, name_in_file, read_segment_files, write_segment_files
from holdfast.integrations.files.write import FileFormat
from holdfast.kernel.errors import Exposed, NotFound
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.measures.insight import Answer, Question
from holdfast.measures.insight_catalogue import decode_cell
from holdfast.ports.analyst import ROWS_MOST, SqlAnswer, SqlValue
from holdfast.ports.asking import Asking, UnderWay, asked_as
from holdfast.ports.history import PersonRow, TimelineEvent
from holdfast.ports.state import OVER, AccessKey, Identity, State, View
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition
from holdfast.segments.explain import Explained
from holdfast.settings import Settings
from holdfast.wiring import open_application, rules_of

T = TypeVar("T")
PROGRESS_SECONDS = 0.25
"""How often whoever watches is told."""
STOP_SECONDS = 5.0
"""How long a question that is called off is waited for."""
_watching: ContextVar[Callable[[UnderWay], None] | None] = ContextVar("watching", default=None)
Segment = Condition | Mapping[str, object] | str
"""A condition, its JSON form, or the id of a saved segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What became of events handed in."""

    events: int
    """How many were handed in."""
    bad: int
    """How many of them could not be events, and are in the error stream now."""
    known: int = 0
    """How many were there before; only said of tables."""


class Workspace(
    Analyst,
    Surveyed,
    ListKeeper,
    SegmentKeeper,
    ContentKeeper,
    RunKeeper,
    AdaptiveKeeper,
    ExperimentKeeper,
    TrialKeeper,
):
    """One workspace, open in this process. Methods may be called from any thread; close it when done.

    Every answer includes everything tracked before the question.
    """

    def __init__(self, settings: Settings) -> None:
        """Open the workspace in `settings.data_dir`, making it as needed.

        Raises Busy when another process (a running server) has it open.
        """
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="holdfast-workspace", daemon=True)
        self._thread.start()
        try:
            self._app = self._wait(open_application(settings, serving=False))
        except BaseException:
            self._end_loop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the workspace. What was tracked is durable already."""
        if self._loop.is_closed():
            return
        self._wait(self._app.close())
        self._end_loop()

    # What happened.

    def track(self, events: Iterable[Mapping[str, object]] | pa.Table | pl.DataFrame) -> Tracked:
        """Take in events.

        Args:
            events: dicts such as `{"user_id": …, "event": …, "timestamp": …, "properties": {…}}` (a dict with `traits`
                and no `event` says something about the person), or an Arrow or Polars table with a row an event: the
                columns `event`, `timestamp`, `user_id` or `anonymous_id`; every other column is a property. Dicts may
                start journeys, a table is the past and starts none.

        Raises Invalid when something in it cannot be said at all; the path says where.
        """
        if isinstance(events, (pa.Table, pl.DataFrame)):
            return self._wait(self._track_table(events))
        return self._wait(self._track_dicts(events))

    def import_file(
        self,
        file: Path | str,
        mapping: ImportMapping = EXPORTED,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> Imported:
        """Take in a file; see `holdfast import`. Taking it in again changes nothing.

        Without a mapping it is a file that `export` wrote.
        """
        return self._wait(self._app.import_file(Path(file), mapping, progress))

    def import_items(
        self,
        file: Path | str,
        wish: ImportWish,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> ImportedItems:
        """Bring the items of a file into a catalogue; see `holdfast catalogue import`."""
        path = Path(file)
        rows = Rows(read=item_rows(path), is_text=format_of(path.name) == "csv")
        return self._wait(import_items(self._app.state, self._app.clock, wish, rows, progress))

    def import_codes(
        self,
        file: Path | str,
        pool: str,
        progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> AddedCodes:
        """Add the codes in a file, one a line, to a pool; see `holdfast coupons import`."""
        return self._wait(add_codes(self._app.state, self._app.clock, pool, read_codes(Path(file)), progress))

    def export(self, file: Path | str, file_format: FileFormat = "parquet") -> int:
        """Write every event, oldest first; returns how many. The file is whole, or not there."""
        return self._wait(self._app.export_file(Path(file), file_format))

    # Which people.

    def count(self, segment: Segment) -> int:
        """How many people the segment holds for, now, over all history."""
        return self._wait(self._count(self._whole(segment)))

    def count_everyone(self) -> int:
        """How many people there are."""
        return self._wait(self._everyone())

    def people(self, segment: Segment, *, traits: Sequence[str] | None = None) -> pl.DataFrame:
        """The people the segment holds for: person, user_id, first_seen, last_seen, and a struct of their traits.

        A trait that is of several types among them is text, such as JSON says it.

        Args:
            traits: these and no others, in this order, whether any of the people has them or not. Numbers are floats,
                lists and objects JSON as text. Many people are there in a fraction of the time it takes with all.
        """
        return self._wait(self._people(self._whole(segment), traits))

    def explain(self, segment: Segment, user_id: str) -> list[Explained]:
        """Why somebody is in the segment or not: every condition, the outermost first, with what decided it.

        Raises NotFound.
        """
        return self._wait(self._explain(self._whole(segment), user_id))

    def live_members(self, segment_id: str, *, limit: int = 10_000) -> LiveMembers:
        """How many are in a live segment at this moment, `.segment.size`; and `.members`, each with since when.

        Raises NotFound; Conflict for one that is not live.
        """

        async def asked() -> LiveMembers:
            await self._app.settle()
            async with self._app.state.view() as view:
                return await live_members(view, segment_id, limit=limit)

        return self._wait(asked())

    def find_people(self, text: str = "", *, limit: int = 50) -> tuple[list[PersonRow], int]:
        """People whose user id or any text trait contains the text; whoever was seen last first; and how many."""
        return self._wait(self._find(text, limit))

    def timeline(self, user_id: str, *, limit: int = 1_000, event: str | None = None) -> pl.DataFrame:
        """What somebody did and what was done to reach them, newest first.

        Columns: event, timestamp, properties (JSON text), message_id, source, identity. Raises NotFound.
        """
        return _timeline_frame(self.events_of(user_id, limit=limit, event=event))

    def events_of(self, user_id: str, *, limit: int = 1_000, event: str | None = None) -> list[TimelineEvent]:
        """The same as values."""
        return self._wait(self._events_of(user_id, limit, event))

    def trace(self, user_id: str, origin: str) -> Trace:
        """Why somebody got a journey's or campaign's message or did not: event, entry, steps, gate, send, provider.

        Args:
            origin: the id of the journey or campaign.

        Raises NotFound.
        """
        return self._wait(self._trace(user_id, origin))

    def simulate(
        self,
        journey: Mapping[str, object] | str,
        over: str = "30d",
        *,
        people: int | None = PEOPLE_USUAL,
        costs: Mapping[str, float] | None = None,
        progress: Callable[[UnderWay], None] | None = None,
    ) -> Simulation:
        """Replay the past through a journey or campaign: who enters, what would be sent and withheld. Nothing is sent.

        >>> ws.simulate("cart-rescue", over="30d").table  # doctest: +SKIP

        Args:
            journey: the id of what is published, or a definition: a draft.
            over: `30d`, up to now, or `2026-10-01..2026-11-01`.
            people: how many are replayed at most, drawn by hash, and speak for all; None for everybody.
            costs: what one message costs by channel, in minor units of the workspace's currency.
            progress: called now and then, from this thread, with how many people are done.

        Raises Invalid when it cannot be replayed, NotFound.
        """
        wish = SimulationWish(
            definition=journey if isinstance(journey, str) else plain_object(journey),
            over=over,
            people=people,
            costs=costs,
        )
        with self.watched(progress) if progress else contextlib.nullcontext():
            return self._wait(self._simulate(wish))

    # What they did, as tables.

    def insight(self, kind: str, question: Mapping[str, object]) -> InsightResult:
        asked = self._wait(self._app.question(kind, plain_object(question)))
        return InsightResult(
            kind=kind,
            question=asked,
            answer=self._wait(self._insight(asked)),
            ask_people=lambda cell: self._wait(self._people_behind(asked, decode_cell(kind, cell))),
            keep_people=lambda cell, segment_id, name: self._wait(
                self._keep_people(asked, decode_cell(kind, cell), segment_id, name)
            ),
        )

    def kpis(self) -> KpiReport:
        """The KPI tree of the workspace as it stands: `.table`, a row a node, and `.people(id)` behind a KPI."""
        return self._wait(self._kpis())

    def keep_kpis(self, definition: Mapping[str, object]) -> None:
        """Keep a KPI tree in place of the one there is; see docs/reference/kpis.md.

        Raises Invalid with the path of what is wrong.
        """
        self._wait(self._keep_kpis(definition))

    def trial(self, trial: str, **how: object) -> Trial:
        """Whether it worked: a journey, campaign, step, template or experiment, without anything set up.

        >>> ws.trial("journey:cart-rescue").words  # doctest: +SKIP
        >>> ws.trial("checkout", within_seconds=[604_800, 2_419_200], trait="country").table  # doctest: +SKIP

        Args:
            trial: the id of an experiment; or `journey:ID`, `campaign:ID`, `journey:ID.STEP`.
            how: goal, within_seconds (several at once), orders, returning, bracket_seconds, reading (`sequential`,
                `fixed`, `bayesian`), confidence, base, planned_people, trait, segments, quantiles, metrics (as an
                experiment's), primary (what decides), exposed_by (`sent`, `delivered`, `opened`), adjust,
                as_of (a moment).

        Raises Invalid, and NotFound when there is no such trial.
        """
        wish = trial_wish(how)

        async def measured() -> Trial:
            await self._app.settle()
            settings, now_ms = self._app.settings, to_millis(self._app.clock.now())
            found = await measure_trial(
                self._app.state, self._app.history, trial, wish,
                now_ms=now_ms, currency=settings.currency, zone=settings.time_zone,
            )  # fmt: skip
            return trial_of(found)

        return self._wait(measured())

    def holdout(self, *, periods: int = PERIODS, **how: object) -> HoldoutReading:
        """What marketing as a whole brings, by those whom all of it leaves alone (`global_holdout`).

        `.words`, `.table` (a row for each metric and period, then over all of them), `.plot()` and `.json`.

        Args:
            periods: how many at most, the one that runs among them.
            how: goal, orders, reading, confidence, adjust, as_of (a moment).

        Raises Invalid.
        """
        wish = trial_wish(how)

        async def read() -> HoldoutReading:
            await self._app.settle()
            now_ms, drawn = to_millis(self._app.clock.now()), holdout_settings(self._app.settings)
            async with self._app.state.view() as view:
                draws = await view.holdout_draws()
            return await read_holdout(self._app.history, drawn, wish, now_ms=now_ms, periods=periods, draws=draws)

        return self._wait(read())

    def check_trials(self, **how: object) -> SelfCheck:
        """Divide the past a thousand times where nothing was different, and see how often something is “found”.

        Args:
            how: goal, within_seconds, orders, splits, people.

        Raises Invalid, and Conflict when too few people were there to divide.
        """
        wish = check_wish(how)

        async def checked() -> SelfCheck:
            await self._app.settle()
            now_ms = to_millis(self._app.clock.now())
            return await self_check(self._app.history, wish, now_ms=now_ms, currency=self._app.settings.currency)

        return self._wait(checked())

    def survey(
        self, audiences: Sequence[Audience], ask: Callable[[Surveyor, list[Condition]], Coroutine[Any, Any, T]]
    ) -> T:
        async def asked() -> T:
            await self._app.settle()
            async with self._app.state.view() as view:
                several = len(audiences) > 1
                paths = [f"$.segments[{n}]" if several else "$" for n in range(len(audiences))]
                whole = await made_whole(audiences, view, paths)
            return await ask(self._app.surveyor, whole)

        return self._wait(asked())

    def sql(
        self,
        query: str,
        params: Mapping[str, object] | None = None,
        *,
        limit: int = ROWS_MOST,
        progress: Callable[[UnderWay], None] | None = None,
    ) -> SqlResult:
        """Answer one SELECT over the views of docs/reference/sql.md, and nothing else.

        >>> ws.sql("SELECT event, count() AS n FROM events GROUP BY event").table  # doctest: +SKIP

        Args:
            params: what stands for `{name:Type}` in the query, such as `{country:String}`.
            limit: the most rows; beyond it the answer says that it is truncated.
            progress: called now and then, from this thread, with how far the answer has come.

        Raises Invalid when the query is no SELECT, reaches for anything else, or cannot be understood; Busy or TooLarge
        beyond the workspace's limits.
        """
        values = {name: sql_value(value) for name, value in (params or {}).items()}
        with self.watched(progress) if progress else contextlib.nullcontext():
            answer = self._wait(self._sql(query, values, limit))
        return SqlResult(
            table=table_of(answer),
            truncated=answer.truncated,
            ask_people=lambda: table_of(self._wait(self._sql(people_query(query), values, ROWS_MOST))),
            query=query,
        )

    @contextlib.contextmanager
    def watched(self, progress: Callable[[UnderWay], None]) -> Iterator[None]:
        """Whatever is asked by this thread within the block tells now and then how far it has come.

        Ctrl-C calls off what is being asked, within or without such a block.
        """
        token = _watching.set(progress)
        try:
            yield
        finally:
            _watching.reset(token)

    # Who is who.

    def merge(self, first: str, second: str) -> MergeResult:
        """Say that two names are one person; `unmerge` gives back exactly what was."""
        return self._changed(merge(self._app.state, first, second, by="python", now=self._app.clock.now()))

    def unmerge(self, link: int | tuple[str, str]) -> UnmergeResult:
        """Undo a link, by its id or by the two names it joined."""
        return self._changed(unmerge(self._app.state, link, by="python", now=self._app.clock.now()))

    # What is held of a person, and forgetting them.

    def export_person(self, user_id: str, file: Path | str, file_format: PersonFormat = "json") -> None:
        """Write everything that is held of somebody, by any id they go by. The file is whole, or not there.

        Raises NotFound.
        """

        async def written() -> None:
            await self._app.settle()
            await write_person(self._app.holder(), user_id, Path(file), file_format)

        self._wait(written())

    def erase(self, user_id: str, *, by: str = "python") -> Record:
        """Forget somebody in every store, and prove it; the certificate. Asked again, the same one is given.

        Raises NotFound.
        """

        async def erased() -> Record:
            await self._app.settle()
            return await self._app.eraser.run((await self._app.eraser.request(user_id, by=by)).id)

        return self._wait(erased())

    def erased(self, user_id: str) -> Proof:
        """The certificate of whoever went by the name, its seal checked, and every store searched for it again.

        Raises NotFound.
        """
        return self._wait(prove(self._app.eraser.stores, user_id))

    # Saved segments.

    def apply_segments(
        self, source: Path | str | Iterable[Mapping[str, object]], *, dry_run: bool = False, prune: bool = False
    ) -> list[Change]:
        """Save the segments of a folder or a file (JSON, TOML, YAML), or of objects like those in files: all, or none.

        Args:
            dry_run: change nothing, and say what would be changed.
            prune: delete whatever else is saved.

        Raises Invalid and TooLarge naming the file and the path in it, and Conflict.
        """
        if not isinstance(source, (Path, str)):
            return self.apply_documents(source, dry_run=dry_run, prune=prune)
        files = read_segment_files([Path(source)])
        try:
            return self.apply_documents([each.document for each in files], dry_run=dry_run, prune=prune)
        except Exposed as complaint:
            raise name_in_file(complaint, files) from complaint

    def pull_segments(self, folder: Path | str, file_format: DocumentFormat = "json") -> Written:
        """Write every saved segment to a file of its own, named by its id; `apply_segments` of them changes nothing.

        Raises Conflict when a segment has a file of another format that says something else.
        """
        documents = [(each.id, document_of(each)) for each in self.segments()]
        return write_segment_files(Path(folder), documents, file_format)

    # Journeys and campaigns.

    def apply_journeys(
        self,
        source: Path | str | Iterable[Mapping[str, object]],
        *,
        move: Mapping[str, Mapping[str, str]] | None = None,
        dry_run: bool = False,
        allow_unknown: bool = False,
    ) -> list[Publication]:
        """Publish the journeys and campaigns of a folder or a file, or of objects like those in files: all, or none.

        Templates and blocks among them are saved in the same transaction. Files are JSON, TOML or YAML.
        `apply_journey_documents` tells what the arguments mean.

        Raises Invalid and TooLarge naming the file and the path in it, and Conflict.
        """
        if not isinstance(source, (Path, str)):
            return self.apply_journey_documents(source, move=move, dry_run=dry_run, allow_unknown=allow_unknown)
        files = read_journey_files([Path(source)])
        try:
            documents = [each.document for each in files]
            return self.apply_journey_documents(documents, move=move, dry_run=dry_run, allow_unknown=allow_unknown)
        except Exposed as complaint:
            raise name_in_journey_file(complaint, files) from complaint

    def pull_journeys(self, folder: Path | str, file_format: DocumentFormat = "json") -> Written:
        """Write what runs to a file each, named by its id; `apply_journeys` of them changes nothing.

        Templates and blocks go into the folders `templates` and `blocks` within it.

        Raises Conflict when one has a file of another format that says something else.
        """
        running = [each for each in self.journeys() if each.state not in OVER]
        documents = [(each.id, decision_document(each)) for each in running]
        return write_journey_files(Path(folder), [*documents, *self.content_documents()], file_format)

    # Keys.

    def keys(self) -> list[AccessKey]:
        """Every write key and api key."""
        return self._viewed(lambda view: view.keys())

    def add_key(self, name: str, kind: Literal["write", "api"]) -> tuple[AccessKey, str]:
        """Make a key; returns it with the secret itself, which is shown this once."""
        return self._wait(add_key(self._app.state, name, kind, now=self._app.clock.now()))

    def revoke_key(self, name: str) -> None:
        """Revoke a key. Raises NotFound."""
        self._wait(revoke_key(self._app.state, name, now=self._app.clock.now()))

    # How.

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work, done in the workspace's own thread. Interrupted, it calls off what is being asked."""
        asking = Asking(id=uuid4().hex)
        with asked_as(asking):
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return self._watched(future, asking)
        except KeyboardInterrupt:
            self._call_off(future, asking)
            raise

    def _call_off(self, future: Future[T], asking: Asking) -> None:
        app = getattr(self, "_app", None)  # Not there yet when it is the opening that is interrupted.
        if app is not None:
            asyncio.run_coroutine_threadsafe(app.cancel(asking.id), self._loop).result(STOP_SECONDS)
            with contextlib.suppress(Exposed, TimeoutError):
                future.result(STOP_SECONDS)

    def _watched(self, future: Future[T], asking: Asking) -> T:
        progress = _watching.get()
        while progress is not None:
            with contextlib.suppress(TimeoutError):
                return future.result(PROGRESS_SECONDS)
            if future.done():
                break
            told = asyncio.run_coroutine_threadsafe(self._app.under_way(), self._loop).result()
            for each in told:
                if each.id == asking.id:
                    progress(each)
        return future.result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _whole(self, segment: Segment) -> Condition:
        """The condition with the segments it names bound to it."""
        if isinstance(segment, str):
            segment = decode_condition(self.segment(segment).definition)
        return self._wait(self._app.condition(segment))

    def keep_segments(self, work: Callable[[State, datetime], Coroutine[Any, Any, T]]) -> T:
        return self._wait(work(self._app.state, self._app.clock.now()))

    def in_the_laboratory(self, work: Callable[[Laboratory], Coroutine[Any, Any, T]]) -> T:
        return self._wait(self._in_the_laboratory(work))

    async def _in_the_laboratory(self, work: Callable[[Laboratory], Coroutine[Any, Any, T]]) -> T:
        await self._app.settle()
        return await work(Laboratory(state=self._app.state, decider=self._app.decider, now=self._app.clock.now()))

    def strictness(self, *, allow_unknown: bool = False) -> Strictness:
        return self._app.strictness(allow_unknown=allow_unknown)

    def keep_journeys(self, work: Callable[[State, datetime], Coroutine[Any, Any, T]]) -> T:
        return self._wait(work(self._app.state, self._app.clock.now()))

    def keep_content(self, work: Callable[[State, datetime], Coroutine[Any, Any, T]]) -> T:
        return self._wait(work(self._app.state, self._app.clock.now()))

    def on_the_line(self, work: Callable[[Line, datetime], Coroutine[Any, Any, T]]) -> T:
        app = self._app
        line = Line(state=app.state, tell=app.tell, catch_up=app.catch_up, rules=rules_of(app.settings), zone=app.zone)

        async def done() -> T:
            found = await work(line, app.clock.now())
            app.preparer.wanted.set()  # It may have begun a run.
            return found

        return self._changed(done())

    def on_paths(self, work: Callable[[Around], Coroutine[Any, Any, T]]) -> T:
        return self._changed(work(self._app))

    def on_trials(self, work: Callable[[Room], Coroutine[Any, Any, T]]) -> T:
        async def settled() -> T:
            await self._app.settle()
            return await work(self._app)

        return self._wait(settled())

    def keep(self, work: Callable[[Keeper], Coroutine[Any, Any, T]]) -> T:
        return self._wait(work(self._app))

    def _changed(self, work: Coroutine[Any, Any, T]) -> T:
        async def settled() -> T:
            await self._app.settle()
            done = await work
            await self._app.settle()
            return done

        return self._wait(settled())

    def _viewed(self, ask: Callable[[View], Coroutine[Any, Any, T]]) -> T:
        async def asked() -> T:
            async with self._app.state.view() as view:
                return await ask(view)

        return self._wait(asked())

    async def _kpis(self) -> KpiReport:
        await self._app.settle()
        async with self._app.state.view() as view:
            tree = await load_tree(view)
        as_of_ms = to_millis(self._app.clock.now())
        judged = await reckon(
            tree, insights=lambda: self._app.insights, question_of=self._app.question, as_of_ms=as_of_ms
        )
        return KpiReport(
            as_of_ms=as_of_ms,
            nodes=tuple(judged),
            ask_people=lambda node: self.insight(node.insight or "", node.asked(as_of_ms)).people(**(node.cell or {})),
        )

    async def _keep_kpis(self, definition: Mapping[str, object]) -> None:
        tree = await checked_tree(definition, self._app.question)
        async with self._app.state.begin() as transaction:
            await keep_tree(transaction, tree)

    async def _track_dicts(self, events: Iterable[Mapping[str, object]]) -> Tracked:
        taken = 0
        async with self._app.state.view() as view:
            before = sum((await view.count_bad_records()).values())
        # All of them are said before the first is taken: a bad one leaves nothing half done.
        for body in list(bodies_of(events)):
            taken += (await self._app.collector.collect("import", body, "python")).messages
        await self._app.settle()
        async with self._app.state.view() as view:
            bad = sum((await view.count_bad_records()).values()) - before
        return Tracked(events=taken, bad=bad)

    async def _track_table(self, events: pa.Table | pl.DataFrame) -> Tracked:
        await self._app.settle()
        loaded = await load_table(
            events_table(events, source="python"),
            state=self._app.state,
            history=self._app.history,
            received=self._app.clock.now(),
            veil_key=self._app.secret,
        )
        await self._app.settle()
        return Tracked(events=loaded.rows, bad=0, known=loaded.known)

    async def _count(self, condition: Condition) -> int:
        await self._app.settle()
        return await self._app.history.count(condition, as_of_ms=to_millis(self._app.clock.now()))

    async def _everyone(self) -> int:
        await self._app.settle()
        return await self._app.history.count_everyone()

    async def _people(self, condition: Condition, traits: Sequence[str] | None) -> pl.DataFrame:
        await self._app.settle()
        as_of_ms = to_millis(self._app.clock.now())
        frame = pl.DataFrame(await self._app.history.people_table(condition, as_of_ms=as_of_ms, traits=traits))
        if traits is not None:
            return frame
        return frame.with_columns(_traits_struct(frame["traits"].to_list()))

    async def _explain(self, condition: Condition, user_id: str) -> list[Explained]:
        await self._app.settle()
        async with self._app.state.view() as view:
            members = await _members(view, user_id)
            now = self._app.clock.now()
            return await explain_person(
                condition, members, view=view, history=self._app.history, zone=self._app.zone, now=now
            )

    async def _find(self, text: str, limit: int) -> tuple[list[PersonRow], int]:
        await self._app.settle()
        return await self._app.history.find(text, limit=limit)

    async def _events_of(self, user_id: str, limit: int, event: str | None) -> list[TimelineEvent]:
        await self._app.settle()
        async with self._app.state.view() as view:
            members = await _members(view, user_id)
        return await self._app.history.timeline([each.id for each in members], limit=limit, name=event)

    async def _trace(self, user_id: str, origin: str) -> Trace:
        await self._app.settle()
        async with self._app.state.view() as view:
            return await trace(view, self._app.history, user_id, origin, self._app.zone, closed=self._app.rules.closed)

    async def _simulate(self, wish: SimulationWish) -> Simulation:
        await self._app.settle()
        return await self._app.simulator.simulate(wish)

    async def _insight(self, question: Question) -> Answer:
        await self._app.settle()
        return await self._app.insights.insight(question, as_of_ms=to_millis(self._app.clock.now()))

    async def _people_behind(self, question: Question, cell: object) -> pl.DataFrame:
        await self._app.settle()
        as_of_ms = to_millis(self._app.clock.now())
        return pl.DataFrame(await self._app.insights.insight_people(question, cell, as_of_ms=as_of_ms))

    async def _keep_people(self, question: Question, cell: object, segment_id: str, name: str) -> Snapshot:
        await self._app.settle()
        return await keep_people(self._app, question, cell, segment_id, name, by="python")

    async def _sql(self, query: str, params: dict[str, SqlValue], limit: int) -> SqlAnswer:
        await self._app.settle()
        as_of_ms = to_millis(self._app.clock.now())
        return await ask_sql(self._app.analyst, self._app.state, query, params, as_of_ms=as_of_ms, limit=limit)


async def _members(view: View, user_id: str) -> list[Identity]:
    identity = await find_identity(view, user_id)
    if identity is None:
        raise NotFound(f"nobody goes by {user_id!r:.200}.", hint="`holdfast people find` finds people.")
    return (await view.members([identity.person]))[identity.person]


def _traits_struct(texts: list[str]) -> pl.Series:
    rows = [msgspec.json.decode(text, type=dict[str, Any]) for text in texts]
    names = sorted({name for row in rows for name in row})
    columns = [_trait_column(name, [row.get(name) for row in rows]) for name in names]
    if not columns:
        return pl.Series("traits", [{}] * len(rows), dtype=pl.Struct([]))
    return pl.DataFrame(columns).to_struct("traits")


def _trait_column(name: str, values: list[Any]) -> pl.Series:
    if {type(each) for each in values} <= {int, float, type(None)}:
        with contextlib.suppress(OverflowError):
            values = (
                [None if each is None else float(each) for each in values] if float in map(type, values) else values
            )
    try:
        return pl.Series(name, values)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        texts = (
            each if each is None or isinstance(each, str) else msgspec.json.encode(each).decode() for each in values
        )
        return pl.Series(name, list(texts), dtype=pl.String)


def _timeline_frame(events: list[TimelineEvent]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "event": [each.name for each in events],
            "timestamp": [from_millis(each.timestamp_ms) for each in events],
            "properties": [msgspec.json.encode(each.properties).decode() for each in events],
            "message_id": [each.message_id for each in events],
            "source": [each.source for each in events],
            "identity": [each.identity.value for each in events],
        },
        schema={
            "event": pl.String,
            "timestamp": pl.Datetime("ms", "UTC"),
            "properties": pl.String,
            "message_id": pl.String,
            "source": pl.String,
            "identity": pl.String,
        },
    )


def open_workspace(directory: Path | str, **settings: object) -> Workspace:
    """Open the workspace in a directory, making both as needed; settings as in docs/reference/settings.md."""
    return Workspace(Settings.load(Path(directory), os.environ, settings))
