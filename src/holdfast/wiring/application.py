"""The application: Holdfast, put together, and what may be asked of it as a whole."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from holdfast.decisions.fields import read_object
from holdfast.decisions.gate import GateRules
from holdfast.events.event import Event
from holdfast.flows.accounts.oidc import IdentityProvider
from holdfast.flows.adaptive.adapting import Adapter
from holdfast.flows.audience.gathering import Gatherer
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.survey import Surveyor
from holdfast.flows.content.preview import Previewer
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.delivery.inbound import Arrivals
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.offices import Offices
from holdfast.flows.delivery.preferences import PreferenceKeeper
from holdfast.flows.delivery.receive import Receiver
from holdfast.flows.delivery.send import Sender
from holdfast.flows.experiment.assign import Decider
from holdfast.flows.ingest.archive import Archivist
from holdfast.flows.ingest.collect import Collector
from holdfast.flows.ingest.exchange import Imported, take_in
from holdfast.flows.ingest.following import caught_up
from holdfast.flows.ingest.own import own_records
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.ingest.reading import REACT
from holdfast.flows.ingest.watch import Watch
from holdfast.flows.journey.broadcasts import Preparer
from holdfast.flows.journey.playbook import play_of
from holdfast.flows.people.erase import Eraser
from holdfast.flows.people.export_person import Holder
from holdfast.flows.rehearsal.simulate import Simulator
from holdfast.flows.upkeep.keys import Access
from holdfast.kernel.errors import Conflict
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sealing import Sealer
from holdfast.measures.insight import Question
from holdfast.measures.insight_catalogue import decode_question
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.messages.topics import decode_topics
from holdfast.outgoing import Outgoing
from holdfast.ports.analyst import AnalystSql
from holdfast.ports.asking import Questions, UnderWay
from holdfast.ports.audiences import HasAudiences
from holdfast.ports.clock import Clock
from holdfast.ports.discovery import Discovery
from holdfast.ports.history import History
from holdfast.ports.insights import Insights
from holdfast.ports.log import Log
from holdfast.ports.mailbox import Mailbox
from holdfast.ports.state import State, View
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition
from holdfast.segments.library import resolve, resolve_in
from holdfast.settings import Settings
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.stores.mailbox.mailbox import FILE as MAILBOX_FILE
from holdfast.wiring.choices import Choices, note_holdout
from holdfast.wiring.rules import rules_of, simulated_costs

if TYPE_CHECKING:
    from holdfast.integrations.files.mapping import ImportMapping
    from holdfast.integrations.files.write import FileFormat

CATCH_UP_SECONDS = 2.0
"""How long a question waits for what came before it to be taken in."""
SETTLE_SECONDS = 30.0
"""How long a file, in or out, waits for all that is under way."""
FINISH_SECONDS = 5.0
"""How long sends under way may take once the application closes."""
IMPORT_ROWS = 50_000
"""Rows of a file taken in at a time."""
EXPORT_ROWS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Long work under way."""

    label: str
    done: int
    total: int
    called_off: bool | None = None
    """Whether somebody called it off; None for what cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A journey or campaign and what it is called."""

    id: str
    name: str


