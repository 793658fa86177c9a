"""Telegram, by a bot.

Source: https://core.telegram.org/bots/api (sendMessage, sendPhoto, setWebhook, Update, ResponseParameters) and
https://core.telegram.org/bots/features#deep-linking.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.channels.telegram_html import telegram_html
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.web_fields import WebAddress
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.foreign import part, read_json, text, whole
from holdfast.messages.heard.inbound import Arrival, Forged, Inbound, Incoming, Receipt, Told, Unreadable
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send

TEXT_UNITS_MOST = 4_096
CAPTION_UNITS_MOST = 1_024
"""How long a text and the text under a picture may be, in UTF-16 code units, which is how Telegram counts."""
DATA_BYTES_MOST = 64
"""How long what comes back from a pressed button may be."""
BUSY_SECONDS = 5
SET_UP_SECONDS = 300
"""How long to wait where only somebody who changes the settings can help."""

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_\-]{20,100}", re.ASCII)
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_\-]{16,256}", re.ASCII)
_CHAT = re.compile(r"-?[1-9]\d{0,18}", re.ASCII)
_GONE = re.compile(
    r"(chat|user) not found|PEER_ID_INVALID|user is deactivated|bot was (blocked|kicked)|can't initiate conversation",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"/(\w{1,32})(?:@\w{1,64})?(?:\s+(.{1,200}))?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """A bot."""

    token: Annotated[str, Secret(), "The bot's token, such as 123456:ABC…; from @BotFather."]
    webhook_secret: Annotated[str, Secret(), "16 or more of A–Z, a–z, 0–9, _ and -: what Telegram is to show us."]
    bot_name: Annotated[str, Text(least=0, most=64), "The bot's user name, without @; people are linked to it."] = ""
    api_url: Annotated[str, WebAddress(), "Where the API is."] = "https://api.telegram.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramChannel:
    """Makes the call of a message."""

    url: str
    """Where the API's methods are; the bot's token is in it."""

    @property
    def doubt(self) -> DoubtPolicy:
        """The API knows no keys: a repeated call would be a second message."""
        return ONCE

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The call; the same on every retry."""
        if not _CHAT.fullmatch(send.address):
            raise ValueError(f"{send.address!r:.60} is no chat")
        html = words.text("format") == "html"
        said = telegram_html(words.text("text")) if html else words.text("text").strip()
        # Marks do not count, and a text that is too long without them is refused there.
        units = len(said.encode("utf-16-le", "replace")) // 2
        if units > TEXT_UNITS_MOST and not html:
            return Refused(f"It has {units:,} characters, and Telegram takes {TEXT_UNITS_MOST:,}")
        method, message = _message(said, words.text("image").strip(), under=units <= CAPTION_UNITS_MOST)
        message = {"chat_id": int(send.address), **message}
        if html:
            message["parse_mode"] = "HTML"
        if keyboard := _keyboard(words.parts.get("buttons")):
            message["reply_markup"] = {"inline_keyboard": keyboard}
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender="",
            to=send.address,
            url=f"{self.url}/{method}",
            body=json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"),
            headers={"Content-Type": "application/json"},
        )


def _message(said: str, image: str, *, under: bool) -> tuple[str, dict[str, Json]]:
    """The method and what it is given.

    Args:
        under: whether the text is short enough to stand under a picture; else the picture is the text's preview.
    """
    if not image:
        return "sendMessage", {"text": said, "link_preview_options": {"is_disabled": True}}
    if under:
        return "sendPhoto", {"photo": image, "caption": said}
    preview: dict[str, Json] = {"url": image, "prefer_large_media": True, "show_above_text": True}
    return "sendMessage", {"text": said, "link_preview_options": preview}


