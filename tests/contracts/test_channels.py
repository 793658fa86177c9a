"""Every channel, by existing: it makes the same parcel on every retry, and any answer is a verdict."""

from __future__ import annotations

import email
import email.policy
import json
from importlib import import_module
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.channels.declared import Answer, HttpAnswer, providers
from holdfast.channels.email_smtp import EmailSmtp, email_channel, verdict
from holdfast.channels.smtp_reply import LINE_BYTES_MOST, LINES_MOST, Garbage, Reply, ReplyReader, Stage
from holdfast.decisions.fields import schema_of
from holdfast.decisions.medium import media
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.links import Linker, decode_link
from holdfast.messages.mail.markup import tags
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused
from holdfast.ports.state import Send

KEY = b"a key of thirty-two bytes, for us"
LINKER = Linker(base_url="https://t.example", key=KEY)
DECLARED = providers()
SMTP = "email_smtp"
ANSWERS = [
    pytest.param(each, id=f"{each.stage}-{each.reply}") for each in DECLARED[SMTP].answers if isinstance(each, Answer)
]
HTTP_ANSWERS = [
    pytest.param(name, each, id=f"{name}-{each.reply.status}-{index}")
    for name, of in DECLARED.items()
    for index, each in enumerate(of.answers)
    if isinstance(each, HttpAnswer)
]
OVER_HTTP = [name for name, of in DECLARED.items() if of.read is not None]
ANY_PARCEL = Parcel(key="0" * 32, channel="webhook", sender="", to="https://x.example", body=b"{}")


def channel() -> EmailSmtp:
    return email_channel('"Tea & Cup" <shop@shop.example>', linker=LINKER, workspace_name="Tea & Cup")


def a_send(address: str = "ana@mail.example", *, transactional: bool = False) -> Send:
    return Send(
        key=effect_key("cart", 1, address),
        identity=1,
        origin_kind="journey",
        origin="cart",
        version=1,
        step="mail",
        channel="email",
        template="cart/1/mail",
        topic="marketing",
        address=address,
        transactional=transactional,
        created_ms=1_795_771_800_000,
        not_before_ms=0,
    )


def mail_words(subject: str, html: str, text: str = "") -> Words:
    return Words({"subject": subject, "html": html, "text": text})


def lists_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(("error", "errors", "code", "message", "status", "details", "id"))
    return st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)


def dumps(value: object) -> bytes:
    return json.dumps(value).encode()


WORDS = mail_words("Your cart", '<p>Hi</p><a href="https://shop.example/?a=1&amp;b=2">Buy</a>')


def test_there_are_channels() -> None:
    assert {"email_smtp", "webhook"} <= set(DECLARED)


@pytest.mark.parametrize("name", DECLARED)
def test_a_provider_is_declared_whole(name: str) -> None:
    """Under its module's name, for a medium there is, with everything its transport asks for."""
    declared = DECLARED[name]
    assert import_module(f"holdfast.channels.{name}").CHANNEL is declared
    assert declared.medium in media()
    schema_of(declared.settings)
    if declared.transport in ("http", "http2"):
        assert declared.read is not None
        assert any(isinstance(each, HttpAnswer) for each in declared.answers)


@pytest.mark.parametrize(("name", "answer"), HTTP_ANSWERS)
def test_documented_answers_over_http_mean_what_the_channel_says(name: str, answer: HttpAnswer) -> None:
    read = DECLARED[name].read
    assert read is not None
    assert read(answer.reply, ANY_PARCEL) == answer.means


@pytest.mark.parametrize("name", OVER_HTTP)
@settings(deadline=None)
@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(("retry-after", "content-type", "apns-id", "x-message-id")), st.text(max_size=20)),
    st.one_of(
        st.binary(max_size=200), st.recursive(st.none() | st.integers() | st.text(max_size=5), lists_of).map(dumps)
    ),
)
def test_any_status_with_any_bytes_is_a_verdict(name: str, status: int, headers: dict[str, str], body: bytes) -> None:
    read = DECLARED[name].read
    assert read is not None
    answer = read(HttpReply(status=status, headers=headers, body=body), ANY_PARCEL)
    if isinstance(answer, Deferred):
        assert answer.after_seconds > 0
    if isinstance(answer, Accepted):
        assert status // 100 == 2


@pytest.mark.parametrize("answer", ANSWERS)
def test_documented_answers_mean_what_the_channel_says(answer: Answer) -> None:
    assert verdict(answer.stage, answer.reply) == answer.means


