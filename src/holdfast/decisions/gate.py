"""The contact gate: the one place that says whether a person may be contacted now, and if not, why not.

Every contact passes it, whatever asked for it. The answer to a contact withheld is exactly one reason: the first that
applies in the order of `Reason`. Marketing rules never hold back a transactional message; a dead address does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from holdfast.decisions.caps import Cap, Made, free_ms
from holdfast.decisions.holdout import held_out
from holdfast.decisions.quiet import QuietHours
from holdfast.decisions.visit import Arm
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.profiles.profile import Profile
from holdfast.segments.condition import UTC_ZONE
from holdfast.segments.zones import ZONE_TRAIT, zones

Reason = Literal[
    "global_holdout",  # They are among those who get no marketing of any kind.
    "holdout",  # They are in the holdout of this journey or campaign.
    "no_address",  # There is nowhere to write to on the channel.
    "suppressed",  # The address is not to be written to.
    "no_consent",  # They did not agree, or agree no more.
    "too_late",  # It is past the cut-off of the run that let them in.
    "quiet_hours",  # It is quiet where they are, and what comes then is dropped.
    "capped",  # One more would be too many.
]
"""Why a contact is withheld, in the order they are asked: first who they are, then how they stand to us, then the hour,
and last what was made before."""

SOFT_SUPPRESSIONS = frozenset({"unsubscribed", "complained"})
"""Suppressions that speak of marketing: the address works, its owner wants no advertising. Any other reason means that
the address is dead, for transactional messages too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A wish to write to somebody."""

    channel: str
    topic: str
    transactional: bool = False
    """Part of what the person bought or asked for, such as a receipt: exempt from holdouts, consent, quiet hours and
    caps."""
    not_after: datetime | None = None
    """The cut-off: it is not made later; None for none."""
    arm: Arm = "treated"
    """Whether the person is being left alone on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a person's one channel when the gate is asked."""

    address: str = ""
    """Where to write; empty when the person has no address on the channel."""
    consent: bool | None = None
    """Whether they agreed to hear from us on the channel; None when they never said."""
    topics: Mapping[str, bool | None] = field(default_factory=dict)
    """The same for topics about which they said something of their own; it stands in the place of `consent`."""
    suppressed: str | None = None
    """Why the address is not to be written to."""
    recent: tuple[Made, ...] = ()
    """The person's contacts on every channel, at least as far back as the longest cap looks; in any order."""
    person_key: str = ""
    """A name of the person that lasts, by which the global holdout is drawn; empty when there is nobody to draw."""
    zone: ZoneInfo | None = None
    """The time zone they live in; None when it is not known, and the workspace's is taken."""

    def consents_to(self, topic: str) -> bool | None:
        """Whether they agreed to hear of the topic; None when they never said."""
        return self.topics.get(topic, self.consent)

    def contacted(self, made: Made) -> Standing:
        """The standing after one more contact."""
        return replace(self, recent=(*self.recent, made))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """The workspace's rules for contacting people."""

    consent_default: Literal["granted", "required"] = "granted"
    """What silence about consent means for marketing."""
    caps: tuple[Cap, ...] = ()
    quiet: QuietHours | None = None
    zone: ZoneInfo = UTC_ZONE
    """The workspace's time zone: whose quiet hours are kept where a person's own is not known."""
    global_holdout: float = 0.0
    """The share of people who get no marketing of any kind; 0 <= global_holdout < 1."""
    veil_key: bytes = field(default=b"", repr=False)
    """What the names and addresses of the erased are hashed with; empty where nobody is ever erased."""

    def look_back_seconds(self) -> int:
        """How far back contacts matter; 0 when nothing limits them."""
        return max((cap.within_seconds for cap in self.caps), default=0)

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
        return replace(self, caps=(), quiet=None)


@dataclass(frozen=True, slots=True)
class Permit:
    """The contact may be made."""

    not_before: datetime | None = None
    """When quiet hours are over, where it is to wait for that; None for now."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The contact may not be made."""

    reason: Reason


Answer: TypeAlias = Permit | Withheld


def gate(contact: Contact, standing: Standing, rules: GateRules, now: datetime) -> Answer:
    """Whether the contact may be made at `now`, or when quiet hours are over.

    Caps are asked about the moment at which it is to be made.
    """
    reason = _standing_bars(contact, standing, rules)
    if reason is not None:
        return Withheld(reason)
    if contact.not_after is not None and now > contact.not_after:
        return Withheld("too_late")
    if contact.transactional:
        return Permit()
    asked_ms = at_ms = to_millis(now)
    if rules.quiet is not None:
        at_ms = rules.quiet.over_ms(asked_ms, standing.zone or rules.zone)
        if at_ms > asked_ms and rules.quiet.policy == "drop":
            return Withheld("quiet_hours")
        if contact.not_after is not None and at_ms > to_millis(contact.not_after):
            return Withheld("too_late")
    if not all(cap.allows(standing.recent, at_ms) for cap in rules.caps_on(contact)):
        return Withheld("capped")
    return Permit() if at_ms == asked_ms else Permit(from_millis(at_ms))


def made_by(contact: Contact, answer: Permit, now: datetime) -> Made:
    """The contact that was permitted at `now`, as later ones see it."""
    return Made(
        channel=contact.channel,
        topic=contact.topic,
        at_ms=to_millis(answer.not_before or now),
        transactional=contact.transactional,
    )


def _standing_bars(contact: Contact, standing: Standing, rules: GateRules) -> Reason | None:
    """Who they are and how they stand to us: what holds at any hour."""
    marketing = not contact.transactional
    if marketing and (contact.arm == "global_holdout" or held_out(standing.person_key, rules.global_holdout)):
        return "global_holdout"
    if marketing and contact.arm == "holdout":
        return "holdout"
    if not standing.address:
        return "no_address"
    if standing.suppressed is not None and (marketing or standing.suppressed not in SOFT_SUPPRESSIONS):
        return "suppressed"
    if marketing and not _consents(contact, standing, rules):
        return "no_consent"
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
    topics = (name.removeprefix(f"{channel}/") for name in profile.consent if name.startswith(f"{channel}/"))
    lives_in = profile.traits.get(ZONE_TRAIT)
    return Standing(
        address=address,
        consent=profile.consents_to(channel, ""),
        topics={topic: profile.consents_to(channel, topic) for topic in topics},
        suppressed=suppressed,
        recent=recent,
        person_key=person_key,
        zone=zones().get(lives_in.value) if lives_in is not None and isinstance(lives_in.value, str) else None,
    )
