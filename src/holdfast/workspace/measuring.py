"""What people did, as tables, and whether what was done worked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

import polars as pl

from holdfast.flows.audience.snapshot import Snapshot, keep_people
from holdfast.flows.measure.holdout import PERIODS, HoldoutReading, holdout_settings, read_holdout
from holdfast.flows.measure.insights import Analyst, InsightResult, plain_object
from holdfast.flows.measure.kpis import KpiReport, checked_tree, keep_tree, load_tree, reckon
from holdfast.flows.measure.self_check import SelfCheck, check_wish, self_check
from holdfast.flows.measure.sql import SqlResult, ask_sql, people_query, sql_value, table_of
from holdfast.flows.measure.trial_told import Trial, trial_of
from holdfast.flows.measure.trials import measure_trial, trial_wish
from holdfast.flows.rehearsal.simulate import PEOPLE_USUAL, SimulationWish
from holdfast.flows.rehearsal.simulation import Simulation
from holdfast.kernel.moments import to_millis
from holdfast.measures.insight import Answer, Question
from holdfast.measures.insight_catalogue import decode_cell
from holdfast.ports.analyst import ROWS_MOST, SqlAnswer, SqlValue
from holdfast.ports.asking import UnderWay
from holdfast.workspace.loop import Loop


class Measuring(Loop, Analyst):
    """What people did, as tables, and whether what was done worked."""

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
