"""Telegram: messages as the Bot API takes them, marks that cannot break one, and what people write and press."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.channels.telegram_bot import CHANNEL, TelegramSettings, inbound, telegram_channel
from holdfast.channels.telegram_html import telegram_html
from holdfast.kernel.errors import Invalid
from holdfast.messages.heard.inbound import Arrival, Forged, Incoming, Receipt, Told, Unreadable
from holdfast.messages.parcel import Parcel, Refused
from tests.unit.channels.sends import DESK, NOW_MS, a_send, arrival, words_on

TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
SETTINGS = TelegramSettings(token=TOKEN, webhook_secret="a_secret_of_ours_1")
SHOWN = {"x-telegram-bot-api-secret-token": "a_secret_of_ours_1"}


def parcel_of(parts: dict[str, Any], to: str = "77", **variables: Any) -> Parcel | Refused:
    words = words_on("telegram", parts, variables)
    parcel = telegram_channel(SETTINGS, DESK).parcel(a_send("telegram", to), words)
    assert parcel == telegram_channel(SETTINGS, DESK).parcel(a_send("telegram", to), words), "a retry is the same"
    return parcel


def call_of(parcel: Parcel | Refused) -> tuple[str, dict[str, Any]]:
    assert isinstance(parcel, Parcel)
    return parcel.url.removeprefix(f"https://api.telegram.org/bot{TOKEN}/"), json.loads(parcel.body)


def test_a_text_with_buttons() -> None:
    buttons = [{"label": "Buy", "url": "https://shop.example/7"}, {"label": "Später"}]
    assert call_of(parcel_of({"text": "Hi & bye", "buttons": buttons})) == (
        "sendMessage",
        {
            "chat_id": 77,
            "text": "Hi & bye",
            "link_preview_options": {"is_disabled": True},
            "reply_markup": {
                "inline_keyboard": [
                    [{"text": "Buy", "url": "https://shop.example/7"}],
                    [{"text": "Später", "callback_data": "Später"}],
                ]
            },
        },
    )


def test_a_picture_with_a_short_text_and_with_a_long_one() -> None:
    image = "https://shop.example/a.jpg"
    assert call_of(parcel_of({"text": "Hi", "image": image})) == (
        "sendPhoto",
        {"chat_id": 77, "photo": image, "caption": "Hi"},
    )
    method, said = call_of(parcel_of({"text": "x" * 1_025, "image": image}))
    assert method == "sendMessage"
    assert said["link_preview_options"] == {"url": image, "prefer_large_media": True, "show_above_text": True}


def test_lengths_are_counted_as_telegram_counts() -> None:
    assert isinstance(parcel_of({"text": "x" * 4_000}), Parcel)
    refused = parcel_of({"text": "{% for a in (1..2049) %}😀{% endfor %}"})
    assert refused == Refused("It has 4,098 characters, and Telegram takes 4,096")


def test_a_name_cannot_break_the_marks() -> None:
    text = "<b>Hi {{ name }}</b> &amp; <a href='https://shop.example/?a=1&b=2'>shop</a>"
    _, said = call_of(parcel_of({"text": text, "format": "html"}, name="</b><script>x</script> <3 & Co"))
    assert said["parse_mode"] == "HTML"
    shop = '<a href="https://shop.example/?a=1&amp;b=2">shop</a>'
    assert said["text"] == f"<b>Hi </b>x &lt;3 &amp; Co &amp; {shop}"


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<b><i>x</b>y</i>", "<b><i>x</i></b>y"),
        ("<b>open", "<b>open</b>"),
        ("</b>closed", "closed"),
        ("<h1>No</h1> mark", "No mark"),
        ("3 < 4 && 5 > 4", "3 &lt; 4 &amp;&amp; 5 &gt; 4"),
        ("<a>no address</a>", "no address"),
        ('<a href="&quot;x">q</a>', '<a href="&quot;x">q</a>'),
        ('<code class="language-py">x</code>', "<code>x</code>"),
        ("<tg-spoiler>x</tg-spoiler>", "<tg-spoiler>x</tg-spoiler>"),
        ("&nbsp;&euro;", "€"),
    ],
)
def test_marks_are_telegrams_own(html: str, said: str) -> None:
    assert telegram_html(html) == said


MARKS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "tg-spoiler"}
PIECES = ["<b>", "</b>", "<i>", "</i>", "<a href=x>", "</a>", "<p>", "<", ">", "&", "x", '"', "<!--", "<u", "&lt;b>"]


class Balanced(HTMLParser):
    """Fails for a mark that is not closed, or is none."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in MARKS
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_marks_come_out_whole(html: str) -> None:
    reader = Balanced()
    reader.feed(telegram_html(html))
    reader.close()
    assert reader.open == []