@dataclass(slots=True, kw_only=True)
class Application:
    """Holdfast, put together. One for a workspace, in one process."""

    settings: Settings
    """Those in force."""
    choices: Choices
    """What is chosen of them in the console."""
    clock: Clock
    secret: bytes
    """Signs sessions and the links in messages."""
    sealer: Sealer
    """Seals what is secret of accounts."""
    provider: IdentityProvider | None
    """By whom people may sign in besides."""
    log: Log
    state: State
    history: History
    collector: Collector
    reactor: Reactor
    archivist: Archivist
    gatherer: Gatherer
    preparer: Preparer
    access: Access
    watch: Watch
    sender: Sender | None
    """None where nothing is sent."""
    lanes: Lanes
    """What of the outbox may be claimed; there are none where nothing is sent."""
    outgoing: Outgoing
    """Connections: what is set up to carry messages."""
    offices: Offices | None
    """Who takes messages; None where nothing is sent."""
    mailbox: Mailbox | None
    """None when mail goes out to an SMTP relay."""
    receiver: Receiver = field(init=False)
    previewer: Previewer = field(init=False)
    decider: Decider = field(init=False)
    preferences: PreferenceKeeper = field(init=False)
    arrivals: Arrivals = field(init=False)
    simulator: Simulator = field(init=False)
    eraser: Eraser = field(init=False)
    opened: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    """What is to be closed with the application, last opened first."""
    progress: Progress | None = None
    doing: str = ""
    """What is being done before requests can be answered; empty once ready."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the reactor has something to do that it could not see coming."""
    erase_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody is to be erased, or was and something is left to do."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    reacts: bool = True
    """Whether events are taken in and archived here; else another process does, and is waited for."""
    list_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever changes a list of people."""

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone."""
        return ZoneInfo(self.settings.time_zone)

    @property
    def rules(self) -> GateRules:
        """The contact rules."""
        return rules_of(self.settings, self.secret)

    async def adopt(self, settings: Settings) -> None:
        """Go by other settings from now on; they differ only in what may change while a process runs."""
        self.settings, rules = settings, rules_of(settings, self.secret)
        if self.reacts:
            await note_holdout(self.choices.state, settings, self.clock)
        await self.reactor.adopt(rules)
        self.simulator.rules = rules
        self.simulator.costs = simulated_costs(rules)
        self.preferences.adopt(rules, decode_topics(settings.topics))
        self.previewer.adopt(rules, workspace_name=settings.workspace_name)
        if self.sender is not None:
            self.sender.adopt(workspace_name=settings.workspace_name, help_contact=settings.help_contact)
        self.wake.set()

    @property
    def insights(self) -> Insights:
        """Who answers insights. Raises Conflict where the history is one that does not."""
        if not isinstance(self.history, Insights):
            raise Conflict(
                "A history in memory answers no insights.",
                code="no_insights",
                hint="Open a workspace in a directory: holdfast.open(DIR).",
            )
        return self.history

    async def condition(self, definition: Condition | Mapping[str, object] | bytes | str) -> Condition:
        """The condition, or what its JSON form means, with the segments it names bound to it: ready to be asked.

        Raises Invalid and TooLarge, with the path of what is wrong.
        """
        written = definition if isinstance(definition, Condition) else decode_condition(definition)
        async with self.state.view() as view:
            return resolve(written, await load_library(view))

    async def question(self, kind: str, data: Mapping[str, object] | bytes | str) -> Question:
        """The insight a JSON object asks for, ready to be asked; its days are the workspace's unless it says whose.

        Raises Invalid, TooLarge and NotFound, with the path of what is wrong.
        """
        said = read_object(data)
        asked = decode_question(kind, said if "time_zone" in said else {**said, "time_zone": self.settings.time_zone})
        async with self.state.view() as view:
            return resolve_in(asked, await load_library(view))

    @property
    def adapter(self) -> Adapter:
        """Who weighs the paths of adaptive steps."""
        return Adapter(state=self.state, history=self.history, clock=self.clock)

    @property
    def surveyor(self) -> Surveyor:
        """Who answers about audiences. Raises Conflict where the history is one that does not."""
        if not isinstance(self.history, HasAudiences):
            raise Conflict(
                "A history in memory answers nothing about audiences.",
                code="no_audiences",
                hint="Open a workspace in a directory: holdfast.open(DIR).",
            )
        return Surveyor(
            audiences=self.history.audiences,
            state=self.state,
            rules=self.rules,
            zone=self.zone,
            clock=self.clock,
        )

    @property
    def analyst(self) -> AnalystSql:
        """Who answers SQL. Raises Conflict where the history is one that does not."""
        if not isinstance(self.history, AnalystSql):
            raise Conflict(
                "A history in memory answers no SQL.",
                code="no_sql",
                hint="Open a workspace in a directory: holdfast.open(DIR).",
            )
        return self.history

    @property
    def discovery(self) -> Discovery:
        """Who knows which properties there are. Raises Conflict where the history is one that does not."""
        if not isinstance(self.history, Discovery):
            raise Conflict(
                "A history in memory knows of no properties.",
                code="no_discovery",
                hint="Open a workspace in a directory: holdfast.open(DIR).",
            )
        return self.history

    def strictness(self, *, allow_unknown: bool = False) -> Strictness:
        """What messages are held to when they are saved and published.

        Args:
            allow_unknown: whether they may ask for traits and properties that nobody was seen to have.
        """
        return Strictness(
            discovery=self.history if isinstance(self.history, Discovery) else None,
            hosts=decode_hosts(self.settings.linked_hosts, "linked_hosts"),
            allow_unknown=allow_unknown,
        )

    async def under_way(self) -> list[UnderWay]:
        """What is being asked of the history, or simulated, the oldest first."""
        asked = await self.history.under_way() if isinstance(self.history, Questions) else []
        return sorted([*asked, *self.simulator.under_way()], key=lambda each: -each.elapsed_seconds)

    async def cancel(self, asking_id: str) -> bool:
        """Call off what is asked or simulated under that id; False when nothing is."""
        simulated = self.simulator.cancel(asking_id)
        asked = isinstance(self.history, Questions) and await self.history.cancel(asking_id)
        return simulated or asked

    async def catch_up(self) -> None:
        """Whatever reached the log before this call is in every answer after it.

        Unless more is waiting than `CATCH_UP_SECONDS` can take in: then the answer is as fresh as that allows, and
        `backlog` says how far behind it is.
        """
        if not self.reacts:
            await caught_up(self.log, self.state, seconds=CATCH_UP_SECONDS)
            return
        target = await self.log.end()
        until = asyncio.get_running_loop().time() + CATCH_UP_SECONDS
        while True:
            ticked = await self.reactor.tick()
            async with self.state.view() as view:
                reached = await view.offset(REACT) >= target
            if reached or ticked.idle or asyncio.get_running_loop().time() > until:
                break
        await self.archivist.flush()

    async def backlog(self) -> int:
        """Requests in the log that are not taken in yet."""
        async with self.state.view() as view:
            offset = await view.offset(REACT)
        return await self.log.waiting(offset)

    def holder(self) -> Holder:
        """Where all that is held of a person is gathered from."""
        return Holder(
            state=self.state,
            history=self.history,
            mailbox=self.kept_mail(),
            clock=self.clock,
            zone=self.zone,
            workspace_name=self.settings.workspace_name,
        )

    @contextlib.asynccontextmanager
    async def kept_mail(self) -> AsyncIterator[Mailbox | None]:
        """The mailbox, where mail is kept in it or ever was."""
        if self.mailbox is not None or not (self.settings.data_dir / MAILBOX_FILE).exists():
            yield self.mailbox
            return
        mailbox = SqliteMailbox(self.settings.data_dir)
        try:
            yield mailbox
        finally:
            await mailbox.close()

    async def settle(self) -> None:
        """Until nothing is left to do but wait for time or the outside world: own events told, too.

        A server into which events pour without end never gets there: it is given SETTLE_SECONDS.
        """
        if not self.reacts:
            await caught_up(self.log, self.state, seconds=SETTLE_SECONDS)
            return
        if self.offices is not None:
            await self.offices.refresh()
        now = asyncio.get_running_loop().time
        until = now() + SETTLE_SECONDS
        while self.sender is None or now() < until:
            ticked = await self.reactor.tick()
            pumped = await self.reactor.pump()
            prepared = await self.preparer.prepare() if self.preparer.wanted.is_set() else 0
            if ticked.idle and not pumped and not prepared:
                await self.archivist.flush()
                if not await self.gatherer.gather():
                    break
        await self.archivist.flush()

    async def tell(self, events: Sequence[Event]) -> None:
        """Put own events into the log; they are durable when this returns."""
        if events:
            await self.log.append(own_records(events, to_millis(self.clock.now())))

    async def import_file(
        self, file: Path, mapping: ImportMapping, progress: Callable[[int, int | None], None]
    ) -> Imported:
        """Take in a file by the bulk path. Taking it in again changes nothing.

        Once `self.progress` says that it is called off, no further batch is begun.
        """
        from holdfast.integrations.files.convert import batches_of  # noqa: PLC0415  # A server starts without.

        await self.settle()
        now = self.clock.now()
        batches = batches_of(file, mapping, at_ms=to_millis(now), batch_rows=IMPORT_ROWS)
        imported = await take_in(
            batches,
            state=self.state,
            history=self.history,
            received=now,
            progress=progress,
            veil_key=self.secret,
            called_off=lambda: self.progress is not None and self.progress.called_off is True,
        )
        await self.settle()
        return imported

    async def export_file(self, file: Path, file_format: FileFormat) -> int:
        """Write every event, oldest first; returns how many. The file is whole, or not there."""
        from holdfast.integrations.files.write import write_events  # noqa: PLC0415  # As above.

        await self.settle()
        return await write_events(self.history.export(batch_rows=EXPORT_ROWS), file, file_format)

    async def decision_names(self, view: View) -> list[Named]:
        """What every journey and campaign is called."""
        return [Named(id=each.id, name=play_of(each).journey.name) for each in await view.decisions()]

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the application closes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.closing.wait()

    async def close(self) -> None:
        """Let go of everything, in the order opposite to opening."""
        self.closing.set()
        try:
            if self.sender is not None:
                await self.sender.finish(seconds=FINISH_SECONDS)
            # A tick under way comes to its end before this one, which writes down what the last sends came to; what was
            # told of it is archived at the next start.
            if self.reacts:
                await self.reactor.tick()
            await self.previewer.close()
            if self.provider is not None:
                await self.provider.close()
        finally:
            await self.opened.aclose()
