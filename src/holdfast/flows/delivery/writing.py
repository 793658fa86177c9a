"""Writing: a claimed send put into words for its person, and those into the form its provider takes.

What an earlier attempt said is said again, whatever has changed since.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from holdfast.decisions.step import Said
from holdfast.events.event import Json
from holdfast.flows.content.shelf import Shelf, ShelfKeeper
from holdfast.flows.delivery.confirming import confirming_words
from holdfast.flows.delivery.filling import Filled, Filler
from holdfast.flows.delivery.telling import MESSAGE_RECEIVED
from holdfast.flows.delivery.wording import Wording, kept_wordings
from holdfast.flows.journey.playbook import Playbook, PlaybookKeeper
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.liquid.needs import Aborted
from holdfast.messages.parcel import Deferred, Parcel, Refused
from holdfast.messages.start_token import start_token
from holdfast.ports.channel import Answering, Channel, ToDevices
from holdfast.ports.clock import Clock
from holdfast.ports.state import Identity, Send, View
from holdfast.profiles.devices import devices_of, write_devices
from holdfast.profiles.profile import EMPTY, Profile, combine

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is loaded for a batch of sends."""

    playbook: Playbook
    owners: Mapping[int, Identity]
    members: Mapping[int, Sequence[Identity]]
    profiles: Mapping[int, Profile]
    shelf: Shelf
    wordings: Mapping[str, Wording]
    """What earlier attempts said, by send."""

    def person(self, identity: int) -> dict[str, Json]:
        """What a template sees as `person`: the traits, and the name they are shown under."""
        members = self.members[self.owners[identity].person]
        return {**self.whole(identity).trait_values(), "user_id": shown_as(members).value}

    def whole(self, identity: int) -> Profile:
        """All that is known of the person."""
        members = self.members[self.owners[identity].person]
        return combine(self.profiles.get(each.id, EMPTY) for each in members)


def _said_by(playbook: Playbook, send: Send) -> Said | None:
    """What the send's step says; None where it is not there any more, or says nothing on that channel."""
    play = playbook.find(send.origin, send.version)
    node = play.journey.steps.get(send.step) if play is not None else None
    said = node.step.says() if node is not None else None
    return said if said is not None and said.channel == send.channel else None


def _addressed(send: Send, context: Context, channel: Channel) -> Send | Refused:
    """The send with where it goes now: on a channel to devices, all those that the person has by now."""
    if not isinstance(channel, ToDevices):
        return send
    devices = devices_of(context.whole(send.identity).devices, channel.device_types)
    return (
        structs.replace(send, address=write_devices(devices))
        if devices
        else Refused("They have no such device any more.")
    )


