"""The profile: what is known of one identity, folded from its events, and of a person, folded from its identities.

Every fold here gives the same answer whatever order events and identities come in; of an event that comes twice the
caller has already dropped the second. So late events correct the answer, and merging and unmerging are exact.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis
from holdfast.profiles.devices import Devices, heard_of, later_heard
from holdfast.profiles.variants import Variants, assigned_by, earliest
from holdfast.profiles.watched import Kept, Watchers, all_joined, watched

RECENT_MOST = 32
"""How many last moments of each event name a profile keeps: "at least N times in T" is exact up to this N."""
NAMES_MOST = 500
"""How many event names a profile tallies; a person with more is a robot, and asking about the rest says unknown.

The names kept are the first in alphabetical order, not the first to come: so the order of events makes no difference.
"""

CONSENT_CHANGED = "Consent Changed"
"""The event that gives or takes consent: properties `channel`, `granted`, and `topic` where it is about one."""

ANSWERS = frozenset({"Message Opened", "Message Clicked"})
"""The events that mean that somebody cares for our messages, unless their `agent` is a machine, or may be one."""

EVERY_TOPIC = ""

if TYPE_CHECKING:
    from holdfast.events.event import Json as JsonValue
else:
    JsonValue = Any  # msgspec cannot decode a recursive type; what was JSON before is JSON still.


# gc=False here and below: what is JSON holds no cycles, and there are millions of these.
class Stamped(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value with when it was said, and by which message: the later one wins, ties by message id."""

    at_ms: int
    message_id: str
    value: JsonValue

    def beaten_by(self, other: Stamped) -> bool:
        """Whether the other was said later."""
        return (other.at_ms, other.message_id) > (self.at_ms, self.message_id)


