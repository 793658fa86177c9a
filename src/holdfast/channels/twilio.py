"""Text messages by Twilio, or whoever speaks as it does.

Source: https://www.twilio.com/docs/messaging/api/message-resource (sending, status callbacks),
https://www.twilio.com/docs/usage/webhooks/webhooks-security (signatures), https://www.twilio.com/docs/api/errors.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.foreign import text, whole
from holdfast.messages.heard.inbound import Arrival, Forged, Inbound, Incoming, Receipt, ReceiptKind, Told, Unreadable
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.messages.text.senders import SenderLines, SenderPool, read_senders
from holdfast.ports.state import Send
from holdfast.profiles.phone import is_phone_number

TEXT_CHARACTERS_MOST = 1_600
FIELDS_MOST = 500
BUSY_SECONDS = 10
SET_UP_SECONDS = 300
"""How long to wait where only somebody who changes the settings can help."""

_SET_UP = frozenset({20003, 20005, 20404, 21212, 21603, 21606, 21701, 21702, 21703, 21704, 21705})
"""Wrong credentials, a closed account, a sender that is none of ours: it must not use the messages up."""
_BUSY = frozenset({14107, 20429, 21611, 21730, 30001})
_GONE = frozenset({21211, 21214, 21614, 21635, 30005, 30006})
"""No number, or none that takes text messages. Not 21610: who has replied STOP may reply START."""
_SAID = {
    21408: "messages to that country are not switched on",
    21610: "the person has replied STOP",
    21612: "it cannot be sent to that number from this sender",
    30003: "the telephone is off or out of reach",
    30004: "the number blocks it",
    30005: "there is no such number",
    30006: "it is a landline",
    30007: "the carrier has filtered it",
    30008: "nobody knows why",
}
_FATES: dict[str, ReceiptKind] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "failed",
    "failed": "failed",
}
_NOTHING = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""The answer that makes Twilio say nothing in ours: STOP it confirms by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """An account at Twilio."""

    account_sid: Annotated[str, Text(most=64), "The account, such as AC0123…; from the console's front page."]
    auth_token: Annotated[str, Secret(), "The account's auth token; what Twilio tells us is signed with it, too."]
    senders: Annotated[
        str, SenderLines(), "Numbers, short codes or names, one a line; `DE: TeaCup` for one country's numbers."
    ] = ""
    service: Annotated[str, Text(least=0, most=64), "A messaging service, such as MG0123…, in place of senders."] = ""
    api_url: Annotated[str, WebAddress(), "Where the API is."] = "https://api.twilio.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioChannel:
    """Makes the call of a text message."""

    account_sid: str
    service: str
    senders: SenderPool
    api_url: str
    callback_url: str

    @property
    def doubt(self) -> DoubtPolicy:
        """Twilio knows no keys: a repeated call would be a second message."""
        return ONCE

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The call; the same on every retry."""
        if not is_phone_number(send.address):
            raise ValueError(f"{send.address!r:.60} is no telephone number")
        said = words.text("text")
        if len(said) > TEXT_CHARACTERS_MOST:
            return Refused(f"It has {len(said):,} characters, and Twilio takes {TEXT_CHARACTERS_MOST:,}")
        sender = self.service or self.senders.choose(send.address)
        if sender is None:
            return Refused(f"There is no sender for the country of {send.address}")
        fields = {"To": send.address, "MessagingServiceSid" if self.service else "From": sender, "Body": said}
        if media_url := words.text("media_url"):
            fields["MediaUrl"] = media_url
        if self.callback_url:
            # Twilio echoes nothing of ours, but it calls the very address it is given.
            fields["StatusCallback"] = f"{self.callback_url}?{urlencode({'send': send.key})}"
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=sender,
            to=send.address,
            url=f"{self.api_url.rstrip('/')}/2010-04-01/Accounts/{self.account_sid}/Messages.json",
            body=urlencode(fields, errors="replace").encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )


def twilio_channel(settings: TwilioSettings, desk: Desk) -> TwilioChannel:
    """The channel of an account. Raises Invalid when it has nobody to write as."""
    if not settings.senders.strip() and not settings.service.strip():
        raise Invalid(
            "There is nobody to write as.", code="missing_field", path="$.senders", hint="Give senders, or a service."
        )
    return TwilioChannel(
        account_sid=settings.account_sid.strip(),
        service=settings.service.strip(),
        senders=read_senders(settings.senders),
        api_url=settings.api_url,
        callback_url=desk.callback_url,
    )


