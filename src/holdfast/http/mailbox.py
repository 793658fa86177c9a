"""/api/mailbox: messages of every medium that were delivered to the built-in mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from pydantic import Field

from holdfast.http.shapes import NUMBER_MOST, moment_text
from holdfast.kernel.errors import NotFound
from holdfast.ports.mailbox import Mail, Mailbox


@dataclass(frozen=True, kw_only=True)
class MailShape:
    """One delivered message in a list. What is no mail has a title, or nothing, as its subject."""

    id: int
    to: str
    sender: Annotated[str, Field(serialization_alias="from")]
    subject: str
    preview: str
    received_at: str
    send: str
    size_bytes: int
    medium: str

    @classmethod
    def of(cls, mail: Mail) -> MailShape:
        return cls(
            id=mail.id,
            to=mail.to,
            sender=mail.sender,
            subject=mail.subject,
            preview=mail.preview,
            received_at=moment_text(mail.received_ms),
            send=mail.send,
            size_bytes=mail.size_bytes,
            medium=mail.medium,
        )


@dataclass(frozen=True, kw_only=True)
class MailPage:
    """A page of messages, newest first, and how many there are in all."""

    messages: list[MailShape]
    total: int


@dataclass(frozen=True, kw_only=True)
class OpenedMailShape:
    """One delivered message, opened. The HTML is as it came: show it only where no script of it can run.

    What is no mail says what it says in `words`, part by part as its channel's content has them.
    """

    id: int
    to: str
    sender: Annotated[str, Field(serialization_alias="from")]
    subject: str
    preview: str
    received_at: str
    send: str
    size_bytes: int
    html: str
    text: str
    headers: dict[str, str]
    links: list[str]
    medium: str
    words: dict[str, Any] | None


def mailbox_routes(mailbox: Mailbox) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/mailbox", tags=["Mailbox"])

    @routes.get("")
    async def listed(
        to: Annotated[str, Query(description="Only mail to this address.")] = "",
        text: Annotated[str, Query(description="Part of the subject, the beginning or the address.")] = "",
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
        before: Annotated[int | None, Query(ge=0, le=NUMBER_MOST, description="Only mail with a smaller id.")] = None,
        medium: Annotated[str, Query(description="Only messages of this medium, such as email or sms.")] = "",
    ) -> MailPage:
        """Messages of every medium, newest first. Every delivery is listed."""
        mails, total = await mailbox.find(to=to, text=text, limit=limit, before=before, medium=medium)
        return MailPage(messages=[MailShape.of(each) for each in mails], total=total)

    @routes.get("/{mail_id}")
    async def opened(mail_id: Annotated[int, PathParameter(ge=0, le=NUMBER_MOST)]) -> OpenedMailShape:
        """One message with all its parts."""
        found = await mailbox.read(mail_id)
        if found is None:
            raise NotFound(f"there is no mail {mail_id}.", hint="GET /api/mailbox lists what there is.")
        shape = MailShape.of(found.mail)
        return OpenedMailShape(
            id=shape.id,
            to=shape.to,
            sender=shape.sender,
            subject=shape.subject,
            preview=shape.preview,
            received_at=shape.received_at,
            send=shape.send,
            size_bytes=shape.size_bytes,
            html=found.html,
            text=found.text,
            headers=dict(found.headers),
            links=list(found.links),
            medium=shape.medium,
            words=None if found.words is None else dict(found.words),
        )

    return routes