@settings(deadline=None)
@given(st.sampled_from(get_args(Stage)), st.integers(200, 599), st.lists(st.text(), min_size=1, max_size=3).map(tuple))
def test_any_answer_is_a_verdict(stage: Stage, code: int, lines: tuple[str, ...]) -> None:
    answer = verdict(stage, Reply(code, lines))
    match answer:
        case Accepted():
            assert stage == "body"
            assert code // 100 == 2
        case Refused(gone=gone):
            assert code // 100 == 5
            assert not (gone and stage == "sender")
        case InDoubt():
            assert stage == "body"
        case Deferred(after_seconds=seconds):
            assert seconds > 0


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=200), st.booleans())
def test_the_same_send_makes_the_same_parcel(subject: str, html: str, transactional: bool) -> None:
    send = a_send(transactional=transactional)
    words = mail_words(subject, f"<p>{html}</p>")
    parcel = channel().parcel(send, words)
    assert parcel == channel().parcel(send, words)
    assert parcel.key == send.key
    message = email.message_from_bytes(parcel.body, policy=email.policy.default)
    assert (message["List-Unsubscribe"] is None) == transactional
    assert (message["List-Unsubscribe-Post"] is None) == transactional
    assert message["To"] == "ana@mail.example"


def test_links_in_the_parcel_are_signed_and_lead_where_they_led() -> None:
    send = a_send()
    message = email.message_from_bytes(channel().parcel(send, WORDS).body, policy=email.policy.default)
    body = message.get_body(("html",))
    assert body is not None
    (href,) = [each.attribute("href") for each in tags(body.get_content()) if each.name == "a" and not each.closes]
    assert href is not None
    link = decode_link(href.rsplit("/", 1)[1], KEY)
    assert link is not None
    assert (link.kind, link.send, link.target) == ("click", send.key, "https://shop.example/?a=1&b=2")
    plain = message.get_body(("plain",))
    assert plain is not None
    assert "Buy <https://shop.example/?a=1&b=2>" in plain.get_content(), "plain text shows where a link leads"
    unsubscribe = decode_link(message["List-Unsubscribe"].strip("<>").rsplit("/", 1)[1], KEY)
    assert unsubscribe is not None
    assert (unsubscribe.kind, unsubscribe.send) == ("unsubscribe", send.key)


def test_a_parcel_of_text_alone_stays_one() -> None:
    parcel = channel().parcel(a_send(), mail_words("x", " ", "Hello"))
    message = email.message_from_bytes(parcel.body, policy=email.policy.default)
    assert message.get_content_type() == "text/plain"


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nRCPT TO:<evil@x.example>", "<a@b.example>", "a@b.example>"])
def test_an_address_that_cannot_be_written_to_makes_no_parcel(address: str) -> None:
    with pytest.raises(ValueError, match="no mail address"):
        channel().parcel(a_send(address), WORDS)


@pytest.mark.parametrize("sender", ["", "Shop", "Shop <>", "Shop <a@b.example> x", "Shop <a b@c.example>"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(Invalid) as wrong:
        email_channel(sender, linker=LINKER, workspace_name="")
    assert wrong.value.path == "email_sender"


REPLIES = st.lists(
    st.builds(
        Reply,
        st.integers(200, 599),
        st.lists(
            st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30),
            min_size=1,
            max_size=4,
        ).map(tuple),
    ),
    max_size=4,
)


def as_bytes(reply: Reply) -> bytes:
    last = len(reply.lines) - 1
    lines = (f"{reply.code}{' ' if index == last else '-'}{line}\r\n" for index, line in enumerate(reply.lines))
    return "".join(lines).encode()


@settings(deadline=None)
@given(REPLIES, st.data())
def test_replies_are_read_whatever_pieces_they_come_in(replies: list[Reply], data: st.DataObject) -> None:
    raw = b"".join(as_bytes(each) for each in replies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    reader = ReplyReader()
    found: list[Reply] = []
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        found += reader.feed(raw[start:end])
    assert found == replies
    assert not reader.midway


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_replies_or_garbage(data: bytes) -> None:
    try:
        ReplyReader().feed(data)
    except Garbage:
        return


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"250-a\r\n550 b\r\n",
        b"100 x\r\n",
        b"999 x\r\n",
        b"250" + b"x" * 10 + b"\r\n",
        b"250 " + b"x" * LINE_BYTES_MOST + b"\r\n",
        b"x" * (LINE_BYTES_MOST + 1),
        b"250-a\r\n" * (LINES_MOST + 1),
    ],
)
def test_what_is_no_smtp_is_garbage(raw: bytes) -> None:
    with pytest.raises(Garbage):
        ReplyReader().feed(raw)


def test_an_enhanced_code_of_another_class_is_not_believed() -> None:
    assert Reply(550, ("5.1.1 gone",)).enhanced == "5.1.1"
    assert Reply(550, ("4.1.1 gone",)).enhanced == ""
    assert Reply(250, ("OK 2.1.5",)).enhanced == ""
