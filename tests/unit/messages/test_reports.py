"""Reports on mail: bounces and complaints read from bytes, and whose they are."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.heard.bounces import Bounce, BounceKind, bounce_kind, read_bounces
from holdfast.messages.heard.complaints import read_complaint
from holdfast.messages.heard.reports import (
    HEADER_BYTES_MOST,
    READ_BYTES_MOST,
    Report,
    printable,
    read_report,
    reported_send,
)
from holdfast.messages.links import Linker
from holdfast.messages.mail.verp import bounce_address

KEY = b"a key of thirty-two bytes, for us"
SEND = "00112233445566778899aabbccddeeff"
RETURN = bounce_address(SEND, "bounces.shop.example", KEY)
LINK = Linker(base_url="https://t.shop.example", key=KEY).unsubscribe(SEND)


def dsn(block: str, *, to: str = "someone@shop.example", original: str = "", kind: str = "delivery-status") -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind};\r\n boundary="b/mx"\r\n\r\n'
        "--b/mx\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n\r\n"
        f"--b/mx\r\nContent-Type: message/{kind}\r\n\r\n{block}\r\n"
        f"--b/mx\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n--b/mx--\r\n"
    ).encode()


def block(status: str, diagnostic: str, action: str = "failed") -> str:
    return (
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; nobody@there.example\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {diagnostic}\r\n"
    )


def read(raw: bytes) -> Report:
    report = read_report(raw)
    assert report is not None
    return report


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "550 5.1.1 <nobody@there.example>: Recipient address rejected: User unknown", "hard"),
        ("5.1.10", "556 5.1.10 Domain has null MX", "hard"),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "hard"),
        ("5.2.2", "552 5.2.2 Mailbox full", "soft"),
        ("4.4.1", "connect to there.example: Connection timed out", "soft"),
        ("4.7.1", "451 4.7.1 Greylisting in action", "soft"),
        ("5.7.1", "550 5.7.1 Service unavailable; client blocked using zen.example", "block"),
        ("5.7.26", "550 5.7.26 This mail has been blocked because the sender is unauthenticated", "block"),
        ("5.1.1", "550 5.1.1 Message rejected as spam by content filtering", "block"),
        ("5.0.0", "550 No such user here", "hard"),
        ("5.0.0", "550 Blocked for spam", "block"),
        ("5.0.0", "552 Quota exceeded (mailbox for user is full)", "soft"),
        ("5.0.0", "smtp; 550 5.1.1 User unknown", "hard"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", "soft"),
    ],
)
def test_what_a_failure_means_for_the_address(status: str, said: str, kind: BounceKind) -> None:
    (bounce,) = read_bounces(read(dsn(block(status, said))))
    assert bounce.kind == kind
    assert bounce.recipient == "nobody@there.example"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_word_of_a_delay_or_a_delivery_is_no_bounce(action: str) -> None:
    assert read_bounces(read(dsn(block("4.4.1", "later", action)))) == ()


def test_no_code_and_no_words_is_not_a_dead_address() -> None:
    assert bounce_kind("") == "soft"
    assert bounce_kind("5.0.0", "550 no") == "soft"


def test_a_report_on_several_says_each() -> None:
    both = (
        block("5.1.1", "550 5.1.1 unknown")
        + "\r\nOriginal-Recipient: rfc822;full@there.example\r\nAction: failed\r\nStatus: 5.2.2\r\n"
    )
    assert read_bounces(read(dsn(both))) == (
        Bounce(recipient="nobody@there.example", kind="hard", status="5.1.1", reason="smtp; 550 5.1.1 unknown"),
        Bounce(recipient="full@there.example", kind="soft", status="5.2.2", reason="5.2.2"),
    )


def test_an_international_report_is_read_too() -> None:
    said = block("5.1.1", "550 5.1.1 unknown")
    raw = dsn(said).replace(b"message/delivery-status", b"message/global-delivery-status")
    (bounce,) = read_bounces(read(raw))
    assert bounce.status == "5.1.1"


def test_whose_it_is_is_told_by_what_we_signed_and_by_nothing_else() -> None:
    said = block("5.1.1", "550 5.1.1 unknown")
    assert reported_send(read(dsn(said)), [f"<{RETURN.upper()}>"], KEY) == SEND
    assert reported_send(read(dsn(said, to=f"Bounces <{RETURN}>")), [], KEY) == SEND
    assert reported_send(read(dsn(said, original=f"Return-Path: <{RETURN}>\r\n")), [], KEY) == SEND
    assert (
        reported_send(read(dsn(said, original=f"List-Unsubscribe:\r\n <{LINK}>,\r\n <mailto:u@x>\r\n")), [], KEY)
        == SEND
    )
    anybody = f"Message-ID: <{SEND}@shop.example>\r\nX-Holdfast-Send: {SEND}\r\n"
    assert reported_send(read(dsn(said, original=anybody)), [], KEY) is None
    forged = bounce_address(SEND, "bounces.shop.example", b"another key")
    assert reported_send(read(dsn(said, to=forged)), [forged], KEY) is None
    assert reported_send(read(dsn(said, original=f"List-Unsubscribe: <{LINK[:-2]}>\r\n")), [], KEY) is None


def arf(kind: str = "abuse") -> bytes:
    fields = (
        f"Feedback-Type: {kind}\r\nUser-Agent: Example/1.0\r\nVersion: 1\r\nOriginal-Rcpt-To: <ada@there.example>\r\n"
    )
    original = (
        f"Message-ID: <{SEND}@shop.example>\r\nFeedback-ID: spring:shop:campaign:holdfast\r\n"
        f"List-Unsubscribe: <{LINK}>\r\n"
    )
    return dsn(fields, original=original, kind="feedback-report")


def test_a_complaint_is_read() -> None:
    report = read(arf())
    complaint = read_complaint(report)
    assert complaint is not None
    assert complaint.kind == "abuse"
    assert complaint.message_id == f"<{SEND}@shop.example>"
    assert complaint.feedback_id == "spring:shop:campaign:holdfast"
    assert reported_send(report, [], KEY) == SEND
    assert read_bounces(report) == ()


def test_who_takes_a_mail_out_of_the_spam_folder_does_not_complain() -> None:
    assert read_complaint(read(arf("not-spam"))) is None
    assert read_complaint(read(dsn(block("5.1.1", "no")))) is None


@given(st.binary(max_size=400), st.integers(0, 900), st.binary(max_size=20))
def test_whatever_the_bytes_reading_never_raises(rest: bytes, at: int, piece: bytes) -> None:
    whole = arf()
    for raw in (rest, whole[:at] + piece + whole[at:], whole[:at] + rest):
        report = read_report(raw)
        if report is not None:
            read_bounces(report)
            read_complaint(report)
            reported_send(report, [raw.decode("latin-1")], KEY)


HEAD = "Content-Type: multipart/report; boundary=x; report-type=delivery-status\n"
TOLD = HEAD + "\n--x\nContent-Type: message/delivery-status\n\n"


@pytest.mark.parametrize(
    "mail",
    [
        TOLD + "\n" * 262_000,
        TOLD + "\r" * 262_000,
        TOLD + "\r\n" * 131_000,
        TOLD + "a: b\n\n" * 60_000,
        HEAD + "\n" + "--x\n\n" * 60_000,
        HEAD.strip() + ";" * 250_000 + "\n\n",
        HEAD.strip() + '";' * 120_000 + "\n\n",
    ],
)
def test_a_mail_made_to_cost_costs_little(mail: str) -> None:
    """Anybody may send us mail: each of these took up to three seconds in which nobody else was served."""
    counted: list[str] = []

    def count(_frame: object, event: str, _argument: object) -> None:
        if event == "call":
            counted.append(event)

    sys.setprofile(count)
    try:
        read_report(mail.encode())
    finally:
        sys.setprofile(None)
    assert len(counted) < 300_000


def test_a_report_with_many_blank_lines_is_read_as_far_as_the_limit() -> None:
    told = dsn(block("5.1.1", "550 5.1.1 unknown") + "\r\n" * 20_000, to=RETURN)
    assert [each.recipient for each in read_bounces(read(told))] == ["nobody@there.example"]
    assert reported_send(read(told), (), KEY) == SEND
    assert read_report(b"X-A: " + b"a" * HEADER_BYTES_MOST + b"\r\n" + told) is None


def test_a_report_without_end_is_read_as_far_as_the_limit() -> None:
    deep = (
        b"Content-Type: multipart/report; boundary=a\r\n\r\n"
        + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 9_000
    )
    assert len(deep) > READ_BYTES_MOST
    assert read_report(deep) is None
    assert printable("a\r\nb\x00 c" + "d" * 9_000, 20) == "a b c" + "d" * 15
