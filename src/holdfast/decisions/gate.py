"""The contact gate: the one place that says whether a person may be contacted now, and if not, why not.

Every contact passes it, whatever asked for it. The answer to a contact withheld is exactly one reason: the first that
applies in the order of `Reason`. Marketing rules never hold back a transactional message; a dead address does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias

from holdfast.decisions.visit import Arm
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import Profile

Reason = Literal["holdout", "no_address", "suppressed", "no_consent", "capped"]
"""Why a contact is withheld, in the order they are asked."""

SOFT_SUPPRESSIONS = frozenset({"unsubscribed", "complained"})
"""Suppressions that speak of marketing: the address works, its owner wants no advertising. Any other reason means that
the address is dead, for transactional messages too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A wish to write to somebody."""

    channel: str
    topic: str
    transactional: bool = False
    """Part of what the person bought or asked for, such as a receipt: exempt from holdouts, consent and caps."""
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
    recent_ms: tuple[int, ...] = ()
    """When they were contacted on the channel, at least as far back as the longest cap looks; in any order."""

    def consents_to(self, topic: str) -> bool | None:
        """Whether they agreed to hear of the topic; None when they never said."""
        return self.topics.get(topic, self.consent)

    def contacted(self, now: datetime) -> Standing:
        """The standing after one more contact."""
        return replace(self, recent_ms=(*self.recent_ms, to_millis(now)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most `most` contacts on the channel in any `within_seconds`, wherever that window is laid.

    The window is half open: a contact exactly `within_seconds` ago counts no more.
    """

    channel: str
    most: int
    within_seconds: int

    def __post_init__(self) -> None:
        if self.most < 0:
            raise ValueError(f"a cap of {self.most} contacts means nothing; use 0 or more")
        if self.within_seconds <= 0:
            raise ValueError(f"a window of {self.within_seconds} seconds holds nothing; use 1 or more")

    def allows(self, recent_ms: tuple[int, ...], now: datetime) -> bool:
        """Whether one more contact at `now` keeps the cap.

        Contacts dated after `now` (a clock was set back) count as well, so the cap holds in whatever order the
        contacts are asked for.
        """
        now_ms, window_ms = to_millis(now), self.within_seconds * 1000
        return sum(1 for at in recent_ms if abs(at - now_ms) < window_ms) < self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """The workspace's rules for contacting people."""

    consent_default: Literal["granted", "required"] = "granted"
    """What silence about consent means for marketing."""
    caps: tuple[Cap, ...] = ()

    def look_back_seconds(self, channel: str) -> int:
        """How far back contacts on the channel matter; 0 when nothing limits it."""
        return max((cap.within_seconds for cap in self.caps if cap.channel == channel), default=0)


@dataclass(frozen=True, slots=True)
class Permit:
    """The contact may be made."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The contact may not be made."""

    reason: Reason


Answer: TypeAlias = Permit | Withheld


def gate(contact: Contact, standing: Standing, rules: GateRules, now: datetime) -> Answer:
    """Whether the contact may be made at `now`."""
    reason = _reason(contact, standing, rules, now)
    return Permit() if reason is None else Withheld(reason)


def _reason(contact: Contact, standing: Standing, rules: GateRules, now: datetime) -> Reason | None:
    marketing = not contact.transactional
    if marketing and contact.arm == "holdout":
        return "holdout"
    if not standing.address:
        return "no_address"
    if standing.suppressed is not None and (marketing or standing.suppressed not in SOFT_SUPPRESSIONS):
        return "suppressed"
    if marketing and not _consents(contact, standing, rules):
        return "no_consent"
    caps = (cap for cap in rules.caps if cap.channel == contact.channel)
    if marketing and not all(cap.allows(standing.recent_ms, now) for cap in caps):
        return "capped"
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
    recent_ms: tuple[int, ...] = (),
) -> Standing:
    """The standing of a person on a channel.

    Args:
        profile: the person's, combined from all their identities.
        channel: such as `email`.
        address: where they are written to on it; empty when nowhere.
        suppressed: why the address is suppressed, if it is.
        recent_ms: contacts on the channel within `GateRules.look_back_seconds`.
    """
    topics = (name.removeprefix(f"{channel}/") for name in profile.consent if name.startswith(f"{channel}/"))
    return Standing(
        address=address,
        consent=profile.consents_to(channel, ""),
        topics={topic: profile.consents_to(channel, topic) for topic in topics},
        suppressed=suppressed,
        recent_ms=recent_ms,
    )
