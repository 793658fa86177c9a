"""Trace: what a journey or campaign did with one person, and why; event by event, from state and history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from msgspec import structs

from holdfast.decisions.closed_days import NEVER_CLOSED, ClosedDays
from holdfast.decisions.entry import NotEntered, enter
from holdfast.decisions.visit import Visit, run_of
from holdfast.events.event import Event, Json
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.watching import load_watching
from holdfast.flows.ingest.own import MESSAGE_NAMES, UNWRITTEN
from holdfast.flows.journey.playbook import Play, playbook_of
from holdfast.flows.journey.trace_runs import RunSeeker, before_at
from holdfast.flows.journey.traced import Attempt, Stage, Trace, TraceMoment
from holdfast.flows.people.identify import find_identity
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import NotFound
from holdfast.kernel.moments import format_moment, from_millis, parse_moment, to_millis
from holdfast.messages.heard.lifecycle import FOLLOWS, STATUS_OF
from holdfast.ports.history import History, TimelineEvent
from holdfast.ports.state import Decision, Identity, Send, View
from holdfast.profiles.profile import EMPTY, combine
from holdfast.segments.facts import ProfileFacts
from holdfast.segments.live import SEGMENT_ENTERED, SEGMENT_LEFT

ATTEMPTS_MOST = 50
"""Times somebody entered, or did not, that are told: the last ones."""
ROWS_MOST = 1_000
"""Visits, sends and events of one name that are looked through."""
MESSAGE_SENT, MESSAGE_FAILED = MESSAGE_NAMES["sent"], MESSAGE_NAMES["failed"]
SEGMENT_CHANGES: Mapping[str, str] = {SEGMENT_ENTERED: "entered", SEGMENT_LEFT: "left"}
_OF_THE_PROVIDER = frozenset({"delivered", "bounced"})
_HEARD: Mapping[str, str] = {name: status for name, status in STATUS_OF.items() if status in FOLLOWS["sent"]}
"""What is heard of a message after it was sent."""
_TOLD = ("url", "agent", "reason", "kind")


async def trace(
    view: View, history: History, person: str, origin: str, zone: ZoneInfo, *, closed: ClosedDays = NEVER_CLOSED
) -> Trace:
    """Everything that is known of a person's way into, through and out of a journey or campaign.

    Why somebody did not enter is found by asking again; what it depends on of the person is as it is now.

    Raises NotFound for nobody of that name, and for no journey or campaign of that id.
    """
    identity = await find_identity(view, person)
    if identity is None:
        raise NotFound(f"nobody goes by {person!r:.200}.", path="person", hint="`holdfast people find` finds people.")
    decisions = [each for each in await view.decisions(latest=False) if each.id == origin]
    plays = playbook_of(decisions, await load_library(view)).plays
    if not plays:
        hint = "`holdfast journey list` shows what there is."
        raise NotFound(f"there is no journey and no campaign {origin!r:.120}.", path="origin", hint=hint)
    members = (await view.members([identity.person]))[identity.person]
    scene = await _scene(view, history, members, origin, zone)
    newest = plays[max(plays)]
    events = [each for name in sorted(_triggers(plays)) for each in await _events(history, members, name)]
    asked = _Asking(plays=plays, decisions=decisions, scene=scene)
    attempts = [_entered(visit, scene) for visit in scene.visits]
    led = _led(scene.visits)
    told = (asked.not_entered(event) for event in events if dict(event.properties) not in led.get(_named(event), ()))
    attempts += [each for each in told if each is not None]
    seeker = RunSeeker(
        view=view,
        history=history,
        plays=plays,
        members=members,
        facts=scene.facts,
        visits=scene.visits,
        closed=closed,
    )
    attempts += await seeker.not_entered(origin, zone, limit=ATTEMPTS_MOST)
    attempts.sort(key=lambda each: each.moments[0].at_ms)
    return Trace(
        user_id=shown_as(members).value,
        origin=origin,
        kind=newest.kind,
        name=newest.journey.name,
        state=newest.state,
        attempts=tuple(attempts[-ATTEMPTS_MOST:]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What is known of the person in the journey."""

    members: Sequence[Identity]
    facts: ProfileFacts
    """As they are now."""
    visits: Sequence[Visit]
    """Oldest first."""
    sends: Sequence[Send]
    replies: Mapping[str, Sequence[TimelineEvent]]
    """What was heard of each send."""