class Tally(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often something was done, and the last moments of it, oldest first."""

    count: int
    first_ms: int
    recent_ms: tuple[int, ...]


class Profile(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is known of one identity or, combined, of one person."""

    traits: dict[str, Stamped] = {}
    consent: dict[str, Stamped] = {}
    """By `channel` and `channel/topic`; the value is True or False."""
    tallies: dict[str, Tally] = {}
    crowded: bool = False
    """More event names than are tallied."""
    first_seen_ms: int = 0
    """When the first of their events was: what we said of them, such as that they are on a list, counts here."""
    last_seen_ms: int = 0
    """When the last thing they did was, or was done to reach them; 0 where nothing was but what we said of them."""
    answered_ms: int = 0
    """When they last opened one of our messages or clicked in one, by their own hand; 0 for never."""
    watched: dict[int, Kept] = {}
    """By the number of what watches them: single events."""
    devices: Devices = {}
    """By their ids: where push messages reach them, and which of those places are gone."""
    variants: Variants = {}
    """By the experiment's name: which variant they were assigned first."""

    def trait_values(self) -> dict[str, JsonValue]:
        """The traits as they stand; one set to null is not there."""
        return {name: said.value for name, said in self.traits.items() if said.value is not None}

    def consent_values(self) -> dict[str, bool]:
        """Consent as it stands: by `channel` and `channel/topic`."""
        return {name: said.value is True for name, said in self.consent.items()}

    def consents_to(self, channel: str, topic: str) -> bool | None:
        """Whether they agreed to hear of the topic on the channel; None when they never said.

        A refusal of the channel stands above any topic of it.
        """
        whole = self.consent.get(consent_name(channel, EVERY_TOPIC))
        part = self.consent.get(consent_name(channel, topic))
        if whole is not None and whole.value is not True:
            return False
        if part is not None:
            return part.value is True
        return None if whole is None else True

    def count(self, event: str, *, since: datetime | None, until: datetime) -> int | None:
        """How many events of that name in (since, until]; None when more happened than the profile remembers."""
        tally = self.tallies.get(event)
        if tally is None:
            return None if self.crowded else 0
        until_ms = to_millis(until)
        kept = tally.recent_ms
        whole = tally.count == len(kept)
        if since is None:
            later = sum(1 for at in kept if at > until_ms)
            return tally.count - later if whole or later < len(kept) else None
        since_ms = to_millis(since)
        if not whole and kept[0] > since_ms:
            return None
        return sum(1 for at in kept if since_ms < at <= until_ms)


EMPTY = Profile()


def consent_name(channel: str, topic: str) -> str:
    """The key consent to a topic on a channel is kept under."""
    return f"{channel}/{topic}" if topic else channel


def hear(profile: Profile, event: Event) -> Profile:
    """The profile with the traits an identify call says, or the variant we assign.

    The event is still to be learnt, and changes neither then.
    """
    variants = assigned_by(profile.variants, event)
    if variants is not profile.variants:
        return msgspec.structs.replace(profile, variants=variants)
    if event.kind != "identify":
        return profile
    at_ms = to_millis(event.timestamp)
    said = {name: Stamped(at_ms, event.message_id, value) for name, value in event.properties.items()}
    return msgspec.structs.replace(profile, traits=_later(profile.traits, said))


def learn(profile: Profile, event: Event, watchers: Watchers | None = None) -> Profile:
    """The profile after one more event of its identity. The event must not have been learnt before.

    Args:
        watchers: those who want single events kept; None leaves alone what is kept.
    """
    at_ms = to_millis(event.timestamp)
    traits, consent, first_ms, last_ms = profile.traits, profile.consent, profile.first_seen_ms, profile.last_seen_ms
    if event.kind == "identify" and event.properties:
        said = {name: Stamped(at_ms, event.message_id, value) for name, value in event.properties.items()}
        traits = _later(traits, said)
    if event.name == CONSENT_CHANGED:
        consent = _later(consent, _consent_said(event, at_ms))
    if at_ms < first_ms or not (first_ms or _was_seen(profile)):
        first_ms = at_ms
    if at_ms > last_ms and not event.is_our_saying:
        last_ms = at_ms
    tallies, crowded = _tallied(profile, event.name, at_ms)
    # In the order of the fields: with their names it takes twice as long, and every event comes through here.
    return Profile(
        traits,
        consent,
        tallies,
        crowded,
        first_ms,
        last_ms,
        max(profile.answered_ms, at_ms) if _is_answer(event) else profile.answered_ms,
        profile.watched if watchers is None else watched(profile.watched, event, watchers),
        heard_of(profile.devices, event),
        assigned_by(profile.variants, event),
    )


def watch(profile: Profile, event: Event, watchers: Watchers) -> Profile:
    """The profile with what is to be kept of an event that was learnt already, or will be."""
    return msgspec.structs.replace(profile, watched=watched(profile.watched, event, watchers))


def with_kept(profile: Profile, number: int, kept: Kept) -> Profile:
    """The profile with what else is to be kept under a number; what is kept already counts once."""
    return msgspec.structs.replace(profile, watched=all_joined(profile.watched, {number: kept}))


def combine(profiles: Iterable[Profile]) -> Profile:
    """One person's profile, from those of their identities; the order does not matter."""
    whole = EMPTY
    for each in profiles:
        whole = each if whole is EMPTY else _combined(whole, each)
    return whole


def _combined(one: Profile, other: Profile) -> Profile:
    names = sorted(one.tallies.keys() | other.tallies.keys())
    seen = [each.first_seen_ms for each in (one, other) if _was_seen(each)]
    return Profile(
        traits=_later(one.traits, other.traits),
        consent=_later(one.consent, other.consent),
        tallies={name: _added(one.tallies.get(name), other.tallies.get(name)) for name in names[:NAMES_MOST]},
        crowded=one.crowded or other.crowded or len(names) > NAMES_MOST,
        first_seen_ms=min(seen, default=0),
        last_seen_ms=max(one.last_seen_ms, other.last_seen_ms),
        answered_ms=max(one.answered_ms, other.answered_ms),
        watched=all_joined(one.watched, other.watched),
        devices=later_heard(one.devices, other.devices),
        variants=earliest(one.variants, other.variants),
    )


def _is_answer(event: Event) -> bool:
    # Who says nothing of who did it means the person: an app that tells of its own messages.
    return event.name in ANSWERS and event.properties.get("agent") in (None, "human")


def _was_seen(profile: Profile) -> bool:
    # The first millisecond of 1970 is a moment like any other, so 0 alone does not mean "never".
    return bool(profile.first_seen_ms or profile.tallies)


def _later(old: Mapping[str, Stamped], new: Mapping[str, Stamped]) -> dict[str, Stamped]:
    merged = dict(old)
    for name, said in new.items():
        before = merged.get(name)
        if before is None or before.beaten_by(said):
            merged[name] = said
    return merged


def _consent_said(event: Event, at_ms: int) -> dict[str, Stamped]:
    channel, granted = event.properties.get("channel"), event.properties.get("granted")
    topic = event.properties.get("topic")
    topic = EVERY_TOPIC if topic is None else topic
    if not isinstance(channel, str) or not isinstance(granted, bool) or not isinstance(topic, str):
        return {}
    if not channel or "/" in channel:  # With a slash it could pass for a channel's topic.
        return {}
    return {consent_name(channel, topic): Stamped(at_ms, event.message_id, granted)}


def _tallied(profile: Profile, name: str, at_ms: int) -> tuple[dict[str, Tally], bool]:
    tallies = profile.tallies.copy()
    before = tallies.get(name)
    tallies[name] = Tally(1, at_ms, (at_ms,)) if before is None else _once_more(before, at_ms)
    if len(tallies) <= NAMES_MOST:
        return tallies, profile.crowded
    # A name that goes now would go in any order: NAMES_MOST names before it stay for ever.
    del tallies[max(tallies)]
    return tallies, True


def _once_more(tally: Tally, at_ms: int) -> Tally:
    """As `_added` would have it, with one more moment: mostly the latest."""
    recent = [*tally.recent_ms, at_ms]
    if tally.recent_ms and at_ms < tally.recent_ms[-1]:
        recent.sort()
    return Tally(tally.count + 1, min(tally.first_ms, at_ms), tuple(recent[-RECENT_MOST:]))


def _added(one: Tally | None, other: Tally | None) -> Tally:
    if one is None or other is None:
        return one or other or Tally(count=0, first_ms=0, recent_ms=())
    recent = list(one.recent_ms)
    for at in other.recent_ms:
        insort(recent, at)
    return Tally(
        count=one.count + other.count,
        first_ms=min(one.first_ms, other.first_ms),
        recent_ms=tuple(recent[-RECENT_MOST:]),
    )
