"""What WhatsApp tells by itself: what became of messages, what people wrote, and what its error codes mean.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api (webhooks, error codes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from holdfast.events.event import Json
from holdfast.messages.foreign import each, part, text, whole
from holdfast.messages.heard.inbound import Arrival, Incoming, Receipt, ReceiptKind

_OPTED_OUT = 131050
SAID = {
    130429: "too many messages in a second",
    130472: "the person is part of an experiment of Meta's",
    131026: "it cannot be delivered: no WhatsApp at that number, an old version, or terms not agreed to",
    131042: "something is wrong with the payment",
    131047: "the person last wrote more than 24 hours ago: use a template",
    131048: "too many of our messages were blocked or reported",
    131049: "Meta lets this person have no more marketing for now",
    131050: "the person has stopped marketing messages",
    131056: "too many messages to this person in a few seconds",
    132000: "the template has another number of parameters",
    132001: "there is no such template in this language, or it is not approved",
    132007: "its content breaks a rule of WhatsApp's",
    132012: "a parameter is of another kind than the template's",
    132015: "the template is paused for its quality",
    132016: "the template is disabled for its quality",
}
"""131026 does not end the address: WhatsApp gives it for reasons that pass, and never says which it was."""
_FATES: dict[str, ReceiptKind] = {"sent": "sent", "delivered": "delivered", "read": "opened", "failed": "failed"}


def why(error: object, code: int | None) -> str:
    """An error's code and what it means, after a comma; empty for none."""
    if code is None:
        return ""
    details = text(error, "error_data", "details") or text(error, "message") or text(error, "title")
    return f", {code}: {SAID.get(code, details[:200])}"


def things_in(value: object, arrival: Arrival) -> Iterator[Receipt | Incoming]:
    """What one change tells: receipts, messages, and who wants no more marketing."""
    for status in each(value, "statuses"):
        yield from _receipts(status, arrival)
    names = {text(one, "wa_id"): text(one, "profile", "name") for one in each(value, "contacts")}
    ours = text(value, "metadata", "display_phone_number")
    for message in each(value, "messages"):
        incoming = _incoming(message, names, ours, arrival)
        if incoming is not None:
            yield incoming
    for preference in each(value, "user_preferences"):
        if text(preference, "category") == "marketing_messages" and text(preference, "value") == "stop":
            at_ms = _at_ms(preference, arrival)
            address = _number(text(preference, "wa_id"))
            yield Receipt(kind="unsubscribed", id=f"stop:{address}:{at_ms}", at_ms=at_ms, address=address)


def _receipts(status: Mapping[str, object], arrival: Arrival) -> Iterator[Receipt]:
    wamid, word = text(status, "id"), text(status, "status")
    kind = _FATES.get(word)
    if kind is None or not wamid:
        return
    error = next(each(status, "errors"), {})
    code = whole(error, "code")
    told = Receipt(
        kind=kind,
        id=f"{wamid}:{word}",
        at_ms=_at_ms(status, arrival),
        send=text(status, "biz_opaque_callback_data"),
        provider_id=wamid,
        address=_number(text(status, "recipient_id")),
        reason=f"WhatsApp said{why(error, code).removeprefix(',')}" if kind == "failed" and code is not None else "",
        agent="human" if kind == "opened" else "unknown",
    )
    yield told
    if code == _OPTED_OUT:
        yield Receipt(
            kind="unsubscribed",
            id=f"{wamid}:unsubscribed",
            at_ms=told.at_ms,
            send=told.send,
            provider_id=wamid,
            address=told.address,
        )


def _incoming(message: Mapping[str, object], names: Mapping[str, str], ours: str, arrival: Arrival) -> Incoming | None:
    wamid, sender, type_ = text(message, "id"), text(message, "from"), text(message, "type")
    if not wamid or not sender:
        return None
    extra: dict[str, Json] = {"type": type_}
    if name := names.get(sender, ""):
        extra["name"] = name
    for field in ("payload", "emoji", "mime_type"):
        if said := text(message, type_, field):
            extra[field] = said
    if media := text(message, type_, "id"):
        extra["media"] = media
    return Incoming(
        medium="whatsapp",
        id=wamid,
        at_ms=_at_ms(message, arrival),
        address=_number(sender),
        to=_number(ours),
        text=_said(message, type_),
        provider_id=text(message, "context", "id") or text(message, "reaction", "message_id"),
        extra=extra,
    )


def _said(message: Mapping[str, object], type_: str) -> str:
    """What the person said, in whichever way; a picture's caption, a button's words."""
    match type_:
        case "text":
            return text(message, "text", "body")
        case "button":
            return text(message, "button", "text")
        case "interactive":
            answer = part(message, "interactive")
            return text(answer, "button_reply", "title") or text(answer, "list_reply", "title")
        case "reaction":
            return text(message, "reaction", "emoji")
        case _:
            return text(message, type_, "caption")


def _at_ms(said: object, arrival: Arrival) -> int:
    """When it happened, which is given in seconds; nothing happens after it is told."""
    seconds = whole(said, "timestamp")
    return min(seconds * 1000, arrival.at_ms) if seconds is not None and seconds > 0 else arrival.at_ms


def _number(digits: str) -> str:
    plain = digits.strip().replace(" ", "").replace("-", "")
    return f"+{plain}" if plain.isascii() and plain.isdigit() else digits
