"""Wiring: Settings in, a running application out. With `places`, the only module that knows adapters."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.carriers.web import WebFetcher
from holdfast.decisions.caps import Cap, decode_caps
from holdfast.decisions.closed_days import decode_closed_days
from holdfast.decisions.costs import THOUSANDTHS, decode_costs
from holdfast.decisions.fatigue import decode_fatigue
from holdfast.decisions.fields import read_object
from holdfast.decisions.gate import GateRules
from holdfast.decisions.quiet import decode_quiet
from holdfast.decisions.recovery import decode_holds
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.accounts.oidc import IdentityProvider
from holdfast.flows.adaptive.adapting import Adapter
from holdfast.flows.audience.gathering import Gatherer
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.list_members import finish_saying
from holdfast.flows.audience.survey import Surveyor
from holdfast.flows.content.coupons import CouponDesk
from holdfast.flows.content.linked import LinkedContent
from holdfast.flows.content.lookups import Lookups
from holdfast.flows.content.preview import Previewer, SampleCoupons
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.delivery.dispatch import Dispatcher
from holdfast.flows.delivery.filling import Filler
from holdfast.flows.delivery.inbound import Arrivals
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.offices import Offices
from holdfast.flows.delivery.preferences import PreferenceKeeper
from holdfast.flows.delivery.receive import Receiver
from holdfast.flows.delivery.send import Office, Sender
from holdfast.flows.experiment.assign import Decider
from holdfast.flows.ingest.acting import begin_acting
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
from holdfast.flows.measure.holdout_draws import note_holdout_draw
from holdfast.flows.people.erase import Eraser
from holdfast.flows.people.erasure_stores import Stores
from holdfast.flows.people.export_person import Holder
from holdfast.flows.rehearsal.simulate import Simulator
from holdfast.flows.rehearsal.simulation_world import Stage
from holdfast.flows.teamwork.deed import Attended
from holdfast.flows.upkeep.chosen_settings import Chosen, chosen_settings
from holdfast.flows.upkeep.keys import Access
from holdfast.integrations.files.convert import batches_of
from holdfast.integrations.files.mapping import ImportMapping
from holdfast.integrations.files.write import FileFormat, write_events
from holdfast.kernel.errors import Busy, Conflict, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sealing import Sealer, SealingKey
from holdfast.measures.insight import Question
from holdfast.measures.insight_catalogue import decode_question
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.heard.reports import READ_BYTES_MOST
from holdfast.messages.links import Linker
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.messages.mail.warm_up import decode_warm_ups
from holdfast.messages.topics import decode_topics
from holdfast.outgoing import Outgoing
from holdfast.places import Ground, SystemClock, open_ground, open_history, open_seat, sealer_of, secret_of
from holdfast.ports.analyst import AnalystSql
from holdfast.ports.asking import Questions, UnderWay
from holdfast.ports.audiences import HasAudiences
from holdfast.ports.carrier import Carrier
from holdfast.ports.channel import FromDomain
from holdfast.ports.clock import Clock
from holdfast.ports.discovery import Discovery
from holdfast.ports.history import History
from holdfast.ports.holdouts import HoldoutDraw
from holdfast.ports.insights import Insights
from holdfast.ports.log import Log
from holdfast.ports.mailbox import Mailbox
from holdfast.ports.state import Send, Settlement, State, View
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition
from holdfast.segments.library import resolve, resolve_in
from holdfast.settings import CHOOSABLE, Settings, about, decode_domain_rates, decode_send_rates
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.stores.mailbox.mailbox import FILE as MAILBOX_FILE
from holdfast.stores.mailbox.server import MailboxServer
from holdfast.stores.memory.rehearsal import RehearsalStage

DAY_SECONDS = 86_400
OWNER_BYTES = 6
CATCH_UP_SECONDS = 2.0
"""How long a question waits for what came before it to be taken in."""
_log = logging.getLogger(__name__)

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
class Choices:
    """The settings of a process that runs, and what is chosen of them in the console meanwhile."""

    set_up: Settings
    """As files, variables and flags have them."""
    state: State
    in_force: Settings
    revision: int
    """Of what was chosen, as it was last looked at."""
    adopt: Callable[[Settings], Awaitable[None]]
    """Goes by others from now on, which differ only in what may change while a process runs."""

    async def look(self) -> None:
        """Take up what was chosen since."""
        async with self.state.view() as view:
            chosen = await chosen_settings(view)
        if chosen.revision == self.revision:
            return
        wanted = _as_chosen(self.set_up, chosen)
        self.in_force = replace(
            self.in_force, **{name: getattr(wanted, name) for name in CHOOSABLE if about(name).live}
        )
        await self.adopt(self.in_force)
        self.revision = chosen.revision


def _as_chosen(set_up: Settings, chosen: Chosen) -> Settings:
    try:
        return set_up.with_chosen(chosen.values)
    except Invalid as error:
        # What was chosen may not go with what a file says by now. The server starts all the same, to be mended.
        _log.warning("What was chosen in the console does not go with how the server is set up: %s", error)
        return set_up


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
            await _note_holdout(self.choices.state, settings, self.clock)
        await self.reactor.adopt(rules)
        self.simulator.rules = rules
        self.simulator.costs = _simulated_costs(rules)
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


def rules_of(settings: Settings, secret: bytes = b"") -> GateRules:
    """The contact rules the settings ask for.

    Args:
        secret: the workspace's, by which those who were erased are known again; without one nobody was.
    """
    wanted = ((settings.cap_email_per_day, DAY_SECONDS), (settings.cap_email_per_week, 7 * DAY_SECONDS))
    caps = tuple(Cap(channel="email", most=most, within_seconds=seconds) for most, seconds in wanted if most)
    return GateRules(
        consent_default=settings.consent_default,
        caps=(*caps, *decode_caps(settings.contact_caps, "contact_caps")),
        quiet=decode_quiet(settings.quiet_from, settings.quiet_until, settings.quiet_policy),
        zone=ZoneInfo(settings.time_zone),
        closed=decode_closed_days(settings.closed_days, "closed_days"),
        global_holdout=settings.global_holdout,
        global_holdout_rotates=settings.global_holdout_rotates,
        fatigue=decode_fatigue(settings.fatigue, "fatigue"),
        service_holds=decode_holds(settings.service_holds, "service_holds"),
        costs=decode_costs(settings.message_costs, "message_costs"),
        veil_key=secret,
    )


async def _note_holdout(state: State, settings: Settings, clock: Clock) -> None:
    """Note how the global holdout is drawn from now on, so that results of other times go by what it was then."""
    draw = HoldoutDraw(
        since_ms=to_millis(clock.now()),
        share=settings.global_holdout,
        rotates=settings.global_holdout_rotates,
        zone=settings.time_zone,
    )
    await note_holdout_draw(state, draw)


def _simulated_costs(rules: GateRules) -> dict[str, float]:
    return {channel: cost / THOUSANDTHS for channel, cost in rules.costs.items()}


async def as_chosen(settings: Settings, state: State) -> Settings:
    """The settings, with what was chosen in the console where nobody says otherwise."""
    async with state.view() as view:
        return _as_chosen(settings, await chosen_settings(view))


def stage_of(numbers: Mapping[IdentityKey, int], like: Stage | None) -> Stage:
    """A stage in memory on which the past of a few people is replayed."""
    return RehearsalStage(numbers, like if isinstance(like, RehearsalStage) else None)


async def open_application(
    settings: Settings, *, clock: Clock | None = None, serving: bool = True, ground: Ground | None = None
) -> Application:
    """Open the workspace and put the application together.

    Args:
        serving: whether messages are sent; a workspace opened to ask questions sends none, and claims none.
        ground: state and log, where they are open already: then whoever opened them closes them, after the application.

    Raises Busy or Conflict when another process has the workspace open, or reacts on the same state.
    """
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as opened:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if settings.is_shared:
            await _sit_down(settings, opened)
        state, log, history = await _open_stores(settings, opened, ground)
        if settings.is_shared:
            state = await begin_acting(state, secrets.token_hex(OWNER_BYTES))
        mail: Mail | None = None
        if serving:
            mail = await open_mail(settings, clock, opened)
        app = await assemble(settings, clock=clock, log=log, state=state, history=history, mail=mail)
        await finish_saying(state, history, clock)
        if serving:
            kept = mail.mailbox if mail is not None else None
            await app.reactor.recover(None if kept is None else kept.holds, on=app.outgoing.kept())
            await _take_bounces(settings, app.arrivals, clock, opened)
        # Everything is in the application's hands now; `close` lets go of it in this order.
        app.opened = opened.pop_all()
    return app


async def open_asking(settings: Settings, *, clock: Clock | None = None) -> Application:
    """The application of a process that answers questions and takes wishes, while others react and send.

    Raises Busy, Invalid or Conflict when state, log or history cannot be opened.
    """
    async with contextlib.AsyncExitStack() as opened:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        state, log, history = await _open_stores(settings, opened)
        app = await assemble(
            settings, clock=clock or SystemClock(), log=log, state=state, history=history, mail=None, reacts=False
        )
        app.opened = opened.pop_all()
    return app


async def _sit_down(settings: Settings, opened: contextlib.AsyncExitStack) -> None:
    """Take the seat of the one process that reacts, until the application closes. Raises Busy when it is taken."""
    seat = open_seat(settings)
    opened.push_async_callback(seat.leave)
    if not await seat.take():
        raise Busy(
            "another process reacts on this state already.",
            code="workspace_in_use",
            hint="Stop it first, or start `holdfast react`, which stands by and takes over when that one ends.",
        )


async def _open_stores(
    settings: Settings, opened: contextlib.AsyncExitStack, ground: Ground | None = None
) -> tuple[State, Log, History]:
    ground = ground or await open_ground(settings, opened)
    history = await open_history(settings)
    opened.push_async_callback(history.close)
    return ground.state, ground.log, history


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How mail goes out, and where it is kept if it stays here."""

    carrier: Carrier
    mailbox: Mailbox | None


