"""The contact gate: the one place that says whether a person may be contacted now, and if not, why not.

Every contact passes it, whatever asked for it. The answer to a contact withheld is exactly one reason: the first that
applies in the order of `Reason`. Marketing rules never hold back a transactional message; a dead address does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from holdfast.decisions.caps import PRIORITY_USUAL, Cap, free_ms, outranked
from holdfast.decisions.closed_days import NEVER_CLOSED, ClosedDays
from holdfast.decisions.fatigue import Fatigue
from holdfast.decisions.holdout import Rotation, held_out, period_of
from holdfast.decisions.made import Made
from holdfast.decisions.quiet import QuietHours
from holdfast.decisions.recovery import ServiceHold
from holdfast.decisions.visit import Arm
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.profiles.profile import Profile, Tally
from holdfast.segments.condition import UTC_ZONE
from holdfast.segments.zones import ZONE_TRAIT, zones

Reason = Literal[
    "global_holdout",  # They are among those who get no marketing of any kind.
    "holdout",  # They are in the holdout of this journey or campaign.
    "no_address",  # There is nowhere to write to on the channel.
    "suppressed",  # The address is not to be written to.
    "no_consent",  # They did not agree, or agree no more.
    "service_hold",  # They wait for their trouble to be solved.
    "too_late",  # It is past the cut-off of the run that let them in.
    "quiet_hours",  # It is quiet where they are, and what comes then is dropped.
    "fatigued",  # They have not answered the last ones.
    "capped",  # One more would be too many.
    "over_budget",  # It would cost more than is left to spend.
    "outranked",  # It was permitted and waited, and something more important took its place.
]
"""Why a contact is withheld, in the order they are asked: first who they are, then how they stand to us, then the hour,
then what was made before, and last the money. What waits may be outranked after all."""

SOFT_SUPPRESSIONS = frozenset({"unsubscribed", "complained"})
"""Suppressions that speak of marketing: the address works, its owner wants no advertising. Any other reason means that
the address is dead, for transactional messages too."""


class Contact(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A wish to write to somebody."""

    channel: str
    topic: str
    transactional: bool = False
    """Part of what the person bought or asked for, such as a receipt: exempt from holdouts, consent, holds, quiet
    hours, caps and budgets."""
    not_after: datetime | None = None
    """The cut-off: it is not made later; None for none."""
    arm: Arm = "treated"
    """Whether the person is being left alone on purpose."""
    priority: int = PRIORITY_USUAL
    """Where a cap has room for one, the one with the higher number gets it, as long as the other still waits."""
    affordable: bool = True
    """Whether what is left to spend pays for it."""

    def to(self, arm: Arm, *, affordable: bool, not_after: datetime | None) -> Contact:
        """The wish to write so to somebody in that arm."""
        if (arm, affordable, not_after) == (self.arm, self.affordable, self.not_after):
            return self
        return msgspec.structs.replace(self, arm=arm, affordable=affordable, not_after=not_after)


class Standing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is known of a person's one channel when the gate is asked."""

    address: str = ""
    """Where to write; empty when the person has no address on the channel."""
    consent: bool | None = None
    """Whether they agreed to hear from us on the channel; None when they never said."""
    topics: Mapping[str, bool | None] = {}
    """The same for topics about which they said something of their own; it stands in the place of `consent`."""
    suppressed: str | None = None
    """Why the address is not to be written to."""
    recent: tuple[Made, ...] = ()
    """The person's contacts on every channel, at least as far back as the longest cap looks; in any order."""
    person_key: str = ""
    """A name of the person that lasts, by which the global holdout is drawn; empty when there is nobody to draw."""
    zone: ZoneInfo | None = None
    """The time zone they live in; None when it is not known, and the workspace's is taken."""
    answered_ms: int = 0
    """When they last opened one of our messages or clicked in one, by their own hand; 0 for never."""
    tallies: Mapping[str, Tally] = {}
    """What they did, by event."""

    def consents_to(self, topic: str) -> bool | None:
        """Whether they agreed to hear of the topic; None when they never said."""
        return self.topics.get(topic, self.consent)

    def contacted(self, made: Made) -> Standing:
        """The standing after one more contact."""
        return msgspec.structs.replace(self, recent=(*self.recent, made))

    def without(self, keys: Collection[str]) -> Standing:
        """The standing once these contacts are called off."""
        if not keys:
            return self
        return msgspec.structs.replace(self, recent=tuple(each for each in self.recent if each.key not in keys))