def _unheard(send: Send, words: Words, context: Context, channel: Channel, now_ms: int) -> Refused | None:
    """Why it may not be said: it is for who wrote to us lately, and the person has not, by any channel.

    Who has written by another channel only is refused by the provider, which alone knows.
    """
    within_seconds = channel.answers_within_seconds(words) if isinstance(channel, Answering) else None
    if within_seconds is None:
        return None
    whole = context.whole(send.identity)
    heard = whole.tallies.get(MESSAGE_RECEIVED)
    if (heard is None and whole.crowded) or (heard and now_ms - heard.recent_ms[-1] <= 1_000 * within_seconds):
        return None
    hours = within_seconds // 3_600
    return Refused(f"It may be said only within {hours} hours of the person's last message. Use a template.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message ready to be handed over."""

    parcel: Parcel
    wording: Wording
    again: bool
    """Whether an earlier attempt said so: then it is kept already."""


class Writer:
    """Writes sends."""

    def __init__(
        self,
        *,
        clock: Clock,
        linker: Linker,
        workspace_name: str,
        filler: Filler,
        time_zone: str = "UTC",
        help_contact: str = "",
    ) -> None:
        """Nothing is written yet.

        Args:
            filler: puts content into words; whoever made it closes it.
            time_zone: the workspace's.
            help_contact: where people get help; empty for nowhere.
        """
        self._clock = clock
        self._linker = linker
        self._workspace_name = workspace_name
        self._filler = filler
        self._time_zone = time_zone
        self._help_contact = help_contact
        self._playbook = PlaybookKeeper()
        self._shelves = ShelfKeeper()

    def adopt(self, *, workspace_name: str, help_contact: str) -> None:
        """Go by another name, and another place to get help, from now on."""
        self._workspace_name = workspace_name
        self._help_contact = help_contact

    async def load(self, view: View, sends: Sequence[Send]) -> Context:
        """All that is needed to write these claimed sends."""
        owners = await view.identities_by_id(sorted({send.identity for send in sends}))
        members = await view.members(sorted({each.person for each in owners.values()}))
        profiles = await view.profiles([each.id for those in members.values() for each in those])
        playbook = await self._playbook.load(view)
        sayings = [(said, each.created_ms) for each in sends if (said := _said_by(playbook, each)) is not None]
        return Context(
            playbook=playbook,
            owners=owners,
            members=members,
            profiles=profiles,
            shelf=await self._shelves.load(view, sayings),
            wordings=await kept_wordings(view, sends),
        )

    async def write(self, send: Send, context: Context, channel: Channel) -> Written | Refused | Deferred | Aborted:
        """What is handed to the provider; what cannot be written is refused, by us."""
        try:
            addressed = _addressed(send, context, channel)
            if isinstance(addressed, Refused):
                return addressed
            before = context.wordings.get(send.key)
            if before is not None:
                return await self._put_into_form(addressed, before, (), channel, context)
            worded = await self._worded(send, context)
            if isinstance(worded, (Refused, Deferred, Aborted)):
                return worded
            return await self._put_into_form(addressed, *worded, channel, context)
        except (Exposed, ValueError) as error:
            return Refused(f"It could not be written: {error}")
        except Exception as error:  # noqa: BLE001 - Ours to mend; meanwhile it fails in sight and holds no place.
            _log.exception("Writing the send %s failed.", send.key)
            return Refused(f"It could not be written: {error!r:.200}")

    async def _worded(
        self, send: Send, context: Context
    ) -> tuple[Wording, tuple[str, ...]] | Refused | Deferred | Aborted:
        """What the send says, and the pools a code was taken of for it just now.

        Raises Exposed when what its step says is not what its medium takes.
        """
        if send.origin_kind == "keyword":
            return Wording(words=confirming_words(send, sender=self._workspace_name, contact=self._help_contact)), ()
        said = _said_by(context.playbook, send)
        if said is None:
            return Refused(f"There is no template {send.template!r}.")
        place = (send.origin, send.version, send.step)
        person = context.person(send.identity)
        had = context.whole(send.identity).variants
        chosen = context.shelf.chosen(said, place=place, at_ms=send.created_ms, person=person, had=had)
        variables = self._variables(send, person) | chosen.variables()
        filled = await self._filler.fill(chosen.content, variables, send)
        if not isinstance(filled, Filled):
            return filled
        return Wording(words=filled.words, told=chosen.told()), filled.taken

    async def _put_into_form(
        self, send: Send, wording: Wording, taken: tuple[str, ...], channel: Channel, context: Context
    ) -> Written | Refused:
        """The words in the provider's form. Codes in what cannot be put into it are shown to nobody, and go back."""
        parcel: Parcel | Refused | None = None
        try:
            parcel = _unheard(send, wording.words, context, channel, to_millis(self._clock.now()))
            parcel = parcel or channel.parcel(send, wording.words)
        finally:
            if not isinstance(parcel, Parcel):
                await self._filler.give_back(send, taken)
        if isinstance(parcel, Refused):
            return parcel
        return Written(parcel=parcel, wording=wording, again=send.key in context.wordings)

    def _variables(self, send: Send, person: dict[str, Json]) -> dict[str, Json]:
        return {
            **send.variables,
            "person": person,
            "links": {
                "unsubscribe": self._linker.unsubscribe(send.key),
                "preferences": self._linker.preferences(send.key),
                "start": start_token(send.identity, self._linker.key),
            },
            "workspace": {"name": self._workspace_name, "time_zone": self._time_zone},
            "send": {
                "key": send.key,
                "origin": send.origin,
                "step": send.step,
                "created_at": format_moment(from_millis(send.created_ms)),
            },
        }
