"""What a push message says, in the form each service takes, cut to what fits.

Pictures, buttons and where they lead are data that the app or the page's service worker shows; services carry them.
Every form bears the send's key, so that whoever shows it can tell us.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from holdfast.events.event import Json
from holdfast.messages.links import Link, Linker, is_web_address
from holdfast.messages.push.web_token import base64url

PAYLOAD_BYTES_MOST = 4_096
"""What Firebase and Apple take."""
TTL_SECONDS = 86_400
"""How long a message waits for a device that is off, where the message does not say."""
TTL_SECONDS_MOST = 2_419_200
"""Four weeks: what the services keep one for."""
ELLIPSIS = "…"
RESERVED = frozenset({"aps", "from", "notification", "message_type", "collapse_key"})
"""Names that mean something to the services (those with `google.` and `gcm.` before them do too): no data has them."""

Urgency = Literal["very-low", "low", "normal", "high"]
_URGENCIES: Mapping[str, Urgency] = {each: each for each in ("very-low", "low", "normal", "high")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One more thing to tap."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push message, its links already such as they are to be followed."""

    send: str
    """The send's key."""
    title: str
    body: str
    icon: str = ""
    image: str = ""
    url: str = ""
    buttons: tuple[Button, ...] = ()
    data: Mapping[str, str]
    """What the app makes something of."""
    collapse: str = ""
    """Of messages with the same word only the last is shown; empty for one that stands by itself."""
    ttl_seconds: int
    urgent: Urgency
    sound: str = ""
    badge: int | None = None

    @property
    def tag(self) -> str:
        """What it replaces is shown under the same: the message itself, handed over again, at least."""
        return self.collapse or self.send


def read_push(parts: Mapping[str, Json], *, send: str, linker: Linker, buttons_most: int) -> Push:
    """The push message in rendered words; its links lead through us, so that it is known who follows them.

    What is missing or makes no sense is as if it were not said: words are checked when they are saved.
    """
    return Push(
        send=send,
        title=_text(parts, "title"),
        body=_text(parts, "body"),
        icon=_text(parts, "icon"),
        image=_text(parts, "image"),
        url=_followed(_text(parts, "url"), linker, send),
        buttons=_buttons(parts.get("buttons"), linker, send)[:buttons_most],
        data=_data(parts.get("data")),
        collapse=_text(parts, "collapse"),
        ttl_seconds=_seconds(parts.get("ttl_seconds")),
        urgent=_urgency(parts.get("urgency", parts.get("priority"))),
        sound=_text(parts, "sound"),
        badge=_number(parts.get("badge")),
    )


def fitted(push: Push, form: Callable[[Push], bytes], most: int) -> bytes | None:
    """The message in a form of at most so many bytes, its body cut short where it must be; None where that is no help.

    Args:
        form: the message as bytes: longer when the body is.
    """
    whole = form(push)
    if len(whole) <= most:
        return whole
    least, shortest = 0, form(replace(push, body=ELLIPSIS if push.body else ""))
    if not push.body or len(shortest) > most:
        return None
    over, fits = len(push.body), shortest
    while over - least > 1:
        middle = (least + over) // 2
        cut = form(replace(push, body=push.body[:middle].rstrip() + ELLIPSIS))
        if len(cut) <= most:
            least, fits = middle, cut
        else:
            over = middle
    return fits


def browser_payload(push: Push) -> bytes:
    """What the page's service worker is given: the options of `showNotification`, and where things lead."""
    told: dict[str, Json] = {"title": push.title, "body": push.body, "tag": push.tag, "send": push.send}
    told |= _said({"icon": push.icon, "image": push.image, "url": push.url})
    if push.buttons:
        told["buttons"] = [{"action": f"b{n}", "title": each.label, "url": each.url} for n, each in _counted(push)]
    return compact(told)


def apple_payload(push: Push) -> bytes:
    """What Apple's service takes."""
    aps: dict[str, Json] = {"alert": {"title": push.title, "body": push.body}}
    aps |= _said({"sound": push.sound})
    if push.badge is not None:
        aps["badge"] = push.badge
    if push.image or push.buttons:
        aps["mutable-content"] = 1  # So that the app's extension may fetch the picture and put up the buttons.
    if push.collapse:
        aps["thread-id"] = push.collapse
    return compact({**_carried(push), "aps": aps})


def firebase_message(push: Push, *, begins_seconds: int) -> dict[str, Json]:
    """What Firebase takes for a device, but for the device itself.

    Args:
        begins_seconds: when it was first handed over; Apple's devices are told until when it is good, not for how long.
    """
    browser: dict[str, Json] = {
        "headers": {"TTL": str(push.ttl_seconds), "Urgency": push.urgent, "Topic": topic(push.tag)},
        "notification": {"tag": push.tag, **_said({"icon": push.icon, "image": push.image})},
    }
    if push.url.startswith("https://"):
        browser["fcm_options"] = {"link": push.url}
    return {
        "notification": {"title": push.title, "body": push.body, **_said({"image": push.image})},
        "data": _carried(push),
        "android": _android(push),
        "apns": _firebase_apple(push, begins_seconds),
        "webpush": browser,
    }


