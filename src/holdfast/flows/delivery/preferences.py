"""Preferences: what somebody wants to hear of, and where, as they say it on a page of ours.

The link in a message opens the page for whoever has the message. What they say becomes consent, given or taken, by the
door everything comes by; only what differs from what is known is said.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from holdfast.decisions.gate import GateRules
from holdfast.decisions.medium import address_on, media
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.delivery.receive import find_send, language_of
from holdfast.flows.delivery.telling import Tell, consent_event
from holdfast.messages.links import decode_link
from holdfast.messages.topics import Topic
from holdfast.ports.clock import Clock
from holdfast.ports.state import State
from holdfast.profiles.profile import EMPTY, EVERY_TOPIC, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing somebody may want or not: a topic on a channel."""

    channel: str
    topic: str
    name: str
    wanted: bool

    @property
    def key(self) -> str:
        """What the page's form calls it."""
        return f"{self.channel}/{self.topic}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What is known of somebody's wishes."""

    user: IdentityKey
    language: str
    address: str
    """Where the message went that the link is from."""
    choices: tuple[Choice, ...]
    """By channel, in the order of topics."""
    reached_at: Mapping[str, str]
    """Where they are written to, by channel."""


class PreferenceKeeper:
    """Shows and takes preferences."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        tell: Tell,
        key: bytes,
        rules: GateRules,
        topics: Sequence[Topic],
    ) -> None:
        """Nothing is read yet.

        Args:
            tell: makes own events durable in the log.
            key: what links are signed with.
            topics: those people may choose from; where none are named, those they said something about.
        """
        self._state = state
        self._clock = clock
        self._tell = tell
        self._key = key
        self.adopt(rules, topics)

    def adopt(self, rules: GateRules, topics: Sequence[Topic]) -> None:
        """Go by other rules and topics from now on."""
        self._granted = rules.consent_default == "granted"
        self._topics = topics

    async def known(self, token: str, language: str = "") -> Preferences | None:
        """What is known of the wishes of whoever has the link; None when it is none of ours, or of nobody any more.

        Args:
            language: what names are said in unless the person has one of their own; such as `de`.
        """
        link = decode_link(token, self._key)
        if link is None or link.kind != "preferences":
            return None
        async with self._state.view() as view:
            found = await find_send(view, link)
            if found is None:
                return None
            owner = (await view.identities_by_id([found.send.identity]))[found.send.identity]
            profile = (await view.sayings([owner.person])).get(owner.person, EMPTY)
        language = language_of(profile.trait_values()) or language
        send = found.send
        return Preferences(
            user=found.user,
            language=language,
            address=send.address,
            choices=self._choices(profile, send.channel, send.topic, language),
            reached_at={each: at for each in media() if (at := address_on(each, profile, ""))},
        )

    async def say(self, token: str, *, shown: Collection[str], wanted: Collection[str]) -> bool:
        """Take what somebody says: of what was shown, what they want. Whether the link was ours.

        Args:
            shown: keys of choices; those that are none of this person's are passed over.
            wanted: those of them they want.
        """
        known = await self.known(token)
        if known is None:
            return False
        changed = [each for each in known.choices if each.key in shown and each.wanted is not (each.key in wanted)]
        if changed:
            await self._tell(await self._events(known, changed))
        return True

    async def stop(self, token: str) -> bool:
        """They want nothing any more, anywhere. Whether the link was ours."""
        known = await self.known(token)
        if known is None:
            return False
        now = self._clock.now()
        channels = dict.fromkeys(each.channel for each in known.choices)
        await self._tell(
            [consent_event(known.user, now, ("preferences", each), channel=each, granted=False) for each in channels]
        )
        return True

    async def _events(self, known: Preferences, changed: Sequence[Choice]) -> list[Event]:
        """The consents that make it so. Who had refused a whole channel and wants one topic refuses the others."""
        now, events = self._clock.now(), []
        said = {each.key: not each.wanted for each in changed}
        for channel in dict.fromkeys(each.channel for each in changed):
            mine = [each for each in known.choices if each.channel == channel]
            after = {each.topic: said.get(each.key, each.wanted) for each in mine}
            spoken = {each.topic for each in mine if each.key in said}
            if not any(each.wanted for each in mine) and any(after.values()):
                # With the address: whoever said stop there is heard again.
                at = known.reached_at.get(channel, "")
                key = ("preferences", channel)
                events.append(consent_event(known.user, now, key, channel=channel, granted=True, address=at))
                spoken = set(after)
            events += [
                consent_event(
                    known.user, now, ("preferences", channel, topic), channel=channel, granted=after[topic], topic=topic
                )
                for topic in after
                if topic in spoken
            ]
        return events

    def _choices(self, profile: Profile, channel: str, topic: str, language: str) -> tuple[Choice, ...]:
        channels = list(dict.fromkeys([channel, *(each for each in media() if address_on(each, profile, ""))]))
        topics = {each.id: each.name_in(language) for each in self._topics}
        if not topics:
            said = sorted(name.partition("/")[2] for name in profile.consent)
            topics = {each: each for each in (topic, *said) if each != EVERY_TOPIC}
        return tuple(
            Choice(channel=each, topic=about, name=name, wanted=self._wants(profile, each, about))
            for each in channels
            for about, name in topics.items()
        )

    def _wants(self, profile: Profile, channel: str, topic: str) -> bool:
        said = profile.consents_to(channel, topic)
        return self._granted if said is None else said
