"""Mailing somebody the link that is theirs: past the gate, counted nowhere, and kept by nobody on the way.

Only where mail goes out. The built-in mailbox is read by whoever may see people, and a link in there would be theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.content import Words
from holdfast.messages.parcel import Accepted, Parcel
from holdfast.ports.carrier import Carrier
from holdfast.ports.channel import Channel
from holdfast.ports.state import Send

MEDIUM = "email"
_log = logging.getLogger(__name__)


class Office(Protocol):
    """Who writes and who carries a medium's messages."""

    @property
    def channel(self) -> Channel: ...

    @property
    def carrier(self) -> Carrier: ...


async def mail_link(offices: Mapping[str, Office], to: str, words: Words, *, now: datetime) -> bool:
    """Mail it; whether the provider has taken it. Where nothing carries mail, or it is refused, nothing is mailed."""
    office = offices.get(MEDIUM)
    if office is None:
        return False
    try:
        parcel = office.channel.parcel(_send(to, to_millis(now)), words)
    except ValueError:
        return False  # An address no mail server would take.
    if not isinstance(parcel, Parcel):
        return False
    verdict = await office.carrier.carry(parcel)
    if not isinstance(verdict, Accepted):
        _log.warning("The link for %s was not mailed: %s", to, verdict)
    return isinstance(verdict, Accepted)


def invitation_words(workspace: str, by: str, link: str) -> Words:
    """What somebody reads who is invited."""
    return _words(
        f"{by} invites you to {workspace}",
        f"{by} invites you to work on {workspace} in Holdfast.\n\nChoose your name and password here:\n{link}\n\n"
        "The link works once, for seven days. If you expected no invitation, leave it alone.\n",
    )


def reset_words(workspace: str, link: str) -> Words:
    """What somebody reads who is to choose a new password."""
    return _words(
        f"A new password for {workspace}",
        f"Choose a new password for {workspace} here:\n{link}\n\nThe link works once, for a day. If you wanted none, "
        "tell whoever looks after your accounts.\n",
    )


def mention_words(workspace: str, by: str, about: str, text: str, link: str) -> Words:
    """What somebody reads whom a comment turns to."""
    return _words(
        f"{by} turns to you about {about}",
        f"{by} wrote about {about} in {workspace}:\n\n{text}\n\nAnswer here:\n{link}\n",
    )


def _words(subject: str, text: str) -> Words:
    # Plain text: links in it are left as they are, and lead nowhere on the way.
    return Words({"subject": " ".join(subject.split()), "text": text})


def _send(to: str, now_ms: int) -> Send:
    """A send that is none: nobody keeps it."""
    return Send(
        key=effect_key("account", to, now_ms),
        identity=0,
        origin_kind="journey",
        origin="accounts",
        version=0,
        step="",
        channel=MEDIUM,
        template="",
        topic="accounts",
        transactional=True,
        address=to,
        created_ms=now_ms,
        not_before_ms=now_ms,
    )
