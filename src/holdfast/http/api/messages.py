"""/api/messages: one message and its life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import APIRouter, Path

from holdfast.flows.delivery.life import MessageLife, message_life
from holdfast.http.needs import needs
from holdfast.http.shapes import moment_text
from holdfast.messages.heard.agent import Agent
from holdfast.messages.heard.lifecycle import Moment, Status
from holdfast.ports.state import SendState
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class MomentShape:
    """One thing that happened to a message. `agent` says who opened or clicked; `said` a reason, or where it led."""

    status: Status
    at: str
    agent: Agent | None
    said: str

    @classmethod
    def of(cls, moment: Moment) -> Self:
        agent = moment.agent if moment.status in ("opened", "clicked") else None
        return cls(status=moment.status, at=moment_text(moment.at_ms), agent=agent, said=moment.said)


@dataclass(frozen=True, kw_only=True)
class MessageShape:
    """A message, and what became of it: `status` is the last of `life` that counts, whatever order it was heard in.

    What machines opened or clicked is in `life`, and makes no status. `state` is where it stands in the outbox.
    """

    send: str
    user_id: str
    origin: str
    origin_kind: str
    version: int
    step: str
    channel: str
    topic: str
    transactional: bool
    address: str
    created_at: str
    state: SendState
    status: Status | None
    life: list[MomentShape]

    @classmethod
    def of(cls, found: MessageLife) -> Self:
        send = found.send
        return cls(
            send=send.key,
            user_id=found.user_id,
            origin=send.origin,
            origin_kind=send.origin_kind,
            version=send.version,
            step=send.step,
            channel=send.channel,
            topic=send.topic,
            transactional=send.transactional,
            address=send.address,
            created_at=moment_text(send.created_ms),
            state=send.state,
            status=found.life.status,
            life=[MomentShape.of(each) for each in found.life.moments],
        )


def message_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/messages", tags=["Messages"], dependencies=[needs("people:read")])

    @routes.get("/{send}")
    async def one(send: Annotated[str, Path(min_length=1, max_length=200)]) -> MessageShape:
        """One message, by the key of its send, with all that happened to it and when."""
        await app.catch_up()
        async with app.state.view() as view:
            return MessageShape.of(await message_life(view, app.history, send))

    return routes