@pytest.mark.parametrize("address", ["", "@channel", "0", "7.5", "-", "１２", "77; drop"])
def test_what_is_no_chat_makes_no_parcel(address: str) -> None:
    with pytest.raises(ValueError, match="no chat"):
        parcel_of({"text": "Hi"}, to=address)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        (TelegramSettings(token="x", webhook_secret="a_secret_of_ours_1"), "$.token"),
        (TelegramSettings(token=TOKEN + "/../x", webhook_secret="a_secret_of_ours_1"), "$.token"),
        (TelegramSettings(token=TOKEN, webhook_secret="short"), "$.webhook_secret"),
        (TelegramSettings(token=TOKEN, webhook_secret="with a blank in it"), "$.webhook_secret"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: TelegramSettings, path: str) -> None:
    with pytest.raises(Invalid) as wrong:
        CHANNEL.open(settings, DESK)
    assert wrong.value.path == path


def told(update: object, headers: dict[str, str] | None = None) -> Arrival:
    return arrival(json.dumps(update).encode(), headers=SHOWN if headers is None else headers)


def a_message(text: str = "Hi", **more: Any) -> dict[str, Any]:
    return {
        "message_id": 12,
        "from": {"id": 77, "is_bot": False, "first_name": "Ana", "username": "ana", "language_code": "de"},
        "chat": {"id": 77, "type": "private"},
        "date": 1_795_771_700,
        "text": text,
        **more,
    }


WHO = {"username": "ana", "first_name": "Ana", "language_code": "de"}


def test_what_people_write_is_read() -> None:
    said = inbound(SETTINGS, told({"update_id": 900, "message": a_message(reply_to_message={"message_id": 5})}))
    assert said == Told(
        things=(
            Incoming(
                medium="telegram",
                id="900",
                at_ms=1_795_771_700_000,
                address="77",
                text="Hi",
                provider_id="77:5",
                extra=WHO,
            ),
        )
    )


@pytest.mark.parametrize(
    ("text", "start"),
    [
        *(("/start abc_DEF-1", "abc_DEF-1"), ("/start@tea_bot abc", "abc")),
        *(("/start", None), ("start abc", None), ("/stop abc", None)),
    ],
)
def test_who_comes_by_a_link_says_so(text: str, start: str | None) -> None:
    said = inbound(SETTINGS, told({"update_id": 900, "message": a_message(text)}))
    assert isinstance(said, Told)
    assert isinstance(said.things[0], Incoming)
    assert said.things[0].extra.get("start") == start


def test_a_pressed_button_is_said_and_answered() -> None:
    pressed = {"id": "4382", "from": a_message()["from"], "message": a_message(), "data": "Später"}
    said = inbound(SETTINGS, told({"update_id": 901, "callback_query": pressed}))
    assert isinstance(said, Told)
    (incoming,) = said.things
    assert isinstance(incoming, Incoming)
    assert (incoming.text, incoming.provider_id, incoming.extra) == ("Später", "77:12", {**WHO, "button": True})
    assert json.loads(said.answer) == {"method": "answerCallbackQuery", "callback_query_id": "4382"}
    assert said.content_type == "application/json"


def test_who_blocks_the_bot_has_left() -> None:
    changed = {"chat": {"id": 77, "type": "private"}, "date": 1_795_771_700, "new_chat_member": {"status": "kicked"}}
    said = inbound(SETTINGS, told({"update_id": 902, "my_chat_member": changed}))
    assert said == Told(things=(Receipt(kind="unsubscribed", id="902", at_ms=1_795_771_700_000, address="77"),))
    back = {**changed, "new_chat_member": {"status": "member"}}
    assert inbound(SETTINGS, told({"update_id": 903, "my_chat_member": back})) == Told()


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 1, "message": a_message(chat={"id": -5, "type": "group"})},
        {"update_id": 1, "message": {**a_message(), "from": {"id": 1, "is_bot": True}}},
        {"update_id": 1, "edited_message": a_message()},
        {"update_id": 1, "poll": {}},
    ],
)
def test_what_is_none_of_ours_tells_nothing(update: dict[str, Any]) -> None:
    assert inbound(SETTINGS, told(update)) == Told()


def test_who_does_not_show_the_secret_is_nobody() -> None:
    update = {"update_id": 900, "message": a_message("/stop")}
    for headers in ({}, {"x-telegram-bot-api-secret-token": ""}, {"x-telegram-bot-api-secret-token": "ä"}):
        assert isinstance(inbound(SETTINGS, told(update, headers)), Forged)
    assert isinstance(inbound(SETTINGS, told([])), Unreadable)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "update_id",
                    "message",
                    "chat",
                    "id",
                    "type",
                    "from",
                    "text",
                    "date",
                    "my_chat_member",
                    "callback_query",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON, st.binary(max_size=40))
def test_any_update_is_read(value: Any, raw: bytes) -> None:
    assert isinstance(inbound(SETTINGS, told(value)), Told | Unreadable)
    assert isinstance(inbound(SETTINGS, told({"update_id": 1, "message": value, "my_chat_member": value})), Told)
    assert isinstance(inbound(SETTINGS, arrival(raw, headers=SHOWN)), Told | Unreadable)
    assert all(each.at_ms <= NOW_MS for each in getattr(inbound(SETTINGS, told(value)), "things", ()))
