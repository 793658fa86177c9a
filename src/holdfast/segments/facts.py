"""What is known of one person: from a live profile, or from their whole history."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from holdfast.events.event import OWN_SOURCE, Json
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import Profile
from holdfast.profiles.variants import VARIANT_ASSIGNED, variant_of
from holdfast.segments.condition import UTC_ZONE, Facts, Moments, PastEvent, Times
from holdfast.segments.groups import GROUP_JOINED
from holdfast.segments.leaf import Leaf, Seen
from holdfast.segments.watching import NOTHING_WATCHED, Watching

_NEVER = Moments(first_ms=None, recent_ms=(), whole=True)
_ANY_TIMES = Times(least=0, most=None)


class ProfileFacts:
    """A live profile: traits, how often and when last each event happened, and of its properties what is watched."""

    __slots__ = ("_identities", "_profile", "_traits", "_watching", "user_id", "zone")

    def __init__(
        self,
        profile: Profile,
        *,
        user_id: str = "",
        zone: ZoneInfo = UTC_ZONE,
        watching: Watching = NOTHING_WATCHED,
        identities: Collection[int] = (),
    ) -> None:
        """What is known by the profile.

        Args:
            watching: what was watched as it was learnt.
            identities: whose profile it is.
        """
        self.user_id = user_id
        self.zone = zone
        self._watching = watching
        self._identities = identities
        self._profile = profile
        self._traits: Mapping[str, Json] | None = None

    @property
    def traits(self) -> Mapping[str, Json]:
        if self._traits is None:
            self._traits = self._profile.trait_values()
        return self._traits

    def groups(self) -> Sequence[Mapping[str, Json]] | None:
        """None of them, where they are known to have joined none; otherwise a profile does not keep groups."""
        return None if self.past(GROUP_JOINED) is None else ()

    def past(self, event: str) -> Iterable[PastEvent] | None:
        """Nothing, where it is known to have never happened; otherwise a profile does not keep properties."""
        return [] if self._profile.tallies.get(event) is None and not self._profile.crowded else None

    def times(self, event: str, *, after_ms: int, until_ms: int) -> Times:
        tally = self._profile.tallies.get(event)
        if tally is None:
            return _ANY_TIMES if self._profile.crowded else Times.exactly(0)
        recent_ms = tally.recent_ms
        remembered = bisect_right(recent_ms, until_ms) - bisect_right(recent_ms, after_ms)
        forgotten = tally.count - len(recent_ms)
        if not forgotten or recent_ms[0] <= after_ms:
            return Times.exactly(remembered)
        # More happened than is remembered. What is forgotten lies from the very first to the first remembered.
        if until_ms < tally.first_ms:
            return Times.exactly(0)
        if after_ms < tally.first_ms and recent_ms[0] <= until_ms:
            return Times.exactly(remembered + forgotten)
        first_is_in = int(after_ms < tally.first_ms)
        return Times(least=remembered + first_is_in, most=remembered + forgotten - 1 + first_is_in)

    def moments(self, event: str) -> Moments | None:
        tally = self._profile.tallies.get(event)
        if tally is None:
            return None if self._profile.crowded else _NEVER
        return Moments(tally.first_ms, tally.recent_ms, tally.count == len(tally.recent_ms))

    def seen(self, leaf: Leaf) -> Seen | None:
        return self._watching.seen(leaf, self._profile, self._identities)

    def variant(self, experiment: str, *, until_ms: int | None = None) -> str | None:
        assigned = self._profile.variants.get(experiment)
        if assigned is not None and until_ms is not None and assigned.at_ms > until_ms:
            return ""
        return variant_of(self._profile.variants, experiment)


class ChangedFacts:
    """What is known of one person, with some traits changed since, or variants assigned."""

    __slots__ = ("_assigned", "_changes", "_facts", "_traits")

    def __init__(self, facts: Facts, changes: Mapping[str, Json], *, assigned: Mapping[str, str] | None = None) -> None:
        """What else is known stays as it is.

        Args:
            changes: values by trait; null for one that is taken away.
            assigned: variants by experiment, of experiments in which they took no part before.
        """
        self._facts = facts
        self._assigned = {} if assigned is None else assigned
        self._changes = changes
        self._traits: Mapping[str, Json] | None = None

    @property
    def traits(self) -> Mapping[str, Json]:
        if self._traits is None:
            changed = {**self._facts.traits, **self._changes}
            self._traits = {name: value for name, value in changed.items() if value is not None}
        return self._traits

    @property
    def user_id(self) -> str:
        return self._facts.user_id

    @property
    def zone(self) -> ZoneInfo:
        return self._facts.zone

    def groups(self) -> Sequence[Mapping[str, Json]] | None:
        return self._facts.groups()

    def past(self, event: str) -> Iterable[PastEvent] | None:
        return self._facts.past(event)

    def times(self, event: str, *, after_ms: int, until_ms: int) -> Times:
        return self._facts.times(event, after_ms=after_ms, until_ms=until_ms)

    def moments(self, event: str) -> Moments | None:
        return self._facts.moments(event)

    def seen(self, leaf: Leaf) -> Seen | None:
        return self._facts.seen(leaf)

    def variant(self, experiment: str, *, until_ms: int | None = None) -> str | None:
        return self._assigned.get(experiment) or self._facts.variant(experiment, until_ms=until_ms)


class HistoryFacts:
    """A whole history: everything is known."""

    __slots__ = ("_events", "_groups", "_traits", "user_id", "zone")

    def __init__(
        self,
        traits: Mapping[str, Json],
        events: Mapping[str, Sequence[PastEvent]],
        *,
        user_id: str = "",
        zone: ZoneInfo = UTC_ZONE,
        groups: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        self.user_id = user_id
        self.zone = zone
        self._traits = traits
        self._events = events
        self._groups = groups

    @property
    def traits(self) -> Mapping[str, Json]:
        return self._traits

    def groups(self) -> Sequence[Mapping[str, Json]]:
        return self._groups

    def past(self, event: str) -> Iterable[PastEvent]:
        return self._events.get(event, ())

    def times(self, event: str, *, after_ms: int, until_ms: int) -> Times:
        return Times.exactly(sum(1 for each in self.past(event) if after_ms < to_millis(each.timestamp) <= until_ms))

    def moments(self, event: str) -> Moments:
        recent_ms = sorted(to_millis(each.timestamp) for each in self.past(event))
        return Moments(first_ms=recent_ms[0] if recent_ms else None, recent_ms=recent_ms, whole=True)

    def seen(self, leaf: Leaf) -> Seen | None:
        """Nothing: whoever has the whole past looks at that."""
        return None

    def variant(self, experiment: str, *, until_ms: int | None = None) -> str:
        assigned = (
            (to_millis(each.timestamp), variant)
            for each in self.past(VARIANT_ASSIGNED)
            if each.source == OWN_SOURCE
            and each.properties.get("experiment") == experiment
            and isinstance(variant := each.properties.get("variant"), str)
            and variant
        )
        in_time = (each for each in assigned if until_ms is None or each[0] <= until_ms)
        return min(in_time, default=(0, ""))[1]