def _keyboard(buttons: Json) -> list[Json]:
    """A row for each button: one that leads somewhere, or one whose label comes back to us."""
    rows: list[Json] = []
    for button in buttons if isinstance(buttons, list) else []:
        label, url = text(button, "label").strip(), text(button, "url").strip()
        if url:
            rows.append([{"text": label, "url": url}])
        elif label:
            data = label.encode("utf-8", "replace")[:DATA_BYTES_MOST].decode("utf-8", "ignore")
            rows.append([{"text": label, "callback_data": data}])
    return rows


def telegram_channel(settings: TelegramSettings, desk: Desk) -> TelegramChannel:  # noqa: ARG001 - It tracks nothing.
    """The channel of a bot. Raises Invalid for what can be no token."""
    token = settings.token.strip()
    if not _TOKEN.fullmatch(token):
        raise Invalid("This is no bot's token.", path="$.token", hint="Copy the whole of what @BotFather gives.")
    if not _WEBHOOK_SECRET.fullmatch(settings.webhook_secret.strip()):
        raise Invalid(
            "Telegram does not take this secret.", path="$.webhook_secret", hint="Use 16 to 256 of A–Z, a–z, 0–9, _, -."
        )
    return TelegramChannel(url=f"{settings.api_url.rstrip('/')}/bot{token}")


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every call is answered alike.
    """What the answer means for the message."""
    answer = reply.json()
    if 200 <= reply.status < 300:
        chat, message = text(answer, "result", "chat", "id"), text(answer, "result", "message_id")
        return Accepted(f"{chat}:{message}" if chat and message else "")
    why = text(answer, "description")[:200]
    said = f"Telegram said {reply.status}" + (f": {why}" if why else "")
    match reply.status:
        case 429:
            asked = whole(answer, "parameters", "retry_after") or 0
            return Deferred(said, min(asked, 86_400) if asked > 0 else reply.retry_after(BUSY_SECONDS), "provider")
        case 400 | 403:
            return Refused(said, gone=bool(_GONE.search(why)))
        case 503:
            return Deferred(said, reply.retry_after(), "provider")
        case 401 | 404 | 409:
            # The token is wrong, not the message.
            return Deferred(said, SET_UP_SECONDS, "provider")
        case status if 300 <= status < 400:
            return Deferred(said, SET_UP_SECONDS, "provider")
        case status if 400 <= status < 500:
            return Refused(said)
        case _:
            return InDoubt(said)


def inbound(settings: TelegramSettings, arrival: Arrival) -> Inbound:
    """What Telegram tells: what somebody wrote or pressed, or that they have blocked the bot."""
    given = arrival.headers.get("x-telegram-bot-api-secret-token", "").encode()
    if not hmac.compare_digest(given, settings.webhook_secret.strip().encode()):
        return Forged("it does not show the secret")
    update = read_json(arrival.body)
    number = whole(update, "update_id")
    if number is None:
        return Unreadable("it is no update")
    if (message := part(update, "message")) is not None:
        incoming = _incoming(message, number, arrival)
        return Told(things=() if incoming is None else (incoming,))
    if (pressed := part(update, "callback_query")) is not None:
        return _pressed(pressed, number, arrival)
    if (changed := part(update, "my_chat_member")) is not None:
        return Told(things=_changed(changed, number, arrival))
    return Told()


def _incoming(message: object, number: int, arrival: Arrival) -> Incoming | None:
    """What a person wrote in a chat of their own; what is said in groups is none of ours."""
    chat = text(message, "chat", "id")
    if text(message, "chat", "type") != "private" or not chat or part(message, "from", "is_bot") is True:
        return None
    said = text(message, "text") or text(message, "caption")
    extra = _who(part(message, "from"))
    command = _COMMAND.fullmatch(said.strip())
    if command is not None and command[1].lower() == "start" and command[2]:
        # They came by a link of ours: it says who they are.
        extra["start"] = command[2].strip()
    replied = text(message, "reply_to_message", "message_id")
    return Incoming(
        medium="telegram",
        id=str(number),
        at_ms=_at_ms(message, arrival),
        address=chat,
        text=said,
        provider_id=f"{chat}:{replied}" if replied else "",
        extra=extra,
    )


