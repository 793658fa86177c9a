"""Messages in a person's inbox, on our own SDK store: kept until an app or site of theirs asks."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from holdfast.channels.declared import Declared, Desk, NoSettings
from holdfast.decisions.durations import TEN_YEARS_SECONDS
from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.parcel import Parcel
from holdfast.ports.state import Send

EXPIRES = "Expires-Ms"
"""The header of a parcel that says until when it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChannel:
    """Makes the parcel of a message that waits for its person, in the inbox or to be shown in the app."""

    sender: str
    """Whom it is from."""

    @property
    def doubt(self) -> DoubtPolicy:
        """It is kept under its send's key, for as long as it is shown: to deliver it again changes nothing."""
        return DoubtPolicy(idempotent_seconds=86_400, marketing="resend", transactional="resend")

    def parcel(self, send: Send, words: Words) -> Parcel:
        """What it says, as JSON, and until when it is shown: as long from when it was asked for as it says."""
        said = words.parts.get("expires_seconds")
        # For ever is as long as any definition can say; an inbox keeps no more than the newest messages anyway.
        seconds = said if isinstance(said, int) and said > 0 else TEN_YEARS_SECONDS
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=self.sender,
            to=send.address,
            body=msgspec.json.encode(words.parts),
            headers={EXPIRES: str(send.created_ms + 1_000 * seconds)},
        )


def open_inbox(settings: NoSettings, desk: Desk) -> InboxChannel:  # noqa: ARG001 - It asks for nothing.
    """The channel."""
    return InboxChannel(sender=desk.workspace_name)


CHANNEL = Declared(
    name="inbox",
    label="Inbox in your app",
    medium="inbox",
    transport="inbox",
    source="docs/how-to/show-messages-in-your-app.md",
    open=open_inbox,
)
