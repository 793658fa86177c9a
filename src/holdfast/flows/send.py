"""Send: claimed sends are rendered, carried, and what became of them is told to the reactor.

A send in doubt (the answer was lost after the message was handed over) is not sent again: at most once. One that was
certainly not taken is tried again later, a few times, further and further apart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from holdfast.decisions.journey import Journey
from holdfast.decisions.steps.send import Send as SendStep
from holdfast.events.event import Json
from holdfast.flows.person import shown_as
from holdfast.flows.playbook import Playbook, playbook_of
from holdfast.kernel.chance import share
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.messages.template import RenderFailed, parse_message
from holdfast.ports.carrier import Carrier
from holdfast.ports.channel import Channel
from holdfast.ports.clock import Clock
from holdfast.ports.state import Identity, Send, Settlement, State
from holdfast.profiles.profile import EMPTY, Profile, combine

_log = logging.getLogger(__name__)

ATTEMPTS_MOST = 8
FIRST_WAIT_SECONDS = 30
WAIT_SECONDS_MOST = 3_600
JITTER = 0.25
"""How far a wait is stretched or shortened at most, so that what failed together does not come back together."""
CARRIED_AT_ONCE = 20
UNDER_WAY_MOST = 40
"""Claimed and not settled: few, for should the process die, each of them is in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is loaded for a batch of sends."""

    playbook: Playbook
    owners: Mapping[int, Identity]
    members: Mapping[int, Sequence[Identity]]
    profiles: Mapping[int, Profile]

    def person(self, identity: int) -> dict[str, Json]:
        """What a template sees as `person`: the traits, and the name they are shown under."""
        members = self.members[self.owners[identity].person]
        whole = combine(self.profiles.get(each.id, EMPTY) for each in members)
        return {**whole.trait_values(), "user_id": shown_as(members).value}


def wait_seconds(send: Send, deferred: Deferred) -> float:
    """How long until a deferred send is tried again: twice as long each time, at least what the provider asked for.

    The jitter is made of the send's key: two processes reckon the same.
    """
    doubled = FIRST_WAIT_SECONDS * 2.0 ** max(0, send.attempts - 1)
    stretch = 1 + JITTER * (2 * share(f"retry:{send.attempts}", send.key) - 1)
    return max(float(deferred.after_seconds), min(WAIT_SECONDS_MOST, doubled) * stretch)


def settlement_of(send: Send, verdict: Verdict, now_ms: int) -> Settlement:
    """What a verdict means for the send."""
    match verdict:
        case Accepted(provider_id):
            return Settlement(key=send.key, state="sent", provider_id=provider_id)
        case Deferred(reason) if send.attempts >= ATTEMPTS_MOST:
            return Settlement(key=send.key, state="failed", reason=f"Given up after {send.attempts} tries: {reason}")
        case Deferred(reason):
            later = now_ms + int(wait_seconds(send, verdict) * 1000)
            return Settlement(key=send.key, state="pending", reason=reason, not_before_ms=later)
        case Refused(reason, gone):
            return Settlement(key=send.key, state="failed", reason=reason, gone=gone)
        case InDoubt(reason):
            return Settlement(key=send.key, state="in_doubt", reason=reason)


class Sender:
    """Takes claimed sends and sees them through. At most `UNDER_WAY_MOST` at a time."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        carrier: Carrier,
        channel: Channel,
        linker: Linker,
        workspace_name: str,
        settle: Callable[[Sequence[Settlement]], None],
    ) -> None:
        """Nothing is sent yet; `settle` is told what became of each send."""
        self._state = state
        self._clock = clock
        self._carrier = carrier
        self._channel = channel
        self._linker = linker
        self._workspace_name = workspace_name
        self._settle = settle
        self._places = asyncio.Semaphore(CARRIED_AT_ONCE)
        self._finishing = False
        self._open: dict[str, Send] = {}
        """Taken and not settled."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def room(self) -> int:
        """How many more sends can be taken."""
        return 0 if self._finishing else UNDER_WAY_MOST - len(self._open)

    def take(self, sends: Sequence[Send]) -> None:
        """Begin to send; returns at once."""
        self._open |= {send.key: send for send in sends}
        if self._finishing:
            self._put_back()
            return
        task = asyncio.get_running_loop().create_task(self._send_all(sends))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, *, seconds: float) -> None:
        """Wait for what is under way; what is not done by then is given up, and in doubt if it was handed over."""
        self._finishing = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for each in late:
                each.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._put_back()
        await self._carrier.close()

    def _put_back(self) -> None:
        """Nobody works on what is open: not begun, so not in doubt. Whoever starts next sends it."""
        self._done(
            [
                Settlement(key=key, state="pending", reason="The server stopped before it was sent.")
                for key in self._open
            ]
        )

    async def _send_all(self, sends: Sequence[Send]) -> None:
        try:
            context = await self._load(sends)
        except Exception as error:  # noqa: BLE001 - Whatever it was, these sends must be put back.
            # Nothing was handed over, so nothing is in doubt.
            _log.exception("Loading what %d sends need failed.", len(sends))
            self._done([self._later(send, f"Not prepared: {error!r:.200}") for send in sends])
            return
        await asyncio.gather(*(self._send(send, context) for send in sends))

    def _later(self, send: Send, reason: str) -> Settlement:
        return settlement_of(send, Deferred(reason), to_millis(self._clock.now()))

    async def _load(self, sends: Sequence[Send]) -> Context:
        async with self._state.view() as view:
            owners = await view.identities_by_id(sorted({send.identity for send in sends}))
            members = await view.members(sorted({each.person for each in owners.values()}))
            profiles = await view.profiles([each.id for those in members.values() for each in those])
            playbook = playbook_of(await view.decisions(latest=False))
        return Context(playbook=playbook, owners=owners, members=members, profiles=profiles)

    async def _send(self, send: Send, context: Context) -> None:
        parcel = self._packed(send, context)
        if isinstance(parcel, Refused):
            self._done([settlement_of(send, parcel, to_millis(self._clock.now()))])
            return
        await self._places.acquire()
        try:
            verdict = await self._carrier.carry(parcel)
        except asyncio.CancelledError:
            self._done([Settlement(key=send.key, state="in_doubt", reason="Stopped while it was on its way.")])
            raise
        except Exception as error:  # noqa: BLE001 - It may have raised after the message was handed over.
            _log.exception("A carrier raised; it must answer with a verdict.")
            verdict = InDoubt(f"{error!r:.200}")
        finally:
            self._places.release()
        self._done([settlement_of(send, verdict, to_millis(self._clock.now()))])

    def _done(self, settlements: Sequence[Settlement]) -> None:
        for each in settlements:
            self._open.pop(each.key, None)
        self._settle(settlements)

    def _packed(self, send: Send, context: Context) -> Parcel | Refused:
        """The rendered message; what cannot be rendered is refused, by us."""
        try:
            play = context.playbook.find(send.origin, send.version)
            step = _step_of(play.journey, send.step) if play is not None else None
            if step is None:
                return Refused(f"There is no template {send.template!r}.")
            template = parse_message(step.template.subject, step.template.html, step.template.text)
            words = template.render(self._variables(send, context), now=from_millis(send.created_ms))
            if isinstance(words, RenderFailed):
                return Refused(f"It could not be rendered: {words.reason}")
            return self._channel.parcel(send, words)
        except (Exposed, ValueError) as error:
            return Refused(f"It could not be written: {error}")
        except Exception as error:  # noqa: BLE001 - Ours to mend; meanwhile it fails in sight and holds no place.
            _log.exception("Writing the send %s failed.", send.key)
            return Refused(f"It could not be written: {error!r:.200}")

    def _variables(self, send: Send, context: Context) -> dict[str, Json]:
        return {
            **send.variables,
            "person": context.person(send.identity),
            "links": {"unsubscribe": self._linker.unsubscribe(send.key)},
            "workspace": {"name": self._workspace_name},
        }


def _step_of(journey: Journey, step_id: str) -> SendStep | None:
    node = journey.steps.get(step_id)
    return node.step if node is not None and isinstance(node.step, SendStep) else None
