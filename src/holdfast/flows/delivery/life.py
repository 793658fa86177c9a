"""Life: everything that is known of one message, from being asked for to what its person did, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from holdfast.events.event import OWN_SOURCE
from holdfast.flows.delivery.telling import ENGAGEMENT_RECLASSIFIED
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import NotFound
from holdfast.messages.heard.agent import Agent
from holdfast.messages.heard.lifecycle import STATUS_OF, Life, Moment, life_of
from holdfast.ports.history import History, TimelineEvent
from holdfast.ports.state import Send, View

ROWS_MOST = 1_000
"""Events of one name that are looked through."""
_SAID = ("reason", "url", "provider_id", "kind")
"""What is told of a moment, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLife:
    """One message, whose it is, and what became of it."""

    send: Send
    user_id: str
    life: Life


async def message_life(view: View, history: History, key: str) -> MessageLife:
    """The life of a send. Raises NotFound."""
    send = (await view.sends([key])).get(key)
    owner = None if send is None else (await view.identities_by_id([send.identity])).get(send.identity)
    if send is None or owner is None:
        raise NotFound(f"there is no message {key!r:.60}.", code="unknown_message", hint="Give the key of a send.")
    members = (await view.members([owner.person]))[owner.person]
    told: list[TimelineEvent] = []
    for name in (*STATUS_OF, ENGAGEMENT_RECLASSIFIED):
        found = await history.timeline([each.id for each in members], limit=ROWS_MOST, name=name)
        told += [each for each in found if each.source == OWN_SOURCE and each.properties.get("send") == key]
    return MessageLife(send=send, user_id=shown_as(members).value, life=life_of(moments_of(told)))


def moments_of(told: Sequence[TimelineEvent]) -> Iterable[Moment]:
    """The moments that our events tell of; what was taken back is a machine's."""
    machines = {each.properties.get("event") for each in told if each.name == ENGAGEMENT_RECLASSIFIED}
    for each in told:
        status = STATUS_OF.get(each.name)
        if status is None:
            continue
        said = next((str(value) for name in _SAID if (value := each.properties.get(name))), "")
        moment = Moment(status=status, at_ms=each.timestamp_ms, said=said)
        if "agent" in each.properties:
            moment = replace(moment, agent=_agent(each.properties["agent"]))
        yield replace(moment, agent="machine") if each.message_id in machines else moment


def _agent(said: object) -> Agent:
    return "human" if said == "human" else "machine" if said == "machine" else "unknown"
