"""WhatsApp by Meta's Cloud API.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api (messages, webhooks, error codes).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.channels.whatsapp_inbound import SAID, things_in, why
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.events.event import Json
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.foreign import each, part, read_json, text, whole
from holdfast.messages.heard.inbound import (
    Arrival,
    Challenge,
    Forged,
    Inbound,
    Told,
    Unreadable,
)
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send
from holdfast.profiles.phone import is_phone_number

TEXT_CHARACTERS_MOST = 4_096
ANSWER_SECONDS = 86_400
"""How long after a person's last message text may be written to them."""
BUSY_SECONDS = 60
PAIR_SECONDS = 10
"""One person gets one message in six seconds, after a few at once."""
SET_UP_SECONDS = 300
"""How long to wait where only somebody who changes the settings can help."""
HELD_SECONDS = 3_600
"""How long to wait while Meta holds the number or the account back."""

_SET_UP = frozenset({0, 3, 10, 33, 190, 131037, 131045, *range(200, 300)})
"""A token that has ended, a right that is missing, a number that is none: said of us, and not of the message."""
_HELD = frozenset({368, 131031, 131042, 131048})
_BUSY = frozenset({2, 4, 80007, 130429, 131000, 131016, 131057})
_PAIR = 131056


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppSettings:
    """A number at Meta, and the app it is reached by."""

    phone_number_id: Annotated[str, Text(most=64), "The number's id, from API Setup; not the number itself."]
    access_token: Annotated[str, Secret(), "A system user's token that does not end, for the app."]
    app_secret: Annotated[
        str, Secret(), "The app's secret, from its basic settings: what Meta tells is signed with it."
    ]
    verify_token: Annotated[str, Secret(), "Any words: give the same to Meta when you enter the callback address."]
    version: Annotated[str, Text(most=10), "The version of the API."] = "v23.0"
    api_url: Annotated[str, WebAddress(), "Where the API is."] = "https://graph.facebook.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppChannel:
    """Makes the call of a message."""

    url: str

    @property
    def doubt(self) -> DoubtPolicy:
        """The API knows no keys: a repeated call would be a second message."""
        return ONCE

    def answers_within_seconds(self, words: Words) -> int | None:
        """A text is an answer; a template may open a conversation."""
        return None if words.text("template") else ANSWER_SECONDS

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The call; the same on every retry."""
        if not is_phone_number(send.address):
            raise ValueError(f"{send.address!r:.60} is no telephone number")
        said = _template(words) if words.text("template") else _text(words)
        if isinstance(said, Refused):
            return said
        whole_message = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": send.address.removeprefix("+"),
            **said,
            "biz_opaque_callback_data": send.key,
        }
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender="",
            to=send.address,
            url=self.url,
            body=json.dumps(whole_message, ensure_ascii=False).encode("utf-8", "replace"),
            headers={"Content-Type": "application/json"},
        )


def _text(words: Words) -> dict[str, Json] | Refused:
    said = words.text("text").strip()
    if len(said) > TEXT_CHARACTERS_MOST:
        return Refused(f"It has {len(said):,} characters, and WhatsApp takes {TEXT_CHARACTERS_MOST:,}")
    return {"type": "text", "text": {"body": said, "preview_url": True}}


def _template(words: Words) -> dict[str, Json] | Refused:
    components: list[Json] = []
    if header := words.text("header").strip():
        components.append(_component("header", [{"type": "image", "image": {"link": header}}]))
    parameters = words.parts.get("parameters")
    filled = [_one_line(said) for said in parameters] if isinstance(parameters, list) else []
    for number, said in enumerate(filled, 1):
        if not said:
            return Refused(f"The parameter {{{{{number}}}}} of the template came out empty, which WhatsApp refuses")
    if filled:
        components.append(_component("body", [{"type": "text", "text": said} for said in filled]))
    buttons = words.parts.get("buttons")
    components += _buttons(buttons if isinstance(buttons, list) else [])
    return {
        "type": "template",
        "template": {
            "name": words.text("template").strip(),
            "language": {"code": words.text("language").strip()},
            "components": components,
        },
    }


def _component(type_: str, parameters: list[Json], **more: Json) -> dict[str, Json]:
    return {"type": type_, **more, "parameters": parameters}


def _buttons(buttons: list[Json]) -> Iterator[Json]:
    """What fills the template's buttons: the end of an address, or what comes back when one is pressed."""
    for index, button in enumerate(buttons):
        if url := text(button, "url").strip():
            yield _component("button", [{"type": "text", "text": url}], sub_type="url", index=str(index))
        elif label := text(button, "label").strip():
            yield _component(
                "button", [{"type": "payload", "payload": label}], sub_type="quick_reply", index=str(index)
            )


def _one_line(said: Json) -> str:
    """A parameter as WhatsApp takes it: no line breaks, no tabs, no run of blanks."""
    return " ".join(said.split()) if isinstance(said, str) else ""


def whatsapp_channel(settings: WhatsAppSettings, desk: Desk) -> WhatsAppChannel:  # noqa: ARG001 - Meta knows where we are.
    """The channel of a number."""
    number, version = settings.phone_number_id.strip(), settings.version.strip()
    return WhatsAppChannel(url=f"{settings.api_url.rstrip('/')}/{version}/{number}/messages")


