"""/api/mailbox: messages of every medium that were delivered to the built-in mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from pydantic import Field

from holdfast.flows.people.identify import find_identity
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, moment_text
from holdfast.kernel.errors import NotFound
from holdfast.ports.mailbox import Mail, Mailbox
from holdfast.ports.state import State

SENDS_MOST = 1_000
"""Of somebody's messages, the newest so many are looked for."""


@dataclass(frozen=True, kw_only=True)
class MailShape:
    """One delivered message in a list. What is no mail has a title, or nothing, as its subject.

    `user_id` is a name of whoever it was sent to; empty for what no journey or campaign sent, such as a test.
    """

    id: int
    to: str
    sender: Annotated[str, Field(serialization_alias="from")]
    subject: str
    preview: str
    received_at: str
    send: str
    size_bytes: int
    medium: str
    user_id: str

    @classmethod
    def of(cls, mail: Mail, user_id: str = "") -> MailShape:
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
            user_id=user_id,
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
    user_id: str
    words: dict[str, Any] | None


def mailbox_routes(mailbox: Mailbox, state: State) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/mailbox", tags=["Mailbox"], dependencies=[needs("people:read")])

    @routes.get("")
    async def listed(  # noqa: PLR0917 - FastAPI gives them all by name.
        to: Annotated[str, Query(description="Only mail to this address.")] = "",
        text: Annotated[str, Query(description="Part of the subject, the beginning or the address.")] = "",
        limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
        before: Annotated[int | None, Query(ge=0, le=NUMBER_MOST, description="Only mail with a smaller id.")] = None,
        medium: Annotated[str, Query(description="Only messages of this medium, such as email or sms.")] = "",
        person: Annotated[str, Query(description="Only what was sent to whoever goes by this name.")] = "",
    ) -> MailPage:
        """Messages of every medium, newest first. Every delivery is listed."""
        sends = await sends_to(state, person) if person else None
        mails, total = await mailbox.find(to=to, text=text, limit=limit, before=before, medium=medium, sends=sends)
        names = await names_of(state, [each.send for each in mails])
        return MailPage(messages=[MailShape.of(each, names.get(each.send, "")) for each in mails], total=total)

    @routes.get("/{mail_id}")
    async def opened(mail_id: Annotated[int, PathParameter(ge=0, le=NUMBER_MOST)]) -> OpenedMailShape:
        """One message with all its parts."""
        found = await mailbox.read(mail_id)
        if found is None:
            raise NotFound(f"there is no mail {mail_id}.", hint="GET /api/mailbox lists what there is.")
        names = await names_of(state, [found.mail.send])
        shape = MailShape.of(found.mail, names.get(found.mail.send, ""))
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
            user_id=shape.user_id,
            words=None if found.words is None else dict(found.words),
        )

    return routes


async def sends_to(state: State, person: str) -> list[str]:
    """The keys of what was last sent to a person, by any name of theirs. Raises NotFound."""
    async with state.view() as view:
        identity = await find_identity(view, person)
        if identity is None:
            raise NotFound(
                f"nobody goes by {person!r:.200}.", path="person", hint="GET /api/people?text= finds people."
            )
        members = (await view.members([identity.person]))[identity.person]
        sends = await view.sends_of(origin=None, identities=[each.id for each in members], limit=SENDS_MOST)
    return [each.key for each in sends]


async def names_of(state: State, keys: Sequence[str]) -> dict[str, str]:
    """A name of whoever each was sent to, by the key of the send."""
    wanted = sorted({key for key in keys if key})
    if not wanted:
        return {}
    async with state.view() as view:
        sends = await view.sends(wanted)
        identities = await view.identities_by_id(sorted({each.identity for each in sends.values()}))
    return {key: identities[send.identity].key.value for key, send in sends.items() if send.identity in identities}