def sealed(settings: TwilioSettings, parcel: Parcel, at_seconds: int) -> dict[str, str]:  # noqa: ARG001
    """What gets us in."""
    token = b64encode(f"{settings.account_sid.strip()}:{settings.auth_token.strip()}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every call is answered alike.
    """What the answer means for the message."""
    answer = reply.json()
    if 200 <= reply.status < 300:
        return Accepted(text(answer, "sid")[:64])
    code = whole(answer, "code") or 0
    said = f"Twilio said {reply.status}" + (
        f", {code}: {_SAID.get(code, text(answer, 'message')[:200])}" if code else ""
    )
    if code in _BUSY or reply.status in (429, 503):
        return Deferred(said, reply.retry_after(BUSY_SECONDS), "provider")
    if code in _SET_UP or reply.status in (401, 403, 404) or 300 <= reply.status < 400:
        return Deferred(said, SET_UP_SECONDS, "provider")
    if reply.status >= 500 or reply.status < 200:
        return InDoubt(said)
    return Refused(said, gone=code in _GONE)


def inbound(settings: TwilioSettings, arrival: Arrival) -> Inbound:
    """What Twilio tells: what became of a message, or what somebody wrote."""
    fields = _form(arrival)
    if not _is_genuine(settings.auth_token.strip(), arrival, fields):
        return Forged("its signature is not Twilio's")
    said = dict(fields) if fields else arrival.query
    sid = said.get("MessageSid") or said.get("SmsSid", "")
    if not sid:
        return Unreadable("it names no message")
    if "MessageStatus" in said and "Body" not in said:
        return Told(things=(*_receipts(sid, said, arrival),))
    return Told(things=(_incoming(sid, said, arrival),), answer=_NOTHING, content_type="text/xml")


def _receipts(sid: str, said: Mapping[str, str], arrival: Arrival) -> Iterator[Receipt]:
    status = text(said, "MessageStatus").lower()
    kind = _FATES.get(status)
    if kind is None:
        return
    code = whole(said, "ErrorCode") or 0
    why = f"{status}, {code}: {_SAID.get(code, text(said, 'ErrorMessage')[:200])}" if code else status
    yield Receipt(
        kind=kind,
        id=f"{sid}:{status}",
        at_ms=arrival.at_ms,
        send=arrival.query.get("send", ""),
        provider_id=sid,
        address=text(said, "To"),
        reason=why if kind == "failed" else "",
        gone=kind == "failed" and code in _GONE,
        agent="human" if kind == "opened" else "unknown",
    )


def _incoming(sid: str, said: Mapping[str, str], arrival: Arrival) -> Incoming:
    count = min(whole(said, "NumMedia") or 0, 10)
    media: list[Json] = [url for at in range(count) if (url := text(said, f"MediaUrl{at}"))]
    extra: dict[str, Json] = {"media": media} if media else {}
    if opted := text(said, "OptOutType"):
        # Twilio has understood it as such, perhaps by words of the account's own, and has answered it.
        extra["keyword"] = opted.lower()
    return Incoming(
        medium="sms",
        id=sid,
        at_ms=arrival.at_ms,
        address=text(said, "From"),
        to=text(said, "To"),
        text=text(said, "Body"),
        provider_id=text(said, "OriginalRepliedMessageSid"),
        confirmed=True,
        extra=extra,
    )


def _form(arrival: Arrival) -> Sequence[tuple[str, str]]:
    """The form's fields; none when the body is no form."""
    if not arrival.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return []
    try:
        return parse_qsl(arrival.body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST)
    except ValueError:
        return []


def _is_genuine(token: str, arrival: Arrival, fields: Sequence[tuple[str, str]]) -> bool:
    given = arrival.headers.get("x-twilio-signature", "").encode()
    digest = arrival.query.get("bodySHA256")
    if digest is not None:  # A body that is no form: the address vouches for it.
        if not hmac.compare_digest(digest.lower().encode(), hashlib.sha256(arrival.body).hexdigest().encode()):
            return False
        fields = []
    elif arrival.body and not fields:
        return False  # Nothing vouches for it.
    return any(hmac.compare_digest(given, signature(token, url, fields)) for url in _spellings(arrival.url))


def signature(token: str, url: str, fields: Sequence[tuple[str, str]]) -> bytes:
    """The signature of a call: base64 of the HMAC-SHA1 of its address and its fields in order."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.new(token.encode(), said.encode("utf-8", "replace"), hashlib.sha1).digest())


def _spellings(url: str) -> Iterator[str]:
    """The address with and without the port that goes without saying: Twilio signs now one, now the other."""
    yield url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    if usual is None or parts.hostname is None:
        return
    if port is None:
        yield parts._replace(netloc=f"{parts.netloc}:{usual}").geturl()
    elif port == usual:
        yield parts._replace(netloc=parts.netloc.removesuffix(f":{usual}")).geturl()


def _answer(status: int, code: int, means: Verdict, **headers: str) -> HttpAnswer:
    body = json.dumps({"code": code, "message": "…", "status": status}).encode()
    return HttpAnswer(
        HttpReply(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body), means
    )


CHANNEL = Declared(
    name="twilio",
    label="Twilio",
    medium="sms",
    transport="http",
    source="https://www.twilio.com/docs/messaging/api/message-resource",
    settings=TwilioSettings,
    open=twilio_channel,
    read=read,
    seal=sealed,
    inbound=inbound,
    answers=(
        HttpAnswer(
            HttpReply(status=201, body=b'{"sid": "SM0123456789abcdef", "status": "queued", "error_code": null}'),
            Accepted("SM0123456789abcdef"),
        ),
        _answer(400, 21211, Refused("Twilio said 400, 21211: …", gone=True)),
        _answer(400, 21408, Refused("Twilio said 400, 21408: messages to that country are not switched on")),
        _answer(400, 21606, Deferred("Twilio said 400, 21606: …", SET_UP_SECONDS, "provider")),
        _answer(400, 21610, Refused("Twilio said 400, 21610: the person has replied STOP")),
        _answer(400, 21614, Refused("Twilio said 400, 21614: …", gone=True)),
        _answer(400, 21617, Refused("Twilio said 400, 21617: …")),
        _answer(401, 20003, Deferred("Twilio said 401, 20003: …", SET_UP_SECONDS, "provider")),
        _answer(404, 20404, Deferred("Twilio said 404, 20404: …", SET_UP_SECONDS, "provider")),
        _answer(429, 20429, Deferred("Twilio said 429, 20429: …", BUSY_SECONDS, "provider")),
        _answer(429, 20429, Deferred("Twilio said 429, 20429: …", 30, "provider"), retry_after="30"),
        HttpAnswer(HttpReply(status=500), InDoubt("Twilio said 500"), "It may have taken the message."),
        HttpAnswer(HttpReply(status=503), Deferred("Twilio said 503", BUSY_SECONDS, "provider")),
    ),
)
