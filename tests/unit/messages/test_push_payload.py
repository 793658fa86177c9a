"""Push messages in the forms that services take: what they bear, where their links lead, and what is cut to fit."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.kernel.ids import effect_key
from holdfast.messages.links import Linker, decode_link
from holdfast.messages.push.push_payload import (
    ELLIPSIS,
    PAYLOAD_BYTES_MOST,
    TTL_SECONDS,
    TTL_SECONDS_MOST,
    Push,
    apple_headers,
    apple_payload,
    browser_payload,
    collapse_id,
    compact,
    firebase_message,
    fitted,
    read_push,
    topic,
)

LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
SEND = effect_key("send", 1)
PARTS: dict[str, Json] = {
    "title": "Your cart waits",
    "body": "Two things, one of them in another colour.",
    "image": "https://cdn.example/cart.jpg",
    "url": "https://shop.example/cart",
    "buttons": [{"label": "Buy", "url": "https://shop.example/buy"}, {"label": "Later", "url": "shop://later"}],
    "data": {"screen": "cart"},
    "collapse": "cart",
    "ttl_seconds": 3_600,
    "priority": "high",
    "sound": "default",
    "badge": 2,
}


def push(**parts: Json) -> Push:
    return read_push({**PARTS, **parts}, send=SEND, linker=LINKER, buttons_most=3)


def led_to(url: str) -> str:
    link = decode_link(url.rpartition("/")[2], LINKER.key)
    assert link is not None
    assert (link.kind, link.send) == ("click", SEND)
    return link.target


def read_json(raw: bytes) -> Any:
    return json.loads(raw)


def test_links_lead_through_us_and_places_in_an_app_stay_as_they_are() -> None:
    said = push()
    assert led_to(said.url) == "https://shop.example/cart"
    assert [each.label for each in said.buttons] == ["Buy", "Later"]
    assert led_to(said.buttons[0].url) == "https://shop.example/buy"
    assert said.buttons[1].url == "shop://later"


def test_a_browser_is_given_what_its_worker_shows() -> None:
    told = read_json(browser_payload(push(icon="https://cdn.example/i.png")))
    assert (told["title"], told["tag"], told["send"]) == ("Your cart waits", "cart", SEND)
    assert (told["image"], told["icon"]) == ("https://cdn.example/cart.jpg", "https://cdn.example/i.png")
    assert [(each["action"], each["title"]) for each in told["buttons"]] == [("b1", "Buy"), ("b2", "Later")]
    plain = read_json(browser_payload(push(image="", url="", buttons=[], collapse="")))
    assert plain == {"title": "Your cart waits", "body": PARTS["body"], "tag": SEND, "send": SEND}


def test_apple_is_given_an_alert_and_the_app_the_rest() -> None:
    told = read_json(apple_payload(push()))
    assert told["aps"] == {
        "alert": {"title": "Your cart waits", "body": PARTS["body"]},
        "sound": "default",
        "badge": 2,
        "mutable-content": 1,
        "thread-id": "cart",
    }
    assert (told["screen"], told["send"], told["image"]) == ("cart", SEND, "https://cdn.example/cart.jpg")
    assert json.loads(told["buttons"])[1] == {"action": "b2", "title": "Later", "url": "shop://later"}
    bare = read_json(apple_payload(push(image="", buttons=[], sound="", badge=None, collapse="", url="", data={})))
    assert bare == {"aps": {"alert": {"title": "Your cart waits", "body": PARTS["body"]}}, "send": SEND}


def test_apple_is_told_until_when_it_is_good_and_what_it_replaces() -> None:
    assert apple_headers(push(), begins_seconds=1_000) == {
        "apns-priority": "10",
        "apns-expiration": "4600",
        "apns-collapse-id": "cart",
    }
    low = apple_headers(push(priority="low", ttl_seconds=0, collapse=""), begins_seconds=1_000)
    assert low == {"apns-priority": "5", "apns-expiration": "0", "apns-collapse-id": SEND}


def test_firebase_is_given_a_block_for_each_platform() -> None:
    told: Any = firebase_message(push(), begins_seconds=1_000)
    assert told["notification"] == {
        "title": "Your cart waits",
        "body": PARTS["body"],
        "image": "https://cdn.example/cart.jpg",
    }
    assert all(isinstance(value, str) for value in told["data"].values())
    assert (told["data"]["screen"], told["data"]["send"]) == ("cart", SEND)
    assert told["android"]["priority"] == "HIGH"
    assert told["android"]["ttl"] == "3600s"
    assert told["android"]["collapse_key"] == "cart"
    assert told["android"]["notification"]["tag"] == "cart"
    assert told["apns"]["headers"]["apns-expiration"] == "4600"
    assert told["apns"]["payload"]["aps"] == {"sound": "default", "badge": 2, "mutable-content": 1}
    assert told["webpush"]["headers"] == {"TTL": "3600", "Urgency": "high", "Topic": "cart"}
    assert led_to(told["webpush"]["fcm_options"]["link"]) == "https://shop.example/cart"
    plain: Any = firebase_message(push(collapse="", priority="normal", url=""), begins_seconds=1_000)
    # Firebase keeps four collapse keys for a device: a message that stands by itself has none.
    assert "collapse_key" not in plain["android"]
    assert (plain["android"]["priority"], plain["android"]["notification"]["tag"]) == ("NORMAL", SEND)


def test_names_the_services_keep_to_themselves_are_no_data() -> None:
    said = push(data={"aps": "x", "google.a": "x", "gcm.b": "x", "from": "x", "": "x", "mine": {"a": 1}})
    assert said.data == {"mine": '{"a": 1}'}
    assert "send" in read_json(apple_payload(push(data={"send": "forged"})))
    assert read_json(apple_payload(push(data={"send": "forged"})))["send"] == SEND


def test_what_makes_no_sense_is_as_if_it_were_not_said() -> None:
    said = read_push(
        {"title": 5, "buttons": [5, {"url": "x"}], "data": [], "ttl_seconds": "soon", "badge": True, "urgency": "asap"},
        send=SEND,
        linker=LINKER,
        buttons_most=2,
    )
    assert (said.title, said.buttons, said.data, said.badge, said.urgent) == ("", (), {}, None, "normal")
    assert said.ttl_seconds == TTL_SECONDS
    assert push(ttl_seconds=10**8).ttl_seconds == TTL_SECONDS_MOST
    assert push(badge="7", ttl_seconds=float("nan")).badge == 7


def test_a_body_is_cut_to_what_fits_and_no_shorter() -> None:
    long = push(body="ß😀" * 3_000)
    cut = fitted(long, apple_payload, PAYLOAD_BYTES_MOST)
    assert cut is not None
    assert PAYLOAD_BYTES_MOST - 8 < len(cut) <= PAYLOAD_BYTES_MOST
    body = read_json(cut)["aps"]["alert"]["body"]
    assert body.endswith(ELLIPSIS)
    assert long.body.startswith(body.removesuffix(ELLIPSIS))
    assert fitted(push(), apple_payload, PAYLOAD_BYTES_MOST) == apple_payload(push())


def test_what_cannot_be_cut_does_not_fit() -> None:
    assert fitted(push(title="x" * 5_000), apple_payload, PAYLOAD_BYTES_MOST) is None
    assert fitted(push(title="x" * 5_000, body=""), apple_payload, PAYLOAD_BYTES_MOST) is None


@given(st.text(max_size=3_000), st.integers(300, 4_096))
def test_cutting_never_goes_over(body: str, most: int) -> None:
    cut = fitted(push(body=body, buttons=[], image="", data={}, url=""), browser_payload, most)
    assert cut is not None
    assert len(cut) <= most
    read_json(cut)


@given(st.integers(200, 600), st.sampled_from(["x", "ß", "😀", '"']))
def test_cutting_leaves_out_no_letter_that_would_fit(most: int, letter: str) -> None:
    def form(said: Push) -> bytes:
        return compact({"body": said.body})

    cut = fitted(push(body=letter * 1_000), form, most)
    assert cut is not None
    kept = len(read_json(cut)["body"]) - 1
    assert len(cut) <= most < len(form(push(body=letter * (kept + 1) + ELLIPSIS)))


@given(st.text(max_size=100))
def test_a_tag_is_written_as_each_header_takes_it(tag: str) -> None:
    assert 0 < len(topic(tag)) <= 32
    assert all(each.isalnum() or each in "-_" for each in topic(tag))
    assert topic(tag).isascii()
    assert 0 < len(collapse_id(tag).encode()) <= 64 or tag == ""
    assert collapse_id(tag).isprintable()


def test_tags_that_differ_stay_apart() -> None:
    assert topic("cart") == "cart"
    assert topic(SEND) == SEND
    assert topic("a b") != topic("a c")
    assert collapse_id("x" * 65) != collapse_id("x" * 66)
    assert collapse_id("a b") == "a b"


def test_what_no_encoding_knows_is_written_all_the_same() -> None:
    assert compact({"a": "\ud800"}) == b'{"a":"?"}'