async def _scene(view: View, history: History, members: Sequence[Identity], origin: str, zone: ZoneInfo) -> _Scene:
    ids = [each.id for each in members]
    profiles = await view.profiles(ids)
    whole = combine(profiles.get(each.id, EMPTY) for each in members)
    visits = [each for each in await view.visits_of(ids, limit=ROWS_MOST) if each.origin == origin]
    replies: dict[str, list[TimelineEvent]] = {}
    for name in (MESSAGE_SENT, MESSAGE_FAILED, *_HEARD):
        for told in await history.timeline(ids, limit=ROWS_MOST, name=name):
            if told.properties.get("origin") == origin:
                replies.setdefault(str(told.properties.get("send", "")), []).append(told)
    return _Scene(
        members=members,
        facts=ProfileFacts(
            whole,
            user_id=shown_as(members).value,
            zone=zone,
            watching=await load_watching(view),
            identities=ids,
        ),
        visits=visits[::-1],
        sends=await view.sends_of(origin=origin, identities=ids, limit=ROWS_MOST),
        replies=replies,
    )


async def _events(history: History, members: Sequence[Identity], name: str) -> list[TimelineEvent]:
    # Far more than are told: those of other segments and other campaigns go by the same name.
    return await history.timeline([each.id for each in members], limit=ROWS_MOST, name=name)


def _triggers(plays: Mapping[tuple[str, int], Play]) -> set[str]:
    return {name for play in plays.values() for name in play.journey.trigger.event_names()}


def _named(event: TimelineEvent) -> tuple[Json, Json]:
    return event.name, format_moment(from_millis(event.timestamp_ms))


