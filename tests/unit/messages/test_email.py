"""Emails as bytes, read back by the standard library's parser."""

from __future__ import annotations

import email
import email.policy
from binascii import a2b_qp
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdfast.messages.liquid.template import one_line
from holdfast.messages.mail.address import ADDRESS_BYTES_MOST, Mailbox, read_address
from holdfast.messages.mail.email import Letter, assemble, message_id
from holdfast.messages.mail.mime import quoted_printable
from tests.unit.messages.signing import ed25519_signer, holds, rsa_signer

SEND = "00112233445566778899aabbccddeeff"
SHOP, ANA = read_address("shop@shop.example"), read_address("ana@mail.example")
assert SHOP is not None
assert ANA is not None
PAST = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
"""A signature from the future would not hold."""

# A lone surrogate cannot be written; elsewhere it becomes a question mark.
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
NASTY = st.one_of(
    TEXT,
    st.sampled_from(
        [
            "🎉" * 200,
            "word " * 120,
            "x" * 900,
            "שלום עולם " * 20,
            "a\r\nBcc: evil@x.example\r\n\r\nbody",
            "=?utf-8?B?eA==?=",
            "two  blanks  " * 20,
            " leading",
            "trailing ",
            "👨‍👩‍👧‍👦" * 30,
            "ü" * 74,
            "a" * 67,
            "a" * 68,
            "\x00\x1b[31m",
            ".",
            "..",
            "\t",
        ]
    ),
)


def letter(**changes: object) -> Letter:
    given_: dict[str, object] = {
        "send": SEND,
        "sender": SHOP,
        "to": ANA,
        "subject": "Your cart",
        "html": "<p>Hello</p>",
        "date": datetime(2026, 11, 27, 9, 30, tzinfo=UTC),
    }
    return Letter(**(given_ | changes))  # type: ignore[arg-type]  # A builder for tests: each test gives the right type.


def read_back(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert not part.defects
    return message


def is_well_formed(raw: bytes) -> None:
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert raw.endswith(b"\r\n")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 76


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    content = found.get_content()
    assert isinstance(content, str)
    return content


@settings(deadline=None)
@given(NASTY)
@example("a" * 66 + " b")
@example("ab\u2028cd\x85ef")
def test_any_subject_comes_back_on_one_line(subject: str) -> None:
    raw = assemble(letter(subject=subject))
    is_well_formed(raw)
    message = read_back(raw)
    assert message["Subject"] == one_line(subject)
    assert message["Bcc"] is None
    assert message["To"] == "ana@mail.example"


@settings(deadline=None)
@given(NASTY)
def test_any_sender_name_comes_back(name: str) -> None:
    raw = assemble(letter(sender_name=name))
    is_well_formed(raw)
    (address,) = read_back(raw)["From"].addresses
    assert address.addr_spec == "shop@shop.example"
    # The new parser puts a blank between encoded words of a name, against RFC 2047; the old one reads them right.
    shown, _ = parseaddr(email.message_from_bytes(raw)["From"].replace("\r\n", ""))
    assert str(make_header(decode_header(shown))) == one_line(name)


def lines_of(text: str) -> str:
    """The text with bare line ends, less those at its end: the last one belongs to the boundary that follows."""
    return "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n"))


@settings(deadline=None)
@given(NASTY, NASTY)
@example("a line \nwith blanks at ends\t\n.\n..\nFrom me\n", "<p>x</p>")
def test_any_body_comes_back(text: str, html: str) -> None:
    raw = assemble(letter(text="t" + text, html="<p>" + html))
    is_well_formed(raw)
    message = read_back(raw)
    assert part(message, "plain").replace("\r\n", "\n") == lines_of("t" + text)
    assert part(message, "html").replace("\r\n", "\n") == lines_of("<p>" + html)


@settings(deadline=None)
@given(TEXT)
@example("=\n.\n" * 30)
@example(" " * 100)
@example("\t" * 80 + "\r")
@example("x" * 72 + " ")
@example("x" * 73 + " \n" + "x" * 74 + "\t")
@example("x" * 75 + " \n" + "=" * 24 + "x  ")
def test_quoted_printable_keeps_its_lines_short(text: str) -> None:
    encoded = quoted_printable(text)
    assert encoded.isascii()
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    assert not any(line.endswith((b" ", b"\t")) for line in encoded.split(b"\r\n"))
    assert a2b_qp(encoded).decode().replace("\r\n", "\n") == lines_of(text) + "\n"


def test_the_same_letter_makes_the_same_bytes() -> None:
    assert assemble(letter()) == assemble(letter())


def test_headers_say_what_mailbox_providers_ask_for() -> None:
    raw = assemble(
        letter(unsubscribe_url="https://t.example/m/u/" + "x" * 60, feedback=("cart rescue", "ws", "journey", "hf"))
    )
    message = read_back(raw)
    assert message["Message-ID"] == message_id(letter()) == f"<{SEND}@shop.example>"
    assert message["Date"] == "Fri, 27 Nov 2026 09:30:00 +0000"
    assert message["X-Holdfast-Send"] == SEND
    assert message["List-Unsubscribe"] == "<https://t.example/m/u/" + "x" * 60 + ">"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == "cart_rescue:ws:journey:hf"
    assert message.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]


