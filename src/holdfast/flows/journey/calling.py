"""Calling a campaign: a program names people, or asks for the whole audience, and is told what became of each.

What a call says goes through the log like everything that happens: it is durable before it is answered, in everybody's
timeline, and taken in once, however often it is said under the same key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from holdfast.decisions.entry import EntryBefore, NotEntered, enter
from holdfast.decisions.gate import GateRules
from holdfast.decisions.start import bounded_key
from holdfast.decisions.steps.api import CALLED, Api
from holdfast.decisions.visit import Arm, Visit
from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.events.segment_spec import ID_BYTES_MOST
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.watching import load_watching
from holdfast.flows.journey.playbook import Play, playbook_of
from holdfast.flows.journey.runs import decision_named
from holdfast.flows.journey.travel import Traveller, load_travellers
from holdfast.kernel.errors import Conflict, Invalid, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.ports.runs import Run
from holdfast.ports.state import Decision, Send, State, View

PEOPLE_MOST = 1_000
"""People in one call."""
PROPERTIES_BYTES_MOST = 16_000
"""What is said of a call, for everybody or for one person."""
SENDS_MOST = 100
"""The newest sends of somebody that are looked through for the one of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody a call names, and what is said of the call for them."""

    key: IdentityKey
    properties: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What a call came to for one person."""

    key: IdentityKey
    outcome: Literal["entered", "not_entered", "pending"]
    """`pending`: the call is durable, and so much waits before it that it is not taken in yet."""
    arm: Arm | None = None
    reason: str = ""
    """Why they did not enter, or why what was to be sent is withheld; `otherwise_then`: nothing bars it as things are
    now, and something did when the call was taken in."""
    send: str = ""
    """The state of what was to be sent: `pending`, `claimed`, `sent`, `withheld`, `failed` or `in_doubt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a call needs of the application."""

    state: State
    tell: Callable[[Sequence[Event]], Awaitable[None]]
    catch_up: Callable[[], Awaitable[None]]
    rules: GateRules
    zone: ZoneInfo


async def call_people(
    line: Line,
    campaign_id: str,
    key: str,
    people: Sequence[Named],
    *,
    properties: Mapping[str, Json],
    now: datetime,
) -> list[Became]:
    """Let in the people named, and tell what became of each, in the same order.

    Args:
        key: what tells this call from others: said again, it lets nobody in twice.
        properties: what is said of the call for everybody.

    Raises NotFound; Conflict where it is not live; Invalid where it does not begin by a call; TooLarge.
    """
    if len(people) > PEOPLE_MOST:
        raise TooLarge(
            f"{len(people):,} people are too many for one call.",
            path="$.people",
            hint=f"Name {PEOPLE_MOST:,} or fewer.",
        )
    async with line.state.view() as view:
        await _called_play(view, campaign_id)
    about: dict[str, Json] = {"campaign": campaign_id, "key": key}
    events = [
        own_event(
            CALLED,
            user=each.key,
            at=now,
            properties={**properties, **each.properties},
            key=(campaign_id, key, each.key.kind, each.key.value),
            context=about,
        )
        for each in people
    ]
    await line.tell(events)
    await line.catch_up()
    async with line.state.view() as view:
        play, _ = await _called_play(view, campaign_id)
        return await _became(view, line, play, key, called=list(zip(people, events, strict=True)), now=now)


async def call_audience(
    state: State, campaign_id: str, key: str, *, properties: Mapping[str, Json], now: datetime
) -> Run:
    """Begin a run for the whole audience; the same key again gives the run there is.

    Raises NotFound; Conflict where it is not live; Invalid where a call does not let in the whole audience.
    """
    async with state.begin() as transaction:
        play, start = await _called_play(transaction, campaign_id)
        if not start.whole_audience:
            hint = "Name the people, or set whole_audience in the campaign."
            raise Invalid(f"{campaign_id!r:.120} is for people that are named.", path="$.people", hint=hint)
        run = Run(
            origin=play.id,
            version=play.version,
            key=bounded_key(key),
            created_ms=to_millis(now),
            at_ms=to_millis(now),
            name=CALLED,
            properties=dict(properties),
        )
        added = await transaction.add_run(run)
        return added or await transaction.run_of(play.id, run.key) or run


