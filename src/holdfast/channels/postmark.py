"""Email by Postmark. Source: postmarkapp.com/developer, Email API and its error codes (read 2026-11).

Postmark keeps mail that was asked for apart from mail to many, in streams of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.channels.email_http import set_up_wrong, status_verdict, text_of
from holdfast.channels.email_letter import FromItsWriter, Writer, writer
from holdfast.channels.postmark_inbound import read_webhook
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.heard.inbound import Arrival, Inbound
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.mail.email import own_headers
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send

NAME = "Postmark"
_INACTIVE = 406
"""It will not write to the address any more: mail to it bounced, or its owner complained."""
_MAINTENANCE = 100
_SET_UP = frozenset({10, 400, 401, 405, 412, 413, 1235})
"""A token nobody knows; a sender that is not set up, or not confirmed; no credits; an account that is not approved, or
may not send; a stream that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmarkSettings:
    """A server at Postmark."""

    sender: Annotated[str, Text(most=300), "Whom mail is from, such as Shop <hello@shop.example>; confirmed there."]
    reply_to: Annotated[str, Text(least=0, most=300), "Where answers go; empty: to the sender."] = ""
    server_token: Annotated[str, Secret(), "The server's API token."]
    marketing_stream: Annotated[str, Text(most=30), "The stream of mail to many."] = "broadcast"
    transactional_stream: Annotated[str, Text(most=30), "The stream of mail that was asked for."] = "outbound"
    api_url: Annotated[str, WebAddress(), "Where the API is."] = "https://api.postmarkapp.com"
    webhook_password: Annotated[
        str, Secret(least=0), "The password its webhooks give (Basic); empty where none is set up."
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmark(FromItsWriter):
    """Makes the call of a send."""

    settings: PostmarkSettings
    writer: Writer

    @property
    def doubt(self) -> DoubtPolicy:
        return ONCE

    def parcel(self, send: Send, words: Words) -> Parcel:
        """The call; the same on every retry. Raises ValueError when the address cannot be written to."""
        letter = self.writer.letter(send, words)
        streams = self.settings.marketing_stream, self.settings.transactional_stream
        told = {
            "From": self.writer.shown,
            "To": str(letter.to),
            "Subject": letter.subject,
            "HtmlBody": letter.html,
            "TextBody": letter.text,
            "ReplyTo": "" if letter.reply_to is None else str(letter.reply_to),
            "MessageStream": streams[send.transactional],
            "Headers": [{"Name": name, "Value": value} for name, value in own_headers(letter)],
            "Metadata": {"send": send.key},
            # Links and openings are counted by us; two who do it would count each other.
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=str(self.writer.sender),
            to=str(letter.to),
            body=json.dumps({name: value for name, value in told.items() if value != ""}).encode(),
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "X-Postmark-Server-Token": self.settings.server_token.strip(),
            },
            url=f"{self.settings.api_url.rstrip('/')}/email",
        )


def open_postmark(settings: PostmarkSettings, desk: Desk) -> Postmark:
    """The channel by its settings. Raises Invalid."""
    return Postmark(
        settings=settings,
        writer=writer(
            settings.sender, linker=desk.linker, workspace_name=desk.workspace_name, reply_to=settings.reply_to
        ),
    )


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every provider is asked alike.
    """What an answer means: the status says little, the error code says it."""
    told = reply.json()
    code, said = told.get("ErrorCode"), text_of(told.get("Message"))
    if 200 <= reply.status < 300:
        return Accepted(text_of(told.get("MessageID")))
    if not isinstance(code, int):
        return status_verdict(NAME, reply, said)
    if code == _INACTIVE:
        return Refused(f"{NAME} answered {reply.status}: {said}", gone=True)
    if code in _SET_UP:
        return set_up_wrong(NAME, reply.status, said)
    if code == _MAINTENANCE:
        return Deferred(f"{NAME} answered {reply.status}: {said}", reply.retry_after(), "provider")
    return status_verdict(NAME, reply, said)


def _error(status: int, code: int, message: str, means: Verdict) -> HttpAnswer:
    body = json.dumps({"ErrorCode": code, "Message": message}).encode()
    return HttpAnswer(HttpReply(status=status, body=body), means)


def inbound(settings: PostmarkSettings, arrival: Arrival) -> Inbound:
    """What it tells of mail it was given."""
    return read_webhook(settings.webhook_password.strip(), arrival)


CHANNEL = Declared(
    name="postmark",
    label="Postmark",
    medium="email",
    transport="http",
    source="postmarkapp.com/developer/api/email-api, postmarkapp.com/developer/api/overview#error-codes",
    settings=PostmarkSettings,
    open=open_postmark,
    read=read,
    inbound=inbound,
    answers=(
        HttpAnswer(
            HttpReply(status=200, body=b'{"MessageID": "b7bc2f4a", "ErrorCode": 0, "Message": "OK"}'),
            Accepted("b7bc2f4a"),
        ),
        _error(
            401, 10, "Bad or missing token.", Deferred("Postmark answered 401: Bad or missing token.", 300, "provider")
        ),
        _error(422, 300, "Invalid 'To' address.", Refused("Postmark answered 422: Invalid 'To' address.")),
        _error(
            422,
            400,
            "The 'From' address is no Sender Signature.",
            Deferred("Postmark answered 422: The 'From' address is no Sender Signature.", 300, "provider"),
        ),
        _error(422, 405, "No credits.", Deferred("Postmark answered 422: No credits.", 300, "provider")),
        _error(
            422,
            406,
            "Inactive recipient.",
            Refused("Postmark answered 422: Inactive recipient.", gone=True),
        ),
        HttpAnswer(HttpReply(status=429), Deferred("Postmark answered 429", 60, "provider")),
        HttpAnswer(HttpReply(status=500), InDoubt("Postmark answered 500")),
        _error(503, 100, "Maintenance.", Deferred("Postmark answered 503: Maintenance.", 60, "provider")),
    ),
)