def test_transactional_mail_offers_no_unsubscribing() -> None:
    message = read_back(assemble(letter()))
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None


def test_the_text_part_is_made_from_the_html_when_none_is_given() -> None:
    message = read_back(assemble(letter(html='<p>Hi <a href="https://shop.example/">shop</a></p>')))
    assert part(message, "plain") == "Hi shop <https://shop.example/>"


def test_a_letter_of_text_alone_has_one_part() -> None:
    message = read_back(assemble(letter(html="", text="only\ntext")))
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "only\r\ntext\r\n"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ana@mail.example", "ana@mail.example"),
        (" Ana.B+tag@Mail.EXAMPLE ", "Ana.B+tag@mail.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("жан@mail.example", "жан@mail.example"),
        ("ana@[127.0.0.1]", "ana@[127.0.0.1]"),
        ("a@localhost", "a@localhost"),
    ],
)
def test_addresses_that_can_be_written_to(text: str, address: str) -> None:
    assert str(read_address(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "@mail.example",
        "ana@",
        "ana@mail..example",
        "ana@-mail.example",
        "a b@mail.example",
        "ana@mail.example, b@c.example",
        "ana@mail.example\r\nBcc: b@c.example",
        "ana\r\n@mail.example",
        "<ana@mail.example>",
        "Ana <ana@mail.example>",
        "a@b@mail.example",
        ".ana@mail.example",
        "ana.@mail.example",
        '"a b"@mail.example',
        "ana@mail.example>",
        "a\x00@mail.example",
        "a\u202eb@mail.example",
        "\ud800@mail.example",
        "x" * 65 + "@mail.example",
        "a@" + "b." * 130 + "example",
        "ana@mail_x.example",
    ],
)
def test_addresses_that_cannot(text: str) -> None:
    assert read_address(text) is None


@settings(deadline=None)
@given(st.text())
def test_an_address_is_never_more_than_one_token(text: str) -> None:
    found = read_address(text)
    if found is not None:
        assert not set(str(found)) & set(' <>,;:\r\n\t"\\()') or "[" in str(found)
        assert len(str(found).encode()) <= ADDRESS_BYTES_MOST


@settings(deadline=None, max_examples=40)
@given(NASTY, NASTY, NASTY)
def test_whatever_is_written_the_signature_holds(subject: str, name: str, html: str) -> None:
    signs = ed25519_signer()
    raw = assemble(
        letter(subject=subject, sender_name=name, html=html, unsubscribe_url="https://t.example/m/u/x", date=PAST),
        [signs],
    )
    is_well_formed(raw)
    assert holds(raw, signs)
    assert raw.startswith(b"DKIM-Signature: ")
    assert read_back(raw)["Subject"] == one_line(subject)


def test_two_keys_sign_the_same_letter_the_same_way_each_time() -> None:
    signers = [rsa_signer(), ed25519_signer()]
    raw = assemble(letter(date=PAST), signers)
    assert raw == assemble(letter(date=PAST), signers)
    assert raw.count(b"DKIM-Signature: ") == 2
    first, second = (each + rest for each, rest in split_signatures(raw))
    assert holds(first, signers[0])
    assert holds(second, signers[1])


def split_signatures(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Each signature with the letter it is of, without the other."""
    _, one, rest = raw.split(b"DKIM-Signature: ")
    at = rest.index(b"\r\nDate:") + 2
    return [(b"DKIM-Signature: " + one, rest[at:]), (b"DKIM-Signature: " + rest[:at], rest[at:])]


def test_a_mailing_is_vouched_for_with_the_headers_of_one_click() -> None:
    signs = ed25519_signer()
    raw = assemble(letter(date=PAST, unsubscribe_url="https://t.example/m/u/x"), [signs])
    assert holds(raw, signs)
    for before, after in (
        (b"<https://t.example/m/u/x>", b"<https://evil.example/u>"),
        (b"=One-Click", b"=One-Klick"),
        (b"ana@mail", b"bo@mail"),
        (b"Content-Type: multipart/alternative", b"Content-Type: multipart/mixed"),
    ):
        assert raw.count(before) == 1
        assert not holds(raw.replace(before, after), signs), after


@pytest.mark.parametrize(
    "changes",
    [
        {"unsubscribe_url": "https://t.example/\r\nBcc: evil@x.example"},
        {"unsubscribe_url": "https://t.example/\n"},
        {"send": "1\r\n\r\n<p>evil"},
        {"to": Mailbox("a\r\nBcc: evil", "x.example")},
        {"sender": Mailbox("a, b", "x.example")},
        {"reply_to": Mailbox("a>\r\n", "x.example")},
    ],
)
def test_nothing_that_ends_a_header_is_put_into_one(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cannot stand in the header"):
        assemble(letter(**changes))


def test_answers_can_go_elsewhere() -> None:
    message = read_back(assemble(letter(reply_to=read_address("help@shop.example"))))
    assert message["Reply-To"] == "help@shop.example"