class Contacted(Mapping[str, Standing]):
    """The standing on each channel after one more contact; reckoned for those channels that are asked about."""

    __slots__ = ("_before", "_made", "_without")

    def __init__(self, before: Mapping[str, Standing], made: Made, without: Collection[str] = ()) -> None:
        """`without` are the keys of contacts that are called off for it."""
        self._before = before
        self._made = made
        self._without = without

    def __getitem__(self, channel: str) -> Standing:
        return self._before[channel].without(self._without).contacted(self._made)

    def __iter__(self) -> Iterator[str]:
        return iter(self._before)

    def __len__(self) -> int:
        return len(self._before)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """The workspace's rules for contacting people."""

    consent_default: Literal["granted", "required"] = "granted"
    """What silence about consent means for marketing."""
    caps: tuple[Cap, ...] = ()
    quiet: QuietHours | None = None
    zone: ZoneInfo = UTC_ZONE
    """The workspace's time zone: whose quiet hours are kept where a person's own is not known."""
    closed: ClosedDays = NEVER_CLOSED
    """When the business is closed: schedules that mind days off mind them."""
    global_holdout: float = 0.0
    """The share of people who get no marketing of any kind; 0 <= global_holdout < 1."""
    global_holdout_rotates: Rotation = "never"
    fatigue: tuple[Fatigue, ...] = ()
    service_holds: tuple[ServiceHold, ...] = ()
    veil_key: bytes = field(default=b"", repr=False)
    """What the names and addresses of the erased are hashed with; empty where nobody is ever erased."""
    costs: Mapping[str, int] = field(default_factory=dict)
    """What a message costs by channel, in thousandths of a minor unit of the workspace's currency."""

    def holdout_period(self, now: datetime) -> str:
        """The period whose draw of the global holdout stands."""
        return period_of(now, self.zone, self.global_holdout_rotates)

    def holds_out(self, person_key: str, now: datetime) -> bool:
        """Whether somebody is in the global holdout."""
        # Most workspaces have none, and this is asked for every message.
        return bool(self.global_holdout) and held_out(person_key, self.global_holdout, self.holdout_period(now))

    def look_back_seconds(self) -> int:
        """How far back contacts matter; 0 when nothing limits them."""
        windows = [cap.within_seconds for cap in self.caps]
        windows += [max(each.within_seconds, each.rest_seconds) for each in self.fatigue]
        return max(windows, default=0)

    def cost_of(self, channel: str) -> int:
        """What a message on the channel costs, in thousandths of a minor unit; 0 where nobody said."""
        return self.costs.get(channel, 0)

    def caps_on(self, contact: Contact) -> tuple[Cap, ...]:
        """The caps that such a contact must keep."""
        if contact.transactional:
            return ()
        return tuple(cap for cap in self.caps if cap.concerns(contact.channel, contact.topic))

    def free_ms(self, contact: Contact, recent: tuple[Made, ...], at_ms: int) -> int | None:
        """The first moment from `at_ms` on at which the caps allow the contact; None when they never do."""
        return free_ms(self.caps_on(contact), recent, at_ms)

    def of_the_person(self) -> GateRules:
        """The rules without those that speak of the hour and not of the person."""
        return replace(self, caps=(), quiet=None, fatigue=())


class Permit(msgspec.Struct, frozen=True, gc=False):
    """The contact may be made."""

    not_before: datetime | None = None
    """When quiet hours are over, where it is to wait for that; None for now."""
    instead_of: tuple[str, ...] = ()
    """The keys of less important ones that waited, and are called off for it."""


class Withheld(msgspec.Struct, frozen=True, gc=False):
    """The contact may not be made."""

    reason: Reason


Answer: TypeAlias = Permit | Withheld


def gate(contact: Contact, standing: Standing, rules: GateRules, now: datetime) -> Answer:
    """Whether the contact may be made at `now`, or when quiet hours are over.

    Caps and fatigue are asked about the moment at which it is to be made. What is less important and still waits makes
    room for it.
    """
    asked_ms = at_ms = to_millis(now)
    reason = _standing_bars(contact, standing, rules, now, asked_ms)
    if reason is not None:
        return Withheld(reason)
    if contact.not_after is not None and now > contact.not_after:
        return Withheld("too_late")
    if contact.transactional:
        return Permit()
    if rules.quiet is not None:
        at_ms = rules.quiet.over_ms(asked_ms, standing.zone or rules.zone)
        if at_ms > asked_ms and rules.quiet.policy == "drop":
            return Withheld("quiet_hours")
        if contact.not_after is not None and at_ms > to_millis(contact.not_after):
            return Withheld("too_late")
    room = _room(contact, standing, rules, at_ms)
    if isinstance(room, str):
        return Withheld(room)
    if not contact.affordable:
        return Withheld("over_budget")
    not_before = None if at_ms == asked_ms else from_millis(at_ms)
    return Permit(not_before, tuple(each.key for each in room))


