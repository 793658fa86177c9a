"""Which people there are, what is known of them, why, and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from holdfast.flows.audience.live_members import LiveMembers, live_members
from holdfast.flows.journey.trace import trace
from holdfast.flows.journey.traced import Trace
from holdfast.flows.people.erasure_record import Record
from holdfast.flows.people.explain import explain_person
from holdfast.flows.people.export_person import PersonFormat, write_person
from holdfast.flows.people.identify import MergeResult, UnmergeResult, find_identity, merge, unmerge
from holdfast.flows.people.prove_erased import Proof, prove
from holdfast.kernel.errors import NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import PersonRow, TimelineEvent
from holdfast.ports.state import Identity, View
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition
from holdfast.segments.explain import Explained
from holdfast.workspace.keeping import Keeping
from holdfast.workspace.loop import Segment
from holdfast.workspace.tables import timeline_frame, traits_struct


class People(Keeping):
    """Which people there are, what is known of them, why, and forgetting them."""

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
        return timeline_frame(self.events_of(user_id, limit=limit, event=event))

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

    def merge(self, first: str, second: str) -> MergeResult:
        """Say that two names are one person; `unmerge` gives back exactly what was."""
        return self._changed(merge(self._app.state, first, second, by="python", now=self._app.clock.now()))

    def unmerge(self, link: int | tuple[str, str]) -> UnmergeResult:
        """Undo a link, by its id or by the two names it joined."""
        return self._changed(unmerge(self._app.state, link, by="python", now=self._app.clock.now()))

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

    def _whole(self, segment: Segment) -> Condition:
        """The condition with the segments it names bound to it."""
        if isinstance(segment, str):
            segment = decode_condition(self.segment(segment).definition)
        return self._wait(self._app.condition(segment))

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
        return frame.with_columns(traits_struct(frame["traits"].to_list()))

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


async def _members(view: View, user_id: str) -> list[Identity]:
    identity = await find_identity(view, user_id)
    if identity is None:
        raise NotFound(f"nobody goes by {user_id!r:.200}.", hint="`holdfast people find` finds people.")
    return (await view.members([identity.person]))[identity.person]
