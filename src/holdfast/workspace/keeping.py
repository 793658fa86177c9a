"""Where those who keep segments, journeys, content and experiments get what they need."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from holdfast.flows.adaptive.keeping import AdaptiveKeeper, Around
from holdfast.flows.audience.audiences import Surveyed
from holdfast.flows.audience.list_keeping import ListKeeper
from holdfast.flows.audience.list_members import Keeper
from holdfast.flows.audience.segment_keeping import SegmentKeeper
from holdfast.flows.audience.survey import Audience, Surveyor, made_whole
from holdfast.flows.content.content_keeping import ContentKeeper
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.experiment.experiment_keeping import ExperimentKeeper, Laboratory
from holdfast.flows.journey.calling import Line
from holdfast.flows.journey.run_keeping import RunKeeper
from holdfast.flows.measure.trial_keeping import Room, TrialKeeper
from holdfast.ports.state import State
from holdfast.segments.condition import Condition
from holdfast.wiring import rules_of
from holdfast.workspace.loop import Loop, T


class Keeping(
    Loop, Surveyed, ListKeeper, SegmentKeeper, ContentKeeper, RunKeeper, AdaptiveKeeper, ExperimentKeeper, TrialKeeper
):
    """Where those who keep segments, journeys, content and experiments get what they need."""

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