async def open_mail(settings: Settings, clock: Clock, opened: contextlib.AsyncExitStack) -> Mail:
    """The way mail goes, open until `opened` is closed."""
    if not settings.mailbox:
        carrier = SmtpCarrier(
            settings.smtp_host,
            settings.smtp_port,
            user=settings.smtp_user,
            password=settings.smtp_password,
            tls=settings.smtp_tls,
        )
        return Mail(carrier=carrier, mailbox=None)
    mailbox = SqliteMailbox(settings.data_dir)
    opened.push_async_callback(mailbox.close)
    server = MailboxServer(mailbox, clock)
    port = await server.start()
    opened.push_async_callback(server.close)
    return Mail(carrier=SmtpCarrier("127.0.0.1", port, tls="none"), mailbox=mailbox)


async def _take_bounces(
    settings: Settings, arrivals: Arrivals, clock: Clock, opened: contextlib.AsyncExitStack
) -> None:
    """Take mail that comes to return addresses, until `opened` is closed. Raises Busy when the port is taken."""
    if not settings.bounce_port:
        return
    server = MailboxServer(arrivals, clock, kept_bytes_most=READ_BYTES_MOST)  # No more of a report is ever read.
    try:
        await server.start(settings.host, settings.bounce_port)
    except OSError as error:
        hint = "Set bounce_port to a port that is free, or to 0."
        raise Busy(f"bounces cannot be taken at port {settings.bounce_port}: {error.strerror}.", hint=hint) from error
    opened.push_async_callback(server.close)