def _room(contact: Contact, standing: Standing, rules: GateRules, at_ms: int) -> tuple[Made, ...] | Reason:
    """Those that make room for one more contact at that moment; or why it is too much, whatever makes room."""
    if not (rules.caps or rules.fatigue):
        return ()
    if not standing.recent and all(cap.most for cap in rules.caps):
        return ()  # Nobody tires of nothing, and there is room for one.
    full = _fullness(contact, standing, rules, at_ms)
    reason = full(standing.recent)
    if reason is None:
        return ()
    instead_of = outranked(lambda recent: not full(recent), standing.recent, contact.priority)
    return reason if instead_of is None else instead_of


def _fullness(
    contact: Contact, standing: Standing, rules: GateRules, at_ms: int
) -> Callable[[tuple[Made, ...]], Reason | None]:
    """Tells why one more contact at that moment is too much after those; None where it is not."""
    tiring = [each for each in rules.fatigue if each.concerns(contact.channel)]
    caps = rules.caps_on(contact)

    def full(recent: tuple[Made, ...]) -> Reason | None:
        if not all(each.allows(recent, standing.answered_ms, at_ms) for each in tiring):
            return "fatigued"
        return None if all(cap.allows(recent, at_ms) for cap in caps) else "capped"

    return full


def made_by(contact: Contact, answer: Permit, now: datetime, key: str = "") -> Made:
    """The contact that was permitted at `now`, as later ones see it; `key` is its send's."""
    return Made(
        channel=contact.channel,
        topic=contact.topic,
        at_ms=to_millis(answer.not_before or now),
        transactional=contact.transactional,
        priority=contact.priority,
        key=key,
    )


def _standing_bars(contact: Contact, standing: Standing, rules: GateRules, now: datetime, now_ms: int) -> Reason | None:
    """Who they are and how they stand to us: what holds at any hour."""
    marketing = not contact.transactional
    if marketing and (contact.arm == "global_holdout" or rules.holds_out(standing.person_key, now)):
        return "global_holdout"
    if marketing and contact.arm == "holdout":
        return "holdout"
    if not standing.address:
        return "no_address"
    if standing.suppressed is not None and (marketing or standing.suppressed not in SOFT_SUPPRESSIONS):
        return "suppressed"
    if marketing and not _consents(contact, standing, rules):
        return "no_consent"
    if marketing and any(each.holds(standing.tallies, now_ms) for each in rules.service_holds):
        return "service_hold"
    return None


def _consents(contact: Contact, standing: Standing, rules: GateRules) -> bool:
    said = standing.consents_to(contact.topic)
    return rules.consent_default == "granted" if said is None else said


def standing_of(
    profile: Profile,
    channel: str,
    *,
    address: str,
    suppressed: str | None = None,
    recent: tuple[Made, ...] = (),
    person_key: str = "",
) -> Standing:
    """The standing of a person on a channel.

    Args:
        profile: the person's, combined from all their identities.
        channel: such as `email`.
        address: where they are written to on it; empty when nowhere.
        suppressed: why the address is suppressed, if it is.
        recent: their contacts on every channel within `GateRules.look_back_seconds`.
        person_key: a name of the person that lasts: the oldest user id, else the oldest anonymous id.
    """
    lives_in = profile.traits.get(ZONE_TRAIT)
    return Standing(
        address=address,
        # Most people never said anything of it.
        consent=profile.consents_to(channel, "") if profile.consent else None,
        topics=_topics(profile, channel) if profile.consent else {},
        suppressed=suppressed,
        recent=recent,
        person_key=person_key,
        answered_ms=profile.answered_ms,
        tallies=profile.tallies,
        zone=zones().get(lives_in.value) if lives_in is not None and isinstance(lives_in.value, str) else None,
    )


def _topics(profile: Profile, channel: str) -> dict[str, bool | None]:
    """What they said of topics on the channel."""
    topics = (name.removeprefix(f"{channel}/") for name in profile.consent if name.startswith(f"{channel}/"))
    return {topic: profile.consents_to(channel, topic) for topic in topics}
