"""What other journeys did to the people who are replayed: their contacts, laid where the caps look for them.

They are not run again. The history tells what they asked for and what became of it, to the millisecond; where they and
the journey that is simulated asked in the same one, who was asked first is found out as the tick would have had it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import structs

from holdfast.decisions.journey import Journey
from holdfast.decisions.steps.send import Send as SendStep
from holdfast.decisions.steps.trigger import Trigger
from holdfast.decisions.told import MESSAGE_QUEUED
from holdfast.events.event import OWN_SOURCE
from holdfast.flows.ingest.own import MESSAGE_NAMES
from holdfast.flows.rehearsal.simulation_past import PastEvent
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.ports.state import Send, SendState
from holdfast.segments.values import element_text

STATE_OF: Mapping[str, SendState] = {name: state for state, name in MESSAGE_NAMES.items()}
CLAIMED: frozenset[SendState] = frozenset({"sent", "failed", "in_doubt"})
"""What was handed over, whatever became of it then."""
PUT_OFF_MS = 60_000
"""Handing over takes less."""

Turn = tuple[int, int, str]
"""Who is asked first within an instant: by the event upon which it was, when their visit began, and their name."""


class Others:
    """What other journeys did, as far as the replay has come."""

    def __init__(self, journey_of: Callable[[str, int], Journey | None], lay: Callable[[Send], None]) -> None:
        """Nothing is known yet.

        Args:
            journey_of: any version of any journey, by id; None for what there is not.
            lay: puts a send where the gate looks for contacts.
        """
        self._journey_of = journey_of
        self._lay = lay
        self._begun: dict[str, tuple[int, int]] = {}
        """By journey: when its last visit began, and by which of the events of that instant."""
        self._sends: dict[str, Send] = {}

    def entered(self, event: PastEvent, together: Sequence[PastEvent] = ()) -> None:
        """Somebody entered another journey, by one of the events that came together."""
        said = event.properties
        origin = str(said.get("origin", ""))
        journey = self._journey_of(origin, _number(said.get("version")))
        start = None if journey is None else journey.trigger
        place = _place_of(start, str(said.get("entry_key")), together) if isinstance(start, Trigger) else 0
        self._begun[origin] = (event.at_ms, place)

    def turn_of(self, event: PastEvent, together: Sequence[PastEvent]) -> Turn:
        """When another journey asked, within the instant in which these events came together.

        What fell due comes after all that happened.
        """
        origin = str(event.properties.get("origin", ""))
        begun_ms, place = self._begun.get(origin, (0, 0))
        if begun_ms < event.at_ms:
            journey = self._journey_of(origin, _number(event.properties.get("version")))
            wakes = {name for node in journey.steps.values() for name in node.step.wakes()} if journey else set()
            place = next((place for place, each in enumerate(together) if each.name in wakes), len(together))
        return (place, begun_ms, origin)

    def hear(self, event: PastEvent) -> None:
        """Lay a contact that was asked for, or what became of it."""
        if event.source != OWN_SOURCE or event.name not in (MESSAGE_QUEUED, *STATE_OF):
            return
        said = event.properties
        key = str(said.get("send", ""))
        known = self._sends.get(key)
        if event.name == MESSAGE_QUEUED:
            known = self._contact(event, said, key)
        elif known is not None:
            known = _settled(known, STATE_OF[event.name], event.at_ms)
        if known is not None:
            self._sends[key] = known
            self._lay(known)

    def hand_over_before(self, told: Sequence[PastEvent], ours: Send, at_ms: int) -> None:
        """Of what others handed over in this instant, ours was counted after what was due or asked for before it."""
        for event in told:
            known = self._sends.get(str(event.properties.get("send", "")))
            if STATE_OF.get(event.name) in CLAIMED and known is not None and order_of(known) < order_of(ours):
                self._lay(structs.replace(known, claimed_ms=at_ms))

    def _contact(self, event: PastEvent, said: Mapping[str, Any], key: str) -> Send:
        """A contact that another journey asked for and was permitted: claimed by nobody, so the replay leaves it be."""
        origin, version, step = str(said.get("origin", "")), _number(said.get("version")), str(said.get("step", ""))
        journey = self._journey_of(origin, version)
        node = None if journey is None else journey.steps.get(step)
        put_off = said.get("not_before")
        return Send(
            key=key,
            identity=event.identity,
            origin_kind="journey",
            origin=origin,
            version=version,
            step=step,
            channel=str(said.get("channel", "")),
            template=str(said.get("template", "")),
            topic=str(said.get("topic", "")),
            transactional=node is not None and isinstance(node.step, SendStep) and node.step.contact.transactional,
            address="",
            state="claimed",
            created_ms=event.at_ms,
            not_before_ms=to_millis(parse_moment(put_off)) if isinstance(put_off, str) else event.at_ms,
        )


def trigger_of(journey: Journey) -> Trigger:
    """The event that lets people in. Raises Invalid for what begins in another way: no event of the past says when."""
    start = journey.trigger
    if isinstance(start, Trigger):
        return start
    raise Invalid(
        f"{journey.id!r} begins with no event that people do, and the history cannot be replayed through it.",
        code="not_replayable",
        path="$.definition",
        hint="Simulate what begins with a trigger; `holdfast segment reach` tells how many a message would reach.",
    )


def order_of(send: Send) -> tuple[int, int, str]:
    """What is due first is handed over first; of several, what was asked for first."""
    return (send.not_before_ms, send.created_ms, send.origin)


def _number(said: object) -> int:
    return int(said) if isinstance(said, (int, float)) else 0


def _place_of(start: Trigger, entry_key: str, events: Sequence[PastEvent]) -> int:
    """Where the event that let somebody in stands among those that came together."""
    places = [place for place, event in enumerate(events) if event.name == start.event]
    for place in places:
        event = events[place]
        given = event.properties.get(start.key_property) if start.key_property is not None else None
        if entry_key == event.message_id or (given is not None and entry_key == element_text(given)):
            return place
    return places[0] if places else 0


def _settled(send: Send, state: SendState, at_ms: int) -> Send:
    """Somebody else's send once it was settled: where it was handed over, that was then."""
    if state not in ("sent", "in_doubt"):
        return structs.replace(send, state=state)
    # Handed over so much later than it was meant for, it was put off once more, and meant for then.
    meant_ms = at_ms if at_ms - send.not_before_ms > PUT_OFF_MS else send.not_before_ms
    return structs.replace(send, state=state, claimed_ms=at_ms, not_before_ms=meant_ms)