async def assemble(
    settings: Settings,
    *,
    clock: Clock,
    log: Log,
    state: State,
    history: History,
    mail: Mail | None,
    reacts: bool = True,
) -> Application:
    """The application over stores that are open; without `mail` it claims nothing and sends nothing.

    Args:
        reacts: whether events are taken in here.
    """
    async with state.view() as view:
        chosen = await chosen_settings(view)
    set_up, settings = settings, _as_chosen(settings, chosen)
    secret = await secret_of(settings, state)
    rules = rules_of(settings, secret)
    watch, access = Watch(), Access()
    await access.refresh(state)
    linker = Linker(base_url=settings.url, key=secret, traps=settings.link_traps)
    sender: Sender | None = None
    wake, runs_wanted = asyncio.Event(), asyncio.Event()

    def settled(settlements: Sequence[Settlement]) -> None:
        reactor.settle(settlements)
        wake.set()

    async def heard(connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> None:
        await app.arrivals.told(connection, medium, things)

    async def adopt(now: Settings) -> None:
        await app.adopt(now)

    outgoing = Outgoing(settings, state=state, clock=clock, linker=linker, secret=secret, told=heard)
    lanes = _lanes(settings)
    offices = await _open_offices(outgoing, mail, lanes) if mail is not None else None
    if offices is not None:
        sender = Sender(
            state=state,
            clock=clock,
            offices=offices,
            lanes=lanes,
            linker=linker,
            workspace_name=settings.workspace_name,
            settle=settled,
            filler=_filler(settings, state, clock),
            time_zone=settings.time_zone,
            help_contact=settings.help_contact,
        )
    reactor = Reactor(
        log=log,
        state=state,
        clock=clock,
        rules=rules,
        hand_over=sender.take if sender is not None else _nobody_sends,
        lanes=lanes,
        dedup_days=settings.dedup_days,
        zone=ZoneInfo(settings.time_zone),
        runs_wanted=runs_wanted.set,
    )
    archivist = Archivist(
        log=log,
        state=state,
        history=history,
        added=lambda rows: watch.added(rows, to_millis(clock.now())),
        batch_records=settings.archive_batch_rows,
        outlived=bool(settings.history_url),
    )
    preparer = Preparer(
        state=state,
        history=history,
        archivist=archivist,
        clock=clock,
        zone=ZoneInfo(settings.time_zone),
        wanted=runs_wanted,
    )
    app = Application(
        settings=settings,
        choices=Choices(set_up=set_up, state=state, in_force=settings, revision=chosen.revision, adopt=adopt),
        clock=clock,
        secret=secret,
        sealer=sealer_of(settings, secret) or Sealer([SealingKey(secret)]),
        provider=_provider(settings),
        log=log,
        # What callers do is noted; what the loops do is not theirs, and they have the state itself.
        state=Attended(state),
        history=history,
        collector=Collector(log, clock),
        reactor=reactor,
        archivist=archivist,
        gatherer=Gatherer(state=state, history=history),
        preparer=preparer,
        access=access,
        watch=watch,
        sender=sender,
        lanes=lanes,
        outgoing=outgoing,
        offices=offices,
        mailbox=mail.mailbox if mail is not None else None,
        wake=wake,
        reacts=reacts,
    )
    app.simulator = Simulator(
        state=state,
        history=history,
        clock=clock,
        rules=rules,
        zone=ZoneInfo(settings.time_zone),
        currency=settings.currency,
        costs=_simulated_costs(rules),
        stages=stage_of,
    )
    app.receiver = Receiver(state=state, clock=clock, tell=app.tell, key=secret)
    app.decider = Decider(state=state, clock=clock, tell=app.tell, zone=app.zone)
    app.preferences = PreferenceKeeper(
        state=state, clock=clock, tell=app.tell, key=secret, rules=rules, topics=decode_topics(settings.topics)
    )
    app.arrivals = Arrivals(state=state, clock=clock, tell=app.tell, key=secret, inlets=outgoing.inlet)
    app.previewer = Previewer(
        state=state,
        clock=clock,
        filler=_filler(settings, state, clock, SampleCoupons(state=state, clock=clock)),
        linker=linker,
        rules=rules,
        workspace_name=settings.workspace_name,
        time_zone=settings.time_zone,
    )
    app.eraser = Eraser(
        Stores(
            state=state,
            log=log,
            history=history,
            mailbox=app.kept_mail,
            clock=clock,
            secret=secret,
            catch_up=app.catch_up,
            forget_watched=watch.forget,
            log_keep_days=settings.log_keep_days,
        )
    )
    if reacts:
        await _note_holdout(state, settings, clock)
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a process is made of that sends and nothing else."""

    sender: Sender
    dispatcher: Dispatcher
    lanes: Lanes
    offices: Offices
    wake: asyncio.Event
    """Set when something came of a send."""
    choices: Choices


async def assemble_sending(
    settings: Settings,
    *,
    clock: Clock,
    state: State,
    mail: Mail,
    behind: Callable[[View], Awaitable[bool]],
    tell: Callable[[Sequence[Event]], Awaitable[None]],
) -> Sending:
    """What sends, over a state that is open; others react.

    Args:
        behind: tells whether events wait that may say that somebody has opted out.
        tell: makes own events durable in the log.
    """
    async with state.view() as view:
        chosen = await chosen_settings(view)
    set_up, settings = settings, _as_chosen(settings, chosen)
    secret = await secret_of(settings, state)
    linker, wake = Linker(base_url=settings.url, key=secret, traps=settings.link_traps), asyncio.Event()

    async def heard(connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> None:
        await arrivals.told(connection, medium, things)

    outgoing = Outgoing(settings, state=state, clock=clock, linker=linker, secret=secret, told=heard)
    arrivals = Arrivals(state=state, clock=clock, tell=tell, key=secret, inlets=outgoing.inlet)
    lanes = _lanes(settings)
    offices = await _open_offices(outgoing, mail, lanes)

    def settled(settlements: Sequence[Settlement]) -> None:
        dispatcher.settle(settlements)
        wake.set()

    sender = Sender(
        state=state,
        clock=clock,
        offices=offices,
        lanes=lanes,
        linker=linker,
        workspace_name=settings.workspace_name,
        settle=settled,
        filler=_filler(settings, state, clock),
        time_zone=settings.time_zone,
        help_contact=settings.help_contact,
    )
    dispatcher = Dispatcher(
        state=state,
        clock=clock,
        rules=rules_of(settings, secret),
        lanes=lanes,
        hand_over=sender.take,
        behind=behind,
        delivered=None if mail.mailbox is None else mail.mailbox.holds,
        kept=outgoing.kept(),
    )

    async def adopt(now: Settings) -> None:
        await dispatcher.adopt(rules_of(now, secret))
        sender.adopt(workspace_name=now.workspace_name, help_contact=now.help_contact)

    choices = Choices(set_up=set_up, state=state, in_force=settings, revision=chosen.revision, adopt=adopt)
    return Sending(sender=sender, dispatcher=dispatcher, lanes=lanes, offices=offices, wake=wake, choices=choices)


def _lanes(settings: Settings) -> Lanes:
    """Lanes, of no channel yet."""
    warm_ups = decode_warm_ups(settings.email_warm_up, "email_warm_up")
    return Lanes(
        {},
        owner=secrets.token_hex(OWNER_BYTES),
        rates=decode_send_rates(settings.send_rates),
        domain_rates=decode_domain_rates(settings.domain_rates),
        warm_ups={} if warm_ups is None else {"email": warm_ups},
    )


async def _open_offices(outgoing: Outgoing, mail: Mail, lanes: Lanes) -> Offices:
    """Who takes messages; the lanes are those of their channels, now and whenever there are others."""

    def changed(now: Mapping[str, Office], anew: Collection[str]) -> None:
        channels = {medium: office.channel for medium, office in now.items()}
        lanes.carry(
            {medium: channel.doubt for medium, channel in channels.items()},
            anew=anew,
            sender_domains={
                medium: channel.sender_domain for medium, channel in channels.items() if isinstance(channel, FromDomain)
            },
        )

    offices = outgoing.offices(mail.carrier, mail.mailbox, changed=changed)
    await offices.refresh()
    return offices


def _provider(settings: Settings) -> IdentityProvider | None:
    """The identity provider people may sign in by."""
    if not settings.oidc_issuer:
        return None
    return IdentityProvider(
        # It may well be in the house: whoever sets it up says where.
        fetcher=WebFetcher(allow_private=True),
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        label=settings.oidc_label,
        back=f"{settings.url}/session/oidc/back",
    )


def _filler(settings: Settings, state: State, clock: Clock, coupons: CouponDesk | None = None) -> Filler:
    """Who puts content into words, with what it asks for."""
    fetcher = WebFetcher(allow_private=settings.webhook_private)
    hosts = decode_hosts(settings.linked_hosts, "linked_hosts")
    return Filler(
        lookups=Lookups(state=state, clock=clock),
        coupons=coupons or CouponDesk(state=state, clock=clock),
        linked=LinkedContent(fetcher=fetcher, hosts=hosts, clock=clock),
    )


def _nobody_sends(sends: Sequence[Send]) -> None:
    raise AssertionError(f"{len(sends)} sends were claimed where there is no room for any")