def check_call(name: str, properties: Mapping[str, Json], path: str) -> None:
    """Raise Invalid or TooLarge for a key, the name of a person, or properties that cannot be kept."""
    try:
        size = len(name.encode())
        said = msgspec.json.encode(properties)
    except UnicodeEncodeError as error:
        hint = "Write the whole character."
        raise Invalid("a text holds half of a surrogate pair.", code="bad_text", path=path, hint=hint) from error
    if not 0 < size <= ID_BYTES_MOST or "\0" in name:
        hint = f"Use 1 to {ID_BYTES_MOST:,} bytes, none of them NUL."
        raise Invalid("this is no name and no key.", code="bad_id", path=path, hint=hint)
    if len(said) > PROPERTIES_BYTES_MOST:
        hint = f"{PROPERTIES_BYTES_MOST:,} are allowed; what is larger belongs on the profile, or in a catalogue."
        raise TooLarge(f"these properties are {len(said):,} bytes.", path=f"{path}.properties", hint=hint)


async def _called_play(view: View, campaign_id: str) -> tuple[Play, Api]:
    decision = await _decision(view, campaign_id)
    play = playbook_of([decision], await load_library(view)).find(decision.id, decision.version)
    if decision.state != "live" or play is None:
        state = decision.state if decision.state != "live" else "not valid any more"
        hint = "Resume it, or publish it again."
        raise Conflict(f"this {decision.kind} is {state}; nobody enters.", code="not_live", hint=hint)
    if not isinstance(play.journey.trigger, Api):
        raise Invalid(
            f"{campaign_id!r:.120} does not begin by a call.",
            code="not_called",
            path="$.trigger.type",
            hint="Give it a trigger of type 'api'.",
        )
    return play, play.journey.trigger


async def _decision(view: View, decision_id: str) -> Decision:
    """A journey or campaign, whichever has that id: no two share one."""
    found = {each.id: each for each in await view.decisions()}.get(decision_id)
    return found or await decision_named(view, decision_id)


async def _became(
    view: View, line: Line, play: Play, key: str, *, called: Sequence[tuple[Named, Event]], now: datetime
) -> list[Became]:
    known = await view.identities([each.key for each, _ in called])
    persons = sorted({each.person for each in known.values()})
    playbook = playbook_of([])
    travellers = await load_travellers(view, persons, playbook, line.rules, to_millis(now), entering=(play.id,))
    seen = await view.seen([event.dedup_hash for _, event in called])
    found: list[Became] = []
    for named, event in called:
        identity = known.get(named.key)
        traveller = travellers.get(identity.person) if identity is not None else None
        if traveller is None:
            found.append(Became(key=named.key, outcome="pending"))
        else:
            found.append(
                await _of_one(
                    view,
                    line,
                    play,
                    key=bounded_key(key),
                    traveller=traveller,
                    called=(named, event),
                    taken_in=event.dedup_hash in seen,
                    now=now,
                )
            )
    return found


async def _of_one(
    view: View,
    line: Line,
    play: Play,
    *,
    key: str,
    traveller: Traveller,
    called: tuple[Named, Event],
    taken_in: bool,
    now: datetime,
) -> Became:
    named, event = called
    ids = [each.id for each in traveller.members]
    visits = await view.visits_of(ids, limit=SENDS_MOST)
    visit = next((each for each in visits if (each.origin, each.entry_key) == (play.id, key)), None)
    if visit is not None:
        send = _send_of(visit, await view.sends_of(origin=play.id, identities=ids, limit=SENDS_MOST))
        return Became(
            key=named.key,
            outcome="entered",
            arm=visit.arm,
            send=send.state if send is not None else "",
            reason=send.reason if send is not None and send.state == "withheld" else "",
        )
    before = traveller.entered.get(play.id)
    answer = enter(
        play.journey,
        play.version,
        event,
        identity=ids[0],
        person_key=traveller.key.value,
        facts=traveller.facts(line.zone, await load_watching(view)),
        before=None
        if before is None
        else EntryBefore(count=before.count, last_ms=before.last_ms, open=before.open, keys=before.keys),
        now=now,
    )
    if isinstance(answer, NotEntered):
        return Became(key=named.key, outcome="not_entered", reason=answer.reason)
    if taken_in:  # They did not enter by it then, and the same call lets nobody in later.
        return Became(key=named.key, outcome="not_entered", reason="otherwise_then")
    return Became(key=named.key, outcome="pending")


def _send_of(visit: Visit, sends: Sequence[Send]) -> Send | None:
    """What was asked for in that visit, if anything was yet."""
    return next((send for send in sends if send.variables.get("event") == visit.variables.get("event")), None)
