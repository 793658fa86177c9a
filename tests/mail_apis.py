"""Amazon SES, SendGrid, Mailgun and Postmark for tests: one server that takes mail as each documents it.

It knows who calls, reads the mail it is given, and can be told what to say instead, down to the bytes of the wire.
What they tell us of mail later is here too, signed as each signs it. Written from their documentation and from AWS's
description of Signature Version 4, not from our own code.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "s3cret-of-the-test"
WEBHOOK_SECRET = "told-by-nobody-else"
SENDER = "Tea & Cup <shop@shop.example>"
GRID_KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
_GRID_PUBLIC = GRID_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
SKEW_SECONDS = 300
"""How old a signature of AWS's may be."""
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "ses": {
        "sender": SENDER,
        "region": "eu-west-1",
        "key_id": "AKID",
        "key_secret": SECRET,
        "webhook_password": WEBHOOK_SECRET,
    },
    "sendgrid": {"sender": SENDER, "api_key": SECRET, "webhook_key": b64encode(_GRID_PUBLIC).decode()},
    "mailgun": {"sender": SENDER, "domain": "mg.shop.example", "api_key": SECRET, "webhook_key": WEBHOOK_SECRET},
    "postmark": {"sender": SENDER, "server_token": SECRET, "webhook_password": WEBHOOK_SECRET},
}
"""What a connection to each needs, besides where its API is."""
SECRETS: Mapping[str, str] = {
    "ses": "key_secret",
    "sendgrid": "api_key",
    "mailgun": "api_key",
    "postmark": "server_token",
}
"""Which of them lets us in."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is done in the place of an answer."""

    wire: bytes = b""
    """Written as it is."""
    then: Literal["stay", "close", "hang"] = "stay"
    """`close` ends the connection after it, `hang` says nothing more and leaves it open."""


def answer(status: int, body: bytes | Mapping[str, Any] = b"", headers: Mapping[str, str] | None = None) -> Act:
    """A whole answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    phrase = HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Other"
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return Act(f"HTTP/1.1 {status} {phrase}\r\n{lines}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)


@dataclass(frozen=True, slots=True)
class Call:
    """What it was asked."""

    path: str
    headers: Mapping[str, str]
    """Under lower-case names."""
    body: bytes

    @property
    def repeated(self) -> tuple[str, bytes, dict[str, str]]:
        """What is to be the same when it is made again: all but the moment and what is signed over it."""
        of_the_moment = {"x-amz-date"} | ({"authorization"} if "x-amz-date" in self.headers else set())
        return self.path, self.body, {name: each for name, each in self.headers.items() if name not in of_the_moment}


@dataclass
class MailApis:
    """The four of them, at one port."""

    now_seconds: Callable[[], float]
    acts: list[Act] = field(default_factory=list)
    """Done in turn, before anything is looked at."""
    calls: list[Call] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    """What was taken; its `X-Taken-From`, the envelope's sender, and `X-Taken-For`, its recipient, were said beside."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, name: str, **more: Any) -> dict[str, Any]:
        """A connection's, to this server."""
        return {**SETTINGS[name], "api_url": self.url, **more}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                pairs = (line.partition(":") for line in head[1:] if line)
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                call = Call(head[0].split(" ")[1], headers, await reader.readexactly(int(headers["content-length"])))
                self.calls.append(call)
                act = self.acts.pop(0) if self.acts else self._answer(call)
                writer.write(act.wire)
                await writer.drain()
                if act.then == "hang":
                    await reader.read()
                if act.then != "stay":
                    return

    def _answer(self, call: Call) -> Act:
        for path, takes in _TAKES.items():
            if call.path == path:
                return takes(self, call)
        return answer(404, {"message": "Not Found"})

    def took(self, raw: EmailMessage, to: str) -> str:
        """Take a mail; what it is called from then."""
        raw["X-Taken-For"] = to
        self.mails.append(raw)
        return f"taken-{len(self.mails)}"


