"""Webhooks. Source: RFC 9110 (HTTP); the Standard Webhooks specification, 1.0 (signatures, ids, answers)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Annotated

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.decisions.fields import Secret
from holdfast.decisions.web_fields import header_pairs
from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Refused, Verdict
from holdfast.messages.webhook_key import signing_key
from holdfast.ports.state import Send

IDEMPOTENT_SECONDS = 86_400
"""How long whoever is called is asked to remember a key."""
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """How calls are signed."""

    secret: Annotated[
        str, Secret(), "What calls are signed with, as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64."
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """Makes the call of a send."""

    @property
    def doubt(self) -> DoubtPolicy:
        """The call bears a key that is the same each time: it is made again."""
        return DoubtPolicy(idempotent_seconds=IDEMPOTENT_SECONDS, marketing="resend", transactional="resend")

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The call; the same on every retry."""
        said = words.text("body")
        try:
            json.loads(said)
        except (ValueError, RecursionError) as error:
            return Refused(f"What was rendered is no JSON ({error!s:.100}); write values with the filter json.")
        headers = header_pairs(words.text("headers"))
        headers |= {"Content-Type": "application/json", "Idempotency-Key": send.key}
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender="",
            to=send.address,
            url=send.address,
            body=said.encode("utf-8", "replace"),
            headers=headers,
        )


def signed(secret: bytes, parcel: Parcel, at_seconds: int) -> dict[str, str]:
    """The headers by which a call is known for ours: `v1,` and the HMAC-SHA256 of its id, the time and its body."""
    said = f"{parcel.key}.{at_seconds}.".encode() + parcel.body
    signature = base64.b64encode(hmac.new(secret, said, hashlib.sha256).digest()).decode()
    return {"webhook-id": parcel.key, "webhook-timestamp": str(at_seconds), "webhook-signature": f"v1,{signature}"}


def sealed(settings: WebhookSettings, parcel: Parcel, at_seconds: int) -> dict[str, str]:
    """The signature of a call that is about to be made."""
    return signed(signing_key(settings.secret, path="$.secret"), parcel, at_seconds)


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every call is answered alike.
    """What the answer means for the call."""
    said = f"The answer was {reply.status}"
    if 200 <= reply.status < 300:
        return Accepted(str(reply.status))
    if reply.status in _LATER:
        return Deferred(said, reply.retry_after())
    if 300 <= reply.status < 400:
        return Refused(f"{said}: calls do not follow redirects. Give the address it leads to.")
    return Refused(said)


def webhook_channel(settings: WebhookSettings, desk: Desk) -> WebhookChannel:  # noqa: ARG001 - It is called by nobody.
    """The channel that calls other systems. Raises Invalid for a secret that is none."""
    signing_key(settings.secret, path="$.secret")
    return WebhookChannel()


CHANNEL = Declared(
    name="webhook",
    label="Webhook",
    medium="webhook",
    transport="http",
    source="RFC 9110, Standard Webhooks 1.0",
    settings=WebhookSettings,
    open=webhook_channel,
    read=read,
    seal=sealed,
    answers=(
        HttpAnswer(HttpReply(status=200), Accepted("200")),
        HttpAnswer(HttpReply(status=204), Accepted("204")),
        HttpAnswer(
            HttpReply(status=302),
            Refused("The answer was 302: calls do not follow redirects. Give the address it leads to."),
        ),
        HttpAnswer(HttpReply(status=404), Refused("The answer was 404")),
        HttpAnswer(HttpReply(status=410), Refused("The answer was 410")),
        HttpAnswer(HttpReply(status=429, headers={"retry-after": "120"}), Deferred("The answer was 429", 120)),
        HttpAnswer(HttpReply(status=503), Deferred("The answer was 503", 60)),
    ),
)
