"""The mailbox: messages that were delivered to us in the place of the people they are for, kept for reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.events.event import Json

EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One delivered message, as it stands in a list."""

    id: int
    received_ms: int
    sender: str
    to: str
    subject: str
    preview: str
    """The beginning of its text."""
    send: str
    """The key of the send it came from; empty for mail that is not ours."""
    size_bytes: int
    medium: str = EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message of another medium than mail, as it is delivered to the mailbox."""

    medium: str
    """Such as `sms`."""
    sender: str
    to: str
    send: str
    """The key of the send it came from."""
    title: str
    """What a list shows as its subject; empty where it has none."""
    preview: str
    words: bytes
    """What it says: a JSON object, as the medium's content has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMail:
    """One delivered message, opened."""

    mail: Mail
    html: str
    text: str
    headers: Mapping[str, str]
    links: Sequence[str]
    words: Mapping[str, Json] | None = None
    """What a message of another medium says, part by part; None for mail."""


class TakesMail(Protocol):
    """Whoever mail is delivered to."""

    async def put(self, *, sender: str, recipients: Sequence[str], raw: bytes, received_ms: int) -> None:
        """Take one message for these recipients. What must be durable is when it returns; raises when it is not."""
        ...


class Mailbox(TakesMail, Protocol):
    """Every delivery is kept, the second of the same message too: nothing is hidden from whoever counts."""

    async def put(self, *, sender: str, recipients: Sequence[str], raw: bytes, received_ms: int) -> None:
        """Keep one message for each recipient. Durable when it returns."""
        ...

    async def keep(self, messages: Sequence[KeptMessage], received_ms: int) -> None:
        """Keep messages of other media. Durable when it returns."""
        ...

    async def find(
        self,
        *,
        to: str,
        text: str,
        limit: int,
        before: int | None,
        medium: str = "",
        sends: Sequence[str] | None = None,
    ) -> tuple[list[Mail], int]:
        """Messages of every medium, newest first, and how many there are in all.

        Args:
            medium: only those of this medium; `email` is mail.
            to: only mail to this address, whatever its case; everybody's when empty.
            text: only mail whose subject, preview or address contains it, whatever its case.
            before: only mail with a smaller id.
            sends: only what came from one of these sends; None for whatever it came from.
        """
        ...

    async def holds(self, sends: Sequence[str]) -> set[str]:
        """Those of the sends whose message was kept."""
        ...

    async def read(self, mail_id: int) -> OpenedMail | None: ...

    async def forget(self, sends: Sequence[str], addresses: Sequence[str]) -> int:
        """Delete mail that came from one of the sends, or to one of the addresses from nobody of ours; how many.

        Addresses are compared whatever their case. When it returns, the mail is in no file any more.
        """
        ...

    async def count_of(self, sends: Sequence[str], addresses: Sequence[str]) -> int:
        """How much mail `forget` would delete."""
        ...

    async def close(self) -> None: ...