def sealed(settings: WhatsAppSettings, parcel: Parcel, at_seconds: int) -> dict[str, str]:  # noqa: ARG001
    """What gets us in."""
    return {"Authorization": f"Bearer {settings.access_token.strip()}"}


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every call is answered alike.
    """What the answer means for the message. Meta asks to go by the code, and not by the status."""
    answer = reply.json()
    if 200 <= reply.status < 300:
        return Accepted(next((text(said, "id") for said in each(answer, "messages")), "")[:200])
    code = whole(answer, "error", "code")
    said = f"WhatsApp said {reply.status}{why(part(answer, 'error'), code)}"
    match code:
        case 131056:
            return Deferred(said, PAIR_SECONDS)
        case int() if code in _HELD:
            return Deferred(said, HELD_SECONDS, "provider")
        case int() if code in _SET_UP:
            return Deferred(said, SET_UP_SECONDS, "provider")
        case int() if code in _BUSY:
            return Deferred(said, reply.retry_after(BUSY_SECONDS), "provider")
        case int():
            return InDoubt(said) if reply.status >= 500 else Refused(said)
    if reply.status in (429, 503):
        return Deferred(said, reply.retry_after(BUSY_SECONDS), "provider")
    if reply.status in (401, 403, 404) or 300 <= reply.status < 400:
        return Deferred(said, SET_UP_SECONDS, "provider")
    return Refused(said) if 400 <= reply.status < 500 else InDoubt(said)


def inbound(settings: WhatsAppSettings, arrival: Arrival) -> Inbound:
    """What Meta tells: of messages, from people, and whether the address is ours."""
    if arrival.method == "GET":
        given = arrival.query.get("hub.verify_token", "").encode()
        if not hmac.compare_digest(given, settings.verify_token.strip().encode()):
            return Forged("its verify token is another")
        return Challenge(arrival.query.get("hub.challenge", ""))
    digest = hmac.new(settings.app_secret.strip().encode(), arrival.body, hashlib.sha256).hexdigest()
    given = arrival.headers.get("x-hub-signature-256", "").encode()
    if not hmac.compare_digest(given, f"sha256={digest}".encode()):
        return Forged("its signature is not Meta's")
    said = read_json(arrival.body)
    if not isinstance(said, Mapping):
        return Unreadable("it is no JSON object")
    ours = settings.phone_number_id.strip()
    values = (part(change, "value") for entry in each(said, "entry") for change in each(entry, "changes"))
    # An app has one address for all its numbers: what is about another is another connection's.
    own = (value for value in values if text(value, "metadata", "phone_number_id") == ours)
    return Told(things=tuple(thing for value in own for thing in things_in(value, arrival)))


def _answer(status: int, code: int, means: Verdict) -> HttpAnswer:
    error: dict[str, Json] = {"message": "…", "type": "OAuthException", "code": code, "error_data": {"details": "…"}}
    return HttpAnswer(HttpReply(status=status, body=json.dumps({"error": error}).encode()), means)


def _refused(status: int, code: int) -> HttpAnswer:
    return _answer(status, code, Refused(f"WhatsApp said {status}, {code}: {SAID.get(code, '…')}"))


def _later(status: int, code: int, seconds: int) -> HttpAnswer:
    said = f"WhatsApp said {status}, {code}: {SAID.get(code, '…')}"
    return _answer(status, code, Deferred(said, seconds, "domain" if code == _PAIR else "provider"))


CHANNEL = Declared(
    name="whatsapp_cloud",
    label="WhatsApp Cloud API",
    medium="whatsapp",
    transport="http",
    source="https://developers.facebook.com/docs/whatsapp/cloud-api",
    settings=WhatsAppSettings,
    open=whatsapp_channel,
    read=read,
    seal=sealed,
    inbound=inbound,
    answers=(
        HttpAnswer(
            HttpReply(
                status=200,
                body=b'{"messaging_product": "whatsapp", "contacts": [{"input": "+436641", "wa_id": "436641"}],'
                b' "messages": [{"id": "wamid.HBgLNDM2", "message_status": "accepted"}]}',
            ),
            Accepted("wamid.HBgLNDM2"),
        ),
        _later(401, 190, SET_UP_SECONDS),
        _later(403, 10, SET_UP_SECONDS),
        _later(400, 80007, BUSY_SECONDS),
        _later(400, 130429, BUSY_SECONDS),
        _later(429, 130429, BUSY_SECONDS),
        _later(500, 131000, BUSY_SECONDS),
        _later(500, 131016, BUSY_SECONDS),
        _later(400, 131031, HELD_SECONDS),
        _later(400, 131042, HELD_SECONDS),
        _later(400, 131048, HELD_SECONDS),
        _later(400, 131056, PAIR_SECONDS),
        _refused(400, 100),
        _refused(400, 130472),
        _refused(400, 131026),
        _refused(400, 131047),
        _refused(400, 131049),
        _refused(400, 131050),
        _refused(400, 132000),
        _refused(404, 132001),
        _refused(400, 132015),
        HttpAnswer(HttpReply(status=500), InDoubt("WhatsApp said 500"), "It may have taken the message."),
        HttpAnswer(HttpReply(status=503), Deferred("WhatsApp said 503", BUSY_SECONDS, "provider")),
    ),
)