def apple_headers(push: Push, *, begins_seconds: int) -> dict[str, str]:
    """The headers by which Apple's service knows how urgent it is, until when it is good, and what it replaces."""
    return {
        "apns-priority": "10" if push.urgent in ("high", "normal") else "5",
        "apns-expiration": str(begins_seconds + push.ttl_seconds if push.ttl_seconds else 0),
        "apns-collapse-id": collapse_id(push.tag),
    }


def collapse_id(tag: str) -> str:
    """The tag in the letters and the 64 bytes that Apple's header has."""
    return tag if tag.isascii() and tag.isprintable() and len(tag) <= 64 and tag == tag.strip() else topic(tag)


def topic(tag: str) -> str:
    """The tag as a `Topic` header: 32 letters of base64url at most (RFC 8030, 5.4)."""
    if tag.isascii() and 0 < len(tag) <= 32 and tag.replace("-", "").replace("_", "").isalnum():
        return tag
    return base64url(sha256(tag.encode("utf-8", "surrogatepass")).digest())[:32]


def compact(value: Json) -> bytes:
    """The value as JSON of no blanks, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _android(push: Push) -> dict[str, Json]:
    shown: dict[str, Json] = {"tag": push.tag, **_said({"image": push.image, "sound": push.sound})}
    if push.badge is not None:
        shown["notification_count"] = push.badge
    told: dict[str, Json] = {
        "priority": "HIGH" if push.urgent == "high" else "NORMAL",
        "ttl": f"{push.ttl_seconds}s",
        "notification": shown,
    }
    # Firebase keeps four collapse keys a device: one for each message would push out what waits.
    return told | _said({"collapse_key": push.collapse})


def _firebase_apple(push: Push, begins_seconds: int) -> dict[str, Json]:
    aps: dict[str, Json] = {**_said({"sound": push.sound})}
    if push.badge is not None:
        aps["badge"] = push.badge
    if push.image or push.buttons:
        aps["mutable-content"] = 1
    headers: dict[str, Json] = dict(apple_headers(push, begins_seconds=begins_seconds))
    told: dict[str, Json] = {"headers": headers, "payload": {"aps": aps}}
    if push.image:
        told["fcm_options"] = {"image": push.image}
    return told


def _carried(push: Push) -> dict[str, Json]:
    """What the app is told beside what is shown; all of it text, as Firebase asks."""
    told: dict[str, Json] = {**push.data, "send": push.send, **_said({"url": push.url, "image": push.image})}
    if push.buttons:
        buttons: list[Json] = [{"action": f"b{n}", "title": each.label, "url": each.url} for n, each in _counted(push)]
        told["buttons"] = json.dumps(buttons, ensure_ascii=False, separators=(",", ":"))
    return told


def _counted(push: Push) -> list[tuple[int, Button]]:
    return list(enumerate(push.buttons, 1))


def _said(texts: Mapping[str, str]) -> dict[str, Json]:
    return {name: text for name, text in texts.items() if text}


def _text(parts: Mapping[str, Json], name: str) -> str:
    said = parts.get(name)
    return said if isinstance(said, str) else ""


def _followed(url: str, linker: Linker, send: str) -> str:
    """The address that leads there through us; what opens an app leads there itself."""
    return linker.url(Link(kind="click", send=send, target=url)) if is_web_address(url) else url


def _buttons(said: Json, linker: Linker, send: str) -> tuple[Button, ...]:
    told = said if isinstance(said, list) else []
    found = (
        Button(label=_text(each, "label"), url=_followed(_text(each, "url"), linker, send))
        for each in told
        if isinstance(each, dict)
    )
    return tuple(each for each in found if each.label)


def _data(said: Json) -> dict[str, str]:
    told = said if isinstance(said, dict) else {}
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in told.items()
        if name and name not in RESERVED and not name.startswith(("google.", "gcm."))
    }


def _seconds(said: Json) -> int:
    number = _number(said)
    return TTL_SECONDS if number is None else min(number, TTL_SECONDS_MOST)


def _number(said: Json) -> int | None:
    """A whole number of 0 or more, which may have been rendered as text."""
    if isinstance(said, str):
        told = said.strip()
        return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else None
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not 0 <= said < 10**9:
        return None
    return int(said)


def _urgency(said: Json) -> Urgency:
    return _URGENCIES.get(said, "normal") if isinstance(said, str) else "normal"