def _led(visits: Sequence[Visit]) -> dict[tuple[Json, Json], list[Json]]:
    """What the visits began with: the properties of those events, by name and time."""
    found: dict[tuple[Json, Json], list[Json]] = {}
    for visit in visits:
        if isinstance(said := visit.variables.get("event"), dict):
            place = (str(said.get("name", "")), str(said.get("timestamp", "")))
            found.setdefault(place, []).append(said.get("properties"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """Asks again why somebody did not enter."""

    plays: Mapping[tuple[str, int], Play]
    decisions: Sequence[Decision]
    scene: _Scene

    def not_entered(self, told: TimelineEvent) -> Attempt | None:
        """The attempt an event came to that let nobody in; None where it was none: the event is about others."""
        play = self._play_at(told.received_ms)
        # What came before anything was published is measured by what was published first: it may be about others.
        reason = self._reason(self.plays[min(self.plays)] if play is None else play, told)
        if reason == "other_event":
            return None
        reason = "not_published" if play is None else reason
        entry = TraceMoment(at_ms=told.received_ms, stage="entry", outcome="not_entered", reason=reason)
        return Attempt(
            event=told.name,
            event_ms=told.timestamp_ms,
            entered=False,
            reason=reason,
            version=None if play is None else play.version,
            arm="",
            moments=(
                _happened(told.received_ms, told.name),
                *_changed(told.received_ms, told.name, told.properties),
                entry,
            ),
        )

    def _play_at(self, at_ms: int) -> Play | None:
        """The version people entered at that moment."""
        published = [each.version for each in self.decisions if each.published_ms <= at_ms]
        return next((play for (_, on), play in self.plays.items() if published and on == max(published)), None)

    def _reason(self, play: Play, told: TimelineEvent) -> str:
        event = Event(
            name=told.name,
            user_id=shown_as(self.scene.members).value,
            timestamp=from_millis(told.timestamp_ms),
            received_at=from_millis(told.received_ms),
            message_id=told.message_id,
            properties=dict(told.properties),
            context=dict(told.context),
            source=told.source,
        )
        answer = enter(
            play.journey,
            play.version,
            event,
            identity=self.scene.members[0].id,
            person_key=shown_as(self.scene.members).value,
            facts=self.scene.facts,
            before=before_at(self.scene.visits, told.received_ms),
            now=from_millis(told.received_ms),
        )
        if not isinstance(answer, NotEntered):
            return "otherwise_then" if play.state == "live" else play.state
        return answer.reason


def _entered(visit: Visit, scene: _Scene) -> Attempt:
    said = visit.variables.get("event")
    event = said if isinstance(said, dict) else {}
    name, timestamp = str(event.get("name", "")), event.get("timestamp")
    sends = [each for each in scene.sends if _is_of(each, visit)]
    run = run_of(visit.variables)
    moments = [
        _happened(visit.entered_ms, name) if run is None else _begun(visit),
        *_changed(visit.entered_ms, name, event.get("properties")),
        TraceMoment(at_ms=visit.entered_ms, stage="entry", outcome="entered", reason=visit.arm),
        *(_asked(each) for each in sends),
        *(TraceMoment(at_ms=at_ms, stage="step", outcome=by, step=step) for step, by, at_ms in visit.trail),
        _stands(visit),
    ]
    for each in sends:
        replies = scene.replies.get(each.key, ())
        moments += (*_afterwards(each, replies), *_heard(each, replies))
    places = {(step, at_ms): index for index, (step, _, at_ms) in enumerate(visit.trail)}
    return Attempt(
        event=name,
        event_ms=to_millis(parse_moment(timestamp)) if isinstance(timestamp, str) else None,
        entered=True,
        reason="",
        version=visit.version,
        arm=visit.arm,
        run=run,
        moments=tuple(sorted(moments, key=lambda each: _place(each, places))),
    )


def _place(moment: TraceMoment, places: Mapping[tuple[str, int], int]) -> tuple[int, int, int]:
    """Where a moment stands: by time, then what led to it first, and the gate before the step it decided."""
    rank = _RANKS[moment.stage]
    return moment.at_ms, rank, places.get((moment.step, moment.at_ms), len(places)) if rank == _RANKS["step"] else 0


_RANKS: Mapping[Stage, int] = {
    "event": 0, "run": 0, "segment": 1, "entry": 2, "gate": 3, "step": 3, "left": 4, "render": 5, "send": 6,
    "provider": 7, "person": 8, "waiting": 9,
}  # fmt: skip


def _is_of(send: Send, visit: Visit) -> bool:
    """Whether the visit asked for the send, on whatever version it was then."""
    if send.identity != visit.identity or send.created_ms < visit.entered_ms:
        return False
    then = structs.replace(visit, version=send.version)
    return any(then.effect_key_at(send.step, seq) == send.key for seq in range(visit.seq + 1))


def _happened(at_ms: int, name: str) -> TraceMoment:
    return TraceMoment(at_ms=at_ms, stage="event", outcome=name)


def _changed(at_ms: int, name: str, said: object) -> Iterator[TraceMoment]:
    """Which segment they came into or went out of, where the event tells of one."""
    segment = said.get("segment") if isinstance(said, Mapping) else None
    if name in SEGMENT_CHANGES and isinstance(segment, str):
        yield TraceMoment(at_ms=at_ms, stage="segment", outcome=SEGMENT_CHANGES[name], reason=segment)


def _begun(visit: Visit) -> TraceMoment:
    """Their turn in the run that let them in."""
    run = visit.variables.get("run")
    occasion = run.get("occasion") if isinstance(run, dict) else None
    return TraceMoment(at_ms=visit.entered_ms, stage="run", outcome="turn", reason=str(occasion or ""))


def _stands(visit: Visit) -> TraceMoment:
    """Where the visit ended, or what it waits for."""
    if visit.left_ms is not None:
        return TraceMoment(at_ms=visit.left_ms, stage="left", outcome=visit.left_by, step=visit.step)
    awaited = [f"for {name}" for name in sorted(visit.waits_for)]
    until = [] if visit.due_ms is None else [f"until {format_moment(from_millis(visit.due_ms))}"]
    reason = " or ".join((*awaited, *until))
    since_ms = max(visit.arrived_ms, *(at_ms for _, _, at_ms in visit.trail[-1:]), 0)
    return TraceMoment(at_ms=since_ms, stage="waiting", outcome="waiting", step=visit.step, reason=reason)


def _asked(send: Send) -> TraceMoment:
    """What the gate said when it was asked."""
    withheld = send.state == "withheld" and send.settled_ms == send.created_ms and not _is_aborted(send)
    return TraceMoment(
        at_ms=send.created_ms,
        stage="gate",
        outcome="withheld" if withheld else "permitted",
        step=send.step,
        reason=send.reason if withheld else "",
        send=send.key,
    )


def _afterwards(send: Send, replies: Sequence[TimelineEvent]) -> Iterator[TraceMoment]:
    """What became of a send that the gate let through."""

    def moment(at_ms: int | None, stage: Stage, outcome: str, reason: str = "") -> TraceMoment:
        at_ms = send.created_ms if at_ms is None else at_ms
        return TraceMoment(at_ms=at_ms, stage=stage, outcome=outcome, step=send.step, reason=reason, send=send.key)

    match send.state:
        case "pending":
            until = f"until {format_moment(from_millis(send.not_before_ms))}"
            yield moment(send.created_ms, "send", "pending", f"{send.reason} {until}".strip())
        case "withheld":
            if _is_aborted(send):
                yield moment(send.settled_ms, "render", "withheld", send.reason)
            elif send.settled_ms != send.created_ms:  # Asked again just before it was to be sent.
                yield moment(send.settled_ms, "gate", "withheld", send.reason)
        case "claimed":
            yield moment(send.claimed_ms, "send", "handed_over")
        case "failed" if _is_unwritten(replies):
            yield moment(send.settled_ms, "render", "failed", send.reason)
        case "sent" | "failed" | "in_doubt":
            yield moment(send.claimed_ms, "render", "rendered", next(filter(None, map(_saying, replies)), ""))
            yield moment(send.claimed_ms, "send", "handed_over")
            numbers = (str(each.properties.get("provider_id", "")) for each in replies if each.name == MESSAGE_SENT)
            yield moment(send.settled_ms, "provider", send.state, send.reason or next(numbers, ""))


def _heard(send: Send, replies: Sequence[TimelineEvent]) -> Iterator[TraceMoment]:
    """What was heard of a send after it was sent."""
    for each in replies:
        outcome = _HEARD.get(each.name)
        if outcome is not None:
            said = str(next((value for name in _TOLD if (value := each.properties.get(name))), ""))
            stage: Stage = "provider" if outcome in _OF_THE_PROVIDER else "person"
            yield TraceMoment(
                at_ms=each.timestamp_ms, stage=stage, outcome=outcome, step=send.step, reason=said, send=send.key
            )


def _is_aborted(send: Send) -> bool:
    """Whether what it says itself said that it is not to be sent."""
    return send.reason == "aborted" or send.reason.startswith("aborted: ")


def _is_unwritten(replies: Sequence[TimelineEvent]) -> bool:
    """Whether it failed, the last time it did, before anybody was handed it."""
    failed = next((each for each in replies if each.name == MESSAGE_FAILED), None)  # The newest comes first.
    return failed is not None and bool(failed.properties.get(UNWRITTEN))


def _saying(told: TimelineEvent) -> str:
    """Which saved template the message said, such as `welcome v3, variant b, de`; empty where its step says it."""
    said = told.properties
    if not said.get("saved"):
        return ""
    variant = f", variant {said['variant']}" if said.get("variant") else ""
    language = f", {said['language']}" if said.get("language") else ""
    return f"{said['saved']} v{said.get('saved_version', '')}{variant}{language}"
