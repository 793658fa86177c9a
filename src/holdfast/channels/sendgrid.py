"""Email by SendGrid. Source: twilio.com/docs/sendgrid, Mail Send v3 (read 2026-11)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.channels.email_http import status_verdict, text_of
from holdfast.channels.email_letter import FromItsWriter, Writer, writer
from holdfast.channels.sendgrid_inbound import read_events
from holdfast.decisions.fields import Choice, Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.heard.inbound import Arrival, Inbound
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.liquid.template import one_line
from holdfast.messages.mail.email import own_headers
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send

NAME = "SendGrid"
HOSTS = {"global": "api.sendgrid.com", "eu": "api.eu.sendgrid.com"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendgridSettings:
    """An account at SendGrid."""

    sender: Annotated[
        str, Text(most=300), "Whom mail is from, such as Shop <hello@shop.example>; of a domain set up there."
    ]
    reply_to: Annotated[str, Text(least=0, most=300), "Where answers go; empty: to the sender."] = ""
    api_key: Annotated[str, Secret(), "An API key that may send mail."]
    region: Annotated[str, Choice(tuple(HOSTS)), "Where the account is kept."] = "global"
    api_url: Annotated[str, WebAddress(least=0), "Where the API is; empty: where SendGrid has it for the region."] = ""
    webhook_key: Annotated[
        str, Text(least=0, most=400), "The public key its Event Webhook is verified with; empty where none is set up."
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendgrid(FromItsWriter):
    """Makes the call of a send."""

    settings: SendgridSettings
    writer: Writer

    @property
    def doubt(self) -> DoubtPolicy:
        return ONCE

    @property
    def _api_url(self) -> str:
        return self.settings.api_url.rstrip("/") or f"https://{HOSTS[self.settings.region]}"

    def parcel(self, send: Send, words: Words) -> Parcel:
        """The call; the same on every retry. Raises ValueError when the address cannot be written to."""
        letter = self.writer.letter(send, words)
        name = one_line(self.writer.sender_name)
        told = {
            "personalizations": [{"to": [{"email": str(letter.to)}], "custom_args": {"send": send.key}}],
            "from": {"email": str(self.writer.sender), **({"name": name} if name else {})},
            "subject": letter.subject,
            "content": [
                {"type": kind, "value": text}
                for kind, text in (("text/plain", letter.text), ("text/html", letter.html))
                if text.strip()
            ],
            "headers": dict(own_headers(letter)),
            # Links and openings are counted by us; two who do it would count each other.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
                "subscription_tracking": {"enable": False},
            },
        }
        if letter.reply_to is not None:
            told["reply_to"] = {"email": str(letter.reply_to)}
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=str(self.writer.sender),
            to=str(letter.to),
            body=json.dumps(told).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.settings.api_key.strip()}"},
            url=f"{self._api_url}/v3/mail/send",
        )


def open_sendgrid(settings: SendgridSettings, desk: Desk) -> Sendgrid:
    """The channel by its settings. Raises Invalid."""
    return Sendgrid(
        settings=settings,
        writer=writer(
            settings.sender, linker=desk.linker, workspace_name=desk.workspace_name, reply_to=settings.reply_to
        ),
    )


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every provider is asked alike.
    """What an answer means."""
    if 200 <= reply.status < 300:
        return Accepted(reply.headers.get("x-message-id", "")[:200])
    return status_verdict(NAME, reply, _complaint(reply))


def _complaint(reply: HttpReply) -> str:
    """The first of its errors, with the field it is about."""
    errors = reply.json().get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return ""
    where, message = text_of(first.get("field")), text_of(first.get("message"))
    return f"{message} ({where})" if where else message


def _error(status: int, message: str, means: Verdict) -> HttpAnswer:
    return HttpAnswer(HttpReply(status=status, body=json.dumps({"errors": [{"message": message}]}).encode()), means)


def inbound(settings: SendgridSettings, arrival: Arrival) -> Inbound:
    """What it tells of mail it was given."""
    return read_events(settings.webhook_key.strip(), arrival)


CHANNEL = Declared(
    name="sendgrid",
    label="SendGrid",
    medium="email",
    transport="http",
    source="twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
    settings=SendgridSettings,
    open=open_sendgrid,
    read=read,
    inbound=inbound,
    answers=(
        HttpAnswer(HttpReply(status=202, headers={"x-message-id": "14c5d75ce93"}), Accepted("14c5d75ce93")),
        HttpAnswer(
            HttpReply(
                status=400,
                body=b'{"errors": [{"message": "Does not contain a valid address.", "field": "from.email"}]}',
            ),
            Refused("SendGrid answered 400: Does not contain a valid address. (from.email)"),
        ),
        _error(
            401,
            "The provided authorization grant is invalid, expired, or revoked",
            Deferred(
                "SendGrid answered 401: The provided authorization grant is invalid, expired, or revoked",
                300,
                "provider",
            ),
        ),
        _error(
            403,
            "The from address does not match a verified Sender Identity.",
            Deferred(
                "SendGrid answered 403: The from address does not match a verified Sender Identity.", 300, "provider"
            ),
        ),
        _error(413, "Too large", Refused("SendGrid answered 413: Too large")),
        _error(429, "too many requests", Deferred("SendGrid answered 429: too many requests", 60, "provider")),
        HttpAnswer(HttpReply(status=500), InDoubt("SendGrid answered 500")),
        HttpAnswer(HttpReply(status=503), Deferred("SendGrid answered 503", 60, "provider")),
    ),
)
