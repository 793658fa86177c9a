"""The carrier to the built-in mailbox: what would go out to people stays here, to be read in their place."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from holdfast.events.event import Json
from holdfast.kernel.moments import to_millis
from holdfast.messages.mail.markup import text_of
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Verdict
from holdfast.ports.clock import Clock
from holdfast.ports.mailbox import KeptMessage, Mailbox

TITLE_MOST, PREVIEW_MOST = 200, 200
"""Characters that a list shows."""
_TITLES = ("title", "subject", "template")
_TEXTS = ("text", "body")


class KeptCarrier:
    """Answers `ports.carrier.Carrier` for parcels whose body is what the message says, as JSON."""

    def __init__(self, mailbox: Mailbox, clock: Clock) -> None:
        self._mailbox = mailbox
        self._clock = clock

    async def carry(self, parcel: Parcel) -> Verdict:
        """Keep it; durable when it is accepted."""
        try:
            await self._mailbox.keep([kept_message(parcel)], to_millis(self._clock.now()))
        except Exception as error:  # noqa: BLE001 - Whatever it was, nothing was kept.
            return Deferred(f"The mailbox could not keep it: {error!r:.200}", blame="provider")
        return Accepted(parcel.key)

    async def close(self) -> None:
        """The mailbox is somebody else's to close."""


def kept_message(parcel: Parcel) -> KeptMessage:
    """The parcel as the mailbox keeps it."""
    said: Mapping[str, Json] = msgspec.json.decode(parcel.body)
    html = said.get("html")
    beginning = _first(said, _TEXTS) or (text_of(html) if isinstance(html, str) else "")
    return KeptMessage(
        medium=parcel.channel,
        sender=parcel.sender,
        to=parcel.to,
        send=parcel.key,
        title=_first(said, _TITLES)[:TITLE_MOST],
        preview=" ".join(beginning.split())[:PREVIEW_MOST],
        words=parcel.body,
    )


def _first(said: Mapping[str, Json], names: tuple[str, ...]) -> str:
    """The first of the parts that is a text and not empty."""
    return next((text for name in names if isinstance(text := said.get(name), str) and text.strip()), "")
