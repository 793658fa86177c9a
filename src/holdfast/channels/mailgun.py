"""Email by Mailgun. Source: documentation.mailgun.com, Messages, "Send an email in MIME format" (read 2026-11).

It is given the whole mail, so that what arrives is what we put together; Mailgun signs it for the domain.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Annotated

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.channels.email_http import set_up_wrong, status_verdict, text_of
from holdfast.channels.email_letter import FromItsWriter, Writer, writer
from holdfast.channels.mailgun_inbound import read_webhook
from holdfast.decisions.fields import Choice, Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.heard.inbound import Arrival, Inbound
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.mail.address import read_address
from holdfast.messages.mail.email import assemble
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send

NAME = "Mailgun"
HOSTS = {"us": "api.mailgun.net", "eu": "api.eu.mailgun.net"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailgunSettings:
    """A domain at Mailgun."""

    sender: Annotated[str, Text(most=300), "Whom mail is from, such as Shop <hello@shop.example>."]
    reply_to: Annotated[str, Text(least=0, most=300), "Where answers go; empty: to the sender."] = ""
    domain: Annotated[str, Text(most=253), "The domain that is set up at Mailgun, such as mg.shop.example."]
    api_key: Annotated[str, Secret(), "A key that may send for the domain."]
    region: Annotated[str, Choice(tuple(HOSTS)), "Where the domain is kept."] = "us"
    api_url: Annotated[str, WebAddress(least=0), "Where the API is; empty: where Mailgun has it for the region."] = ""
    webhook_key: Annotated[
        str, Secret(least=0), "The key its webhooks are signed with; empty where none is set up."
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailgun(FromItsWriter):
    """Makes the call of a send: a form of several parts, one of them the mail."""

    settings: MailgunSettings
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
        fields = {"to": str(letter.to), "o:tracking": "no", "v:send": send.key}
        token = b64encode(f"api:{self.settings.api_key.strip()}".encode()).decode("ascii")
        boundary = f"holdfast-{send.key}"
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=str(self.writer.sender),
            to=str(letter.to),
            body=_form(fields, assemble(letter), boundary),
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Authorization": f"Basic {token}",
            },
            url=f"{self._api_url}/v3/{self.settings.domain}/messages.mime",
        )


def _form(fields: dict[str, str], mail: bytes, boundary: str) -> bytes:
    """The form (RFC 7578). No line of a mail begins with the boundary: it holds the key of the send."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="message"; filename="message.eml"\r\n'
    typed = f"{head}Content-Type: message/rfc822\r\n\r\n".encode()
    return b"".join([*parts, typed, mail, f"\r\n--{boundary}--\r\n".encode()])


def open_mailgun(settings: MailgunSettings, desk: Desk) -> Mailgun:
    """The channel by its settings. Raises Invalid."""
    host = read_address(f"x@{settings.domain}")
    if host is None or host.domain != settings.domain:
        raise Invalid(f"{settings.domain!r} is no domain.", path="domain", hint="Write one such as mg.shop.example.")
    return Mailgun(
        settings=settings,
        writer=writer(
            settings.sender, linker=desk.linker, workspace_name=desk.workspace_name, reply_to=settings.reply_to
        ),
    )


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every provider is asked alike.
    """What an answer means."""
    told = reply.json()
    said = text_of(told.get("message"))
    if 200 <= reply.status < 300:
        return Accepted(text_of(told.get("id")).strip("<>"))
    if reply.status == 404:
        return set_up_wrong(NAME, reply.status, said or "there is no such domain")
    return status_verdict(NAME, reply, said)


def _answer(status: int, message: str, means: Verdict) -> HttpAnswer:
    return HttpAnswer(HttpReply(status=status, body=json.dumps({"message": message}).encode()), means)


def inbound(settings: MailgunSettings, arrival: Arrival) -> Inbound:
    """What it tells of mail it was given."""
    return read_webhook(settings.webhook_key.strip(), arrival)


CHANNEL = Declared(
    name="mailgun",
    label="Mailgun",
    medium="email",
    transport="http",
    source="documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages",
    settings=MailgunSettings,
    open=open_mailgun,
    read=read,
    inbound=inbound,
    answers=(
        HttpAnswer(
            HttpReply(status=200, body=b'{"id": "<2026.1@mg.shop.example>", "message": "Queued. Thank you."}'),
            Accepted("2026.1@mg.shop.example"),
        ),
        _answer(
            400,
            "'to' parameter is not a valid address. please check documentation",
            Refused("Mailgun answered 400: 'to' parameter is not a valid address. please check documentation"),
        ),
        HttpAnswer(HttpReply(status=401, body=b"Forbidden"), Deferred("Mailgun answered 401", 300, "provider")),
        _answer(
            403,
            "Domain shop.example is not allowed to send: disabled",
            Deferred("Mailgun answered 403: Domain shop.example is not allowed to send: disabled", 300, "provider"),
        ),
        _answer(404, "Domain not found", Deferred("Mailgun answered 404: Domain not found", 300, "provider")),
        _answer(413, "Too big", Refused("Mailgun answered 413: Too big")),
        HttpAnswer(
            HttpReply(status=429, headers={"retry-after": "20"}), Deferred("Mailgun answered 429", 20, "provider")
        ),
        HttpAnswer(HttpReply(status=500), InDoubt("Mailgun answered 500")),
    ),
)