def _ses(apis: MailApis, call: Call) -> Act:
    wrong = _unsigned(call, apis.now_seconds())
    if wrong:
        return answer(403, {"message": wrong}, {"x-amzn-ErrorType": "SignatureDoesNotMatch"})
    told = json.loads(call.body)
    (to,) = told["Destination"]["ToAddresses"]
    if not all(re.fullmatch(r"[A-Za-z0-9_.@-]{1,256}", each["Value"]) for each in told["EmailTags"]):
        return answer(400, {"message": "Invalid tag"}, {"x-amzn-ErrorType": "BadRequestException:http://x/"})
    return answer(200, {"MessageId": apis.took(mail_of(b64decode(told["Content"]["Raw"]["Data"])), to)})


def _sendgrid(apis: MailApis, call: Call) -> Act:
    if call.headers.get("authorization") != f"Bearer {SECRET}":
        said = "The provided authorization grant is invalid, expired, or revoked"
        return answer(401, {"errors": [{"message": said, "field": None, "help": None}]})
    told = json.loads(call.body)
    mail = EmailMessage()
    for name, value in told["headers"].items():
        mail[name] = value
    mail["Subject"] = told["subject"]
    mail["From"] = f'"{told["from"].get("name", "")}" <{told["from"]["email"]}>'
    plain, html = (each["value"] for each in told["content"])
    mail.set_content(plain)
    mail.add_alternative(html, subtype="html")
    ((to,),) = (each["to"] for each in told["personalizations"])
    return answer(202, headers={"X-Message-Id": apis.took(mail, to["email"])})


def _mailgun(apis: MailApis, call: Call) -> Act:
    if call.headers.get("authorization") != "Basic " + b64encode(f"api:{SECRET}".encode()).decode():
        return answer(401, b"Forbidden")
    form = email.message_from_bytes(
        b"Content-Type: " + call.headers["content-type"].encode() + b"\r\n\r\n" + call.body, policy=email.policy.HTTP
    )
    parts = {str(each.get_param("name", header="content-disposition")): each for each in form.iter_parts()}
    (mail,) = parts["message"].iter_parts()
    number = apis.took(mail_of(mail.as_bytes()), parts["to"].get_content().strip())
    return answer(200, {"id": f"<{number}@mg.shop.example>", "message": "Queued. Thank you."})


def _postmark(apis: MailApis, call: Call) -> Act:
    if call.headers.get("x-postmark-server-token") != SECRET:
        return answer(401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."})
    told = json.loads(call.body)
    mail = EmailMessage()
    for each in told["Headers"]:
        mail[each["Name"]] = each["Value"]
    mail["Subject"], mail["From"] = told["Subject"], told["From"]
    mail.set_content(told["TextBody"])
    mail.add_alternative(told["HtmlBody"], subtype="html")
    number = apis.took(mail, told["To"])
    return answer(200, {"To": told["To"], "MessageID": number, "ErrorCode": 0, "Message": "OK"})


_TAKES: Mapping[str, Callable[[MailApis, Call], Act]] = {
    "/v2/email/outbound-emails": _ses,
    "/v3/mail/send": _sendgrid,
    "/v3/mg.shop.example/messages.mime": _mailgun,
    "/email": _postmark,
}


def mail_of(raw: bytes) -> EmailMessage:
    """A mail by its bytes."""
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def _unsigned(call: Call, now_seconds: float) -> str:
    """What is wrong with the signature of a call to AWS; empty when nothing is."""
    told = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKID/(\d{8})/eu-west-1/ses/aws4_request, "
        r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
        call.headers.get("authorization", ""),
    )
    stamp = call.headers.get("x-amz-date", "")
    if told is None or "host" not in told[2].split(";") or not stamp.startswith(told[1]):
        return "The request signature we calculated does not match the signature you provided."
    at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    if abs(at - now_seconds) > SKEW_SECONDS:
        return "Signature expired."
    names = told[2].split(";")
    lines = "".join(f"{name}:{call.headers[name]}\n" for name in names)
    path = urlsplit(call.path)
    digest = hashlib.sha256(call.body).hexdigest()
    canonical = f"POST\n{path.path}\n{path.query}\n{lines}\n{told[2]}\n{digest}"
    scope = f"{told[1]}/eu-west-1/ses/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for each in scope.split("/"):
        key = hmac.new(key, each.encode(), hashlib.sha256).digest()
    right = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return "" if right == told[3] else "The request signature we calculated does not match the signature you provided."


