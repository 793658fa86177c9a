"""The application over stores that are open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from holdfast.channels.carriers.web import WebFetcher
from holdfast.events.event import IdentityKey
from holdfast.flows.accounts.oidc import IdentityProvider
from holdfast.flows.audience.gathering import Gatherer
from holdfast.flows.content.preview import Previewer, SampleCoupons
from holdfast.flows.delivery.inbound import Arrivals
from holdfast.flows.delivery.preferences import PreferenceKeeper
from holdfast.flows.delivery.receive import Receiver
from holdfast.flows.delivery.send import Sender
from holdfast.flows.experiment.assign import Decider
from holdfast.flows.ingest.archive import Archivist
from holdfast.flows.ingest.collect import Collector
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.ingest.recent import Recent
from holdfast.flows.ingest.watch import Watch
from holdfast.flows.journey.broadcasts import Preparer
from holdfast.flows.people.erase import Eraser
from holdfast.flows.people.erasure_stores import Stores
from holdfast.flows.rehearsal.simulate import Simulator
from holdfast.flows.rehearsal.simulation_world import Stage
from holdfast.flows.teamwork.deed import Attended
from holdfast.flows.upkeep.chosen_settings import chosen_settings
from holdfast.flows.upkeep.keys import Access
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sealing import Sealer, SealingKey
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.links import Linker
from holdfast.messages.topics import decode_topics
from holdfast.outgoing import Outgoing
from holdfast.places import sealer_of, secret_of
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.log import Log
from holdfast.ports.state import Send, Settlement, State
from holdfast.settings import Settings
from holdfast.stores.memory.rehearsal import RehearsalStage
from holdfast.wiring.application import Application
from holdfast.wiring.choices import Choices, note_holdout, with_choices
from holdfast.wiring.mail import Mail
from holdfast.wiring.offices import filler_of, lanes_of, open_offices, sender_of
from holdfast.wiring.rules import rules_of, simulated_costs


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
    set_up, settings = settings, with_choices(settings, chosen)
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
    lanes = lanes_of(settings)
    offices = await open_offices(outgoing, mail, lanes) if mail is not None else None
    if offices is not None:
        sender = sender_of(settings, state, clock, offices=offices, lanes=lanes, linker=linker, settle=settled)
    # A history on a server must be sent the same again by whoever comes after: see `Archivist`.
    recent = None if settings.history_url else Recent()
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
        recent=recent,
        reads_ahead=not settings.log_url,
    )
    archivist = Archivist(
        log=log,
        state=state,
        history=history,
        added=lambda rows: watch.added(rows, to_millis(clock.now())),
        batch_records=settings.archive_batch_rows,
        outlived=bool(settings.history_url),
        recent=recent,
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
        costs=simulated_costs(rules),
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
        filler=filler_of(settings, state, clock, SampleCoupons(state=state, clock=clock)),
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
        await note_holdout(state, settings, clock)
    return app


def stage_of(numbers: Mapping[IdentityKey, int], like: Stage | None) -> Stage:
    """A stage in memory on which the past of a few people is replayed."""
    return RehearsalStage(numbers, like if isinstance(like, RehearsalStage) else None)


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


def _nobody_sends(sends: Sequence[Send]) -> None:
    raise AssertionError(f"{len(sends)} sends were claimed where there is no room for any")
