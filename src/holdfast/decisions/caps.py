"""Caps: how many marketing contacts a person gets at most, on a channel, about a topic, or in all.

A cap holds in every window of its length, wherever it is laid. What counts is what was made or is on its way, so that
contacts which nobody has delivered yet are seen by those that are asked for after them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.decisions.rule_texts import DAY_SECONDS, channel_in, rules_in, seconds_of
from holdfast.kernel.errors import Invalid

if TYPE_CHECKING:
    from holdfast.decisions.made import Made

WITHIN_DAYS_MOST = 90
"""How long a window may be: every contact so far back is looked at whenever somebody is to be written to."""
PRIORITY_MOST = 100
PRIORITY_USUAL = 50
_RULE = re.compile(
    r"(?P<most>[0-9]{1,6}) in (?P<count>[0-9]{1,6}) (?P<unit>hour|day|week)s?"
    r"(?: on (?P<channel>[a-z0-9][a-z0-9_-]{0,63}))?(?: about (?P<topic>[a-z0-9][a-z0-9_-]{0,63}))?"
)
_HINT = (
    "Write rules with semicolons between them, such as `5 in 7 days; 1 in 24 hours about news; "
    "2 in 1 week on email about offers`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most `most` marketing contacts in any `within_seconds`, wherever that window is laid.

    The window is half open: a contact exactly `within_seconds` ago counts no more.
    """

    channel: str = ""
    """Only those on this channel are counted, and held back; empty for all channels together."""
    topic: str = ""
    """Only those about this topic; empty for all topics together."""
    most: int
    within_seconds: int

    def __post_init__(self) -> None:
        if self.most < 0:
            raise ValueError(f"a cap of {self.most} contacts means nothing; use 0 or more")
        if self.within_seconds <= 0:
            raise ValueError(f"a window of {self.within_seconds} seconds holds nothing; use 1 or more")

    def concerns(self, channel: str, topic: str) -> bool:
        """Whether contacts on the channel about the topic are counted and held back."""
        return self.channel in ("", channel) and self.topic in ("", topic)

    def allows(self, recent: Iterable[Made], at_ms: int) -> bool:
        """Whether one more contact at that moment keeps the cap.

        Contacts dated after it (put off, or a clock was set back) count as well, so the cap holds in whatever order the
        contacts are asked for.
        """
        window_ms = self.within_seconds * 1000
        counted = (each for each in recent if not each.transactional and self.concerns(each.channel, each.topic))
        return sum(1 for each in counted if abs(each.at_ms - at_ms) < window_ms) < self.most


def free_ms(caps: Sequence[Cap], recent: Sequence[Made], at_ms: int) -> int | None:
    """The first moment from `at_ms` on at which all the caps allow one more contact; None when they never do."""
    ends = {each.at_ms + cap.within_seconds * 1000 for each in recent for cap in caps}
    moments = (at_ms, *sorted(end for end in ends if end > at_ms))
    return next((at for at in moments if all(cap.allows(recent, at) for cap in caps)), None)


def decode_caps(text: str, path: str) -> tuple[Cap, ...]:
    """Caps as a setting has them: `5 in 7 days; 1 in 24 hours on email about news`; empty for none.

    Raises Invalid, with `path`.
    """
    return tuple(_cap(rule, path) for rule in rules_in(text, "caps", path, _HINT))


def outranked(
    allowed: Callable[[tuple[Made, ...]], bool], recent: tuple[Made, ...], priority: int
) -> tuple[Made, ...] | None:
    """Which waiting contacts have to make room for one of that priority; None when even that would not be enough.

    As few as can be, the least important first, and of those the one that would be made last.

    Args:
        allowed: whether the contact may be made after those.
    """
    lesser = [each for each in recent if each.waits and each.priority < priority and not each.transactional]
    lesser.sort(key=lambda each: (each.priority, -each.at_ms, each.key))
    out: list[Made] = []
    for each in lesser:
        out.append(each)
        if allowed(_without(recent, out)):
            # Those that turned out to be in nobody's way stay.
            for other in tuple(out):
                fewer = [one for one in out if one is not other]
                if allowed(_without(recent, fewer)):
                    out = fewer
            return tuple(out)
    return None


def _without(recent: tuple[Made, ...], out: Sequence[Made]) -> tuple[Made, ...]:
    gone = {each.key for each in out}
    return tuple(each for each in recent if each.key not in gone)


def _cap(rule: str, path: str) -> Cap:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise Invalid(f"{rule!r:.200} is no cap.", path=path, hint=_HINT)
    most, within_seconds = int(found["most"]), seconds_of(f"{found['count']} {found['unit']}")
    if most == 0:
        hint = "Leave the rule out, or take consent to the channel or topic away."
        raise Invalid(f"{rule!r} would let nobody be written to.", path=path, hint=hint)
    if not 0 < within_seconds <= WITHIN_DAYS_MOST * DAY_SECONDS:
        hint = f"A window is an hour at least and {WITHIN_DAYS_MOST} days at most."
        raise Invalid(f"the window of {rule!r} cannot be.", path=path, hint=hint)
    return Cap(
        channel=channel_in(found["channel"], path), topic=found["topic"] or "", most=most, within_seconds=within_seconds
    )