def _pressed(pressed: object, number: int, arrival: Arrival) -> Told:
    """A button of ours; the answer ends the little clock that turns on it."""
    chat, message = text(pressed, "message", "chat", "id"), text(pressed, "message", "message_id")
    answer = json.dumps({"method": "answerCallbackQuery", "callback_query_id": text(pressed, "id")}).encode()
    if text(pressed, "message", "chat", "type") != "private" or not chat:
        return Told(answer=answer, content_type="application/json")
    incoming = Incoming(
        medium="telegram",
        id=str(number),
        at_ms=arrival.at_ms,
        address=chat,
        text=text(pressed, "data"),
        provider_id=f"{chat}:{message}",
        extra={**_who(part(pressed, "from")), "button": True},
    )
    return Told(things=(incoming,), answer=answer, content_type="application/json")


def _changed(changed: object, number: int, arrival: Arrival) -> tuple[Receipt, ...]:
    """Blocking the bot is leaving: who comes back presses Start."""
    chat = text(changed, "chat", "id")
    left = text(changed, "new_chat_member", "status") in ("kicked", "left")
    if text(changed, "chat", "type") != "private" or not chat or not left:
        return ()
    return (Receipt(kind="unsubscribed", id=str(number), at_ms=_at_ms(changed, arrival), address=chat),)


def _who(person: object) -> dict[str, Json]:
    names = ("username", "first_name", "last_name", "language_code")
    return {name: said for name in names if isinstance(person, Mapping) and (said := text(person, name))}


def _at_ms(said: object, arrival: Arrival) -> int:
    seconds = whole(said, "date")
    return min(seconds * 1000, arrival.at_ms) if seconds is not None and seconds > 0 else arrival.at_ms


def _no(status: int, description: str, means: Verdict) -> HttpAnswer:
    body = {"ok": False, "error_code": status, "description": description}
    return HttpAnswer(HttpReply(status=status, body=json.dumps(body).encode()), means)


CHANNEL = Declared(
    name="telegram_bot",
    label="Telegram bot",
    medium="telegram",
    transport="http",
    source="https://core.telegram.org/bots/api",
    settings=TelegramSettings,
    open=telegram_channel,
    read=read,
    inbound=inbound,
    answers=(
        HttpAnswer(
            HttpReply(
                status=200, body=b'{"ok": true, "result": {"message_id": 5, "chat": {"id": 77, "type": "private"}}}'
            ),
            Accepted("77:5"),
        ),
        HttpAnswer(
            HttpReply(
                status=429,
                body=b'{"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 34",'
                b' "parameters": {"retry_after": 34}}',
            ),
            Deferred("Telegram said 429: Too Many Requests: retry after 34", 34, "provider"),
        ),
        _no(
            403,
            "Forbidden: bot was blocked by the user",
            Refused("Telegram said 403: Forbidden: bot was blocked by the user", gone=True),
        ),
        _no(
            403,
            "Forbidden: user is deactivated",
            Refused("Telegram said 403: Forbidden: user is deactivated", gone=True),
        ),
        _no(
            403,
            "Forbidden: bot can't initiate conversation with a user",
            Refused("Telegram said 403: Forbidden: bot can't initiate conversation with a user", gone=True),
        ),
        _no(400, "Bad Request: chat not found", Refused("Telegram said 400: Bad Request: chat not found", gone=True)),
        _no(
            400,
            "Bad Request: wrong file identifier/HTTP URL specified",
            Refused("Telegram said 400: Bad Request: wrong file identifier/HTTP URL specified"),
        ),
        _no(401, "Unauthorized", Deferred("Telegram said 401: Unauthorized", SET_UP_SECONDS, "provider")),
        _no(404, "Not Found", Deferred("Telegram said 404: Not Found", SET_UP_SECONDS, "provider")),
        HttpAnswer(HttpReply(status=502), InDoubt("Telegram said 502"), "It may have taken the message."),
    ),
)