@dataclass(frozen=True, slots=True)
class Told:
    """A call a provider makes to us."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    def forged(self) -> Told:
        """The same, of somebody who does not know what is to be known."""
        headers = {name: value[:-6] + "AAAA" + value[-2:] for name, value in self.headers.items()}
        return Told(self.body.replace(b'"signature": "', b'"signature": "0'), headers, self.query.replace("=", "=x"))


def tells(name: str, what: Literal["delivered", "bounced"], *, send: str, address: str, at_seconds: int) -> Told:
    """What a provider tells of a mail it was given, as it is documented and signed."""
    return _TELLS[name](what == "bounced", send, address, at_seconds)


def _ses_tells(bounced: bool, send: str, address: str, at_seconds: int) -> Told:
    at = datetime.fromtimestamp(at_seconds, UTC).isoformat()
    event: dict[str, Any] = {
        "eventType": "Bounce" if bounced else "Delivery",
        "mail": {"messageId": "0102", "destination": [address], "tags": {"send": [send]}},
    }
    if bounced:
        recipients = [{"emailAddress": address, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]
        event["bounce"] = {"bounceType": "Permanent", "bounceSubType": "General", "timestamp": at, "feedbackId": "f"}
        event["bounce"]["bouncedRecipients"] = recipients
    else:
        event["delivery"] = {"timestamp": at, "smtpResponse": "250 ok", "recipients": [address]}
    # Delivered raw, as a subscription may ask for: the password of the address is all that vouches for it.
    body = json.dumps(event).encode()
    return Told(body, {"Content-Type": "text/plain; charset=UTF-8"}, f"?password={WEBHOOK_SECRET}")


def _sendgrid_tells(bounced: bool, send: str, address: str, at_seconds: int) -> Told:
    event = {"email": address, "timestamp": at_seconds, "sg_event_id": f"e-{bounced}-{send}", "send": send}
    event |= {"event": "bounce", "type": "bounce", "status": "5.1.1"} if bounced else {"event": "delivered"}
    body, stamp = json.dumps([event]).encode(), str(at_seconds)
    signature = b64encode(GRID_KEY.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    return Told(
        body,
        {
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
            "X-Twilio-Email-Event-Webhook-Signature": signature,
        },
    )


def _mailgun_tells(bounced: bool, send: str, address: str, at_seconds: int) -> Told:
    token = "t" * 50
    signed = hmac.new(WEBHOOK_SECRET.encode(), f"{at_seconds}{token}".encode(), hashlib.sha256).hexdigest()
    event: dict[str, Any] = {
        "id": f"e-{bounced}-{send}",
        "event": "failed" if bounced else "delivered",
        "timestamp": at_seconds + 0.5,
        "recipient": address,
        "user-variables": {"send": send},
    }
    if bounced:
        event["severity"] = "permanent"
        event["delivery-status"] = {"code": 550, "message": "5.1.1 user unknown"}
    signature = {"timestamp": str(at_seconds), "token": token, "signature": signed}
    return Told(json.dumps({"signature": signature, "event-data": event}).encode())


def _postmark_tells(bounced: bool, send: str, address: str, at_seconds: int) -> Told:
    at = datetime.fromtimestamp(at_seconds, UTC).isoformat()
    said: dict[str, Any] = {"MessageID": f"m-{send}", "Metadata": {"send": send}}
    if bounced:
        said |= {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Email": address, "BouncedAt": at}
    else:
        said |= {"RecordType": "Delivery", "Recipient": address, "DeliveredAt": at}
    password = b64encode(f"holdfast:{WEBHOOK_SECRET}".encode()).decode()
    return Told(json.dumps(said).encode(), {"Authorization": f"Basic {password}"})


_TELLS: Mapping[str, Callable[[bool, str, str, int], Told]] = {
    "ses": _ses_tells,
    "sendgrid": _sendgrid_tells,
    "mailgun": _mailgun_tells,
    "postmark": _postmark_tells,
}


@asynccontextmanager
async def mail_apis(now_seconds: Callable[[], float], *acts: Act) -> AsyncIterator[MailApis]:
    """The server on a port of its own, until the block ends."""
    apis = MailApis(now_seconds=now_seconds, acts=list(acts))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await apis.serve(reader, writer)
        except asyncio.CancelledError:
            pass  # Else asyncio logs the end of the test as an error.
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    apis.port = server.sockets[0].getsockname()[1]
    try:
        yield apis
    finally:
        server.close()
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
