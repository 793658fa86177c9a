"""WhatsApp: templates and texts as Meta takes them, its signature over raw bytes, and what it tells."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.channels.whatsapp_cloud import WhatsAppSettings, inbound, sealed, whatsapp_channel
from holdfast.messages.heard.inbound import Arrival, Challenge, Forged, Incoming, Receipt, Told, Unreadable
from holdfast.messages.parcel import Parcel, Refused
from tests.unit.channels.sends import DESK, NOW_MS, a_send, arrival, words_on

SETTINGS = WhatsAppSettings(
    phone_number_id="111", access_token="a-token", app_secret="app-secret", verify_token="verify"
)


def parcel_of(parts: dict[str, Any], to: str = "+436641234567") -> Parcel | Refused:
    words = words_on("whatsapp", parts, {"person": {"name": "Ana\n Maria"}})
    parcel = whatsapp_channel(SETTINGS, DESK).parcel(a_send("whatsapp", to), words)
    assert parcel == whatsapp_channel(SETTINGS, DESK).parcel(a_send("whatsapp", to), words), "a retry is the same"
    return parcel


def message_of(parcel: Parcel | Refused) -> dict[str, Any]:
    assert isinstance(parcel, Parcel)
    said = json.loads(parcel.body)
    assert isinstance(said, dict)
    return said


def test_a_template_is_filled() -> None:
    parcel = parcel_of(
        {
            "template": "cart_left",
            "language": "de",
            "header": "https://shop.example/a.jpg",
            "parameters": ["{{ person.name }}", "12 €"],
            "buttons": [{"label": "Buy", "url": "cart/7"}, {"label": "No thanks"}],
        }
    )
    assert isinstance(parcel, Parcel)
    assert parcel.url == "https://graph.facebook.com/v23.0/111/messages"
    assert message_of(parcel) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "436641234567",
        "type": "template",
        "template": {
            "name": "cart_left",
            "language": {"code": "de"},
            "components": [
                {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://shop.example/a.jpg"}}]},
                {
                    "type": "body",
                    "parameters": [{"type": "text", "text": "Ana Maria"}, {"type": "text", "text": "12 €"}],
                },
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "cart/7"}]},
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "1",
                    "parameters": [{"type": "payload", "payload": "No thanks"}],
                },
            ],
        },
        "biz_opaque_callback_data": parcel.key,
    }
    assert "a-token" not in repr(parcel)
    assert sealed(SETTINGS, parcel, 0) == {"Authorization": "Bearer a-token"}


def test_a_text_is_said() -> None:
    said = message_of(parcel_of({"text": "Hi {{ person.name }}"}))
    assert (said["type"], said["text"]) == ("text", {"body": "Hi Ana\n Maria", "preview_url": True})


def test_what_whatsapp_would_refuse_is_refused_here() -> None:
    empty = parcel_of({"template": "x", "parameters": ["a", "{{ person.nothing }}"]})
    assert isinstance(empty, Refused)
    assert "{{2}}" in empty.reason
    assert isinstance(parcel_of({"text": "{% for a in (1..1400) %}abc{% endfor %}"}), Refused)
    with pytest.raises(ValueError, match="no telephone number"):
        parcel_of({"text": "Hi"}, to="ana")


def signed(body: bytes, secret: str = "app-secret") -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def told(value: dict[str, Any], *, number: str = "111") -> Arrival:
    metadata = {"display_phone_number": "43 660 1111111", "phone_number_id": number}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    whole = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    body = json.dumps(whole, ensure_ascii=False).encode()
    return arrival(body, headers=signed(body))


def things(value: dict[str, Any]) -> tuple[Receipt | Incoming, ...]:
    said = inbound(SETTINGS, told(value))
    assert isinstance(said, Told)
    return said.things


def a_status(status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "wamid.1",
        "status": status,
        "timestamp": "1795771700",
        "recipient_id": "436641234567",
        "biz_opaque_callback_data": "a" * 32,
        **more,
    }


@pytest.mark.parametrize(
    ("status", "kind"), [("sent", "sent"), ("delivered", "delivered"), ("read", "opened"), ("failed", "failed")]
)
def test_statuses_are_receipts_of_the_send(status: str, kind: str) -> None:
    (receipt,) = things({"statuses": [a_status(status)]})
    assert isinstance(receipt, Receipt)
    assert (receipt.kind, receipt.send, receipt.provider_id, receipt.id) == (
        kind,
        "a" * 32,
        "wamid.1",
        f"wamid.1:{status}",
    )
    assert (receipt.at_ms, receipt.address) == (1_795_771_700_000, "+436641234567")
    assert receipt.agent == ("human" if kind == "opened" else "unknown")


def test_a_failure_says_why_and_ends_no_address() -> None:
    (receipt,) = things({"statuses": [a_status("failed", errors=[{"code": 131026, "title": "Message undeliverable"}])]})
    assert isinstance(receipt, Receipt)
    assert "131026" in receipt.reason
    assert not receipt.gone, "an old version of the app is no dead number"


def test_who_stopped_marketing_there_has_unsubscribed() -> None:
    failed, left = things({"statuses": [a_status("failed", errors=[{"code": 131050}])]})
    assert isinstance(failed, Receipt)
    assert isinstance(left, Receipt)
    assert (failed.kind, left.kind, left.send) == ("failed", "unsubscribed", "a" * 32)
    assert failed.id != left.id
    preference = {
        "wa_id": "436641234567",
        "category": "marketing_messages",
        "value": "stop",
        "timestamp": 1_795_771_700,
    }
    (stopped,) = things({"user_preferences": [preference]})
    assert isinstance(stopped, Receipt)
    assert (stopped.kind, stopped.address) == ("unsubscribed", "+436641234567")
    assert things({"user_preferences": [preference | {"value": "resume"}]}) == ()


def a_message(type_: str, said: dict[str, Any], **more: Any) -> dict[str, Any]:
    message = {"from": "436641234567", "id": "wamid.9", "timestamp": "1795771700", "type": type_, type_: said, **more}
    return {"contacts": [{"profile": {"name": "Ana"}, "wa_id": "436641234567"}], "messages": [message]}


@pytest.mark.parametrize(
    ("type_", "said", "text", "extra"),
    [
        ("text", {"body": "Grüße 👋"}, "Grüße 👋", {}),
        ("button", {"text": "Yes", "payload": "yes-1"}, "Yes", {"payload": "yes-1"}),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "1", "title": "Later"}}, "Later", {}),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "Tea"}}, "Tea", {}),
        (
            "image",
            {"id": "77", "mime_type": "image/jpeg", "caption": "Look"},
            "Look",
            {"media": "77", "mime_type": "image/jpeg"},
        ),
        ("reaction", {"message_id": "wamid.1", "emoji": "👍"}, "👍", {"emoji": "👍"}),
        ("location", {"latitude": 48.2, "longitude": 16.3}, "", {}),
        ("unsupported", {}, "", {}),
    ],
)
def test_what_people_write_is_read(type_: str, said: dict[str, Any], text: str, extra: dict[str, Any]) -> None:
    (incoming,) = things(a_message(type_, said))
    assert isinstance(incoming, Incoming)
    assert (incoming.text, incoming.address, incoming.to) == (text, "+436641234567", "+436601111111")
    assert (incoming.id, incoming.at_ms) == ("wamid.9", 1_795_771_700_000)
    assert incoming.extra == {"type": type_, "name": "Ana", **extra}


def test_an_answer_says_what_it_answers() -> None:
    (incoming,) = things(a_message("text", {"body": "Yes"}, context={"from": "1", "id": "wamid.1"}))
    assert isinstance(incoming, Incoming)
    assert incoming.provider_id == "wamid.1"


def test_what_is_about_another_number_is_another_connections() -> None:
    assert inbound(SETTINGS, told({"statuses": [a_status("read")]}, number="222")) == Told()


def test_the_future_has_not_happened() -> None:
    (receipt,) = things({"statuses": [a_status("read", timestamp="99999999999")]})
    assert receipt.at_ms == NOW_MS


def test_the_signature_is_over_the_very_bytes() -> None:
    genuine = told(a_message("text", {"body": "Grüße"}))
    assert isinstance(inbound(SETTINGS, genuine), Told)
    again = json.dumps(json.loads(genuine.body)).encode()
    assert isinstance(inbound(SETTINGS, arrival(again, headers=genuine.headers)), Forged), "written anew it is another"
    for headers in (
        {},
        signed(genuine.body, "other"),
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "ä"},
    ):
        assert isinstance(inbound(SETTINGS, arrival(genuine.body, headers=headers)), Forged)


def test_the_challenge_is_answered_for_who_knows_the_word() -> None:
    url = "https://t.example/in/main?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    assert inbound(SETTINGS, arrival(url=url + "verify", method="GET")) == Challenge("1158201444")
    for word in ("", "other", "%C3%A4"):
        assert isinstance(inbound(SETTINGS, arrival(url=url + word, method="GET")), Forged)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "status", "timestamp", "errors", "type", "text", "from", "statuses", "messages", "code"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON, st.binary(max_size=40))
def test_any_genuine_bytes_are_read(value: Any, raw: bytes) -> None:
    said = inbound(SETTINGS, told({"statuses": value, "messages": value, "contacts": value, "user_preferences": value}))
    assert isinstance(said, Told)
    assert isinstance(inbound(SETTINGS, arrival(raw, headers=signed(raw))), Told | Unreadable)
    body = json.dumps(value).encode()
    assert isinstance(inbound(SETTINGS, arrival(body, headers=signed(body))), Told | Unreadable)
