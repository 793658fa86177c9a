"""Confirming: the one answer that somebody gets who says stop, start or help to us, on the channel they said it on.

It is a send like any other, asked for by the tick that reads what they wrote: durable with it, made once, and come to
again when the state is made anew. No journey says it, so nobody can stop it; a dead address gets none.
"""

from __future__ import annotations

from typing import get_args

from holdfast.events.event import Event
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.messages.content import Words
from holdfast.messages.text.keywords import Keyword, confirmation
from holdfast.ports.state import Send
from holdfast.profiles.profile import Profile

KEYWORDS = "keywords"
"""What asks for them, in the place of a journey."""
ANSWERED_MOST = 5
ANSWERED_WITHIN_MS = 3_600_000
"""Who has written more often within the hour is answered no more, but that they have stopped: machines that answer each
other come to an end."""

LATE_MS = 86_400_000
"""Later nobody is answered any more: the answer would come out of the blue."""

_KEYWORDS: tuple[Keyword, ...] = get_args(Keyword)
_TEXT_MEDIA = frozenset({"sms", "whatsapp", "telegram"})
"""On which people write to us, and are answered in plain words."""
_RECEIVED = "Message Received"


def confirmation_for(event: Event, identity: int, profile: Profile, *, stopped: bool, at_ms: int) -> Send | None:
    """The answer to what somebody wrote; None where it gets none.

    Args:
        event: `Message Received`.
        identity: whose it is.
        profile: what is known of them, this event included.
        stopped: whether they had stopped before anything follows from the event.
        at_ms: when the event came to us.
    """
    keyword, channel = _keyword(event), event.properties.get("channel")
    address = event.properties.get("from")
    if keyword is None or event.properties.get("confirmed") is True:
        return None
    if not (isinstance(channel, str) and channel in _TEXT_MEDIA and isinstance(address, str) and address):
        return None
    if not confirmation(keyword, sender="", stopped=stopped) or (keyword != "stop" and _is_pressing(profile, at_ms)):
        return None
    return Send(
        key=effect_key(KEYWORDS, event.message_id),
        identity=identity,
        origin_kind="keyword",
        origin=KEYWORDS,
        version=0,
        step=keyword,
        channel=channel,
        template=KEYWORDS,
        topic="",
        transactional=True,
        address=address,
        variables={"stopped": stopped, "run": {"not_after": format_moment(from_millis(at_ms + LATE_MS))}},
        created_ms=at_ms,
        not_before_ms=at_ms,
    )


def confirming_words(send: Send, *, sender: str, contact: str) -> Words:
    """What such a send says.

    Args:
        sender: who we are to the person.
        contact: where help is to be had; empty for nowhere.
    """
    keyword = next(each for each in _KEYWORDS if each == send.step)
    stopped = send.variables.get("stopped") is True
    return Words({"text": confirmation(keyword, sender=sender, stopped=stopped, contact=contact)})


def _keyword(event: Event) -> Keyword | None:
    return next((each for each in _KEYWORDS if each == event.properties.get("keyword")), None)


def _is_pressing(profile: Profile, at_ms: int) -> bool:
    tally = profile.tallies.get(_RECEIVED)
    since_ms = at_ms - ANSWERED_WITHIN_MS
    return tally is not None and sum(each > since_ms for each in tally.recent_ms) > ANSWERED_MOST
